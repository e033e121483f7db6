//! The values that columns can have: their bounds and, where those are infinite, what the rows imply.

use farkas_modeling::Problem;

/// Rounds of implying; a chain of rows needs one each.
const ROUNDS: usize = 4;
/// What an implied bound is widened by, for rounding.
const WIDENED: f64 = 1e-9;

/// Values from `least` to `most`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    pub least: f64,
    pub most: f64,
}

impl Interval {
    /// Whether both ends are finite.
    pub fn is_bounded(self) -> bool {
        self.least.is_finite() && self.most.is_finite()
    }

    /// `value` times it.
    pub fn times(self, value: f64) -> Self {
        if value == 0.0 {
            Self { least: 0.0, most: 0.0 }
        } else if value > 0.0 {
            Self { least: value * self.least, most: value * self.most }
        } else {
            Self { least: value * self.most, most: value * self.least }
        }
    }

    /// With zero.
    pub fn and_zero(self) -> Self {
        Self { least: self.least.min(0.0), most: self.most.max(0.0) }
    }
}

/// For every column. A semicontinuous one may be zero as well.
pub(super) fn hulls(problem: &Problem) -> Vec<Interval> {
    let mut hulls: Vec<Interval> = (0..problem.num_columns())
        .map(|j| {
            let bounds = Interval { least: problem.lower()[j], most: problem.upper()[j] };
            if problem.kind(j).is_semi() { bounds.and_zero() } else { bounds }
        })
        .collect();
    if hulls.iter().all(|hull| hull.is_bounded()) {
        return hulls;
    }
    let mut holds = vec![true; problem.num_rows()];
    problem.indicators().iter().for_each(|one| holds[one.row as usize] = false);
    problem.quadratic_rows().iter().for_each(|one| holds[one.row as usize] = false);
    for _ in 0..ROUNDS {
        let mut changed = false;
        for i in (0..problem.num_rows()).filter(|&i| holds[i]) {
            changed |= by_row(problem, i, &mut hulls);
        }
        if !changed {
            break;
        }
    }
    hulls
}

/// Fills in infinite ends by one row; whether there was one.
fn by_row(problem: &Problem, i: usize, hulls: &mut [Interval]) -> bool {
    let (columns, values) = problem.by_rows().row(i);
    if columns.iter().all(|&j| hulls[j as usize].is_bounded()) {
        return false;
    }
    let mut changed = false;
    // Σ a x ≤ side, and the other side turned around.
    for (sign, side) in [(1.0, problem.row_upper()[i]), (-1.0, -problem.row_lower()[i])] {
        if !side.is_finite() {
            continue;
        }
        let least: Vec<f64> =
            columns.iter().zip(values).map(|(&j, &a)| hulls[j as usize].times(sign * a).least).collect();
        let infinite = least.iter().filter(|part| part.is_infinite()).count();
        let finite: f64 = least.iter().filter(|part| part.is_finite()).sum();
        for (at, (&j, &a)) in columns.iter().zip(values).enumerate() {
            let (a, others) = (sign * a, infinite - usize::from(least[at].is_infinite()));
            if a == 0.0 || others > 0 {
                continue;
            }
            let rest = if least[at].is_finite() { finite - least[at] } else { finite };
            let end = (side - rest) / a;
            let slack = WIDENED * end.abs().max(1.0);
            let hull = &mut hulls[j as usize];
            if a > 0.0 && hull.most.is_infinite() && end.is_finite() {
                (hull.most, changed) = (end + slack, true);
            } else if a < 0.0 && hull.least.is_infinite() && end.is_finite() {
                (hull.least, changed) = (end - slack, true);
            }
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use farkas_modeling::ProblemData;

    use super::*;

    #[test]
    fn a_convex_combination_bounds_its_weights() {
        // a + b = 1, a, b ≥ 0; then x = 3 a − 2 b
        let problem = Problem::new(ProblemData {
            cost: vec![0.0; 3],
            lower: vec![0.0, 0.0, f64::NEG_INFINITY],
            upper: vec![f64::INFINITY; 3],
            row_lower: vec![1.0, 0.0],
            row_upper: vec![1.0, 0.0],
            starts: vec![0, 2, 4, 5],
            indices: vec![0, 1, 0, 1, 1],
            values: vec![1.0, 3.0, 1.0, -2.0, -1.0],
            ..ProblemData::default()
        })
        .unwrap();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        let hulls = hulls(&problem);
        assert!(near(hulls[0].most, 1.0) && near(hulls[1].most, 1.0), "{hulls:?}");
        assert!(near(hulls[2].least, -2.0) && near(hulls[2].most, 3.0), "{hulls:?}");
    }
}
