//! Algebra as people write it: `2 x + 3 y <= 12`, `-2 <= x - y <= 4`, `3 (x + 2 y) - 4 >= z / 2`, `x^2 + 2 x * y <= 4`.
//!
//! Names begin with a letter or `_` and go on with letters, digits, `_ . : # $ @ ! ~` and indices in brackets
//! (`ship[Paris, 3]`); any other name stands between single quotes or backquotes. A number directly before a name or a
//! bracket multiplies it; between variables stands a `*`. `inf` is infinite where no variable is called so.

use std::collections::HashMap;

use crate::formats::polynomial::{Budget, Polynomial, Refusal};
use crate::problem::Product;

/// Where something is wrong in the text, and what.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trouble {
    /// Character, from 1.
    pub character: usize,
    pub code: &'static str,
    pub finding: String,
    pub remedy: String,
}

/// lower ≤ Σ coefficient · variable + Σ value · variable · variable ≤ upper.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Constraint {
    pub terms: Vec<(u32, f64)>,
    pub products: Vec<Product>,
    pub lower: f64,
    pub upper: f64,
}

/// Deepest nesting of brackets.
const MOST_BRACKETS: usize = 64;

/// Parses an expression.
pub(super) fn expression(
    text: &str,
    variables: &HashMap<&str, u32>,
    budget: &mut Budget,
) -> Result<Polynomial, Trouble> {
    let mut parser = Parser::new(text, variables, budget)?;
    let begin = parser.character();
    let value = parser.sum()?;
    if let Some(token) = &parser.next {
        let remedy = "an objective is a sum such as 3 x + 2 y; put constraints under \"constraints\"";
        return Err(parser.unexpected(token, "the end", remedy));
    }
    if !value.constant.is_finite() {
        return Err(infinite_sum(begin));
    }
    Ok(value)
}

/// Parses a constraint of one or two relations.
pub(super) fn constraint(
    text: &str,
    variables: &HashMap<&str, u32>,
    budget: &mut Budget,
) -> Result<Constraint, Trouble> {
    let mut parser = Parser::new(text, variables, budget)?;
    let first_at = parser.character();
    let first = parser.sum()?;
    let Some((relation, _)) = parser.relation()? else {
        let finding = "no relation (<=, >= or =) in this constraint".to_owned();
        return Err(Trouble {
            character: parser.character(),
            code: "json-algebra",
            finding,
            remedy: "write it as 2 x + 3 y <= 12".to_owned(),
        });
    };
    let second_at = parser.character();
    let second = parser.sum()?;
    let Some((other, relation_at)) = parser.relation()? else {
        parser.end()?;
        return between_two(first, relation, &second, (first_at, second_at));
    };
    let third_at = parser.character();
    let third = parser.sum()?;
    parser.end()?;
    if relation == Relation::Equal || other != relation {
        let finding = "relations that do not point the same way".to_owned();
        let remedy = "write it as -2 <= x + y <= 4".to_owned();
        return Err(Trouble { character: relation_at, code: "json-algebra", finding, remedy });
    }
    for (side, character) in [(&first, first_at), (&third, third_at)] {
        if side.len() > 0 {
            let finding = "a variable in an outer part of a double relation".to_owned();
            let remedy = "the outer parts are numbers; write two constraints otherwise".to_owned();
            return Err(Trouble { character, code: "json-algebra", finding, remedy });
        }
    }
    if !second.constant.is_finite() {
        return Err(infinite_sum(second_at));
    }
    let (low, high) = if relation == Relation::AtMost { (first, third) } else { (third, first) };
    let (lower, upper) = (low.constant - second.constant, high.constant - second.constant);
    Ok(Constraint { terms: second.linear, products: second.products, lower, upper })
}

