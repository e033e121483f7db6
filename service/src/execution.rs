//! One attempt at one job: its problem from the store, a race over it, everything told into the log, the result at the
//! end. The clock starts when the job got its cores; a later attempt gets what is left, and begins from the best point.

mod analyse;
mod ending;
mod unwritten;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use farkas_api_types::{EventBody, Fields, SolveResult};
use farkas_backends::contract::Start;
use farkas_backends::race::trust::TrustTable;
use farkas_backends::race::{self, Lineup, RaceSpec, Sharing};
use farkas_backends::worker;
use farkas_modeling::answer::{Answer, LaneState, Source};
use farkas_modeling::check::{CheckedPoint, Findings, TrustPolicy, check_point, conclude};
use farkas_modeling::{Limit, Problem, Reason};
use tokio::sync::oneshot;
use tokio::task::JoinError;
use tracing::Instrument;

use crate::blobs::Blobs;
use crate::jobs::{self, Cause, Job, Outcome, Rules, Ticket, Told, Wish, Work};
use crate::metrics::{Kill, Metrics, Retry};
use crate::models;
use crate::recorder::{GATHER, Note, Recorder};
use crate::roster::Roster;
use crate::store::{Body, Claimed, Lease, SqlStore, Store, StoreError, Stored};
use crate::time::Timestamp;

pub use ending::Ending;
pub use unwritten::{Begun, End, Unwritten};

/// How long after its time limit, or after it was asked to stop, a race is killed.
pub const GRACE: Duration = Duration::from_secs(5);
/// How long to wait before a write that failed is tried again.
const RETRY_WRITE: Duration = Duration::from_secs(1);
/// Rows and columns up to which a result is put together on the spot.
const FEW_VALUES: u64 = 1000;
/// Nonzeros from which on what an attempt freed is worth giving back to the system.
const MANY_NONZEROS: u64 = 100_000;

/// What an attempt needs of the service.
#[derive(Clone)]
pub struct Desk {
    /// Where jobs live.
    pub store: Arc<SqlStore>,
    /// Where large bodies go.
    pub blobs: Blobs,
    /// Who can solve.
    pub roster: Arc<Roster>,
    /// What is counted and measured.
    pub metrics: Arc<Metrics>,
    /// Limits for jobs, as the store keeps them.
    pub rules: Rules,
}

struct Attempt {
    desk: Desk,
    /// Until it is written.
    unwritten: Option<Unwritten>,
    lease: Lease,
    ticket: Ticket,
    job: Job,
    cores: u32,
    began: Instant,
    ending: Ending,
    points: u64,
}

/// Works on a claimed job until it is finished, back in the queue, or somebody else's.
pub async fn attempt(desk: Desk, claimed: Claimed, cores: u32, ending: Ending) {
    let Claimed { stored: Stored { ticket, job }, lease, .. } = claimed;
    conduct(Attempt { desk, unwritten: None, lease, ticket, job, cores, began: Instant::now(), ending, points: 0 })
        .await;
}

/// The same with a job that is not written yet.
pub async fn attempt_unwritten(desk: Desk, unwritten: Unwritten, cores: u32, ending: Ending) {
    let (ticket, warnings) = (unwritten.new.ticket.clone(), unwritten.new.warnings.clone());
    let now = Timestamp::now();
    let waiting = jobs::submit(&ticket, warnings, now).job;
    let claimed = jobs::step(&ticket, &waiting, Cause::Claimed, &desk.rules, now);
    let Ok(jobs::Transition { job, .. }) = claimed else { return };
    let lease = Lease { job: ticket.id.clone(), epoch: job.epoch };
    let unwritten = Some(unwritten);
    conduct(Attempt { desk, unwritten, lease, ticket, job, cores, began: Instant::now(), ending, points: 0 }).await;
}

