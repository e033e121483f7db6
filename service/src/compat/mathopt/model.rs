//! A model of `MathOpt` to a problem. Ids become positions; rows with products and switched rows follow the linear ones, so
//! that the multipliers of the first rows are those of the linear constraints.

use std::collections::HashSet;

use farkas_modeling::problem::{ColumnKind, Indicator, NameArena, Product, QuadraticRow, Sense, SpecialOrderedSet};
use farkas_modeling::{Problem as Model, ProblemData};

use super::wire::{self, Double, Matrix, SosConstraint, Vector, Whole};
use crate::api::problem::Problem;

/// An error at a place of the body.
pub fn wrong(pointer: &str, detail: impl Into<String>) -> Problem {
    Problem::new(422, "bad-value", detail).map(|p| p.at_pointer(pointer))
}

/// Ids in their order.
pub struct Ids(Vec<i64>);

impl Ids {
    fn read(ids: &[Whole], pointer: &str) -> Result<Self, Problem> {
        match ids.windows(2).position(|pair| pair[0] >= pair[1]) {
            Some(at) => Err(wrong(&format!("{pointer}/{}", at + 1), "ids must ascend")),
            None => Ok(Self(ids.iter().map(|id| id.0).collect())),
        }
    }

    /// The position of an id.
    pub fn place(&self, id: Whole) -> Option<usize> {
        // Nearly all models number from 0 without holes.
        let guess = usize::try_from(id.0).ok().filter(|at| self.0.get(*at) == Some(&id.0));
        guess.or_else(|| self.0.binary_search(&id.0).ok())
    }

    fn find(&self, id: Whole, pointer: &str) -> Result<u32, Problem> {
        self.place(id)
            .map(|at| at as u32)
            .ok_or_else(|| wrong(pointer, format!("there is nothing with the id {}", id.0)))
    }

    /// The id at a position.
    pub fn at(&self, place: usize) -> Option<i64> {
        self.0.get(place).copied()
    }

    /// The ids.
    pub fn iter(&self) -> impl Iterator<Item = i64> {
        self.0.iter().copied()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// A problem, and what its positions are called.
pub struct Converted {
    pub model: Model,
    pub columns: Ids,
    pub rows: Ids,
}

/// Converts a model.
pub fn convert(model: &wire::Model) -> Result<Converted, Problem> {
    for (there, pointer, what) in [
        (!model.auxiliary_objectives.is_empty(), "/model/auxiliaryObjectives", "several objectives"),
        (!model.second_order_cone_constraints.is_empty(), "/model/secondOrderConeConstraints", "cones"),
    ] {
        if there {
            let problem = Problem::new(422, "unsupported", format!("models with {what} are not solved here"));
            return Err(problem.map(|p| p.at_pointer(pointer)));
        }
    }
    let columns = Ids::read(&model.variables.ids, "/model/variables/ids")?;
    let rows = Ids::read(&model.linear_constraints.ids, "/model/linearConstraints/ids")?;
    let mut building = Building { data: ProblemData::default(), entries: Vec::new(), columns: &columns };
    building.variables(&model.variables)?;
    building.objective(&model.objective)?;
    building.linear_rows(model, &rows)?;
    building.other_rows(model)?;
    for (order, sets, pointer) in
        [(1, &model.sos1_constraints, "/model/sos1Constraints"), (2, &model.sos2_constraints, "/model/sos2Constraints")]
    {
        for (key, set) in sets {
            let set = building.set(order, set, &format!("{pointer}/{key}"))?;
            building.data.sets.push(set);
        }
    }
    let model = building.finish(&model.name)?;
    Ok(Converted { model, columns, rows })
}

struct Building<'a> {
    data: ProblemData,
    /// Column, row and value of each coefficient.
    entries: Vec<(u32, u32, f64)>,
    columns: &'a Ids,
}

impl Building<'_> {
    fn variables(&mut self, variables: &wire::Variables) -> Result<(), Problem> {
        let n = self.columns.len();
        self.data.lower = doubles(&variables.lower_bounds, n, "/model/variables/lowerBounds")?;
        self.data.upper = doubles(&variables.upper_bounds, n, "/model/variables/upperBounds")?;
        if variables.integers.len() != n {
            return Err(length("/model/variables/integers", variables.integers.len(), n));
        }
        let kind = |integer: &bool| if *integer { ColumnKind::Integer } else { ColumnKind::Continuous };
        self.data.kinds = variables.integers.iter().map(kind).collect();
        self.data.column_names = names(&variables.names, n);
        Ok(())
    }

