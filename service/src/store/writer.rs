//! The one writer of the SQLite store: takes what waits, runs it in one transaction, commits, and only then answers. One
//! fsync serves all who waited (group commit). A command looks before it writes, so one that is refused has written
//! nothing; a database that fails fails everybody in the transaction, and nothing of it remains.

use std::sync::Arc;

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use super::sqlite::{Watchers, stored};
use super::{
    Body, Claimed, Cores, IDEMPOTENCY_SECONDS, LEASE_SECONDS, Lease, Leases, NewJob, Renewed, StoreError, Stored,
    Submitted,
};
use crate::blobs::Blobs;
use crate::jobs::{self, Cause, Effect, Job, Rules, Ticket, Transition, Wish};
use crate::time::Timestamp;

/// Most commands of one transaction.
const MOST_TOGETHER: usize = 128;
/// Waiting jobs that a claim looks at, from the oldest.
const CLAIM_WINDOW: i64 = 64;
/// Jobs that one sweep changes.
const SWEEP_WINDOW: i64 = 1000;
/// How long the oldest waiting job lets smaller ones pass that fit where it does not.
const PATIENCE_SECONDS: f64 = 10.0;

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// A write.
pub(super) enum Command {
    Submit(Box<NewJob>, Reply<Submitted>),
    Claim { node: String, cores: Cores, reply: Reply<Option<Claimed>> },
    Renew(Vec<Lease>, Reply<Vec<Renewed>>),
    Advance { lease: Lease, causes: Vec<Cause>, bodies: Vec<Body>, reply: Reply<Job> },
    Signal { job: String, wish: Wish, reply: Reply<Stored> },
    Sweep(Leases, Reply<Vec<String>>),
}

/// What a transaction has to tell once it is committed.
#[derive(Default)]
struct Told {
    jobs: Vec<(String, u64)>,
    queue: bool,
    drops: Vec<String>,
}

/// A reply that waits for the commit: it is given whether the commit failed.
type Deferred = Box<dyn FnOnce(Option<&str>) + Send>;

/// Writes until every sender is gone.
pub(super) async fn run(
    mut connection: SqliteConnection,
    mut commands: mpsc::Receiver<Command>,
    watchers: Arc<Watchers>,
    blobs: Blobs,
    rules: Rules,
) {
    let mut batch = Vec::with_capacity(MOST_TOGETHER);
    while commands.recv_many(&mut batch, MOST_TOGETHER).await > 0 {
        let mut replies: Vec<Deferred> = Vec::with_capacity(batch.len());
        let mut told = Told::default();
        let committed = transaction(&mut connection, &mut batch, &rules, &mut replies, &mut told).await;
        let failure = committed.err().map(|error| {
            tracing::error!(%error, "the job store's transaction failed");
            error.to_string()
        });
        batch.clear();
        for reply in replies {
            reply(failure.as_deref());
        }
        if failure.is_none() {
            for (job, last) in told.jobs {
                watchers.changed(&job, last);
            }
            if told.queue {
                watchers.queue();
            }
            drop_bodies(&blobs, told.drops).await;
        }
    }
}

/// Files go after the commit that no longer names them; one that stays behind costs space and nothing else.
async fn drop_bodies(blobs: &Blobs, keys: Vec<String>) {
    if keys.is_empty() {
        return;
    }
    let blobs = blobs.clone();
    let removed = tokio::task::spawn_blocking(move || {
        for key in keys {
            if let Err(error) = blobs.remove(&key) {
                tracing::warn!(%error, "a body that is no longer needed stays behind");
            }
        }
    });
    let _ = removed.await;
}

