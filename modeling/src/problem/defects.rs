//! What may be wrong with a problem, found all at once, each with its place.

use std::fmt;

use super::quadratic::is_normal;
use super::{MOST_ENTRIES, Problem, ProblemData, Product, look};

/// At most this many defects are kept; the rest are counted.
const KEPT: usize = 100;

/// Where a defect is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The problem as a whole.
    Problem,
    /// The objective.
    Objective,
    /// A column, by position and name.
    Column(usize, String),
    /// A row, by position and name.
    Row(usize, String),
    /// The entry of a column in a row.
    Entry {
        /// Name of the row.
        row: String,
        /// Name of the column.
        column: String,
    },
    /// A special ordered set, by position and name.
    Set(usize, String),
    /// An indicator, by position.
    Indicator(usize),
    /// A function that a model was to write as linear rows: what kind, and its name.
    Function(&'static str, String),
    /// A change of a patch, by position.
    Change(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem => write!(f, "problem"),
            Self::Objective => write!(f, "objective"),
            Self::Column(_, name) => write!(f, "variable '{name}'"),
            Self::Row(_, name) => write!(f, "constraint '{name}'"),
            Self::Entry { row, column } => write!(f, "coefficient of '{column}' in '{row}'"),
            Self::Set(_, name) => write!(f, "set '{name}'"),
            Self::Indicator(at) => write!(f, "indicator {}", at + 1),
            Self::Function(kind, name) => write!(f, "{kind} '{name}'"),
            Self::Change(at) => write!(f, "change {} of the patch", at + 1),
        }
    }
}

/// What is wrong, as a stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DefectCode {
    /// An array has the wrong length, or positions that do not rise.
    Shape,
    /// More columns, rows or nonzeros than any solver's 32-bit index takes.
    TooLarge,
    /// A number is NaN.
    NotANumber,
    /// A number is infinite where it must be finite.
    Infinite,
    /// A lower bound of +∞ or an upper bound of −∞.
    WrongInfinity,
    /// An index that is not there.
    OutOfRange,
    /// Rows within a column are not ascending.
    NotSorted,
    /// A name that is used twice.
    DuplicateName,
    /// A kind, order or value that is not one of those there are.
    BadKind,
    /// A name in a patch that nothing has.
    UnknownName,
    /// A row that no point can satisfy (told by models, whose author can mend it; in a file it is infeasible).
    NeverHolds,
    /// A function cannot be written as linear rows, since a variable has no bound (told by models).
    MissingBound,
    /// A bound was loosened after a function was written as rows that rely on it (told by models).
    LoosenedBound,
    /// A function that is none, or not of the form that was asked for (told by models).
    BadFunction,
}

impl DefectCode {
    /// The stable code: `problem-not-a-number`, say.
    pub fn code(self) -> &'static str {
        match self {
            Self::Shape => "problem-shape",
            Self::TooLarge => "problem-too-large",
            Self::NotANumber => "problem-not-a-number",
            Self::Infinite => "problem-infinite",
            Self::WrongInfinity => "problem-wrong-infinity",
            Self::OutOfRange => "problem-out-of-range",
            Self::NotSorted => "problem-not-sorted",
            Self::DuplicateName => "problem-duplicate-name",
            Self::BadKind => "problem-bad-kind",
            Self::UnknownName => "problem-unknown-name",
            Self::NeverHolds => "problem-never-holds",
            Self::MissingBound => "problem-missing-bound",
            Self::LoosenedBound => "problem-loosened-bound",
            Self::BadFunction => "problem-bad-function",
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// What, as a stable code.
    pub code: DefectCode,
    /// Where.
    pub place: Place,
    /// What exactly, and what to do.
    pub detail: String,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.detail)
    }
}

/// Everything that is wrong with a problem: never empty as an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Defects {
    /// The first hundred.
    pub list: Vec<Defect>,
    /// How many there are in all.
    pub count: usize,
}

impl Defects {
    /// Notes one defect.
    pub fn add(&mut self, code: DefectCode, place: Place, detail: impl Into<String>) {
        self.count += 1;
        if self.list.len() < KEPT {
            self.list.push(Defect { code, place, detail: detail.into() });
        }
    }

