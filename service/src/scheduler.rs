//! Gives cores to jobs: claims what fits the free ones, renews the leases, passes users' wishes on, takes back what ran
//! out, and on shutdown hands unfinished jobs back to the queue.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use farkas_modeling::Problem;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::execution::{Begun, Desk, Ending, GRACE, Unwritten, attempt, attempt_unwritten};
use crate::fairness::{Room, TinySize};
use crate::jobs::{FIRST_EPOCH, Job, Rules, Wish, Work};
use crate::metrics::{Kill, Metrics};
use crate::passing;
use crate::store::{Claimed, Duty, Lease, Leases, NewJob, NodeReport, Renewed, Store, StoreError};

/// How often leases are renewed within one.
const RENEWALS: u32 = 6;
/// How often leases and time-outs of others are looked at.
const SWEEP: Duration = Duration::from_secs(2);
/// Jobs that are claimed with one transaction.
const MOST_TOGETHER: usize = 16;
/// Attempts that may still be writing when others get their cores.
const MOST_WRITING: usize = 32;
/// How long to wait after the store failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Hears what became of a job that was begun before it was written.
pub type Began = oneshot::Receiver<Result<Begun, StoreError>>;

/// What a node has for jobs beside its cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Bytes that may be promised to jobs.
    pub memory_bytes: u64,
    /// Tiny jobs that may run beside those that hold the cores.
    pub tiny_jobs: u32,
}

impl Default for Share {
    /// The machine's memory, where it can be told, and one tiny job.
    fn default() -> Self {
        let told = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let total = told
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Self { memory_bytes: total.map_or(u64::MAX, |kib| kib << 10), tiny_jobs: 1 }
    }
}

struct Running {
    lease: Lease,
    /// Whether the job is in the store.
    written: Arc<AtomicBool>,
    cores: u32,
    /// Whether it runs beside those that hold the cores.
    beside: bool,
    /// Bytes that it was promised.
    memory_bytes: u64,
    ending: Ending,
}

/// Runs jobs on this machine's cores.
pub struct Scheduler {
    desk: Desk,
    node: NodeReport,
    cores: u32,
    share: Share,
    renew: Duration,
    finish: Duration,
    drained: AtomicBool,
    /// Whether nobody waited for a place beside the cores when that was last looked at, and nobody has come since.
    clear: AtomicBool,
    running: Mutex<HashMap<String, Running>>,
    /// No more jobs are taken.
    closing: CancellationToken,
    /// Those that there are shall end.
    ending: CancellationToken,
    tasks: TaskTracker,
    cores_freed: tokio::sync::Notify,
}

impl Scheduler {
    /// A scheduler with so many cores; it does nothing until [`start`](Self::start). When it is closed, jobs may go on for
    /// as long as `finish`.
    pub fn new(desk: Desk, cores: u32, share: Share, rules: Rules, finish: Duration) -> Arc<Self> {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let node = NodeReport {
            id: uuid::Uuid::now_v7().to_string(),
            name: format!("{}:{}", if host.is_empty() { "node" } else { host.trim() }, std::process::id()),
            version: env!("CARGO_PKG_VERSION").into(),
            cores,
            cores_used: 0,
        };
        Arc::new(Self {
            desk,
            node,
            cores,
            share,
            renew: Duration::from_secs(rules.lease_seconds.into()) / RENEWALS,
            finish,
            drained: AtomicBool::new(false),
            clear: AtomicBool::new(false),
            running: Mutex::default(),
            closing: CancellationToken::new(),
            ending: CancellationToken::new(),
            tasks: TaskTracker::new(),
            cores_freed: tokio::sync::Notify::new(),
        })
    }

    /// Starts its loops. Jobs that a dead process held were taken back before.
    pub fn start(self: &Arc<Self>) {
        for future in [tokio::spawn(Arc::clone(self).claim_loop()), tokio::spawn(Arc::clone(self).care_loop())] {
            self.tasks.spawn(future);
        }
    }

