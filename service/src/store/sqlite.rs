//! SQLite: one file, one writer. Every write goes through the [`writer`](super::writer), which commits many at once;
//! reads have connections of their own and never wait for it (WAL). `synchronous=FULL`: what is committed survives
//! a power cut.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Row};
use tokio::sync::{mpsc, oneshot, watch};

use super::writer::{self, Command};
use super::{
    Body, Claimed, Cores, Counts, Filter, Lease, Leases, NewJob, Renewed, Store, StoreError, Stored, StoredEvent,
    Submitted,
};
use crate::blobs::Blobs;
use crate::jobs::{Cause, Job, Rules, Wish};

/// Writes that may wait for the writer; more wait at their caller.
const MOST_PENDING: usize = 1024;
const READERS: u32 = 4;

/// Who waits for what.
#[derive(Default)]
pub(super) struct Watchers {
    jobs: Mutex<HashMap<String, watch::Sender<u64>>>,
    queue: watch::Sender<u64>,
}

impl Watchers {
    /// A job has events up to `last`.
    pub(super) fn changed(&self, job: &str, last: u64) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = jobs.get(job) {
            if sender.receiver_count() == 0 {
                jobs.remove(job);
            } else {
                sender.send_replace(last);
            }
        }
    }

    /// A job may be waiting.
    pub(super) fn queue(&self) {
        self.queue.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn watch(&self, job: &str) -> watch::Receiver<u64> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        // Watchers that left are forgotten when many have come.
        if jobs.len() >= 1024 {
            jobs.retain(|_, sender| sender.receiver_count() > 0);
        }
        jobs.entry(job.into()).or_default().subscribe()
    }
}

/// The embedded store.
pub struct SqliteStore {
    writes: mpsc::Sender<Command>,
    reads: SqlitePool,
    blobs: Blobs,
    watchers: Arc<Watchers>,
}

impl SqliteStore {
    /// Opens (or makes) a database file, brings its schema up to date and starts its writer.
    ///
    /// # Errors
    /// When the file cannot be opened, is damaged, or is of a later version.
    pub async fn open(file: &Path, blobs: Blobs, rules: Rules) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(std::time::Duration::from_secs(10))
            .disable_statement_logging();
        let mut connection = options.connect().await?;
        super::schema::migrate(&mut connection).await?;
        let reads = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(1)
            .connect_with(options.pragma("query_only", "1"))
            .await?;
        let watchers = Arc::new(Watchers::default());
        let (writes, receiver) = mpsc::channel(MOST_PENDING);
        tokio::spawn(writer::run(connection, receiver, Arc::clone(&watchers), blobs.clone(), rules));
        Ok(Self { writes, reads, blobs, watchers })
    }

    async fn write<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.writes.send(command(reply)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

/// Reads a row of `ticket, job`.
pub(super) fn stored(id: &str, row: &SqliteRow) -> Result<Stored, StoreError> {
    let unreadable =
        |error: serde_json::Error| StoreError::Unreadable { what: format!("job {id}"), error: error.to_string() };
    let ticket = serde_json::from_str(row.try_get("ticket")?).map_err(unreadable)?;
    let job = serde_json::from_str(row.try_get("job")?).map_err(unreadable)?;
    Ok(Stored { ticket, job })
}

impl Store for SqliteStore {
    async fn submit(&self, new: NewJob) -> Result<Submitted, StoreError> {
        self.write(|reply| Command::Submit(Box::new(new), reply)).await
    }

    async fn claim(&self, node: &str, cores: Cores) -> Result<Option<Claimed>, StoreError> {
        self.write(|reply| Command::Claim { node: node.into(), cores, reply }).await
    }

    async fn renew(&self, leases: Vec<Lease>) -> Result<Vec<Renewed>, StoreError> {
        self.write(|reply| Command::Renew(leases, reply)).await
    }

    async fn advance(&self, lease: &Lease, causes: Vec<Cause>, bodies: Vec<Body>) -> Result<Job, StoreError> {
        self.write(|reply| Command::Advance { lease: lease.clone(), causes, bodies, reply }).await
    }

    async fn signal(&self, job: &str, wish: Wish) -> Result<Stored, StoreError> {
        self.write(|reply| Command::Signal { job: job.into(), wish, reply }).await
    }

    async fn sweep(&self, leases: Leases) -> Result<Vec<String>, StoreError> {
        self.write(|reply| Command::Sweep(leases, reply)).await
    }

    async fn job(&self, id: &str) -> Result<Stored, StoreError> {
        let row =
            sqlx::query("SELECT ticket, job FROM jobs WHERE id = $1").bind(id).fetch_optional(&self.reads).await?;
        stored(id, &row.ok_or_else(|| StoreError::NoJob(id.into()))?)
    }

    async fn list(&self, filter: Filter, limit: u32) -> Result<Vec<Stored>, StoreError> {
        let states: Vec<&str> = filter.states.iter().map(|state| state.name()).collect();
        // One statement for every filter: an empty list of states, no tag, cursor or project let everything pass.
        let rows = sqlx::query(
            "SELECT id, ticket, job FROM jobs
             WHERE ($1 = '[]' OR state IN (SELECT value FROM json_each($1)))
               AND ($2 IS NULL OR id IN (SELECT job_id FROM tags WHERE tag = $2))
               AND ($3 IS NULL OR id < $3)
               AND ($4 IS NULL OR project = $4)
             ORDER BY id DESC LIMIT $5",
        )
        .bind(serde_json::json!(states).to_string())
        .bind(filter.tag)
        .bind(filter.before)
        .bind(filter.project)
        .bind(i64::from(limit))
        .fetch_all(&self.reads)
        .await?;
        rows.iter().map(|row| stored(row.try_get("id")?, row)).collect()
    }

    async fn position(&self, id: &str) -> Result<u64, StoreError> {
        let query = sqlx::query("SELECT COUNT(*) FROM jobs WHERE state = 'queued' AND id < $1").bind(id);
        Ok(query.fetch_one(&self.reads).await?.try_get::<i64, _>(0)? as u64)
    }

    async fn events(
        &self,
        job: &str,
        after: u64,
        kind: Option<&'static str>,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let rows = sqlx::query(
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
                let id = row.try_get::<i64, _>("id")? as u64;
                Ok(StoredEvent { id, kind: row.try_get("kind")?, json: row.try_get("body")? })
            })
            .collect()
    }

    async fn body(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("SELECT bytes FROM bodies WHERE key = $1").bind(key).fetch_optional(&self.reads).await?;
        if let Some(row) = row {
            return Ok(Some(row.try_get("bytes")?));
        }
        let (blobs, key) = (self.blobs.clone(), key.to_owned());
        let read = tokio::task::spawn_blocking(move || blobs.read(&key)).await;
        Ok(read.map_err(|_| StoreError::Closed)??)
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        let rows = sqlx::query("SELECT state, COUNT(*) FROM jobs GROUP BY state").fetch_all(&self.reads).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<i64, _>(1)? as u64))).collect()
    }

    fn watch(&self, job: &str) -> watch::Receiver<u64> {
        self.watchers.watch(job)
    }

    fn queue_changed(&self) -> watch::Receiver<u64> {
        self.watchers.queue.subscribe()
    }
}
