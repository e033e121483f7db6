//! An interior point made a sharp one: columns go onto the bounds that hold them, and the others, with the multipliers of
//! the rows that hold, are solved for as equations (the polish of OSQP, over Clarabel's own factorisation).

use clarabel::algebra::CscMatrix;
use clarabel::qdldl::{QDLDLFactorisation, QDLDLSettings};
use farkas_modeling::Problem;

use super::cones::{Conic, Of};

/// Keeps the equations solvable where they are not independent, as a part of the largest coefficient; what it costs in
/// precision, the rounds bring back. A smaller one costs more: what is divided by it loses its digits.
const SHIFT: f64 = 1e-6;
/// So often the equations are solved with what the last time left.
const ROUNDS: usize = 6;

/// The sharp point and the multipliers of the rows, minimising.
pub(super) struct Polished {
    pub(super) point: Vec<f64>,
    pub(super) rows: Vec<f64>,
}

/// Which side of a column or row holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Held {
    No,
    At(f64),
}

/// What holds is told by slack `s` and multiplier `z` of each linear cone row: at the end, one of them is nearly 0.
pub(super) fn polished(problem: &Problem, conic: &Conic, x: &[f64], s: &[f64], z: &[f64]) -> Polished {
    let (n, m) = (problem.num_columns(), problem.num_rows());
    let (mut columns, mut sides) = (vec![Held::No; n], vec![Held::No; m]);
    let mut rows = vec![0.0; m];
    for (at, whose) in conic.of.iter().enumerate() {
        if at >= conic.equalities && s[at] >= z[at] {
            continue;
        }
        match *whose {
            Of::Row(i, sign) => {
                rows[i] -= sign * z[at];
                sides[i] = Held::At(sign * conic.b[at]);
            }
            Of::Column(j, sign) if at < conic.equalities || s[at] < 1e-6 => columns[j] = Held::At(sign * conic.b[at]),
            Of::Column(..) => {}
        }
    }
    let mut point: Vec<f64> = x.to_vec();
    for (j, value) in point.iter_mut().enumerate() {
        *value = match columns[j] {
            Held::At(bound) => bound,
            Held::No => value.max(problem.lower()[j]).min(problem.upper()[j]),
        };
    }
    let mut best = Polished { point, rows };
    // Cones have multipliers of another kind; their points stay as they are.
    if !problem.quadratic_rows().is_empty() {
        return best;
    }
    let Some(mut equations) = Equations::of(problem, &columns, &sides) else { return best };
    let mut left = equations.residual(problem, &sides, &best);
    let mut next = Polished { point: best.point.clone(), rows: best.rows.clone() };
    for _ in 0..ROUNDS {
        equations.step(problem, &left.1, &mut next);
        let now = equations.residual(problem, &sides, &next);
        if now.0 >= left.0 || now.0.is_nan() {
            break;
        }
        best.point.clone_from(&next.point);
        best.rows.clone_from(&next.rows);
        left = now;
    }
    best
}

/// The gradient of the minimised objective.
fn gradient(problem: &Problem, x: &[f64]) -> Vec<f64> {
    let sign = problem.sense().sign();
    let mut gradient: Vec<f64> = problem.cost().iter().map(|c| sign * c).collect();
    for product in problem.quadratic_objective() {
        gradient[product.first as usize] += sign * product.value * x[product.second as usize];
        gradient[product.second as usize] += sign * product.value * x[product.first as usize];
    }
    gradient
}

/// Stationarity of the columns that nothing holds, and the sides that hold: `[P Aᵀ; A 0]`, shifted.
struct Equations {
    free: Vec<usize>,
    tight: Vec<usize>,
    factors: QDLDLFactorisation<f64>,
}

impl Equations {
    fn of(problem: &Problem, columns: &[Held], sides: &[Held]) -> Option<Self> {
        let index = |held: bool, of: &[Held]| -> Vec<usize> {
            (0..of.len()).filter(|&at| (of[at] != Held::No) == held).collect()
        };
        let (free, tight) = (index(false, columns), index(true, sides));
        let size = free.len() + tight.len();
        let mut place = vec![usize::MAX; columns.len()];
        free.iter().enumerate().for_each(|(at, &j)| place[j] = at);
        let (mut i, mut j, mut v) = (Vec::new(), Vec::new(), Vec::new());
        let mut push = |row: usize, column: usize, value: f64| {
            i.push(row.min(column));
            j.push(row.max(column));
            v.push(value);
        };
        let largest = problem.largest_coefficient();
        let shift = if largest > 0.0 { SHIFT * largest } else { SHIFT };
        (0..size).for_each(|at| push(at, at, if at < free.len() { shift } else { -shift }));
        let sign = problem.sense().sign();
        for product in problem.quadratic_objective() {
            let (first, second) = (place[product.first as usize], place[product.second as usize]);
            let twice = if first == second { 2.0 } else { 1.0 };
            if first != usize::MAX && second != usize::MAX {
                push(first, second, sign * twice * product.value);
            }
        }
        let by_rows = problem.by_rows();
        for (at, &row) in tight.iter().enumerate() {
            let (columns, values) = by_rows.row(row);
            for (&column, &value) in columns.iter().zip(values).filter(|(c, _)| place[**c as usize] != usize::MAX) {
                push(place[column as usize], free.len() + at, value);
            }
        }
        let matrix = CscMatrix::new_from_triplets(size, size, i, j, v);
        // Without the signs it would take each pivot below 0 for rounding.
        let signs = (0..size).map(|at| if at < free.len() { 1 } else { -1 }).collect();
        let settings = QDLDLSettings { Dsigns: Some(signs), ..QDLDLSettings::default() };
        // With nothing open there is nothing to solve.
        let factors = if size == 0 { None } else { QDLDLFactorisation::new(&matrix, Some(settings)).ok() };
        Some(Self { free, tight, factors: factors? })
    }

    /// What the equations miss: the largest, each against its own size, and all of them.
    fn residual(&self, problem: &Problem, sides: &[Held], at: &Polished) -> (f64, Vec<f64>) {
        let gradient = gradient(problem, &at.point);
        let mut worst = 0.0_f64;
        let mut all = Vec::with_capacity(self.free.len() + self.tight.len());
        for &j in &self.free {
            let sum: f64 = problem.column(j).iter().map(|(i, a)| a * at.rows[i]).sum();
            let miss = sum - gradient[j];
            worst = worst.max(miss.abs() / gradient[j].abs().max(1.0));
            // Out of its bounds is no improvement.
            let (value, lower, upper) = (at.point[j], problem.lower()[j], problem.upper()[j]);
            worst = worst.max(lower - value).max(value - upper);
            all.push(miss);
        }
        let by_rows = problem.by_rows();
        for &i in &self.tight {
            let (columns, values) = by_rows.row(i);
            let activity: f64 = columns.iter().zip(values).map(|(&j, &a)| a * at.point[j as usize]).sum();
            let miss = if let Held::At(side) = sides[i] { side - activity } else { 0.0 };
            worst = worst.max(miss.abs());
            all.push(miss);
        }
        (worst, all)
    }

    fn step(&mut self, problem: &Problem, misses: &[f64], at: &mut Polished) {
        let mut change = misses.to_vec();
        self.factors.solve(&mut change);
        for (&j, d) in self.free.iter().zip(&change) {
            at.point[j] = (at.point[j] + d).max(problem.lower()[j]).min(problem.upper()[j]);
        }
        for (&i, d) in self.tight.iter().zip(&change[self.free.len()..]) {
            at.rows[i] -= d;
        }
    }
}
