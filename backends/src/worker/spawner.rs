//! The one thread that starts workers, drains what they print, and reaps them. It lives as long as the process: the
//! kernel kills a child that asked for it (`PR_SET_PDEATHSIG`) when the *thread* that started it ends, so no other
//! thread may start one.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};

use super::PARENT_VARIABLE;

/// How much of what a worker prints on its descriptor 2 is kept: the end of it.
const TAIL_BYTES: usize = 4096;
/// How much is read of it before the others get their turn.
const CHUNK_BYTES: usize = 65536;

/// How many freed blocks of each small size the C library keeps at hand, where nobody has said otherwise: a solver takes and gives
/// back hundreds of one size at a time, and of its own accord the library keeps seven. With HiGHS a tiny problem takes a tenth to
/// a fifth less.
const ALLOCATOR: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=500");

/// What to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// A started process: whoever holds it can kill it and hear how it ended. It is reaped whether anybody holds it or not.
#[derive(Debug)]
pub struct Process {
    pid: Pid,
    handle: OwnedFd,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    exit: Option<ExitStatus>,
    /// Its number may be another's by now.
    reaped: bool,
    tail: VecDeque<u8>,
}

impl Process {
    /// Its process id.
    pub fn id(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Kills it, if it still runs, and all in its process group.
    pub fn kill(&self) {
        self.signal_group(Signal::KILL);
        // A program may have left its group. The one failure there can be is that it has ended already.
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
    }

    /// Stops it, and all in its process group, until [`resume`](Self::resume) or [`kill`](Self::kill).
    pub fn pause(&self) {
        self.signal_group(Signal::STOP);
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub fn resume(&self) {
        self.signal_group(Signal::CONT);
    }

    /// Signals its process group, as long as its number is its own.
    fn signal_group(&self, signal: Signal) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.reaped {
            let _ = kill_process_group(self.pid, signal); // a group that is gone needs no signal
        }
    }

    /// How it ended, after waiting for that no longer than `limit`; `None` while it runs.
    pub fn wait(&self, limit: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + limit;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.exit.is_none() {
            let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.exit
    }

    /// The last lines of what it printed on its descriptor 2, at most `most`, joined by " / ".
    pub fn last_words(&self, most: usize) -> String {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (front, back) = state.tail.as_slices();
        let text = String::from_utf8_lossy(&[front, back].concat()).into_owned();
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(most)..].join(" / ")
    }

    fn hear(&self, printed: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &printed[printed.len().saturating_sub(TAIL_BYTES)..];
        let too_many = (state.tail.len() + kept.len()).saturating_sub(TAIL_BYTES);
        state.tail.drain(..too_many);
        state.tail.extend(kept);
    }

    /// Reaps it, if it has ended; under the lock, so that nobody signals its number afterwards.
    fn reap(&self, child: &mut Child) -> Option<ExitStatus> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Where somebody else reaped it (a parent that ignores SIGCHLD), how it ended is lost; that it did is not.
        let exit = child.try_wait().unwrap_or_else(|_| Some(ExitStatus::from_raw(0)));
        state.reaped |= exit.is_some();
        exit
    }

    fn end(&self, exit: ExitStatus) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).exit = Some(exit);
        self.ended.notify_all();
    }
}

/// How a process ended, in words: `died by signal 11 (SIGSEGV)`.
pub fn describe(exit: ExitStatus) -> String {
    let Some(signal) = exit.signal() else {
        return format!("ended with exit code {}", exit.code().unwrap_or_default());
    };
    let name = match signal {
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL: by hand, or because memory ran out)",
        11 => " (SIGSEGV)",
        15 => " (SIGTERM)",
        24 => " (SIGXCPU)",
        _ => "",
    };
    format!("died by signal {signal}{name}")
}

