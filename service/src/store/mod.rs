//! Where jobs live: the log of events is the truth, the job row its projection, both written in one transaction a
//! transition. A claim is a lease with a fencing token; what an older holder says is refused.
//!
//! [`Store`] is the seam; the suite in `tests/store.rs` is what an implementation has to pass.

mod claims;
mod database;
mod deliveries;
mod documents;
mod faults;
mod listener;
mod nodes;
mod retention;
mod schema;
mod session;
mod sql;
mod together;
mod waiting;
mod watchers;
mod writer;
mod writes;

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

use crate::fairness::Room;
use crate::jobs::{Cause, Job, Refused, Ticket, Wish};
use crate::time::Timestamp;
use crate::webhooks::{Delivery, Subscriber};

pub use database::Database;
pub use documents::{Document, Kind};
pub use faults::Faults;
pub use sql::{Bodies, Setup, SqlStore};

/// Seconds that an idempotency key is remembered.
pub const IDEMPOTENCY_SECONDS: f64 = 24.0 * 3600.0;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed: a full disk, say.
    #[error("the job store failed: {0}")]
    Database(#[from] sqlx::Error),
    /// What was given is no address of a database.
    #[error("no job store can be there: {0}; give a server's address (postgres://user@host/database)")]
    Address(String),
    /// The bodies are another store's, or gone.
    #[error(
        "the bodies in {0} are not those of this job store: models and results would be missing; name its own with \
         --blobs, which all who share a store have in common"
    )]
    OtherBodies(String),
    /// A stored row does not read: another version wrote it, or the file is damaged.
    #[error("the job store holds what cannot be read ({what}): {error}")]
    Unreadable {
        /// Which row.
        what: String,
        /// What is wrong with it.
        error: String,
    },
    /// The database is of a later version of Farkas.
    #[error("the job store is of schema {found}, this Farkas knows up to {known}: use the newer version")]
    TooNew {
        /// What the database says.
        found: i64,
        /// What this program knows.
        known: i64,
    },
    /// A body could not be written or read.
    #[error(transparent)]
    Blob(#[from] crate::blobs::BlobError),
    /// There is no such node.
    #[error("there is no node {0}")]
    NoNode(String),
    /// There is no such job.
    #[error("there is no job {0}")]
    NoJob(String),
    /// The lease is lost: the job went on without its holder.
    #[error("the lease on job {job} is lost: epoch {held} was followed by {now}")]
    Fenced {
        /// Which job.
        job: String,
        /// The holder's epoch.
        held: u64,
        /// The job's.
        now: u64,
    },
    /// The job's rules do not allow it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The transaction failed; nothing of it was written.
    #[error("the job store failed: {0}")]
    Failed(String),
    /// No answer came.
    #[error("the job store did not answer: its transaction failed, or it is being closed")]
    Closed,
}

/// A body small enough to travel in a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Its key.
    pub key: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// An idempotency key, its project's own, and a digest of everything that the request said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The client's key.
    pub key: String,
    /// SHA-256 of the request, in hexadecimal.
    pub digest: String,
}

/// A job to be accepted.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// What was ordered.
    pub ticket: Ticket,
    /// Bodies to store with it.
    pub bodies: Vec<Body>,
    /// What its model's reader had to say: codes and sentences.
    pub warnings: Vec<(String, String)>,
    /// The client's key, if it gave one.
    pub idempotency: Option<Idempotency>,
    /// How many jobs may wait at most.
    pub most_queued: u64,
    /// Of these, those of the same [holder](Ticket::holder).
    pub most_queued_of_holder: u64,
}

/// A job as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// What was ordered.
    pub ticket: Ticket,
    /// Where it stands.
    pub job: Job,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq)]
pub enum Submitted {
    /// Accepted, and durable.
    New(Stored),
    /// The same request was accepted before.
    Same(Stored),
    /// The key was used for another request.
    KeyReused,
    /// Too many jobs wait.
    QueueFull {
        /// How many.
        queued: u64,
    },
    /// Too many of its holder's wait.
    ShareFull {
        /// How many.
        queued: u64,
    },
}

/// Jobs that belong together, a batch say.
#[derive(Debug, Clone)]
pub struct Together {
    /// What names them.
    pub document: Option<Document>,
    /// What they share.
    pub bodies: Vec<Body>,
    /// The jobs: of one holder, under the same limits, and without idempotency keys of their own.
    pub jobs: Vec<NewJob>,
}

