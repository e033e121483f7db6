//! The outbox of the webhooks: written where a job changes its state, emptied by whoever calls.

use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row};

use super::StoreError;
use super::documents::Kind;
use super::writes::Write;
use crate::jobs::Ticket;
use crate::time::Timestamp;
use crate::webhooks::Delivery;

/// How long a caller has one for itself.
const LEASE_SECONDS: f64 = 60.0;

/// Whether something is due; spares the writer a look into an empty table.
pub(super) async fn are_due(reads: &AnyPool, now: Timestamp) -> Result<bool, StoreError> {
    let query = sqlx::query("SELECT id FROM deliveries WHERE due_at <= $1 LIMIT 1").bind(now.millis());
    Ok(query.fetch_optional(reads).await?.is_some())
}

impl Write {
    /// Has every webhook of the job's project told of its new state.
    pub(super) async fn announce(&mut self, ticket: &Ticket, event: u64, state: &str) -> Result<(), StoreError> {
        sqlx::query(
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
    pub(super) async fn take_due(&mut self, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let rows = sqlx::query(
            "UPDATE deliveries SET due_at = $1
             WHERE due_at <= $2 AND id IN (SELECT id FROM deliveries WHERE due_at <= $2 ORDER BY due_at LIMIT $3)
             RETURNING id, project, webhook, job_id, event_id, state, attempts",
        )
        .bind(self.now.plus_seconds(LEASE_SECONDS).millis())
        .bind(self.now.millis())
        .bind(i64::from(limit))
        .fetch_all(&mut self.connection)
        .await?;
        Ok(rows.iter().map(delivery).collect::<Result<_, _>>()?)
    }

    /// Strikes out what was heard, or is given up.
    pub(super) async fn strike_out(&mut self, id: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM deliveries WHERE id = $1").bind(id).execute(&mut self.connection).await?;
        Ok(())
    }

    /// Puts off what was not heard.
    pub(super) async fn put_off(&mut self, id: &str, attempts: u32, seconds: f64) -> Result<(), StoreError> {
        sqlx::query("UPDATE deliveries SET attempts = $1, due_at = $2 WHERE id = $3")
            .bind(i64::from(attempts))
            .bind(self.now.plus_seconds(seconds).millis())
            .bind(id)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }
}

fn delivery(row: &AnyRow) -> Result<Delivery, sqlx::Error> {
    Ok(Delivery {
        id: row.try_get("id")?,
        project: row.try_get("project")?,
        webhook: row.try_get("webhook")?,
        job: row.try_get("job_id")?,
        event: row.try_get::<i64, _>("event_id")? as u64,
        state: row.try_get("state")?,
        attempts: row.try_get::<i64, _>("attempts")? as u32,
    })
}
