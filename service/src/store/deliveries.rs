//! The outbox of the webhooks: written where a job changes its state, emptied by whoever calls.

use sqlx::AnyPool;

use super::StoreError;
use super::documents::Kind;
use super::session::{Row, query};
use super::writes::Write;
use crate::jobs::Ticket;
use crate::time::Timestamp;
use crate::webhooks::{Delivery, Subscriber};

/// How long a caller has one for itself.
const LEASE_SECONDS: f64 = 60.0;
/// Webhooks that are looked at.
const MOST_WEBHOOKS: i64 = 10_000;

/// For whom something is due. Each step asks the index for the next webhook, however much is to be told to one.
pub(super) async fn due_for(reads: &AnyPool, now: Timestamp) -> Result<Vec<Subscriber>, StoreError> {
    let sql = "WITH RECURSIVE next (webhook) AS (
            SELECT MIN(webhook) FROM deliveries
            UNION ALL
            SELECT (SELECT MIN(webhook) FROM deliveries WHERE webhook > next.webhook)
            FROM next WHERE next.webhook IS NOT NULL
        ) SELECT webhook,
            (SELECT project FROM deliveries d WHERE d.webhook = next.webhook AND d.due_at <= $1 LIMIT 1) AS project
        FROM next WHERE webhook IS NOT NULL ORDER BY webhook LIMIT $2";
    let rows = query(sql).bind(now.millis()).bind(MOST_WEBHOOKS).fetch_all(reads).await?;
    let mut found = Vec::new();
    for row in &rows {
        if let Some(project) = row.try_get("project")? {
            found.push(Subscriber { project, webhook: row.try_get("webhook")? });
        }
    }
    Ok(found)
}

impl Write {
    /// Has every webhook of the job's project told of its new state.
    pub(super) async fn announce(&mut self, ticket: &Ticket, event: u64, state: &str) -> Result<(), StoreError> {
        query(
            "INSERT INTO deliveries (id, project, webhook, job_id, event_id, state, attempts, due_at)
             SELECT $1 || id, project, id, $2, $3, $4, 0, $5 FROM documents WHERE kind = $6 AND project = $7",
        )
        .bind(format!("{}-{event}-", ticket.id))
        .bind(&ticket.id)
        .bind(event as i64)
        .bind(state)
        .bind(self.now.millis())
        .bind(Kind::Webhook.name())
        .bind(&ticket.project)
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    /// Takes what is due; it is due again if it is not struck out within a lease.
    pub(super) async fn take_due(&mut self, shares: &[(String, usize)]) -> Result<Vec<Delivery>, StoreError> {
        let mut due = Vec::new();
        for (webhook, most) in shares {
            let rows = query(
                "UPDATE deliveries SET due_at = $1
                 WHERE due_at <= $2 AND id IN
                    (SELECT id FROM deliveries WHERE webhook = $3 AND due_at <= $2 ORDER BY due_at, id LIMIT $4)
                 RETURNING id, project, webhook, job_id, event_id, state, attempts",
            )
            .bind(self.now.plus_seconds(LEASE_SECONDS).millis())
            .bind(self.now.millis())
            .bind(webhook)
            .bind(*most as i64)
            .fetch_all(&mut self.connection)
            .await?;
            for row in &rows {
                due.push(delivery(row)?);
            }
        }
        Ok(due)
    }

    /// Strikes out what was heard, or is given up.
    pub(super) async fn strike_out(&mut self, id: &str) -> Result<(), StoreError> {
        query("DELETE FROM deliveries WHERE id = $1").bind(id).execute(&mut self.connection).await?;
        Ok(())
    }

    /// Puts off what was not heard.
    pub(super) async fn put_off(&mut self, id: &str, attempts: u32, seconds: f64) -> Result<(), StoreError> {
        query("UPDATE deliveries SET attempts = $1, due_at = $2 WHERE id = $3")
            .bind(i64::from(attempts))
            .bind(self.now.plus_seconds(seconds).millis())
            .bind(id)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }
}

fn delivery(row: &Row) -> Result<Delivery, sqlx::Error> {
    Ok(Delivery {
        id: row.try_get("id")?,
        project: row.try_get("project")?,
        webhook: row.try_get("webhook")?,
        job: row.try_get("job_id")?,
        event: row.try_get::<i64>("event_id")? as u64,
        state: row.try_get("state")?,
        attempts: row.try_get::<i64>("attempts")? as u32,
    })
}
