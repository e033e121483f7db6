//! Retention: jobs that ended long ago are forgotten with their history and with the bodies that only they name. Models stay:
//! another job, or a user who stored one, may name the same.

use std::time::Duration;

use super::session::query;
use super::sql::stored;
use super::writes::Write;
use super::{Extent, Forgotten, Kind, StoreError, Stored};
use crate::time::Timestamp;

impl Write {
    /// Looks at the next jobs after `after` that were accepted before a time, and forgets those that ended before it.
    pub(super) async fn forget(
        &mut self,
        before: Duration,
        after: &str,
        most: u32,
        extent: Extent,
    ) -> Result<Forgotten, StoreError> {
        let before = self.now.plus_seconds(-before.as_secs_f64());
        let rows = query(
            "SELECT id, ticket, job FROM jobs
             WHERE state IN ('succeeded', 'failed', 'canceled', 'expired') AND id > $1 AND id < $2 ORDER BY id LIMIT $3",
        )
        .bind(after)
        .bind(first_id_at(before))
        .bind(i64::from(most))
        .fetch_all(&mut self.connection)
        .await?;
        let mut forgotten = Forgotten { jobs: 0, next: None };
        for row in &rows {
            let found = stored(row.try_get("id")?, row)?;
            if found.job.finished_at.is_some_and(|ended| ended < before) {
                forgotten.jobs += 1;
                if extent == Extent::Forget {
                    self.erase(&found).await?;
                }
            }
            forgotten.next = Some(found.ticket.id);
        }
        if rows.len() < most as usize {
            forgotten.next = None;
        }
        Ok(forgotten)
    }

    async fn erase(&mut self, found: &Stored) -> Result<(), StoreError> {
        let points = found.job.points.iter().map(|point| &point.key);
        let keys: Vec<String> =
            points.chain(found.job.result.as_ref()).chain(found.ticket.start.as_ref()).cloned().collect();
        for key in keys {
            query("DELETE FROM bodies WHERE key = $1").bind(&key).execute(&mut self.connection).await?;
            self.told.drops.push(key);
        }
        for sql in [
            "DELETE FROM events WHERE job_id = $1",
            "DELETE FROM tags WHERE job_id = $1",
            "DELETE FROM idempotency WHERE job_id = $1",
            "DELETE FROM jobs WHERE id = $1",
        ] {
            query(sql).bind(&found.ticket.id).execute(&mut self.connection).await?;
        }
        for name in std::iter::once(&found.ticket.id).chain(&found.ticket.tags) {
            query(
                "DELETE FROM documents WHERE kind = $1 AND project = $2 AND id = $3
                    AND NOT EXISTS (SELECT 1 FROM tags WHERE tag = $3)",
            )
            .bind(Kind::Hidden.name())
            .bind(&found.ticket.project)
            .bind(name)
            .execute(&mut self.connection)
            .await?;
        }
        Ok(())
    }
}

/// The least id that a job accepted at this time can have: ids begin with their time (UUID version 7).
fn first_id_at(time: Timestamp) -> String {
    let millis = time.millis().max(0);
    format!("{:08x}-{:04x}", millis >> 16, millis & 0xFFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_a_time_begin_with_it() {
        let id = uuid::Uuid::now_v7();
        let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
        let millis = (seconds * 1000 + u64::from(nanos) / 1_000_000) as i64;
        assert!(id.to_string() >= first_id_at(Timestamp::from_millis(millis)), "{id}");
        assert!(id.to_string() < first_id_at(Timestamp::from_millis(millis + 1)), "{id}");
    }
}