    /// Notes all of another list.
    pub fn append(&mut self, other: Self) {
        let unseen = other.count - other.list.len();
        other.list.into_iter().for_each(|defect| self.add(defect.code, defect.place, defect.detail));
        self.count += unseen;
    }

    /// `Ok` when nothing was found.
    ///
    /// # Errors
    /// The defects themselves, when there are any.
    pub fn into_result(self) -> Result<(), Self> {
        if self.count == 0 { Ok(()) } else { Err(self) }
    }

    /// The code of the first defect, which stands for all where one code is wanted.
    pub fn code(&self) -> &'static str {
        self.list.first().map_or("problem-defect", |d| d.code.code())
    }
}

impl fmt::Display for Defects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} defect{} in the problem", self.count, if self.count == 1 { "" } else { "s" })?;
        for defect in self.list.iter().take(10) {
            write!(f, "\n  {defect}")?;
        }
        if self.count > 10 {
            write!(f, "\n  … and {} more", self.count - 10)?;
        }
        Ok(())
    }
}

impl std::error::Error for Defects {}

/// Lengths and positions, so that everything after this may index freely.
pub(super) fn shapes(data: &ProblemData) -> Result<(), Defects> {
    let mut defects = Defects::default();
    let (n, m, entries) = (data.cost.len(), data.row_lower.len(), data.values.len());
    for (what, got, want) in [
        ("lower bounds", data.lower.len(), n),
        ("upper bounds", data.upper.len(), n),
        ("kinds", data.kinds.len(), n),
        ("upper sides", data.row_upper.len(), m),
        ("column starts", data.starts.len(), n + 1),
        ("row indices", data.indices.len(), entries),
    ] {
        if got != want {
            defects.add(DefectCode::Shape, Place::Problem, format!("{got} {what} where {want} are needed"));
        }
    }
    positions(&data.starts, entries, &mut defects);
    defects.into_result()
}

fn positions(starts: &[u32], entries: usize, defects: &mut Defects) {
    let rising = starts.windows(2).all(|w| w[0] <= w[1]);
    let ends = starts.first() == Some(&0) && starts.last().map(|&e| e as usize) == Some(entries);
    if !rising || !ends {
        defects.add(DefectCode::Shape, Place::Problem, format!("column starts must rise from 0 to {entries}"));
    }
}

/// What needs no second look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    /// No bound and no side is NaN or an infinity of the wrong sign.
    pub(super) sides: bool,
    /// Rows rise within every column.
    pub(super) sorted: bool,
    /// Column starts rise to the number of entries, and every entry's row is there.
    pub(super) placed: bool,
}

/// Every defect of a problem whose arrays are in place.
pub(super) fn find(problem: &Problem, known: Known) -> Result<(), Defects> {
    let mut defects = Defects::default();
    layout(problem, known.placed, &mut defects);
    if defects.count > 0 {
        return Err(defects); // nothing below may index
    }
    numbers(problem, known.sides, &mut defects);
    matrix(problem, known.sorted, &mut defects);
    extras(problem, &mut defects);
    quadratics(problem, &mut defects);
    names(problem, &mut defects);
    defects.into_result()
}

fn layout(p: &Problem, placed: bool, defects: &mut Defects) {
    let (n, m, entries) = (p.num_columns(), p.num_rows(), p.num_nonzeros());
    for (what, got) in [("columns", n), ("rows", m), ("nonzeros", entries)] {
        if got > MOST_ENTRIES {
            defects.add(DefectCode::TooLarge, Place::Problem, format!("{got} {what}; at most {MOST_ENTRIES} fit"));
        }
    }
    for (what, got, want) in [
        ("lower bounds", p.lower.len(), n),
        ("upper bounds", p.upper.len(), n),
        ("kinds", p.kinds.len(), n),
        ("column names", p.column_names.len(), n),
        ("upper sides", p.row_upper.len(), m),
        ("row names", p.row_names.len(), m),
        ("column starts", p.starts.len(), n + 1),
        ("row indices", p.indices.len(), entries),
    ] {
        if got != want {
            defects.add(DefectCode::Shape, Place::Problem, format!("{got} {what} where {want} are needed"));
        }
    }
    if placed {
        return;
    }
    positions(&p.starts, entries, defects);
    let worst = p.indices.iter().fold(0, |worst, &i| worst.max(i));
    if entries > 0 && worst as usize >= m {
        defects.add(DefectCode::OutOfRange, Place::Problem, format!("row index {worst}, but there are {m} rows"));
    }
}

