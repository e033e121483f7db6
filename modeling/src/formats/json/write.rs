//! Farkas JSON, written as a stream: columnar, or for people. Numbers are the shortest that read back the same.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::algebra::plain_name;
use crate::problem::{ColumnKind, Problem, Product, Sense};

/// Writes the shape for machines.
///
/// # Errors
/// Those of the target.
///
/// ```
/// use farkas_modeling::formats::json;
/// let text = br#"{"objective": "x", "variables": {"x": {"upper": 3}}, "constraints": {"c": "x >= 1"}}"#;
/// let problem = json::read(text)?.value;
/// let mut out = Vec::new();
/// json::write_columnar(&problem, &mut out)?;
/// assert_eq!(json::read(&out)?.value, problem);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_columnar<W: Write>(problem: &Problem, out: &mut W) -> io::Result<()> {
    let p = problem;
    head(p, out)?;
    if let Some(name) = p.objective_name() {
        out.write_all(b"\"objective_name\":")?;
        text(out, name)?;
        out.write_all(b",\n")?;
    }
    write!(out, "\"offset\":{},\n\"columns\":{{\"cost\":", Number(p.offset()))?;
    list(out, p.cost(), |out, v| write!(out, "{}", Number(*v)))?;
    out.write_all(b",\n\"lower\":")?;
    list(out, p.lower(), |out, v| write!(out, "{}", Number(*v)))?;
    out.write_all(b",\n\"upper\":")?;
    list(out, p.upper(), |out, v| write!(out, "{}", Number(*v)))?;
    if p.kind_codes().iter().any(|&k| k != ColumnKind::Continuous as u8) {
        out.write_all(b",\n\"type\":")?;
        list(out, 0..p.num_columns(), |out, j| write!(out, "\"{}\"", type_name(p.kind(j))))?;
    }
    if p.column_names().are_given() {
        out.write_all(b",\n\"names\":")?;
        list(out, p.column_names().iter(), |out, name| text(out, &name))?;
    }
    out.write_all(b"},\n\"rows\":{\"lower\":")?;
    list(out, p.row_lower(), |out, v| write!(out, "{}", Number(*v)))?;
    out.write_all(b",\n\"upper\":")?;
    list(out, p.row_upper(), |out, v| write!(out, "{}", Number(*v)))?;
    if p.row_names().are_given() {
        out.write_all(b",\n\"names\":")?;
        list(out, p.row_names().iter(), |out, name| text(out, &name))?;
    }
    out.write_all(b"},\n\"matrix\":{\"csc\":{\"starts\":")?;
    list(out, p.starts(), |out, v| write!(out, "{v}"))?;
    out.write_all(b",\n\"indices\":")?;
    list(out, p.indices(), |out, v| write!(out, "{v}"))?;
    out.write_all(b",\n\"values\":")?;
    list(out, p.values(), |out, v| write!(out, "{}", Number(*v)))?;
    out.write_all(b"}}")?;
    columnar_products(p, out)?;
    if !p.sets().is_empty() {
        out.write_all(b",\n\"sets\":")?;
        list(out, p.sets(), |out, set| {
            out.write_all(b"{\"name\":")?;
            text(out, &set.name)?;
            write!(out, ",\"order\":{},\"columns\":", set.order)?;
            list(out, &set.members, |out, m| write!(out, "{}", m.0))?;
            out.write_all(b",\"weights\":")?;
            list(out, &set.members, |out, m| write!(out, "{}", Number(m.1)))?;
            out.write_all(b"}")
        })?;
    }
    if !p.indicators().is_empty() {
        out.write_all(b",\n\"indicators\":")?;
        list(out, p.indicators(), |out, i| {
            write!(out, "{{\"row\":{},\"column\":{},\"value\":{}}}", i.row, i.column, u8::from(i.active))
        })?;
    }
    out.write_all(b"}\n")
}

fn columnar_products<W: Write>(p: &Problem, out: &mut W) -> io::Result<()> {
    fn arrays<W: Write>(products: &[Product], out: &mut W) -> io::Result<()> {
        out.write_all(b"\"first\":")?;
        list(out, products, |out, q| write!(out, "{}", q.first))?;
        out.write_all(b",\"second\":")?;
        list(out, products, |out, q| write!(out, "{}", q.second))?;
        out.write_all(b",\"values\":")?;
        list(out, products, |out, q| write!(out, "{}", Number(q.value)))?;
        out.write_all(b"}")
    }
    if !p.quadratic_objective().is_empty() {
        out.write_all(b",\n\"quadratic_objective\":{")?;
        arrays(p.quadratic_objective(), out)?;
    }
    if !p.quadratic_rows().is_empty() {
        out.write_all(b",\n\"quadratic_rows\":")?;
        list(out, p.quadratic_rows(), |out, row| {
            write!(out, "{{\"row\":{},", row.row)?;
            arrays(&row.products, out)
        })?;
    }
    Ok(())
}

