//! One run: the program as a child process with a clock of our own, its result read back and judged. Whatever the program
//! does, a run ends, its output has a limit, and nothing of it is left when it is over.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use farkas_backends::contract::StopToken;
use farkas_backends::race::rules::Candidate;
use farkas_modeling::Reason;
use farkas_modeling::answer::EvidenceLevel;
use farkas_modeling::statistics::Features;
use serde::Deserialize;
use shared_child::SharedChild;

use super::tree::Tree;
use super::{BenchError, LaneRecord, Record, RunKey, command};
use crate::catalogue::Instance;
use crate::extended;
use crate::judge::{Judgement, Outcome, Verdict, judge};

/// Of a result no more than this is read: a solution of some ten million values.
const MOST_OUTPUT_BYTES: u64 = 512 << 20;
/// Of error messages no more than this is kept.
const MOST_MESSAGE_BYTES: u64 = 4 << 10;
/// How often a run looks whether the benchmark is to stop; its own end is noticed at once.
const LOOKS_EVERY: Duration = Duration::from_millis(100);
/// How long the pipes may stay open after the program has ended (a process it left behind may hold them).
const PIPE_GRACE: Duration = Duration::from_secs(2);

/// What one run needs.
#[derive(Debug)]
pub struct Run<'a> {
    /// The `farkas` program.
    pub program: &'a Path,
    /// The instance's file.
    pub file: &'a Path,
    /// Its candidate, time limit and threads.
    pub key: &'a RunKey,
    /// The candidate again.
    pub candidate: &'a Candidate,
    /// What rules see of the instance.
    pub features: Option<&'a Features>,
    /// How long after its time limit it is killed.
    pub grace: Duration,
    /// Ends the run when it is set.
    pub stop: &'a StopToken,
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
    lanes: Vec<LaneRecord>,
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
    #[serde(default)]
    found_by: Option<String>,
    #[serde(default)]
    agreed_by: Vec<String>,
    #[serde(default)]
    contradicted: Vec<String>,
}

/// What the program left behind.
struct Left {
    /// `None` when it had to be killed.
    exit_code: Option<i32>,
    killed: bool,
    output: Vec<u8>,
    messages: String,
    seconds: f64,
    cpu_seconds: Option<f64>,
}

/// Runs the program once and judges what it says.
///
/// # Errors
/// Only when the program cannot be started, or the benchmark is to stop.
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
    let (evidence, lanes, solve_seconds) = match document {
        Some(document) => (document.evidence, document.lanes, document.seconds),
        None => (None, Vec::new(), None),
    };
    Ok(Record {
        key: run.key.clone(),
        class: instance.class,
        difficulty: instance.difficulty,
        features: run.features.cloned(),
        sha256: instance.sha256.clone(),
        verdict: judgement.verdict,
        detail: judgement.detail,
        outcome,
        evidence: evidence.as_ref().map(|evidence| evidence.level),
        wall_seconds: left.seconds,
        cpu_seconds: left.cpu_seconds,
        solve_seconds,
        exit_code: left.exit_code,
        versions: lanes.iter().map(|lane| format!("{} {}", lane.solver, lane.version)).collect(),
        found_by: evidence.as_ref().and_then(|evidence| evidence.found_by.clone()),
        agreed_by: evidence.as_ref().map(|evidence| evidence.agreed_by.clone()).unwrap_or_default(),
        contradicted: evidence.map(|evidence| evidence.contradicted).unwrap_or_default(),
        lanes,
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
    let mut program = Command::new(run.program);
    program.arg("solve").arg(run.file).args(command::arguments(run.candidate)).arg("--json");
    program.args(["--time-limit", &run.key.time_limit_seconds.to_string()]);
    program.args(["--threads", &run.key.threads.to_string()]);
    program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let error = |source| BenchError::Program { program: run.program.into(), source };
    let tree = Tree::of(&mut program);
    let begin = Instant::now();
    let child = SharedChild::spawn(&mut program).map_err(error)?;
    let output = read_aside(child.take_stdout(), MOST_OUTPUT_BYTES);
    let messages = read_aside(child.take_stderr(), MOST_MESSAGE_BYTES);
    let limit = Duration::from_secs_f64(run.key.time_limit_seconds) + run.grace;
    let mut ended = None;
    while ended.is_none() && begin.elapsed() < limit && !run.stop.is_stopped() {
        let left = limit.saturating_sub(begin.elapsed());
        ended = child.wait_timeout(left.min(LOOKS_EVERY)).map_err(error)?;
    }
    let (status, killed) = if let Some(status) = ended {
        (status, false)
    } else {
        // Its workers die with it: they ask the kernel for that when they start.
        child.kill().map_err(error)?;
        (child.wait().map_err(error)?, true)
    };
    let seconds = begin.elapsed().as_secs_f64();
    let cpu_seconds = tree.end();
    if killed && run.stop.is_stopped() {
        return Err(BenchError::Stopped);
    }
    let all = |pipe: mpsc::Receiver<Vec<u8>>| pipe.recv_timeout(PIPE_GRACE).unwrap_or_default();
    let messages = String::from_utf8_lossy(&all(messages)).into_owned();
    Ok(Left { exit_code: status.code(), killed, output: all(output), messages, seconds, cpu_seconds })
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
