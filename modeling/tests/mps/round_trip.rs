//! What is written reads back the same, free and fixed, for any problem that MPS can hold.

use farkas_modeling::formats::mps::{self, Layout};
use farkas_modeling::problem::{Product, QuadraticRow};
use farkas_modeling::{ColumnKind, Problem, ProblemData, Sense};
use proptest::prelude::*;

use crate::any_problem::{number, problem};

const INF: f64 = f64::INFINITY;

fn write(problem: &Problem, layout: Layout) -> (String, mps::Written) {
    let mut out = Vec::new();
    let written = mps::write(problem, layout, &mut out).expect("a vector takes everything");
    (String::from_utf8(out).expect("MPS is text"), written)
}

fn read(text: &str) -> Problem {
    mps::read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}\n{error}")).value
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_problem_in_free_format(problem in problem()) {
        let (text, written) = write(&problem, Layout::Free);
        prop_assert_eq!(written, mps::Written::default());
        prop_assert_eq!(&read(&text), &problem, "{}", text);
    }

    #[test]
    fn any_problem_in_fixed_format(problem in problem()) {
        let (text, written) = write(&problem, Layout::Fixed);
        prop_assert_eq!(written, mps::Written::default());
        prop_assert_eq!(&read(&text), &problem, "{}", text);
    }

    #[test]
    fn ranges_are_off_by_a_bit_at_most(lower in number(), width in number()) {
        let upper = lower + width.abs();
        let problem = Problem::new(ProblemData {
            row_lower: vec![lower], row_upper: vec![upper], ..ProblemData::default()
        }).expect("it has no defects");
        let (text, written) = write(&problem, Layout::Free);
        let back = read(&text);
        let off = |a: f64, b: f64| (a - b).abs() <= 2.0 * f64::EPSILON * a.abs().max(lower.abs().max(upper.abs()));
        prop_assert!(off(lower, back.row_lower()[0]) && off(upper, back.row_upper()[0]), "{}", text);
        let exact = back.row_lower() == [lower] && back.row_upper() == [upper];
        prop_assert_eq!(exact, written.rounded_ranges == 0, "{}", text);
    }
}

#[test]
fn products_too_small_to_be_halved() {
    for value in [3.312_124_706_833_539_6e-308, -f64::from_bits(1), f64::from_bits(3), f64::MIN_POSITIVE] {
        let problem = Problem::new(ProblemData {
            cost: vec![0.0; 2],
            lower: vec![0.0; 2],
            upper: vec![1.0; 2],
            row_lower: vec![-INF],
            row_upper: vec![1.0],
            starts: vec![0; 3],
            quadratic_rows: vec![QuadraticRow { row: 0, products: vec![Product::new(0, 1, value)] }],
            ..ProblemData::default()
        })
        .expect("it has no defects");
        let (text, _) = write(&problem, Layout::Free);
        assert_eq!(read(&text).quadratic_rows(), problem.quadratic_rows(), "{text}");
    }
}

#[test]
fn what_is_written() {
    let problem = Problem::new(ProblemData {
        name: "small".into(),
        sense: Sense::Maximize,
        offset: 2.5,
        cost: vec![1.0, 0.0, 0.1],
        lower: vec![0.0, 0.0, -INF],
        upper: vec![INF, 1.0, 4.0],
        kinds: vec![ColumnKind::Continuous, ColumnKind::Integer, ColumnKind::Continuous],
        row_lower: vec![-INF, 1.0],
        row_upper: vec![12.0, 4.0],
        starts: vec![0, 2, 3, 3],
        indices: vec![0, 1, 1],
        values: vec![2.0, -1e-7, 1.0 / 3.0],
        ..ProblemData::default()
    })
    .unwrap();
    assert_eq!(
        write(&problem, Layout::Free).0,
        "NAME          small\nOBJSENSE\n    MAX\nROWS\n N OBJ\n L R1\n L R2\nCOLUMNS\n C1 OBJ 1 R1 2\n C1 R2 -1e-7\n \
         M1 'MARKER' 'INTORG'\n C2 R2 0.3333333333333333\n M2 'MARKER' 'INTEND'\n C3 OBJ 0.1\nRHS\n RHS OBJ -2.5\n \
         RHS R1 12\n RHS R2 4\nRANGES\n RNG R2 3\nBOUNDS\n BV BND C2\n MI BND C3\n UP BND C3 4\nENDATA\n"
    );
    assert_eq!(
        write(&problem, Layout::Fixed).0,
        "\
NAME          small
OBJSENSE
    MAX
ROWS
 N  OBJ
 L  R1
 L  R2
COLUMNS
    C1        OBJ                  1   R1                   2
    C1        R2               -1e-7
    M1        'MARKER'                 'INTORG'
    C2        R2        0.3333333333333333
    M2        'MARKER'                 'INTEND'
    C3        OBJ                0.1
RHS
    RHS       OBJ               -2.5
    RHS       R1                  12
    RHS       R2                   4
RANGES
    RNG       R2                   3
BOUNDS
 BV BND       C2
 MI BND       C3
 UP BND       C3                   4
ENDATA
"
    );
}

#[test]
fn names_that_mps_cannot_hold_are_replaced() {
    let names = ["C2", "two words", "$cost", "", "*", "'MARKER'", "fine", "much_too_long_for_fixed"];
    let problem = Problem::new(ProblemData {
        objective_name: Some("R1".into()),
        cost: vec![1.0; names.len()],
        lower: vec![0.0; names.len()],
        upper: vec![INF; names.len()],
        row_lower: vec![0.0],
        row_upper: vec![INF],
        starts: vec![0; names.len() + 1],
        column_names: Some(names.iter().collect()),
        ..ProblemData::default()
    })
    .unwrap();
    let (text, written) = write(&problem, Layout::Free);
    let found = read(&text);
    let column_names: Vec<_> = found.column_names().iter().map(std::borrow::Cow::into_owned).collect();
    // The second name would be C2, which another column has.
    assert_eq!(column_names, ["C2", "C10", "C3", "C4", "C5", "C6", "fine", "much_too_long_for_fixed"]);
    assert_eq!((written.renamed, found.objective_name()), (6, Some("OBJ")));
    let (text, written) = write(&problem, Layout::Fixed);
    assert_eq!((written.renamed, read(&text).column_names().get(7).into_owned()), (7, "C8".to_owned()));
}

#[test]
fn crossed_sides_are_refused() {
    let problem =
        Problem::new(ProblemData { row_lower: vec![2.0], row_upper: vec![1.0], ..ProblemData::default() }).unwrap();
    let error = mps::write(&problem, Layout::Free, &mut Vec::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "MPS cannot hold row 'R1' with a lower side, 2, above its upper one, 1; write LP or JSON"
    );
}
