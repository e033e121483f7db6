//! Points: every kind of constraint by table, and random integer problems against a judge that counts in integers.

use farkas_modeling::check::{CheckedPoint, IMPRECISION, MeasuredPoint, PointError, check_point};
use farkas_modeling::{ColumnKind, Problem, Tolerances};
use proptest::prelude::*;

use crate::build::{INF, Small, problem};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Want {
    Within,
    Imprecise,
    Wrong,
}
use Want::{Imprecise, Within, Wrong};

fn check(problem: &Problem, values: &[f64]) -> Result<CheckedPoint, MeasuredPoint> {
    check_point(problem, values, &Tolerances::default()).expect("a point of finite numbers")
}

fn verdict(problem: &Problem, values: &[f64]) -> Want {
    match check(problem, values) {
        Ok(_) => Within,
        Err(measured) if measured.is_imprecise() => Imprecise,
        Err(_) => Wrong,
    }
}

#[test]
fn every_kind_of_constraint() {
    let cases: &[(&str, &[f64], Want)] = &[
        // rows: equal, at most, at least, ranged, free; the tolerance grows with the side
        ("min 0 | 1 0..9 | 3 <= 1 <= 3", &[3.0], Within),
        ("min 0 | 1 0..9 | 3 <= 1 <= 3", &[3.000_002], Within),
        ("min 0 | 1 0..9 | 3 <= 1 <= 3", &[3.000_004], Imprecise),
        ("min 0 | 1 0..9 | 3 <= 1 <= 3", &[3.004], Wrong),
        ("min 0 | 1 0..9 | -inf <= 1 <= 3", &[4.0], Wrong),
        ("min 0 | 1 0..9 | -inf <= 1 <= 3", &[-1e-7], Within),
        ("min 0 | 1 0..9 | 3 <= 1 <= inf", &[2.0], Wrong),
        ("min 0 | 1 0..9 | 3 <= 1 <= 4", &[3.5], Within),
        ("min 0 | 1 0..9 | 3 <= 1 <= 4", &[4.5], Wrong),
        ("min 0 | 1 0..9 | -inf <= 1 <= inf", &[5.0], Within),
        ("min 0 | 1 0..1e7 | 2e6 <= 1 <= inf", &[1_999_998.5], Within),
        ("min 0 | 1 0..1e7 | 2e6 <= 1 <= inf", &[1_999_997.0], Imprecise),
        ("min 0 | 1 0..9 | 0 <= 0 <= 0", &[5.0], Within),
        ("min 0 | 1 0..9 | 1 <= 0 <= inf", &[5.0], Wrong),
        ("min 0 | 1 0..9 | 3 <= 1 <= 2", &[2.5], Wrong),
        // bounds
        ("min 0 | 1 0..9", &[-5e-7], Within),
        ("min 0 | 1 0..9", &[9.000_1], Imprecise),
        ("min 0 | 1 0..9", &[9.1], Wrong),
        ("min 0 | 1 -inf..inf", &[-1e30], Within),
        ("min 0 | 1 2..1", &[1.5], Wrong),
        // integers
        ("min 0 | 1 0..9 int", &[2.000_000_5], Within),
        ("min 0 | 1 0..9 int", &[2.000_005], Imprecise),
        ("min 0 | 1 0..9 int", &[2.000_05], Wrong),
        ("min 0 | 1 0..9 int", &[2.5], Wrong),
        ("min 0 | 1 -inf..inf int", &[1e17], Within),
        // semicontinuous: zero, or within bounds
        ("min 0 | 1 2..9 semi", &[0.0], Within),
        ("min 0 | 1 2..9 semi", &[5e-7], Within),
        ("min 0 | 1 2..9 semi", &[2.0], Within),
        ("min 0 | 1 2..9 semi", &[1e-4], Imprecise),
        ("min 0 | 1 2..9 semi", &[1.0], Wrong),
        ("min 0 | 1 2..9 semi", &[9.5], Wrong),
        ("min 0 | 1 2..9 semint", &[3.0], Within),
        ("min 0 | 1 2..9 semint", &[3.5], Wrong),
        ("min 0 | 1 2..9 semint", &[0.0], Within),
        ("min 0 | 1 2..9 semint", &[1.0], Wrong),
    ];
    for (text, values, want) in cases {
        assert_eq!(verdict(&problem(text), values), *want, "{text} at {values:?}");
    }
}

