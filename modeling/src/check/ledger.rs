//! Sorts findings into facts (checked, proven) and claims, and strikes the claims that a fact contradicts. Nothing here
//! depends on the order in which solvers spoke, except that the first of equal points wins.

use crate::answer::{Limit, Reason, Source};
use crate::check::examine::slack;
use crate::check::point::check_point;
use crate::check::{CheckedPoint, Finding, Findings, MeasuredPoint, Proof, Standing, TrustPolicy};
use crate::{Problem, Tolerances};

/// How a checked point stands against a claimed bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contradiction {
    /// The point is not better than the bound allows, within the gap tolerance.
    None,
    /// It is, but it may owe that to its tolerances: round its integers, solve for the rest, and look again.
    Suspected,
    /// It is: the bound is wrong.
    Certain,
}

/// Whether a checked point contradicts a bound (in the problem's own sense).
///
/// A point that uses its tolerances may honestly beat a true bound a little, so it counts beyond the gap tolerance only (at
/// least 1e-6, and 1e-9 of the objective's terms where they cancel), and for a mixed-integer problem, when it still does after its integers were rounded and it was checked again. Where
/// rounding alone breaks it, the contradiction is suspected until somebody has solved for the rest.
///
/// ```
/// # use farkas_modeling::{Problem, ProblemData, Tolerances, check::{check_point, contradiction, Contradiction}};
/// let problem = Problem::new(ProblemData {
///     cost: vec![1.0], lower: vec![1.0], upper: vec![5.0], starts: vec![0, 0], ..ProblemData::default()
/// })?;
/// let tolerances = Tolerances::default();
/// let point = check_point(&problem, &[1.0], &tolerances)?.expect("feasible");
/// assert_eq!(contradiction(&problem, &point, 0.5, &tolerances), Contradiction::None);
/// assert_eq!(contradiction(&problem, &point, 2.0, &tolerances), Contradiction::Certain);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn contradiction(problem: &Problem, point: &CheckedPoint, bound: f64, tolerances: &Tolerances) -> Contradiction {
    let beats = |values: &[f64], objective: f64| {
        let by = problem.sense().sign() * (bound - objective);
        by > tolerances.gap_width(objective) && by > slack(problem, values, objective, tolerances)
    };
    if !beats(&point.values, point.objective) {
        Contradiction::None
    } else if point.violations.integrality == 0.0 {
        Contradiction::Certain
    } else {
        let round = |(j, &value): (usize, &f64)| if problem.kind(j).is_integer() { value.round() } else { value };
        let rounded: Vec<f64> = point.values.iter().enumerate().map(round).collect();
        match check_point(problem, &rounded, tolerances) {
            Ok(Ok(checked)) if beats(&rounded, checked.objective) => Contradiction::Certain,
            _ => Contradiction::Suspected,
        }
    }
}

/// A bound that some solver claims.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClaimedBound<'a> {
    pub(super) source: &'a Source,
    pub(super) value: f64,
}

/// A bound that was proven, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProvenBound<'a> {
    pub(super) findings: &'a Findings,
    pub(super) value: f64,
    pub(super) proof: &'a Proof,
}

