//! The published schemas: what the reader takes they take, what it refuses for its shape they refuse, and the files in
//! `docs/schema` are the ones that the program prints.

use farkas_api_types::{MODEL_SCHEMA, result_schema};
use farkas_modeling::formats::json;
use serde_json::Value;

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(MODEL_SCHEMA).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("it is a schema")
}

/// Models, and whether their shape is right.
const MODELS: [(&str, bool); 22] = [
    (r#"{"variables": {}}"#, true),
    (r#"{"variables": {"x": null, "y": {"type": "binary"}}, "objective": "x + y", "sense": "max"}"#, true),
    (r#"{"variables": {"x": {"lower": "-inf", "upper": null}}, "objective": {"x": 2}}"#, true),
    (r#"{"variables": {"x": {"free": true}}, "objective": {"terms": {"x": 2}, "constant": 1}}"#, true),
    (
        r#"{"variables": {"x": {}}, "constraints": {"c": "x^2 <= 4", "d": {"terms": {"x": 1}, "lower": 1, "upper": "inf"}}}"#,
        true,
    ),
    (r#"{"variables": {"z": {"type": "B"}}, "constraints": [{"expression": "z <= 1", "when": {"z": 1}}]}"#, true),
    (r#"{"variables": {"x": {}, "y": {}}, "sets": {"s": {"order": 2, "weights": {"x": 1, "y": 2}}}}"#, true),
    (r#"{"columns": {"cost": [1, 2], "lower": [0, "-inf"], "names": ["a", "b"]}, "offset": 3}"#, true),
    (
        r#"{"columns": {"cost": [1]}, "rows": {"lower": [0]}, "matrix": {"csr": {"starts": [0, 1], "indices": [0], "values": [1]}}}"#,
        true,
    ),
    (r#"{"columns": {"cost": [1]}, "quadratic_objective": {"first": [0], "second": [0], "values": [1]}}"#, true),
    (
        r#"{"columns": {"cost": [1]}, "rows": {"upper": [1]}, "quadratic_rows": [{"row": 0, "first": [0], "second": [0], "values": [1]}]}"#,
        true,
    ),
    (r#"{"format": "lp", "text": "min x\nst x >= 1\nend"}"#, true),
    ("{}", false),
    (r#"{"variables": {"x": {"tpye": "binary"}}}"#, false),
    (r#"{"variables": {"x": {"type": "whole"}}}"#, false),
    (r#"{"variables": {"": {}}}"#, false),
    (r#"{"variables": {"x": {"lower": "low"}}}"#, false),
    (r#"{"variables": {"x": {}}, "constraints": {"c": 4}}"#, false),
    (r#"{"variables": {"x": {}}, "sets": {"s": {"order": 3, "weights": {"x": 1}}}}"#, false),
    (r#"{"columns": {"cost": [1]}, "matrix": {}}"#, false),
    (r#"{"columns": {"cost": [1]}, "quadratic_objective": {"first": [0], "second": [0], "value": [1]}}"#, false),
    (r#"{"format": "mps"}"#, false),
];

#[test]
fn reader_and_schema_agree() {
    let validator = validator();
    for (text, right) in MODELS {
        let value: Value = serde_json::from_str(text).expect("it is JSON");
        let found: Vec<String> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
        assert_eq!(found.is_empty(), right, "{text}: {found:?}");
        let read = json::read(text.as_bytes());
        assert_eq!(read.is_ok(), right, "{text}: {read:?}");
    }
}

#[test]
fn what_is_written_follows_the_schema() {
    let validator = validator();
    for (text, _) in MODELS.iter().filter(|(_, right)| *right) {
        let problem = json::read(text.as_bytes()).expect("a model").value;
        let (mut columnar, mut readable) = (Vec::new(), Vec::new());
        json::write_columnar(&problem, &mut columnar).expect("a vector takes everything");
        json::write_readable(&problem, &mut readable).expect("a vector takes everything");
        for bytes in [columnar, readable] {
            let value: Value = serde_json::from_slice(&bytes).expect("it is JSON");
            let found: Vec<String> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
            assert!(found.is_empty(), "{value}: {found:?}");
        }
    }
}

#[test]
fn the_result_schema_is_the_published_one_and_takes_a_result() {
    let schema = result_schema();
    let published: Value =
        serde_json::from_str(include_str!("../../../docs/schema/result.schema.json")).expect("it is JSON");
    assert_eq!(published, schema, "say `farkas schema result > docs/schema/result.schema.json`");
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let result = serde_json::json!({
        "problem": {"rows": 1, "columns": 1, "nonzeros": 1, "integers": 0, "sense": "minimize"},
        "termination": {"reason": "OPTIMAL", "limit": null, "detail": ""},
        "objective": 1.5, "bound": "-inf", "gap": null, "seconds": 0.1,
        "evidence": {"level": "checked", "max_row_violation": 0.0, "max_bound_violation": 0.0,
            "max_integrality_violation": null, "found_by": "highs", "agreed_by": ["highs"], "tolerances": {}},
        "lanes": [], "variables": {"x": 1.5}, "duals": null, "reduced_costs": null, "ray": null
    });
    let found: Vec<String> = validator.iter_errors(&result).map(|e| e.to_string()).collect();
    assert!(found.is_empty(), "{found:?}");
    let mut broken = result;
    broken["termination"]["reason"] = "FINE".into();
    assert!(!validator.is_valid(&broken));
}

#[test]
fn the_evidence_schema_takes_what_is_written_and_no_more() {
    let schema: Value = serde_json::from_str(farkas_api_types::EVIDENCE_SCHEMA).expect("it is JSON");
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let told = |proof: Value| {
        serde_json::json!({
            "format": "farkas-evidence", "version": 1, "problem": "0".repeat(64), "made_by": "farkas", "reason": "OPTIMAL",
            "level": "certified", "point": {"found_by": "highs", "objective": 1.0, "values": [1.0]}, "bound": 1.0,
            "gap": {"relative": 1e-4, "absolute": 1e-9}, "claimed_by": ["highs"], "proof": proof
        })
    };
    let implied = serde_json::json!([{"column": 0, "side": "lower", "value": 1.0, "row": 3},
        {"column": 0, "side": "upper", "value": 1.0}]);
    let right = [
        serde_json::json!({"kind": "bound", "value": 1.0, "multipliers": [[0, 1.5], [1, "-7"]], "denominator": "7"}),
        serde_json::json!({"kind": "infeasible", "multipliers": [], "implied": implied}),
        serde_json::json!({"kind": "crossed_column", "column": 0, "implied": implied}),
        serde_json::json!({"kind": "crossed_row", "row": 0}),
        serde_json::json!({"kind": "ray", "values": [[0, 1.0]]}),
    ];
    for proof in right {
        let file = told(proof);
        let found: Vec<String> = validator.iter_errors(&file).map(|e| e.to_string()).collect();
        assert!(found.is_empty(), "{file}: {found:?}");
        // Schema and reader agree.
        let read = farkas_modeling::audit::Document::read(file.to_string().as_bytes()).expect("a file");
        assert_eq!(serde_json::to_value(read).expect("finite numbers"), file);
    }
    let wrong = [
        serde_json::json!({"kind": "bound", "multipliers": []}),
        serde_json::json!({"kind": "infeasible", "multipliers": [[0]]}),
        serde_json::json!({"kind": "crossed_row", "row": -1}),
        serde_json::json!({"kind": "ray", "values": [[0, 1.0]], "more": 1}),
        serde_json::json!({"kind": "magic"}),
    ];
    for proof in wrong {
        let file = told(proof);
        assert!(!validator.is_valid(&file), "{file}");
        assert!(farkas_modeling::audit::Document::read(file.to_string().as_bytes()).is_err(), "{file}");
    }
}
