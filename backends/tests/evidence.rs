//! More evidence on request: another solver's word before an answer leaves, and the bound of the linear relaxation.

use std::sync::Arc;
use std::time::Duration;

use farkas_backends::contract::{Backend, Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::race::evidence::{ask_for_agreement, relax, reserve};
use farkas_backends::race::{self, Lane, Lineup, RaceSpec, Sharing, Unobserved};
use farkas_backends::solvers::clarabel::Clarabel;
use farkas_backends::solvers::mock::Mock;
use farkas_modeling::answer::{Answer, EvidenceLevel};
use farkas_modeling::audit::audit;
use farkas_modeling::check::{TrustPolicy, evidence_file};
use farkas_modeling::problem::Sense;
use farkas_modeling::{ColumnKind, Problem, ProblemData, Reason, Tolerances};

const INF: f64 = f64::INFINITY;

/// maximise 5 x + 4 y + 3 z  subject to  2 x + 3 y + z ≤ 5,  4 x + y + 2 z ≤ `second`,  3 x + 4 y + 2 z ≤ 8, integers from 0 to
/// 5. With 11 it is Chvátal's first example: 13 at (2, 0, 1), the relaxation's optimum too; with 9 the relaxation's is 12.33….
fn problem(second: f64, least: f64) -> Arc<Problem> {
    let problem = Problem::new(ProblemData {
        sense: Sense::Maximize,
        cost: vec![5.0, 4.0, 3.0],
        lower: vec![0.0; 3],
        upper: vec![5.0; 3],
        kinds: vec![ColumnKind::Integer; 3],
        row_lower: vec![-INF, -INF, least],
        row_upper: vec![5.0, second, 8.0],
        starts: vec![0, 3, 6, 9],
        indices: vec![0, 1, 2, 0, 1, 2, 0, 1, 2],
        values: vec![2.0, 4.0, 3.0, 3.0, 1.0, 4.0, 1.0, 2.0, 2.0],
        ..ProblemData::default()
    });
    Arc::new(problem.expect("well formed"))
}

fn mock(name: &str, script: &str) -> Arc<dyn Backend> {
    Arc::new(Mock::scripted(name, script))
}

/// The answer of `first`, where each of `others` may have to agree.
fn agreed(problem: &Arc<Problem>, first: &str, others: &[&str]) -> Answer {
    let mut lineup = Lineup::of(vec![Lane::new(mock("a", first), 1)]);
    let others: Vec<_> = ["b", "c"].iter().zip(others).map(|(name, script)| mock(name, script)).collect();
    let trust = ask_for_agreement(&mut lineup, &others, TrustPolicy::default());
    let options = Options { threads: Some(2), time_limit: Some(Duration::from_secs(20)), ..Options::default() };
    let (start, stop) = (Start::default(), StopToken::new());
    race::run(
        problem,
        RaceSpec { lineup, options, start, trust, sharing: Sharing::default(), observer: &Unobserved, stop },
    )
}

#[test]
fn nothing_is_believed_on_one_solvers_word() {
    let p = problem(11.0, -INF);
    let answer = agreed(&p, "honest", &["honest"]);
    assert_eq!(answer.reason(), Reason::Optimal, "{answer:#?}");
    assert_eq!(answer.evidence().agreed_by, ["a", "b"]);
    // The second begins with the best point of the first.
    let answer = agreed(&p, "honest", &["best"]);
    assert_eq!((answer.reason(), answer.objective()), (Reason::Optimal, Some(13.0)), "{answer:#?}");
    // Nobody to agree, nobody who does, and one who says otherwise.
    for others in [&[][..], &["limit"], &["lie-infeasible"]] {
        let answer = agreed(&p, "honest", others);
        assert_eq!((answer.reason(), answer.objective()), (Reason::Feasible, Some(13.0)), "{others:?}: {answer:#?}");
    }
    // A lie is refuted by a point, and what is left is one solver's word again; a third one makes two.
    for lie in ["lie-optimal", "lie-infeasible", "lie-bound"] {
        assert_eq!(agreed(&p, lie, &["honest"]).reason(), Reason::Feasible, "{lie}");
        let answer = agreed(&p, lie, &["honest", "honest"]);
        assert_eq!((answer.reason(), answer.objective()), (Reason::Optimal, Some(13.0)), "{lie}: {answer:#?}");
        assert_eq!(answer.evidence().agreed_by, ["b", "c"], "{lie}");
    }
}

/// The relaxation of a problem that a mock has answered, solved by an interior point.
fn relaxed(problem: &Arc<Problem>, script: &str) -> Answer {
    let clarabel: Arc<dyn Backend> = Arc::new(Clarabel);
    let lanes = [Lane::new(mock("a", script), 1), Lane::new(clarabel, 1)];
    let lineup = Lineup::of(lanes[..1].to_vec());
    let (start, stop, trust) = (Start::default(), StopToken::new(), TrustPolicy::default());
    let options = Options { time_limit: Some(Duration::from_secs(20)), ..Options::default() };
    let raced = reserve(problem, &options);
    let (sharing, observer) = (Sharing::default(), &Unobserved);
    let spec = RaceSpec { lineup, options: raced, start, trust, sharing, observer, stop: stop.clone() };
    relax(problem, race::run(problem, spec), &lanes, &options, &stop)
}

#[test]
fn the_relaxation_bounds_what_is_claimed() {
    let p = problem(9.0, -INF);
    let answer = relaxed(&p, "honest");
    let (best, proven) = (answer.objective().unwrap(), answer.evidence().certified_bound.unwrap());
    assert_eq!((answer.reason(), answer.evidence().level), (Reason::Optimal, EvidenceLevel::Checked));
    assert!(proven > best + 0.1 && proven < best + 2.0, "{proven} for {best}");
    assert_eq!(answer.bound(), Some(best), "what is claimed stays as it was");
    assert!(answer.certified_gap().unwrap() > 0.01);
    // Somebody else can verify both.
    let found = audit(&p, &evidence_file(&p, &answer), &Tolerances::default()).unwrap();
    assert_eq!((found.level, found.proven_bound), (EvidenceLevel::Checked, Some(proven)));
}

#[test]
fn a_relaxation_that_is_tight_certifies() {
    let p = problem(11.0, -INF);
    let answer = relaxed(&p, "honest");
    assert_eq!(answer.evidence().level, EvidenceLevel::Certified, "{answer:#?}");
    let found = audit(&p, &evidence_file(&p, &answer), &Tolerances::default()).unwrap();
    assert_eq!(found.level, EvidenceLevel::Certified);
    // A point that is not the best one stays what it was, with a bound.
    let answer = relaxed(&p, "incumbent 1 0 0; limit");
    assert_eq!((answer.reason(), answer.objective()), (Reason::Feasible, Some(5.0)), "{answer:#?}");
    assert!((answer.bound().unwrap() - 13.0).abs() < 1e-3, "{answer:#?}");
}

#[test]
fn an_empty_relaxation_proves_infeasibility() {
    let p = problem(3.0, 7.5);
    let answer = relaxed(&p, "honest");
    assert_eq!(
        (answer.reason(), answer.evidence().level),
        (Reason::Infeasible, EvidenceLevel::Certified),
        "{answer:#?}"
    );
    let found = audit(&p, &evidence_file(&p, &answer), &Tolerances::default()).unwrap();
    assert_eq!(found.level, EvidenceLevel::Certified);
    // A lie about a problem that has points is not made true.
    let answer = relaxed(&problem(11.0, -INF), "lie-infeasible");
    assert_eq!(answer.evidence().level, EvidenceLevel::Claimed, "{answer:#?}");
}
