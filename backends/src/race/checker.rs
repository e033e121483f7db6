//! Checks points and claims for a race: small problems' at once, large ones' on a thread of its own, so that a long check
//! delays neither a stop nor a limit. Results come in the order of the jobs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use farkas_modeling::answer::Source;
use farkas_modeling::check::{CheckedPoint, Finding, Findings, check_point, examine};
use farkas_modeling::problem::Problem;
use farkas_modeling::{Claim, Tolerances};

use super::referee::LaneId;
use super::repair::rounded;
use super::slots::Bell;
use crate::worker::give_back_memory;

/// From so many nonzeros and columns on, checks take long enough (a millisecond and more) to deserve a thread.
const LARGE: usize = 100_000;

const PANICKED: &str = "the check itself failed, which is a defect of Farkas";

/// Something to check.
pub(super) enum CheckJob {
    /// A point that a lane found on its way.
    Point(LaneId, Arc<[f64]>),
    /// All that a lane says in the end.
    Claim(Source, Box<Claim>),
    /// Nothing to check: the lane failed, and that is to be heard after all that it found before.
    Failed(Source, String),
}

/// What came of it.
pub(super) enum Checked {
    /// The point, its integers exact where rounding allowed it; or what is wrong with it.
    Point(LaneId, Result<CheckedPoint, String>),
    Claim(Box<Claim>, Findings),
    Failed(Source, String),
}

/// Who checks.
pub(super) struct Checker {
    problem: Arc<Problem>,
    tolerances: Tolerances,
    done: Vec<(Checked, Duration)>,
    elsewhere: Option<Elsewhere>,
}

struct Elsewhere {
    /// `None` once the race is over.
    jobs: Option<Sender<CheckJob>>,
    results: Receiver<(Checked, Duration)>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checker {
    pub(super) fn new(problem: Arc<Problem>, tolerances: Tolerances, bell: &Arc<Bell>) -> Self {
        let large = problem.num_nonzeros() + problem.num_columns() >= LARGE;
        let elsewhere = if large { Elsewhere::start(&problem, tolerances, bell) } else { None };
        Self { problem, tolerances, done: Vec::new(), elsewhere }
    }

    pub(super) fn submit(&mut self, job: CheckJob) {
        let sent = match self.elsewhere.as_ref().and_then(|elsewhere| elsewhere.jobs.as_ref()) {
            Some(jobs) => jobs.send(job).map_err(|lost| lost.0),
            None => Err(job),
        };
        if let Err(job) = sent {
            self.done.push(timed(&self.problem, &self.tolerances, job));
        }
    }

    /// All results there are, each with the time it took.
    pub(super) fn take(&mut self) -> Vec<(Checked, Duration)> {
        let mut done = std::mem::take(&mut self.done);
        done.extend(self.elsewhere.iter().flat_map(|elsewhere| elsewhere.results.try_iter()));
        done
    }
}

impl Elsewhere {
    fn start(problem: &Arc<Problem>, tolerances: Tolerances, bell: &Arc<Bell>) -> Option<Self> {
        let (jobs, theirs) = channel();
        let (sender, results) = channel();
        let over = Arc::new(AtomicBool::new(false));
        let (problem, bell, stop) = (Arc::clone(problem), Arc::clone(bell), Arc::clone(&over));
        let work = move || {
            for job in theirs {
                if stop.load(Ordering::Relaxed) || sender.send(timed(&problem, &tolerances, job)).is_err() {
                    return;
                }
                bell.ring();
                give_back_memory();
            }
        };
        // Without a thread the driver checks by itself.
        let thread = std::thread::Builder::new().name("check".into()).spawn(work).ok()?;
        Some(Self { jobs: Some(jobs), results, over, thread: Some(thread) })
    }
}

impl Drop for Elsewhere {
    /// Waits for the check that is under way, if there is one.
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // it cannot panic: see `timed`
        }
    }
}

/// Does the job. A panic in the checker, which would be a bug, makes the point or claim a failed one.
fn timed(problem: &Problem, tolerances: &Tolerances, job: CheckJob) -> (Checked, Duration) {
    let begun = Instant::now();
    let checked = match job {
        CheckJob::Point(lane, values) => {
            let checked = catch_unwind(AssertUnwindSafe(|| check(problem, &values, tolerances)));
            Checked::Point(lane, checked.unwrap_or_else(|_| Err(PANICKED.to_owned())))
        }
        CheckJob::Claim(source, claim) => {
            let examined = catch_unwind(AssertUnwindSafe(|| examine_all(problem, &source, &claim, tolerances)));
            let findings = examined.unwrap_or_else(|_| Findings::of_failure(source, PANICKED));
            Checked::Claim(claim, findings)
        }
        CheckJob::Failed(source, why) => Checked::Failed(source, why),
    };
    (checked, begun.elapsed())
}

fn examine_all(problem: &Problem, source: &Source, claim: &Claim, tolerances: &Tolerances) -> Findings {
    let mut findings = examine(problem, source, claim, tolerances);
    for finding in &mut findings.list {
        if let Some(better) = exact_integers(problem, finding, tolerances) {
            *finding = Finding::Point(better);
        }
    }
    findings
}

fn check(problem: &Problem, values: &[f64], tolerances: &Tolerances) -> Result<CheckedPoint, String> {
    match check_point(problem, values, tolerances) {
        Ok(Ok(point)) if point.violations().integrality == 0.0 => Ok(point),
        Ok(Ok(point)) => Ok(rounded(problem, values, tolerances).unwrap_or(point)),
        Ok(Err(measured)) => rounded(problem, values, tolerances).ok_or_else(|| {
            let v = measured.violations();
            format!(
                "a point misses rows by up to {:e}, bounds by {:e}, integers by {:e}",
                v.row, v.bound, v.integrality
            )
        }),
        Err(error) => Err(error.to_string()),
    }
}

/// The finding's point with exact integers, where it has not got them and rounding it passes the check.
fn exact_integers(problem: &Problem, finding: &Finding, tolerances: &Tolerances) -> Option<CheckedPoint> {
    let (values, violations) = match finding {
        Finding::Point(point) => (point.values(), point.violations()),
        Finding::Measured(measured) => (measured.values(), measured.violations()),
        _ => return None,
    };
    (violations.integrality > 0.0).then(|| rounded(problem, values, tolerances))?
}
