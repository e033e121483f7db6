//! Numbers that solvers' tolerances do not fit: too wide ranges, tiny and huge coefficients, huge bounds and sides.

use super::findings::{Kind, List, Severity};
use super::ranges::{Ranges, worst_of};
use crate::problem::Problem;

const WIDE: Kind = Kind {
    code: "range-wide",
    severity: Severity::Doubtful,
    what: "sorts of numbers span more than nine orders of magnitude",
    remedy: "choose units so that coefficients lie between about 0.001 and 1000: solvers work with absolute tolerances \
             of 1e-6 and doubles of 16 digits",
};
const WIDE_ROW: Kind = Kind {
    code: "row-range-wide",
    severity: Severity::Doubtful,
    what: "rows have coefficients more than six orders of magnitude apart",
    remedy: "the smallest ones vanish in the tolerance; change units of variables, or split the row",
};
const TINY: Kind = Kind {
    code: "coefficient-tiny",
    severity: Severity::Doubtful,
    what: "coefficients are smaller than 1e-9, which solvers drop",
    remedy: "leave them out if they are rounding errors; otherwise change units",
};
const ZERO: Kind = Kind {
    code: "coefficient-zero",
    severity: Severity::Note,
    what: "coefficients are stored though they are zero",
    remedy: "leave them out: they cost memory and look like dependencies",
};
const LARGE_SIDE: Kind = Kind {
    code: "side-huge",
    severity: Severity::Doubtful,
    what: "rows have a finite side of 1e9 or more",
    remedy: "if it means infinity, write infinity; otherwise change units",
};
const LARGE_BOUND: Kind = Kind {
    code: "bound-huge",
    severity: Severity::Doubtful,
    what: "variables have a finite bound of 1e9 or more",
    remedy: "if it means infinity, write infinity; otherwise change units or tighten it",
};
const COST: Kind = Kind {
    code: "objective-empty",
    severity: Severity::Note,
    what: "objective is empty, so any feasible point is optimal",
    remedy: "fine for a feasibility problem",
};

const WIDEST: f64 = 1e9;
const WIDEST_IN_ROW: f64 = 1e6;
const TINIEST: f64 = 1e-9;
const LARGEST: f64 = 1e9;

/// Notes what stands out.
pub(super) fn look(p: &Problem, list: &mut List<'_>) {
    let ranges = Ranges::of(p);
    for (what, range) in [
        ("coefficients", &ranges.coefficients),
        ("costs", &ranges.costs),
        ("sides", &ranges.sides),
        ("bounds", &ranges.bounds),
    ] {
        if let Some(range) = range.as_ref().filter(|range| range.ratio() > WIDEST) {
            list.add(&WIDE, |_| {
                format!("{what}: {:e} ({}) to {:e} ({})", range.least, range.least_at, range.most, range.most_at)
            });
        }
    }
    let rows = p.by_rows();
    for i in 0..p.num_rows() {
        let ratio = worst_of(&rows.starts[i..=i + 1], &rows.values).map_or(1.0, |(_, ratio)| ratio);
        if ratio > WIDEST_IN_ROW {
            list.add(&WIDE_ROW, |names| format!("{}: the largest is {ratio:.1e} times the smallest", names.row(i)));
        }
        let side = finite_size(p.row_lower()[i], p.row_upper()[i]);
        if side >= LARGEST {
            list.add(&LARGE_SIDE, |names| format!("{}: {side:e}", names.row(i)));
        }
    }
    for j in 0..p.num_columns() {
        let bound = finite_size(p.lower()[j], p.upper()[j]);
        if bound >= LARGEST {
            list.add(&LARGE_BOUND, |names| format!("{}: {bound:e}", names.column(j)));
        }
        for (i, value) in p.column(j).iter() {
            if value == 0.0 {
                list.add(&ZERO, |names| format!("{} in {}", names.column(j), names.row(i)));
            } else if value.abs() < TINIEST {
                list.add(&TINY, |names| format!("{value:e} at {} in {}", names.column(j), names.row(i)));
            }
        }
    }
    if p.num_columns() > 0 && p.quadratic_objective().is_empty() && p.cost().iter().all(|&c| c == 0.0) {
        list.add(&COST, |_| "no variable has a cost".to_string());
    }
}

/// The larger absolute value of two ends, infinite ones left out.
fn finite_size(lower: f64, upper: f64) -> f64 {
    [lower, upper].into_iter().filter(|end| end.is_finite()).map(f64::abs).fold(0.0, f64::max)
}
