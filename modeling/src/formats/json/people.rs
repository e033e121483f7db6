//! The shape for people: variables and constraints by name, constraints as algebra or as maps.

use std::collections::HashMap;

use super::algebra::{self, Trouble};
use super::document::{At, Document, Keys, Path};
use super::{kind, problem_name, sense};
use crate::formats::place::{FormatError, quote};
use crate::formats::polynomial::{Budget, Polynomial};
use crate::problem::{
    ColumnKind, Indicator, MOST_ENTRIES, NameArena, Names, ProblemData, QuadraticRow, SpecialOrderedSet,
};

/// Reads the whole model.
pub(super) fn read(at: At<'_, '_>) -> Result<ProblemData, FormatError> {
    let mut keys = Keys::of(at)?;
    let name = problem_name(keys.take("name"), at.path)?;
    let sense = sense(keys.take("sense"), at.path)?;
    let objective = keys.take("objective");
    let variables = keys.take("variables");
    let constraints = keys.take("constraints");
    let sets = keys.take("sets");
    let missing = keys.missing("variables");
    keys.finish()?;

    let mut data = ProblemData { name, sense, ..ProblemData::default() };
    let columns = read_variables(variables.ok_or(missing)?, at.path, &mut data)?;
    let mut rows = Rows::new();
    if let Some(value) = objective {
        let path = Path::Key(at.path, "objective");
        let read = read_objective(At { value, path: &path }, &columns, &mut rows.budget)?;
        for (j, v) in read.linear {
            data.cost[j as usize] += v;
        }
        data.offset = read.constant;
        data.quadratic_objective = read.products;
    }
    if let Some(value) = constraints {
        read_constraints(At { value, path: &Path::Key(at.path, "constraints") }, &columns, &mut rows)?;
    }
    rows.store(&mut data);
    if let Some(value) = sets {
        data.sets = read_sets(At { value, path: &Path::Key(at.path, "sets") }, &columns)?;
    }
    Ok(data)
}

type Columns<'a> = HashMap<&'a str, u32>;

fn read_variables<'a>(
    value: &'a Document,
    parent: &Path<'_>,
    data: &mut ProblemData,
) -> Result<Columns<'a>, FormatError> {
    let path = Path::Key(parent, "variables");
    let entries = At { value, path: &path }.object()?;
    let mut columns = HashMap::with_capacity(entries.len());
    let mut names = NameArena::default();
    for (name, value) in entries {
        let path = Path::Key(&path, name);
        if name.is_empty() {
            return Err(path.error("json-value", "a variable without a name", "give it one"));
        }
        let (kind, lower, upper) = read_variable(At { value, path: &path })?;
        if columns.insert(name.as_str(), data.cost.len() as u32).is_some() {
            return Err(path.error("json-duplicate-key", "a second variable of this name", "give each key once"));
        }
        if !names.push(name) || columns.len() > MOST_ENTRIES {
            return Err(path.error("json-too-large", "too many variables", "no solver here takes more"));
        }
        data.kinds.push(kind);
        data.lower.push(lower);
        data.upper.push(upper);
        data.cost.push(0.0);
    }
    data.column_names = Some(Names::known_distinct(names));
    Ok(columns)
}

/// Kind, lower and upper bound.
fn read_variable(at: At<'_, '_>) -> Result<(ColumnKind, f64, f64), FormatError> {
    if *at.value == Document::Null {
        return Ok((ColumnKind::Continuous, 0.0, f64::INFINITY));
    }
    let mut keys = Keys::of(at)?;
    let kind = match keys.take("type") {
        Some(value) => {
            let path = Path::Key(at.path, "type");
            kind(At { value, path: &path }.text()?, &path)?
        }
        None => (ColumnKind::Continuous, false),
    };
    let free = match keys.take("free") {
        Some(value) => At { value, path: &Path::Key(at.path, "free") }.boolean()?,
        None => false,
    };
    let top = if kind.1 { 1.0 } else { f64::INFINITY };
    let lower_given = keys.take("lower");
    let lower = match lower_given {
        Some(value) => At { value, path: &Path::Key(at.path, "lower") }.bound(f64::NEG_INFINITY)?,
        None if free => f64::NEG_INFINITY,
        None => 0.0,
    };
    let upper = match keys.take("upper") {
        Some(value) => At { value, path: &Path::Key(at.path, "upper") }.bound(top)?,
        None => top,
    };
    keys.finish()?;
    if free && (lower_given.is_some() || kind.1) {
        let finding = "free, and yet it has a lower bound";
        return Err(Path::Key(at.path, "free").error("json-value", finding, "give one or the other"));
    }
    Ok((kind.0, lower, upper))
}

