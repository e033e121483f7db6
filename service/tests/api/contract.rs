//! The OpenAPI document against the service: it is a sound document, it has every route and no other, and what is answered
//! is what it says.

use std::collections::BTreeSet;

use farkas_service::api;
use serde_json::Value;

use crate::server::{Server, honest};

/// Routes that are not in the document: pages for people, the document itself, and the routes of other services' clients, whose
/// documents are those services' own.
fn is_elsewhere(path: &str) -> bool {
    let pages = ["/", "/dashboard.js", "/session.js", "/dashboard.css", "/openapi.json"];
    pages.contains(&path) || ["/cuopt/", "/v2/health/", "/v1/mathopt:"].iter().any(|front| path.starts_with(front))
}

/// The document, to hold answers to.
pub struct Contract(Value);

impl Contract {
    pub async fn of(server: &Server) -> Self {
        Self(server.get("/openapi.json").send().await.unwrap().json().await.unwrap())
    }

    /// What is wrong with an answer to this request, if something is. `path` is as the document has it.
    pub fn complaint(&self, method: &str, path: &str, status: u16, media: &str, body: &[u8]) -> Option<String> {
        if is_elsewhere(path) {
            return None;
        }
        let responses = &self.0["paths"][path][method.to_ascii_lowercase()]["responses"];
        let wide = format!("{}XX", status / 100);
        let answer = [status.to_string(), wide].iter().find_map(|code| responses.get(code)).cloned();
        let Some(answer) = answer else {
            return Some("is not documented".into());
        };
        if body.is_empty() {
            return answer.get("content").map(|_| "has no body".into());
        }
        let media = media.split(';').next().unwrap_or_default();
        let Some(content) = answer["content"].get(media) else {
            return Some(format!("is {media}, and the document has {}", answer["content"]));
        };
        if media.ends_with("json") { self.against(&content["schema"], body) } else { None }
    }

    fn against(&self, schema: &Value, body: &[u8]) -> Option<String> {
        let mut whole = schema.clone();
        whole.as_object_mut().unwrap().insert("components".into(), self.0["components"].clone());
        let validator = jsonschema::validator_for(&whole).unwrap();
        let body: Value = match serde_json::from_slice(body) {
            Ok(body) => body,
            Err(error) => return Some(format!("is no JSON: {error}")),
        };
        let errors: Vec<String> =
            validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        (!errors.is_empty()).then(|| errors.join("; "))
    }
}

#[tokio::test]
async fn the_document_is_sound() {
    let server = Server::start(vec![honest()]).await;
    let Contract(document) = Contract::of(&server).await;
    server.close().await;
    oas3::from_json(document.to_string()).expect("an OpenAPI 3.1 document");
    assert!(!document.to_string().contains("```"), "examples in Rust are for readers of Rust");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let of_files: BTreeSet<&str> = parameters(&document["paths"]["/v1/jobs"]["post"]);
    for option in schemas["SolveOptions"]["properties"].as_object().unwrap().keys() {
        assert!(of_files.contains(option.as_str()), "a file's query may have {option}");
    }
    for (name, schema) in schemas {
        assert!(jsonschema::meta::is_valid(schema), "{name} is no JSON Schema");
    }
    let mut references = BTreeSet::new();
    collect_references(&document, &mut references);
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a reference into the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{method} {path}: the operation id '{id}' is there twice");
            assert!(
                operation["summary"].is_string() || operation["description"].is_string(),
                "{method} {path} says nothing"
            );
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let in_path = |one: &&Value| one["in"] == "path";
            let named: Vec<&str> = parameters.iter().filter(in_path).filter_map(|one| one["name"].as_str()).collect();
            assert_eq!(!named.is_empty(), path.contains('{'), "{method} {path}: {named:?}");
        }
    }
}

fn parameters(operation: &Value) -> BTreeSet<&str> {
    operation["parameters"].as_array().unwrap().iter().map(|parameter| parameter["name"].as_str().unwrap()).collect()
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                match value {
                    Value::String(target) if key == "$ref" => drop(found.insert(target.clone())),
                    other => collect_references(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_route_is_in_the_document_and_the_other_way_round() {
    let server = Server::start(vec![honest()]).await;
    let Contract(document) = Contract::of(&server).await;
    server.close().await;
    let routed: BTreeSet<(String, String)> = api::needs()
        .all()
        .filter(|(_, path, _)| !is_elsewhere(path))
        .map(|(method, path, _)| (method.to_string().to_ascii_lowercase(), (*path).to_owned()))
        .collect();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        // `{id}:verb` is one route with `{id}`: axum takes one parameter a path segment.
        let route = path.split_once("}:").map_or(path.clone(), |(front, _)| format!("{front}}}"));
        documented.extend(item.as_object().unwrap().keys().map(|method| (method.clone(), route.clone())));
    }
    let missing: Vec<_> = routed.difference(&documented).collect();
    let stale: Vec<_> = documented.difference(&routed).collect();
    assert!(missing.is_empty() && stale.is_empty(), "not documented: {missing:?}; not routed: {stale:?}");
}
