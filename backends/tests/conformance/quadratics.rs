//! Rows with products for the table: convex objectives, which some solvers take, and everything else, which fewer do.

use farkas_modeling::problem::{Product, QuadraticRow};

use crate::problems::{Build, INF, maximize, minimize};
use crate::table::Truth::{Infeasible, Optimum, Unbounded};
use crate::table::{Case, case};

impl Build {
    /// Adds products to the objective.
    fn products(mut self, products: &[(u32, u32, f64)]) -> Self {
        self.data.quadratic_objective.extend(products.iter().map(|&(i, j, v)| Product::new(i, j, v)));
        self
    }

    /// Adds products to the last row.
    fn in_row(mut self, products: &[(u32, u32, f64)]) -> Self {
        let products = products.iter().map(|&(i, j, v)| Product::new(i, j, v)).collect();
        let row = self.data.row_lower.len() as u32 - 1;
        self.data.quadratic_rows.push(QuadraticRow { row, products });
        self
    }
}

pub fn quadratics() -> Vec<Case> {
    let mut all = convex();
    all.extend(others());
    all
}

/// Convex objectives over continuous columns and linear rows.
fn convex() -> Vec<Case> {
    let two = |cost| minimize().col(cost, -INF, INF).col(cost, -INF, INF);
    vec![
        case(
            "a sum of squares",
            two(0.0).ge(&[(0, 1.0), (1, 1.0)], 2.0).products(&[(0, 0, 1.0), (1, 1, 1.0)]),
            Optimum(2.0),
        ),
        case(
            "a concave objective, maximise",
            maximize().col(6.0, 0.0, 10.0).offset(1.0).le(&[(0, 1.0)], 20.0).products(&[(0, 0, -1.0)]),
            Optimum(10.0),
        ),
        case("a cross term, no rows", two(-3.0).products(&[(0, 0, 1.0), (0, 1, 1.0), (1, 1, 1.0)]), Optimum(-3.0)),
        case(
            "a square at its bound",
            minimize().col(2.0, 1.0, INF).le(&[(0, 1.0)], 9.0).products(&[(0, 0, 1.0)]),
            Optimum(3.0),
        ),
        case(
            "one square of a sum",
            minimize().col(-4.0, 0.0, 5.0).col(-4.0, 0.0, 5.0).offset(4.0).le(&[(0, 1.0), (1, -1.0)], 3.0).products(&[
                (0, 0, 1.0),
                (0, 1, 2.0),
                (1, 1, 1.0),
            ]),
            Optimum(0.0),
        ),
        case(
            "a square over an empty set",
            minimize().col(0.0, 0.0, INF).ge(&[(0, 1.0)], 2.0).le(&[(0, 2.0)], 3.0).products(&[(0, 0, 1.0)]),
            Infeasible,
        ),
        case(
            "a square, and a cost without end beside it",
            minimize().col(0.0, 0.0, 9.0).col(-1.0, 0.0, INF).ge(&[(0, 1.0), (1, 1.0)], 1.0).products(&[(0, 0, 1.0)]),
            Unbounded,
        ),
    ]
}

/// Integers, rows, and what is not convex.
fn others() -> Vec<Case> {
    vec![
        case(
            "a square of an integer",
            minimize().int(-5.2, 0.0, 9.0).offset(6.76).le(&[(0, 1.0)], 8.0).products(&[(0, 0, 1.0)]),
            Optimum(0.16),
        ),
        case(
            "a product that is not convex",
            minimize().col(0.0, -1.0, 1.0).col(0.0, -1.0, 1.0).le(&[(0, 1.0), (1, 1.0)], 2.0).products(&[(0, 1, 1.0)]),
            Optimum(-1.0),
        ),
        case(
            "a square, maximise",
            maximize().col(0.0, -1.0, 2.0).le(&[(0, 1.0)], 5.0).products(&[(0, 0, 1.0)]),
            Optimum(4.0),
        ),
        case(
            "a disk",
            maximize().col(1.0, -INF, INF).col(1.0, -INF, INF).le(&[], 2.0).in_row(&[(0, 0, 1.0), (1, 1, 1.0)]),
            Optimum(2.0),
        ),
        case(
            "a hyperbola",
            minimize().col(1.0, 0.0, 10.0).col(1.0, 0.0, 10.0).eq(&[], 4.0).in_row(&[(0, 1, 1.0)]),
            Optimum(4.0),
        ),
        case(
            "a square in a range",
            minimize().col(1.0, -10.0, 0.0).row(1.0, &[], 4.0).in_row(&[(0, 0, 1.0)]),
            Optimum(-2.0),
        ),
        case(
            "a square of an integer in a row",
            maximize().int(2.0, 0.0, 10.0).int(3.0, 0.0, 10.0).le(&[(1, 1.0)], 6.0).in_row(&[(0, 0, 1.0)]),
            Optimum(18.0),
        ),
        case(
            "a product of binaries, minimised",
            minimize().int(-3.0, 0.0, 1.0).int(-2.0, 0.0, 1.0).le(&[(0, 1.0), (1, 1.0)], 2.0).products(&[(0, 1, 4.0)]),
            Optimum(-3.0),
        ),
        case(
            "a product of binaries, and a square of one, maximised",
            maximize()
                .int(1.0, 0.0, 1.0)
                .int(0.0, 0.0, 1.0)
                .col(1.0, 0.0, 2.0)
                .le(&[(1, 2.0), (2, 1.0)], 3.0)
                .products(&[(0, 1, 3.0), (0, 0, -2.0)]),
            Optimum(3.0),
        ),
        case(
            "a binary times what it switches, in a row",
            maximize()
                .int(-1.0, 0.0, 1.0)
                .col(1.0, -2.0, 5.0)
                .col(1.0, 0.0, 9.0)
                .le(&[(2, 1.0)], 0.0)
                .in_row(&[(0, 1, -1.0)]),
            Optimum(9.0),
        ),
        case(
            "squares that leave nothing",
            minimize().col(1.0, 2.0, 9.0).le(&[], 3.0).in_row(&[(0, 0, 1.0)]),
            Infeasible,
        ),
    ]
}
