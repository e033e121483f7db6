//! A worker shown as a backend. A solve ends when the worker says so, when it dies, or when it overstays: whatever the
//! solver does, `solve` returns within the limit and the grace period, and the process is gone then.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use farkas_modeling::check::CheckedPoint;
use farkas_modeling::patch::{Change, Patch, Revision};
use farkas_modeling::{Claim, Problem};

use super::frame::{
    FromWorker, Hello, SMALL_FRAME_BYTES, Statuses, ToWorker, Vector, WireEvent, frame_limit_bytes, length,
    pool_limit_bytes,
};
use super::image_cache::{SealedImage, image_of};
use super::inquiry;
use super::limits::{Bell, End, Limits};
use super::link::{LinkError, unexpected};
use super::pause::PauseSwitch;
use super::pool::{Loan, NoWorker, Pool, Program, WorkerConfig};
use crate::bridges;
use crate::contract::{
    Availability, Backend, BackendError, Capabilities, Control, Event, Fit, Member, Pause, Session, SessionError,
    Start, StopToken, carried, fits_by_capabilities, revises,
};
use crate::options::Options;

/// How often a control is asked whether it has a point to offer.
const OFFER_INTERVAL: Duration = Duration::from_millis(20);
/// How long a killed process is waited for. The kernel ends it as soon as it leaves the call it is in.
const REAP_LIMIT: Duration = Duration::from_secs(5);

/// A backend that solves in worker processes.
///
/// Clones of the `Arc` that holds it share one pool; idle workers end when it is dropped.
#[derive(Debug)]
pub struct WorkerBackend {
    name: String,
    pool: Arc<Pool>,
    hello: OnceLock<Hello>,
}

impl WorkerBackend {
    /// A backend of this name, hosted by this program.
    pub fn new(name: impl Into<String>, program: Program, config: WorkerConfig) -> Self {
        Self { name: name.into(), pool: Arc::new(Pool::new(program, config)), hello: OnceLock::new() }
    }

    /// Starts workers until so many wait for work, and returns at once: while a file is read, say.
    pub fn warm(&self, workers: usize) {
        self.pool.warm(workers);
    }

    /// Ends all workers that wait for work.
    pub fn shut_down(&self) {
        self.pool.shut_down();
    }

    fn take(&self) -> Result<Loan, NoWorker> {
        let loan = self.pool.take()?;
        if let Some(hello) = loan.link.hello() {
            if hello.backend != self.name {
                let says = format!("its worker hosts '{}' and not '{}'", hello.backend, self.name);
                return Err(NoWorker::Failed(says));
            }
            let _ = self.hello.set(hello.clone()); // the same at every start
        }
        Ok(loan)
    }

    fn failed(&self, error: impl std::fmt::Display) -> BackendError {
        BackendError::Failed(format!("{}: {error}", self.name))
    }
}

impl Backend for WorkerBackend {
    fn name(&self) -> &str {
        &self.name
    }

    fn probe(&self) -> Availability {
        match self.take() {
            Ok(loan) => {
                let says = loan.link.hello().map(|hello| hello.availability.clone());
                self.pool.give_back(loan);
                says.unwrap_or_else(|| Availability::Broken { says: "its worker does not say who it is".into() })
            }
            Err(NoWorker::Missing(remedy)) => Availability::NotFound { remedy },
            Err(NoWorker::Failed(says)) => Availability::Broken { says },
        }
    }

    /// What its worker says, without what does not go through the socket: questions asked inside a search, a solver's own
    /// ranging, and its own conflicts where the worker was built before they were asked for. Starts one at the first call.
    /// Nothing at all where none can be started.
    fn capabilities(&self) -> Capabilities {
        if self.hello.get().is_none() {
            self.probe();
        }
        self.hello.get().map(|hello| through_the_socket(hello, hello.capabilities)).unwrap_or_default()
    }

