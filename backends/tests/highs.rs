//! HiGHS alone: what it must refuse, what it must not print, and what happens when a listener panics.
#![cfg(feature = "highs")]

use std::process::Command;
use std::sync::Arc;

use farkas_backends::contract::{Backend, BackendError, Control, Event, Fit, Quiet, SessionError, Start, StopToken};
use farkas_backends::options::{LpMethod, Options, Presolve};
use farkas_backends::solvers::highs::Highs;
use farkas_modeling::{ColumnKind, Problem, ProblemData, Reason};

/// minimise Σ x  subject to  each two neighbours ≥ their position,  0 ≤ x ≤ 1e4, with the given kind.
fn chain(length: usize, kind: ColumnKind) -> ProblemData {
    let mut data = ProblemData {
        cost: vec![1.0; length],
        lower: vec![0.0; length],
        upper: vec![1e4; length],
        kinds: vec![kind; length],
        row_lower: (1..length).map(|j| j as f64).collect(),
        row_upper: vec![f64::INFINITY; length - 1],
        starts: vec![0],
        ..ProblemData::default()
    };
    for j in 0..length {
        let rows = [j.checked_sub(1), (j + 1 < length).then_some(j)];
        data.indices.extend(rows.into_iter().flatten().map(|i| i as u32));
        data.starts.push(data.indices.len() as u32);
    }
    data.values = vec![1.0; data.indices.len()];
    data
}

fn freeze(data: ProblemData) -> Arc<Problem> {
    Arc::new(Problem::new(data).expect("a sound problem"))
}

#[test]
fn numbers_that_mean_something_else_to_highs_are_refused() {
    type Change = fn(&mut ProblemData);
    let rows: [(&str, Change); 5] = [
        ("coefficients", |d| d.values[0] = -1e15),
        ("costs", |d| d.cost[1] = 1e20),
        ("semicontinuous", |d| (d.kinds[0], d.lower[0], d.upper[0]) = (ColumnKind::SemiContinuous, -1.0, 5.0)),
        ("semicontinuous", |d| (d.kinds[0], d.lower[0], d.upper[0]) = (ColumnKind::SemiContinuous, 1.0, f64::INFINITY)),
        ("semicontinuous", |d| (d.kinds[0], d.lower[0], d.upper[0]) = (ColumnKind::SemiInteger, 1.0, 2e5)),
    ];
    for (word, change) in rows {
        let mut data = chain(4, ColumnKind::Continuous);
        change(&mut data);
        let problem = freeze(data);
        match Highs::new().fits(&problem) {
            Fit::Refuses { why } => assert!(why.contains(word), "{word}: {why}"),
            other => panic!("{word}: {other:?}"),
        }
        assert!(matches!(Highs::new().open(problem), Err(BackendError::Unsupported(_))));
    }
}

#[test]
fn native_options_pass_through_unless_they_would_do_harm() {
    let problem = freeze(chain(10, ColumnKind::Integer));
    let mut session = Highs::new().open(problem).expect("it opens");
    let mut ask = |name: &str, value: &str| {
        let native = [(name.to_owned(), value.to_owned())].into();
        session.solve(&Options { native, ..Options::default() }, &Start::default(), &Quiet, &StopToken::new())
    };
    for (name, value) in [
        ("mip_heuristic_effort", "0.2"),
        ("simplex_strategy", "4"),
        ("mip_detect_symmetry", "off"),
        ("presolve", "on"),
        ("time_limit_is_ours", ""),
    ] {
        match ask(name, value) {
            Ok(claim) => assert_eq!(claim.termination.reason(), Reason::Optimal, "{name}"),
            Err(SessionError::Refused(why)) => {
                assert!(name == "time_limit_is_ours" && why.contains("mip_rel_gap"), "{why}");
            }
            Err(e) => panic!("{name}: {e}"),
        }
    }
    for (name, value, says) in [
        ("time_limit", "1", "`time_limit`"),
        ("threads", "2", "`threads`"),
        ("log_file", "/dev/null", "no files"),
        ("write_model_file", "/dev/null", "no files"),
        ("solution_file", "/dev/null", "no files"),
        ("output_flag", "false", "log"),
        ("solve_relaxation", "true", "another problem"),
        ("simplex_strategy", "99", "out of its range"),
        ("simplex_strategy", "primal", "whole number"),
        ("mip_rel_gap", "small", "a number"),
        ("mip_detect_symmetry", "perhaps", "true or false"),
    ] {
        match ask(name, value) {
            Err(SessionError::Refused(why)) => assert!(why.contains(says), "{name}: {why}"),
            other => panic!("{name} = {value}: {other:?}"),
        }
    }
    // Nothing of it is left.
    let claim = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new()).expect("still whole");
    assert_eq!(claim.termination.reason(), Reason::Optimal);
}

