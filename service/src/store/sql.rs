//! The store in SQL, the same for SQLite and PostgreSQL. Every write goes through the [`writer`](super::writer), which
//! commits many at once; reads have connections of their own and never wait for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use sqlx::AnyPool;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::AbortOnDropHandle;

use super::claims::Known;
use super::database::Database;
use super::session::{Row, query};
use super::waiting::Counted;
use super::watchers::Watchers;
use super::writer::{self, Command, Writer};
use super::writes::Write;
use super::{
    Body, Claimed, Counts, Document, Duty, Extent, Faults, Filter, Forgotten, Kind, Lease, Leases, NewJob, NodeRecord,
    NodeReport, Queued, Renewed, Store, StoreError, Stored, StoredEvent, Submitted, SubmittedTogether, Together,
    deliveries, documents, waiting,
};
use crate::blobs::Blobs;
use crate::fairness::{Policy, Room};
use crate::jobs::{Cause, Job, Rules, Wish};
use crate::metrics::Metrics;
use crate::time::Timestamp;
use crate::webhooks::{Delivery, Subscriber};

/// Writes that may wait for the writer; more wait at their caller.
const MOST_PENDING: usize = 1024;

/// What a store may be told beside its place.
pub struct Setup {
    /// Whether bodies are read and written.
    pub bodies: Bodies,
    /// Who is next.
    pub policy: Arc<Policy>,
    /// Where its answers are timed.
    pub metrics: Arc<Metrics>,
    /// Where its writer dies, in tests.
    pub faults: Faults,
}

impl Default for Setup {
    fn default() -> Self {
        Self { bodies: Bodies::Used, policy: Arc::default(), metrics: Arc::default(), faults: Faults::none() }
    }
}

/// What a store has to do with bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    /// They belong to it: those of another store are refused.
    Used,
    /// Nothing: somebody else's are where they are.
    LeftAlone,
}

/// Jobs in a database.
pub struct SqlStore {
    writes: mpsc::Sender<Box<dyn Command>>,
    reads: AnyPool,
    blobs: Blobs,
    watchers: Arc<Watchers>,
    metrics: Arc<Metrics>,
    policy: Arc<Policy>,
    /// Listens for the other nodes' news while the store is there.
    _listener: Option<AbortOnDropHandle<()>>,
}

impl SqlStore {
    /// Opens a database, brings its schema up to date and starts its writer.
    ///
    /// # Errors
    /// When it cannot be reached, is damaged, or is of a later version.
    pub async fn open(database: Database, blobs: Blobs, rules: Rules) -> Result<Self, StoreError> {
        Self::open_to_fail(database, blobs, rules, Faults::none()).await
    }

