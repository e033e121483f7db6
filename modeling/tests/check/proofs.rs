//! Proofs from multipliers and rays: tight where they can be, and never more than enumeration allows, whatever
//! multipliers a solver hands over.

use farkas_modeling::answer::{Ray, Reason};
use farkas_modeling::check::{Finding, Findings, Standing, examine, trivially_infeasible};
use farkas_modeling::problem::Sense;
use farkas_modeling::{Claim, ColumnKind, Problem, Tolerances};
use proptest::prelude::*;

use crate::build::{INF, Small, claim, problem, source, with_duals, with_ray};
use crate::points::{any_problem, feasible, objective};

fn look(problem: &Problem, claim: &Claim) -> Findings {
    examine(problem, &source("mock", 0), claim, &Tolerances::default())
}

fn certified_bound(findings: &Findings) -> Option<f64> {
    findings.list.iter().find_map(|finding| match finding {
        Finding::Bound { value, standing: Standing::Certified(_) } => Some(*value),
        _ => None,
    })
}

fn certified_infeasible(findings: &Findings) -> Option<String> {
    findings.list.iter().find_map(|finding| match finding {
        Finding::Infeasible(Standing::Certified(how)) => Some(how.how.clone()),
        _ => None,
    })
}

#[test]
fn multipliers_prove_bounds() {
    let cases: &[(&str, &[f64], Option<f64>)] = &[
        // at least, at most, equal, ranged; the sign of a multiplier is that of d objective / d right-hand side
        ("min 0 | 1 0..2, 2 0..inf | 3 <= 1 1 <= inf", &[2.0], Some(4.0)),
        ("min 10 | 1 0..2, 2 0..inf | 3 <= 1 1 <= inf", &[2.0], Some(14.0)),
        ("max 0 | -1 0..2, -2 0..inf | 3 <= 1 1 <= inf", &[-2.0], Some(-4.0)),
        ("max 1 | 3 0..inf, 2 0..inf | -inf <= 1 1 <= 4; -inf <= 1 3 <= 6", &[3.0, 0.0], Some(13.0)),
        ("min -1 | -3 0..inf, -2 0..inf | -inf <= 1 1 <= 4; -inf <= 1 3 <= 6", &[-3.0, 0.0], Some(-13.0)),
        ("min 0 | 1 -inf..inf, 1 -inf..inf | 3 <= 1 1 <= 3", &[1.0], Some(3.0)),
        ("min 0 | 1 -inf..inf | 2 <= 1 <= 5", &[1.0], Some(2.0)),
        ("max 0 | 1 -inf..inf | 2 <= 1 <= 5", &[1.0], Some(5.0)),
        // no multipliers: the bounds alone
        ("min 0 | 1 -2..5, -1 0..3", &[], Some(-5.0)),
        ("max 0 | 1 -2..5, -1 0..3", &[], Some(5.0)),
        ("min 7", &[], Some(7.0)),
        // integers are left out: the relaxation's bound
        ("max 0 | 1 0..9 int | -inf <= 2 <= 3", &[0.5], Some(1.5)),
        // a semicontinuous column may be zero
        ("min 0 | 1 2..5 semi", &[], Some(0.0)),
        ("max 0 | -1 2..5 semi", &[], Some(0.0)),
        // multipliers that lean on a side that is not there are dropped
        ("min 0 | 1 0..2 | -inf <= 1 <= 1", &[0.25], Some(0.0)),
        // almost zero reduced costs of unbounded columns: other rows bound them
        ("min 0 | 1 -inf..inf | 1 <= 1 <= inf", &[0.999_999_999], Some(1.0)),
        ("min 0 | 1 0..inf, 1 0..inf | 1 <= 1 1 <= 4", &[1.000_000_001], Some(1.0)),
        ("max 0 | 1 0..inf, 1 0..inf | 1 <= 1 1 <= 4; 0 <= 1 -1 <= 0", &[1.000_000_001, 1e-9], Some(4.0)),
        // nothing does, but the multipliers can move: min 3x + 5y + 7z with x + 3y ≥ 2, 2x + y + z ≥ 3
        (
            "min 0 | 3 0..inf, 5 0..inf, 7 0..inf | 2 <= 1 3 0 <= inf; 3 <= 2 1 1 <= inf",
            &[1.400_000_000_000_1, 0.8],
            Some(5.2),
        ),
        (
            "max 0 | 3 0..inf, 5 0..inf, -3 0..inf | -inf <= 1 3 -1 <= 2; -inf <= 2 1 -1 <= 3",
            &[1.399_999_999_999_9, 0.8],
            Some(5.2),
        ),
        // nothing helps
        ("min 0 | 1 -inf..inf, 0 -inf..inf | 0 <= 1 -1 <= 0", &[0.5], None),
        ("max 0 | 1 0..inf | 0 <= 1 <= inf", &[0.0], None),
    ];
    for (text, y, want) in cases {
        let p = problem(text);
        let findings = look(&p, &with_duals(claim(Reason::Optimal), &p, y));
        let got = certified_bound(&findings);
        match (got, want) {
            (Some(got), Some(want)) => assert!((got - want).abs() <= 1e-8, "{text}: {got} instead of {want}"),
            (got, want) => assert_eq!(got, *want, "{text}"),
        }
        if want.is_none() {
            assert!(findings.list.iter().any(|f| matches!(f, Finding::Unproven(_))), "{text}: nobody says why");
        }
    }
}

