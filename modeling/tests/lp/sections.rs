//! What the sections mean: a table of texts, and what they come to.

use farkas_modeling::formats::{Read, lp};
use farkas_modeling::problem::{Indicator, Product};
use farkas_modeling::{ColumnKind, Problem, Sense};

const INF: f64 = f64::INFINITY;

fn read(text: &str) -> Read<Problem> {
    lp::read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn codes(read: &Read<Problem>) -> Vec<&'static str> {
    read.warnings.iter().map(|w| w.code).collect()
}

/// A row as `2 x - y` and its sides.
fn row(p: &Problem, i: usize) -> (String, f64, f64) {
    let (columns, values) = p.by_rows().row(i);
    let terms: Vec<String> =
        columns.iter().zip(values).map(|(&j, v)| format!("{v} {}", p.column_names().get(j as usize))).collect();
    (terms.join(" + "), p.row_lower()[i], p.row_upper()[i])
}

#[test]
fn objectives() {
    /// Text up to the rows, costs of x and y, constant, the objective's name.
    type Case = (&'static str, Sense, [f64; 2], f64, Option<&'static str>);
    let cases: &[Case] = &[
        ("min x + y", Sense::Minimize, [1.0, 1.0], 0.0, None),
        ("MAXIMIZE\n cost: 3x - 2 y + 10", Sense::Maximize, [3.0, -2.0], 10.0, Some("cost")),
        ("Minimum obj: - -2x+-3y", Sense::Minimize, [2.0, -3.0], 0.0, Some("obj")),
        ("maximise\nobj :\n 1e3 x\n + .5e-1\n y", Sense::Maximize, [1000.0, 0.05], 0.0, Some("obj")),
        ("min 2*x + 3 * y - 1 - 2", Sense::Minimize, [2.0, 3.0], -3.0, None),
        ("min x + x + 0 y", Sense::Minimize, [2.0, 0.0], 0.0, None),
        ("min 5 + x + 0 y \\ + 7 x\n", Sense::Minimize, [1.0, 0.0], 5.0, None),
        ("min x + 0 y + 3", Sense::Minimize, [1.0, 0.0], 3.0, None),
        ("min max: x + y", Sense::Minimize, [1.0, 1.0], 0.0, Some("max")),
    ];
    for (text, sense, costs, offset, name) in cases {
        for st in ["st", "\nSubject To", "\nsuch   that", "\ns.t.", "\nST."] {
            let p = read(&format!("{text} {st}\n x + y >= 1\nend")).value;
            assert_eq!((p.sense(), p.cost(), p.offset()), (*sense, &costs[..], *offset), "{text} {st}");
            assert_eq!(p.objective_name(), *name, "{text} {st}");
        }
    }
    let p = read("Minimize\n obj:\nSubject To\n x >= 1\nEnd").value;
    assert_eq!((p.cost(), p.objective_name()), (&[0.0][..], Some("obj")));
}