/// Starts a process, and answers with it and our end of the socket that is its descriptor 0.
///
/// Its descriptor 1 is `/dev/null`; what comes on 2 is read, and the end of it kept. It has a process group of its own,
/// so that a Ctrl-C at the terminal reaches only the parent, who knows what to do about it.
///
/// # Errors
/// When there is no such program, or no memory, descriptor or process left.
pub fn start(launch: Launch) -> io::Result<(Arc<Process>, OwnedFd)> {
    let (reply, started) = sync_channel(1);
    {
        let mut spawner = SPAWNER.lock().unwrap_or_else(PoisonError::into_inner);
        let spawner = match &mut *spawner {
            Some(spawner) => spawner,
            none => none.insert(Spawner::new()?),
        };
        spawner.orders.send(Order { launch, reply }).map_err(|_| gone())?;
        rustix::io::write(&spawner.bell, &1_u64.to_ne_bytes())?;
    }
    started.recv().map_err(|_| gone())?
}

fn gone() -> io::Error {
    io::Error::other("the thread that starts workers has ended")
}

static SPAWNER: Mutex<Option<Spawner>> = Mutex::new(None);

type Started = io::Result<(Arc<Process>, OwnedFd)>;

struct Order {
    launch: Launch,
    reply: SyncSender<Started>,
}

/// The way to the thread.
struct Spawner {
    orders: Sender<Order>,
    bell: OwnedFd,
}

impl Spawner {
    fn new() -> io::Result<Self> {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let ring = bell.try_clone()?;
        let (orders, received) = channel();
        thread::Builder::new().name("farkas-spawner".into()).spawn(move || supervise(&received, &ring))?;
        Ok(Self { orders, bell })
    }
}

/// A child and what is read from it.
struct Ward {
    child: Child,
    process: Arc<Process>,
    printed: Option<ChildStderr>,
}