    /// The same, with places where its writer dies, as its process would: for tests.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_to_fail(
        database: Database,
        blobs: Blobs,
        rules: Rules,
        faults: Faults,
    ) -> Result<Self, StoreError> {
        Self::open_with(database, blobs, rules, Setup { faults, ..Setup::default() }).await
    }

    /// The same, with a say in all that it can be told.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with(database: Database, blobs: Blobs, rules: Rules, setup: Setup) -> Result<Self, StoreError> {
        let node = uuid::Uuid::now_v7().to_string();
        let watchers = Arc::new(Watchers::default());
        let listener = database.shared_at().map(|url| {
            let listen = super::listener::listen(url, node.clone(), Arc::clone(&watchers));
            AbortOnDropHandle::new(tokio::spawn(listen))
        });
        let Setup { bodies, policy, metrics, faults } = setup;
        let writer = Writer {
            database: database.clone(),
            connection: None,
            node,
            batch: 0,
            watchers: Arc::clone(&watchers),
            blobs: blobs.clone(),
            rules,
            policy: Arc::clone(&policy),
            faults,
            known: Known::default(),
            counted: Counted::default(),
        };
        let (writes, receiver) = mpsc::channel(MOST_PENDING);
        let (opened, open) = oneshot::channel();
        database.host(writer.run(bodies, opened, receiver))?;
        open.await.map_err(|_| StoreError::Closed)??;
        let reads = database.readers().await?;
        Ok(Self { writes, reads, blobs, watchers, metrics, policy, _listener: listener })
    }

    /// Who is next.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Has something done in a transaction. It may be done several times before one of them is committed.
    async fn write<T, F>(&self, operation: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> FnMut(&'a mut Write) -> BoxFuture<'a, Result<T, StoreError>> + Send + 'static,
    {
        let began = Instant::now();
        let (command, answer) = writer::command(work);
        self.writes.send(command).await.map_err(|_| StoreError::Closed)?;
        let answer = answer.await.map_err(|_| StoreError::Closed)?;
        let failed = matches!(answer, Err(StoreError::Failed(_) | StoreError::Database(_)));
        self.metrics.stored(operation, began.elapsed(), failed);
        answer
    }
}

/// Reads a row of `ticket, job`.
pub(super) fn stored(id: &str, row: &Row) -> Result<Stored, StoreError> {
    let unreadable =
        |error: serde_json::Error| StoreError::Unreadable { what: format!("job {id}"), error: error.to_string() };
    let ticket = serde_json::from_str(row.try_get("ticket")?).map_err(unreadable)?;
    let job = serde_json::from_str(row.try_get("job")?).map_err(unreadable)?;
    Ok(Stored { ticket, job })
}

impl Store for SqlStore {
    async fn submit(&self, new: NewJob) -> Result<Submitted, StoreError> {
        let new = Arc::new(new);
        self.write("submit", move |write| {
            let new = Arc::clone(&new);
            Box::pin(async move { write.submit(&new).await })
        })
        .await
    }

    async fn submit_together(&self, together: Together) -> Result<SubmittedTogether, StoreError> {
        let together = Arc::new(together);
        self.write("submit_together", move |write| {
            let together = Arc::clone(&together);
            Box::pin(async move { write.submit_together(&together).await })
        })
        .await
    }

    async fn begin(
        &self,
        new: NewJob,
        node: &str,
        causes: Vec<Cause>,
        bodies: Vec<Body>,
    ) -> Result<Submitted, StoreError> {
        let all = Arc::new((new, node.to_owned(), causes, bodies));
        self.write("begin", move |write| {
            let all = Arc::clone(&all);
            Box::pin(async move { write.begin_job(&all.0, &all.1, all.2.clone(), &all.3).await })
        })
        .await
    }

    async fn claim_some(&self, node: &str, room: Room, most: usize) -> Result<Vec<Claimed>, StoreError> {
        let node: Arc<str> = node.into();
        self.write("claim", move |write| {
            let node = Arc::clone(&node);
            Box::pin(async move { write.claim(&node, room, most).await })
        })
        .await
    }

    async fn renew(&self, leases: Vec<Lease>) -> Result<Vec<Renewed>, StoreError> {
        let leases: Arc<[Lease]> = leases.into();
        self.write("renew", move |write| {
            let leases = Arc::clone(&leases);
            Box::pin(async move { write.renew(&leases).await })
        })
        .await
    }

    async fn advance(&self, lease: &Lease, causes: Vec<Cause>, bodies: Vec<Body>) -> Result<Job, StoreError> {
        let all = Arc::new((lease.clone(), causes, bodies));
        self.write("advance", move |write| {
            let all = Arc::clone(&all);
            Box::pin(async move { write.advance(&all.0, all.1.clone(), &all.2).await })
        })
        .await
    }

    async fn signal(&self, job: &str, wish: Wish) -> Result<Stored, StoreError> {
        let job: Arc<str> = job.into();
        self.write("signal", move |write| {
            let job = Arc::clone(&job);
            Box::pin(async move { write.signal(&job, wish).await })
        })
        .await
    }

    async fn sweep(&self, leases: Leases) -> Result<Vec<String>, StoreError> {
        self.write("sweep", move |write| Box::pin(write.sweep(leases))).await
    }

    async fn forget(
        &self,
        ended_before: Duration,
        after: &str,
        most: u32,
        extent: Extent,
    ) -> Result<Forgotten, StoreError> {
        let after: Arc<str> = after.into();
        self.write("forget", move |write| {
            let after = Arc::clone(&after);
            Box::pin(async move { write.forget(ended_before, &after, most, extent).await })
        })
        .await
    }

    async fn heartbeat(&self, node: NodeReport) -> Result<Duty, StoreError> {
        let node = Arc::new(node);
        self.write("heartbeat", move |write| {
            let node = Arc::clone(&node);
            Box::pin(async move { write.heartbeat(&node).await })
        })
        .await
    }

    async fn leave(&self, node: &str) -> Result<(), StoreError> {
        let node: Arc<str> = node.into();
        self.write("leave", move |write| {
            let node = Arc::clone(&node);
            Box::pin(async move { write.leave(&node).await })
        })
        .await
    }

    async fn assign(&self, node: &str, duty: Duty) -> Result<NodeRecord, StoreError> {
        let node: Arc<str> = node.into();
        self.write("assign", move |write| {
            let node = Arc::clone(&node);
            Box::pin(async move { write.assign(&node, duty).await })
        })
        .await
    }

    async fn nodes(&self) -> Result<Vec<NodeRecord>, StoreError> {
        // By the writer, which knows the store's clock.
        self.write("nodes", |write| Box::pin(write.nodes())).await
    }

    async fn job(&self, id: &str) -> Result<Stored, StoreError> {
        let row = query("SELECT ticket, job FROM jobs WHERE id = $1").bind(id).fetch_optional(&self.reads).await?;
        stored(id, &row.ok_or_else(|| StoreError::NoJob(id.into()))?)
    }

    async fn list(&self, filter: Filter, limit: u32) -> Result<Vec<Stored>, StoreError> {
        // The names are our own, so they may stand in the statement.
        let states: Vec<String> = filter.states.iter().map(|state| format!("'{}'", state.name())).collect();
        let states = if states.is_empty() { String::new() } else { format!("AND state IN ({})", states.join(", ")) };
        // No tag, cursor or project lets everything pass.
        let sql = format!(
            "SELECT id, ticket, job FROM jobs
             WHERE ($1 IS NULL OR id IN (SELECT job_id FROM tags WHERE tag = $1))
               AND ($2 IS NULL OR id < $2)
               AND ($3 IS NULL OR project = $3) {states}
             ORDER BY id DESC LIMIT $4"
        );
        let rows = query(&sql)
            .bind(filter.tag)
            .bind(filter.before)
            .bind(filter.project)
            .bind(i64::from(limit))
            .fetch_all(&self.reads)
            .await?;
        rows.iter().map(|row| stored(row.try_get("id")?, row)).collect()
    }

    async fn queued(&self, holder: &str) -> Result<Queued, StoreError> {
        waiting::read(&self.reads, holder).await
    }

    async fn position(&self, id: &str) -> Result<u64, StoreError> {
        let query = query("SELECT COUNT(*) FROM jobs WHERE state = 'queued' AND id < $1").bind(id);
        Ok(query.fetch_one(&self.reads).await?.try_get::<i64>(0)? as u64)
    }

    async fn events(
        &self,
        job: &str,
        after: u64,
        kind: Option<&'static str>,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let rows = query(
            "SELECT id, kind, body FROM events
             WHERE job_id = $1 AND id > $2 AND ($3 IS NULL OR kind = $3) ORDER BY id LIMIT $4",
        )
        .bind(job)
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .bind(kind)
        .bind(i64::from(limit))
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                let id = row.try_get::<i64>("id")? as u64;
                Ok(StoredEvent { id, kind: row.try_get("kind")?, json: row.try_get("body")? })
            })
            .collect()
    }

    async fn body(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = query("SELECT bytes FROM bodies WHERE key = $1").bind(key).fetch_optional(&self.reads).await?;
        if let Some(row) = row {
            return Ok(Some(row.try_get("bytes")?));
        }
        Ok(self.blobs.read(key).await?)
    }

    async fn put(&self, document: Document, bodies: Vec<Body>) -> Result<(), StoreError> {
        let both = Arc::new((document, bodies));
        self.write("put", move |write| {
            let both = Arc::clone(&both);
            Box::pin(async move {
                write.put_bodies(both.1.iter()).await?;
                write.put_document(&both.0).await
            })
        })
        .await
    }

    async fn document(&self, kind: Kind, project: &str, id: &str) -> Result<Option<Document>, StoreError> {
        documents::read(&self.reads, kind, project, id).await
    }

    async fn found(&self, kind: Kind, name: &str) -> Result<Option<Document>, StoreError> {
        documents::find(&self.reads, kind, name).await
    }

    async fn documents(
        &self,
        kind: Kind,
        project: Option<&str>,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Document>, StoreError> {
        documents::list(&self.reads, kind, project, before, limit).await
    }

    async fn remove(&self, kind: Kind, project: &str, id: &str) -> Result<bool, StoreError> {
        let (project, id): (Arc<str>, Arc<str>) = (project.into(), id.into());
        self.write("remove", move |write| {
            let (project, id) = (Arc::clone(&project), Arc::clone(&id));
            Box::pin(async move { write.remove_document(kind, &project, &id).await })
        })
        .await
    }

    async fn due_for(&self) -> Result<Vec<Subscriber>, StoreError> {
        deliveries::due_for(&self.reads, Timestamp::now()).await
    }

    async fn due(&self, shares: Vec<(String, usize)>) -> Result<Vec<Delivery>, StoreError> {
        let shares: Arc<[(String, usize)]> = shares.into();
        self.write("due", move |write| {
            let shares = Arc::clone(&shares);
            Box::pin(async move { write.take_due(&shares).await })
        })
        .await
    }

    async fn heard(&self, delivery: &str) -> Result<(), StoreError> {
        let id: Arc<str> = delivery.into();
        self.write("heard", move |write| {
            let id = Arc::clone(&id);
            Box::pin(async move { write.strike_out(&id).await })
        })
        .await
    }

    async fn not_heard(&self, delivery: &str, attempts: u32, seconds: f64) -> Result<(), StoreError> {
        let id: Arc<str> = delivery.into();
        self.write("not_heard", move |write| {
            let id = Arc::clone(&id);
            Box::pin(async move { write.put_off(&id, attempts, seconds).await })
        })
        .await
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        let rows = query("SELECT state, COUNT(*) FROM jobs GROUP BY state").fetch_all(&self.reads).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<i64>(1)? as u64))).collect()
    }

    fn watch(&self, job: &str) -> watch::Receiver<u64> {
        self.watchers.watch(job)
    }

    fn queue_changed(&self) -> watch::Receiver<u64> {
        self.watchers.watch_queue()
    }
    fn wishes_elsewhere(&self) -> watch::Receiver<u64> {
        self.watchers.watch_wishes()
    }
}
