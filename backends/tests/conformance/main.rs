//! The conformance suite: one table of cases and one set of behaviours that every backend answers alike. A bug found in one
//! adapter becomes a row for all.
//!
//! A backend joins by its lines in [`known`]. Those that are not compiled in, or not installed, are named by the test
//! `who_is_tried`. `FARKAS_SUITE=cplex,scip` tries these alone; `FARKAS_WHEELS` names a Python environment with solvers.

mod alone;
mod analysis;
mod asked;
mod behaviour;
mod capabilities;
mod choices;
mod claims;
mod conflicts;
mod disagreements;
mod ear;
mod judge;
mod lazy;
mod memory;
mod mock;
mod patches;
mod pools;
mod prints;
mod problems;
mod quadratics;
mod sessions;
#[cfg(target_os = "linux")]
mod sidecars;
mod table;
mod threads;
#[cfg(target_os = "linux")]
mod workers;

use std::sync::Arc;

use farkas_backends::bridges::Bridged;
use farkas_backends::contract::{Availability, Backend};
use farkas_backends::hosted::HOSTED;

use asked::{for_each, for_each_of};

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

/// The worker that hosts the one of this name.
fn worker_of(name: &str) -> Option<Arc<dyn Backend>> {
    #[cfg(target_os = "linux")]
    return sidecars::registry().backend(name);
    #[cfg(not(target_os = "linux"))]
    None
}

/// Everybody who could be tried.
fn everybody() -> Vec<&'static str> {
    ["highs", "scip", "cbc"].into_iter().chain(HOSTED.iter().map(|hosted| hosted.name)).collect()
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
