//! What is printed: nothing that a solver writes to its standard output or error reaches whoever calls it through a worker, and
//! in this process only the solvers print that are known to.
#![cfg(target_os = "linux")]

use farkas_backends::contract::{Backend, Start, StopToken};
use farkas_backends::options::{LpMethod, Options};

use crate::alone::silent;
use crate::ear::{Ear, limited, open, taken};
use crate::for_each;
use crate::problems::{covering, knapsack};

/// In this process: solvers that write past every switch, and by which method. A caller who minds takes a worker.
const PRINT: [(&str, LpMethod); 4] =
    [("highs", LpMethod::FirstOrder), ("cbc", LpMethod::Auto), ("cbc", LpMethod::Simplex), ("cbc", LpMethod::Barrier)];

const WAYS: [LpMethod; 4] = [LpMethod::Auto, LpMethod::Simplex, LpMethod::Barrier, LpMethod::FirstOrder];

fn has(backend: &dyn Backend, method: LpMethod) -> bool {
    let can = backend.capabilities();
    match method {
        LpMethod::Auto => true,
        LpMethod::Simplex => can.simplex,
        LpMethod::Barrier => can.barrier,
        LpMethod::FirstOrder => can.first_order,
    }
}

/// A MIP and an LP by every method, with a log that is heard and one more option than there is.
fn everything(backend: &dyn Backend, but: &[(&str, LpMethod)]) -> Vec<String> {
    let mut found = Vec::new();
    for (label, problem) in taken(backend, vec![("a MIP", knapsack(20, 3, 81)), ("an LP", covering(40, 81))]) {
        for lp_method in
            WAYS.into_iter().filter(|method| has(backend, *method) && !but.contains(&(backend.name(), *method)))
        {
            for native in [None, Some(("no-such-option".to_owned(), "1".to_owned()))] {
                let refused = native.is_some();
                let options = Options { lp_method, native: native.into_iter().collect(), ..limited(20.0) };
                let ended =
                    open(backend, &problem).solve(&options, &Start::default(), &Ear::default(), &StopToken::new());
                if ended.is_err() != refused {
                    found.push(format!("{label} by {lp_method:?}: {ended:?}"));
                }
            }
        }
    }
    found
}

#[test]
fn nothing_that_is_printed_leaves_a_worker() {
    for_each(|backend| {
        silent(backend, "prints::nothing_that_is_printed_leaves_a_worker", || match crate::worker_of(backend.name()) {
            Some(worker) => everything(&*worker, &[]),
            None => everything(backend, &[]), // its workers are another process's
        })
    });
}

#[test]
fn few_print_in_this_process() {
    for_each(|backend| silent(backend, "prints::few_print_in_this_process", || everything(backend, &PRINT)));
}
