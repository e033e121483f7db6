//! A problem as Gurobi takes it: one side a row, so that a range becomes an equation with a slack of our own behind the
//! columns; what is switched or quadratic stands beside a row without sides that keeps its place.

use std::sync::Arc;

use farkas_modeling::problem::Sense;
use farkas_modeling::{ColumnKind, Problem, ProblemData};

use super::ffi::{Arrays, Gurobi, Instance};
use crate::contract::{Fit, StopToken};
use crate::loading::engine::Fault;
use crate::loading::listen::Listener;
use crate::loading::matrix::Matrix;
use crate::loading::with_infinity;

/// `GRB_INFINITY`, from 1e20 on.
const INFINITY: f64 = 1e100;

/// What the capabilities leave open.
pub(super) fn fits(problem: &Problem, declared: Fit) -> Fit {
    if declared != Fit::Takes {
        return declared;
    }
    let switched = problem.indicators().iter().find(|k| !problem.row_products(k.row as usize).is_empty());
    if let Some(indicator) = switched {
        let name = problem.row_names().get(indicator.row as usize);
        return Fit::Refuses { why: format!("gurobi takes indicators of linear constraints; '{name}' is quadratic") };
    }
    let semis = (0..problem.num_columns()).filter(|&j| problem.num_semis() > 0 && problem.kind(j).is_semi());
    for j in semis {
        if problem.lower()[j] < 0.0 {
            let name = problem.column_names().get(j);
            let why =
                format!("gurobi takes semicontinuous variables with a lower bound of 0 and more, unlike '{name}'");
            return Fit::Refuses { why };
        }
    }
    Fit::Takes
}

/// Whether the licence refuses a problem of one column more than its free size.
pub(super) fn is_restricted(gurobi: &Arc<Gurobi>, size: usize) -> Result<bool, Fault> {
    let n = size + 1;
    let mut instance = gurobi.instance(&Arrays {
        maximize: false,
        offset: 0.0,
        cost: &vec![0.0; n],
        lower: &vec![0.0; n],
        upper: &vec![1.0; n],
        kinds: &vec![b'C'; n],
        sides: &[],
        senses: &[],
        matrix: Matrix::checked(0, &vec![0; n + 1], &[], &[]),
    })?;
    let quiet = StopToken::new();
    let empty = Problem::new(ProblemData::default()).map_err(|e| Fault::Failed(e.to_string()))?;
    match instance.run(&Listener::silent(&quiet, &empty)) {
        Ok(()) => Ok(false),
        Err(Fault::TooLarge(_)) => Ok(true),
        Err(fault) => Err(fault),
    }
}

/// Rows that are ranges, whose slacks stand behind the columns in this order.
pub(super) fn ranges(problem: &Problem) -> Vec<usize> {
    let elsewhere = elsewhere(problem);
    let is_range = |i: &usize| {
        let (lower, upper) = (problem.row_lower()[*i], problem.row_upper()[*i]);
        !elsewhere[*i] && lower.is_finite() && upper.is_finite() && lower < upper
    };
    (0..problem.num_rows()).filter(is_range).collect()
}

/// Whether Gurobi searches a tree for it.
pub(super) fn is_mip(problem: &Problem) -> bool {
    let more = !problem.sets().is_empty() || !problem.indicators().is_empty();
    more || problem.num_integers() + problem.num_semis() > 0
}

/// Rows that are switched or quadratic.
pub(super) fn elsewhere(problem: &Problem) -> Vec<bool> {
    let mut elsewhere = vec![false; problem.num_rows()];
    problem.indicators().iter().for_each(|one| elsewhere[one.row as usize] = true);
    problem.quadratic_rows().iter().for_each(|one| elsewhere[one.row as usize] = true);
    elsewhere
}

fn kinds(problem: &Problem) -> Vec<u8> {
    let letter = |j| match problem.kind(j) {
        ColumnKind::Continuous => b'C',
        ColumnKind::Integer => b'I',
        ColumnKind::SemiContinuous => b'S',
        ColumnKind::SemiInteger => b'N',
    };
    let mut kinds: Vec<u8> = (0..problem.num_columns()).map(letter).collect();
    for one in problem.indicators() {
        kinds[one.column as usize] = b'B';
    }
    kinds
}

