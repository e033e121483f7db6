//! Linearisations by brute force: for every value of the arguments on a grid and every value of the binaries, rows leave the
//! function's variable exactly the value that the function has; and how what is missing is told.

use farkas_modeling::check::{Stated, Verdict, report};
use farkas_modeling::model::prelude::*;
use farkas_modeling::problem::DefectCode;
use farkas_modeling::{Problem, Tolerances};

/// What is left of all columns' bounds when the rows have been propagated, or `None` if nothing is.
fn propagate(p: &Problem, fixed: &[(usize, f64)]) -> Option<Vec<(f64, f64)>> {
    let mut bounds: Vec<(f64, f64)> = p.lower().iter().copied().zip(p.upper().iter().copied()).collect();
    for &(j, value) in fixed {
        bounds[j] = (value, value);
    }
    let rows = p.by_rows();
    for _ in 0..20 {
        for i in 0..p.num_rows() {
            let (columns, values) = rows.row(i);
            for (k, (&j, &value)) in columns.iter().zip(values).enumerate() {
                let others = columns.iter().zip(values).enumerate().filter(|&(other, _)| other != k);
                let (mut least, mut most) = (0.0, 0.0);
                for (_, (&j, &value)) in others {
                    let (a, b) = (value * bounds[j as usize].0, value * bounds[j as usize].1);
                    (least, most) = (least + a.min(b), most + a.max(b));
                }
                let (a, b) = ((p.row_lower()[i] - most) / value, (p.row_upper()[i] - least) / value);
                let now = &mut bounds[j as usize];
                *now = (now.0.max(a.min(b)), now.1.min(a.max(b)));
                if p.kind(j as usize).is_integer() {
                    *now = ((now.0 - 1e-9).ceil(), (now.1 + 1e-9).floor());
                }
                if now.0 > now.1 + 1e-9 {
                    return None;
                }
            }
        }
    }
    Some(bounds)
}

/// The intervals that are left for `y` over all values of the binaries that are not fixed.
fn left_for(p: &Problem, fixed: &[(usize, f64)], y: usize) -> Vec<(f64, f64)> {
    let free: Vec<usize> =
        (0..p.num_columns()).filter(|&j| p.kind(j).is_integer() && j != y && fixed.iter().all(|f| f.0 != j)).collect();
    let all = (0..1_u32 << free.len()).filter_map(|bits| {
        let mut fixed = fixed.to_vec();
        fixed.extend(free.iter().enumerate().map(|(k, &j)| (j, f64::from(bits >> k & 1))));
        propagate(p, &fixed).map(|bounds| bounds[y])
    });
    all.collect()
}

/// Holds `y` to a function of `arguments` on a grid of their bounds.
#[track_caller]
fn check(m: &Model, arguments: &[Var], y: Var, f: impl Fn(&[f64]) -> f64) {
    let p = m.freeze().unwrap_or_else(|defects| panic!("{defects}"));
    let steps = |j: usize| if p.kind(j).is_integer() { (p.upper()[j] - p.lower()[j]) as usize } else { 8 };
    let counts: Vec<usize> = arguments.iter().map(|x| steps(x.index()) + 1).collect();
    for mut at in 0..counts.iter().product() {
        let mut values = Vec::new();
        for (x, &count) in arguments.iter().zip(&counts) {
            let (lower, upper) = (p.lower()[x.index()], p.upper()[x.index()]);
            values.push(lower + (upper - lower) * (at % count) as f64 / (count.max(2) - 1) as f64);
            at /= count;
        }
        let fixed: Vec<_> = arguments.iter().map(|x| x.index()).zip(values.iter().copied()).collect();
        let (want, left) = (f(&values), left_for(&p, &fixed, y.index()));
        assert!(!left.is_empty(), "{}: at {values:?} nothing is left; it should be {want}", m.name());
        for (lower, upper) in left {
            let near = |end: f64| (end - want).abs() < 1e-9;
            assert!(near(lower) && near(upper), "{}: at {values:?} {lower} to {upper}, not {want}", m.name());
        }
    }
}

