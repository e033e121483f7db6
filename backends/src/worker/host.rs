//! The worker's side: hosts one backend, one problem at a time, for the parent at the other end of descriptor 0. The
//! solver works on the main thread; one thread reads frames, one writes. The process ends the moment its socket does.

use std::io::{self, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fs, panic, thread};

use farkas_modeling::check::{CheckedPoint, check_point};
use farkas_modeling::patch::{Patch, Revision};
use farkas_modeling::{Problem, Tolerances, image};
use rustix::fs::{FileType, OFlags, fcntl_getfl, fcntl_setfl, fstat};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Resource, Rlimit, Signal, getppid, getrlimit, set_parent_process_death_signal, setrlimit};

use super::PARENT_VARIABLE;
use super::ffi::{exit_now, map_sealed};
use super::frame::{
    Decoder, FromWorker, Hello, PROTOCOL, SMALL_FRAME_BYTES, Statuses, ToWorker, Vector, frame_limit_bytes, length,
};
use super::members::WireMembers;
use super::outbox::Outbox;
use crate::contract::{Backend, BackendError, Control, Event, Session, SessionError, Start, StopToken};
use crate::options::Options;

/// Exit code of a worker whose parent is gone or has hung up: nothing went wrong.
const EXIT_ALONE: i32 = 0;
/// Exit code of a worker whose parent sent what it does not understand.
const EXIT_PROTOCOL: i32 = 76;
/// Exit code after a panic, as Rust has it.
const EXIT_PANIC: i32 = 101;
/// How much is read at once.
const CHUNK_BYTES: usize = 65536;

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
    let desk = Arc::new(Desk::default());
    let (tell, told) = sync_channel(4);
    let threads = start_threads(&desk, socket, tell);
    if let Err(error) = threads {
        let _ = writeln!(io::stderr(), "no thread: {error}");
        return ExitCode::from(EXIT_PANIC as u8);
    }
    desk.outbox.reply(FromWorker::Hello(Hello {
        protocol: PROTOCOL,
        backend: backend.name().to_owned(),
        availability: backend.probe(),
        capabilities: backend.capabilities(),
        applies: true,
        conflicts: backend.capabilities().iis,
        native: Some(backend.native_capabilities()),
    }));
    work(backend, &desk, &told);
    exit_now(EXIT_ALONE)
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

/// What the reading thread and the solver share.
#[derive(Default)]
struct Desk {
    outbox: Outbox,
    current: Mutex<Current>,
}

/// The solve or search under way, as the reading thread knows it.
#[derive(Default)]
struct Current {
    number: u64,
    stop: StopToken,
    problem: Option<Arc<Problem>>,
    tolerances: Tolerances,
    offered: Option<Arc<CheckedPoint>>,
}

impl Desk {
    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the solver's thread is told to do.
enum Task {
    Open { image: OwnedFd, memory_limit_bytes: Option<u64> },
    Apply { patch: Box<Patch> },
    Solve { number: u64, options: Box<Options>, point: Option<Vector>, basis: Option<Statuses>, stop: StopToken },
    Conflict { number: u64, options: Box<Options>, stop: StopToken },
    Close,
}

fn start_threads(desk: &Arc<Desk>, socket: OwnedFd, tell: SyncSender<Task>) -> io::Result<()> {
    let writing_end = socket.try_clone()?;
    let writer = Arc::clone(desk);
    thread::Builder::new().name("farkas-writer".into()).spawn(move || {
        writer.outbox.send_all(&writing_end);
        exit_now(EXIT_ALONE)
    })?;
    let reader = Arc::clone(desk);
    thread::Builder::new().name("farkas-reader".into()).spawn(move || {
        match (Reader { desk: &reader, socket, tell, descriptor: None }).read() {
            Ok(()) => exit_now(EXIT_ALONE),
            Err(finding) => {
                let _ = writeln!(io::stderr(), "broken protocol: {finding}");
                exit_now(EXIT_PROTOCOL)
            }
        }
    })?;
    Ok(())
}

/// The thread that reads what the parent sends. It never waits for the solver, so it hears a stop, and the end of the
/// socket, whatever the solver does.
struct Reader<'a> {
    desk: &'a Desk,
    socket: OwnedFd,
    tell: SyncSender<Task>,
    /// A descriptor that came and belongs to the `open` that comes with it.
    descriptor: Option<OwnedFd>,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), String> {
        let mut decoder = Decoder::new(SMALL_FRAME_BYTES);
        let mut room = vec![0; CHUNK_BYTES];
        loop {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let mut slices = [IoSliceMut::new(&mut room)];
            let read = match recvmsg(&self.socket, &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC) {
                Ok(message) if message.bytes == 0 => return Ok(()),
                Ok(message) => message.bytes,
                Err(Errno::INTR) => continue,
                Err(Errno::CONNRESET) => return Ok(()),
                Err(error) => return Err(error.to_string()),
            };
            for message in control.drain() {
                if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                    self.descriptor = descriptors.last();
                }
            }
            decoder.feed(&room[..read]);
            // What follows an `open` comes after its answer, and the problem is there by then.
            let problem = self.desk.current().problem.clone();
            decoder.set_limit(problem.map_or(SMALL_FRAME_BYTES, |p| frame_limit_bytes(p.num_columns(), p.num_rows())));
            while let Some(message) = decoder.message::<ToWorker>().map_err(|e| e.to_string())? {
                self.hear(message)?;
            }
        }
    }

    fn hear(&mut self, message: ToWorker) -> Result<(), String> {
        match message {
            ToWorker::Open { memory_limit_bytes } => {
                let image = self.descriptor.take().ok_or("open without an image")?;
                self.tell(Task::Open { image, memory_limit_bytes })
            }
            ToWorker::Apply { patch } => self.tell(Task::Apply { patch }),
            ToWorker::Solve { number, options, point, basis } => {
                let stop = self.begin(number, options.tolerances);
                self.tell(Task::Solve { number, options, point, basis, stop })
            }
            ToWorker::Conflict { number, options } => {
                let stop = self.begin(number, options.tolerances);
                self.tell(Task::Conflict { number, options, stop })
            }
            ToWorker::Offer { number, values } => {
                let (problem, tolerances) = {
                    let current = self.desk.current();
                    let problem = current.problem.clone().filter(|_| current.number == number);
                    (problem, current.tolerances)
                };
                // Only the checker makes checked points, here too; one that fails is not worth a word.
                if let Some(problem) = problem
                    && let Ok(Ok(point)) = check_point(&problem, &values.0, &tolerances)
                {
                    let mut current = self.desk.current();
                    if current.number == number {
                        current.offered = Some(Arc::new(point));
                    }
                }
                Ok(())
            }
            ToWorker::Stop { number } => {
                let current = self.desk.current();
                if current.number == number {
                    current.stop.stop();
                }
                Ok(())
            }
            ToWorker::Close {} => self.tell(Task::Close),
        }
    }

    /// Notes that this solve or search is under way; what stops it.
    fn begin(&self, number: u64, tolerances: Tolerances) -> StopToken {
        let stop = StopToken::new();
        let mut current = self.desk.current();
        (current.number, current.stop, current.tolerances) = (number, stop.clone(), tolerances);
        current.offered = None;
        stop
    }

    /// Hands a task to the solver's thread. A parent asks for one thing at a time, so there is room.
    fn tell(&self, task: Task) -> Result<(), String> {
        self.tell.try_send(task).map_err(|_| "more was asked for than can wait".into())
    }
}

