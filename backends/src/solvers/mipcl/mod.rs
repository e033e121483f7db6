//! MIPCL behind the contract: its author's program `mps_mipcl`, run once a solve. Its table of the search becomes events;
//! its points are rounded and checked here, and where one is false, or it ends without a word, it is run again without
//! preprocessing, which is where its errors were seen.
//!
//! Seen with version 1.4.0: 2 x + 4 y = 7 over integers is "3.0000 - optimality proven" after preprocessing and infeasible
//! without; what has no end comes out at 1e12, its infinity; `-time` takes whole seconds from 1 on and is overrun; points are
//! written at the end alone, so a solve that is stopped has a bound and no point.

mod ffi;
mod log;
mod mps;
mod run;
mod trivial;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use farkas_modeling::check::check_point;
use farkas_modeling::patch::Revision;
use farkas_modeling::{Claim, Limit, Problem, ProblemData, Reason, Termination};

use self::log::{Line, ROUNDING, understand};
use self::run::{End, Next, Run, Written, read};
use crate::contract::{
    Availability, Backend, BackendError, Capabilities, Control, Event, Fit, Progress, Session, SessionError, Start,
    StopToken, fits_by_capabilities, revises, takes_options,
};
use crate::options::{Options, Presolve};

/// The name that options and results have.
pub const NAME: &str = "mipcl";
/// Environment variable that names the program.
pub const PROGRAM_VARIABLE: &str = "MIPCL_PROGRAM";
/// What the program is called.
const PROGRAM: &str = "mps_mipcl";

/// Options of its command line that are passed through.
const NATIVE: [&str; 12] = [
    "LPmethod",
    "click",
    "cuts",
    "disj",
    "gomory",
    "knapsack",
    "mir",
    "mod2",
    "objBound",
    "preprocess",
    "pricingRule",
    "sepRule",
];

/// How long the probe's problem, four binaries and a row, may take.
const PROBE_LIMIT: Duration = Duration::from_secs(10);
/// A solve is killed so long after its limit: it ends by itself mostly, and has a point then.
const OVERRUN: Duration = Duration::from_millis(600);

/// MIPCL, as a program.
///
/// ```
/// use farkas_backends::contract::{Availability, Backend};
/// let mipcl = farkas_backends::solvers::mipcl::Mipcl::at("/nowhere/mps_mipcl");
/// assert!(matches!(mipcl.probe(), Availability::NotFound { .. }));
/// ```
#[derive(Debug, Clone)]
pub struct Mipcl {
    program: Option<PathBuf>,
    availability: Arc<OnceLock<Availability>>,
}

impl Default for Mipcl {
    fn default() -> Self {
        Self::new()
    }
}

/// The program that [`PROGRAM_VARIABLE`] names, or the first `mps_mipcl` of the path.
pub fn find() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(PROGRAM_VARIABLE).filter(|named| !named.is_empty()) {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(PROGRAM)).find(|program| program.is_file())
}

impl Mipcl {
    /// The program that [`find`] finds.
    pub fn new() -> Self {
        Self { program: find(), availability: Arc::default() }
    }

    /// This program.
    pub fn at(program: impl Into<PathBuf>) -> Self {
        Self { program: Some(program.into()), availability: Arc::default() }
    }

    fn ask(&self) -> Availability {
        let remedy = format!(
            "get MIPCL's program {PROGRAM} from its author, and put it on the PATH or name it by {PROGRAM_VARIABLE}"
        );
        match &self.program {
            None => Availability::NotFound { remedy: format!("{PROGRAM} is not on the PATH: {remedy}") },
            Some(program) if !program.is_file() => {
                Availability::NotFound { remedy: format!("{} is no file: {remedy}", program.display()) }
            }
            Some(program) => try_out(program).unwrap_or_else(|says| Availability::Broken { says }),
        }
    }
}

