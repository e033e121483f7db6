//! QUADOBJ, QSECTION, QMATRIX and QCMATRIX: products of two columns.
//!
//! | section | an entry `x y v` | where it comes from |
//! |---|---|---|
//! | `QUADOBJ`, `QSECTION` (of the objective, or without a name) | one triangle of Q in `½ xᵀQx`: `v x y`, and `½ v x²` where both are one column | Maros and Mészáros' QPS, CPLEX, Gurobi |
//! | `QSECTION row` | the same in a row | Mosek |
//! | `QMATRIX` | all of Q in `½ xᵀQx`, so both `x y` and `y x` | CPLEX, Gurobi, CGAL |
//! | `QCMATRIX row` | all of Q in `xᵀQx`, without a half | CPLEX, Gurobi, SCIP |
//!
//! A triangle that names a pair twice and a matrix that is not symmetric are refused: either may be the other, misnamed,
//! and would be read with half or double its coefficients.

use super::lines::{Fields, Span};
use super::read::Reader;
use super::rows::OBJECTIVE;
use super::{Fault, wrong_count};
use crate::formats::place::quote;
use crate::problem::{Product, QuadraticRow};

/// How a section writes its matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// One triangle.
    Triangle,
    /// Both.
    Full,
}

/// One line's worth.
struct Entry {
    first: u32,
    second: u32,
    value: f64,
    at: usize,
}

impl Entry {
    fn pair(&self) -> (u32, u32) {
        (self.first.min(self.second), self.first.max(self.second))
    }
}

impl Reader<'_> {
    /// `header` is the section's line, `keyword` its first word in capitals.
    pub(super) fn read_quadratic(&mut self, header: Fields, keyword: &str) -> Result<(), Fault> {
        let row = (header.len() > 1).then(|| header.get(1));
        let target = match (keyword, row) {
            ("QCMATRIX", None) => {
                return Err(wrong_count(header, "QCMATRIX", "the name of a row on its line"));
            }
            ("QCMATRIX" | "QSECTION", Some(name)) => self.quadratic_target(name, keyword)?,
            _ => OBJECTIVE,
        };
        if !self.quadratic_seen.insert(target) {
            let finding = format!("a second {keyword} of the same row or objective");
            return Err(Fault::new(header.line, "mps-quadratic-repeated", finding, "put its lines into one section"));
        }
        let shape = if matches!(keyword, "QUADOBJ" | "QSECTION") { Shape::Triangle } else { Shape::Full };
        let factor = if keyword == "QCMATRIX" { 1.0 } else { 0.5 };
        let mut entries = self.quadratic_entries(keyword)?;
        let products = products(&mut entries, shape, factor)?;
        if target == OBJECTIVE {
            self.quadratic_objective = products;
        } else {
            self.quadratic_rows.push(QuadraticRow { row: target, products });
        }
        Ok(())
    }

    fn quadratic_target(&mut self, name: Span, keyword: &str) -> Result<u32, Fault> {
        let target = self.find_row(name)?;
        let is_row = (target as usize) < self.rows.len();
        if is_row || (target == OBJECTIVE && keyword == "QSECTION") {
            return Ok(target);
        }
        let finding = format!("{} is an N row", quote(self.text(name)));
        Err(Fault::new(name.at, "mps-quadratic-row", finding, "the objective's products stand in QUADOBJ or QMATRIX"))
    }

    fn quadratic_entries(&mut self, keyword: &str) -> Result<Vec<Entry>, Fault> {
        let mut entries = Vec::new();
        while let Some(mut fields) = self.next_data()? {
            self.uncomment(&mut fields, 1);
            if fields.len() != 3 && fields.len() != 5 {
                return Err(wrong_count(fields, keyword, "two columns and a value"));
            }
            let first = self.find_column(fields.get(0))?;
            for k in (1..fields.len()).step_by(2) {
                let second = self.find_column(fields.get(k))?;
                let value = self.finite(fields.get(k + 1))?;
                entries.push(Entry { first, second, value, at: fields.get(k).at });
            }
            if entries.len() > self.limits.entries {
                return Err(self.too_many(fields.line, "products"));
            }
        }
        Ok(entries)
    }
}

fn products(entries: &mut [Entry], shape: Shape, factor: f64) -> Result<Vec<Product>, Fault> {
    // Stable: within a pair in the order of the file.
    entries.sort_by_key(Entry::pair);
    let mut products = Vec::with_capacity(entries.len());
    for group in entries.chunk_by(|a, b| a.pair() == b.pair()) {
        let (first, second) = group[0].pair();
        let square = first == second;
        let twice = group.iter().enumerate().find(|(k, e)| {
            let before = &group[..*k];
            before.iter().any(|b| shape == Shape::Triangle || b.first == e.first)
        });
        if let Some((_, entry)) = twice {
            let remedy = match shape {
                Shape::Triangle => "this section holds one triangle of the matrix; QMATRIX and QCMATRIX hold both",
                Shape::Full => "give each entry once",
            };
            return Err(Fault::new(entry.at, "mps-quadratic-repeated", "a pair of columns a second time", remedy));
        }
        let other = match shape {
            Shape::Full if !square => group.get(1).map_or(0.0, |e| e.value),
            _ => group[0].value,
        };
        // Below the normal numbers a half may not be one: the two may differ by the least there is.
        if (other - group[0].value).abs() > f64::from_bits(1) {
            let finding = format!("{} here, but {other} where the columns change places", group[0].value);
            let remedy = "this section holds all of a symmetric matrix; QUADOBJ holds one triangle";
            return Err(Fault::new(group[0].at, "mps-quadratic-asymmetric", finding, remedy));
        }
        // Off the diagonal Q has the value twice, given here once or twice.
        let value = match other == group[0].value {
            true if square => factor * other,
            true => 2.0 * factor * other,
            false => factor * (group[0].value + other),
        };
        products.push(Product::new(first, second, value));
    }
    Ok(products)
}
