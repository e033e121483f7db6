//! A whole service as one solver. A solve is a job there: its events are told as they come, points travel both ways, and
//! what it answers is a claim to be examined here.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use farkas_api_types::{EventBody, JobEvent, JobState, Number, OfferedPoint, SolveOptions, SolverChoice};
use farkas_backends::contract::{
    Availability, Backend, BackendError, Capabilities, Control, Event, Fit, Progress, Session, SessionError, Start,
    StopToken, carried, fits_by_capabilities, revises, takes_options,
};
use farkas_backends::options::Options;
use farkas_modeling::patch::Revision;
use farkas_modeling::{Claim, Limit, Problem, Termination};

use crate::{Client, ClientError};

/// How often the token, the clock and offered points are looked at.
const TICK: Duration = Duration::from_millis(20);
/// How long after it was asked to stop a job is waited for.
const GRACE: Duration = Duration::from_secs(10);
/// A service sends a heartbeat every 15 s; one that is silent for so long is asked whether it still knows the job.
const SILENCE: Duration = Duration::from_secs(60);
/// How often a broken event stream is opened again in a row.
const MOST_RETURNS: u32 = 5;

/// A Farkas service as a backend. Nothing is started for it here; it is asked at the first call.
pub struct Remote {
    name: String,
    client: Client,
    solver: SolverChoice,
    asked: OnceLock<Capabilities>,
}

impl Remote {
    /// The service behind `client` as the backend `name`; it races whatever it has.
    pub fn new(name: impl Into<String>, client: Client) -> Self {
        Self { name: name.into(), client, solver: SolverChoice::Race, asked: OnceLock::new() }
    }

    /// The same with these solvers of the service's alone.
    #[must_use]
    pub fn with_solver(mut self, solver: SolverChoice) -> Self {
        self.solver = solver;
        self
    }

    /// What those of its backends can together that are ready, as far as it comes over the wire.
    fn ask(&self) -> Result<Capabilities, ClientError> {
        let list = self.client.backends()?;
        let names = self.solver.names();
        let mut all = Capabilities::default();
        for backend in &list.backends {
            let chosen = names.is_empty() || names.contains(&backend.name);
            if chosen && matches!(backend.availability, Availability::Ready { .. }) {
                all = either(all, backend.capabilities);
            }
        }
        // Which of several solvers comes first is the clock's to say.
        all.seed &= names.len() == 1;
        Ok(all)
    }
}

/// What one of two can.
fn either(a: Capabilities, b: Capabilities) -> Capabilities {
    Capabilities {
        integers: a.integers || b.integers,
        semicontinuous: a.semicontinuous || b.semicontinuous,
        sets: a.sets || b.sets,
        indicators: a.indicators || b.indicators,
        quadratic_objective: a.quadratic_objective || b.quadratic_objective,
        convex_integers: a.convex_integers || b.convex_integers,
        convex_rows: a.convex_rows || b.convex_rows,
        quadratic: a.quadratic || b.quadratic,
        duals: a.duals || b.duals,
        primal_ray: a.primal_ray || b.primal_ray,
        farkas_ray: a.farkas_ray || b.farkas_ray,
        threads: a.threads || b.threads,
        seed: a.seed || b.seed,
        simplex: a.simplex || b.simplex,
        barrier: a.barrier || b.barrier,
        first_order: a.first_order || b.first_order,
        ranges: a.ranges || b.ranges,
        free_rows: a.free_rows || b.free_rows,
        maximize: a.maximize || b.maximize,
        node_limit: a.node_limit || b.node_limit,
        emphasis: a.emphasis || b.emphasis,
        // The service's own doing, whoever solves there.
        incumbents_out: true,
        incumbents_in: true,
        live_bound: true,
        start_point: true,
        memory_limit: true,
        stop: true,
        ..Capabilities::default()
    }
}

impl Backend for Remote {
    fn name(&self) -> &str {
        &self.name
    }

