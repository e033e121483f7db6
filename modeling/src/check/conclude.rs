//! Puts the findings of one or many solvers together. The only constructor of an answer: facts first, then claims that
//! nothing contradicts, and never more than either bears.

use crate::answer::{Answer, EvidenceLevel, Reason, Source, Termination};
use crate::check::evidence;
use crate::check::ledger::Ledger;
use crate::check::{Findings, TrustPolicy};
use crate::{Limit, Problem, Tolerances};

/// What may be said after all that was found. `stopped` names the limit that ended the solve from outside, if one did.
///
/// In this order: unbounded, proven; a checked point whose gap is closed by anybody's bound that was proven or may be
/// believed; a checked point at a limit; infeasible, proven or claimed; unbounded or undecided, claimed; a point that is
/// merely imprecise; the limit; the failure.
///
/// ```
/// use farkas_modeling::answer::{EvidenceLevel, Source};
/// use farkas_modeling::check::{Findings, TrustPolicy, check_point, conclude};
/// use farkas_modeling::{Problem, ProblemData, Reason, Tolerances};
/// let problem = Problem::new(ProblemData {
///     cost: vec![1.0], lower: vec![1.0], upper: vec![5.0], starts: vec![0, 0], ..ProblemData::default()
/// })?;
/// let tolerances = Tolerances::default();
/// let from = |backend: &str, lane| Source { backend: backend.into(), version: "1".into(), lane };
/// let point = check_point(&problem, &[1.0], &tolerances)?.expect("feasible");
/// let findings = [Findings::of_point(from("scip", 0), point), Findings::of_bound(from("highs", 1), 1.0)];
/// let answer = conclude(&problem, &findings, &tolerances, &TrustPolicy::default(), None);
/// assert_eq!(answer.reason(), Reason::Optimal);
/// assert_eq!(answer.termination().detail(), "gap 0 closed by scip's incumbent and highs' bound");
/// assert_eq!(answer.evidence().level, EvidenceLevel::Checked);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn conclude(
    problem: &Problem,
    findings: &[Findings],
    tolerances: &Tolerances,
    trust: &TrustPolicy,
    stopped: Option<Limit>,
) -> Answer {
    let ledger = Ledger::new(problem, findings, tolerances, trust);
    let verdict = if ledger.point.is_some() { with_point(&ledger, stopped) } else { without_point(&ledger, stopped) };
    evidence::answer(ledger, verdict)
}

/// What the answer will say, before it is dressed with evidence.
pub(super) struct Verdict<'a> {
    pub(super) termination: Termination,
    pub(super) level: EvidenceLevel,
    pub(super) bound: Option<f64>,
    pub(super) agreed: Vec<&'a Source>,
    /// Whose multipliers, ray or basis belong to it, the best first.
    pub(super) witnesses: Vec<&'a Source>,
}

impl<'a> Verdict<'a> {
    fn new(termination: Termination, level: EvidenceLevel) -> Self {
        Self { termination, level, bound: None, agreed: Vec::new(), witnesses: Vec::new() }
    }

    fn agreed_by(mut self, agreed: Vec<&'a Source>) -> Self {
        self.agreed = agreed;
        self
    }

    fn witnessed_by(mut self, witnesses: Vec<&'a Source>) -> Self {
        self.witnesses = witnesses;
        self
    }
}

fn with_point<'a>(ledger: &Ledger<'a>, stopped: Option<Limit>) -> Verdict<'a> {
    let Some((found, point)) = ledger.point else { return without_point(ledger, stopped) };
    let objective = point.objective;
    if let (true, Some((ray, proof))) = (ledger.proven_bound.is_none(), ledger.proven_ray) {
        let detail = format!("{}, and {}'s point is feasible", proof.how, found.source.backend);
        return Verdict::new(Termination::new(Reason::Unbounded, detail), EvidenceLevel::Certified)
            .agreed_by(ledger.unbounded.clone())
            .witnessed_by(vec![&ray.source]);
    }
    // A bound within the gap on the far side of the incumbent says no more than the incumbent.
    let clamp = |bound: f64| if ledger.tighter(bound, objective) { objective } else { bound };
    // What is left beyond the incumbent was not contradicted, so it is there by rounding.
    let closes = |bound: f64| ledger.tolerances.gap_closed(objective, bound) || ledger.tighter(bound, objective);
    let proves = |bound: f64| closes(bound) && !ledger.beaten(bound);
    let closing = |ledger: &Ledger<'a>| -> Vec<&'a Source> {
        ledger.bounds.iter().filter(|b| closes(b.value)).map(|b| b.source).collect()
    };
    if let Some(proven) = ledger.proven_bound.filter(|proven| proves(proven.value)) {
        let mut verdict = optimal(objective, clamp(proven.value), &found.source, &proven.findings.source);
        verdict.level = EvidenceLevel::Certified;
        verdict.witnesses = vec![&proven.findings.source, &found.source];
        return verdict.agreed_by(closing(ledger));
    }
    let believed = ledger.believed_bound();
    if let Some((bound, sources)) = believed.as_ref().filter(|(bound, _)| closes(*bound)) {
        // Its own solver's bound, where that closes the gap too, makes for a simpler story.
        let by = sources.iter().find(|s| **s == &found.source).unwrap_or(&sources[sources.len() - 1]);
        let mut verdict = optimal(objective, clamp(*bound), &found.source, by);
        verdict.witnesses = std::iter::once(&found.source).chain(sources.iter().copied()).collect();
        return verdict.agreed_by(closing(ledger));
    }
    if ledger.believed_if_any(&ledger.unbounded) && believed.is_none() {
        let detail =
            format!("{} says so; a feasible point was checked, a ray was not proven", names(&ledger.unbounded));
        return Verdict::new(Termination::new(Reason::Unbounded, detail), EvidenceLevel::Claimed)
            .agreed_by(ledger.unbounded.clone())
            .witnessed_by(ledger.unbounded.clone());
    }
    let (limit, detail) = why_open(ledger, objective, stopped);
    let mut verdict = Verdict::new(Termination::at_limit(true, limit, detail), EvidenceLevel::Checked);
    verdict.bound = best_bound(ledger).filter(|bound| !ledger.tighter(*bound, objective));
    verdict.witnessed_by(vec![&found.source])
}