async fn transaction(
    connection: &mut SqliteConnection,
    batch: &mut Vec<Command>,
    rules: &Rules,
    replies: &mut Vec<Deferred>,
    told: &mut Told,
) -> Result<(), sqlx::Error> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    let mut write = Write { connection: &mut *connection, rules, now: Timestamp::now(), told };
    let mut failed = None;
    for command in batch.drain(..) {
        failed = match command {
            Command::Submit(new, reply) => defer(write.submit(*new).await, reply, replies),
            Command::Claim { node, cores, reply } => defer(write.claim(&node, cores).await, reply, replies),
            Command::Renew(leases, reply) => defer(write.renew(&leases).await, reply, replies),
            Command::Advance { lease, causes, bodies, reply } => {
                defer(write.advance(&lease, causes, &bodies).await, reply, replies)
            }
            Command::Signal { job, wish, reply } => defer(write.signal(&job, wish).await, reply, replies),
            Command::Sweep(leases, reply) => defer(write.sweep(leases).await, reply, replies),
        };
        if failed.is_some() {
            break;
        }
    }
    match failed {
        None => sqlx::query("COMMIT").execute(&mut *connection).await.map(|_| ()),
        Some(error) => {
            // Were even this to fail, the next BEGIN would say so.
            let _ = sqlx::query("ROLLBACK").execute(&mut *connection).await;
            Err(error)
        }
    }
}

/// Keeps an answer for after the commit; a failure of the database itself is handed back.
fn defer<T: Send + 'static>(
    result: Result<T, StoreError>,
    reply: Reply<T>,
    replies: &mut Vec<Deferred>,
) -> Option<sqlx::Error> {
    let (result, failure) = match result {
        Err(StoreError::Database(error)) => (Err(StoreError::Failed(error.to_string())), Some(error)),
        other => (other, None),
    };
    replies.push(Box::new(move |failure| {
        // A caller that went away hears nothing; what it asked for happened all the same.
        let _ = reply.send(match failure {
            Some(failure) => Err(StoreError::Failed(failure.into())),
            None => result,
        });
    }));
    failure
}

/// One transaction's hands.
struct Write<'a> {
    connection: &'a mut SqliteConnection,
    rules: &'a Rules,
    now: Timestamp,
    told: &'a mut Told,
}

