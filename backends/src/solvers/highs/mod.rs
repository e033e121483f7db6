//! HiGHS 1.16 behind the contract: loaded by slices in one call, heard by its callbacks, stopped within some 20 ms (its
//! first-order method alone has no callbacks).
//!
//! A session keeps one instance: an LP solved again starts from the last basis, a MIP from the last point.

mod affinity;
mod change;
mod conflict;
mod ffi;
mod hessian;
mod listen;
mod read;
mod settings;
mod solve;
mod start;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use farkas_modeling::patch::Revision;
use farkas_modeling::problem::{Curvature, Sense};
use farkas_modeling::{Claim, Problem};

use crate::contract::{
    Availability, Backend, BackendError, Capabilities, Collected, Control, Fit, Member, Session, SessionError, Start,
    StopToken, fits_by_capabilities, revises,
};
use crate::options::Options;
use ffi::{Arrays, Failed, Instance};
use listen::Listener;
use settings::Settings;
use solve::Solve;

/// A coefficient of this size is refused by HiGHS (its option `large_matrix_value`).
const LARGEST_COEFFICIENT: f64 = 1e15;

/// A cost of this size is infinite to HiGHS (its option `infinite_cost`).
const INFINITE_COST: f64 = 1e20;

/// HiGHS quietly lowers the upper bound of a semicontinuous column to this (`kMaxSemiVariableUpper`).
const LARGEST_SEMI_UPPER: f64 = 1e5;

/// HiGHS, linked.
///
/// ```
/// use std::sync::Arc;
/// use farkas_backends::contract::{Backend, Quiet, Start, StopToken};
/// use farkas_backends::options::Options;
/// use farkas_backends::solvers::highs::Highs;
/// use farkas_modeling::{Problem, ProblemData, Reason};
/// // maximise x  subject to  2 x ≤ 5,  x integer
/// let problem = Problem::new(ProblemData {
///     sense: farkas_modeling::Sense::Maximize,
///     cost: vec![1.0],
///     lower: vec![0.0],
///     upper: vec![10.0],
///     kinds: vec![farkas_modeling::ColumnKind::Integer],
///     row_lower: vec![f64::NEG_INFINITY],
///     row_upper: vec![5.0],
///     starts: vec![0, 1],
///     indices: vec![0],
///     values: vec![2.0],
///     ..ProblemData::default()
/// })?;
/// let mut session = Highs::new().open(Arc::new(problem))?;
/// let claim = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new())?;
/// assert_eq!((claim.termination.reason(), claim.objective), (Reason::Optimal, Some(2.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Highs;

impl Highs {
    /// The linked HiGHS.
    pub fn new() -> Self {
        Self
    }
}

impl Backend for Highs {
    fn name(&self) -> &'static str {
        "highs"
    }

    fn probe(&self) -> Availability {
        Availability::Ready { version: ffi::version() }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            only_integers: false,
            data_limits: true,
            integers: true,
            semicontinuous: true,
            sets: false,
            indicators: false,
            quadratic_objective: true,
            convex_integers: false,
            convex_rows: false,
            quadratic: false,
            duals: true,
            primal_ray: true,
            farkas_ray: true,
            basis: true,
            incumbents_out: true,
            incumbents_in: true,
            live_bound: true,
            start_point: true,
            partial_start: true,
            threads: true,
            seed: true,
            memory_limit: false,
            stop: true,
            simplex: true,
            barrier: true,
            first_order: true,
            ranges: true,
            free_rows: true,
            maximize: true,
            node_limit: true,
            emphasis: true,
            binary_products: false,
            whole_bounds: false,
            iis: true,
            ranging: false,
            lazy_rows: false,
            pool: true,
        }
    }

    fn fits(&self, problem: &Problem) -> Fit {
        if let Some(why) = refusal(problem) {
            return Fit::Refuses { why };
        }
        match (fits_by_capabilities(self.name(), self.capabilities(), problem), problem.objective_curvature()) {
            (Fit::Takes, Curvature::NotConvex) => {
                Fit::Refuses { why: "highs takes quadratic objectives only where they are convex".into() }
            }
            (Fit::Takes, Curvature::Unknown) => {
                let why = "highs takes convex quadratic objectives, and this one is too large to tell";
                Fit::TooLarge { limit: why.into() }
            }
            (fit, _) => fit,
        }
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        if let Fit::Refuses { why } | Fit::TooLarge { limit: why } = self.fits(&problem) {
            return Err(BackendError::Unsupported(why));
        }
        let failed = |what: &str| BackendError::Failed(format!("HiGHS {what}"));
        let instance = spare().take().or_else(Instance::new);
        let mut instance = instance.ok_or_else(|| failed("could not be created: out of memory?"))?;
        // Before anything that could print.
        instance.set_bool(c"log_to_console", false).map_err(|Failed| failed("does not know `log_to_console`"))?;
        load(&mut instance, &problem).map_err(|Failed| failed("did not load the problem"))?;
        let is_mip = is_mip(&problem);
        Ok(Box::new(HighsSession {
            instance,
            problem,
            is_mip,
            settings: Settings::default(),
            version: ffi::version(),
            last_point: None,
            broken: None,
        }))
    }

    /// Makes an instance, which takes HiGHS as long as solving a tiny problem does.
    fn prepare(&self) {
        let mut spare = spare();
        *spare = spare.take().or_else(Instance::new);
    }
}

