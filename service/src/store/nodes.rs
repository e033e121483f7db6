//! The nodes that share a store: each tells every few seconds that it is there. Nothing hangs on it but what people see and
//! whom they ask to drain; whose jobs go on elsewhere is for the leases to say.

use super::session::{Row, query};
use super::writes::Write;
use super::{Duty, NodeRecord, NodeReport, StoreError};
use crate::time::Timestamp;

/// How long a node that died is still shown.
const SHOWN_SECONDS: f64 = 600.0;

const ALL: &str =
    "SELECT id, name, version, cores, cores_used, started_at, seen_at, drain FROM nodes ORDER BY started_at, id";

impl Write {
    pub(super) async fn heartbeat(&mut self, node: &NodeReport) -> Result<Duty, StoreError> {
        let row = query(
            "INSERT INTO nodes (id, name, version, cores, cores_used, started_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT (id) DO UPDATE SET cores_used = $5, seen_at = $6 RETURNING drain",
        )
        .bind(&node.id)
        .bind(&node.name)
        .bind(&node.version)
        .bind(i64::from(node.cores))
        .bind(i64::from(node.cores_used))
        .bind(self.now.millis())
        .fetch_one(&mut self.connection)
        .await?;
        duty(&row)
    }

    pub(super) async fn leave(&mut self, node: &str) -> Result<(), StoreError> {
        query("DELETE FROM nodes WHERE id = $1").bind(node).execute(&mut self.connection).await?;
        Ok(())
    }

    pub(super) async fn assign(&mut self, node: &str, duty: Duty) -> Result<NodeRecord, StoreError> {
        let row = query(
            "UPDATE nodes SET drain = $1 WHERE id = $2
             RETURNING id, name, version, cores, cores_used, started_at, seen_at, drain",
        )
        .bind(i64::from(duty == Duty::Drain))
        .bind(node)
        .fetch_optional(&mut self.connection)
        .await?;
        let row = row.ok_or_else(|| StoreError::NoNode(node.into()))?;
        self.told.duty = true;
        record(&row, self.now, self.rules.lease_seconds)
    }

    pub(super) async fn forget_nodes(&mut self) -> Result<(), StoreError> {
        query("DELETE FROM nodes WHERE seen_at < $1")
            .bind(self.now.plus_seconds(-SHOWN_SECONDS).millis())
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn nodes(&mut self) -> Result<Vec<NodeRecord>, StoreError> {
        let rows = query(ALL).fetch_all(&mut self.connection).await?;
        rows.iter().map(|row| record(row, self.now, self.rules.lease_seconds)).collect()
    }
}

fn duty(row: &Row) -> Result<Duty, StoreError> {
    Ok(if row.try_get::<i64>("drain")? == 0 { Duty::Work } else { Duty::Drain })
}

fn record(row: &Row, now: Timestamp, lease_seconds: u32) -> Result<NodeRecord, StoreError> {
    let report = NodeReport {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        version: row.try_get("version")?,
        cores: row.try_get::<i64>("cores")? as u32,
        cores_used: row.try_get::<i64>("cores_used")? as u32,
    };
    let seen_at = Timestamp::from_millis(row.try_get("seen_at")?);
    let alive = now.seconds_since(seen_at) <= f64::from(lease_seconds);
    let started_at = Timestamp::from_millis(row.try_get("started_at")?);
    Ok(NodeRecord { report, started_at, seen_at, alive, duty: duty(row)? })
}