    /// What this node is called, for people.
    pub fn name(&self) -> &str {
        &self.node.name
    }

    /// Cores in use.
    pub fn cores_used(&self) -> u32 {
        let works = |running: &&Running| !running.beside && !running.ending.over.is_cancelled();
        self.lock().values().filter(works).map(|running| running.cores).sum()
    }

    /// What is free.
    fn room(&self) -> Room {
        self.room_beside(&self.lock())
    }

    fn room_beside(&self, running: &HashMap<String, Running>) -> Room {
        // Those that only write need no cores; but where writing does not get on, no more is begun.
        let writing = running.values().filter(|running| running.ending.over.is_cancelled()).count();
        let works = |running: &&Running| writing > MOST_WRITING || !running.ending.over.is_cancelled();
        let of_cores = running.values().filter(works).filter(|running| !running.beside);
        let cores_used: u32 = of_cores.map(|running| running.cores).sum();
        let beside = running.values().filter(works).filter(|running| running.beside).count() as u32;
        let memory_used =
            running.values().filter(works).fold(0_u64, |sum, running| sum.saturating_add(running.memory_bytes));
        Room {
            cores_free: self.cores.saturating_sub(cores_used),
            cores: self.cores,
            memory_free: self.share.memory_bytes.saturating_sub(memory_used),
            memory: self.share.memory_bytes,
            tiny_free: self.share.tiny_jobs.saturating_sub(beside),
        }
    }

    /// Cores in all.
    pub fn cores(&self) -> u32 {
        self.cores
    }

    /// A user's wish that is in the store already: lets the race know at once.
    pub fn wish(&self, job: &str, wish: Wish) {
        if let Some(running) = self.lock().get(job) {
            end(&running.ending, wish, &self.desk.metrics);
        }
    }

    /// Hands a point to a job's race; false where none runs here.
    pub fn offer(&self, job: &str, values: Arc<[f64]>) -> bool {
        let running = self.lock();
        running.get(job).map(|running| running.ending.offers.offer(values)).is_some()
    }

    /// Begins a tiny job at once, before it is written, if there is a place beside the cores and nobody waits for that: its
    /// first commit is its last. The receiver hears what became of it.
    ///
    /// # Errors
    /// The job, when it has to wait its turn.
    pub fn begin(self: &Arc<Self>, new: NewJob, problem: Arc<Problem>) -> Result<Began, Box<NewJob>> {
        let policy = self.desk.store.policy();
        let demand = new.ticket.demand(&policy.tiny);
        // Quotas and licences are counted in the store.
        let suits = new.ticket.work == Work::Solve && new.ticket.start.is_none() && !policy.counts();
        let mut running = self.lock();
        // Under the lock, so that whoever closes sees all that has begun.
        let free = self.clear.load(Ordering::Acquire) && !self.is_drained() && !self.closing.is_cancelled();
        if !(suits && free && self.room_beside(&running).has_place_beside(&demand)) {
            return Err(Box::new(new));
        }
        let (id, ending, written) = (new.ticket.id.clone(), Ending::default(), Arc::new(AtomicBool::new(false)));
        let lease = Lease { job: id.clone(), epoch: FIRST_EPOCH };
        let memory_bytes = demand.memory_bytes;
        let entry = Running {
            lease,
            written: Arc::clone(&written),
            cores: 1,
            beside: true,
            memory_bytes,
            ending: ending.clone(),
        };
        running.insert(id.clone(), entry);
        drop(running);
        self.desk.metrics.claimed(Some(0.0));
        let (told, hears) = oneshot::channel();
        let unwritten = Unwritten { new, problem, node: self.node.id.clone(), told, written, result: None };
        self.conduct(id, true, ending.clone(), attempt_unwritten(self.desk.clone(), unwritten, 1, ending));
        Ok(hears)
    }

