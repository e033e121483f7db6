//! Our problem as Clarabel's: minimise ½ xᵀPx + qᵀx where b − Ax lies in a product of cones.
//!
//! Equalities and fixed columns come first (zero cone), then each finite side and bound (nonnegative cone), then each row
//! with products (second-order cone): where xᵀQx = Σ wₖ (fₖᵀx)² and t = side − aᵀx, xᵀQx ≤ t says that
//! (1 + t, 1 − t, 2 √wₖ fₖᵀx …) lies in it.

use clarabel::algebra::CscMatrix;
use clarabel::solver::SupportedConeT;
use farkas_modeling::Problem;
use farkas_modeling::problem::Product;

/// Which costs are minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Costs {
    /// The problem's.
    Own,
    /// None: any point will do.
    None,
}

/// Whose cone row a linear one is; its multiplier enters with the sign.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Of {
    /// A row of the problem's.
    Row(usize, f64),
    /// A column's bound.
    Column(usize, f64),
}

/// The problem in Clarabel's words.
pub(super) struct Conic {
    pub(super) p: CscMatrix<f64>,
    pub(super) q: Vec<f64>,
    pub(super) a: CscMatrix<f64>,
    pub(super) b: Vec<f64>,
    pub(super) cones: Vec<SupportedConeT<f64>>,
    /// For each row of the linear cones, whose it is.
    pub(super) of: Vec<Of>,
    /// How many of these are equalities.
    pub(super) equalities: usize,
}

impl Conic {
    /// The multipliers of `m` rows, minimising, of those of the cones.
    pub(super) fn multipliers(&self, m: usize, z: &[f64]) -> Vec<f64> {
        let mut rows = vec![0.0; m];
        for (of, z) in self.of.iter().zip(z) {
            if let Of::Row(i, sign) = *of {
                rows[i] -= sign * z;
            }
        }
        rows
    }
}

/// A matrix as it grows.
#[derive(Default)]
struct Triplets {
    rows: Vec<usize>,
    columns: Vec<usize>,
    values: Vec<f64>,
}

impl Triplets {
    fn push(&mut self, row: usize, column: usize, value: f64) {
        self.rows.push(row);
        self.columns.push(column);
        self.values.push(value);
    }

    fn matrix(self, m: usize, n: usize) -> CscMatrix<f64> {
        CscMatrix::new_from_triplets(m, n, self.rows, self.columns, self.values)
    }
}

/// Translates. Without a row whose products are not convex; `fits` has seen to that.
pub(super) fn translate(problem: &Problem, costs: Costs) -> Conic {
    let n = problem.num_columns();
    let sign = if costs == Costs::Own { problem.sense().sign() } else { 0.0 };
    let linear = |&i: &usize| problem.row_products(i).is_empty();
    let rows = || (0..problem.num_rows()).filter(linear).map(|i| (i, problem.row_lower()[i], problem.row_upper()[i]));
    let columns = || (0..n).map(|j| (j, problem.lower()[j], problem.upper()[j]));
    let mut of: Vec<(Of, f64)> = rows().filter(|(_, l, u)| l == u).map(|(i, _, u)| (Of::Row(i, 1.0), u)).collect();
    of.extend(columns().filter(|(_, l, u)| l == u).map(|(j, _, u)| (Of::Column(j, 1.0), u)));
    let equalities = of.len();
    for (i, lower, upper) in rows().filter(|(_, l, u)| l != u) {
        of.extend(upper.is_finite().then_some((Of::Row(i, 1.0), upper)));
        of.extend(lower.is_finite().then_some((Of::Row(i, -1.0), -lower)));
    }
    for (j, lower, upper) in columns().filter(|(_, l, u)| l != u) {
        of.extend(upper.is_finite().then_some((Of::Column(j, 1.0), upper)));
        of.extend(lower.is_finite().then_some((Of::Column(j, -1.0), -lower)));
    }
    let mut a = Triplets::default();
    let by_rows = problem.by_rows();
    for (at, (whose, _)) in of.iter().enumerate() {
        match *whose {
            Of::Row(i, sign) => {
                let (columns, values) = by_rows.row(i);
                columns.iter().zip(values).for_each(|(&j, &v)| a.push(at, j as usize, sign * v));
            }
            Of::Column(j, sign) => a.push(at, j, sign),
        }
    }
    let (of, mut b): (Vec<Of>, Vec<f64>) = of.into_iter().unzip();
    let mut cones = Vec::new();
    if equalities > 0 {
        cones.push(SupportedConeT::ZeroConeT(equalities));
    }
    if of.len() > equalities {
        cones.push(SupportedConeT::NonnegativeConeT(of.len() - equalities));
    }
    for one in problem.quadratic_rows() {
        second_order(problem, one.row as usize, &mut a, &mut b, &mut cones);
    }
    let q = problem.cost().iter().map(|c| sign * c).collect();
    Conic {
        p: hessian(n, if costs == Costs::Own { problem.quadratic_objective() } else { &[] }, sign),
        q,
        a: a.matrix(b.len(), n),
        b,
        cones,
        of,
        equalities,
    }
}

/// The upper triangle of P.
fn hessian(n: usize, products: &[Product], sign: f64) -> CscMatrix<f64> {
    let mut p = Triplets::default();
    for product in products {
        let twice = if product.first == product.second { 2.0 } else { 1.0 };
        p.push(product.first as usize, product.second as usize, sign * twice * product.value);
    }
    p.matrix(n, n)
}

fn second_order(problem: &Problem, i: usize, a: &mut Triplets, b: &mut Vec<f64>, cones: &mut Vec<SupportedConeT<f64>>) {
    let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
    let (sign, side) = if upper.is_finite() { (1.0, upper) } else { (-1.0, -lower) };
    let Some(squares) = problem.row_squares(i).filter(|_| side.is_finite()) else { return };
    let (columns, values) = problem.by_rows().row(i);
    let first = b.len();
    for (at, turn) in [(first, 1.0), (first + 1, -1.0)] {
        columns.iter().zip(values).for_each(|(&j, &v)| a.push(at, j as usize, turn * sign * v));
        b.push(1.0 + turn * side);
    }
    for square in &squares {
        let factor = 2.0 * square.weight.sqrt();
        square.terms.iter().for_each(|&(j, v)| a.push(b.len(), j as usize, -factor * v));
        b.push(0.0);
    }
    cones.push(SupportedConeT::SecondOrderConeT(2 + squares.len()));
}
