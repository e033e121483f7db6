//! The thin benchmark: chooses instances, runs every solver on each in a process of its own, judges, writes one JSON line a
//! run, and reports. A run that stands in the file of records already is not run again.

mod record;
mod report;
mod run;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use record::{Record, RunKey};
pub use report::{Report, report, shifted_geometric_mean};
pub use run::{Run, run_one};

use crate::catalogue::{Catalogue, CatalogueError, Class, Difficulty, FOLDER_VARIABLE, Instance, Known};

/// What to run.
#[derive(Debug, Clone)]
pub struct BenchOptions {
    /// The `farkas` program.
    pub program: PathBuf,
    /// A folder of instances, or a file that lists one path a line.
    pub instances: PathBuf,
    /// The folder whose `index.csv` knows the answers when `instances` is a list; paths in the list count from it.
    pub catalogue: Option<PathBuf>,
    /// Names of solvers, `race` among them.
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
        /// The solver.
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
            Self::Nothing { .. } => "bench-nothing",
        }
    }
}

/// Runs what is not yet recorded, and reports over all that was asked for.
///
/// # Errors
/// When instances, records or the program cannot be had. A run that fails is no error; it is recorded as failed.
pub fn run(options: &BenchOptions, mut progress: impl FnMut(Progress<'_>)) -> Result<Report, BenchError> {
    let (folder, instances) = choose(options)?;
    let mut records = options.out.as_deref().map_or(Ok(Vec::new()), read_records)?;
    let mut out = options.out.as_deref().map(append_to).transpose()?;
    let key = |instance: &Instance, solver: &str| RunKey {
        instance: instance.path.clone(),
        solver: solver.into(),
        time_limit_seconds: options.time_limit.as_secs_f64(),
        threads: options.threads,
    };
    let wanted: Vec<(&Instance, &String)> =
        instances.iter().flat_map(|instance| options.solvers.iter().map(move |solver| (instance, solver))).collect();
    let asked: Vec<RunKey> = wanted.iter().map(|(instance, solver)| key(instance, solver)).collect();
    records.retain(|record| asked.contains(&record.key));
    let missing: Vec<_> =
        wanted.iter().zip(&asked).filter(|(_, key)| !records.iter().any(|record| record.key == **key)).collect();
    let of = missing.len();
    for (number, ((instance, solver), key)) in (1..).zip(missing) {
        progress(Progress::Begins { number, of, instance, solver });
        let file = folder.join(&instance.path);
        let run = Run { program: &options.program, file: &file, key, grace: options.grace };
        let record = run_one(&run, instance)?;
        if let (Some(out), Some(path)) = (&mut out, &options.out) {
            append(out, path, &record)?;
        }
        progress(Progress::Ended(&record));
        records.push(record);
    }
    Ok(report(&records))
}

/// The instances that are asked for, and where their paths count from.
fn choose(options: &BenchOptions) -> Result<(PathBuf, Vec<Instance>), BenchError> {
    let at = &options.instances;
    let (folder, mut instances) = if at.join("index.csv").is_file() {
        let catalogue = Catalogue::read(at)?;
        (at.clone(), catalogue.instances().to_vec())
    } else if at.is_dir() {
        (at.clone(), files_in(at)?)
    } else {
        listed(at, options.catalogue.as_deref())?
    };
    let class = |instance: &Instance| match instance.class {
        Some(class) if options.classes.is_empty() => matches!(class, Class::Lp | Class::Mip),
        Some(class) => options.classes.contains(&class),
        None => true,
    };
    let difficulty = |instance: &Instance| {
        options.difficulties.is_empty() || instance.difficulty.is_some_and(|d| options.difficulties.contains(&d))
    };
    instances.retain(|instance| class(instance) && difficulty(instance) && instance.known != Known::Refused);
    if instances.is_empty() {
        return Err(BenchError::Nothing { instances: at.clone() });
    }
    Ok((folder, instances))
}

/// The problem files right in a folder that has no index.
fn files_in(folder: &Path) -> Result<Vec<Instance>, BenchError> {
    let error =
        |source| BenchError::File { path: folder.into(), source, remedy: "give a folder or a list of instances" };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(error)? {
        let instance = Instance::unknown(entry.map_err(error)?.file_name().to_string_lossy());
        if instance.is_problem_file() {
            found.push(instance);
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The files that a list names, one a line; empty lines and those that begin with # are passed over.
fn listed(list: &Path, catalogue: Option<&Path>) -> Result<(PathBuf, Vec<Instance>), BenchError> {
    let remedy = "give a folder or a list of instances";
    let text =
        std::fs::read_to_string(list).map_err(|source| BenchError::File { path: list.into(), source, remedy })?;
    let catalogue = catalogue.map(Catalogue::read).transpose()?;
    let here = list.parent().unwrap_or(Path::new("")).to_path_buf();
    let folder = catalogue.as_ref().map_or(here, |catalogue| catalogue.folder().to_path_buf());
    let known = |path: &str| catalogue.as_ref().and_then(|catalogue| catalogue.find(path)).cloned();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok((folder, lines.map(|path| known(path).unwrap_or_else(|| Instance::unknown(path))).collect()))
}

/// The records of earlier runs. A last line without its end (the program was killed while it wrote) is cut off the file, so
/// that the next record begins a line of its own.
fn read_records(path: &Path) -> Result<Vec<Record>, BenchError> {
    let remedy = "choose another file for the records";
    let error = |source| BenchError::File { path: path.into(), source, remedy };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(other) => return Err(error(other)),
    };
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    if whole < text.len() {
        let file = OpenOptions::new().write(true).open(path).map_err(error)?;
        file.set_len(whole as u64).map_err(error)?;
    }
    let lines = text[..whole].lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let record = |(at, line)| {
        serde_json::from_str(line).map_err(|finding| BenchError::Record {
            path: path.into(),
            line: at + 1,
            finding: finding.to_string(),
        })
    };
    lines.map(record).collect()
}

fn append_to(path: &Path) -> Result<File, BenchError> {
    let remedy = "choose another file for the records";
    let open = OpenOptions::new().create(true).append(true).open(path);
    open.map_err(|source| BenchError::File { path: path.into(), source, remedy })
}

fn append(out: &mut File, path: &Path, record: &Record) -> Result<(), BenchError> {
    let mut line = serde_json::to_vec(record).expect("a record is plain data with string keys, which JSON can hold");
    line.push(b'\n');
    let remedy = "is the disk full?";
    out.write_all(&line).map_err(|source| BenchError::File { path: path.into(), source, remedy })
}
