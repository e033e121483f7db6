//! What these routes remember beside the jobs, all of it bounded and lost with the process, as with the service that they
//! stand for: bodies that a client cached, which are its project's own, which incumbents it has had, how far logs were read, and
//! which requests were answered a moment ago.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::encoding::Encoding;
use crate::incoming::Text;

/// Bodies that may be cached.
const MOST_CACHED: usize = 256;
/// Bytes of them in all.
const MOST_CACHED_BYTES: usize = 1 << 30;
/// Jobs whose readers' places are remembered; when there are more, all are forgotten, and readers begin anew.
const MOST_PLACES: usize = 1 << 16;
/// How long it is taken for granted that what was answered is there: no retention is that short.
const ANSWERED: Duration = Duration::from_secs(10);

/// A body to be used again.
#[derive(Debug, Clone)]
pub struct Cached {
    pub encoding: Encoding,
    pub body: Arc<Text>,
}

/// How far a job's log goes, as far as it was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogEnd {
    /// Its bytes.
    pub bytes: u64,
    /// Number of its last line's event.
    pub event: u64,
    /// Whether nothing will be added.
    pub is_last: bool,
}

/// A request that was answered.
#[derive(Debug)]
struct Answered {
    project: String,
    /// Whether it was a list.
    together: bool,
    at: Instant,
}

#[derive(Debug, Default)]
struct Slots {
    cached: HashMap<(String, String), Cached>,
    delivered: HashMap<String, u64>,
    log_ends: HashMap<String, LogEnd>,
    answered: HashMap<String, Answered>,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<Slots>>);

impl Memory {
    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a body; false when there is no room.
    pub fn cache(&self, project: &str, id: &str, cached: Cached) -> bool {
        let mut slots = self.slots();
        let bytes: usize = slots.cached.values().map(|cached| cached.body.len()).sum();
        let fits = slots.cached.len() < MOST_CACHED && bytes + cached.body.len() <= MOST_CACHED_BYTES;
        if fits {
            slots.cached.insert((project.into(), id.into()), cached);
        }
        fits
    }

    /// A cached body.
    pub fn cached(&self, project: &str, id: &str) -> Option<Cached> {
        self.slots().cached.get(&(project.to_owned(), id.to_owned())).cloned()
    }

    /// Forgets a cached body, or with `*` all of the project; how many there were.
    pub fn drop_cached(&self, project: &str, id: &str) -> usize {
        let mut slots = self.slots();
        let before = slots.cached.len();
        slots.cached.retain(|(of, name), _| of != project || (id != "*" && name != id));
        before - slots.cached.len()
    }

    /// The newest event of which a job's reader has heard.
    pub fn delivered(&self, id: &str) -> u64 {
        self.slots().delivered.get(id).copied().unwrap_or(0)
    }

    /// Remembers it.
    pub fn deliver(&self, id: &str, event: u64) {
        let mut slots = self.slots();
        if slots.delivered.len() >= MOST_PLACES {
            slots.delivered.clear();
        }
        slots.delivered.insert(id.into(), event);
    }

    /// How far a job's log was read.
    pub fn log_end(&self, job: &str) -> Option<LogEnd> {
        self.slots().log_ends.get(job).copied()
    }

    /// Remembers it; of two who read at once the one who came further is right.
    pub fn set_log_end(&self, job: &str, end: LogEnd) {
        let mut slots = self.slots();
        if slots.log_ends.len() >= MOST_PLACES {
            slots.log_ends.clear();
        }
        let known = slots.log_ends.entry(job.into()).or_default();
        if (end.event, end.is_last) > (known.event, known.is_last) {
            *known = end;
        }
    }

    /// A request was accepted, and is answered.
    pub fn answer(&self, project: &str, id: &str, together: bool) {
        let mut slots = self.slots();
        if slots.answered.len() >= MOST_PLACES {
            slots.answered.clear();
        }
        slots.answered.insert(id.into(), Answered { project: project.into(), together, at: Instant::now() });
    }

    /// Whether a request of the project that was answered a moment ago is a list; nothing of any other. It is told once.
    pub fn take_answered(&self, project: &str, id: &str) -> Option<bool> {
        let mut slots = self.slots();
        slots.answered.get(id).filter(|answered| answered.project == project)?;
        let answered = slots.answered.remove(id)?;
        (answered.at.elapsed() < ANSWERED).then_some(answered.together)
    }

    /// Nobody reads there any more.
    pub fn forget(&self, id: &str) {
        let mut slots = self.slots();
        slots.delivered.remove(id);
        slots.log_ends.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_is_told_once_and_to_its_project() {
        let memory = Memory::default();
        memory.answer("one", "a", false);
        memory.answer("one", "b", true);
        let asked = [("other", "a"), ("one", "a"), ("one", "a"), ("one", "b"), ("one", "c")];
        let told = asked.map(|(project, id)| memory.take_answered(project, id));
        assert_eq!(told, [None, Some(false), None, Some(true), None]);
    }
}