/// Writes the shape for people: constraints as algebra, what is a default left out. Problems whose sets have no or the
/// same names get them numbered.
///
/// # Errors
/// Those of the target.
pub fn write_readable<W: Write>(problem: &Problem, out: &mut W) -> io::Result<()> {
    let p = problem;
    head(p, out)?;
    out.write_all(b"\"objective\":")?;
    let costs = p.cost().iter().enumerate().filter(|(_, c)| **c != 0.0).map(|(j, &c)| (j, c));
    text(out, &objective(p, costs))?;
    out.write_all(b",\n\"variables\":{")?;
    for j in 0..p.num_columns() {
        out.write_all(if j == 0 { b"\n  " } else { b",\n  " })?;
        text(out, &p.column_names().get(j))?;
        out.write_all(b":")?;
        variable(p, j, out)?;
    }
    out.write_all(b"},\n\"constraints\":{")?;
    let rows = p.by_rows();
    let mut when: Vec<Option<(u32, bool)>> = vec![None; if p.indicators().is_empty() { 0 } else { p.num_rows() }];
    for indicator in p.indicators() {
        when[indicator.row as usize] = Some((indicator.column, indicator.active));
    }
    let mut quadratic = p.quadratic_rows().iter().peekable();
    for i in 0..p.num_rows() {
        out.write_all(if i == 0 { b"\n  " } else { b",\n  " })?;
        text(out, &p.row_names().get(i))?;
        out.write_all(b":")?;
        let (columns, values) = rows.row(i);
        let products = quadratic.next_if(|row| row.row as usize == i).map_or(&[][..], |row| &row.products);
        let sum = sum_of(p, columns.iter().map(|&j| j as usize).zip(values.iter().copied()), products);
        let (lower, upper) = (p.row_lower()[i], p.row_upper()[i]);
        let algebra = match (lower.is_finite(), upper.is_finite()) {
            (true, true) if lower == upper => format!("{sum} = {lower:?}"),
            (true, true) => format!("{lower:?} <= {sum} <= {upper:?}"),
            (true, false) => format!("{sum} >= {lower:?}"),
            (false, true) => format!("{sum} <= {upper:?}"),
            (false, false) => format!("{sum} <= inf"),
        };
        match when.get(i).copied().flatten() {
            None => text(out, &algebra)?,
            Some((column, active)) => {
                out.write_all(b"{\"expression\":")?;
                text(out, &algebra)?;
                out.write_all(b",\"when\":{")?;
                text(out, &p.column_names().get(column as usize))?;
                write!(out, ":{}}}}}", u8::from(active))?;
            }
        }
    }
    out.write_all(b"}")?;
    readable_sets(p, out)?;
    out.write_all(b"}\n")
}

fn readable_sets<W: Write>(p: &Problem, out: &mut W) -> io::Result<()> {
    if p.sets().is_empty() {
        return Ok(());
    }
    let mut names: Vec<String> = p.sets().iter().map(|s| s.name.clone()).collect();
    let distinct: std::collections::HashSet<&String> = names.iter().collect();
    if distinct.len() < names.len() {
        names = (1..=names.len()).map(|k| format!("S{k}")).collect();
    }
    out.write_all(b",\n\"sets\":{")?;
    for (k, (set, name)) in p.sets().iter().zip(&names).enumerate() {
        out.write_all(if k == 0 { b"\n  " } else { b",\n  " })?;
        text(out, name)?;
        write!(out, ":{{\"order\":{},\"weights\":{{", set.order)?;
        for (at, (column, weight)) in set.members.iter().enumerate() {
            if at > 0 {
                out.write_all(b",")?;
            }
            text(out, &p.column_names().get(*column as usize))?;
            write!(out, ":{}", Number(*weight))?;
        }
        out.write_all(b"}}")?;
    }
    out.write_all(b"}")
}

