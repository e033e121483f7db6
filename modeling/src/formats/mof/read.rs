//! The document of `MathOptFormat`: variables, objective, and constraints as a function in a set each.

use super::functions::{Columns, Function, Functions, field, list, number, numbers, text};
use crate::formats::json::Document;
use crate::formats::json::document::{At, Path};
use crate::formats::place::{FormatError, Warning, quote};
use crate::formats::polynomial::{Budget, Polynomial};
use crate::formats::triplets::{self, Triplet};
use crate::problem::{
    ColumnKind, Indicator, MOST_ENTRIES, NameArena, Names, ProblemData, QuadraticRow, Sense, SpecialOrderedSet,
};

/// Reads the whole document, which came from `bytes` bytes.
pub(super) fn read(document: &Document, bytes: usize) -> Result<(ProblemData, Vec<Warning>), FormatError> {
    let root = At { value: document, path: &Path::Root("") };
    version(root)?;
    let mut data = ProblemData::default();
    if let Some((_, Document::Text(name))) = root.object()?.iter().find(|(key, _)| key == "name") {
        data.name.clone_from(name);
    }
    let columns = variables(root, &mut data)?;
    let mut budget = Budget::for_text(bytes);
    let mut functions = Functions { columns: &columns, budget: &mut budget };
    objective(root, &mut functions, &mut data)?;
    let mut rows = Rows { data: &mut data, entries: Vec::new(), names: Vec::new() };
    let path = Path::Key(root.path, "constraints");
    for (k, value) in list(root, "constraints")?.iter().enumerate() {
        rows.constraint(At { value, path: &Path::Item(&path, k) }, &mut functions)?;
    }
    rows.finish(&path)?;
    Ok((data, Vec::new()))
}

fn version(root: At<'_, '_>) -> Result<(), FormatError> {
    let path = Path::Key(root.path, "version");
    let version = At { value: field(root, "version")?, path: &path };
    let (major, minor) = (number(version, "major")?, number(version, "minor")?);
    if major == 1.0 {
        return Ok(());
    }
    let finding = format!("version {major}.{minor}");
    Err(Path::Key(&path, "major").error("mof-version", finding, "version 1 is read; JuMP writes it"))
}

/// Columns without bounds: that is what a variable of this format is until a constraint says otherwise.
fn variables<'d>(root: At<'d, '_>, data: &mut ProblemData) -> Result<Columns<'d>, FormatError> {
    let path = Path::Key(root.path, "variables");
    let items = list(root, "variables")?;
    let mut columns = Columns::with_capacity(items.len());
    let mut names = NameArena::default();
    for (k, value) in items.iter().enumerate() {
        let at = At { value, path: &Path::Item(&path, k) };
        let name = text(at, "name")?;
        let name_path = Path::Key(at.path, "name");
        if name.is_empty() {
            return Err(name_path.error("mof-value", "a variable without a name", "give it one"));
        }
        if columns.insert(name, k as u32).is_some() {
            let finding = format!("a second variable {}", quote(name.as_bytes()));
            return Err(name_path.error("mof-repeated", finding, "give each variable a name of its own"));
        }
        if !names.push(name) || k > MOST_ENTRIES {
            return Err(at.path.error("mof-too-large", "too many variables", "no solver here takes more"));
        }
    }
    let n = items.len();
    data.column_names = Some(Names::known_distinct(names));
    data.cost = vec![0.0; n];
    data.lower = vec![f64::NEG_INFINITY; n];
    data.upper = vec![f64::INFINITY; n];
    data.kinds = vec![ColumnKind::Continuous; n];
    Ok(columns)
}

fn objective<'d>(
    root: At<'d, '_>,
    functions: &mut Functions<'_, 'd>,
    data: &mut ProblemData,
) -> Result<(), FormatError> {
    let path = Path::Key(root.path, "objective");
    let at = At { value: field(root, "objective")?, path: &path };
    data.sense = match text(at, "sense")? {
        "min" => Sense::Minimize,
        "max" => Sense::Maximize,
        "feasibility" => return Ok(()),
        other => {
            let finding = format!("{} is no sense", quote(other.as_bytes()));
            return Err(Path::Key(&path, "sense").error("mof-value", finding, "give min, max or feasibility"));
        }
    };
    let function_path = Path::Key(&path, "function");
    let function = functions.read(At { value: field(at, "function")?, path: &function_path })?;
    if function.is_vector() {
        let finding = "an objective of several components";
        return Err(function_path.error("mof-unsupported-function", finding, "give one objective"));
    }
    for value in function.components() {
        data.offset += value.constant;
        for (column, cost) in value.linear {
            data.cost[column as usize] += cost;
        }
        data.quadratic_objective.extend(value.products);
    }
    Ok(())
}