/// Solves a knapsack of four binaries, whose best value is 23.
fn try_out(program: &Path) -> Result<Availability, String> {
    let says = |what: &dyn std::fmt::Display| format!("{}: {what}", program.display());
    let data = ProblemData {
        cost: vec![-10.0, -13.0, -7.0, -8.0],
        lower: vec![0.0; 4],
        upper: vec![1.0; 4],
        kinds: vec![farkas_modeling::ColumnKind::Integer; 4],
        row_lower: vec![f64::NEG_INFINITY],
        row_upper: vec![7.0],
        starts: vec![0, 1, 2, 3, 4],
        indices: vec![0; 4],
        values: vec![3.0, 4.0, 2.0, 3.0],
        ..ProblemData::default()
    };
    let problem = Problem::new(data).map_err(|defects| says(&defects))?;
    let text = mps::write(&problem, 1e-6).map_err(|why| says(&why))?;
    let deadline = Some(Instant::now() + PROBE_LIMIT);
    let run = Run { program, problem: &text, columns: 4, arguments: &[], deadline };
    let mut version = None;
    let (end, answer) = run
        .run(&StopToken::new(), |line| {
            version = line.trim().strip_prefix("MIPCL version ").map(str::to_owned).or(version.take());
            Next::Go
        })
        .map_err(|error| says(&error))?;
    match (read(&answer, 4), version) {
        (Written::Point(x), Some(version)) if x == [1.0, 1.0, 0.0, 0.0] => Ok(Availability::Ready { version }),
        (answer, version) => Err(says(&format!("ended {end:?} with {answer:?}, version {version:?}"))),
    }
}

impl Backend for Mipcl {
    fn name(&self) -> &str {
        NAME
    }

    fn probe(&self) -> Availability {
        self.availability.get_or_init(|| self.ask()).clone()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            integers: true,
            live_bound: true,
            threads: true,
            stop: true,
            simplex: true,
            ranges: true,
            free_rows: true,
            maximize: true,
            data_limits: true,
            ..Capabilities::default()
        }
    }

    fn fits(&self, problem: &Problem) -> Fit {
        match fits_by_capabilities(NAME, self.capabilities(), problem) {
            Fit::Takes => match mps::write(problem, 1e-6) {
                Ok(_) => Fit::Takes,
                Err(why) => Fit::Refuses { why },
            },
            other => other,
        }
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        if let Fit::Refuses { why } | Fit::TooLarge { limit: why } =
            fits_by_capabilities(NAME, self.capabilities(), &problem)
        {
            return Err(BackendError::Unsupported(why));
        }
        let text = mps::write(&problem, 1e-6).map_err(BackendError::Unsupported)?;
        match (self.probe(), &self.program) {
            (Availability::Ready { version }, Some(program)) => {
                Ok(Box::new(MipclSession { backend: self.clone(), program: program.clone(), version, problem, text }))
            }
            (Availability::NotFound { remedy }, _) => Err(BackendError::Unavailable(remedy)),
            (other, _) => Err(BackendError::Failed(format!("{other:?}"))),
        }
    }
}

struct MipclSession {
    backend: Mipcl,
    program: PathBuf,
    version: String,
    problem: Arc<Problem>,
    /// The problem in MIPCL's dialect.
    text: String,
}

impl Session for MipclSession {
    fn version(&self) -> &str {
        &self.version
    }

    /// The changed problem is written anew.
    fn apply(&mut self, revision: &Revision) -> Result<(), SessionError> {
        revises(&self.problem, revision)?;
        if let Fit::Refuses { why } | Fit::TooLarge { limit: why } = self.backend.fits(revision.problem()) {
            return Err(SessionError::Refused(why));
        }
        self.text = mps::write(revision.problem(), 1e-6).map_err(SessionError::Refused)?;
        self.problem = Arc::clone(revision.problem());
        Ok(())
    }

