//! Writes a problem as MIPCL's reader wants it: fixed columns, counted names, numbers that are exact in twelve characters
//! or refused, minimisation, and the marker lines where it looks for them.
//!
//! Seen with version 1.4.0: a marker line spaced otherwise is taken for a column, and the relaxation is solved without a
//! word; a constant in the objective's right-hand side is "Failed to find row"; 1e12 is its infinity, so finite numbers of
//! that size mean something else to it; integer columns with fractional bounds come out at those bounds.

use std::fmt::Write as _;

use farkas_modeling::Problem;

/// Width of a number's field.
const WIDTH: usize = 12;
/// Beyond this a finite number comes too close to what MIPCL takes for infinity.
pub(super) const LARGEST: f64 = 1e11;

/// What cannot be written, in words.
pub(super) type Refusal = String;

/// The number in at most twelve characters that read back as the same number.
fn number(value: f64) -> Option<String> {
    if !value.is_finite() || value.abs() >= LARGEST {
        return None;
    }
    let (plain, scientific) = (format!("{value}"), format!("{value:e}"));
    let shorter = if plain.len() <= WIDTH { plain } else { scientific };
    (shorter.len() <= WIDTH).then_some(shorter)
}

fn must(value: f64, what: &str, at: usize) -> Result<String, Refusal> {
    number(value).ok_or_else(|| {
        format!(
            "MIPCL reads numbers of at most {WIDTH} characters below 1e11; {value:e}, {what} {}, is none; solve it with another solver",
            at + 1
        )
    })
}

/// Name of a column: `C0000001`.
fn column(j: usize) -> String {
    format!("C{:07}", j + 1)
}

/// Position of the column that has this name.
pub(super) fn position(name: &str) -> Option<usize> {
    name.strip_prefix('C')?.parse::<usize>().ok()?.checked_sub(1)
}

/// Bounds of a column as MIPCL gets them: an integer column's are whole.
fn bounds(p: &Problem, j: usize, integrality: f64) -> (f64, f64) {
    let (lower, upper) = (p.lower()[j], p.upper()[j]);
    if p.kind(j).is_integer() { ((lower - integrality).ceil(), (upper + integrality).floor()) } else { (lower, upper) }
}

/// A row that says something: its coefficients count, and a side is finite.
fn is_written(p: &Problem, i: usize) -> bool {
    p.row_lower()[i].is_finite() || p.row_upper()[i].is_finite()
}

/// Whether any row that is written has a coefficient.
pub(super) fn has_rows(p: &Problem) -> bool {
    p.indices().iter().zip(p.values()).any(|(&i, &value)| value != 0.0 && is_written(p, i as usize))
}

/// Whether a row of one coefficient holds a free column: preprocessing scales that bound by a million ("minimise 3 x with
/// 2 x ≥ 8" has the optimum 12000000 then, and says so).
pub(super) fn misleads(p: &Problem) -> bool {
    let mut of_row = vec![(0_u32, 0_u32); p.num_rows()];
    for j in 0..p.num_columns() {
        for (i, _) in p.column(j).iter().filter(|&(_, value)| value != 0.0) {
            of_row[i] = (of_row[i].0.saturating_add(1), j as u32);
        }
    }
    let free = |j: u32| p.lower()[j as usize].is_infinite() && p.upper()[j as usize].is_infinite();
    of_row.into_iter().any(|(count, column)| count == 1 && free(column))
}

/// The problem as a file.
///
/// # Errors
/// For a number that does not fit, or too many columns or rows for their names.
pub(super) fn write(p: &Problem, integrality: f64) -> Result<String, Refusal> {
    if p.num_columns() > 9_999_999 || p.num_rows() > 9_999_999 {
        return Err("MIPCL's names count to 9999999; the problem has more columns or rows".into());
    }
    let mut out = String::with_capacity(64 + 40 * p.num_nonzeros());
    out.push_str("NAME          FARKAS\nROWS\n N  COST\n");
    for i in (0..p.num_rows()).filter(|&i| is_written(p, i)) {
        let (lower, upper) = (p.row_lower()[i], p.row_upper()[i]);
        let kind = match (lower.is_finite(), upper.is_finite()) {
            (true, true) if lower == upper => 'E',
            (true, _) => 'G',
            _ => 'L',
        };
        let _ = writeln!(out, " {kind}  R{:07}", i + 1);
    }
    columns(p, &mut out)?;
    sides(p, &mut out)?;
    all_bounds(p, integrality, &mut out)?;
    out.push_str("ENDATA\n");
    Ok(out)
}

fn columns(p: &Problem, out: &mut String) -> Result<(), Refusal> {
    out.push_str("COLUMNS\n");
    let marker = |out: &mut String, what: &str| {
        // The name in columns 5 to 12, 'MARKER' from 15, the kind from 40.
        let _ = writeln!(out, "    MARKER    'MARKER'                 '{what}'");
    };
    let mut inside = false;
    for j in 0..p.num_columns() {
        let integer = p.kind(j).is_integer();
        if integer != inside {
            marker(out, if integer { "INTORG" } else { "INTEND" });
            inside = integer;
        }
        let name = column(j);
        let cost = must(p.sense().sign() * p.cost()[j] + 0.0, "the cost of column", j)?;
        let _ = writeln!(out, "    {name}  {:<8}  {cost:>WIDTH$}", "COST");
        for (i, value) in p.column(j).iter().filter(|&(i, value)| is_written(p, i) && value != 0.0) {
            let value = must(value, "a coefficient of column", j)?;
            let _ = writeln!(out, "    {name}  R{:07}  {value:>WIDTH$}", i + 1);
        }
    }
    if inside {
        marker(out, "INTEND");
    }
    Ok(())
}

