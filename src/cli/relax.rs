//! `farkas relax`: what must give way for a problem to become feasible, and by how much.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use farkas::{SolveError, Solver};
use farkas_backends::analysis::{Elastic, Goal, RelaxError};

use crate::cli::{Exit, Failure, input, solve};

/// What `farkas relax` takes.
#[derive(Debug, Args)]
pub struct RelaxArgs {
    /// The problem, in any format that is read
    problem: PathBuf,
    /// Who solves: highs, scip or cbc
    #[arg(long, short = 's', default_value = "highs")]
    solver: String,
    /// Let bounds of variables give way as well as constraints
    #[arg(long)]
    bounds: bool,
    /// Of all points that miss the least, take the best by the problem's own objective
    #[arg(long)]
    then_objective: bool,
    /// Time for all of it, in seconds
    #[arg(long, short = 't', default_value = "60", value_name = "SECONDS", value_parser = solve::seconds)]
    time_limit: Duration,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Relaxes; exit 0 when the least is found, 10 when a point is found that may miss more than it has to, 1 when what may not
/// give way is infeasible by itself, 11 when no point was found.
pub fn run(args: &RelaxArgs) -> Result<Exit, Failure> {
    let problem = Arc::new(input::problem(&args.problem)?);
    let solver = Solver::workers([args.solver.as_str()]).time_limit(args.time_limit);
    let elastic = if args.bounds { Elastic::all(&problem) } else { Elastic::rows(&problem) };
    let goal = if args.then_objective { Goal::ThenObjective } else { Goal::Least };
    let relaxed = solver.relax(&problem, &elastic, goal).map_err(|error| {
        let exit = match &error {
            SolveError::NotRelaxed(RelaxError::Infeasible(_)) => Exit::Refuted,
            SolveError::NotRelaxed(RelaxError::Undecided(_)) => Exit::LimitWithout,
            SolveError::NoSolver(_) => Exit::NoSolver,
            _ => Exit::Failed,
        };
        Failure::new(exit, format!("{}: {error} [{}]", args.problem.display(), error.code()))
    })?;
    let found = relaxed.relaxation();
    if args.json {
        let document = serde_json::to_value(relaxed.document()).unwrap_or_default();
        println!("{document:#}");
    } else {
        println!("{relaxed}");
    }
    Ok(if found.is_least { Exit::Solved } else { Exit::LimitWithPoint })
}