    fn probe(&self) -> Availability {
        match self.ask() {
            Ok(all) if all == Capabilities::default() => {
                Availability::Broken { says: format!("the service at {} has no solver", self.client.address()) }
            }
            Ok(all) => {
                let _ = self.asked.set(all); // the same as before
                Availability::Ready { version: format!("service at {}", self.client.address()) }
            }
            Err(ClientError::Unreachable { url, says }) => Availability::NotFound {
                remedy: format!(
                    "{url}: {says}; start `farkas serve` there, or take the remote out of the configuration"
                ),
            },
            Err(error) => Availability::Broken { says: error.to_string() },
        }
    }

    fn capabilities(&self) -> Capabilities {
        match self.asked.get() {
            Some(all) => *all,
            None => self.ask().map(|all| *self.asked.get_or_init(|| all)).unwrap_or_default(),
        }
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        if let Fit::Refuses { why } | Fit::TooLarge { limit: why } =
            fits_by_capabilities(&self.name, self.capabilities(), &problem)
        {
            return Err(BackendError::Unsupported(why));
        }
        Ok(Box::new(RemoteSession {
            name: self.name.clone(),
            can: self.capabilities(),
            client: self.client.clone(),
            solver: self.solver.clone(),
            version: format!("service at {}", self.client.address()),
            problem,
            last: None,
        }))
    }
}

struct RemoteSession {
    name: String,
    can: Capabilities,
    client: Client,
    solver: SolverChoice,
    version: String,
    problem: Arc<Problem>,
    last: Option<Arc<[f64]>>,
}

impl Session for RemoteSession {
    fn version(&self) -> &str {
        &self.version
    }

    /// Each solve submits its problem, so there is nothing to change there.
    fn apply(&mut self, revision: &Revision) -> Result<(), SessionError> {
        revises(&self.problem, revision)?;
        if let Fit::Refuses { why } | Fit::TooLarge { limit: why } =
            fits_by_capabilities(&self.name, self.can, revision.problem())
        {
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
        let began = Instant::now();
        takes_options(&self.name, self.can, options)?;
        if let Some(name) = options.native.keys().next() {
            let why = format!("{} takes no native options ('{name}'): a service passes none through", self.name);
            return Err(SessionError::Refused(why));
        }
        let n = self.problem.num_columns();
        if let Some(got) = start.point.as_ref().map(|point| point.len()).filter(|&got| got != n) {
            return Err(SessionError::Refused(format!("the start has {got} values where the problem has {n} columns")));
        }
        if stop.is_stopped() {
            return Ok(nothing(Limit::Interrupted, "stopped before it began"));
        }
        if options.time_limit.is_some_and(|limit| limit.is_zero()) {
            return Ok(nothing(Limit::Time, "no time to begin with"));
        }
        let job = self.client.submit(&self.problem, &self.wire(options)).map_err(refusal)?;
        let whole = |point: &Arc<[f64]>| point.iter().all(|value| value.is_finite());
        let begin = start.point.clone().or_else(|| self.last.take()).filter(whole);
        let mut run = Run { session: self, id: &job.id, control, began, begin, running: false, limit: None };
        let claim = options.within_cutoff(self.problem.sense(), run.follow(options, stop)?);
        self.last = claim.point.as_deref().map(Arc::from);
        Ok(claim)
    }
}

impl RemoteSession {
    /// The options as the service has them.
    fn wire(&self, options: &Options) -> SolveOptions {
        let tolerances = &options.tolerances;
        SolveOptions {
            solver: self.solver.clone(),
            time_limit_seconds: options.time_limit.map(|limit| limit.as_secs_f64()),
            gap: Some(tolerances.relative_gap),
            absolute_gap: Some(tolerances.absolute_gap),
            threads: options.threads,
            seed: options.seed,
            node_limit: options.node_limit,
            solution_limit: options.solution_limit,
            memory_limit_bytes: options.memory_limit_bytes,
            objective_target: options.objective_target,
            stall_limit_seconds: options.stall_limit.map(|limit| limit.as_secs_f64()),
            deterministic: options.deterministic,
            cutoff: options.cutoff,
            emphasis: Some(options.emphasis),
            lp_method: Some(options.lp_method),
            presolve: Some(options.presolve),
            feasibility_tolerance: Some(tolerances.feasibility.min(tolerances.bound)),
            integrality_tolerance: Some(tolerances.integrality),
            ..SolveOptions::default()
        }
    }
}

fn nothing(limit: Limit, why: &str) -> Claim {
    Claim::bare(Termination::at_limit(false, limit, why))
}

/// What the service refuses is refused; that it cannot be reached breaks the session.
fn refusal(error: ClientError) -> SessionError {
    match error {
        ClientError::Refused(problem) if problem.status < 500 => SessionError::Refused(problem.detail.clone()),
        error => SessionError::Broken(error.to_string()),
    }
}

/// One job, followed to its end.
struct Run<'a> {
    session: &'a RemoteSession,
    id: &'a str,
    control: &'a (dyn Control + Sync),
    began: Instant,
    /// A start, until the job runs and can take it.
    begin: Option<Arc<[f64]>>,
    running: bool,
    /// Why it was asked to stop, when it was.
    limit: Option<(Limit, Instant)>,
}

