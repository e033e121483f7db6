//! An attempt at a job that does not solve its model but finds out more about it: why it is infeasible, what must give way,
//! whether a point is right. One backend, one thread, the same clock and the same ways to be ended as a race.

use std::sync::Arc;
use std::time::Duration;

use farkas_api_types::{
    Analysis, CheckDocument, EventBody, Fields, IisDocument, LaneDocument, LaneStatus, Number, RelaxOptions,
    RelaxationDocument, SensitivityDocument, SolveResult, TerminationDocument,
};
use farkas_backends::analysis::{self, Elastic, Goal, RelaxError, Relaxation};
use farkas_backends::contract::{Backend, StopToken};
use farkas_backends::iis::{self, Budget, Iis, IisError};
use farkas_backends::options::Options;
use farkas_modeling::answer::{Answer, EvidenceLevel, LaneState, Source};
use farkas_modeling::check::{self, Findings, Stated, TrustPolicy, Verdict, conclude};
use farkas_modeling::tolerances::relative_gap;
use farkas_modeling::{Limit, Problem, Reason};
use tokio::sync::oneshot;

use super::{Attempt, GRACE, Loaded, sleep_until};
use crate::jobs::{Cause, Told, Work};
use crate::metrics::Kill;
use crate::store::StoreError;

/// What an analysis stands on.
struct Inquiry {
    problem: Arc<Problem>,
    work: Work,
    /// Who is asked; nobody for a check.
    backend: Option<Arc<dyn Backend>>,
    /// The point of a check.
    point: Option<Arc<[f64]>>,
    options: Options,
    stop: StopToken,
}

/// What came of it.
enum Found {
    /// Something to tell.
    Result(Box<SolveResult>),
    /// The solver failed; another attempt may go better.
    Failed(String),
    /// No attempt will go better.
    Broken(String),
}

impl Found {
    /// Whether it may be what it is because it was ended. What was found out whole is not given up for a service that shuts
    /// down.
    fn is_cut_short(&self, work: Work) -> bool {
        let result = match self {
            Self::Result(result) => result,
            Self::Failed(_) => return true,
            Self::Broken(_) => return false,
        };
        match (&result.analysis, work) {
            _ if result.termination.limit == Some(Limit::Interrupted) => true,
            (Some(Analysis::Iis(iis)), _) => !iis.minimal,
            // Whether the objective had its turn is not told.
            (_, Work::Relax(what)) => what.then_objective,
            _ => false,
        }
    }
}

impl Attempt {
    pub(super) async fn analyse(mut self, loaded: Loaded, left: Option<f64>) -> Result<(), StoreError> {
        let backend = match self.ticket.work {
            Work::Check { .. } => None,
            _ => match self.desk.roster.one(&self.ticket.options, &loaded.problem).await {
                Ok(backend) => Some(backend),
                Err(error) => return self.finish(vec![Cause::Broken { reason: error.detail }], Vec::new()).await,
            },
        };
        let solver = backend.as_ref().map_or("check", |backend| backend.name()).to_owned();
        let began = self.lane(&solver, LaneState::Running);
        self.job = self.persist(vec![began], Vec::new()).await?;
        let mut options = self.ticket.options.to_backend();
        options.threads = Some(self.cores);
        options.time_limit = left.map(|left| Duration::from_secs_f64((left - self.seconds()).max(0.0)));
        let inquiry = Inquiry {
            problem: Arc::clone(&loaded.problem),
            work: self.ticket.work,
            backend,
            point: loaded.start.point.clone(),
            options,
            stop: self.ending.stop.clone(),
        };
        let mut done = start(inquiry);
        let deadline = left.map(|left| tokio::time::Instant::now() + Duration::from_secs_f64(left) + GRACE);
        let found = loop {
            tokio::select! {
                found = &mut done => break found.unwrap_or_else(|_| Found::Failed("the analysis panicked".into())),
                () = sleep_until(deadline), if !self.ending.stop.is_killed() => {
                    self.desk.metrics.killed(Kill::Overstayed);
                    self.ending.stop.kill();
                }
            }
        };
        let seconds = self.seconds();
        let ended = self.lane(&solver, LaneState::Finished);
        match found {
            cut if self.ending.closing.is_cancelled() && cut.is_cut_short(self.ticket.work) => {
                self.finish(vec![Cause::Released { seconds }], Vec::new()).await
            }
            Found::Failed(reason) => self.finish(vec![Cause::Failed { seconds, reason }], Vec::new()).await,
            Found::Broken(reason) => self.finish(vec![Cause::Broken { reason }], Vec::new()).await,
            Found::Result(result) => self.hand_in(*result, vec![ended], Vec::new()).await,
        }
    }

