//! The thin benchmark: chooses instances, runs every candidate on each in a process of its own, judges, writes one JSON line
//! a run, and reports. A run that stands in the file of records already is not run again.

mod choose;
mod command;
mod compare;
mod files;
pub mod learn;
mod record;
mod report;
mod run;
mod tree;
mod trust;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use farkas_backends::contract::StopToken;
use farkas_backends::race::rules::{Candidate, CandidateError, RulesError};

pub use compare::Comparison;
pub use files::read_records;
pub use record::{LaneRecord, Record, RunKey};
pub use report::{Group, Line, Report, report, shifted_geometric_mean};
pub use run::{Run, run_one};
pub use trust::count_trust;

use crate::catalogue::{CatalogueError, Class, Difficulty, FOLDER_VARIABLE, Instance};

/// What to run.
#[derive(Debug, Clone)]
pub struct BenchOptions {
    /// The `farkas` program.
    pub program: PathBuf,
    /// A folder of instances, or a file that lists one path a line.
    pub instances: PathBuf,
    /// The folder whose `index.csv` knows the answers when `instances` is a list; paths in the list count from it.
    pub catalogue: Option<PathBuf>,
    /// Candidates: solvers with their settings (`highs:barrier`, `scip:seed=3`), `race`, or a race of some (`highs+cbc`).
    pub solvers: Vec<String>,
    /// For each run.
    pub time_limit: Duration,
    /// How long after its time limit a run is killed.
    pub grace: Duration,
    /// For each run.
    pub threads: u32,
    /// Only these classes; empty means LP and MIP.
    pub classes: Vec<Class>,
    /// Only these difficulties; empty means any.
    pub difficulties: Vec<Difficulty>,
    /// Where records are kept: one JSON line a run.
    pub out: Option<PathBuf>,
    /// Which part of the runs.
    pub shard: Shard,
    /// Ends the benchmark, and the run that it is at, which is not recorded.
    pub stop: StopToken,
}

/// One of several parts of the runs: every so manieth of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: usize,
    of: usize,
}

impl Shard {
    /// All runs.
    pub const ALL: Self = Self { number: 1, of: 1 };

    fn has(self, position: usize) -> bool {
        position % self.of == self.number - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        let shard = parts.map(|(number, of)| Self { number, of }).filter(|s| (1..=s.of).contains(&s.number));
        shard.ok_or_else(|| "write I/N, a part from 1/N to N/N".to_owned())
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl BenchOptions {
    /// Everything of a folder or list by a race: 30 seconds and two threads each, killed ten seconds later, with no records
    /// kept; the answers are those of the folder that the environment names (`FARKAS_INSTANCES`), if it names one.
    pub fn new(program: impl Into<PathBuf>, instances: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            instances: instances.into(),
            catalogue: std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from),
            solvers: vec!["race".into()],
            time_limit: Duration::from_secs(30),
            grace: Duration::from_secs(10),
            threads: 2,
            classes: Vec::new(),
            difficulties: Vec::new(),
            out: None,
            shard: Shard::ALL,
            stop: StopToken::new(),
        }
    }
}

/// How a benchmark goes on: told before and after each run.
#[derive(Debug)]
pub enum Progress<'a> {
    /// A run begins.
    Begins {
        /// Counted from 1.
        number: usize,
        /// How many there are in all, without those that stand in the file.
        of: usize,
        /// The instance.
        instance: &'a Instance,
        /// The candidate.
        solver: &'a str,
    },
    /// It has ended.
    Ended(&'a Record),
}