    fn solve(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
    ) -> Result<Claim, SessionError> {
        let problem = &*self.problem;
        takes_options(NAME, self.backend.capabilities(), options)?;
        let native = native_arguments(&options.native)?;
        let n = problem.num_columns();
        if let Some(got) = start.point.as_ref().map(|point| point.len()).filter(|&got| got != n) {
            return Err(SessionError::Refused(format!("the start has {got} values where the problem has {n} columns")));
        }
        if let Some(claim) = trivial::solve(problem, &options.tolerances) {
            return Ok(options.within_cutoff(problem.sense(), claim));
        }
        let mut search = Search {
            session: self,
            options,
            native,
            control,
            stop,
            begun: Instant::now(),
            best: f64::INFINITY,
            bound: f64::NEG_INFINITY,
            work: Progress::default(),
        };
        search.solve().map(|claim| options.within_cutoff(problem.sense(), claim))
    }
}

/// Native options as arguments.
fn native_arguments(native: &BTreeMap<String, String>) -> Result<Vec<String>, SessionError> {
    let mut arguments = Vec::with_capacity(2 * native.len());
    for (name, value) in native {
        if !NATIVE.contains(&name.as_str()) {
            let there = NATIVE.join(", ");
            return Err(SessionError::Refused(format!("MIPCL's program has no option '{name}'; it has: {there}")));
        }
        arguments.extend([format!("-{name}"), value.clone()]);
    }
    Ok(arguments)
}

/// How one run of the program came out.
enum Outcome {
    Claim(Claim),
    /// Nothing that can be believed; why.
    Doubtful(Claim),
    /// A limit that is kept from outside, with the gap in percent at which the point that it wants was there.
    Reached(Limit, f64),
}

/// One solve.
struct Search<'a> {
    session: &'a MipclSession,
    options: &'a Options,
    native: Vec<String>,
    control: &'a (dyn Control + Sync),
    stop: &'a StopToken,
    begun: Instant,
    /// Best objective and bound so far, in MIPCL's space: minimisation, without the constant.
    best: f64,
    bound: f64,
    work: Progress,
}

/// What the report at the end of a run says.
#[derive(Default)]
struct Report {
    proven: bool,
    bound: Option<f64>,
    time_limit: bool,
    reached: Option<(Limit, f64)>,
}