fn tell(trouble: Trouble, path: &Path<'_>) -> FormatError {
    FormatError::at_pointer(path.pointer(), Some(trouble.character), trouble.code, trouble.finding, trouble.remedy)
}

fn read_objective(at: At<'_, '_>, columns: &Columns<'_>, budget: &mut Budget) -> Result<Polynomial, FormatError> {
    match at.value {
        Document::Null => Ok(Polynomial::default()),
        Document::Number(constant) => Ok(Polynomial::number(*constant)),
        Document::Text(text) => algebra::expression(text, columns, budget).map_err(|t| tell(t, at.path)),
        Document::Object(entries) if entries.iter().any(|(k, v)| k == "terms" && matches!(v, Document::Object(_))) => {
            let mut keys = Keys::of(at)?;
            let terms = keys.take("terms").map_or(Ok(Vec::new()), |value| {
                read_terms(At { value, path: &Path::Key(at.path, "terms") }, columns)
            })?;
            let constant = keys
                .take("constant")
                .map_or(Ok(0.0), |value| At { value, path: &Path::Key(at.path, "constant") }.number())?;
            keys.finish()?;
            Ok(Polynomial { linear: terms, constant, ..Polynomial::default() })
        }
        Document::Object(_) => Ok(Polynomial { linear: read_terms(at, columns)?, ..Polynomial::default() }),
        _ => Err(at.wrong_kind("algebra or a map from variable to cost")),
    }
}

/// A map from variable to number.
fn read_terms(at: At<'_, '_>, columns: &Columns<'_>) -> Result<Vec<(u32, f64)>, FormatError> {
    let mut terms = Vec::new();
    for (name, value) in at.object()? {
        let path = Path::Key(at.path, name);
        let column = *columns.get(name.as_str()).ok_or_else(|| unknown_variable(name, &path))?;
        terms.push((column, At { value, path: &path }.number()?));
    }
    Ok(terms)
}

fn unknown_variable(name: &str, path: &Path<'_>) -> FormatError {
    let finding = format!("{} is not a variable", quote(name.as_bytes()));
    path.error("json-unknown-variable", finding, "declare it under \"variables\", or correct the name")
}

/// The rows as they are written, to be turned into columns at the end.
struct Rows {
    /// For what multiplies out, in all of the model.
    budget: Budget,
    names: NameArena,
    lower: Vec<f64>,
    upper: Vec<f64>,
    ends: Vec<usize>,
    terms: Vec<(u32, f64)>,
    quadratic: Vec<QuadraticRow>,
    indicators: Vec<Indicator>,
    numbered: bool,
}

impl Rows {
    fn new() -> Self {
        Self {
            budget: Budget::for_text(0),
            names: NameArena::default(),
            lower: Vec::new(),
            upper: Vec::new(),
            ends: Vec::new(),
            terms: Vec::new(),
            quadratic: Vec::new(),
            indicators: Vec::new(),
            numbered: false,
        }
    }

    fn push_algebra(&mut self, row: algebra::Constraint) {
        if !row.products.is_empty() {
            self.quadratic.push(QuadraticRow { row: self.ends.len() as u32, products: row.products });
        }
        self.push(row.terms, row.lower, row.upper);
    }

    fn push(&mut self, terms: Vec<(u32, f64)>, lower: f64, upper: f64) {
        self.terms.extend(terms);
        self.ends.push(self.terms.len());
        self.lower.push(lower);
        self.upper.push(upper);
    }

    /// Transposes by counting.
    fn store(self, data: &mut ProblemData) {
        let n = data.cost.len();
        let mut starts = vec![0_u32; n + 1];
        for &(j, _) in &self.terms {
            starts[j as usize + 1] += 1;
        }
        for j in 0..n {
            starts[j + 1] += starts[j];
        }
        let mut next = starts.clone();
        data.indices = vec![0; self.terms.len()];
        data.values = vec![0.0; self.terms.len()];
        let mut row = 0;
        for (k, &(j, v)) in self.terms.iter().enumerate() {
            while k >= self.ends[row] {
                row += 1;
            }
            let at = next[j as usize] as usize;
            data.indices[at] = row as u32;
            data.values[at] = v;
            next[j as usize] += 1;
        }
        data.starts = starts;
        data.row_names = if self.numbered { None } else { Some(Names::from(self.names)) };
        data.row_lower = self.lower;
        data.row_upper = self.upper;
        data.indicators = self.indicators;
        data.quadratic_rows = self.quadratic;
    }
}

