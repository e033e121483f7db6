//! Marks of what clients deleted, on their way into the store. A client of cuOpt's deletes each result as soon as it has read
//! it, and waits for the answer: so it is hidden at once, and written a moment later, with what others delete meanwhile. What a
//! crash takes of that moment is listed again, and nothing else; a service that closes in order writes all of it first.
//!
//! Only a process that has its store to itself puts marks off: where nodes share one, each hears of a mark by its commit.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::hidden::Hidden;
use crate::store::{Document, Kind, SqlStore, Store, StoreError};

/// How long marks are gathered that are then written together.
const GATHER: Duration = Duration::from_millis(20);
/// Marks that may wait to be written; whoever comes with more waits for the disk.
const MOST_PENDING: usize = 1024;
/// Marks that are known without asking the store; when there are more, all are forgotten, and read again.
const MOST_KNOWN: usize = 1 << 16;
/// How long to wait before a write that failed is tried again.
const RETRY_WRITE: Duration = Duration::from_secs(1);
/// How long a store that fails may keep the service from closing.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whose mark it is: a project and the document's id.
type Name = (String, String);

#[derive(Debug, Default)]
struct Slots {
    /// Not in the store yet.
    pending: HashMap<Name, Hidden>,
    /// In the store.
    known: HashMap<Name, Hidden>,
    /// Whether somebody writes what is pending.
    writing: bool,
    /// Whether marks are put off.
    open: bool,
}

/// See the module.
#[derive(Clone)]
pub struct Marks {
    store: Arc<SqlStore>,
    slots: Arc<Mutex<Slots>>,
    closing: CancellationToken,
    tasks: TaskTracker,
}

