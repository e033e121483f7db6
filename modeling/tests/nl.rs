//! AMPL's `.nl`: what expressions come to, text and binary alike, and what is refused where.

mod common;

use common::nl::{Form, NlFile};
use farkas_modeling::ColumnKind::{Continuous, Integer};
use farkas_modeling::formats::nl::{self, Settings};
use farkas_modeling::formats::{Format, TextPlace, read_problem};
use farkas_modeling::problem::{Product, QuadraticRow};
use farkas_modeling::{ColumnKind, Problem, Sense};

fn product(first: u32, second: u32, value: f64) -> Product {
    Product { first, second, value }
}

/// Three variables, one constraint `body ≤ 10`, and an objective without terms.
fn one_row(body: &str) -> NlFile {
    NlFile::new(3, 1).segment("C0", body).segment("O0 0", "n0").bounds("r", &["1 10"]).bounds("b", &["3", "3", "3"])
}

fn problem(file: &NlFile, form: Form) -> Problem {
    nl::read(&file.bytes(form)).unwrap_or_else(|e| panic!("{form:?}: {e}")).value
}

/// Coefficients of x, y, z in the row, its products, and the side that its constant leaves.
type Row = ([f64; 3], Vec<Product>, f64);

#[test]
fn expressions_come_to_polynomials() {
    let squares = vec![product(0, 0, 1.0), product(0, 1, 2.0), product(1, 1, 1.0)];
    let cases: Vec<(&str, Row)> = vec![
        ("n5", ([0.0; 3], vec![], 5.0)),
        ("v1", ([0., 1., 0.], vec![], 10.0)),
        ("o0 v0 o2 n3 v1", ([1., 3., 0.], vec![], 10.0)),
        ("o1 v0 o1 v1 o16 v2", ([1., -1., -1.], vec![], 10.0)),
        ("o54 3 v0 v1 o2 v2 n4", ([1., 1., 4.], vec![], 10.0)),
        ("o3 o0 v0 n8 n4", ([0.25, 0., 0.], vec![], 8.0)),
        ("o2 n2 o0 v0 o2 n3 o0 v1 n1", ([2., 6., 0.], vec![], 4.0)),
        ("o5 v0 n2", ([0.0; 3], vec![product(0, 0, 1.0)], 10.0)),
        ("o5 o0 v0 v1 n2", ([0.0; 3], squares.clone(), 10.0)),
        ("o77 o0 v0 v1", ([0.0; 3], squares.clone(), 10.0)),
        ("o76 o0 v0 v1 n2", ([0.0; 3], squares, 10.0)),
        ("o5 v0 n1", ([1., 0., 0.], vec![], 10.0)),
        ("o5 v0 n0", ([0.0; 3], vec![], 9.0)),
        ("o2 v2 v0", ([0.0; 3], vec![product(0, 2, 1.0)], 10.0)),
        ("o16 o2 o16 v0 o0 v1 n2", ([2., 0., 0.], vec![product(0, 1, 1.0)], 10.0)),
        ("o2 o2 v0 n3 v1", ([0.0; 3], vec![product(0, 1, 3.0)], 10.0)),
        ("o39 n16", ([0.0; 3], vec![], 6.0)),
        ("o2 v0 o0 v1 o16 v1", ([0.0; 3], vec![], 10.0)),
        ("s4", ([0.0; 3], vec![], 6.0)),
        ("l-70000", ([0.0; 3], vec![], 70_010.0)),
    ];
    for form in Form::ALL {
        for (body, (linear, products, side)) in &cases {
            let got = problem(&one_row(body), form);
            let mut row = [0.0; 3];
            for (j, value) in row.iter_mut().enumerate() {
                *value = got.column(j).iter().map(|(_, v)| v).sum();
            }
            let expected: Vec<QuadraticRow> = if products.is_empty() {
                Vec::new()
            } else {
                vec![QuadraticRow { row: 0, products: products.clone() }]
            };
            assert_eq!((row, got.row_upper()[0]), (*linear, *side), "{body} {form:?}");
            assert_eq!(got.quadratic_rows(), expected, "{body} {form:?}");
        }
    }
}

