//! Expression trees, walked without recursion into what they come to: a polynomial of degree two at most, or a refusal
//! that names the operator.
//!
//! Sums are walked from the top, so that each term goes to its place at once; only factors have a polynomial of their own.

use super::input::{Form, Input};
use crate::formats::place::FormatError;
use crate::formats::polynomial::{Budget, Polynomial, Refusal};

/// Most factors within each other.
const MOST_NESTED: usize = 10_000;

/// What is still to be done, the last first.
enum Task {
    /// Reads terms and adds them, times a factor, to the polynomial on top.
    Terms { count: usize, factor: f64 },
    /// The left operand is on top: reads the right one.
    Right { operation: Operation, at: usize, factor: f64 },
    /// Both operands are on top.
    Combine { operation: Operation, at: usize, factor: f64 },
    /// The operand is on top.
    Apply { function: i64, at: usize, factor: f64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Multiply,
    Divide,
    Power,
}

/// Definitions of common expressions by their number behind the variables.
pub(super) type Definitions = std::collections::HashMap<u32, Polynomial>;

/// Reads one expression.
pub(super) fn read(
    input: &mut Input<'_>,
    variables: usize,
    definitions: &Definitions,
    budget: &mut Budget,
) -> Result<Polynomial, FormatError> {
    let mut walk = Walk { input, variables, definitions, budget, values: vec![Polynomial::default()] };
    let mut tasks = vec![Task::Terms { count: 1, factor: 1.0 }];
    while let Some(task) = tasks.pop() {
        match task {
            Task::Terms { count: 0, .. } => {}
            Task::Terms { count, factor } => {
                if count > 1 {
                    tasks.push(Task::Terms { count: count - 1, factor });
                }
                walk.term(factor, &mut tasks)?;
            }
            Task::Right { operation, at, factor } => {
                // `3 * sum`: the terms of the sum still go straight to their place.
                let constant = if operation == Operation::Multiply { walk.top().as_number() } else { None };
                if let Some(number) = constant {
                    walk.values.pop();
                    tasks.push(Task::Terms { count: 1, factor: factor * number });
                } else {
                    walk.values.push(Polynomial::default());
                    tasks.push(Task::Combine { operation, at, factor });
                    tasks.push(Task::Terms { count: 1, factor: 1.0 });
                }
            }
            Task::Combine { operation, at, factor } => {
                let right = walk.pop();
                let left = walk.pop();
                let value = walk.combine(operation, left, right, at)?;
                walk.top().take_in(value, factor);
            }
            Task::Apply { function, at, factor } => {
                let operand = walk.pop();
                let value = walk.apply(function, operand, at)?;
                walk.top().take_in(value, factor);
            }
        }
    }
    Ok(walk.pop())
}

struct Walk<'w, 'a> {
    input: &'w mut Input<'a>,
    variables: usize,
    definitions: &'w Definitions,
    budget: &'w mut Budget,
    /// The polynomials being added up, innermost last; never empty while there are tasks.
    values: Vec<Polynomial>,
}

impl Walk<'_, '_> {
    fn top(&mut self) -> &mut Polynomial {
        if self.values.is_empty() {
            self.values.push(Polynomial::default());
        }
        let last = self.values.len() - 1;
        &mut self.values[last]
    }

    fn pop(&mut self) -> Polynomial {
        self.values.pop().unwrap_or_default()
    }

    /// Reads one node.
    fn term(&mut self, factor: f64, tasks: &mut Vec<Task>) -> Result<(), FormatError> {
        let at = self.input.at;
        match self.input.letter("an expression")? {
            b'n' => {
                let value = self.input.finite("a constant")?;
                self.number(factor, value)?;
            }
            b's' => {
                let value = self.input.short("a short constant")?;
                self.number(factor, value as f64)?;
            }
            b'l' => {
                let value = self.input.integer("a long constant")?;
                self.number(factor, value as f64)?;
            }
            b'v' => self.reference(factor)?,
            b'o' => self.operator(at, factor, tasks)?,
            b'f' => return Err(self.refuse(at, "a call of an imported function")),
            b'h' => return Err(self.refuse(at, "a text")),
            other => {
                let finding = format!("'{}' where an expression must stand", other.escape_ascii());
                let remedy = "expressions begin with n, v or o; is the file damaged?";
                return Err(self.input.error(at, "nl-expression", finding, remedy));
            }
        }
        Ok(())
    }

