//! The programs under test, the processes they start, and whether these are gone with them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A running `farkas serve` or `farkas node`.
pub struct Program {
    child: Child,
    /// Where it listens; a node does not.
    pub url: String,
}

impl Program {
    /// Starts it, and waits until it says that it is ready.
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_farkas"));
        command.args(arguments);
        Self::start_as(command)
    }

    /// The same, by a command of one's own.
    pub fn start_as(mut command: Command) -> Self {
        let command = command.env("FARKAS_LOG", "warn").stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program under test starts");
        let stdout = child.stdout.take().expect("it was piped");
        let (send, told) = mpsc::channel();
        std::thread::spawn(move || {
            // Reads on to the end: a service that cannot write to its standard output would be another test.
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("Farkas is listening on ") {
                    let _ = send.send(url.to_string());
                } else if line.starts_with("Farkas works as ") {
                    let _ = send.send(String::new());
                }
            }
        });
        let url = told.recv_timeout(Duration::from_secs(60)).expect("it says that it is ready within a minute");
        Self { child, url }
    }

    /// The processes that it has.
    pub fn descendants(&self) -> Vec<Process> {
        descendants(self.child.id())
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("our own child");
    }

    /// Kills it, and answers with the processes that it had.
    pub fn kill(mut self) -> Vec<Process> {
        let children = self.descendants();
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
        children
    }

    /// Ends it in order.
    pub fn stop(mut self) -> Vec<Process> {
        let children = self.descendants();
        self.signal(Signal::TERM);
        let status = self.child.wait().expect("our own child");
        assert!(status.success(), "after SIGTERM: {status}");
        children
    }
}

impl Drop for Program {
    /// A test that fails leaves nothing behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Kills one of a program's workers, if it has any.
pub fn kill_worker(of: &Program, choose: impl FnOnce(usize) -> usize) {
    let workers: Vec<Process> = of.descendants().into_iter().filter(|p| p.name.starts_with("farkas-")).collect();
    if workers.is_empty() {
        return;
    }
    let chosen = &workers[choose(workers.len())];
    if let Some(pid) = Pid::from_raw(chosen.pid as i32) {
        // It may have ended by itself.
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// A process and when it started, since numbers are used again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pid: u32,
    started: String,
    name: String,
}

/// Parent, start time and name of a process; `None` when there is none, or only what its parent has yet to bury.
fn process(pid: u32) -> Option<(u32, Process)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (front, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let name = front.split_once('(')?.1.to_string();
    let alive = !matches!(*fields.first()?, "Z" | "X");
    alive.then(|| Some((fields.get(1)?.parse().ok()?, Process { pid, started: (*fields.get(19)?).into(), name })))?
}

fn descendants(of: u32) -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").expect("Linux");
    let all: Vec<(u32, Process)> =
        entries.flatten().filter_map(|entry| process(entry.file_name().to_str()?.parse().ok()?)).collect();
    let mut found = Vec::new();
    let mut parents = vec![of];
    while let Some(parent) = parents.pop() {
        for (_, child) in all.iter().filter(|(above, _)| *above == parent) {
            parents.push(child.pid);
            found.push(child.clone());
        }
    }
    found
}

/// Waits until none of them is left.
pub fn assert_gone(processes: &[Process]) {
    let left = || -> Vec<&Process> {
        processes.iter().filter(|p| process(p.pid).is_some_and(|(_, now)| now.started == p.started)).collect()
    };
    let deadline = Instant::now() + Duration::from_secs(5);
    while !left().is_empty() {
        assert!(Instant::now() < deadline, "processes outlived their parents: {:?}", left());
        std::thread::sleep(Duration::from_millis(20));
    }
}
