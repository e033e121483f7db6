//! How things cross: points and bases there, points, claims and objectives back. What was added stands after what there
//! was.

use farkas_modeling::answer::{Basis, BasisStatus, Duals, Ray};
use farkas_modeling::{Claim, Problem};

use crate::options::Options;

/// An integer tolerance below which solvers do not go.
const LEAST_INTEGRALITY: f64 = 1e-9;
/// A value counts as zero up to here.
const ZERO: f64 = 1e-6;

/// What an added column is worth at a point of the problem as it was.
#[derive(Debug, Clone)]
pub(super) enum Recipe {
    /// One where the column is not zero.
    Nonzero(u32),
    /// One where a set's nonzeros begin at this member (or end there, for the last pair).
    Neighbours {
        /// Which set.
        set: usize,
        /// The pair's first member.
        at: usize,
    },
    /// The product of two columns.
    Product(u32, u32),
}

/// How a problem that was rewritten is got back to.
#[derive(Debug, Clone)]
pub struct Way {
    /// n of the problem as it was.
    columns: usize,
    /// m of it.
    rows: usize,
    pub(super) recipes: Vec<Recipe>,
    sets: Vec<Vec<u32>>,
    /// A column that is zero unless one of the (at most two) switches is on.
    zeros: Vec<(u32, [Option<u32>; 2])>,
    /// Rows with two sides, each with the row that has its upper one now.
    pub(super) twins: Vec<(u32, u32)>,
    /// Rows that say nothing any more.
    pub(super) emptied: Vec<u32>,
    /// Costs were turned around.
    pub(super) negated: bool,
    /// Something discrete was rewritten: there are no duals, rays and bases to bring back.
    pub(super) is_discrete: bool,
    pub(super) largest_big_m: f64,
}

