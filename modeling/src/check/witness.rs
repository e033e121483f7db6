//! What a proof rests on, kept so that anybody can go through it again: multipliers, a ray, and the bounds that rows imply, in
//! the order in which they follow from each other.

use std::sync::Arc;

use num_bigint::BigInt;

use crate::problem::Problem;

/// A proof: how it goes, in a sentence, and the numbers it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// How, in a sentence.
    pub how: String,
    /// The numbers.
    pub witness: Witness,
}

/// What a proof rests on. Multipliers follow the sign convention of [`crate::answer`].
#[derive(Debug, Clone, PartialEq)]
pub enum Witness {
    /// m multipliers that prove a bound, as they were summed: bent, moved and trimmed already.
    Bound {
        /// In the problem's own sense; no multiplier leans on a side that is not there.
        multipliers: Arc<[f64]>,
        /// Bounds that the sum needs beside the problem's own.
        implied: Vec<Implied>,
    },
    /// m multipliers that prove a bound, as fractions with one denominator.
    ExactBound {
        /// Numerators, in the problem's own sense.
        multipliers: Arc<[BigInt]>,
        /// Positive.
        denominator: BigInt,
        /// Bounds that the sum needs beside the problem's own.
        implied: Vec<Implied>,
    },
    /// m multipliers that no sides and no bounds can satisfy together.
    Contradiction {
        /// The least of yᵀr is greater than the greatest of (Aᵀy)ᵀx.
        multipliers: Arc<[f64]>,
        /// Bounds that the sum needs beside the problem's own.
        implied: Vec<Implied>,
    },
    /// A column whose lower bound is above its upper bound.
    CrossedColumn {
        /// Which.
        column: u32,
        /// Bounds that cross, or lead to those that do.
        implied: Vec<Implied>,
    },
    /// A row whose lower side is above its upper side.
    CrossedRow {
        /// Which.
        row: u32,
    },
    /// n values: along them every constraint holds for ever and the objective gets better without end.
    Ray(Arc<[f64]>),
}

/// A bound that follows from a row's sides and the bounds of its other columns as they stand before it; for an integer
/// column rounded to an integer too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Implied {
    /// Of which column.
    pub column: u32,
    /// Its upper bound, otherwise its lower one.
    pub is_upper: bool,
    /// The bound.
    pub value: f64,
    /// From which row; from the column's own bound and being integer alone, when absent.
    pub row: Option<u32>,
}

/// Which bounds of which columns something rests on.
#[derive(Debug)]
pub(super) struct Needs {
    /// Lower and upper, two a column.
    sides: Vec<bool>,
}

impl Needs {
    /// Nothing yet.
    pub(super) fn new(columns: usize) -> Self {
        Self { sides: vec![false; 2 * columns] }
    }

    pub(super) fn add(&mut self, column: usize, is_upper: bool) {
        self.sides[2 * column + usize::from(is_upper)] = true;
    }

    /// The bounds of a row's columns that its least (or greatest) activity rests on.
    pub(super) fn add_activity(&mut self, problem: &Problem, row: usize, greatest: bool, but: Option<u32>) {
        let (columns, coefficients) = problem.by_rows().row(row);
        for (&j, &a) in columns.iter().zip(coefficients).filter(|&(&j, &a)| a != 0.0 && Some(j) != but) {
            self.add(j as usize, (a > 0.0) == greatest);
        }
    }

    /// The steps that what is needed rests on, in their order: found from the last to the first, each handing on what it
    /// needs itself.
    pub(super) fn supported(mut self, problem: &Problem, steps: &[Implied]) -> Vec<Implied> {
        let mut kept = Vec::new();
        for step in steps.iter().rev() {
            let (column, is_upper) = (step.column as usize, step.is_upper);
            if !std::mem::take(&mut self.sides[2 * column + usize::from(is_upper)]) {
                continue;
            }
            kept.push(*step);
            match step.row {
                None => self.add(column, is_upper),
                Some(row) => {
                    let row = row as usize;
                    let (columns, coefficients) = problem.by_rows().row(row);
                    let a = columns.iter().position(|&j| j == step.column).map_or(0.0, |at| coefficients[at]);
                    // The upper side and the least of the rest bound a·x from above.
                    let from_upper_side = (a > 0.0) == is_upper;
                    self.add_activity(problem, row, !from_upper_side, Some(step.column));
                }
            }
        }
        kept.reverse();
        kept
    }
}
