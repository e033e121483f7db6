//! Expression graphs of `MathOptFormat`, taken where they come to a polynomial of degree two at most.
//!
//! A node may be used several times and by any other; the depth and the number of visits are limited.

use super::functions::{Columns, list, number, text, unknown};
use crate::formats::json::document::{At, Document, Path};
use crate::formats::place::{FormatError, quote};
use crate::formats::polynomial::{Budget, Polynomial, Refusal};

/// Most nodes within each other.
const MOST_NESTED: usize = 500;

/// The graph of one function.
pub(super) struct Nonlinear<'n, 'd> {
    columns: &'n Columns<'d>,
    budget: &'n mut Budget,
    /// The node list, and where it stands.
    nodes: At<'d, 'n>,
    depth: usize,
}

/// An operand: a node, or a number from a list of numbers.
#[derive(Clone, Copy)]
enum Operand<'d> {
    Number(f64),
    Node(&'d Document),
}

/// The operands in a list.
fn operands<'d>(at: At<'d, '_>) -> Result<Vec<Operand<'d>>, FormatError> {
    match at.value {
        Document::Numbers(numbers) => Ok(numbers.iter().map(|&v| Operand::Number(v)).collect()),
        Document::List(items) => Ok(items.iter().map(Operand::Node).collect()),
        _ => Err(at.wrong_kind("a list of operands")),
    }
}

impl<'n, 'd> Nonlinear<'n, 'd> {
    /// The graph of the function that stands at `function`.
    pub fn of(function: At<'d, 'n>, columns: &'n Columns<'d>, budget: &'n mut Budget) -> Result<Self, FormatError> {
        // Nodes are looked up one at a time, so that only those that are used are looked at.
        list(function, "node_list")?;
        Ok(Self { columns, budget, nodes: function, depth: 0 })
    }

    /// What a node comes to.
    pub fn read(&mut self, at: At<'d, '_>) -> Result<Polynomial, FormatError> {
        let mut value = Polynomial::default();
        self.add(at, 1.0, &mut value)?;
        value.merge();
        Ok(value)
    }

    /// What each item of a list comes to.
    pub fn read_all(&mut self, at: At<'d, '_>) -> Result<Vec<Polynomial>, FormatError> {
        let read = |(k, operand)| self.operand(operand, at.path, k);
        operands(at)?.into_iter().enumerate().map(read).collect()
    }

    fn operand(&mut self, operand: Operand<'d>, list: &Path<'_>, k: usize) -> Result<Polynomial, FormatError> {
        match operand {
            Operand::Number(value) => Ok(Polynomial::number(value)),
            Operand::Node(value) => self.read(At { value, path: &Path::Item(list, k) }),
        }
    }

    /// Adds `factor` times a node to a sum.
    fn add(&mut self, at: At<'d, '_>, factor: f64, sum: &mut Polynomial) -> Result<(), FormatError> {
        self.budget.take(1).map_err(|_| too_large(at.path))?;
        match at.value {
            Document::Number(value) => sum.constant += factor * value,
            Document::Text(name) => sum.linear.push((self.column(name, at.path)?, factor)),
            Document::Object(_) => {
                if self.depth >= MOST_NESTED {
                    let finding = format!("more than {MOST_NESTED} nodes within each other, or a circle of nodes");
                    return Err(at.path.error("mof-too-deep", finding, "give sums all their terms at once"));
                }
                self.depth += 1;
                self.node(at, factor, sum)?;
                self.depth -= 1;
            }
            _ => return Err(at.wrong_kind("a node, a variable's name or a number")),
        }
        Ok(())
    }

    fn column(&self, name: &str, path: &Path<'_>) -> Result<u32, FormatError> {
        self.columns.get(name).copied().ok_or_else(|| unknown(name, path))
    }