    /// What the solver in its worker does by itself.
    fn native_capabilities(&self) -> Capabilities {
        let here = self.capabilities();
        self.hello.get().and_then(|hello| Some(through_the_socket(hello, hello.native?))).unwrap_or(here)
    }

    /// As its worker would say, as far as capabilities tell: with bridges where the worker adds them.
    fn fits(&self, problem: &Problem) -> Fit {
        let can = self.capabilities();
        match self.native_capabilities() {
            native if native != can => bridges::fits(&self.name, native, problem),
            _ => fits_by_capabilities(&self.name, can, problem),
        }
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        let mut loan = self.take().map_err(|none| match none {
            NoWorker::Missing(remedy) => BackendError::Unavailable(remedy),
            NoWorker::Failed(_) => self.failed(none),
        })?;
        let image = image_of(&problem).map_err(|e| self.failed(format!("no memory file for the problem: {e}")))?;
        loan.link.jobs += 1;
        let opened = open(&mut loan, &problem, &image, &self.pool.config);
        match opened.map_err(|lost| self.failed(lost))? {
            Ok(version) => Ok(Box::new(WorkerSession {
                name: self.name.clone(),
                version,
                loan: Some(loan),
                pool: Arc::clone(&self.pool),
                problem,
                image,
                number: 0,
                carried: Start::default(),
                pause: Arc::default(),
            })),
            Err(refused) => {
                self.pool.give_back(loan);
                Err(refused)
            }
        }
    }
}

/// What is left of capabilities at the other end of a worker's socket.
fn through_the_socket(hello: &Hello, can: Capabilities) -> Capabilities {
    Capabilities { lazy_rows: false, ranging: false, iis: can.iis && hello.conflicts, ..can }
}

/// Has a worker open a problem; it answers with the solver's version, or why it does not take it.
fn open(
    loan: &mut Loan,
    problem: &Problem,
    image: &SealedImage,
    config: &WorkerConfig,
) -> Result<Result<String, BackendError>, LinkError> {
    use std::os::fd::AsFd;
    let until = Instant::now() + config.open_limit;
    loan.link.set_frame_limit(frame_limit_bytes(problem.num_columns(), problem.num_rows()));
    let message = ToWorker::Open { memory_limit_bytes: config.memory_limit_bytes };
    loan.link.send_with(&message, image.as_fd())?;
    loop {
        match loan.link.receive(until, None, "open the problem")? {
            Some(FromWorker::Opened { version }) => return Ok(Ok(version)),
            Some(FromWorker::OpenFailed { error }) => return Ok(Err(error)),
            Some(other) => return Err(unexpected(&other)),
            None if Instant::now() >= until => {
                return Err(LinkError::Late { what: "open the problem", limit: config.open_limit });
            }
            None => {}
        }
    }
}

/// Has a worker change what it has open.
fn apply(
    loan: &mut Loan,
    patch: Patch,
    problem: &Problem,
    config: &WorkerConfig,
) -> Result<Result<(), SessionError>, LinkError> {
    let until = Instant::now() + config.open_limit;
    loan.link.send(&ToWorker::Apply { patch: Box::new(patch) })?;
    loop {
        match loan.link.receive(until, None, "change the problem")? {
            Some(FromWorker::Applied {}) => {
                loan.link.set_frame_limit(frame_limit_bytes(problem.num_columns(), problem.num_rows()));
                return Ok(Ok(()));
            }
            Some(FromWorker::ApplyFailed { error }) => return Ok(Err(error)),
            // The last words of the solve before.
            Some(FromWorker::Event { .. }) => {}
            Some(other) => return Err(unexpected(&other)),
            None if Instant::now() >= until => {
                return Err(LinkError::Late { what: "change the problem", limit: config.open_limit });
            }
            None => {}
        }
    }
}

/// About what a patch takes on the wire: a change has some sixty bytes of names, an entry a tenth of that.
fn bytes_of(patch: &Patch) -> usize {
    let entries = |change: &Change| match change {
        Change::AddColumn(column) => column.entries.len(),
        Change::AddRow(row) => row.entries.len(),
        _ => 0,
    };
    patch.changes.iter().map(|change| 128 + 24 * entries(change)).sum()
}

