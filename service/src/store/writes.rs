//! What a transaction does for each command: statements that both databases understand. A job that is changed is locked
//! first, so that of two who would change it the second sees what the first has done.

use std::sync::Arc;

use farkas_api_types::{EventBody, JobEvent, JobState};

use super::claims::Known;
use super::database::Database;
use super::listener::Changed;
use super::session::{Session, query};
use super::sql::stored;
use super::waiting::{Counted, Full};
use super::writer::Told;
use super::{Body, IDEMPOTENCY_SECONDS, Lease, Leases, NewJob, Renewed, StoreError, Stored, Submitted};
use crate::fairness::Policy;
use crate::jobs::{self, Cause, Effect, Job, Rules, Ticket, Transition, Wish};
use crate::time::Timestamp;

/// Rows that one statement writes.
const MOST_ROWS: usize = 16;
/// Jobs that one sweep changes.
const SWEEP_WINDOW: i64 = 1000;

/// One transaction's hands.
pub(super) struct Write {
    pub(super) connection: Session,
    pub(super) database: Database,
    pub(super) rules: Rules,
    pub(super) policy: Arc<Policy>,
    pub(super) now: Timestamp,
    /// What is to be told once it is committed.
    pub(super) told: Told,
    pub(super) known: Known,
    pub(super) counted: Counted,
}

impl Write {
    pub(super) fn new(
        connection: Session,
        database: Database,
        rules: Rules,
        policy: Arc<Policy>,
        known: Known,
    ) -> Self {
        let (told, counted) = (Told::default(), Counted::default());
        Self { connection, database, rules, policy, now: Timestamp::now(), told, known, counted }
    }

