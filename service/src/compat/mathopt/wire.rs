//! A solve request of `MathOpt` as proto3 JSON has it: names in camelCase, 64-bit integers as text, infinities as words,
//! durations as seconds with an `s`. An unknown field is an error with its place.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, Visitor};

/// A 64-bit integer, as a number or as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Whole(pub i64);

/// A double, as a number or as text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Double(pub f64);

struct WholeReader;

impl Visitor<'_> for WholeReader {
    type Value = Whole;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a whole number, or one in text")
    }

    fn visit_i64<E>(self, value: i64) -> Result<Whole, E> {
        Ok(Whole(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Whole, E> {
        i64::try_from(value).map(Whole).map_err(|_| E::custom(format!("{value} is too large")))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Whole, E> {
        value.parse().map(Whole).map_err(|_| E::custom(format!("'{value}' is no whole number")))
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeReader)
    }
}

struct DoubleReader;

impl Visitor<'_> for DoubleReader {
    type Value = Double;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number, \"Infinity\" or \"-Infinity\"")
    }

    fn visit_i64<E>(self, value: i64) -> Result<Double, E> {
        Ok(Double(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Double, E> {
        Ok(Double(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Double, E> {
        Ok(Double(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Double, E> {
        match value {
            "Infinity" => Ok(Double(f64::INFINITY)),
            "-Infinity" => Ok(Double(f64::NEG_INFINITY)),
            text => text.parse().map(Double).map_err(|_| E::custom(format!("'{text}' is no number"))),
        }
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DoubleReader)
    }
}

/// Seconds, as `"3.5s"`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seconds(pub f64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let seconds = text.strip_suffix('s').and_then(|number| number.parse::<f64>().ok()).filter(|s| s.is_finite());
        seconds.map(Self).ok_or_else(|| D::Error::custom(format!("'{text}' is no duration such as \"3.5s\"")))
    }
}

/// Declares messages: every field may be left out.
macro_rules! messages {
    ($($(#[$about:meta])* $name:ident { $($field:ident: $kind:ty,)* })*) => {
        $($(#[$about])*
        #[derive(Debug, Default, serde::Deserialize)]
        #[allow(clippy::struct_field_names)] // they are MathOpt's
        #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
        pub struct $name { $(pub $field: $kind,)* })*
    };
}

messages! {
    /// The body.
    Request {
        solver_type: Option<String>,
        model: Model,
        parameters: Parameters,
        model_parameters: ModelParameters,
        resources: Option<IgnoredAny>,
    }
    /// What is solved.
    Model {
        name: String,
        variables: Variables,
        objective: Objective,
        auxiliary_objectives: BTreeMap<String, Objective>,
        linear_constraints: LinearConstraints,
        linear_constraint_matrix: Matrix,
        quadratic_constraints: BTreeMap<String, QuadraticConstraint>,
        second_order_cone_constraints: BTreeMap<String, ConeConstraint>,
        sos1_constraints: BTreeMap<String, SosConstraint>,
        sos2_constraints: BTreeMap<String, SosConstraint>,
        indicator_constraints: BTreeMap<String, IndicatorConstraint>,
    }
    /// Columns; ids ascend.
    Variables {
        ids: Vec<Whole>,
        lower_bounds: Vec<Double>,
        upper_bounds: Vec<Double>,
        integers: Vec<bool>,
        names: Vec<String>,
    }
    /// What is minimised or maximised.
    Objective {
        maximize: bool,
        offset: Option<Double>,
        linear_coefficients: Vector,
        quadratic_coefficients: Matrix,
        name: String,
        priority: Option<Whole>,
    }
    /// Rows; ids ascend.
    LinearConstraints {
        ids: Vec<Whole>,
        lower_bounds: Vec<Double>,
        upper_bounds: Vec<Double>,
        names: Vec<String>,
    }
    /// A row with products.
    QuadraticConstraint {
        linear_terms: Vector,
        quadratic_terms: Matrix,
        lower_bound: Option<Double>,
        upper_bound: Option<Double>,
        name: String,
    }
    /// A row that a binary column switches; without one it never has to hold.
    IndicatorConstraint {
        indicator_id: Option<Whole>,
        activate_on_zero: bool,
        expression: Vector,
        lower_bound: Option<Double>,
        upper_bound: Option<Double>,
        name: String,
    }
    /// A norm and its bound.
    ConeConstraint {
        upper_bound: Expression,
        arguments_to_norm: Vec<Expression>,
        name: String,
    }
    /// A set of expressions.
    SosConstraint {
        expressions: Vec<Expression>,
        weights: Vec<Double>,
        name: String,
    }
    /// A linear expression.
    Expression {
        ids: Vec<Whole>,
        coefficients: Vec<Double>,
        offset: Option<Double>,
    }
    /// Numbers by id.
    Vector {
        ids: Vec<Whole>,
        values: Vec<Double>,
    }
    /// Numbers by two ids.
    Matrix {
        row_ids: Vec<Whole>,
        column_ids: Vec<Whole>,
        coefficients: Vec<Double>,
    }
    /// How it is solved.
    Parameters {
        time_limit: Option<Seconds>,
        iteration_limit: Option<Whole>,
        node_limit: Option<Whole>,
        cutoff_limit: Option<Double>,
        objective_limit: Option<Double>,
        best_bound_limit: Option<Double>,
        solution_limit: Option<Whole>,
        enable_output: bool,
        threads: Option<Whole>,
        random_seed: Option<Whole>,
        absolute_gap_tolerance: Option<Double>,
        relative_gap_tolerance: Option<Double>,
        solution_pool_size: Option<Whole>,
        lp_algorithm: Option<String>,
        presolve: Option<String>,
        cuts: Option<String>,
        heuristics: Option<String>,
        scaling: Option<String>,
    }
    /// What of the answer is wanted, and where to begin.
    ModelParameters {
        variable_values_filter: Filter,
        dual_values_filter: Filter,
        reduced_costs_filter: Filter,
        initial_basis: Option<IgnoredAny>,
        solution_hints: Vec<Hint>,
        branching_priorities: Option<IgnoredAny>,
    }
    /// Which entries of a vector are wanted.
    Filter {
        skip_zero_values: bool,
        filter_by_ids: bool,
        filtered_ids: Vec<Whole>,
    }
    /// A point to begin from, perhaps of some variables alone.
    Hint {
        variable_values: Vector,
        dual_values: Vector,
    }
}
