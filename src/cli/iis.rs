//! `farkas iis`: why a problem is infeasible, as a smallest set of constraints and bounds that cannot hold together.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use farkas::{SolveError, Solver};
use farkas_backends::iis::IisError;

use crate::cli::{Exit, Failure, input, solve};

/// What `farkas iis` takes.
#[derive(Debug, Args)]
pub struct IisArgs {
    /// The problem, in any format that is read
    problem: PathBuf,
    /// Who solves: highs, scip, cbc, or another that `farkas backends` lists
    #[arg(long, short = 's', default_value = "highs")]
    solver: String,
    /// Time for all of it, in seconds
    #[arg(long, short = 't', default_value = "60", value_name = "SECONDS", value_parser = solve::seconds)]
    time_limit: Duration,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Looks for the set; exit 0 when there is one, 1 when the problem is feasible, 11 when nobody found out.
pub fn run(args: &IisArgs) -> Result<Exit, Failure> {
    let problem = Arc::new(input::problem(&args.problem)?);
    let solver = Solver::workers([args.solver.as_str()]).time_limit(args.time_limit);
    let explanation = solver.explain(&problem).map_err(|error| {
        let exit = match &error {
            SolveError::NotExplained(IisError::Feasible(_)) => Exit::Refuted,
            SolveError::NotExplained(IisError::Undecided(_)) => Exit::LimitWithout,
            SolveError::NoSolver(_) => Exit::NoSolver,
            _ => Exit::Failed,
        };
        Failure::new(exit, format!("{}: {error} [{}]", args.problem.display(), error.code()))
    })?;
    if args.json {
        let document = serde_json::to_value(explanation.document()).unwrap_or_default();
        println!("{document:#}");
    } else {
        println!("{explanation}");
    }
    Ok(Exit::Solved)
}
