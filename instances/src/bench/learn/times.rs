//! What candidates took, from records: a table of instances and candidates without holes.

use std::collections::{BTreeMap, BTreeSet};

use farkas_backends::race::rules::Candidate;
use farkas_backends::race::trust::{Record as Trust, TrustTable};
use farkas_modeling::Reason;
use farkas_modeling::answer::EvidenceLevel;
use farkas_modeling::statistics::{FEATURES, Features, Kind};

use super::{Clock, LearnOptions};
use crate::bench::Record;
use crate::bench::report::is_race;
use crate::judge::Verdict;

/// A candidate that ran on less than this share of the instances is left out; of the rest, instances that not all ran are.
const LEAST_SHARE: f64 = 0.9;

/// One candidate on one instance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Took {
    /// What counts: where it did not solve it, its time limit times the penalty.
    pub seconds: f64,
    /// Whether it did.
    pub solved: bool,
    /// Whether its word alone ends a race.
    pub ends: bool,
}

/// One instance.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub features: Features,
    /// The same in the order of [`FEATURES`].
    pub values: Vec<f64>,
    /// By candidate.
    pub took: Vec<Took>,
    /// What an instance that is not solved counts.
    pub unsolved_seconds: f64,
    pub limit_seconds: f64,
}

/// All instances of one kind.
#[derive(Debug, Clone)]
pub(super) struct Times {
    pub candidates: Vec<Candidate>,
    pub samples: Vec<Sample>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

impl Times {
    /// Of the runs of single solvers on one thread.
    pub(super) fn of(records: &[Record], kind: Kind, options: &LearnOptions) -> Self {
        let of_kind = |record: &&Record| {
            record.key.threads == 1
                && !is_race(&record.key.solver)
                && record.features.as_ref().is_some_and(|features| features.kind() == kind)
        };
        let mut names: Vec<&str> = Vec::new();
        let mut runs: BTreeMap<&str, BTreeMap<&str, Vec<&Record>>> = BTreeMap::new();
        for record in records.iter().filter(of_kind) {
            if !names.contains(&record.key.solver.as_str()) {
                names.push(&record.key.solver);
            }
            let of_instance = runs.entry(&record.key.instance).or_default();
            of_instance.entry(&record.key.solver).or_default().push(record);
        }
        let mut notes = Vec::new();
        let all = runs.len();
        names.retain(|name| {
            let ran = runs.values().filter(|by| by.contains_key(name)).count();
            let enough = ran as f64 >= LEAST_SHARE * all as f64;
            if !enough {
                notes.push(format!("{name} is left out: it ran on {ran} of {all} instances"));
            }
            enough
        });
        runs.retain(|_, by| names.iter().all(|name| by.contains_key(name)));
        if runs.len() < all {
            notes
                .push(format!("{} of {all} instances are left out: not every candidate ran on them", all - runs.len()));
        }
        let candidates: Vec<Candidate> =
            names.iter().map(|name| name.parse().unwrap_or_else(|_| Candidate::named(*name))).collect();
        let samples = runs.values().filter_map(|by| sample(by, &names, options)).collect();
        notes.extend(distrusted(&candidates, options));
        Self { candidates, samples, notes }
    }
}

fn sample(by: &BTreeMap<&str, Vec<&Record>>, names: &[&str], options: &LearnOptions) -> Option<Sample> {
    let features = by.values().flatten().find_map(|record| record.features.clone())?;
    let values = FEATURES.iter().map(|(name, _)| features.get(name).unwrap_or(f64::NAN)).collect();
    let limits = by.values().flatten().map(|record| record.key.time_limit_seconds);
    let limit_seconds = limits.fold(0.0, f64::max);
    let unsolved_seconds = limit_seconds * options.penalty;
    let took = names.iter().map(|name| took(&by[name], unsolved_seconds, options)).collect();
    Some(Sample { features, values, took, unsolved_seconds, limit_seconds })
}

/// Of the runs of one candidate on one instance the one with the longest limit counts, unless it answered wrongly in any.
fn took(runs: &[&Record], unsolved_seconds: f64, options: &LearnOptions) -> Took {
    let unsolved = Took { seconds: unsolved_seconds, solved: false, ends: false };
    let longest = runs.iter().max_by(|a, b| a.key.time_limit_seconds.total_cmp(&b.key.time_limit_seconds));
    let wrong = runs.iter().any(|record| record.verdict == Verdict::Wrong);
    match longest {
        Some(record) if !wrong && record.verdict == Verdict::Solved => Took {
            seconds: match options.clock {
                Clock::Wall => record.wall_seconds,
                Clock::Processor => record.cpu_seconds.unwrap_or(record.wall_seconds),
            },
            solved: true,
            ends: record.evidence == Some(EvidenceLevel::Certified) || is_believed(record, options),
        },
        _ => unsolved,
    }
}

/// Whether its word ends a race by the records of trust.
fn is_believed(record: &Record, options: &LearnOptions) -> bool {
    let solver = record.key.solver.split(':').next().unwrap_or_default();
    if options.trusting.iter().any(|name| name == solver) {
        return true;
    }
    TrustTable::built_in().backend.get(solver).is_none_or(|trust| match record.outcome.map(|outcome| outcome.reason) {
        Some(Reason::Infeasible | Reason::InfeasibleOrUnbounded | Reason::Unbounded) => !trust.distrusts_infeasible(),
        _ => !trust.distrusts_bounds(),
    })
}

fn distrusted(candidates: &[Candidate], options: &LearnOptions) -> Vec<String> {
    let solvers: BTreeSet<&str> = candidates.iter().map(|candidate| candidate.solver.as_str()).collect();
    let doubted = |solver: &&&str| {
        !options.trusting.iter().any(|name| name == **solver)
            && TrustTable::built_in().backend.get(**solver).is_some_and(Trust::distrusts_bounds)
    };
    let note = |solver: &&str| format!("the unproven word of {solver} ends no race, and counts here only as such");
    solvers.iter().filter(doubted).map(note).collect()
}
