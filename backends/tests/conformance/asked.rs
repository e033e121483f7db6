//! Asks every backend there is, one after the other; which there are is the business of the program's root.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use farkas_backends::contract::Backend;

use crate::ear::NotTaken;

/// Runs `test` for every backend and fails with all faults of all of them.
pub fn for_each(test: impl Fn(&dyn Backend) -> Vec<String>) {
    for_each_of(crate::backends(), test);
}

/// The same for these.
pub fn for_each_of(backends: Vec<Arc<dyn Backend>>, test: impl Fn(&dyn Backend) -> Vec<String>) {
    let mut faults = Vec::new();
    for backend in backends {
        let name = backend.name().to_owned();
        let found = catch_unwind(AssertUnwindSafe(|| test(&*backend)));
        let found = found.unwrap_or_else(|thrown| match thrown.downcast_ref::<NotTaken>() {
            Some(NotTaken(why)) => {
                println!("not asked of {name}, which was seen to refuse it: {why}");
                Vec::new()
            }
            None => vec!["panicked (see above)".into()],
        });
        faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "{} faults\n  {}", faults.len(), faults.join("\n  "));
}
