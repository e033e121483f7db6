//! A session of a solver that has something rewritten open in the problem's stead, or the problem itself.

use std::sync::{Arc, Mutex, PoisonError};

use farkas_modeling::check::{CheckedPoint, check_point};
use farkas_modeling::patch::Revision;
use farkas_modeling::{Claim, Problem, Tolerances};

use super::{Bridged, Crossing, Route};
use crate::contract::{
    Backend, Control, Event, Member, Pause, Separate, Session, SessionError, Start, StopToken, carried, revises,
};
use crate::options::Options;

pub(super) struct BridgedSession<B: ?Sized> {
    backend: Bridged<B>,
    problem: Arc<Problem>,
    inner: Box<dyn Session>,
    /// How things get across; `None` where the problem itself is open.
    crossing: Option<Crossing>,
    /// The last point, as long as the inner session was not there to keep it.
    last: Option<Arc<[f64]>>,
}

impl<B: Backend + ?Sized + 'static> BridgedSession<B> {
    pub fn new(
        backend: Bridged<B>,
        problem: Arc<Problem>,
        inner: Box<dyn Session>,
        crossing: Option<Crossing>,
    ) -> Self {
        Self { backend, problem, inner, crossing, last: None }
    }

    /// Where to begin there; a start of the wrong length is refused.
    fn begin(&mut self, start: &Start) -> Result<Start, SessionError> {
        let n = self.problem.num_columns();
        if let Some(got) = start.point.as_ref().map(|point| point.len()).filter(|&got| got != n) {
            return Err(SessionError::Refused(format!("the start has {got} values where the problem has {n} columns")));
        }
        let mut here = start.clone();
        here.point = here.point.or_else(|| self.last.take());
        let Some(Crossing { way, .. }) = &self.crossing else { return Ok(here) };
        if let Some(basis) = &start.basis {
            let (columns, rows) = (basis.columns.len(), basis.rows.len());
            let (n, m) = (n, self.problem.num_rows());
            if (columns, rows) != (n, m) {
                return Err(SessionError::Refused(format!(
                    "the starting basis has {columns} columns and {rows} rows where the problem has {n} and {m}"
                )));
            }
        }
        Ok(Start {
            point: here.point.map(|point| way.point_there(&point).into()),
            basis: here.basis.and_then(|basis| way.basis_there(&basis)).map(Arc::new),
        })
    }

    /// Solves what is open by `solve`, which is handed what it needs there.
    fn across(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        solve: impl FnOnce(&mut dyn Session, &Options, &Start, &(dyn Control + Sync)) -> Result<Claim, SessionError>,
    ) -> Result<Claim, SessionError> {
        let start = self.begin(start)?;
        let Some(crossing) = &self.crossing else {
            return solve(&mut *self.inner, options, &start, control);
        };
        let there = crossing.way.options(options);
        let hearing =
            Hearing { control, crossing, problem: &self.problem, tolerances: there.tolerances, best: Mutex::new(None) };
        let claim = solve(&mut *self.inner, &there, &start, &hearing)?;
        let claim = crossing.way.claim_back(&self.problem, claim);
        self.last = claim.point.as_deref().map(Arc::from);
        Ok(claim)
    }
}

impl<B: Backend + ?Sized + 'static> Session for BridgedSession<B> {
    fn version(&self) -> &str {
        self.inner.version()
    }

    fn pause(&self) -> Option<Arc<dyn Pause>> {
        self.inner.pause()
    }

    /// A problem that needs no bridge before and after goes to the solver's session; anything else is rewritten and opened
    /// anew, and started from the last point.
    fn apply(&mut self, revision: &Revision) -> Result<(), SessionError> {
        revises(&self.problem, revision)?;
        let refused = |why: &str| Err(SessionError::Refused(why.to_owned()));
        if self.crossing.is_none() {
            match self.backend.route(revision.problem()) {
                Ok(Route::Through(_)) => {
                    self.inner.apply(revision)?;
                    self.last = carried(self.last.as_deref(), revision);
                    self.problem = Arc::clone(revision.problem());
                    return Ok(());
                }
                Ok(Route::Across { .. }) => {}
                Err(fit) => return refused(fit.refusal().unwrap_or_default()),
            }
        }
        match self.backend.enter(revision.problem()) {
            Ok((inner, crossing)) => {
                (self.inner, self.crossing) = (inner, crossing);
                self.last = carried(self.last.as_deref(), revision);
                self.problem = Arc::clone(revision.problem());
                Ok(())
            }
            Err(error) => refused(&error.to_string()),
        }
    }

    fn solve(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
    ) -> Result<Claim, SessionError> {
        self.across(options, start, control, |inner, options, start, control| {
            inner.solve(options, start, control, stop)
        })
    }

    fn solve_lazy(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
        separate: &mut Separate<'_>,
    ) -> Result<Claim, SessionError> {
        let way = self.crossing.as_ref().map(|crossing| Arc::clone(&crossing.way));
        self.across(options, start, control, |inner, options, start, control| {
            let Some(way) = way else { return inner.solve_lazy(options, start, control, stop, separate) };
            // Rows name the columns there were, which stand where they stood.
            let mut separate = |there: &[f64]| separate(&way.point_back(there));
            inner.solve_lazy(options, start, control, stop, &mut separate)
        })
    }

    /// Where the problem itself is open; what stands for several things in a rewritten one names none of them.
    fn conflict(&mut self, options: &Options, stop: &StopToken) -> Result<Vec<Member>, SessionError> {
        if self.crossing.is_some() {
            let why = "the problem was rewritten for this solver, whose own conflicts are of what was made of it";
            return Err(SessionError::Refused(why.into()));
        }
        self.inner.conflict(options, stop)
    }
}

/// Hears a solver and tells of the problem as it was.
struct Hearing<'a> {
    control: &'a (dyn Control + Sync),
    crossing: &'a Crossing,
    problem: &'a Problem,
    tolerances: Tolerances,
    /// The best objective told: two points that differ there may be worth the same here.
    best: Mutex<Option<f64>>,
}

impl Control for Hearing<'_> {
    fn report(&self, event: Event<'_>) {
        let way = &self.crossing.way;
        match event {
            Event::Incumbent { objective, values } => {
                let values =
                    values.map(|there| way.point_back(there)).filter(|x| x.len() == self.problem.num_columns());
                let objective = match &values {
                    Some(values) => self.problem.objective_of(values),
                    None => way.objective(objective),
                };
                let mut best = self.best.lock().unwrap_or_else(PoisonError::into_inner);
                if best.is_none_or(|best| self.problem.sense().better(objective, best)) {
                    *best = Some(objective);
                    drop(best);
                    self.control.report(Event::Incumbent { objective, values: values.as_deref() });
                }
            }
            Event::Bound(bound) => self.control.report(Event::Bound(way.objective(bound))),
            other => self.control.report(other),
        }
    }

    fn offered(&self) -> Option<Arc<CheckedPoint>> {
        let point = self.control.offered()?;
        let there = self.crossing.way.point_there(point.values());
        // Only the checker makes checked points; one that fails there is not worth a word.
        check_point(&self.crossing.problem, &there, &self.tolerances).ok()?.ok().map(Arc::new)
    }
}