#[test]
fn what_is_not_quadratic_is_refused_by_its_operator() {
    let cases = [
        ("o41 v0", "the operator o41 (sin)"),
        ("o0 v0 o44 v1", "the operator o44 (exp)"),
        ("o11 2 v0 v1", "the operator o11 (min)"),
        ("o5 v0 n3", "a power with the exponent 3"),
        ("o5 n2 v0", "a power with an exponent that varies"),
        ("o2 v0 o2 v1 v2", "a product of degree three or more"),
        ("o77 o2 v0 v1", "a power of degree three or more"),
        ("o3 n1 v0", "a division by something that varies"),
        ("o3 v0 n0", "a division by zero"),
        ("o35 o22 v0 n1 n2 n3", "the operator o35 (if-then-else)"),
        ("o99 v0", "the unknown operator o99"),
        ("f0 1 v0", "a call of an imported function"),
    ];
    for (body, what) in cases {
        let error = nl::read(&one_row(body).bytes(Form::Text)).expect_err(body);
        assert_eq!(error.code, "nl-nonlinear", "{body}: {error}");
        assert!(error.finding.starts_with(what), "{body}: {error}");
        assert!(error.line().is_some_and(|line| line > 11), "{body}: {error}");
        let error = nl::read(&one_row(body).bytes(Form::LittleEndian)).expect_err(body);
        assert!(matches!(*error.place, TextPlace::Byte { .. }), "{body}: {error}");
    }
}

#[test]
fn a_whole_model_in_every_form() {
    // maximise 2x + y − x² + 4, z binary, w integer; common expression e = x + 2y + 1; e² ≤ 9; 1 ≤ y − w + z ≤ 3
    let file = NlFile::new(4, 2)
        .header(2, "1 1 0 0 0 0")
        .header(4, "2 1 1")
        .header(6, "1 1 0 0 0")
        .header(10, "1 0 0 0 0")
        .jacobian(5, 2)
        .segment("V4 2 0", "")
        .pairs(&[(0, 1.0), (1, 2.0)])
        .expression("n1")
        .segment("C0", "o5 v4 n2")
        .segment("C1", "n0")
        .segment("O0 1", "o0 n4 o16 o77 v0")
        .segment("d 1", "")
        .pairs(&[(0, 2.5)])
        .segment("x 2", "")
        .pairs(&[(0, 1.5), (2, 1.0)])
        .bounds("r", &["1 9", "0 1 3"])
        .bounds("b", &["3", "2 0", "0 0 1", "0 -5 5"])
        .lengths(&[1, 3, 4])
        .segment("J0 2", "")
        .pairs(&[(0, 0.0), (1, 0.0)])
        .segment("J1 3", "")
        .pairs(&[(1, 1.0), (2, 1.0), (3, -1.0)])
        .segment("G0 2", "")
        .pairs(&[(0, 2.0), (1, 1.0)]);
    for form in Form::ALL {
        let settings = Settings {
            column_names: Some(b"x\ny\nz\nw\n"),
            row_names: Some(b"ball\nlink\nprofit\n"),
            ..Settings::default()
        };
        let read = nl::read_model(&file.bytes(form), &settings).unwrap_or_else(|e| panic!("{form:?}: {e}"));
        let (model, p) = (&read.value, &read.value.problem);
        assert!(read.warnings.is_empty(), "{:?}", read.warnings);
        assert_eq!((p.sense(), p.offset(), p.cost()), (Sense::Maximize, 4.0, &[2.0, 1.0, 0.0, 0.0][..]));
        assert_eq!(p.quadratic_objective(), [product(0, 0, -1.0)]);
        let ball = vec![product(0, 0, 1.0), product(0, 1, 4.0), product(1, 1, 4.0)];
        assert_eq!(p.quadratic_rows(), [QuadraticRow { row: 0, products: ball }]);
        assert_eq!((p.row_lower(), p.row_upper()), (&[f64::NEG_INFINITY, 1.0][..], &[8.0, 3.0][..]));
        assert_eq!(p.column(1).iter().collect::<Vec<_>>(), [(0, 4.0), (1, 1.0)]);
        let kinds: Vec<ColumnKind> = (0..4).map(|j| p.kind(j)).collect();
        assert_eq!(kinds, [Continuous, Continuous, Integer, Integer]);
        assert_eq!(p.row_names().iter().collect::<Vec<_>>(), ["ball", "link"]);
        assert_eq!((p.column_names().find("w"), p.objective_name()), (Some(3), Some("profit")));
        assert_eq!(model.start.as_deref(), Some(&[1.5, 0.0, 1.0, 0.0][..]));
        assert_eq!((model.echo.options.as_slice(), model.objectives), (&[1, 1, 0][..], 1));
    }
}

