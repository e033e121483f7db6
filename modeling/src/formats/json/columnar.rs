//! The shape for machines: columns, rows and one compressed matrix, by columns or by rows.

use super::document::{At, Document, Keys, Path};
use super::{kind, problem_name, sense};
use crate::formats::place::FormatError;
use crate::problem::{
    ColumnKind, Indicator, MOST_ENTRIES, NameArena, Names, ProblemData, Product, QuadraticRow, SpecialOrderedSet,
};

/// Reads the whole model.
pub(super) fn read(at: At<'_, '_>) -> Result<ProblemData, FormatError> {
    let mut keys = Keys::of(at)?;
    let name = problem_name(keys.take("name"), at.path)?;
    let objective_name = keys
        .take("objective_name")
        .map(|value| At { value, path: &Path::Key(at.path, "objective_name") }.text().map(str::to_owned))
        .transpose()?;
    let sense = sense(keys.take("sense"), at.path)?;
    let offset = match keys.take("offset") {
        Some(value) => At { value, path: &Path::Key(at.path, "offset") }.number()?,
        None => 0.0,
    };
    let columns = keys.take("columns").ok_or_else(|| keys.missing("columns"))?;
    let rows = keys.take("rows");
    let matrix = keys.take("matrix");
    let sets = keys.take("sets");
    let indicators = keys.take("indicators");
    let (quadratic_objective, quadratic_rows) = (keys.take("quadratic_objective"), keys.take("quadratic_rows"));
    keys.finish()?;

    let mut data = ProblemData { name, objective_name, sense, offset, ..ProblemData::default() };
    let columns_path = Path::Key(at.path, "columns");
    read_columns(At { value: columns, path: &columns_path }, &mut data)?;
    let empty = Document::Object(Vec::new());
    let rows_path = Path::Key(at.path, "rows");
    read_rows(At { value: rows.unwrap_or(&empty), path: &rows_path }, &mut data)?;
    match matrix {
        Some(value) => read_matrix(At { value, path: &Path::Key(at.path, "matrix") }, &mut data)?,
        None => data.starts = vec![0; data.cost.len() + 1],
    }
    if let Some(value) = quadratic_objective {
        let at = At { value, path: &Path::Key(at.path, "quadratic_objective") };
        data.quadratic_objective = read_products(at, &mut Keys::of(at)?)?;
    }
    if let Some(value) = quadratic_rows {
        data.quadratic_rows = read_quadratic_rows(At { value, path: &Path::Key(at.path, "quadratic_rows") })?;
    }
    if let Some(value) = sets {
        data.sets = read_sets(At { value, path: &Path::Key(at.path, "sets") })?;
    }
    if let Some(value) = indicators {
        data.indicators = read_indicators(At { value, path: &Path::Key(at.path, "indicators") })?;
    }
    Ok(data)
}

/// Arrays of one length: the first that is there decides, all others must agree.
struct Arrays<'d, 'p> {
    keys: Keys<'d, 'p>,
    path: &'p Path<'p>,
    len: Option<(usize, &'static str)>,
}

impl<'d, 'p> Arrays<'d, 'p> {
    fn of(at: At<'d, 'p>) -> Result<Self, FormatError> {
        Ok(Self { keys: Keys::of(at)?, path: at.path, len: None })
    }

    fn agree(&mut self, key: &'static str, len: usize) -> Result<(), FormatError> {
        let (expected, first) = *self.len.get_or_insert((len, key));
        if len == expected {
            return Ok(());
        }
        let finding = format!("{len} values, but \"{first}\" has {expected}");
        Err(Path::Key(self.path, key).error("json-length", finding, "give every array the same length"))
    }

    /// Numbers, or infinities where the array may hold them.
    fn numbers(&mut self, key: &'static str, absent: Option<f64>) -> Result<Option<Vec<f64>>, FormatError> {
        let Some(value) = self.keys.take(key) else { return Ok(None) };
        let path = Path::Key(self.path, key);
        let values = match (value, absent) {
            (Document::Numbers(values), _) => values.clone(),
            (Document::List(items), Some(absent)) => {
                let bound = |(i, value)| At { value, path: &Path::Item(&path, i) }.bound(absent);
                items.iter().enumerate().map(bound).collect::<Result<_, _>>()?
            }
            (Document::List(items), None) => {
                let number = |(i, value)| At { value, path: &Path::Item(&path, i) }.number();
                items.iter().enumerate().map(number).collect::<Result<_, _>>()?
            }
            _ => return Err(At { value, path: &path }.wrong_kind("a list of numbers")),
        };
        self.agree(key, values.len())?;
        Ok(Some(values))
    }

