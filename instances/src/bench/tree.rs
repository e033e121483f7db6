//! The processes of one run: how much processor time all of them took together, and that none is left when it is over.
//!
//! The kernel adds up the time of every process that was waited for. Workers that a run leaves behind (they die with it, but
//! nobody waits for them) become children of this process, which for as long as a run lasts takes in the orphans below it,
//! and are waited for here. One run at a time, so that the sum belongs to it.

use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(not(target_os = "linux"))]
use elsewhere as system;
#[cfg(target_os = "linux")]
use linux as system;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A run's processes, from before its start to after its end.
pub(super) struct Tree {
    before: Option<f64>,
    children: Vec<i32>,
    _turn: MutexGuard<'static, ()>,
}

impl Tree {
    /// To be had before the run starts; waits until no other run is measured. The run gets a process group of its own, by
    /// which what it leaves behind is told from other children of this process.
    pub(super) fn of(command: &mut Command) -> Self {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        system::prepare(command);
        Self { before: system::seconds(), children: system::children(), _turn: turn }
    }

    /// To be called when the run's own process has been waited for: ends what it left, and says how many seconds of
    /// processor time (user and system) all its processes took. None where the system does not tell.
    pub(super) fn end(self) -> Option<f64> {
        system::end_orphans(&self.children);
        Some(system::seconds()? - self.before?)
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use nix::sys::prctl::set_child_subreaper;
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::signal::{Signal, kill};
    use nix::sys::time::TimeValLike;
    use nix::sys::wait::waitpid;
    use nix::unistd::{Pid, getpgrp};

    /// Generations of orphans: those of an orphan come when it has gone.
    const MOST_ROUNDS: usize = 100;

    pub(super) fn prepare(command: &mut Command) {
        command.process_group(0);
        // Where the kernel refuses, orphans go to another process, and their time is not counted.
        let _ = set_child_subreaper(true);
    }

    /// Of all children that were waited for, with theirs.
    pub(super) fn seconds() -> Option<f64> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
        Some((usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6)
    }

    /// Process ids of this process' children that are in another process group than it is.
    pub(super) fn children() -> Vec<i32> {
        let (own, group) = (std::process::id().to_string(), getpgrp().to_string());
        let Ok(folder) = std::fs::read_dir("/proc") else { return Vec::new() };
        let ids = folder.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let is_child = |id: &i32| {
            let Ok(stat) = std::fs::read_to_string(format!("/proc/{id}/stat")) else { return false };
            // The name, in parentheses, may hold anything; after it come state, parent and process group.
            let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(1);
            fields.next() == Some(own.as_str()) && fields.next() != Some(group.as_str())
        };
        ids.filter(is_child).collect()
    }

    pub(super) fn end_orphans(before: &[i32]) {
        for _ in 0..MOST_ROUNDS {
            let orphans: Vec<i32> = children().into_iter().filter(|id| !before.contains(id)).collect();
            if orphans.is_empty() {
                break;
            }
            for id in orphans.into_iter().map(Pid::from_raw) {
                // One that has ended by itself is only waited for.
                let _ = kill(id, Signal::SIGKILL);
                let _ = waitpid(id, None);
            }
        }
        let _ = set_child_subreaper(false);
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::process::Command;

    pub(super) fn prepare(_: &mut Command) {}

    pub(super) fn seconds() -> Option<f64> {
        None
    }

    pub(super) fn children() -> Vec<i32> {
        Vec::new()
    }

    pub(super) fn end_orphans(_: &[i32]) {}
}
