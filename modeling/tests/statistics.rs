//! Statistics by table: the kind of every sort of row, and each finding on a problem that has it.

use farkas_modeling::model::prelude::*;
use farkas_modeling::statistics::{RowClass, Severity, Statistics};

fn statistics(m: &Model) -> Statistics {
    m.freeze().unwrap_or_else(|defects| panic!("{defects}")).statistics()
}

#[test]
fn rows_have_the_kinds_that_miplib_gives_them() {
    use RowClass as C;
    let mut m = Model::new("kinds");
    let b = m.binary("b").over(0..4);
    let n = m.integer("n").bounds(0, 9).over(0..3);
    let s = m.continuous("s").bounds(-5, 5).over(0..3);
    let all: &Expr = &sum(0..4, |i| b[i]);
    let table = [
        (m.row("", (b[0] - b[0]).le(1)), C::Empty),
        (m.row("", (s[0] + s[1]).between(f64::NEG_INFINITY, f64::INFINITY)), C::Free),
        (m.row("", (3 * s[0]).le(1)), C::Singleton),
        (m.row("", (s[0] + 2 * n[1]).eq(1)), C::Aggregation),
        (m.row("", (2 * s[0]).le(2 * s[1] + 1)), C::Precedence),
        (m.row("", b[0].le(b[1])), C::Precedence),
        (m.row("", (s[0] - 5 * b[1]).le(0)), C::VariableBound),
        (m.row("", (n[0] + 5 * b[1]).ge(3)), C::VariableBound),
        (m.row("", all.eq(1)), C::SetPartitioning),
        (m.row("", (2 * all).eq(2)), C::SetPartitioning),
        (m.row("", all.le(1)), C::SetPacking),
        (m.row("", all.between(0, 1)), C::SetPacking),
        (m.row("", (b[0] + b[1] - b[2]).le(0)), C::SetPacking),
        (m.row("", all.ge(1)), C::SetCovering),
        (m.row("", all.eq(2)), C::Cardinality),
        (m.row("", all.le(3)), C::InvariantKnapsack),
        (m.row("", all.ge(2)), C::InvariantKnapsack),
        (m.row("", (3 * b[0] + 2 * b[1] + 5 * b[2]).eq(5)), C::EquationKnapsack),
        (m.row("", (3 * b[0] + 2 * b[1] + 5 * b[2]).le(5)), C::BinPacking),
        (m.row("", (3 * b[0] + 2 * b[1] - 5 * b[2]).le(0)), C::BinPacking),
        (m.row("", (3 * b[0] + 2 * b[1] + 6 * b[2]).le(7)), C::Knapsack),
        (m.row("", (3 * b[0] + 2 * b[1] + 6 * b[2]).ge(4)), C::Knapsack),
        (m.row("", (3 * n[0] + 2 * n[1] + 6 * b[2]).le(7)), C::IntegerKnapsack),
        (m.row("", (3 * s[0] + 2.5 * b[1] + 6 * b[2]).le(7)), C::MixedBinary),
        (m.row("", (3 * s[0] + 2.5 * n[1] + 6 * b[2]).le(7)), C::General),
        (m.row("", (3 * s[0] + s[1] * s[1]).le(7)), C::Quadratic),
        (m.when("", b[0], (s[0] + s[1]).le(3)), C::Indicator),
    ];
    let p = m.freeze().expect("sound");
    let mut counts = std::collections::BTreeMap::<RowClass, usize>::new();
    for (row, want) in table {
        assert_eq!(p.row_class(row.index()), want, "row {}", row.index());
        *counts.entry(want).or_default() += 1;
    }
    assert_eq!(p.statistics().rows, counts.into_iter().collect::<Vec<_>>());
}

/// Builds a model with one sickness.
type Sick = fn(&mut Model);

