//! A problem as Xpress takes it: rows with letters for their types, columns with letters for their kinds; a row that is
//! switched on both its sides becomes two, behind the others.

use std::sync::Arc;

use farkas_modeling::problem::Sense;
use farkas_modeling::{ColumnKind, Problem, ProblemData};

use super::ffi::{Arrays, Instance, Optimiser, Xpress};
use crate::contract::{Fit, StopToken};
use crate::loading::engine::Fault;
use crate::loading::listen::Listener;
use crate::loading::matrix::Matrix;
use crate::loading::with_infinity;

/// `XPRS_PLUSINFINITY`.
const INFINITY: f64 = 1e20;

/// What the capabilities leave open.
pub(super) fn fits(problem: &Problem, declared: Fit) -> Fit {
    if declared != Fit::Takes {
        return declared;
    }
    let switched = problem.indicators().iter().find(|k| !problem.row_products(k.row as usize).is_empty());
    if let Some(indicator) = switched {
        let name = problem.row_names().get(indicator.row as usize);
        return Fit::Refuses { why: format!("xpress takes indicators of linear constraints; '{name}' is quadratic") };
    }
    let semis = (0..problem.num_columns()).filter(|&j| problem.num_semis() > 0 && problem.kind(j).is_semi());
    for j in semis {
        if problem.lower()[j] < 0.0 || problem.upper()[j].is_infinite() {
            let name = problem.column_names().get(j);
            let why =
                format!("xpress takes semicontinuous variables between 0 and a finite upper bound, unlike '{name}'");
            return Fit::Refuses { why };
        }
    }
    Fit::Takes
}

/// Whether the licence refuses a problem of one column more than its free size.
pub(super) fn is_restricted(xpress: &Arc<Xpress>, size: usize) -> Result<bool, Fault> {
    let n = size + 1;
    let mut instance = xpress.instance()?;
    instance.load(&Arrays {
        maximize: false,
        offset: 0.0,
        cost: &vec![0.0; n],
        lower: &vec![0.0; n],
        upper: &vec![1.0; n],
        sides: &[],
        types: &[],
        widths: &[],
        matrix: Matrix::checked(0, &vec![0; n + 1], &[], &[]),
    })?;
    let quiet = StopToken::new();
    let empty = Problem::new(ProblemData::default()).map_err(|e| Fault::Failed(e.to_string()))?;
    match instance.run(Optimiser::Continuous, c"", &Listener::silent(&quiet, &empty)) {
        Ok(()) => Ok(false),
        Err(Fault::TooLarge(_)) => Ok(true),
        Err(fault) => Err(fault),
    }
}

/// Which optimiser a problem needs.
pub(super) fn optimiser(problem: &Problem) -> Optimiser {
    let plain = problem.num_integers() + problem.num_semis() == 0;
    if plain && problem.sets().is_empty() && problem.indicators().is_empty() {
        Optimiser::Continuous
    } else {
        Optimiser::MixedInteger
    }
}

/// Type, right-hand side and width of a row with these sides: a range hangs from its upper side.
fn side(lower: f64, upper: f64) -> (u8, f64, f64) {
    match (lower.is_finite(), upper.is_finite()) {
        (true, true) if lower == upper => (b'E', lower, 0.0),
        (true, true) => (b'R', upper, upper - lower),
        (false, true) => (b'L', upper, 0.0),
        (true, false) => (b'G', lower, 0.0),
        (false, false) => (b'N', 0.0, 0.0),
    }
}

/// Whether a row that is switched is switched on both its sides, each a row of its own behind the others.
pub(super) fn has_two_sides(problem: &Problem, row: usize) -> bool {
    problem.row_lower()[row].is_finite() && problem.row_upper()[row].is_finite()
}

