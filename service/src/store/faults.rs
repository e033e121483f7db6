//! Places where a process can die, for tests that let it die at each of them in turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Counts the places that are passed, and says at one of them that this is the end.
#[derive(Debug, Clone)]
pub struct Faults(Arc<AtomicI64>);

impl Faults {
    /// None.
    pub fn none() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MAX)))
    }

    /// The process dies once so many places were passed.
    pub fn after(places: i64) -> Self {
        Self(Arc::new(AtomicI64::new(places)))
    }

    /// Whether it has died.
    pub fn have_struck(&self) -> bool {
        self.0.load(Ordering::SeqCst) < 0
    }

    /// A place; true when the process dies here.
    pub(super) fn strike(&self) -> bool {
        self.0.fetch_sub(1, Ordering::SeqCst) <= 0
    }
}
