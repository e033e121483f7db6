//! A problem as CPLEX takes it: rows with letters for their senses, columns with letters for their kinds, what is switched
//! or quadratic beside a row without sides that keeps its place.

use std::sync::Arc;

use farkas_modeling::problem::Sense;
use farkas_modeling::{ColumnKind, Problem};

use super::ffi::{Arrays, Cplex, Instance, Optimiser};
use crate::contract::Fit;
use crate::loading::engine::Fault;
use crate::loading::listen::Listener;
use crate::loading::matrix::Matrix;
use crate::loading::with_infinity;

/// `CPX_INFBOUND`.
const INFINITY: f64 = 1e20;

/// What the capabilities leave open.
pub(super) fn fits(problem: &Problem, declared: Fit) -> Fit {
    if declared != Fit::Takes {
        return declared;
    }
    let switched = problem.indicators().iter().find(|k| !problem.row_products(k.row as usize).is_empty());
    if let Some(indicator) = switched {
        let name = problem.row_names().get(indicator.row as usize);
        return Fit::Refuses { why: format!("cplex takes indicators of linear constraints; '{name}' is quadratic") };
    }
    let semis = (0..problem.num_columns()).filter(|&j| problem.num_semis() > 0 && problem.kind(j).is_semi());
    for j in semis {
        if problem.lower()[j] < 0.0 {
            let name = problem.column_names().get(j);
            let why = format!("cplex takes semicontinuous variables with a lower bound of 0 and more, unlike '{name}'");
            return Fit::Refuses { why };
        }
    }
    Fit::Takes
}

/// Whether the edition refuses a problem of one column more than its free size.
pub(super) fn is_restricted(cplex: &Arc<Cplex>, size: usize) -> Result<bool, Fault> {
    let n = size + 1;
    let mut instance = cplex.instance()?;
    instance.load(&Arrays {
        maximize: false,
        offset: 0.0,
        cost: &vec![0.0; n],
        lower: &vec![0.0; n],
        upper: &vec![1.0; n],
        sides: &[],
        senses: &[],
        widths: &[],
        matrix: Matrix::checked(0, &vec![0; n + 1], &[], &[]),
    })?;
    let quiet = crate::contract::StopToken::new();
    let empty = Problem::new(farkas_modeling::ProblemData::default()).map_err(|e| Fault::Failed(e.to_string()))?;
    match instance.run(Optimiser::Linear, &Listener::silent(&quiet, &empty)) {
        Ok(()) => Ok(false),
        Err(Fault::TooLarge(_)) => Ok(true),
        Err(fault) => Err(fault),
    }
}

/// Which optimiser a problem needs.
pub(super) fn optimiser(problem: &Problem) -> Optimiser {
    if kinds(problem).is_some() {
        Optimiser::MixedInteger
    } else if problem.is_linear() {
        Optimiser::Linear
    } else if problem.quadratic_rows().is_empty() {
        Optimiser::Quadratic
    } else {
        Optimiser::Barrier
    }
}

/// Letters of the kinds, where there is more than continuous columns.
pub(super) fn kinds(problem: &Problem) -> Option<Vec<u8>> {
    let plain = problem.num_integers() + problem.num_semis() == 0;
    if plain && problem.sets().is_empty() && problem.indicators().is_empty() {
        return None;
    }
    let letter = |j| match problem.kind(j) {
        ColumnKind::Continuous => b'C',
        ColumnKind::Integer => b'I',
        ColumnKind::SemiContinuous => b'S',
        ColumnKind::SemiInteger => b'N',
    };
    Some((0..problem.num_columns()).map(letter).collect())
}

/// Sense, right-hand side and width of a row with these sides.
fn side(lower: f64, upper: f64) -> (u8, f64, f64) {
    match (lower.is_finite(), upper.is_finite()) {
        (true, true) if lower == upper => (b'E', lower, 0.0),
        (true, true) => (b'R', lower, upper - lower),
        (false, true) => (b'L', upper, 0.0),
        (true, false) => (b'G', lower, 0.0),
        (false, false) => (b'G', -INFINITY, 0.0),
    }
}

