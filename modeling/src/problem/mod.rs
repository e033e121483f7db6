//! The frozen problem: columns, rows and one compressed matrix, validated once. Everything downstream shares one
//! `Arc<Problem>` and reads slices; nothing makes a call per coefficient.
//!
//! minimise or maximise  `offset + costᵀx`  subject to  `row_lower ≤ A x ≤ row_upper`,  `lower ≤ x ≤ upper`, kinds,
//! special ordered sets, indicators, and products of two columns in the objective and in rows. Shapes: n columns, m rows. Infinity is `f64::INFINITY`; anything of 1e20 and more in a
//! bound or a side means it, as in every solver here.

mod arrays;
mod buffer;
mod convexity;
mod defects;
mod magnitude;
mod names;
mod quadratic;
mod relaxation;
mod sides;
mod storage;
mod view;

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

pub use buffer::{Buffer, Bytes};
pub use convexity::{Curvature, Square};
use defects::Known;
pub(crate) use defects::columns_ascend;
pub use defects::{Defect, DefectCode, Defects, Place};
pub use names::{NameArena, NameSource, Names};
pub use quadratic::{Product, QuadraticRow};
pub(crate) use sides::{Seen, look};
pub use view::{ColumnView, RowMatrix};

/// A bound or a side of at least this size means infinity (HiGHS, SCIP, CPLEX and Gurobi agree on it).
pub const INFINITE_FROM: f64 = 1e20;

/// Most columns, rows or nonzeros: what a solver with 32-bit indices can take.
pub const MOST_ENTRIES: usize = i32::MAX as usize - 1;

/// Which way the objective goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sense {
    /// The smaller the better.
    #[default]
    Minimize,
    /// The greater the better.
    Maximize,
}

impl Sense {
    /// +1 for minimise, −1 for maximise: multiply an objective by it to get one that is minimised.
    pub fn sign(self) -> f64 {
        match self {
            Self::Minimize => 1.0,
            Self::Maximize => -1.0,
        }
    }

    /// Whether objective `a` is strictly better than `b`.
    pub fn better(self, a: f64, b: f64) -> bool {
        self.sign() * a < self.sign() * b
    }

    /// The objective that everything beats: +∞ when minimising.
    pub fn worst(self) -> f64 {
        self.sign() * f64::INFINITY
    }
}

/// What values a column may take between its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum ColumnKind {
    /// Any real number.
    #[default]
    Continuous = 0,
    /// Integers. A binary is an integer between 0 and 1.
    Integer = 1,
    /// Zero, or any real number between the bounds.
    SemiContinuous = 2,
    /// Zero, or an integer between the bounds.
    SemiInteger = 3,
}

impl ColumnKind {
    /// Whether its values must be integers.
    pub fn is_integer(self) -> bool {
        matches!(self, Self::Integer | Self::SemiInteger)
    }

    /// Whether it may be zero outside its bounds.
    pub fn is_semi(self) -> bool {
        matches!(self, Self::SemiContinuous | Self::SemiInteger)
    }

    /// The kind with this number, as the image stores it.
    pub fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Continuous,
            1 => Self::Integer,
            2 => Self::SemiContinuous,
            3 => Self::SemiInteger,
            _ => return None,
        })
    }
}

/// A special ordered set: at most one (type 1), or at most two adjacent (type 2), members are nonzero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpecialOrderedSet {
    /// Its name; may be empty.
    pub name: String,
    /// 1 or 2.
    pub order: u8,
    /// Columns with their weights, in ascending weight once frozen.
    pub members: Vec<(u32, f64)>,
}

/// Row `row` has to hold only when binary column `column` has the value `active`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indicator {
    /// The row that is switched.
    pub row: u32,
    /// The binary column that switches it.
    pub column: u32,
    /// The value at which the row must hold.
    pub active: bool,
}