impl Marks {
    /// No marks; they are put off where nobody else can work on the store.
    pub fn new(store: Arc<SqlStore>, is_alone: bool) -> Self {
        let slots = Arc::new(Mutex::new(Slots { open: is_alone, ..Slots::default() }));
        Self { store, slots, closing: CancellationToken::new(), tasks: TaskTracker::new() }
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether marks are put off, so that this process has heard of each before anybody else.
    pub fn are_put_off(&self) -> bool {
        self.slots().open
    }

    /// What is known of a request without asking the store.
    pub fn of(&self, project: &str, id: &str) -> Option<Hidden> {
        let name = (project.to_owned(), id.to_owned());
        let slots = self.slots();
        slots.pending.get(&name).or_else(|| slots.known.get(&name)).copied()
    }

    /// Hides a request at once, or more of it, and has that written; false where it has to be written before.
    pub fn put_off(&self, project: &str, id: &str, what: Hidden) -> bool {
        let mut slots = self.slots();
        if !slots.open {
            return false;
        }
        let has_room = slots.pending.len() < MOST_PENDING;
        let name = (project.to_owned(), id.to_owned());
        if slots.known.get(&name).is_some_and(|known| *known >= what) {
            return true;
        }
        match slots.pending.entry(name) {
            Entry::Occupied(mut mark) => *mark.get_mut() = what.max(*mark.get()),
            Entry::Vacant(place) if has_room => {
                place.insert(what);
            }
            Entry::Vacant(_) => return false,
        }
        if !std::mem::replace(&mut slots.writing, true) {
            self.tasks.spawn(self.clone().write_down());
        }
        true
    }

    /// Writes what is pending, however often that takes, until nothing is.
    async fn write_down(self) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(GATHER) => {}
                () = self.closing.cancelled() => {}
            }
            let batch: Vec<(Name, Hidden)> = {
                let mut slots = self.slots();
                slots.writing = !slots.pending.is_empty();
                slots.pending.iter().map(|(name, what)| (name.clone(), *what)).collect()
            };
            if batch.is_empty() {
                return;
            }
            let written = join_all(batch.iter().map(|((project, id), what)| self.write(project, id, *what))).await;
            let failure = self.settle(batch, written);
            if let Some(error) = failure {
                tracing::error!(%error, "what clients deleted could not be written down; trying again");
                tokio::time::sleep(RETRY_WRITE).await;
            }
        }
    }

    async fn write(&self, project: &str, id: &str, what: Hidden) -> Result<(), StoreError> {
        let document = Document::new(Kind::Hidden, project.into(), id.into(), &what)?;
        self.store.put(document, Vec::new()).await
    }

    /// Strikes out what was written; the first failure, if there was one.
    fn settle(&self, batch: Vec<(Name, Hidden)>, written: Vec<Result<(), StoreError>>) -> Option<StoreError> {
        let mut failure = None;
        let mut slots = self.slots();
        for ((name, what), written) in batch.into_iter().zip(written) {
            if let Err(error) = written {
                failure.get_or_insert(error);
                continue;
            }
            // More of it may have been deleted meanwhile.
            if slots.pending.get(&name) == Some(&what) {
                slots.pending.remove(&name);
            }
            if slots.known.len() >= MOST_KNOWN {
                slots.known.clear();
            }
            slots.known.insert(name, what);
        }
        failure
    }

    /// From now on nothing is put off; waits until all that was is written.
    pub async fn close(&self) {
        self.slots().open = false;
        self.closing.cancel();
        self.tasks.close();
        if tokio::time::timeout(PATIENCE, self.tasks.wait()).await.is_err() {
            let lost = self.slots().pending.len();
            tracing::error!(lost, "what clients deleted could not be written down, and is listed again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blobs::Blobs;
    use crate::jobs::Rules;
    use crate::store::Database;

    async fn store_in(folder: &std::path::Path) -> Arc<SqlStore> {
        let database = Database::file(&folder.join("farkas.db")).unwrap();
        let blobs = Blobs::open(&folder.join("blobs")).unwrap();
        Arc::new(SqlStore::open(database, blobs, Rules::default()).await.unwrap())
    }

    async fn written(store: &SqlStore, id: &str) -> Option<Hidden> {
        let document = store.document(Kind::Hidden, "default", id).await.unwrap();
        document.map(|document| document.read().unwrap())
    }

    #[tokio::test]
    async fn what_is_put_off_is_known_at_once_and_written_before_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let store = store_in(folder.path()).await;
        let marks = Marks::new(Arc::clone(&store), true);
        assert!(marks.put_off("default", "a", Hidden::Log));
        assert!(marks.put_off("default", "a", Hidden::Whole));
        assert!(marks.put_off("default", "a", Hidden::Log), "less than there is changes nothing");
        assert!(marks.put_off("default", "b", Hidden::Log));
        let known = ["a", "b", "c"].map(|id| marks.of("default", id));
        assert_eq!(known, [Some(Hidden::Whole), Some(Hidden::Log), None]);
        assert_eq!(marks.of("other", "a"), None, "another project's is another");
        // Nothing has had its turn but this test.
        assert_eq!(marks.slots().pending.len(), 2);

        marks.close().await;
        assert_eq!(written(&store, "a").await, Some(Hidden::Whole));
        assert_eq!(written(&store, "b").await, Some(Hidden::Log));
        assert_eq!(marks.of("default", "a"), Some(Hidden::Whole));
        assert!(!marks.put_off("default", "c", Hidden::Whole), "a service that closes writes before it answers");
        assert!(written(&store, "c").await.is_none());
    }

    #[tokio::test]
    async fn what_waits_to_be_written_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let store = store_in(folder.path()).await;
        let marks = Marks::new(Arc::clone(&store), true);
        let taken = (0..=MOST_PENDING).filter(|i| marks.put_off("default", &i.to_string(), Hidden::Log)).count();
        assert_eq!(taken, MOST_PENDING);
        assert!(marks.put_off("default", "0", Hidden::Whole), "more of what is there already takes no room");
        marks.close().await;
        assert_eq!(written(&store, "0").await, Some(Hidden::Whole));
        assert_eq!(store.documents(Kind::Hidden, None, None, 10_000).await.unwrap().len(), MOST_PENDING);
        assert_eq!(marks.slots().pending.len(), 0);
    }

    #[tokio::test]
    async fn where_others_share_the_store_nothing_is_put_off() {
        let folder = tempfile::tempdir().unwrap();
        let marks = Marks::new(store_in(folder.path()).await, false);
        assert!(!marks.put_off("default", "a", Hidden::Whole));
        assert_eq!(marks.of("default", "a"), None);
    }
}
