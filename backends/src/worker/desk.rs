//! The worker's end of the socket, with those who work at it. The solver's thread reads and answers by itself between its
//! tasks. While a task lasts a second thread, the attendant, listens and sends what happens, but only from two milliseconds on: so a
//! quick task costs no thread's waking, and a stop reaches a longer one whatever its solver does. The process ends the moment its
//! socket does.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use farkas_modeling::check::{CheckedPoint, check_point};
use farkas_modeling::patch::Patch;
use farkas_modeling::{Problem, Tolerances};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::ffi::exit_now;
use super::frame::{Decoder, FromWorker, SMALL_FRAME_BYTES, Statuses, ToWorker, Vector, frame_limit_bytes};
use super::host::EXIT_ALONE;
use super::outbox::Outbox;
use crate::contract::{Control, Event, StopToken};
use crate::options::Options;

/// How much is read at once.
const CHUNK_BYTES: usize = 65536;
/// Tasks that may wait. A parent asks for one thing at a time.
const MOST_WAITING: usize = 4;

/// What the solver's thread is told to do.
pub(super) enum Task {
    Open { image: OwnedFd, memory_limit_bytes: Option<u64> },
    Apply { patch: Box<Patch> },
    Solve { number: u64, options: Box<Options>, point: Option<Vector>, basis: Option<Statuses>, stop: StopToken },
    Conflict { number: u64, options: Box<Options>, stop: StopToken },
    Close,
}

/// What the solver's thread and the attendant share.
pub(super) struct Desk {
    socket: Arc<OwnedFd>,
    pub(super) outbox: Outbox,
    /// Locked by whoever reads: between tasks by the solver's thread.
    inbox: Mutex<Inbox>,
    current: Mutex<Current>,
    /// A task is under way.
    at_work: AtomicBool,
}

/// What was read.
struct Inbox {
    decoder: Decoder,
    room: Vec<u8>,
    /// A descriptor that came and belongs to the `open` that comes with it.
    descriptor: Option<OwnedFd>,
    waiting: VecDeque<Task>,
}

/// The solve or search under way.
#[derive(Default)]
struct Current {
    number: u64,
    stop: StopToken,
    problem: Option<Arc<Problem>>,
    tolerances: Tolerances,
    offered: Option<Arc<CheckedPoint>>,
}

impl Desk {
    pub(super) fn new(socket: OwnedFd) -> io::Result<Self> {
        let socket = Arc::new(socket);
        let inbox = Inbox {
            decoder: Decoder::new(SMALL_FRAME_BYTES),
            room: vec![0; CHUNK_BYTES],
            descriptor: None,
            waiting: VecDeque::new(),
        };
        Ok(Self {
            outbox: Outbox::new(Arc::clone(&socket))?,
            socket,
            inbox: Mutex::new(inbox),
            current: Mutex::default(),
            at_work: AtomicBool::new(false),
        })
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is open from now on.
    pub(super) fn set_problem(&self, problem: Option<Arc<Problem>>) {
        self.current().problem = problem;
    }

    /// The next task, once there is one; the solver's thread asks.
    pub(super) fn next_task(&self) -> Result<Task, String> {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            self.hear_all(&mut inbox)?;
            if let Some(task) = inbox.waiting.pop_front() {
                return Ok(task);
            }
            self.read(&mut inbox, RecvFlags::empty())?;
        }
    }

    /// A task begins.
    pub(super) fn begin(&self) {
        self.at_work.store(true, Ordering::Release);
        self.outbox.begin();
    }

    /// It is over, with this answer. The attendant reads no more, since what comes after the answer is the next task.
    pub(super) fn end(&self, reply: &FromWorker) {
        self.at_work.store(false, Ordering::Release);
        if self.outbox.reply(reply).is_err() {
            exit_now(EXIT_ALONE);
        }
    }

