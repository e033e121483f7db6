//! Rows: `[label:] expression sense number`, the same from the left, with two sides, and switched by a binary.

use super::expression::Expression;
use super::read::{Reader, is_infinity};
use super::token::{Comparison, Kind, Span, Token};
use crate::formats::fault::Fault;
use crate::formats::place::quote;
use crate::problem::{INFINITE_FROM, Indicator, QuadraticRow};

/// Between which sides a row must stay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sides {
    pub lower: f64,
    pub upper: f64,
}

impl Sides {
    pub const FREE: Self = Self { lower: f64::NEG_INFINITY, upper: f64::INFINITY };

    /// `expression comparison value`.
    pub fn of(comparison: Comparison, value: f64) -> Self {
        match comparison {
            Comparison::Less => Self { upper: value, ..Self::FREE },
            Comparison::Greater => Self { lower: value, ..Self::FREE },
            Comparison::Equal => Self { lower: value, upper: value },
        }
    }
}

/// The same comparison read from the right.
pub(super) fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::Greater => Comparison::Less,
        Comparison::Equal => Comparison::Equal,
    }
}

impl Reader<'_> {
    pub(super) fn read_rows(&mut self) -> Result<(), Fault> {
        let mut expression = Expression::default();
        loop {
            let token = self.tokens.peek()?;
            if self.ends_section(token, false) {
                return Ok(());
            }
            let label = self.label()?;
            let begin = self.tokens.peek()?;
            let sides = self.row(&mut expression)?;
            self.add_row(label, begin, &mut expression, sides)?;
            self.statement_ends("row")?;
        }
    }

    /// A row, switched or not, without its label.
    fn row(&mut self, expression: &mut Expression) -> Result<Sides, Fault> {
        let begin = self.tokens.peek()?;
        if self.infinity_begins(begin) {
            let (left, _) = self.limit()?;
            return self.sides_from_the_left(begin, left, expression);
        }
        self.expression(expression)?;
        match self.binary_condition(expression)? {
            Some(active) => self.switched(active, expression),
            None => self.sides(begin, expression),
        }
    }

    /// The row behind `x = 1 ->`, `x` being what was read last.
    pub(super) fn switched(&mut self, active: bool, expression: &mut Expression) -> Result<Sides, Fault> {
        let column = expression.terms[0].0;
        self.indicators.push(Indicator { row: self.rows.len() as u32, column, active });
        let begin = self.tokens.peek()?;
        if self.infinity_begins(begin) {
            let (left, _) = self.limit()?;
            return self.sides_from_the_left(begin, left, expression);
        }
        self.expression(expression)?;
        self.sides(begin, expression)
    }

    /// Whether an infinity with its signs, and a comparison behind it, begin here.
    fn infinity_begins(&self, token: Token) -> bool {
        let rest = &self.tokens.bytes[token.span.at..];
        let signs = rest.iter().take_while(|b| matches!(b, b'+' | b'-' | b' ' | b'\t')).count();
        let word = rest[signs..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
        is_infinity(&rest[signs..signs + word])
            && matches!(self.tokens.byte_behind(token.span.at + signs + word), b'<' | b'>' | b'=')
    }

    /// Whether `x = 1 ->` or `x = 0 ->` stands here, `x` being read: its value, and what stands behind the arrow comes
    /// next. Anything else is left as it is.
    pub(super) fn binary_condition(&mut self, expression: &Expression) -> Result<Option<bool>, Fault> {
        let [(_, coefficient)] = expression.terms[..] else { return Ok(None) };
        let alone = coefficient == 1.0 && expression.constants == 0 && !expression.brackets;
        let equals = self.tokens.peek()?;
        if !alone || equals.kind != Kind::Comparison(Comparison::Equal) {
            return Ok(None);
        }
        // An arrow must follow a single number: looked for in the bytes, since only one token is looked at ahead.
        let rest = &self.tokens.bytes[equals.span.end..];
        let number = rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'.' | b'0'..=b'9')).count();
        let arrow = rest.get(number..).unwrap_or_default();
        if arrow.starts_with(b"<->") {
            let at = equals.span.end + number;
            let remedy = "write two rows with ->, one for each direction";
            return Err(Fault::new(at, "lp-indicator", "an equivalence '<->'", remedy));
        }
        if !arrow.starts_with(b"->") {
            return Ok(None);
        }
        self.tokens.next()?;
        let value = self.tokens.next()?;
        let active = match value.kind {
            Kind::Number(0.0) => false,
            Kind::Number(1.0) => true,
            _ => {
                let finding = format!("{} where 0 or 1 must stand", quote(self.shown(value)));
                return Err(Fault::new(value.span.at, "lp-indicator", finding, "say when the row must hold"));
            }
        };
        self.take(Kind::Arrow, "->")?;
        Ok(Some(active))
    }

    /// The comparison that must come next.
    fn comparison(&mut self, what: &str) -> Result<Comparison, Fault> {
        let token = self.tokens.peek()?;
        let Kind::Comparison(comparison) = token.kind else { return Err(self.expected(what, token)) };
        self.tokens.next()?;
        Ok(comparison)
    }

    /// The sides of a row whose first expression is read; where that was a number, the expression is read here.
    fn sides(&mut self, begin: Token, expression: &mut Expression) -> Result<Sides, Fault> {
        if !expression.is_empty() && expression.is_constant() {
            return self.sides_from_the_left(begin, expression.constant, expression);
        }
        if expression.is_empty() {
            // HiGHS writes a row without terms so: `c: >= 2`.
            let token = self.tokens.peek()?;
            if token.first || !matches!(token.kind, Kind::Comparison(_)) {
                return Err(self.expected("a row", token));
            }
        }
        let comparison = self.comparison("+, - or a comparison (<=, >=, =)")?;
        let (value, span) = self.limit()?;
        let value = self.without_constant(value, expression, begin.span);
        let sides = Sides::of(comparison, value);
        self.check_sides(sides, span)?;
        let token = self.tokens.peek()?;
        if matches!(token.kind, Kind::Comparison(_)) {
            let finding = "a second comparison behind the right-hand side";
            return Err(Fault::new(
                token.span.at,
                "lp-range",
                finding,
                "write a row with two sides as 1 <= x + y <= 5",
            ));
        }
        Ok(sides)
    }

    /// `left comparison expression [comparison right]`.
    fn sides_from_the_left(&mut self, begin: Token, left: f64, expression: &mut Expression) -> Result<Sides, Fault> {
        let first = turned(self.comparison("a variable or a comparison (<=, >=, =)")?);
        self.expression(expression)?;
        if expression.is_constant() {
            let token = self.tokens.peek()?;
            return Err(self.expected("an expression with a variable", token));
        }
        let left = self.without_constant(left, expression, begin.span);
        let mut sides = Sides::of(first, left);
        self.check_sides(sides, begin.span)?;
        let token = self.tokens.peek()?;
        let Kind::Comparison(second) = token.kind else { return Ok(sides) };
        self.tokens.next()?;
        let opposite = matches!(
            (first, second),
            (Comparison::Greater, Comparison::Less) | (Comparison::Less, Comparison::Greater)
        );
        if !opposite {
            let finding = "two sides that do not enclose the expression";
            return Err(Fault::new(token.span.at, "lp-range", finding, "write 1 <= x + y <= 5 or 5 >= x + y >= 1"));
        }
        let (right, span) = self.limit()?;
        let right = self.without_constant(right, expression, begin.span);
        let other = Sides::of(second, right);
        self.check_sides(other, span)?;
        match second {
            Comparison::Less => sides.upper = right,
            _ => sides.lower = right,
        }
        Ok(sides)
    }

    /// Takes the expression's constant to the other side.
    fn without_constant(&mut self, value: f64, expression: &Expression, at: Span) -> f64 {
        if expression.constants == 0 {
            return value;
        }
        self.warnings.add("lp-constant-in-row", Some(at.at), || {
            "a constant among a row's terms is taken to the other side".to_owned()
        });
        value - expression.constant
    }

    /// Refuses an infinity that no value satisfies.
    fn check_sides(&self, sides: Sides, span: Span) -> Result<(), Fault> {
        if sides.lower < INFINITE_FROM && sides.upper > -INFINITE_FROM {
            return Ok(());
        }
        let finding = format!("{} as a side of this row", quote(self.tokens.text(span)));
        Err(Fault::new(span.at, "lp-not-finite", finding, "no value satisfies it; leave the row out if it is free"))
    }

    /// Keeps a row. Its terms count in their order; those with coefficient 0 only declare their variable.
    pub(super) fn add_row(
        &mut self,
        label: Option<Span>,
        begin: Token,
        expression: &mut Expression,
        sides: Sides,
    ) -> Result<(), Fault> {
        if self.rows.len() >= self.limits.entries {
            return Err(self.too_many(begin.span.at, "rows"));
        }
        if expression.half_bracket {
            self.warnings.add("lp-quadratic-half", Some(begin.span.at), || {
                "brackets in a row are divided by 2, which most readers refuse".to_owned()
            });
        }
        let name = match label {
            Some(span) => Some(self.name_text(span)?),
            None => None,
        };
        let row = self.rows.len() as u32;
        if !self.rows.push(name, &expression.terms, sides) {
            let text = quote(self.tokens.text(label.unwrap_or_default()));
            let finding = format!("a second row named {text}");
            let at = label.unwrap_or(begin.span).at;
            return Err(Fault::new(at, "lp-duplicate-row", finding, "give each row a name of its own"));
        }
        if !expression.products.is_empty() {
            self.quadratic_rows.push(QuadraticRow { row, products: std::mem::take(&mut expression.products) });
        }
        Ok(())
    }

    /// What stands behind a complete statement begins on a new line, has a label, or is a keyword.
    pub(super) fn statement_ends(&mut self, what: &str) -> Result<(), Fault> {
        let token = self.tokens.peek()?;
        if token.first || self.ends_section(token, false) || self.is_label(token) {
            return Ok(());
        }
        let finding = format!("{} behind a complete {what}", quote(self.shown(token)));
        let remedy = "variables stand left of the comparison; another row begins on a new line, or with a label";
        Err(Fault::new(token.span.at, "lp-behind-row", finding, remedy))
    }
}