/// A problem as plain data: what builders and readers fill, and [`Problem::new`] validates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProblemData {
    /// The problem's own name; may be empty. It is not part of the problem's identity.
    pub name: String,
    /// The objective's name, if it has one.
    pub objective_name: Option<String>,
    /// Which way.
    pub sense: Sense,
    /// Constant of the objective.
    pub offset: f64,
    /// n costs.
    pub cost: Vec<f64>,
    /// n lower bounds, −∞ for none.
    pub lower: Vec<f64>,
    /// n upper bounds, +∞ for none.
    pub upper: Vec<f64>,
    /// n kinds; empty means all continuous.
    pub kinds: Vec<ColumnKind>,
    /// m lower sides, −∞ for none.
    pub row_lower: Vec<f64>,
    /// m upper sides, +∞ for none.
    pub row_upper: Vec<f64>,
    /// n + 1 positions in `indices` and `values`, column by column.
    pub starts: Vec<u32>,
    /// Row of each nonzero; within a column in any order, merged if repeated.
    pub indices: Vec<u32>,
    /// Value of each nonzero.
    pub values: Vec<f64>,
    /// n names, or `None` for `C1`, `C2`, …
    pub column_names: Option<Names>,
    /// m names, or `None` for `R1`, `R2`, …
    pub row_names: Option<Names>,
    /// Special ordered sets.
    pub sets: Vec<SpecialOrderedSet>,
    /// Switched rows.
    pub indicators: Vec<Indicator>,
    /// Products in the objective, in any order, repeated ones added up.
    pub quadratic_objective: Vec<Product>,
    /// Products in rows, beside their linear parts; in any order.
    pub quadratic_rows: Vec<QuadraticRow>,
}

/// A validated problem. Immutable; share it as `Arc<Problem>`.
///
/// ```
/// use farkas_modeling::{Problem, ProblemData};
/// // minimise x + 2 y  subject to  x + y ≥ 3,  0 ≤ x ≤ 2,  y ≥ 0
/// let problem = Problem::new(ProblemData {
///     cost: vec![1.0, 2.0],
///     lower: vec![0.0, 0.0],
///     upper: vec![2.0, f64::INFINITY],
///     row_lower: vec![3.0],
///     row_upper: vec![f64::INFINITY],
///     starts: vec![0, 1, 2],
///     indices: vec![0, 0],
///     values: vec![1.0, 1.0],
///     ..ProblemData::default()
/// })?;
/// assert_eq!((problem.num_rows(), problem.num_columns(), problem.num_nonzeros()), (1, 2, 2));
/// assert_eq!(problem.objective_of(&[2.0, 1.0]), 4.0);
/// # Ok::<(), farkas_modeling::problem::Defects>(())
/// ```
#[derive(Debug)]
pub struct Problem {
    name: String,
    objective_name: Option<String>,
    sense: Sense,
    offset: f64,
    cost: Buffer<f64>,
    lower: Buffer<f64>,
    upper: Buffer<f64>,
    kinds: Buffer<u8>,
    row_lower: Buffer<f64>,
    row_upper: Buffer<f64>,
    starts: Buffer<u32>,
    indices: Buffer<u32>,
    values: Buffer<f64>,
    column_names: Names,
    row_names: Names,
    sets: Vec<SpecialOrderedSet>,
    indicators: Vec<Indicator>,
    quadratic_objective: Vec<Product>,
    quadratic_rows: Vec<QuadraticRow>,
    integers: usize,
    semis: usize,
    largest_cost: f64,
    largest_coefficient: f64,
    /// Shared with the problems that patches made of this one, as long as the matrix is the same.
    rows: Arc<OnceLock<RowMatrix>>,
}

/// The arrays of a problem wherever they live: what an image hands over after it has checked its own layout.
#[derive(Debug, Default)]
pub struct ProblemBuffers {
    /// See [`ProblemData`]; the same fields and shapes.
    pub name: String,
    pub objective_name: Option<String>,
    pub sense: Sense,
    pub offset: f64,
    pub cost: Buffer<f64>,
    pub lower: Buffer<f64>,
    pub upper: Buffer<f64>,
    /// n codes of [`ColumnKind`].
    pub kinds: Buffer<u8>,
    pub row_lower: Buffer<f64>,
    pub row_upper: Buffer<f64>,
    pub starts: Buffer<u32>,
    pub indices: Buffer<u32>,
    pub values: Buffer<f64>,
    pub column_names: Option<Names>,
    pub row_names: Option<Names>,
    pub sets: Vec<SpecialOrderedSet>,
    pub indicators: Vec<Indicator>,
    pub quadratic_objective: Vec<Product>,
    pub quadratic_rows: Vec<QuadraticRow>,
}

