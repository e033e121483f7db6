//! Writes `MathOptFormat` 1.7 as a stream: variables, objective, rows in their order, then bounds, kinds and sets.

use std::io::{self, Write};

use crate::formats::number::Digits;
use crate::formats::place::{Warning, quote};
use crate::formats::safe_names::SafeNames;
use crate::formats::write::WriteError;
use crate::problem::{ColumnKind, Indicator, Problem, Product, Sense};

/// Writes the problem. Rows without a side and the objective's name are left out and told: the format has no infinity and
/// no name for it.
///
/// # Errors
/// Those of the target; `mof-semicontinuous` for a semicontinuous column with an infinite bound; `mof-coefficient` for a
/// square whose coefficient no double can hold twice.
///
/// ```
/// use farkas_modeling::formats::{json, mof};
/// let text = br#"{"objective": "x^2 - 2 x", "variables": {"x": {}}, "constraints": {"c": "1 <= x <= 3"}}"#;
/// let problem = json::read(text)?.value;
/// let mut out = Vec::new();
/// assert!(mof::write(&problem, &mut out)?.is_empty());
/// assert_eq!(mof::read(&out)?.value, problem);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write<W: Write>(problem: &Problem, out: &mut W) -> Result<Vec<Warning>, WriteError> {
    cannot_hold(problem)?;
    let columns = SafeNames::of(problem.column_names(), "C", |name| !name.is_empty());
    let mut warnings: Vec<Warning> = columns.warning("mof-renamed-columns", "column").into_iter().collect();
    if let Some(name) = problem.objective_name().filter(|name| !name.is_empty()) {
        let detail = format!("the objective's name {} cannot be written", quote(name.as_bytes()));
        warnings.push(Warning { code: "mof-objective-name", line: None, detail });
    }
    let free = (0..problem.num_rows()).filter(|&i| is_free(problem, i)).count();
    if free > 0 {
        let detail = format!("{free} rows without a side are left out");
        warnings.push(Warning { code: "mof-free-rows", line: None, detail });
    }
    let mut writer = Writer { p: problem, out, columns, constraints: 0 };
    writer.head()?;
    writer.objective()?;
    writer.out.write_all(b",\n\"constraints\":[")?;
    writer.rows()?;
    for j in 0..problem.num_columns() {
        writer.column_sets(j)?;
    }
    writer.sets()?;
    writer.out.write_all(b"]}\n")?;
    Ok(warnings)
}

/// What would be another problem if it were left out.
fn cannot_hold(p: &Problem) -> Result<(), WriteError> {
    let unbounded = |j: &usize| p.kind(*j).is_semi() && !(p.lower()[*j].is_finite() && p.upper()[*j].is_finite());
    if let Some(j) = (0..p.num_columns()).find(unbounded) {
        let finding =
            format!("the infinite bound of the semicontinuous column {}", quote(p.column_names().get(j).as_bytes()));
        return Err(WriteError::cannot_hold("MathOptFormat", "mof-semicontinuous", finding, "give it bounds"));
    }
    let products = p.quadratic_rows().iter().flat_map(|row| &row.products).chain(p.quadratic_objective());
    if let Some(product) = products.filter(|q| q.first == q.second).find(|q| !(2.0 * q.value).is_finite()) {
        let finding = format!("the coefficient {:e}, of which it writes the double,", product.value);
        return Err(WriteError::cannot_hold("MathOptFormat", "mof-coefficient", finding, "scale the problem"));
    }
    Ok(())
}

fn is_free(p: &Problem, row: usize) -> bool {
    p.row_lower()[row] == f64::NEG_INFINITY && p.row_upper()[row] == f64::INFINITY
}

struct Writer<'a, 'o, W> {
    p: &'a Problem,
    out: &'o mut W,
    columns: SafeNames<'a>,
    constraints: usize,
}

impl<W: Write> Writer<'_, '_, W> {
    fn text(&mut self, text: &str) -> io::Result<()> {
        serde_json::to_writer(&mut *self.out, text).map_err(io::Error::from)
    }

    fn name(&mut self, j: u32) -> io::Result<()> {
        serde_json::to_writer(&mut *self.out, self.columns.get(j as usize)).map_err(io::Error::from)
    }

