//! What an adapter costs beside its solver's own calls: a problem of a million nonzeros is loaded, solved in no step, and
//! its answer fetched, by the backend and by the solver's own C calls in turns: `cargo bench --bench overhead -- [highs]
//! [scip] [clp] [cplex] [xpress]`.
//!
//! Own calls get arrays that have their preferred layout already, and fetch into arrays of their own; of SCIP there are two
//! lines, one where both have rows at hand and one where both have to make them of the columns. Ours are
//! `Backend::open` and `solve`, which fetches the claim, and what freeing both takes. The same solve stands in both (at the
//! slack basis, which is optimal), and its time in neither: of HiGHS' it is measured from the phase that comes before it
//! to its last line of log, of others' where the solver is entered and left. Times are processor seconds
//! of the process. `FARKAS_BENCH_ROUNDS` (15) says how often each is timed; `FARKAS_WHEELS` names the Python environment that
//! has CPLEX and Xpress.

mod ffi;
mod libraries;
mod ours;
mod shapes;

use std::process::{Command, ExitCode};
use std::sync::Arc;

use farkas_backends::contract::{Availability, Backend};
use farkas_modeling::{Problem, Reason};

use ours::ours;
use shapes::Shape;

/// What own calls took, in processor seconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Own {
    /// Everything but the solve.
    pub calls: f64,
    /// The solve.
    pub solve: f64,
    /// What was fetched, to be compared.
    pub objective: f64,
}

/// Own calls of one solver.
type Calls = Box<dyn Fn(&Problem) -> Own>;

/// A solver, twice.
struct Pair {
    name: &'static str,
    backend: Box<dyn Backend>,
    own: Calls,
    shapes: Vec<Shape>,
    /// Whether somebody has looked at the problem by rows before, as the race's check does: for both.
    by_rows: bool,
}

fn pairs() -> Vec<Pair> {
    let mut all: Vec<Pair> = vec![
        #[cfg(feature = "highs")]
        Pair {
            name: "highs",
            backend: Box::new(farkas_backends::solvers::highs::Highs::new()),
            own: Box::new(ffi::highs::own),
            shapes: vec![Shape::SPARSE, Shape::DENSE],
            by_rows: false,
        },
        #[cfg(feature = "scip")]
        Pair {
            name: "scip",
            backend: Box::new(farkas_backends::solvers::scip::ScipBackend::new()),
            own: Box::new(ffi::scip::own),
            shapes: vec![Shape::SPARSE, Shape::DENSE],
            by_rows: false,
        },
        #[cfg(feature = "scip")]
        Pair {
            name: "scip, by rows",
            backend: Box::new(farkas_backends::solvers::scip::ScipBackend::new()),
            own: Box::new(ffi::scip::own_by_rows),
            shapes: vec![Shape::SPARSE, Shape::DENSE],
            by_rows: true,
        },
        #[cfg(feature = "cbc")]
        Pair {
            name: "clp",
            backend: Box::new(farkas_backends::solvers::cbc::Cbc),
            own: Box::new(ffi::clp::own),
            shapes: vec![Shape::SPARSE, Shape::DENSE],
            by_rows: false,
        },
    ];
    // Their free editions take a thousand rows and columns, or five thousand of both together, and any nonzeros.
    if let Some(path) = libraries::cplex() {
        let watched = ffi::doorway::before(&path, "CPXlpopt").unwrap_or_else(|| path.clone());
        let backend = Box::new(farkas_backends::solvers::cplex::Cplex::at(watched));
        let own: Calls = Box::new(move |problem| ffi::cplex::own(&path, problem));
        all.push(Pair { name: "cplex", backend, own, shapes: vec![Shape::DENSE], by_rows: false });
    }
    if let Some(path) = libraries::xpress() {
        let watched = ffi::doorway::before(&path, "XPRSlpoptimize").unwrap_or_else(|| path.clone());
        ffi::xpress::name_licence(&path);
        let backend = Box::new(farkas_backends::solvers::xpress::Xpress::at(watched));
        let own: Calls = Box::new(move |problem| ffi::xpress::own(&path, problem));
        all.push(Pair { name: "xpress", backend, own, shapes: vec![Shape::DENSE], by_rows: false });
    }
    all
}

fn rounds() -> usize {
    std::env::var("FARKAS_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(15).max(1)
}

fn median(mut list: Vec<f64>) -> f64 {
    list.sort_by(f64::total_cmp);
    list[list.len() / 2]
}

fn measure(pair: &Pair, shape: Shape) {
    // One of each before the clock: libraries are opened, licences looked at.
    let own = || (pair.own)(&shape.problem());
    let mine = || {
        let problem = Arc::new(shape.problem());
        if pair.by_rows {
            problem.by_rows();
        }
        ours(&*pair.backend, &problem)
    };
    own();
    mine();
    let (mut calls, mut solves, mut ours, mut more) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut allocations, mut bytes) = (0, 0);
    for round in 0..rounds() {
        let first = (round % 2 == 0).then(own);
        let mine = mine();
        let own = first.unwrap_or_else(own);
        assert_eq!(mine.claim.termination.reason(), Reason::Optimal);
        assert_eq!(mine.claim.objective, Some(own.objective), "both have the same answer");
        assert!(mine.claim.duals.is_some());
        calls.push(own.calls);
        solves.push(own.solve);
        ours.push(mine.calls);
        more.push(mine.calls - own.calls);
        (allocations, bytes) = (mine.allocations, mine.bytes);
    }
    let (calls, solve, ours, more) = (median(calls), median(solves), median(ours), median(more));
    println!(
        "  {:<15} {:<16} {:9.2} {:9.2} {:9.2} {:+9.2} {:+7.1} % {allocations:9} {:8.1}",
        pair.name,
        shape.name(),
        1e3 * solve,
        1e3 * calls,
        1e3 * ours,
        1e3 * more,
        1e2 * more / calls,
        bytes as f64 / 1e6
    );
}

/// Each shape of each solver in a process of its own: what one solver leaves of the memory makes the next one's faster.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let [kind, name, at] = &arguments[..]
        && kind == "once"
    {
        ffi::take_fresh_pages();
        for pair in pairs().iter().filter(|pair| pair.name == name) {
            match (pair.backend.probe(), pair.shapes.iter().find(|shape| shape.name() == *at)) {
                (Availability::Ready { .. }, Some(shape)) => measure(pair, *shape),
                (other, _) => println!("  {:<15} not measured: {other:?}", pair.name),
            }
        }
        ffi::doorway::clear();
        return ExitCode::SUCCESS;
    }
    println!(
        "  milliseconds of: the solve, own load and fetch, ours, the difference and its part; Rust's allocations, MB"
    );
    let program = std::env::current_exe().expect("a program knows itself");
    let wanted =
        |pair: &&Pair| arguments.is_empty() || arguments.iter().any(|word| pair.name.starts_with(word.as_str()));
    for pair in pairs().iter().filter(wanted) {
        for shape in &pair.shapes {
            let done = Command::new(&program).args(["once", pair.name, &shape.name()]).status();
            if !done.is_ok_and(|status| status.success()) {
                println!("  {:<15} {} failed", pair.name, shape.name());
            }
        }
    }
    ffi::doorway::clear();
    ExitCode::SUCCESS
}