    fn number(&mut self, factor: f64, value: f64) -> Result<(), FormatError> {
        self.top().constant += factor * value;
        self.input.end_of_line()
    }

    fn reference(&mut self, factor: f64) -> Result<(), FormatError> {
        let begin = self.input.at;
        let index = self.input.index(u32::MAX as usize, "a variable")?;
        if (index as usize) < self.variables {
            self.top().linear.push((index, factor));
            return self.input.end_of_line();
        }
        let Some(definition) = self.definitions.get(&index) else {
            let finding = format!("v{index} is no variable (there are {}) and not defined before", self.variables);
            return Err(self.input.error(begin, "nl-index", finding, "V segments stand before what uses them"));
        };
        if let Err(refusal) = self.budget.take(definition.len()) {
            return Err(self.too_much(refusal, begin, "a common expression"));
        }
        self.top().add(definition, factor);
        self.input.end_of_line()
    }

    fn operator(&mut self, at: usize, factor: f64, tasks: &mut Vec<Task>) -> Result<(), FormatError> {
        let code = self.input.integer("the number of an operator")?;
        self.input.end_of_line()?;
        let one = Task::Terms { count: 1, factor };
        let operation = match code {
            0 => {
                tasks.push(Task::Terms { count: 2, factor });
                return Ok(());
            }
            1 => {
                tasks.push(Task::Terms { count: 1, factor: -factor });
                tasks.push(one);
                return Ok(());
            }
            16 => {
                tasks.push(Task::Terms { count: 1, factor: -factor });
                return Ok(());
            }
            54 => {
                let count = self.input.count(self.input.bytes.len(), "the number of terms of a sum")?;
                self.input.end_of_line()?;
                tasks.push(Task::Terms { count, factor });
                return Ok(());
            }
            2 => Operation::Multiply,
            3 => Operation::Divide,
            5 | 76 | 78 => Operation::Power,
            _ if of_constants(code, 0.0).is_some() || code == SQUARE => {
                self.nest(at)?;
                tasks.push(Task::Apply { function: code, at, factor });
                tasks.push(Task::Terms { count: 1, factor: 1.0 });
                return Ok(());
            }
            _ => return Err(self.refuse(at, &operator_name(code))),
        };
        self.nest(at)?;
        tasks.push(Task::Right { operation, at, factor });
        tasks.push(Task::Terms { count: 1, factor: 1.0 });
        Ok(())
    }

    /// A polynomial of its own for what follows.
    fn nest(&mut self, at: usize) -> Result<(), FormatError> {
        if self.values.len() > MOST_NESTED {
            let finding = format!("more than {MOST_NESTED} products within each other");
            return Err(self.input.error(at, "nl-too-deep", finding, "no linear or quadratic model needs so many"));
        }
        self.values.push(Polynomial::default());
        Ok(())
    }

    fn combine(
        &mut self,
        operation: Operation,
        mut left: Polynomial,
        mut right: Polynomial,
        at: usize,
    ) -> Result<Polynomial, FormatError> {
        // Looking for what cancels costs as much as there is.
        self.budget.take(left.len() + right.len()).map_err(|r| self.too_much(r, at, "an expression"))?;
        match operation {
            Operation::Multiply => {
                left.times(right, self.budget).map_err(|r| self.too_much(r, at, "a product of degree three or more"))
            }
            Operation::Divide => match right.as_number() {
                Some(number) if number != 0.0 => {
                    left.scale(|v| v / number);
                    Ok(left)
                }
                Some(_) => Err(self.refuse(at, "a division by zero")),
                None => Err(self.refuse(at, "a division by something that varies")),
            },
            Operation::Power => match (left.as_number(), right.as_number()) {
                (Some(base), Some(exponent)) => self.constant(base.powf(exponent), at, "a power"),
                (None, Some(0.0)) => Ok(Polynomial::number(1.0)),
                (None, Some(1.0)) => Ok(left),
                (None, Some(2.0)) => self.square(left, at),
                (None, Some(exponent)) => Err(self.refuse(at, &format!("a power with the exponent {exponent}"))),
                (_, None) => Err(self.refuse(at, "a power with an exponent that varies")),
            },
        }
    }

