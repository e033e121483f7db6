//! What a transaction does for each command: statements that both databases understand. A job that is changed is locked
//! first, so that of two who would change it the second sees what the first has done.

use std::sync::Arc;

use farkas_api_types::EventBody;
use sqlx::{AnyConnection, Row};

use super::database::Database;
use super::listener::Changed;
use super::sql::stored;
use super::writer::Told;
use super::{Body, IDEMPOTENCY_SECONDS, Lease, Leases, NewJob, Renewed, StoreError, Stored, Submitted};
use crate::fairness::Policy;
use crate::jobs::{self, Cause, Effect, Job, Rules, Ticket, Transition, Wish};
use crate::time::Timestamp;

/// Jobs that one sweep changes.
const SWEEP_WINDOW: i64 = 1000;

/// One transaction's hands.
pub(super) struct Write {
    pub(super) connection: AnyConnection,
    pub(super) database: Database,
    pub(super) rules: Rules,
    pub(super) policy: Arc<Policy>,
    pub(super) now: Timestamp,
    /// What is to be told once it is committed.
    pub(super) told: Told,
}

impl Write {
    pub(super) fn new(connection: AnyConnection, database: Database, rules: Rules, policy: Arc<Policy>) -> Self {
        Self { connection, database, rules, policy, now: Timestamp::now(), told: Told::default() }
    }