    pub(super) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        self.now = self.database.begin(&mut self.connection).await?;
        Ok(())
    }

    pub(super) async fn submit(&mut self, new: &NewJob) -> Result<Submitted, StoreError> {
        if let Some(known) = self.known(new).await? {
            return Ok(known);
        }
        match self.no_room(new, 1).await? {
            Some(Full::Queue(queued)) => return Ok(Submitted::QueueFull { queued }),
            Some(Full::Share(queued)) => return Ok(Submitted::ShareFull { queued }),
            None => {}
        }
        let transition = jobs::submit(&new.ticket, new.warnings.clone(), self.now);
        Ok(Submitted::New(self.create(new, transition, "").await?))
    }

    pub(super) async fn begin_job(
        &mut self,
        new: &NewJob,
        node: &str,
        causes: Vec<Cause>,
        bodies: &[Body],
    ) -> Result<Submitted, StoreError> {
        if let Some(known) = self.known(new).await? {
            return Ok(known);
        }
        let mut whole = jobs::submit(&new.ticket, new.warnings.clone(), self.now);
        let waiting = Stored { ticket: new.ticket.clone(), job: whole.job };
        // What the causes may be refused for is known before anything is written.
        let (rest, drops) = self.fold(&waiting, std::iter::once(Cause::Claimed).chain(causes).collect())?;
        whole.events.extend(rest.events);
        whole.effects.extend(rest.effects);
        let stored = self.create(new, Transition { job: rest.job, ..whole }, node).await?;
        self.put_bodies(bodies.iter().filter(|body| !drops.contains(&body.key))).await?;
        Ok(Submitted::New(stored))
    }

    /// What there is to say of a request whose idempotency key was used before.
    async fn known(&mut self, new: &NewJob) -> Result<Option<Submitted>, StoreError> {
        if let Some(idempotency) = &new.idempotency {
            self.lock_key(&new.ticket.project, &idempotency.key).await?;
            let row =
                query("SELECT digest, job_id FROM idempotency WHERE project = $1 AND key = $2 AND created_at > $3")
                    .bind(&new.ticket.project)
                    .bind(&idempotency.key)
                    .bind(self.now.plus_seconds(-IDEMPOTENCY_SECONDS).millis())
                    .fetch_optional(&mut self.connection)
                    .await?;
            if let Some(row) = row {
                if row.try_get::<&str>("digest")? != idempotency.digest {
                    return Ok(Some(Submitted::KeyReused));
                }
                return Ok(Some(Submitted::Same(self.load(row.try_get("job_id")?).await?)));
            }
        }
        Ok(None)
    }

    /// Writes a job that was not there; one that somebody works on is that node's.
    pub(super) async fn create(
        &mut self,
        new: &NewJob,
        transition: Transition,
        node: &str,
    ) -> Result<Stored, StoreError> {
        self.insert(&new.ticket, &transition.job, node).await?;
        self.counted.follow(&new.ticket, None, transition.job.state);
        self.put_bodies(new.bodies.iter()).await?;
        let Transition { job, events, effects } = transition;
        self.put_events(&new.ticket, &job, &events).await?;
        let stored = self.settle(&new.ticket, job, effects).await?;
        if let Some(idempotency) = &new.idempotency {
            query(
                "INSERT INTO idempotency (project, key, digest, job_id, created_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (project, key) DO UPDATE SET digest = $3, job_id = $4, created_at = $5",
            )
            .bind(&new.ticket.project)
            .bind(&idempotency.key)
            .bind(&idempotency.digest)
            .bind(&new.ticket.id)
            .bind(self.now.millis())
            .execute(&mut self.connection)
            .await?;
        }
        Ok(stored)
    }

    /// Two nodes that are sent the same key at once answer one after the other.
    async fn lock_key(&mut self, project: &str, key: &str) -> Result<(), StoreError> {
        if self.database.is_shared() {
            query("SELECT COUNT(*) FROM pg_advisory_xact_lock(hashtextextended($1, 0))")
                .bind(format!("{project} {key}"))
                .execute(&mut self.connection)
                .await?;
        }
        Ok(())
    }

    async fn insert(&mut self, ticket: &Ticket, job: &Job, node: &str) -> Result<(), StoreError> {
        let held = !is_free(job);
        query(
            "INSERT INTO jobs
                (id, project, state, cores, epoch, ticket, job, priority, tiny, expires_at, lease_node, lease_until, holder)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(&ticket.id)
        .bind(&ticket.project)
        .bind(job.state.name())
        .bind(i64::from(ticket.cores))
        .bind(job.epoch as i64)
        .bind(json(ticket)?)
        .bind(json(job)?)
        .bind(i64::from(ticket.options.priority.unwrap_or(0)))
        .bind(i64::from(ticket.demand(&self.policy.tiny).tiny))
        .bind(expires(job))
        .bind(held.then_some(node))
        .bind(held.then(|| self.lease_ends()))
        .bind(ticket.holder())
        .execute(&mut self.connection)
        .await?;
        for tag in &ticket.tags {
            query("INSERT INTO tags (tag, job_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(tag)
                .bind(&ticket.id)
                .execute(&mut self.connection)
                .await?;
        }
        Ok(())
    }

    /// Reads a waiting job, and locks it; none when another node was faster.
    pub(super) async fn take(&mut self, id: &str) -> Result<Option<Stored>, StoreError> {
        let lock = self.database.lock_free();
        let sql = format!("SELECT ticket, job FROM jobs WHERE id = $1 AND state = 'queued'{lock}");
        let row = query(&sql).bind(id).fetch_optional(&mut self.connection).await?;
        row.map(|row| stored(id, &row)).transpose()
    }

    pub(super) async fn renew(&mut self, leases: &[Lease]) -> Result<Vec<Renewed>, StoreError> {
        let mut renewed = Vec::with_capacity(leases.len());
        for lease in leases {
            let row = query(
                "UPDATE jobs SET lease_until = $1 WHERE id = $2 AND epoch = $3 AND lease_until IS NOT NULL RETURNING wish",
            )
            .bind(self.now.plus_seconds(f64::from(self.rules.lease_seconds)).millis())
            .bind(&lease.job)
            .bind(lease.epoch as i64)
            .fetch_optional(&mut self.connection)
            .await?;
            renewed.push(match row {
                None => Renewed::Lost,
                Some(row) => Renewed::Held { wish: row.try_get::<Option<&str>>("wish")?.and_then(wish_named) },
            });
        }
        Ok(renewed)
    }

    pub(super) async fn advance(
        &mut self,
        lease: &Lease,
        causes: Vec<Cause>,
        bodies: &[Body],
    ) -> Result<Job, StoreError> {
        let found = self.load(&lease.job).await?;
        if found.job.epoch != lease.epoch {
            let (job, held, now) = (lease.job.clone(), lease.epoch, found.job.epoch);
            return Err(StoreError::Fenced { job, held, now });
        }
        // Bodies after the step, which may refuse; a body that a cause drops again was never put.
        let (transition, drops) = self.fold(&found, causes)?;
        self.put_bodies(bodies.iter().filter(|body| !drops.contains(&body.key))).await?;
        Ok(self.log(&found, transition, None).await?.job)
    }

    pub(super) async fn signal(&mut self, job: &str, wish: Wish) -> Result<Stored, StoreError> {
        let found = self.load(job).await?;
        self.step(&found, vec![Cause::Asked(wish)]).await
    }

    pub(super) async fn sweep(&mut self, leases: Leases) -> Result<Vec<String>, StoreError> {
        let now = self.now.millis();
        // A row that somebody holds is being cared for.
        let lock = self.database.lock_free();
        let lost = format!(
            "SELECT id, ticket, job FROM jobs WHERE lease_until IS NOT NULL AND ($1 OR lease_until < $2)
             ORDER BY id LIMIT $3{lock}"
        );
        let lost = query(&lost).bind(leases == Leases::All).bind(now).bind(SWEEP_WINDOW);
        let lost = lost.fetch_all(&mut self.connection).await?;
        let late = format!(
            "SELECT id, ticket, job FROM jobs WHERE state = 'queued' AND expires_at < $1 ORDER BY id LIMIT $2{lock}"
        );
        let late = query(&late).bind(now).bind(SWEEP_WINDOW).fetch_all(&mut self.connection).await?;
        let mut changed = Vec::with_capacity(lost.len() + late.len());
        let causes =
            lost.iter().map(|row| (row, Cause::Interrupted)).chain(late.iter().map(|row| (row, Cause::TimedOut)));
        for (row, cause) in causes {
            let id: String = row.try_get("id")?;
            let found = stored(&id, row)?;
            self.step(&found, vec![cause]).await?;
            changed.push(id);
        }
        query("DELETE FROM idempotency WHERE created_at < $1")
            .bind(self.now.plus_seconds(-IDEMPOTENCY_SECONDS).millis())
            .execute(&mut self.connection)
            .await?;
        self.forget_nodes().await?;
        Ok(changed)
    }

    async fn load(&mut self, id: &str) -> Result<Stored, StoreError> {
        let sql = format!("SELECT ticket, job FROM jobs WHERE id = $1{}", self.database.lock());
        let row = query(&sql).bind(id).fetch_optional(&mut self.connection).await?;
        stored(id, &row.ok_or_else(|| StoreError::NoJob(id.into()))?)
    }

    async fn step(&mut self, found: &Stored, causes: Vec<Cause>) -> Result<Stored, StoreError> {
        self.step_as(found, causes, None).await
    }

    /// The same, and the job is leased to a node, if one is named.
    pub(super) async fn step_as(
        &mut self,
        found: &Stored,
        causes: Vec<Cause>,
        node: Option<&str>,
    ) -> Result<Stored, StoreError> {
        let (transition, _) = self.fold(found, causes)?;
        self.log(found, transition, node).await
    }

    /// Takes a job through several causes: one transition in the end.
    fn fold(&self, found: &Stored, causes: Vec<Cause>) -> Result<(Transition, Vec<String>), StoreError> {
        let mut whole = Transition { job: found.job.clone(), events: Vec::new(), effects: Vec::new() };
        for cause in causes {
            let next = jobs::step(&found.ticket, &whole.job, cause, &self.rules, self.now)?;
            whole.job = next.job;
            whole.events.extend(next.events);
            whole.effects.extend(next.effects);
        }
        let drops = whole.effects.iter().map(|Effect::Drop(key)| key.clone()).collect();
        Ok((whole, drops))
    }

    /// Writes a transition: its events, and the row that is their projection. A node that is named gets the lease.
    async fn log(&mut self, found: &Stored, transition: Transition, node: Option<&str>) -> Result<Stored, StoreError> {
        let (ticket, Transition { job, events, effects }) = (&found.ticket, transition);
        self.put_events(ticket, &job, &events).await?;
        query(
            "UPDATE jobs SET state = $1, epoch = $2, wish = $3, expires_at = $4, job = $5,
                lease_node = CASE WHEN $6 THEN $7 ELSE lease_node END,
                lease_until = CASE WHEN $6 THEN $8 ELSE lease_until END
             WHERE id = $9",
        )
        .bind(job.state.name())
        .bind(job.epoch as i64)
        .bind(job.wish.map(wish_name))
        .bind(expires(&job))
        .bind(json(&job)?)
        .bind(node.is_some() || is_free(&job))
        .bind(node)
        .bind(node.map(|_| self.lease_ends()))
        .bind(&ticket.id)
        .execute(&mut self.connection)
        .await?;
        self.counted.follow(ticket, Some(found.job.state), job.state);
        self.settle(ticket, job, effects).await
    }

    /// Writes events, many with a statement: each is a way to the database and back.
    async fn put_events(&mut self, ticket: &Ticket, job: &Job, events: &[JobEvent]) -> Result<(), StoreError> {
        for events in events.chunks(MOST_ROWS) {
            let sql = format!("INSERT INTO events (job_id, id, kind, body) VALUES {}", rows(events.len(), 4));
            let mut insert = query(&sql);
            for event in events {
                insert = insert.bind(&ticket.id).bind(event.id as i64).bind(event.body.name()).bind(json(event)?);
            }
            insert.execute(&mut self.connection).await?;
        }
        let state = events.iter().rev().find(|event| matches!(event.body, EventBody::State { .. }));
        if let Some(event) = state {
            self.announce(ticket, event.id, job.state.name()).await?;
        }
        Ok(())
    }

    /// Removes what is superseded, and keeps in mind who is to hear of it all.
    async fn settle(&mut self, ticket: &Ticket, job: Job, effects: Vec<Effect>) -> Result<Stored, StoreError> {
        self.told.queue |= job.state == JobState::Queued;
        for Effect::Drop(key) in effects {
            query("DELETE FROM bodies WHERE key = $1").bind(&key).execute(&mut self.connection).await?;
            self.told.drops.push(key);
        }
        let (last, wish) = (job.last_event, job.wish.is_some() && !job.state.is_finished());
        self.told.jobs.push(Changed { job: ticket.id.clone(), last, wish });
        Ok(Stored { ticket: ticket.clone(), job })
    }

    /// When a lease that is given now runs out.
    fn lease_ends(&self) -> i64 {
        self.now.plus_seconds(f64::from(self.rules.lease_seconds)).millis()
    }

    pub(super) async fn put_bodies(&mut self, bodies: impl Iterator<Item = &Body>) -> Result<(), StoreError> {
        let bodies: Vec<&Body> = bodies.collect();
        for bodies in bodies.chunks(MOST_ROWS) {
            let rows = rows(bodies.len(), 2);
            let sql = format!("INSERT INTO bodies (key, bytes) VALUES {rows} ON CONFLICT (key) DO NOTHING");
            let insert = bodies.iter().fold(query(&sql), |insert, body| insert.bind(&body.key).bind(&body.bytes));
            insert.execute(&mut self.connection).await?;
        }
        Ok(())
    }
}

/// Places for so many rows of so many values: `($1, $2), ($3, $4)`.
fn rows(count: usize, width: usize) -> String {
    (0..count).map(|row| places(row * width + 1, width)).collect::<Vec<_>>().join(", ")
}

/// Places for so many values: `($1, $2)`.
pub(super) fn places(first: usize, count: usize) -> String {
    format!("({})", (first..first + count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", "))
}

/// Whether nobody works on it.
fn is_free(job: &Job) -> bool {
    job.state == JobState::Queued || job.state.is_finished()
}

/// Until when it may wait for its first attempt.
fn expires(job: &Job) -> Option<i64> {
    let waits = job.state == JobState::Queued && job.attempts == 0;
    job.expires_at.filter(|_| waits).map(Timestamp::millis)
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