/// A scalar set that is an interval.
fn interval(at: At<'_, '_>) -> Result<Option<(f64, f64)>, FormatError> {
    const NONE: f64 = f64::INFINITY;
    Ok(Some(match text(at, "type")? {
        "LessThan" => (-NONE, number(at, "upper")?),
        "GreaterThan" => (number(at, "lower")?, NONE),
        "EqualTo" | "Parameter" => {
            let value = number(at, "value")?;
            (value, value)
        }
        "Interval" => (number(at, "lower")?, number(at, "upper")?),
        _ => return Ok(None),
    }))
}

/// A vector set that is a box, for `count` components.
fn box_of(at: At<'_, '_>, count: usize) -> Result<Option<Vec<(f64, f64)>>, FormatError> {
    const NONE: f64 = f64::INFINITY;
    let side = match text(at, "type")? {
        "Nonnegatives" => (0.0, NONE),
        "Nonpositives" => (-NONE, 0.0),
        "Zeros" => (0.0, 0.0),
        "Reals" => (-NONE, NONE),
        "HyperRectangle" => {
            let (lower, upper) = (numbers(at, "lower")?, numbers(at, "upper")?);
            dimension(at, lower.len(), count)?;
            dimension(at, upper.len(), count)?;
            return Ok(Some(lower.iter().copied().zip(upper.iter().copied()).collect()));
        }
        _ => return Ok(None),
    };
    let told = number(at, "dimension")?;
    if told != count as f64 {
        dimension(at, told as usize, count)?;
    }
    Ok(Some(vec![side; count]))
}

fn dimension(at: At<'_, '_>, told: usize, count: usize) -> Result<(), FormatError> {
    if told == count {
        return Ok(());
    }
    let finding = format!("a set of {told} dimensions for a function of {count}");
    Err(at.path.error("mof-dimension", finding, "give them the same dimension"))
}

fn unsupported_set(at: At<'_, '_>) -> Result<FormatError, FormatError> {
    let finding = format!("sets of type {} for such a function", quote(text(at, "type")?.as_bytes()));
    let remedy = "linear and quadratic models are solved here; let JuMP bridge the constraint";
    Ok(Path::Key(at.path, "type").error("mof-unsupported-set", finding, remedy))
}

/// Rows and everything else that constraints come to.
struct Rows<'r> {
    data: &'r mut ProblemData,
    entries: Vec<Triplet>,
    /// One a row; empty where the document gives none.
    names: Vec<String>,
}