impl Way {
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            rows,
            recipes: Vec::new(),
            sets: Vec::new(),
            zeros: Vec::new(),
            twins: Vec::new(),
            emptied: Vec::new(),
            negated: false,
            is_discrete: false,
            largest_big_m: 0.0,
        }
    }

    /// Keeps the members of a set for its recipes; which one it is.
    pub(super) fn know_set(&mut self, members: &[u32]) -> usize {
        self.sets.push(members.to_vec());
        self.sets.len() - 1
    }

    /// Notes who switches a column (one or two).
    pub(super) fn zero_unless(&mut self, column: u32, switches: &[u32]) {
        self.zeros.push((column, [switches.first().copied(), switches.get(1).copied()]));
    }

    /// An objective or a bound, there or back.
    pub fn objective(&self, value: f64) -> f64 {
        if self.negated { -value } else { value }
    }

    /// Options that mean there what these mean here. A big-M lets through what an integer misses by, times itself, so
    /// integers are held tighter.
    #[must_use]
    pub fn options(&self, options: &Options) -> Options {
        let mut there = options.clone();
        there.objective_target = options.objective_target.map(|target| self.objective(target));
        there.cutoff = options.cutoff.map(|cutoff| self.objective(cutoff));
        if self.largest_big_m > 1.0 {
            let held = options.tolerances.bound / self.largest_big_m;
            there.tolerances.integrality =
                options.tolerances.integrality.min(held).max(LEAST_INTEGRALITY.min(options.tolerances.integrality));
        }
        there
    }

    /// A point there; NaN where nothing is known.
    ///
    /// # Panics
    /// When `point` does not have n values.
    pub fn point_there(&self, point: &[f64]) -> Vec<f64> {
        assert_eq!(point.len(), self.columns);
        let mut there = point.to_vec();
        let starts: Vec<f64> = self.sets.iter().map(|members| first_nonzero(members, point)).collect();
        there.extend(self.recipes.iter().map(|recipe| match recipe {
            Recipe::Nonzero(j) => indicator(point[*j as usize]),
            Recipe::Neighbours { set, at } => {
                let first = starts[*set];
                if first.is_nan() { f64::NAN } else { f64::from(u8::from(first == *at as f64)) }
            }
            Recipe::Product(i, j) => point[*i as usize] * point[*j as usize],
        }));
        there
    }

    /// A point back: without what was added, and with zeros where the binaries say so.
    pub fn point_back(&self, there: &[f64]) -> Vec<f64> {
        let mut point = there[..self.columns.min(there.len())].to_vec();
        for (column, switches) in &self.zeros {
            let off = |switch: &u32| there.get(*switch as usize).is_none_or(|&value| value < 0.5);
            if switches.iter().flatten().all(off)
                && let Some(value) = point.get_mut(*column as usize)
            {
                *value = 0.0;
            }
        }
        point
    }

    /// A basis there, where one has a meaning.
    pub fn basis_there(&self, basis: &Basis) -> Option<Basis> {
        if self.is_discrete {
            return None;
        }
        let mut there = basis.clone();
        for &(row, _) in &self.twins {
            let status = there.rows[row as usize];
            let upper = status == BasisStatus::AtUpper;
            there.rows.push(if upper { BasisStatus::AtUpper } else { BasisStatus::Basic });
            if upper {
                there.rows[row as usize] = BasisStatus::Basic;
            }
        }
        self.emptied.iter().for_each(|&row| there.rows[row as usize] = BasisStatus::Basic);
        Some(there)
    }

    fn basis_back(&self, mut basis: Basis) -> Option<Basis> {
        for &(row, twin) in &self.twins {
            match (basis.rows[row as usize], basis.rows[twin as usize]) {
                (_, BasisStatus::Basic) => {}
                (BasisStatus::Basic, _) => basis.rows[row as usize] = BasisStatus::AtUpper,
                _ => return None, // both sides at once are none
            }
        }
        basis.rows.truncate(self.rows);
        Some(basis)
    }

    /// Multipliers of the rows there were: a row's and its twin's together.
    fn multipliers_back(&self, mut rows: Vec<f64>) -> Vec<f64> {
        for &(row, twin) in &self.twins {
            rows[row as usize] += rows[twin as usize];
        }
        self.emptied.iter().for_each(|&row| rows[row as usize] = 0.0);
        rows.truncate(self.rows);
        if self.negated {
            for y in &mut *rows {
                *y = -*y;
            }
        }
        rows
    }

    /// A claim about what was rewritten, as one about the problem as it was. What does not have the right shape is left
    /// out, as a claim that nobody can use.
    #[must_use]
    pub fn claim_back(&self, problem: &Problem, mut claim: Claim) -> Claim {
        let rows = self.rows + self.twins.len();
        claim.point = claim.point.map(|there| self.point_back(&there));
        let recomputed = claim.point.as_ref().filter(|x| x.len() == self.columns).map(|x| problem.objective_of(x));
        claim.objective = recomputed.or(claim.objective.map(|value| self.objective(value)));
        claim.bound = claim.bound.map(|value| self.objective(value));
        if self.is_discrete {
            (claim.duals, claim.ray, claim.basis) = (None, None, None);
            return claim;
        }
        let duals = claim.duals.take().filter(|duals| duals.rows.len() == rows);
        claim.duals = duals.map(|duals| {
            let sign = if self.negated { -1.0 } else { 1.0 };
            let reduced_costs = duals.reduced_costs.iter().map(|d| sign * d).collect();
            Duals { rows: self.multipliers_back(duals.rows), reduced_costs }
        });
        claim.ray = claim.ray.take().and_then(|ray| match ray {
            Ray::Primal(direction) => Some(Ray::Primal(direction)),
            Ray::Farkas(y) if y.len() == rows => {
                // It proves the same, whichever way the objective goes.
                let way = Self { negated: false, ..self.clone() };
                Some(Ray::Farkas(way.multipliers_back(y)))
            }
            Ray::Farkas(_) => None,
        });
        claim.basis = claim.basis.take().filter(|basis| basis.rows.len() == rows).and_then(|b| self.basis_back(b));
        claim
    }
}

fn indicator(value: f64) -> f64 {
    if value.is_nan() { f64::NAN } else { f64::from(u8::from(value.abs() > ZERO)) }
}

/// The pair in which a set's nonzeros stand, by its first member; NaN where a member is not known.
fn first_nonzero(members: &[u32], point: &[f64]) -> f64 {
    let mut first = None;
    for (at, &member) in members.iter().enumerate() {
        let value = point[member as usize];
        if value.is_nan() {
            return f64::NAN;
        }
        if first.is_none() && value.abs() > ZERO {
            first = Some(at);
        }
    }
    first.unwrap_or(0).min(members.len().saturating_sub(2)) as f64
}
