//! CBC for mixed-integer programs and Clp for linear ones, behind the contract. Sessions keep the last point alone, so each
//! may be solved again and again.
//!
//! Linked by a shim of our own over the C++ libraries (`shim.cpp`) and not by `coin_cbc`: that crate binds CBC's C
//! interface, which can neither stop a solve nor hand incumbents in or out, and has no Clp.
//!
//! CBC 2.10.8 goes wrong where it probes, so it neither probes nor preprocesses here unless a native option says so
//! (`preprocess=sos`, `probingCuts=ifmove` are its own defaults).
//!
//! CBC keeps global state, so its searches take turns within a process (Clp's do not); farkas-cbc runs one at a time anyway.

mod arrays;
mod complete;
mod ffi;
mod lp;
mod measure;
mod mip;
mod parameters;
mod trivial;
mod watch;

use std::sync::Arc;

use farkas_modeling::patch::Revision;
use farkas_modeling::{Claim, Problem};

use self::arrays::Arrays;
use self::lp::Lp;
use self::mip::Mip;
use self::watch::Watch;
use crate::contract::{
    Availability, Backend, BackendError, Capabilities, Control, Fit, Session, SessionError, Start, StopToken, carried,
    revises, takes_options,
};
use crate::options::Options;

/// The name that options and results have.
const NAME: &str = "cbc";

/// CBC 2.10 and Clp 1.17, linked.
///
/// The libraries are handed to the linker for `farkas-cbc` and this package's tests alone, so that no other program needs
/// them; a program that uses this type itself has to link them too.
///
/// ```no_run
/// use farkas_backends::contract::{Availability, Backend};
/// assert!(matches!(farkas_backends::solvers::cbc::Cbc.probe(), Availability::Ready { .. }));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Cbc;

impl Backend for Cbc {
    fn name(&self) -> &str {
        NAME
    }

    fn probe(&self) -> Availability {
        Availability::Ready { version: ffi::version() }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            only_integers: false,
            data_limits: false,
            integers: true,
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
            stop: true,
            simplex: true,
            barrier: true,
            // CBC 2.10.8 aborts the process by an assertion (CbcSOS.cpp:492) when a heuristic's point breaks a set.
            sets: false,
            semicontinuous: false,
            indicators: false,
            quadratic_objective: false,
            convex_integers: false,
            convex_rows: false,
            quadratic: false,
            memory_limit: false,
            first_order: false,
            ranges: true,
            free_rows: true,
            maximize: true,
            node_limit: true,
            emphasis: true,
            binary_products: false,
            whole_bounds: false,
            iis: false,
            ranging: false,
            lazy_rows: false,
            pool: true,
        }
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        match self.fits(&problem).refusal() {
            None => Ok(Box::new(CbcSession { problem, version: ffi::version(), last: None })),
            Some(why) => Err(BackendError::Unsupported(why.to_owned())),
        }
    }
}

struct CbcSession {
    problem: Arc<Problem>,
    version: String,
    /// The last solve's point (for a mixed-integer problem), from which the next one starts after a change.
    last: Option<Arc<[f64]>>,
}

impl Session for CbcSession {
    fn version(&self) -> &str {
        &self.version
    }

    /// Arrays are handed over at every solve, so nothing needs to be changed; a search starts from the last point, as far as
    /// it still has a place.
    fn apply(&mut self, revision: &Revision) -> Result<(), SessionError> {
        revises(&self.problem, revision)?;
        if let Fit::Refuses { why } | Fit::TooLarge { limit: why } = Cbc.fits(revision.problem()) {
            return Err(SessionError::Refused(why));
        }
        self.last = carried(self.last.as_deref(), revision);
        self.problem = Arc::clone(revision.problem());
        Ok(())
    }

    fn solve(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
    ) -> Result<Claim, SessionError> {
        takes_options(NAME, Cbc.capabilities(), options)?;
        let claim = self.search(options, start, control, stop)?;
        Ok(options.within_cutoff(self.problem.sense(), claim))
    }
}

impl CbcSession {
    fn search(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
    ) -> Result<Claim, SessionError> {
        let problem = self.problem.as_ref();
        let watch = Watch::new(stop, options.time_limit);
        let n = problem.num_columns();
        if let Some(got) = start.point.as_ref().map(|point| point.len()).filter(|&got| got != n) {
            return Err(SessionError::Refused(format!("the start has {got} values where the problem has {n} columns")));
        }
        let crossed = trivial::Crossed::of(problem);
        if problem.is_lp() {
            let settings = parameters::clp_settings(&options.native)?;
            if let Some(claim) = trivial::solve(problem, options, crossed) {
                return Ok(claim);
            }
            let arrays = Arrays::relaxed(problem);
            let arrays = if crossed.any() { arrays.uncrossed(options.tolerances.bound) } else { arrays };
            let lp = Lp { problem, arrays, options, settings, watch: &watch, control: Some(control) };
            return lp::solve(&lp, start);
        }
        parameters::arguments(&options.native)?;
        if let Some(claim) = trivial::solve(problem, options, crossed) {
            return Ok(claim);
        }
        let mut start = start.clone();
        start.point = start.point.or_else(|| self.last.take());
        let claim = mip::solve(&Mip { problem, options, watch: &watch, control }, &start)?;
        self.last = claim.point.as_deref().map(Arc::from);
        Ok(claim)
    }
}