#[test]
fn integers_among_nonlinear_variables_stand_last_in_their_group() {
    // Nonlinear in both: 0, 1 (1 integer); constraints only: 2, 3 (3); objectives only: 4, 5 (5); linear: 6; binary: 7; integer: 8.
    let file = NlFile::new(9, 1)
        .header(4, "4 6 2")
        .header(6, "1 1 1 1 1")
        .bounds("r", &["3"])
        .bounds("b", &["3", "3", "3", "3", "3", "3", "3", "0 0 1", "3"]);
    let p = problem(&file, Form::Text);
    let integers: Vec<usize> = (0..9).filter(|&j| p.kind(j).is_integer()).collect();
    assert_eq!(integers, [1, 3, 5, 7, 8]);
}

#[test]
fn suffixes_make_sets_and_others_are_told() {
    let file = one_row("n0")
        .segment("S0 3 sosno", "")
        .wholes(&[(0, -1), (1, -1), (2, 2)])
        .segment("S4 3 ref", "")
        .pairs(&[(0, 2.0), (1, 1.0), (2, 1.0)])
        .segment("S0 1 colour", "")
        .wholes(&[(0, 7)])
        .segment("S1 1 priority", "")
        .wholes(&[(0, 7)]);
    for form in Form::ALL {
        let read = nl::read(&file.bytes(form)).unwrap_or_else(|e| panic!("{form:?}: {e}"));
        let sets: Vec<_> = read.value.sets().iter().map(|s| (s.order, s.members.clone())).collect();
        assert_eq!(sets, [(2, vec![(1, 1.0), (0, 2.0)]), (1, vec![(2, 1.0)])], "in the order of their numbers");
        let codes: Vec<_> = read.warnings.iter().map(|w| w.code).collect();
        assert_eq!(codes, ["nl-suffix-ignored"], "{form:?}");
    }
}

#[test]
fn one_of_several_objectives_is_taken() {
    let file = NlFile::new(2, 0)
        .objectives(2)
        .segment("O0 0", "n1")
        .segment("O1 1", "n2")
        .bounds("b", &["3", "3"])
        .gradient(2)
        .segment("G0 1", "")
        .pairs(&[(0, 3.0)])
        .segment("G1 1", "")
        .pairs(&[(1, 4.0)]);
    for (wanted, offset, cost) in [(None, 1.0, [3.0, 0.0]), (Some(2), 2.0, [0.0, 4.0])] {
        let settings = Settings { objective: wanted, ..Settings::default() };
        let read = nl::read_model(&file.bytes(Form::Text), &settings).expect("a model");
        assert_eq!((read.value.problem.offset(), read.value.problem.cost()), (offset, &cost[..]));
        assert_eq!(read.warnings[0].code, "nl-several-objectives");
    }
}

#[test]
fn damage_is_told_with_its_place() {
    let good = String::from_utf8(
        NlFile::new(2, 1)
            .jacobian(2, 0)
            .segment("C0", "n0")
            .segment("O0 0", "n0")
            .bounds("r", &["1 10"])
            .bounds("b", &["2 0", "2 0"])
            .lengths(&[1])
            .segment("J0 2", "")
            .pairs(&[(0, 1.0), (1, 2.5)])
            .bytes(Form::Text),
    )
    .expect("text");
    assert!(nl::read(good.as_bytes()).is_ok());
    let change = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let cases: Vec<(String, &str, usize, usize)> = vec![
        (String::new(), "nl-cut-off", 1, 1),
        ("MODEL\n".into(), "nl-header", 1, 1),
        (change(" 2 1 1 0 0", " -2 1 1 0 0"), "nl-header", 2, 2),
        (change(" 2 1 1 0 0", " 2000000000 1 1 0 0"), "nl-cut-off", 2, 1),
        (change(" 2 1 1 0 0", " 2 1"), "nl-header", 2, 1),
        (change("C0\n", "C7\n"), "nl-index", 11, 2),
        (change("C0\nn0", "C0\nnought"), "nl-number", 12, 2),
        (change("C0\nn0", "C0\nn0 7"), "nl-line", 12, 4),
        (change("C0\nn0", "C0\nnNaN"), "nl-not-a-number", 12, 2),
        (change("C0\nn0", "C0\nv9"), "nl-index", 12, 2),
        (change("C0\nn0", "C0\nz"), "nl-expression", 12, 1),
        (change("C0\n", "Q0\n"), "nl-segment", 11, 1),
        (change("C0\nn0", "C0\nn0\nC0\nn0"), "nl-repeated", 13, 1),
        (change("1 10", "7 10"), "nl-bounds", 16, 1),
        (change("1 10", "5 1 1"), "nl-nonlinear", 16, 1),
        (change("1 2.5", "1 inf"), "nl-infinite", 24, 3),
        (change("1 2.5\n", ""), "nl-cut-off", 24, 1),
        (change("J0 2\n0 1.0\n1 2.5\n", ""), "nl-cut-off", 22, 1),
        (change("r\n1 10\n", ""), "nl-cut-off", 23, 1),
        (change("r\n", "L0\nn1\nr\n"), "nl-nonlinear", 15, 1),
    ];
    for (text, code, line, column) in cases {
        let error = nl::read(text.as_bytes()).expect_err(&text);
        assert_eq!((error.code, error.line(), error.column()), (code, Some(line), Some(column)), "{error}\n{text}");
    }
}