    fn node(&mut self, at: At<'d, '_>, factor: f64, sum: &mut Polynomial) -> Result<(), FormatError> {
        match text(at, "type")? {
            "real" => sum.constant += factor * number(at, "value")?,
            "variable" => {
                let column = self.column(text(at, "name")?, &Path::Key(at.path, "name"))?;
                sum.linear.push((column, factor));
            }
            "node" => {
                let index = number(at, "index")?;
                let nodes = list(self.nodes, "node_list")?;
                let found = (index.fract() == 0.0 && index >= 1.0).then(|| nodes.get(index as usize - 1)).flatten();
                let Some(value) = found else {
                    let finding = format!("{index} is not a node; there are 1 to {}", nodes.len());
                    return Err(Path::Key(at.path, "index").error("mof-value", finding, "nodes count from 1"));
                };
                let list_path = Path::Key(self.nodes.path, "node_list");
                self.add(At { value, path: &Path::Item(&list_path, index as usize - 1) }, factor, sum)?;
            }
            operator => {
                let args_path = Path::Key(at.path, "args");
                let args = operands(At { value: super::functions::field(at, "args")?, path: &args_path })?;
                self.operator(operator, &args, at.path, factor, sum)?;
            }
        }
        Ok(())
    }

    fn operator(
        &mut self,
        operator: &str,
        args: &[Operand<'d>],
        path: &Path<'_>,
        factor: f64,
        sum: &mut Polynomial,
    ) -> Result<(), FormatError> {
        let list_path = Path::Key(path, "args");
        if operator == "+" || operator == "-" {
            for (k, &operand) in args.iter().enumerate() {
                let minus = operator == "-" && (k > 0 || args.len() == 1);
                let factor = if minus { -factor } else { factor };
                match operand {
                    Operand::Number(value) => sum.constant += factor * value,
                    Operand::Node(value) => self.add(At { value, path: &Path::Item(&list_path, k) }, factor, sum)?,
                }
            }
            return Ok(());
        }
        let mut values = Vec::new();
        for (k, &operand) in args.iter().enumerate() {
            values.push(self.operand(operand, &list_path, k)?);
        }
        let result = self.apply(operator, values).map_err(|refusal| match refusal {
            Refusal::Size => too_large(path),
            Refusal::Degree => {
                let finding =
                    format!("{} of what varies, which is neither linear nor quadratic", quote(operator.as_bytes()));
                path.error("mof-nonlinear", finding, "linear and quadratic models are solved here")
            }
        })?;
        if !result.constant.is_finite() {
            let finding = format!("{} comes to {}", quote(operator.as_bytes()), result.constant);
            return Err(path.error("mof-value", finding, "correct the constants"));
        }
        sum.take_in(result, factor);
        Ok(())
    }

    fn apply(&mut self, operator: &str, mut values: Vec<Polynomial>) -> Result<Polynomial, Refusal> {
        match (operator, values.len()) {
            ("*", 1..) => {
                let mut product = values.remove(0);
                for value in values {
                    product = product.times(value, self.budget)?;
                }
                Ok(product)
            }
            ("/" | "^", 2) => {
                let right = values[1].as_number().ok_or(Refusal::Degree)?;
                let mut left = values.swap_remove(0);
                match (operator, left.as_number()) {
                    ("^", Some(number)) => Ok(Polynomial::number(number.powf(right))),
                    ("/", _) => {
                        left.scale(|v| v / right);
                        Ok(left)
                    }
                    _ if right == 0.0 => Ok(Polynomial::number(1.0)),
                    _ if right == 1.0 => Ok(left),
                    _ if right == 2.0 => left.squared(self.budget),
                    _ => Err(Refusal::Degree),
                }
            }
            ("abs2", 1) => values.remove(0).squared(self.budget),
            (_, 1) => {
                let number = values[0].as_number().ok_or(Refusal::Degree)?;
                of_constant(operator, number).map(Polynomial::number).ok_or(Refusal::Degree)
            }
            _ => Err(Refusal::Degree),
        }
    }
}

/// A function of a constant.
fn of_constant(name: &str, x: f64) -> Option<f64> {
    Some(match name {
        "abs" => x.abs(),
        "sqrt" => x.sqrt(),
        "cbrt" => x.cbrt(),
        "inv" => 1.0 / x,
        "log" => x.ln(),
        "log10" => x.log10(),
        "log2" => x.log2(),
        "exp" => x.exp(),
        "exp2" => x.exp2(),
        "sin" => x.sin(),
        "cos" => x.cos(),
        "tan" => x.tan(),
        "floor" => x.floor(),
        "ceil" => x.ceil(),
        _ => return None,
    })
}

fn too_large(path: &Path<'_>) -> FormatError {
    let finding = "an expression that comes to more terms than this document may have";
    path.error("mof-too-large", finding, "give the sum a variable of its own, and use that")
}