    pub(super) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        self.now = self.database.begin(&mut self.connection).await?;
        Ok(())
    }

    pub(super) async fn submit(&mut self, new: &NewJob) -> Result<Submitted, StoreError> {
        if let Some(known) = self.known(new).await? {
            return Ok(known);
        }
        let row =
            sqlx::query("SELECT COUNT(*) FROM jobs WHERE state = 'queued'").fetch_one(&mut self.connection).await?;
        let queued = row.try_get::<i64, _>(0)? as u64;
        if queued >= new.most_queued {
            return Ok(Submitted::QueueFull { queued });
        }
        let transition = jobs::submit(&new.ticket, new.warnings.clone(), self.now);
        Ok(Submitted::New(self.create(new, transition).await?))
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
        let stored = self.create(new, Transition { job: rest.job, ..whole }).await?;
        self.put_those_kept(bodies, &drops).await?;
        if stored.job.state != farkas_api_types::JobState::Queued && !stored.job.state.is_finished() {
            self.lease(&stored, Some(node)).await?;
        }
        Ok(Submitted::New(stored))
    }

    /// What there is to say of a request whose idempotency key was used before.
    async fn known(&mut self, new: &NewJob) -> Result<Option<Submitted>, StoreError> {
        if let Some(idempotency) = &new.idempotency {
            self.lock_key(&new.ticket.project, &idempotency.key).await?;
            let row = sqlx::query(
                "SELECT digest, job_id FROM idempotency WHERE project = $1 AND key = $2 AND created_at > $3",
            )
            .bind(&new.ticket.project)
            .bind(&idempotency.key)
            .bind(self.now.plus_seconds(-IDEMPOTENCY_SECONDS).millis())
            .fetch_optional(&mut self.connection)
            .await?;
            if let Some(row) = row {
                if row.try_get::<&str, _>("digest")? != idempotency.digest {
                    return Ok(Some(Submitted::KeyReused));
                }
                return Ok(Some(Submitted::Same(self.load(row.try_get("job_id")?).await?)));
            }
        }
        Ok(None)
    }

    /// Writes a job that was not there.
    async fn create(&mut self, new: &NewJob, transition: Transition) -> Result<Stored, StoreError> {
        self.insert(&new.ticket, &transition.job).await?;
        self.put_bodies(&new.bodies).await?;
        let stored = self.log(&new.ticket, transition).await?;
        if let Some(idempotency) = &new.idempotency {
            sqlx::query(
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
            sqlx::query("SELECT COUNT(*) FROM pg_advisory_xact_lock(hashtextextended($1, 0))")
                .bind(format!("{project} {key}"))
                .execute(&mut self.connection)
                .await?;
        }
        Ok(())
    }

    async fn insert(&mut self, ticket: &Ticket, job: &Job) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO jobs (id, project, state, cores, epoch, ticket, job, priority, tiny)
             VALUES ($1, $2, $3, $4, 0, $5, '', $6, $7)",
        )
        .bind(&ticket.id)
        .bind(&ticket.project)
        .bind(job.state.name())
        .bind(i64::from(ticket.cores))
        .bind(json(ticket)?)
        .bind(i64::from(ticket.options.priority.unwrap_or(0)))
        .bind(i64::from(ticket.demand(&self.policy.tiny).tiny))
        .execute(&mut self.connection)
        .await?;
        for tag in &ticket.tags {
            sqlx::query("INSERT INTO tags (tag, job_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(tag)
                .bind(&ticket.id)
                .execute(&mut self.connection)
                .await?;
        }
        Ok(())
    }

    /// Locks a waiting job and reads it again, as somebody may have asked to end it meanwhile; none when another node was faster.
    pub(super) async fn take(&mut self, found: Stored) -> Result<Option<Stored>, StoreError> {
        if !self.database.is_shared() {
            return Ok(Some(found));
        }
        let lock = self.database.lock_free();
        let sql = format!("SELECT ticket, job FROM jobs WHERE id = $1 AND state = 'queued'{lock}");
        let row = sqlx::query(&sql).bind(&found.ticket.id).fetch_optional(&mut self.connection).await?;
        row.map(|row| stored(&found.ticket.id, &row)).transpose()
    }

    pub(super) async fn renew(&mut self, leases: &[Lease]) -> Result<Vec<Renewed>, StoreError> {
        let mut renewed = Vec::with_capacity(leases.len());
        for lease in leases {
            let row = sqlx::query(
                "UPDATE jobs SET lease_until = $1 WHERE id = $2 AND epoch = $3 AND lease_until IS NOT NULL RETURNING wish",
            )
            .bind(self.now.plus_seconds(f64::from(self.rules.lease_seconds)).millis())
            .bind(&lease.job)
            .bind(lease.epoch as i64)
            .fetch_optional(&mut self.connection)
            .await?;
            renewed.push(match row {
                None => Renewed::Lost,
                Some(row) => Renewed::Held { wish: row.try_get::<Option<&str>, _>("wish")?.and_then(wish_named) },
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
        self.put_those_kept(bodies, &drops).await?;
        Ok(self.log(&found.ticket, transition).await?.job)
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
        let lost = sqlx::query(&lost).bind(leases == Leases::All).bind(now).bind(SWEEP_WINDOW);
        let lost = lost.fetch_all(&mut self.connection).await?;
        let late = format!(
            "SELECT id, ticket, job FROM jobs WHERE state = 'queued' AND expires_at < $1 ORDER BY id LIMIT $2{lock}"
        );
        let late = sqlx::query(&late).bind(now).bind(SWEEP_WINDOW).fetch_all(&mut self.connection).await?;
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
            .execute(&mut self.connection)
            .await?;
        self.forget_nodes().await?;
        Ok(changed)
    }

    async fn load(&mut self, id: &str) -> Result<Stored, StoreError> {
        let sql = format!("SELECT ticket, job FROM jobs WHERE id = $1{}", self.database.lock());
        let row = sqlx::query(&sql).bind(id).fetch_optional(&mut self.connection).await?;
        stored(id, &row.ok_or_else(|| StoreError::NoJob(id.into()))?)
    }

    pub(super) async fn step(&mut self, found: &Stored, causes: Vec<Cause>) -> Result<Stored, StoreError> {
        let (transition, _) = self.fold(found, causes)?;
        self.log(&found.ticket, transition).await
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

    /// Writes a transition: its events, and the row that is their projection.
    async fn log(&mut self, ticket: &Ticket, transition: Transition) -> Result<Stored, StoreError> {
        let Transition { job, events, effects } = transition;
        for event in &events {
            sqlx::query("INSERT INTO events (job_id, id, kind, body) VALUES ($1, $2, $3, $4)")
                .bind(&ticket.id)
                .bind(event.id as i64)
                .bind(event.body.name())
                .bind(json(event)?)
                .execute(&mut self.connection)
                .await?;
        }
        let state = events.iter().rev().find(|event| matches!(event.body, EventBody::State { .. }));
        if let Some(event) = state {
            self.announce(ticket, event.id, job.state.name()).await?;
        }
        let waits = job.state == farkas_api_types::JobState::Queued;
        sqlx::query("UPDATE jobs SET state = $1, epoch = $2, wish = $3, expires_at = $4, job = $5 WHERE id = $6")
            .bind(job.state.name())
            .bind(job.epoch as i64)
            .bind(job.wish.map(wish_name))
            .bind(job.expires_at.filter(|_| waits && job.attempts == 0).map(Timestamp::millis))
            .bind(json(&job)?)
            .bind(&ticket.id)
            .execute(&mut self.connection)
            .await?;
        let stored = Stored { ticket: ticket.clone(), job };
        if waits || stored.job.state.is_finished() {
            self.lease(&stored, None).await?;
            self.told.queue |= waits;
        }
        for Effect::Drop(key) in effects {
            sqlx::query("DELETE FROM bodies WHERE key = $1").bind(&key).execute(&mut self.connection).await?;
            self.told.drops.push(key);
        }
        let (job, last) = (stored.ticket.id.clone(), stored.job.last_event);
        self.told.jobs.push(Changed { job, last, wish: stored.job.wish.is_some() && !stored.job.state.is_finished() });
        Ok(stored)
    }

    pub(super) async fn lease(&mut self, stored: &Stored, node: Option<&str>) -> Result<(), StoreError> {
        sqlx::query("UPDATE jobs SET lease_node = $1, lease_until = $2 WHERE id = $3")
            .bind(node)
            .bind(node.map(|_| self.now.plus_seconds(f64::from(self.rules.lease_seconds)).millis()))
            .bind(&stored.ticket.id)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    async fn put_those_kept(&mut self, bodies: &[Body], drops: &[String]) -> Result<(), StoreError> {
        for body in bodies.iter().filter(|body| !drops.contains(&body.key)) {
            self.put_bodies(std::slice::from_ref(body)).await?;
        }
        Ok(())
    }

    pub(super) async fn put_bodies(&mut self, bodies: &[Body]) -> Result<(), StoreError> {
        for body in bodies {
            sqlx::query("INSERT INTO bodies (key, bytes) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING")
                .bind(&body.key)
                .bind(&body.bytes)
                .execute(&mut self.connection)
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
