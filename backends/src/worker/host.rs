//! The worker's side: hosts one backend, one problem at a time, for the parent at the other end of descriptor 0. The
//! solver works on the main thread; an attendant looks after what takes long.

use std::convert::Infallible;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::Arc;
use std::{fs, panic, thread};

use farkas_modeling::patch::{Patch, Revision};
use farkas_modeling::{Problem, image};
use rustix::fs::{FileType, OFlags, fcntl_getfl, fcntl_setfl, fstat};
use rustix::process::{Resource, Rlimit, Signal, getppid, getrlimit, set_parent_process_death_signal, setrlimit};

use super::PARENT_VARIABLE;
use super::desk::{Desk, Task};
use super::ffi::{exit_now, map_sealed};
use super::frame::{FromWorker, Hello, PROTOCOL, Statuses, Vector, length};
use super::members::WireMembers;
use crate::contract::{Backend, BackendError, Session, SessionError, Start, StopToken};
use crate::options::Options;

/// Exit code of a worker whose parent is gone or has hung up: nothing went wrong.
pub(super) const EXIT_ALONE: i32 = 0;
/// Exit code of a worker whose parent sent what it does not understand.
const EXIT_PROTOCOL: i32 = 76;
/// Exit code after a panic, as Rust has it.
const EXIT_PANIC: i32 = 101;
/// Serves the parent until it hangs up. Call it first thing in `main`.
///
/// Started by hand, without a socket as descriptor 0, it says so and answers with exit code 64.
pub fn serve(backend: &dyn Backend) -> ExitCode {
    let socket = match take_socket() {
        Ok(socket) => socket,
        Err(error) => {
            // Whoever reads this is at a terminal; where nobody does, nothing is lost.
            let _ = writeln!(
                io::stderr(),
                "This program hosts the solver {} for `farkas`, which starts it when it is needed ({error}).\n\
                 To solve a problem: farkas solve --solver {} FILE",
                backend.name(),
                backend.name()
            );
            return ExitCode::from(64);
        }
    };
    depend_on_parent();
    die_of_panics();
    let desk = match start_desk(socket) {
        Ok(desk) => desk,
        Err(error) => {
            let _ = writeln!(io::stderr(), "no thread or timer: {error}");
            return ExitCode::from(EXIT_PANIC as u8);
        }
    };
    desk.end(&FromWorker::Hello(Hello {
        protocol: PROTOCOL,
        backend: backend.name().to_owned(),
        availability: backend.probe(),
        capabilities: backend.capabilities(),
        applies: true,
        conflicts: backend.capabilities().iis,
        native: Some(backend.native_capabilities()),
    }));
    let Err(finding) = work(backend, &desk);
    break_off(&finding)
}

/// The desk, with its attendant.
fn start_desk(socket: OwnedFd) -> io::Result<Arc<Desk>> {
    let desk = Arc::new(Desk::new(socket)?);
    let theirs = Arc::clone(&desk);
    thread::Builder::new().name("farkas-ear".into()).spawn(move || {
        let Err(finding) = theirs.attend();
        break_off(&finding)
    })?;
    Ok(desk)
}

/// Ends the process after what the parent should not have sent.
fn break_off(finding: &str) -> ! {
    let _ = writeln!(io::stderr(), "broken protocol: {finding}");
    exit_now(EXIT_PROTOCOL)
}

/// Takes the socket from descriptor 0, and leaves `/dev/null` there for whoever reads from it.
fn take_socket() -> io::Result<OwnedFd> {
    let socket = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    if FileType::from_raw_mode(fstat(&socket)?.st_mode) != FileType::Socket {
        return Err(io::Error::other("its descriptor 0 is no socket"));
    }
    fcntl_setfl(&socket, fcntl_getfl(&socket)? - OFlags::NONBLOCK)?;
    rustix::stdio::dup2_stdin(fs::File::open("/dev/null")?)?;
    Ok(socket)
}

/// Has the kernel kill this process when its parent dies; rather this than the parent when memory is short; and leaves
/// no core file, which for a solver takes seconds and gigabytes.
fn depend_on_parent() {
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    // A parent that died before that was set sends nothing any more.
    let parent = std::env::var(PARENT_VARIABLE).ok().and_then(|id| id.parse::<i32>().ok());
    let now = getppid().map(|id| id.as_raw_nonzero().get());
    if parent.is_some() && parent != now {
        exit_now(EXIT_ALONE);
    }
    let _ = fs::write("/proc/self/oom_score_adj", "500");
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: getrlimit(Resource::Core).maximum });
}

/// Ends the process after a panic in whichever thread. Its message is all that is printed, since the parent shows the
/// last lines.
fn die_of_panics() {
    panic::set_hook(Box::new(|info| {
        let _ = writeln!(io::stderr(), "{info}");
        exit_now(EXIT_PANIC);
    }));
}

