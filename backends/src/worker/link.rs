//! The parent's end of one worker: frames out and in. Nothing here waits past the time it is given, whatever the worker
//! does; when the link is dropped its process is killed.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::frame::{Decoder, FromWorker, Hello, PROTOCOL, SMALL_FRAME_BYTES, ToWorker, encode};
use super::spawner::{self, Launch, Process};

/// How much is read at once.
const CHUNK_BYTES: usize = 65536;
/// How long a worker whose socket ended is waited for, to say how it died.
const DEATH_LIMIT: Duration = Duration::from_secs(1);

/// Why a worker is lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum LinkError {
    /// It died; how, and its last words.
    #[error("{0}")]
    Died(String),
    /// It said what a worker does not say.
    #[error("its worker broke the protocol: {0}")]
    Protocol(String),
    /// It did not answer in time.
    #[error("its worker did not {what} within {} s", limit.as_secs_f64())]
    Late {
        /// What it should have done.
        what: &'static str,
        /// The limit.
        limit: Duration,
    },
}

/// A worker, as its parent has it.
#[derive(Debug)]
pub(super) struct Link {
    process: Arc<Process>,
    socket: OwnedFd,
    decoder: Decoder,
    room: Vec<u8>,
    outgoing: Vec<u8>,
    sent: usize,
    hello: Option<Hello>,
    /// `close` was sent and not answered yet.
    closing: bool,
    /// Problems it has opened.
    pub(super) jobs: u32,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.process.kill();
    }
}

impl Link {
    /// Starts a worker; it says hello when it is ready, which [`ready`](Self::ready) waits for.
    pub(super) fn start(launch: Launch) -> std::io::Result<Self> {
        let (process, socket) = spawner::start(launch)?;
        Ok(Self {
            process,
            socket,
            decoder: Decoder::new(SMALL_FRAME_BYTES),
            room: vec![0; CHUNK_BYTES],
            outgoing: Vec::new(),
            sent: 0,
            hello: None,
            closing: false,
            jobs: 0,
        })
    }

    /// The process behind it.
    pub(super) fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// What it said of itself; there once it was [`ready`](Self::ready).
    pub(super) fn hello(&self) -> Option<&Hello> {
        self.hello.as_ref()
    }

    /// Whether its process has ended.
    pub(super) fn is_dead(&self) -> bool {
        self.process.wait(Duration::ZERO).is_some()
    }

    /// Sets the limit of frames to come.
    pub(super) fn set_frame_limit(&mut self, bytes: usize) {
        self.decoder.set_limit(bytes);
    }

    /// Waits until the worker has said hello and closed what it had open.
    pub(super) fn ready(&mut self, limit: Duration) -> Result<(), LinkError> {
        let until = Instant::now() + limit;
        while self.hello.is_none() || self.closing {
            match self.receive(until, None, "start")? {
                Some(FromWorker::Hello(hello)) if self.hello.is_none() => {
                    if hello.protocol != PROTOCOL {
                        let other = hello.protocol;
                        let remedy = "build it and farkas from the same source";
                        let says = format!("it speaks version {other}, and {PROTOCOL} is spoken here; {remedy}");
                        return Err(LinkError::Protocol(says));
                    }
                    self.hello = Some(hello);
                }
                Some(FromWorker::Closed {}) if self.closing => {
                    self.closing = false;
                    self.decoder.set_limit(SMALL_FRAME_BYTES);
                }
                // What was on its way when the problem was closed.
                Some(FromWorker::Event { .. }) if self.closing => {}
                Some(other) => return Err(unexpected(&other)),
                None if Instant::now() >= until => return Err(LinkError::Late { what: "start", limit }),
                None => {}
            }
        }
        Ok(())
    }

    /// Whether anything is still to be sent.
    pub(super) fn is_sending(&self) -> bool {
        self.sent < self.outgoing.len()
    }

    /// Puts a frame into the queue and sends what can be sent now.
    pub(super) fn send(&mut self, message: &ToWorker) -> Result<(), LinkError> {
        encode(message, &mut self.outgoing).map_err(|e| LinkError::Protocol(e.to_string()))?;
        self.flush()
    }

    /// Tells it to close what it has open; [`ready`](Self::ready) waits for that.
    pub(super) fn close(&mut self) -> Result<(), LinkError> {
        self.closing = true;
        self.send(&ToWorker::Close {})
    }