/// Code, severity, a model that has it, the first example.
const FINDINGS: &[(&str, Severity, Sick, &str)] = &[
    (
        "row-never-holds",
        Severity::Wrong,
        |m| {
            let x = m.nonnegative("x").upper(3).over(0..2);
            m.row("too much", (x[0] + x[1]).ge(7));
        },
        "'too much': at most 6, but must be ≥ 7",
    ),
    (
        "row-parity",
        Severity::Wrong,
        |m| {
            let x = m.integer("x").bounds(0, 9).over(0..2);
            m.row("odd", (2 * x[0] + 4 * x[1]).eq(7));
        },
        "'odd': all coefficients are multiples of 2, 7 is not",
    ),
    (
        "row-empty",
        Severity::Note,
        |m| {
            m.row("nothing", Expr::new().le(1));
        },
        "'nothing'",
    ),
    (
        "row-free",
        Severity::Note,
        |m| {
            let x = m.nonnegative("x").one();
            m.row("loose", x.le(f64::INFINITY));
        },
        "'loose'",
    ),
    (
        "row-always-holds",
        Severity::Note,
        |m| {
            let x = m.nonnegative("x").upper(3).over(0..2);
            m.row("slack", (x[0] + x[1]).le(7));
        },
        "'slack' is between 0 and 6",
    ),
    (
        "row-singleton",
        Severity::Note,
        |m| {
            let x = m.nonnegative("x").one();
            m.row("bound", x.le(7));
        },
        "'bound'",
    ),
    (
        "row-dense",
        Severity::Note,
        |m| {
            let x = m.nonnegative("x").over(0..1200);
            m.row("all", sum(0..1200, |i| x[i]).le(7));
        },
        "'all' has 1200",
    ),
    (
        "column-no-integer",
        Severity::Wrong,
        |m| {
            m.integer("n").bounds(0.2, 0.8).one();
        },
        "'n': 0.2 to 0.8",
    ),
    (
        "column-unbounded",
        Severity::Wrong,
        |m| {
            let x = m.nonnegative("x").one();
            m.row("floor", x.ge(1));
            m.maximize(2 * x);
        },
        "'x' has cost 2 and nothing holds it up",
    ),
    (
        "column-empty",
        Severity::Note,
        |m| {
            m.nonnegative("x").upper(1).one();
        },
        "'x'",
    ),
    (
        "column-free",
        Severity::Note,
        |m| {
            m.continuous("x").one();
        },
        "'x'",
    ),
    (
        "integer-unbounded",
        Severity::Doubtful,
        |m| {
            m.integer("n").lower(0).one();
        },
        "'n': 0 to inf",
    ),
    (
        "integer-huge",
        Severity::Doubtful,
        |m| {
            m.integer("n").bounds(0, 1e7).one();
        },
        "'n': 0 to 10000000",
    ),
    (
        "integer-fraction",
        Severity::Note,
        |m| {
            m.integer("n").bounds(0.5, 2).one();
        },
        "'n': 0.5 to 2",
    ),
    (
        "semi-unbounded",
        Severity::Doubtful,
        |m| {
            m.semicontinuous("s").lower(2).one();
        },
        "'s'",
    ),
    (
        "range-wide",
        Severity::Doubtful,
        |m| {
            let x = m.nonnegative("x").over(0..2);
            m.minimize(1e-5 * x[0] + 1e6 * x[1]);
        },
        "costs: 1e-5 (x[0]) to 1e6 (x[1])",
    ),
    (
        "row-range-wide",
        Severity::Doubtful,
        |m| {
            let x = m.nonnegative("x").over(0..2);
            m.row("mixed units", (1e-4 * x[0] + 1e4 * x[1]).le(1));
        },
        "'mixed units': the largest is 1.0e8 times the smallest",
    ),
    (
        "coefficient-tiny",
        Severity::Doubtful,
        |m| {
            let x = m.nonnegative("x").over(0..2);
            m.row("dust", (1e-12 * x[0] + x[1]).le(1));
        },
        "1e-12 at 'x[0]' in 'dust'",
    ),
    (
        "side-huge",
        Severity::Doubtful,
        |m| {
            let x = m.nonnegative("x").over(0..2);
            m.row("far", (x[0] + x[1]).le(1e10));
        },
        "'far': 1e10",
    ),
    (
        "bound-huge",
        Severity::Doubtful,
        |m| {
            m.nonnegative("x").upper(1e12).one();
        },
        "'x': 1e12",
    ),
    (
        "big-m",
        Severity::Doubtful,
        |m| {
            let x = m.nonnegative("x").upper(8).over(0..2);
            let on = m.binary("on").one();
            m.row("switch", (x[0] + x[1] + 1000 * on).le(1010)); // on: ≤ 10
        },
        "'switch': 1000 at 'on', where 6 would do",
    ),
    (
        "big-m-leaks",
        Severity::Doubtful,
        |m| {
            let x = m.nonnegative("x").one();
            let on = m.binary("on").one();
            m.row("switch", x.le(1e7 * on));
        },
        "'switch': 10000000 at 'on'; a binary of 1e-6, which counts as 0, already gives 10",
    ),
    (
        "duplicate-rows",
        Severity::Note,
        |m| {
            let x = m.nonnegative("x").over(0..3);
            m.row("one", (0.1 * x[0] + 0.7 * x[1] - 0.3 * x[2]).le(10));
            m.row("other", (0.2 * x[0] + 1.4 * x[1] - 0.6 * x[2]).ge(3));
        },
        "'other' = 2 × 'one'",
    ),
    (
        "rows-contradict",
        Severity::Wrong,
        |m| {
            let x = m.nonnegative("x").over(0..2);
            m.row("most", (x[0] + 2 * x[1]).le(10));
            m.row("least", (-x[0] - 2 * x[1]).le(-11));
        },
        "'least' = -1 × 'most'",
    ),
    (
        "near-duplicate-rows",
        Severity::Doubtful,
        |m| {
            let x = m.nonnegative("x").over(0..3);
            m.row("exact", (x[0] / 3.0 + x[1] / 7.0 + x[2]).le(10));
            m.row("rounded", (0.333_333_33 * x[0] + 0.142_857_14 * x[1] + x[2]).le(9));
        },
        "'rounded' ≈ 0.99999999 × 'exact'",
    ),
    (
        "duplicate-columns",
        Severity::Note,
        |m| {
            let x = m.binary("x").over(0..2);
            m.row("a", (x[0] + x[1]).le(1));
            m.row("b", (3 * x[0] + 3 * x[1]).ge(1));
        },
        "'x[1]' = 'x[0]'",
    ),
    (
        "parallel-columns",
        Severity::Note,
        |m| {
            let x = m.nonnegative("x").over(0..2);
            m.row("a", (x[0] + 2 * x[1]).le(1));
            m.minimize(-x[0] - 2 * x[1]);
        },
        "'x[1]' = 2 × 'x[0]'",
    ),
    (
        "independent-parts",
        Severity::Note,
        |m| {
            let x = m.nonnegative("x").over(0..4);
            m.rows("pair", 0..2, |i| (x[2 * i] + x[2 * i + 1]).le(1));
            m.row("again", (x[0] - x[1]).le(1));
        },
        "'pair[0]' and 1 other rows",
    ),
    (
        "objective-empty",
        Severity::Note,
        |m| {
            m.nonnegative("x").one();
        },
        "no variable has a cost",
    ),
];