fn numbers(p: &Problem, sides_known: bool, defects: &mut Defects) {
    let mut finite = |v: f64, place: &dyn Fn() -> Place, what: &str| {
        if v.is_nan() {
            defects.add(DefectCode::NotANumber, place(), format!("its {what} is NaN"));
        } else if v.is_infinite() {
            defects.add(DefectCode::Infinite, place(), format!("its {what} is infinite; it must be a finite number"));
        }
    };
    finite(p.offset, &|| Place::Objective, "constant");
    let column = |j: usize| Place::Column(j, p.column_names.get(j).into_owned());
    let row = |i: usize| Place::Row(i, p.row_names.get(i).into_owned());
    if p.largest_cost.is_infinite() {
        for (j, &c) in p.cost.iter().enumerate() {
            finite(c, &|| column(j), "cost");
        }
    }
    let mut sides = |lower: f64, upper: f64, place: &dyn Fn() -> Place, what: &str| {
        for (v, wrong, which) in [(lower, f64::INFINITY, "lower"), (upper, f64::NEG_INFINITY, "upper")] {
            if v.is_nan() {
                defects.add(DefectCode::NotANumber, place(), format!("its {which} {what} is NaN"));
            } else if v == wrong {
                defects.add(DefectCode::WrongInfinity, place(), format!("its {which} {what} is {wrong}"));
            }
        }
    };
    if !sides_known && look(&p.lower, &p.upper).wrong {
        for j in 0..p.num_columns() {
            sides(p.lower[j], p.upper[j], &|| column(j), "bound");
        }
    }
    if !sides_known && look(&p.row_lower, &p.row_upper).wrong {
        for i in 0..p.num_rows() {
            sides(p.row_lower[i], p.row_upper[i], &|| row(i), "side");
        }
    }
}

fn matrix(p: &Problem, sorted: bool, defects: &mut Defects) {
    let finite = p.largest_coefficient.is_finite();
    if finite && (sorted || columns_ascend(&p.starts, &p.indices)) {
        return;
    }
    for j in 0..p.num_columns() {
        let view = p.column(j);
        if view.rows.windows(2).any(|w| w[0] >= w[1]) {
            let place = Place::Column(j, p.column_names.get(j).into_owned());
            defects.add(DefectCode::NotSorted, place, "its rows are not in ascending order");
        }
        for (i, v) in view.iter().filter(|_| !finite) {
            if !v.is_finite() {
                let place =
                    Place::Entry { row: p.row_names.get(i).into_owned(), column: p.column_names.get(j).into_owned() };
                let code = if v.is_nan() { DefectCode::NotANumber } else { DefectCode::Infinite };
                defects.add(code, place, format!("{v}; it must be a finite number"));
            }
        }
    }
}

/// Whether rows rise within every column. Counts the places where they do not, without a jump an entry: each must be the
/// end of a column.
pub(crate) fn columns_ascend(starts: &[u32], indices: &[u32]) -> bool {
    let falls = indices.windows(2).filter(|w| w[0] >= w[1]).count();
    let inner_ends = starts.windows(2).filter(|w| w[0] < w[1]).map(|w| w[0] as usize);
    let falls_at_ends = inner_ends.filter(|&at| at > 0 && indices[at - 1] >= indices[at]).count();
    falls == falls_at_ends
}