async fn conduct(attempt: Attempt) {
    let (id, nonzeros) = (attempt.ticket.id.clone(), attempt.ticket.shape.nonzeros);
    let (metrics, began) = (Arc::clone(&attempt.desk.metrics), attempt.began);
    let span = tracing::info_span!("job", id, epoch = attempt.lease.epoch);
    let ended = Box::pin(attempt.run()).instrument(span).await;
    metrics.attempted(began.elapsed());
    if nonzeros >= MANY_NONZEROS {
        tokio::task::spawn_blocking(worker::give_back_memory);
    }
    match ended {
        Ok(()) => {}
        Err(StoreError::NoJob(_)) => tracing::info!(job = id, "it was never accepted, which its client was told"),
        Err(StoreError::Fenced { .. }) => tracing::info!(job = id, "the lease was lost; somebody else goes on"),
        Err(error) => tracing::error!(job = id, %error, "an attempt ended with an error; its lease will run out"),
    }
}

/// What the job's attempt stands on.
struct Loaded {
    problem: Arc<Problem>,
    best: Option<CheckedPoint>,
    start: Start,
}

impl Attempt {
    async fn run(mut self) -> Result<(), StoreError> {
        let problem = self.unwritten.as_ref().map(|unwritten| Arc::clone(&unwritten.problem));
        let loaded = match problem {
            Some(problem) => Loaded { problem, best: None, start: Start::default() },
            None => match self.take_up().await? {
                Some(loaded) => loaded,
                None => return Ok(()),
            },
        };
        Box::pin(self.work_on(loaded)).await
    }

    /// Reads what a claimed job stands on; nothing where it is over already.
    async fn take_up(&mut self) -> Result<Option<Loaded>, StoreError> {
        // A wish between the claim and the moment when the scheduler knew of this attempt reached nobody.
        self.job.wish = self.desk.store.job(&self.ticket.id).await?.job.wish;
        if self.job.wish == Some(Wish::Discard) {
            self.finish(vec![Cause::Released { seconds: self.seconds() }], Vec::new()).await?;
            return Ok(None);
        }
        match self.load().await? {
            Ok(loaded) => Ok(Some(loaded)),
            Err(reason) => {
                self.finish(vec![Cause::Broken { reason }], Vec::new()).await?;
                Ok(None)
            }
        }
    }

    async fn work_on(mut self, loaded: Loaded) -> Result<(), StoreError> {
        let until = self.ticket.deadline().map(|deadline| deadline.seconds_since(Timestamp::now()).max(0.0));
        if until == Some(0.0) && self.job.attempts == 1 && self.job.wish.is_none() {
            return self.finish(vec![Cause::TimedOut], Vec::new()).await;
        }
        let left = [self.job.seconds_left(&self.ticket), until].into_iter().flatten().reduce(f64::min);
        let out_of_time = left.is_some_and(|left| left <= 0.0);
        if self.job.wish == Some(Wish::Keep) || (out_of_time && self.job.attempts > 1) {
            let limit = if self.job.wish.is_some() { Limit::Interrupted } else { Limit::Time };
            let answer = self.conclude_from(&loaded, None, limit);
            return self.deliver(&loaded, answer, Vec::new(), Vec::new()).await;
        }
        let (options, roster) = (&self.ticket.options, &self.desk.roster);
        let lineup = match self.ticket.work {
            Work::Solve => roster.line_up(options, &loaded.problem, self.cores).await,
            Work::Sensitivity => roster.one_with_basis(options, &loaded.problem, self.cores).await,
            Work::Iis | Work::Relax(_) | Work::Check { .. } => return self.analyse(loaded, left).await,
        };
        match lineup {
            Ok(lineup) => self.race(loaded, lineup, left).await,
            Err(error) => self.finish(vec![Cause::Broken { reason: error.detail }], Vec::new()).await,
        }
    }

    fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Reads the problem and the best point so far; the inner error is a reason to give the job up.
    async fn load(&self) -> Result<Result<Loaded, String>, StoreError> {
        let problem = match models::open(&*self.desk.store, &self.ticket.source()).await? {
            Ok(problem) => problem,
            Err(reason) => return Ok(Err(reason)),
        };
        let kept = self.job.points.last().map(|point| point.key.clone());
        let values = match kept.clone().or_else(|| self.ticket.start.clone()) {
            Some(key) => self.desk.store.body(&key).await?,
            None => None,
        };
        let tolerances = self.ticket.options.to_backend().tolerances;
        // A solve that shall go the same way each time goes it from the beginning, whatever an earlier attempt has found.
        let starts_over = self.ticket.options.deterministic && kept.is_some();
        let loaded = tokio::task::spawn_blocking(move || {
            let values: Option<Arc<[f64]>> =
                values.map(|bytes| floats(&bytes)).filter(|v| v.len() == problem.num_columns());
            // Checked again: what stands on a disk is no proof.
            let best = values
                .as_ref()
                .filter(|_| kept.is_some())
                .and_then(|v| check_point(&problem, v, &tolerances).ok()?.ok());
            let point = values.filter(|_| !starts_over);
            Ok(Loaded { problem: worker::share(problem), best, start: Start { point, basis: None } })
        });
        Ok(loaded.await.unwrap_or_else(|error| Err(format!("reading its model panicked: {error}"))))
    }

