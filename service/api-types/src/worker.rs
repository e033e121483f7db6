//! The nodes that solve, as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A node that solves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkerView {
    /// Its id.
    pub id: String,
    /// Host and process.
    pub name: String,
    /// Farkas' version there.
    pub version: String,
    /// Cores for jobs.
    pub cores: u32,
    /// Those that jobs hold.
    pub cores_used: u32,
    /// Since when it is there, RFC 3339.
    #[schema(format = "date-time")]
    pub started_at: String,
    /// When it was heard of last.
    #[schema(format = "date-time")]
    pub seen_at: String,
    /// Whether that was within a lease.
    pub alive: bool,
    /// Whether it takes no more jobs.
    pub draining: bool,
}

/// All nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkerList {
    /// The oldest first.
    pub workers: Vec<WorkerView>,
}