fn optimal<'a>(objective: f64, bound: f64, found: &'a Source, bounded: &'a Source) -> Verdict<'a> {
    let gap = crate::tolerances::relative_gap(objective, bound);
    let gap = if gap == 0.0 { "0".to_string() } else { format!("{gap:.1e}") };
    let detail = if found.backend == bounded.backend {
        format!("gap {gap} closed by {} incumbent and bound", possessive(&found.backend))
    } else {
        let (found, bounded) = (possessive(&found.backend), possessive(&bounded.backend));
        format!("gap {gap} closed by {found} incumbent and {bounded} bound")
    };
    let mut verdict = Verdict::new(Termination::new(Reason::Optimal, detail), EvidenceLevel::Checked);
    verdict.bound = Some(bound);
    verdict
}

/// The best bound that was proven or may be believed.
fn best_bound(ledger: &Ledger<'_>) -> Option<f64> {
    let believed = ledger.believed_bound().map(|(bound, _)| bound);
    let proven = ledger.proven_bound.map(|proven| proven.value);
    match (believed, proven) {
        (Some(a), Some(b)) => Some(if ledger.tighter(a, b) { a } else { b }),
        (a, b) => a.or(b),
    }
}

/// A feasible point, and its gap is open: which limit, and what else there is to say.
fn why_open(ledger: &Ledger<'_>, objective: f64, stopped: Option<Limit>) -> (Limit, String) {
    if let Some(limit) = stopped {
        return (limit, why_stopped(limit).to_owned());
    }
    let claims = |reason: Reason| {
        ledger.findings.iter().filter(move |one| one.termination.reason() == reason).map(|one| &one.source)
    };
    let distrusted: Vec<&Source> =
        ledger.bounds.iter().filter(|b| ledger.tolerances.gap_closed(objective, b.value)).map(|b| b.source).collect();
    if !distrusted.is_empty() {
        let detail = format!("{} claims that it is optimal; its bound alone is not trusted", names(&distrusted));
        return (ledger.most_telling_limit().unwrap_or(Limit::Other), detail);
    }
    let optimal: Vec<&Source> = claims(Reason::Optimal).filter(|s| !ledger.contradicted.contains(s)).collect();
    if let Some(limit) = ledger.most_telling_limit().filter(|limit| *limit != Limit::Undetermined) {
        return (limit, String::new());
    }
    let detail = if optimal.is_empty() {
        "no solver closed the gap".to_string()
    } else {
        format!("{} says optimal, but no bound that counts closes the gap", names(&optimal))
    };
    (Limit::Other, detail)
}

/// What there is to say about a limit that ended the solve from outside, beyond its name.
fn why_stopped(limit: Limit) -> &'static str {
    match limit {
        Limit::SlowProgress => "no better point came within the stall limit",
        _ => "",
    }
}