    async fn race(mut self, loaded: Loaded, lineup: Lineup, left: Option<f64>) -> Result<(), StoreError> {
        let recorder = Arc::new(Recorder::new(
            self.ticket.shape.sense,
            self.job.incumbent.map(|best| best.0),
            self.ending.offers.clone(),
        ));
        let loading = self.seconds();
        let mut done = self.start_race(&loaded, lineup, left, &recorder);
        let begun = tokio::time::Instant::now();
        let deadline = left.map(|left| begun + Duration::from_secs_f64(left) + GRACE);
        let answer = loop {
            tokio::select! {
                answer = &mut done => break answer.ok(),
                () = recorder.news() => {
                    if let Ok(answer) = tokio::time::timeout(GATHER, &mut done).await {
                        break answer.ok();
                    }
                    self.write(&recorder, loading).await?;
                }
                () = tokio::time::sleep_until(begun + GATHER), if self.unwritten.is_some() => {
                    self.write(&recorder, loading).await?;
                }
                () = sleep_until(deadline), if !self.ending.stop.is_killed() => {
                    tracing::warn!(job = self.ticket.id, "a race overstayed its time limit and is killed");
                    self.desk.metrics.killed(Kill::Overstayed);
                    self.ending.stop.kill();
                }
            }
        };
        self.ending.over.cancel();
        let notes = recorder.take();
        let (mut causes, bodies) = self.causes(notes, loading).await?;
        let Some(answer) = answer else {
            causes.push(Cause::Failed { seconds: self.seconds(), reason: "the race panicked".into() });
            return self.finish(causes, bodies).await;
        };
        self.desk.metrics.lanes(answer.lanes());
        if let Some(reason) = all_lanes_gone(&answer) {
            causes.push(Cause::Failed { seconds: self.seconds(), reason });
            return self.finish(causes, bodies).await;
        }
        let undecided = matches!(answer.reason(), Reason::Feasible | Reason::NoSolutionFound)
            && answer.termination().limit() == Some(Limit::Interrupted);
        if undecided && self.ending.closing.is_cancelled() {
            // A user's wish that came before the end is in the store, and settles the job there.
            causes.push(Cause::Released { seconds: self.seconds() });
            return self.finish(causes, bodies).await;
        }
        let answer = self.with_earlier(&loaded, answer);
        self.deliver(&loaded, answer, causes, bodies).await
    }

    /// Starts the race on a thread of its own: it may take hours, and a pool's threads are for short work.
    fn start_race(
        &self,
        loaded: &Loaded,
        lineup: Lineup,
        left: Option<f64>,
        recorder: &Arc<Recorder>,
    ) -> oneshot::Receiver<Answer> {
        let mut options = self.ticket.options.to_backend();
        options.threads = Some(self.cores);
        options.time_limit = left.map(|left| Duration::from_secs_f64((left - self.seconds()).max(0.0)));
        let trusted = self.ticket.options.trust.clone();
        let (problem, start) = (Arc::clone(&loaded.problem), loaded.start.clone());
        let (stop, recorder) = (self.ending.stop.clone(), Arc::clone(recorder));
        let (send, done) = oneshot::channel();
        let run = move || {
            let trust = race::lineup::trust_in(TrustTable::built_in(), &lineup, &trusted);
            let sharing = Sharing::default();
            let spec = RaceSpec { lineup, options, start, trust, sharing, observer: &*recorder, stop };
            let _ = send.send(race::run(&problem, spec));
        };
        if let Err(error) = std::thread::Builder::new().name("race".into()).spawn(run) {
            // The sender is dropped with the closure, so the attempt counts as failed.
            tracing::error!(%error, "no thread for a race");
        }
        done
    }

