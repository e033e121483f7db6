//! `farkas ranging`: how far the costs and sides of a linear program may go before its optimal basis changes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use farkas::{SolveError, Solver, ranges_of};
use farkas_modeling::Reason;

use crate::cli::{Exit, Failure, input, solve};

/// What `farkas ranging` takes.
#[derive(Debug, Args)]
pub struct RangingArgs {
    /// The problem, in any format that is read
    problem: PathBuf,
    /// Who solves: one that gives a basis, highs or cbc
    #[arg(long, short = 's', default_value = "highs")]
    solver: String,
    /// Time for the solve, in seconds
    #[arg(long, short = 't', default_value = "60", value_name = "SECONDS", value_parser = solve::seconds)]
    time_limit: Duration,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Solves and ranges; exit 0 with ranges, 1 where there is no optimum, 11 at the time limit.
pub fn run(args: &RangingArgs) -> Result<Exit, Failure> {
    let problem = Arc::new(input::problem(&args.problem)?);
    let file = args.problem.display();
    let told = |error: &SolveError| {
        let exit = match error {
            SolveError::NotRanged(_) => Exit::Refuted,
            SolveError::NoSolver(_) => Exit::NoSolver,
            _ => Exit::Failed,
        };
        Failure::new(exit, format!("{file}: {error} [{}]", error.code()))
    };
    let solver = Solver::workers([args.solver.as_str()]).time_limit(args.time_limit);
    let answer = solver.solve_problem(&problem).map_err(|error| told(&error))?;
    match answer.reason() {
        Reason::Optimal => {}
        Reason::Infeasible | Reason::Unbounded | Reason::InfeasibleOrUnbounded => {
            let says = answer.termination();
            return Err(Failure::new(Exit::Refuted, format!("{file}: it is {says}, so it has no ranges")));
        }
        _ => {
            let says = answer.termination();
            return Err(Failure::new(Exit::LimitWithout, format!("{file}: it was not solved to the end: {says}")));
        }
    }
    let ranges = ranges_of(&problem, &answer).map_err(|error| told(&error))?;
    if args.json {
        let document = serde_json::json!({
            "objective": answer.objective(),
            "evidence": answer.evidence().level,
            "costs": ranges.costs,
            "rows": ranges.rows,
        });
        println!("{document:#}");
    } else {
        println!("{ranges}");
    }
    Ok(Exit::Solved)
}