#[test]
fn absolute_values() {
    for (lower, upper) in [(-3.0, 5.0), (-4.0, -1.0), (0.0, 2.0), (-1.0, 0.0), (-2.0, 2.0)] {
        let mut m = Model::new(format!("abs on {lower} to {upper}"));
        let x = m.continuous("x").bounds(lower, upper).one();
        let y = m.abs("y", 2 * x - 1);
        check(&m, &[x], y, |x| (2.0 * x[0] - 1.0).abs());
    }
    let mut m = Model::new("repeated");
    let x = m.continuous("x").bounds(-1, 1).over(0..2);
    let y = m.abs("y", x[0] - x[1] + 3 * x[0] - 3 * x[0]);
    check(&m, x.members(), y, |x| (x[0] - x[1]).abs());
    assert_eq!(m.freeze().expect("sound").upper()[y.index()], 2.0); // not 8: repeated terms are added up before
}

#[test]
fn extremes() {
    let mut m = Model::new("greatest of three");
    let x = m.continuous("x").bounds(-2, 3).over(0..3);
    let y = m.max_of("y", [Expr::from(x[0]), Expr::from(2 * x[1] - 1), Expr::from(x[2] + 0.5)]);
    check(&m, x.members(), y, |x| x[0].max(2.0 * x[1] - 1.0).max(x[2] + 0.5));

    let mut m = Model::new("least of two and a number");
    let x = m.continuous("x").bounds(-2, 3).over(0..2);
    let y = m.min_of("y", [Expr::from(x[0]), Expr::from(-x[1]), Expr::of(0.25)]);
    check(&m, x.members(), y, |x| x[0].min(-x[1]).min(0.25));

    let mut m = Model::new("only one can be");
    let (a, b) = (m.continuous("a").bounds(5, 9).one(), m.continuous("b").bounds(-1, 5).one());
    let y = m.max_of("y", [a, b]);
    check(&m, &[a, b], y, |x| x[0]);
    assert_eq!(m.freeze().expect("sound").num_integers(), 0);
}

#[test]
fn products_with_a_binary() {
    for (lower, upper) in [(-3.0, 5.0), (2.0, 4.0), (-4.0, -1.0), (0.0, 2.0)] {
        let mut m = Model::new(format!("product on {lower} to {upper}"));
        let b = m.binary("b").one();
        let x = m.continuous("x").bounds(lower, upper).one();
        let w = m.product("w", b, x + 1);
        check(&m, &[b, x], w, |v| v[0] * (v[1] + 1.0));
        let mut m = Model::new("opposite");
        let b = m.binary("b").one();
        let x = m.continuous("x").bounds(lower, upper).one();
        let w = m.product("w", !b, x);
        check(&m, &[b, x], w, |v| (1.0 - v[0]) * v[1]);
    }
    let mut m = Model::new("two binaries");
    let b = m.binary("b").over(0..2);
    let w = m.product("w", b[0], b[1]);
    check(&m, b.members(), w, |b| b[0] * b[1]);
    assert_eq!(m.freeze().expect("sound").num_integers(), 3);
}

#[test]
fn logic() {
    let truth = |b: bool| f64::from(u8::from(b));
    let mut m = Model::new("logic");
    let b = m.binary("b").over(0..3);
    let mut all = m.clone();
    let z = all.all_of("z", [b[0].into(), !b[1], b[2].into()]);
    check(&all, b.members(), z, |b| truth(b[0] == 1.0 && b[1] == 0.0 && b[2] == 1.0));
    let mut any = m.clone();
    let z = any.any_of("z", b.members());
    check(&any, b.members(), z, |b| truth(b.contains(&1.0)));
    let mut xor = m.clone();
    let z = xor.xor("z", b[0], !b[1]);
    check(&xor, &b.members()[..2], z, |b| truth((b[0] == 1.0) != (b[1] == 0.0)));
    let mut none = m.clone();
    let z = none.all_of("z", std::iter::empty::<Var>());
    check(&none, &[], z, |_| 1.0);
    let mut none = m.clone();
    let z = none.any_of("z", std::iter::empty::<Var>());
    check(&none, &[], z, |_| 0.0);

    m.if_then("rule", b[0], !b[1]);
    let p = m.freeze().expect("sound");
    let allowed = |a: f64, c: f64| propagate(&p, &[(b[0].index(), a), (b[1].index(), c)]).is_some();
    assert_eq!([allowed(0.0, 0.0), allowed(0.0, 1.0), allowed(1.0, 0.0), allowed(1.0, 1.0)], [true, true, true, false]);
}

