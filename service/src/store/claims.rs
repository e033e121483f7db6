//! Claims: the jobs that may be next are read, the rules of [`fairness`](crate::fairness) choose, and the chosen one is
//! leased, all in one transaction.

use std::collections::{BTreeSet, HashMap};

use super::session::query;
use super::sql::stored;
use super::writes::{Write, places};
use super::{Claimed, Lease, StoreError};
use crate::fairness::{Choice, Demand, InUse, Room, Waiting, choose};
use crate::jobs::Cause;
use crate::time::Timestamp;

/// Jobs of a project that a claim looks at: so many of the highest priority, and so many of the oldest.
const WINDOW: i64 = 16;
/// Projects that a claim looks at.
const PROJECTS: i64 = 256;
/// Jobs that are read with one statement.
const MOST_READ: usize = 16;
/// Waiting jobs whose demands are kept in memory.
const MOST_KNOWN: usize = 10_000;

/// What the rules have to know of jobs that waited when they were looked at; nothing of it changes.
#[derive(Default)]
pub(super) struct Known(HashMap<String, Standing>);

struct Standing {
    demand: Demand,
    priority: i32,
    created_at: Timestamp,
}

impl Standing {
    fn at(&self, now: Timestamp) -> Waiting {
        Waiting {
            demand: self.demand.clone(),
            priority: self.priority,
            waited_seconds: now.seconds_since(self.created_at),
        }
    }
}

/// Jobs whose turn it may be, and what the rules know of each.
#[derive(Default)]
struct Candidates {
    ids: Vec<String>,
    waiting: Vec<Waiting>,
}

impl Write {
    /// Claims jobs one after another, each in the room that those before leave.
    pub(super) async fn claim(&mut self, node: &str, mut room: Room, most: usize) -> Result<Vec<Claimed>, StoreError> {
        let (mut claimed, mut in_use) = (Vec::new(), None);
        // Those whose turn it may be; only where none of them fits, a tiny one however far back it stands.
        for tiny in [false, true] {
            let free = if tiny { room.tiny_free } else { room.cores_free };
            if free == 0 || claimed.len() >= most {
                continue;
            }
            // Read once: even when the last is chosen, the rules look at a whole window.
            let window = WINDOW + most as i64;
            let ids = if tiny { self.tiny_ones(window).await? } else { self.next_ones(window).await? };
            if ids.is_empty() {
                continue;
            }
            let mut candidates = Candidates { waiting: self.waiting(&ids).await?, ids };
            let in_use = match &mut in_use {
                Some(in_use) => in_use,
                None => in_use.insert(self.in_use().await?),
            };
            while claimed.len() < most
                && let Some(next) = self.claim_one_of(&mut candidates, node, &room, in_use).await?
            {
                let demand = next.stored.ticket.demand(&self.policy.tiny);
                room.take(&demand, next.beside);
                in_use.add(&demand);
                claimed.push(next);
            }
        }
        Ok(claimed)
    }

    async fn claim_one_of(
        &mut self,
        candidates: &mut Candidates,
        node: &str,
        room: &Room,
        in_use: &InUse,
    ) -> Result<Option<Claimed>, StoreError> {
        loop {
            let (at, beside) = match choose(&candidates.waiting, room, in_use, &self.policy) {
                Choice::OnCores(at) => (at, false),
                Choice::Beside(at) => (at, true),
                Choice::Nobody => return Ok(None),
            };
            let id = candidates.ids.remove(at);
            candidates.waiting.remove(at);
            // Another node may have been faster.
            if let Some(chosen) = self.take(&id).await? {
                self.known.0.remove(&id);
                let stored = self.step_as(&chosen, vec![Cause::Claimed], Some(node)).await?;
                let lease = Lease { job: id, epoch: stored.job.epoch };
                return Ok(Some(Claimed { stored, lease, beside }));
            }
        }
    }

