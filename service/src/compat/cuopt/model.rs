//! A cuOpt body to a problem and options: rows in CSR, sides as bounds or as types with one bound, columns with bounds and
//! types. Every error bears the JSON pointer of what is wrong, also where the body was `MessagePack`.

use farkas_api_types::SolveOptions;
use farkas_modeling::problem::{ColumnKind, NameArena, Names, Sense};
use farkas_modeling::{Problem as Model, ProblemData};

use super::place::{At, Keys};
use super::settings;
use super::value::Value;
use crate::api::problem::Problem;

/// What one body asks for.
#[derive(Debug)]
pub struct Asked {
    pub model: Model,
    pub options: SolveOptions,
    /// A point to begin from.
    pub start: Option<Vec<f64>>,
    /// What is told to the user besides.
    pub warnings: Vec<String>,
}

/// Reads one problem; `at` is the pointer where it stands.
pub fn read(value: &Value, at: &str) -> Result<Asked, Problem> {
    let mut keys = At { value, path: at.into() }.object()?;
    let matrix = keys.take("csr_constraint_matrix");
    let objective = keys.take("objective_data");
    let sides = keys.take("constraint_bounds");
    let bounds = keys.take("variable_bounds");
    let start = keys.take("initial_solution");
    let (types, names) = (keys.take("variable_types"), keys.take("variable_names"));
    let maximize = keys.take("maximize").map(|at| at.truth()).transpose()?.unwrap_or(false);
    let config = keys.take("solver_config");
    // Names for people, which newer clients add; the service has no use for them.
    let _ = (keys.take("objective_name"), keys.take("problem_name"), keys.take("row_names"));
    keys.finish("linear and mixed-integer programs are solved here, routing is not")?;

    let mut data =
        ProblemData { sense: if maximize { Sense::Maximize } else { Sense::Minimize }, ..ProblemData::default() };
    read_objective(objective, &mut data)?;
    let matrix_at = matrix;
    let matrix = matrix_at.as_ref().map(Matrix::read).transpose()?.unwrap_or_default();
    let rows = matrix.offsets.len().saturating_sub(1);
    read_sides(sides, rows, &mut data)?;
    if data.cost.is_empty() {
        let listed = bounds.as_ref().map_or(0, At::longest).max(types.as_ref().map_or(0, At::length));
        data.cost = vec![0.0; matrix.columns(listed, matrix_at.as_ref())?];
    }
    read_columns(bounds, types, names, &mut data)?;
    let start = read_start(start, data.cost.len())?;
    let settings = settings::read(config, data.kinds.contains(&ColumnKind::Integer))?;
    let model = Model::from_csr(data, &matrix.offsets, &matrix.indices, &matrix.values).map_err(|d| defects(&d, at))?;
    Ok(Asked { model, options: settings.options, start, warnings: settings.warnings })
}

fn defects(defects: &farkas_modeling::problem::Defects, at: &str) -> Problem {
    let shown: Vec<String> = defects.list.iter().take(5).map(ToString::to_string).collect();
    let more = defects.count.saturating_sub(shown.len());
    let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
    let detail = format!("{}{rest}", shown.join("; "));
    Problem::new(422, defects.code(), detail).map(|p| if at.is_empty() { p } else { p.at_pointer(at) })
}

#[derive(Default)]
struct Matrix {
    offsets: Vec<i64>,
    indices: Vec<i64>,
    values: Vec<f64>,
}

impl Matrix {
    fn read(at: &At<'_>) -> Result<Self, Problem> {
        let mut keys = at.object()?;
        let offsets = keys.take("offsets").map(|at| at.whole_numbers()).transpose()?.unwrap_or_default();
        let indices = keys.take("indices").map(|at| at.whole_numbers()).transpose()?.unwrap_or_default();
        let values = keys.take("values").map(|at| at.numbers()).transpose()?.unwrap_or_default();
        keys.finish("there are offsets, indices and values")?;
        if offsets.last().is_some_and(|last| *last != values.len() as i64) || indices.len() != values.len() {
            let detail = format!(
                "{} indices and {} values; the last offset is {}: the three must be one number",
                indices.len(),
                values.len(),
                offsets.last().copied().unwrap_or(0)
            );
            return Err(at.wrong("bad-value", detail));
        }
        Ok(Self { offsets, indices, values })
    }

    /// As many columns as anything speaks of, where no objective says it. A column that the matrix alone names costs memory
    /// by its number, so there are no more of them than entries: else a few bytes would make billions.
    fn columns(&self, listed: usize, at: Option<&At<'_>>) -> Result<usize, Problem> {
        let Some((k, most)) = self.indices.iter().enumerate().max_by_key(|(_, column)| **column) else {
            return Ok(listed);
        };
        let named = usize::try_from(*most + 1).unwrap_or(0);
        let known = listed.max(self.indices.len());
        match at {
            Some(at) if named > known => {
                let detail =
                    format!("variable {most}, but without objective, bounds and types there are at most {known}");
                let place = At { path: format!("{}/indices/{k}", at.path), ..at.clone() };
                Err(place.wrong("bad-value", detail).map(|p| p.remedy("list the objective's coefficients, zeros too")))
            }
            _ => Ok(named.max(listed)),
        }
    }
}

