//! Records of trust: how many claims each solver made where the truth was known, and how many of them were false. Pure.
//!
//! Only the runs of single solvers count, since there the outcome is one solver's word. A false bound rules out a point that is
//! reached; a point that is better than the optimum that is known is no false claim, as the checker has seen it.

use farkas_backends::race::trust::{Count, Record as Trust, TrustTable};
use farkas_modeling::Reason;

use super::Record;
use super::report::is_race;
use crate::judge::{UNJUDGED, Verdict};

/// Refuted claims that are kept by name.
const MOST_EXAMPLES: usize = 5;

/// Which claim it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    Bounds,
    Infeasible,
    Unbounded,
}

/// The table with these records counted. What was seen by hand stays; of two counts of one solver's claims the one with more
/// refuted ones stays, then the one with more claims, so that a record gets no better by forgetting.
pub fn count_trust(records: &[Record], table: &TrustTable) -> TrustTable {
    let mut counted = TrustTable::default();
    for record in records.iter().filter(|record| !is_race(&record.key.solver)) {
        let Some((claim, refuted)) = claim(record) else { continue };
        let solver = record.key.solver.split(':').next().unwrap_or_default();
        let trust = counted.backend.entry(solver.to_owned()).or_default();
        match claim {
            Claim::Bounds => trust.bounds.note(refuted),
            Claim::Infeasible => trust.infeasible.note(refuted),
            Claim::Unbounded => trust.unbounded.note(refuted),
        }
        let version = record.lanes.first().map_or("", |lane| lane.version.as_str());
        if !version.is_empty() && !trust.versions.iter().any(|there| there == version) {
            trust.versions.push(version.to_owned());
        }
        if refuted && trust.refuted.len() < MOST_EXAMPLES {
            trust.refuted.push(format!("{}: {}", record.key.instance, record.detail));
        }
    }
    for (name, old) in &table.backend {
        let new = counted.backend.entry(name.clone()).or_default();
        *new = joined(old, new);
    }
    counted
}

fn joined(old: &Trust, new: &Trust) -> Trust {
    let worse = |a: Count, b: Count| if (a.refuted, a.claims) > (b.refuted, b.claims) { a } else { b };
    let mut both = Trust {
        bounds: worse(old.bounds, new.bounds),
        infeasible: worse(old.infeasible, new.infeasible),
        unbounded: worse(old.unbounded, new.unbounded),
        ..old.clone()
    };
    for version in &new.versions {
        if !both.versions.contains(version) {
            both.versions.push(version.clone());
        }
    }
    for example in &new.refuted {
        if !both.refuted.contains(example) && both.refuted.len() < MOST_EXAMPLES {
            both.refuted.push(example.clone());
        }
    }
    both
}

/// What a run claimed, and whether that is known to be false; nothing where no truth is known, or nothing was claimed.
fn claim(record: &Record) -> Option<(Claim, bool)> {
    let outcome = record.outcome?;
    let claim = match outcome.reason {
        Reason::Optimal => Claim::Bounds,
        Reason::Infeasible | Reason::InfeasibleOrUnbounded => Claim::Infeasible,
        Reason::Unbounded => Claim::Unbounded,
        // Stopped before it was decided: of its bound it is known only that it was false, if it was.
        _ if record.verdict == Verdict::Wrong && outcome.bound.is_some() => Claim::Bounds,
        _ => return None,
    };
    match record.verdict {
        Verdict::Solved if record.detail == UNJUDGED => None,
        Verdict::Solved => Some((claim, false)),
        Verdict::Wrong if claim == Claim::Bounds && record.detail.contains(BETTER) => None,
        Verdict::Wrong if outcome.reason == Reason::Feasible && !record.detail.contains(RULES_OUT) => None,
        Verdict::Wrong => Some((claim, true)),
        _ => None,
    }
}

/// How the judge says that a point is better than the optimum.
const BETTER: &str = "is better than the optimum";
/// How it says that a bound is false.
const RULES_OUT: &str = "rules out";