/// Hears the solver.
struct Hearing<'a>(&'a Desk);

impl Control for Hearing<'_> {
    fn report(&self, event: Event<'_>) {
        self.0.outbox.note(event);
    }

    fn offered(&self) -> Option<Arc<CheckedPoint>> {
        self.0.current().offered.take()
    }
}

/// The solver's thread: does one task after the other until the reading thread ends.
fn work(backend: &dyn Backend, desk: &Desk, tasks: &Receiver<Task>) {
    let unlimited = getrlimit(Resource::Data).current;
    let mut open: Open = None;
    let mut memory_limit = None;
    for task in tasks {
        let reply = match task {
            Task::Open { image, memory_limit_bytes } => {
                memory_limit = memory_limit_bytes;
                limit_memory(memory_limit, unlimited);
                match open_image(backend, image) {
                    Ok((problem, session)) => {
                        let version = session.version().to_owned();
                        desk.current().problem = Some(Arc::clone(&problem));
                        open = Some((problem, session));
                        FromWorker::Opened { version }
                    }
                    Err(error) => FromWorker::OpenFailed { error },
                }
            }
            Task::Solve { number, options, point, basis, stop } => {
                limit_memory(memory_limit.into_iter().chain(options.memory_limit_bytes).min(), unlimited);
                desk.outbox.begin(number);
                let solved = match &mut open {
                    None => Err(SessionError::Refused("no problem is open".into())),
                    Some((problem, session)) => begin(problem, point, basis)
                        .map_err(SessionError::Refused)
                        .and_then(|start| session.solve(&options, &start, &Hearing(desk), &stop)),
                };
                limit_memory(memory_limit, unlimited);
                match solved {
                    Ok(claim) => FromWorker::Claim { number, claim: Box::new(claim.into()) },
                    Err(error) => FromWorker::Failed { number, error },
                }
            }
            Task::Conflict { number, options, stop } => {
                limit_memory(memory_limit.into_iter().chain(options.memory_limit_bytes).min(), unlimited);
                let found = conflict(&mut open, &options, &stop);
                limit_memory(memory_limit, unlimited);
                match found {
                    Ok(members) => FromWorker::Members { number, members },
                    Err(error) => FromWorker::Failed { number, error },
                }
            }
            Task::Apply { patch } => match apply(&mut open, &patch) {
                Ok(problem) => {
                    desk.current().problem = Some(problem);
                    FromWorker::Applied {}
                }
                Err(error) => FromWorker::ApplyFailed { error },
            },
            Task::Close => {
                desk.current().problem = None;
                open = None;
                limit_memory(None, unlimited);
                FromWorker::Closed {}
            }
        };
        desk.outbox.reply(reply);
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

/// Lets this process have so much memory of its own (data, heap, private mappings; the image does not count), or as
/// much as it was started with.
fn limit_memory(bytes: Option<u64>, unlimited: Option<u64>) {
    let maximum = getrlimit(Resource::Data).maximum;
    let current = bytes.into_iter().chain(unlimited).min();
    let _ = setrlimit(Resource::Data, Rlimit { current, maximum });
}
