//! Round trips between formats: a problem that goes from one into another and back is the same problem.

#[path = "support/any_problem.rs"]
mod any_problem;

use farkas_modeling::Problem;
use farkas_modeling::formats::{Format, json, read_problem, write_problem};
use proptest::prelude::*;

use any_problem::problem;

fn through(problem: &Problem, format: Format) -> Problem {
    let mut out = Vec::new();
    let lost = write_problem(problem, format, &mut out).expect("all formats hold it");
    assert_eq!(lost, [], "nothing is lost");
    let read = read_problem(&out, Some(format.media_type()));
    read.unwrap_or_else(|error| panic!("{format:?}: {error}\n{}", String::from_utf8_lossy(&out))).value
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_between_formats(problem in problem()) {
        for format in [Format::Json, Format::Lp, Format::Mps] {
            prop_assert_eq!(&through(&problem, format), &problem, "{:?}", format);
        }
        let around = through(&through(&through(&problem, Format::Lp), Format::Mps), Format::Json);
        prop_assert_eq!(&around, &problem);
        // MathOptFormat has no words for some things; what it does not refuse or tell of, it keeps.
        let mut out = Vec::new();
        if matches!(write_problem(&problem, Format::MathOptFormat, &mut out), Ok(lost) if lost.is_empty()) {
            prop_assert_eq!(&through(&problem, Format::MathOptFormat), &problem);
        }
        let mut readable = Vec::new();
        json::write_readable(&problem, &mut readable).expect("a vector takes everything");
        let back = read_problem(&readable, Some("a.json")).map_err(|e| TestCaseError::fail(e.to_string()))?.value;
        prop_assert_eq!(back.quadratic_objective(), problem.quadratic_objective());
        prop_assert_eq!(back.quadratic_rows(), problem.quadratic_rows());
    }
}