    async fn write(&mut self, recorder: &Recorder, loading: f64) -> Result<(), StoreError> {
        let notes = recorder.take();
        let (causes, bodies) = self.causes(notes, loading).await?;
        if !causes.is_empty() || self.unwritten.is_some() {
            let written = self.persist(causes, bodies).await;
            if matches!(written, Err(StoreError::Fenced { .. })) {
                self.ending.fence(&self.desk.metrics);
            }
            self.job = written?;
        }
        Ok(())
    }

    /// Turns notes into causes; an incumbent's values are durable, or in the bodies, before its event is written.
    async fn causes(&mut self, notes: Vec<Note>, loading: f64) -> Result<(Vec<Cause>, Vec<Body>), StoreError> {
        let mut causes = Vec::with_capacity(notes.len());
        let mut bodies = Vec::new();
        for note in notes {
            let mut told = Told { seconds: note.seconds + loading, body: note.body, point: None };
            if let Some(point) = note.point {
                self.points += 1;
                let name = format!("{}-{}", self.lease.epoch, self.points);
                let key = format!("point/{}/{name}", self.ticket.id);
                let bytes: Vec<u8> = point.values().iter().flat_map(|value| value.to_le_bytes()).collect();
                bodies.extend(self.place(key.clone(), bytes.into()).await?);
                told.point = Some(key);
                if let EventBody::Incumbent { blob, .. } = &mut told.body {
                    *blob = Some(name);
                }
            }
            causes.push(Cause::Told(told));
        }
        Ok((causes, bodies))
    }

