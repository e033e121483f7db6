//! Findings: what stands out, how grave it is, where it is for example, and what to do.

use std::fmt;

use serde::Serialize;

use crate::problem::Problem;

/// So many examples of a finding are named; all are counted.
const EXAMPLES: usize = 5;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The problem cannot have a (good) answer as it stands.
    Wrong,
    /// Likely a mistake, slow, or numerically dangerous.
    Doubtful,
    /// Worth knowing.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Wrong => "wrong",
            Self::Doubtful => "doubtful",
            Self::Note => "note",
        })
    }
}

/// One kind of thing that stands out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What, as a stable code: `big-m`, `duplicate-rows`.
    pub code: &'static str,
    /// How grave.
    pub severity: Severity,
    /// How often it was found.
    pub count: usize,
    /// What it is, in a sentence that goes on after the count: `rows are empty`.
    pub what: &'static str,
    /// The first few, with names and figures.
    pub examples: Vec<String>,
    /// What to do.
    pub remedy: &'static str,
}

/// A kind of finding before anything was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    pub(super) what: &'static str,
    pub(super) remedy: &'static str,
}

/// Findings as they come together.
pub(super) struct List<'p> {
    problem: &'p Problem,
    found: Vec<Finding>,
}

impl<'p> List<'p> {
    pub(super) fn new(problem: &'p Problem) -> Self {
        Self { problem, found: Vec::new() }
    }

    /// Counts one more of a kind; its words are made only for the first few.
    pub(super) fn add(&mut self, kind: &Kind, example: impl FnOnce(&Names<'p>) -> String) {
        let at = self.found.iter().position(|finding| finding.code == kind.code).unwrap_or_else(|| {
            let Kind { code, severity, what, remedy } = *kind;
            self.found.push(Finding { code, severity, count: 0, what, examples: Vec::new(), remedy });
            self.found.len() - 1
        });
        let finding = &mut self.found[at];
        finding.count += 1;
        if finding.examples.len() < EXAMPLES {
            finding.examples.push(example(&Names(self.problem)));
        }
    }

    pub(super) fn into_findings(mut self) -> Vec<Finding> {
        self.found.sort_by_key(|finding| finding.severity);
        self.found
    }
}

/// Names in quotes.
pub(super) struct Names<'p>(&'p Problem);

impl Names<'_> {
    pub(super) fn row(&self, i: usize) -> String {
        format!("'{}'", self.0.row_names().get(i))
    }

    pub(super) fn column(&self, j: usize) -> String {
        format!("'{}'", self.0.column_names().get(j))
    }
}
