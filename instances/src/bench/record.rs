//! One run as it is written down: one JSON line, enough to judge and to report without the machine it was made on.

use std::fmt;

use farkas_modeling::answer::EvidenceLevel;
use serde::{Deserialize, Serialize};

use crate::catalogue::{Class, Difficulty};
use crate::judge::{Outcome, Verdict};

/// What makes two runs the same run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunKey {
    /// Path of the instance in its folder.
    pub instance: String,
    /// Name of the solver.
    pub solver: String,
    /// Wall-clock time it was given.
    pub time_limit_seconds: f64,
    /// Threads it was given.
    pub threads: u32,
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
    /// Wall-clock seconds that the program says the solve took.
    pub solve_seconds: Option<f64>,
    /// The program's exit code; none when it was killed.
    pub exit_code: Option<i32>,
    /// Solvers that ran, with their versions.
    pub versions: Vec<String>,
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
