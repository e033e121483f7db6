//! BOUNDS: all ten types, and what a column without any bound of its own gets.

use super::columns::{Columns, IN_MARKERS};
use super::lines::{Fields, Span};
use super::read::{ChosenSet, Reader};
use super::{Fault, wrong_count};
use crate::formats::fault::Warnings;
use crate::formats::number;
use crate::formats::place::quote;
use crate::problem::{ColumnKind, INFINITE_FROM};

/// Some bound of the column was given.
const BOUNDED: u8 = 4;
const LOWER_GIVEN: u8 = 8;
const UPPER_GIVEN: u8 = 16;

/// What BOUNDS needs to remember between its lines.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    set: ChosenSet,
    /// The last column asked for: the next is probably this one or one of those behind it.
    last: usize,
}

/// Gives integer columns between markers their default bounds, once all bounds are known.
pub(super) fn default_bounds(columns: &mut Columns, warnings: &mut Warnings) {
    for j in 0..columns.len() {
        if columns.flags[j] & (IN_MARKERS | BOUNDED) == IN_MARKERS {
            columns.upper[j] = 1.0;
            warnings.add("mps-default-binary", Some(columns.declared.span(j).at), || {
                "an integer column between markers has no bounds: 0 and 1 are taken".to_owned()
            });
        }
    }
}

/// The types of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Up,
    Lo,
    Fx,
    Fr,
    Mi,
    Pl,
    Bv,
    Li,
    Ui,
    Sc,
    Si,
}

impl Kind {
    fn parse(text: &[u8]) -> Option<Self> {
        let &[a, b] = text else { return None };
        Some(match [a.to_ascii_uppercase(), b.to_ascii_uppercase()] {
            [b'U', b'P'] => Self::Up,
            [b'L', b'O'] => Self::Lo,
            [b'F', b'X'] => Self::Fx,
            [b'F', b'R'] => Self::Fr,
            [b'M', b'I'] => Self::Mi,
            [b'P', b'L'] => Self::Pl,
            [b'B', b'V'] => Self::Bv,
            [b'L', b'I'] => Self::Li,
            [b'U', b'I'] => Self::Ui,
            [b'S', b'C'] => Self::Sc,
            [b'S', b'I'] => Self::Si,
            _ => return None,
        })
    }

