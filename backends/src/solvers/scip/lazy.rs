//! Between SCIP, which asks about candidates, and who makes the rows: keeps what was made, so that a row holds from then on
//! even where SCIP begins anew, and looks at what comes back before SCIP gets it.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use farkas_modeling::{Claim, Limit, Problem, Reason, Termination, Tolerances};

use super::ffi::{Ask, Scip, Status};
use super::{Costs, Reporter, ScipSession, claim, load, settings};
use crate::contract::{Control, LazyRow, Separate, SessionError, Start, StopToken};
use crate::options::{Options, Presolve};

/// Solves with rows that are made on demand. A linear program is searched like a mixed-integer one, since its rows are not
/// known before.
pub(super) fn solve(
    session: &mut ScipSession,
    options: &Options,
    start: &Start,
    (control, stop): (&(dyn Control + Sync), &StopToken),
    separate: &mut Separate<'_>,
) -> Result<Claim, SessionError> {
    let began = Instant::now();
    if stop.is_stopped() {
        return Ok(Claim::bare(Termination::at_limit(false, Limit::Interrupted, "stopped before it began")));
    }
    let problem = Arc::clone(&session.problem);
    let start = session.starting_point(start)?;
    let fresh = match session.fresh.take() {
        Some(loaded) => loaded,
        None => load(&problem, Costs::AsGiven)?,
    };
    let Some(mut scip) = fresh else {
        return Ok(Claim::bare(Termination::new(Reason::Infeasible, "a lower bound is above its upper bound")));
    };
    let mut asker = Asker::new(&problem, options.tolerances, separate);
    let reporter = Reporter { problem: &problem, control, stop, phase: Cell::new(""), bound: Cell::new(None) };
    scip.expect_rows()?;
    if let Some(point) = start {
        scip.add_start(&point)?;
    }
    let run = |scip: &mut Scip, asker: &mut Asker<'_, '_>, presolve: Presolve| {
        settings::apply(scip, options, problem.sense(), false)?;
        scip.keep_all_points()?;
        if presolve == Presolve::Off {
            scip.presolve_off()?;
        }
        reporter.phase("presolve");
        settings::limit_time(scip, options, began)?;
        let ran = scip.solve(&reporter, Some(asker), stop);
        asker.failure().map_or(Ok(()), Err)?;
        Ok::<(), SessionError>(ran?)
    };
    run(&mut scip, &mut asker, options.presolve)?;
    if scip.status() == Status::InfeasibleOrUnbounded && options.presolve != Presolve::On && !stop.is_stopped() {
        scip.reset()?;
        for row in asker.rows() {
            scip.add_lazy_row(row)?;
        }
        asker.all_handed();
        run(&mut scip, &mut asker, Presolve::Off)?;
    }
    let mut claim = claim(&mut scip, &problem, options, false);
    if matches!(claim.termination.reason(), Reason::Unbounded | Reason::InfeasibleOrUnbounded) {
        // Rows that are not made yet may bound it.
        let has_point = claim.point.is_some();
        claim.termination = Termination::at_limit(has_point, Limit::Other, "SCIP: unbounded without its lazy rows");
        claim.ray = None;
    }
    session.last = claim.point.as_deref().map(Arc::from).or(session.last.take());
    Ok(claim)
}

pub struct Asker<'a, 's> {
    problem: &'a Problem,
    tolerances: Tolerances,
    separate: &'a mut Separate<'s>,
    /// All rows that were made; SCIP has those before `handed`.
    rows: Vec<LazyRow>,
    handed: usize,
    failure: Option<SessionError>,
    over: bool,
}

impl<'a, 's> Asker<'a, 's> {
    pub fn new(problem: &'a Problem, tolerances: Tolerances, separate: &'a mut Separate<'s>) -> Self {
        Self { problem, tolerances, separate, rows: Vec::new(), handed: 0, failure: None, over: false }
    }

    /// All rows that were made so far.
    pub fn rows(&self) -> &[LazyRow] {
        &self.rows
    }

    /// What went wrong, if anything did.
    pub fn failure(&mut self) -> Option<SessionError> {
        self.failure.take()
    }

    /// From now on SCIP has all rows.
    pub fn all_handed(&mut self) {
        self.handed = self.rows.len();
    }

    fn holds(&self, row: &LazyRow, values: &[f64]) -> bool {
        let side = |side: f64| if side.is_finite() { self.tolerances.row(side) } else { 0.0 };
        row.holds(values, side(row.lower).max(side(row.upper)))
    }

    fn is_whole(&self, values: &[f64]) -> bool {
        let near = |(j, v): (usize, &f64)| {
            !self.problem.kind(j).is_integer() || (v - v.round()).abs() <= self.tolerances.integrality
        };
        values.iter().enumerate().all(near)
    }

    fn fail(&mut self, error: SessionError) -> bool {
        (self.failure, self.over) = (Some(error), true);
        false
    }
}

impl Ask for Asker<'_, '_> {
    fn accepts(&mut self, values: &[f64]) -> bool {
        if self.over || self.rows[self.handed..].iter().any(|row| !self.holds(row, values)) {
            return false;
        }
        // SCIP may ask about anything when it wants to know all that is wrong with it.
        if !self.is_whole(values) {
            return true;
        }
        let made = match catch_unwind(AssertUnwindSafe(|| (self.separate)(values))) {
            Ok(ControlFlow::Continue(rows)) => rows,
            Ok(ControlFlow::Break(())) => {
                self.over = true;
                return false;
            }
            Err(panic) => {
                let says = panic.downcast_ref::<&str>().copied();
                let says = says.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
                let says = says.unwrap_or("it does not say why");
                return self.fail(SessionError::Broken(format!("the callback for lazy rows panicked: {says}")));
            }
        };
        if made.is_empty() {
            return true;
        }
        if let Some(Err(error)) = made.iter().map(|row| row.check(self.problem)).find(Result::is_err) {
            return self.fail(error);
        }
        if made.iter().all(|row| self.holds(row, values)) {
            let why = "the lazy rows that were made do not cut the candidate off";
            return self.fail(SessionError::Refused(why.into()));
        }
        self.rows.extend(made);
        false
    }

    fn take(&mut self) -> Vec<LazyRow> {
        let rows = self.rows[self.handed..].to_vec();
        self.handed = self.rows.len();
        rows
    }

    fn is_over(&self) -> bool {
        self.over
    }
}