/// Equal in everything that was given, names and the problem's own name included.
impl PartialEq for Problem {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.objective_name == other.objective_name
            && self.sense == other.sense
            && self.offset == other.offset
            && self.cost == other.cost
            && self.lower == other.lower
            && self.upper == other.upper
            && self.kinds == other.kinds
            && self.row_lower == other.row_lower
            && self.row_upper == other.row_upper
            && self.starts == other.starts
            && self.indices == other.indices
            && self.values == other.values
            && self.column_names == other.column_names
            && self.row_names == other.row_names
            && self.sets == other.sets
            && self.indicators == other.indicators
            && self.quadratic_objective == other.quadratic_objective
            && self.quadratic_rows == other.quadratic_rows
    }
}

impl Problem {
    /// Validates and freezes.
    ///
    /// Repeated entries of a column are added up, rows within a column are sorted, zeros that stand in the matrix stay,
    /// sides and bounds of 1e20 and more become infinite, −0 becomes 0.
    ///
    /// # Errors
    /// All defects at once: lengths that do not fit, indices out of range, NaN, infinite costs or coefficients, a lower
    /// bound of +∞, repeated names, sets and indicators that make no sense. Crossed bounds are no defect: such a
    /// problem is infeasible, and the answer says so.
    pub fn new(data: ProblemData) -> Result<Self, Defects> {
        Self::normalised(data, None)
    }

    /// As [`new`](Self::new), of columns whose rows are there and rise already, and of bounds and sides that were looked at.
    pub(crate) fn of_sorted(data: ProblemData, bounds: Seen, sides: Seen) -> Result<Self, Defects> {
        Self::normalised(data, Some((bounds, sides)))
    }

    fn normalised(mut data: ProblemData, seen: Option<(Seen, Seen)>) -> Result<Self, Defects> {
        if data.starts.is_empty() {
            data.starts.push(0);
        }
        if data.kinds.is_empty() {
            data.kinds = vec![ColumnKind::Continuous; data.cost.len()];
        }
        defects::shapes(&data)?;
        let placed = seen.is_some();
        let (bounds, sides) = seen.unwrap_or_else(|| {
            view::sort_and_merge(&mut data);
            (look(&data.lower, &data.upper), look(&data.row_lower, &data.row_upper))
        });
        bounds.normalise([&mut data.lower, &mut data.upper]);
        sides.normalise([&mut data.row_lower, &mut data.row_upper]);
        quadratic::normalise(&mut data.quadratic_objective);
        quadratic::normalise_rows(&mut data.quadratic_rows);
        for set in &mut data.sets {
            set.members.sort_by(|a, b| a.1.total_cmp(&b.1));
        }
        let known = Known { sides: !bounds.wrong && !sides.wrong, sorted: true, placed };
        let buffers = ProblemBuffers {
            name: data.name,
            objective_name: data.objective_name,
            sense: data.sense,
            offset: data.offset,
            cost: data.cost.into(),
            lower: data.lower.into(),
            upper: data.upper.into(),
            kinds: data.kinds.iter().map(|&k| k as u8).collect::<Vec<_>>().into(),
            row_lower: data.row_lower.into(),
            row_upper: data.row_upper.into(),
            starts: data.starts.into(),
            indices: data.indices.into(),
            values: data.values.into(),
            column_names: data.column_names,
            row_names: data.row_names,
            sets: data.sets,
            indicators: data.indicators,
            quadratic_objective: data.quadratic_objective,
            quadratic_rows: data.quadratic_rows,
        };
        Self::validated(buffers, known)
    }

    /// Takes arrays that are frozen already (sorted, merged, normalised), wherever they live, and validates them.
    ///
    /// # Errors
    /// As [`new`](Self::new), and for columns that are not sorted.
    pub fn from_buffers(buffers: ProblemBuffers) -> Result<Self, Defects> {
        Self::validated(buffers, Known::default())
    }

