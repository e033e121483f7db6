//! `farkas bench`: runs solvers over many problems, each run in a process of its own, and compares them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use farkas_backends::contract::StopToken;
use farkas_backends::race::trust::TrustTable;
use farkas_instances::bench::learn::{self, LearnOptions, Together};
use farkas_instances::bench::{self, BenchError, BenchOptions, Progress, Report, Shard};
use farkas_instances::catalogue;
use farkas_instances::judge::Verdict;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::{Exit, Failure};

/// What `farkas bench` can do.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Run solvers over instances; runs that the file of records has already are not repeated
    Run(RunArgs),
    /// Compare the runs in files of records
    Report(ReportArgs),
    /// Learn line-ups from the runs of single solvers on one thread, and say what they are worth
    Learn(LearnArgs),
    /// Count each solver's claims, and those that were false, from judged runs
    Trust(TrustArgs),
}

/// What `farkas bench run` takes.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// A folder with an index.csv, or a file that lists one path a line
    #[arg(long, value_name = "DIR|LIST", env = "FARKAS_INSTANCES")]
    instances: PathBuf,
    /// The folder whose index.csv knows the answers, when --instances is a list
    #[arg(long, value_name = "DIR", env = "FARKAS_INSTANCES", hide_env_values = true)]
    catalogue: Option<PathBuf>,
    /// Who runs: solvers, with settings if wanted (`highs:barrier`, `scip:seed=3:presolve=off`, other names are the solver's own
    /// options); `race`, with flags of `farkas solve` for settings (`race:lineup=FILE.toml`); or a race of some (`highs+cbc`)
    #[arg(long, value_name = "CANDIDATE,…", value_delimiter = ',', default_value = "highs,scip,cbc,race")]
    solvers: Vec<String>,
    /// Wall-clock limit in seconds for each run
    #[arg(long, default_value_t = 30.0, value_name = "SECONDS")]
    time_limit: f64,
    /// Threads for each run [default: one a core]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Only these classes [default: LP and MIP]
    #[arg(long, value_delimiter = ',', value_name = "CLASS")]
    class: Vec<Class>,
    /// Only these difficulties
    #[arg(long, value_delimiter = ',', value_name = "DIFFICULTY")]
    difficulty: Vec<Difficulty>,
    /// Keep records in this file, one JSON line a run
    #[arg(long, value_name = "FILE.jsonl")]
    out: Option<PathBuf>,
    /// Only the I-th of every N runs, to share the work between calls with files of their own
    #[arg(long, value_name = "I/N", default_value_t = Shard::ALL)]
    shard: Shard,
}

/// What `farkas bench report` takes.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Files of records; where two tell of the same run, the later one counts
    #[arg(required = true, value_name = "FILE.jsonl")]
    records: Vec<PathBuf>,
}

/// What `farkas bench learn` takes.
#[derive(Debug, Args)]
pub struct LearnArgs {
    /// Files of records
    #[arg(required = true, value_name = "FILE.jsonl")]
    records: Vec<PathBuf>,
    /// Write the table of rules to this file, for `farkas solve --lineup`
    #[arg(long, value_name = "FILE.toml")]
    out: Option<PathBuf>,
    /// Which time counts: the processor's, or that of the clock on the wall
    #[arg(long, value_enum, default_value_t = Clock::Processor)]
    clock: Clock,
    /// What is not solved counts so many times its time limit
    #[arg(long, default_value_t = LearnOptions::default().penalty, value_parser = at_least_one)]
    penalty: f64,
    /// How much longer a lane takes beside another on two cores
    #[arg(long, default_value_t = Together::default().slower, value_parser = at_least_one)]
    slower: f64,
    /// Depth of the decision trees, at most
    #[arg(long, default_value_t = LearnOptions::default().depth as u8, value_parser = clap::value_parser!(u8).range(0..=6))]
    depth: u8,
    /// Instances that a rule rests on, at least
    #[arg(long, default_value_t = LearnOptions::default().least as u32, value_parser = clap::value_parser!(u32).range(1..))]
    least: u32,
    /// Count the word of these solvers as enough to end a race, whatever their record (`farkas backends`)
    #[arg(long, value_delimiter = ',', value_name = "SOLVERS")]
    trusting: Vec<String>,
    /// How often the ten-fold cross-validation is repeated
    #[arg(long, default_value_t = LearnOptions::default().repeats, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeats: u32,
    /// Seed of the folds
    #[arg(long, default_value_t = LearnOptions::default().seed)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Clock {
    Processor,
    Wall,
}

/// What `farkas bench trust` takes.
#[derive(Debug, Args)]
pub struct TrustArgs {
    /// Files of records
    #[arg(required = true, value_name = "FILE.jsonl")]
    records: Vec<PathBuf>,
    /// Write the table to this file; on standard output if not given
    #[arg(long, value_name = "FILE.toml")]
    out: Option<PathBuf>,
}

