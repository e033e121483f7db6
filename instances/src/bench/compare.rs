//! Races beside single solvers: the ratio of their means with a bootstrap interval, and the best that any choice among the
//! single solvers could reach. A pure function from records to numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Record;
use super::report::{SHIFT_SECONDS, counted_seconds, is_race, shifted_geometric_mean};
use crate::catalogue::Class;
use crate::generators::random::Random;
use crate::judge::Verdict;

/// How often the instances are drawn anew.
const RESAMPLES: usize = 2_000;
/// The interval leaves out this share at either end.
const TAIL: f64 = 0.025;
/// Below this many seconds a mean is no denominator.
const LEAST_SECONDS: f64 = 1e-9;

/// A race beside the single solvers, on the instances that all of them ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The race.
    pub race: String,
    /// Class of the instances; none for all together.
    pub class: Option<Class>,
    /// How many.
    pub instances: usize,
    /// How many of them the race solved, the best single solver, and any of the single solvers.
    pub solved: [usize; 3],
    /// The single solver with the least mean.
    pub best: String,
    /// Shifted geometric means: the race, the best single solver, and the best of the single ones on each instance.
    pub seconds: [f64; 3],
    /// The race's mean over that of the best single solver.
    pub ratio: f64,
    /// Its 95 % interval: instances drawn with replacement, and the best single solver of each draw.
    pub interval: (f64, f64),
}

/// What each solver took for an instance, and whether it solved it.
type Table<'a> = BTreeMap<&'a str, BTreeMap<&'a str, (f64, bool)>>;

/// Each race of these records, of one class or all, beside the single solvers.
pub(super) fn compare(records: &[&Record], class: Option<Class>) -> Vec<Comparison> {
    let mut table = Table::new();
    for record in records.iter().filter(|record| class.is_none() || record.class == class) {
        let took = (counted_seconds(record), record.verdict == Verdict::Solved);
        table.entry(&record.key.solver).or_default().insert(&record.key.instance, took);
    }
    let (races, singles): (Vec<_>, Vec<_>) = table.keys().copied().partition(|solver| is_race(solver));
    races.into_iter().filter_map(|race| beside(&table, race, &singles, class)).collect()
}

fn beside(table: &Table<'_>, race: &str, singles: &[&str], class: Option<Class>) -> Option<Comparison> {
    let everybody = || singles.iter().chain([&race]);
    let mut common: BTreeSet<&str> = table[race].keys().copied().collect();
    for solver in singles {
        common.retain(|instance| table[solver].contains_key(instance));
    }
    if common.is_empty() || singles.is_empty() {
        return None;
    }
    let of = |solver: &str| -> Vec<(f64, bool)> { common.iter().map(|instance| table[solver][instance]).collect() };
    let columns: Vec<Vec<(f64, bool)>> = everybody().map(|solver| of(solver)).collect();
    let (raced, single) = columns.split_last()?;
    let mean = |column: &[(f64, bool)]| shifted_geometric_mean(column.iter().map(|took| took.0)).unwrap_or_default();
    let means: Vec<f64> = single.iter().map(|column| mean(column)).collect();
    let best = (0..means.len()).min_by(|&a, &b| means[a].total_cmp(&means[b]))?;
    let nothing = (f64::INFINITY, false);
    let either = |a: (f64, bool), b: &(f64, bool)| (a.0.min(b.0), a.1 || b.1);
    let virtual_best: Vec<(f64, bool)> =
        (0..common.len()).map(|i| single.iter().map(|column| &column[i]).fold(nothing, either)).collect();
    let solved = |column: &[(f64, bool)]| column.iter().filter(|took| took.1).count();
    let seconds = [mean(raced), means[best], mean(&virtual_best)];
    if seconds[1] < LEAST_SECONDS {
        return None;
    }
    Some(Comparison {
        race: race.to_owned(),
        class,
        instances: common.len(),
        solved: [solved(raced), solved(&single[best]), solved(&virtual_best)],
        best: singles[best].to_owned(),
        seconds,
        ratio: seconds[0] / seconds[1],
        interval: interval(&logs(raced), &single.iter().map(|column| logs(column)).collect::<Vec<_>>()),
    })
}

fn logs(column: &[(f64, bool)]) -> Vec<f64> {
    column.iter().map(|took| (took.0 + SHIFT_SECONDS).ln()).collect()
}

/// The 95 % interval of the ratio of a mean to the least of other means, over logarithms of shifted seconds. A bootstrap:
/// instances are drawn with replacement, as many as there are, and in each draw the least mean is looked for again, since
/// which one is best is itself chosen by the instances.
pub(super) fn interval(raced: &[f64], single: &[Vec<f64>]) -> (f64, f64) {
    let count = raced.len();
    let mut random = Random::new(1);
    let mut ratios: Vec<f64> = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        let drawn: Vec<usize> = (0..count).map(|_| random.integer(0, count as u32 - 1) as usize).collect();
        let mean =
            |column: &[f64]| (drawn.iter().map(|&at| column[at]).sum::<f64>() / count as f64).exp() - SHIFT_SECONDS;
        let best = single.iter().map(|column| mean(column)).fold(f64::INFINITY, f64::min);
        // A draw of instances that take no time has no ratio.
        if best > LEAST_SECONDS {
            ratios.push(mean(raced) / best);
        }
    }
    ratios.sort_by(f64::total_cmp);
    let last = ratios.len().saturating_sub(1) as f64;
    let at = |share: f64| ratios.get((last * share).round() as usize).copied().unwrap_or(f64::NAN);
    (at(TAIL), at(1.0 - TAIL))
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = self.class.map_or("all".into(), |class| format!("{class:?}").to_uppercase());
        let ([race, best, ideal], [race_solved, best_solved, ideal_solved]) = (self.seconds, self.solved);
        write!(
            f,
            "{class}, {} instances: {} {race:.3} s ({race_solved} solved), best single {} {best:.3} s ({best_solved}), \
             virtual best {ideal:.3} s ({ideal_solved}); {} / best single {:.3} (95 % interval {:.3} to {:.3}), virtual \
             best / best single {:.3}",
            self.instances,
            self.race,
            self.best,
            self.race,
            self.ratio,
            self.interval.0,
            self.interval.1,
            ideal / best,
        )
    }
}