#[test]
fn rows_that_are_switched_and_rows_that_are_told() {
    let mut m = Model::new("switched");
    let b = m.binary("b").one();
    let x = m.continuous("x").bounds(-4, 6).one();
    m.when_by_bounds("inside", b, (2 * x).between(-2, 4));
    m.when_by_bounds("outside", !b, x.ge(3));
    m.when_by_bounds("nothing", b, x.le(7)); // the bounds keep it
    let p = m.freeze().expect("sound");
    let interval = |value: f64| propagate(&p, &[(b.index(), value)]).expect("feasible")[x.index()];
    assert_eq!((p.num_rows(), interval(1.0), interval(0.0)), (3, (-1.0, 2.0), (3.0, 6.0)));

    for least in [true, false] {
        let mut m = Model::new("told");
        let x = m.integer("x").bounds(0, 9).over(0..2);
        let total = x[0] - x[1];
        let z = if least { m.holds("z", total.ge(3), 1) } else { m.holds("z", total.le(3), 1) };
        let holds = |x: &[f64]| if least { x[0] - x[1] >= 3.0 } else { x[0] - x[1] <= 3.0 };
        check(&m, x.members(), z, |x| f64::from(u8::from(holds(x))));
    }
}

/// The function through the points.
fn through(points: &[(f64, f64)], x: f64) -> f64 {
    let k = points.windows(2).position(|w| x <= w[1].0).expect("between them");
    let ((x0, y0), (x1, y1)) = (points[k], points[k + 1]);
    y0 + (y1 - y0) * (x - x0) / (x1 - x0)
}

#[test]
fn piecewise_linear_functions() {
    let functions: [&[(f64, f64)]; 4] = [
        &[(0.0, 0.0), (10.0, 5.0), (30.0, 25.0)],
        &[(-2.0, 1.0), (0.0, 4.0), (1.0, -1.0), (2.0, -1.0), (6.0, 3.0)],
        &[(-2.0, 1.0), (6.0, 3.0)],
        &[(0.0, 0.0), (1.0, 2.0), (2.0, 4.0), (3.0, 6.0), (4.0, 0.0)],
    ];
    for points in functions {
        let (first, last) = (points[0].0, points[points.len() - 1].0);
        let mut m = Model::new(format!("{points:?}"));
        let x = m.continuous("x").bounds(first, last).one();
        let y = m.piecewise("y", x, points);
        check(&m, &[x], y, |x| through(points, x[0]));

        // By a set: the weights that say the value keep all rows, and those of two that are not neighbours are excluded.
        let mut m = Model::new("set");
        let x = m.continuous("x").bounds(first, last).one();
        let y = m.piecewise_sos2("y", x, points);
        let p = m.freeze().expect("sound");
        let weights = p.num_columns() - 2;
        assert_eq!(p.sets().len(), usize::from(weights > 2));
        for k in 0..weights {
            let mut point = vec![0.0; p.num_columns()];
            let first_weight = p.column_names().find("y.weight[0]").expect("there");
            let in_first = p.column(first_weight + k).iter().find(|&(row, _)| row == 0); // x − Σ xₖ λₖ = 0
            let corner = in_first.map_or(0.0, |(_, value)| -value);
            point[x.index()] = corner;
            point[y.index()] = through(points, corner);
            point[first_weight + k] = 1.0;
            let told = report(&p, &point, &Stated::default(), &Tolerances::default());
            assert_eq!(told.expect("fits").verdict, Verdict::Feasible);
        }
    }
    let mut m = Model::new("corners that are none");
    let x = m.continuous("x").bounds(0, 4).one();
    m.piecewise("y", x, functions[3]);
    assert_eq!(m.freeze().expect("sound").num_integers(), 1);
}

