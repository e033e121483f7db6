//! `farkas check`: is this solution right, or does this evidence hold? Decided by the checkers alone, without any solver.

use std::path::PathBuf;

use clap::Args;
use farkas_modeling::answer::EvidenceLevel;
use farkas_modeling::audit::{Document, audit};
use farkas_modeling::check::{self, Stated, Verdict};
use farkas_modeling::{Problem, Tolerances, formats};

use crate::cli::{Exit, Failure, input};

/// What `farkas check` takes.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The problem
    problem: PathBuf,
    /// The solution: lines of a variable's name and its value; or an evidence file, as `farkas solve --evidence-file` writes it
    #[arg(value_name = "SOLUTION OR EVIDENCE")]
    solution: PathBuf,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Checks one solution: exit 0 when it is feasible, 12 when imprecise, 1 when it is refuted. Or verifies evidence: exit 0 when
/// it holds, 11 when it holds claims alone, 1 when something in it is not so.
pub fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let problem = input::problem(&args.problem)?;
    let bytes = input::bytes(&args.solution)?;
    if Document::is_meant(&bytes) {
        return verify(args, &problem, &bytes);
    }
    let read = formats::solution::read(&problem, &bytes)
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

fn verify(args: &CheckArgs, problem: &Problem, bytes: &[u8]) -> Result<Exit, Failure> {
    let shown = args.solution.display();
    let file =
        Document::read(bytes).map_err(|e| Failure::new(Exit::Unreadable, format!("{shown}: {e} [{}]", e.code)))?;
    let found = match audit(problem, &file, &Tolerances::default()) {
        Ok(found) => found,
        Err(refusal) if args.json => {
            println!("{}", serde_json::json!({ "refused": refusal }));
            return Ok(Exit::Refuted);
        }
        Err(refusal) => return Err(Failure::new(Exit::Refuted, format!("{shown}: {refusal} [{}]", refusal.code))),
    };
    if args.json {
        let text = serde_json::to_string_pretty(&found)
            .map_err(|e| Failure::new(Exit::Failed, format!("the report could not be written as JSON: {e}")))?;
        println!("{text}");
    } else {
        println!("{found}");
    }
    Ok(if found.level == EvidenceLevel::Claimed { Exit::LimitWithout } else { Exit::Solved })
}