/// Panics at the first event of its kind.
struct Careless(fn(&Event<'_>) -> bool);

impl Control for Careless {
    fn report(&self, event: Event<'_>) {
        assert!(!self.0(&event), "a careless listener");
    }
}

#[test]
fn a_panic_of_a_listener_does_not_cross_into_highs() {
    let kinds: [fn(&Event<'_>) -> bool; 3] = [
        |event| matches!(event, Event::Log(_)),
        |event| matches!(event, Event::Incumbent { .. }),
        |event| matches!(event, Event::Bound(_)),
    ];
    for kind in kinds {
        let mut session = Highs::new().open(freeze(chain(40, ColumnKind::Integer))).expect("it opens");
        for _ in 0..2 {
            match session.solve(&Options::default(), &Start::default(), &Careless(kind), &StopToken::new()) {
                Err(SessionError::Broken(why)) => assert!(why.contains("a careless listener"), "{why}"),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Solves by every method; a child process of the test below, which reads what it prints.
#[test]
fn solve_by_every_method() {
    let infeasible = {
        let mut data = chain(50, ColumnKind::Continuous);
        data.row_upper[10] = 2.0;
        data.row_lower[10] = 1e6;
        data
    };
    let unbounded = {
        let mut data = chain(50, ColumnKind::Continuous);
        data.cost = vec![-1.0; 50];
        data.upper = vec![f64::INFINITY; 50];
        data
    };
    let rows = [
        (chain(50, ColumnKind::Continuous), Reason::Optimal),
        (chain(50, ColumnKind::Integer), Reason::Optimal),
        (chain(50, ColumnKind::SemiContinuous), Reason::Optimal),
        (infeasible, Reason::Infeasible),
        (unbounded, Reason::Unbounded),
    ];
    for (data, reason) in rows {
        let problem = freeze(data);
        for method in [LpMethod::Auto, LpMethod::Simplex, LpMethod::Barrier, LpMethod::FirstOrder] {
            for presolve in [Presolve::On, Presolve::Off] {
                let options = Options { lp_method: method, presolve, threads: Some(2), ..Options::default() };
                let mut session = Highs::new().open(Arc::clone(&problem)).expect("it opens");
                let claim = session.solve(&options, &Start::default(), &Quiet, &StopToken::new()).expect("a claim");
                assert_eq!(claim.termination.reason(), reason, "{method:?}, {presolve:?}: {claim:?}");
            }
        }
    }
}

#[test]
fn nothing_is_printed() {
    let program = std::env::current_exe().expect("a test has a program");
    let child =
        Command::new(program).args(["--exact", "solve_by_every_method", "--nocapture", "--test-threads=1"]).output();
    let child = child.expect("the same program runs again");
    assert!(child.status.success(), "{child:?}");
    let text = String::from_utf8_lossy(&child.stdout).into_owned();
    let ours = |line: &&str| {
        let line = line.trim();
        !(line.is_empty() || line.starts_with("running ") || line.starts_with("test "))
    };
    let printed: Vec<&str> = text.lines().filter(ours).collect();
    assert!(printed.is_empty() && text.contains("1 passed"), "{printed:?}");
    assert!(child.stderr.is_empty(), "{}", String::from_utf8_lossy(&child.stderr));
}