fn supervise(orders: &Receiver<Order>, bell: &OwnedFd) {
    let mut wards: Vec<Ward> = Vec::new();
    let mut room = vec![0; CHUNK_BYTES];
    loop {
        let mut watched = vec![PollFd::new(bell, PollFlags::IN)];
        for ward in &wards {
            watched.push(PollFd::new(&ward.process.handle, PollFlags::IN));
            watched.extend(ward.printed.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        }
        if let Err(error) = poll(&mut watched, None) {
            if error != rustix::io::Errno::INTR {
                thread::sleep(Duration::from_millis(10)); // out of kernel memory: try again
            }
            continue;
        }
        drop(watched);
        let _ = rustix::io::read(bell, &mut [0; 8][..]); // empty when it was not the bell
        while let Ok(order) = orders.try_recv() {
            let started = launch(&order.launch).map(|(ward, socket)| {
                let process = Arc::clone(&ward.process);
                wards.push(ward);
                (process, socket)
            });
            if let Err(refused) = order.reply.send(started)
                && let Ok((process, _)) = refused.0
            {
                process.kill(); // nobody waits for it any more
            }
        }
        wards.retain_mut(|ward| ward.attend(&mut room));
    }
}

fn launch(launch: &Launch) -> io::Result<(Ward, OwnedFd)> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    let mut command = Command::new(&launch.program);
    if std::env::var_os(ALLOCATOR.0).is_none() {
        command.env(ALLOCATOR.0, ALLOCATOR.1);
    }
    let mut child = command
        .args(&launch.arguments)
        .env(PARENT_VARIABLE, std::process::id().to_string())
        .env("RUST_BACKTRACE", "0") // the last lines that it prints are to say what happened
        .stdin(Stdio::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let pid = Pid::from_child(&child);
    let handle = pidfd_open(pid, PidfdFlags::empty());
    let printed = child.stderr.take();
    let handle = handle.map_err(io::Error::from).and_then(|handle| {
        printed.as_ref().map_or(Ok(()), set_nonblocking)?;
        set_nonblocking(&ours)?;
        Ok(handle)
    });
    let handle = handle.inspect_err(|_| {
        let _ = child.kill();
        let _ = child.wait();
    })?;
    let process = Arc::new(Process { pid, handle, state: Mutex::default(), ended: Condvar::new() });
    Ok((Ward { child, process, printed }, ours))
}

fn set_nonblocking(fd: &impl AsFd) -> io::Result<()> {
    Ok(fcntl_setfl(fd, fcntl_getfl(fd)? | OFlags::NONBLOCK)?)
}

impl Ward {
    /// Reads what was printed and looks whether it ended; `false` when it did, and is reaped.
    fn attend(&mut self, room: &mut [u8]) -> bool {
        let exit = self.process.reap(&mut self.child);
        // After the end everything that was printed is in the pipe; before it, one chunk a turn.
        let mut turns = if exit.is_none() { 1 } else { 16 };
        while let Some(pipe) = &mut self.printed
            && turns > 0
        {
            match pipe.read(room) {
                Ok(0) => self.printed = None,
                Ok(length) => self.process.hear(&room[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => self.printed = None,
            }
            turns -= 1;
        }
        exit.is_none_or(|exit| {
            self.process.end(exit);
            false
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Launch {
        Launch { program: "/bin/sh".into(), arguments: vec!["-c".into(), script.into()] }
    }

    #[test]
    fn how_a_process_ends_is_told() {
        for (script, ends, says) in [
            ("exit 3", "ended with exit code 3", ""),
            ("echo one >&2; echo two >&2; echo three >&2; exit 0", "ended with exit code 0", "two / three"),
            ("kill -SEGV $$", "died by signal 11 (SIGSEGV)", ""),
            ("head -c 200000 /dev/zero | tr '\\0' x >&2; echo; echo last >&2", "ended with exit code 0", "last"),
        ] {
            let (process, _socket) = start(shell(script)).unwrap();
            let exit = process.wait(Duration::from_secs(20)).expect("it ends");
            assert_eq!(describe(exit), ends, "{script}");
            let words = process.last_words(2);
            assert!(words.ends_with(says) && words.len() <= TAIL_BYTES + 3, "{script}: {words}");
        }
    }

    #[test]
    fn a_process_is_killed_and_reaped() {
        let (process, _socket) = start(shell("exec sleep 1000")).unwrap();
        assert_eq!(process.wait(Duration::ZERO), None);
        process.kill();
        let exit = process.wait(Duration::from_secs(20)).expect("it was killed");
        assert_eq!(exit.signal(), Some(9));
        let there = std::path::Path::new("/proc").join(process.id().to_string()).exists();
        assert!(!there, "the killed process was not reaped");
        for harmless in [Process::kill, Process::pause, Process::resume] {
            harmless(&process);
        }
    }

    /// State of a process: `T` when it stands still; nothing when it is gone.
    fn state_of(id: &str) -> Option<char> {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        stat.rsplit_once(')')?.1.trim_start().chars().next()
    }

    fn becomes(id: &str, what: &str, is: impl Fn(Option<char>) -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while !is(state_of(id)) {
            assert!(Instant::now() < until, "{id} is {:?} and not {what}", state_of(id));
            thread::yield_now();
        }
    }

    #[test]
    fn a_process_stands_still_with_its_children_and_is_killed_so() {
        let (process, socket) = start(shell("sleep 1000 & echo $! >&0; wait")).unwrap();
        let mut watched = [PollFd::new(&socket, PollFlags::IN)];
        poll(&mut watched, None).unwrap();
        let mut said = [0; 32];
        let length = rustix::io::read(&socket, &mut said[..]).unwrap();
        let child = String::from_utf8_lossy(&said[..length]).trim().to_owned();
        let both = [process.id().to_string(), child];
        let all = |what, is: fn(Option<char>) -> bool| both.iter().for_each(|id| becomes(id, what, is));
        for _ in 0..2 {
            process.pause();
            all("stopped", |state| state == Some('T'));
            process.resume();
            all("at work", |state| state.is_some_and(|state| state != 'T'));
        }
        process.pause();
        process.kill();
        all("gone", |state| state.is_none_or(|state| state == 'Z'));
    }

    #[test]
    fn a_program_that_is_not_there() {
        let missing = Launch { program: "/nowhere/farkas-x".into(), arguments: Vec::new() };
        assert_eq!(start(missing).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