#[test]
fn epigraphs_and_hypographs_leave_one_side() {
    let mut m = Model::new("sides");
    let x = m.continuous("x").bounds(-2, 6).one();
    let points = [(-2.0, 4.0), (0.0, 0.0), (6.0, 3.0)];
    let down = points.map(|(x, y)| (x, -y));
    let (above, below) = (m.piecewise_epigraph("above", x, &points), m.piecewise_hypograph("below", x, &down));
    let (abs, max, min) =
        (m.abs_epigraph("abs", x), m.max_epigraph("max", [2 * x, 1 * x]), m.min_hypograph("min", [2 * x, 1 * x]));
    let p = m.freeze().expect("sound");
    assert!(p.is_lp());
    for k in 0..=16 {
        let at = -2.0 + f64::from(k) / 2.0;
        let bounds = propagate(&p, &[(x.index(), at)]).expect("feasible");
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(bounds[above.index()].0, through(&points, at)), "{at}");
        assert!(near(bounds[below.index()].1, -through(&points, at)), "{at}");
        assert!(near(bounds[abs.index()].0, at.abs()) && near(bounds[max.index()].0, at.max(2.0 * at)), "{at}");
        assert!(near(bounds[min.index()].1, at.min(2.0 * at)), "{at}");
    }
}

#[test]
fn what_is_missing_is_told_by_name() {
    let mut m = Model::new("missing");
    let x = m.nonnegative("x").over(0..2);
    let n = m.integer("n").bounds(0, 3).one();
    let b = m.binary("b").one();
    m.abs("dev", x[0] - x[1]);
    m.product("rent", n, b);
    m.when_by_bounds("on", b, x[1].le(3));
    m.when_by_bounds("fine", b, x[1].ge(-3));
    m.when_by_bounds("square", b, (n * n).le(3));
    m.holds("both", n.between(1, 2), 1);
    m.piecewise("back", n, &[(0, 1), (2, 3), (1, 4)]);
    m.piecewise_sos2("one", n, &[(0, 1)]);
    m.piecewise("nan", n, &[(0.0, 1.0), (1.0, f64::NAN)]);
    m.piecewise_epigraph("cap", n, &[(0, 0), (1, 2), (2, 1)]);
    let defects = m.freeze().expect_err("defects");
    let told: Vec<String> = defects.list.iter().map(ToString::to_string).collect();
    let want = [
        "absolute value 'dev': it needs an upper bound of 'x[0]', which has none; set it before",
        "absolute value 'dev': it needs an upper bound of 'x[1]', which has none; set it before",
        "product 'rent': variable 'n' is not binary",
        "switched row 'on': it needs an upper bound of 'x[1]', which has none; set it before",
        "switched row 'square': its row has products of variables; switch it by an indicator: `m.when`",
        "condition 'both': it takes a row with one side: `.le(…)` or `.ge(…)`; combine two with `all_of`",
        "piecewise linear function 'back': point 3 (1, 4) is not to the right of the one before",
        "piecewise linear function 'one': it has 1 points; a function needs two",
        "piecewise linear function 'nan': point 2 (1, NaN) is not finite",
        "piecewise linear function 'cap': it is not convex at (1, 2); use `piecewise`, or `piecewise_hypograph` if it bends \
         the other way",
    ];
    assert_eq!(told, want);
    assert_eq!(defects.list[0].code, DefectCode::MissingBound);
}

#[test]
fn bounds_may_be_tightened_later_but_not_loosened() {
    let mut m = Model::new("later");
    let x = m.continuous("x").bounds(-2, 8).one();
    m.abs("dev", x);
    m.set_upper(x, 5);
    m.freeze().expect("tighter is fine");
    m.set_upper(x, 9);
    let told = m.freeze().expect_err("looser").to_string();
    let want = "absolute value 'dev': it was written when 'x' was between -2 and 8, which is now between -2 and 9; set bounds \
                before";
    assert!(told.contains(want), "{told}");
}
