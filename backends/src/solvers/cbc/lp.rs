//! Linear programs by Clp. Optimal points are looked over, infeasible and unbounded are said with a ray that was verified
//! wherever one can be had: Clp's answers out of its presolve carry no proof, and have been seen wrong.

use farkas_modeling::answer::{Basis, BasisStatus, Counters, Duals, Ray};
use farkas_modeling::{Claim, Limit, Problem, Reason, Termination};

use super::arrays::Arrays;
use super::ffi::{self, Listener, LpAlgorithm, LpHow, LpRun};
use super::measure;
use super::watch::Watch;
use crate::contract::{Control, Event, SessionError, Start};
use crate::options::{LpMethod, Options, Presolve};

/// Clp's statuses (`ClpModel::status`).
const OPTIMAL: i32 = 0;
const INFEASIBLE: i32 = 1;
const UNBOUNDED: i32 = 2;
const STOPPED: i32 = 3;
const EVENT: i32 = 5;

/// One way to run Clp.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub algorithm: LpAlgorithm,
    pub presolve: bool,
    pub scaling: bool,
}

impl Way {
    /// Without presolve, which leaves no rays.
    pub fn plain(algorithm: LpAlgorithm) -> Self {
        Self { algorithm, presolve: false, scaling: true }
    }

    /// Without presolve and with the numbers as they are.
    pub fn unscaled(algorithm: LpAlgorithm) -> Self {
        Self { algorithm, presolve: false, scaling: false }
    }

    /// Reduced first, which is mostly fastest.
    pub fn presolved(algorithm: LpAlgorithm) -> Self {
        Self { algorithm, presolve: true, scaling: true }
    }
}

/// One linear program and what it is to be solved with.
pub(super) struct Lp<'a> {
    pub problem: &'a Problem,
    pub arrays: Arrays<'a>,
    pub options: &'a Options,
    pub settings: Vec<(i32, f64)>,
    pub watch: &'a Watch,
    /// Where its log goes; nowhere for the small ones inside a search.
    pub control: Option<&'a (dyn Control + Sync)>,
}

impl Listener for Lp<'_> {
    fn should_end(&self) -> bool {
        self.watch.should_end()
    }
    fn log(&self, line: &str) {
        if let Some(control) = self.control {
            control.report(Event::Log(line));
        }
    }
}

/// Solves, from a basis where the start has one.
///
/// # Errors
/// `Refused` for a method Clp does not have or a basis of the wrong size, `Broken` when Clp throws.
pub(super) fn solve(lp: &Lp<'_>, start: &Start) -> Result<Claim, SessionError> {
    let algorithm = match lp.options.lp_method {
        LpMethod::Auto => LpAlgorithm::Automatic,
        LpMethod::Simplex => LpAlgorithm::Dual,
        LpMethod::Barrier => LpAlgorithm::Barrier,
        LpMethod::FirstOrder => {
            return Err(SessionError::Refused(
                "Clp has no first-order method; there are: auto, simplex, barrier".to_owned(),
            ));
        }
    };
    let basis = match start.basis.as_deref() {
        Some(basis) if algorithm != LpAlgorithm::Barrier => Some(codes(lp, basis)?),
        _ => None,
    };
    if lp.watch.should_end() {
        return Ok(Claim::bare(Termination::at_limit(false, lp.watch.cause().unwrap_or(Limit::Undetermined), "")));
    }
    let presolve = lp.options.presolve != Presolve::Off;
    let first = lp.run(Way { presolve, ..Way::plain(algorithm) }, basis)?;
    let spent = Spent::new(algorithm, &first);
    match first.status {
        OPTIMAL if algorithm == LpAlgorithm::Barrier => lp.confirmed(first, spent),
        OPTIMAL => lp.optimal(first, spent),
        INFEASIBLE | UNBOUNDED => lp.disputed(&first, spent),
        STOPPED | EVENT => Ok(lp.stopped(first, &spent)),
        _ => lp.again(first, spent),
    }
}

/// The outcome of a relaxation that CBC found infeasible or unbounded, with a ray where one holds.
///
/// # Errors
/// `Broken` when Clp throws.
pub(super) fn relaxation(lp: &Lp<'_>) -> Result<Claim, SessionError> {
    let run = lp.run(Way::plain(LpAlgorithm::Dual), None)?;
    let spent = Spent::new(LpAlgorithm::Dual, &run);
    match run.status {
        OPTIMAL => Ok(lp.claim_optimal(run, &spent)),
        STOPPED | EVENT => Ok(lp.stopped(run, &spent)),
        _ => lp.disputed(&run, spent),
    }
}