/// What became of jobs that belong together.
#[derive(Debug, Clone, PartialEq)]
pub enum SubmittedTogether {
    /// All are accepted, and durable.
    New(Vec<Stored>),
    /// There is no room for all of them, and none is accepted.
    QueueFull {
        /// How many wait.
        queued: u64,
    },
    /// Their holder has no room for all of them, and none is accepted.
    ShareFull {
        /// How many of the holder's wait.
        queued: u64,
    },
}

/// The right to work on a job, until somebody else claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Which job.
    pub job: String,
    /// Fencing token.
    pub epoch: u64,
}

/// A claimed job.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The job, starting.
    pub stored: Stored,
    /// The right to work on it.
    pub lease: Lease,
    /// Whether it runs beside the jobs that hold the cores.
    pub beside: bool,
}

/// What a lease's holder learns when it renews.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewed {
    /// It goes on; a user may have asked to end the job.
    Held {
        /// What was asked.
        wish: Option<Wish>,
    },
    /// It is lost; stop at once.
    Lost,
}

/// Which leases a sweep takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leases {
    /// Those that ran out.
    Expired,
    /// All: this is the only node, and has just started, so whoever held them is dead.
    All,
}

/// Which jobs a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this project's; `None` means all.
    pub project: Option<String>,
    /// States; empty means all.
    pub states: Vec<farkas_api_types::JobState>,
    /// Only jobs with this tag.
    pub tag: Option<String>,
    /// Only jobs older than this id.
    pub before: Option<String>,
}

/// An event as it is stored: its JSON is sent as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its number.
    pub id: u64,
    /// `state`, `incumbent`, …
    pub kind: String,
    /// A `JobEvent` as JSON.
    pub json: String,
}

/// What a node tells about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeReport {
    /// Its id.
    pub id: String,
    /// Host and process, for people.
    pub name: String,
    /// Farkas' version.
    pub version: String,
    /// Cores for jobs.
    pub cores: u32,
    /// Those that jobs hold.
    pub cores_used: u32,
}

/// A node as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRecord {
    /// What it told last.
    pub report: NodeReport,
    /// When it told it first.
    pub started_at: Timestamp,
    /// When it told it last.
    pub seen_at: Timestamp,
    /// Whether it was heard of within a lease.
    pub alive: bool,
    /// What it shall do.
    pub duty: Duty,
}

/// What a node shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Take jobs.
    Work,
    /// Take no more.
    Drain,
}

/// What is done with jobs that ended long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// They are counted.
    Look,
    /// They are forgotten.
    Forget,
}

/// A page of jobs that ended long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// How many of the page.
    pub jobs: u64,
    /// The page's last job, if there may be more after it.
    pub next: Option<String>,
}

/// How many jobs wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queued {
    /// Of everybody.
    pub in_all: u64,
    /// Of one holder.
    pub of_holder: u64,
}

/// How many jobs are in each state, and other figures for `/metrics`.
pub type Counts = Vec<(String, u64)>;

/// What every store does. All times are the store's own clock.
pub trait Store: Send + Sync {
    /// Accepts a job: ticket, first event and idempotency key in one transaction.
    fn submit(&self, new: NewJob) -> impl Future<Output = Result<Submitted, StoreError>> + Send;

    /// Accepts jobs that belong together: all of them, with what names them, in one transaction, or none.
    fn submit_together(&self, together: Together)
    -> impl Future<Output = Result<SubmittedTogether, StoreError>> + Send;

    /// Accepts a job that a node has begun already: as [`submit`](Self::submit), and claimed by that node and taken through
    /// causes with the bodies they name, all in one transaction. It never waits, so it counts for no queue.
    fn begin(
        &self,
        new: NewJob,
        node: &str,
        causes: Vec<Cause>,
        bodies: Vec<Body>,
    ) -> impl Future<Output = Result<Submitted, StoreError>> + Send;

    /// Claims jobs one after another, each the one that is next by the rules of [`fairness`](crate::fairness) in the room that
    /// those before leave, with a new epoch.
    fn claim_some(
        &self,
        node: &str,
        room: Room,
        most: usize,
    ) -> impl Future<Output = Result<Vec<Claimed>, StoreError>> + Send;

    /// Claims the job that is next.
    fn claim(&self, node: &str, room: Room) -> impl Future<Output = Result<Option<Claimed>, StoreError>> + Send {
        async move { Ok(self.claim_some(node, room, 1).await?.pop()) }
    }

