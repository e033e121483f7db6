//! A problem in a few numbers, for rules that choose solvers: each has a name, so that rules and records can speak of it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::classes;
use super::ranges::ratio_of;
use super::{RowClass, Sizes};
use crate::problem::Problem;

/// The sort of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Linear, continuous.
    Lp,
    /// Linear, with integers, semicontinuous columns, sets or indicators.
    Mip,
    /// With products, continuous.
    Qp,
    /// With products and integers.
    Miqp,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Lp, Self::Mip, Self::Qp, Self::Miqp];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lp => "lp",
            Self::Mip => "mip",
            Self::Qp => "qp",
            Self::Miqp => "miqp",
        }
    }

    /// Of a problem.
    pub fn of(problem: &Problem) -> Self {
        let discrete = problem.num_integers() + problem.num_semis() > 0
            || !problem.sets().is_empty()
            || !problem.indicators().is_empty();
        match (problem.is_linear(), discrete) {
            (true, false) => Self::Lp,
            (true, true) => Self::Mip,
            (false, false) => Self::Qp,
            (false, true) => Self::Miqp,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lp => "linear program",
            Self::Mip => "mixed-integer program",
            Self::Qp => "quadratic program",
            Self::Miqp => "mixed-integer quadratic program",
        })
    }
}

/// Names of the numbers, and what each is. Shares lie between 0 and 1; a share of nothing is 0.
pub const FEATURES: [(&str, &str); 22] = [
    ("rows", "rows"),
    ("columns", "columns"),
    ("nonzeros", "coefficients of the matrix"),
    ("row_length", "coefficients a row"),
    ("column_length", "coefficients a column"),
    ("integers", "columns that are integer or semicontinuous"),
    ("integer_share", "those, of all columns"),
    ("binary_share", "binaries, of the integer columns"),
    ("equality_share", "equations, of all rows"),
    ("zero_side_share", "rows whose finite sides are all zero (primal degeneracy)"),
    ("cost_share", "columns with a cost"),
    ("equal_cost_share", "costs that another column has too, of all costs (dual degeneracy)"),
    ("free_share", "columns without bounds"),
    ("boxed_share", "columns with two finite bounds"),
    ("coefficient_range", "orders of magnitude that the coefficients span (numerics)"),
    ("row_range", "the same within one row, at most"),
    ("cost_range", "the same for costs"),
    ("set_share", "rows among binaries with equal coefficients: partitioning, packing, covering, cardinality"),
    ("knapsack_share", "rows among integers with integer coefficients"),
    ("link_share", "rows of two columns that bound one by the other"),
    ("mixed_share", "rows of binaries and continuous columns"),
    ("special", "sets, indicators, products"),
];

const COUNT: usize = FEATURES.len();

/// The numbers of one problem. Two problems with the same numbers look alike to every rule.
///
/// ```
/// use farkas_modeling::model::prelude::*;
/// use farkas_modeling::statistics::{Features, Kind};
/// let mut m = Model::new("packing");
/// let take = m.binary("take").over(0..3);
/// m.maximize(sum(0..3, |i| (i + 1) as f64 * take[i]));
/// m.row("room", sum(0..3, |i| take[i]).le(1));
/// let features = Features::of(&m.freeze()?);
/// assert_eq!((features.kind(), features.get("set_share")), (Kind::Mip, Some(1.0)));
/// assert_eq!(features.get("colour"), None);
/// # Ok::<(), farkas_modeling::problem::Defects>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Written", from = "Written")]
pub struct Features {
    kind: Kind,
    /// In the order of [`FEATURES`]; NaN is unknown.
    values: [f64; COUNT],
}

/// As records hold them: the kind, and the numbers by name. A number that is missing is unknown; a name that is not ours is
/// passed over.
#[derive(Serialize, Deserialize)]
struct Written {
    kind: Kind,
    #[serde(flatten)]
    values: BTreeMap<String, f64>,
}

impl From<Features> for Written {
    fn from(features: Features) -> Self {
        let values = features.iter().filter(|(_, value)| value.is_finite());
        Self { kind: features.kind, values: values.map(|(name, value)| (name.to_owned(), value)).collect() }
    }
}

impl From<Written> for Features {
    fn from(written: Written) -> Self {
        let mut values = [f64::NAN; COUNT];
        for ((name, _), value) in FEATURES.iter().zip(&mut values) {
            *value = written.values.get(*name).copied().unwrap_or(f64::NAN);
        }
        Self { kind: written.kind, values }
    }
}