#[test]
fn a_switched_row_proves_nothing() {
    let small = Small {
        columns: vec![(1.0, 0.0, 9.0), (0.0, 0.0, 1.0)],
        kinds: vec![ColumnKind::Continuous, ColumnKind::Integer],
        rows: vec![(5.0, vec![1.0, 0.0], INF)],
        indicators: vec![(0, 1, true)],
        ..Small::default()
    };
    let p = small.freeze();
    let findings = look(&p, &with_duals(claim(Reason::Optimal), &p, &[1.0]));
    assert_eq!(certified_bound(&findings), Some(0.0));
    let findings = look(&p, &with_ray(claim(Reason::Infeasible), Ray::Farkas(vec![1.0])));
    assert_eq!(certified_infeasible(&findings), None);
}

#[test]
fn farkas_multipliers_prove_infeasibility() {
    let cases: &[(&str, &[f64], bool)] = &[
        ("min 0 | 1 0..inf, 1 0..inf | -inf <= 1 1 <= 1; 2 <= 1 1 <= inf", &[-1.0, 1.0], true),
        // the other sign is tried too
        ("min 0 | 1 0..inf, 1 0..inf | -inf <= 1 1 <= 1; 2 <= 1 1 <= inf", &[1.0, -1.0], true),
        ("max 0 | 1 0..inf, 1 0..inf | -inf <= 1 1 <= 1; 2 <= 1 1 <= inf", &[-1.0, 1.0], true),
        // by bounds of the columns
        ("min 0 | 1 0..1, 1 0..1 | 3 <= 1 1 <= inf", &[1.0], true),
        ("min 0 | 1 0..1, 1 0..1 | -inf <= -1 -1 <= -3", &[-1.0], true),
        // equations in free columns
        ("min 0 | 1 -inf..inf, 1 -inf..inf | 1 <= 1 1 <= 1; 3 <= 2 2 <= 3", &[-2.0, 1.0], true),
        // a tiny error on an unbounded column, which other rows bound
        ("min 0 | 1 0..inf, 1 0..inf | -inf <= 1 1 <= 1; 2 <= 1 1 <= inf", &[-1.0, 1.000_000_000_1], true),
        // feasible, or not shown
        ("min 0 | 1 0..inf, 1 0..inf | -inf <= 1 1 <= 2; 2 <= 1 1 <= inf", &[-1.0, 1.0], false),
        ("min 0 | 1 0..inf, 1 0..inf | -inf <= 1 1 <= 2; 2 <= 1 1 <= inf", &[0.0, 0.0], false),
    ];
    for (text, y, want) in cases {
        let p = problem(text);
        // Undecided claims are proven too when their ray does it.
        let findings = look(&p, &with_ray(claim(Reason::Infeasible), Ray::Farkas(y.to_vec())));
        assert_eq!(certified_infeasible(&findings).is_some(), *want, "{text} with {y:?}");
    }
}

