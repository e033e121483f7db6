//! Solve options: one meaning for every solver.

use std::collections::BTreeMap;
use std::time::Duration;

use farkas_modeling::check::MOST_POINTS;
use farkas_modeling::{Claim, Limit, Reason, Sense, Termination, Tolerances};

/// Which algorithm solves an LP (and the root of a MIP, where a solver lets one choose).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LpMethod {
    /// The solver's choice.
    #[default]
    Auto,
    /// Primal or dual simplex.
    Simplex,
    /// Interior point, with crossover.
    Barrier,
    /// First order (PDLP).
    FirstOrder,
}

/// Whether a solver may reduce the problem first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presolve {
    /// The solver's choice.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// What a search is to work at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Emphasis {
    /// The solver's choice.
    #[default]
    Balanced,
    /// Good points soon.
    Feasibility,
    /// Proving that the best point is the best.
    Optimality,
}

/// What a solve may cost and how good it must be. Gap and tolerances stand in [`Tolerances`], which the check applies
/// as well.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Wall-clock limit of one `solve`, load and presolve included; `None` is no limit.
    #[serde(with = "seconds")]
    pub time_limit: Option<Duration>,
    /// Tolerances and gaps.
    pub tolerances: Tolerances,
    /// Threads a solver may use; `None` means 1.
    pub threads: Option<u32>,
    /// Random seed; `None` is the solver's default.
    pub seed: Option<u32>,
    /// Branch-and-bound nodes.
    pub node_limit: Option<u64>,
    /// Stop after so many feasible points.
    pub solution_limit: Option<u64>,
    /// Bytes the solving process may use.
    pub memory_limit_bytes: Option<u64>,
    /// Stop as soon as a point is at least this good.
    pub objective_target: Option<f64>,
    /// Stop when no better point came for so long. A race counts from the incumbent that it published last; a solver alone, from
    /// the last that it told. It takes a point, so nothing ends without one, a linear program never; and a better bound does
    /// not count. The solve ends at the limit `SlowProgress`. Solvers are not told: see [`crate::watch`].
    #[serde(with = "seconds")]
    pub stall_limit: Option<Duration>,
    /// The same answer every time: one thread, no clock, and a race's lanes one after another. [`crate::deterministic`] tells the
    /// rules, and what counts as work.
    pub deterministic: bool,
    /// Only points at least this good are wanted: a solver may leave out what cannot lead to one. Where there is none,
    /// the solve ends with `NoSolutionFound` at the limit `Cutoff`, and the cutoff is a bound.
    pub cutoff: Option<f64>,
    /// What the search works at first.
    pub emphasis: Emphasis,
    /// How many further feasible points are wanted beside the best; 0 for none. At most 1000 count, and no more than a quarter
    /// of a gigabyte of them. Of a linear program there are none.
    pub pool: u32,
    /// LP algorithm.
    pub lp_method: LpMethod,
    /// Presolve.
    pub presolve: Presolve,
    /// The solver's own options by name, passed through; an unknown one is an error that lists what there is.
    pub native: BTreeMap<String, String>,
}

impl Options {
    /// The cutoff with room for rounding, for a solver that takes only what is strictly better.
    pub fn loosened_cutoff(&self, sense: Sense) -> Option<f64> {
        self.cutoff.map(|cutoff| cutoff + sense.sign() * self.cutoff_slack(cutoff))
    }

    /// Threads that a race may have in all, where so many are there when nobody says how many.
    pub fn threads_of_race(&self, there: u32) -> u32 {
        if self.deterministic { 1 } else { self.threads.unwrap_or(there) }
    }

    fn cutoff_slack(&self, cutoff: f64) -> f64 {
        self.tolerances.absolute_gap.max(self.tolerances.feasibility * cutoff.abs().max(1.0))
    }

    /// A claim as the cutoff wants it: without a point that is worse, and with "nothing as good as that" where a search that
    /// left out the rest found nothing. A solver may cut off or not; the answer is the same.
    #[must_use]
    pub fn within_cutoff(&self, sense: Sense, mut claim: Claim) -> Claim {
        let Some(cutoff) = self.cutoff else { return claim };
        let slack = self.cutoff_slack(cutoff);
        let worse = |objective: f64| sense.sign() * (objective - cutoff) > slack;
        let reason = claim.termination.reason();
        let none_as_good = match claim.objective {
            Some(objective) if claim.point.is_some() && worse(objective) => {
                (claim.point, claim.objective, claim.duals) = (None, None, None);
                matches!(reason, Reason::Optimal | Reason::Infeasible)
            }
            _ => reason == Reason::Infeasible && claim.ray.is_none(),
        };
        if none_as_good {
            claim.bound = Some(claim.bound.filter(|&bound| worse(bound)).unwrap_or(cutoff));
            claim.termination = Termination::at_limit(false, Limit::Cutoff, "no point is as good as the cutoff");
        } else if claim.point.is_none() && reason == Reason::Feasible {
            let limit = claim.termination.limit().unwrap_or(Limit::Undetermined);
            claim.termination = Termination::at_limit(false, limit, "no point as good as the cutoff was found");
        }
        claim
    }
}

/// So many names near a wrong one are told.
const NEAREST: usize = 5;

/// Names that are less alike than this (Jaro and Winkler's measure, from 0 to 1) are not near.
const ALIKE: f64 = 0.8;

/// What to say of a native option that a solver does not have: the names nearest to it, the best first, and then `there`,
/// which tells what there is. The last part of a path counts nearly as much as the whole.
pub fn unknown_option<'a>(
    solver: &str,
    name: &str,
    all: impl IntoIterator<Item = &'a str>,
    there: impl std::fmt::Display,
) -> String {
    let part = |path: &str| path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let (wanted, wanted_part) = (name.to_ascii_lowercase(), part(name));
    let score = |other: &str| {
        let whole = strsim::jaro_winkler(&wanted, &other.to_ascii_lowercase());
        whole.max(0.9 * strsim::jaro_winkler(&wanted_part, &part(other)))
    };
    let mut near: Vec<(f64, &str)> = all.into_iter().map(|other| (score(other), other)).collect();
    near.retain(|(score, _)| *score >= ALIKE);
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let near: Vec<&str> = near.into_iter().take(NEAREST).map(|(_, other)| other).collect();
    let nearest = if near.is_empty() { String::new() } else { format!("; nearest: {}", near.join(", ")) };
    format!("{solver} has no option '{name}'{nearest}; there are: {there}")
}

/// Further points take no more than these bytes.
const POOL_BYTES: usize = 1 << 28;

impl Options {
    /// How many further points of n values are wanted, within the limits of [`pool`](Self::pool).
    pub fn pool_points(&self, columns: usize) -> usize {
        (self.pool as usize).min(MOST_POINTS).min(POOL_BYTES / (8 * columns.max(1)))
    }
}

mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[allow(clippy::ref_option)] // the signature serde asks for
    pub fn serialize<S: Serializer>(limit: &Option<Duration>, s: S) -> Result<S::Ok, S::Error> {
        limit.map(|d| d.as_secs_f64()).serialize(s)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<f64>::deserialize(d)?;
        seconds
            .map(|s| Duration::try_from_secs_f64(s).map_err(|e| serde::de::Error::custom(format!("{s} seconds: {e}"))))
            .transpose()
    }
}
