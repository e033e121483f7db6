//! Any problem that all formats can hold: every kind of column, row, set, switch and product, numbers of all sizes.

use farkas_modeling::problem::{Indicator, Product, QuadraticRow, SpecialOrderedSet};
use farkas_modeling::{ColumnKind, Problem, ProblemData, Sense};
use proptest::prelude::*;

const INF: f64 = f64::INFINITY;

/// Any double: whole, with a few digits, with all, very small or very large.
pub fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-50_i32..50).prop_map(f64::from),
        (-5000_i32..5000).prop_map(|v| f64::from(v) / 64.0),
        any::<f64>()
            .prop_filter("finite and no infinity to a solver", |v| v.abs() < 1e20 && (*v == 0.0 || v.is_normal())),
    ]
}

fn nonzero() -> impl Strategy<Value = f64> {
    number().prop_filter("not zero", |v| *v != 0.0)
}

fn bounds() -> impl Strategy<Value = (f64, f64)> {
    let side = || prop_oneof![Just(0.0), Just(1.0), Just(INF), number()];
    (side(), side(), any::<bool>()).prop_map(|(a, b, minus)| {
        let lower = if a == INF { -INF } else { a };
        (if minus { -lower.abs() } else { lower }, b)
    })
}

/// Sides that a right-hand side and a range give exactly: their difference is exact.
fn sides() -> impl Strategy<Value = (f64, f64)> {
    let part = || (-5000_i32..5000).prop_map(|v| f64::from(v) / 64.0);
    prop_oneof![
        number().prop_map(|v| (v, v)),
        number().prop_map(|v| (-INF, v)),
        number().prop_map(|v| (v, INF)),
        Just((-INF, INF)),
        (part(), part()).prop_map(|(a, b)| (a.min(b), a.max(b))),
    ]
}

fn kind() -> impl Strategy<Value = ColumnKind> {
    prop_oneof![
        3 => Just(ColumnKind::Continuous),
        3 => Just(ColumnKind::Integer),
        1 => Just(ColumnKind::SemiContinuous),
        1 => Just(ColumnKind::SemiInteger),
    ]
}

pub fn problem() -> impl Strategy<Value = Problem> {
    let columns = prop::collection::vec((kind(), bounds(), prop_oneof![Just(0.0), number()]), 1..9);
    let rows = prop::collection::vec(sides(), 0..7);
    (columns, rows, any::<bool>(), number()).prop_flat_map(|(columns, rows, maximize, offset)| {
        let (n, m) = (columns.len(), rows.len());
        let entries = prop::collection::btree_map((0..n, 0..m.max(1)), nonzero(), 0..=n * m);
        let sets = prop::collection::vec((1_u8..3, prop::sample::subsequence((0..n).collect::<Vec<_>>(), 0..=n)), 0..3);
        let products = prop::collection::vec((0..=m, 0..n as u32, 0..n as u32, nonzero()), 0..5);
        (Just(columns), Just(rows), Just(maximize), Just(offset), entries, sets, any::<bool>(), products)
            .prop_map(build)
    })
}

type Column = (ColumnKind, (f64, f64), f64);
type Parts = (
    Vec<Column>,
    Vec<(f64, f64)>,
    bool,
    f64,
    std::collections::BTreeMap<(usize, usize), f64>,
    Vec<(u8, Vec<usize>)>,
    bool,
    Vec<(usize, u32, u32, f64)>,
);

fn build((columns, rows, maximize, offset, entries, sets, indicate, products): Parts) -> Problem {
    let mut data = ProblemData {
        name: "any problem".into(),
        objective_name: Some("obj".into()),
        sense: if maximize { Sense::Maximize } else { Sense::Minimize },
        offset,
        column_names: Some((0..columns.len()).map(|j| format!("x{j}")).collect()),
        row_names: Some((0..rows.len()).map(|i| format!("a_row_{i}")).collect()),
        starts: vec![0],
        ..ProblemData::default()
    };
    for (j, &(kind, (lower, upper), cost)) in columns.iter().enumerate() {
        data.kinds.push(kind);
        data.lower.push(lower);
        data.upper.push(upper);
        data.cost.push(cost);
        for ((_, i), &value) in entries.range((j, 0)..(j + 1, 0)).filter(|((_, i), _)| *i < rows.len()) {
            data.indices.push(*i as u32);
            data.values.push(value);
        }
        data.starts.push(data.indices.len() as u32);
    }
    for &(lower, upper) in &rows {
        data.row_lower.push(lower);
        data.row_upper.push(upper);
    }
    for (k, (order, members)) in sets.into_iter().enumerate() {
        let members = members.into_iter().enumerate().map(|(at, j)| (j as u32, at as f64 + 0.5)).collect();
        data.sets.push(SpecialOrderedSet {
            name: if k == 0 { String::new() } else { format!("s{k}") },
            order,
            members,
        });
    }
    let binary = data
        .kinds
        .iter()
        .zip(data.lower.iter().zip(&data.upper))
        .position(|(&kind, (&lower, &upper))| kind == ColumnKind::Integer && lower >= 0.0 && upper <= 1.0);
    if let (true, Some(column), false) = (indicate, binary, rows.is_empty()) {
        data.indicators.push(Indicator { row: 0, column: column as u32, active: rows.len() % 2 == 0 });
    }
    // The last of the rows counted here stands for the objective.
    for (row, first, second, value) in products {
        if row == rows.len() {
            data.quadratic_objective.push(Product { first, second, value });
        } else {
            data.quadratic_rows
                .push(QuadraticRow { row: row as u32, products: vec![Product { first, second, value }] });
        }
    }
    Problem::new(data).expect("it has no defects")
}
