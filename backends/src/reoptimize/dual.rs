//! The dual simplex method from a tableau whose reduced costs have the right signs to a basis whose basic variables keep their
//! bounds as well. Leaving variables by Devex weights, entering ones by Harris' ratio test
//! (Koberstein, *The dual simplex method, techniques for a fast and stable implementation*, 2005, chapters 3 and 6).

use farkas_modeling::Problem;
use farkas_modeling::answer::BasisStatus;

use super::path::Path;
use super::tableau::Tableau;

/// How far a basic variable may be outside its bounds, relative to the bound: less than any tolerance that is asked for.
const PRIMAL: f64 = 1e-10;
/// How wrong the sign of a reduced cost may be, relative to the largest cost.
const DUAL: f64 = 1e-10;
/// A smaller entry is none in the ratio test.
const ENTRY: f64 = 1e-10;
/// A smaller pivot is not divided by.
const PIVOT: f64 = 1e-7;

/// Where all variables stand. A nonbasic one and a basic one stand in the place that [`Path`] has them in.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// n + m bounds of the variables.
    lower: Vec<f64>,
    upper: Vec<f64>,
    /// n: how the nonbasic variables stand.
    pub(super) stands: Vec<BasisStatus>,
    /// n: the nonbasic variables' values.
    pub(super) at: Vec<f64>,
    /// m: the basic variables' values.
    pub(super) values: Vec<f64>,
    row: Vec<f64>,
    column: Vec<f64>,
}

/// Exchanges variables until the basis is optimal for the problem, whose matrix and costs are the tableau's. `None` where
/// there is no way on that could be relied on: no bound where a reduced cost needs one, nobody to enter
/// (the problem is infeasible then, or the numbers are bad), pivots too small, or more than `most` exchanges.
pub(super) fn go(home: &Tableau, path: &mut Path, place: &mut Place, problem: &Problem, most: usize) -> Option<()> {
    path.begin(home);
    let largest = problem.cost().iter().fold(1.0, |largest: f64, cost| largest.max(cost.abs()));
    let tolerance = DUAL * largest;
    place.put(path, problem, tolerance)?;
    home.values(&place.at, &mut place.values);
    while let Some((leaves, target)) = place.leaving(path) {
        path.row(home, leaves, &mut place.row);
        let rises = target > place.values[leaves];
        let enters = place.entering(path, rises, tolerance)?;
        let pivot = place.row[enters];
        if pivot.abs() < PIVOT || path.exchanged().len() == most {
            return None;
        }
        path.column(home, enters, &mut place.column);
        let step = (target - place.values[leaves]) / pivot;
        for (value, entry) in place.values.iter_mut().zip(&place.column) {
            *value += step * entry;
        }
        place.values[leaves] = place.at[enters] + step;
        place.at[enters] = target;
        place.stands[enters] = if rises { BasisStatus::AtLower } else { BasisStatus::AtUpper };
        path.exchange(leaves, enters, &place.row, &place.column);
    }
    Some(())
}

impl Place {
    /// Puts the nonbasic variables where their reduced costs want them.
    fn put(&mut self, path: &Path, problem: &Problem, tolerance: f64) -> Option<()> {
        problem.lower().clone_into(&mut self.lower);
        problem.upper().clone_into(&mut self.upper);
        self.lower.extend_from_slice(problem.row_lower());
        self.upper.extend_from_slice(problem.row_upper());
        self.stands.clear();
        self.at.clear();
        for (&variable, &reduced) in path.nonbasic.iter().zip(&path.reduced_costs) {
            let (lower, upper) = (self.lower[variable as usize], self.upper[variable as usize]);
            let (stands, at) = match (lower.is_finite(), upper.is_finite()) {
                _ if lower > upper => return None,
                (true, true) if reduced < 0.0 => (BasisStatus::AtUpper, upper),
                (true, true) => (BasisStatus::AtLower, lower),
                (true, false) if reduced >= -tolerance => (BasisStatus::AtLower, lower),
                (false, true) if reduced <= tolerance => (BasisStatus::AtUpper, upper),
                (false, false) if reduced.abs() <= tolerance => (BasisStatus::Free, 0.0),
                _ => return None,
            };
            self.stands.push(stands);
            self.at.push(at);
        }
        Some(())
    }

    /// The basic variable that is furthest outside its bounds, by its weight, and the bound that it goes to.
    fn leaving(&self, path: &Path) -> Option<(usize, f64)> {
        let mut best = (0.0, None);
        for (place, (&variable, &value)) in path.basic.iter().zip(&self.values).enumerate() {
            let (lower, upper) = (self.lower[variable as usize], self.upper[variable as usize]);
            if value >= lower && value <= upper {
                continue;
            }
            let target = if value < lower { lower } else { upper };
            let outside = target - value;
            let merit = outside * outside / path.weights[place];
            if outside.abs() > PRIMAL * target.abs().max(1.0) && merit > best.0 {
                best = (merit, Some((place, target)));
            }
        }
        best.1
    }

    /// Of the nonbasic variables that can move the leaving one, whose row is at hand, where it must go, that whose reduced cost is the
    /// first to change its sign; of several within the tolerance, the one with the largest pivot.
    fn entering(&self, path: &Path, rises: bool, tolerance: f64) -> Option<usize> {
        let may = |j: usize, entry: f64| match self.stands[j] {
            _ if entry.abs() <= ENTRY => false,
            BasisStatus::Free => true,
            stands => {
                let variable = path.nonbasic[j] as usize;
                (stands == BasisStatus::AtLower) == ((entry > 0.0) == rises)
                    && self.lower[variable] < self.upper[variable]
            }
        };
        let candidates = || self.row.iter().enumerate().filter(|&(j, &entry)| may(j, entry));
        let ratio = |(j, entry): (usize, &f64)| (path.reduced_costs[j].abs() + tolerance) / entry.abs();
        let nearest = candidates().map(ratio).fold(f64::INFINITY, f64::min);
        let near = candidates().filter(|&(j, entry)| path.reduced_costs[j].abs() <= nearest * entry.abs());
        near.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).map(|(j, _)| j)
    }
}
