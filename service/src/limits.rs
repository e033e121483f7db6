//! Every limit of the service, in one place, with its default. A body, a queue, a wait: nothing is without one.

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
    /// Bytes of a model once it is decompressed.
    pub model_bytes: usize,
    /// Jobs that may wait for cores.
    pub queued_jobs: u64,
    /// Longest `Prefer: wait`, in seconds.
    pub wait_seconds: u64,
    /// Longest time limit of a job, and the default of one that names none, in seconds.
    pub time_limit_seconds: f64,
    /// Open event streams.
    pub event_streams: usize,
    /// Requests whose bodies are read and parsed at a time; more wait for their turn.
    pub bodies_at_once: usize,
    /// Jobs or events on a page.
    pub page: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 << 20,
            model_bytes: 2 << 30,
            queued_jobs: 100_000,
            wait_seconds: 120,
            time_limit_seconds: 24.0 * 3600.0,
            event_streams: 4096,
            bodies_at_once: 16,
            page: 1000,
        }
    }
}
