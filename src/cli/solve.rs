//! `farkas solve`: files in, checked answers out.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clap::Args;
use farkas::lineup::{LineupError, Rules};
use farkas_api_types::{Fields, SolveResult};
use farkas_backends::contract::{Backend, Start, StopToken};
use farkas_backends::options::{Emphasis, LpMethod, Options, Presolve};
use farkas_backends::race::evidence::{self, Wanted};
use farkas_backends::race::lineup::{self, Asking};
use farkas_backends::race::trust::TrustTable;
use farkas_backends::race::{self, Lineup, Observer, RaceSpec, Shared, Sharing};
use farkas_backends::registry::{Registry, RegistryConfig};
use farkas_backends::sidecars;
use farkas_backends::worker;
use farkas_modeling::answer::Answer;
use farkas_modeling::check::evidence_file;
use farkas_modeling::formats::solution::SolutionFormat;
use farkas_modeling::{Problem, Tolerances, formats};

use crate::cli::view::{LiveView, PlainView};
use crate::cli::{Exit, Failure, input, lineup as own, summary};

/// What `farkas solve` takes.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
pub struct SolveArgs {
    /// Problem files: MPS, CPLEX LP, AMPL .nl or Farkas JSON, plain, .gz, .zst, .bz2 or .xz; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// `race`, or one or several solvers by name: highs, scip, cbc, … (`farkas backends` lists them); the address of a
    /// service (http://HOST:PORT) is a solver too
    #[arg(long, short = 's', default_value = "race", value_delimiter = ',')]
    solver: Vec<String>,
    /// Believe these solvers alone, whatever their record (`farkas backends` shows it): without this, a bound or an
    /// infeasibility claimed by one that was seen to be wrong ends a race only when another solver claims as much
    #[arg(long, value_name = "SOLVER", value_delimiter = ',')]
    trust: Vec<String>,
    /// Wall-clock limit in seconds for each file; none if not given
    #[arg(long, short = 't', value_name = "SECONDS", value_parser = seconds)]
    time_limit: Option<Duration>,
    /// Relative gap at which a problem counts as solved
    #[arg(long, default_value_t = Tolerances::default().relative_gap, value_parser = gap)]
    gap: f64,
    /// Absolute gap at which a problem counts as solved
    #[arg(long, default_value_t = Tolerances::default().absolute_gap, value_parser = gap, value_name = "GAP")]
    absolute_gap: f64,
    /// Threads over all solvers together [default: one a core]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Random seed
    #[arg(long)]
    seed: Option<u32>,
    /// Stop after so many branch-and-bound nodes
    #[arg(long, value_name = "NODES")]
    node_limit: Option<u64>,
    /// Stop after so many feasible points
    #[arg(long, value_name = "POINTS", value_parser = clap::value_parser!(u64).range(1..))]
    solution_limit: Option<u64>,
    /// Stop as soon as a point is at least this good
    #[arg(long, value_name = "OBJECTIVE", value_parser = finite, allow_negative_numbers = true)]
    target: Option<f64>,
    /// Stop when no better point came for so many seconds; it takes a point, and a better bound does not count
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    stall_limit: Option<Duration>,
    /// The same answer every time: the solvers one after another, on one thread, sharing nothing and without a clock. Limit the
    /// work by --node-limit; where --time-limit ends it, the answer says that it need not be the same again
    #[arg(long, conflicts_with_all = ["threads", "stall_limit", "share"])]
    deterministic: bool,
    /// Look only for points at least this good
    #[arg(long, value_name = "OBJECTIVE", value_parser = finite, allow_negative_numbers = true)]
    cutoff: Option<f64>,
    /// What to work at first: balanced, feasibility (good points soon) or optimality (the proof)
    #[arg(long, default_value = "balanced", value_parser = word::<Emphasis>)]
    emphasis: Emphasis,
    /// Whether solvers may reduce the problem first: auto, on or off
    #[arg(long, default_value = "auto", value_parser = word::<Presolve>)]
    presolve: Presolve,
    /// Memory each solver may use, in MiB
    #[arg(long, value_name = "MIB")]
    memory_limit: Option<u64>,
    /// LP algorithm: auto, simplex, barrier or firstorder
    #[arg(long, default_value = "auto", value_parser = word::<LpMethod>)]
    lp_method: LpMethod,
    /// Choose the solvers by the rules in this file (docs/line-ups.md tells the form) and not by the built-in ones
    #[arg(long, value_name = "FILE.toml")]
    lineup: Option<PathBuf>,
    /// Do not solve: say what the rules see of each problem, which rule they follow, and who would run
    #[arg(long)]
    explain_lineup: bool,
    /// Let the solvers of a race share this too: incumbents (offered to those that run), starts (who starts later starts from the
    /// best point), cutoffs (and looks for nothing worse), seats (a lane that is far behind leaves its
    /// cores to another seed of the best solver) [default: incumbents,starts]
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = str::parse::<Shared>)]
    share: Vec<Shared>,
    /// Do not let the solvers of a race share this; `--share` says what there is
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = str::parse::<Shared>)]
    no_share: Vec<Shared>,
    /// An option of the solver's own, passed through by name
    #[arg(long = "option", short = 'o', value_name = "NAME=VALUE", value_parser = native)]
    native: Vec<(String, String)>,
    /// Another solver: a worker program by a name of your own, to be named by --solver (see docs/worker-protocol.md)
    #[arg(long, value_name = "NAME=PROGRAM ARGS", value_parser = sidecars::command)]
    backend_program: Vec<sidecars::Command>,
    /// Start from the solution in this file: .sol, .mst, .csv or .json
    #[arg(long, value_name = "FILE")]
    start: Option<PathBuf>,
    /// Write the solution to this file: .sol, .mst (a MIP start), .csv, or .json (the whole result)
    #[arg(long, value_name = "FILE")]
    sol: Option<PathBuf>,
    /// How much evidence is wanted: plain (what the solve brings), bound (what needs no trust: for integers also the bound of
    /// the linear relaxation, at most a tenth longer; for LPs exact multipliers where rounding proves nothing) or agreed (and no bound on one solver's word)
    #[arg(long, default_value = "bound", value_parser = word::<Wanted>)]
    evidence: Wanted,
    /// Write what shows the answer to this file, so that `farkas check PROBLEM FILE` verifies it without any solver
    #[arg(long, value_name = "FILE")]
    evidence_file: Option<PathBuf>,
    /// Print the result as JSON, one object a line and file
    #[arg(long)]
    json: bool,
    /// Show the solvers' own log lines
    #[arg(long)]
    log: bool,
}