impl Search<'_> {
    fn solve(&mut self) -> Result<Claim, SessionError> {
        let preprocess = self.options.presolve != Presolve::Off
            && !self.options.native.contains_key("preprocess")
            && !mps::misleads(&self.session.problem);
        let mut outcome = self.run(preprocess, None)?;
        if let Outcome::Reached(limit, gap) = outcome {
            // Points are handed out at the end alone: it is run again, to the gap at which it has this one.
            outcome = match self.run(preprocess, Some(gap + 0.01))? {
                Outcome::Claim(mut claim) => {
                    claim.termination = Termination::at_limit(claim.point.is_some(), limit, "run again to its gap");
                    Outcome::Claim(claim)
                }
                other => other,
            };
        }
        match outcome {
            Outcome::Claim(claim) => Ok(claim),
            Outcome::Reached(limit, _) => Ok(self.at_limit(limit)),
            Outcome::Doubtful(claim) if !preprocess => Ok(claim),
            Outcome::Doubtful(_) => match self.run(false, None)? {
                Outcome::Claim(claim) | Outcome::Doubtful(claim) => Ok(claim),
                Outcome::Reached(limit, _) => Ok(self.at_limit(limit)),
            },
        }
    }

    fn at_limit(&self, limit: Limit) -> Claim {
        self.counted(Claim::bare(Termination::at_limit(false, limit, "MIPCL hands out no point before it ends")))
    }

    /// With the work that was counted, and the bound, where there is one.
    fn counted(&self, mut claim: Claim) -> Claim {
        claim.counters.nodes = self.work.nodes;
        claim.counters.simplex_iterations = self.work.iterations;
        if claim.bound.is_none() && self.bound.is_finite() {
            claim.bound = Some(self.outside(self.bound));
        }
        claim
    }

    /// A value of MIPCL's as the problem has it, and back.
    fn outside(&self, value: f64) -> f64 {
        let problem = &self.session.problem;
        problem.sense().sign() * value + problem.offset()
    }

    fn inside(&self, value: f64) -> f64 {
        let problem = &self.session.problem;
        problem.sense().sign() * (value - problem.offset())
    }

    /// Runs the program; to this gap in percent, or to the one that is asked for.
    fn run(&mut self, preprocess: bool, gap: Option<f64>) -> Result<Outcome, SessionError> {
        let limit = self.options.time_limit;
        let left = limit.map(|limit| limit.saturating_sub(self.begun.elapsed()));
        if self.stop.is_stopped() {
            return Ok(Outcome::Claim(self.at_limit(Limit::Interrupted)));
        }
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(Outcome::Claim(self.at_limit(Limit::Time)));
        }
        let mut arguments = self.native.clone();
        let percent = gap.unwrap_or(99.0 * self.options.tolerances.relative_gap);
        arguments.extend(["-gap".into(), format!("{percent}")]);
        // Told to have one thread, 1.4.0 has two at work all the same (seen by their processor time); untold, it has one.
        let threads = self.options.threads.filter(|&threads| threads > 1);
        arguments.extend(threads.into_iter().flat_map(|threads| ["-threads".into(), threads.to_string()]));
        if !preprocess && !self.options.native.contains_key("preprocess") {
            arguments.extend(["-preprocess".into(), "0".into()]);
        }
        // Its clock has whole seconds, and the last may be short: below two there is no end of its own that comes in time.
        let own = left.map(|left| left.as_secs().min(1_000_000_000)).filter(|&seconds| seconds >= 2);
        arguments.extend(own.into_iter().flat_map(|seconds| ["-time".into(), seconds.to_string()]));
        let grace = if own.is_some() { OVERRUN } else { Duration::ZERO };
        let session = self.session;
        let run = Run {
            program: &session.program,
            problem: &session.text,
            columns: session.problem.num_columns(),
            arguments: &arguments,
            deadline: left.and_then(|left| Instant::now().checked_add(left + grace)),
        };
        let mut report = Report::default();
        let watches = gap.is_none();
        let ran = run.run(self.stop, |line| self.hear(line, &mut report, watches));
        let (end, written) =
            ran.map_err(|error| SessionError::Broken(format!("{}: {error}", session.program.display())))?;
        Ok(match (end, report.reached) {
            (End::Stopped, _) => Outcome::Claim(self.at_limit(Limit::Interrupted)),
            (End::Late, _) => Outcome::Claim(self.at_limit(Limit::Time)),
            (End::Enough, Some((limit, gap))) => Outcome::Reached(limit, gap),
            (End::Enough, None) => Outcome::Claim(self.at_limit(Limit::Other)),
            (End::Exit(exit), _) => {
                let written = read(&written, session.problem.num_columns());
                self.judge(exit.success(), &report, written)
            }
        })
    }

    fn hear(&mut self, line: &str, report: &mut Report, watches: bool) -> Next {
        self.control.report(Event::Log(line));
        match understand(line) {
            Some(Line::Preprocessing) => self.control.report(Event::Phase("presolve")),
            Some(Line::Optimizing) => self.control.report(Event::Phase("root")),
            Some(Line::Iterations(count)) => {
                self.work.iterations = self.work.iterations.max(count);
                self.control.report(Event::Progress(self.work));
            }
            Some(Line::Search { nodes, solutions, objective, bound, gap_percent }) => {
                self.work.nodes = self.work.nodes.max(nodes);
                self.control.report(Event::Progress(self.work));
                if bound.is_finite() && bound - ROUNDING > self.bound && bound.abs() < mps::LARGEST {
                    self.bound = bound - ROUNDING;
                    self.control.report(Event::Bound(self.outside(self.bound)));
                }
                if objective.is_finite() && objective < self.best {
                    self.best = objective;
                    self.control.report(Event::Incumbent { objective: self.outside(objective), values: None });
                }
                let target = self.options.objective_target.is_some_and(|t| objective <= self.inside(t) + ROUNDING);
                let enough = self.options.solution_limit.is_some_and(|most| solutions >= most);
                let gap = if gap_percent.is_finite() { gap_percent } else { 1e9 };
                if watches && (target || enough) {
                    report.reached = Some((if target { Limit::Objective } else { Limit::Solution }, gap));
                    return Next::Kill;
                }
            }
            Some(Line::Nodes(nodes)) => self.work.nodes = self.work.nodes.max(nodes),
            Some(Line::Objective { proven }) => report.proven = proven,
            Some(Line::Bound(bound)) => report.bound = Some(bound - ROUNDING),
            Some(Line::TimeLimit) => report.time_limit = true,
            Some(Line::Version | Line::Infeasible) | None => {}
        }
        Next::Go
    }

    /// What a run that ended by itself amounts to.
    fn judge(&self, success: bool, report: &Report, written: Written) -> Outcome {
        let doubt = |why: &str| {
            let termination = Termination::new(Reason::NumericalError, format!("MIPCL {why}"));
            Outcome::Doubtful(Claim::bare(termination))
        };
        match written {
            _ if !success => doubt("crashed"),
            Written::Infeasible => {
                let termination = Termination::new(Reason::Infeasible, "MIPCL says so, without proof");
                let claim = self.counted(Claim::bare(termination));
                Outcome::Claim(Claim { bound: None, ..claim })
            }
            Written::Nothing if report.time_limit => Outcome::Claim(self.at_limit(Limit::Time)),
            Written::Nothing => doubt("ended without a word"),
            Written::Point(point) => self.judge_point(report, point),
        }
    }

    fn judge_point(&self, report: &Report, mut point: Vec<f64>) -> Outcome {
        let problem = &self.session.problem;
        let tolerances = &self.options.tolerances;
        for (j, value) in point.iter_mut().enumerate() {
            let whole = value.round();
            if problem.kind(j).is_integer() && (*value - whole).abs() <= tolerances.imprecise_integrality {
                *value = whole;
            }
        }
        let endless = point.iter().any(|value| value.abs() >= mps::LARGEST);
        let objective = match check_point(problem, &point, tolerances) {
            Ok(Ok(checked)) => checked.objective(),
            Ok(Err(measured)) if measured.is_imprecise() && !endless => {
                let termination = Termination::new(Reason::Imprecise, "MIPCL's point misses the tolerances");
                let objective = Some(measured.objective());
                return Outcome::Doubtful(self.counted(Claim {
                    point: Some(point),
                    objective,
                    ..Claim::bare(termination)
                }));
            }
            _ => {
                let termination = Termination::new(Reason::NumericalError, "MIPCL's point is not feasible");
                return Outcome::Doubtful(Claim::bare(termination));
            }
        };
        if endless {
            let without_end = self.inside(objective) <= -mps::LARGEST;
            let reason = if !without_end {
                Reason::NumericalError
            } else if problem.is_lp() {
                Reason::Unbounded
            } else {
                Reason::InfeasibleOrUnbounded
            };
            let claim = Claim::bare(Termination::new(reason, "MIPCL's point lies at its infinity, 1e12"));
            return if without_end { Outcome::Claim(claim) } else { Outcome::Doubtful(claim) };
        }
        let bound = if report.proven { Some(objective) } else { report.bound.map(|bound| self.outside(bound)) };
        let closed = bound.is_some_and(|bound| tolerances.gap_closed(objective, bound));
        let termination = match (report.proven || closed, report.time_limit) {
            (true, _) => Termination::new(Reason::Optimal, "MIPCL says so"),
            (false, true) => Termination::at_limit(true, Limit::Time, "MIPCL's -time"),
            (false, false) if self.options.objective_target.is_some_and(|t| !problem.sense().better(t, objective)) => {
                Termination::at_limit(true, Limit::Objective, "MIPCL's point is as good as was asked")
            }
            (false, false) => Termination::at_limit(true, Limit::Undetermined, "MIPCL does not say why it ended"),
        };
        let claim = Claim { point: Some(point), objective: Some(objective), bound, ..Claim::bare(termination) };
        Outcome::Claim(self.counted(claim))
    }
}