#[test]
fn some_infeasibility_is_plain_to_see() {
    let cases: &[(&str, Option<&str>)] = &[
        ("min 0 | 1 2..1", Some("variable 'C1' has a lower bound of 2 above its upper bound of 1")),
        ("min 0 | 1 0.2..0.8 int", Some("integer variable 'C1' has no integer between 0.2 and 0.8")),
        ("min 0 | 1 0..9 | 3 <= 1 <= 2", Some("constraint 'R1' has a lower side of 3 above its upper side of 2")),
        ("min 0 | 1 0..9 | 1 <= 0 <= 2", Some("constraint 'R1' is empty, and its lower side is 1")),
        ("min 0 | 1 0..9 | -2 <= 0 <= -1", Some("constraint 'R1' is empty, and its upper side is -1")),
        (
            "min 0 | 1 0..1, 1 0..1 | 3 <= 1 1 <= inf",
            Some("constraint 'R1' is at most 2 within the bounds, and its lower side is 3"),
        ),
        (
            "min 0 | 1 0..1, 1 0..1 | -inf <= 1 -1 <= -2",
            Some("constraint 'R1' is at least -1 within the bounds, and its upper side is -2"),
        ),
        ("min 0 | 1 0..1, 1 0..inf | 3 <= 1 1 <= inf", None),
        ("min 0 | 1 0..1, 1 0..1 | 2 <= 1 1 <= inf", None),
        ("min 0 | 1 3..2 semi", None),
        ("min 0 | 1 2..3 semi | -inf <= 1 <= 1", None),
        ("min 0 | 1 1..0.9999999", None),
        ("min 0 | 1 0.9999999..0.99999995 int", None),
    ];
    for (text, want) in cases {
        let p = problem(text);
        assert_eq!(trivially_infeasible(&p).as_deref(), *want, "{text}");
        if want.is_some() {
            assert!(certified_infeasible(&look(&p, &claim(Reason::Infeasible))).is_some(), "{text}");
        }
    }
    // What takes more than one look, or is infeasible by less than the tolerances, is proven when a solver says so: 2 x = 1
    // in integers; two rows by the bounds that they imply; rows and bounds that miss each other by little.
    for text in [
        "min 0 | 1 0.1..0.1, 1 0.2..0.2 | -inf <= 1 1 <= 0.2999999",
        "min 0 | 1 1..0.9999999",
        "min 0 | 1 0..5 int, 1 0..5 | 1 <= 2 0 <= 1",
        "min 0 | 1 0..5, 1 0..inf | -inf <= 1 -1 <= -6; -inf <= 0 1 <= 5",
    ] {
        let p = problem(text);
        assert_eq!(trivially_infeasible(&p), None, "{text}");
        assert!(certified_infeasible(&look(&p, &claim(Reason::Infeasible))).is_some(), "{text}");
        assert!(certified_infeasible(&look(&p, &claim(Reason::InfeasibleOrUnbounded))).is_some(), "{text}");
    }
}