    /// Whether somebody asked that it takes no more jobs.
    pub fn is_drained(&self) -> bool {
        self.drained.load(Ordering::Relaxed)
    }

    /// Whether it takes no more jobs because it ends.
    pub fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Stops claiming, gives jobs their time to finish, lets every race stop, and waits until their jobs are finished or
    /// back in the queue.
    pub async fn close(&self) {
        self.closing.cancel();
        let idle = async {
            while !self.lock().is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let _ = tokio::time::timeout(self.finish, idle).await;
        self.ending.cancel();
        for running in self.lock().values() {
            running.ending.closing.cancel();
            end(&running.ending, Wish::Keep, &self.desk.metrics);
        }
        self.tasks.close();
        if tokio::time::timeout(GRACE * 3, self.tasks.wait()).await.is_err() {
            tracing::warn!("some races did not stop; their jobs go on once their leases ran out");
        }
        if let Err(error) = self.desk.store.leave(&self.node.id).await {
            tracing::warn!(%error, "the store could not be told that this node is gone");
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn claim_loop(self: Arc<Self>) {
        let mut queue = self.desk.store.queue_changed();
        self.desk.roster.probe().await;
        while !self.closing.is_cancelled() {
            let room = self.room();
            let takes = (room.cores_free > 0 || room.tiny_free > 0) && !self.is_drained();
            let claimed = if takes {
                self.desk.store.claim_some(&self.node.id, room, MOST_TOGETHER).await
            } else {
                Ok(Vec::new())
            };
            let none = matches!(&claimed, Ok(claimed) if claimed.is_empty());
            self.clear.store(takes && room.tiny_free > 0 && none, Ordering::Release);
            match claimed {
                Ok(claimed) if claimed.is_empty() => {}
                Ok(claimed) => {
                    for claimed in claimed {
                        self.take_on(claimed);
                    }
                    continue;
                }
                Err(error) => {
                    tracing::error!(%error, "no job could be claimed");
                    tokio::time::sleep(PAUSE).await;
                }
            }
            tokio::select! {
                () = self.closing.cancelled() => {}
                () = self.cores_freed.notified() => {}
                // The sender lives in the store that we hold.
                _ = queue.changed() => self.clear.store(false, Ordering::Release),
                // The patience of a large job runs out without an event.
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    fn take_on(self: &Arc<Self>, claimed: Claimed) {
        let id = claimed.lease.job.clone();
        let ending = Ending { closing: CancellationToken::new(), ..Ending::default() };
        let cores = if claimed.beside { 1 } else { self.room().given(claimed.stored.ticket.cores) };
        let memory_bytes = claimed.stored.ticket.demand(&TinySize::default()).memory_bytes;
        let (lease, beside) = (claimed.lease.clone(), claimed.beside);
        let written = Arc::new(AtomicBool::new(true));
        let running = Running { lease, written, cores, beside, memory_bytes, ending: ending.clone() };
        self.lock().insert(id.clone(), running);
        let wish = claimed.stored.job.wish;
        let Job { created_at, started_at, attempts, .. } = claimed.stored.job;
        let waited = started_at.filter(|_| attempts == 1).map(|started| started.seconds_since(created_at));
        self.desk.metrics.claimed(waited);
        self.conduct(id, beside, ending.clone(), attempt(self.desk.clone(), claimed, cores, ending));
        // Between the claim and now the service may have begun to close.
        if self.ending.is_cancelled() && wish.is_none() {
            for running in self.lock().values() {
                running.ending.closing.cancel();
                end(&running.ending, Wish::Keep, &self.desk.metrics);
            }
        }
    }

    /// Has an attempt's work done, and frees its place afterwards.
    fn conduct(
        self: &Arc<Self>,
        id: String,
        beside: bool,
        ending: Ending,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let scheduler = Arc::clone(self);
        self.tasks.spawn(async move {
            // On a task of its own, so that a panic there still frees the cores.
            let mut work = tokio::spawn(work);
            let mut offered = false;
            let ended = tokio::select! {
                ended = &mut work => ended,
                () = ending.over.cancelled() => {
                    offered = true;
                    scheduler.offer_place(beside);
                    work.await
                }
            };
            if let Err(error) = ended {
                tracing::error!(job = id, %error, "an attempt panicked; its lease will run out");
            }
            // An attempt that ended early leaves no race behind on cores that count as free.
            ending.stop.kill();
            let left = {
                let mut running = scheduler.lock();
                running.remove(&id);
                running.len()
            };
            // Quotas and licences count what is written.
            if !offered || left >= MOST_WRITING || scheduler.desk.store.policy().counts() {
                scheduler.offer_place(beside);
            }
        });
    }

    /// A place is free. One beside the cores that nobody waits for need not be offered.
    fn offer_place(&self, beside: bool) {
        if !(beside && self.clear.load(Ordering::Acquire)) {
            self.cores_freed.notify_one();
        }
    }

    async fn care_loop(self: Arc<Self>) {
        let mut renew = tokio::time::interval(self.renew);
        let mut wishes = self.desk.store.wishes_elsewhere();
        let mut sweep = tokio::time::interval(SWEEP);
        // Goes on while races wind down, so that their leases live as long as they do.
        while !(self.ending.is_cancelled() && self.lock().is_empty()) {
            tokio::select! {
                _ = renew.tick() => self.report().await,
                _ = wishes.changed() => self.report().await,
                _ = sweep.tick() => {
                    if let Err(error) = self.desk.store.sweep(Leases::Expired).await {
                        tracing::error!(%error, "leases could not be looked at");
                    }
                }
                () = self.ending.cancelled() => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Tells that this node is there, renews its leases, and hears what it shall do.
    async fn report(&self) {
        let node = NodeReport { cores_used: self.cores_used(), ..self.node.clone() };
        match self.desk.store.heartbeat(node).await {
            Ok(duty) => {
                let drained = duty == Duty::Drain;
                if self.drained.swap(drained, Ordering::Relaxed) != drained {
                    tracing::info!(drained, "this node was given another duty");
                    self.cores_freed.notify_one();
                }
            }
            Err(error) => tracing::error!(%error, "the store could not be told that this node is there"),
        }
        self.renew().await;
        let offer = |job: &str, values| self.offer(job, values);
        if let Err(error) = passing::take(&*self.desk.store, offer).await {
            tracing::error!(%error, "it could not be seen what points were passed on");
        }
    }

    async fn renew(&self) {
        let written = |running: &&Running| running.written.load(Ordering::Acquire);
        let leases: Vec<Lease> = self.lock().values().filter(written).map(|running| running.lease.clone()).collect();
        if leases.is_empty() {
            return;
        }
        let renewed = match self.desk.store.renew(leases.clone()).await {
            Ok(renewed) => renewed,
            Err(error) => return tracing::error!(%error, "leases could not be renewed"),
        };
        for (lease, renewed) in leases.iter().zip(renewed) {
            let ending = self.lock().get(&lease.job).filter(|r| r.lease == *lease).map(|r| r.ending.clone());
            match (ending, renewed) {
                (Some(ending), Renewed::Lost) => ending.fence(&self.desk.metrics),
                (Some(ending), Renewed::Held { wish: Some(wish) }) => end(&ending, wish, &self.desk.metrics),
                _ => {}
            }
        }
    }
}

/// Ends a race: asks first, and kills what has not ended after the grace period; what is discarded gets no time to
/// finish anything.
fn end(ending: &Ending, wish: Wish, metrics: &Arc<Metrics>) {
    if wish == Wish::Discard {
        if !ending.stop.is_killed() {
            metrics.killed(Kill::Asked);
        }
        return ending.stop.kill();
    }
    if ending.stop.is_stopped() {
        return;
    }
    ending.stop.stop();
    let stop = ending.stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(GRACE).await;
        stop.kill();
    });
}