/// The solver's thread: does one task after the other.
fn work(backend: &dyn Backend, desk: &Desk) -> Result<Infallible, String> {
    let mut memory = Memory::unlimited();
    let mut open: Open = None;
    let mut memory_limit = None;
    loop {
        if open.is_none() {
            backend.prepare();
        }
        let task = desk.next_task()?;
        desk.begin();
        let reply = match task {
            Task::Open { image, memory_limit_bytes } => {
                memory_limit = memory_limit_bytes;
                memory.limit(memory_limit);
                match open_image(backend, image) {
                    Ok((problem, session)) => {
                        let version = session.version().to_owned();
                        desk.set_problem(Some(Arc::clone(&problem)));
                        open = Some((problem, session));
                        FromWorker::Opened { version }
                    }
                    Err(error) => FromWorker::OpenFailed { error },
                }
            }
            Task::Solve { number, options, point, basis, stop } => {
                memory.limit(memory_limit.into_iter().chain(options.memory_limit_bytes).min());
                desk.outbox.number(number);
                let solved = match &mut open {
                    None => Err(SessionError::Refused("no problem is open".into())),
                    Some((problem, session)) => begin(problem, point, basis)
                        .map_err(SessionError::Refused)
                        .and_then(|start| session.solve(&options, &start, desk, &stop)),
                };
                memory.limit(memory_limit);
                match solved {
                    Ok(claim) => FromWorker::Claim { number, claim: Box::new(claim.into()) },
                    Err(error) => FromWorker::Failed { number, error },
                }
            }
            Task::Conflict { number, options, stop } => {
                memory.limit(memory_limit.into_iter().chain(options.memory_limit_bytes).min());
                let found = conflict(&mut open, &options, &stop);
                memory.limit(memory_limit);
                match found {
                    Ok(members) => FromWorker::Members { number, members },
                    Err(error) => FromWorker::Failed { number, error },
                }
            }
            Task::Apply { patch } => match apply(&mut open, &patch) {
                Ok(problem) => {
                    desk.set_problem(Some(problem));
                    FromWorker::Applied {}
                }
                Err(error) => FromWorker::ApplyFailed { error },
            },
            Task::Close => {
                desk.set_problem(None);
                open = None;
                memory.limit(None);
                FromWorker::Closed {}
            }
        };
        desk.end(&reply);
    }
}

/// The problem that is open, in its session.
type Open = Option<(Arc<Problem>, Box<dyn Session>)>;

/// The solver's own conflict in what is open.
fn conflict(open: &mut Open, options: &Options, stop: &StopToken) -> Result<WireMembers, SessionError> {
    let Some((problem, session)) = open else {
        return Err(SessionError::Refused("no problem is open".into()));
    };
    let members = session.conflict(options, stop)?;
    WireMembers::new(&members, problem.num_columns(), problem.num_rows()).map_err(SessionError::Broken)
}

/// Changes what is open; the changed problem.
fn apply(open: &mut Open, patch: &Patch) -> Result<Arc<Problem>, SessionError> {
    let Some((problem, session)) = open else {
        return Err(SessionError::Refused("no problem is open".into()));
    };
    let revision = Revision::new(problem, patch).map_err(|defects| SessionError::Refused(defects.to_string()))?;
    session.apply(&revision)?;
    *problem = Arc::clone(revision.problem());
    Ok(Arc::clone(problem))
}

fn open_image(backend: &dyn Backend, file: OwnedFd) -> Result<(Arc<Problem>, Box<dyn Session>), BackendError> {
    let bytes = map_sealed(file).map_err(|e| BackendError::Failed(format!("the problem's image: {e}")))?;
    let problem = image::open(bytes).map_err(|e| BackendError::Failed(e.to_string()))?;
    let problem = Arc::new(problem);
    let session = backend.open(Arc::clone(&problem))?;
    Ok((problem, session))
}

fn begin(problem: &Problem, point: Option<Vector>, basis: Option<Statuses>) -> Result<Start, String> {
    let (columns, rows) = (problem.num_columns(), problem.num_rows());
    if let Some(point) = &point {
        length("start point", point.0.len(), columns)?;
    }
    Ok(Start {
        point: point.map(|p| p.0.into()),
        basis: basis.map(|b| b.into_basis(columns, rows)).transpose()?.map(Arc::new),
    })
}

/// Memory of its own that this process may have: data, heap, private mappings; the image does not count.
struct Memory {
    /// As much as it was started with.
    unlimited: Option<u64>,
    limit: Option<u64>,
}

impl Memory {
    fn unlimited() -> Self {
        Self { unlimited: getrlimit(Resource::Data).current, limit: None }
    }

    /// Limits it to so many bytes, or to what it was started with.
    fn limit(&mut self, bytes: Option<u64>) {
        if std::mem::replace(&mut self.limit, bytes) != bytes {
            let maximum = getrlimit(Resource::Data).maximum;
            let current = bytes.into_iter().chain(self.unlimited).min();
            let _ = setrlimit(Resource::Data, Rlimit { current, maximum });
        }
    }
}
