//! Columns one by one: those that nothing holds, those in no row, and integers with odd bounds.

use super::classes::whole;
use super::findings::{Kind, List, Severity};
use crate::problem::{ColumnKind, Problem};

const CROSSED: Kind = Kind {
    code: "column-crossed",
    severity: Severity::Wrong,
    what: "variables have a lower bound above their upper bound",
    remedy: "the problem is infeasible; swap or mend the bounds",
};
const NO_INTEGER: Kind = Kind {
    code: "column-no-integer",
    severity: Severity::Wrong,
    what: "integer variables have no integer between their bounds",
    remedy: "the problem is infeasible; widen the bounds, or let the variable be continuous",
};
const UNBOUNDED: Kind = Kind {
    code: "column-unbounded",
    severity: Severity::Wrong,
    what: "variables improve the objective without limit: no bound and no row stops them",
    remedy: "bound them, or look for the row that should have them in it (unless the problem is infeasible anyway)",
};
const EMPTY: Kind = Kind {
    code: "column-empty",
    severity: Severity::Note,
    what: "variables are in no row",
    remedy: "each goes to the bound that is better; if rows should have them, look at the conditions of their sums",
};
const FREE: Kind = Kind {
    code: "column-free",
    severity: Severity::Note,
    what: "variables have no bounds",
    remedy: "give bounds where they are known: presolve, cuts, big-Ms and the proof of the answer gain by them",
};
const FREE_INTEGER: Kind = Kind {
    code: "integer-unbounded",
    severity: Severity::Doubtful,
    what: "integer variables have an infinite bound",
    remedy: "bound them: branching on them may never end, and values beyond 2^53 are no longer told apart",
};
const HUGE_INTEGER: Kind = Kind {
    code: "integer-huge",
    severity: Severity::Doubtful,
    what: "integer variables have bounds of a million and more",
    remedy: "tighten the bounds; a quantity that large is mostly as well continuous and rounded",
};
const FRACTION: Kind = Kind {
    code: "integer-fraction",
    severity: Severity::Note,
    what: "integer variables have bounds that are no integers",
    remedy: "they are rounded inwards; write what is meant",
};
const NO_LEAST: Kind = Kind {
    code: "semi-unbounded",
    severity: Severity::Doubtful,
    what: "semicontinuous variables have no upper bound",
    remedy: "give one: solvers switch such a variable by its upper bound, and several ask for it",
};

/// Integer bounds of this size are huge.
const HUGE: f64 = 1e6;

/// Notes what stands out.
pub(super) fn look(p: &Problem, list: &mut List<'_>) {
    let mut elsewhere = vec![false; p.num_columns()];
    for product in p.quadratic_objective().iter().chain(p.quadratic_rows().iter().flat_map(|row| &row.products)) {
        elsewhere[product.first as usize] = true;
        elsewhere[product.second as usize] = true;
    }
    for &(j, _) in p.sets().iter().flat_map(|set| &set.members) {
        elsewhere[j as usize] = true;
    }
    for indicator in p.indicators() {
        elsewhere[indicator.column as usize] = true;
    }
    for (j, &elsewhere) in elsewhere.iter().enumerate() {
        bounds(p, j, list);
        pull(p, j, elsewhere, list);
    }
}

fn bounds(p: &Problem, j: usize, list: &mut List<'_>) {
    let (lower, upper, kind) = (p.lower()[j], p.upper()[j], p.kind(j));
    let shown = |name: String| format!("{name}: {lower} to {upper}");
    if lower > upper && !kind.is_semi() {
        list.add(&CROSSED, |names| shown(names.column(j)));
    } else if kind == ColumnKind::Integer && lower.ceil() > upper.floor() {
        list.add(&NO_INTEGER, |names| shown(names.column(j)));
    } else if lower == f64::NEG_INFINITY && upper == f64::INFINITY && kind == ColumnKind::Continuous {
        list.add(&FREE, |names| names.column(j));
    }
    if kind.is_semi() && upper == f64::INFINITY {
        list.add(&NO_LEAST, |names| names.column(j));
    }
    if !kind.is_integer() {
        return;
    }
    let largest = lower.abs().max(upper.abs());
    if largest == f64::INFINITY {
        list.add(&FREE_INTEGER, |names| shown(names.column(j)));
    } else if largest >= HUGE && lower != upper {
        list.add(&HUGE_INTEGER, |names| shown(names.column(j)));
    }
    if [lower, upper].iter().any(|&bound| bound.is_finite() && !whole(bound)) {
        list.add(&FRACTION, |names| shown(names.column(j)));
    }
}

/// Where the objective pulls a column, and what holds it there.
fn pull(p: &Problem, j: usize, elsewhere: bool, list: &mut List<'_>) {
    if elsewhere {
        return;
    }
    let pull = -p.sense().sign() * p.cost()[j];
    let column = p.column(j);
    let held_by = |(i, value): (usize, f64)| {
        let side = if (value > 0.0) == (pull > 0.0) { p.row_upper()[i] } else { p.row_lower()[i] };
        side.is_finite()
    };
    let bound = if pull > 0.0 { p.upper()[j] } else { p.lower()[j] };
    if pull != 0.0 && bound.is_infinite() && !column.iter().any(held_by) {
        let way = if pull > 0.0 { "up" } else { "down" };
        list.add(&UNBOUNDED, |names| {
            format!("{} has cost {} and nothing holds it {way}", names.column(j), p.cost()[j])
        });
    } else if column.rows.is_empty() {
        list.add(&EMPTY, |names| names.column(j));
    }
}
