//! One run as it is written down: one JSON line, enough to judge and to report without the machine it was made on.

use std::fmt;

use farkas_modeling::answer::{EvidenceLevel, LaneState};
use farkas_modeling::statistics::Features;
use serde::{Deserialize, Serialize};

use crate::catalogue::{Class, Difficulty};
use crate::judge::{Outcome, Verdict};

/// What makes two runs the same run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunKey {
    /// Path of the instance in its folder.
    pub instance: String,
    /// The candidate: a solver, or `race`, with its settings (`highs:barrier`, `race:lineup=FILE`).
    pub solver: String,
    /// By which rules a race chose, in a few digits; empty for a solver alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rules: String,
    /// Wall-clock time it was given.
    pub time_limit_seconds: f64,
    /// Threads it was given.
    pub threads: u32,
}

/// How one lane of a run fared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaneRecord {
    /// Its solver.
    pub solver: String,
    /// With its version.
    #[serde(default)]
    pub version: String,
    /// How it ended. Who `finished` ended the race, or was about to.
    pub state: LaneState,
    /// Wall-clock seconds it ran.
    pub seconds: f64,
    /// How many checked incumbents came from it.
    #[serde(default)]
    pub incumbents: u64,
    /// Nodes it counted.
    #[serde(default)]
    pub nodes: u64,
    /// Last bound it claimed.
    #[serde(default, with = "crate::extended")]
    pub bound: Option<f64>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Which.
    #[serde(flatten)]
    pub key: RunKey,
    /// Class of the instance.
    pub class: Option<Class>,
    /// Its difficulty.
    pub difficulty: Option<Difficulty>,
    /// What rules see of it.
    #[serde(default)]
    pub features: Option<Features>,
    /// SHA-256 of its file, from the catalogue.
    pub sha256: String,
    /// What it is worth.
    pub verdict: Verdict,
    /// Why, where that does not go without saying.
    pub detail: String,
    /// What was said, unless it failed.
    pub outcome: Option<Outcome>,
    /// What was shown about the answer.
    pub evidence: Option<EvidenceLevel>,
    /// Wall-clock seconds from starting the program to its end, measured outside.
    pub wall_seconds: f64,
    /// Processor seconds, user and system, of all processes of the run, measured outside, those of workers that were killed
    /// included; none where the system does not tell.
    #[serde(default)]
    pub cpu_seconds: Option<f64>,
    /// Wall-clock seconds that the program says the solve took.
    pub solve_seconds: Option<f64>,
    /// The program's exit code; none when it was killed.
    pub exit_code: Option<i32>,
    /// Solvers that ran, with their versions.
    pub versions: Vec<String>,
    /// Who found the point.
    #[serde(default)]
    pub found_by: Option<String>,
    /// Whose claims agree with the outcome.
    #[serde(default)]
    pub agreed_by: Vec<String>,
    /// Whose claims a checked fact contradicts.
    #[serde(default)]
    pub contradicted: Vec<String>,
    /// Who ran, in the order of the line-up.
    #[serde(default)]
    pub lanes: Vec<LaneRecord>,
}

impl fmt::Display for Record {
    /// A line for people: `miplib3/air03.mps.gz by highs: solved, 340160 in 0.52 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}: {}", self.key.instance, self.key.solver, self.verdict)?;
        if let Some(objective) = self.outcome.and_then(|outcome| outcome.objective) {
            write!(f, ", {objective}")?;
        }
        write!(f, " in {:.2} s", self.wall_seconds)?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        Ok(())
    }
}