    /// Stores a body, however long its place takes to be well again: nothing of what was found is given up for that, unless the
    /// attempt is.
    async fn place(&self, key: String, bytes: Bytes) -> Result<Option<Body>, StoreError> {
        loop {
            match self.desk.blobs.place(&key, bytes.clone()).await {
                Ok(placed) => return Ok(placed),
                Err(error) if self.ending.stop.is_killed() => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(job = self.ticket.id, %error, "a body could not be written; trying again");
                    tokio::time::sleep(RETRY_WRITE).await;
                }
            }
        }
    }

    /// An earlier attempt's incumbent that this one did not match belongs into the answer.
    fn with_earlier(&self, loaded: &Loaded, answer: Answer) -> Answer {
        let Some(best) = &loaded.best else { return answer };
        let sense = loaded.problem.sense();
        if answer.objective().is_some_and(|objective| !sense.better(best.objective(), objective)) {
            return answer;
        }
        let limit = answer.termination().limit().unwrap_or(Limit::Undetermined);
        self.conclude_from(loaded, Some(answer), limit)
    }

    /// What may be said from the best point so far, the tightest bound so far, and perhaps an answer without a better one.
    fn conclude_from(&self, loaded: &Loaded, answer: Option<Answer>, limit: Limit) -> Answer {
        let source = |name: Option<&String>| Source {
            backend: name.cloned().unwrap_or_else(|| "an earlier attempt".into()),
            version: String::new(),
            lane: 0,
        };
        let mut findings = Vec::new();
        if let Some(best) = &loaded.best {
            findings.push(Findings::of_point(source(self.job.found_by.as_ref()), best.clone()));
        }
        let agreed = answer.as_ref().and_then(|answer| answer.evidence().agreed_by.first());
        let bounds = [answer.as_ref().and_then(Answer::bound), self.job.bound.map(|bound| bound.0)];
        findings.extend(bounds.into_iter().flatten().map(|bound| Findings::of_bound(source(agreed), bound)));
        let tolerances = self.ticket.options.to_backend().tolerances;
        let concluded = conclude(&loaded.problem, &findings, &tolerances, &TrustPolicy::default(), Some(limit));
        let lanes = answer.map(|answer| answer.lanes().to_vec()).unwrap_or_default();
        concluded.with_run(lanes, self.seconds())
    }

    async fn deliver(
        &mut self,
        loaded: &Loaded,
        answer: Answer,
        causes: Vec<Cause>,
        bodies: Vec<Body>,
    ) -> Result<(), StoreError> {
        let answer = Arc::new(answer);
        let (problem, told) = (Arc::clone(&loaded.problem), Arc::clone(&answer));
        let mut result = self.aside(move || SolveResult::new(&problem, &told, Fields::ALL)).await?;
        if self.ticket.work == Work::Sensitivity {
            let problem = Arc::clone(&loaded.problem);
            let ranged = tokio::task::spawn_blocking(move || analyse::ranges(&problem, &answer)).await;
            match ranged.unwrap_or_else(|_| Err("there are no ranges, since ranging panicked".into())) {
                Ok(analysis) => result.analysis = Some(analysis),
                Err(why) => result.evidence.notes.push(why),
            }
        }
        self.hand_in(result, causes, bodies).await
    }

    /// Work on a value for each row and column, by a thread for long work unless they are few.
    async fn aside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
        if self.ticket.shape.rows + self.ticket.shape.columns <= FEW_VALUES {
            return Ok(work());
        }
        match tokio::task::spawn_blocking(work).await.map_err(JoinError::try_into_panic) {
            Ok(done) => Ok(done),
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // The process ends.
            Err(Err(_)) => Err(StoreError::Closed),
        }
    }

    /// Ends the job with a result.
    async fn hand_in(
        &mut self,
        mut result: SolveResult,
        mut causes: Vec<Cause>,
        mut bodies: Vec<Body>,
    ) -> Result<(), StoreError> {
        result.seconds = self.job.seconds_before + self.seconds();
        let key = format!("result/{}/{}", self.ticket.id, self.lease.epoch);
        if let Some(unwritten) = &mut self.unwritten {
            unwritten.result = Some(Box::new(result.clone()));
        }
        let write = move || Ok((serde_json::to_vec(&result)?, result.select(Fields::NONE)));
        let (bytes, result) = self.aside(write).await?.map_err(|error: serde_json::Error| StoreError::Unreadable {
            what: "a result".into(),
            error: error.to_string(),
        })?;
        bodies.extend(self.place(key.clone(), bytes.into()).await?);
        let outcome = Outcome { seconds: self.seconds(), result, key };
        causes.push(Cause::Solved(Box::new(outcome)));
        self.finish(causes, bodies).await
    }

    async fn finish(&mut self, causes: Vec<Cause>, bodies: Vec<Body>) -> Result<(), StoreError> {
        let retry = match causes.last() {
            Some(Cause::Failed { .. }) => Some(Retry::Failed),
            Some(Cause::Released { .. }) => Some(Retry::Released),
            _ => None,
        };
        let job = self.persist(causes, bodies).await?;
        match retry {
            _ if job.state.is_finished() => self.desk.metrics.finished(job.state.name()),
            Some(why) => self.desk.metrics.retried(why),
            None => {}
        }
        Ok(())
    }

    /// Writes until it is written or the lease is lost: a disk that is full for a minute costs a minute, not an answer. A job that
    /// was not written before is written once: its client is there to hear that it was not.
    async fn persist(&mut self, causes: Vec<Cause>, bodies: Vec<Body>) -> Result<Job, StoreError> {
        let store = &self.desk.store;
        if let Some(unwritten) = self.unwritten.take() {
            let job = Box::pin(unwritten.write(&self.desk, causes, bodies)).await;
            if job.is_err() {
                self.ending.stop.kill();
            }
            return job;
        }
        loop {
            match store.advance(&self.lease, causes.clone(), bodies.clone()).await {
                Err(StoreError::Failed(error)) => {
                    tracing::error!(job = self.lease.job, error, "a job's progress could not be written; trying again");
                    tokio::time::sleep(RETRY_WRITE).await;
                }
                done => return done,
            }
        }
    }
}

async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn all_lanes_gone(answer: &Answer) -> Option<String> {
    let gone = |state| matches!(state, LaneState::Failed | LaneState::Killed);
    let all = answer.reason() == Reason::OtherError && answer.lanes().iter().all(|lane| gone(lane.state));
    let say = || {
        let lanes: Vec<String> =
            answer.lanes().iter().map(|lane| format!("{}: {}", lane.solver, lane.detail)).collect();
        if lanes.is_empty() { answer.termination().detail().to_string() } else { lanes.join("; ") }
    };
    all.then(say)
}

/// Little-endian floats, as points are stored.
pub fn floats(bytes: &[u8]) -> Arc<[f64]> {
    let (chunks, _) = bytes.as_chunks::<8>();
    chunks.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect()
}
