//! Whose word counts: a record of each backend's claims and of those that turned out false, and what follows from it.
//!
//! `trust.toml` counts judged runs; what was seen outside of them stands in it in words. A
//! kind of claim of which one was refuted ends a race only when another solver agrees, or the user allows it.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::LazyLock;

use farkas_modeling::check::TrustPolicy;
use serde::{Deserialize, Serialize};

use super::Lineup;
use super::rules::RulesError;

/// No more than this is read.
const MOST_BYTES: usize = 1 << 20;

static BUILT_IN: LazyLock<TrustTable> = LazyLock::new(|| {
    // A test reads it with every build.
    TrustTable::read(include_str!("trust.toml")).unwrap_or_default()
});

/// Claims of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// How many were made where the truth was known.
    pub claims: u64,
    /// How many of them were false.
    pub refuted: u64,
}

impl Count {
    /// Notes one more claim.
    pub fn note(&mut self, refuted: bool) {
        self.claims += 1;
        self.refuted += u64::from(refuted);
    }
}

/// What one backend has claimed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Record {
    /// Versions that were judged.
    pub versions: Vec<String>,
    /// Optima and bounds.
    pub bounds: Count,
    /// That no point is feasible.
    pub infeasible: Count,
    /// That points are better without end.
    pub unbounded: Count,
    /// Refuted claims, a line each: the first few.
    pub refuted: Vec<String>,
    /// Whether optima and bounds were seen to be false elsewhere, by hand.
    pub false_bounds: bool,
    /// Whether infeasibilities were, by hand.
    pub false_infeasible: bool,
    /// What was seen elsewhere, by hand.
    pub seen: Vec<String>,
}

impl Record {
    /// Whether its lone bound does not count.
    pub fn distrusts_bounds(&self) -> bool {
        self.false_bounds || self.bounds.refuted > 0
    }

    /// Whether its lone word that there is no point does not count. Who takes a bounded problem for an unbounded one, or the
    /// other way round, is not believed in that either.
    pub fn distrusts_infeasible(&self) -> bool {
        self.false_infeasible || self.infeasible.refuted + self.unbounded.refuted > 0
    }

    /// In a few words: what was refuted.
    pub fn holes(&self) -> String {
        let mut holes = Vec::new();
        for (count, what) in [(self.bounds, "bounds"), (self.infeasible, "infeasible"), (self.unbounded, "unbounded")] {
            if count.refuted > 0 {
                holes.push(format!("{} of {} {what} false", count.refuted, count.claims));
            }
        }
        holes.extend(self.seen.clone());
        holes.join("; ")
    }
}

/// The records by backend.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustTable {
    /// By name.
    #[serde(default)]
    pub backend: BTreeMap<String, Record>,
}

impl TrustTable {
    /// The table that Farkas comes with.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Reads one.
    ///
    /// # Errors
    /// With line and column, for what is not such a table.
    pub fn read(text: &str) -> Result<Self, RulesError> {
        if text.len() > MOST_BYTES {
            return Err(RulesError::new((1, 1), "it has more than a mebibyte", "keep fewer examples"));
        }
        toml::from_str(text).map_err(|error| {
            let remedy = "write tables [backend.NAME], as the built-in one has";
            RulesError::at(text, error.span(), error.message(), remedy)
        })
    }

    /// The policy for solvers that run together: those with a hole are not believed alone, but for those `allowed`.
    pub fn policy(&self, allowed: &[String]) -> TrustPolicy {
        self.distrusting(allowed, Record::distrusts_bounds, Record::distrusts_infeasible)
    }

    /// The policy for a solver that runs by itself: what was seen by hand, of other versions perhaps, does not count against
    /// it, and what judged runs refuted does.
    pub fn policy_alone(&self, allowed: &[String]) -> TrustPolicy {
        let infeasible = |record: &Record| record.infeasible.refuted + record.unbounded.refuted > 0;
        self.distrusting(allowed, |record| record.bounds.refuted > 0, infeasible)
    }

    fn distrusting(
        &self,
        allowed: &[String],
        bounds: impl Fn(&Record) -> bool,
        infeasible: impl Fn(&Record) -> bool,
    ) -> TrustPolicy {
        let names = |distrusts: &dyn Fn(&Record) -> bool| {
            let others = self.backend.iter().filter(|(name, record)| !allowed.contains(name) && distrusts(record));
            others.map(|(name, _)| name.clone()).collect()
        };
        TrustPolicy { distrusted: names(&bounds), distrusted_infeasible: names(&infeasible) }
    }
}

impl fmt::Display for TrustTable {
    /// As TOML that [`read`](Self::read) reads again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, record)) in self.backend.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            writeln!(f, "[backend.{name:?}]\nversions = {}", list(&record.versions))?;
            for (count, what) in
                [(record.bounds, "bounds"), (record.infeasible, "infeasible"), (record.unbounded, "unbounded")]
            {
                writeln!(f, "{what} = {{ claims = {}, refuted = {} }}", count.claims, count.refuted)?;
            }
            for (is, what) in [(record.false_bounds, "false_bounds"), (record.false_infeasible, "false_infeasible")] {
                if is {
                    writeln!(f, "{what} = true")?;
                }
            }
            for (lines, what) in [(&record.refuted, "refuted"), (&record.seen, "seen")] {
                if !lines.is_empty() {
                    writeln!(f, "{what} = {}", list(lines))?;
                }
            }
        }
        Ok(())
    }
}

fn list(texts: &[String]) -> String {
    let mut written = String::from("[");
    for (at, text) in texts.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        let _ = write!(written, "{comma}{}", toml::Value::String(text.clone())); // a String takes everything
    }
    written + "]"
}

/// Whose lone word counts in this line-up, by the built-in records. See [`trust_in`].
pub fn trust(lineup: &Lineup) -> TrustPolicy {
    trust_in(TrustTable::built_in(), lineup, &[])
}

/// Whose lone word counts in this line-up: everybody's whose record has no holes, and theirs that the user allows. Against who
/// runs alone, and was chosen for it, only claims that judged runs refuted count.
pub fn trust_in(table: &TrustTable, lineup: &Lineup, allowed: &[String]) -> TrustPolicy {
    let several = lineup.lanes.iter().any(|lane| lane.backend.name() != lineup.lanes[0].backend.name());
    if several { table.policy(allowed) } else { table.policy_alone(allowed) }
}