    fn value(self) -> Value {
        match self {
            Self::Up | Self::Lo | Self::Fx | Self::Li | Self::Ui => Value::Needed,
            Self::Fr | Self::Mi | Self::Pl | Self::Bv => Value::Ignored,
            Self::Sc | Self::Si => Value::Optional,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Needed,
    Ignored,
    /// Left out, it is infinite.
    Optional,
}

impl Reader<'_> {
    pub(super) fn read_bounds(&mut self) -> Result<(), Fault> {
        while let Some(mut fields) = self.next_data()? {
            self.uncomment(&mut fields, 2);
            let Some(kind) = Kind::parse(self.text(fields.get(0))) else {
                let finding = format!("{} is not a type of bound", quote(self.text(fields.get(0))));
                let remedy = "there are UP, LO, FX, FR, MI, PL, BV, LI, UI, SC and SI";
                return Err(Fault::new(fields.get(0).at, "mps-bound-type", finding, remedy));
            };
            let (set, name, value) = self.bound_fields(kind, fields)?;
            let column = self.find_column(name)?;
            let value = match value {
                Some(span) if kind.value() != Value::Ignored => {
                    let limit = self.limit(span)?;
                    self.check_side(kind, limit, span)?;
                    limit
                }
                _ => f64::INFINITY,
            };
            if self.bounds.set.takes(self.lines.bytes, set) {
                self.bound(kind, column as usize, value, name);
            } else {
                self.other_set(name, "BOUNDS");
            }
        }
        Ok(())
    }

    /// The set's name if there is one, the column's, and the value if there is one.
    fn bound_fields(&self, kind: Kind, fields: Fields) -> Result<(Option<Span>, Span, Option<Span>), Fault> {
        let get = |k| fields.get(k);
        match (fields.len(), kind.value()) {
            (4, _) => Ok((Some(get(1)), get(2), Some(get(3)))),
            (3, Value::Needed) => Ok((None, get(1), Some(get(2)))),
            // Either the set's name or the value is missing; a column's name tells.
            (3, _) if self.is_column(get(1)) && number::parse(self.text(get(2))).is_some() => {
                Ok((None, get(1), Some(get(2))))
            }
            (3, _) => Ok((Some(get(1)), get(2), None)),
            (2, Value::Ignored | Value::Optional) => Ok((None, get(1), None)),
            (_, Value::Needed) => {
                Err(wrong_count(fields, "BOUNDS", "a type, a set's name (or none), a column and a value"))
            }
            _ => Err(wrong_count(fields, "BOUNDS", "a type, a set's name (or none) and a column")),
        }
    }

    /// Refuses infinities on the wrong side.
    fn check_side(&self, kind: Kind, value: f64, span: Span) -> Result<(), Fault> {
        let wrong = match kind {
            Kind::Lo | Kind::Li => value >= INFINITE_FROM,
            Kind::Up | Kind::Ui | Kind::Sc | Kind::Si => value <= -INFINITE_FROM,
            Kind::Fx => value.abs() >= INFINITE_FROM,
            _ => false,
        };
        if !wrong {
            return Ok(());
        }
        let finding = format!("{} as a bound of this type", quote(self.text(span)));
        Err(Fault::new(span.at, "mps-not-finite", finding, "no value satisfies it; FR, MI and PL lift bounds"))
    }

    fn bound(&mut self, kind: Kind, j: usize, value: f64, name: Span) {
        let columns = &mut self.columns;
        let (lower, upper, flags) = (&mut columns.lower[j], &mut columns.upper[j], &mut columns.flags[j]);
        let sides = match kind {
            Kind::Lo | Kind::Li | Kind::Mi => LOWER_GIVEN,
            Kind::Up | Kind::Ui | Kind::Pl | Kind::Sc | Kind::Si => UPPER_GIVEN,
            Kind::Fx | Kind::Fr | Kind::Bv => LOWER_GIVEN | UPPER_GIVEN,
        };
        let repeated = *flags & sides != 0;
        let without_lower = *flags & LOWER_GIVEN == 0;
        *flags |= sides | BOUNDED;
        match kind {
            Kind::Lo | Kind::Li => *lower = value,
            Kind::Up | Kind::Ui => *upper = value,
            Kind::Fx => (*lower, *upper) = (value, value),
            Kind::Fr => (*lower, *upper) = (f64::NEG_INFINITY, f64::INFINITY),
            Kind::Mi => *lower = f64::NEG_INFINITY,
            Kind::Pl => *upper = f64::INFINITY,
            Kind::Bv => (*lower, *upper) = (0.0, 1.0),
            // `lp_solve` writes an infinite one as 0.
            Kind::Sc | Kind::Si => *upper = if value == 0.0 { f64::INFINITY } else { value },
        }
        let was = columns.kinds[j];
        columns.kinds[j] = match kind {
            Kind::Bv | Kind::Li | Kind::Ui if was.is_semi() => ColumnKind::SemiInteger,
            Kind::Bv | Kind::Li | Kind::Ui => ColumnKind::Integer,
            Kind::Sc if was.is_integer() => ColumnKind::SemiInteger,
            Kind::Sc => ColumnKind::SemiContinuous,
            Kind::Si => ColumnKind::SemiInteger,
            _ => was,
        };
        if matches!(kind, Kind::Up | Kind::Ui) && value < 0.0 && without_lower && !was.is_semi() {
            *lower = f64::NEG_INFINITY;
            self.warnings.add("mps-negative-upper-bound", Some(name.at), || {
                "an upper bound below zero without a lower one: the lower bound is taken as -inf".to_owned()
            });
        }
        if repeated {
            let text = quote(self.text(name));
            self.warnings.add("mps-repeated-bound", Some(name.at), || {
                format!("a bound of {text} is given twice; the last one counts")
            });
        }
    }

    fn is_column(&self, name: Span) -> bool {
        self.columns.declared.find(self.lines.bytes, name).is_some()
    }

    /// The position of a column; the last one asked for and those behind it are tried first.
    pub(super) fn find_column(&mut self, name: Span) -> Result<u32, Fault> {
        if let Some(column) = self.columns.declared.find_from(self.lines.bytes, self.bounds.last, name) {
            self.bounds.last = column;
            return Ok(column as u32);
        }
        let finding = format!("{} is not a column of COLUMNS", quote(self.text(name)));
        Err(Fault::new(name.at, "mps-unknown-column", finding, "give it an entry there, or correct the name"))
    }
}