    /// The attendant's thread.
    pub(super) fn attend(&self) -> Result<Infallible, String> {
        loop {
            let alarm = self.outbox.alarm();
            let at_work = self.at_work.load(Ordering::Acquire);
            let interest = if at_work { PollFlags::IN } else { PollFlags::empty() };
            let mut watched = [PollFd::new(alarm.descriptor(), PollFlags::IN), PollFd::new(&*self.socket, interest)];
            match poll(&mut watched, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.to_string()),
            }
            alarm.hush();
            self.hear_now()?;
            if self.outbox.send_due().is_err() {
                exit_now(EXIT_ALONE);
            }
        }
    }

    /// Hears all that there is without waiting, as long as a task is under way.
    fn hear_now(&self) -> Result<(), String> {
        while self.at_work.load(Ordering::Acquire) {
            let mut inbox = match self.inbox.try_lock() {
                Ok(inbox) => inbox,
                Err(TryLockError::Poisoned(inbox)) => inbox.into_inner(),
                Err(TryLockError::WouldBlock) => return Ok(()), // the task is over
            };
            if !self.read(&mut inbox, RecvFlags::DONTWAIT)? {
                return Ok(());
            }
            self.hear_all(&mut inbox)?;
        }
        Ok(())
    }

    /// Reads what has come; `false` where nothing has and it was not to wait.
    fn read(&self, inbox: &mut Inbox, flags: RecvFlags) -> Result<bool, String> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut slices = [IoSliceMut::new(&mut inbox.room)];
        let bytes = match recvmsg(&self.socket, &mut slices, &mut control, flags | RecvFlags::CMSG_CLOEXEC) {
            Ok(message) if message.bytes == 0 => exit_now(EXIT_ALONE),
            Ok(message) => message.bytes,
            Err(Errno::CONNRESET) => exit_now(EXIT_ALONE),
            Err(Errno::INTR) => return Ok(true),
            Err(Errno::AGAIN) if flags.contains(RecvFlags::DONTWAIT) => return Ok(false),
            Err(error) => return Err(error.to_string()),
        };
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                inbox.descriptor = descriptors.last();
            }
        }
        inbox.decoder.feed(&inbox.room[..bytes]);
        Ok(true)
    }

    /// Hears every message that is there as a whole.
    fn hear_all(&self, inbox: &mut Inbox) -> Result<(), String> {
        // What follows an `open` comes after its answer, and the problem is there by then.
        let problem = self.current().problem.clone();
        let limit = problem.map_or(SMALL_FRAME_BYTES, |p| frame_limit_bytes(p.num_columns(), p.num_rows()));
        inbox.decoder.set_limit(limit);
        while let Some(message) = inbox.decoder.message::<ToWorker>().map_err(|e| e.to_string())? {
            self.hear(message, inbox)?;
        }
        Ok(())
    }

    fn hear(&self, message: ToWorker, inbox: &mut Inbox) -> Result<(), String> {
        let task = match message {
            ToWorker::Open { memory_limit_bytes } => {
                let image = inbox.descriptor.take().ok_or("open without an image")?;
                Task::Open { image, memory_limit_bytes }
            }
            ToWorker::Apply { patch } => Task::Apply { patch },
            ToWorker::Solve { number, options, point, basis } => {
                let stop = self.expect(number, options.tolerances);
                Task::Solve { number, options, point, basis, stop }
            }
            ToWorker::Conflict { number, options } => {
                let stop = self.expect(number, options.tolerances);
                Task::Conflict { number, options, stop }
            }
            ToWorker::Close {} => Task::Close,
            ToWorker::Offer { number, values } => {
                self.take_offer(number, &values);
                return Ok(());
            }
            ToWorker::Stop { number } => {
                let current = self.current();
                if current.number == number {
                    current.stop.stop();
                }
                return Ok(());
            }
        };
        if inbox.waiting.len() == MOST_WAITING {
            return Err("more was asked for than can wait".into());
        }
        inbox.waiting.push_back(task);
        Ok(())
    }

    /// Notes that this solve or search is next; what stops it.
    fn expect(&self, number: u64, tolerances: Tolerances) -> StopToken {
        let stop = StopToken::new();
        let mut current = self.current();
        (current.number, current.stop, current.tolerances) = (number, stop.clone(), tolerances);
        current.offered = None;
        stop
    }

    /// Lays a point out for the solve that it is for. Only the checker makes checked points, here too; one that fails is not worth a
    /// word.
    fn take_offer(&self, number: u64, values: &Vector) {
        let (problem, tolerances) = {
            let current = self.current();
            (current.problem.clone().filter(|_| current.number == number), current.tolerances)
        };
        if let Some(problem) = problem
            && let Ok(Ok(point)) = check_point(&problem, &values.0, &tolerances)
        {
            let mut current = self.current();
            if current.number == number {
                current.offered = Some(Arc::new(point));
            }
        }
    }
}

impl Control for Desk {
    fn report(&self, event: Event<'_>) {
        self.outbox.note(event);
    }

    fn offered(&self) -> Option<Arc<CheckedPoint>> {
        self.current().offered.take()
    }
}