fn head<W: Write>(p: &Problem, out: &mut W) -> io::Result<()> {
    out.write_all(b"{")?;
    if !p.name().is_empty() {
        out.write_all(b"\"name\":")?;
        text(out, p.name())?;
        out.write_all(b",\n")?;
    }
    let sense = if p.sense() == Sense::Maximize { "maximize" } else { "minimize" };
    writeln!(out, "\"sense\":\"{sense}\",")
}

fn variable<W: Write>(p: &Problem, j: usize, out: &mut W) -> io::Result<()> {
    let (lower, upper, kind) = (p.lower()[j], p.upper()[j], p.kind(j));
    let binary = kind == ColumnKind::Integer && lower == 0.0 && upper == 1.0;
    let mut fields = Vec::new();
    if binary {
        fields.push("\"type\":\"binary\"".to_owned());
    } else {
        if kind != ColumnKind::Continuous {
            fields.push(format!("\"type\":\"{}\"", type_name(kind)));
        }
        if lower == f64::NEG_INFINITY && upper == f64::INFINITY {
            fields.push("\"free\":true".to_owned());
        } else {
            if lower != 0.0 {
                fields.push(format!("\"lower\":{}", Number(lower)));
            }
            if upper != f64::INFINITY {
                fields.push(format!("\"upper\":{}", Number(upper)));
            }
        }
    }
    write!(out, "{{{}}}", fields.join(","))
}

fn objective(p: &Problem, costs: impl Iterator<Item = (usize, f64)>) -> String {
    let sum = sum_of(p, costs, p.quadratic_objective());
    let constant = p.offset();
    if constant == 0.0 {
        sum
    } else if constant < 0.0 {
        format!("{sum} - {:?}", -constant)
    } else {
        format!("{sum} + {constant:?}")
    }
}

/// `2 x - y + x^2`, or `0` for no terms.
fn sum_of(p: &Problem, terms: impl Iterator<Item = (usize, f64)>, products: &[Product]) -> String {
    let mut sum = String::new();
    for (j, value) in terms {
        coefficient(&mut sum, value);
        quoted_name(&mut sum, &p.column_names().get(j));
    }
    for product in products {
        coefficient(&mut sum, product.value);
        quoted_name(&mut sum, &p.column_names().get(product.first as usize));
        if product.first == product.second {
            sum.push_str("^2");
        } else {
            sum.push_str(" * ");
            quoted_name(&mut sum, &p.column_names().get(product.second as usize));
        }
    }
    if sum.is_empty() { "0".to_owned() } else { sum }
}

/// The sign and the size of what comes next.
fn coefficient(sum: &mut String, value: f64) {
    sum.push_str(match (sum.is_empty(), value.is_sign_negative()) {
        (true, false) => "",
        (true, true) => "-",
        (false, false) => " + ",
        (false, true) => " - ",
    });
    if value.abs() != 1.0 {
        let number = value.abs();
        // Writing to a string cannot fail.
        let _ = write!(sum, "{number:?} ");
    }
}

fn quoted_name(sum: &mut String, name: &str) {
    if plain_name(name) == name.len() && !name.to_ascii_lowercase().starts_with("inf") {
        sum.push_str(name);
    } else {
        // Names hold one kind of quote at most, or they are quoted as well as can be.
        let quote = if name.contains('\'') { '`' } else { '\'' };
        sum.extend([quote]);
        sum.push_str(name);
        sum.extend([quote]);
    }
}

fn type_name(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Continuous => "continuous",
        ColumnKind::Integer => "integer",
        ColumnKind::SemiContinuous => "semicontinuous",
        ColumnKind::SemiInteger => "semiinteger",
    }
}

fn text<W: Write>(out: &mut W, text: &str) -> io::Result<()> {
    serde_json::to_writer(out, text).map_err(io::Error::from)
}

fn list<W: Write, T>(
    out: &mut W,
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut W, T) -> io::Result<()>,
) -> io::Result<()> {
    out.write_all(b"[")?;
    for (k, value) in items.into_iter().enumerate() {
        if k > 0 {
            out.write_all(b",")?;
        }
        item(out, value)?;
    }
    out.write_all(b"]")
}

/// A number as Farkas JSON has it.
struct Number(f64);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 == f64::INFINITY {
            f.write_str("\"inf\"")
        } else if self.0 == f64::NEG_INFINITY {
            f.write_str("\"-inf\"")
        } else {
            // `Debug` writes the shortest digits, with an exponent where that is shorter.
            write!(f, "{:?}", self.0)
        }
    }
}