#[test]
fn rows() {
    /// A row as it stands, its terms, its sides, and the codes of the warnings.
    type Case = (&'static str, &'static str, f64, f64, &'static [&'static str]);
    let cases: &[Case] = &[
        ("x + y <= 4", "1 x + 1 y", -INF, 4.0, &[]),
        ("x + y < 4", "1 x + 1 y", -INF, 4.0, &[]),
        ("x + y =< 4", "1 x + 1 y", -INF, 4.0, &[]),
        ("x + y => -4", "1 x + 1 y", -4.0, INF, &[]),
        ("x+y>4", "1 x + 1 y", 4.0, INF, &[]),
        ("x+y>=-4", "1 x + 1 y", -4.0, INF, &[]),
        ("x<-4", "1 x", -INF, -4.0, &[]),
        ("x = 4.5e0", "1 x", 4.5, 4.5, &[]),
        ("x == 4", "1 x", 4.0, 4.0, &[]),
        ("2 x\n - 3\n y\n <=\n 4", "2 x + -3 y", -INF, 4.0, &[]),
        ("1 <= x + y <= 4", "1 x + 1 y", 1.0, 4.0, &[]),
        ("4 >= x + y >= -1", "1 x + 1 y", -1.0, 4.0, &[]),
        ("1 <= x", "1 x", 1.0, INF, &[]),
        ("5 = x + y", "1 x + 1 y", 5.0, 5.0, &[]),
        ("-inf <= x + y <= 4", "1 x + 1 y", -INF, 4.0, &[]),
        ("- infinity < x < + Infinity", "1 x", -INF, INF, &[]),
        ("x + y >= -inf", "1 x + 1 y", -INF, INF, &[]),
        ("x >= -1e30", "1 x", -INF, INF, &[]),
        ("x + 3 <= 4", "1 x", -INF, 1.0, &["lp-constant-in-row"]),
        ("1 <= x + 3 <= 4", "1 x", -2.0, 1.0, &["lp-constant-in-row"]),
        ("x + 2 y + 3 x <= 4", "4 x + 2 y", -INF, 4.0, &["lp-repeated-term"]),
        ("0 x <= 4", "", -INF, 4.0, &[]),
        ("c: <= 4", "", -INF, 4.0, &[]),
        ("end: x >= 1", "1 x", 1.0, INF, &[]),
        ("7: x >= 1", "1 x", 1.0, INF, &[]),
        ("2 st >= 1", "2 st", 1.0, INF, &[]),
        ("- min + max >= 1", "-1 min + 1 max", 1.0, INF, &[]),
        ("e1 + 2 e2 >= 1", "1 e1 + 2 e2", 1.0, INF, &[]),
        ("1e1e2 >= 1", "10 e2", 1.0, INF, &[]),
        ("x[1,a-b] + 2y(3)[4] >= 1", "1 x[1,a-b] + 2 y(3)[4]", 1.0, INF, &[]),
        ("x#1 - über.größe! + a/b >= 1", "1 x#1 + -1 über.größe! + 1 a/b", 1.0, INF, &[]),
    ];
    for (text, terms, lower, upper, warnings) in cases {
        let read = read(&format!("min st\n {text}\nend"));
        assert_eq!(row(&read.value, 0), ((*terms).to_owned(), *lower, *upper), "{text}");
        assert_eq!(codes(&read), *warnings, "{text}");
    }
}

#[test]
fn names_of_rows() {
    let p = read("min st\n x >= 1\n y >= 2\nend").value;
    assert!(!p.row_names().are_given(), "no labels, no names");
    let p = read("min st\n R2: x >= 1\n y >= 2\n c: z >= 3\n x + y >= 4 d: y >= 5\nend").value;
    let names: Vec<_> = p.row_names().iter().map(std::borrow::Cow::into_owned).collect();
    assert_eq!(names, ["R2", "R2_", "c", "R4", "d"]);
}