#[test]
fn rays_prove_unboundedness() {
    let cases: &[(&str, &[f64], bool)] = &[
        ("min 0 | -1 0..inf", &[1.0], true),
        ("max 0 | 1 0..inf", &[1.0], true),
        ("max 0 | 1 0..inf", &[-1.0], false),
        ("min 0 | 1 -inf..inf", &[-2.0], true),
        ("min 0 | -1 0..inf, -1 0..inf | 0 <= 1 -1 <= 0", &[1.0, 1.0], true),
        ("min 0 | -1 0..inf, -1 0..inf | 0 <= 1 -1 <= 0", &[1.0, 0.999_999_999_9], true),
        ("min 0 | -1 0..inf, -1 0..inf | 0 <= 3 -1 <= 0", &[0.333_333_333_333, 1.0], true),
        ("min 0 | -1 0..inf, -1 0..inf | 0 <= 1 -1 <= 0", &[1.0, 2.0], false),
        ("min 0 | -1 0..inf, 0 0..1 | -inf <= 1 1e9 <= inf", &[1.0, 1e-12], true),
        ("min 0 | -1 0..9", &[1.0], false),
        ("min 0 | 0 0..inf", &[1.0], false),
        ("min 0 | -1 0..inf", &[0.0], false),
        ("min 0 | -1 0..inf int, -1 0..inf | 0 <= 3 -1 <= 0", &[1.0, 3.0], true),
        ("min 0 | -1 2..inf semi", &[1.0], true),
    ];
    for (text, ray, want) in cases {
        let p = problem(text);
        let findings = look(&p, &with_ray(claim(Reason::Unbounded), Ray::Primal(ray.to_vec())));
        let proven = |f: &Finding| matches!(f, Finding::Unbounded(Standing::Certified(_)));
        assert_eq!(findings.list.iter().any(proven), *want, "{text} along {ray:?}");
        assert!(findings.list.iter().any(|f| matches!(f, Finding::Unbounded(_))), "the claim itself is kept");
        assert!(findings.list.iter().any(|f| matches!(f, Finding::Point(_))), "{text}: zero is feasible");
    }
    let small =
        Small { columns: vec![(-1.0, 0.0, INF), (0.0, 0.0, 1.0)], sets: vec![(1, vec![0, 1])], ..Small::default() };
    let p = small.freeze();
    let findings = look(&p, &with_ray(claim(Reason::Unbounded), Ray::Primal(vec![1.0, 0.0])));
    assert!(findings.list.iter().any(|f| matches!(f, Finding::Unbounded(Standing::Claimed))));
}

#[test]
fn what_does_not_fit_is_left_out() {
    let p = problem("min 0 | 1 0..9 | 3 <= 1 <= inf");
    let mut odd = with_duals(claim(Reason::Optimal), &p, &[1.0]);
    odd.bound = Some(f64::NAN);
    for rows in [vec![], vec![1.0, 2.0], vec![f64::NAN], vec![INF]] {
        odd.duals.as_mut().expect("given above").rows = rows;
        let findings = look(&p, &odd);
        assert!(findings.list.is_empty(), "{findings:?}");
    }
    for ray in [Ray::Farkas(vec![]), Ray::Farkas(vec![f64::NAN]), Ray::Primal(vec![INF]), Ray::Primal(vec![1.0, 1.0])] {
        let findings = look(&p, &with_ray(claim(Reason::NumericalError), ray));
        assert!(findings.list.is_empty(), "{findings:?}");
    }
}

/// All integer points of the box in which `any_problem` has its finite bounds, and some beyond.
fn grid(n: usize) -> Vec<Vec<i64>> {
    (0..n).fold(vec![vec![]], |points, _| {
        points.iter().flat_map(|p| (-5..=8).map(move |v| p.iter().copied().chain([v]).collect())).collect()
    })
}

