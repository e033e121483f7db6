//! `farkas statistics`: what a problem looks like, what stands out, and which solvers take it.

use std::path::PathBuf;

use clap::Args;
use console::style;
use farkas_backends::contract::{Availability, Backend, Fit};
use farkas_backends::registry::{Registry, RegistryConfig};
use farkas_modeling::Problem;
use farkas_modeling::statistics::{Severity, Statistics};
use serde::Serialize;

use crate::cli::{Exit, Failure, input};

/// What `farkas statistics` takes.
#[derive(Debug, Args)]
pub struct StatisticsArgs {
    /// The problem; `-` for standard input
    problem: PathBuf,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    /// Do not ask the solvers, which takes a moment
    #[arg(long)]
    no_solvers: bool,
}

/// What a solver says to a problem.
#[derive(Serialize)]
struct Says {
    name: String,
    takes: bool,
    /// What it does not take, or why it is not there.
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
}

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    statistics: Statistics,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    solvers: Vec<Says>,
}

/// Prints the statistics; exit 0 whatever they are.
pub fn run(args: &StatisticsArgs) -> Result<Exit, Failure> {
    let problem = input::problem(&args.problem)?;
    let statistics = problem.statistics();
    let solvers = if args.no_solvers { Vec::new() } else { ask(&problem) };
    if args.json {
        let text = serde_json::to_string_pretty(&Report { statistics, solvers })
            .map_err(|e| Failure::new(Exit::Failed, format!("the statistics could not be written as JSON: {e}")))?;
        println!("{text}");
        return Ok(Exit::Solved);
    }
    println!("{}", coloured(&statistics));
    if !solvers.is_empty() {
        println!("Solvers");
    }
    for says in &solvers {
        let Says { name, takes, why } = says;
        if *takes {
            println!("  {name:<10}  {}", style("takes it").green());
        } else {
            println!("  {name:<10}  {}", style(why).yellow());
        }
    }
    Ok(Exit::Solved)
}

/// The statistics' own text, with what is grave in colours.
fn coloured(statistics: &Statistics) -> String {
    let mut text = statistics.to_string();
    for finding in &statistics.findings {
        let plain = format!("({}, {})", finding.severity, finding.code);
        let word = match finding.severity {
            Severity::Wrong => style(&plain).red().bold(),
            Severity::Doubtful => style(&plain).yellow(),
            Severity::Note => style(&plain).dim(),
        };
        text = text.replace(&plain, &word.to_string());
    }
    text
}

/// Asks every solver that there is.
fn ask(problem: &Problem) -> Vec<Says> {
    let registry = Registry::new(RegistryConfig::default());
    registry.racing().iter().map(|backend| says(backend.as_ref(), problem)).collect()
}

fn says(backend: &dyn Backend, problem: &Problem) -> Says {
    let name = backend.name().to_string();
    let why = match backend.probe() {
        Availability::Ready { .. } => match backend.fits(problem) {
            Fit::Takes => return Says { name, takes: true, why: String::new() },
            Fit::NeedsBridges { bridges } => {
                let bridges: Vec<String> = bridges.into_iter().map(|need| need.bridge).collect();
                return Says { name, takes: true, why: bridges.join(", ") };
            }
            Fit::TooLarge { limit } => limit,
            Fit::Refuses { why } => why,
        },
        Availability::NotFound { remedy } => format!("is not here: {remedy}"),
        Availability::TooOld { version, remedy } => format!("is too old ({version}): {remedy}"),
        Availability::NoLicense { says } => format!("has no licence: {says}"),
        Availability::Broken { says } => format!("does not work: {says}"),
    };
    Says { name, takes: false, why }
}