#[test]
fn bounds_and_types() {
    use ColumnKind::{Continuous, Integer, SemiContinuous, SemiInteger};
    /// Text behind the rows, kind and bounds of x, and the codes of the warnings.
    type Case = (&'static str, ColumnKind, f64, f64, &'static [&'static str]);
    let cases: &[Case] = &[
        ("", Continuous, 0.0, INF, &[]),
        ("bounds\n x <= 4", Continuous, 0.0, 4.0, &[]),
        ("bound\n 4 >= x", Continuous, 0.0, 4.0, &[]),
        ("bounds\n -1 <= x <= 4", Continuous, -1.0, 4.0, &[]),
        ("bounds\n 4 >= x >= -1", Continuous, -1.0, 4.0, &[]),
        ("bounds\n x = 4", Continuous, 4.0, 4.0, &[]),
        ("bounds\n x free", Continuous, -INF, INF, &[]),
        ("bounds\n x FREE", Continuous, -INF, INF, &[]),
        ("bounds\n x >= -inf", Continuous, -INF, INF, &[]),
        ("bounds\n -infinity <= x <= 4", Continuous, -INF, 4.0, &[]),
        ("bounds\n -1e30 <= x <= 1e30", Continuous, -INF, INF, &[]),
        ("bounds\n x <= 4 x >= 1", Continuous, 1.0, 4.0, &[]),
        ("bounds\n x <= 4\n x <= 5", Continuous, 0.0, 5.0, &["lp-repeated-bound"]),
        ("bounds\n x <= -2", Continuous, 0.0, -2.0, &["lp-negative-upper-bound"]),
        ("bounds\n 0 <= x <= -2", Continuous, 0.0, -2.0, &[]),
        ("generals\n x", Integer, 0.0, INF, &[]),
        ("GEN\n x\nbounds\n x<=3", Integer, 0.0, 3.0, &[]),
        ("integers\n x", Integer, 0.0, INF, &[]),
        ("binary\n x", Integer, 0.0, 1.0, &[]),
        ("bin x gen y", Integer, 0.0, 1.0, &["lp-late-variable"]),
        ("bounds\n x = 0\nbinaries\n x", Integer, 0.0, 0.0, &[]),
        ("bounds\n x <= 4\nbinaries\n x", Integer, 0.0, 1.0, &["lp-binary-bounds"]),
        ("bounds\n x <= 4\nsemi-continuous\n x", SemiContinuous, 0.0, 4.0, &[]),
        ("bounds\n 1 <= x <= 4\nsemis\n x", SemiContinuous, 1.0, 4.0, &[]),
        ("bounds\n x <= 4\nSemi-Continuous\n x\ngen\n x", SemiInteger, 0.0, 4.0, &[]),
        ("bounds\n x <= 4\nsemi-integers\n x", SemiInteger, 0.0, 4.0, &[]),
        ("bounds\n z <= 4", Continuous, 0.0, INF, &["lp-late-variable"]),
    ];
    for (text, kind, lower, upper, warnings) in cases {
        let read = read(&format!("min st\n x >= 0\n{text}\nend\n"));
        let p = &read.value;
        assert_eq!((p.kind(0), p.lower()[0], p.upper()[0]), (*kind, *lower, *upper), "{text}");
        assert_eq!(codes(&read), *warnings, "{text}");
    }
}

#[test]
fn products() {
    let p = read(
        "min\n obj: x + [ 2 x ^2 - 3 x*y + y^2 ] / 2 - [ z * x ]/2\nst\n q: x - [ x^2 + 2 y * x - - z^2 ] >= -3\n l: x >= 1\nend",
    )
    .value;
    let objective =
        [Product::new(0, 0, 1.0), Product::new(0, 1, -1.5), Product::new(0, 2, -0.5), Product::new(1, 1, 0.5)];
    assert_eq!(p.quadratic_objective(), objective);
    let row = [Product::new(0, 0, -1.0), Product::new(0, 1, -2.0), Product::new(2, 2, -1.0)];
    assert_eq!(p.row_products(0), row);
    assert!(p.row_products(1).is_empty());
    let whole = read("min [ x^2 ] st x >= 1\nend");
    assert_eq!((whole.value.quadratic_objective()[0].value, codes(&whole)), (1.0, vec!["lp-quadratic-whole"]));
}

#[test]
fn indicators_and_sets() {
    let p = read(
        "max x st\n a: b = 1 -> x + y <= 3\n n: c = 0 -> 1 <= x <= 2\n b = 1 -> -inf <= y <= 3\n\
         bin\n b c\nsos\n first: S1:: x:1 y : 2.5\n S2 ::\n x:-1 y:2 b:3\nsos1\n third: x:1, y:2,b:3\nend",
    )
    .value;
    let switched = [
        Indicator { row: 0, column: 1, active: true },
        Indicator { row: 1, column: 3, active: false },
        Indicator { row: 2, column: 1, active: true },
    ];
    assert_eq!(p.indicators(), switched);
    assert_eq!((p.row_lower()[1], p.row_upper()[1]), (1.0, 2.0));
    let sets: Vec<_> = p.sets().iter().map(|s| (&*s.name, s.order, &*s.members)).collect();
    let members: [&[(u32, f64)]; 3] =
        [&[(0, 1.0), (2, 2.5)], &[(0, -1.0), (2, 2.0), (1, 3.0)], &[(0, 1.0), (2, 2.0), (1, 3.0)]];
    assert_eq!(sets, [("first", 1, members[0]), ("", 2, members[1]), ("third", 1, members[2])]);
}

#[test]
fn lazy_rows_names_and_ends() {
    let read = read(
        "\\ written by hand\n\\Problem name: a small one\nmin x st\n x >= 1\nlazy constraints\n l: x >= 2\nUser Cuts\n u: x >= 3\n\
         end\nrubbish",
    );
    assert_eq!((read.value.num_rows(), read.value.name()), (3, "a small one"));
    assert_eq!(codes(&read), ["lp-lazy-constraints", "lp-user-cuts", "lp-after-end"]);
    assert_eq!(codes(&self::read("min x st\n x >= 1\n")), ["lp-no-end"]);
    assert_eq!(self::read("\\ Model from Gurobi\nmin x st\n x >= 1\nend").value.name(), "from Gurobi");
    assert_eq!(self::read("\u{FEFF}min x st\r\n x >= 1\r\nend\r\n\x1A").value.num_rows(), 1);
}