#[test]
fn every_finding_is_told_with_its_names() {
    for (code, severity, sick, example) in FINDINGS {
        let mut m = Model::new("sick");
        sick(&mut m);
        let told = statistics(&m);
        let finding = told.findings.iter().find(|finding| finding.code == *code);
        let finding = finding.unwrap_or_else(|| panic!("{code} is not told:\n{told}"));
        assert_eq!((finding.severity, finding.examples[0].as_str()), (*severity, *example), "{code}");
        let text = told.to_string();
        assert!(text.contains(finding.remedy) && text.contains(example), "{text}");
    }
}

#[test]
fn a_sound_model_gets_no_findings() {
    let mut m = Model::new("sound");
    let open = m.binary("open").over(0..2);
    let ship = m.nonnegative("ship").upper(50).over((0..2, 0..3));
    m.minimize(sum(0..2, |p| f64::from(80 + p) * open[p]) + sum((0..2, 0..3), |(p, c)| (1 + p + 2 * c) * ship[(p, c)]));
    m.rows("demand", 0..3, |c| sum(0..2, |p| ship[(p, c)]).eq(10 + c));
    m.rows("capacity", 0..2, |p| sum(0..3, |c| ship[(p, c)]).le(50 * open[p]));
    let told = statistics(&m);
    assert!(told.findings.is_empty(), "{told}");
    assert_eq!((told.sizes.binaries, told.sizes.continuous, told.sizes.equalities), (2, 6, 3));
    assert_eq!(told.ranges.coefficients.as_ref().map(|range| (range.least, range.most)), Some((1.0, 50.0)));
    assert!(told.to_string().contains("Nothing stands out."));
}

#[test]
fn only_five_examples_are_named() {
    let mut m = Model::new("many");
    let x = m.nonnegative("x").over(0..9);
    m.rows("bound", 0..9, |i| x[i].le(i + 1));
    let told = statistics(&m);
    let finding = told.findings.iter().find(|finding| finding.code == "row-singleton").expect("told");
    assert_eq!((finding.count, finding.examples.len()), (9, 5));
    assert!(told.to_string().contains("… and 4 more"));
}
