//! The table, and further points, through worker processes.

use farkas_backends::contract::Backend;
use farkas_backends::options::Options;

use crate::claims::table_by;
use crate::conflicts::{faults_at_a_chain, faults_over_the_table, faults_without_time};
use crate::for_each;
use crate::pools::pools;

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

/// Nor does it for a solver's own conflicts: who looks for them in process does so there, and nobody else.
#[test]
fn every_conflict_in_a_worker() {
    let registry = crate::sidecars::registry();
    for_each(|backend| {
        let Some(worker) = registry.backend(backend.name()) else { return vec!["has no worker".into()] };
        let (here, there) = (backend.capabilities().iis, worker.capabilities().iis);
        if here != there {
            return vec![format!("declares its own conflicts: {here} in process, {there} in a worker")];
        }
        if !there {
            return Vec::new();
        }
        let rows: [fn(&dyn Backend) -> Vec<String>; 3] =
            [faults_over_the_table, faults_at_a_chain, faults_without_time];
        rows.iter().flat_map(|row| row(&*worker)).collect()
    });
    registry.shut_down();
}

#[test]
fn further_points_come_out_of_a_worker() {
    let registry = crate::sidecars::registry();
    for_each(|backend| match registry.backend(backend.name()) {
        Some(worker) if backend.capabilities().integers => pools(backend, &*worker),
        Some(_) => Vec::new(),
        None => vec!["has no worker".into()],
    });
    registry.shut_down();
}
