//! Products: measured exactly in the objective and in rows, and kept out of proofs that know only the linear part.

use farkas_modeling::answer::{EvidenceLevel, Ray};
use farkas_modeling::check::{TrustPolicy, check_point, conclude, examine};
use farkas_modeling::problem::{Product, QuadraticRow};
use farkas_modeling::{Claim, Problem, ProblemData, Reason, Source, Termination, Tolerances};

use crate::build::INF;

/// minimise x² + y² − x  subject to  x + y ≥ 1,  x·y ≤ 0.25,  x, y ≥ 0.
fn problem() -> Problem {
    Problem::new(ProblemData {
        cost: vec![-1.0, 0.0],
        lower: vec![0.0; 2],
        upper: vec![INF; 2],
        row_lower: vec![1.0, -INF],
        row_upper: vec![INF, 0.25],
        starts: vec![0, 1, 2],
        indices: vec![0, 0],
        values: vec![1.0, 1.0],
        quadratic_objective: vec![Product::new(0, 0, 1.0), Product::new(1, 1, 1.0)],
        quadratic_rows: vec![QuadraticRow { row: 1, products: vec![Product::new(0, 1, 1.0)] }],
        ..ProblemData::default()
    })
    .unwrap()
}

fn source() -> Source {
    Source { backend: "mock".into(), version: "1".into(), lane: 0 }
}

#[test]
fn points_are_measured_with_their_products() {
    let tolerances = Tolerances::default();
    for (point, objective, miss) in
        [([0.75, 0.25], -0.125, 0.0), ([0.5, 0.5], 0.0, 0.0), ([1.0, 0.5], 0.25, 0.25), ([2.0, 3.0], 11.0, 5.75)]
    {
        let (value, row) = match check_point(&problem(), &point, &tolerances).unwrap() {
            Ok(point) => (point.objective(), point.violations().row),
            Err(measured) => (measured.objective(), measured.violations().row),
        };
        assert_eq!((value, row), (objective, miss), "{point:?}");
    }
}

#[test]
fn multipliers_and_rays_prove_nothing_about_products() {
    let (problem, tolerances) = (problem(), Tolerances::default());
    let mut claim = Claim::bare(Termination::new(Reason::Unbounded, ""));
    claim.ray = Some(Ray::Primal(vec![1.0, 0.0])); // improves the linear part without end
    claim.point = Some(vec![0.75, 0.25]);
    let answer = conclude(
        &problem,
        &[examine(&problem, &source(), &claim, &tolerances)],
        &tolerances,
        &TrustPolicy::default(),
        None,
    );
    assert_ne!(answer.evidence().level, EvidenceLevel::Certified);

    let mut claim = Claim::bare(Termination::new(Reason::Optimal, ""));
    (claim.objective, claim.bound, claim.point) = (Some(-0.125), Some(-0.125), Some(vec![0.75, 0.25]));
    claim.duals = Some(farkas_modeling::answer::Duals { rows: vec![0.5, 0.0], reduced_costs: vec![-1.5, -0.5] });
    let answer = conclude(
        &problem,
        &[examine(&problem, &source(), &claim, &tolerances)],
        &tolerances,
        &TrustPolicy::default(),
        None,
    );
    assert_eq!((answer.reason(), answer.evidence().level), (Reason::Optimal, EvidenceLevel::Checked));
}