/// A problem that is open in a worker.
struct WorkerSession {
    name: String,
    version: String,
    /// Gone when the worker is.
    loan: Option<Loan>,
    pool: Arc<Pool>,
    problem: Arc<Problem>,
    /// Held so that the other lanes share it.
    image: Arc<SealedImage>,
    number: u64,
    /// What the next solve starts from unless told otherwise, for a worker that is handed changed problems as images.
    carried: Start,
    pause: Arc<PauseSwitch>,
}

impl Drop for WorkerSession {
    fn drop(&mut self) {
        if let Some(loan) = self.loan.take() {
            self.pool.give_back(loan);
        }
    }
}

impl WorkerSession {
    /// The worker, where there still is one.
    fn take_loan(&mut self) -> Result<Loan, SessionError> {
        self.loan.take().ok_or_else(|| SessionError::Broken(format!("{}: its worker is gone", self.name)))
    }

    /// Keeps a worker that came back, and buries any other; what came of it.
    fn settle<T>(
        &mut self,
        loan: Loan,
        options: &Options,
        end: Result<Result<T, SessionError>, End>,
    ) -> Result<T, SessionError> {
        let memory = options.memory_limit_bytes.into_iter().chain(self.pool.config.memory_limit_bytes).min();
        match end {
            Ok(answer) => {
                self.loan = Some(loan);
                answer.map_err(|error| match error {
                    SessionError::Broken(says) => SessionError::Broken(with_memory_hint(says, memory)),
                    error => error,
                })
            }
            Err(End::Lost(lost)) => {
                Err(SessionError::Broken(with_memory_hint(format!("{}: {lost}", self.name), memory)))
            }
            Err(End::Kill(why)) => {
                loan.link.process().kill();
                loan.link.process().wait(REAP_LIMIT);
                Err(SessionError::Killed(format!("{}: {why}", self.name)))
            }
        }
    }

    /// Has the worker close what is open and open this instead; where it does not take this, what was open again.
    fn reopen(&mut self, mut loan: Loan, problem: &Arc<Problem>) -> Result<(), SessionError> {
        let broken = |why: &dyn std::fmt::Display| SessionError::Broken(format!("{}: {why}", self.name));
        let config = &self.pool.config;
        let mut open_in = |problem: &Arc<Problem>| -> Result<_, SessionError> {
            let image = image_of(problem).map_err(|e| broken(&format!("no memory file for the problem: {e}")))?;
            loan.link.close().and_then(|()| loan.link.ready(config.open_limit)).map_err(|lost| broken(&lost))?;
            let opened = open(&mut loan, problem, &image, config).map_err(|lost| broken(&lost))?;
            Ok(opened.map(|_| image))
        };
        match open_in(problem)? {
            Ok(image) => {
                (self.problem, self.image) = (Arc::clone(problem), image);
                self.loan = Some(loan);
                Ok(())
            }
            Err(refused) => {
                open_in(&self.problem)?.map_err(|error| broken(&error))?;
                self.loan = Some(loan);
                Err(SessionError::Refused(refused.to_string()))
            }
        }
    }
}

impl Session for WorkerSession {
    fn version(&self) -> &str {
        &self.version
    }

    fn pause(&self) -> Option<Arc<dyn Pause>> {
        Some(Arc::<PauseSwitch>::clone(&self.pause))
    }