impl Features {
    /// Looks at a problem, in time linear in its size (sorting its costs aside).
    pub fn of(p: &Problem) -> Self {
        let sizes = Sizes::of(p);
        let integers = sizes.binaries + sizes.integers + sizes.semicontinuous + sizes.semi_integer;
        let (columns, rows) = (sizes.columns, sizes.rows);
        let kind = Kind::of(p);
        let look = Rows::of(p, matches!(kind, Kind::Mip | Kind::Miqp));
        let classes = &look.classes;
        let zero = |side: f64| side == 0.0 || side.is_infinite();
        let sides = || p.row_lower().iter().zip(p.row_upper());
        let zero_sides = sides().filter(|(l, u)| zero(**l) && zero(**u)).count();
        let boxed = p.lower().iter().zip(p.upper()).filter(|(l, u)| l.is_finite() && u.is_finite()).count();
        let values = [
            rows as f64,
            columns as f64,
            sizes.nonzeros as f64,
            sizes.row_entries.mean,
            sizes.column_entries.mean,
            integers as f64,
            share(integers, columns),
            share(sizes.binaries, integers),
            share(sizes.equalities, rows),
            share(zero_sides, rows),
            share(sizes.costs, columns),
            equal_costs(p),
            share(sizes.free, columns),
            share(boxed, columns),
            span(p.values()),
            look.worst_ratio.log10(),
            span(p.cost()),
            share(classes.set, rows),
            share(classes.knapsack, rows),
            share(classes.link, rows),
            share(classes.mixed, rows),
            (sizes.sets + sizes.indicators + sizes.objective_products + sizes.row_products) as f64,
        ];
        Self { kind, values }
    }

    /// The sort of the problem.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The number of this name; none for a name that is not in [`FEATURES`], or where it is not known.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.iter().find(|(there, _)| *there == name).map(|(_, value)| value).filter(|value| value.is_finite())
    }

    /// Names and numbers, in the order of [`FEATURES`].
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> {
        FEATURES.iter().map(|(name, _)| *name).zip(self.values)
    }
}

impl fmt::Display for Features {
    /// A line a number, with what it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<18} {:>10}  {}", "kind", self.kind.word(), self.kind)?;
        for ((name, what), value) in FEATURES.iter().zip(self.values) {
            let digits = if value.fract() == 0.0 { 0 } else { 3 };
            writeln!(f, "{name:<18} {value:>10.digits$}  {what}")?;
        }
        Ok(())
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Orders of magnitude between the smallest and the largest number, zeros left out.
fn span(numbers: &[f64]) -> f64 {
    let sizes = numbers.iter().map(|v| v.abs()).filter(|v| *v > 0.0 && v.is_finite());
    let (least, most) = sizes.fold((f64::INFINITY, 0.0_f64), |(least, most), v| (least.min(v), most.max(v)));
    if most > 0.0 { most.log10() - least.log10() } else { 0.0 }
}

/// How many costs stand a second time, of all that are not zero.
fn equal_costs(p: &Problem) -> f64 {
    let mut costs: Vec<f64> = p.cost().iter().copied().filter(|c| *c != 0.0).collect();
    costs.sort_by(f64::total_cmp);
    let all = costs.len();
    costs.dedup();
    share(all - costs.len(), all)
}

/// Rows by the families that rules know.
#[derive(Default)]
struct Classes {
    set: usize,
    knapsack: usize,
    link: usize,
    mixed: usize,
}

impl Classes {
    fn note(&mut self, class: RowClass) {
        match class {
            RowClass::SetPartitioning
            | RowClass::SetPacking
            | RowClass::SetCovering
            | RowClass::Cardinality
            | RowClass::InvariantKnapsack => self.set += 1,
            RowClass::EquationKnapsack | RowClass::BinPacking | RowClass::Knapsack | RowClass::IntegerKnapsack => {
                self.knapsack += 1;
            }
            RowClass::VariableBound | RowClass::Precedence => self.link += 1,
            RowClass::MixedBinary => self.mixed += 1,
            _ => {}
        }
    }
}

/// What is seen of the rows in one pass, so that of a large problem no transpose is kept.
struct Rows {
    /// The largest ratio of two absolute values in one row; 1 without any.
    worst_ratio: f64,
    classes: Classes,
}

impl Rows {
    fn of(p: &Problem, classified: bool) -> Self {
        let mut seen = Self { worst_ratio: 1.0, classes: Classes::default() };
        let look = |i: usize, columns: &[u32], values: &[f64]| {
            seen.worst_ratio = seen.worst_ratio.max(ratio_of(values));
            if classified {
                seen.classes.note(classes::of_entries(p, i, (columns, values)));
            }
            Ok::<(), Infallible>(())
        };
        match p.each_row(look) {
            Ok(()) => seen,
        }
    }
}
