//! `farkas stub -AMPL`: Farkas as AMPL, Pyomo and JuMP call their solvers.
//!
//! `stub.nl` is read, `stub.sol` written, one line printed. The exit code is 0 when `stub.sol` says what became of it
//! (infeasible and failed solves too), and 1 when there is none: unreadable input, an unknown keyword.

mod keywords;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use farkas_backends::contract::{Start, StopToken};
use farkas_backends::race::{self, RaceSpec, Sharing, lineup};
use farkas_backends::registry::{Registry, RegistryConfig};
use farkas_modeling::Reason;
use farkas_modeling::answer::Answer;
use farkas_modeling::formats::ampl_sol::Report;
use farkas_modeling::formats::nl;

use crate::cli::view::PlainView;
use crate::cli::{Failure, input, solve};

use keywords::Settings;

/// The variable that holds keywords, as AMPL's `option farkas_options '…'` sets it.
const OPTIONS_VARIABLE: &str = "farkas_options";

/// Runs the driver if the command line is one for it: with `-AMPL`, or `-v` or `-=` alone.
pub fn run_if_asked() -> Option<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments.as_slice() {
        [only] if only == "-v" => println!("{}", version()),
        [only] if only == "-=" => print!("{}", keywords::list()),
        all if all.iter().any(|argument| argument == "-AMPL") => {
            return Some(match drive(all) {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => {
                    failure.tell();
                    ExitCode::FAILURE
                }
            });
        }
        _ => return None,
    }
    Some(ExitCode::SUCCESS)
}

/// `Farkas 0.1.0 (linux x86_64)`: callers look for the first number with points in it.
fn version() -> String {
    format!("Farkas {} ({} {})", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH)
}

/// The command line, taken apart.
struct Call {
    /// The `.nl` file.
    model: PathBuf,
    /// Where the `.sol` file goes.
    solution: PathBuf,
    settings: Settings,
}

fn usage(message: impl Into<String>) -> Failure {
    Failure::new(crate::cli::Exit::Usage, message)
}

fn parse(arguments: &[OsString]) -> Result<Call, Failure> {
    let mut stub = None;
    let mut words = Vec::new();
    for argument in arguments.iter().filter(|a| *a != "-AMPL") {
        match (&stub, argument.to_str()) {
            (None, _) => stub = Some(PathBuf::from(argument)),
            (Some(_), Some(word)) => words.push(word),
            (Some(_), None) => return Err(usage(format!("{}: not UTF-8", argument.display()))),
        }
    }
    let stub = stub.ok_or_else(|| usage("no model is named; say `farkas model.nl -AMPL`"))?;
    let mut settings = Settings::default();
    let variable = std::env::var(OPTIONS_VARIABLE).unwrap_or_default();
    settings.apply(keywords::words(&variable)).map_err(|e| usage(format!("{OPTIONS_VARIABLE}: {e}")))?;
    settings.apply(words).map_err(usage)?;
    let is_model = stub.extension().is_some_and(|e| e.eq_ignore_ascii_case("nl"));
    let base = if is_model { stub.with_extension("") } else { stub.clone() };
    let with = |suffix: &str| {
        let mut name = base.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    };
    Ok(Call { model: if is_model { stub } else { with(".nl") }, solution: with(".sol"), settings })
}

fn drive(arguments: &[OsString]) -> Result<(), Failure> {
    let Call { model: path, solution, settings } = parse(arguments)?;
    let registry = Registry::new(RegistryConfig::default());
    let named: Vec<&str> = settings.solvers.iter().map(|name| if name == "race" { "highs" } else { name }).collect();
    registry.warm(&named);
    let stop = solve::interrupts()?;
    let read = input::nl_model(&path, settings.objno)?;
    let objective = settings.objno.saturating_sub(1);
    let nl::Model { problem, start, echo, .. } = read;
    let problem = farkas_backends::worker::share(problem);
    let banner = format!("Farkas {}", env!("CARGO_PKG_VERSION"));

    let backends = registry.select(&settings.solvers).map_err(|e| usage(e.to_string()))?;
    let options = settings.options.clone();
    let lineup = lineup::choose(&problem, &backends, options.threads_of_race(1), &options);
    if lineup.lanes.is_empty() {
        let message = format!("{banner}: failure: no solver takes it: {}", lineup.reason);
        let report = Report {
            message: &message,
            echo: &echo,
            constraints: problem.num_rows(),
            variables: problem.num_columns(),
            objective,
            code: farkas_modeling::formats::ampl_sol::outcome_code(Reason::OtherError, None, false),
        };
        // The file first: who stops reading ends this program.
        let written = write(&solution, |out| report.write_bare(out));
        println!("{message}");
        return written;
    }
    let start = start.filter(|_| settings.start && problem.num_integers() > 0);
    let start = Start { point: start.map(Into::into), basis: None };
    let answer = solve_it(&problem, lineup, options, start, settings.outlev, &stop);
    let message = message(&banner, &answer);
    let report = Report::of(&problem, &answer, objective, &echo, &message);
    let written = write(&solution, |out| report.write(&problem, &answer, out));
    println!("{}", message.lines().next().unwrap_or_default());
    written
}

fn solve_it(
    problem: &Arc<farkas_modeling::Problem>,
    lineup: race::Lineup,
    options: farkas_backends::options::Options,
    start: Start,
    outlev: u32,
    stop: &StopToken,
) -> Answer {
    let observer = PlainView { log: outlev > 0 };
    let trust = lineup::trust(&lineup);
    let (sharing, stop) = (Sharing::default(), stop.clone());
    race::run(problem, RaceSpec { lineup, options, start, trust, sharing, observer: &observer, stop })
}

/// `Farkas 0.1.0: optimal solution; objective 3`, and in a second line what the check says.
fn message(banner: &str, answer: &Answer) -> String {
    let outcome = match answer.reason() {
        Reason::Optimal => "optimal solution".to_owned(),
        Reason::Infeasible => "infeasible problem".to_owned(),
        Reason::Unbounded => "unbounded problem".to_owned(),
        Reason::Imprecise => "optimal solution, imprecise".to_owned(),
        Reason::InfeasibleOrUnbounded
        | Reason::Feasible
        | Reason::NoSolutionFound
        | Reason::NumericalError
        | Reason::OtherError => answer.termination().to_string(),
    };
    let objective = answer.objective().map(|value| format!("; objective {value}")).unwrap_or_default();
    let evidence = answer.evidence();
    let by = evidence.found_by.as_ref().map(|source| format!(", found by {}", source.backend)).unwrap_or_default();
    let detail = answer.termination().detail();
    let detail = if detail.is_empty() { String::new() } else { format!("\n{detail}") };
    format!("{banner}: {outcome}{objective}\n{}{by}, {:.3} seconds{detail}", evidence.level, answer.seconds())
}

fn write(
    path: &Path,
    content: impl FnOnce(&mut std::io::BufWriter<std::fs::File>) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let written = std::fs::File::create(path).and_then(|file| {
        let mut out = std::io::BufWriter::new(file);
        content(&mut out)?;
        out.flush()
    });
    written.map_err(|e| {
        Failure::new(crate::cli::Exit::Failed, format!("the solution could not be written to {}: {e}", path.display()))
    })
}
