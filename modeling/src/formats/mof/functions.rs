//! Functions of `MathOptFormat`: what each component of one comes to.

use std::collections::HashMap;

use super::nonlinear::Nonlinear;
use crate::formats::json::document::{At, Document, Path};
use crate::formats::place::{FormatError, quote};
use crate::formats::polynomial::{Budget, Polynomial};
use crate::problem::Product;

/// Columns by name.
pub(super) type Columns<'d> = HashMap<&'d str, u32>;

/// What a constraint is about.
#[derive(Debug)]
pub(super) enum Function {
    /// One variable.
    Variable(u32),
    /// Several, each a component.
    Variables(Vec<u32>),
    /// One expression.
    Scalar(Polynomial),
    /// Several, each a component.
    Vector(Vec<Polynomial>),
}

impl Function {
    /// Whether it is a vector.
    pub fn is_vector(&self) -> bool {
        matches!(self, Self::Variables(_) | Self::Vector(_))
    }

    /// Its components as expressions.
    pub fn components(self) -> Vec<Polynomial> {
        match self {
            Self::Variable(column) => vec![Polynomial::variable(column)],
            Self::Variables(columns) => columns.into_iter().map(Polynomial::variable).collect(),
            Self::Scalar(one) => vec![one],
            Self::Vector(all) => all,
        }
    }
}

/// A field that must be there.
pub(super) fn field<'d>(at: At<'d, '_>, key: &str) -> Result<&'d Document, FormatError> {
    let found = at.object()?.iter().find(|(k, _)| k == key);
    found.map(|(_, value)| value).ok_or_else(|| {
        at.path.error("mof-missing-field", format!("the field \"{key}\" is missing"), "see the format's schema")
    })
}

/// A number that must be there.
pub(super) fn number(at: At<'_, '_>, key: &str) -> Result<f64, FormatError> {
    At { value: field(at, key)?, path: &Path::Key(at.path, key) }.number()
}

/// Text that must be there.
pub(super) fn text<'d>(at: At<'d, '_>, key: &str) -> Result<&'d str, FormatError> {
    At { value: field(at, key)?, path: &Path::Key(at.path, key) }.text()
}

/// The numbers of a list that must be there.
pub(super) fn numbers<'d>(at: At<'d, '_>, key: &str) -> Result<&'d [f64], FormatError> {
    match field(at, key)? {
        Document::Numbers(values) => Ok(values),
        other => Err(At { value: other, path: &Path::Key(at.path, key) }.wrong_kind("a list of numbers")),
    }
}

/// The items of a list that must be there and holds no numbers.
pub(super) fn list<'d>(at: At<'d, '_>, key: &str) -> Result<&'d [Document], FormatError> {
    match field(at, key)? {
        Document::List(items) => Ok(items),
        Document::Numbers(none) if none.is_empty() => Ok(&[]),
        other => Err(At { value: other, path: &Path::Key(at.path, key) }.wrong_kind("a list of objects")),
    }
}

/// Reads functions over these columns.
pub(super) struct Functions<'f, 'd> {
    pub columns: &'f Columns<'d>,
    pub budget: &'f mut Budget,
}