/// Iterations over all runs of one solve.
struct Spent(Counters);

impl Spent {
    fn new(algorithm: LpAlgorithm, run: &LpRun) -> Self {
        let mut spent = Self(Counters::default());
        if algorithm == LpAlgorithm::Barrier {
            spent.0.barrier_iterations = run.iterations;
        } else {
            spent.add(run);
        }
        spent
    }
    fn add(&mut self, run: &LpRun) {
        self.0.simplex_iterations += run.iterations;
    }
    fn claim(&self, termination: Termination) -> Claim {
        Claim { counters: self.0, ..Claim::bare(termination) }
    }
}

impl Lp<'_> {
    /// One run of Clp.
    pub fn run(&self, way: Way, basis: Option<(Vec<u8>, Vec<u8>)>) -> Result<LpRun, SessionError> {
        self.run_on(&self.arrays, way, basis)
    }

    fn run_on(&self, arrays: &Arrays<'_>, way: Way, basis: Option<(Vec<u8>, Vec<u8>)>) -> Result<LpRun, SessionError> {
        let tolerances = &self.options.tolerances;
        let how = LpHow {
            algorithm: way.algorithm,
            presolve: way.presolve,
            scaling: way.scaling,
            // A tenth of what the check allows: presolve's way back loses a little.
            primal_tolerance: (0.1 * tolerances.feasibility.min(tolerances.bound)).clamp(1e-10, 1e-3),
            dual_tolerance: tolerances.dual.clamp(1e-10, 1e-3),
            basis,
            settings: &self.settings,
        };
        ffi::solve_lp(arrays, &how, self).map_err(SessionError::Broken)
    }

    fn fits(&self, x: &[f64]) -> bool {
        measure::fits_rows(&self.arrays, x, &self.options.tolerances)
    }

    fn optimal(&self, run: LpRun, mut spent: Spent) -> Result<Claim, SessionError> {
        // On 117 runs over the LPs of the instance folder, with presolve and without, all six points that do not fit were
        // told by Clp itself (`ClpModel::secondaryStatus` 2: infeasible once the scaling is undone).
        if run.secondary == 0 || self.fits(&run.point) {
            return Ok(self.claim_optimal(run, &spent));
        }
        // The way back from presolve or scaling lost precision: go on from its basis in the problem as it is.
        let basis = Some((run.column_status.clone(), run.row_status.clone()));
        let again = self.run(Way::plain(LpAlgorithm::Dual), basis)?;
        spent.add(&again);
        let better = if again.status == OPTIMAL { again } else { run };
        Ok(self.claim_optimal(better, &spent))
    }

    /// Numbers went wrong: plain primal simplex is Clp's sturdiest, and the dual one knows some infeasible LPs that it does not.
    fn again(&self, first: LpRun, mut spent: Spent) -> Result<Claim, SessionError> {
        let mut last = first;
        for algorithm in [LpAlgorithm::Primal, LpAlgorithm::Dual] {
            let run = self.run(Way::plain(algorithm), None)?;
            spent.add(&run);
            match run.status {
                OPTIMAL => return self.optimal(run, spent),
                INFEASIBLE | UNBOUNDED => return self.disputed(&run, spent),
                STOPPED | EVENT => return Ok(self.stopped(run, &spent)),
                _ => last = run,
            }
        }
        let why = format!("Clp gave up with status {}, secondary {}", last.status, last.secondary);
        Ok(spent.claim(Termination::new(Reason::NumericalError, why)))
    }

    /// Clp's barrier (1.17) calls some unbounded LPs optimal, after crossover too: the primal simplex has the last word, from
    /// that basis.
    fn confirmed(&self, run: LpRun, mut spent: Spent) -> Result<Claim, SessionError> {
        let basis = Some((run.column_status.clone(), run.row_status.clone()));
        let again = self.run(Way::plain(LpAlgorithm::Primal), basis)?;
        spent.add(&again);
        match again.status {
            OPTIMAL => self.optimal(again, spent),
            INFEASIBLE | UNBOUNDED => self.disputed(&again, spent),
            STOPPED | EVENT => Ok(self.stopped(again, &spent)),
            _ => self.optimal(run, spent),
        }
    }

    fn claim_optimal(&self, run: LpRun, spent: &Spent) -> Claim {
        let sign = self.problem.sense().sign();
        let objective = self.problem.objective_of(&run.point);
        let signed = |mut values: Vec<f64>| {
            if sign < 0.0 {
                for v in &mut values {
                    *v = -*v;
                }
            }
            values
        };
        let basis = self.basis(run.column_status, run.row_status);
        Claim {
            objective: Some(objective),
            bound: Some(sign * run.objective),
            duals: Some(Duals { rows: signed(run.multipliers), reduced_costs: signed(run.reduced_costs) }),
            basis: Some(basis),
            point: Some(run.point),
            ..spent.claim(Termination::new(Reason::Optimal, ""))
        }
    }

    fn stopped(&self, run: LpRun, spent: &Spent) -> Claim {
        // Clp's secondary status 9 is its own time limit; otherwise it counts iterations.
        let limit = self.watch.cause().unwrap_or(match run.secondary {
            9 => Limit::Time,
            _ if run.status == STOPPED => Limit::Iteration,
            _ => Limit::Undetermined,
        });
        let fits = self.fits(&run.point);
        let mut claim = spent.claim(Termination::at_limit(fits, limit, ""));
        claim.basis = Some(self.basis(run.column_status, run.row_status));
        if fits {
            claim.objective = Some(self.problem.objective_of(&run.point));
            claim.point = Some(run.point);
        }
        claim
    }

    /// Clp says infeasible or unbounded: ask again without presolve, both ways, for a ray that holds.
    fn disputed(&self, first: &LpRun, mut spent: Spent) -> Result<Claim, SessionError> {
        let said_unbounded = first.status == UNBOUNDED;
        let (first, second) = if said_unbounded {
            (LpAlgorithm::Primal, LpAlgorithm::Dual)
        } else {
            (LpAlgorithm::Dual, LpAlgorithm::Primal)
        };
        // Unscaled, Clp finds `gas11` of the instance folder unbounded, which it is; scaled it says infeasible.
        for way in [Way::plain(first), Way::plain(second), Way::unscaled(first), Way::unscaled(second)] {
            let run = self.run(way, None)?;
            spent.add(&run);
            match run.status {
                OPTIMAL if self.fits(&run.point) => return Ok(self.claim_optimal(run, &spent)),
                STOPPED | EVENT => return Ok(self.stopped(run, &spent)),
                _ => {}
            }
            if let Some(y) = run.farkas.as_deref().and_then(|y| measure::farkas(&self.arrays, y)) {
                return Ok(infeasible(&spent, Some(y)));
            }
            if let Some(ray) = run.ray.as_deref().and_then(|ray| measure::ray(&self.arrays, ray)) {
                return self.unbounded(&run.point, ray, spent);
            }
        }
        self.undecided(said_unbounded, spent)
    }

    /// A ray that holds: together with any feasible point the problem is unbounded.
    fn unbounded(&self, point: &[f64], ray: Vec<f64>, mut spent: Spent) -> Result<Claim, SessionError> {
        let point = if self.fits(point) {
            Some(point.to_vec())
        } else {
            match self.feasible(&mut spent)? {
                Feasibility::Point(point) => Some(point),
                Feasibility::Infeasible(Some(y)) => return Ok(infeasible(&spent, Some(y))),
                Feasibility::Stopped(run) => return Ok(self.stopped(run, &spent)),
                Feasibility::Infeasible(None) | Feasibility::Unknown => None,
            }
        };
        let termination = match &point {
            Some(_) => Termination::new(Reason::Unbounded, ""),
            None => Termination::new(Reason::InfeasibleOrUnbounded, "a ray, and no feasible point"),
        };
        let objective = point.as_deref().map(|point| self.problem.objective_of(point));
        Ok(Claim { point, objective, ray: Some(Ray::Primal(ray)), ..spent.claim(termination) })
    }

    /// No ray holds: what a feasible point, or none, still tells.
    fn undecided(&self, said_unbounded: bool, mut spent: Spent) -> Result<Claim, SessionError> {
        let point = match self.feasible(&mut spent)? {
            Feasibility::Stopped(run) => return Ok(self.stopped(run, &spent)),
            Feasibility::Infeasible(y) => return Ok(infeasible(&spent, y)),
            Feasibility::Unknown if said_unbounded => {
                return Ok(spent.claim(Termination::new(Reason::InfeasibleOrUnbounded, "")));
            }
            Feasibility::Unknown => return Ok(infeasible(&spent, None)),
            Feasibility::Point(point) => point,
        };
        let termination = if said_unbounded {
            Termination::new(Reason::Unbounded, "a feasible point, and no ray that holds")
        } else {
            Termination::new(Reason::NumericalError, "Clp says infeasible and finds a feasible point")
        };
        let objective = Some(self.problem.objective_of(&point));
        Ok(Claim { point: Some(point), objective, ..spent.claim(termination) })
    }

    /// Any feasible point: the problem without its costs, until a point or a proof holds.
    fn feasible(&self, spent: &mut Spent) -> Result<Feasibility, SessionError> {
        let arrays = Arrays::relaxed(self.problem)
            .with_bounds(self.arrays.lower().to_vec(), self.arrays.upper().to_vec())
            .uncrossed(self.options.tolerances.bound)
            .without_cost();
        let mut found = Feasibility::Unknown;
        for way in [Way::plain(LpAlgorithm::Dual), Way::unscaled(LpAlgorithm::Primal)] {
            let run = self.run_on(&arrays, way, None)?;
            spent.add(&run);
            match run.status {
                OPTIMAL if self.fits(&run.point) => return Ok(Feasibility::Point(run.point)),
                STOPPED | EVENT => return Ok(Feasibility::Stopped(run)),
                INFEASIBLE => {
                    let y = run.farkas.as_deref().and_then(|y| measure::farkas(&self.arrays, y));
                    if y.is_some() {
                        return Ok(Feasibility::Infeasible(y));
                    }
                    found = Feasibility::Infeasible(None);
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// The codes become the statuses in the same memory.
    fn basis(&self, columns: Vec<u8>, rows: Vec<u8>) -> Basis {
        let status = |code: u8, lower: f64, upper: f64| match code {
            1 => BasisStatus::Basic,
            2 => BasisStatus::AtUpper,
            3 | 5 => BasisStatus::AtLower,
            // Free, or superbasic: between its bounds.
            _ if lower.is_finite() => BasisStatus::AtLower,
            _ if upper.is_finite() => BasisStatus::AtUpper,
            _ => BasisStatus::Free,
        };
        let all = |codes: Vec<u8>, lower: &[f64], upper: &[f64]| -> Vec<BasisStatus> {
            // Where each code says all, bounds are not looked at.
            if codes.iter().map(|code| usize::from(*code == 0 || *code == 4)).sum::<usize>() == 0 {
                let named: [BasisStatus; 8] = std::array::from_fn(|code| status(code as u8, 0.0, 0.0));
                return codes.into_iter().map(|code| named[usize::from(code & 7)]).collect();
            }
            codes.into_iter().zip(lower.iter().zip(upper)).map(|(code, (&l, &u))| status(code, l, u)).collect()
        };
        Basis {
            columns: all(columns, self.arrays.lower(), self.arrays.upper()),
            rows: all(rows, self.arrays.row_lower(), self.arrays.row_upper()),
        }
    }
}

/// Whether any point is feasible.
enum Feasibility {
    Point(Vec<f64>),
    /// With a proof that holds, or without.
    Infeasible(Option<Vec<f64>>),
    Stopped(LpRun),
    Unknown,
}

fn infeasible(spent: &Spent, y: Option<Vec<f64>>) -> Claim {
    let why = if y.is_some() { "" } else { "Clp says so and has no proof that holds" };
    Claim { ray: y.map(Ray::Farkas), ..spent.claim(Termination::new(Reason::Infeasible, why)) }
}

/// A basis as Clp's codes (`ClpSimplex::Status`).
fn codes(lp: &Lp<'_>, basis: &Basis) -> Result<(Vec<u8>, Vec<u8>), SessionError> {
    let (n, m) = (lp.arrays.columns(), lp.arrays.rows());
    if basis.columns.len() != n || basis.rows.len() != m {
        return Err(SessionError::Refused(format!(
            "the basis has {} columns and {} rows where the problem has {n} and {m}",
            basis.columns.len(),
            basis.rows.len()
        )));
    }
    let code = |status: &BasisStatus| match status {
        BasisStatus::Free => 0,
        BasisStatus::Basic => 1,
        BasisStatus::AtUpper => 2,
        BasisStatus::AtLower => 3,
    };
    Ok((basis.columns.iter().map(code).collect(), basis.rows.iter().map(code).collect()))
}