/// What the exact multipliers of a basis may take, in about nanoseconds: as long as the solve and half a second, or some
/// seconds where somebody wants to keep the evidence; how long the solve took does not count where the answer shall be the same
/// every time.
fn exact_work(args: &SolveArgs, answer: &Answer) -> u64 {
    let most = Duration::from_secs(if args.evidence_file.is_some() { 20 } else { 0 });
    let took = if args.deterministic { 0.0 } else { answer.seconds() };
    let own = Duration::try_from_secs_f64(took).unwrap_or_default().saturating_add(Duration::from_millis(500));
    u64::try_from(most.max(own).as_nanos()).unwrap_or(u64::MAX)
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.trim_end_matches('s').parse().map_err(|_| "give seconds, such as 60 or 0.5".to_string())?;
    Duration::try_from_secs_f64(number).map_err(|_| "give seconds that are not negative".to_string())
}

fn gap(text: &str) -> Result<f64, String> {
    let gap: f64 = text.parse().map_err(|_| "give a number such as 0.0001".to_string())?;
    if (0.0..=1e20).contains(&gap) { Ok(gap) } else { Err("a gap is not negative".to_string()) }
}

fn finite(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|v: &f64| v.is_finite()).ok_or_else(|| "give a number such as 1250.5".to_string())
}

/// One of an option's words; the error lists them.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    let word = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text);
    T::deserialize(word).map_err(|e| e.to_string())
}

fn native(text: &str) -> Result<(String, String), String> {
    text.split_once('=').map(|(n, v)| (n.to_string(), v.to_string())).ok_or_else(|| "give NAME=VALUE".to_string())
}

impl SolveArgs {
    fn options(&self) -> Options {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
        Options {
            time_limit: self.time_limit,
            tolerances: Tolerances { relative_gap: self.gap, absolute_gap: self.absolute_gap, ..Tolerances::default() },
            threads: Some(if self.deterministic { 1 } else { self.threads.unwrap_or(cores) }),
            seed: self.seed,
            node_limit: self.node_limit,
            memory_limit_bytes: self.memory_limit.map(|mib| mib << 20),
            solution_limit: self.solution_limit,
            objective_target: self.target,
            stall_limit: self.stall_limit,
            deterministic: self.deterministic,
            cutoff: self.cutoff,
            emphasis: self.emphasis,
            presolve: self.presolve,
            lp_method: self.lp_method,
            native: self.native.iter().cloned().collect(),
            ..Options::default()
        }
    }
}