/// Why a benchmark could not be run.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A file.
    #[error("{path}: {source}; {remedy}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// A line of the file of records.
    #[error("{path}, line {line}: {finding}; mend or remove the line, or choose another file")]
    Record {
        /// The file.
        path: PathBuf,
        /// Where in it.
        line: usize,
        /// What is wrong there.
        finding: String,
    },
    /// The program cannot be started at all.
    #[error("{program} cannot be started: {source}; is it the farkas program?")]
    Program {
        /// Which.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A candidate cannot be read.
    #[error("{0}")]
    Candidate(#[from] CandidateError),
    /// A race's own table of rules cannot be read.
    #[error("{path}: {source} [{code}]", code = .source.code())]
    Rules {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: RulesError,
    },
    /// There is too little to learn from.
    #[error("nothing can be learned: {finding}; give runs of single solvers on one thread (--threads 1) with features")]
    Learn {
        /// What there is.
        finding: String,
    },
    /// Somebody stopped it.
    #[error("stopped; say the same again to go on where it was")]
    Stopped,
    /// Nothing to run.
    #[error("no instance of {instances} is of the classes and difficulties asked for")]
    Nothing {
        /// Where they were looked for.
        instances: PathBuf,
    },
}

impl BenchError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Catalogue(error) => error.code(),
            Self::File { .. } => "bench-file",
            Self::Record { .. } => "bench-record",
            Self::Program { .. } => "bench-program",
            Self::Candidate(_) => "bench-candidate",
            Self::Rules { .. } => "bench-rules",
            Self::Learn { .. } => "bench-learn",
            Self::Stopped => "bench-stopped",
            Self::Nothing { .. } => "bench-nothing",
        }
    }
}

/// Runs what is not yet recorded, and reports over all that was asked for.
///
/// # Errors
/// When candidates, instances, records or the program cannot be had. A run that fails is no error; it is recorded as failed.
pub fn run(options: &BenchOptions, mut progress: impl FnMut(Progress<'_>)) -> Result<Report, BenchError> {
    let candidates = candidates(options)?;
    let (folder, instances) = choose::choose(options)?;
    let mut records = options.out.as_deref().map_or(Ok(Vec::new()), files::resume)?;
    let mut out = options.out.as_deref().map(files::append_to).transpose()?;
    let key = |instance: &Instance, (candidate, rules): &(Candidate, String)| RunKey {
        instance: instance.path.clone(),
        solver: candidate.to_string(),
        rules: rules.clone(),
        time_limit_seconds: options.time_limit.as_secs_f64(),
        threads: options.threads,
    };
    let pairs = instances.iter().flat_map(|instance| candidates.iter().map(move |candidate| (instance, candidate)));
    let wanted: Vec<_> = (0..).zip(pairs).filter(|(position, _)| options.shard.has(*position)).collect();
    let wanted: Vec<_> = wanted.iter().map(|(_, (instance, one))| (*instance, &one.0, key(instance, one))).collect();
    records.retain(|record| wanted.iter().any(|(_, _, key)| *key == record.key));
    let missing: Vec<_> =
        wanted.iter().filter(|(_, _, key)| !records.iter().any(|record| record.key == *key)).collect();
    let of = missing.len();
    let mut seen = (None, None);
    for (number, (instance, candidate, key)) in (1..).zip(missing) {
        progress(Progress::Begins { number, of, instance, solver: &key.solver });
        let file = folder.join(&instance.path);
        // All candidates of an instance follow each other.
        if seen.0 != Some(&instance.path) {
            seen = (Some(&instance.path), choose::features(&file));
        }
        let (grace, stop) = (options.grace, &options.stop);
        let run =
            Run { program: &options.program, file: &file, key, candidate, features: seen.1.as_ref(), grace, stop };
        let record = run_one(&run, instance)?;
        if let (Some(out), Some(path)) = (&mut out, &options.out) {
            files::append(out, path, &record)?;
        }
        progress(Progress::Ended(&record));
        records.push(record);
    }
    Ok(report(&records))
}

/// The candidates, each with the rules by which it chooses, if it is a race.
fn candidates(options: &BenchOptions) -> Result<Vec<(Candidate, String)>, BenchError> {
    let read = |text: &String| {
        let candidate: Candidate = text.parse()?;
        let rules = command::rules(&candidate)?;
        Ok((candidate, rules))
    };
    options.solvers.iter().map(read).collect()
}