fn at_least_one(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|number| (1.0..=1e6).contains(number)).ok_or_else(|| "give a number from 1 on".to_owned())
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Class {
    Lp,
    Mip,
    Qp,
    Miqp,
    Qcp,
    Miqcp,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Difficulty {
    Easy,
    Medium,
    Hard,
}

/// Runs a benchmark, or works on its records; exit 1 when an answer was wrong.
pub fn run(command: BenchCommand) -> Result<Exit, Failure> {
    match command {
        BenchCommand::Run(args) => measure(args),
        BenchCommand::Report(args) => {
            let records = bench::read_records(&args.records).map_err(|e| refuse(&e))?;
            Ok(tell(&bench::report(&records)))
        }
        BenchCommand::Learn(args) => learn_rules(&args),
        BenchCommand::Trust(args) => {
            let records = bench::read_records(&args.records).map_err(|e| refuse(&e))?;
            let table = bench::count_trust(&records, TrustTable::built_in());
            let text = format!("{TRUST_HEAD}\n{table}");
            match &args.out {
                Some(path) => write(path, &text)?,
                None => print!("{text}"),
            }
            Ok(Exit::Solved)
        }
    }
}

/// First lines of a table of trust.
const TRUST_HEAD: &str = "\
# What each backend claimed where the truth was known, and how much of it was false: `farkas bench trust` counts judged runs. What was
# seen without counting stands in `seen`, and makes `false_bounds` or `false_infeasible` true.
";
/// First lines of a table of rules.
const RULES_HEAD: &str = "\
# Who runs on which problem. The first rule whose conditions hold is followed; docs/line-ups.md tells the form.
# `farkas solve --explain-lineup FILE` says which rule a problem meets. Learned by `farkas bench learn`.
";

fn learn_rules(args: &LearnArgs) -> Result<Exit, Failure> {
    let records = bench::read_records(&args.records).map_err(|e| refuse(&e))?;
    let options = LearnOptions {
        clock: match args.clock {
            Clock::Processor => learn::Clock::Processor,
            Clock::Wall => learn::Clock::Wall,
        },
        penalty: args.penalty,
        depth: args.depth.into(),
        least: args.least as usize,
        together: Together { slower: args.slower, ..Together::default() },
        trusting: args.trusting.clone(),
        repeats: args.repeats,
        seed: args.seed,
    };
    let learned = learn::learn(&records, &options).map_err(|e| refuse(&e))?;
    print!("{learned}");
    if let Some(path) = &args.out {
        write(path, &format!("{RULES_HEAD}\n{}", learned.rules))?;
    }
    Ok(Exit::Solved)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text)
        .map_err(|e| Failure::new(Exit::Failed, format!("{}: could not be written: {e}", path.display())))
}

fn refuse(error: &BenchError) -> Failure {
    let exit = match error {
        BenchError::Candidate(_) => Exit::Usage,
        BenchError::Stopped => Exit::Interrupted,
        _ => Exit::Unreadable,
    };
    Failure::new(exit, format!("{error} [{}]", error.code()))
}

fn tell(report: &Report) -> Exit {
    println!("{report}");
    if report.wrong() > 0 { Exit::Refuted } else { Exit::Solved }
}

fn measure(args: RunArgs) -> Result<Exit, Failure> {
    let seconds = Duration::try_from_secs_f64(args.time_limit)
        .map_err(|_| Failure::new(Exit::Usage, "--time-limit: give seconds that are not negative"))?;
    let program = std::env::current_exe()
        .map_err(|e| Failure::new(Exit::Failed, format!("this program does not find itself: {e}")))?;
    let options = options(args, seconds, &program);
    let stop = options.stop.clone();
    ctrlc::set_handler(move || stop.stop())
        .map_err(|e| Failure::new(Exit::Failed, format!("cannot listen for Ctrl-C: {e}")))?;
    let bar = ProgressBar::new(0);
    bar.set_style(
        ProgressStyle::with_template("{pos}/{len} [{elapsed}] {bar:30.cyan} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let report = bench::run(&options, |progress| match progress {
        Progress::Begins { number, of, instance, solver } => {
            bar.set_length(of as u64);
            bar.set_position(number as u64 - 1);
            bar.set_message(format!("{} by {solver}", instance.path));
        }
        Progress::Ended(record) => {
            let line = format!(
                "{:>9.2} s  {:<8} {:<9} {}",
                record.wall_seconds,
                record.key.solver,
                format!("{:?}", record.verdict).to_lowercase(),
                record.key.instance
            );
            if bar.is_hidden() {
                eprintln!("{line}");
            } else if record.verdict == Verdict::Wrong {
                bar.println(console::style(line).for_stderr().red().to_string());
            } else {
                bar.println(line);
            }
        }
    })
    .map_err(|e| refuse(&e))?;
    bar.finish_and_clear();
    Ok(tell(&report))
}

fn options(args: RunArgs, time_limit: Duration, program: &Path) -> BenchOptions {
    BenchOptions {
        program: program.to_path_buf(),
        instances: args.instances,
        catalogue: args.catalogue,
        solvers: args.solvers,
        time_limit,
        grace: Duration::from_secs(5),
        threads: args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get() as u32)),
        classes: args
            .class
            .iter()
            .map(|class| match class {
                Class::Lp => catalogue::Class::Lp,
                Class::Mip => catalogue::Class::Mip,
                Class::Qp => catalogue::Class::Qp,
                Class::Miqp => catalogue::Class::Miqp,
                Class::Qcp => catalogue::Class::Qcp,
                Class::Miqcp => catalogue::Class::Miqcp,
            })
            .collect(),
        difficulties: args
            .difficulty
            .iter()
            .map(|difficulty| match difficulty {
                Difficulty::Easy => catalogue::Difficulty::Easy,
                Difficulty::Medium => catalogue::Difficulty::Medium,
                Difficulty::Hard => catalogue::Difficulty::Hard,
            })
            .collect(),
        out: args.out,
        shard: args.shard,
        stop: StopToken::new(),
    }
}
