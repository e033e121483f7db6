//! Certificates at a corner. Clarabel's own lie inside a cone of them, where no sum is exactly 0; a linear program over that
//! cone has its optimum at a corner, whose numbers are those of a few equations.

use std::sync::Arc;

use farkas_modeling::{Problem, ProblemData, Sense};

use super::cones::{Costs, Of, translate};

/// Costs are bent by up to this share, each by its own, so that one corner is the best.
const BENT: f64 = 1.0 / 64.0;
/// What is nearer to a multiple of a small part of the largest is one.
const NEAR: f64 = 1e-7;

/// The golden ratio's multiples, as parts of one: spread evenly, and the same each time.
fn bent(at: usize) -> f64 {
    1.0 + BENT * (0.618_033_988_749_894_8 * (at + 1) as f64).fract()
}

/// The program whose optimum is a primal ray: the best direction within the unit box that leaves nothing.
pub(super) fn along(problem: &Problem) -> Option<Arc<Problem>> {
    let side = |v: &f64| if v.is_finite() { 0.0 } else { *v };
    let cost = problem.cost().iter().enumerate().map(|(j, c)| c * bent(j)).collect();
    let data = ProblemData {
        sense: problem.sense(),
        cost,
        lower: problem.lower().iter().map(|l| side(l).max(-1.0)).collect(),
        upper: problem.upper().iter().map(|u| side(u).min(1.0)).collect(),
        row_lower: problem.row_lower().iter().map(side).collect(),
        row_upper: problem.row_upper().iter().map(side).collect(),
        starts: problem.starts().to_vec(),
        indices: problem.indices().to_vec(),
        values: problem.values().to_vec(),
        ..ProblemData::default()
    };
    Problem::new(data).ok().map(Arc::new)
}

/// The program whose optimum are Farkas multipliers: Aᵀz = 0 over all sides and bounds, z within the unit box and ≥ 0 where
/// it is an inequality's, and bᵀz the least.
pub(super) fn against(problem: &Problem) -> Option<Arc<Problem>> {
    let conic = translate(problem, Costs::None);
    let (m, mut starts, mut indices, mut values) = (conic.b.len(), vec![0_u32], Vec::new(), Vec::new());
    let by_rows = problem.by_rows();
    for of in &conic.of {
        match *of {
            Of::Row(i, sign) => {
                let (columns, entries) = by_rows.row(i);
                indices.extend_from_slice(columns);
                values.extend(entries.iter().map(|a| sign * a));
            }
            Of::Column(j, sign) => {
                indices.push(j as u32);
                values.push(sign);
            }
        }
        starts.push(u32::try_from(indices.len()).ok()?);
    }
    let n = problem.num_columns();
    let data = ProblemData {
        sense: Sense::Minimize,
        cost: conic.b.iter().enumerate().map(|(k, b)| b * bent(k)).collect(),
        lower: (0..m).map(|k| if k < conic.equalities { -1.0 } else { 0.0 }).collect(),
        upper: vec![1.0; m],
        row_lower: vec![0.0; n],
        row_upper: vec![0.0; n],
        starts,
        indices,
        values,
        ..ProblemData::default()
    };
    Problem::new(data).ok().map(Arc::new)
}

/// The multipliers of the rows in such an optimum.
pub(super) fn of_rows(problem: &Problem, z: &[f64]) -> Vec<f64> {
    translate(problem, Costs::None).multipliers(problem.num_rows(), z)
}

/// Where all entries are multiples of a small part of the largest, exactly these.
pub(super) fn rounded(ray: &[f64]) -> Vec<f64> {
    let largest = ray.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    let multiples = |parts: u32| {
        let scaled = |v: &f64| v / largest * f64::from(parts);
        let near = ray.iter().all(|v| (scaled(v) - scaled(v).round()).abs() <= NEAR);
        near.then(|| ray.iter().map(|v| scaled(v).round()).collect())
    };
    (1..=24).find_map(multiples).unwrap_or_else(|| ray.to_vec())
}
