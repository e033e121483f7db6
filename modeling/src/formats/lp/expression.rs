//! Expressions: linear terms, constants, and products in brackets.

use super::read::Reader;
use super::token::{Kind, Span, Token};
use crate::formats::fault::Fault;
use crate::formats::place::quote;
use crate::problem::Product;

/// What an expression came to. Its terms go where the caller keeps them.
#[derive(Debug, Default)]
pub(super) struct Expression {
    /// Variables with their coefficients, as they stand.
    pub terms: Vec<(u32, f64)>,
    pub products: Vec<Product>,
    pub constant: f64,
    /// How many constants there are.
    pub constants: usize,
    /// Whether there were brackets, even empty ones.
    pub brackets: bool,
    /// Whether a bracket was not halved.
    pub whole_bracket: bool,
    /// Whether one was.
    pub half_bracket: bool,
}

impl Expression {
    pub fn clear(&mut self) {
        *self = Self { terms: std::mem::take(&mut self.terms), ..Self::default() };
        self.terms.clear();
    }

    /// Whether it names no variable.
    pub fn is_constant(&self) -> bool {
        self.terms.is_empty() && !self.brackets
    }

    /// Whether nothing was there at all.
    pub fn is_empty(&self) -> bool {
        self.is_constant() && self.constants == 0
    }
}

