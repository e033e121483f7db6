//! `MathOptFormat`: what constraints come to, what is refused with its pointer, and round trips.

use farkas_modeling::formats::{Format, mof, read_problem, write_problem};
use farkas_modeling::problem::{Indicator, Product, QuadraticRow, SpecialOrderedSet};
use farkas_modeling::{ColumnKind, Problem, Sense};

/// A document over x, y and z with this objective and these constraints.
fn document(objective: &str, constraints: &str) -> String {
    format!(
        r#"{{"name": "t", "version": {{"major": 1, "minor": 7}}, "variables": [{{"name": "x"}}, {{"name": "y", "primal_start": 1}},
        {{"name": "z"}}], "objective": {objective}, "constraints": [{constraints}]}}"#
    )
}

fn problem(objective: &str, constraints: &str) -> Problem {
    let text = document(objective, constraints);
    mof::read(text.as_bytes()).unwrap_or_else(|e| panic!("{e}: {text}")).value
}

const NONE: &str = r#"{"sense": "feasibility"}"#;

/// x + 2 y + 3.
const AFFINE: &str = r#"{"type": "ScalarAffineFunction", "constant": 3,
    "terms": [{"coefficient": 1, "variable": "x"}, {"coefficient": 2, "variable": "y"}]}"#;

/// ½ · 4 x² + 5 x y + y.
const QUADRATIC: &str = r#"{"type": "ScalarQuadraticFunction", "constant": 0,
    "affine_terms": [{"coefficient": 1, "variable": "y"}],
    "quadratic_terms": [{"coefficient": 4, "variable_1": "x", "variable_2": "x"}, {"coefficient": 5, "variable_1": "y", "variable_2": "x"}]}"#;

fn product(first: u32, second: u32, value: f64) -> Product {
    Product { first, second, value }
}

