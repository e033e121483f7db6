//! Small linear programs whose bounds and sides change again and again (scenarios, an open model), solved on from a basis
//! that was optimal before, by dual simplex from its dense tableau.
//!
//! Nothing here is believed: what comes out is a claim like any solver's, to be examined, and whoever asks goes to the solver
//! where there is no claim or it does not hold.

mod dual;
mod path;
mod tableau;

use std::sync::Arc;

use farkas_modeling::answer::{Basis, BasisStatus, Duals};
use farkas_modeling::{Claim, Problem, Reason, Termination};

use crate::options::{LpMethod, Options};
use dual::Place;
use path::Path;
use tableau::Tableau;

/// A tableau with more entries is not made: a solver's sparse factors are faster then.
const MOST_ENTRIES: usize = 1 << 17;
/// Further than so many pivots from the tableau nobody goes: the solver is faster then, and rounding less.
const MOST_PIVOTS: usize = 100;
/// Multiplications that a row and a column may take, as many as the solver's own pivot is worth.
const MOST_MULTIPLICATIONS: usize = 150_000;

/// A basis of a linear program, ready for other bounds and sides.
///
/// ```
/// use std::sync::Arc;
/// use farkas_backends::reoptimize::Reoptimizer;
/// use farkas_modeling::answer::{Basis, BasisStatus::{AtLower, Basic}};
/// use farkas_modeling::formats::json;
/// let least = |need: u32| {
///     let text = format!(r#"{{"objective": "2 x + 3 y", "constraints": {{"need": "x + y >= {need}"}}, "variables": {{"x": {{"upper": 5}}, "y": {{}}}}}}"#);
///     json::read(text.as_bytes()).map(|read| read.value)
/// };
/// // x is basic while five are enough.
/// let basis = Basis { columns: vec![Basic, AtLower], rows: vec![AtLower] };
/// let mut known = Reoptimizer::new(&Arc::new(least(4)?), &basis).expect("small, and no singular basis");
/// let claim = known.solve(&least(7)?).expect("one pivot away");
/// assert_eq!((claim.objective, claim.point), (Some(16.0), Some(vec![5.0, 2.0])));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reoptimizer {
    /// Whose matrix and costs they are.
    problem: Arc<Problem>,
    /// The basis that solves begin from.
    home: Tableau,
    /// From there to the last optimum.
    path: Path,
    place: Place,
}

impl Reoptimizer {
    /// Whether an answer that was not the solver's own would do as well under these options.
    pub fn suits(options: &Options) -> bool {
        let any_method = matches!(options.lp_method, LpMethod::Auto | LpMethod::Simplex);
        let to_the_end = options.cutoff.is_none() && options.objective_target.is_none();
        any_method && to_the_end && options.native.is_empty()
    }

    /// The tableau of a basis of `problem`; `None` where the problem is no linear one, or too large for it, or the basis is singular or of
    /// another shape.
    pub fn new(problem: &Arc<Problem>, basis: &Basis) -> Option<Self> {
        let (n, m) = (problem.num_columns(), problem.num_rows());
        let fits = basis.columns.len() == n && basis.rows.len() == m;
        if !fits || !problem.is_lp() || n == 0 || n.saturating_mul(m + 1) > MOST_ENTRIES {
            return None;
        }
        let home = Tableau::of(problem).turned_to(basis)?;
        Some(Self { problem: Arc::clone(problem), home, path: Path::default(), place: Place::default() })
    }

    /// Whether a problem has the matrix, the costs and the sense of the one that this was made of.
    pub fn takes(&self, problem: &Problem) -> bool {
        fn same<T: PartialEq>(a: &[T], b: &[T]) -> bool {
            std::ptr::eq(a, b) || a == b // what a patch leaves as it is, is shared
        }
        let own = &self.problem;
        own.sense() == problem.sense()
            && own.num_rows() == problem.num_rows()
            && same(own.cost(), problem.cost())
            && same(own.starts(), problem.starts())
            && same(own.indices(), problem.indices())
            && same(own.values(), problem.values())
            && problem.is_lp()
    }

    /// The optimum of a problem that has matrix, costs and sense of the one that this was made of, as a claim to be
    /// examined; `None` where the solver should be asked: another matrix or other costs, a basis whose reduced costs have the wrong
    /// signs, a problem that seems infeasible, an optimum too far away, or bad numbers.
    pub fn solve(&mut self, problem: &Problem) -> Option<Claim> {
        if !self.takes(problem) {
            return None;
        }
        let most = (MOST_MULTIPLICATIONS / (problem.num_columns() + problem.num_rows())).min(MOST_PIVOTS);
        dual::go(&self.home, &mut self.path, &mut self.place, problem, most)?;
        let pivots = self.pivots();
        let how = format!("{pivots} pivots from a basis that was optimal before; no solver was asked");
        let mut claim = Claim::bare(Termination::new(Reason::Optimal, how));
        let (point, basis, duals) = self.read(problem);
        let objective = problem.objective_of(&point);
        (claim.objective, claim.bound) = (Some(objective), Some(objective));
        (claim.point, claim.basis, claim.duals) = (Some(point), Some(basis), Some(duals));
        claim.counters.simplex_iterations = pivots as u64;
        Some(claim)
    }

    /// How many pivots the last call of [`solve`](Self::solve) took.
    pub fn pivots(&self) -> usize {
        self.path.exchanged().len()
    }

    /// Where the last call of [`solve`](Self::solve) ended is where the next ones begin. Costs more than a pivot of theirs for each pivot
    /// on the way.
    pub fn stay(&mut self) {
        for &(leaves, enters) in self.path.exchanged() {
            self.home.exchange(leaves, enters);
        }
        self.path.begin(&self.home);
    }

    /// Point, basis and multipliers, in the problem's own order and sense.
    fn read(&self, problem: &Problem) -> (Vec<f64>, Basis, Duals) {
        let (n, m, sign) = (problem.num_columns(), problem.num_rows(), problem.sense().sign());
        let mut point = vec![0.0; n];
        let mut basis = Basis { columns: vec![BasisStatus::Basic; n], rows: vec![BasisStatus::Basic; m] };
        let mut duals = Duals { rows: vec![0.0; m], reduced_costs: vec![0.0; n] };
        for (&variable, &value) in self.path.basic.iter().zip(&self.place.values) {
            if let Some(x) = point.get_mut(variable as usize) {
                *x = value;
            }
        }
        let (stands, reduced) = (&self.place.stands, &self.path.reduced_costs);
        for (at, &variable) in self.path.nonbasic.iter().enumerate() {
            let v = variable as usize;
            let (status, price) = if v < n {
                point[v] = self.place.at[at];
                (&mut basis.columns[v], &mut duals.reduced_costs[v])
            } else {
                (&mut basis.rows[v - n], &mut duals.rows[v - n])
            };
            (*status, *price) = (stands[at], sign * reduced[at]);
        }
        (point, basis, duals)
    }
}