    fn lane(&self, solver: &str, state: LaneState) -> Cause {
        let body = EventBody::Lane(LaneStatus { lane: 0, solver: solver.into(), state, detail: None });
        Cause::Told(Told { seconds: self.seconds(), body, point: None })
    }
}

/// Starts the analysis on a thread of its own: it may take hours, and a pool's threads are for short work.
fn start(inquiry: Inquiry) -> oneshot::Receiver<Found> {
    let (send, done) = oneshot::channel();
    let run = move || drop(send.send(find(&inquiry)));
    if let Err(error) = std::thread::Builder::new().name("analysis".into()).spawn(run) {
        // The sender is dropped with the closure, so the attempt counts as failed.
        tracing::error!(%error, "no thread for an analysis");
    }
    done
}

fn find(inquiry: &Inquiry) -> Found {
    match (inquiry.work, &inquiry.backend) {
        (Work::Check { objective }, _) => inquiry.check(objective),
        (Work::Iis, Some(backend)) => inquiry.iis(&**backend),
        (Work::Relax(what), Some(backend)) => inquiry.relax(&**backend, what),
        (Work::Solve | Work::Sensitivity, _) | (_, None) => Found::Broken("this task is a race's".into()),
    }
}

impl Inquiry {
    fn iis(&self, backend: &dyn Backend) -> Found {
        let mut options = self.options.clone();
        let mut budget = Budget::default();
        budget.time = options.time_limit.take().unwrap_or(budget.time);
        match iis::find(&self.problem, backend, &options, budget, &self.stop) {
            Ok(iis) => self.told_iis(backend.name(), &iis),
            Err(IisError::Feasible(point)) => {
                let source = Source { backend: backend.name().into(), version: String::new(), lane: 0 };
                let mut result = self.base(&[Findings::of_point(source, (*point).clone())], Limit::Other);
                result.termination.detail = "it is feasible: a point was found and checked".into();
                Found::Result(result)
            }
            Err(IisError::Undecided(says)) => self.undecided(says),
            Err(error @ (IisError::Backend(_) | IisError::Session(_))) => self.failed(&error.to_string()),
        }
    }

    fn told_iis(&self, solver: &str, iis: &Iis) -> Found {
        let mut result = self.base(&[], Limit::Undetermined);
        result.termination = says(Reason::Infeasible, iis.proof.clone());
        result.evidence.level = if iis.certified { EvidenceLevel::Certified } else { EvidenceLevel::Claimed };
        result.evidence.agreed_by = vec![solver.into()];
        result.analysis = Some(Analysis::Iis(IisDocument::new(&self.problem, iis)));
        Found::Result(result)
    }

    fn relax(&self, backend: &dyn Backend, what: RelaxOptions) -> Found {
        let problem = &self.problem;
        let elastic = if what.bounds { Elastic::all(problem) } else { Elastic::rows(problem) };
        let goal = if what.then_objective { Goal::ThenObjective } else { Goal::Least };
        match analysis::relax(problem, backend, &elastic, goal, &self.options, &self.stop) {
            Ok(relaxation) => self.told_relaxation(backend.name(), &relaxation),
            Err(RelaxError::Infeasible(says_it)) => {
                let mut result = self.base(&[], Limit::Undetermined);
                let detail =
                    format!("even so it is infeasible: what may not give way cannot hold together ({says_it})");
                result.termination = says(Reason::Infeasible, detail);
                result.evidence.agreed_by = vec![backend.name().into()];
                Found::Result(result)
            }
            Err(RelaxError::Undecided(says)) => self.undecided(says),
            Err(error @ (RelaxError::Backend(_) | RelaxError::Session(_))) => self.failed(&error.to_string()),
            Err(error @ (RelaxError::Prices(_) | RelaxError::Problem(_))) => Found::Broken(error.to_string()),
        }
    }

