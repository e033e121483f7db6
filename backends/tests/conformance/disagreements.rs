//! Files of the instance folder about which solvers have disagreed: of each, everybody says what is true, or that a limit came
//! first. A claim that is false is a fault, whoever else makes it.

use std::path::PathBuf;
use std::sync::Arc;

use farkas_backends::contract::{Backend, StopToken};
use farkas_backends::options::{LpMethod, Options};
use farkas_modeling::formats::read_problem;
use farkas_modeling::{Claim, Problem, Reason};

use crate::ear::{Ear, limited, open, solve, taken};
use crate::for_each;
use crate::table::Truth;

/// File, what it is, and who was seen to say otherwise.
const FILES: [(&str, Truth, &str); 9] = [
    ("lp-other/gas11.mps.gz", Truth::Unbounded, "Clp: infeasible"),
    ("netlib-infeas/box1.mps.gz", Truth::Infeasible, "HiGHS' interior point: a solve error"),
    ("lp-other/kleemin8.mps.gz", Truth::Optimum(-1e14), "Clarabel: unbounded"),
    ("netlib/bnl1.mps.gz", Truth::Optimum(1_977.629_561_522_889_2), "MIPCL: infeasible"),
    ("miplib/b-ball.mps.gz", Truth::Optimum(-1.5), "MIPCL: -1, proven"),
    ("miplib/2122.lp.gz", Truth::Optimum(-187_612.944_194_399_66), "MIPCL, its numbers cut to 12 letters: infeasible"),
    ("miplib/issue-2446.mps.gz", Truth::Optimum(-785.355_236_309_710_8), "CBC: -14801.88"),
    ("miplib3/gen.mps.gz", Truth::Optimum(112_313.362_717_999_8), "MIPCL: nothing, after preprocessing"),
    ("miplib3/lseu.mps.gz", Truth::Optimum(1120.0), "CBC, with its rows in another order: 1128, proven"),
];

/// Seeds with which somebody was wrong.
const SEEDS: [(&str, u32); 1] = [("miplib3/lseu.mps.gz", 8)];

/// Takes minutes.
const HARD: [(&str, Truth, &str); 1] =
    [("miplib/3015.mps.gz", Truth::Optimum(-1_407_973.579_417_039_2), "HiGHS 1.15: a solve error")];

/// Claims that are known to be false, and that nobody can tell from true ones: solver and file. MIPCL "proves" the first, and
/// calls the second infeasible where it is not preprocessed, and the third as it is; a race ends on none of them.
const FALSE: [(&str, &str); 3] =
    [("mipcl", "miplib/b-ball.mps.gz"), ("mipcl", "miplib3/gen.mps.gz"), ("mipcl", "netlib/bnl1.mps.gz")];

fn read(file: &str) -> Option<Arc<Problem>> {
    let Some(folder) = std::env::var_os("FARKAS_INSTANCES").map(PathBuf::from).filter(|folder| folder.is_dir()) else {
        println!("NOT RUN: {file} (FARKAS_INSTANCES does not name the instance folder)");
        return None;
    };
    let bytes = std::fs::read(folder.join(file)).expect("the folder has it");
    Some(Arc::new(read_problem(&bytes, Some(file)).expect("it is a sound file").value))
}

/// What in a claim is not so; two answers within twice the gap are the same.
fn untrue(problem: &Problem, truth: Truth, claim: &Claim) -> Vec<String> {
    let mut found = Vec::new();
    let reason = claim.termination.reason();
    let near = |a: f64, b: f64| (a - b).abs() <= 2e-4 * a.abs().max(b.abs());
    let said = |reason: Reason| {
        let conclusive = [Reason::Optimal, Reason::Infeasible, Reason::Unbounded, Reason::InfeasibleOrUnbounded];
        conclusive.contains(&reason)
    };
    // "Infeasible or unbounded" is true of both.
    let right = truth.reasons(problem.is_lp()).contains(&reason)
        || (reason == Reason::InfeasibleOrUnbounded && !matches!(truth, Truth::Optimum(_)));
    if said(reason) && !right {
        found.push(format!("is {}, but it is {truth:?}", claim.termination));
    }
    if let Truth::Optimum(best) = truth {
        let beats = |value: f64, other: f64| problem.sense().better(value, other) && !near(value, other);
        if let Some(objective) =
            claim.objective.filter(|&o| beats(o, best) || (reason == Reason::Optimal && !near(o, best)))
        {
            found.push(format!("has {objective}, not {best}"));
        }
        if let Some(bound) = claim.bound.filter(|&bound| beats(best, bound)) {
            found.push(format!("has the bound {bound}, which {best} beats"));
        }
    }
    found
}

fn agree(backend: &dyn Backend, files: &[(&str, Truth, &str)], seconds: f64) -> Vec<String> {
    let can = backend.capabilities();
    let mut found = Vec::new();
    for (file, truth, seen) in files {
        let Some(problem) = read(file) else { continue };
        if FALSE.contains(&(backend.name(), file)) || taken(backend, vec![(*file, Arc::clone(&problem))]).is_empty() {
            continue;
        }
        let methods = [(LpMethod::Auto, true), (LpMethod::Simplex, can.simplex), (LpMethod::Barrier, can.barrier)];
        for (lp_method, _) in
            methods.into_iter().filter(|(method, has)| *has && (problem.is_lp() || *method == LpMethod::Auto))
        {
            let seed = SEEDS.iter().find(|(of, _)| of == file && can.seed).map(|(_, seed)| *seed);
            let options = Options { lp_method, seed, ..limited(seconds) };
            let claim = solve(&mut *open(backend, &problem), &options, &Ear::default(), &StopToken::new());
            println!("{}: {file} by {lp_method:?}: {} at {:?}", backend.name(), claim.termination, claim.objective);
            found.extend(
                untrue(&problem, *truth, &claim)
                    .into_iter()
                    .map(|fault| format!("{file} by {lp_method:?} {fault} (seen before: {seen})")),
            );
        }
    }
    found
}

#[test]
fn nobody_is_wrong_where_others_were() {
    for_each(|backend| agree(backend, &FILES, 5.0));
}

#[test]
fn long_nobody_is_wrong_where_others_were_for_long() {
    for_each(|backend| agree(backend, &HARD, 30.0));
}
