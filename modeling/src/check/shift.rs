//! Moves multipliers a little, so that reduced costs which should be zero, and are so up to rounding, get the sign that an
//! infinite bound asks for. Plain floating point: what comes out is only a candidate, proven or not elsewhere.
//!
//! At a vertex the basic columns' reduced costs are zero, computed ones ±1e-16, and a wrong sign on a column without an
//! upper bound spoils the proof however small it is. So all of them are asked to be ε instead: a least-squares step
//! `A_Wᵀδ = d_W − ε` over the rows whose multipliers may move (equations, and sides that already carry one), by conjugate
//! gradients. Half of ε is accuracy enough, and the bound loses no more than ε Σ|x|. The idea is the shift of Steffy and
//! Wolter, *Valid linear programming bounds for exact mixed-integer programming*, INFORMS J. Comput. 25, 2013, with the
//! vertex's own rows in place of an interior point.

use crate::check::domain::Domain;
use crate::problem::Problem;

/// Multiplications with the matrix at most, counted in nonzeros.
const WORK: usize = 60_000_000;
const ITERATIONS: usize = 1000;

/// One column whose reduced cost must have a sign.
struct Target {
    column: usize,
    /// +1 when there is no upper bound, −1 when there is no lower one, 0 when there is neither.
    sign: f64,
    /// 1 / largest coefficient.
    scale: f64,
}

/// Multipliers beside `y` (admissible, minimising `cost`) under which no reduced cost that is zero up to `epsilon` points
/// to an infinite bound; `None` when the step does not converge.
pub(super) fn shifted(
    problem: &Problem,
    domain: &Domain<'_>,
    cost: &[f64],
    y: &[f64],
    epsilon: f64,
) -> Option<Vec<f64>> {
    let largest = y.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
    let movable: Vec<bool> = y
        .iter()
        .enumerate()
        .map(|(i, y)| {
            let equation = domain.row_lower(i).is_finite() && domain.row_upper(i).is_finite();
            equation || y.abs() > 1e-9 * largest
        })
        .collect();
    let mut targets = Vec::new();
    let mut right = Vec::new();
    for (j, cost) in cost.iter().enumerate() {
        let sign = match (domain.lower(j).is_finite(), domain.upper(j).is_finite()) {
            (true, true) => continue,
            (true, false) => 1.0,
            (false, true) => -1.0,
            (false, false) => 0.0,
        };
        let column = problem.column(j);
        let reduced = cost - column.iter().map(|(i, a)| y[i] * a).sum::<f64>();
        let size = column.iter().filter(|&(i, _)| movable[i]).fold(0.0_f64, |size, (_, a)| size.max(a.abs()));
        if size > 0.0 && sign * reduced <= epsilon * size && reduced.abs() <= 1e3 * epsilon * size {
            right.push(reduced / size - sign * epsilon);
            targets.push(Target { column: j, sign, scale: 1.0 / size });
        }
    }
    let step = Step { problem, movable: &movable, targets: &targets };
    let delta = step.solve(right, epsilon / 2.0)?;
    Some(y.iter().zip(&delta).map(|(y, delta)| y + delta).collect())
}

struct Step<'a> {
    problem: &'a Problem,
    movable: &'a [bool],
    targets: &'a [Target],
}

impl Step<'_> {
    /// The scaled `A_Wᵀ`, applied: one number a target.
    fn apply(&self, z: &[f64], out: &mut [f64]) {
        for (out, target) in out.iter_mut().zip(self.targets) {
            let column = self.problem.column(target.column);
            *out = target.scale * column.iter().map(|(i, a)| a * z[i]).sum::<f64>();
        }
    }

    /// Its transpose: one number a row, zero where it may not move.
    fn transpose(&self, r: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (r, target) in r.iter().zip(self.targets) {
            for (i, a) in self.problem.column(target.column).iter().filter(|&(i, _)| self.movable[i]) {
                out[i] += target.scale * a * r;
            }
        }
    }

    /// Conjugate gradients on the normal equations (CGLS; Björck, *Numerical Methods for Least Squares Problems*, 1996,
    /// 7.4), until each target with a sign is met within `accuracy`.
    fn solve(&self, mut r: Vec<f64>, accuracy: f64) -> Option<Vec<f64>> {
        let rows = self.movable.len();
        let nonzeros: usize = self.targets.iter().map(|t| self.problem.column(t.column).rows.len()).sum();
        let iterations = ITERATIONS.min(WORK / (2 * nonzeros).max(1));
        let (mut z, mut s) = (vec![0.0; rows], vec![0.0; rows]);
        self.transpose(&r, &mut s);
        let mut p = s.clone();
        let mut q = vec![0.0; r.len()];
        let dot = |a: &[f64]| a.iter().map(|v| v * v).sum::<f64>();
        let mut gamma = dot(&s);
        for _ in 0..iterations {
            if r.iter().zip(self.targets).all(|(r, t)| t.sign == 0.0 || r.abs() <= accuracy) {
                return Some(z);
            }
            self.apply(&p, &mut q);
            let alpha = gamma / dot(&q);
            if !alpha.is_finite() {
                return None;
            }
            z.iter_mut().zip(&p).for_each(|(z, p)| *z += alpha * p);
            r.iter_mut().zip(&q).for_each(|(r, q)| *r -= alpha * q);
            self.transpose(&r, &mut s);
            let next = dot(&s);
            p.iter_mut().zip(&s).for_each(|(p, s)| *p = s + next / gamma * *p);
            gamma = next;
        }
        None
    }
}
