//! The backend's turn: open, solve, fetch, and where in it the solver itself was at work.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::Mutex;

use farkas_backends::contract::{Backend, Control, Event, Start, StopToken};
use farkas_backends::options::{LpMethod, Options, Presolve};
use farkas_modeling::check::CheckedPoint;
use farkas_modeling::{Claim, Problem};

use crate::ffi::counting::counts;
use crate::shapes::seconds;

thread_local! {
    /// Seconds inside the solver, where its entry is watched.
    static INSIDE: Cell<f64> = const { Cell::new(0.0) };
}

/// Runs the solver, and keeps how long it took.
pub fn inside<T>(solve: impl FnOnce() -> T) -> T {
    let begin = seconds();
    let result = solve();
    INSIDE.set(INSIDE.get() + seconds() - begin);
    result
}

/// What ours took: processor seconds but for the solve, allocations by Rust and their bytes.
pub struct Ours {
    pub calls: f64,
    pub allocations: usize,
    pub bytes: usize,
    pub claim: Claim,
}

/// Hears when the solver begins, and its last line of log.
#[derive(Default)]
struct Ear {
    began_and_told: Mutex<(Option<f64>, f64)>,
}

impl Control for Ear {
    fn report(&self, event: Event<'_>) {
        let Ok(mut heard) = self.began_and_told.lock() else { return };
        match event {
            Event::Phase(_) => heard.0 = heard.0.or(Some(seconds())),
            Event::Log(_) => heard.1 = seconds(),
            _ => {}
        }
    }

    fn offered(&self) -> Option<Arc<CheckedPoint>> {
        None
    }

    fn hears_log(&self) -> bool {
        true
    }
}

pub fn ours(backend: &dyn Backend, problem: &Arc<Problem>) -> Ours {
    let options = Options { presolve: Presolve::Off, lp_method: LpMethod::Simplex, ..Options::default() };
    let (ear, before) = (Ear::default(), counts());
    INSIDE.set(0.0);
    let begin = seconds();
    let mut session = backend.open(Arc::clone(problem)).expect("the problem fits");
    let claim = session.solve(&options, &Start::default(), &ear, &StopToken::new()).expect("it is solved");
    drop(session);
    let whole = seconds() - begin;
    let after = counts();
    let told = ear.began_and_told.into_inner().unwrap_or_default();
    let solve = match (INSIDE.get(), told) {
        (inside, _) if inside > 0.0 => inside,
        (_, (Some(began), last)) if last > began => last - began,
        _ => panic!("{} does not tell when it begins and ends", backend.name()),
    };
    Ours { calls: whole - solve, allocations: after.0 - before.0, bytes: after.1 - before.1, claim }
}