    /// Sends the changes to the worker, whose session goes on warm if its solver can. For a worker that changes nothing in
    /// place, and for a change too large for a frame, it opens the changed problem's image instead.
    fn apply(&mut self, revision: &Revision) -> Result<(), SessionError> {
        revises(&self.problem, revision)?;
        let patch = revision.delta().by_position();
        let mut loan = self.take_loan()?;
        let applies = loan.link.hello().is_some_and(|hello| hello.applies);
        if !applies || bytes_of(&patch) > SMALL_FRAME_BYTES / 2 {
            let last = std::mem::take(&mut self.carried);
            self.reopen(loan, revision.problem())?;
            self.carried = Start {
                point: carried(last.point.as_deref(), revision),
                basis: last.basis.map(|basis| Arc::new(revision.carry_basis(&basis))),
            };
            return Ok(());
        }
        match apply(&mut loan, patch, revision.problem(), &self.pool.config) {
            Ok(applied) => {
                self.loan = Some(loan);
                applied.map(|()| self.problem = Arc::clone(revision.problem()))
            }
            Err(lost) => Err(SessionError::Broken(format!("{}: {lost}", self.name))),
        }
    }

    fn solve(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
    ) -> Result<Claim, SessionError> {
        let mut loan = self.take_loan()?;
        self.number += 1;
        let carried = std::mem::take(&mut self.carried);
        let start = if start.point.is_none() && start.basis.is_none() { &carried } else { start };
        let (n, m) = (self.problem.num_columns(), self.problem.num_rows());
        let frame = frame_limit_bytes(n, m).saturating_add(pool_limit_bytes(n, options.pool_points(n)));
        loan.link.set_frame_limit(frame.min(u32::MAX as usize));
        let bell = Bell::on(stop).map_err(|e| SessionError::Broken(format!("{}: {e}", self.name)))?;
        let mut solve = Solve {
            loan: &mut loan,
            problem: &self.problem,
            limits: Limits::begin(self.number, options.time_limit, &self.pool.config, stop),
            number: self.number,
            control,
            pause: &self.pause,
            offer: None,
        };
        let end = solve.run(options, start, &bell);
        if let Ok(Ok(claim)) = &end
            && !loan.link.hello().is_some_and(|hello| hello.applies)
        {
            let point = claim.point.as_deref().map(Arc::from);
            self.carried = Start { point, basis: claim.basis.clone().map(Arc::new) };
        }
        let settled = self.settle(loan, options, end);
        self.pause.end();
        settled
    }

    /// By its worker's solver, within the limits of a solve. A token that is set already would reach a quick one too late.
    fn conflict(&mut self, options: &Options, stop: &StopToken) -> Result<Vec<Member>, SessionError> {
        let mut loan = self.take_loan()?;
        let hello = loan.link.hello();
        if !hello.is_some_and(|hello| hello.conflicts && hello.capabilities.iis) {
            self.loan = Some(loan);
            let why = "its worker has no search for a conflict; `iis::find` works over any";
            return Err(SessionError::Refused(format!("{}: {why}", self.name)));
        }
        if stop.is_stopped() && !stop.is_killed() {
            self.loan = Some(loan);
            return Ok(Vec::new());
        }
        self.number += 1;
        let bell = Bell::on(stop).map_err(|e| SessionError::Broken(format!("{}: {e}", self.name)))?;
        loan.link.set_frame_limit(frame_limit_bytes(self.problem.num_columns(), self.problem.num_rows()));
        let mut limits = Limits::begin(self.number, options.time_limit, &self.pool.config, stop);
        let end = inquiry::conflict(&mut loan.link, self.number, &self.problem, options, &mut limits, &bell);
        self.settle(loan, options, end)
    }
}

/// What a process says that may have no more memory: C++, Rust, Python, the loader of libraries.
const OUT_OF_MEMORY: [&str; 6] =
    ["bad_alloc", "memory allocation", "out of memory", "cannot allocate", "memoryerror", "failed to map segment"];

/// Says that memory was limited, when a failure looks like that.
fn with_memory_hint(says: String, limit: Option<u64>) -> String {
    let told = says.to_ascii_lowercase();
    match limit.filter(|_| OUT_OF_MEMORY.iter().any(|words| told.contains(words))) {
        Some(bytes) => format!("{says} (its memory was limited to {} MiB)", bytes >> 20),
        None => says,
    }
}