/// left ⋈ right, with everything that varies on the left.
fn between_two(
    mut left: Polynomial,
    relation: Relation,
    right: &Polynomial,
    at: (usize, usize),
) -> Result<Constraint, Trouble> {
    let side = right.constant - left.constant;
    // An infinity is a side of its own, never part of a sum.
    let infinite_left = !left.constant.is_finite();
    if (infinite_left && left.len() > 0) || side.is_nan() {
        return Err(infinite_sum(at.0));
    }
    if !right.constant.is_finite() && right.len() > 0 {
        return Err(infinite_sum(at.1));
    }
    left.add(right, -1.0);
    let (lower, upper) = match relation {
        Relation::AtMost => (f64::NEG_INFINITY, side),
        Relation::AtLeast => (side, f64::INFINITY),
        Relation::Equal => (side, side),
    };
    if lower == f64::INFINITY || upper == f64::NEG_INFINITY {
        return Err(infinite_sum(at.1));
    }
    Ok(Constraint { terms: left.linear, products: left.products, lower, upper })
}

fn infinite_sum(character: usize) -> Trouble {
    Trouble {
        character,
        code: "json-value",
        finding: "an infinity where a finite number must stand".to_owned(),
        remedy: "leave a side out to have none".to_owned(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    AtMost,
    AtLeast,
    Equal,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Number(f64),
    Name(u32),
    Sign(char),
    Relation(Relation),
}

#[derive(Debug, Clone, PartialEq)]
struct Token {
    kind: Kind,
    /// Byte where it begins.
    at: usize,
}

struct Parser<'a, 'b> {
    budget: &'b mut Budget,
    text: &'a str,
    variables: &'a HashMap<&'a str, u32>,
    /// Behind the next token.
    at: usize,
    next: Option<Token>,
    brackets: usize,
}

impl<'a, 'b> Parser<'a, 'b> {
    fn new(text: &'a str, variables: &'a HashMap<&'a str, u32>, budget: &'b mut Budget) -> Result<Self, Trouble> {
        budget.grow(text.len());
        let mut parser = Self { budget, text, variables, at: 0, next: None, brackets: 0 };
        parser.advance()?;
        Ok(parser)
    }

    /// Character of the next token, or the one behind the text.
    fn character(&self) -> usize {
        self.character_of(self.next.as_ref().map_or(self.text.len(), |t| t.at))
    }

    fn character_of(&self, byte: usize) -> usize {
        1 + self.text[..byte].chars().count()
    }

    fn trouble(&self, byte: usize, finding: impl Into<String>, remedy: impl Into<String>) -> Trouble {
        let character = self.character_of(byte);
        Trouble { character, code: "json-algebra", finding: finding.into(), remedy: remedy.into() }
    }

    fn unexpected(&self, token: &Token, wanted: &str, remedy: &str) -> Trouble {
        let rest = &self.text[token.at..];
        let shown: String = rest.chars().take(20).collect();
        self.trouble(token.at, format!("'{shown}' where {wanted} must stand"), remedy)
    }

    fn advance(&mut self) -> Result<Option<Token>, Trouble> {
        let token = self.lex()?;
        Ok(std::mem::replace(&mut self.next, token))
    }

    fn lex(&mut self) -> Result<Option<Token>, Trouble> {
        let rest = self.text[self.at..].trim_start();
        let at = self.text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            self.at = at;
            return Ok(None);
        };
        let (kind, len) = match first {
            '0'..='9' | '.' => self.number(rest, at)?,
            '+' | '-' | '*' | '/' | '(' | ')' | '^' => (Kind::Sign(first), 1),
            '−' => (Kind::Sign('-'), first.len_utf8()),
            '·' | '×' => (Kind::Sign('*'), first.len_utf8()),
            '≤' => (Kind::Relation(Relation::AtMost), first.len_utf8()),
            '≥' => (Kind::Relation(Relation::AtLeast), first.len_utf8()),
            '<' | '>' | '=' => relation(rest),
            _ => self.name(rest, first, at)?,
        };
        self.at = at + len;
        Ok(Some(Token { kind, at }))
    }

    fn number(&self, rest: &str, at: usize) -> Result<(Kind, usize), Trouble> {
        let bytes = rest.as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let mut len = digits(0);
        if bytes.get(len) == Some(&b'.') {
            len += 1 + digits(len + 1);
        }
        if let Some(b'e' | b'E') = bytes.get(len) {
            let sign = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
            let exponent = digits((len + 1 + sign).min(bytes.len()));
            if exponent > 0 {
                len += 1 + sign + exponent;
            }
        }
        match crate::formats::number::parse(&bytes[..len]) {
            Some(value) if value.is_finite() => Ok((Kind::Number(value), len)),
            Some(_) => Err(self.trouble(at, format!("'{}' is too large", &rest[..len]), "give a finite number")),
            None => Err(self.trouble(at, format!("'{}' is not a number", &rest[..len]), "write it as 0.5 or 1e-3")),
        }
    }

    fn name(&self, rest: &str, first: char, at: usize) -> Result<(Kind, usize), Trouble> {
        let (name, len) = if matches!(first, '\'' | '`') {
            let Some(close) = rest[1..].find(first) else {
                return Err(self.trouble(at, "a quoted name that does not end", "close the quote"));
            };
            (&rest[1..=close], close + 2)
        } else {
            let len = plain_name(rest);
            if len == 0 {
                let finding = format!("'{first}' does not belong here");
                return Err(self.trouble(at, finding, "put a name with unusual characters between single quotes"));
            }
            (&rest[..len], len)
        };
        if let Some(&column) = self.variables.get(name) {
            return Ok((Kind::Name(column), len));
        }
        if matches!(name.to_ascii_lowercase().as_str(), "inf" | "infinity") {
            return Ok((Kind::Number(f64::INFINITY), len));
        }
        let character = self.character_of(at);
        let finding = format!("'{name}' is not a variable");
        let remedy = "declare it under \"variables\", or correct the name".to_owned();
        Err(Trouble { character, code: "json-unknown-variable", finding, remedy })
    }

    fn end(&self) -> Result<(), Trouble> {
        match &self.next {
            None => Ok(()),
            Some(token) => Err(self.unexpected(token, "the end", "a constraint has one or two relations")),
        }
    }

    fn relation(&mut self) -> Result<Option<(Relation, usize)>, Trouble> {
        match &self.next {
            Some(Token { kind: Kind::Relation(relation), .. }) => {
                let (relation, character) = (*relation, self.character());
                self.advance()?;
                Ok(Some((relation, character)))
            }
            None => Ok(None),
            Some(token) => Err(self.unexpected(token, "+, - or a relation", "write it as 2 x + 3 y <= 12")),
        }
    }

    fn takes(&mut self, sign: char) -> Result<bool, Trouble> {
        let is = matches!(&self.next, Some(Token { kind: Kind::Sign(s), .. }) if *s == sign);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    fn sum(&mut self) -> Result<Polynomial, Trouble> {
        let mut total = Polynomial::default();
        let mut first = true;
        loop {
            let mut sign = 1.0;
            let mut signs = 0;
            loop {
                if self.takes('-')? {
                    sign = -sign;
                } else if !self.takes('+')? {
                    break;
                }
                signs += 1;
            }
            if signs == 0 && !first {
                return Ok(total);
            }
            let term = self.product()?;
            // Infinities are told by whoever asks for the sum.
            total.take_in(term, sign);
            first = false;
        }
    }

    fn product(&mut self) -> Result<Polynomial, Trouble> {
        let mut value = self.power()?;
        loop {
            let at = self.next.as_ref().map_or(self.text.len(), |t| t.at);
            if self.takes('*')? {
                let factor = self.power()?;
                value = self.multiply(value, factor, at)?;
            } else if self.takes('/')? {
                let divisor = self.power()?;
                if divisor.len() > 0 || divisor.constant == 0.0 || !divisor.constant.is_finite() {
                    return Err(self.trouble(at, "a division by something that is not a number", "divide by a number"));
                }
                value.scale(|v| v / divisor.constant);
            } else if matches!(&self.next, Some(Token { kind: Kind::Name(_) | Kind::Sign('('), .. })) {
                let factor = self.power()?;
                if value.len() > 0 && factor.len() > 0 {
                    let finding = "two variables side by side";
                    return Err(self.trouble(at, finding, "write x * y for their product; is a + missing?"));
                }
                value = self.multiply(value, factor, at)?;
            } else {
                return Ok(value);
            }
        }
    }

    fn multiply(&mut self, a: Polynomial, b: Polynomial, at: usize) -> Result<Polynomial, Trouble> {
        if !a.constant.is_finite() || !b.constant.is_finite() {
            return Err(infinite_sum(self.character_of(at)));
        }
        a.times(b, self.budget).map_err(|refusal| self.refused(refusal, at))
    }

    /// A factor, or a power of one: `x^2`.
    fn power(&mut self) -> Result<Polynomial, Trouble> {
        let mut base = self.factor()?;
        let at = self.next.as_ref().map_or(self.text.len(), |t| t.at);
        if !self.takes('^')? {
            return Ok(base);
        }
        let Some(Token { kind: Kind::Number(exponent), .. }) = self.next else {
            return Err(self.trouble(at, "a power whose exponent is not a number", "write a square as x^2"));
        };
        self.advance()?;
        if let Some(number) = base.as_number() {
            return Ok(Polynomial::number(number.powf(exponent)));
        }
        match exponent {
            1.0 => Ok(base),
            2.0 if base.constant.is_finite() => base.squared(self.budget).map_err(|refusal| self.refused(refusal, at)),
            _ => Err(self.refused(Refusal::Degree, at)),
        }
    }

    fn refused(&self, refusal: Refusal, at: usize) -> Trouble {
        let character = self.character_of(at);
        match refusal {
            Refusal::Degree => Trouble {
                character,
                code: "json-not-quadratic",
                finding: "a product or power that is neither linear nor quadratic".to_owned(),
                remedy: "constraints and objectives are linear or quadratic".to_owned(),
            },
            Refusal::Size => Trouble {
                character,
                code: "json-too-large",
                finding: "a product that comes to more terms than this model may have".to_owned(),
                remedy: "give the sum a variable of its own, and multiply that".to_owned(),
            },
        }
    }

    fn factor(&mut self) -> Result<Polynomial, Trouble> {
        let Some(token) = self.advance()? else {
            let finding = "the text ends where a number or a variable must stand";
            return Err(self.trouble(self.text.len(), finding, "complete it"));
        };
        match token.kind {
            Kind::Number(constant) => Ok(Polynomial::number(constant)),
            Kind::Name(column) => Ok(Polynomial::variable(column)),
            Kind::Sign('(') => {
                self.brackets += 1;
                if self.brackets > MOST_BRACKETS {
                    let finding = format!("more than {MOST_BRACKETS} brackets within each other");
                    return Err(self.trouble(token.at, finding, "multiply them out"));
                }
                let inner = self.sum()?;
                if !self.takes(')')? {
                    return Err(self.trouble(token.at, "a bracket that is not closed", "close it"));
                }
                self.brackets -= 1;
                Ok(inner)
            }
            // A sign in front of a factor: `2 * -x`.
            Kind::Sign('-')
                if matches!(
                    &self.next,
                    Some(Token { kind: Kind::Number(_) | Kind::Name(_) | Kind::Sign('('), .. })
                ) =>
            {
                let mut inner = self.power()?;
                inner.scale(|v| -v);
                Ok(inner)
            }
            _ => Err(self.unexpected(&token, "a number or a variable", "write it as 2 x + 3 y <= 12")),
        }
    }
}

fn relation(rest: &str) -> (Kind, usize) {
    let two = rest.get(..2).unwrap_or_default();
    match two {
        "<=" | "=<" => (Kind::Relation(Relation::AtMost), 2),
        ">=" | "=>" => (Kind::Relation(Relation::AtLeast), 2),
        "==" => (Kind::Relation(Relation::Equal), 2),
        // Strict ones mean the same to a solver, as in the LP format.
        _ if rest.starts_with('<') => (Kind::Relation(Relation::AtMost), 1),
        _ if rest.starts_with('>') => (Kind::Relation(Relation::AtLeast), 1),
        _ => (Kind::Relation(Relation::Equal), 1),
    }
}

/// How many bytes of `rest` are a name that needs no quotes; 0 where none begins.
pub(super) fn plain_name(rest: &str) -> usize {
    let mut characters = rest.char_indices().peekable();
    if !characters.next().is_some_and(|(_, c)| c.is_alphabetic() || c == '_') {
        return 0;
    }
    while let Some(&(at, c)) = characters.peek() {
        if c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '#' | '$' | '@' | '!' | '~') {
            characters.next();
        } else if c == '[' {
            let Some(close) = rest[at..].find(']') else { return at };
            while characters.next_if(|&(i, _)| i <= at + close).is_some() {}
        } else {
            return at;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraint(text: &str, variables: &HashMap<&str, u32>) -> Result<Constraint, Trouble> {
        super::constraint(text, variables, &mut Budget::for_text(0))
    }

    fn variables() -> HashMap<&'static str, u32> {
        ["x", "y", "z", "ship[Paris, 3]", "my var", "Übung"].into_iter().zip(0..).collect()
    }

    /// Coefficients of x, y, z and the others, merged.
    fn row(terms: &[(u32, f64)]) -> [f64; 6] {
        let mut row = [0.0; 6];
        for &(j, v) in terms {
            row[j as usize] += v;
        }
        row
    }

    #[test]
    fn constraints_that_mean_something() {
        const INF: f64 = f64::INFINITY;
        let cases: &[(&str, [f64; 6], f64, f64)] = &[
            ("2 x + 3 y <= 12", [2., 3., 0., 0., 0., 0.], -INF, 12.),
            ("2x+3y>=12", [2., 3., 0., 0., 0., 0.], 12., INF),
            ("x == y", [1., -1., 0., 0., 0., 0.], 0., 0.),
            ("-2 <= x + y <= 4", [1., 1., 0., 0., 0., 0.], -2., 4.),
            ("4 >= x + y + 1 >= -2", [1., 1., 0., 0., 0., 0.], -3., 3.),
            ("3 (x + 2 y) - 4 >= z / 2", [3., 6., -0.5, 0., 0., 0.], 4., INF),
            ("x*2 - -y ≤ 1e1", [2., 1., 0., 0., 0., 0.], -INF, 10.),
            ("- (x - y) * 2 = 3", [-2., 2., 0., 0., 0., 0.], 3., 3.),
            ("ship[Paris, 3] + 'my var' + `x` + Übung < 1", [1., 0., 0., 1., 1., 1.], -INF, 1.),
            ("x <= inf", [1., 0., 0., 0., 0., 0.], -INF, INF),
            ("-inf <= x <= 3", [1., 0., 0., 0., 0., 0.], -INF, 3.),
            ("x + x <= 3", [2., 0., 0., 0., 0., 0.], -INF, 3.),
            ("0 <= 5", [0.; 6], -INF, 5.),
        ];
        for (text, coefficients, lower, upper) in cases {
            let got = constraint(text, &variables()).unwrap_or_else(|t| panic!("{text}: {t:?}"));
            assert_eq!((row(&got.terms), got.lower, got.upper), (*coefficients, *lower, *upper), "{text}");
        }
        let objective = expression("3 x - 2 (y - 1) + 0.5", &variables(), &mut Budget::for_text(0)).unwrap();
        assert_eq!((row(&objective.linear), objective.constant), ([3., -2., 0., 0., 0., 0.], 2.5));
    }

    #[test]
    fn products_and_squares() {
        let product = |first, second, value| Product { first, second, value };
        let cases: &[(&str, [f64; 6], Vec<Product>, f64)] = &[
            ("x^2 + 2 x*y <= 4", [0.; 6], vec![product(0, 0, 1.), product(0, 1, 2.)], 4.),
            ("-x^2 <= 4", [0.; 6], vec![product(0, 0, -1.)], 4.),
            ("3 * -x^2 / 2 <= 4", [0.; 6], vec![product(0, 0, -1.5)], 4.),
            (
                "(x + y)^2 <= 2^2 + 'my var'^1",
                [0., 0., 0., 0., -1., 0.],
                vec![product(0, 0, 1.), product(0, 1, 2.), product(1, 1, 1.)],
                4.,
            ),
            ("(x + 1) * (y - 2) <= 0", [-2., 1., 0., 0., 0., 0.], vec![product(0, 1, 1.)], 2.),
            ("(x + 1) * (x - 1) - x * x <= 0", [0.; 6], vec![], 1.),
        ];
        for (text, coefficients, products, upper) in cases {
            let mut got = constraint(text, &variables()).unwrap_or_else(|t| panic!("{text}: {t:?}"));
            let mut sum = Polynomial { products: std::mem::take(&mut got.products), ..Polynomial::default() };
            sum.merge();
            assert_eq!((row(&got.terms), &sum.products, got.upper), (*coefficients, products, *upper), "{text}");
        }
    }

    #[test]
    fn constraints_that_do_not() {
        let cases: &[(&str, usize, &str, &str)] = &[
            ("2 x + q <= 3", 7, "json-unknown-variable", "'q' is not a variable"),
            ("x + y", 6, "json-algebra", "no relation (<=, >= or =) in this constraint"),
            ("x y <= 3", 3, "json-algebra", "two variables side by side"),
            ("x * x * y <= 3", 7, "json-not-quadratic", "a product or power that is neither linear nor quadratic"),
            ("(x * y)^2 <= 3", 8, "json-not-quadratic", "a product or power that is neither linear nor quadratic"),
            ("x^3 <= 3", 2, "json-not-quadratic", "a product or power that is neither linear nor quadratic"),
            ("x^y <= 3", 2, "json-algebra", "a power whose exponent is not a number"),
            ("2^y <= 3", 2, "json-algebra", "a power whose exponent is not a number"),
            ("inf * x <= 3", 5, "json-value", "an infinity where a finite number must stand"),
            ("x <= ", 6, "json-algebra", "the text ends where a number or a variable must stand"),
            ("x <= 1 <= 2 <= 3", 13, "json-algebra", "'<= 3' where the end must stand"),
            ("1 <= x >= 2", 8, "json-algebra", "relations that do not point the same way"),
            ("y <= x <= 2", 1, "json-algebra", "a variable in an outer part of a double relation"),
            ("(x + y <= 3", 1, "json-algebra", "a bracket that is not closed"),
            ("x + * y <= 3", 5, "json-algebra", "'* y <= 3' where a number or a variable must stand"),
            ("x 3 <= 3", 3, "json-algebra", "'3 <= 3' where +, - or a relation must stand"),
            ("é x <= 3", 1, "json-unknown-variable", "'é' is not a variable"),
            ("x % 2 <= 3", 3, "json-algebra", "'%' does not belong here"),
            ("x / 0 <= 3", 3, "json-algebra", "a division by something that is not a number"),
            ("x + inf <= 3", 1, "json-value", "an infinity where a finite number must stand"),
            ("x <= -inf", 6, "json-value", "an infinity where a finite number must stand"),
            ("1e999 x <= 3", 1, "json-algebra", "'1e999' is too large"),
            ("'x <= 3", 1, "json-algebra", "a quoted name that does not end"),
            ("", 1, "json-algebra", "the text ends where a number or a variable must stand"),
        ];
        for (text, character, code, finding) in cases {
            let got = constraint(text, &variables()).expect_err(text);
            assert_eq!((got.character, got.code, got.finding.as_str()), (*character, *code, *finding), "{text}");
        }
        let deep = format!("{}x{} <= 1", "(".repeat(10_000), ")".repeat(10_000));
        assert_eq!(constraint(&deep, &variables()).unwrap_err().character, 65);
        let long = format!("{}x <= 1", "-".repeat(100_000));
        assert!(constraint(&long, &variables()).is_ok());
    }
}