impl Reader<'_> {
    /// Reads up to what cannot belong to an expression any more: a comparison, a keyword, a label, the file's end, or an
    /// operand where a sign should stand.
    pub(super) fn expression(&mut self, into: &mut Expression) -> Result<(), Fault> {
        into.clear();
        let mut begun = false;
        loop {
            let mut sign = 1.0;
            let mut signed = None;
            let mut token = self.tokens.peek()?;
            while matches!(token.kind, Kind::Plus | Kind::Minus) {
                if token.kind == Kind::Minus {
                    sign = -sign;
                }
                signed = Some(token);
                self.tokens.next()?;
                token = self.tokens.peek()?;
            }
            let operand = matches!(token.kind, Kind::Number(_) | Kind::Name | Kind::Open);
            let stops = !operand || self.ends_section(token, signed.is_some()) || self.is_label(token);
            match signed {
                Some(_) if stops => return Err(self.expected("a term", token)),
                None if stops || begun => return Ok(()),
                _ => {}
            }
            begun = true;
            self.term(sign, token, into)?;
        }
    }

    fn term(&mut self, sign: f64, token: Token, into: &mut Expression) -> Result<(), Fault> {
        self.count_term(token.span.at)?;
        self.tokens.next()?;
        match token.kind {
            Kind::Open => self.brackets(sign, token, into)?,
            Kind::Number(value) => {
                if !value.is_finite() {
                    return Err(self.not_finite(token.span));
                }
                if let Some(name) = self.coefficient_of()? {
                    self.linear(sign * value, name, into)?;
                } else {
                    into.constant += sign * value;
                    into.constants += 1;
                }
            }
            _ => self.linear(sign, token.span, into)?,
        }
        Ok(())
    }

    /// The variable that the number just read multiplies, if one follows.
    fn coefficient_of(&mut self) -> Result<Option<Span>, Fault> {
        let mut token = self.tokens.peek()?;
        let times = token.kind == Kind::Times;
        if times {
            self.tokens.next()?;
            token = self.tokens.peek()?;
        }
        match token.kind {
            Kind::Name if times || !(self.number_ends(token) || self.is_label(token)) => {
                self.tokens.next()?;
                Ok(Some(token.span))
            }
            Kind::Open => {
                let finding = "a number that multiplies brackets";
                Err(Fault::new(token.span.at, "lp-syntax", finding, "multiply out what stands in [ ]"))
            }
            _ if times => Err(self.expected("a variable", token)),
            _ => Ok(None),
        }
    }

    /// Whether the name behind a number is a keyword: on a line of its own any is, on the same line those that begin the
    /// rows (`min x + 3 st …`).
    fn number_ends(&self, token: Token) -> bool {
        match self.keyword(token) {
            Some((section, _)) => token.first || section == super::read::Section::Rows,
            None => false,
        }
    }

    fn linear(&mut self, value: f64, name: Span, into: &mut Expression) -> Result<(), Fault> {
        let token = self.tokens.peek()?;
        if matches!(token.kind, Kind::Times | Kind::Power) {
            let finding = format!("a product with {} outside of brackets", quote(self.tokens.text(name)));
            let remedy = "products stand in brackets: [ 2 x ^2 + 3 x * y ]";
            return Err(Fault::new(token.span.at, "lp-product", finding, remedy));
        }
        let column = self.variable(name)?;
        into.terms.push((column, value));
        Ok(())
    }

    /// Products up to `]`, and `/ 2` behind it.
    fn brackets(&mut self, sign: f64, open: Token, into: &mut Expression) -> Result<(), Fault> {
        let from = into.products.len();
        into.brackets = true;
        let mut first = true;
        loop {
            let mut sign = sign;
            let mut signed = false;
            let mut token = self.tokens.peek()?;
            while matches!(token.kind, Kind::Plus | Kind::Minus) {
                if token.kind == Kind::Minus {
                    sign = -sign;
                }
                signed = true;
                self.tokens.next()?;
                token = self.tokens.peek()?;
            }
            if token.kind == Kind::Close && !signed {
                self.tokens.next()?;
                break;
            }
            if self.ends_section(token, false) {
                let (line, _) = crate::formats::place::locate(self.tokens.bytes, open.span.at);
                let finding = format!("the bracket of line {line} is not closed");
                return Err(Fault::new(token.span.at, "lp-bracket", finding, "close it by ] before the section ends"));
            }
            if !signed && !first {
                return Err(self.expected("+, - or ]", token));
            }
            first = false;
            let product = self.product(sign)?;
            into.products.push(product);
        }
        if self.tokens.peek()?.kind != Kind::Slash {
            into.whole_bracket |= into.products.len() > from;
            return Ok(());
        }
        self.tokens.next()?;
        let two = self.tokens.next()?;
        if two.kind != Kind::Number(2.0) {
            let finding = format!("{} behind ] /", quote(self.shown(two)));
            return Err(Fault::new(two.span.at, "lp-bracket", finding, "brackets can be divided by 2 only"));
        }
        into.half_bracket = true;
        into.products[from..].iter_mut().for_each(|p| p.value *= 0.5);
        Ok(())
    }

    /// `2 x ^2`, `x * y`.
    fn product(&mut self, sign: f64) -> Result<Product, Fault> {
        let token = self.tokens.peek()?;
        self.count_term(token.span.at)?;
        let mut value = sign;
        if let Kind::Number(number) = token.kind {
            if !number.is_finite() {
                return Err(self.not_finite(token.span));
            }
            value *= number;
            self.tokens.next()?;
            if self.tokens.peek()?.kind == Kind::Times {
                self.tokens.next()?;
            }
        }
        let name = self.name("a variable")?;
        let first = self.variable(name)?;
        let operator = self.tokens.next()?;
        match operator.kind {
            Kind::Power => {
                let two = self.tokens.next()?;
                if two.kind != Kind::Number(2.0) {
                    let finding = format!("the power {}", quote(self.shown(two)));
                    return Err(Fault::new(two.span.at, "lp-power", finding, "only squares are supported"));
                }
                self.no_third_factor()?;
                Ok(Product::new(first, first, value))
            }
            Kind::Times => {
                let name = self.name("a variable")?;
                let second = self.variable(name)?;
                self.no_third_factor()?;
                Ok(Product::new(first, second, value))
            }
            _ => {
                let finding = format!("{} where ^2 or * must stand", quote(self.shown(operator)));
                let remedy = "within brackets there are products only; linear terms stand outside";
                Err(Fault::new(operator.span.at, "lp-syntax", finding, remedy))
            }
        }
    }

    fn no_third_factor(&mut self) -> Result<(), Fault> {
        let token = self.tokens.peek()?;
        if matches!(token.kind, Kind::Times | Kind::Power) {
            let finding = "a product of more than two variables";
            return Err(Fault::new(token.span.at, "lp-power", finding, "introduce a variable for a part of it"));
        }
        Ok(())
    }

    pub(super) fn read_objective(&mut self) -> Result<(), Fault> {
        let token = self.tokens.peek()?;
        let word = self.tokens.text(token.span);
        if token.kind == Kind::Name && !token.first && word.eq_ignore_ascii_case(b"multi") {
            let finding = "several objectives";
            return Err(Fault::new(token.span.at, "lp-multi-objective", finding, "give one objective"));
        }
        if self.ends_section(token, false) {
            return Ok(());
        }
        self.objective_name = self.label()?;
        let mut expression = Expression::default();
        self.expression(&mut expression)?;
        for &(column, value) in &expression.terms {
            self.variables.cost[column as usize] += value;
        }
        self.offset = expression.constant;
        if expression.whole_bracket {
            self.warnings.add("lp-quadratic-whole", Some(token.span.at), || {
                "brackets without '/ 2' in the objective are not halved".to_owned()
            });
        }
        self.quadratic_objective = expression.products;
        let token = self.tokens.peek()?;
        if self.ends_section(token, false) { Ok(()) } else { Err(self.expected("+, - or a section", token)) }
    }
}
