//! Solving without waiting: a thread solves, and a future of no particular runtime hands the answer over.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use farkas_backends::contract::StopToken;
use farkas_modeling::model::{Changing, Model, Solved};

use super::{SolveError, Solver};

/// A solve on a thread of its own. Awaiting it gives the answer; dropping it before stops the solve.
///
/// ```
/// use std::task::{Context, Poll, Waker};
/// use farkas::prelude::*;
/// let mut m = Model::new("shop");
/// let x = m.integer("x").bounds(0, 10).one();
/// m.maximize(3 * x);
/// # #[cfg(feature = "highs")] {
/// let solving = m.solve_async(); // with a runtime: `let answer = m.solve_async().await?;`
/// assert_eq!(solving.wait()?.objective(), Some(30.0));
/// # }
/// # Ok::<(), SolveError>(())
/// ```
#[must_use = "dropping it stops the solve; await it, or call `wait`"]
pub struct Solving {
    shared: Arc<Shared>,
    stop: StopToken,
    over: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    ended: std::sync::Condvar,
}

#[derive(Default)]
struct State {
    result: Option<Result<Solved, SolveError>>,
    waker: Option<Waker>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, result: Result<Solved, SolveError>) {
        let mut state = self.state();
        // A thread that panicked says so as it unwinds, after which there is nothing to say.
        state.result.get_or_insert(result);
        let waker = state.waker.take();
        drop(state);
        self.ended.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Says that the thread is gone, should it go without an answer.
struct Gone(Arc<Shared>);

impl Drop for Gone {
    fn drop(&mut self) {
        if self.0.state().result.is_none() && std::thread::panicking() {
            self.0.end(Err(SolveError::Failed("the solving thread panicked".to_string())));
        }
    }
}

impl Solving {
    pub(super) fn begin(mut solver: Solver<'static>, model: &Model) -> Self {
        let shared = Arc::new(Shared::default());
        // A token of its own, so that dropping this solve stops no other; the caller's is passed on.
        let stop = StopToken::new();
        let outer = std::mem::replace(&mut solver.stop, stop.clone());
        let (theirs, inner) = (Arc::clone(&shared), stop.clone());
        let work = move |mut model: Changing| {
            let gone = Gone(theirs);
            let _passed_on = outer.on_stop(move || inner.stop());
            let problem = Arc::clone(model.problem());
            let result = solver.run(&problem).map(|(answer, pool)| model.solved(answer).with_pool(pool));
            gone.0.end(result);
        };
        match Changing::new(model) {
            Ok(model) => {
                let thread = std::thread::Builder::new().name("farkas-solve".into()).spawn(move || work(model));
                if let Err(error) = thread {
                    shared.end(Err(SolveError::Failed(format!("no thread to solve on: {error}"))));
                }
            }
            Err(defects) => shared.end(Err(defects.into())),
        }
        Self { shared, stop, over: false }
    }

    /// Asks the solve to stop and keep what it found; the answer still comes.
    pub fn stop(&self) {
        self.stop.stop();
    }

    /// Waits on this thread.
    ///
    /// # Errors
    /// As [`Solver::solve`].
    pub fn wait(mut self) -> Result<Solved, SolveError> {
        let mut state = self.shared.state();
        loop {
            if let Some(result) = state.result.take() {
                drop(state);
                self.over = true;
                return result;
            }
            state = self.shared.ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Future for Solving {
    type Output = Result<Solved, SolveError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.shared.state();
        if let Some(result) = state.result.take() {
            drop(state);
            self.over = true;
            return Poll::Ready(result);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Solving {
    fn drop(&mut self) {
        if !self.over {
            self.stop.stop();
        }
    }
}

impl std::fmt::Debug for Solving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Solving").field("over", &self.over).finish_non_exhaustive()
    }
}