#[test]
fn sets_count_members_that_are_not_zero() {
    let small = |order, kind| Small {
        columns: vec![(0.0, -9.0, 9.0); 4],
        kinds: vec![kind; 4],
        sets: vec![(order, vec![0, 1, 2, 3])],
        ..Small::default()
    };
    let (real, int) = (ColumnKind::Continuous, ColumnKind::Integer);
    for (order, kind, values, want) in [
        (1, real, [0.0, 0.0, 0.0, 0.0], Within),
        (1, real, [0.0, 3.0, 0.0, 0.0], Within),
        (1, real, [5e-7, 3.0, -5e-7, 0.0], Within),
        (1, real, [1e-5, 3.0, 0.0, 0.0], Imprecise),
        (1, real, [1.0, 3.0, 0.0, 0.0], Wrong),
        (2, real, [1.0, 3.0, 0.0, 0.0], Within),
        (2, real, [1.0, 0.0, 3.0, 0.0], Wrong),
        (2, real, [0.0, 1.0, 3.0, -1.0], Wrong),
        (1, int, [1e-6, 3.0, 0.0, 0.0], Within),
        (1, int, [1.0, 3.0, 0.0, 0.0], Wrong),
    ] {
        assert_eq!(verdict(&small(order, kind).freeze(), &values), want, "order {order} at {values:?}");
    }
}

#[test]
fn switched_rows_hold_when_they_must() {
    // y binary switches x ≤ 3
    let small = |active| Small {
        columns: vec![(0.0, 0.0, 9.0), (0.0, 0.0, 1.0)],
        kinds: vec![ColumnKind::Continuous, ColumnKind::Integer],
        rows: vec![(-INF, vec![1.0, 0.0], 3.0)],
        indicators: vec![(0, 1, active)],
        ..Small::default()
    };
    for (active, values, want, violated) in [
        (true, [5.0, 1.0], Wrong, 1),
        (true, [5.0, 0.999_999_5], Wrong, 1),
        (true, [5.0, 0.0], Within, 0),
        (true, [3.0, 1.0], Within, 0),
        (true, [3.000_1, 1.0], Imprecise, 1),
        (false, [5.0, 1.0], Within, 0),
        (false, [5.0, 1e-7], Wrong, 1),
    ] {
        let problem = small(active).freeze();
        assert_eq!(verdict(&problem, &values), want, "active {active} at {values:?}");
        let violations = match check(&problem, &values) {
            Ok(point) => point.violations().clone(),
            Err(point) => point.violations().clone(),
        };
        assert_eq!(violations.indicators, violated, "active {active} at {values:?}");
    }
}

#[test]
fn figures_are_exact_and_name_their_place() {
    let p =
        problem("max 0.1 | 1e16 0..9, 1 0..9, -1e16 0..9 | -inf <= 1 1 1 <= 3; -inf <= 1 0 0 <= 2; 1 <= 0 1 0 <= inf");
    let point = check(&p, &[3.0, 0.3, 3.0]).expect_err("6.3 is more than 3");
    assert_eq!(point.objective(), 0.4); // 3e16 + 0.3 − 3e16 + 0.1: plain floating point says 0.1
    let v = point.violations();
    // 3 + 0.3 + 3 − 3 in binary, rounded once
    assert_eq!((v.row, v.worst_row), (3.3, Some(0)));
    assert_eq!((v.bound, v.worst_bound, v.integrality), (0.0, None, 0.0));
    let p = problem("min 0 | 1 0..9, 1 0..9 int, 1 0..9 int");
    let point = check(&p, &[-0.25, 1.25, 2.5]).expect_err("not integer");
    let v = point.violations();
    assert_eq!((v.bound, v.worst_bound, v.integrality, v.worst_integrality), (0.25, Some(0), 0.5, Some(2)));
}

#[test]
fn what_is_no_point_is_refused() {
    let p = problem("min 0 | 1 0..9, 1 0..9");
    let tolerances = Tolerances::default();
    assert_eq!(check_point(&p, &[1.0], &tolerances), Err(PointError::Length { got: 1, want: 2 }));
    for bad in [f64::NAN, INF, -INF] {
        let error = check_point(&p, &[1.0, bad], &tolerances).expect_err("not finite");
        assert_eq!(error, PointError::NotFinite { column: "C2".into(), value: bad.to_string() });
    }
    // Huge values overflow nothing into NaN.
    let p = problem("min 0 | 1e300 -inf..inf, -1e300 -inf..inf | 0 <= 1e300 -1e300 <= 0");
    assert_eq!(check(&p, &[1e300, 1e300]).expect("they cancel exactly").objective(), 0.0);
    let measured = check(&p, &[1e300, -1e300]).expect_err("far off");
    assert_eq!((measured.objective(), measured.violations().row), (INF, INF));
}