    /// Of each project the first by priority and by age, oldest first.
    async fn next_ones(&mut self, window: i64) -> Result<Vec<String>, StoreError> {
        let mut ids = BTreeSet::new();
        for project in self.projects().await? {
            for order in ["priority DESC, id", "id"] {
                let sql =
                    format!("SELECT id FROM jobs WHERE state = 'queued' AND project = $1 ORDER BY {order} LIMIT $2");
                let rows = query(&sql).bind(&project).bind(window).fetch_all(&mut self.connection).await?;
                let all = (rows.len() as i64) < window;
                for row in &rows {
                    ids.insert(row.try_get("id")?);
                }
                if all {
                    break;
                }
            }
        }
        Ok(ids.into_iter().collect())
    }

    /// The oldest tiny ones.
    async fn tiny_ones(&mut self, window: i64) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT id FROM jobs WHERE state = 'queued' AND tiny = 1 ORDER BY id LIMIT $1";
        let rows = query(sql).bind(window).fetch_all(&mut self.connection).await?;
        Ok(rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?)
    }

    /// What the rules have to know of these; those that were not looked at before are read.
    async fn waiting(&mut self, ids: &[String]) -> Result<Vec<Waiting>, StoreError> {
        if self.known.0.len() > MOST_KNOWN {
            self.known.0.clear();
        }
        let unknown: Vec<&String> = ids.iter().filter(|id| !self.known.0.contains_key(*id)).collect();
        for ids in unknown.chunks(MOST_READ) {
            let sql = format!("SELECT id, ticket, job FROM jobs WHERE id IN {}", places(1, ids.len()));
            let query = ids.iter().fold(query(&sql), |query, id| query.bind(*id));
            for row in query.fetch_all(&mut self.connection).await? {
                let id: String = row.try_get("id")?;
                let found = stored(&id, &row)?;
                let standing = Standing {
                    demand: found.ticket.demand(&self.policy.tiny),
                    priority: found.ticket.options.priority.unwrap_or(0),
                    created_at: found.job.created_at,
                };
                self.known.0.insert(id, standing);
            }
        }
        let standing = |id| self.known.0.get(id).map(|standing| standing.at(self.now));
        Ok(ids.iter().filter_map(standing).collect())
    }

    /// Projects with waiting jobs. Each step asks the index for the next name, however many jobs bear it.
    async fn projects(&mut self) -> Result<Vec<String>, StoreError> {
        let sql = "WITH RECURSIVE next (project) AS (
                SELECT MIN(project) FROM jobs WHERE state = 'queued'
                UNION ALL
                SELECT (SELECT MIN(project) FROM jobs WHERE state = 'queued' AND project > next.project)
                FROM next WHERE next.project IS NOT NULL
            ) SELECT project FROM next WHERE project IS NOT NULL LIMIT $1";
        let rows = query(sql).bind(PROJECTS).fetch_all(&mut self.connection).await?;
        Ok(rows.iter().map(|row| row.try_get("project")).collect::<Result<_, _>>()?)
    }

    /// What runs now, on all nodes. Where quotas or licences count, two nodes do not claim at the same time.
    async fn in_use(&mut self) -> Result<InUse, StoreError> {
        if self.database.is_shared() && self.policy.counts() {
            let lock = "SELECT COUNT(*) FROM pg_advisory_xact_lock(7037142)";
            query(lock).execute(&mut self.connection).await?;
        }
        let running = "FROM jobs WHERE state IN ('starting', 'running', 'stopping')";
        let mut in_use = InUse::default();
        if self.policy.licences.is_empty() {
            let sql = format!("SELECT project, cores {running}");
            for row in query(&sql).fetch_all(&mut self.connection).await? {
                let (project, cores) = (row.try_get("project")?, row.try_get::<i64>("cores")? as u32);
                in_use.add(&Demand { project, cores, ..Demand::default() });
            }
        } else {
            let sql = format!("SELECT id, ticket, job {running}");
            for row in query(&sql).fetch_all(&mut self.connection).await? {
                in_use.add(&stored(row.try_get("id")?, &row)?.ticket.demand(&self.policy.tiny));
            }
        }
        Ok(in_use)
    }
}