/// Loads a whole problem.
pub(super) fn load(instance: &mut Instance, problem: &Problem) -> Result<(), Fault> {
    let m = problem.num_rows();
    let mut elsewhere = vec![false; m];
    problem.indicators().iter().for_each(|one| elsewhere[one.row as usize] = true);
    problem.quadratic_rows().iter().for_each(|one| elsewhere[one.row as usize] = true);
    let (mut senses, mut sides, mut widths) = (Vec::with_capacity(m), Vec::with_capacity(m), Vec::with_capacity(m));
    for (i, elsewhere) in elsewhere.iter().enumerate() {
        let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
        let (sense, rhs, width) = if *elsewhere { side(-f64::INFINITY, f64::INFINITY) } else { side(lower, upper) };
        senses.push(sense);
        sides.push(rhs);
        widths.push(width);
    }
    let mut upper = with_infinity(problem.upper(), INFINITY);
    for (j, upper) in upper.iter_mut().enumerate().filter(|_| problem.num_semis() > 0) {
        // Crossed bounds leave a semicontinuous column its zero.
        *upper = if problem.kind(j).is_semi() && problem.lower()[j] > *upper { 0.0 } else { *upper };
    }
    let lower: Vec<f64> =
        with_infinity(problem.lower(), INFINITY).iter().zip(&upper).map(|(lower, upper)| lower.min(*upper)).collect();
    instance.load(&Arrays {
        maximize: problem.sense() == Sense::Maximize,
        offset: problem.offset(),
        cost: problem.cost(),
        lower: &lower,
        upper: &upper,
        sides: &sides,
        senses: &senses,
        widths: &widths,
        matrix: Matrix::of(problem),
    })?;
    if let Some(kinds) = kinds(problem) {
        instance.set_kinds(&kinds)?;
    }
    sets(instance, problem)?;
    quadratic(instance, problem)?;
    quadratic_rows(instance, problem)?;
    switched(instance, problem)
}

fn sets(instance: &mut Instance, problem: &Problem) -> Result<(), Fault> {
    if problem.sets().is_empty() {
        return Ok(());
    }
    let (mut types, mut begins, mut members, mut weights) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for set in problem.sets() {
        types.push(b'0' + set.order);
        begins.push(members.len() as i32);
        members.extend(set.members.iter().map(|member| member.0 as i32));
        weights.extend(set.members.iter().map(|member| member.1));
    }
    instance.set_sets(&types, &begins, &members, &weights)
}

/// Both triangles of Q, where ½ xᵀQx is the sum of the products: a square counts twice.
fn quadratic(instance: &mut Instance, problem: &Problem) -> Result<(), Fault> {
    let products = problem.quadratic_objective();
    if products.is_empty() {
        return Ok(());
    }
    let n = problem.num_columns();
    let mut entries: Vec<(u32, u32, f64)> = Vec::with_capacity(2 * products.len());
    for p in products {
        entries.push((p.first, p.second, if p.first == p.second { 2.0 * p.value } else { p.value }));
        if p.first != p.second {
            entries.push((p.second, p.first, p.value));
        }
    }
    entries.sort_by_key(|entry| (entry.0, entry.1));
    let mut begins = vec![0_i32; n + 1];
    for entry in &entries {
        begins[entry.0 as usize + 1] += 1;
    }
    for j in 0..n {
        begins[j + 1] += begins[j];
    }
    let rows: Vec<i32> = entries.iter().map(|entry| entry.1 as i32).collect();
    let values: Vec<f64> = entries.iter().map(|entry| entry.2).collect();
    instance.set_quadratic(&begins, &rows, &values)
}

/// Rows with products; the convex ones have one side.
fn quadratic_rows(instance: &mut Instance, problem: &Problem) -> Result<(), Fault> {
    for one in problem.quadratic_rows() {
        let i = one.row as usize;
        let (columns, values) = problem.by_rows().row(i);
        let linear: (&[i32], &[f64]) = (bytemuck::cast_slice(columns), values);
        let first: Vec<i32> = one.products.iter().map(|p| p.first as i32).collect();
        let second: Vec<i32> = one.products.iter().map(|p| p.second as i32).collect();
        let factors: Vec<f64> = one.products.iter().map(|p| p.value).collect();
        for (sense, side) in [(b'L', problem.row_upper()[i]), (b'G', problem.row_lower()[i])] {
            if side.is_finite() {
                instance.add_quadratic_row(linear, (&first, &second, &factors), sense, side)?;
            }
        }
    }
    Ok(())
}

/// A row with two sides is switched twice.
fn switched(instance: &mut Instance, problem: &Problem) -> Result<(), Fault> {
    for one in problem.indicators() {
        let i = one.row as usize;
        let (columns, values) = problem.by_rows().row(i);
        let columns: &[i32] = bytemuck::cast_slice(columns);
        let switch = (one.column as i32, one.active);
        let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
        if lower == upper {
            instance.add_indicator(switch, (columns, values), b'E', lower)?;
            continue;
        }
        if upper.is_finite() {
            instance.add_indicator(switch, (columns, values), b'L', upper)?;
        }
        if lower.is_finite() {
            instance.add_indicator(switch, (columns, values), b'G', lower)?;
        }
    }
    Ok(())
}