    /// Sends a frame with a descriptor beside its first byte. The queue is empty whenever a problem is opened.
    pub(super) fn send_with(&mut self, message: &ToWorker, descriptor: BorrowedFd<'_>) -> Result<(), LinkError> {
        let mut bytes = Vec::new();
        encode(message, &mut bytes).map_err(|e| LinkError::Protocol(e.to_string()))?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let descriptors = [descriptor];
        if self.is_sending() || !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
            return Err(LinkError::Protocol("a descriptor cannot be sent now".into()));
        }
        let sent = sendmsg(&self.socket, &[IoSlice::new(&bytes)], &mut control, SendFlags::NOSIGNAL);
        let sent = sent.map_err(|error| self.obituary(error))?;
        self.outgoing.extend_from_slice(&bytes[sent..]);
        self.flush()
    }

    fn flush(&mut self) -> Result<(), LinkError> {
        while self.is_sending() {
            match rustix::net::send(&self.socket, &self.outgoing[self.sent..], SendFlags::NOSIGNAL) {
                Ok(length) => self.sent += length,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                // What it said before it died is still to be read; the end of the socket comes after it.
                Err(Errno::PIPE | Errno::CONNRESET) => break,
                Err(error) => return Err(self.obituary(error)),
            }
        }
        self.outgoing.clear();
        self.sent = 0;
        Ok(())
    }

    /// The next frame, waiting for it (and sending meanwhile) until then, or until `bell` rings; `what` the worker is
    /// asked to do, for messages.
    pub(super) fn receive(
        &mut self,
        until: Instant,
        bell: Option<&OwnedFd>,
        what: &'static str,
    ) -> Result<Option<FromWorker>, LinkError> {
        if let Some(message) = self.next()? {
            return Ok(Some(message));
        }
        let interest = if self.is_sending() { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        let mut watched = [PollFd::new(&self.socket, interest), PollFd::new(&self.socket, PollFlags::empty())];
        if let Some(bell) = bell {
            watched[1] = PollFd::new(bell, PollFlags::IN);
        }
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs().min(86400) as i64, tv_nsec: left.subsec_nanos().into() };
        match poll(&mut watched, Some(&left)) {
            Ok(0) | Err(Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(LinkError::Died(format!("waiting for its worker to {what}: {error}"))),
        }
        let events = watched[0].revents();
        if events.contains(PollFlags::OUT) {
            self.flush()?;
        }
        if events.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
            self.read()?;
        }
        self.next()
    }

    fn next(&mut self) -> Result<Option<FromWorker>, LinkError> {
        self.decoder.message().map_err(|e| LinkError::Protocol(e.to_string()))
    }

    fn read(&mut self) -> Result<(), LinkError> {
        // No worker sends descriptors: without room for them the kernel closes what comes.
        let mut control = RecvAncillaryBuffer::new(&mut []);
        let read =
            recvmsg(self.socket.as_fd(), &mut [IoSliceMut::new(&mut self.room)], &mut control, RecvFlags::CMSG_CLOEXEC);
        match read.map(|message| message.bytes) {
            Ok(0) | Err(Errno::CONNRESET) => Err(self.obituary(Errno::CONNRESET)),
            Ok(length) => {
                self.decoder.feed(&self.room[..length]);
                Ok(())
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(()),
            Err(error) => Err(self.obituary(error)),
        }
    }

    /// How the worker died, after its socket failed.
    fn obituary(&self, error: Errno) -> LinkError {
        let Some(exit) = self.process.wait(DEATH_LIMIT) else {
            return LinkError::Died(format!("its worker's socket failed ({error}) while the process still ran"));
        };
        let mut says = format!("its worker {}", spawner::describe(exit));
        let words = self.process.last_words(3);
        if !words.is_empty() {
            says = format!("{says}; it printed: {words}");
        }
        LinkError::Died(says)
    }
}

/// Something that the worker should not have said now.
pub(super) fn unexpected(message: &FromWorker) -> LinkError {
    let what = match message {
        FromWorker::Hello(_) => "hello",
        FromWorker::Opened { .. } => "opened",
        FromWorker::OpenFailed { .. } => "open_failed",
        FromWorker::Closed {} => "closed",
        FromWorker::Applied {} => "applied",
        FromWorker::ApplyFailed { .. } => "apply_failed",
        FromWorker::Event { .. } => "event",
        FromWorker::Claim { .. } => "claim",
        FromWorker::Members { .. } => "members",
        FromWorker::Failed { .. } => "failed",
    };
    LinkError::Protocol(format!("it said '{what}' when that was not asked"))
}