    /// Renews leases; the answer has one entry a lease, in order.
    fn renew(&self, leases: Vec<Lease>) -> impl Future<Output = Result<Vec<Renewed>, StoreError>> + Send;

    /// Takes a job through causes, all in one transaction with the bodies they name.
    ///
    /// `Fenced` when the lease is lost: nothing was written then.
    fn advance(
        &self,
        lease: &Lease,
        causes: Vec<Cause>,
        bodies: Vec<Body>,
    ) -> impl Future<Output = Result<Job, StoreError>> + Send;

    /// A user's wish; needs no lease.
    fn signal(&self, job: &str, wish: Wish) -> impl Future<Output = Result<Stored, StoreError>> + Send;

    /// Takes back leases, expires what waited too long, forgets old idempotency keys. Answers which jobs changed.
    fn sweep(&self, leases: Leases) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// One job.
    fn job(&self, id: &str) -> impl Future<Output = Result<Stored, StoreError>> + Send;

    /// Jobs, newest first.
    fn list(&self, filter: Filter, limit: u32) -> impl Future<Output = Result<Vec<Stored>, StoreError>> + Send;

    /// How many jobs wait, and of these how many of a [holder](Ticket::holder).
    fn queued(&self, holder: &str) -> impl Future<Output = Result<Queued, StoreError>> + Send;

    /// How many jobs are before this one in the queue.
    fn position(&self, id: &str) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Events after a number, oldest first; of one kind, if one is named.
    fn events(
        &self,
        job: &str,
        after: u64,
        kind: Option<&'static str>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<StoredEvent>, StoreError>> + Send;

    /// A stored body; `None` when it is not there (any more).
    fn body(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// Keeps a document, in place of one of the same kind, project and id if there is one, and bodies with it.
    fn put(&self, document: Document, bodies: Vec<Body>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// One document.
    fn document(
        &self,
        kind: Kind,
        project: &str,
        id: &str,
    ) -> impl Future<Output = Result<Option<Document>, StoreError>> + Send;

    /// The document that has this other name.
    fn found(&self, kind: Kind, name: &str) -> impl Future<Output = Result<Option<Document>, StoreError>> + Send;

    /// Documents of a project or of all, by falling id, those before `before`.
    fn documents(
        &self,
        kind: Kind,
        project: Option<&str>,
        before: Option<&str>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Document>, StoreError>> + Send;

    /// Removes a document; false where there is none.
    fn remove(&self, kind: Kind, project: &str, id: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Which webhooks are to be told something now, by their ids.
    fn due_for(&self) -> impl Future<Output = Result<Vec<Subscriber>, StoreError>> + Send;

    /// Takes what webhooks are to be told now, of each so many at most, the oldest first; it is due again unless it is struck out
    /// or put off.
    fn due(&self, shares: Vec<(String, usize)>) -> impl Future<Output = Result<Vec<Delivery>, StoreError>> + Send;

    /// Strikes out what a webhook heard.
    fn heard(&self, delivery: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Puts off what a webhook did not hear.
    fn not_heard(
        &self,
        delivery: &str,
        attempts: u32,
        seconds: f64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// How many jobs are in each state.
    fn counts(&self) -> impl Future<Output = Result<Counts, StoreError>> + Send;

    /// Forgets jobs that ended so long ago, with their history and what only they name: of so many after `after`.
    fn forget(
        &self,
        ended_before: Duration,
        after: &str,
        most: u32,
        extent: Extent,
    ) -> impl Future<Output = Result<Forgotten, StoreError>> + Send;

    /// A node tells that it is there, and hears what it shall do.
    fn heartbeat(&self, node: NodeReport) -> impl Future<Output = Result<Duty, StoreError>> + Send;

    /// A node is gone, in order.
    fn leave(&self, node: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Gives a node its duty.
    fn assign(&self, node: &str, duty: Duty) -> impl Future<Output = Result<NodeRecord, StoreError>> + Send;

    /// The nodes, oldest first.
    fn nodes(&self) -> impl Future<Output = Result<Vec<NodeRecord>, StoreError>> + Send;

    /// Wakes when the job has a new event; holds the number of its newest known one.
    fn watch(&self, job: &str) -> watch::Receiver<u64>;

    /// Wakes when a job may be waiting.
    fn queue_changed(&self) -> watch::Receiver<u64>;

    /// Wakes when a user's wish was taken by another node that shares the store.
    fn wishes_elsewhere(&self) -> watch::Receiver<u64>;
}