impl Rows<'_> {
    fn constraint<'d>(&mut self, at: At<'d, '_>, functions: &mut Functions<'_, 'd>) -> Result<(), FormatError> {
        let name = match at.object()?.iter().find(|(key, _)| key == "name") {
            Some((_, value)) => At { value, path: &Path::Key(at.path, "name") }.text()?,
            None => "",
        };
        let function_path = Path::Key(at.path, "function");
        let function = functions.read(At { value: field(at, "function")?, path: &function_path })?;
        let set_path = Path::Key(at.path, "set");
        let set = At { value: field(at, "set")?, path: &set_path };
        match function {
            Function::Variable(column) => self.variable(column, set),
            Function::Scalar(value) => {
                let Some((lower, upper)) = interval(set)? else { return Err(unsupported_set(set)?) };
                self.row(value, lower, upper, name.to_owned(), at.path)
            }
            vector => self.vector(vector, set, name, at.path),
        }
    }

    /// A variable in a set: its bounds or its kind.
    fn variable(&mut self, column: u32, set: At<'_, '_>) -> Result<(), FormatError> {
        let j = column as usize;
        match text(set, "type")? {
            "ZeroOne" => {
                self.whole(j);
                self.bounds(j, 0.0, 1.0);
            }
            "Integer" => self.whole(j),
            kind @ ("Semicontinuous" | "Semiinteger") => {
                let whole = kind == "Semiinteger" || self.data.kinds[j].is_integer();
                self.data.kinds[j] = if whole { ColumnKind::SemiInteger } else { ColumnKind::SemiContinuous };
                let (lower, upper) = (number(set, "lower")?, number(set, "upper")?);
                if self.data.lower[j].is_finite() || self.data.upper[j].is_finite() {
                    return Err(two_bounds(set.path));
                }
                self.bounds(j, lower, upper);
            }
            _ => {
                let Some((lower, upper)) = interval(set)? else { return Err(unsupported_set(set)?) };
                if self.data.kinds[j].is_semi() {
                    return Err(two_bounds(set.path));
                }
                self.bounds(j, lower, upper);
            }
        }
        Ok(())
    }

    fn whole(&mut self, j: usize) {
        let kind = &mut self.data.kinds[j];
        *kind = if kind.is_semi() { ColumnKind::SemiInteger } else { ColumnKind::Integer };
    }

    /// All bounds that are told hold.
    fn bounds(&mut self, j: usize, lower: f64, upper: f64) {
        self.data.lower[j] = self.data.lower[j].max(lower);
        self.data.upper[j] = self.data.upper[j].min(upper);
    }

    fn vector(&mut self, function: Function, set: At<'_, '_>, name: &str, path: &Path<'_>) -> Result<(), FormatError> {
        let kind = text(set, "type")?;
        if let ("SOS1" | "SOS2", Function::Variables(columns)) = (kind, &function) {
            let weights = numbers(set, "weights")?;
            dimension(set, weights.len(), columns.len())?;
            let members = columns.iter().copied().zip(weights.iter().copied()).collect();
            let order = if kind == "SOS1" { 1 } else { 2 };
            self.data.sets.push(SpecialOrderedSet { name: name.to_owned(), order, members });
            return Ok(());
        }
        if kind == "Indicator" {
            return self.indicator(function.components(), set, name, path);
        }
        let count = match &function {
            Function::Variables(columns) => columns.len(),
            Function::Vector(components) => components.len(),
            _ => 1,
        };
        let Some(sides) = box_of(set, count)? else { return Err(unsupported_set(set)?) };
        if let Function::Variables(columns) = &function {
            for (&column, (lower, upper)) in columns.iter().zip(sides) {
                if self.data.kinds[column as usize].is_semi() {
                    return Err(two_bounds(set.path));
                }
                self.bounds(column as usize, lower, upper);
            }
            return Ok(());
        }
        for (k, (value, (lower, upper))) in function.components().into_iter().zip(sides).enumerate() {
            let name = if name.is_empty() { String::new() } else { format!("{name}[{}]", k + 1) };
            self.row(value, lower, upper, name, path)?;
        }
        Ok(())
    }

    /// `(z, f)` in `Indicator`: f in the inner set where z is one, or zero.
    fn indicator(
        &mut self,
        components: Vec<Polynomial>,
        set: At<'_, '_>,
        name: &str,
        path: &Path<'_>,
    ) -> Result<(), FormatError> {
        let active = match text(set, "activate_on")? {
            "one" => true,
            "zero" => false,
            other => {
                let finding = format!("{} activates nothing", quote(other.as_bytes()));
                return Err(Path::Key(set.path, "activate_on").error("mof-value", finding, "give one or zero"));
            }
        };
        let inner_path = Path::Key(set.path, "set");
        let inner = At { value: field(set, "set")?, path: &inner_path };
        let Some((lower, upper)) = interval(inner)? else { return Err(unsupported_set(inner)?) };
        let count = components.len();
        let Ok([switch, value]) = <[Polynomial; 2]>::try_from(components) else {
            let finding = format!("an indicator over {count} components");
            return Err(path.error(
                "mof-dimension",
                finding,
                "it takes two: the variable that switches, and the expression",
            ));
        };
        let (&[(column, 1.0)], 0.0, true) = (&switch.linear[..], switch.constant, switch.products.is_empty()) else {
            let finding = "an indicator whose first component is not one variable";
            return Err(path.error("mof-value", finding, "give a binary variable, with the coefficient 1"));
        };
        self.data.indicators.push(Indicator { row: self.data.row_lower.len() as u32, column, active });
        self.row(value, lower, upper, name.to_owned(), path)
    }

    fn row(
        &mut self,
        value: Polynomial,
        lower: f64,
        upper: f64,
        name: String,
        path: &Path<'_>,
    ) -> Result<(), FormatError> {
        let row = self.data.row_lower.len();
        if row >= MOST_ENTRIES || self.entries.len() + value.linear.len() > MOST_ENTRIES {
            return Err(path.error("mof-too-large", "too many rows or terms", "no solver here takes more"));
        }
        self.entries.extend(value.linear.iter().map(|&(column, v)| (row as u32, column, v)));
        if !value.products.is_empty() {
            self.data.quadratic_rows.push(QuadraticRow { row: row as u32, products: value.products });
        }
        self.data.row_lower.push(lower - value.constant);
        self.data.row_upper.push(upper - value.constant);
        self.names.push(name);
        Ok(())
    }

    /// The matrix and the names: given ones, and `R1`, `R2`, … for rows without one.
    fn finish(self, path: &Path<'_>) -> Result<(), FormatError> {
        triplets::store(self.entries, self.data);
        if self.names.iter().all(String::is_empty) {
            return Ok(());
        }
        let given: std::collections::HashSet<&str> = self.names.iter().map(String::as_str).collect();
        let mut arena = NameArena::default();
        for (k, name) in self.names.iter().enumerate() {
            let mut made = format!("R{}", k + 1);
            while name.is_empty() && given.contains(made.as_str()) {
                made.push('_');
            }
            if !arena.push(if name.is_empty() { &made } else { name }) {
                return Err(path.error("mof-too-large", "names of more than 4 GiB in all", "shorten the names"));
            }
        }
        self.data.row_names = Some(arena.into());
        Ok(())
    }
}

#[cold]
fn two_bounds(path: &Path<'_>) -> FormatError {
    let finding = "bounds of a semicontinuous variable beside those of its set";
    path.error("mof-value", finding, "give its bounds in the set alone")
}
