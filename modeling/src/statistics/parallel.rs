//! Rows and columns that are multiples of each other, exactly or nearly, found by hashing: each is compared with one other
//! at most, so the time is linear. Near ones that fall on two sides of a rounding boundary may be missed.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::findings::{Kind, List, Severity};
use crate::problem::Problem;

const CONTRADICT: Kind = Kind {
    code: "rows-contradict",
    severity: Severity::Wrong,
    what: "pairs of parallel rows contradict each other",
    remedy: "the problem is infeasible; one of the two is wrong",
};
const DUPLICATE: Kind = Kind {
    code: "duplicate-rows",
    severity: Severity::Note,
    what: "rows are a multiple of another",
    remedy: "write one row with the stricter side (or both sides: `.between`)",
};
const NEAR: Kind = Kind {
    code: "near-duplicate-rows",
    severity: Severity::Doubtful,
    what: "rows are nearly a multiple of another: coefficients differ in late digits",
    remedy: "rounded data, most likely: make them equal or leave one out; as they are, the basis is nearly singular",
};
const COLUMNS: Kind = Kind {
    code: "duplicate-columns",
    severity: Severity::Note,
    what: "variables are equal to another in every coefficient, cost, kind and bound",
    remedy: "interchangeable variables make the search try the same again: use one integer for all of them, or order them by \
             rows `x₁ ≥ x₂ ≥ …`",
};
const PARALLEL: Kind = Kind {
    code: "parallel-columns",
    severity: Severity::Note,
    what: "variables are a multiple of another in every coefficient",
    remedy: "one of them is never better unless cost or bounds decide; look whether both are meant",
};

/// Vectors, compressed: rows or columns.
struct Vectors<'p> {
    starts: &'p [u32],
    indices: &'p [u32],
    values: &'p [f64],
}

/// How much two ratios may differ, relatively, and how many last bits of a double that is.
#[derive(Clone, Copy)]
struct Grain {
    differ: f64,
    bits: u32,
}

const EXACT: Grain = Grain { differ: 1e-12, bits: 14 };
const COARSE: Grain = Grain { differ: 1e-5, bits: 37 };

impl Vectors<'_> {
    fn get(&self, k: usize) -> (&[u32], &[f64]) {
        let range = self.starts[k] as usize..self.starts[k + 1] as usize;
        (&self.indices[range.clone()], &self.values[range])
    }

    fn hash(&self, k: usize, grain: Grain, shift: u64) -> u64 {
        let mut state = FixedState::default().build_hasher();
        let (indices, values) = self.get(k);
        indices.hash(&mut state);
        for value in values {
            // Doubles in order of size are integers in order, so dropping last bits rounds relatively.
            ((value / values[0]).to_bits().wrapping_add(shift) >> grain.bits).hash(&mut state);
        }
        state.finish()
    }

    /// What the second is the first times, if it is.
    fn ratio(&self, first: usize, second: usize, grain: Grain) -> Option<f64> {
        let ((a, x), (b, y)) = (self.get(first), self.get(second));
        let ratio = y[0] / x[0];
        let same = |(x, y): (&f64, &f64)| (ratio * x - y).abs() <= grain.differ * y.abs();
        (a == b && x.iter().zip(y).all(same)).then_some(ratio)
    }

    /// For each vector that is wanted an earlier one that it is a multiple of.
    fn multiples(&self, wanted: &[bool], grain: Grain, mut found: impl FnMut(usize, usize, f64)) {
        let mut told = vec![false; wanted.len()];
        for shift in [0, 1 << (grain.bits - 1)] {
            let mut seen: HashMap<u64, u32> = HashMap::new();
            for k in (0..wanted.len()).filter(|&k| wanted[k]) {
                let first = *seen.entry(self.hash(k, grain, shift)).or_insert(k as u32) as usize;
                if first != k
                    && !told[k]
                    && let Some(ratio) = self.ratio(first, k, grain)
                {
                    told[k] = true;
                    found(first, k, ratio);
                }
            }
        }
    }
}

/// Notes parallel rows and columns. Switched rows and what has products is left alone.
pub(super) fn look(p: &Problem, list: &mut List<'_>) {
    let matrix = p.by_rows();
    let rows = Vectors { starts: &matrix.starts, indices: &matrix.columns, values: &matrix.values };
    let columns = Vectors { starts: p.starts(), indices: p.indices(), values: p.values() };
    let plain = |vectors: &Vectors<'_>, k: usize, least: usize| {
        let values = vectors.get(k).1;
        values.len() >= least && values.iter().all(|&v| v != 0.0)
    };
    let mut wanted: Vec<bool> = (0..p.num_rows()).map(|i| plain(&rows, i, 2)).collect();
    p.quadratic_rows().iter().for_each(|row| wanted[row.row as usize] = false);
    p.indicators().iter().for_each(|indicator| wanted[indicator.row as usize] = false);
    let mut exact = vec![false; p.num_rows()];
    rows.multiples(&wanted, EXACT, |first, second, ratio| {
        exact[second] = true;
        let words = |names: &super::findings::Names<'_>| {
            format!("{} = {}{}", names.row(second), times(ratio), names.row(first))
        };
        list.add(if contradict(p, first, second, ratio) { &CONTRADICT } else { &DUPLICATE }, words);
    });
    rows.multiples(&wanted, COARSE, |first, second, ratio| {
        if !exact[second] {
            list.add(&NEAR, |names| format!("{} ≈ {}{}", names.row(second), times(ratio), names.row(first)));
        }
    });
    look_at_columns(p, &columns, (0..p.num_columns()).map(|j| plain(&columns, j, 1)).collect(), list);
}

fn look_at_columns(p: &Problem, columns: &Vectors<'_>, mut wanted: Vec<bool>, list: &mut List<'_>) {
    for product in p.quadratic_objective().iter().chain(p.quadratic_rows().iter().flat_map(|row| &row.products)) {
        wanted[product.first as usize] = false;
        wanted[product.second as usize] = false;
    }
    p.sets().iter().flat_map(|set| &set.members).for_each(|&(j, _)| wanted[j as usize] = false);
    p.indicators().iter().for_each(|indicator| wanted[indicator.column as usize] = false);
    let cost = p.cost();
    columns.multiples(&wanted, EXACT, |first, second, ratio| {
        let bounds = |j: usize| (p.lower()[j], p.upper()[j], p.kind(j));
        if ratio == 1.0 && cost[first] == cost[second] && bounds(first) == bounds(second) {
            list.add(&COLUMNS, |names| format!("{} = {}", names.column(second), names.column(first)));
        } else if (cost[second] - ratio * cost[first]).abs() <= EXACT.differ * cost[second].abs() {
            list.add(&PARALLEL, |names| format!("{} = {}{}", names.column(second), times(ratio), names.column(first)));
        }
    });
}

fn times(ratio: f64) -> String {
    if ratio == 1.0 { String::new() } else { format!("{ratio} × ") }
}

/// Whether the sides of a row and of its multiple have nothing in common.
fn contradict(p: &Problem, first: usize, second: usize, ratio: f64) -> bool {
    let (a, b) = (ratio * p.row_lower()[first], ratio * p.row_upper()[first]);
    let (lower, upper) = (a.min(b), a.max(b));
    let slack = 1e-6 * (1.0 + [lower, upper].into_iter().filter(|v| v.is_finite()).map(f64::abs).fold(0.0, f64::max));
    lower > p.row_upper()[second] + slack || upper < p.row_lower()[second] - slack
}