    fn validated(b: ProblemBuffers, known: Known) -> Result<Self, Defects> {
        let (n, m) = (b.cost.len(), b.row_lower.len());
        let problem = Self {
            column_names: b.column_names.unwrap_or_else(|| Names::numbered("C", n)),
            row_names: b.row_names.unwrap_or_else(|| Names::numbered("R", m)),
            name: b.name,
            objective_name: b.objective_name,
            sense: b.sense,
            offset: b.offset,
            integers: b.kinds.iter().filter(|&&k| k == 1 || k == 3).count(),
            largest_cost: magnitude::largest(&b.cost),
            largest_coefficient: magnitude::largest(&b.values),
            semis: b.kinds.iter().filter(|&&k| k == 2 || k == 3).count(),
            cost: b.cost,
            lower: b.lower,
            upper: b.upper,
            kinds: b.kinds,
            row_lower: b.row_lower,
            row_upper: b.row_upper,
            starts: b.starts,
            indices: b.indices,
            values: b.values,
            sets: b.sets,
            indicators: b.indicators,
            quadratic_objective: b.quadratic_objective,
            quadratic_rows: b.quadratic_rows,
            rows: Arc::default(),
        };
        defects::find(&problem, known)?;
        Ok(problem)
    }

    /// The arrays again, for a problem that differs in some of them. Nothing is copied but sets, indicators and products.
    pub(crate) fn buffers(&self) -> ProblemBuffers {
        ProblemBuffers {
            name: self.name.clone(),
            objective_name: self.objective_name.clone(),
            sense: self.sense,
            offset: self.offset,
            cost: self.cost.clone(),
            lower: self.lower.clone(),
            upper: self.upper.clone(),
            kinds: self.kinds.clone(),
            row_lower: self.row_lower.clone(),
            row_upper: self.row_upper.clone(),
            starts: self.starts.clone(),
            indices: self.indices.clone(),
            values: self.values.clone(),
            column_names: Some(self.column_names.clone()),
            row_names: Some(self.row_names.clone()),
            sets: self.sets.clone(),
            indicators: self.indicators.clone(),
            quadratic_objective: self.quadratic_objective.clone(),
            quadratic_rows: self.quadratic_rows.clone(),
        }
    }

    /// The same without its objective: what is left is whether it is feasible. Nothing but the costs is copied.
    #[must_use]
    pub fn without_objective(&self) -> Self {
        Self {
            cost: vec![0.0; self.num_columns()].into(),
            offset: 0.0,
            quadratic_objective: Vec::new(),
            rows: Arc::clone(&self.rows),
            name: self.name.clone(),
            objective_name: self.objective_name.clone(),
            sense: self.sense,
            lower: self.lower.clone(),
            upper: self.upper.clone(),
            kinds: self.kinds.clone(),
            row_lower: self.row_lower.clone(),
            row_upper: self.row_upper.clone(),
            starts: self.starts.clone(),
            indices: self.indices.clone(),
            values: self.values.clone(),
            column_names: self.column_names.clone(),
            row_names: self.row_names.clone(),
            sets: self.sets.clone(),
            indicators: self.indicators.clone(),
            quadratic_rows: self.quadratic_rows.clone(),
            integers: self.integers,
            semis: self.semis,
            largest_cost: 0.0,
            largest_coefficient: self.largest_coefficient,
        }
    }

    /// Takes over the transpose of a problem with the same matrix, made or to be made.
    pub(crate) fn share_rows(&mut self, of: &Self) {
        debug_assert!(self.values.len() == of.values.len() && self.num_rows() == of.num_rows());
        self.rows = Arc::clone(&of.rows);
    }