/// A fresh instance for the next problem, where somebody had time to make one.
fn spare() -> MutexGuard<'static, Option<Instance>> {
    static SPARE: Mutex<Option<Instance>> = Mutex::new(None);
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether HiGHS searches a tree for it.
fn is_mip(problem: &Problem) -> bool {
    problem.num_integers() > 0 || problem.num_semis() > 0
}

/// Loads a whole problem, whatever was loaded before.
fn load(instance: &mut Instance, problem: &Problem) -> Result<(), Failed> {
    let kinds: Option<Vec<i32>> = is_mip(problem).then(|| problem.kind_codes().iter().map(|&k| i32::from(k)).collect());
    instance.load(&Arrays {
        maximize: problem.sense() == Sense::Maximize,
        offset: problem.offset(),
        cost: problem.cost(),
        lower: problem.lower(),
        upper: problem.upper(),
        row_lower: problem.row_lower(),
        row_upper: problem.row_upper(),
        // Below i32::MAX, as `Problem::new` made sure: the bits are the same.
        starts: bytemuck::cast_slice(problem.starts()),
        indices: bytemuck::cast_slice(problem.indices()),
        values: problem.values(),
        kinds: kinds.as_deref(),
    })?;
    let products = problem.quadratic_objective();
    if products.is_empty() {
        return Ok(());
    }
    instance.set_hessian(&hessian::of(problem.num_columns(), products))
}

/// What in the numbers of a problem HiGHS does not take, or takes for something else.
fn refusal(problem: &Problem) -> Option<String> {
    let v = problem.largest_coefficient();
    if v >= LARGEST_COEFFICIENT {
        return Some(format!("highs does not take coefficients of {LARGEST_COEFFICIENT:e} and more, like {v:e}"));
    }
    let c = problem.largest_cost();
    if c >= INFINITE_COST {
        return Some(format!("highs takes costs of {INFINITE_COST:e} and more for infinite, like {c:e}"));
    }
    let semis = (0..problem.num_columns()).filter(|&j| problem.num_semis() > 0 && problem.kind(j).is_semi());
    for j in semis {
        let (lower, upper) = (problem.lower()[j], problem.upper()[j]);
        if lower < 0.0 || (lower > 0.0 && upper > LARGEST_SEMI_UPPER) {
            let name = problem.column_names().get(j);
            return Some(format!(
                "highs takes semicontinuous variables between 0 and {LARGEST_SEMI_UPPER:e}; '{name}' has the bounds \
                 {lower} and {upper}"
            ));
        }
    }
    None
}

struct HighsSession {
    instance: Instance,
    problem: Arc<Problem>,
    is_mip: bool,
    settings: Settings,
    version: String,
    /// The best point of the last solve of a MIP, to start again from.
    last_point: Option<Vec<f64>>,
    broken: Option<String>,
}

impl Session for HighsSession {
    fn version(&self) -> &str {
        &self.version
    }

    fn apply(&mut self, revision: &Revision) -> Result<(), SessionError> {
        if let Some(why) = &self.broken {
            return Err(SessionError::Broken(why.clone()));
        }
        revises(&self.problem, revision)?;
        if let Fit::Refuses { why } | Fit::TooLarge { limit: why } = Highs.fits(revision.problem()) {
            return Err(SessionError::Refused(why));
        }
        let result = self.change(revision);
        if let Err(SessionError::Broken(why)) = &result {
            self.broken = Some(why.clone());
        }
        result
    }

    fn solve(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
    ) -> Result<Claim, SessionError> {
        let begin = Instant::now();
        if let Some(why) = &self.broken {
            return Err(SessionError::Broken(why.clone()));
        }
        check_start(&self.problem, start)?;
        let mut listener = Listener::new(control, stop, &self.problem);
        listener.pool = Collected::new(options.pool_points(self.problem.num_columns()));
        let mut solve = Solve { s: self, listener, options, stop, begin };
        let result = solve.go(start, control);
        solve.listener.flush();
        if let Err(SessionError::Broken(why)) = &result {
            self.broken = Some(why.clone());
        }
        result.map(|claim| options.within_cutoff(self.problem.sense(), claim))
    }

    fn conflict(&mut self, options: &Options, stop: &StopToken) -> Result<Vec<Member>, SessionError> {
        match &self.broken {
            Some(why) => Err(SessionError::Broken(why.clone())),
            None => conflict::find(&self.problem, options, stop),
        }
    }
}

fn check_start(problem: &Problem, start: &Start) -> Result<(), SessionError> {
    let (n, m) = (problem.num_columns(), problem.num_rows());
    if let Some(point) = start.point.as_ref().filter(|p| p.len() != n) {
        return Err(SessionError::Refused(format!("the start has {} values for {n} variables", point.len())));
    }
    if let Some(basis) = start.basis.as_ref().filter(|b| b.columns.len() != n || b.rows.len() != m) {
        let (columns, rows) = (basis.columns.len(), basis.rows.len());
        return Err(SessionError::Refused(format!(
            "the starting basis has {columns} columns and {rows} rows where the problem has {n} and {m}"
        )));
    }
    Ok(())
}