/// Loads a whole problem.
pub(super) fn load(instance: &mut Instance, problem: &Problem) -> Result<(), Fault> {
    let m = problem.num_rows();
    let mut twice = vec![false; m];
    for one in problem.indicators() {
        twice[one.row as usize] = has_two_sides(problem, one.row as usize);
    }
    let (mut types, mut sides, mut widths) = (Vec::with_capacity(m), Vec::with_capacity(m), Vec::with_capacity(m));
    for (i, twice) in twice.iter().enumerate() {
        let free = (-f64::INFINITY, f64::INFINITY);
        let (lower, upper) = if *twice { free } else { (problem.row_lower()[i], problem.row_upper()[i]) };
        let (kind, rhs, width) = side(lower, upper);
        types.push(kind);
        sides.push(rhs);
        widths.push(width);
    }
    let mut lower = with_infinity(problem.lower(), INFINITY);
    let mut upper = with_infinity(problem.upper(), INFINITY);
    for j in (0..problem.num_columns()).filter(|&j| problem.num_semis() > 0 && problem.kind(j).is_semi()) {
        // Crossed bounds leave a semicontinuous column its zero.
        upper[j] = if lower[j] > upper[j] { 0.0 } else { upper[j] };
        lower[j] = 0.0;
    }
    instance.load(&Arrays {
        maximize: problem.sense() == Sense::Maximize,
        offset: problem.offset(),
        cost: problem.cost(),
        lower: &lower,
        upper: &upper,
        sides: &sides,
        types: &types,
        widths: &widths,
        matrix: Matrix::of(problem),
    })?;
    kinds(instance, problem, &upper)?;
    sets(instance, problem)?;
    products(instance, problem)?;
    switched(instance, problem, &twice)
}

fn kinds(instance: &mut Instance, problem: &Problem, upper: &[f64]) -> Result<(), Fault> {
    let (mut columns, mut types, mut semis, mut limits) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (j, upper) in upper.iter().enumerate() {
        // One that may not leave zero, or may be as near to it as it likes, is no semicontinuous column to Xpress.
        let limit = problem.lower()[j];
        let leaves = limit > 0.0 && *upper > 0.0;
        let letter = match problem.kind(j) {
            ColumnKind::SemiContinuous if leaves => b'S',
            ColumnKind::SemiInteger if leaves => b'R',
            ColumnKind::Integer | ColumnKind::SemiInteger => b'I',
            ColumnKind::Continuous | ColumnKind::SemiContinuous => continue,
        };
        columns.push(j as i32);
        types.push(letter);
        if letter != b'I' {
            semis.push(j as i32);
            limits.push(limit);
        }
    }
    if !columns.is_empty() {
        instance.set_types(&columns, &types)?;
    }
    if semis.is_empty() { Ok(()) } else { instance.set_semi_limits(&semis, &limits) }
}

fn sets(instance: &mut Instance, problem: &Problem) -> Result<(), Fault> {
    if problem.sets().is_empty() {
        return Ok(());
    }
    let (mut types, mut starts, mut members, mut weights) = (Vec::new(), vec![0], Vec::new(), Vec::new());
    for set in problem.sets() {
        types.push(b'0' + set.order);
        members.extend(set.members.iter().map(|member| member.0 as i32));
        weights.extend(set.members.iter().map(|member| member.1));
        starts.push(members.len() as i32);
    }
    instance.add_sets(&types, &starts, &members, &weights)
}

/// In the objective ½ xᵀQx, in rows xᵀQx, one triangle of each: a square counts twice in the former, a product of two half in
/// the latter.
fn products(instance: &mut Instance, problem: &Problem) -> Result<(), Fault> {
    let columns = |products: &[farkas_modeling::problem::Product]| -> (Vec<i32>, Vec<i32>) {
        products.iter().map(|p| (p.first as i32, p.second as i32)).unzip()
    };
    let objective = problem.quadratic_objective();
    if !objective.is_empty() {
        let (first, second) = columns(objective);
        let values: Vec<f64> =
            objective.iter().map(|p| if p.first == p.second { 2.0 * p.value } else { p.value }).collect();
        instance.set_products(&first, &second, &values)?;
    }
    for one in problem.quadratic_rows() {
        let (first, second) = columns(&one.products);
        let values: Vec<f64> =
            one.products.iter().map(|p| if p.first == p.second { p.value } else { 0.5 * p.value }).collect();
        instance.set_row_products(one.row as i32, &first, &second, &values)?;
    }
    Ok(())
}

fn switched(instance: &mut Instance, problem: &Problem, twice: &[bool]) -> Result<(), Fault> {
    for one in problem.indicators() {
        let (i, column) = (one.row as usize, one.column as i32);
        let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
        if twice[i] {
            let (columns, values) = problem.by_rows().row(i);
            let columns: &[i32] = bytemuck::cast_slice(columns);
            for (kind, side) in [(b'L', upper), (b'G', lower)] {
                let row = instance.add_row(kind, side, columns, values)?;
                instance.set_indicator(row, column, one.active)?;
            }
        } else if lower.is_finite() || upper.is_finite() {
            instance.set_indicator(i as i32, column, one.active)?;
        }
    }
    Ok(())
}