#[test]
fn tolerances_are_those_handed_in() {
    let p = problem("min 0 | 1 0..9 int | 3 <= 1 <= 3");
    let strict = Tolerances { feasibility: 0.0, bound: 0.0, integrality: 0.0, ..Tolerances::default() };
    assert!(check_point(&p, &[3.0], &strict).expect("finite").is_ok());
    assert!(check_point(&p, &[3.0_f64.next_up()], &strict).expect("finite").is_err());
    let wide = Tolerances { feasibility: 0.1, integrality: 0.3, ..Tolerances::default() };
    assert!(check_point(&p, &[3.25], &wide).expect("finite").is_ok());
    // So many tolerances wide is the band of the imprecise.
    let edge = 3.0 + 3e-6 * IMPRECISION;
    assert_eq!(verdict(&p, &[edge - 1e-6]), Wrong); // it is an integer column too
    let p = problem("min 0 | 1 0..9 | 3 <= 1 <= 3");
    assert_eq!((verdict(&p, &[edge - 1e-6]), verdict(&p, &[edge + 1e-6])), (Imprecise, Wrong));
}

/// A small problem with integer data, and the judge in integers.
pub fn any_problem() -> impl Strategy<Value = Small> {
    let side = prop_oneof![3 => (-6_i32..=6).prop_map(f64::from), 1 => Just(INF)];
    let kind = prop_oneof![
        3 => Just(ColumnKind::Continuous),
        3 => Just(ColumnKind::Integer),
        1 => Just(ColumnKind::SemiContinuous),
        1 => Just(ColumnKind::SemiInteger)
    ];
    (1_usize..=3, any::<bool>(), -3_i32..=3).prop_flat_map(move |(n, max, offset)| {
        let column = (-4_i32..=4, -3_i32..=2, 0_i32..=4, 0..6).prop_map(|(c, l, width, open)| {
            let lower = if open == 0 { -INF } else { f64::from(l) };
            let upper = if open == 1 { INF } else { f64::from(l + width) };
            (f64::from(c), lower, upper)
        });
        let coefficient = (-3_i32..=3).prop_map(f64::from);
        let row = (side.clone(), prop::collection::vec(coefficient, n), side.clone())
            .prop_map(|(low, row, high)| (-low, row, high));
        (
            prop::collection::vec(column, n),
            prop::collection::vec(row, 0..=4),
            prop::collection::vec(kind.clone(), n),
            prop::option::weighted(0.2, 1_u8..=2),
            prop::option::weighted(0.2, any::<bool>()),
        )
            .prop_map(move |(columns, rows, kinds, set, switch)| {
                let mut small = Small { offset: f64::from(offset), columns, rows, kinds, ..Small::default() };
                if max {
                    small.sense = farkas_modeling::Sense::Maximize;
                }
                if let Some(order) = set {
                    small.sets.push((order, (0..n as u32).collect()));
                }
                if let (Some(active), false) = (switch, small.rows.is_empty()) {
                    (small.columns[0].1, small.columns[0].2) = (0.0, 1.0);
                    small.kinds[0] = ColumnKind::Integer;
                    small.indicators.push((0, 0, active));
                }
                small
            })
    })
}

/// Whether an integer point is feasible, counted in integers (infinite sides aside).
pub fn feasible(small: &Small, point: &[i64]) -> bool {
    let between = |low: f64, v: i64, high: f64| low <= v as f64 && v as f64 <= high;
    let columns = point.iter().enumerate().all(|(j, &v)| {
        let (_, low, high) = small.columns[j];
        between(low, v, high) || (small.kinds[j].is_semi() && v == 0)
    });
    let rows = small.rows.iter().enumerate().all(|(i, (low, row, high))| {
        let off = small.indicators.iter().any(|&(r, c, active)| r == i as u32 && (point[c as usize] == 1) != active);
        off || between(*low, row.iter().zip(point).map(|(a, v)| *a as i64 * v).sum(), *high)
    });
    let sets = small.sets.iter().all(|(order, members)| {
        let at: Vec<usize> = (0..members.len()).filter(|&k| point[members[k] as usize] != 0).collect();
        at.is_empty() || at[at.len() - 1] - at[0] < usize::from(*order)
    });
    columns && rows && sets
}

pub fn objective(small: &Small, point: &[i64]) -> i64 {
    small.offset as i64 + small.columns.iter().zip(point).map(|(c, v)| c.0 as i64 * v).sum::<i64>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn integer_points_are_judged_as_integers_judge(
        small in any_problem(),
        point in prop::collection::vec(-4_i64..=6, 3),
    ) {
        let problem = small.freeze();
        let point = &point[..problem.num_columns()];
        let values: Vec<f64> = point.iter().map(|&v| v as f64).collect();
        match check(&problem, &values) {
            Ok(checked) => {
                prop_assert!(feasible(&small, point));
                prop_assert_eq!(checked.objective(), objective(&small, point) as f64);
                prop_assert_eq!(checked.violations(), &farkas_modeling::answer::Violations::default());
            }
            // Integer data: what is violated is violated by 1 or more.
            Err(measured) => prop_assert!(!feasible(&small, point) && !measured.is_imprecise()),
        }
    }
}