impl Run<'_> {
    fn follow(&mut self, options: &Options, stop: &StopToken) -> Result<Claim, SessionError> {
        let (send, events) = sync_channel(256);
        let (client, id) = (self.session.client.clone(), self.id.to_owned());
        let listening = thread::Builder::new().name("farkas-remote".into()).spawn(move || listen(&client, &id, &send));
        listening.map_err(|error| self.lost(&format!("no thread: {error}")))?;
        let mut heard = Instant::now();
        loop {
            match self.next(&events) {
                Ok(Some(Heard::Event(event))) => {
                    heard = Instant::now();
                    if self.tell(&event)? {
                        return self.claim();
                    }
                }
                Ok(Some(Heard::Alive)) => heard = Instant::now(),
                Ok(Some(Heard::Lost(why))) => return Err(self.lost(&why)),
                Ok(None) => {}
                // The stream ended without a result: the job was over before it was opened.
                Err(()) => return self.claim(),
            }
            if heard.elapsed() > SILENCE {
                self.session.client.job(self.id).map_err(|error| self.lost(&error.to_string()))?;
                heard = Instant::now();
            }
            if let Some(claim) = self.end_it(options, stop)? {
                return Ok(claim);
            }
            self.hand_in();
        }
    }

    /// What was heard within a tick; an error when nobody listens any more.
    #[allow(clippy::unused_self)] // one of the steps of `follow`
    fn next(&self, events: &Receiver<Heard>) -> Result<Option<Heard>, ()> {
        match events.recv_timeout(TICK) {
            Ok(heard) => Ok(Some(heard)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(()),
        }
    }

    /// Gives the job up: nobody would fetch its result.
    fn lost(&self, why: &str) -> SessionError {
        let _ = self.session.client.cancel(self.id); // it may well be gone
        SessionError::Broken(format!("{}: {why}", self.session.name))
    }

    /// Stops the job when the token or the clock says so; a claim when it is not worth waiting for.
    fn end_it(&mut self, options: &Options, stop: &StopToken) -> Result<Option<Claim>, SessionError> {
        if stop.is_killed() {
            let _ = self.session.client.cancel(self.id);
            return Err(SessionError::Killed(format!("{}: its job was cancelled", self.session.name)));
        }
        let late = options.time_limit.is_some_and(|limit| self.began.elapsed() > limit);
        let why = if stop.is_stopped() { Some(Limit::Interrupted) } else { late.then_some(Limit::Time) };
        match (self.limit, why) {
            (None, Some(limit)) => {
                self.limit = Some((limit, Instant::now()));
                self.session.client.stop(self.id).map_err(|error| self.lost(&error.to_string()))?;
                Ok(None)
            }
            (Some((limit, since)), _) if since.elapsed() > GRACE => {
                let _ = self.session.client.cancel(self.id);
                Ok(Some(nothing(limit, "the service did not stop its job in time; it was cancelled")))
            }
            _ => Ok(None),
        }
    }

    /// Hands in the start, and what others found.
    fn hand_in(&mut self) {
        if !self.running {
            return;
        }
        let offered = self.control.offered().map(|point| Arc::clone(point.values()));
        for point in [self.begin.take(), offered].into_iter().flatten() {
            let names = self.session.problem.column_names().iter();
            let nonzero = names.zip(point.iter()).filter(|(_, value)| **value != 0.0);
            let variables = nonzero.map(|(name, value)| (name.into_owned(), Number(*value))).collect();
            // A point that comes too late, or that is not feasible there, changes nothing.
            let _ = self.session.client.offer(self.id, &OfferedPoint { variables });
        }
    }

    /// Tells what happened; true when it was the end.
    fn tell(&mut self, event: &JobEvent) -> Result<bool, SessionError> {
        match &event.body {
            EventBody::State { state, .. } => self.running = *state == JobState::Running,
            EventBody::Incumbent { objective, .. } => self.incumbent(event.id, objective.0),
            EventBody::Bound { bound, .. } if bound.0.is_finite() => self.control.report(Event::Bound(bound.0)),
            EventBody::Progress { phase, nodes, iterations, .. } => {
                self.control.report(Event::Phase(phase));
                self.control.report(Event::Progress(Progress { nodes: *nodes, iterations: *iterations }));
            }
            EventBody::Log { line, .. } => self.control.report(Event::Log(line)),
            EventBody::Result { state, reason, .. } if matches!(state, JobState::Failed | JobState::Expired) => {
                let why = reason.clone().unwrap_or_else(|| format!("its job is {state}"));
                return Err(SessionError::Broken(format!("{}: {why}", self.session.name)));
            }
            EventBody::Result { .. } => return Ok(true),
            _ => {}
        }
        Ok(false)
    }

    fn incumbent(&self, event: u64, objective: f64) {
        let list = self.session.client.incumbents(self.id, event.saturating_sub(1));
        let problem = &self.session.problem;
        let entry = list.ok().and_then(|list| list.incumbents.into_iter().next());
        let values = entry.and_then(|entry| entry.variables).and_then(|variables| {
            let mut values = vec![0.0; problem.num_columns()];
            for (name, value) in variables {
                values[problem.column_names().find(&name)?] = value.0;
            }
            Some(values)
        });
        self.control.report(Event::Incumbent { objective, values: values.as_deref() });
    }

    fn claim(&self) -> Result<Claim, SessionError> {
        let broken = |why: String| SessionError::Broken(format!("{}: {why}", self.session.name));
        match self.session.client.result(self.id) {
            Ok(result) => {
                let mut claim = result.claim(&self.session.problem).map_err(|error| broken(error.to_string()))?;
                claim.counters.nodes = result.lanes.iter().map(|lane| lane.nodes).sum();
                // Whoever asked it to stop knows why.
                if let (Some((limit, _)), Some(Limit::Interrupted)) = (self.limit, claim.termination.limit()) {
                    let detail = claim.termination.detail().to_owned();
                    claim.termination = Termination::at_limit(claim.point.is_some(), limit, detail);
                }
                Ok(claim)
            }
            Err(error) => Err(broken(error.to_string())),
        }
    }
}

