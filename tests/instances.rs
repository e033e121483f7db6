//! Real problems with known answers: every easy LP and MIP of the instance folder, and the small quadratic ones, by each solver alone and in a race.
//! No answer may be wrong; what is undecided at the limit, imprecise or beyond a solver is listed by name.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use farkas_backends::contract::{Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::race::{self, RaceSpec, Sharing, Unobserved, lineup};
use farkas_backends::registry::{Registry, RegistryConfig};
use farkas_instances::catalogue::{Catalogue, Class, Difficulty, Instance, Known};
use farkas_instances::judge::{Outcome, Verdict, judge};
use farkas_modeling::answer::EvidenceLevel;
use farkas_modeling::check::TrustPolicy;
use farkas_modeling::formats;

/// Files whose row in the index tells the answer of another file, each with what is known instead.
const MISLABELLED: [(&str, &str); 2] = [
    ("formats/egout-ac.mps.gz", "the file has no costs, so its optimum is 0, as HiGHS, SCIP and CBC agree"),
    ("formats/moi-stacked_data.mps.gz", "its repeated entry adds up, as the file's own header says: 11.5, not 12.5"),
];

/// Easy ones, and those small oddities of the formats that have an answer.
fn wanted(instance: &Instance) -> bool {
    let easy = instance.difficulty == Some(Difficulty::Easy) || instance.path.starts_with("formats/");
    let settled = matches!(instance.known, Known::Optimal(_) | Known::Infeasible | Known::Unbounded);
    let mislabelled = MISLABELLED.iter().any(|(path, _)| *path == instance.path);
    easy && settled && !mislabelled && !matches!(instance.class, None | Some(Class::Nlp | Class::Malformed))
}

#[derive(Default)]
struct Tally {
    verdicts: BTreeMap<Verdict, Vec<String>>,
    levels: BTreeMap<EvidenceLevel, usize>,
    refused: Vec<String>,
}

fn solve_all(folder: &Path, solver: &str, threads: u32, limit: Duration) -> Tally {
    let catalogue = Catalogue::read(folder).expect("the folder has an index");
    let registry = Registry::new(RegistryConfig::default());
    let backends = registry.select(&[solver]).expect("a known solver");
    let options = Options { time_limit: Some(limit), threads: Some(threads), ..Options::default() };
    let mut tally = Tally::default();
    for instance in catalogue.instances().iter().filter(|i| wanted(i)) {
        let bytes = std::fs::read(catalogue.file(instance)).expect("a file of the index");
        let read = formats::read_problem(&bytes, Some(&instance.path));
        let problem = Arc::new(read.unwrap_or_else(|e| panic!("{}: {e}", instance.path)).value);
        let lineup = lineup::choose(&problem, &backends, threads, &options);
        if lineup.lanes.is_empty() {
            tally.refused.push(format!("{} ({})", instance.path, lineup.reason));
            continue;
        }
        let spec = RaceSpec {
            lineup,
            options: options.clone(),
            start: Start::default(),
            trust: TrustPolicy::default(),
            sharing: Sharing::default(),
            observer: &Unobserved,
            stop: StopToken::new(),
        };
        let answer = race::run(&problem, spec);
        let outcome = Outcome { reason: answer.reason(), objective: answer.objective(), bound: answer.bound() };
        let judgement = judge(instance.known, instance.sense, &outcome);
        let lanes: Vec<String> = answer.lanes().iter().map(|l| format!("{}: {}", l.solver, l.detail)).collect();
        let line = format!("{}: {} [{}; {}]", instance.path, judgement.detail, answer.termination(), lanes.join(", "));
        tally.verdicts.entry(judgement.verdict).or_default().push(line);
        *tally.levels.entry(answer.evidence().level).or_default() += 1;
    }
    tally
}

/// Solves, prints what became of everything, and fails on a wrong answer or a failed solve.
fn judge_solver(solver: &str, threads: u32, limit: Duration) {
    let Some(folder) = support::instances(&format!("easy instances by {solver}")) else { return };
    if solver != "race" && !support::solvers().contains(&solver) {
        return;
    }
    let tally = solve_all(&folder, solver, threads, limit);
    println!("{solver}, {threads} thread(s), {limit:?}:");
    for (verdict, lines) in &tally.verdicts {
        println!("  {verdict:?}: {}", lines.len());
        if *verdict != Verdict::Solved {
            for line in lines {
                println!("    {line}");
            }
        }
    }
    println!("  beyond its capabilities: {}", tally.refused.len());
    for line in &tally.refused {
        println!("    {line}");
    }
    println!("  evidence: {:?}", tally.levels);
    for (path, why) in MISLABELLED {
        println!("  not judged: {path} ({why})");
    }
    let count = |verdict| tally.verdicts.get(&verdict).map_or(0, Vec::len);
    assert_eq!(count(Verdict::Wrong), 0, "wrong answers: {:#?}", tally.verdicts.get(&Verdict::Wrong));
    assert!(count(Verdict::Solved) >= 90, "only {} solved; the list is above", count(Verdict::Solved));
}

#[test]
fn easy_instances_by_highs() {
    judge_solver("highs", 1, Duration::from_secs(5));
}

#[test]
fn easy_instances_by_scip() {
    judge_solver("scip", 1, Duration::from_secs(5));
}

#[test]
fn easy_instances_by_cbc() {
    judge_solver("cbc", 1, Duration::from_secs(5));
}

#[test]
fn easy_instances_in_a_race() {
    judge_solver("race", 2, Duration::from_secs(5));
}

#[test]
fn long_easy_instances_by_everybody() {
    for solver in ["highs", "scip", "cbc", "race"] {
        judge_solver(solver, if solver == "race" { 2 } else { 1 }, Duration::from_secs(20));
    }
}
