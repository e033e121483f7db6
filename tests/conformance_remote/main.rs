//! The conformance suite over a whole service: a `farkas serve` that each test starts on a free port of this machine, as one
//! backend, `remote`.
//!
//! It stands here and not beside the others because the client and the service stand above the backends. The suite's files
//! are taken as they are, since a library made of them would be one more crate that nobody but two tests uses; what they find
//! at the root of their program ([`backends`], [`native`], [`worker_of`]) is this file's business.

#[path = "../../backends/tests/conformance/alone.rs"]
mod alone;
#[path = "../../backends/tests/conformance/analysis.rs"]
mod analysis;
#[path = "../../backends/tests/conformance/asked.rs"]
mod asked;
#[path = "../../backends/tests/conformance/behaviour.rs"]
mod behaviour;
#[path = "../../backends/tests/conformance/capabilities.rs"]
mod capabilities;
#[path = "../../backends/tests/conformance/choices.rs"]
mod choices;
#[path = "../../backends/tests/conformance/claims.rs"]
mod claims;
#[path = "../../backends/tests/conformance/conflicts.rs"]
mod conflicts;
#[path = "../../backends/tests/conformance/disagreements.rs"]
mod disagreements;
#[path = "../../backends/tests/conformance/ear.rs"]
mod ear;
#[path = "../../backends/tests/conformance/judge.rs"]
mod judge;
#[path = "../../backends/tests/conformance/lazy.rs"]
mod lazy;
#[path = "../../backends/tests/conformance/memory.rs"]
mod memory;
#[path = "../../backends/tests/conformance/patches.rs"]
mod patches;
#[path = "../../backends/tests/conformance/pools.rs"]
mod pools;
#[path = "../../backends/tests/conformance/prints.rs"]
mod prints;
#[path = "../../backends/tests/conformance/problems.rs"]
mod problems;
#[path = "../../backends/tests/conformance/quadratics.rs"]
mod quadratics;
#[path = "../../backends/tests/conformance/sessions.rs"]
mod sessions;
#[path = "../support/mod.rs"]
mod support;
#[path = "../../backends/tests/conformance/table.rs"]
mod table;
#[path = "../../backends/tests/conformance/threads.rs"]
mod threads;

use std::sync::Arc;

use farkas::remote::{Client, Remote};
use farkas_backends::contract::{Availability, Backend, BackendError, Capabilities, Fit, Session};
use farkas_modeling::Problem;

use asked::{for_each, for_each_of};
use support::service::Service;

/// A service and the way to it; it ends with this.
struct Served {
    remote: Remote,
    _service: Service,
}

impl Backend for Served {
    fn name(&self) -> &str {
        self.remote.name()
    }

    fn probe(&self) -> Availability {
        self.remote.probe()
    }

    fn capabilities(&self) -> Capabilities {
        self.remote.capabilities()
    }

    fn fits(&self, problem: &Problem) -> Fit {
        self.remote.fits(problem)
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        self.remote.open(problem)
    }
}

fn native() -> Vec<Arc<dyn Backend>> {
    let service = Service::start();
    let client = Client::new(&service.address).expect("a service says its address");
    vec![Arc::new(Served { remote: Remote::new("remote", client), _service: service })]
}

/// As users meet it: a service needs no bridges here, its workers have them.
fn backends() -> Vec<Arc<dyn Backend>> {
    native()
}

/// It has workers of its own.
fn worker_of(_: &str) -> Option<Arc<dyn Backend>> {
    None
}

#[test]
fn the_service_is_tried() {
    for_each(|backend| match backend.probe() {
        Availability::Ready { version } => {
            println!("tried: {} ({version}), {:?}", backend.name(), backend.capabilities());
            Vec::new()
        }
        other => vec![format!("{other:?}")],
    });
}
