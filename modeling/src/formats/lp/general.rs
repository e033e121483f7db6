//! Gurobi's general constraints, `[label:] r = FUNCTION ( x , y , 3 )`, and piecewise-linear objectives, `x: (0, 0) (1, 2)`, as
//! they stand in the file. [`linearise`](super::linearise) makes rows of them once all bounds are known.

use super::expression::Expression;
use super::read::Reader;
use super::token::{Comparison, Kind, Span};
use crate::formats::fault::Fault;
use crate::formats::place::quote;

/// One of them.
#[derive(Debug)]
pub(super) struct General {
    pub label: Option<Span>,
    /// From where it begins to its end.
    pub at: Span,
    pub relation: Relation,
}

/// What must hold.
#[derive(Debug)]
pub(super) enum Relation {
    /// `result` is the largest (or the smallest) of the operands and the number.
    Extreme { largest: bool, result: u32, operands: Vec<u32>, constant: Option<f64> },
    /// `result = |operand|`.
    Absolute { result: u32, operand: u32 },
    /// `result` is 1 if all (or any) of the operands are.
    Logic { all: bool, result: u32, operands: Vec<u32> },
    /// `result = f(argument)`, `f` given by points.
    Piecewise { result: u32, argument: u32, points: Vec<(f64, f64)> },
    /// `f(argument)` is part of the objective.
    PiecewiseCost { argument: u32, points: Vec<(f64, f64)> },
}

impl Reader<'_> {
    pub(super) fn read_general_constraints(&mut self) -> Result<(), Fault> {
        let mut expression = Expression::default();
        loop {
            let token = self.tokens.peek()?;
            if self.ends_section(token, false) {
                return Ok(());
            }
            let label = self.label()?;
            let begin = self.tokens.peek()?;
            self.expression(&mut expression)?;
            if let Some(active) = self.binary_condition(&expression)? {
                let sides = self.switched(active, &mut expression)?;
                self.add_row(label, begin, &mut expression, sides)?;
            } else {
                let [(result, 1.0)] = expression.terms[..] else {
                    return Err(self.expected("a variable, = and a function", begin));
                };
                self.take(Kind::Comparison(Comparison::Equal), "=")?;
                let relation = self.relation(result)?;
                self.keep(label, begin.span, relation);
            }
            self.statement_ends("general constraint")?;
        }
    }

    /// Keeps one that began there and was read to its end.
    fn keep(&mut self, label: Option<Span>, begin: Span, relation: Relation) {
        let at = Span { at: begin.at, end: self.tokens.place() };
        self.general.push(General { label, at, relation });
    }

    fn relation(&mut self, result: u32) -> Result<Relation, Fault> {
        let function = self.tokens.word()?;
        let name = self.tokens.text(function).to_ascii_uppercase();
        if name.is_empty() {
            let token = self.tokens.peek()?;
            return Err(self.expected("a function", token));
        }
        let known = matches!(name.as_slice(), b"MAX" | b"MIN" | b"ABS" | b"AND" | b"OR" | b"PWL");
        if !known {
            let finding = format!("the function {}", quote(self.tokens.text(function)));
            let remedy = "there are MIN, MAX, ABS, AND, OR and PWL; approximate others by PWL";
            return Err(Fault::new(function.at, "lp-general-function", finding, remedy));
        }
        self.tokens.set_arguments(true);
        let (operands, mut constants) = self.operands()?;
        // Of several numbers one decides; each would cost rows and a binary.
        let decides = match name.as_slice() {
            b"MAX" => constants.iter().copied().reduce(f64::max),
            b"MIN" => constants.iter().copied().reduce(f64::min),
            _ => None,
        };
        if let Some(decides) = decides {
            constants = vec![decides];
        }
        let one = || {
            if let (&[operand], []) = (&operands[..], &constants[..]) {
                return Ok(operand);
            }
            let finding = format!("{} operands", operands.len() + constants.len());
            Err(Fault::new(function.at, "lp-general-operands", finding, "ABS and PWL take one variable"))
        };
        let relation = match name.as_slice() {
            b"MAX" => Relation::Extreme { largest: true, result, operands, constant: constants.first().copied() },
            b"MIN" => Relation::Extreme { largest: false, result, operands, constant: constants.first().copied() },
            b"ABS" => Relation::Absolute { result, operand: one()? },
            b"PWL" => {
                let argument = one()?;
                if self.tokens.peek()?.kind == Kind::Colon {
                    self.tokens.next()?;
                }
                Relation::Piecewise { result, argument, points: self.points()? }
            }
            _ if constants.is_empty() => Relation::Logic { all: name == b"AND", result, operands },
            _ => {
                let finding = "a number among the operands of AND or OR";
                return Err(Fault::new(function.at, "lp-general-operands", finding, "they take binary variables"));
            }
        };
        self.tokens.set_arguments(false);
        Ok(relation)
    }

    /// `( x , y , 3 )`: variables and numbers, at least one of them.
    fn operands(&mut self) -> Result<(Vec<u32>, Vec<f64>), Fault> {
        self.take(Kind::OpenArguments, "(")?;
        let (mut operands, mut constants) = (Vec::new(), Vec::new());
        loop {
            let token = self.tokens.peek()?;
            self.count_term(token.span.at)?;
            if token.kind == Kind::Name {
                self.tokens.next()?;
                operands.push(self.variable(token.span)?);
            } else {
                constants.push(self.finite()?);
            }
            let token = self.tokens.next()?;
            match token.kind {
                Kind::Comma => {}
                Kind::CloseArguments => {
                    // Naming one twice says nothing, and would cost rows.
                    operands.sort_unstable();
                    operands.dedup();
                    return Ok((operands, constants));
                }
                _ => return Err(self.expected("a comma or )", token)),
            }
        }
    }

    /// `(0, 0) (1, 2) …`: at least two, from left to right.
    fn points(&mut self) -> Result<Vec<(f64, f64)>, Fault> {
        let mut points: Vec<(f64, f64)> = Vec::new();
        let begin = self.tokens.peek()?;
        while self.tokens.peek()?.kind == Kind::OpenArguments {
            let open = self.tokens.next()?;
            self.count_term(open.span.at)?;
            let x = self.finite()?;
            self.take(Kind::Comma, "a comma")?;
            let y = self.finite()?;
            self.take(Kind::CloseArguments, ")")?;
            if points.last().is_some_and(|last| last.0 > x) {
                let finding = "a point left of the one before it";
                return Err(Fault::new(open.span.at, "lp-points", finding, "give points from left to right"));
            }
            points.push((x, y));
        }
        let n = points.len();
        // The first and the last piece go on for ever, so they need a slope.
        if n < 2 || points[0].0 == points[1].0 || points[n - 2].0 == points[n - 1].0 {
            let finding = format!("{n} point{} without a slope at both ends", if n == 1 { "" } else { "s" });
            let remedy = "give at least two points; the first two and the last two differ in x";
            return Err(Fault::new(begin.span.at, "lp-points", finding, remedy));
        }
        Ok(points)
    }

    pub(super) fn read_piecewise_objective(&mut self) -> Result<(), Fault> {
        loop {
            let token = self.tokens.peek()?;
            if self.ends_section(token, false) {
                return Ok(());
            }
            let name = self.name("a variable and a colon")?;
            let argument = self.variable(name)?;
            self.take(Kind::Colon, "a colon")?;
            self.tokens.set_arguments(true);
            let points = self.points()?;
            self.tokens.set_arguments(false);
            let relation = Relation::PiecewiseCost { argument, points };
            self.keep(None, name, relation);
        }
    }
}
