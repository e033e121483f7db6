//! Products with a binary factor as columns of their own: for binary b and x in \[l, u\], w = b x is l b ≤ w ≤ u b and
//! x − u (1 − b) ≤ w ≤ x − l (1 − b) (`McCormick`'s envelope, which is exact at b = 0 and b = 1). A square of a binary is
//! the binary.

use std::collections::BTreeMap;

use farkas_modeling::problem::{Curvature, Product, QuadraticRow};
use farkas_modeling::{ColumnKind, Problem};

use super::Bridge;
use super::draft::Draft;
use super::way::Recipe;
use crate::contract::Capabilities;

pub(super) struct Products;

impl Bridge for Products {
    fn name(&self) -> &'static str {
        "products with a binary by McCormick's rows"
    }

    fn need(&self, can: &Capabilities, problem: &Problem) -> Option<String> {
        if !can.integers || problem.num_integers() == 0 || takes(can, problem) {
            return None; // without integers there is no binary, and the adapter says what it does not take
        }
        Some(
            if problem.quadratic_rows().is_empty() { "such products beside integers" } else { "such products in rows" }
                .to_owned(),
        )
    }

    fn rewrite(&self, draft: &mut Draft<'_>) -> Result<(), String> {
        draft.way.is_discrete = true;
        let mut columns = BTreeMap::new();
        for product in std::mem::take(&mut draft.data.quadratic_objective) {
            let column = linear(draft, &mut columns, &product)?;
            draft.data.cost[column as usize] += product.value;
        }
        for QuadraticRow { row, products } in std::mem::take(&mut draft.data.quadratic_rows) {
            for product in products {
                let column = linear(draft, &mut columns, &product)?;
                draft.add_entry(row, column, product.value);
            }
        }
        Ok(())
    }
}

/// Whether a solver takes the products as they are.
fn takes(can: &Capabilities, problem: &Problem) -> bool {
    let rows = problem.quadratic_rows();
    let convex = || {
        problem.objective_curvature() == Curvature::Convex
            && rows.iter().all(|one| problem.row_curvature(one.row as usize) == Curvature::Convex)
    };
    problem.is_linear()
        || can.quadratic
        || (can.convex_integers
            && (rows.is_empty() || can.convex_rows)
            && (problem.quadratic_objective().is_empty() || can.quadratic_objective)
            && convex())
}

/// The column that is a product, without its coefficient.
fn linear(draft: &mut Draft<'_>, columns: &mut BTreeMap<(u32, u32), u32>, product: &Product) -> Result<u32, String> {
    let (first, second) = (product.first, product.second);
    if let Some(&column) = columns.get(&(first, second)) {
        return Ok(column);
    }
    let (binary, other) = match (draft.is_binary(first), draft.is_binary(second)) {
        (true, _) => (first, second),
        (false, true) => (second, first),
        (false, false) => {
            let (a, b) = (draft.column_name(first), draft.column_name(second));
            return Err(format!("no factor of the product of '{a}' and '{b}' is binary"));
        }
    };
    if binary == other {
        columns.insert((first, second), binary);
        return Ok(binary);
    }
    let hull = draft.interval(other);
    if !hull.is_bounded() {
        let (a, b) = (draft.column_name(other), draft.column_name(binary));
        return Err(format!("'{a}', which is multiplied with '{b}', has no bounds"));
    }
    let name = format!("a product with '{}'", draft.column_name(other));
    let (l, u) = (draft.big_m(hull.least, || name.clone())?, draft.big_m(hull.most, || name.clone())?);
    let around = hull.and_zero();
    // A binary times an integer is an integer, for solvers that know nothing else.
    let whole = draft.data.kinds[other as usize] == ColumnKind::Integer;
    let kind = if whole { ColumnKind::Integer } else { ColumnKind::Continuous };
    let w = draft.add_column(kind, around.least, around.most, Recipe::Product(first, second));
    draft.add_row(f64::NEG_INFINITY, &[(w, 1.0), (binary, -u)], 0.0);
    draft.add_row(0.0, &[(w, 1.0), (binary, -l)], f64::INFINITY);
    draft.add_row(-u, &[(w, 1.0), (other, -1.0), (binary, -u)], f64::INFINITY);
    draft.add_row(f64::NEG_INFINITY, &[(w, 1.0), (other, -1.0), (binary, -l)], -l);
    columns.insert((first, second), w);
    Ok(w)
}
