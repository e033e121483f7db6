//! The rules by which a line-up is chosen: a table that people read and write, in TOML.
//!
//! The built-in table stands in `lineups.toml`; a user's own has the same form. The first rule whose conditions the
//! problem's [`Features`] meet is followed; solvers that it names and that are not here, or do not take the problem, are
//! left out.

mod candidate;
mod read;
mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use farkas_modeling::statistics::{Features, Kind};

pub use candidate::{Candidate, CandidateError};
pub use read::RulesError;

/// The name by which a condition speaks of the threads that the race may use.
pub const CORES: &str = "cores";

static BUILT_IN: LazyLock<Rules> = LazyLock::new(|| {
    // A test reads it with every build.
    Rules::read(include_str!("../lineups.toml")).unwrap_or_default()
});

/// A table of rules: the first that matches counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    /// In order.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rule {
    /// What it is called.
    pub name: String,
    /// When it counts.
    pub when: Condition,
    /// Why these lanes, in a sentence.
    pub why: String,
    /// How long its first lane usually takes.
    pub expected: Option<Duration>,
    /// How long the turns are in which its lanes share the cores; without it, each keeps its cores until it ends.
    pub turn: Option<Duration>,
    /// Who runs, in order of preference.
    pub lanes: Vec<LaneRule>,
    /// Whether solvers that it does not name come after those it does.
    pub others: bool,
}

/// One lane of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneRule {
    /// Who, with which settings.
    pub candidate: Candidate,
    /// How many threads, if there are so many.
    pub threads: u32,
    /// The head start it gives to the lanes before it.
    pub after: HeadStart,
    /// Its turns, where they are others than the rule's.
    pub turn: Option<Duration>,
    /// Line and column of the solver's name in the text it was read from, counted from 1; 0 where there is none.
    pub place: (usize, usize),
}

impl LaneRule {
    /// This candidate on one thread, at once.
    pub fn new(candidate: Candidate) -> Self {
        Self { candidate, threads: 1, after: HeadStart::None, turn: None, place: (0, 0) }
    }
}

/// How long a lane waits for those before it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum HeadStart {
    /// Not at all.
    #[default]
    None,
    /// So long.
    Time(Duration),
    /// A share of the time that the rule expects.
    Share(f64),
}

impl HeadStart {
    /// The time it amounts to.
    pub fn time(self, expected: Option<Duration>) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Time(time) => time,
            Self::Share(share) => expected.unwrap_or_default().mul_f64(share),
        }
    }
}

/// What a rule asks of a problem. Everything has to hold; nothing asked always holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Condition {
    /// One of these sorts; any if empty.
    pub kinds: Vec<Kind>,
    /// Numbers by name (one of [`FEATURES`](farkas_modeling::statistics::FEATURES), or [`CORES`]), each within its limits.
    pub limits: BTreeMap<String, Span>,
}

/// More than `above`, and no more than `most`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Exclusive; −∞ where there is no limit.
    pub above: f64,
    /// Inclusive; ∞ where there is no limit.
    pub most: f64,
}

impl Span {
    /// Everything.
    pub const ALL: Self = Self { above: f64::NEG_INFINITY, most: f64::INFINITY };

    fn holds(self, value: f64) -> bool {
        value > self.above && value <= self.most
    }
}

impl Condition {
    /// Whether a problem with these features, on so many cores, meets it. A number that is not known meets no limit.
    pub fn holds(&self, features: &Features, cores: u32) -> bool {
        let value = |name: &str| if name == CORES { Some(f64::from(cores)) } else { features.get(name) };
        (self.kinds.is_empty() || self.kinds.contains(&features.kind()))
            && self.limits.iter().all(|(name, span)| value(name).is_some_and(|value| span.holds(value)))
    }
}

impl fmt::Display for Condition {
    /// `mip, nonzeros ≤ 5000, 0.2 < set_share ≤ 0.7`; `always` when nothing is asked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        if !self.kinds.is_empty() {
            parts.push(self.kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(" or "));
        }
        for (name, span) in &self.limits {
            parts.push(match (span.above.is_finite(), span.most.is_finite()) {
                (true, true) => format!("{} < {name} ≤ {}", span.above, span.most),
                (true, false) => format!("{name} > {}", span.above),
                (false, true) => format!("{name} ≤ {}", span.most),
                (false, false) => format!("{name} is known"),
            });
        }
        f.write_str(if parts.is_empty() { "always" } else { "" })?;
        f.write_str(&parts.join(", "))
    }
}

impl Rules {
    /// The table that Farkas comes with.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// The rule for a problem with these features, on so many cores.
    pub fn find(&self, features: &Features, cores: u32) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.when.holds(features, cores))
    }

    /// All solvers that it names, each once.
    pub fn solvers(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for lane in self.rules.iter().flat_map(|rule| &rule.lanes) {
            if !names.contains(&lane.candidate.solver.as_str()) {
                names.push(&lane.candidate.solver);
            }
        }
        names
    }

    /// Refuses solvers that are not among these.
    ///
    /// # Errors
    /// For the first lane whose solver is not among them, with its place and the list.
    pub fn check_solvers(&self, known: &[&str]) -> Result<(), RulesError> {
        let lanes = self.rules.iter().flat_map(|rule| &rule.lanes);
        let unknown = lanes.into_iter().find(|lane| !known.contains(&lane.candidate.solver.as_str()));
        unknown.map_or(Ok(()), |lane| {
            let finding = format!("there is no solver '{}'", lane.candidate.solver);
            Err(RulesError::new(lane.place, finding, format!("there are: {}", known.join(", "))))
        })
    }
}
