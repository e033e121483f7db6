//! A descriptor that becomes readable when it is time: set and cleared for the price of a call, without waking anybody.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

#[derive(Debug)]
pub(super) struct Alarm(OwnedFd);

impl Alarm {
    /// One that is not set.
    pub(super) fn new() -> Result<Self, Errno> {
        timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK).map(Self)
    }

    /// Has it go off once, so long from now; whatever it was set to before.
    pub(super) fn set(&self, after: Duration) {
        self.write(after.max(Duration::from_nanos(1))); // zero would clear it
    }

    /// It does not go off any more.
    pub(super) fn clear(&self) {
        self.write(Duration::ZERO);
    }

    /// What is readable once it has gone off.
    pub(super) fn descriptor(&self) -> &OwnedFd {
        &self.0
    }

    /// Makes it silent where it has gone off.
    pub(super) fn hush(&self) {
        let _ = rustix::io::read(&self.0, &mut [0; 8][..]);
    }

    fn write(&self, after: Duration) {
        let none = Timespec { tv_sec: 0, tv_nsec: 0 };
        let seconds = i64::try_from(after.as_secs()).unwrap_or(i64::MAX);
        let value = Timespec { tv_sec: seconds, tv_nsec: after.subsec_nanos().into() };
        let spec = Itimerspec { it_interval: none, it_value: value };
        // It fails for what is no timer or no time, which these are.
        let _ = timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &spec);
    }
}
