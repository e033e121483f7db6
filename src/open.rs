//! An open model: changed by handle or by name, and solved again from where the last solve ended.

use std::ops::{ControlFlow, Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use farkas_backends::contract::{Backend, Control, LazyRow, Session, SessionError, Start};
use farkas_backends::reoptimize::Reoptimizer;
use farkas_backends::watch;
use farkas_modeling::answer::{Answer, Basis, EvidenceLevel};
use farkas_modeling::check::{TrustPolicy, check_point, conclude, examine, still_optimal};
use farkas_modeling::model::{Changing, Model, Solved};
use farkas_modeling::patch::{Change, Key, NewRow, Revision};
use farkas_modeling::{Claim, Limit, Problem, Reason, Source, Termination, Tolerances};

use crate::lazy::Cuts;
use crate::solver::run::{self, Outcome};
use crate::solver::{How, Racers, SolveError, Solver};

/// After more pivots than these from the basis that is known, the one reached is the known one: many small steps stay small.
const FAR: usize = 8;

/// A model that is open in a solver. All changes of [`Changing`] are methods of it: bounds, costs, right-hand sides,
/// coefficients, rows and columns that come and go. They are made together by the next [`solve`](Self::solve), which starts
/// from the last basis (a linear program) or the last point (a mixed-integer one). Every answer is checked against the
/// problem as it is then. Where the check proves that the last answer to a linear program is still optimal, or (where bounds or right-hand sides of a
/// small one changed) that one a few pivots from its basis is, no solver is asked.
///
/// The model itself stays as it is. Its handles keep their meaning here whatever is removed.
///
/// ```
/// use farkas::prelude::*;
/// let (plants, cities) = (["Lyon", "Nantes"], ["Paris", "Brest"]);
/// let mut m = Model::new("transport");
/// let ship = m.nonnegative("ship").over((&plants, &cities));
/// m.minimize(sum(ship.keys(), |(p, c)| (p.len() + c.len()) as f64 * ship[(p, c)]));
/// let demand = m.rows("demand", &cities, |c| sum(&plants, |p| ship[(p, c)]).eq(10));
///
/// # #[cfg(feature = "highs")] {
/// let mut s = m.open(Solver::highs())?;
/// assert_eq!(s.solve()?.objective(), Some(180.0));
/// s.upper(ship[(&plants[0], &cities[0])], 0)?; // by handle
/// s.rhs("demand[Brest]", 5)?; // by name
/// let again = s.solve()?;
/// assert_eq!(again.objective(), Some(155.0));
/// assert_eq!(again.dual(demand[&cities[0]]), Some(11.0));
/// let cap = s.row("cap", sum(&cities, |c| ship[(&plants[1], c)]).le(12))?;
/// assert_eq!(s.solve()?.slack(cap), 2.0);
/// s.remove_row(cap)?;
/// assert_eq!(s.solve()?.objective(), Some(155.0));
/// # }
/// # Ok::<(), SolveError>(())
/// ```
pub struct OpenModel<'a> {
    model: Changing,
    solver: Solver<'a>,
    desk: Desk,
    /// What the next solve begins from, where no session remembers: from the solver's start at first.
    start: Start,
    /// The last answer, of a linear program of the same shape, in case it holds for what is made of it too.
    last: Option<Answer>,
    /// A basis that was optimal before, once bounds or sides alone have changed.
    known: Option<Reoptimizer>,
    /// Of all solves together, when the model was opened for a limited time (lazy rows).
    deadline: Option<Instant>,
}

/// Who solves.
enum Desk {
    /// A session in this process, and the problem that is open in it.
    Open { backend: Arc<dyn Backend>, session: Option<Box<dyn Session>>, problem: Arc<Problem> },
    /// A race a solve.
    Race(Racers),
}

impl Deref for OpenModel<'_> {
    type Target = Changing;
    fn deref(&self) -> &Changing {
        &self.model
    }
}

impl DerefMut for OpenModel<'_> {
    fn deref_mut(&mut self) -> &mut Changing {
        &mut self.model
    }
}

impl<'a> OpenModel<'a> {
    pub(crate) fn new(solver: Solver<'a>, model: &Model) -> Result<Self, SolveError> {
        let model = Changing::new(model)?;
        let problem = Arc::clone(model.problem());
        let start = solver.start.of(&problem)?;
        let desk = match &solver.how {
            How::InProcess(linked) => {
                let backend = linked.backend(&problem)?;
                let session = Some(run::open(&*backend, &problem)?);
                Desk::Open { backend, session, problem }
            }
            How::Race(racers) => Desk::Race(racers.clone()),
        };
        Ok(Self { model, solver, desk, start, last: None, known: None, deadline: None })
    }

