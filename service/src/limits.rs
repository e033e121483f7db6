//! Every limit of the service, in one place, with its default. A body, a queue, a wait: nothing is without one.

use std::time::Duration;

/// What a client may ask for.
///
/// ```
/// let limits = farkas_service::limits::Limits { queued_jobs: 10, ..Default::default() };
/// assert_eq!(limits.body_bytes, 256 << 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Bytes of a request's body, as sent.
    pub body_bytes: usize,
    /// Bytes of a request's body that has no model in it: a key, a patch, a webhook.
    pub request_bytes: usize,
    /// Bytes of a model once it is decompressed.
    pub model_bytes: usize,
    /// Rows, columns and nonzeros of a model together.
    pub model_entries: usize,
    /// Scenarios of a batch.
    pub batch_scenarios: usize,
    /// Jobs that may wait for cores.
    pub queued_jobs: u64,
    /// Of these, those of one key; where there are no keys, of one project.
    pub queued_jobs_of_key: u64,
    /// Longest `Prefer: wait`, in seconds.
    pub wait_seconds: u64,
    /// Longest time limit of a job, and the default of one that names none, in seconds.
    pub time_limit_seconds: f64,
    /// Open event streams.
    pub event_streams: usize,
    /// Of these, those of one key.
    pub event_streams_of_key: usize,
    /// Requests whose bodies are read and parsed at a time; more wait for their turn.
    pub bodies_at_once: usize,
    /// How long nothing of a request's body may come before it is given up, in seconds.
    pub body_seconds: u64,
    /// How long a webhook's listener may take to answer, in seconds.
    pub webhook_seconds: u64,
    /// Jobs or events on a page.
    pub page: u32,
}

impl Limits {
    /// How long a body may stand still.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.body_seconds)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 << 20,
            request_bytes: 16 << 20,
            model_bytes: 2 << 30,
            model_entries: 1 << 30,
            batch_scenarios: 10_000,
            queued_jobs: 100_000,
            queued_jobs_of_key: 50_000,
            wait_seconds: 120,
            time_limit_seconds: 24.0 * 3600.0,
            event_streams: 4096,
            event_streams_of_key: 2048,
            bodies_at_once: 16,
            body_seconds: 30,
            webhook_seconds: 10,
            page: 1000,
        }
    }
}
