//! What a problem looks like, for people who wonder why it is slow, wrong or infeasible: sizes, kinds of rows and columns,
//! ranges of its numbers, and findings with names and remedies. Nothing is solved; all of it takes time linear in the size.
//!
//! ```
//! use farkas_modeling::model::prelude::*;
//! use farkas_modeling::statistics::RowClass;
//! let mut m = Model::new("plants");
//! let open = m.binary("open").over(0..3);
//! let make = m.nonnegative("make").upper(80).over(0..3);
//! m.minimize(sum(0..3, |p| 10 * open[p] + make[p]));
//! m.rows("only if open", 0..3, |p| make[p].le(1_000_000 * open[p]));
//! m.row("demand", sum(0..3, |p| make[p]).ge(100));
//!
//! let statistics = m.freeze()?.statistics();
//! assert_eq!(statistics.rows_of(RowClass::VariableBound), 3);
//! let big_m = statistics.findings.iter().find(|finding| finding.code == "big-m").expect("one");
//! assert_eq!(
//!     big_m.examples[0],
//!     "'only if open[0]': 1000000 at 'open[0]', where 80 would do"
//! );
//! # Ok::<(), farkas_modeling::problem::Defects>(())
//! ```

mod activity;
mod big_m;
mod classes;
mod columns;
mod features;
mod findings;
mod numbers;
mod parallel;
mod parts;
mod ranges;
mod rows;
mod show;
mod sizes;

use serde::{Serialize, Serializer};

use crate::problem::Problem;

pub use classes::RowClass;
pub use features::{FEATURES, Features, Kind};
pub use findings::{Finding, Severity};
pub use ranges::{Range, Ranges, Worst};
pub use sizes::{Sizes, Spread};

/// All that is found out about a problem. Display it for tables in plain text, serialise it for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Statistics {
    /// The problem's name; may be empty.
    pub name: String,
    /// Counts.
    pub sizes: Sizes,
    /// How many rows there are of each kind, in MIPLIB's order, kinds without rows left out.
    #[serde(serialize_with = "as_map")]
    pub rows: Vec<(RowClass, usize)>,
    /// Smallest and largest numbers.
    pub ranges: Ranges,
    /// What stands out, the gravest first.
    pub findings: Vec<Finding>,
}

/// Pairs as an object, which keeps their order.
fn as_map<S: Serializer>(pairs: &[(RowClass, usize)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(class, count)| (class, count)))
}

impl Statistics {
    /// Looks at a problem.
    pub fn of(problem: &Problem) -> Self {
        let mut list = findings::List::new(problem);
        let rows = rows::look(problem, &mut list);
        columns::look(problem, &mut list);
        numbers::look(problem, &mut list);
        big_m::look(problem, &mut list);
        parallel::look(problem, &mut list);
        parts::look(problem, &mut list);
        Self {
            name: problem.name().to_string(),
            sizes: Sizes::of(problem),
            rows,
            ranges: Ranges::of(problem),
            findings: list.into_findings(),
        }
    }

    /// How many rows are of this kind.
    pub fn rows_of(&self, class: RowClass) -> usize {
        self.rows.iter().find(|(there, _)| *there == class).map_or(0, |(_, count)| *count)
    }
}

impl Problem {
    /// Sizes, kinds of rows and columns, ranges of numbers, and what stands out. See [`statistics`](crate::statistics).
    pub fn statistics(&self) -> Statistics {
        Statistics::of(self)
    }

    /// The kind of row `i`.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn row_class(&self, i: usize) -> RowClass {
        if self.indicators().iter().any(|indicator| indicator.row as usize == i) {
            RowClass::Indicator
        } else if !self.row_products(i).is_empty() {
            RowClass::Quadratic
        } else {
            classes::of_row(self, i)
        }
    }
}
