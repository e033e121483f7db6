//! Claims: the jobs that may be next are read, the rules of [`fairness`](crate::fairness) choose, and the chosen one is
//! leased, all in one transaction.

use std::collections::HashSet;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::sql::stored;
use super::writes::Write;
use super::{Claimed, Lease, StoreError, Stored};
use crate::fairness::{Choice, InUse, Room, Waiting, choose};
use crate::jobs::Cause;

/// Jobs of a project that a claim looks at: so many of the highest priority, and so many of the oldest.
const WINDOW: i64 = 16;
/// Projects that a claim looks at.
const PROJECTS: i64 = 256;

impl Write {
    pub(super) async fn claim(&mut self, node: &str, room: Room) -> Result<Option<Claimed>, StoreError> {
        let mut found = self.candidates(room).await?;
        if found.is_empty() {
            return Ok(None);
        }
        let in_use = self.in_use().await?;
        loop {
            let waiting: Vec<Waiting> = found.iter().map(|stored| self.waiting(stored)).collect();
            let (at, beside) = match choose(&waiting, &room, &in_use, &self.policy) {
                Choice::OnCores(at) => (at, false),
                Choice::Beside(at) => (at, true),
                Choice::Nobody => return Ok(None),
            };
            if let Some(chosen) = self.take(found.remove(at)).await? {
                let stored = self.step(&chosen, vec![Cause::Claimed]).await?;
                self.lease(&stored, node).await?;
                let lease = Lease { job: stored.ticket.id.clone(), epoch: stored.job.epoch };
                return Ok(Some(Claimed { stored, lease, beside }));
            }
        }
    }

    fn waiting(&self, stored: &Stored) -> Waiting {
        Waiting {
            demand: stored.ticket.demand(&self.policy.tiny),
            priority: stored.ticket.options.priority.unwrap_or(0),
            waited_seconds: self.now.seconds_since(stored.job.created_at),
        }
    }

    /// Waiting jobs that may be next, oldest first: of each project the first by priority and by age; and tiny ones, however
    /// far back they stand. Only these where there is no free core.
    async fn candidates(&mut self, room: Room) -> Result<Vec<Stored>, StoreError> {
        let mut rows = Vec::new();
        if room.cores_free > 0 {
            for project in self.projects().await? {
                for order in ["priority DESC, id", "id"] {
                    let sql = format!(
                        "SELECT id, ticket, job FROM jobs WHERE state = 'queued' AND project = $1 ORDER BY {order} LIMIT $2"
                    );
                    rows.extend(sqlx::query(&sql).bind(&project).bind(WINDOW).fetch_all(&mut self.connection).await?);
                }
            }
        }
        if room.tiny_free > 0 {
            let sql = "SELECT id, ticket, job FROM jobs WHERE state = 'queued' AND tiny = 1 ORDER BY id LIMIT $1";
            rows.extend(sqlx::query(sql).bind(WINDOW).fetch_all(&mut self.connection).await?);
        }
        let mut seen = HashSet::new();
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let id: &str = row.try_get("id")?;
            if seen.insert(id) {
                found.push(stored(id, row)?);
            }
        }
        found.sort_by(|a, b| a.ticket.id.cmp(&b.ticket.id));
        Ok(found)
    }

    /// Projects with waiting jobs. Each step asks the index for the next name, however many jobs bear it.
    async fn projects(&mut self) -> Result<Vec<String>, StoreError> {
        let sql = "WITH RECURSIVE next (project) AS (
                SELECT MIN(project) FROM jobs WHERE state = 'queued'
                UNION ALL
                SELECT (SELECT MIN(project) FROM jobs WHERE state = 'queued' AND project > next.project)
                FROM next WHERE next.project IS NOT NULL
            ) SELECT project FROM next WHERE project IS NOT NULL LIMIT $1";
        let rows = sqlx::query(sql).bind(PROJECTS).fetch_all(&mut self.connection).await?;
        Ok(rows.iter().map(|row: &AnyRow| row.try_get("project")).collect::<Result<_, _>>()?)
    }

    /// What runs now, on all nodes. Where quotas or licences count, two nodes do not claim at the same time.
    async fn in_use(&mut self) -> Result<InUse, StoreError> {
        if self.database.is_shared() && self.policy.counts() {
            let lock = "SELECT COUNT(*) FROM pg_advisory_xact_lock(7037142)";
            sqlx::query(lock).execute(&mut self.connection).await?;
        }
        let sql = "SELECT id, ticket, job FROM jobs WHERE state IN ('starting', 'running', 'stopping')";
        let mut in_use = InUse::default();
        for row in sqlx::query(sql).fetch_all(&mut self.connection).await? {
            in_use.add(&stored(row.try_get("id")?, &row)?.ticket.demand(&self.policy.tiny));
        }
        Ok(in_use)
    }
}