/// What is known, and what is said.
pub(super) struct Ledger<'a> {
    pub(super) problem: &'a Problem,
    pub(super) tolerances: &'a Tolerances,
    pub(super) trust: &'a TrustPolicy,
    pub(super) findings: &'a [Findings],
    /// The best checked point.
    pub(super) point: Option<(&'a Findings, &'a CheckedPoint)>,
    /// The least wrong point that is merely imprecise.
    pub(super) imprecise: Option<(&'a Findings, &'a MeasuredPoint)>,
    pub(super) proven_bound: Option<ProvenBound<'a>>,
    pub(super) proven_infeasible: Option<(&'a Findings, &'a Proof)>,
    pub(super) proven_ray: Option<(&'a Findings, &'a Proof)>,
    /// Claims that nothing contradicts.
    pub(super) bounds: Vec<ClaimedBound<'a>>,
    pub(super) infeasible: Vec<&'a Source>,
    pub(super) unbounded: Vec<&'a Source>,
    pub(super) infeasible_or_unbounded: Vec<&'a Source>,
    /// Whose claims a fact contradicts: none of their other claims counts.
    pub(super) contradicted: Vec<&'a Source>,
    pub(super) notes: Vec<String>,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(
        problem: &'a Problem,
        findings: &'a [Findings],
        tolerances: &'a Tolerances,
        trust: &'a TrustPolicy,
    ) -> Self {
        let mut ledger = Self {
            problem,
            tolerances,
            trust,
            findings,
            point: None,
            imprecise: None,
            proven_bound: None,
            proven_infeasible: None,
            proven_ray: None,
            bounds: Vec::new(),
            infeasible: Vec::new(),
            unbounded: Vec::new(),
            infeasible_or_unbounded: Vec::new(),
            contradicted: Vec::new(),
            notes: Vec::new(),
        };
        for one in findings {
            for finding in &one.list {
                ledger.enter(one, finding);
            }
        }
        ledger.strike_bounds();
        ledger.strike_statuses();
        ledger.drop_contradicted();
        ledger
    }

    /// Whether `a` is at least as strong a bound as `b`.
    pub(super) fn tighter(&self, a: f64, b: f64) -> bool {
        self.problem.sense().better(b, a)
    }

    fn enter(&mut self, one: &'a Findings, finding: &'a Finding) {
        let source = &one.source;
        match finding {
            Finding::Point(point) => {
                if self.point.is_none_or(|(_, best)| self.problem.sense().better(point.objective, best.objective)) {
                    self.point = Some((one, point));
                }
            }
            Finding::Measured(measured) if measured.imprecise => {
                let miss = |m: &MeasuredPoint| m.violations.row.max(m.violations.bound).max(m.violations.integrality);
                if self.imprecise.is_none_or(|(_, best)| miss(measured) < miss(best)) {
                    self.imprecise = Some((one, measured));
                }
            }
            Finding::Measured(measured) => self.refute_point(one, &describe_miss(self.problem, measured)),
            Finding::BadPoint(error) => self.refute_point(one, &error.to_string()),
            Finding::Misstated { said, recomputed } => self.contradict(
                source,
                format!("{} names the objective {said}; its point has {recomputed}", source.backend),
            ),
            Finding::Bound { value, standing: Standing::Certified(proof) } => {
                if self.proven_bound.is_none_or(|best| self.tighter(*value, best.value)) {
                    self.proven_bound = Some(ProvenBound { findings: one, value: *value, proof });
                }
            }
            Finding::Bound { value, standing: Standing::Claimed } => {
                self.bounds.push(ClaimedBound { source, value: *value });
            }
            Finding::Infeasible(Standing::Certified(proof)) => {
                self.proven_infeasible = self.proven_infeasible.or(Some((one, proof)));
                self.infeasible.push(source);
            }
            Finding::Infeasible(Standing::Claimed) => self.infeasible.push(source),
            Finding::Unbounded(Standing::Certified(proof)) => {
                self.proven_ray = self.proven_ray.or(Some((one, proof)));
                if one.termination.reason() == Reason::Unbounded {
                    self.unbounded.push(source);
                }
            }
            Finding::Unbounded(Standing::Claimed) => self.unbounded.push(source),
            Finding::InfeasibleOrUnbounded => self.infeasible_or_unbounded.push(source),
            Finding::Unproven(_) | Finding::Further(_) | Finding::Duals(..) | Finding::Ray(_) | Finding::Basis(_) => {}
        }
    }

    /// A point that is plainly wrong counts against its solver when it offered it as a solution.
    fn refute_point(&mut self, one: &'a Findings, why: &str) {
        if matches!(one.termination.reason(), Reason::Optimal | Reason::Feasible) {
            let backend = &one.source.backend;
            self.contradict(&one.source, format!("{backend} calls its point feasible, but {why}"));
        }
    }

    pub(super) fn contradict(&mut self, source: &'a Source, note: String) {
        if !self.contradicted.contains(&source) {
            self.contradicted.push(source);
        }
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Bounds that a checked point beats: wrong, or at least of no use beside that point.
    fn strike_bounds(&mut self) {
        let points: Vec<&CheckedPoint> = self
            .findings
            .iter()
            .flat_map(|one| &one.list)
            .filter_map(|finding| if let Finding::Point(point) = finding { Some(point) } else { None })
            .collect();
        let Some((_, best)) = self.point else { return };
        for bound in std::mem::take(&mut self.bounds) {
            let ClaimedBound { source, value } = bound;
            let backend = &source.backend;
            if self.unbounded_for_certain() {
                self.contradict(source, format!("{backend} claims the bound {value}, but the problem is unbounded"));
                continue;
            }
            // Usually one look at the best point settles it.
            if contradiction(self.problem, best, value, self.tolerances) == Contradiction::None {
                self.bounds.push(bound);
                continue;
            }
            let culprit = points
                .iter()
                .find(|p| contradiction(self.problem, p, value, self.tolerances) == Contradiction::Certain);
            if let Some(point) = culprit {
                let objective = point.objective;
                self.contradict(
                    source,
                    format!("{backend} claims the bound {value}, but a checked point has the objective {objective}"),
                );
            } else {
                self.notes.push(format!(
                    "{backend}'s bound {value} was left out: the point of objective {} beats it, perhaps by its tolerances",
                    best.objective
                ));
            }
        }
    }

    /// Whether the best point is better than this bound by more than rounding explains.
    pub(super) fn beaten(&self, bound: f64) -> bool {
        self.point
            .is_some_and(|(_, point)| contradiction(self.problem, point, bound, self.tolerances) != Contradiction::None)
    }

    /// Whether both a ray and a feasible point are verified.
    pub(super) fn unbounded_for_certain(&self) -> bool {
        self.proven_ray.is_some() && self.point.is_some() && self.proven_bound.is_none()
    }

    fn strike_statuses(&mut self) {
        // "Infeasible or unbounded": a fact against the one makes it a claim of the other.
        if self.point.is_some() {
            self.unbounded.append(&mut self.infeasible_or_unbounded);
        } else if self.proven_bound.is_some() {
            self.infeasible.append(&mut self.infeasible_or_unbounded);
        }
        if self.point.is_some() {
            for source in std::mem::take(&mut self.infeasible) {
                if self.proven_infeasible.is_some_and(|(one, _)| one.source == *source) {
                    continue;
                }
                self.contradict(source, format!("{} says infeasible; a checked point refutes it", source.backend));
            }
        }
        if self.proven_bound.is_some() {
            for source in std::mem::take(&mut self.unbounded) {
                self.contradict(source, format!("{} says unbounded; a proven bound refutes it", source.backend));
            }
        }
        if self.point.is_none() && self.proven_infeasible.is_some() {
            for one in self.findings {
                let reason = one.termination.reason();
                if matches!(reason, Reason::Optimal | Reason::Feasible | Reason::Unbounded) {
                    let backend = &one.source.backend;
                    self.contradict(
                        &one.source,
                        format!("{backend} says {}, but no point is feasible", one.termination),
                    );
                }
            }
        }
    }

    fn drop_contradicted(&mut self) {
        let struck = std::mem::take(&mut self.contradicted);
        let stands = |source: &&Source| !struck.contains(source);
        self.bounds.retain(|bound| stands(&bound.source));
        self.infeasible.retain(stands);
        self.unbounded.retain(stands);
        self.infeasible_or_unbounded.retain(stands);
        self.contradicted = struck;
    }

    /// Whether the word of these sources may stand: one of them is trusted, or two different backends agree.
    pub(super) fn believed(&self, sources: &[&Source]) -> bool {
        sources.iter().any(|s| self.trust.trusts(&s.backend)) || sources.iter().any(|s| s.backend != sources[0].backend)
    }

    /// Whether somebody says infeasible, and that may stand.
    pub(super) fn believed_infeasible(&self) -> bool {
        let sources = &self.infeasible;
        sources.iter().any(|s| self.trust.trusts_infeasible(&s.backend))
            || sources.iter().any(|s| s.backend != sources[0].backend)
    }

    /// Whether there are such sources, and their word may stand.
    pub(super) fn believed_if_any(&self, sources: &[&Source]) -> bool {
        !sources.is_empty() && self.believed(sources)
    }

    /// The tightest claimed bound that may stand, and who claims at least that much.
    pub(super) fn believed_bound(&self) -> Option<(f64, Vec<&'a Source>)> {
        let sign = self.problem.sense().sign();
        let mut bounds = self.bounds.clone();
        bounds.sort_by(|a, b| (sign * b.value).total_cmp(&(sign * a.value)));
        let mut sources = Vec::new();
        for bound in bounds {
            sources.push(bound.source);
            if self.believed(&sources) {
                return Some((bound.value, sources));
            }
        }
        None
    }

    /// The limit that tells most about why solving ended, from what the solvers say.
    pub(super) fn most_telling_limit(&self) -> Option<Limit> {
        const ORDER: [Limit; 12] = [
            Limit::Time,
            Limit::Memory,
            Limit::Node,
            Limit::Iteration,
            Limit::Solution,
            Limit::Objective,
            Limit::Cutoff,
            Limit::Norm,
            Limit::SlowProgress,
            Limit::Interrupted,
            Limit::Other,
            Limit::Undetermined,
        ];
        let said = |limit: &&Limit| self.findings.iter().any(|one| one.termination.limit() == Some(**limit));
        ORDER.iter().find(said).copied()
    }
}

/// What is most wrong with a point, in a clause.
pub(super) fn describe_miss(problem: &Problem, measured: &MeasuredPoint) -> String {
    let v = &measured.violations;
    let candidates = [
        (v.row, v.worst_row.map(|i| format!("constraint '{}' is missed by {:e}", problem.row_names().get(i), v.row))),
        (
            v.bound,
            v.worst_bound
                .map(|j| format!("variable '{}' is {:e} outside its bounds", problem.column_names().get(j), v.bound)),
        ),
        (
            v.integrality,
            v.worst_integrality
                .map(|j| format!("'{}' is {:e} away from an integer", problem.column_names().get(j), v.integrality)),
        ),
    ];
    candidates
        .into_iter()
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .and_then(|(_, words)| words)
        .unwrap_or_else(|| format!("{} of its special ordered sets are violated", v.sets))
}