    fn square(&mut self, value: Polynomial, at: usize) -> Result<Polynomial, FormatError> {
        value.squared(self.budget).map_err(|r| self.too_much(r, at, "a power of degree three or more"))
    }

    fn apply(&mut self, function: i64, mut operand: Polynomial, at: usize) -> Result<Polynomial, FormatError> {
        if function == SQUARE {
            return self.square(operand, at);
        }
        let name = operator_name(function);
        match operand.as_number().and_then(|number| of_constants(function, number)) {
            Some(value) => self.constant(value, at, &name),
            None => Err(self.refuse(at, &name)),
        }
    }

    fn constant(&self, value: f64, at: usize, what: &str) -> Result<Polynomial, FormatError> {
        if value.is_finite() {
            return Ok(Polynomial::number(value));
        }
        let finding = format!("{what} of constants comes to {value}");
        Err(self.input.error(at, "nl-not-a-number", finding, "correct the constants"))
    }

    #[cold]
    fn refuse(&self, at: usize, what: &str) -> FormatError {
        // In a comment AMPL tells the operator, which is worth no more than our own word for it.
        let finding = format!("{what}, which is neither linear nor quadratic");
        self.input.error(self.place(at), "nl-nonlinear", finding, "linear and quadratic models are solved here")
    }

    #[cold]
    fn too_much(&self, refusal: Refusal, at: usize, what: &str) -> FormatError {
        match refusal {
            Refusal::Degree => self.refuse(at, what),
            Refusal::Size => {
                let finding = "an expression that multiplies out to more terms than this file may have";
                let remedy = "give the sum a variable of its own, and square that";
                self.input.error(self.place(at), "nl-too-large", finding, remedy)
            }
        }
    }

    /// Where the node that was read from `at` begins.
    fn place(&self, at: usize) -> usize {
        if self.input.form == Form::Text { self.input.word_at(at) } else { at }
    }
}

/// `OP2POW`.
const SQUARE: i64 = 77;

/// A function of a constant, where the operator has one operand and is a function of numbers.
fn of_constants(code: i64, x: f64) -> Option<f64> {
    Some(match code {
        13 => x.floor(),
        14 => x.ceil(),
        15 => x.abs(),
        37 => x.tanh(),
        38 => x.tan(),
        39 => x.sqrt(),
        40 => x.sinh(),
        41 => x.sin(),
        42 => x.log10(),
        43 => x.ln(),
        44 => x.exp(),
        45 => x.cosh(),
        46 => x.cos(),
        47 => x.atanh(),
        49 => x.atan(),
        50 => x.asinh(),
        51 => x.asin(),
        52 => x.acosh(),
        53 => x.acos(),
        _ => return None,
    })
}

/// The operator as people call it, with its number.
fn operator_name(code: i64) -> String {
    let name = match code {
        4 => "mod",
        6 => "less",
        11 => "min",
        12 => "max",
        13 => "floor",
        14 => "ceil",
        15 => "abs",
        20 => "or",
        21 => "and",
        22 => "<",
        23 => "<=",
        24 => "=",
        28 => ">=",
        29 => ">",
        30 => "!=",
        34 => "not",
        35 | 65 => "if-then-else",
        37 => "tanh",
        38 => "tan",
        39 => "sqrt",
        40 => "sinh",
        41 => "sin",
        42 => "log10",
        43 => "log",
        44 => "exp",
        45 => "cosh",
        46 => "cos",
        47 => "atanh",
        48 => "atan2",
        49 => "atan",
        50 => "asinh",
        51 => "asin",
        52 => "acosh",
        53 => "acos",
        55 => "div",
        56 => "precision",
        57 => "round",
        58 => "trunc",
        59 => "count",
        60 | 61 => "numberof",
        62 => "atleast",
        63 => "atmost",
        64 => "a piecewise-linear term",
        66 => "exactly",
        70 => "forall",
        71 => "exists",
        72 => "==>",
        73 => "<==>",
        74 => "alldiff",
        _ => return format!("the unknown operator o{code}"),
    };
    format!("the operator o{code} ({name})")
}