/// What the listening thread tells.
enum Heard {
    Event(Box<JobEvent>),
    Alive,
    Lost(String),
}

/// Reads events until the job ends, coming back where a connection broke. Ends when nobody hears it any more.
fn listen(client: &Client, id: &str, send: &SyncSender<Heard>) {
    let (mut after, mut returns) = (0, 0);
    loop {
        let mut last_error = None;
        match client.events(id, after) {
            Ok(events) => {
                for event in events {
                    let heard = match event {
                        Ok(Some(event)) => {
                            (after, returns) = (event.id, 0);
                            Heard::Event(Box::new(event))
                        }
                        Ok(None) => Heard::Alive,
                        Err(error) => {
                            last_error = Some(error);
                            break;
                        }
                    };
                    let is_end =
                        matches!(&heard, Heard::Event(event) if matches!(event.body, EventBody::Result { .. }));
                    if send.send(heard).is_err() || is_end {
                        return;
                    }
                }
            }
            Err(error) => last_error = Some(error),
        }
        let Some(error) = last_error else { return };
        returns += 1;
        if returns > MOST_RETURNS {
            let _ = send.send(Heard::Lost(error.to_string())); // perhaps nobody waits any more
            return;
        }
        thread::sleep(Duration::from_millis(100) * returns);
    }
}