    /// Ends all solves at this time, whatever each may take.
    pub(crate) fn end_by(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// Makes the changes and solves.
    ///
    /// # Errors
    /// When the changed problem has defects (the changes are dropped then), or the solver does not take it, or fails.
    pub fn solve(&mut self) -> Result<Solved, SolveError> {
        let began = Instant::now();
        let mut moves_bounds = false;
        if let Some(revision) = self.model.commit()? {
            self.carry(&revision);
            self.desk.apply(&revision)?;
            self.last.take_if(|_| revision.delta().changes_shape());
            moves_bounds = revision.delta().keeps_matrix_and_costs();
        }
        let known = self.still_optimal(began).or_else(|| moves_bounds.then(|| self.reoptimize(began)).flatten());
        let (answer, pool) = match known {
            Some(answer) => (answer, Vec::new()),
            None => self.run(began)?,
        };
        self.last = self.model.problem().is_lp().then(|| answer.clone());
        if let Desk::Race(_) = self.desk {
            self.start.point = answer.point().map(Arc::from).or(self.start.point.take());
            self.start.basis = answer.basis().cloned().map(Arc::new);
        } else {
            self.start = Start::default(); // the session remembers
        }
        Ok(self.model.solved(answer).with_pool(pool))
    }

    /// Solves with rows that are made inside the search, where the solver asks for them and the problem has integers;
    /// `None` elsewhere. (A linear program is solved again instead: that keeps its duals.)
    pub(crate) fn solve_asking(
        &mut self,
        separate: &mut (dyn FnMut(&Solved, &mut Cuts<'_>) + Send),
    ) -> Result<Option<Solved>, SolveError> {
        let Self { model, solver, desk, start, .. } = self;
        let Desk::Open { backend, session: Some(session), problem } = desk else { return Ok(None) };
        if !backend.capabilities().lazy_rows || problem.is_lp() {
            return Ok(None);
        }
        let (began, options, name) = (Instant::now(), &solver.options, backend.name());
        let tolerances = &options.tolerances;
        let mut wrong = None;
        let (version, open) = (session.version().to_owned(), Arc::clone(problem));
        let mut ask = |values: &[f64]| {
            let source = Source { backend: name.to_owned(), version: version.clone(), lane: 0 };
            let candidate = candidate(&open, &source, values, tolerances);
            if candidate.point().is_none() {
                return ControlFlow::Continue(Vec::new()); // not feasible without the rows; the check will say so
            }
            let candidate = model.solved(candidate);
            let before = model.pending().changes.len();
            let mut cuts = Cuts::new(model);
            separate(&candidate, &mut cuts);
            wrong = cuts.wrong();
            if wrong.is_some() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(model.pending().changes[before..].iter().filter_map(lazy_row).collect())
        };
        let solve = |session: &mut dyn Session, control: &(dyn Control + Sync)| {
            watch::within(options, open.sense(), control, &solver.stop, |options, control, stop| {
                session.solve_lazy(options, start, control, stop, &mut ask)
            })
        };
        let heard = solver.heard(&mut **session, name, &Arc::clone(problem), tolerances, began, solve);
        if let Some(error) = wrong {
            return Err(error.into());
        }
        let (claim, ears) = heard?;
        // The claim is one about the problem with all rows.
        model.commit()?;
        let answer = run::answer(session.version(), name, model.problem(), &claim, tolerances, began);
        let kept = ears
            .pool(model.problem(), &answer)
            .into_iter()
            .filter(|point| matches!(check_point(model.problem(), point.values(), tolerances), Ok(Ok(_))));
        let kept = kept.collect();
        Ok(Some(model.solved(answer).with_pool(kept)))
    }

    /// Fails when the rows that wait are all satisfied by the candidate: the next solve would only find it again.
    pub(crate) fn must_cut_off(&self, candidate: &Solved) -> Result<(), SolveError> {
        let point = candidate.point().unwrap_or_default();
        let value = |key: &Key| if let Key::At(at) = key { point.get(*at as usize).copied() } else { None };
        let cuts_off = |row: &NewRow| {
            let terms = row.entries.iter().map(|(key, a)| a * value(key).unwrap_or(f64::NAN));
            let activity: f64 = terms.sum();
            let tolerances = &self.solver.options.tolerances;
            activity.is_nan()
                || activity < row.lower - tolerances.row(row.lower)
                || activity > row.upper + tolerances.row(row.upper)
        };
        let mut added = self.model.pending().changes.iter();
        if added.any(|change| matches!(change, Change::AddRow(row) if cuts_off(row))) {
            return Ok(());
        }
        Err(SolveError::Unsupported("the lazy rows that were added do not cut the candidate off".to_string()))
    }

    fn carry(&mut self, revision: &Revision) {
        let n = revision.base().num_columns();
        let fits = |basis: &&Arc<Basis>| basis.columns.len() == n && basis.rows.len() == revision.base().num_rows();
        self.start = Start {
            point: self.start.point.as_ref().filter(|p| p.len() == n).map(|p| revision.carry_point(p).into()),
            basis: self.start.basis.as_ref().filter(fits).map(|basis| Arc::new(revision.carry_basis(basis))),
        };
    }

    /// The last answer, where it is proven to be one for the changed problem too.
    fn still_optimal(&self, began: Instant) -> Option<Answer> {
        let (last, options) = (self.last.as_ref()?, &self.solver.options);
        let to_the_end = options.cutoff.is_none() && options.objective_target.is_none();
        if !to_the_end || !options.native.is_empty() {
            return None;
        }
        self.proven(&still_optimal(self.model.problem(), last, &options.tolerances)?, began)
    }

    /// The answer that lies a few pivots from a basis that was optimal before bounds or sides changed.
    fn reoptimize(&mut self, began: Instant) -> Option<Answer> {
        let problem = Arc::clone(self.model.problem());
        if !Reoptimizer::suits(&self.solver.options) {
            return None;
        }
        // From a basis that does not lead to an answer nobody begins again.
        let known = self.known.take().filter(|known| known.takes(&problem));
        let mut known = known.or_else(|| Reoptimizer::new(&problem, self.last.as_ref()?.basis()?))?;
        let answer = known.solve(&problem).and_then(|claim| self.proven(&claim, began))?;
        if known.pivots() > FAR {
            known.stay();
        }
        self.known = Some(known);
        Some(answer)
    }

    /// The answer that a claim of ours makes, as if the solver had said it, where that is a proven optimum. Who listens gets a solve.
    fn proven(&self, claim: &Claim, began: Instant) -> Option<Answer> {
        if self.solver.listens() || self.solver.stop.is_stopped() {
            return None;
        }
        let (source, tolerances) = (self.last.as_ref()?.evidence().found_by.as_ref()?, &self.solver.options.tolerances);
        let answer = run::answer(&source.version, &source.backend, self.model.problem(), claim, tolerances, began);
        (answer.reason() == Reason::Optimal && answer.evidence().level == EvidenceLevel::Certified).then_some(answer)
    }

    fn run(&mut self, began: Instant) -> Result<Outcome, SolveError> {
        let problem = Arc::clone(self.model.problem());
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(began));
        let shorter = left.map(|left| {
            let mut options = self.solver.options.clone();
            options.time_limit = Some(options.time_limit.map_or(left, |limit: Duration| limit.min(left)));
            options
        });
        let options = shorter.as_ref().unwrap_or(&self.solver.options);
        match &mut self.desk {
            Desk::Race(racers) => self.solver.race_among(&problem, racers, self.start.clone(), options),
            Desk::Open { backend, session, problem: open } => {
                let session = match session {
                    Some(session) if Arc::ptr_eq(open, &problem) => session,
                    // Lost by a failure, or changed behind our back by `commit`.
                    lost => {
                        open.clone_from(&problem);
                        lost.insert(run::open(&**backend, &problem)?)
                    }
                };
                self.solver.in_session(&mut **session, backend.name(), &problem, &self.start, options, began)
            }
        }
    }
}

/// A point as an answer: checked, and no more.
fn candidate(problem: &Problem, source: &Source, values: &[f64], tolerances: &Tolerances) -> Answer {
    let mut claim = Claim::bare(Termination::at_limit(true, Limit::Undetermined, "a candidate"));
    claim.point = Some(values.to_vec());
    let findings = examine(problem, source, &claim, tolerances);
    conclude(problem, &[findings], tolerances, &TrustPolicy::default(), None)
}

/// A row that waits to be added, as a solver takes it.
fn lazy_row(change: &Change) -> Option<LazyRow> {
    let Change::AddRow(row) = change else { return None };
    let entry = |(key, a): &(Key, f64)| if let Key::At(at) = key { Some((*at, *a)) } else { None };
    let entries = row.entries.iter().map(entry).collect::<Option<_>>()?;
    Some(LazyRow { entries, lower: row.lower, upper: row.upper })
}

impl Desk {
    fn apply(&mut self, revision: &Revision) -> Result<(), SolveError> {
        let Self::Open { session, problem, .. } = self else { return Ok(()) };
        let Some(open) = session.as_mut().filter(|_| Arc::ptr_eq(problem, revision.base())) else { return Ok(()) };
        match open.apply(revision) {
            Ok(()) => {
                problem.clone_from(revision.problem());
                Ok(())
            }
            // The model has gone on, so the next solve opens what it is then.
            Err(error @ SessionError::Refused(_)) => Err(run::refused(error)),
            Err(SessionError::Broken(_) | SessionError::Killed(_)) => {
                *session = None;
                Ok(())
            }
        }
    }
}

impl std::fmt::Debug for OpenModel<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenModel").field("changes", &self.model.pending().changes.len()).finish_non_exhaustive()
    }
}