#[test]
fn depth_and_growth_are_limited() {
    let deep = one_row(&format!("{}v0", "o16 ".repeat(200_000)));
    assert_eq!(problem(&deep, Form::Text).column(0).values, [1.0]);
    let nested = one_row(&format!("{}v0", "o77 ".repeat(20_000)));
    assert_eq!(nl::read(&nested.bytes(Form::Text)).expect_err("too deep").code, "nl-too-deep");
    // A sum of 3000 terms, squared, is nine million products out of some kilobytes.
    let sum = format!("o77 o54 3000 {}", "v0 v1 v2 ".repeat(1000));
    assert!(nl::read(&one_row(&sum).bytes(Form::Text)).is_ok(), "they cancel down to three");
    let terms: Vec<String> = (0..3000).map(|j| format!("v{j}")).collect();
    let wide = NlFile::new(3000, 1)
        .segment("C0", &format!("o77 o54 3000 {}", terms.join(" ")))
        .bounds("r", &["1 10"])
        .bounds("b", &vec!["3"; 3000]);
    assert_eq!(nl::read(&wide.bytes(Form::Text)).expect_err("too large").code, "nl-too-large");
}

/// What is written reads back: at once where nothing had to move, by names where it had.
#[test]
fn what_is_written_reads_back() {
    let read_lp = |text: &str| read_problem(text.as_bytes(), Some("a.lp")).unwrap_or_else(|e| panic!("{e}")).value;
    let in_order = read_lp(
        "max obj: 2 x + 0 y + 0 v + 3 w + 0.1 b - 4 i + [ 2 x ^2 + 6 x * y ] / 2 + 7 st q: x + [ x ^2 + y * v ] <= 9\n\
         r: -1 <= y - w + 3 i <= 4\n e: w + b = 1e-7\n f: x + i >= -inf\n\
         bounds -3 <= x <= 5\n y free\n v = 2\n i <= 9\n binaries b\n generals i\n sos s1: S2:: x:1 w:2 v:3 end",
    );
    let moved = read_lp("min obj: a + 2 b st c1: a + b + z >= 1\n c2: b + [ b ^2 + z * b ] <= 9\n binaries a\n end");
    for (problem, moves) in [(in_order, false), (moved, true)] {
        let mut out = Vec::new();
        let lost: Vec<_> = nl::write(&problem, &mut out).expect("it can be held").iter().map(|w| w.code).collect();
        assert_eq!(lost.contains(&"nl-order"), moves, "{lost:?}");
        let order = nl::Order::of(&problem);
        let (mut columns, mut rows) = (Vec::new(), Vec::new());
        order.write_column_names(&problem, &mut columns).expect("a vector takes everything");
        order.write_row_names(&problem, &mut rows).expect("a vector takes everything");
        let settings = Settings { column_names: Some(&columns), row_names: Some(&rows), ..Settings::default() };
        let again = nl::read_model(&out, &settings).unwrap_or_else(|e| panic!("{e}"));
        assert!(again.warnings.is_empty(), "{:?}", again.warnings);
        let again = again.value.problem;
        if moves {
            assert_eq!(by_name(&again), by_name(&problem));
        } else {
            let mut sets = again.sets().to_vec();
            sets.iter_mut().zip(problem.sets()).for_each(|(set, old)| set.name.clone_from(&old.name));
            assert_eq!(
                (again.cost(), again.kind_codes(), sets.as_slice()),
                (problem.cost(), problem.kind_codes(), problem.sets())
            );
            assert_eq!((again.row_names(), again.column_names()), (problem.row_names(), problem.column_names()));
            assert_eq!(
                (again.quadratic_rows(), again.quadratic_objective()),
                (problem.quadratic_rows(), problem.quadratic_objective())
            );
            assert_eq!(by_name(&again), by_name(&problem));
        }
    }
}