#[test]
fn scalar_functions_in_scalar_sets_are_rows() {
    let inf = f64::INFINITY;
    let sets = [
        (r#"{"type": "LessThan", "upper": 5}"#, -inf, 2.0),
        (r#"{"type": "GreaterThan", "lower": 5}"#, 2.0, inf),
        (r#"{"type": "EqualTo", "value": 5}"#, 2.0, 2.0),
        (r#"{"type": "Interval", "lower": 4, "upper": 5}"#, 1.0, 2.0),
    ];
    for (set, lower, upper) in sets {
        let p = problem(NONE, &format!(r#"{{"name": "c", "function": {AFFINE}, "set": {set}}}"#));
        assert_eq!((p.row_lower(), p.row_upper()), (&[lower][..], &[upper][..]), "{set}");
        assert_eq!(p.by_rows().row(0), (&[0, 1][..], &[1.0, 2.0][..]), "{set}");
        assert_eq!(p.row_names().get(0), "c");
        assert!(p.lower().iter().all(|l| *l == -inf), "variables are free");
    }
}

#[test]
fn a_square_counts_half() {
    let objective = format!(r#"{{"sense": "max", "function": {QUADRATIC}}}"#);
    let p = problem(&objective, &format!(r#"{{"function": {QUADRATIC}, "set": {{"type": "LessThan", "upper": 9}}}}"#));
    let products = vec![product(0, 0, 2.0), product(0, 1, 5.0)];
    assert_eq!((p.sense(), p.quadratic_objective()), (Sense::Maximize, products.as_slice()));
    assert_eq!(p.cost(), [0.0, 1.0, 0.0]);
    assert_eq!(p.quadratic_rows(), [QuadraticRow { row: 0, products }]);
    assert!(!p.row_names().are_given());
}

#[test]
fn variables_in_sets_have_bounds_and_kinds() {
    let inf = f64::INFINITY;
    let cases: [(&[&str], ColumnKind, f64, f64); 9] = [
        (&[r#"{"type": "ZeroOne"}"#], ColumnKind::Integer, 0.0, 1.0),
        (&[r#"{"type": "Integer"}"#], ColumnKind::Integer, -inf, inf),
        (
            &[r#"{"type": "GreaterThan", "lower": 1}"#, r#"{"type": "LessThan", "upper": 4}"#],
            ColumnKind::Continuous,
            1.0,
            4.0,
        ),
        (&[r#"{"type": "Interval", "lower": 1, "upper": 2}"#, r#"{"type": "Integer"}"#], ColumnKind::Integer, 1.0, 2.0),
        (&[r#"{"type": "EqualTo", "value": 7}"#], ColumnKind::Continuous, 7.0, 7.0),
        (&[r#"{"type": "Parameter", "value": 7}"#], ColumnKind::Continuous, 7.0, 7.0),
        (&[r#"{"type": "Semicontinuous", "lower": 2, "upper": 3}"#], ColumnKind::SemiContinuous, 2.0, 3.0),
        (&[r#"{"type": "Semiinteger", "lower": 2, "upper": 3}"#], ColumnKind::SemiInteger, 2.0, 3.0),
        (
            &[r#"{"type": "Integer"}"#, r#"{"type": "Semicontinuous", "lower": 2, "upper": 3}"#],
            ColumnKind::SemiInteger,
            2.0,
            3.0,
        ),
    ];
    for (sets, kind, lower, upper) in cases {
        let constraints: Vec<String> = sets
            .iter()
            .map(|set| format!(r#"{{"function": {{"type": "Variable", "name": "y"}}, "set": {set}}}"#))
            .collect();
        let p = problem(NONE, &constraints.join(","));
        assert_eq!((p.num_rows(), p.kind(1), p.lower()[1], p.upper()[1]), (0, kind, lower, upper), "{sets:?}");
    }
}

/// (x − y + 1, 2 z − 3).
const VECTOR: &str = r#"{"type": "VectorAffineFunction", "constants": [1, -3], "terms": [
    {"output_index": 1, "scalar_term": {"coefficient": 1, "variable": "x"}},
    {"output_index": 1, "scalar_term": {"coefficient": -1, "variable": "y"}},
    {"output_index": 2, "scalar_term": {"coefficient": 2, "variable": "z"}}]}"#;

#[test]
fn vectors_in_cones_are_rows_and_bounds() {
    let inf = f64::INFINITY;
    let cases = [
        (r#"{"type": "Nonnegatives", "dimension": 2}"#, [-1.0, 3.0], [inf, inf]),
        (r#"{"type": "Nonpositives", "dimension": 2}"#, [-inf, -inf], [-1.0, 3.0]),
        (r#"{"type": "Zeros", "dimension": 2}"#, [-1.0, 3.0], [-1.0, 3.0]),
        (r#"{"type": "HyperRectangle", "lower": [0, 1], "upper": [1, 2]}"#, [-1.0, 4.0], [0.0, 5.0]),
    ];
    for (set, lower, upper) in cases {
        let p = problem(NONE, &format!(r#"{{"name": "v", "function": {VECTOR}, "set": {set}}}"#));
        assert_eq!((p.row_lower(), p.row_upper()), (&lower[..], &upper[..]), "{set}");
        assert_eq!(p.row_names().iter().collect::<Vec<_>>(), ["v[1]", "v[2]"]);
        let variables = r#"{"type": "VectorOfVariables", "variables": ["x", "z"]}"#;
        let p = problem(NONE, &format!(r#"{{"function": {variables}, "set": {set}}}"#));
        assert_eq!((p.num_rows(), p.lower()[1]), (0, -inf));
        assert!(p.lower()[2].is_finite() || p.upper()[2].is_finite(), "{set}");
    }
}

#[test]
fn sets_and_indicators() {
    let constraints = r#"{"name": "s", "function": {"type": "VectorOfVariables", "variables": ["z", "x"]}, "set": {"type": "SOS2", "weights": [2, 1]}},
        {"function": {"type": "Variable", "name": "z"}, "set": {"type": "ZeroOne"}},
        {"function": {"type": "VectorOfVariables", "variables": ["z", "x"]},
          "set": {"type": "Indicator", "activate_on": "zero", "set": {"type": "LessThan", "upper": 4}}},
        {"name": "i", "function": {"type": "VectorQuadraticFunction", "constants": [0, 1],
            "affine_terms": [{"output_index": 1, "scalar_term": {"coefficient": 1, "variable": "z"}}],
            "quadratic_terms": [{"output_index": 2, "scalar_term": {"coefficient": 2, "variable_1": "y", "variable_2": "y"}}]},
          "set": {"type": "Indicator", "activate_on": "one", "set": {"type": "LessThan", "upper": 4}}}"#;
    let p = problem(NONE, constraints);
    assert_eq!(p.sets(), [SpecialOrderedSet { name: "s".into(), order: 2, members: vec![(0, 1.0), (2, 2.0)] }]);
    let switched = [Indicator { row: 0, column: 2, active: false }, Indicator { row: 1, column: 2, active: true }];
    assert_eq!(p.indicators(), switched);
    assert_eq!(p.row_upper(), [4.0, 3.0]);
    assert_eq!(p.quadratic_rows(), [QuadraticRow { row: 1, products: vec![product(1, 1, 1.0)] }]);
    assert_eq!(p.row_names().iter().collect::<Vec<_>>(), ["R1", "i"]);
}

/// A nonlinear objective of these nodes, the last the root.
fn nonlinear(nodes: &[&str]) -> String {
    format!(
        r#"{{"sense": "min", "function": {{"type": "ScalarNonlinearFunction", "root": {{"type": "node", "index": {}}}, "node_list": [{}]}}}}"#,
        nodes.len(),
        nodes.join(",")
    )
}

#[test]
fn nonlinear_functions_that_are_quadratic_after_all() {
    // 2 (x − 1)² + y / 4 − 3 + sqrt(16)
    let p = problem(
        &nonlinear(&[
            r#"{"type": "-", "args": ["x", 1]}"#,
            r#"{"type": "^", "args": [{"type": "node", "index": 1}, 2]}"#,
            r#"{"type": "*", "args": [2, {"type": "node", "index": 2}]}"#,
            r#"{"type": "/", "args": [{"type": "variable", "name": "y"}, {"type": "real", "value": 4}]}"#,
            r#"{"type": "+", "args": [{"type": "node", "index": 3}, {"type": "node", "index": 4}, {"type": "-", "args": [3]}, {"type": "sqrt", "args": [16]}]}"#,
        ]),
        "",
    );
    assert_eq!(p.quadratic_objective(), [product(0, 0, 2.0)]);
    assert_eq!((p.cost(), p.offset()), (&[-4.0, 0.25, 0.0][..], 3.0));
}

#[test]
fn what_is_wrong_is_told_with_its_pointer() {
    let variable =
        |name: &str, set: &str| format!(r#"{{"function": {{"type": "Variable", "name": "{name}"}}, "set": {set}}}"#);
    let vector = |set: &str| format!(r#"{{"function": {VECTOR}, "set": {set}}}"#);
    let cases = [
        (document(r#"{"sense": "minimal"}"#, ""), "mof-value", "/objective/sense"),
        (document(r#"{"sense": "min"}"#, ""), "mof-missing-field", "/objective"),
        (
            document(NONE, &variable("q", r#"{"type": "Integer"}"#)),
            "mof-unknown-variable",
            "/constraints/0/function/name",
        ),
        (document(NONE, &variable("x", r#"{"type": "Circle"}"#)), "mof-unsupported-set", "/constraints/0/set/type"),
        (document(NONE, &variable("x", r#"{"type": "LessThan"}"#)), "mof-missing-field", "/constraints/0/set"),
        (
            document(NONE, &variable("x", r#"{"type": "LessThan", "upper": "1"}"#)),
            "mof-type",
            "/constraints/0/set/upper",
        ),
        (
            document(NONE, &vector(r#"{"type": "SecondOrderCone", "dimension": 2}"#)),
            "mof-unsupported-set",
            "/constraints/0/set/type",
        ),
        (document(NONE, &vector(r#"{"type": "Zeros", "dimension": 3}"#)), "mof-dimension", "/constraints/0/set"),
        (
            document(
                NONE,
                &vector(r#"{"type": "Indicator", "activate_on": "one", "set": {"type": "LessThan", "upper": 1}}"#),
            ),
            "mof-value",
            "/constraints/0",
        ),
        (
            document(&nonlinear(&[r#"{"type": "sin", "args": ["x"]}"#]), ""),
            "mof-nonlinear",
            "/objective/function/node_list/0",
        ),
        (
            document(&nonlinear(&[r#"{"type": "*", "args": ["x", "y", "z"]}"#]), ""),
            "mof-nonlinear",
            "/objective/function/node_list/0",
        ),
        (
            document(
                &nonlinear(&[
                    r#"{"type": "+", "args": [{"type": "node", "index": 2}]}"#,
                    r#"{"type": "+", "args": [{"type": "node", "index": 1}]}"#,
                ]),
                "",
            ),
            "mof-too-deep",
            "/objective/function/node_list/",
        ),
        (
            document(&nonlinear(&[r#"{"type": "+", "args": [{"type": "node", "index": 9}]}"#]), ""),
            "mof-value",
            "/index",
        ),
        (r#"{"version": {"major": 2, "minor": 0}}"#.into(), "mof-version", "/version/major"),
        (
            r#"{"version": {"major": 1, "minor": 0}, "variables": [{"name": "x"}, {"name": "x"}]}"#.into(),
            "mof-repeated",
            "/variables/1/name",
        ),
    ];
    for (text, code, pointer) in cases {
        let error = mof::read(text.as_bytes()).expect_err(&text);
        let place = error.pointer().unwrap_or_default();
        assert!(
            error.code == code && (place.starts_with(pointer) || place.ends_with(pointer)),
            "[{}] {error}: {text}",
            error.code
        );
    }
    // A graph that doubles with every node comes to an end.
    let mut nodes = vec![r#"{"type": "+", "args": ["x", "x"]}"#.to_owned()];
    nodes.extend((1..60).map(|k| {
        format!(r#"{{"type": "+", "args": [{{"type": "node", "index": {k}}}, {{"type": "node", "index": {k}}}]}}"#)
    }));
    let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
    let error = mof::read(document(&nonlinear(&nodes), "").as_bytes()).expect_err("too large");
    assert_eq!(error.code, "mof-too-large", "{error}");
}

#[test]
fn round_trips_lose_nothing() {
    let constraints = format!(
        r#"{{"name": "a", "function": {AFFINE}, "set": {{"type": "Interval", "lower": -1.5, "upper": 1e19}}}},
        {{"name": "b", "function": {QUADRATIC}, "set": {{"type": "GreaterThan", "lower": 0.1}}}},
        {{"name": "on", "function": {{"type": "VectorOfVariables", "variables": ["z", "x"]}},
          "set": {{"type": "Indicator", "activate_on": "zero", "set": {{"type": "EqualTo", "value": 4}}}}}},
        {{"function": {{"type": "Variable", "name": "z"}}, "set": {{"type": "ZeroOne"}}}},
        {{"function": {{"type": "Variable", "name": "x"}}, "set": {{"type": "Semicontinuous", "lower": 2, "upper": 3.25}}}},
        {{"function": {{"type": "Variable", "name": "y"}}, "set": {{"type": "LessThan", "upper": 1e-300}}}},
        {{"name": "s", "function": {{"type": "VectorOfVariables", "variables": ["z", "x"]}}, "set": {{"type": "SOS1", "weights": [1, 2]}}}}"#
    );
    let p = problem(&format!(r#"{{"sense": "max", "function": {QUADRATIC}}}"#), &constraints);
    let mut out = Vec::new();
    assert!(write_problem(&p, Format::MathOptFormat, &mut out).expect("it can be held").is_empty());
    assert_eq!(Format::of_text(&out), Format::MathOptFormat);
    let again = read_problem(&out, Some("a.mof.json")).unwrap_or_else(|e| panic!("{e}")).value;
    assert_eq!(again, p, "{}", String::from_utf8_lossy(&out));
}

#[test]
fn what_it_cannot_hold_is_told() {
    let text = b"max obj: x + y st c: x + y >= -inf d: x - y <= 1\nbounds x <= 3\nend";
    let p = read_problem(text, Some("a.lp")).expect("a model").value;
    let codes: Vec<_> = mof::write(&p, &mut Vec::new()).expect("written").iter().map(|w| w.code).collect();
    assert_eq!(codes, ["mof-objective-name", "mof-free-rows"]);
    let semi = b"min x st c: x >= 1\nbounds x >= 0\nsemi-continuous x\nend";
    let p = read_problem(semi, Some("a.lp")).expect("a model").value;
    assert_eq!(mof::write(&p, &mut Vec::new()).expect_err("infinite").code(), "mof-semicontinuous");
}
