//! Runs MIPCL's program once: the problem and its answer are memory files, so nothing is left behind whoever is killed; what
//! it prints is heard line by line; it is killed when it is stopped, or overstays.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};

use super::ffi::die_with_parent;
use crate::contract::StopToken;

/// Bytes of a line; the rest of it is cut.
const MOST_LINE_BYTES: u64 = 4096;
/// Lines that wait to be heard.
const MOST_LINES: usize = 1024;
/// Bytes of an answer for each column: its name, a blank, a number, a line end, twice.
const ANSWER_BYTES_A_COLUMN: u64 = 64;

/// What is run.
pub(super) struct Run<'a> {
    pub(super) program: &'a Path,
    /// The problem, in MIPCL's dialect.
    pub(super) problem: &'a str,
    pub(super) columns: usize,
    /// Options of its command line.
    pub(super) arguments: &'a [String],
    /// When it must have ended.
    pub(super) deadline: Option<Instant>,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum End {
    /// By itself.
    Exit(ExitStatus),
    /// Killed, as the token was set.
    Stopped,
    /// Killed at the deadline.
    Late,
    /// Killed by who hears its lines.
    Enough,
}

/// Whether it shall go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Go,
    Kill,
}

fn memory_file(name: &str) -> io::Result<File> {
    Ok(File::from(memfd_create(name, MemfdFlags::CLOEXEC)?))
}

/// Where another process of the same user finds it.
fn path(file: &File) -> String {
    format!("/proc/{}/fd/{}", getpid().as_raw_nonzero(), file.as_raw_fd())
}

impl Run<'_> {
    /// Runs it to its end, and answers with how that came and what it wrote as its solution.
    pub(super) fn run(&self, stop: &StopToken, mut hear: impl FnMut(&str) -> Next) -> io::Result<(End, String)> {
        let mut problem = memory_file("farkas-mipcl-problem")?;
        problem.write_all(self.problem.as_bytes())?;
        let mut answer = memory_file("farkas-mipcl-answer")?;
        let mut command = Command::new(self.program);
        command.args(self.arguments).args(["-solfile", &path(&answer), &path(&problem)]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        die_with_parent(&mut command, getpid());
        let mut child = command.spawn()?;
        let handle = Arc::new(pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?);
        let kill = {
            let handle = Arc::clone(&handle);
            move || {
                // The one failure there can be is that it has ended already.
                let _ = pidfd_send_signal(&*handle, Signal::KILL);
            }
        };
        let guard = stop.on_stop(kill.clone());
        let (tell, told) = sync_channel(MOST_LINES);
        let printed = child.stdout.take();
        let reader = thread::Builder::new().name("farkas-mipcl".into()).spawn(move || {
            let mut lines = BufReader::new(printed.ok_or(io::ErrorKind::BrokenPipe)?);
            loop {
                let mut line = Vec::new();
                if lines.by_ref().take(MOST_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
                    return io::Result::Ok(());
                }
                if tell.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                    return Ok(());
                }
            }
        });
        let mut end = None;
        if reader.is_err() {
            kill();
        }
        loop {
            let wait =
                self.deadline.map_or(Duration::from_secs(3600), |at| at.saturating_duration_since(Instant::now()));
            match told.recv_timeout(wait) {
                Ok(line) if end.is_none() => {
                    if hear(&line) == Next::Kill {
                        end = Some(End::Enough);
                        kill();
                    }
                }
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    if self.deadline.is_some_and(|at| Instant::now() >= at) {
                        end.get_or_insert(End::Late);
                        kill();
                        break;
                    }
                }
            }
        }
        let exit = child.wait()?;
        drop(guard);
        drop(told);
        let _ = reader?.join();
        let end = if stop.is_stopped() { End::Stopped } else { end.unwrap_or(End::Exit(exit)) };
        answer.seek(SeekFrom::Start(0))?;
        let mut text = Vec::new();
        answer.take(4096 + ANSWER_BYTES_A_COLUMN * self.columns as u64).read_to_end(&mut text)?;
        Ok((end, String::from_utf8_lossy(&text).into_owned()))
    }
}

/// What MIPCL writes as its solution.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Written {
    Nothing,
    Infeasible,
    /// n values.
    Point(Vec<f64>),
}

/// Reads it: `=obj= V` and a line a column, in any order; `=infeas=`; or nothing.
pub(super) fn read(text: &str, columns: usize) -> Written {
    if text.trim_start().starts_with("=infeas=") {
        return Written::Infeasible;
    }
    if !text.trim_start().starts_with("=obj=") {
        return Written::Nothing;
    }
    let mut values = vec![f64::NAN; columns];
    for line in text.lines().skip(1) {
        let mut fields = line.split_whitespace();
        let place = fields.next().and_then(super::mps::position);
        let value = fields.next().and_then(|v| v.parse::<f64>().ok());
        if let (Some(place), Some(value)) = (place, value)
            && let Some(there) = values.get_mut(place)
        {
            *there = value;
        }
    }
    if values.iter().all(|v| v.is_finite()) { Written::Point(values) } else { Written::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        for (text, written) in [
            ("", Written::Nothing),
            ("=infeas=\n", Written::Infeasible),
            ("=obj= 3\nC0000002 1\nC0000001 2", Written::Point(vec![2.0, 1.0])),
            ("=obj= 3\nC0000002 1", Written::Nothing),
            ("=obj= 3\nC0000002 1\nC0000001 x\nC9999999 1\nR0000001 4", Written::Nothing),
        ] {
            assert_eq!(read(text, 2), written, "{text}");
        }
    }

    fn shell(script: &str, stop: &StopToken, deadline: Option<Instant>) -> (End, Vec<String>) {
        let arguments = ["-c".to_owned(), script.to_owned()];
        let run = Run { program: Path::new("/bin/sh"), problem: "", columns: 1, arguments: &arguments, deadline };
        let mut lines = Vec::new();
        let (end, _) = run
            .run(stop, |line| {
                lines.push(line.to_owned());
                if line == "enough" { Next::Kill } else { Next::Go }
            })
            .unwrap();
        (end, lines)
    }

    #[test]
    fn a_program_is_heard_and_ended() {
        let stopped = StopToken::new();
        stopped.stop();
        let soon = Some(Instant::now() + Duration::from_millis(100));
        for (script, stop, deadline, killed, lines) in [
            ("echo one; echo two", StopToken::new(), None, None, vec!["one", "two"]),
            ("echo enough; exec sleep 1000", StopToken::new(), None, Some(End::Enough), vec!["enough"]),
            ("exec sleep 1000", stopped, None, Some(End::Stopped), vec![]),
            ("exec sleep 1000", StopToken::new(), soon, Some(End::Late), vec![]),
        ] {
            let (end, heard) = shell(script, &stop, deadline);
            assert_eq!(heard, lines, "{script}");
            match killed {
                Some(how) => assert_eq!(end, how, "{script}"),
                None => assert!(matches!(end, End::Exit(exit) if exit.success()), "{script}: {end:?}"),
            }
        }
    }
}