    fn told_relaxation(&self, solver: &str, relaxation: &Relaxation) -> Found {
        let mut result = self.base(&[], Limit::Undetermined);
        result.termination = if relaxation.is_least {
            says(Reason::Optimal, "no relaxation costs less".into())
        } else {
            let limit = Some(self.limit());
            TerminationDocument { limit, ..says(Reason::Feasible, "whether less would do was not found out".into()) }
        };
        let document = RelaxationDocument::new(&self.problem, relaxation);
        result.objective = Some(document.price);
        result.bound = document.bound;
        result.gap = document.bound.map(|bound| Number(relative_gap(document.price.0, bound.0)));
        result.evidence.level = relaxation.level;
        result.evidence.found_by = Some(solver.into());
        result.variables = Some(document.point.clone());
        result.analysis = Some(Analysis::Relax(document));
        Found::Result(result)
    }

    fn check(&self, objective: Option<f64>) -> Found {
        let Some(point) = &self.point else { return Found::Broken("its point is not in the store any more".into()) };
        let stated = Stated { objective, duals: None };
        let report = match check::report(&self.problem, point, &stated, &self.options.tolerances) {
            Ok(report) => report,
            Err(error) => return Found::Broken(error.to_string()),
        };
        let mut result = self.base(&[], Limit::Other);
        let at_limit =
            |reason, detail: &str| TerminationDocument { limit: Some(Limit::Other), ..says(reason, detail.into()) };
        result.termination = match report.verdict {
            Verdict::Feasible => {
                at_limit(Reason::Feasible, "the point is feasible; whether a better one is was not asked")
            }
            Verdict::Imprecise => says(Reason::Imprecise, "the point is outside the tolerances, by little".into()),
            Verdict::Refuted => at_limit(Reason::NoSolutionFound, "the point is not what it is said to be"),
        };
        result.objective = Some(Number(report.objective));
        result.evidence.level = report.level;
        result.evidence.max_row_violation = Some(report.violations.row);
        result.evidence.max_bound_violation = Some(report.violations.bound);
        result.evidence.max_integrality_violation = Some(report.violations.integrality);
        let names = self.problem.column_names().iter().map(std::borrow::Cow::into_owned);
        result.variables = Some(names.zip(point.iter().map(|value| Number(*value))).collect());
        result.analysis = Some(Analysis::Check(CheckDocument::from(&report)));
        Found::Result(result)
    }

    /// The document of an answer that rests on these findings alone.
    fn base(&self, findings: &[Findings], limit: Limit) -> Box<SolveResult> {
        let tolerances = &self.options.tolerances;
        let answer = conclude(&self.problem, findings, tolerances, &TrustPolicy::default(), Some(limit));
        let mut result = SolveResult::new(&self.problem, &answer, Fields::ALL);
        if let Some(backend) = &self.backend {
            result.lanes = vec![LaneDocument {
                solver: backend.name().into(),
                version: String::new(),
                state: LaneState::Finished,
                detail: String::new(),
                seconds: 0.0,
                incumbents: 0,
                nodes: 0,
                bound: None,
            }];
        }
        Box::new(result)
    }

    fn undecided(&self, detail: String) -> Found {
        let mut result = self.base(&[], self.limit());
        result.termination.detail = detail;
        Found::Result(result)
    }

    /// A solver that was ended has not failed.
    fn failed(&self, error: &str) -> Found {
        if self.stop.is_stopped() { self.undecided(error.into()) } else { Found::Failed(error.into()) }
    }

    fn limit(&self) -> Limit {
        match (self.stop.is_stopped(), self.options.time_limit) {
            (true, _) => Limit::Interrupted,
            (false, Some(_)) => Limit::Time,
            (false, None) => Limit::Undetermined,
        }
    }
}

fn says(reason: Reason, detail: String) -> TerminationDocument {
    TerminationDocument { reason, limit: None, detail }
}

/// Of a solved linear program: how far its numbers may go; or a sentence why that cannot be told.
pub(super) fn ranges(problem: &Problem, answer: &Answer) -> Result<Analysis, String> {
    if answer.reason() != Reason::Optimal {
        return Err("there are no ranges, since it has no optimum".into());
    }
    let basis = answer.basis().ok_or("there are no ranges, since the solver gave no basis")?;
    let ranging =
        analysis::ranging(problem, basis, &answer.evidence().tolerances).map_err(|error| error.to_string())?;
    Ok(Analysis::Sensitivity(SensitivityDocument::new(problem, &ranging)))
}