    fn objective(&mut self, objective: &wire::Objective) -> Result<(), Problem> {
        let pointer = "/model/objective/linearCoefficients";
        self.data.sense = if objective.maximize { Sense::Maximize } else { Sense::Minimize };
        self.data.offset = objective.offset.map_or(0.0, |offset| offset.0);
        self.data.objective_name = Some(objective.name.clone()).filter(|name| !name.is_empty());
        self.data.cost = vec![0.0; self.columns.len()];
        for (j, value) in self.terms(&objective.linear_coefficients, pointer)? {
            self.data.cost[j as usize] = value;
        }
        let pointer = "/model/objective/quadraticCoefficients";
        self.data.quadratic_objective = self.products(&objective.quadratic_coefficients, pointer)?;
        Ok(())
    }

    fn linear_rows(&mut self, model: &wire::Model, rows: &Ids) -> Result<(), Problem> {
        let m = rows.len();
        let constraints = &model.linear_constraints;
        self.data.row_lower = doubles(&constraints.lower_bounds, m, "/model/linearConstraints/lowerBounds")?;
        self.data.row_upper = doubles(&constraints.upper_bounds, m, "/model/linearConstraints/upperBounds")?;
        let is_linear = model.quadratic_constraints.is_empty() && model.indicator_constraints.is_empty();
        self.data.row_names = names(&constraints.names, m).filter(|_| is_linear);
        let (matrix, pointer) = (&model.linear_constraint_matrix, "/model/linearConstraintMatrix");
        is_matrix(matrix, pointer)?;
        for (k, ((row, column), value)) in
            matrix.row_ids.iter().zip(&matrix.column_ids).zip(&matrix.coefficients).enumerate()
        {
            let Some(i) = rows.place(*row) else {
                return Err(wrong(&format!("{pointer}/rowIds/{k}"), format!("there is no row with the id {}", row.0)));
            };
            let Some(j) = self.columns.place(*column) else {
                let detail = format!("there is no variable with the id {}", column.0);
                return Err(wrong(&format!("{pointer}/columnIds/{k}"), detail));
            };
            self.entries.push((j as u32, i as u32, value.0));
        }
        Ok(())
    }

    fn other_rows(&mut self, model: &wire::Model) -> Result<(), Problem> {
        for (key, row) in &model.quadratic_constraints {
            let pointer = format!("/model/quadraticConstraints/{key}");
            let at =
                self.row(&row.linear_terms, row.lower_bound, row.upper_bound, &format!("{pointer}/linearTerms"))?;
            let products = self.products(&row.quadratic_terms, &format!("{pointer}/quadraticTerms"))?;
            if !products.is_empty() {
                self.data.quadratic_rows.push(QuadraticRow { row: at, products });
            }
        }
        for (key, row) in &model.indicator_constraints {
            // Its variable was deleted: MathOpt says that it is ignored.
            let Some(id) = row.indicator_id else { continue };
            let pointer = format!("/model/indicatorConstraints/{key}");
            let column = self.columns.find(id, &format!("{pointer}/indicatorId"))?;
            let at = self.row(&row.expression, row.lower_bound, row.upper_bound, &format!("{pointer}/expression"))?;
            self.data.indicators.push(Indicator { row: at, column, active: !row.activate_on_zero });
        }
        Ok(())
    }

    /// Adds a row; a side that is left out is 0, as proto3 has it.
    fn row(&mut self, terms: &Vector, lower: Option<Double>, upper: Option<Double>, at: &str) -> Result<u32, Problem> {
        let i = self.data.row_lower.len() as u32;
        self.data.row_lower.push(lower.map_or(0.0, |side| side.0));
        self.data.row_upper.push(upper.map_or(0.0, |side| side.0));
        let terms = self.terms(terms, at)?;
        self.entries.extend(terms.into_iter().map(|(j, value)| (j, i, value)));
        Ok(i)
    }

