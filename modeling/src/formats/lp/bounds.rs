//! Bounds, and the lists that say which variables are integer, binary or semi-continuous.

use super::read::{Reader, Section, is_infinity};
use super::rows::turned;
use super::token::{Comparison, Kind, Span, Token};
use super::variables::flag;
use crate::formats::fault::Fault;
use crate::formats::place::quote;
use crate::problem::INFINITE_FROM;

impl Reader<'_> {
    pub(super) fn read_bounds(&mut self) -> Result<(), Fault> {
        loop {
            let token = self.tokens.peek()?;
            if self.ends_section(token, false) {
                return Ok(());
            }
            let number = match token.kind {
                Kind::Plus | Kind::Minus | Kind::Number(_) => true,
                Kind::Name => is_infinity(self.shown(token)),
                _ => return Err(self.expected("a bound", token)),
            };
            if self.is_label(token) {
                let finding = format!("the label {}", quote(self.shown(token)));
                return Err(Fault::new(token.span.at, "lp-bound-form", finding, "bounds have no labels; rows do"));
            }
            if number { self.bound_from_the_left(token)? } else { self.bound_of_name(token.span)? }
        }
    }

    /// `1 <= x`, `1 <= x <= 5`.
    fn bound_from_the_left(&mut self, begin: Token) -> Result<(), Fault> {
        let (left, left_span) = match self.limit() {
            // `- x >= 3`
            Err(fault) if self.tokens.peek()?.kind == Kind::Name => {
                return Err(Fault { code: "lp-bound-form", remedy: BOUND_FORM.into(), ..fault });
            }
            other => other?,
        };
        let token = self.tokens.peek()?;
        let Kind::Comparison(first) = token.kind else {
            let finding = format!("{} behind a number", quote(self.shown(token)));
            return Err(if token.kind == Kind::End {
                self.expected("a comparison", token)
            } else {
                Fault::new(begin.span.at, "lp-bound-form", finding, BOUND_FORM)
            });
        };
        self.tokens.next()?;
        let name = self.name("a variable")?;
        let column = self.late_variable(name)? as usize;
        self.bound(column, name, turned(first), left, left_span)?;
        let token = self.tokens.peek()?;
        let Kind::Comparison(second) = token.kind else { return Ok(()) };
        self.tokens.next()?;
        let (right, right_span) = self.limit()?;
        if first != second || first == Comparison::Equal {
            let finding = "two bounds that do not enclose the variable";
            return Err(Fault::new(token.span.at, "lp-range", finding, "write 1 <= x <= 5 or 5 >= x >= 1"));
        }
        self.bound(column, name, second, right, right_span)
    }

    /// `x <= 5`, `x = 5`, `x free`.
    fn bound_of_name(&mut self, name: Span) -> Result<(), Fault> {
        self.tokens.next()?;
        let column = self.late_variable(name)? as usize;
        let token = self.tokens.next()?;
        match token.kind {
            Kind::Comparison(comparison) => {
                let (value, span) = self.limit()?;
                self.bound(column, name, comparison, value, span)?;
                let token = self.tokens.peek()?;
                if matches!(token.kind, Kind::Comparison(_)) {
                    let finding = "a second comparison behind a bound";
                    let remedy = "write 1 <= x <= 5, or two bounds";
                    return Err(Fault::new(token.span.at, "lp-range", finding, remedy));
                }
                Ok(())
            }
            Kind::Name if self.shown(token).eq_ignore_ascii_case(b"free") => {
                self.note_repeated(column, flag::LOWER | flag::UPPER, name);
                self.variables.lower[column] = f64::NEG_INFINITY;
                self.variables.upper[column] = f64::INFINITY;
                Ok(())
            }
            Kind::End => Err(self.expected("a comparison or 'free'", token)),
            _ => {
                let finding = format!("{} where a comparison or 'free' must stand", quote(self.shown(token)));
                Err(Fault::new(token.span.at, "lp-bound-form", finding, BOUND_FORM))
            }
        }
    }

    /// `x comparison value`.
    fn bound(
        &mut self,
        column: usize,
        name: Span,
        comparison: Comparison,
        value: f64,
        span: Span,
    ) -> Result<(), Fault> {
        let wrong = match comparison {
            Comparison::Less => value <= -INFINITE_FROM,
            Comparison::Greater => value >= INFINITE_FROM,
            Comparison::Equal => value.abs() >= INFINITE_FROM,
        };
        if wrong {
            let finding =
                format!("{} as this bound of {}", quote(self.tokens.text(span)), quote(self.tokens.text(name)));
            return Err(Fault::new(
                span.at,
                "lp-not-finite",
                finding,
                "no value satisfies it; 'x free' lifts both bounds",
            ));
        }
        let sides = match comparison {
            Comparison::Less => flag::UPPER,
            Comparison::Greater => flag::LOWER,
            Comparison::Equal => flag::LOWER | flag::UPPER,
        };
        self.note_repeated(column, sides, name);
        if sides & flag::LOWER != 0 {
            self.variables.lower[column] = value;
        }
        if sides & flag::UPPER != 0 {
            self.variables.upper[column] = value;
        }
        Ok(())
    }

    fn note_repeated(&mut self, column: usize, sides: u8, name: Span) {
        let flags = &mut self.variables.flags[column];
        let repeated = *flags & sides != 0;
        *flags |= sides;
        if repeated {
            let text = quote(self.tokens.text(name));
            self.warnings.add("lp-repeated-bound", Some(name.at), || {
                format!("a bound of {text} is given twice; the last one counts")
            });
        }
    }

    /// A list of names.
    pub(super) fn read_types(&mut self, section: Section) -> Result<(), Fault> {
        let flags = match section {
            Section::Binaries => flag::BINARY,
            Section::Semi => flag::SEMI,
            Section::SemiIntegers => flag::SEMI | flag::INTEGER,
            _ => flag::INTEGER,
        };
        loop {
            let token = self.tokens.peek()?;
            // A known variable that is named like a keyword stays one within a line.
            let known = token.kind == Kind::Name && self.variables.names.find(self.shown(token)).is_some();
            if self.ends_section(token, known) {
                return Ok(());
            }
            let name = self.name("a variable or a section")?;
            let column = self.late_variable(name)? as usize;
            self.variables.flags[column] |= flags;
        }
    }
}

const BOUND_FORM: &str =
    "a bound is 1 <= x <= 5, x >= 1, x <= 5, x = 5 or x free; with a coefficient or two variables it is a row";
