//! The lines that nearly all of a large file consists of, found in bit masks: a row's declaration, and a column with one
//! or two pairs of row and value.
//!
//! Invariant: what is not exactly such a line is left to the reader of all lines, at the same place: it knows every other
//! case, and every error.

use super::lines::{Span, word};
use super::masks::ShortLine;
use super::table::{Declared, Named};
use crate::formats::number;

/// A line of ROWS.
pub(super) struct RowLine {
    /// `N`, `L`, `G` or `E`.
    pub kind: u8,
    pub name: Named,
    /// Where the next line begins.
    pub end: usize,
}

/// A line of COLUMNS.
pub(super) struct ColumnLine {
    pub column: Named,
    pub first: (Named, f64),
    pub second: Option<(Named, f64)>,
    /// Where the next line begins.
    pub end: usize,
}

/// The line at `at`, if it is a plain line of ROWS.
#[inline]
pub(super) fn row_line(bytes: &[u8], at: usize, names: &Declared) -> Option<RowLine> {
    let mut line = ShortLine::at(bytes, at)?;
    let (begin, end) = line.next()?;
    let kind = bytes[begin];
    if end != begin + 1 || !matches!(kind, b'N' | b'L' | b'G' | b'E') {
        return None;
    }
    let name = name(bytes, line.next()?, names)?;
    line.next().is_none().then(|| RowLine { kind, name, end: line.end() })
}

/// The line at `at`, if it is a plain line of COLUMNS.
#[inline]
pub(super) fn column_line(bytes: &[u8], at: usize, rows: &Declared, columns: &Declared) -> Option<ColumnLine> {
    let mut line = ShortLine::at(bytes, at)?;
    let column = name(bytes, line.next()?, columns)?;
    let first = (name(bytes, line.next()?, rows)?, value(bytes, line.next()?)?);
    let second = match line.next() {
        None => None,
        Some(row) => {
            let second = (name(bytes, row, rows)?, value(bytes, line.next()?)?);
            if line.next().is_some() {
                return None;
            }
            Some(second)
        }
    };
    Some(ColumnLine { column, first, second, end: line.end() })
}

/// A name that begins no comment and no marker.
#[expect(clippy::inline_always, reason = "a handful of instructions that return three words")]
#[inline(always)]
fn name(bytes: &[u8], (at, end): (usize, usize), names: &Declared) -> Option<Named> {
    let span = Span { at, end };
    let first = word(bytes, at);
    // `$`, `'` and `*` are among these seven, which begin few names.
    if matches!(first as u8, b'$'..=b'*') {
        return None;
    }
    let len = end - at;
    // A key as `Declared` makes it, its eighth byte zero.
    Some(if len < 8 { Named { span, key: first & ((1 << (8 * len)) - 1) } } else { names.named(bytes, span) })
}

/// A finite number.
#[expect(clippy::inline_always, reason = "a number that is returned in memory costs as much as reading it")]
#[inline(always)]
fn value(bytes: &[u8], (at, end): (usize, usize)) -> Option<f64> {
    let len = end - at;
    if len < 8
        && let Some(value) = number::short(word(bytes, at), len)
    {
        return Some(value);
    }
    number::parse(&bytes[at..end]).filter(|value| value.is_finite())
}