    fn set(&self, order: u8, set: &SosConstraint, pointer: &str) -> Result<SpecialOrderedSet, Problem> {
        let weights = match set.weights.len() {
            0 => (1..=set.expressions.len()).map(|weight| weight as f64).collect(),
            _ => doubles(&set.weights, set.expressions.len(), &format!("{pointer}/weights"))?,
        };
        let mut members = Vec::with_capacity(weights.len());
        for (k, (expression, weight)) in set.expressions.iter().zip(weights).enumerate() {
            let pointer = format!("{pointer}/expressions/{k}");
            let plain = expression.offset.is_none_or(|offset| offset.0 == 0.0);
            match (expression.ids.as_slice(), expression.coefficients.as_slice()) {
                ([id], [Double(factor)]) if plain && *factor != 0.0 => {
                    members.push((self.columns.find(*id, &pointer)?, weight));
                }
                _ => {
                    let detail = "a member of a set must be a multiple of one variable here";
                    let remedy = "make a variable that equals the expression";
                    return Err(wrong(&pointer, detail).map(|p| p.remedy(remedy)));
                }
            }
        }
        Ok(SpecialOrderedSet { name: set.name.clone(), order, members })
    }

    fn terms(&self, vector: &Vector, pointer: &str) -> Result<Vec<(u32, f64)>, Problem> {
        if vector.ids.len() != vector.values.len() {
            return Err(length(&format!("{pointer}/values"), vector.values.len(), vector.ids.len()));
        }
        let term = |(k, (id, value)): (usize, (&Whole, &Double))| {
            Ok((self.columns.find(*id, &format!("{pointer}/ids/{k}"))?, value.0))
        };
        vector.ids.iter().zip(&vector.values).enumerate().map(term).collect()
    }

    fn products(&self, matrix: &Matrix, pointer: &str) -> Result<Vec<Product>, Problem> {
        is_matrix(matrix, pointer)?;
        let product = |(k, ((first, second), value)): (usize, ((&Whole, &Whole), &Double))| {
            let first = self.columns.find(*first, &format!("{pointer}/rowIds/{k}"))?;
            let second = self.columns.find(*second, &format!("{pointer}/columnIds/{k}"))?;
            Ok(Product::new(first, second, value.0))
        };
        matrix.row_ids.iter().zip(&matrix.column_ids).zip(&matrix.coefficients).enumerate().map(product).collect()
    }

    fn finish(mut self, name: &str) -> Result<Model, Problem> {
        self.entries.sort_by_key(|(column, row, _)| (*column, *row));
        self.data.name = name.into();
        self.data.starts = vec![0; self.columns.len() + 1];
        for (column, _, _) in &self.entries {
            self.data.starts[*column as usize + 1] += 1;
        }
        for j in 0..self.columns.len() {
            self.data.starts[j + 1] += self.data.starts[j];
        }
        self.data.indices = self.entries.iter().map(|(_, row, _)| *row).collect();
        self.data.values = self.entries.iter().map(|(_, _, value)| *value).collect();
        Model::new(self.data).map_err(|defects| {
            let shown: Vec<String> = defects.list.iter().take(5).map(ToString::to_string).collect();
            Problem::new(422, defects.code(), shown.join("; ")).map(|p| p.at_pointer("/model"))
        })
    }
}

/// Names, where every one is there and no two are equal; `MathOpt` asks for neither.
fn names(given: &[String], count: usize) -> Option<farkas_modeling::problem::Names> {
    let distinct: HashSet<&String> = given.iter().collect();
    if given.len() != count || distinct.len() != count || given.iter().any(String::is_empty) {
        return None;
    }
    let mut arena = NameArena::default();
    given.iter().all(|name| arena.push(name)).then(|| arena.into())
}

fn length(pointer: &str, found: usize, expected: usize) -> Problem {
    wrong(pointer, format!("{found} entries, but there are {expected} ids"))
}

fn doubles(values: &[Double], count: usize, pointer: &str) -> Result<Vec<f64>, Problem> {
    if values.len() != count {
        return Err(length(pointer, values.len(), count));
    }
    Ok(values.iter().map(|value| value.0).collect())
}

fn is_matrix(matrix: &Matrix, pointer: &str) -> Result<(), Problem> {
    let (rows, columns, values) = (matrix.row_ids.len(), matrix.column_ids.len(), matrix.coefficients.len());
    if rows == columns && columns == values {
        return Ok(());
    }
    Err(wrong(
        pointer,
        format!("{rows} row ids, {columns} column ids and {values} coefficients: the three must be one number"),
    ))
}