    fn texts(&mut self, key: &'static str) -> Result<Option<Vec<&'d str>>, FormatError> {
        let Some(value) = self.keys.take(key) else { return Ok(None) };
        let path = Path::Key(self.path, key);
        let texts: Vec<&'d str> = match value {
            Document::List(items) => {
                let text = |(i, value)| At { value, path: &Path::Item(&path, i) }.text();
                items.iter().enumerate().map(text).collect::<Result<_, _>>()?
            }
            Document::Numbers(numbers) if numbers.is_empty() => Vec::new(),
            _ => return Err(At { value, path: &path }.wrong_kind("a list of text")),
        };
        self.agree(key, texts.len())?;
        Ok(Some(texts))
    }

    fn names(&mut self) -> Result<Option<Names>, FormatError> {
        let Some(texts) = self.texts("names")? else { return Ok(None) };
        let mut arena = NameArena::default();
        for text in texts {
            if !arena.push(text) {
                let path = Path::Key(self.path, "names");
                return Err(path.error("json-too-large", "names of more than 4 GiB in all", "shorten the names"));
            }
        }
        Ok(Some(arena.into()))
    }

    /// How many there are, once all arrays have been taken.
    fn finish(self) -> Result<usize, FormatError> {
        let len = self.len.map_or(0, |(len, _)| len);
        self.keys.finish()?;
        Ok(len)
    }
}

fn read_columns(at: At<'_, '_>, data: &mut ProblemData) -> Result<(), FormatError> {
    let mut arrays = Arrays::of(at)?;
    let cost = arrays.numbers("cost", None)?;
    let lower = arrays.numbers("lower", Some(f64::NEG_INFINITY))?;
    let upper = arrays.numbers("upper", Some(f64::INFINITY))?;
    let types = arrays.texts("type")?;
    data.column_names = arrays.names()?;
    let n = arrays.finish()?;
    data.cost = cost.unwrap_or_else(|| vec![0.0; n]);
    data.lower = lower.unwrap_or_else(|| vec![0.0; n]);
    let upper_given = upper.is_some();
    data.upper = upper.unwrap_or_else(|| vec![f64::INFINITY; n]);
    data.kinds = vec![ColumnKind::Continuous; n];
    let path = Path::Key(at.path, "type");
    for (j, text) in types.unwrap_or_default().into_iter().enumerate() {
        let (kind, binary) = kind(text, &Path::Item(&path, j))?;
        data.kinds[j] = kind;
        if binary {
            data.lower[j] = data.lower[j].max(0.0);
            data.upper[j] = if upper_given { data.upper[j].min(1.0) } else { 1.0 };
        }
    }
    Ok(())
}

fn read_rows(at: At<'_, '_>, data: &mut ProblemData) -> Result<(), FormatError> {
    let mut arrays = Arrays::of(at)?;
    let lower = arrays.numbers("lower", Some(f64::NEG_INFINITY))?;
    let upper = arrays.numbers("upper", Some(f64::INFINITY))?;
    data.row_names = arrays.names()?;
    let m = arrays.finish()?;
    data.row_lower = lower.unwrap_or_else(|| vec![f64::NEG_INFINITY; m]);
    data.row_upper = upper.unwrap_or_else(|| vec![f64::INFINITY; m]);
    Ok(())
}

fn read_matrix(at: At<'_, '_>, data: &mut ProblemData) -> Result<(), FormatError> {
    let mut keys = Keys::of(at)?;
    let (csc, csr) = (keys.take("csc"), keys.take("csr"));
    keys.finish()?;
    let (n, m) = (data.cost.len(), data.row_lower.len());
    match (csc, csr) {
        (Some(value), None) => {
            let path = Path::Key(at.path, "csc");
            (data.starts, data.indices, data.values) = compressed(At { value, path: &path }, n, m)?;
        }
        (None, Some(value)) => {
            let path = Path::Key(at.path, "csr");
            let (starts, columns, values) = compressed(At { value, path: &path }, m, n)?;
            transpose(&starts, &columns, &values, data);
        }
        _ => {
            return Err(at.path.error("json-value", "not exactly one of \"csc\" and \"csr\"", "give one of them"));
        }
    }
    Ok(())
}

type Compressed = (Vec<u32>, Vec<u32>, Vec<f64>);

/// Starts, indices and values of `outer` vectors over `inner` positions.
fn compressed(at: At<'_, '_>, outer: usize, inner: usize) -> Result<Compressed, FormatError> {
    let mut keys = Keys::of(at)?;
    let mut take = |key: &'static str| keys.take(key).ok_or_else(|| keys.missing(key));
    let (starts, indices, values) = (take("starts")?, take("indices")?, take("values")?);
    keys.finish()?;
    let values_path = Path::Key(at.path, "values");
    let Document::Numbers(values) = values else {
        return Err(At { value: values, path: &values_path }.wrong_kind("a list of numbers"));
    };
    let entries = values.len();
    if entries > MOST_ENTRIES {
        return Err(values_path.error("json-too-large", format!("{entries} values"), "no solver here takes more"));
    }
    let starts_path = Path::Key(at.path, "starts");
    let starts = integers(At { value: starts, path: &starts_path }, entries + 1)?;
    if starts.len() != outer + 1 {
        let finding = format!("{} starts where {} are needed", starts.len(), outer + 1);
        return Err(starts_path.error("json-length", finding, "give one start a vector, and the end"));
    }
    if let Some(k) = starts.windows(2).position(|w| w[0] > w[1]) {
        return Err(Path::Item(&starts_path, k + 1).error("json-value", "it falls", "starts rise"));
    }
    if starts.first() != Some(&0) || starts.last().is_some_and(|&end| end as usize != entries) {
        let finding = format!("starts do not go from 0 to {entries}, the number of values");
        return Err(starts_path.error("json-value", finding, "let them cover all values"));
    }
    let indices_path = Path::Key(at.path, "indices");
    let indices = integers(At { value: indices, path: &indices_path }, inner)?;
    if indices.len() != entries {
        let finding = format!("{} indices, but {entries} values", indices.len());
        return Err(indices_path.error("json-length", finding, "give one index a value"));
    }
    Ok((starts, indices, values.clone()))
}

/// Whole numbers from 0 to below `end`.
fn integers(at: At<'_, '_>, end: usize) -> Result<Vec<u32>, FormatError> {
    let Document::Numbers(values) = at.value else { return Err(at.wrong_kind("a list of whole numbers")) };
    let mut integers = Vec::with_capacity(values.len());
    for (k, &value) in values.iter().enumerate() {
        if value.fract() != 0.0 || value < 0.0 || value >= end as f64 {
            let finding = format!("{value} is not a whole number from 0 to below {end}");
            return Err(Path::Item(at.path, k).error("json-value", finding, "positions count from 0"));
        }
        integers.push(value as u32);
    }
    Ok(integers)
}

/// Rows to columns, by counting.
fn transpose(starts: &[u32], columns: &[u32], values: &[f64], data: &mut ProblemData) {
    let n = data.cost.len();
    let mut column_starts = vec![0_u32; n + 1];
    for &j in columns {
        column_starts[j as usize + 1] += 1;
    }
    for j in 0..n {
        column_starts[j + 1] += column_starts[j];
    }
    let mut next = column_starts.clone();
    data.indices = vec![0; values.len()];
    data.values = vec![0.0; values.len()];
    for row in 0..starts.len() - 1 {
        for k in starts[row] as usize..starts[row + 1] as usize {
            let at = &mut next[columns[k] as usize];
            data.indices[*at as usize] = row as u32;
            data.values[*at as usize] = values[k];
            *at += 1;
        }
    }
    data.starts = column_starts;
}

/// `first`, `second` and `values`, one of each a product. What is left of the keys is refused.
fn read_products(at: At<'_, '_>, keys: &mut Keys<'_, '_>) -> Result<Vec<Product>, FormatError> {
    let mut columns = |key: &'static str| {
        let value = keys.take(key).ok_or_else(|| keys.missing(key))?;
        integers(At { value, path: &Path::Key(at.path, key) }, MOST_ENTRIES)
    };
    let (first, second) = (columns("first")?, columns("second")?);
    let values = keys.take("values").ok_or_else(|| keys.missing("values"))?;
    let values_path = Path::Key(at.path, "values");
    let Document::Numbers(values) = values else {
        return Err(At { value: values, path: &values_path }.wrong_kind("a list of numbers"));
    };
    if first.len() != values.len() || second.len() != values.len() {
        let finding = format!("{} values, but {} and {} columns", values.len(), first.len(), second.len());
        return Err(values_path.error("json-length", finding, "give two columns a value"));
    }
    // Columns that are not there are told with the problem's other defects.
    let pairs = first.into_iter().zip(second).zip(values);
    let products = pairs.map(|((first, second), &value)| Product { first, second, value }).collect();
    keys.refuse_others()?;
    Ok(products)
}