/// One solve under way.
struct Solve<'a> {
    loan: &'a mut Loan,
    problem: &'a Problem,
    limits: Limits<'a>,
    number: u64,
    control: &'a (dyn Control + Sync),
    pause: &'a PauseSwitch,
    /// A point that waits to be sent: the newest.
    offer: Option<Arc<CheckedPoint>>,
}

impl Solve<'_> {
    fn run(&mut self, options: &Options, start: &Start, bell: &Bell) -> Result<Result<Claim, SessionError>, End> {
        let takes_offers = self.loan.link.hello().is_some_and(|hello| hello.capabilities.incumbents_in);
        self.pause.begin(self.loan.link.process());
        self.loan.link.send(&ToWorker::Solve {
            number: self.number,
            options: Box::new(options.clone()),
            point: start.point.as_ref().map(|point| Vector(point.to_vec())),
            basis: start.basis.as_ref().map(|basis| Statuses::from(&**basis)),
        })?;
        loop {
            bell.silence();
            if self.limits.asks_to_stop() {
                self.pause.end(); // it has to hear of it
            }
            let mut until = self.limits.keep(&mut self.loan.link)?;
            if takes_offers {
                self.offer()?;
                until = until.min(Instant::now() + OFFER_INTERVAL);
            }
            // One frame a turn: a worker that never stops talking is held to its limits too.
            if let Some(message) = self.loan.link.receive(until, Some(bell.descriptor()), "solve")?
                && let Some(end) = self.hear(message)?
            {
                return Ok(end);
            }
        }
    }

    /// Sends the newest point on offer, unless an older one is still on its way, or the worker stands still.
    fn offer(&mut self) -> Result<(), LinkError> {
        if self.pause.is_paused() {
            return Ok(());
        }
        if let Some(point) = self.control.offered() {
            self.offer = Some(point);
        }
        if !self.loan.link.is_sending()
            && let Some(point) = self.offer.take()
        {
            let values = Vector(point.values().to_vec());
            self.loan.link.send(&ToWorker::Offer { number: self.number, values })?;
        }
        Ok(())
    }

    /// Takes in one frame; answers when it ends the solve.
    fn hear(&mut self, message: FromWorker) -> Result<Option<Result<Claim, SessionError>>, End> {
        let (columns, rows) = (self.problem.num_columns(), self.problem.num_rows());
        let refuse = |finding| End::Lost(LinkError::Protocol(finding));
        match message {
            FromWorker::Event { number, event } if number == self.number => {
                self.report(event, columns).map_err(refuse)?;
                Ok(None)
            }
            FromWorker::Claim { number, claim } if number == self.number => {
                Ok(Some(Ok(claim.into_claim(columns, rows).map_err(refuse)?)))
            }
            FromWorker::Failed { number, error } if number == self.number => Ok(Some(Err(error))),
            // About a solve before this one: late.
            FromWorker::Event { .. }
            | FromWorker::Claim { .. }
            | FromWorker::Members { .. }
            | FromWorker::Failed { .. } => Ok(None),
            other => Err(End::Lost(unexpected(&other))),
        }
    }

    fn report(&self, event: WireEvent, columns: usize) -> Result<(), String> {
        match event {
            WireEvent::Incumbent { objective, values } => {
                if let Some(values) = &values {
                    length("incumbent", values.0.len(), columns)?;
                }
                self.control.report(Event::Incumbent { objective, values: values.as_ref().map(|v| &*v.0) });
            }
            WireEvent::Bound { value } => self.control.report(Event::Bound(value)),
            WireEvent::Progress(progress) => self.control.report(Event::Progress(progress)),
            WireEvent::Phase { name } => self.control.report(Event::Phase(&name)),
            WireEvent::Log { line } => self.control.report(Event::Log(&line)),
            WireEvent::LogDropped { lines } => {
                self.control.report(Event::Log(&format!("({lines} lines came too fast and were dropped)")));
            }
        }
        Ok(())
    }
}
