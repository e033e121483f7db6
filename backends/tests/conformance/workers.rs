//! The table through worker processes.

use farkas_backends::options::Options;

use crate::claims::table_by;
use crate::for_each;

/// The way into a process and back changes nothing.
#[test]
fn every_row_in_a_worker() {
    let registry = crate::sidecars::registry();
    for_each(|backend| match registry.backend(backend.name()) {
        Some(worker) => table_by(backend, &*worker, &Options::default()),
        None => vec!["has no worker".into()],
    });
    registry.shut_down();
}