/// Loads a whole problem.
pub(super) fn load(gurobi: &Arc<Gurobi>, problem: &Problem) -> Result<Instance, Fault> {
    let (ranges, elsewhere, m) = (ranges(problem), elsewhere(problem), problem.num_rows());
    let (mut senses, mut sides) = (Vec::with_capacity(m), Vec::with_capacity(m));
    for (i, elsewhere) in elsewhere.iter().enumerate() {
        let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
        let (sense, side) = match (lower.is_finite(), upper.is_finite()) {
            _ if *elsewhere => (b'<', INFINITY),
            // An equation, or a range: activity − slack = lower.
            (true, true) => (b'=', lower),
            (true, false) => (b'>', lower),
            (false, true) => (b'<', upper),
            (false, false) => (b'<', INFINITY),
        };
        senses.push(sense);
        sides.push(side);
    }
    let (mut lower, mut upper) = (with_infinity(problem.lower(), INFINITY), with_infinity(problem.upper(), INFINITY));
    for j in (0..problem.num_columns()).filter(|&j| problem.num_semis() > 0 && problem.kind(j).is_semi()) {
        // Crossed bounds leave a semicontinuous column its zero.
        (lower[j], upper[j]) = if lower[j] > upper[j] { (0.0, 0.0) } else { (lower[j], upper[j]) };
    }
    let mut arrays = Slacked {
        cost: problem.cost().to_vec(),
        kinds: kinds(problem),
        starts: Vec::new(),
        indices: Vec::new(),
        values: Vec::new(),
    };
    // Only where there are ranges must the matrix be copied, to append their slacks.
    if !ranges.is_empty() {
        arrays.starts = bytemuck::cast_slice(problem.starts()).to_vec();
        arrays.indices = bytemuck::cast_slice(problem.indices()).to_vec();
        arrays.values = problem.values().to_vec();
        for &i in &ranges {
            arrays.cost.push(0.0);
            arrays.kinds.push(b'C');
            lower.push(0.0);
            upper.push(problem.row_upper()[i] - problem.row_lower()[i]);
            arrays.indices.push(i as i32);
            arrays.values.push(-1.0);
            arrays.starts.push(arrays.values.len() as i32);
        }
    }
    let mut instance = gurobi.instance(&Arrays {
        maximize: problem.sense() == Sense::Maximize,
        offset: problem.offset(),
        cost: &arrays.cost,
        lower: &lower,
        upper: &upper,
        kinds: &arrays.kinds,
        sides: &sides,
        senses: &senses,
        matrix: if ranges.is_empty() {
            Matrix::of(problem)
        } else {
            Matrix::checked(m, &arrays.starts, &arrays.indices, &arrays.values)
        },
    })?;
    sets(&mut instance, problem)?;
    products(&mut instance, problem)?;
    switched(&mut instance, problem)?;
    instance.update()?;
    Ok(instance)
}

/// The arrays of the columns with the slacks of ranges behind them.
struct Slacked {
    cost: Vec<f64>,
    kinds: Vec<u8>,
    starts: Vec<i32>,
    indices: Vec<i32>,
    values: Vec<f64>,
}

fn sets(instance: &mut Instance, problem: &Problem) -> Result<(), Fault> {
    if problem.sets().is_empty() {
        return Ok(());
    }
    let (mut types, mut begins, mut members, mut weights) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for set in problem.sets() {
        types.push(i32::from(set.order));
        begins.push(members.len() as i32);
        members.extend(set.members.iter().map(|member| member.0 as i32));
        weights.extend(set.members.iter().map(|member| member.1));
    }
    instance.add_sets(&types, &begins, &members, &weights)
}

/// Gurobi takes products as they are, with no factor of a half; a row with two sides is given twice.
fn products(instance: &mut Instance, problem: &Problem) -> Result<(), Fault> {
    type Columns = (Vec<i32>, Vec<i32>);
    let split = |products: &[farkas_modeling::problem::Product]| -> (Columns, Vec<f64>) {
        let columns = products.iter().map(|p| (p.first as i32, p.second as i32)).unzip();
        (columns, products.iter().map(|p| p.value).collect())
    };
    if !problem.quadratic_objective().is_empty() {
        let ((first, second), values) = split(problem.quadratic_objective());
        instance.add_products(&first, &second, &values)?;
    }
    for one in problem.quadratic_rows() {
        let i = one.row as usize;
        let (columns, values) = problem.by_rows().row(i);
        let linear: (&[i32], &[f64]) = (bytemuck::cast_slice(columns), values);
        let ((first, second), factors) = split(&one.products);
        for (sense, side) in one_sided(problem, i) {
            instance.add_quadratic_row(linear, (&first, &second, &factors), sense, side)?;
        }
    }
    Ok(())
}

fn switched(instance: &mut Instance, problem: &Problem) -> Result<(), Fault> {
    for one in problem.indicators() {
        let i = one.row as usize;
        let (columns, values) = problem.by_rows().row(i);
        let linear: (&[i32], &[f64]) = (bytemuck::cast_slice(columns), values);
        for (sense, side) in one_sided(problem, i) {
            instance.add_indicator((one.column as i32, one.active), linear, sense, side)?;
        }
    }
    Ok(())
}

/// The senses and sides that a row is made of.
pub(super) fn one_sided(problem: &Problem, i: usize) -> Vec<(u8, f64)> {
    let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
    if lower == upper {
        return vec![(b'=', lower)];
    }
    [(b'<', upper), (b'>', lower)].into_iter().filter(|(_, side)| side.is_finite()).collect()
}