fn sides(p: &Problem, out: &mut String) -> Result<(), Refusal> {
    out.push_str("RHS\n");
    let mut ranges = String::new();
    for i in (0..p.num_rows()).filter(|&i| is_written(p, i)) {
        let (lower, upper) = (p.row_lower()[i], p.row_upper()[i]);
        let side = if lower.is_finite() { lower } else { upper };
        let _ = writeln!(out, "    RHS       R{:07}  {:>WIDTH$}", i + 1, must(side, "a side of row", i)?);
        if lower.is_finite() && upper.is_finite() && lower != upper {
            let width = upper - lower;
            if lower + width != upper {
                return Err(format!("row {} has a range that MIPCL's format cannot hold exactly", i + 1));
            }
            let _ = writeln!(ranges, "    RNG       R{:07}  {:>WIDTH$}", i + 1, must(width, "the range of row", i)?);
        }
    }
    if !ranges.is_empty() {
        out.push_str("RANGES\n");
        out.push_str(&ranges);
    }
    Ok(())
}

fn all_bounds(p: &Problem, integrality: f64, out: &mut String) -> Result<(), Refusal> {
    out.push_str("BOUNDS\n");
    for j in 0..p.num_columns() {
        let (lower, upper) = bounds(p, j, integrality);
        let name = column(j);
        let mut bound = |kind: &str, value: Option<f64>| -> Result<(), Refusal> {
            match value {
                Some(value) => {
                    let value = must(value + 0.0, "a bound of column", j)?;
                    let _ = writeln!(out, " {kind} BND       {name}  {value:>WIDTH$}");
                }
                None => {
                    let _ = writeln!(out, " {kind} BND       {name}");
                }
            }
            Ok(())
        };
        match (lower.is_finite(), upper.is_finite()) {
            (false, false) => bound("FR", None)?,
            (true, true) if lower == upper => bound("FX", Some(lower))?,
            (has_lower, has_upper) => {
                bound(if has_lower { "LO" } else { "MI" }, has_lower.then_some(lower))?;
                if has_upper {
                    bound("UP", Some(upper))?;
                } else if p.kind(j).is_integer() {
                    bound("PL", None)?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use farkas_modeling::{ColumnKind, ProblemData, Sense};

    use super::*;

    #[test]
    fn numbers_are_exact_or_refused() {
        for (value, written) in [
            (1.0, Some("1")),
            (-0.5, Some("-0.5")),
            (1e-7, Some("0.0000001")),
            (1.25e-11, Some("1.25e-11")),
            (123_456_789_012.0, None),
            (1.0 / 3.0, None),
            (-12_345_678.25, Some("-12345678.25")),
            (-123_456_789.25, None),
            (f64::INFINITY, None),
            (5e10, Some("50000000000")),
        ] {
            assert_eq!(number(value).as_deref(), written, "{value}");
            assert!(number(value).is_none_or(|text| text.parse() == Ok(value)));
        }
        assert_eq!((position("C0000012"), position("R0000012"), position("C0000000")), (Some(11), None, None));
    }

    #[test]
    fn the_dialect_is_kept() {
        let inf = f64::INFINITY;
        let problem = Problem::new(ProblemData {
            sense: Sense::Maximize,
            offset: 3.0,
            cost: vec![1.0, -2.0, 0.0],
            lower: vec![-inf, -0.5, 2.0],
            upper: vec![inf, 7.5, 2.0],
            kinds: vec![ColumnKind::Continuous, ColumnKind::Integer, ColumnKind::Continuous],
            row_lower: vec![1.0, -inf, -inf],
            row_upper: vec![4.0, 0.25, inf],
            starts: vec![0, 2, 3, 4],
            indices: vec![0, 2, 1, 0],
            values: vec![2.0, 5.0, -1.5, 1.0],
            ..ProblemData::default()
        })
        .unwrap();
        let expected = "NAME          FARKAS
ROWS
 N  COST
 G  R0000001
 L  R0000002
COLUMNS
    C0000001  COST                -1
    C0000001  R0000001             2
    MARKER    'MARKER'                 'INTORG'
    C0000002  COST                 2
    C0000002  R0000002          -1.5
    MARKER    'MARKER'                 'INTEND'
    C0000003  COST                 0
    C0000003  R0000001             1
RHS
    RHS       R0000001             1
    RHS       R0000002          0.25
RANGES
    RNG       R0000001             3
BOUNDS
 FR BND       C0000001
 LO BND       C0000002             0
 UP BND       C0000002             7
 FX BND       C0000003             2
ENDATA
";
        assert_eq!(write(&problem, 1e-6).unwrap(), expected);
    }
}
