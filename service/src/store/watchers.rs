//! Who waits for what in this process: readers of a job's events, the scheduler for work, and for wishes that another
//! process took.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Watchers that left are forgotten when so many have come.
const MOST_FORGOTTEN: usize = 1024;

/// Who waits for what.
#[derive(Default)]
pub(super) struct Watchers {
    jobs: Mutex<HashMap<String, watch::Sender<u64>>>,
    queue: watch::Sender<u64>,
    wishes: watch::Sender<u64>,
}

impl Watchers {
    /// A job has events up to `last`.
    pub(super) fn changed(&self, job: &str, last: u64) {
        let mut jobs = self.lock();
        if let Some(sender) = jobs.get(job) {
            if sender.receiver_count() == 0 {
                jobs.remove(job);
            } else {
                // What another process told may come after what this one knows already.
                sender.send_modify(|known| *known = last.max(*known));
            }
        }
    }

    /// A job may be waiting.
    pub(super) fn queue(&self) {
        self.queue.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Another process took a wish for a job that may run here.
    pub(super) fn wish(&self) {
        self.wishes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Anything may have happened: everybody looks.
    pub(super) fn everything(&self) {
        self.lock().retain(|_, sender| sender.receiver_count() > 0);
        for sender in self.lock().values() {
            sender.send_modify(|_| {});
        }
        self.queue();
        self.wish();
    }

    pub(super) fn watch(&self, job: &str) -> watch::Receiver<u64> {
        let mut jobs = self.lock();
        if jobs.len() >= MOST_FORGOTTEN {
            jobs.retain(|_, sender| sender.receiver_count() > 0);
        }
        jobs.entry(job.into()).or_default().subscribe()
    }

    pub(super) fn watch_queue(&self) -> watch::Receiver<u64> {
        self.queue.subscribe()
    }

    pub(super) fn watch_wishes(&self) -> watch::Receiver<u64> {
        self.wishes.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<u64>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
