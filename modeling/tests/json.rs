//! Farkas JSON: what its shapes mean, and what people are told when they get them wrong.

use farkas_modeling::formats::json::{self, Document};
use farkas_modeling::formats::read_problem;
use farkas_modeling::{ColumnKind, Problem, Sense};

const INF: f64 = f64::INFINITY;

fn read(text: &str) -> Problem {
    match json::read(text.as_bytes()) {
        Ok(read) => read.value,
        Err(error) => panic!("{text}\n{error}"),
    }
}

#[test]
fn the_shape_for_people() {
    let p = read(
        r#"{ "name": "tuesday plan", "sense": "maximize", "objective": "3 x + 2 y - 1",
             "variables": {"z": {"type": "binary"}, "x": {"type": "integer", "lower": 0, "upper": 10}, "y": {"lower": 0},
                           "f": {"free": true}, "s": {"type": "semicontinuous", "lower": 2, "upper": 9}, "d": {},
                           "n": {"lower": "-inf", "upper": "inf"}},
             "constraints": {"capacity": "2 x + y <= 12", "mix": {"terms": {"x": 1, "y": -1}, "lower": -2},
                             "fix": {"terms": {"f": 1, "n": 2}, "equal": 4},
                             "if": {"expression": "x + y >= 1", "when": {"z": 0}}},
             "sets": {"one": {"order": 1, "weights": {"x": 2, "y": 1}}} }"#,
    );
    assert_eq!((p.name(), p.sense(), p.offset()), ("tuesday plan", Sense::Maximize, -1.0));
    assert_eq!(p.column_names().iter().collect::<Vec<_>>(), ["z", "x", "y", "f", "s", "d", "n"]);
    assert_eq!(p.cost(), [0.0, 3.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(p.lower(), [0.0, 0.0, 0.0, -INF, 2.0, 0.0, -INF]);
    assert_eq!(p.upper(), [1.0, 10.0, INF, INF, 9.0, INF, INF]);
    assert_eq!(
        (p.kind(0), p.kind(1), p.kind(4)),
        (ColumnKind::Integer, ColumnKind::Integer, ColumnKind::SemiContinuous)
    );
    assert_eq!(p.row_names().iter().collect::<Vec<_>>(), ["capacity", "mix", "fix", "if"]);
    assert_eq!(p.row_lower(), [-INF, -2.0, 4.0, 1.0]);
    assert_eq!(p.row_upper(), [12.0, INF, 4.0, INF]);
    assert_eq!(p.by_rows().row(1), (&[1, 2][..], &[1.0, -1.0][..]));
    assert_eq!((p.indicators()[0].row, p.indicators()[0].column, p.indicators()[0].active), (3, 0, false));
    assert_eq!(p.sets()[0].members, [(2, 1.0), (1, 2.0)]);
}

#[test]
fn the_shape_for_machines() {
    let by_columns = read(
        r#"{"columns": {"lower": [0, "-inf", null], "upper": ["inf", 4, 1], "cost": [1, 2, 3],
                        "type": ["continuous", "integer", "binary"], "names": ["a", "b", "c"]},
            "rows": {"lower": [1, null], "upper": ["inf", 7], "names": ["r", "s"]},
            "matrix": {"csc": {"starts": [0, 1, 3, 4], "indices": [0, 0, 1, 1], "values": [1, 2, 3, 4]}}, "offset": 5}"#,
    );
    let by_rows = read(
        r#"{"columns": {"lower": [0, "-inf", null], "upper": ["inf", 4, 1], "cost": [1, 2, 3],
                        "type": ["C", "I", "B"], "names": ["a", "b", "c"]},
            "rows": {"lower": [1, null], "upper": ["inf", 7], "names": ["r", "s"]},
            "matrix": {"csr": {"starts": [0, 2, 4], "indices": [0, 1, 1, 2], "values": [1, 2, 3, 4]}}, "offset": 5}"#,
    );
    assert_eq!(by_columns, by_rows);
    assert_eq!(by_columns.lower(), [0.0, -INF, 0.0]);
    assert_eq!((by_columns.num_rows(), by_columns.num_nonzeros(), by_columns.num_integers()), (2, 4, 2));
    assert_eq!(read(r#"{"columns": {"cost": []}}"#).num_columns(), 0);
}

#[test]
fn other_formats_as_text() {
    let text =
        r#"{"format": "mps", "text": "NAME T\nROWS\n N cost\n G c\nCOLUMNS\n x cost 1 c 1\nRHS\n RHS c 3\nENDATA\n"}"#;
    assert_eq!(read(text).row_lower(), [3.0]);
    let error = json::read(text.replace("RHS c 3", "RHS d 3").as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "MPS line 8, column 6: 'd' is not a row named in ROWS; rows end at line 4");
    assert_eq!(read_problem(text.as_bytes(), None).unwrap().value.num_rows(), 1);
}

#[test]
fn every_error_has_its_place() {
    let model =
        |constraints: &str| format!(r#"{{"variables": {{"x": {{}}, "y": {{}}}}, "constraints": {constraints}}}"#);
    let cases: Vec<(String, &str, &str)> = vec![
        (model(r#"{"mix": "x + q <= 3"}"#), "json-unknown-variable",
            "/model/constraints/mix, character 5: 'q' is not a variable; declare it under \"variables\", or correct the name"),
        (model(r#"{"a/b~c": 3}"#), "json-type",
            "/model/constraints/a~1b~0c: a number where algebra or {\"terms\", \"lower\", \"upper\"} must stand; see the shapes of a model in the documentation"),
        (model(r#"["x <= 1", "x"]"#), "json-algebra",
            "/model/constraints/1, character 2: no relation (<=, >= or =) in this constraint; write it as 2 x + 3 y <= 12"),
        (model(r#"{"c": {"terms": {"q": 1}}}"#), "json-unknown-variable",
            "/model/constraints/c/terms/q: 'q' is not a variable; declare it under \"variables\", or correct the name"),
        (model(r#"{"c": {"terms": {"x": "1"}}}"#), "json-type",
            "/model/constraints/c/terms/x: text where a number must stand; see the shapes of a model in the documentation"),
        (model(r#"{"c": {"terms": {"x": 1}, "equal": 2, "lower": 1}}"#), "json-value",
            "/model/constraints/c/equal: equal, and yet it has a lower or an upper side; give one or the other"),
        (model(r#"{"c": {"terms": {"x": 1}, "up": 2}}"#), "json-unknown-field",
            "/model/constraints/c/up: 'up' is not a field here; there are expression, when, terms, lower, upper, equal"),
        (r#"{"variables": {"x": {"type": "real"}}}"#.into(), "json-value",
            "/model/variables/x/type: 'real' is not a type of variable; there are continuous, integer, binary, semicontinuous and semiinteger"),
        (r#"{"variables": {"x": {"upper": "many"}}}"#.into(), "json-value",
            "/model/variables/x/upper: 'many' is not a bound; give a number, \"inf\" or \"-inf\""),
        (r#"{"variables": {"x": {"free": true, "lower": 0}}}"#.into(), "json-value",
            "/model/variables/x/free: free, and yet it has a lower bound; give one or the other"),
        (r#"{"variables": {"x": {}}, "sense": "best"}"#.into(), "json-value",
            "/model/sense: 'best' is no sense; give \"minimize\" or \"maximize\""),
        (r#"{"objective": "x"}"#.into(), "json-missing-field", "/model: the field \"variables\" is missing; add it"),
        (r#"{"variables": {"x": {}}, "limits": 3}"#.into(), "json-unknown-field",
            "/model/limits: 'limits' is not a field here; there are name, sense, objective, variables, constraints, sets"),
        ("[1, 2]".into(), "json-type",
            "/model: a list of numbers where an object must stand; see the shapes of a model in the documentation"),
        (r#"{"columns": {"cost": [1, 2], "lower": [0]}}"#.into(), "json-length",
            "/model/columns/lower: 1 values, but \"cost\" has 2; give every array the same length"),
        (r#"{"columns": {"cost": [1]}, "rows": {"lower": [0]}, "matrix": {"csc": {"starts": [0, 1], "indices": [1], "values": [1]}}}"#.into(),
            "json-value", "/model/matrix/csc/indices/0: 1 is not a whole number from 0 to below 1; positions count from 0"),
        (r#"{"columns": {"cost": [1]}, "rows": {"lower": [0]}, "matrix": {"csr": {"starts": [0, 2], "indices": [0], "values": [1]}}}"#.into(),
            "json-value", "/model/matrix/csr/starts/1: 2 is not a whole number from 0 to below 2; positions count from 0"),
        (r#"{"columns": {"cost": [1, "x"]}}"#.into(), "json-type",
            "/model/columns/cost/1: text where a number must stand; see the shapes of a model in the documentation"),
        (r#"{"format": "gms", "text": "max x"}"#.into(), "format-unsupported",
            "/model/format: the format 'gms' is not read from text; give \"mps\", \"lp\" or \"nl\""),
        (r#"{"columns": {"cost": [1]}, "quadratic_objective": {"first": [0], "second": [0], "values": [1, 2]}}"#.into(),
            "json-length", "/model/quadratic_objective/values: 2 values, but 1 and 1 columns; give two columns a value"),
        (r#"{"columns": {"cost": [1]}, "quadratic_rows": [{"row": 0, "first": [0], "second": [0], "value": [1]}]}"#.into(),
            "json-missing-field", "/model/quadratic_rows/0: the field \"values\" is missing; add it"),
        (r#"{"columns": {"cost": [1]}, "quadratic_objective": {"first": [0], "second": [7], "values": [1]}}"#.into(),
            "problem-out-of-range",
            "1 defect in the problem\n  objective: a product of columns 0 and 7, but there are 1 columns"),
        (r#"{"variables": {"x": {"lower": "inf"}}}"#.into(), "problem-wrong-infinity",
            "1 defect in the problem\n  variable 'x': its lower bound is inf"),
    ];
    for (text, code, message) in cases {
        let document = Document::parse(text.as_bytes()).expect("it is JSON");
        let error = json::from_document(&document, "/model").expect_err(&text);
        assert_eq!((error.code, error.to_string().as_str()), (code, message), "{text}");
    }
}

#[test]
fn broken_documents_are_told_by_line() {
    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    let cases = [
        ("{\"variables\": {\"x\": {},\n \"x\": {}}}", "json-duplicate-key", 2),
        ("{\"variables\": ", "json-syntax", 1),
        ("{\"a\": 1e999}", "json-syntax", 1),
        ("{\"a\": NaN}", "json-syntax", 1),
        ("{} {}", "json-syntax", 1),
        ("", "json-syntax", 1),
        (&deep, "json-too-deep", 1),
    ];
    for (text, code, line) in cases {
        let error = json::read(text.as_bytes()).expect_err(text);
        assert_eq!((error.code, error.line()), (code, Some(line)), "{text}: {error}");
    }
    let many: Vec<String> = (0..40).chain([7]).map(|i| format!("\"k{i}\":1")).collect();
    let error = json::read(format!("{{{}}}", many.join(",")).as_bytes()).unwrap_err();
    assert_eq!(error.code, "json-duplicate-key");
}

#[test]
fn what_is_written_reads_back() {
    let p = read(
        r#"{ "name": "all", "sense": "maximize", "objective": "3 x + 2 'a b' - 1 - x^2 + 0.5 'a b' * z",
             "variables": {"z": {"type": "binary"}, "x": {"type": "integer", "upper": 10}, "a b": {"lower": -1.5},
                           "f": {"free": true}, "s": {"type": "semiinteger", "lower": 2, "upper": 9}, "infra": {},
                           "u": {"lower": "-inf", "upper": 0}},
             "constraints": {"le": "2 x + 'a b' <= 12", "ge": "x - 1e-7 f >= -2", "eq": "0.1 f + infra = 4", "rg": "-1 <= x + z <= 1e9",
                             "free": "x + z <= inf", "none": "0 <= 5",
                             "ball": "x^2 + 3 'a b'^2 - x * u + f <= 7", "square": "-2 <= f^2",
                             "if": {"expression": "x + z >= 1", "when": {"z": 1}}},
             "sets": {"one": {"order": 2, "weights": {"x": 2, "z": 1}}} }"#,
    );
    let mut readable = Vec::new();
    json::write_readable(&p, &mut readable).unwrap();
    assert_eq!(read(std::str::from_utf8(&readable).unwrap()), p, "{}", String::from_utf8_lossy(&readable));
    let mut columnar = Vec::new();
    json::write_columnar(&p, &mut columnar).unwrap();
    assert_eq!(read(std::str::from_utf8(&columnar).unwrap()), p);
}

/// The square of a sum in every row would fill the memory, were each row to count for itself.
#[test]
fn products_are_limited_over_the_whole_model() {
    let names: Vec<String> = (0..1000).map(|j| format!("x{j}")).collect();
    let variables: Vec<String> = names.iter().map(|name| format!("\"{name}\": {{}}")).collect();
    let row = format!("\"({})^2 <= 1\"", names.join("+"));
    let rows = vec![row; 100].join(",");
    let text = format!("{{\"variables\": {{{}}}, \"constraints\": [{rows}]}}", variables.join(","));
    let error = json::read(text.as_bytes()).expect_err("a hundred million products");
    assert_eq!(error.code, "json-too-large", "{error}");
}
