//! Solve options: one meaning for every solver.

use std::collections::BTreeMap;
use std::time::Duration;

use farkas_modeling::Tolerances;

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
    /// LP algorithm.
    pub lp_method: LpMethod,
    /// Presolve.
    pub presolve: Presolve,
    /// The solver's own options by name, passed through; an unknown one is an error that lists what there is.
    pub native: BTreeMap<String, String>,
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