fn without_point<'a>(ledger: &Ledger<'a>, stopped: Option<Limit>) -> Verdict<'a> {
    if let Some((found, proof)) = ledger.proven_infeasible {
        return Verdict::new(Termination::new(Reason::Infeasible, proof.how.as_str()), EvidenceLevel::Certified)
            .agreed_by(ledger.infeasible.clone())
            .witnessed_by(vec![&found.source]);
    }
    let infeasible = ledger.believed_infeasible();
    let unbounded = ledger.believed_if_any(&ledger.unbounded);
    let claimed = |reason: Reason, agreed: Vec<&'a Source>, detail: String| {
        Verdict::new(Termination::new(reason, detail), EvidenceLevel::Claimed)
            .witnessed_by(agreed.clone())
            .agreed_by(agreed)
    };
    let both = |a: &[&'a Source]| a.iter().chain(&ledger.infeasible_or_unbounded).copied().collect::<Vec<_>>();
    match (infeasible, unbounded) {
        (true, false) if ledger.proven_ray.is_none() && !outweighed_by_imprecise(ledger) => {
            let detail = format!("{} says so; no proof was given", names(&ledger.infeasible));
            return claimed(Reason::Infeasible, both(&ledger.infeasible), detail);
        }
        (false, true) => {
            let detail = match ledger.proven_ray {
                Some((_, proof)) => {
                    let how = &proof.how;
                    format!("{} says so: {how}; no feasible point was given", names(&ledger.unbounded))
                }
                None => format!("{} says so; neither point nor ray was proven", names(&ledger.unbounded)),
            };
            return claimed(Reason::Unbounded, both(&ledger.unbounded), detail);
        }
        (true, true) => {
            let detail = format!(
                "{} says infeasible, {} says unbounded; neither is proven",
                names(&ledger.infeasible),
                names(&ledger.unbounded)
            );
            let all = ledger.infeasible.iter().chain(&ledger.unbounded).copied().collect();
            return claimed(Reason::InfeasibleOrUnbounded, all, detail);
        }
        _ => {}
    }
    if ledger.imprecise.is_none()
        && (!ledger.infeasible_or_unbounded.is_empty() || ledger.proven_ray.is_some() || infeasible)
    {
        let sources = both(&ledger.infeasible);
        let detail = match ledger.proven_ray {
            Some((_, proof)) => format!("{}; no feasible point was given", proof.how),
            None => format!("{} could not tell which", names(&sources)),
        };
        return claimed(Reason::InfeasibleOrUnbounded, sources, detail);
    }
    nothing_shown(ledger, stopped)
}

/// One solver's infeasibility against another's near miss: the near miss is the better news, and undecided.
fn outweighed_by_imprecise(ledger: &Ledger<'_>) -> bool {
    ledger.imprecise.is_some() && ledger.infeasible.iter().all(|s| s.backend == ledger.infeasible[0].backend)
}

fn nothing_shown<'a>(ledger: &Ledger<'a>, stopped: Option<Limit>) -> Verdict<'a> {
    if let Some((one, measured)) = ledger.imprecise {
        let worst = crate::check::ledger::describe_miss(ledger.problem, measured);
        let detail = format!("{} point misses the tolerances: {worst}", possessive(&one.source.backend));
        let mut verdict = Verdict::new(Termination::new(Reason::Imprecise, detail), EvidenceLevel::Claimed);
        verdict.bound = best_bound(ledger);
        return verdict.witnessed_by(vec![&one.source]);
    }
    let limited = |limit: Limit, detail: String| {
        let mut verdict = Verdict::new(Termination::at_limit(false, limit, detail), EvidenceLevel::Claimed);
        verdict.bound = best_bound(ledger);
        verdict
    };
    if let Some(limit) = stopped {
        return limited(limit, String::new());
    }
    if !ledger.infeasible.is_empty() {
        let detail = format!("{} says infeasible; its word alone is not trusted", names(&ledger.infeasible));
        return limited(Limit::Other, detail);
    }
    if !ledger.unbounded.is_empty() {
        let detail = format!("{} says unbounded; its word alone is not trusted", names(&ledger.unbounded));
        return limited(Limit::Other, detail);
    }
    if let Some(limit) = ledger.most_telling_limit() {
        return limited(limit, String::new());
    }
    let reasons = || ledger.findings.iter().map(|one| one.termination.reason());
    let says = |one: &Findings| match one.termination.detail() {
        "" => format!("{}: {}", one.source.backend, one.termination),
        detail => format!("{}: {detail}", one.source.backend),
    };
    let detail = if ledger.findings.is_empty() {
        "no solver said anything".to_string()
    } else {
        ledger.findings.iter().map(says).collect::<Vec<_>>().join("; ")
    };
    let wrong =
        !ledger.contradicted.is_empty() || reasons().any(|r| matches!(r, Reason::NumericalError | Reason::Imprecise));
    let reason = if wrong { Reason::NumericalError } else { Reason::OtherError };
    Verdict::new(Termination::new(reason, detail), EvidenceLevel::Claimed)
}

/// `scip's`, `highs'`.
pub(super) fn possessive(name: &str) -> String {
    if name.ends_with('s') { format!("{name}'") } else { format!("{name}'s") }
}

/// The backends of these sources, each once: `highs and scip`.
pub(super) fn names(sources: &[&Source]) -> String {
    let names = distinct(sources);
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// Names of the backends, each once, in order of appearance.
pub(super) fn distinct(sources: &[&Source]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for source in sources {
        if !names.contains(&source.backend) {
            names.push(source.backend.clone());
        }
    }
    names
}