impl SolveArgs {
    fn sharing(&self) -> Sharing {
        let more = self.share.iter().fold(Sharing::default(), |sharing, what| sharing.with(*what));
        self.no_share.iter().fold(more, |sharing, what| sharing.without(*what))
    }
}

/// Solves each file in turn; the exit is the largest of their codes.
pub fn run(args: &SolveArgs) -> Result<Exit, Failure> {
    for (option, is_given) in [("--sol", args.sol.is_some()), ("--evidence-file", args.evidence_file.is_some())] {
        if is_given && args.files.len() > 1 {
            return Err(Failure::new(Exit::Usage, format!("{option} takes the answer to one problem; give one FILE")));
        }
    }
    let others = args.backend_program.clone();
    let registry = Registry::new(RegistryConfig { others, ..RegistryConfig::default() });
    let rules = args.lineup.as_deref().map(own::read).transpose()?;
    // They start while the file is read. Every built-in line-up of a race has HiGHS in it.
    let race = if rules.is_some() { "" } else { "highs" };
    let named: Vec<&str> = args.solver.iter().map(|name| if name == "race" { race } else { name }).collect();
    registry.warm(&named);
    let stop = interrupts()?;
    let mut worst = Exit::Solved;
    for file in &args.files {
        let exit = match solve_file(args, file, (&registry, rules.as_ref()), &stop) {
            Ok(exit) => exit,
            // With several files, one that cannot be read does not cost the others their answers.
            Err(failure) => failure.tell(),
        };
        worst = worst.max(exit);
    }
    Ok(worst)
}

