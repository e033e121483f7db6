//! Points brought back into the original space: integers rounded and fixed, the rest by a linear program. What comes out
//! fits rows, bounds and integrality, as far as plain floating point can tell; what does not is not handed out.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use farkas_modeling::Problem;

use super::arrays::Arrays;
use super::ffi::LpAlgorithm;
use super::lp::{Lp, Way};
use super::measure;
use super::watch::Watch;
use crate::options::Options;

/// While a search runs, completing may take this share of the time so far…
const SHARE: f64 = 0.1;
/// … and this much in any case; at the end too, when there is no time left.
const FREE: Duration = Duration::from_millis(400);

/// Where there is no time limit.
const LONG: Duration = Duration::from_secs(60);

/// Completes points of one problem.
pub(super) struct Completion<'a> {
    problem: &'a Problem,
    options: &'a Options,
    watch: &'a Watch,
    arrays: Arrays<'a>,
    spent: Mutex<Duration>,
}

impl<'a> Completion<'a> {
    /// For this problem; the watch ends its linear programs too.
    pub fn new(problem: &'a Problem, options: &'a Options, watch: &'a Watch) -> Self {
        let arrays = Arrays::relaxed(problem).uncrossed(options.tolerances.bound);
        Self { problem, options, watch, arrays, spent: Mutex::default() }
    }

    /// As [`complete`](Self::complete), unless that has already taken too much of the search's time.
    pub fn complete_quickly(&self, values: &[f64]) -> Option<Vec<f64>> {
        if let Some(point) = self.settle(values) {
            return Some(point);
        }
        let spent = *self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let by_clock = (FREE + self.watch.elapsed().mul_f64(SHARE)).checked_sub(spent);
        let left = if self.options.deterministic { LONG } else { by_clock? };
        let began = Instant::now();
        let point = self.complete_within(values, left);
        *self.spent.lock().unwrap_or_else(PoisonError::into_inner) += began.elapsed();
        point
    }

    /// A point with the integers of `values` (n of them, NaN where unknown), if there is one.
    pub fn complete(&self, values: &[f64]) -> Option<Vec<f64>> {
        self.complete_within(values, self.watch.remaining().map_or(LONG, |left| left.max(FREE)))
    }

    fn complete_within(&self, values: &[f64], time: Duration) -> Option<Vec<f64>> {
        if values.len() != self.problem.num_columns() {
            return None;
        }
        let watch = self.watch.part(time);
        self.settle(values).or_else(|| {
            let point = self.solve_rest(values, &watch)?;
            // Integers that preprocessing had removed were left free; mostly they come out whole. Where not, a switch that
            // has to be on a little has to be on: rounding up is tried before rounding.
            self.settle(&point).or_else(|| {
                let tries: [fn(f64) -> f64; 2] = [|x| (x - 1e-6).ceil(), f64::round];
                tries.into_iter().find_map(|to| {
                    self.settle(&self.solve_rest(&measure::made_whole(self.problem, &point, to), &watch)?)
                })
            })
        })
    }

    /// The point itself, rounded where that keeps it feasible.
    pub fn settle(&self, values: &[f64]) -> Option<Vec<f64>> {
        let tolerances = &self.options.tolerances;
        let known = values.iter().all(|value| value.is_finite());
        if !known || !measure::is_integral(self.problem, values, tolerances.integrality) {
            return None;
        }
        let rounded = measure::made_whole(self.problem, values, f64::round);
        measure::fits_rows(&self.arrays, &rounded, tolerances).then_some(rounded)
    }

    /// The best point with these integers.
    fn solve_rest(&self, values: &[f64], watch: &Watch) -> Option<Vec<f64>> {
        let (mut lower, mut upper) = (self.arrays.lower().to_vec(), self.arrays.upper().to_vec());
        for (j, &value) in values.iter().enumerate() {
            if self.problem.kind(j).is_integer() && value.is_finite() {
                let value = value.round().clamp(lower[j].min(upper[j]), upper[j].max(lower[j]));
                (lower[j], upper[j]) = (value, value);
            }
        }
        let arrays = Arrays::relaxed(self.problem).with_bounds(lower, upper).uncrossed(self.options.tolerances.bound);
        let (problem, options) = (self.problem, self.options);
        let lp = Lp { problem, arrays, options, settings: Vec::new(), watch, control: None };
        let run = lp.run(Way::presolved(LpAlgorithm::Dual), None).ok()?;
        (run.status == 0).then_some(run.point)
    }
}