fn multiplier() -> impl Strategy<Value = f64> {
    prop_oneof![
        2 => (-4_i32..=4).prop_map(f64::from),
        2 => -3.0..3.0,
        1 => (-1e-9)..1e-9,
        1 => any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |x| x.is_finite()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn no_multipliers_prove_more_than_is_true(small in any_problem(), y in prop::collection::vec(multiplier(), 4)) {
        let p = small.freeze();
        let y = &y[..p.num_rows()];
        let claims = [
            with_duals(claim(Reason::Optimal), &p, y),
            with_ray(claim(Reason::Infeasible), Ray::Farkas(y.to_vec())),
        ];
        let [bound, empty] = claims.map(|claim| look(&p, &claim));
        let (bound, empty) = (certified_bound(&bound), certified_infeasible(&empty));
        for point in grid(p.num_columns()) {
            if feasible(&small, &point) {
                prop_assert_eq!(&empty, &None, "but {:?} is feasible", point);
                let value = objective(&small, &point) as f64;
                prop_assert!(bound.is_none_or(|bound| !p.sense().better(value, bound)), "{:?} beats {:?}", point, bound);
            }
        }
    }

    #[test]
    fn optimal_multipliers_prove_the_optimum(small in plane()) {
        let p = small.freeze();
        if let Some((value, y)) = solve_plane(&small) {
            let findings = look(&p, &with_duals(claim(Reason::Optimal), &p, &y));
            let bound = certified_bound(&findings).expect("all columns are bounded");
            prop_assert!(!p.sense().better(value, bound) || (value - bound).abs() < 1e-12, "{} beyond {}", bound, value);
            prop_assert!((bound - value).abs() <= 1e-9, "{} for {}", bound, value);
        }
    }

    #[test]
    fn rays_of_bounded_problems_are_refused(small in any_problem(), ray in prop::collection::vec(multiplier(), 3)) {
        let mut small = small;
        for column in &mut small.columns {
            (column.1, column.2) = (column.1.max(-50.0), column.2.min(50.0));
        }
        let p = small.freeze();
        let findings = look(&p, &with_ray(claim(Reason::Unbounded), Ray::Primal(ray[..p.num_columns()].to_vec())));
        let proven = |f: &Finding| matches!(f, Finding::Unbounded(Standing::Certified(_)));
        prop_assert!(!findings.list.iter().any(proven));
    }
}

/// An LP in the plane, with a box.
fn plane() -> impl Strategy<Value = Small> {
    let column =
        (-5_i32..=5, -4_i32..=0, 1_i32..=5).prop_map(|(c, l, w)| (f64::from(c), f64::from(l), f64::from(l + w)));
    let row = (-7_i32..=7, -3_i32..=3, -3_i32..=3, 0..3).prop_map(|(side, a, b, kind)| {
        let (side, row) = (f64::from(side), vec![f64::from(a), f64::from(b)]);
        match kind {
            0 => (-INF, row, side),
            1 => (side, row, INF),
            _ => (side, row, side + 2.0),
        }
    });
    (prop::collection::vec(column, 2), prop::collection::vec(row, 0..=4), any::<bool>()).prop_map(
        |(columns, rows, max)| Small {
            sense: if max { Sense::Maximize } else { Sense::Minimize },
            columns,
            rows,
            ..Small::default()
        },
    )
}

/// A line a·x = b, where it comes from (row or none), and the side of it that is allowed: +1 for ≥.
struct Line {
    a: [f64; 2],
    b: f64,
    row: Option<usize>,
    side: f64,
}

/// Optimum and multipliers by trying every pair of lines: at an optimal vertex the cost is a combination of the two
/// normals with the right signs. All numbers are small integers, so that floating point decides rightly.
fn solve_plane(small: &Small) -> Option<(f64, Vec<f64>)> {
    let mut lines = Vec::new();
    let mut add = |a: [f64; 2], low: f64, high: f64, row: Option<usize>| {
        for (b, side) in [(low, 1.0), (high, -1.0)] {
            if b.is_finite() {
                lines.push(Line { a, b, row, side });
            }
        }
    };
    add([1.0, 0.0], small.columns[0].1, small.columns[0].2, None);
    add([0.0, 1.0], small.columns[1].1, small.columns[1].2, None);
    for (i, (low, row, high)) in small.rows.iter().enumerate() {
        add([row[0], row[1]], *low, *high, Some(i));
    }
    let sign = small.sense.sign();
    let c = [sign * small.columns[0].0, sign * small.columns[1].0];
    for (k, p) in lines.iter().enumerate() {
        for q in &lines[..k] {
            let det = p.a[0] * q.a[1] - p.a[1] * q.a[0];
            if det == 0.0 {
                continue;
            }
            let x = [(p.b * q.a[1] - q.b * p.a[1]) / det, (p.a[0] * q.b - q.a[0] * p.b) / det];
            let inside = lines.iter().all(|l| l.side * (l.a[0] * x[0] + l.a[1] * x[1] - l.b) >= -1e-9);
            let y = [(c[0] * q.a[1] - c[1] * q.a[0]) / det, (c[1] * p.a[0] - c[0] * p.a[1]) / det];
            if inside && y[0] * p.side >= -1e-12 && y[1] * q.side >= -1e-12 {
                let mut rows = vec![0.0; small.rows.len()];
                for (line, y) in [(p, y[0]), (q, y[1])] {
                    if let Some(i) = line.row {
                        rows[i] += sign * y;
                    }
                }
                return Some((small.columns[0].0 * x[0] + small.columns[1].0 * x[1], rows));
            }
        }
    }
    None
}