impl<'d> Functions<'_, 'd> {
    fn column(&self, at: At<'d, '_>, key: &str) -> Result<u32, FormatError> {
        let name = text(at, key)?;
        self.columns.get(name).copied().ok_or_else(|| unknown(name, &Path::Key(at.path, key)))
    }

    /// Reads a function of any type.
    pub fn read(&mut self, at: At<'d, '_>) -> Result<Function, FormatError> {
        Ok(match text(at, "type")? {
            "Variable" => Function::Variable(self.column(at, "name")?),
            "VectorOfVariables" => Function::Variables(self.variables(at)?),
            "ScalarAffineFunction" => Function::Scalar(self.scalar(at, "terms", None)?),
            "ScalarQuadraticFunction" => Function::Scalar(self.scalar(at, "affine_terms", Some("quadratic_terms"))?),
            "VectorAffineFunction" => Function::Vector(self.vector(at, "terms", None)?),
            "VectorQuadraticFunction" => Function::Vector(self.vector(at, "affine_terms", Some("quadratic_terms"))?),
            "ScalarNonlinearFunction" => {
                let root = At { value: field(at, "root")?, path: &Path::Key(at.path, "root") };
                Function::Scalar(Nonlinear::of(at, self.columns, self.budget)?.read(root)?)
            }
            "VectorNonlinearFunction" => {
                let rows_path = Path::Key(at.path, "rows");
                let rows = field(at, "rows")?;
                let mut walk = Nonlinear::of(at, self.columns, self.budget)?;
                Function::Vector(walk.read_all(At { value: rows, path: &rows_path })?)
            }
            other => {
                let finding = format!("functions of type {}", quote(other.as_bytes()));
                let remedy = "there are variables, affine, quadratic and nonlinear functions, and vectors of them";
                return Err(Path::Key(at.path, "type").error("mof-unsupported-function", finding, remedy));
            }
        })
    }

    fn variables(&self, at: At<'d, '_>) -> Result<Vec<u32>, FormatError> {
        let path = Path::Key(at.path, "variables");
        let mut columns = Vec::new();
        for (k, value) in list(at, "variables")?.iter().enumerate() {
            let path = Path::Item(&path, k);
            let name = At { value, path: &path }.text()?;
            columns.push(self.columns.get(name).copied().ok_or_else(|| unknown(name, &path))?);
        }
        Ok(columns)
    }

    fn scalar(&self, at: At<'d, '_>, linear: &str, quadratic: Option<&str>) -> Result<Polynomial, FormatError> {
        let mut value = Polynomial::number(number(at, "constant")?);
        let path = Path::Key(at.path, linear);
        for (k, term) in list(at, linear)?.iter().enumerate() {
            value.linear.push(self.affine_term(At { value: term, path: &Path::Item(&path, k) })?);
        }
        let Some(key) = quadratic else { return Ok(value) };
        let path = Path::Key(at.path, key);
        for (k, term) in list(at, key)?.iter().enumerate() {
            value.products.push(self.quadratic_term(At { value: term, path: &Path::Item(&path, k) })?);
        }
        Ok(value)
    }

    fn affine_term(&self, at: At<'d, '_>) -> Result<(u32, f64), FormatError> {
        Ok((self.column(at, "variable")?, number(at, "coefficient")?))
    }

    /// The functions are ½ xᵀQx with Q symmetric, each pair written once: a square counts half, another product whole.
    fn quadratic_term(&self, at: At<'d, '_>) -> Result<Product, FormatError> {
        let (first, second) = (self.column(at, "variable_1")?, self.column(at, "variable_2")?);
        let coefficient = number(at, "coefficient")?;
        Ok(Product { first, second, value: if first == second { coefficient / 2.0 } else { coefficient } })
    }

    fn vector(&self, at: At<'d, '_>, linear: &str, quadratic: Option<&str>) -> Result<Vec<Polynomial>, FormatError> {
        let constants = numbers(at, "constants")?;
        let mut components: Vec<Polynomial> = constants.iter().map(|&c| Polynomial::number(c)).collect();
        let path = Path::Key(at.path, linear);
        for (k, term) in list(at, linear)?.iter().enumerate() {
            let at = At { value: term, path: &Path::Item(&path, k) };
            let row = output_index(at, components.len())?;
            let term = At { value: field(at, "scalar_term")?, path: &Path::Key(at.path, "scalar_term") };
            components[row].linear.push(self.affine_term(term)?);
        }
        let Some(key) = quadratic else { return Ok(components) };
        let path = Path::Key(at.path, key);
        for (k, term) in list(at, key)?.iter().enumerate() {
            let at = At { value: term, path: &Path::Item(&path, k) };
            let row = output_index(at, components.len())?;
            let term = At { value: field(at, "scalar_term")?, path: &Path::Key(at.path, "scalar_term") };
            components[row].products.push(self.quadratic_term(term)?);
        }
        Ok(components)
    }
}

/// Which component a term belongs to, from 0.
fn output_index(at: At<'_, '_>, count: usize) -> Result<usize, FormatError> {
    let index = number(at, "output_index")?;
    if index.fract() == 0.0 && index >= 1.0 && index <= count as f64 {
        return Ok(index as usize - 1);
    }
    let finding = format!("{index} is not a component; there are 1 to {count}, as many as constants");
    Err(Path::Key(at.path, "output_index").error("mof-value", finding, "components count from 1"))
}

pub(super) fn unknown(name: &str, path: &Path<'_>) -> FormatError {
    let finding = format!("{} is not a variable", quote(name.as_bytes()));
    path.error("mof-unknown-variable", finding, "declare it under \"variables\", or correct the name")
}