fn read_quadratic_rows(at: At<'_, '_>) -> Result<Vec<QuadraticRow>, FormatError> {
    let mut rows = Vec::new();
    for (k, value) in objects(at)?.iter().enumerate() {
        let path = Path::Item(at.path, k);
        let at = At { value, path: &path };
        let mut keys = Keys::of(at)?;
        let row = keys.take("row").ok_or_else(|| keys.missing("row"))?;
        let row_path = Path::Key(&path, "row");
        let row = At { value: row, path: &row_path }.number()?;
        if row.fract() != 0.0 || !(0.0..MOST_ENTRIES as f64).contains(&row) {
            return Err(row_path.error("json-value", format!("{row} is not a position"), "positions count from 0"));
        }
        rows.push(QuadraticRow { row: row as u32, products: read_products(at, &mut keys)? });
    }
    Ok(rows)
}

/// The items of a list of objects.
fn objects<'d>(at: At<'d, '_>) -> Result<&'d [Document], FormatError> {
    match at.value {
        Document::List(items) => Ok(items),
        Document::Numbers(numbers) if numbers.is_empty() => Ok(&[]),
        _ => Err(at.wrong_kind("a list of objects")),
    }
}

fn read_sets(at: At<'_, '_>) -> Result<Vec<SpecialOrderedSet>, FormatError> {
    let mut sets = Vec::new();
    for (k, value) in objects(at)?.iter().enumerate() {
        let path = Path::Item(at.path, k);
        let mut keys = Keys::of(At { value, path: &path })?;
        let name = problem_name(keys.take("name"), &path)?;
        let order = keys.take("order").ok_or_else(|| keys.missing("order"))?;
        let columns = keys.take("columns").ok_or_else(|| keys.missing("columns"))?;
        let weights = keys.take("weights").ok_or_else(|| keys.missing("weights"))?;
        keys.finish()?;
        let order = At { value: order, path: &Path::Key(&path, "order") }.number()?;
        let columns = integers(At { value: columns, path: &Path::Key(&path, "columns") }, MOST_ENTRIES)?;
        let weights_path = Path::Key(&path, "weights");
        let Document::Numbers(weights) = weights else {
            return Err(At { value: weights, path: &weights_path }.wrong_kind("a list of numbers"));
        };
        if weights.len() != columns.len() {
            let finding = format!("{} weights, but {} columns", weights.len(), columns.len());
            return Err(weights_path.error("json-length", finding, "give one weight a column"));
        }
        // Orders and columns that are not there are told with the problem's other defects.
        let order = if order == 1.0 || order == 2.0 { order as u8 } else { 0 };
        let members = columns.into_iter().zip(weights.iter().copied()).collect();
        sets.push(SpecialOrderedSet { name, order, members });
    }
    Ok(sets)
}

fn read_indicators(at: At<'_, '_>) -> Result<Vec<Indicator>, FormatError> {
    let mut indicators = Vec::new();
    for (k, value) in objects(at)?.iter().enumerate() {
        let path = Path::Item(at.path, k);
        let mut keys = Keys::of(At { value, path: &path })?;
        let mut number = |key: &'static str| {
            let value = keys.take(key).ok_or_else(|| keys.missing(key))?;
            At { value, path: &Path::Key(&path, key) }.number()
        };
        let (row, column, active) = (number("row")?, number("column")?, number("value")?);
        keys.finish()?;
        let whole = |v: f64| v.fract() == 0.0 && (0.0..MOST_ENTRIES as f64).contains(&v);
        if !whole(row) || !whole(column) || (active != 0.0 && active != 1.0) {
            let finding = "row and column are positions from 0, value is 0 or 1";
            return Err(path.error("json-value", finding, "correct it"));
        }
        indicators.push(Indicator { row: row as u32, column: column as u32, active: active == 1.0 });
    }
    Ok(indicators)
}
