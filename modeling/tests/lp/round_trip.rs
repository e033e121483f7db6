//! What is written reads back the same, for any problem; and what LP cannot hold is told.

use farkas_modeling::formats::{WriteError, lp};
use farkas_modeling::problem::{Product, QuadraticRow, SpecialOrderedSet};
use farkas_modeling::{ColumnKind, Problem, ProblemData, Sense};
use proptest::prelude::*;

use crate::any_problem::problem;

const INF: f64 = f64::INFINITY;

fn write(problem: &Problem) -> (String, Vec<&'static str>) {
    let mut out = Vec::new();
    let warnings = lp::write(problem, &mut out).expect("a vector takes everything");
    (String::from_utf8(out).expect("LP is text"), warnings.into_iter().map(|w| w.code).collect())
}

fn read(text: &str) -> Problem {
    lp::read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}\n{error}")).value
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_problem_reads_back(problem in problem()) {
        let (text, lost) = write(&problem);
        prop_assert!(lost.is_empty());
        prop_assert_eq!(&read(&text), &problem, "{}", text);
        prop_assert!(text.lines().all(|line| line.len() < 500), "short enough for CPLEX:\n{}", text);
    }
}

fn small() -> ProblemData {
    ProblemData {
        name: "small".into(),
        sense: Sense::Maximize,
        offset: -2.5,
        cost: vec![1.0, 0.0, -0.1],
        lower: vec![0.0, 0.0, -INF],
        upper: vec![INF, 1.0, 4.0],
        kinds: vec![ColumnKind::Continuous, ColumnKind::Integer, ColumnKind::SemiInteger],
        row_lower: vec![-INF, 1.0, 3.0],
        row_upper: vec![12.0, 4.0, 3.0],
        starts: vec![0, 2, 3, 3],
        indices: vec![0, 1, 1],
        values: vec![2.0, -1e-7, 1.0 / 3.0],
        sets: vec![SpecialOrderedSet { name: "s".into(), order: 2, members: vec![(0, 1.0), (2, 2.5)] }],
        quadratic_objective: vec![Product::new(0, 0, -1.0), Product::new(0, 2, 0.75)],
        quadratic_rows: vec![QuadraticRow { row: 0, products: vec![Product::new(1, 1, 1.0)] }],
        ..ProblemData::default()
    }
}

#[test]
fn what_is_written() {
    let problem = Problem::new(small()).unwrap();
    let (text, lost) = write(&problem);
    assert_eq!(
        text,
        "\
\\Problem name: small
Maximize
 + C1 + 0 C2 - 0.1 C3 + [ - 2 C1 ^ 2 + 1.5 C1 * C3 ] / 2 - 2.5
Subject To
 R1: 2 C1 + [ C2 ^ 2 ] <= 12
 R2: 1 <= - 1e-7 C1 + 0.3333333333333333 C2 <= 4
 R3: 0 C1 = 3
Bounds
 -inf <= C3 <= 4
Binaries
 C2
Generals
 C3
Semi-Continuous
 C3
SOS
 s: S2:: C1:1 C3:2.5
End
"
    );
    assert!(lost.is_empty());
    // Numbered names come back as given ones, which say the same.
    assert_eq!(read(&text), problem);
}

#[test]
fn names_that_lp_cannot_hold_are_replaced() {
    let names = ["C2", "two words", "3x", "", "a+b", "st", "inf", "x[1,2]", "(p)", "end.", "free"];
    let n = names.len();
    let problem = Problem::new(ProblemData {
        objective_name: Some("the costs".into()),
        cost: vec![1.0; n],
        lower: vec![0.0; n],
        upper: vec![INF; n],
        row_lower: vec![0.0; 2],
        row_upper: vec![INF; 2],
        starts: vec![0; n + 1],
        column_names: Some(names.iter().collect()),
        row_names: Some(["end", "a:b"].iter().collect()),
        ..ProblemData::default()
    })
    .unwrap();
    let (text, lost) = write(&problem);
    assert_eq!(lost, ["lp-renamed-columns", "lp-renamed-rows", "lp-renamed-objective"]);
    let found = read(&text);
    let columns: Vec<_> = found.column_names().iter().map(std::borrow::Cow::into_owned).collect();
    // The second name would be C2, which another column has.
    assert_eq!(columns, ["C2", "C13", "C3", "C4", "C5", "C6", "C7", "x[1,2]", "C9", "end.", "C11"]);
    let rows: Vec<_> = found.row_names().iter().map(std::borrow::Cow::into_owned).collect();
    assert_eq!((rows, found.objective_name()), (vec!["end".to_owned(), "R2".to_owned()], Some("obj")));
}

#[test]
fn what_lp_cannot_hold_is_refused() {
    let told = |data: ProblemData| match lp::write(&Problem::new(data).unwrap(), &mut Vec::new()) {
        Err(error @ WriteError::CannotHold { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let rows = ProblemData { row_lower: vec![0.0], row_upper: vec![INF], ..ProblemData::default() };
    assert_eq!(told(rows), "LP cannot hold rows of a problem without columns; use MPS");
    let huge = ProblemData { quadratic_objective: vec![Product::new(0, 0, 1.5e308)], ..small() };
    assert_eq!(
        told(huge),
        "LP cannot hold the coefficient 1.5e308, of which LP writes the double,; scale the objective"
    );
}