    fn number(&mut self, value: f64) -> io::Result<()> {
        let mut digits = Digits::default();
        self.out.write_all(digits.of(value))
    }

    fn raw(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }

    /// `item` for each, with commas between.
    fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut item: impl FnMut(&mut Self, T) -> io::Result<()>,
    ) -> io::Result<()> {
        self.raw("[")?;
        for (k, value) in items.into_iter().enumerate() {
            if k > 0 {
                self.raw(",")?;
            }
            item(self, value)?;
        }
        self.raw("]")
    }

    fn head(&mut self) -> io::Result<()> {
        self.raw("{")?;
        let p = self.p;
        if !p.name().is_empty() {
            self.raw("\"name\":")?;
            self.text(p.name())?;
            self.raw(",\n")?;
        }
        self.raw("\"version\":{\"major\":1,\"minor\":7},\n\"variables\":")?;
        self.list(0..p.num_columns() as u32, |w, j| {
            w.raw("{\"name\":")?;
            w.name(j)?;
            w.raw("}")
        })
    }

    fn objective(&mut self) -> io::Result<()> {
        let p = self.p;
        let sense = if p.sense() == Sense::Maximize { "max" } else { "min" };
        self.raw(&format!(",\n\"objective\":{{\"sense\":\"{sense}\",\"function\":"))?;
        let costs: Vec<(u32, f64)> =
            p.cost().iter().enumerate().filter(|(_, c)| **c != 0.0).map(|(j, &c)| (j as u32, c)).collect();
        self.function(&costs, p.quadratic_objective(), p.offset(), None)?;
        self.raw("}")
    }

    /// An affine or quadratic function; with a column that switches it, a vector of both.
    fn function(
        &mut self,
        linear: &[(u32, f64)],
        products: &[Product],
        constant: f64,
        switch: Option<u32>,
    ) -> io::Result<()> {
        let kind = if products.is_empty() { "Affine" } else { "Quadratic" };
        let shape = if switch.is_some() { "Vector" } else { "Scalar" };
        self.raw(&format!("{{\"type\":\"{shape}{kind}Function\","))?;
        if !products.is_empty() {
            self.raw("\"quadratic_terms\":")?;
            self.list(products, |w, q| {
                w.raw(if switch.is_some() { "{\"output_index\":2,\"scalar_term\":{" } else { "{" })?;
                w.raw("\"coefficient\":")?;
                w.number(if q.first == q.second { 2.0 * q.value } else { q.value })?;
                w.raw(",\"variable_1\":")?;
                w.name(q.first)?;
                w.raw(",\"variable_2\":")?;
                w.name(q.second)?;
                w.raw(if switch.is_some() { "}}" } else { "}" })
            })?;
            self.raw(",")?;
        }
        self.raw(if products.is_empty() { "\"terms\":" } else { "\"affine_terms\":" })?;
        let first = switch.map(|column| (1, column, 1.0));
        let terms = first.into_iter().chain(linear.iter().map(|&(column, value)| (2, column, value)));
        self.list(terms, |w, (index, column, value)| {
            if switch.is_some() {
                w.raw(&format!("{{\"output_index\":{index},\"scalar_term\":"))?;
            }
            w.raw("{\"coefficient\":")?;
            w.number(value)?;
            w.raw(",\"variable\":")?;
            w.name(column)?;
            w.raw(if switch.is_some() { "}}" } else { "}" })
        })?;
        if switch.is_some() {
            return self.raw(",\"constants\":[0,0]}");
        }
        self.raw(",\"constant\":")?;
        self.number(constant)?;
        self.raw("}")
    }

    fn begin_constraint(&mut self) -> io::Result<()> {
        self.raw(if self.constraints == 0 { "\n{" } else { ",\n{" })?;
        self.constraints += 1;
        Ok(())
    }

    fn rows(&mut self) -> io::Result<()> {
        let p = self.p;
        let by_rows = p.by_rows();
        let mut switches: Vec<Option<Indicator>> = vec![None; if p.indicators().is_empty() { 0 } else { p.num_rows() }];
        for &indicator in p.indicators() {
            switches[indicator.row as usize] = Some(indicator);
        }
        let mut quadratic = p.quadratic_rows().iter().peekable();
        for i in 0..p.num_rows() {
            let products = quadratic.next_if(|row| row.row as usize == i).map_or(&[][..], |row| &row.products);
            if is_free(p, i) {
                continue;
            }
            self.begin_constraint()?;
            if p.row_names().are_given() && !p.row_names().get(i).is_empty() {
                self.raw("\"name\":")?;
                self.text(&p.row_names().get(i))?;
                self.raw(",")?;
            }
            self.raw("\"function\":")?;
            let (columns, values) = by_rows.row(i);
            let linear: Vec<(u32, f64)> = columns.iter().copied().zip(values.iter().copied()).collect();
            let switch = switches.get(i).copied().flatten();
            self.function(&linear, products, 0.0, switch.map(|indicator| indicator.column))?;
            self.raw(",\"set\":")?;
            if let Some(indicator) = switch {
                let on = if indicator.active { "one" } else { "zero" };
                self.raw(&format!("{{\"type\":\"Indicator\",\"activate_on\":\"{on}\",\"set\":"))?;
            }
            self.interval(p.row_lower()[i], p.row_upper()[i])?;
            self.raw(if switch.is_some() { "}}" } else { "}" })?;
        }
        Ok(())
    }

    /// The set between two sides, of which one at least is finite.
    fn interval(&mut self, lower: f64, upper: f64) -> io::Result<()> {
        let (kind, sides): (&str, &[(&str, f64)]) = match (lower.is_finite(), upper.is_finite()) {
            (true, true) if lower == upper => ("EqualTo", &[("value", lower)]),
            (true, true) => ("Interval", &[("lower", lower), ("upper", upper)]),
            (true, false) => ("GreaterThan", &[("lower", lower)]),
            _ => ("LessThan", &[("upper", upper)]),
        };
        self.set(kind, sides)
    }

    fn set(&mut self, kind: &str, numbers: &[(&str, f64)]) -> io::Result<()> {
        self.raw(&format!("{{\"type\":\"{kind}\""))?;
        for &(key, value) in numbers {
            self.raw(&format!(",\"{key}\":"))?;
            self.number(value)?;
        }
        self.raw("}")
    }

    /// Bounds and kind of a column.
    fn column_sets(&mut self, j: usize) -> io::Result<()> {
        let (lower, upper, kind) = (self.p.lower()[j], self.p.upper()[j], self.p.kind(j));
        if kind == ColumnKind::Integer && (lower, upper) == (0.0, 1.0) {
            return self.variable_in(j, |w| w.set("ZeroOne", &[]));
        }
        if kind.is_semi() {
            let kind = if kind.is_integer() { "Semiinteger" } else { "Semicontinuous" };
            return self.variable_in(j, |w| w.set(kind, &[("lower", lower), ("upper", upper)]));
        }
        if kind.is_integer() {
            self.variable_in(j, |w| w.set("Integer", &[]))?;
        }
        if lower == f64::NEG_INFINITY && upper == f64::INFINITY {
            return Ok(());
        }
        self.variable_in(j, |w| w.interval(lower, upper))
    }

    fn variable_in(&mut self, j: usize, set: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        self.begin_constraint()?;
        self.raw("\"function\":{\"type\":\"Variable\",\"name\":")?;
        self.name(j as u32)?;
        self.raw("},\"set\":")?;
        set(self)?;
        self.raw("}")
    }

    fn sets(&mut self) -> io::Result<()> {
        for set in self.p.sets() {
            self.begin_constraint()?;
            if !set.name.is_empty() {
                self.raw("\"name\":")?;
                self.text(&set.name)?;
                self.raw(",")?;
            }
            self.raw("\"function\":{\"type\":\"VectorOfVariables\",\"variables\":")?;
            self.list(&set.members, |w, member| w.name(member.0))?;
            self.raw(&format!("}},\"set\":{{\"type\":\"SOS{}\",\"weights\":", set.order))?;
            self.list(&set.members, |w, member| w.number(member.1))?;
            self.raw("}}")?;
        }
        Ok(())
    }
}
