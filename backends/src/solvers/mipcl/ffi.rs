//! Has a program that is started die with whoever started it.

use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

/// The kernel kills the program when the *thread* that starts it ends, so that thread waits for it.
pub(super) fn die_with_parent(command: &mut Command, parent: Pid) {
    let prepare = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // A parent that died before that was set will not be heard of any more.
        if getppid() == Some(parent) { Ok(()) } else { Err(rustix::io::Errno::SRCH.into()) }
    };
    // SAFETY: between fork and exec only calls that are safe in a signal handler are allowed: `prctl` and `getppid` are bare
    // system calls, and neither they nor the conversion of an error number allocate or lock.
    unsafe {
        command.pre_exec(prepare);
    }
}