impl Write<'_> {
    async fn submit(&mut self, new: NewJob) -> Result<Submitted, StoreError> {
        if let Some(idempotency) = &new.idempotency {
            let row = sqlx::query(
                "SELECT digest, job_id FROM idempotency WHERE project = $1 AND key = $2 AND created_at > $3",
            )
            .bind(&new.ticket.project)
            .bind(&idempotency.key)
            .bind(self.now.plus_seconds(-IDEMPOTENCY_SECONDS).millis())
            .fetch_optional(&mut *self.connection)
            .await?;
            if let Some(row) = row {
                if row.try_get::<&str, _>("digest")? != idempotency.digest {
                    return Ok(Submitted::KeyReused);
                }
                return Ok(Submitted::Same(self.load(row.try_get("job_id")?).await?));
            }
        }
        let row =
            sqlx::query("SELECT COUNT(*) FROM jobs WHERE state = 'queued'").fetch_one(&mut *self.connection).await?;
        let queued = row.try_get::<i64, _>(0)? as u64;
        if queued >= new.most_queued {
            return Ok(Submitted::QueueFull { queued });
        }
        let transition = jobs::submit(&new.ticket, new.warnings, self.now);
        self.insert(&new.ticket, &transition.job).await?;
        self.put_bodies(&new.bodies).await?;
        let stored = self.log(&new.ticket, transition).await?;
        if let Some(idempotency) = new.idempotency {
            sqlx::query(
                "INSERT INTO idempotency (project, key, digest, job_id, created_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (project, key) DO UPDATE SET digest = $3, job_id = $4, created_at = $5",
            )
            .bind(&new.ticket.project)
            .bind(idempotency.key)
            .bind(idempotency.digest)
            .bind(&new.ticket.id)
            .bind(self.now.millis())
            .execute(&mut *self.connection)
            .await?;
        }
        Ok(Submitted::New(stored))
    }

    async fn insert(&mut self, ticket: &Ticket, job: &Job) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO jobs (id, project, state, cores, epoch, ticket, job) VALUES ($1, $2, $3, $4, 0, $5, '')",
        )
        .bind(&ticket.id)
        .bind(&ticket.project)
        .bind(job.state.name())
        .bind(i64::from(ticket.cores))
        .bind(json(ticket)?)
        .execute(&mut *self.connection)
        .await?;
        for tag in &ticket.tags {
            sqlx::query("INSERT INTO tags (tag, job_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(tag)
                .bind(&ticket.id)
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }

    async fn claim(&mut self, node: &str, cores: Cores) -> Result<Option<Claimed>, StoreError> {
        let rows = sqlx::query("SELECT id, ticket, job FROM jobs WHERE state = 'queued' ORDER BY id LIMIT $1")
            .bind(CLAIM_WINDOW)
            .fetch_all(&mut *self.connection)
            .await?;
        for row in &rows {
            let found = stored(row.try_get("id")?, row)?;
            let fits = cores.given(found.ticket.cores) <= cores.free;
            if !fits && self.now.seconds_since(found.job.created_at) > PATIENCE_SECONDS {
                // It waited long enough: cores that come free are kept for it.
                return Ok(None);
            }
            if fits {
                let stored = self.step(&found, vec![Cause::Claimed]).await?;
                self.lease(&stored, Some(node)).await?;
                let lease = Lease { job: stored.ticket.id.clone(), epoch: stored.job.epoch };
                return Ok(Some(Claimed { stored, lease }));
            }
        }
        Ok(None)
    }

    async fn renew(&mut self, leases: &[Lease]) -> Result<Vec<Renewed>, StoreError> {
        let mut renewed = Vec::with_capacity(leases.len());
        for lease in leases {
            let row = sqlx::query(
                "UPDATE jobs SET lease_until = $1 WHERE id = $2 AND epoch = $3 AND lease_until IS NOT NULL RETURNING wish",
            )
            .bind(self.now.plus_seconds(LEASE_SECONDS).millis())
            .bind(&lease.job)
            .bind(lease.epoch as i64)
            .fetch_optional(&mut *self.connection)
            .await?;
            renewed.push(match row {
                None => Renewed::Lost,
                Some(row) => Renewed::Held { wish: row.try_get::<Option<&str>, _>("wish")?.and_then(wish_named) },
            });
        }
        Ok(renewed)
    }

    async fn advance(&mut self, lease: &Lease, causes: Vec<Cause>, bodies: &[Body]) -> Result<Job, StoreError> {
        let found = self.load(&lease.job).await?;
        if found.job.epoch != lease.epoch {
            let (job, held, now) = (lease.job.clone(), lease.epoch, found.job.epoch);
            return Err(StoreError::Fenced { job, held, now });
        }
        // Bodies after the step, which may refuse; a body that a cause drops again was never put.
        let (transition, drops) = self.fold(&found, causes)?;
        let bodies: Vec<&Body> = bodies.iter().filter(|body| !drops.contains(&body.key)).collect();
        for body in bodies {
            self.put_bodies(std::slice::from_ref(body)).await?;
        }
        Ok(self.log(&found.ticket, transition).await?.job)
    }

    async fn signal(&mut self, job: &str, wish: Wish) -> Result<Stored, StoreError> {
        let found = self.load(job).await?;
        self.step(&found, vec![Cause::Asked(wish)]).await
    }

    async fn sweep(&mut self, leases: Leases) -> Result<Vec<String>, StoreError> {
        let now = self.now.millis();
        let lost = sqlx::query(
            "SELECT id, ticket, job FROM jobs WHERE lease_until IS NOT NULL AND ($1 OR lease_until < $2) ORDER BY id LIMIT $3",
        )
        .bind(leases == Leases::All)
        .bind(now)
        .bind(SWEEP_WINDOW)
        .fetch_all(&mut *self.connection)
        .await?;
        let late = sqlx::query(
            "SELECT id, ticket, job FROM jobs WHERE state = 'queued' AND expires_at < $1 ORDER BY id LIMIT $2",
        )
        .bind(now)
        .bind(SWEEP_WINDOW)
        .fetch_all(&mut *self.connection)
        .await?;
        let mut changed = Vec::with_capacity(lost.len() + late.len());
        let causes =
            lost.iter().map(|row| (row, Cause::Interrupted)).chain(late.iter().map(|row| (row, Cause::TimedOut)));
        for (row, cause) in causes {
            let id: String = row.try_get("id")?;
            let found = stored(&id, row)?;
            self.step(&found, vec![cause]).await?;
            changed.push(id);
        }
        sqlx::query("DELETE FROM idempotency WHERE created_at < $1")
            .bind(self.now.plus_seconds(-IDEMPOTENCY_SECONDS).millis())
            .execute(&mut *self.connection)
            .await?;
        Ok(changed)
    }

    async fn load(&mut self, id: &str) -> Result<Stored, StoreError> {
        let query = sqlx::query("SELECT ticket, job FROM jobs WHERE id = $1").bind(id);
        let row = query.fetch_optional(&mut *self.connection).await?;
        stored(id, &row.ok_or_else(|| StoreError::NoJob(id.into()))?)
    }

    async fn step(&mut self, found: &Stored, causes: Vec<Cause>) -> Result<Stored, StoreError> {
        let (transition, _) = self.fold(found, causes)?;
        self.log(&found.ticket, transition).await
    }

    /// Takes a job through several causes: one transition in the end.
    fn fold(&self, found: &Stored, causes: Vec<Cause>) -> Result<(Transition, Vec<String>), StoreError> {
        let mut whole = Transition { job: found.job.clone(), events: Vec::new(), effects: Vec::new() };
        for cause in causes {
            let next = jobs::step(&found.ticket, &whole.job, cause, self.rules, self.now)?;
            whole.job = next.job;
            whole.events.extend(next.events);
            whole.effects.extend(next.effects);
        }
        let drops = whole.effects.iter().map(|Effect::Drop(key)| key.clone()).collect();
        Ok((whole, drops))
    }

    /// Writes a transition: its events, and the row that is their projection.
    async fn log(&mut self, ticket: &Ticket, transition: Transition) -> Result<Stored, StoreError> {
        let Transition { job, events, effects } = transition;
        for event in &events {
            sqlx::query("INSERT INTO events (job_id, id, kind, body) VALUES ($1, $2, $3, $4)")
                .bind(&ticket.id)
                .bind(event.id as i64)
                .bind(event.body.name())
                .bind(json(event)?)
                .execute(&mut *self.connection)
                .await?;
        }
        let waits = job.state == farkas_api_types::JobState::Queued;
        sqlx::query("UPDATE jobs SET state = $1, epoch = $2, wish = $3, expires_at = $4, job = $5 WHERE id = $6")
            .bind(job.state.name())
            .bind(job.epoch as i64)
            .bind(job.wish.map(wish_name))
            .bind(job.expires_at.filter(|_| waits && job.attempts == 0).map(Timestamp::millis))
            .bind(json(&job)?)
            .bind(&ticket.id)
            .execute(&mut *self.connection)
            .await?;
        let stored = Stored { ticket: ticket.clone(), job };
        if waits || stored.job.state.is_finished() {
            self.lease(&stored, None).await?;
            self.told.queue |= waits;
        }
        for Effect::Drop(key) in effects {
            sqlx::query("DELETE FROM bodies WHERE key = $1").bind(&key).execute(&mut *self.connection).await?;
            self.told.drops.push(key);
        }
        self.told.jobs.push((stored.ticket.id.clone(), stored.job.last_event));
        Ok(stored)
    }

    async fn lease(&mut self, stored: &Stored, node: Option<&str>) -> Result<(), StoreError> {
        sqlx::query("UPDATE jobs SET lease_node = $1, lease_until = $2 WHERE id = $3")
            .bind(node)
            .bind(node.map(|_| self.now.plus_seconds(LEASE_SECONDS).millis()))
            .bind(&stored.ticket.id)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    async fn put_bodies(&mut self, bodies: &[Body]) -> Result<(), StoreError> {
        for body in bodies {
            sqlx::query("INSERT INTO bodies (key, bytes) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING")
                .bind(&body.key)
                .bind(&body.bytes)
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Unreadable { what: "a row to be written".into(), error: error.to_string() })
}

fn wish_name(wish: Wish) -> &'static str {
    match wish {
        Wish::Keep => "keep",
        Wish::Discard => "discard",
    }
}

fn wish_named(name: &str) -> Option<Wish> {
    match name {
        "keep" => Some(Wish::Keep),
        "discard" => Some(Wish::Discard),
        _ => None,
    }
}
