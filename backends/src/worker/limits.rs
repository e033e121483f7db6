//! What a worker is held to while it solves or searches: its time limit, the stop token, and the grace after either.
//! Whatever it does, nobody waits for it any longer.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};

use super::frame::ToWorker;
use super::link::{Link, LinkError};
use super::pool::WorkerConfig;
use crate::contract::{StopToken, WakerGuard};

/// How long a worker that nothing limits is waited for at a time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a worker does not come back.
pub(super) enum End {
    Lost(LinkError),
    Kill(String),
}

impl From<LinkError> for End {
    fn from(lost: LinkError) -> Self {
        Self::Lost(lost)
    }
}

/// A descriptor that becomes readable when a token is raised.
pub(super) struct Bell {
    stop: StopToken,
    descriptor: Arc<OwnedFd>,
    _guard: WakerGuard,
}

impl Bell {
    /// One that rings for this token, as long as it is there.
    pub(super) fn on(stop: &StopToken) -> io::Result<Self> {
        let descriptor = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let ring = Arc::clone(&descriptor);
        let guard = stop.on_stop(move || {
            let _ = rustix::io::write(&ring, &1_u64.to_ne_bytes()); // full: it rings already
        });
        Ok(Self { stop: stop.clone(), descriptor, _guard: guard })
    }

    /// What is readable.
    pub(super) fn descriptor(&self) -> &OwnedFd {
        &self.descriptor
    }

    /// Makes it ring again; nothing where it was silent.
    pub(super) fn silence(&self) {
        if self.stop.is_stopped() {
            let _ = rustix::io::read(&*self.descriptor, &mut [0; 8][..]);
        }
    }
}

/// The limits of one solve or search.
pub(super) struct Limits<'a> {
    number: u64,
    config: &'a WorkerConfig,
    stop: &'a StopToken,
    begun: Instant,
    time_limit: Option<Duration>,
    stopped_at: Option<Instant>,
}

impl<'a> Limits<'a> {
    /// Of this one, which begins now.
    pub(super) fn begin(
        number: u64,
        time_limit: Option<Duration>,
        config: &'a WorkerConfig,
        stop: &'a StopToken,
    ) -> Self {
        Self { number, config, stop, begun: Instant::now(), time_limit, stopped_at: None }
    }

    /// Whether somebody asked to stop, and not to kill.
    pub(super) fn asks_to_stop(&self) -> bool {
        self.stop.is_stopped() && !self.stop.is_killed()
    }

    /// Passes a stop on, says until when the worker may be waited for, and when it must end now.
    pub(super) fn keep(&mut self, link: &mut Link) -> Result<Instant, End> {
        if self.stop.is_killed() {
            return Err(End::Kill("its worker was killed, as was asked".into()));
        }
        if self.stop.is_stopped() && self.stopped_at.is_none() {
            self.stopped_at = Some(Instant::now());
            link.send(&ToWorker::Stop { number: self.number })?;
        }
        let overstayed = self.time_limit.and_then(|limit| self.begun.checked_add(limit + self.config.time_grace));
        let unstoppable = self.stopped_at.and_then(|at| at.checked_add(self.config.stop_grace));
        let now = Instant::now();
        let seconds = |d: Duration| d.as_secs_f64();
        if let (Some(at), Some(limit)) = (overstayed, self.time_limit)
            && now >= at
        {
            let (limit, grace) = (seconds(limit), seconds(self.config.time_grace));
            return Err(End::Kill(format!("its worker was killed {grace} s after its time limit of {limit} s")));
        }
        if unstoppable.is_some_and(|at| now >= at) {
            let grace = seconds(self.config.stop_grace);
            return Err(End::Kill(format!("its worker was killed, as it did not stop within {grace} s")));
        }
        Ok(overstayed.into_iter().chain(unstoppable).min().unwrap_or(now + PATIENCE))
    }
}
