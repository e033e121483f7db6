//! From findings to what the referee hears, and from the referee to what the answer says about its lanes. Pure.

use std::time::Duration;

use farkas_modeling::answer::{LaneReport, LaneState, Source};
use farkas_modeling::check::{CheckedPoint, Finding, Findings, Standing};
use farkas_modeling::{Claim, Limit, Reason};

use super::contender::Contender;
use super::referee::{Ending, LaneId, OUTSIDE, Outcome, Referee, Verdict, Weight};

/// The limit that ended the race from outside, if one did.
pub(super) fn limit(ending: Ending) -> Option<Limit> {
    match ending {
        Ending::AtLimit(limit) => Some(limit),
        Ending::Stopped(_) => Some(Limit::Interrupted),
        Ending::Optimal | Ending::Infeasible | Ending::Unbounded | Ending::Exhausted => None,
    }
}

/// Whether the claim says something about the problem, and not only that it was stopped.
pub(super) fn is_definite(claim: &Claim) -> bool {
    matches!(claim.termination.reason(), Reason::Optimal | Reason::Infeasible | Reason::Unbounded)
}

/// All finite bounds among the findings.
pub(super) fn bounds(findings: &Findings) -> impl Iterator<Item = (f64, Weight)> {
    findings.list.iter().filter_map(|finding| match finding {
        Finding::Bound { value, standing } => Some((*value, weight(standing))),
        _ => None,
    })
}

fn weight(standing: &Standing) -> Weight {
    match standing {
        Standing::Certified(_) => Weight::Certified,
        Standing::Claimed => Weight::Claimed,
    }
}

/// How the lane ended, by what was found in its claim.
pub(super) fn outcome(claim: &Claim, findings: &[Finding]) -> Outcome {
    let has_point = findings.iter().any(|f| matches!(f, Finding::Point(_)));
    let verdict = findings.iter().find_map(|finding| match finding {
        Finding::Infeasible(standing) => Some(Verdict::Infeasible(weight(standing))),
        // A ray proves nothing without a point to start from.
        Finding::Unbounded(Standing::Certified(_)) if has_point => Some(Verdict::Unbounded(Weight::Certified)),
        Finding::Unbounded(_) if claim.termination.reason() == Reason::Unbounded => {
            Some(Verdict::Unbounded(Weight::Claimed))
        }
        _ => None,
    });
    match (verdict, claim.termination.reason(), claim.termination.limit()) {
        (Some(verdict), _, _) => Outcome::Verdict(verdict),
        (None, Reason::Optimal, _) => Outcome::Verdict(Verdict::Optimal),
        (None, _, Some(limit)) => Outcome::AtLimit(limit),
        (None, _, None) => Outcome::Undecided,
    }
}

/// How a claim contradicts itself: a point that it calls feasible and that is plainly not, or another objective than its
/// own point has. The same that `conclude` strikes a solver's word for.
pub(super) fn contradiction(findings: &Findings) -> Option<String> {
    let calls_feasible = matches!(findings.termination.reason(), Reason::Optimal | Reason::Feasible);
    let backend = &findings.source.backend;
    findings.list.iter().find_map(|finding| match finding {
        Finding::Misstated { said, recomputed } => {
            Some(format!("{backend} names the objective {said}; its point has {recomputed}"))
        }
        Finding::Measured(measured) if calls_feasible && !measured.is_imprecise() => {
            let v = measured.violations();
            Some(format!(
                "{backend} calls its point feasible; it misses rows by up to {:e}, bounds by {:e}, integers by {:e}",
                v.row, v.bound, v.integrality
            ))
        }
        Finding::BadPoint(error) if calls_feasible => Some(format!("{backend}: {error}")),
        _ => None,
    })
}

/// What lanes found and said on their way, beside their last claims: the incumbent, and each lane's bound as far as it
/// counts (all of it, where it is the reason for a disqualification).
pub(super) fn meanwhile(referee: &Referee, lanes: &[Contender], incumbent: Option<&CheckedPoint>) -> Vec<Findings> {
    let mut findings = Vec::new();
    if let Some(point) = incumbent.filter(|_| referee.incumbent_lane() == Some(OUTSIDE)) {
        findings.push(Findings::of_point(source(lanes, OUTSIDE), point.clone()));
    }
    for (id, lane) in (0..).zip(lanes) {
        let Some(standing) = referee.lane(id) else { continue };
        if let Some(point) = incumbent.filter(|_| referee.incumbent_lane() == Some(id)) {
            findings.push(Findings::of_point(lane.source(id), point.clone()));
        }
        let bound = match standing.state {
            LaneState::Disqualified => standing.bound,
            _ => standing.counted_bound,
        };
        findings.extend(bound.map(|bound| Findings::of_bound(lane.source(id), bound)));
    }
    findings
}

/// Whose a point is: a lane's, or nobody's here.
pub(super) fn source(lanes: &[Contender], lane: LaneId) -> Source {
    lanes.get(usize::from(lane)).map_or_else(
        || Source { backend: "outside".into(), version: String::new(), lane: OUTSIDE },
        |contender| contender.source(lane),
    )
}

/// How the lanes fared that were started.
pub(super) fn lanes(referee: &Referee, lanes: &[Contender], now: Duration) -> Vec<LaneReport> {
    let report = |(id, lane): (LaneId, &Contender)| {
        let standing = referee.lane(id)?;
        let worked = lane.worked(now)?;
        let detail = match (standing.detail.as_str(), lane.says.as_str()) {
            ("", says) => says.to_owned(),
            (detail, _) => detail.to_owned(),
        };
        Some(LaneReport {
            solver: lane.name.clone(),
            version: lane.version.clone(),
            state: standing.state,
            detail,
            seconds: worked.as_secs_f64(),
            incumbents: standing.incumbents,
            nodes: lane.nodes,
            bound: standing.bound,
        })
    };
    (0..).zip(lanes).filter_map(report).collect()
}
