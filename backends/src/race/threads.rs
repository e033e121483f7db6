//! Threads that carry lanes, kept for the next one for a while: to start one and to end it takes a good part of the time in which
//! a tiny problem is solved.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How many wait for work at most.
const MOST_IDLE: usize = 8;
/// How long one waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// What becomes of a thread when it has done its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// It ends, with all that a solver has left on it.
    Ends,
    /// It may carry another.
    Waits,
}

type Work = Box<dyn FnOnce() -> Afterwards + Send>;

/// Work, and who is told when it is done.
type Task = (Work, Sender<Afterwards>);

/// One that waits. By name, since a thread is named once.
struct Idle {
    name: String,
    number: u64,
    tasks: Sender<Task>,
}

struct Waiting {
    threads: Vec<Idle>,
    numbers: u64,
}

static WAITING: Mutex<Waiting> = Mutex::new(Waiting { threads: Vec::new(), numbers: 0 });

fn waiting() -> MutexGuard<'static, Waiting> {
    // Nothing is done under the lock that could leave it half done.
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Work that goes on.
#[derive(Debug)]
pub(super) struct Carried {
    done: Receiver<Afterwards>,
    /// Where it was started for this.
    thread: Option<JoinHandle<()>>,
}

impl Carried {
    /// Waits until it is done, or has panicked, and for the end of a thread that ends with it.
    pub(super) fn join(self) {
        if self.done.recv() != Ok(Afterwards::Waits)
            && let Some(thread) = self.thread
        {
            let _ = thread.join(); // a panic was told on stderr
        }
    }
}

/// Does this on a thread of that name.
///
/// # Errors
/// When there is no thread to be had.
pub(super) fn carry(name: &str, work: impl FnOnce() -> Afterwards + Send + 'static) -> io::Result<Carried> {
    let (tell, done) = channel();
    let mut task: Task = (Box::new(work), tell);
    while let Some(idle) = take(name) {
        match idle.tasks.send(task) {
            Ok(()) => return Ok(Carried { done, thread: None }),
            Err(gone) => task = gone.0,
        }
    }
    let named = name.to_owned();
    let thread = thread::Builder::new().name(name.to_owned()).spawn(move || work_through(&named, task))?;
    Ok(Carried { done, thread: Some(thread) })
}

/// The one that waits since the shortest time.
fn take(name: &str) -> Option<Idle> {
    let mut waiting = waiting();
    let at = waiting.threads.iter().rposition(|idle| idle.name == name)?;
    Some(waiting.threads.remove(at))
}

/// A thread's life.
fn work_through(name: &str, mut task: Task) {
    let (tasks, mine) = channel();
    loop {
        let (work, done) = task;
        if work() == Afterwards::Ends {
            return;
        }
        // Before the work is known to be done, so that whoever waits for that finds it.
        let Some(number) = wait(name, &tasks) else { return };
        let _ = done.send(Afterwards::Waits); // perhaps nobody waits for it
        task = match mine.recv_timeout(PATIENCE) {
            Ok(next) => next,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                let mut waiting = waiting();
                let before = waiting.threads.len();
                waiting.threads.retain(|idle| idle.number != number);
                if waiting.threads.len() < before {
                    return;
                }
                drop(waiting);
                // Somebody took it just now, and says at once what for.
                let Ok(next) = mine.recv() else { return };
                next
            }
        };
    }
}

/// Has a thread wait, if there is room; its number.
fn wait(name: &str, tasks: &Sender<Task>) -> Option<u64> {
    let mut waiting = waiting();
    if waiting.threads.len() >= MOST_IDLE {
        return None;
    }
    waiting.numbers += 1;
    let number = waiting.numbers;
    waiting.threads.push(Idle { name: name.to_owned(), number, tasks: tasks.clone() });
    Some(number)
}

#[cfg(test)]
mod tests {
    use std::thread::ThreadId;

    use super::*;

    /// Where such work is done.
    fn place(name: &str, afterwards: Afterwards) -> ThreadId {
        let (tell, told) = channel();
        let work = move || {
            let _ = tell.send(thread::current().id());
            afterwards
        };
        carry(name, work).unwrap().join();
        told.recv().unwrap()
    }

    #[test]
    fn a_thread_that_waits_carries_the_next_of_its_name() {
        use Afterwards::{Ends, Waits};
        let first = place("one", Waits);
        assert_eq!(place("one", Waits), first);
        assert_ne!(place("other", Waits), first);
        assert_eq!(place("one", Ends), first);
        assert_ne!(place("one", Ends), first);
    }

    #[test]
    fn work_that_panics_is_done_and_its_thread_gone() {
        carry("panics", || panic!("as is asked of it")).unwrap().join();
        assert!(take("panics").is_none());
    }
}