/// Everything about columns and rows, by name.
fn by_name(p: &Problem) -> Vec<String> {
    let column = |j: usize| p.column_names().get(j).into_owned();
    let row = |i: usize| p.row_names().get(i).into_owned();
    let mut all = vec![format!("{:?} {} {:?}", p.sense(), p.offset(), p.objective_name())];
    for j in 0..p.num_columns() {
        let mut entries: Vec<String> = p.column(j).iter().map(|(i, v)| format!("{} {v:?}", row(i))).collect();
        entries.sort();
        all.push(format!(
            "{} {:?} {} {} {} {entries:?}",
            column(j),
            p.kind(j),
            p.cost()[j],
            p.lower()[j],
            p.upper()[j]
        ));
    }
    for i in 0..p.num_rows() {
        all.push(format!("{} {} {}", row(i), p.row_lower()[i], p.row_upper()[i]));
    }
    for quadratic in p.quadratic_rows() {
        for q in &quadratic.products {
            let mut pair = [column(q.first as usize), column(q.second as usize)];
            pair.sort();
            all.push(format!("{} {pair:?} {}", row(quadratic.row as usize), q.value));
        }
    }
    all.sort();
    all
}

#[test]
fn what_it_cannot_hold_is_told() {
    let cases = [
        ("min x st c: x >= 1\nbounds x <= 4\nsemi-continuous x\nend", "nl-semicontinuous"),
        ("min x st c: b = 1 -> x >= 1\nbinaries b\nend", "nl-indicators"),
        ("min x st c: x + y >= 1\nsos s1: S1:: x:1 y:2\n s2: S1:: x:1 y:2\nend", "nl-sets"),
    ];
    for (text, code) in cases {
        let problem = read_problem(text.as_bytes(), Some("a.lp")).unwrap_or_else(|e| panic!("{e}: {text}")).value;
        assert_eq!(nl::write(&problem, &mut Vec::new()).expect_err(text).code(), code);
    }
}

/// No change of a good file panics, hangs, or gives an error without a place.
#[test]
fn changed_files_are_read_or_refused() {
    let file = NlFile::new(3, 1)
        .jacobian(1, 1)
        .segment("C0", "o0 o2 v0 v1 o5 o1 v2 n2 n2")
        .segment("O0 0", "o54 3 v0 n1 o16 v2")
        .bounds("r", &["0 1 10"])
        .bounds("b", &["2 0", "0 0 1", "3"])
        .lengths(&[1, 1])
        .segment("J0 1", "")
        .pairs(&[(0, 1.0)])
        .segment("G0 1", "")
        .pairs(&[(0, 1.0)])
        .segment("S0 2 sosno", "")
        .wholes(&[(0, 1), (1, 1)]);
    let mut state = 7_u64;
    let mut next = |end: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % end
    };
    for form in Form::ALL {
        let good = file.bytes(form);
        assert!(nl::read(&good).is_ok());
        for _ in 0..20_000 {
            let mut bytes = good.clone();
            for _ in 0..=next(3) {
                let at = next(bytes.len());
                match next(4) {
                    0 => bytes[at] = next(256) as u8,
                    1 => bytes[at] = b"0123456789-ovnCOVJGrbkxdS \n"[next(27)],
                    2 => bytes.truncate(at.max(1)),
                    _ => {
                        let piece = good[at.min(good.len() - 1)..].iter().copied().take(next(20)).collect::<Vec<_>>();
                        bytes.splice(at..at, piece);
                    }
                }
            }
            if let Err(error) = nl::read(&bytes) {
                assert!(error.code.starts_with("nl-") || error.defects().is_some(), "{error}");
            }
        }
    }
}

#[test]
fn the_front_door_takes_it() {
    let bytes = one_row("v0").bytes(Form::BigEndian);
    assert_eq!(Format::of_text(&bytes), Format::Nl);
    assert_eq!(read_problem(&bytes, Some("a.nl")).expect("a model").value.num_columns(), 3);
}
