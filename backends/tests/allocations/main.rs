//! What is loaded and fetched is handed over in slices: opening a problem, solving it and reading the answer allocates as
//! often for a large problem as for a small one, by every solver that is linked.

mod ffi;

use std::sync::Arc;

use farkas_backends::contract::{Backend, Quiet, Start, StopToken};
use farkas_backends::options::{LpMethod, Options, Presolve};
use farkas_modeling::{ColumnKind, Problem, ProblemData, Reason};

/// What a solver's callbacks may add: they are called as often as it likes.
const FEW: usize = 40;

fn linked() -> Vec<Box<dyn Backend>> {
    vec![
        #[cfg(feature = "cbc")]
        Box::new(farkas_backends::solvers::cbc::Cbc),
        #[cfg(feature = "highs")]
        Box::new(farkas_backends::solvers::highs::Highs::new()),
        #[cfg(feature = "scip")]
        Box::new(farkas_backends::solvers::scip::ScipBackend::new()),
    ]
}

/// Every cost is positive and every row allows zero, which is the answer.
fn problem(rows: usize, columns: usize, each: usize, kind: ColumnKind) -> Arc<Problem> {
    let band = rows / each;
    let data = ProblemData {
        cost: (0..columns).map(|j| 1.0 + (j % 7) as f64).collect(),
        lower: vec![0.0; columns],
        upper: vec![10.0; columns],
        kinds: vec![kind; columns],
        row_lower: vec![f64::NEG_INFINITY; rows],
        row_upper: vec![5.0; rows],
        starts: (0..=columns).map(|j| (j * each) as u32).collect(),
        indices: (0..columns).flat_map(|j| (0..each).map(move |k| (k * band + j % band) as u32)).collect(),
        values: (0..columns * each).map(|k| 1.0 + (k % 31) as f64).collect(),
        ..ProblemData::default()
    };
    Arc::new(Problem::new(data).expect("sound"))
}

/// Allocations of opening, and of all of it.
fn allocations(backend: &dyn Backend, problem: &Arc<Problem>) -> (usize, usize) {
    let options = Options { presolve: Presolve::Off, lp_method: LpMethod::Simplex, ..Options::default() };
    // Made once for a problem, whoever asks first.
    problem.by_rows();
    let before = ffi::counts().0;
    let mut session = backend.open(Arc::clone(problem)).expect("it takes the problem");
    let opened = ffi::counts().0 - before;
    let claim = session.solve(&options, &Start::default(), &Quiet, &StopToken::new()).expect("it is solved");
    let all = ffi::counts().0 - before;
    assert_eq!((claim.termination.reason(), claim.objective), (Reason::Optimal, Some(0.0)), "{}", backend.name());
    (opened, all)
}

/// One test, alone in its process: what others allocate would be counted too.
#[test]
fn allocations_do_not_grow_with_the_problem() {
    let mut faults = Vec::new();
    for backend in linked() {
        for kind in [ColumnKind::Continuous, ColumnKind::Integer] {
            // What is made once in a process is made here.
            allocations(&*backend, &problem(20, 30, 2, kind));
            let small = allocations(&*backend, &problem(40, 60, 2, kind));
            let wide = allocations(&*backend, &problem(600, 900, 2, kind));
            let dense = allocations(&*backend, &problem(40, 60, 20, kind));
            println!("{}, {kind:?}: {small:?}, {wide:?}, {dense:?}", backend.name());
            for (shape, other) in [("15 times the rows and columns", wide), ("10 times the entries", dense)] {
                if other.0 > small.0 + FEW || other.1 > small.1 + FEW {
                    faults.push(format!("{}, {kind:?}: {small:?} allocations, {other:?} for {shape}", backend.name()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
