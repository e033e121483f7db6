//! The conformance suite: one table of cases and one set of behaviours that every backend answers alike. A bug found in one
//! adapter becomes a row for all.
//!
//! A backend joins by its lines in [`known`]. Those that are not compiled in, or not installed, are named by the test
//! `who_is_tried`. `FARKAS_SUITE=cplex,scip` tries these alone; `FARKAS_WHEELS` names a Python environment with solvers.

mod analysis;
mod behaviour;
mod choices;
mod claims;
mod conflicts;
mod ear;
mod judge;
mod lazy;
mod mock;
mod patches;
mod pools;
mod problems;
mod quadratics;
mod sessions;
#[cfg(target_os = "linux")]
mod sidecars;
mod table;
#[cfg(target_os = "linux")]
mod workers;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use farkas_backends::bridges::Bridged;
use farkas_backends::contract::{Availability, Backend};
use farkas_backends::hosted::HOSTED;

/// Those that are asked, where not all are: names with commas between them in `FARKAS_SUITE`.
fn named() -> Option<Vec<String>> {
    Some(std::env::var("FARKAS_SUITE").ok()?.split(',').map(str::to_owned).collect())
}

/// Everybody who is tried: **a linked adapter adds its two lines here**, and its name to `EVERYBODY`; a hosted one is here by
/// its line in `hosted.rs`.
fn known() -> Vec<Arc<dyn Backend>> {
    let mut all: Vec<Arc<dyn Backend>> = Vec::new();
    #[cfg(feature = "cbc")]
    all.push(Arc::new(farkas_backends::solvers::cbc::Cbc));
    #[cfg(feature = "highs")]
    all.push(Arc::new(farkas_backends::solvers::highs::Highs::new()));
    #[cfg(feature = "scip")]
    all.push(Arc::new(farkas_backends::solvers::scip::ScipBackend::new()));
    all.extend(HOSTED.iter().map(|hosted| Arc::from((hosted.make)())));
    if let Some(named) = named() {
        #[cfg(target_os = "linux")]
        all.extend(sidecars::all().into_iter().filter(|backend| named.iter().any(|name| name == backend.name())));
        all.retain(|backend| named.iter().any(|name| name == backend.name()));
    }
    all
}

/// Those of them that are ready.
fn native() -> Vec<Arc<dyn Backend>> {
    let mut all = known();
    all.retain(|backend| matches!(backend.probe(), Availability::Ready { .. }));
    all
}

/// The same with bridges, as users meet them: what needs none is handed through.
fn backends() -> Vec<Arc<dyn Backend>> {
    native().into_iter().map(|backend| Arc::new(Bridged::over(backend)) as Arc<dyn Backend>).collect()
}

/// Everybody who could be tried.
fn everybody() -> Vec<&'static str> {
    ["highs", "scip", "cbc"].into_iter().chain(HOSTED.iter().map(|hosted| hosted.name)).collect()
}

/// Runs `test` for every backend and fails with all faults of all of them.
fn for_each(test: impl Fn(&dyn Backend) -> Vec<String>) {
    for_each_of(backends(), test);
}

/// The same for these.
fn for_each_of(backends: Vec<Arc<dyn Backend>>, test: impl Fn(&dyn Backend) -> Vec<String>) {
    let mut faults = Vec::new();
    for backend in backends {
        let name = backend.name().to_owned();
        let found = catch_unwind(AssertUnwindSafe(|| test(&*backend)));
        let found = found.unwrap_or_else(|thrown| match thrown.downcast_ref::<ear::NotTaken>() {
            Some(ear::NotTaken(why)) => {
                println!("not asked of {name}, which was seen to refuse it: {why}");
                Vec::new()
            }
            None => vec!["panicked (see above)".into()],
        });
        faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "{} faults\n  {}", faults.len(), faults.join("\n  "));
}

#[test]
fn who_is_tried() {
    let tried = backends();
    for backend in &tried {
        println!("tried: {} ({:?})", backend.name(), backend.probe());
        let listed = everybody().contains(&backend.name()) || sidecars::is_one(backend.name());
        assert!(listed, "{} is missing in `everybody`", backend.name());
    }
    for backend in known().iter().filter(|backend| !tried.iter().any(|ready| ready.name() == backend.name())) {
        println!("not tried: {}: {:?}", backend.name(), backend.probe());
    }
    let untried: Vec<&str> = everybody().into_iter().filter(|n| !tried.iter().any(|b| b.name() == *n)).collect();
    println!("not tried, because not compiled in or not ready: {untried:?}");
}
