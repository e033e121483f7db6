//! The command line: what there is to say, and what the process says at the end (its exit code).

#[macro_use]
mod print;

mod ampl;
mod backends;
mod backup;
mod bench;
mod check;
mod config;
mod convert;
mod gc;
mod iis;
mod input;
mod keys;
mod lineup;
mod ranging;
mod relax;
mod schema;
mod serve;
mod settings;
mod solve;
mod statistics;
mod summary;
mod view;
mod worker;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use farkas_modeling::Reason;

/// Solve linear and mixed-integer problems with several solvers at once, and check the answer.
#[derive(Debug, Parser)]
#[command(name = "farkas", version, about, max_term_width = 110, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "As an AMPL solver: `farkas model.nl -AMPL [name=value …]`; `farkas -=` lists the names.\n\n\
Exit codes: 0 solved · 1 a check refuted an answer · 2 usage · 10 stopped at a limit with a \
feasible point · 11 without one · 12 imprecise · 65 input that could not be read · 69 no solver available · 70 our \
fault or numerical trouble · 74 standard output could not be written · 130 second Ctrl-C";

#[derive(Debug, Subcommand)]
enum Command {
    /// Solve one or several problem files.
    Solve(Box<solve::SolveArgs>),
    /// Check a solution, or a file of evidence, against a problem, without any solver.
    Check(check::CheckArgs),
    /// Write a problem in another format (MPS, LP, JSON, …), and tell what that cannot hold.
    Convert(convert::ConvertArgs),
    /// Show what a problem looks like: sizes, kinds of rows, ranges, what stands out, and which solvers take it.
    Statistics(statistics::StatisticsArgs),
    /// Say why a problem is infeasible: a smallest set of constraints and bounds that cannot hold together.
    Iis(iis::IisArgs),
    /// Say what must give way for an infeasible problem to become feasible, and by how much.
    Relax(relax::RelaxArgs),
    /// Say how far each cost and side of a linear program may go before its optimal basis changes.
    Ranging(ranging::RangingArgs),
    /// Show which solvers are here, what they can do, and what to do about those that are not.
    Backends(backends::BackendsArgs),
    /// Print the JSON Schema of models, of results or of evidence.
    Schema(schema::SchemaArgs),
    /// Run the solve service over HTTP.
    Serve(serve::ServeArgs),
    /// Copy a service's data folder while the service goes on.
    Backup(backup::BackupArgs),
    /// Forget jobs of a service that ended long ago.
    Gc(gc::GcArgs),
    /// Show the service's settings, and where each came from: flag, environment, file or default.
    Config(config::ConfigArgs),
    /// Solve jobs of a service whose store several machines share.
    Node(serve::WorkArgs),
    /// Make, list and revoke API keys of the service
    Keys(keys::KeysArgs),
    /// Run solvers over many problems and compare them.
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    /// Host one solver for another Farkas process (started by it, not by people).
    #[command(hide = true)]
    Worker(worker::WorkerArgs),
}

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Solved: optimal, infeasible, unbounded, or one of the last two.
    Solved = 0,
    /// A check says that an answer is wrong.
    Refuted = 1,
    /// The command line itself was wrong.
    Usage = 2,
    /// A limit, with a feasible point in hand.
    LimitWithPoint = 10,
    /// A limit, without one.
    LimitWithout = 11,
    /// Solved, but the point misses the tolerances.
    Imprecise = 12,
    /// The input could not be read.
    Unreadable = 65,
    /// No solver that could do it.
    NoSolver = 69,
    /// Our fault, or numbers went wrong.
    Failed = 70,
    /// Standard output could not be written: a full disk, say.
    NotWritten = 74,
    /// Interrupted twice.
    Interrupted = 130,
}

impl Exit {
    /// The exit code that says how a solve ended.
    pub fn of(reason: Reason) -> Self {
        match reason {
            Reason::Optimal | Reason::Infeasible | Reason::Unbounded | Reason::InfeasibleOrUnbounded => Self::Solved,
            Reason::Feasible => Self::LimitWithPoint,
            Reason::NoSolutionFound => Self::LimitWithout,
            Reason::Imprecise => Self::Imprecise,
            Reason::NumericalError | Reason::OtherError => Self::Failed,
        }
    }
}

/// What ends a command early: a code for the shell, and a line for people.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// Says it on standard error.
    fn tell(&self) -> Exit {
        eprintln!("{} {}", console::style("error:").for_stderr().red().bold(), self.message);
        self.exit
    }
}

/// Parses the command line, runs the command, and says how it went.
pub fn main() -> ExitCode {
    if let Some(code) = ampl::run_if_asked() {
        return code;
    }
    let outcome = parse().and_then(|(cli, command, matches)| run(cli, &command, &matches));
    outcome.unwrap_or_else(|failure| ExitCode::from(failure.tell() as u8))
}

/// The command line with what environment and configuration file add to it.
fn parse() -> Result<(Cli, clap::Command, clap::ArgMatches), Failure> {
    let command = settings::with_environment(Cli::command());
    let arguments: Vec<_> = std::env::args_os().collect();
    let matches = settings::with_file(&command, &arguments)?;
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    Ok((cli, command, matches))
}

fn run(cli: Cli, command: &clap::Command, matches: &clap::ArgMatches) -> Result<ExitCode, Failure> {
    let exit = match cli.command {
        Command::Solve(args) => solve::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Statistics(args) => statistics::run(&args),
        Command::Iis(args) => iis::run(&args),
        Command::Relax(args) => relax::run(&args),
        Command::Ranging(args) => ranging::run(&args),
        Command::Backends(args) => backends::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Serve(args) => serve::run(args),
        Command::Backup(args) => backup::run(&args),
        Command::Gc(args) => gc::run(args),
        Command::Config(args) => {
            let (Some(command), Some(given)) =
                (command.find_subcommand("config"), matches.subcommand_matches("config"))
            else {
                return Err(Failure::new(Exit::Failed, "the command line lost its subcommand"));
            };
            config::run(&args, command, given)
        }
        Command::Node(args) => serve::work(args),
        Command::Keys(args) => keys::run(args),
        Command::Bench(command) => bench::run(command),
        Command::Worker(args) => return Ok(worker::run(&args)),
    };
    exit.map(|exit| ExitCode::from(exit as u8))
}