fn read_constraints(at: At<'_, '_>, columns: &Columns<'_>, rows: &mut Rows) -> Result<(), FormatError> {
    let too_large =
        |path: &Path<'_>| path.error("json-too-large", "too many rows or terms", "no solver here takes more");
    match at.value {
        Document::Null => {}
        Document::Object(entries) => {
            for (name, value) in entries {
                let path = Path::Key(at.path, name);
                read_constraint(At { value, path: &path }, columns, rows)?;
                if !rows.names.push(name) || rows.terms.len() > MOST_ENTRIES || rows.ends.len() > MOST_ENTRIES {
                    return Err(too_large(&path));
                }
            }
        }
        Document::List(items) => {
            rows.numbered = true;
            for (index, value) in items.iter().enumerate() {
                let path = Path::Item(at.path, index);
                read_constraint(At { value, path: &path }, columns, rows)?;
                if rows.terms.len() > MOST_ENTRIES || rows.ends.len() > MOST_ENTRIES {
                    return Err(too_large(&path));
                }
            }
        }
        Document::Numbers(numbers) if numbers.is_empty() => rows.numbered = true,
        _ => return Err(at.wrong_kind("a map from name to constraint")),
    }
    Ok(())
}

fn read_constraint(at: At<'_, '_>, columns: &Columns<'_>, rows: &mut Rows) -> Result<(), FormatError> {
    if let Document::Text(text) = at.value {
        let row = algebra::constraint(text, columns, &mut rows.budget).map_err(|t| tell(t, at.path))?;
        rows.push_algebra(row);
        return Ok(());
    }
    if !matches!(at.value, Document::Object(_)) {
        return Err(at.wrong_kind("algebra or {\"terms\", \"lower\", \"upper\"}"));
    }
    let mut keys = Keys::of(at)?;
    let expression = keys.take("expression");
    let when = keys.take("when");
    if let Some(value) = when {
        read_when(At { value, path: &Path::Key(at.path, "when") }, columns, rows)?;
    }
    if let Some(value) = expression {
        keys.finish()?;
        let path = Path::Key(at.path, "expression");
        let text = At { value, path: &path }.text()?;
        let row = algebra::constraint(text, columns, &mut rows.budget).map_err(|t| tell(t, &path))?;
        rows.push_algebra(row);
        return Ok(());
    }
    let terms = keys.take("terms").ok_or_else(|| keys.missing("terms"))?;
    let terms = read_terms(At { value: terms, path: &Path::Key(at.path, "terms") }, columns)?;
    let (lower, upper) = (keys.take("lower"), keys.take("upper"));
    let equal = keys.take("equal");
    keys.finish()?;
    let lower_value = lower.map_or(Ok(f64::NEG_INFINITY), |value| {
        At { value, path: &Path::Key(at.path, "lower") }.bound(f64::NEG_INFINITY)
    })?;
    let upper_value = upper
        .map_or(Ok(f64::INFINITY), |value| At { value, path: &Path::Key(at.path, "upper") }.bound(f64::INFINITY))?;
    let Some(value) = equal else {
        rows.push(terms, lower_value, upper_value);
        return Ok(());
    };
    let path = Path::Key(at.path, "equal");
    if lower.is_some() || upper.is_some() {
        return Err(path.error(
            "json-value",
            "equal, and yet it has a lower or an upper side",
            "give one or the other",
        ));
    }
    let side = At { value, path: &path }.number()?;
    rows.push(terms, side, side);
    Ok(())
}

/// `{"z": 1}`: the row about to be added holds when z is 1.
fn read_when(at: At<'_, '_>, columns: &Columns<'_>, rows: &mut Rows) -> Result<(), FormatError> {
    let terms = read_terms(at, columns)?;
    let active = match terms[..] {
        [(_, 0.0)] => false,
        [(_, 1.0)] => true,
        _ => {
            let finding = "not one binary variable and 0 or 1";
            return Err(at.path.error("json-value", finding, "write it as {\"z\": 1}"));
        }
    };
    rows.indicators.push(Indicator { row: rows.ends.len() as u32, column: terms[0].0, active });
    Ok(())
}

fn read_sets(at: At<'_, '_>, columns: &Columns<'_>) -> Result<Vec<SpecialOrderedSet>, FormatError> {
    let mut sets = Vec::new();
    for (name, value) in at.object()? {
        let path = Path::Key(at.path, name);
        let mut keys = Keys::of(At { value, path: &path })?;
        let order = keys.take("order").ok_or_else(|| keys.missing("order"))?;
        let weights = keys.take("weights").ok_or_else(|| keys.missing("weights"))?;
        keys.finish()?;
        let order_path = Path::Key(&path, "order");
        let order = match (At { value: order, path: &order_path }).number()? {
            1.0 => 1,
            2.0 => 2,
            other => {
                return Err(order_path.error("json-value", format!("{other} is not an order"), "give 1 or 2"));
            }
        };
        let members = read_terms(At { value: weights, path: &Path::Key(&path, "weights") }, columns)?;
        sets.push(SpecialOrderedSet { name: name.clone(), order, members });
    }
    Ok(sets)
}
