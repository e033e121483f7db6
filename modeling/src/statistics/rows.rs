//! Rows one by one: their kinds, and those that say nothing, too much, or what cannot be.

use super::RowClass;
use super::activity;
use super::classes::{self, whole};
use super::findings::{Kind, List, Severity};
use crate::problem::Problem;
use crate::tolerances::Tolerances;

const NEVER: Kind = Kind {
    code: "row-never-holds",
    severity: Severity::Wrong,
    what: "rows cannot hold, whatever the variables are within their bounds",
    remedy: "the problem is infeasible; look at the sides, the signs and the bounds of the variables in them",
};
const CROSSED: Kind = Kind {
    code: "row-crossed",
    severity: Severity::Wrong,
    what: "rows have a lower side above their upper side",
    remedy: "the problem is infeasible; swap or mend the sides",
};
const FRACTION: Kind = Kind {
    code: "row-parity",
    severity: Severity::Wrong,
    what: "equations among integers have no integer solution",
    remedy: "the greatest common divisor of the coefficients must divide the right-hand side; mend the numbers, or let a \
             variable be continuous",
};
const EMPTY: Kind = Kind {
    code: "row-empty",
    severity: Severity::Note,
    what: "rows have no variables",
    remedy: "leave them out; if they should have some, look at the conditions of their sums",
};
const FREE: Kind = Kind {
    code: "row-free",
    severity: Severity::Note,
    what: "rows have no side, so they ask for nothing",
    remedy: "leave them out, or give them a side",
};
const ALWAYS: Kind = Kind {
    code: "row-always-holds",
    severity: Severity::Note,
    what: "rows hold for all values within the bounds",
    remedy: "solvers drop them; if they should bind, their sides or the bounds are wrong",
};
const SINGLETON: Kind = Kind {
    code: "row-singleton",
    severity: Severity::Note,
    what: "rows have one variable: they are bounds",
    remedy: "write them as bounds: solvers handle bounds better than rows",
};
const DENSE: Kind = Kind {
    code: "row-dense",
    severity: Severity::Note,
    what: "rows have very many variables",
    remedy: "a dense row slows factorisations down; a sum can often be kept in a variable of its own, or built up step by step",
};

/// Rows with more entries than this, and a tenth of all columns, are dense.
const DENSE_FROM: usize = 1000;

/// Counts the kinds, and notes what stands out.
pub(super) fn look(p: &Problem, list: &mut List<'_>) -> Vec<(RowClass, usize)> {
    let mut special: Vec<Option<RowClass>> = vec![None; p.num_rows()];
    for row in p.quadratic_rows() {
        special[row.row as usize] = Some(RowClass::Quadratic);
    }
    for indicator in p.indicators() {
        special[indicator.row as usize] = Some(RowClass::Indicator);
    }
    let mut counts = std::collections::BTreeMap::<RowClass, usize>::new();
    for (i, special) in special.into_iter().enumerate() {
        let class = special.unwrap_or_else(|| {
            let class = classes::of_row(p, i);
            judge(p, i, class, list);
            class
        });
        *counts.entry(class).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// What stands out about one linear row that always has to hold.
fn judge(p: &Problem, i: usize, class: RowClass, list: &mut List<'_>) {
    let (lower, upper) = (p.row_lower()[i], p.row_upper()[i]);
    let (columns, values) = p.by_rows().row(i);
    if lower > upper {
        list.add(&CROSSED, |names| format!("{}: {lower} ≤ … ≤ {upper}", names.row(i)));
        return;
    }
    let reach = activity::of_row(p, i, None);
    let slack = Tolerances::default().feasibility * (1.0 + lower.abs().min(upper.abs()));
    if reach.least > upper + slack {
        list.add(&NEVER, |names| format!("{}: at least {}, but must be ≤ {upper}", names.row(i), reach.least));
        return;
    }
    if reach.most < lower - slack {
        list.add(&NEVER, |names| format!("{}: at most {}, but must be ≥ {lower}", names.row(i), reach.most));
        return;
    }
    match class {
        RowClass::Empty => list.add(&EMPTY, |names| names.row(i)),
        RowClass::Free => list.add(&FREE, |names| names.row(i)),
        _ if reach.least >= lower && reach.most <= upper => {
            list.add(&ALWAYS, |names| format!("{} is between {} and {}", names.row(i), reach.least, reach.most));
        }
        RowClass::Singleton => list.add(&SINGLETON, |names| names.row(i)),
        _ => {}
    }
    if columns.len() > DENSE_FROM && columns.len() * 10 > p.num_columns() {
        list.add(&DENSE, |names| format!("{} has {}", names.row(i), columns.len()));
    }
    let integers = columns.iter().all(|&j| p.kind(j as usize).is_integer()) && values.iter().all(|&v| whole(v));
    if lower == upper && integers && !columns.is_empty() {
        let divisor = values.iter().fold(0.0, |a, &b| greatest_common_divisor(a, b.abs()));
        if divisor > 0.0 && lower % divisor != 0.0 {
            list.add(&FRACTION, |names| {
                format!("{}: all coefficients are multiples of {divisor}, {lower} is not", names.row(i))
            });
        }
    }
}

/// Of two integers below 2^53; of larger ones whatever the remainders say.
fn greatest_common_divisor(mut a: f64, mut b: f64) -> f64 {
    while b != 0.0 {
        (a, b) = (b, a % b);
    }
    a
}
