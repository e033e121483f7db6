//! What a person reads about a point.

use farkas_modeling::Tolerances;
use farkas_modeling::answer::{Duals, EvidenceLevel};
use farkas_modeling::check::{Stated, Verdict, report};

use crate::build::problem;

const PLAN: &str = "min 1 | 1 0..2, 2 0..9 int | 3 <= 1 1 <= inf; -inf <= 1 -1 <= 1";

#[test]
fn a_report_tells_what_is_wrong_by_name() {
    let p = problem(PLAN);
    let stated = Stated { objective: Some(5.0), duals: None };
    let told = report(&p, &[2.5, 0.25], &stated, &Tolerances::default()).expect("finite");
    assert_eq!((told.verdict, told.level, told.outside), (Verdict::Refuted, EvidenceLevel::Claimed, 4));
    let want = "\
verdict      refuted
evidence     claimed
objective    4 (stated: 5)
largest      1.25e0 in rows, 5e-1 in bounds, 2.5e-1 from integers, 0 sets, 0 indicators
violations   4 outside tolerance; the largest:
  row         'R2' by 1.25e0, OUTSIDE: activity 2.25, upper side 1
  bound       'C1' by 5e-1, OUTSIDE: value 2.5, upper bound 2
  integrality 'C2' by 2.5e-1, OUTSIDE: value 0.25
  row         'R1' by 2.5e-1, OUTSIDE: activity 2.75, lower side 3";
    assert_eq!(told.to_string(), want);
}

#[test]
fn verdicts() {
    let p = problem(PLAN);
    let tolerances = Tolerances::default();
    let duals = Some(Duals { rows: vec![2.0, 0.0], reduced_costs: vec![-1.0, 0.0] });
    for (point, objective, duals, verdict, level) in [
        ([2.0, 1.0], None, None, Verdict::Feasible, EvidenceLevel::Checked),
        ([2.0, 1.0], Some(5.0), None, Verdict::Feasible, EvidenceLevel::Checked),
        ([2.0, 1.0], Some(5.0), duals.clone(), Verdict::Feasible, EvidenceLevel::Certified),
        ([2.0, 2.0], Some(7.0), duals.clone(), Verdict::Feasible, EvidenceLevel::Checked),
        ([2.0, 1.0], Some(4.0), duals, Verdict::Refuted, EvidenceLevel::Claimed),
        ([2.0, 1.000_005], None, None, Verdict::Imprecise, EvidenceLevel::Claimed),
        ([2.0, 0.0], None, None, Verdict::Refuted, EvidenceLevel::Claimed),
    ] {
        let told = report(&p, &point, &Stated { objective, duals }, &tolerances).expect("finite");
        assert_eq!((told.verdict, told.level), (verdict, level), "{point:?}, stated {objective:?}");
    }
    assert!(report(&p, &[1.0], &Stated::default(), &tolerances).is_err());
    let clean = report(&p, &[2.0, 1.0], &Stated::default(), &tolerances).expect("finite");
    assert!(clean.to_string().ends_with("violations   none, exactly"));
}

#[test]
fn at_most_ten_are_told() {
    let columns = vec!["1 0..1"; 30].join(", ");
    let p = problem(&format!("min 0 | {columns}"));
    let values: Vec<f64> = (0..30).map(|k| 2.0 + f64::from(k)).collect();
    let told = report(&p, &values, &Stated::default(), &Tolerances::default()).expect("finite");
    assert_eq!((told.outside, told.worst.len()), (30, 10));
    assert_eq!((told.worst[0].name.as_str(), told.worst[9].name.as_str()), ("C30", "C21"));
}
