//! Line-ups learned from records: for each kind of problem, for one core and for several, a small decision tree over the numbers
//! that rules know, and in each leaf who runs. Pure, and the same each time.
//!
//! The runs of single solvers on one thread are what it learns from. What is known of a race without running it is the lesser
//! of its lanes' times; [`Together`] says what that costs, on the careful side. A tree that does not pay on instances it has
//! not seen is not grown: then one pair serves all, and the report says so.

mod fit;
mod model;
mod rules;
mod times;
mod tree;
mod validate;

use std::fmt;

use farkas_backends::race::rules::Rules;
use farkas_modeling::statistics::Kind;

pub use model::Together;
pub use validate::{Validation, Way};

use super::{BenchError, Record};
use fit::Fit;
use times::Times;

/// With fewer instances nothing is fitted.
const FEWEST: usize = 20;

/// How line-ups are learned.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnOptions {
    /// Which time counts.
    pub clock: Clock,
    /// An instance that is not solved counts so many times its limit.
    pub penalty: f64,
    /// Depth of the trees, at most.
    pub depth: usize,
    /// Instances in a leaf, at least.
    pub least: usize,
    /// What two lanes cost each other.
    pub together: Together,
    /// Solvers whose word counts alone, whatever their record.
    pub trusting: Vec<String>,
    /// How often the ten-fold cross-validation is repeated.
    pub repeats: u32,
    /// Of the folds.
    pub seed: u64,
}

impl Default for LearnOptions {
    fn default() -> Self {
        Self {
            clock: Clock::Processor,
            penalty: 2.0,
            depth: 3,
            least: 12,
            together: Together::default(),
            trusting: Vec::new(),
            repeats: 5,
            seed: 1,
        }
    }
}

/// Which time of a run on one thread counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// On the wall.
    Wall,
    /// Of the processor, which others that use the machine hardly change.
    Processor,
}

/// What was learned of one kind of problem, for so many cores.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The kind.
    pub kind: Kind,
    /// 1, or 2 for all more.
    pub cores: u32,
    /// How many instances.
    pub instances: usize,
    /// Rules that came out.
    pub leaves: usize,
    /// What they are worth.
    pub validation: Validation,
}

/// A table of rules, and what it is worth. Print it.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// Those that were learned, and after them the built-in ones for all else.
    pub rules: Rules,
    /// By kind and cores.
    pub parts: Vec<Part>,
    /// What was left out.
    pub notes: Vec<String>,
}

/// Learns a table of rules.
///
/// # Errors
/// When there is too little to learn from.
pub fn learn(records: &[Record], options: &LearnOptions) -> Result<Learned, BenchError> {
    let (mut rules, mut parts, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for kind in [Kind::Lp, Kind::Mip] {
        let times = Times::of(records, kind, options);
        notes.extend(times.notes.iter().map(|note| format!("{}: {note}", kind.word())));
        let instances = times.samples.len();
        if instances < FEWEST || times.candidates.is_empty() {
            notes.push(format!("{}: nothing is learned from {instances} instances", kind.word()));
            continue;
        }
        for cores in [1, 2] {
            let fit = Fit::new(&times, cores, options);
            let all: Vec<usize> = (0..instances).collect();
            let validation = Validation::of(&fit, cores);
            let tree = if validation.tree_pays() { fit.tree(&all, options.seed) } else { fit.grow(&all, 0) };
            let learned = rules::rules(&fit, kind, cores, &tree);
            parts.push(Part { kind, cores, instances, leaves: learned.len(), validation });
            rules.extend(learned);
        }
    }
    if parts.is_empty() {
        let finding = notes.join("; ");
        return Err(BenchError::Learn { finding });
    }
    rules.extend(Rules::built_in().rules.iter().cloned());
    Ok(Learned { rules: Rules { rules }, parts, notes })
}

impl fmt::Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            let cores = if part.cores == 1 { "one core" } else { "two cores" };
            write!(f, "{} on {cores}, {} instances: ", part.kind.word(), part.instances)?;
            match part.leaves {
                1 => writeln!(f, "a tree does not pay, so one choice serves all")?,
                leaves => writeln!(f, "a tree of {leaves} leaves")?,
            }
            writeln!(f, "{}", part.validation)?;
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        writeln!(
            f,
            "seconds: shifted geometric means of what a race is thought to take, from runs of its solvers alone on one thread; \
             learned, one for all and single were chosen without the instances they are measured on (ten-fold, repeated)"
        )
    }
}
