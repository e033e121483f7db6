//! What is proven after an answer was concluded: a bound or an infeasibility that needs no trust, beside what solvers claimed.
//! It may raise an answer's level, and never changes what the answer says.

use crate::answer::{Answer, EvidenceLevel, Reason};
use crate::check::basis;
use crate::check::conclude::possessive;
use crate::check::witness::Proof;
use crate::check::{Finding, Findings, Standing};
use crate::problem::Problem;

impl Answer {
    /// The answer with what was proven in the meantime, such as the bound of its linear relaxation. Claims among the findings
    /// are left aside.
    #[must_use]
    pub fn with_proofs(mut self, problem: &Problem, findings: &Findings) -> Self {
        for finding in &findings.list {
            match finding {
                Finding::Bound { value, standing: Standing::Certified(proof) } => {
                    self.take_bound(problem, *value, proof, &findings.source.backend);
                }
                Finding::Infeasible(Standing::Certified(proof)) => self.take_infeasibility(proof),
                _ => {}
            }
        }
        self
    }

    /// The answer to a linear program with the bound that its basis proves in exact arithmetic, where rounding could not: by a
    /// system solved in fractions, given up after about `work` nanoseconds (counted in operations: the outcome does not depend on the machine).
    /// The answer comes back as it was, with the reason
    /// among the notes, where that proves nothing; and at once where it is certified already or has no basis.
    #[must_use]
    pub fn with_exact_basis(mut self, problem: &Problem, work: u64) -> Self {
        let is_open = self.reason() == Reason::Optimal && self.evidence.level == EvidenceLevel::Checked;
        let Some(basis) = self.basis.clone().filter(|_| is_open && problem.is_lp()) else { return self };
        match basis::bound(problem, &basis, work) {
            Ok((value, proof)) => {
                let found = self.evidence.found_by.as_ref().map_or("the", |source| source.backend.as_str()).to_owned();
                self.take_bound(problem, value, &proof, &found);
                if self.evidence.level == EvidenceLevel::Certified {
                    self.evidence.notes.retain(|note| !note.starts_with("Not certified"));
                }
            }
            Err(why) => self.evidence.notes.push(format!("Not certified: {why}.")),
        }
        self
    }

    fn take_bound(&mut self, problem: &Problem, value: f64, proof: &Proof, backend: &str) {
        let sense = problem.sense();
        let is_about_points = matches!(
            self.termination.reason(),
            Reason::Optimal | Reason::Feasible | Reason::NoSolutionFound | Reason::Imprecise
        );
        let known = self.evidence.certified_bound;
        if !is_about_points || !value.is_finite() || known.is_some_and(|known| !sense.better(known, value)) {
            return;
        }
        let tolerances = self.evidence.tolerances;
        let beats = |objective: f64| sense.sign() * (value - objective) > tolerances.contradiction_width(objective);
        if self.objective.is_some_and(beats) {
            self.evidence.notes.push(format!(
                "The bound {value} is proven of the linear relaxation; the point beats it by the tolerances it is allowed."
            ));
            return;
        }
        let relaxed = if problem.is_lp() { "" } else { ", of the linear relaxation" };
        let whose = possessive(backend);
        self.evidence.notes.push(format!("The bound {value} is proven{relaxed}: {whose} {}.", proof.how));
        self.evidence.certified_bound = Some(value);
        self.witness = Some(proof.witness.clone());
        let closes = |objective: f64| tolerances.gap_closed(objective, value) || sense.better(objective, value);
        match self.termination.reason() {
            Reason::Optimal if self.objective.is_some_and(closes) => self.evidence.level = EvidenceLevel::Certified,
            Reason::Feasible | Reason::NoSolutionFound if self.bound.is_none_or(|bound| sense.better(bound, value)) => {
                self.bound = Some(value);
            }
            _ => {}
        }
    }

    fn take_infeasibility(&mut self, proof: &Proof) {
        if self.termination.reason() == Reason::Infeasible && self.evidence.level != EvidenceLevel::Certified {
            self.evidence.level = EvidenceLevel::Certified;
            self.evidence.notes.push(format!("That no point is feasible is proven: {}.", proof.how));
            self.witness = Some(proof.witness.clone());
        }
    }
}
