//! Keeps HiGHS from looking at every processor. HiGHS 1.16 counts cores at the start of each run, and of a mixed-integer one
//! once more, by reading two files of `/sys` for every processor that the calling thread may run on: 20 µs each, beside which a
//! tiny problem is nothing.

/// As long as it is there, the thread stays on the processor where it happens to be.
#[cfg(target_os = "linux")]
pub(super) struct Here(rustix::thread::CpuSet);

#[cfg(target_os = "linux")]
impl Here {
    /// Has the calling thread stay; the same one lets it go again. Nothing where it has no choice, or may not choose.
    pub(super) fn stay() -> Option<Self> {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

        let all = sched_getaffinity(None).ok().filter(|all| all.count() > 1)?;
        let mut here = CpuSet::new();
        let at = sched_getcpu();
        if at >= CpuSet::MAX_CPU {
            return None;
        }
        here.set(at);
        sched_setaffinity(None, &here).is_ok().then_some(Self(all))
    }
}

#[cfg(target_os = "linux")]
impl Drop for Here {
    /// Gives the thread its processors back.
    fn drop(&mut self) {
        // Where it is refused, the thread stays where it is: slower, never wrong.
        let _ = rustix::thread::sched_setaffinity(None, &self.0);
    }
}

/// Elsewhere it is not known to matter.
#[cfg(not(target_os = "linux"))]
pub(super) struct Here;

#[cfg(not(target_os = "linux"))]
impl Here {
    /// Nothing.
    pub(super) fn stay() -> Option<Self> {
        None
    }
}
