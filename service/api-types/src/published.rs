//! The published JSON Schemas (draft 2020-12) of models, results and evidence, the same as in `docs/schema`.

use serde_json::{Value, json};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::SolveResult;

/// The schema of models in Farkas JSON.
pub const MODEL_SCHEMA: &str = include_str!("../../../docs/schema/model.schema.json");

/// The schema of evidence files ([`farkas_modeling::audit`]).
pub const EVIDENCE_SCHEMA: &str = include_str!("../../../docs/schema/evidence.schema.json");

/// The schema of [`SolveResult`], made from the type itself.
///
/// ```
/// let schema = farkas_api_types::result_schema();
/// assert_eq!(schema["$id"], "urn:farkas:schema:result:1");
/// assert!(schema["properties"]["termination"].is_object());
/// ```
///
/// # Panics
/// Never: utoipa's schemas are JSON.
pub fn result_schema() -> Value {
    let mut parts = Vec::new();
    SolveResult::schemas(&mut parts);
    let parts: serde_json::Map<String, Value> =
        parts.into_iter().map(|(name, part)| (name, serde_json::to_value(part).unwrap_or_default())).collect();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:farkas:schema:result:1",
        "title": "Result of a solve by Farkas, version 1",
    });
    if let (Value::Object(all), Value::Object(own)) =
        (&mut schema, serde_json::to_value(SolveResult::schema()).unwrap_or_default())
    {
        all.extend(own);
        all.insert("$defs".to_owned(), Value::Object(parts));
    }
    point_to_definitions(&mut schema);
    schema
}

/// `OpenAPI` keeps its parts elsewhere.
fn point_to_definitions(value: &mut Value) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                match value {
                    Value::String(target) if key == "$ref" => {
                        *target = target.replacen("#/components/schemas/", "#/$defs/", 1);
                    }
                    other => point_to_definitions(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(point_to_definitions),
        _ => {}
    }
}
