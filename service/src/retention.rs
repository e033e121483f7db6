//! Retention as a service and `farkas gc` do it: page by page, so that nobody waits long for the store.

use std::time::Duration;

use crate::node::{Node, NodeOptions};
use crate::server::ServeError;
use crate::store::{Extent, Store, StoreError};

/// Jobs of one transaction.
const PAGE: u32 = 100;
/// How often a service looks.
const EVERY: Duration = Duration::from_secs(3600);

/// Forgets (or only counts) the jobs that ended so long ago; how many there were.
///
/// # Errors
/// When the store fails; pages before that are forgotten.
pub async fn forget<S: Store>(store: &S, older_than: Duration, extent: Extent) -> Result<u64, StoreError> {
    let (mut jobs, mut after) = (0, String::new());
    loop {
        let page = store.forget(older_than, &after, PAGE, extent).await?;
        jobs += page.jobs;
        let Some(next) = page.next else {
            // Files go after the answer, and the next write after them: who ends now must not leave them behind.
            store.renew(Vec::new()).await?;
            return Ok(jobs);
        };
        after = next;
    }
}

/// Forgets every hour, for ever.
pub async fn keep_forgetting<S: Store>(store: &S, older_than: Duration) {
    loop {
        match forget(store, older_than, Extent::Forget).await {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "jobs that ended long ago were forgotten"),
            Err(error) => tracing::error!(%error, "jobs that ended long ago could not be forgotten"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Forgets once, in a store that no service has open (or in one that many share).
///
/// # Errors
/// When the store cannot be opened, or fails.
pub fn run(options: NodeOptions, older_than: Duration, extent: Extent) -> Result<u64, ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.map_err(ServeError::Runtime)?.block_on(async {
        let node = Node::open(options).await?;
        Ok(forget(&*node.desk.store, older_than, extent).await?)
    })
}
