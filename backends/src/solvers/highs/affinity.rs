//! Keeps HiGHS from looking at every processor. HiGHS 1.16 counts cores at the start of each run, by reading two files of
//! `/sys` for every processor that the calling thread may run on: 20 µs each, beside which a tiny problem is nothing.

/// Does a short piece of work on the processor where the thread happens to be; it may run where it may again afterwards.
#[cfg(target_os = "linux")]
pub(super) fn where_it_is<R>(work: impl FnOnce() -> R) -> R {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

    /// Gives the thread its processors back, even when the work panics.
    struct Back(CpuSet);

    impl Drop for Back {
        fn drop(&mut self) {
            // Where it is refused, the thread stays where it is: slower, never wrong.
            let _ = sched_setaffinity(None, &self.0);
        }
    }

    let back = sched_getaffinity(None).ok().filter(|all| all.count() > 1).and_then(|all| {
        let mut here = CpuSet::new();
        let at = sched_getcpu();
        if at >= CpuSet::MAX_CPU {
            return None;
        }
        here.set(at);
        sched_setaffinity(None, &here).is_ok().then_some(Back(all))
    });
    let result = work();
    drop(back);
    result
}

/// Elsewhere it is not known to matter.
#[cfg(not(target_os = "linux"))]
pub(super) fn where_it_is<R>(work: impl FnOnce() -> R) -> R {
    work()
}
