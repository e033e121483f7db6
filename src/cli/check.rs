//! `farkas check`: is this solution right? Decided by the checker alone, without any solver.

use std::path::PathBuf;

use clap::Args;
use farkas_modeling::check::{self, Stated, Verdict};
use farkas_modeling::{Tolerances, formats};

use crate::cli::{Exit, Failure, input};

/// What `farkas check` takes.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The problem
    problem: PathBuf,
    /// The solution: lines of a variable's name and its value
    solution: PathBuf,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Checks one solution; exit 0 when it is feasible, 12 when imprecise, 1 when it is refuted.
pub fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let problem = input::problem(&args.problem)?;
    let read = formats::solution::read(&problem, &input::bytes(&args.solution)?)
        .map_err(|e| Failure::new(Exit::Unreadable, format!("{}: {e} [{}]", args.solution.display(), e.code)))?;
    let report = check::report(
        &problem,
        &read.values,
        &Stated { objective: read.objective, duals: None },
        &Tolerances::default(),
    )
    .map_err(|e| Failure::new(Exit::Unreadable, format!("{}: {e}", args.solution.display())))?;
    if args.json {
        let text = serde_json::to_string_pretty(&report)
            .map_err(|e| Failure::new(Exit::Failed, format!("the report could not be written as JSON: {e}")))?;
        println!("{text}");
    } else {
        println!("{report}");
    }
    Ok(match report.verdict {
        Verdict::Feasible => Exit::Solved,
        Verdict::Imprecise => Exit::Imprecise,
        Verdict::Refuted => Exit::Refuted,
    })
}
