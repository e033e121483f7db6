//! One run: the program as a child process with a clock of our own, its result read back and judged. Whatever the program
//! does, a run ends, and its output has a limit.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use farkas_modeling::Reason;
use farkas_modeling::answer::EvidenceLevel;
use serde::Deserialize;
use shared_child::SharedChild;

use super::{BenchError, Record, RunKey};
use crate::catalogue::Instance;
use crate::extended;
use crate::judge::{Judgement, Outcome, Verdict, judge};

/// Of a result no more than this is read: a solution of some ten million values.
const MOST_OUTPUT_BYTES: u64 = 512 << 20;
/// Of error messages no more than this is kept.
const MOST_MESSAGE_BYTES: u64 = 4 << 10;
/// How long the pipes may stay open after the program has ended (a process it left behind may hold them).
const PIPE_GRACE: Duration = Duration::from_secs(2);

/// What one run needs.
#[derive(Debug)]
pub struct Run<'a> {
    /// The `farkas` program.
    pub program: &'a Path,
    /// The instance's file.
    pub file: &'a Path,
    /// Solver, time limit and threads.
    pub key: &'a RunKey,
    /// How long after its time limit it is killed.
    pub grace: Duration,
}

/// The parts of `farkas solve --json` that count here.
#[derive(Deserialize)]
struct Document {
    termination: Termination,
    #[serde(default, with = "extended")]
    objective: Option<f64>,
    #[serde(default, with = "extended")]
    bound: Option<f64>,
    seconds: Option<f64>,
    evidence: Option<Evidence>,
    #[serde(default)]
    lanes: Vec<Lane>,
}

#[derive(Deserialize)]
struct Termination {
    reason: Reason,
    #[serde(default)]
    detail: String,
}

#[derive(Deserialize)]
struct Evidence {
    level: EvidenceLevel,
}

#[derive(Deserialize)]
struct Lane {
    solver: String,
    #[serde(default)]
    version: String,
}

/// What the program left behind.
struct Left {
    /// `None` when it had to be killed.
    exit_code: Option<i32>,
    killed: bool,
    output: Vec<u8>,
    messages: String,
    seconds: f64,
}

/// Runs the program once and judges what it says.
///
/// # Errors
/// Only when the program cannot be started.
pub fn run_one(run: &Run<'_>, instance: &Instance) -> Result<Record, BenchError> {
    let left = start(run)?;
    let document: Option<Document> = serde_json::from_slice(&left.output).ok().filter(|_| !left.killed);
    let outcome = document.as_ref().map(|document| Outcome {
        reason: document.termination.reason,
        objective: document.objective,
        bound: document.bound,
    });
    let judgement = match (&outcome, &document) {
        (Some(outcome), Some(document)) => {
            let mut judgement = judge(instance.known, instance.sense, outcome);
            if judgement.detail.is_empty() && judgement.verdict != Verdict::Solved {
                judgement.detail.clone_from(&document.termination.detail);
            }
            judgement
        }
        _ => Judgement::new(Verdict::Failed, failure(&left)),
    };
    Ok(Record {
        key: run.key.clone(),
        class: instance.class,
        difficulty: instance.difficulty,
        sha256: instance.sha256.clone(),
        verdict: judgement.verdict,
        detail: judgement.detail,
        outcome,
        evidence: document.as_ref().and_then(|document| document.evidence.as_ref()).map(|evidence| evidence.level),
        wall_seconds: left.seconds,
        solve_seconds: document.as_ref().and_then(|document| document.seconds),
        exit_code: left.exit_code,
        versions: document.map_or_else(Vec::new, |document| {
            document.lanes.iter().map(|lane| format!("{} {}", lane.solver, lane.version)).collect()
        }),
    })
}

/// Why there is no result, in a line.
fn failure(left: &Left) -> String {
    let said = left.messages.trim().lines().last().unwrap_or_default();
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    match left.exit_code {
        _ if left.killed => format!("killed after {:.1} s{said}", left.seconds),
        Some(code) => format!("exit code {code}, without a result{said}"),
        None => format!("ended by a signal{said}"),
    }
}

fn start(run: &Run<'_>) -> Result<Left, BenchError> {
    let mut command = Command::new(run.program);
    command.arg("solve").arg(run.file).args(["--solver", &run.key.solver, "--json"]);
    command.args(["--time-limit", &run.key.time_limit_seconds.to_string()]);
    command.args(["--threads", &run.key.threads.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let error = |source| BenchError::Program { program: run.program.into(), source };
    let begin = Instant::now();
    let child = SharedChild::spawn(&mut command).map_err(error)?;
    let output = read_aside(child.take_stdout(), MOST_OUTPUT_BYTES);
    let messages = read_aside(child.take_stderr(), MOST_MESSAGE_BYTES);
    let limit = Duration::from_secs_f64(run.key.time_limit_seconds) + run.grace;
    let ended = child.wait_timeout(limit).map_err(error)?;
    let (status, killed) = if let Some(status) = ended {
        (status, false)
    } else {
        // Its workers die with it: they ask the kernel for that when they start.
        child.kill().map_err(error)?;
        (child.wait().map_err(error)?, true)
    };
    let seconds = begin.elapsed().as_secs_f64();
    let all = |pipe: mpsc::Receiver<Vec<u8>>| pipe.recv_timeout(PIPE_GRACE).unwrap_or_default();
    let messages = String::from_utf8_lossy(&all(messages)).into_owned();
    Ok(Left { exit_code: status.code(), killed, output: all(output), messages, seconds })
}

/// Reads a pipe to its end on a thread of its own, keeping the first `limit` bytes, so that the program never waits for us.
fn read_aside(pipe: Option<impl Read + Send + 'static>, limit: u64) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut kept = Vec::new();
        if let Some(mut pipe) = pipe {
            // An error here is the end of the pipe; what was read until then is judged.
            let _ = pipe.by_ref().take(limit).read_to_end(&mut kept);
            let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        }
        // Nobody may be listening any more.
        let _ = send.send(kept);
    });
    receive
}