fn read_objective(objective: Option<At<'_>>, data: &mut ProblemData) -> Result<(), Problem> {
    let Some(at) = objective else { return Ok(()) };
    let mut keys = at.object()?;
    data.cost = keys.take("coefficients").map(|at| at.numbers()).transpose()?.unwrap_or_default();
    data.offset = keys.take("offset").map(|at| at.number()).transpose()?.unwrap_or(0.0);
    let scale = keys.take("scalability_factor");
    keys.finish("there are coefficients, scalability_factor and offset")?;
    let Some(at) = scale else { return Ok(()) };
    let factor = at.number()?;
    if !(factor > 0.0 && factor.is_finite()) {
        return Err(at.wrong(
            "bad-value",
            format!("a factor of {factor}: it must be more than 0; say `maximize` to turn the objective"),
        ));
    }
    if factor != 1.0 {
        data.offset *= factor;
        data.cost.iter_mut().for_each(|cost| *cost *= factor);
    }
    Ok(())
}

/// Both sides win over a bound with a type, as in cuOpt.
fn read_sides(sides: Option<At<'_>>, rows: usize, data: &mut ProblemData) -> Result<(), Problem> {
    (data.row_lower, data.row_upper) = (vec![f64::NEG_INFINITY; rows], vec![f64::INFINITY; rows]);
    let Some(at) = sides else { return Ok(()) };
    let mut keys = at.object()?;
    let mut take = |key: &str| -> Result<Option<Vec<f64>>, Problem> {
        keys.take(key).filter(|at| at.length() > 0 || rows == 0).map(|at| at.bounds(rows, "rows")).transpose()
    };
    let (lower, upper, bounds) = (take("lower_bounds")?, take("upper_bounds")?, take("bounds")?);
    let types = keys.take("types").filter(|at| at.length() > 0);
    keys.finish("there are lower_bounds and upper_bounds, or bounds and types")?;
    if let (Some(bounds), Some(at)) = (bounds, types) {
        let types = at.texts(rows, "rows")?;
        for (i, (kind, bound)) in types.iter().zip(bounds).enumerate() {
            match *kind {
                "E" => (data.row_lower[i], data.row_upper[i]) = (bound, bound),
                "L" => data.row_upper[i] = bound,
                "G" => data.row_lower[i] = bound,
                other => {
                    let detail = format!("'{other}' is no type of a row; there are E, L and G");
                    return Err(at.item(i).wrong("bad-value", detail));
                }
            }
        }
    }
    if let Some(lower) = lower {
        data.row_lower = lower;
    }
    if let Some(upper) = upper {
        data.row_upper = upper;
    }
    Ok(())
}

/// A column without a bound lies between 0 and ∞.
fn read_columns(
    bounds: Option<At<'_>>,
    types: Option<At<'_>>,
    names: Option<At<'_>>,
    data: &mut ProblemData,
) -> Result<(), Problem> {
    let n = data.cost.len();
    (data.lower, data.upper) = (vec![0.0; n], vec![f64::INFINITY; n]);
    if let Some(at) = bounds {
        let mut keys = at.object()?;
        for (key, to) in [("lower_bounds", &mut data.lower), ("upper_bounds", &mut data.upper)] {
            if let Some(at) = keys.take(key).filter(|at| at.length() > 0) {
                *to = at.bounds(n, "variables")?;
            }
        }
        keys.finish("there are lower_bounds and upper_bounds")?;
    }
    if let Some(at) = types.filter(|at| at.length() > 0) {
        let kind = |(i, name): (usize, &&str)| match *name {
            "I" => Ok(ColumnKind::Integer),
            "C" => Ok(ColumnKind::Continuous),
            "S" => Ok(ColumnKind::SemiContinuous),
            other => {
                let detail = format!("'{other}' is no type of a variable; there are I and C");
                Err(at.item(i).wrong("bad-value", detail))
            }
        };
        data.kinds = at.texts(n, "variables")?.iter().enumerate().map(kind).collect::<Result<_, _>>()?;
    }
    if let Some(at) = names.filter(|at| at.length() > 0) {
        let mut arena = NameArena::default();
        if !at.texts(n, "variables")?.into_iter().all(|name| arena.push(name)) {
            return Err(at.wrong("too-large", "names of more than 4 GiB in all".into()));
        }
        data.column_names = Some(Names::from(arena));
    }
    Ok(())
}

fn read_start(start: Option<At<'_>>, n: usize) -> Result<Option<Vec<f64>>, Problem> {
    let Some(at) = start else { return Ok(None) };
    let mut keys = at.object()?;
    let primal = keys.take("primal").filter(|at| at.length() > 0);
    let _ = keys.take("dual");
    keys.finish("there are primal and dual")?;
    let Some(at) = primal else { return Ok(None) };
    let values = at.numbers()?;
    if values.len() != n {
        return Err(at.wrong("bad-value", format!("{} values, but there are {n} variables", values.len())));
    }
    Ok(Some(values))
}

impl Keys<'_> {
    /// Whether everything was taken.
    fn finish(self, there_is: &str) -> Result<(), Problem> {
        match self.first() {
            None => Ok(()),
            Some(at) => Err(at.wrong("unknown-field", format!("this is no key here; {there_is}"))),
        }
    }
}