    /// The problem's own name; may be empty.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The same with another name of its own.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }
    /// The objective's name, if it has one.
    pub fn objective_name(&self) -> Option<&str> {
        self.objective_name.as_deref()
    }
    /// Minimise or maximise.
    pub fn sense(&self) -> Sense {
        self.sense
    }
    /// Constant of the objective.
    pub fn offset(&self) -> f64 {
        self.offset
    }
    /// n, how many columns (variables).
    pub fn num_columns(&self) -> usize {
        self.cost.len()
    }
    /// m, how many rows (constraints).
    pub fn num_rows(&self) -> usize {
        self.row_lower.len()
    }
    /// How many coefficients are stored.
    pub fn num_nonzeros(&self) -> usize {
        self.values.len()
    }
    /// How many columns must be integer (semi-integer ones too).
    pub fn num_integers(&self) -> usize {
        self.integers
    }
    /// How many columns are semicontinuous or semi-integer.
    pub fn num_semis(&self) -> usize {
        self.semis
    }
    /// n costs.
    pub fn cost(&self) -> &[f64] {
        &self.cost
    }
    /// n lower bounds.
    pub fn lower(&self) -> &[f64] {
        &self.lower
    }
    /// n upper bounds.
    pub fn upper(&self) -> &[f64] {
        &self.upper
    }
    /// n codes of [`ColumnKind`].
    pub fn kind_codes(&self) -> &[u8] {
        &self.kinds
    }
    /// The kind of column `j`.
    pub fn kind(&self, j: usize) -> ColumnKind {
        ColumnKind::from_code(self.kinds[j]).unwrap_or_default()
    }
    /// m lower sides.
    pub fn row_lower(&self) -> &[f64] {
        &self.row_lower
    }
    /// m upper sides.
    pub fn row_upper(&self) -> &[f64] {
        &self.row_upper
    }
    /// n + 1 positions of the columns in [`indices`](Self::indices) and [`values`](Self::values).
    pub fn starts(&self) -> &[u32] {
        &self.starts
    }
    /// Row of each nonzero, ascending within its column.
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }
    /// Value of each nonzero.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
    /// Column `j` of the matrix: rows and values.
    pub fn column(&self, j: usize) -> ColumnView<'_> {
        let range = self.starts[j] as usize..self.starts[j + 1] as usize;
        ColumnView { rows: &self.indices[range.clone()], values: &self.values[range] }
    }
    /// Hands row after row (its number, columns and values) to somebody who looks at each once. Of a dense or large matrix
    /// whose transpose is not at hand, it is made in bands that are not kept: a second million of nonzeros costs more in
    /// fresh memory than in time to arrange them.
    ///
    /// # Errors
    /// The first of `take`.
    pub fn each_row<E>(&self, mut take: impl FnMut(usize, &[u32], &[f64]) -> Result<(), E>) -> Result<(), E> {
        if self.rows.get().is_none()
            && let Some(band) = view::band(self)
        {
            return view::each_row_by_bands(self, band, take);
        }
        let rows = self.by_rows();
        (0..self.num_rows()).try_for_each(|i| {
            let (columns, values) = rows.row(i);
            take(i, columns, values)
        })
    }

    /// Where each row begins among the entries by rows (m + 1 positions), without making these.
    pub fn row_starts(&self) -> Vec<u32> {
        self.rows.get().map_or_else(|| view::starts(self), |rows| rows.starts.clone())
    }

    /// The matrix row by row; the transpose is made at the first call and kept.
    pub fn by_rows(&self) -> &RowMatrix {
        self.rows.get_or_init(|| RowMatrix::transpose(self))
    }
    /// Names of the columns.
    pub fn column_names(&self) -> &Names {
        &self.column_names
    }
    /// Names of the rows.
    pub fn row_names(&self) -> &Names {
        &self.row_names
    }
    /// Special ordered sets.
    pub fn sets(&self) -> &[SpecialOrderedSet] {
        &self.sets
    }
    /// Rows that an indicator column switches.
    pub fn indicators(&self) -> &[Indicator] {
        &self.indicators
    }
    /// The largest absolute value among the costs; 0 without columns.
    pub fn largest_cost(&self) -> f64 {
        self.largest_cost
    }

    /// The largest absolute value in the matrix; 0 where it is empty.
    pub fn largest_coefficient(&self) -> f64 {
        self.largest_coefficient
    }

    /// Whether it is a plain linear program: no integers, sets, indicators, semicontinuous columns or products.
    pub fn is_lp(&self) -> bool {
        self.is_linear() && self.integers == 0 && self.semis == 0 && self.sets.is_empty() && self.indicators.is_empty()
    }
    /// The objective, offset and products included, in plain floating point. The checker has an exact one.
    ///
    /// # Panics
    /// When `x` does not have n values.
    pub fn objective_of(&self, x: &[f64]) -> f64 {
        assert_eq!(x.len(), self.num_columns());
        let linear: f64 = self.cost.iter().zip(x).map(|(c, x)| c * x).sum();
        self.offset + linear + self.quadratic_objective.iter().map(|p| p.at(x)).sum::<f64>()
    }
}