/// The first Ctrl-C stops and keeps the incumbent; the second one quits.
pub fn interrupts() -> Result<StopToken, Failure> {
    let stop = StopToken::new();
    let (token, count) = (stop.clone(), AtomicUsize::new(0));
    ctrlc::set_handler(move || {
        if count.fetch_add(1, Ordering::SeqCst) == 0 {
            eprintln!("\nstopping; the best point so far is kept (Ctrl-C again to quit at once)");
            token.stop();
        } else {
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
    })
    .map_err(|e| Failure::new(Exit::Failed, format!("cannot listen for Ctrl-C: {e}")))?;
    Ok(stop)
}

fn solve_file(
    args: &SolveArgs,
    file: &Path,
    solvers: (&Registry, Option<&Rules>),
    stop: &StopToken,
) -> Result<Exit, Failure> {
    let known = solvers.0.names();
    if let Some(unknown) = args.trust.iter().find(|name| !known.contains(&name.as_str())) {
        let remedy = format!("there are: {}; {SEE}", known.join(", "));
        return Err(Failure::new(Exit::NoSolver, format!("--trust: there is no solver '{unknown}'; {remedy}")));
    }
    let problem = worker::share(input::problem(file)?);
    let options = args.options();
    let mut lineup = choose(args, &problem, solvers, &options)?;
    if args.explain_lineup {
        own::explain(file, &lineup);
        return Ok(if lineup.lanes.is_empty() { Exit::NoSolver } else { Exit::Solved });
    }
    if lineup.lanes.is_empty() {
        return Err(Failure::new(Exit::NoSolver, format!("no solver takes it: {}; {SEE}", lineup.reason)));
    }
    let start = match &args.start {
        Some(path) => Start { point: Some(start_point(path, &problem)?), basis: None },
        None => Start::default(),
    };
    let draws = !args.json && console::user_attended_stderr();
    let title = format!("{}: {} rows, {} columns", file.display(), problem.num_rows(), problem.num_columns());
    let live = draws.then(|| LiveView::new(&title, args.log));
    let plain = PlainView { log: args.log };
    let observer: &dyn Observer = live.as_ref().map_or(&plain, |view| view);
    let mut trust = lineup::trust_in(TrustTable::built_in(), &lineup, &args.trust);
    if args.evidence == Wanted::Agreed {
        let others = others(&problem, solvers.0, &options)?;
        trust = evidence::ask_for_agreement(&mut lineup, &others, trust);
    }
    let (lanes, relaxes) = (lineup.lanes.clone(), args.evidence != Wanted::Plain);
    let raced = if relaxes { evidence::reserve(&problem, &options) } else { options.clone() };
    let (sharing, stop) = (args.sharing(), stop.clone());
    let spec = RaceSpec { lineup, options: raced, start, trust, sharing, observer, stop: stop.clone() };
    let mut answer = race::run(&problem, spec);
    if relaxes {
        answer = evidence::relax(&problem, answer, &lanes, &options, &stop);
        let work = exact_work(args, &answer);
        answer = answer.with_exact_basis(&problem, work);
    }
    if let Some(view) = live {
        view.finish();
    }
    present(args, file, &problem, &answer)?;
    Ok(Exit::of(answer.reason()))
}

const SEE: &str = "`farkas backends` shows what is here";

fn choose(
    args: &SolveArgs,
    problem: &Problem,
    (registry, rules): (&Registry, Option<&Rules>),
    options: &Options,
) -> Result<Lineup, Failure> {
    let backends = farkas::lineup::select(registry, &args.solver, rules).map_err(|e| match (e, &args.lineup) {
        (LineupError::Rules(e), Some(path)) => {
            Failure::new(Exit::Unreadable, format!("{}: {e} [{}]", path.display(), e.code()))
        }
        (e, _) => Failure::new(Exit::NoSolver, format!("{e}; {SEE}")),
    })?;
    let asking = if args.explain_lineup { Asking::All } else { Asking::AsNeeded };
    Ok(lineup::choose_by(rules, problem, &backends, options.threads.unwrap_or(1), options, asking))
}

/// All that are here and take the problem: who may agree.
fn others(problem: &Problem, registry: &Registry, options: &Options) -> Result<Vec<Arc<dyn Backend>>, Failure> {
    let all = farkas::remote::select(registry, &["race".to_owned()])
        .map_err(|e| Failure::new(Exit::NoSolver, e.to_string()))?;
    let lineup = lineup::choose(problem, &all, 1, options);
    Ok(lineup.lanes.into_iter().map(|lane| lane.backend).collect())
}

fn start_point(path: &Path, problem: &Problem) -> Result<Arc<[f64]>, Failure> {
    let read = formats::solution::read(problem, &input::bytes(path)?)
        .map_err(|e| Failure::new(Exit::Unreadable, format!("{}: {e} [{}]", path.display(), e.code)))?;
    Ok(read.values.into())
}

fn present(args: &SolveArgs, file: &Path, problem: &Problem, answer: &Answer) -> Result<(), Failure> {
    if let Some(path) = &args.sol {
        write_solution(path, problem, answer)?;
    }
    if let Some(path) = &args.evidence_file {
        write_evidence(path, problem, answer)?;
    }
    if args.json {
        let result = SolveResult::new(problem, answer, Fields::ALL);
        let text = serde_json::to_string(&result)
            .map_err(|e| Failure::new(Exit::Failed, format!("the result could not be written as JSON: {e}")))?;
        println!("{text}");
    } else {
        let title = if problem.name().is_empty() { String::new() } else { format!(" ({})", problem.name()) };
        println!(
            "{}{title}: {} rows, {} columns ({} integer), {} nonzeros",
            file.display(),
            problem.num_rows(),
            problem.num_columns(),
            problem.num_integers(),
            problem.num_nonzeros()
        );
        println!("{}", summary::render(problem, answer));
    }
    Ok(())
}

fn write_evidence(path: &Path, problem: &Problem, answer: &Answer) -> Result<(), Failure> {
    let refuse = |e: std::io::Error| {
        Failure::new(Exit::Failed, format!("the evidence could not be written to {}: {e}", path.display()))
    };
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).map_err(refuse)?);
    serde_json::to_writer(&mut out, &evidence_file(problem, answer)).map_err(|e| refuse(e.into()))?;
    out.write_all(b"\n").and_then(|()| out.flush()).map_err(refuse)
}

fn write_solution(path: &Path, problem: &Problem, answer: &Answer) -> Result<(), Failure> {
    let refuse = |e: std::io::Error| {
        Failure::new(Exit::Failed, format!("the solution could not be written to {}: {e}", path.display()))
    };
    let Some(point) = answer.point() else {
        eprintln!("no solution was found, so {} is not written", path.display());
        return Ok(());
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).map_err(refuse)?);
    match SolutionFormat::of_file_name(&name).unwrap_or(SolutionFormat::Sol) {
        // These have room for more than the point.
        SolutionFormat::Json => {
            let result = SolveResult::new(problem, answer, Fields::ALL);
            serde_json::to_writer_pretty(&mut out, &result).map_err(|e| refuse(e.into()))?;
        }
        SolutionFormat::Csv => {
            let result = SolveResult::new(problem, answer, Fields::ALL);
            out.write_all(result.to_csv().as_bytes()).map_err(refuse)?;
        }
        format => {
            formats::solution::write_as(problem, point, answer.objective(), format, &mut out).map_err(refuse)?;
        }
    }
    out.flush().map_err(refuse)
}