fn extras(p: &Problem, defects: &mut Defects) {
    let (n, m) = (p.num_columns(), p.num_rows());
    for (j, &code) in p.kinds.iter().enumerate() {
        if code > 3 {
            let place = Place::Column(j, p.column_names.get(j).into_owned());
            defects.add(DefectCode::BadKind, place, format!("kind {code}; there are 0 to 3"));
        }
    }
    for (s, set) in p.sets.iter().enumerate() {
        let mut bad = |code, detail: String| defects.add(code, Place::Set(s, set.name.clone()), detail);
        if !(1..=2).contains(&set.order) {
            bad(DefectCode::BadKind, format!("order {}; a special ordered set is of order 1 or 2", set.order));
        }
        if let Some(&(j, _)) = set.members.iter().find(|&&(j, _)| j as usize >= n) {
            bad(DefectCode::OutOfRange, format!("column index {j}, but there are {n} columns"));
        }
        if set.members.iter().any(|&(_, w)| !w.is_finite()) {
            bad(DefectCode::NotANumber, "a weight is not a finite number".into());
        }
        let mut columns: Vec<u32> = set.members.iter().map(|&(j, _)| j).collect();
        columns.sort_unstable();
        if columns.windows(2).any(|w| w[0] == w[1]) {
            bad(DefectCode::DuplicateName, "a variable is in it twice".into());
        }
        if set.members.windows(2).any(|w| w[0].1 >= w[1].1) {
            bad(DefectCode::NotSorted, "two members have the same weight; weights give the order".into());
        }
    }
    let mut switched = vec![false; if p.indicators.is_empty() { 0 } else { m }];
    for (k, indicator) in p.indicators.iter().enumerate() {
        let (row, column) = (indicator.row as usize, indicator.column as usize);
        if row >= m || column >= n {
            defects.add(DefectCode::OutOfRange, Place::Indicator(k), format!("row {row}, column {column}"));
            continue;
        }
        if std::mem::replace(&mut switched[row], true) {
            defects.add(DefectCode::DuplicateName, Place::Indicator(k), "its row has an indicator already");
        }
        if p.kinds[column] != 1 || p.lower[column] < 0.0 || p.upper[column] > 1.0 {
            let name = p.column_names.get(column);
            defects.add(DefectCode::BadKind, Place::Indicator(k), format!("variable '{name}' is not binary"));
        }
    }
}

fn quadratics(p: &Problem, defects: &mut Defects) {
    let m = p.num_rows();
    products(p, p.quadratic_objective(), &|| Place::Objective, defects);
    let rows = p.quadratic_rows();
    if rows.windows(2).any(|w| w[0].row >= w[1].row) {
        defects.add(DefectCode::NotSorted, Place::Problem, "the rows with products are not in ascending order");
    }
    for one in rows {
        let i = one.row as usize;
        if i >= m {
            let detail = format!("products in row {i}, but there are {m} rows");
            defects.add(DefectCode::OutOfRange, Place::Problem, detail);
            continue;
        }
        products(p, &one.products, &|| Place::Row(i, p.row_names.get(i).into_owned()), defects);
    }
}

fn products(p: &Problem, products: &[Product], place: &dyn Fn() -> Place, defects: &mut Defects) {
    let n = p.num_columns();
    let name = |j: u32| p.column_names.get(j as usize);
    for product in products {
        let (first, second, value) = (product.first, product.second, product.value);
        if first.max(second) as usize >= n {
            let detail = format!("a product of columns {first} and {second}, but there are {n} columns");
            defects.add(DefectCode::OutOfRange, place(), detail);
        } else if value.is_nan() {
            let detail = format!("the coefficient of '{}' × '{}' is NaN", name(first), name(second));
            defects.add(DefectCode::NotANumber, place(), detail);
        } else if value.is_infinite() {
            let detail = format!(
                "the coefficient of '{}' × '{}' is infinite; it must be a finite number",
                name(first),
                name(second)
            );
            defects.add(DefectCode::Infinite, place(), detail);
        }
    }
    if !is_normal(products) {
        let detail = "its products are not in their one form: pairs of columns ascending, each once, none with 0";
        defects.add(DefectCode::NotSorted, place(), detail);
    }
}

fn names(p: &Problem, defects: &mut Defects) {
    for (what, names) in [("variables", &p.column_names), ("constraints", &p.row_names)] {
        // Names made on demand by a model are unique by construction there; making them all here would cost more than
        // everything else.
        let Some(arena) = names.to_be_compared() else { continue };
        let mut seen = std::collections::HashSet::with_capacity(arena.len());
        for (at, name) in arena.iter().enumerate() {
            if !seen.insert(name.clone()) {
                let place = if what == "variables" {
                    Place::Column(at, name.to_string())
                } else {
                    Place::Row(at, name.to_string())
                };
                defects.add(DefectCode::DuplicateName, place, format!("two {what} have this name"));
            }
        }
    }
}
