//! What a fit is worth on instances that it has not seen, beside the table there is, one solver, and the best of all.

use std::fmt;

use farkas_backends::race::rules::Rules;

use super::fit::{Fit, folds};
use super::model::{Ended, Pick, cost};
use super::times::Sample;
use crate::bench::compare::interval;
use crate::bench::report::SHIFT_SECONDS;

/// Ten folds.
const FOLDS: usize = 10;

/// One way to choose, over all instances.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// What it is.
    pub name: String,
    /// How many instances it solves, the mean over the repetitions.
    pub solved: f64,
    /// By instance, logarithms of shifted seconds, the mean over the repetitions.
    logs: Vec<f64>,
}

impl Way {
    fn of(name: impl Into<String>, ended: impl Iterator<Item = Ended>) -> Self {
        let (logs, solved): (Vec<f64>, Vec<bool>) = ended.map(|(seconds, solved)| (cost(seconds), solved)).unzip();
        Self { name: name.into(), solved: solved.iter().filter(|&&solved| solved).count() as f64, logs }
    }

    /// Shifted geometric mean.
    pub fn seconds(&self) -> f64 {
        (self.logs.iter().sum::<f64>() / self.logs.len().max(1) as f64).exp() - SHIFT_SECONDS
    }
}

/// What choosing by a learned table brings.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// Folds times repetitions.
    pub fits: usize,
    /// The fit, on instances that it has not seen.
    pub learned: Way,
    /// The same with the best one choice for all.
    pub fixed: Way,
    /// The solver that is best on the others.
    pub single: Way,
    /// The built-in table.
    pub built_in: Way,
    /// The best solver of each instance.
    pub virtual_best: Way,
    /// What of the built-in table was not measured.
    pub unknown: Vec<String>,
}

impl Validation {
    /// Whether trees are better than one choice for all where neither has seen the instances.
    pub(super) fn tree_pays(&self) -> bool {
        self.learned.seconds() < self.fixed.seconds()
    }

    /// By ten-fold cross-validation, so many times.
    pub(super) fn of(fit: &Fit<'_>, cores: u32) -> Self {
        let samples = &fit.times.samples;
        let all: Vec<usize> = (0..samples.len()).collect();
        let empty = |name: &str| Way { name: name.into(), solved: 0.0, logs: vec![0.0; all.len()] };
        let fixed = if cores > 1 { "the best one pair for all" } else { "the best one solver for all" };
        let mut ways = [empty("learned"), empty(fixed), empty("best single solver")];
        let share = 1.0 / f64::from(fit.options.repeats.max(1));
        let mut fits = 0;
        for repeat in 0..fit.options.repeats {
            let seed = fit.options.seed.wrapping_add(u64::from(repeat));
            for (train, test) in folds(&all, FOLDS, seed) {
                let (tree, single) = (fit.tree(&train, seed), fit.best_single(&train));
                let fixed = fit.pick(&fit.grow(&train, 0));
                fits += 1;
                for at in test {
                    let sample = &samples[at];
                    let leaf = tree.find(&sample.values, usize::MAX);
                    let alone = sample.took[single];
                    let ended = [
                        fit.pick(leaf).on(sample, fit.options.together),
                        fixed.on(sample, fit.options.together),
                        (alone.seconds, alone.solved),
                    ];
                    for (way, (seconds, solved)) in ways.iter_mut().zip(ended) {
                        way.logs[at] += cost(seconds) * share;
                        way.solved += f64::from(u8::from(solved)) * share;
                    }
                }
            }
        }
        let [learned, fixed, single] = ways;
        let mut unknown = Vec::new();
        let built_in = samples.iter().map(|sample| built_in(fit, sample, cores, &mut unknown)).collect::<Vec<_>>();
        let best = |sample: &Sample| {
            let seconds = sample.took.iter().map(|took| took.seconds).fold(f64::INFINITY, f64::min);
            (seconds, sample.took.iter().any(|took| took.solved))
        };
        Self {
            fits,
            learned,
            fixed,
            single,
            built_in: Way::of("built-in table", built_in.into_iter()),
            virtual_best: Way::of("best solver of each instance", samples.iter().map(best)),
            unknown,
        }
    }
}

/// What the built-in table makes of an instance: its first lanes that were measured.
fn built_in(fit: &Fit<'_>, sample: &Sample, cores: u32, unknown: &mut Vec<String>) -> Ended {
    let rule = Rules::built_in().find(&sample.features, cores);
    let lanes = rule.map(|rule| (&rule.lanes, rule.expected));
    let mut measured: Vec<(usize, f64)> = Vec::new();
    for (lane, expected) in lanes.iter().flat_map(|(lanes, expected)| lanes.iter().map(move |lane| (lane, *expected))) {
        if measured.len() == cores.min(2) as usize {
            break;
        }
        match fit.times.candidates.iter().position(|there| *there == lane.candidate) {
            Some(at) if measured.iter().all(|(there, _)| *there != at) => {
                measured.push((at, lane.after.time(expected).as_secs_f64()));
            }
            Some(_) => {}
            None => {
                let name = lane.candidate.to_string();
                if !unknown.contains(&name) {
                    unknown.push(name);
                }
            }
        }
    }
    let first = measured.first().map_or(0, |lane| lane.0);
    Pick { first, second: measured.get(1).copied() }.on(sample, fit.options.together)
}

impl fmt::Display for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.learned.logs.len();
        for way in [&self.learned, &self.fixed, &self.built_in, &self.single, &self.virtual_best] {
            write!(f, "  {:<30} {:>8.3} s, {:>5.1} of {count} solved", way.name, way.seconds(), way.solved)?;
            if way != &self.learned {
                let (low, high) = interval(&self.learned.logs, std::slice::from_ref(&way.logs));
                let ratio = self.learned.seconds() / way.seconds().max(1e-9);
                write!(f, "; learned is {ratio:.3} of it (95 % interval {low:.3} to {high:.3})")?;
            }
            writeln!(f)?;
        }
        if !self.unknown.is_empty() {
            writeln!(f, "  the built-in table also names what was not measured: {}", self.unknown.join(", "))?;
        }
        Ok(())
    }
}
