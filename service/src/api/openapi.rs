//! The contract, printed: an OpenAPI document made from the handlers and types themselves.

use std::sync::OnceLock;

use axum::Json;
use axum::http::Method;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::problem::Problem;
use super::{Needs, needs};
use super::{batches, bundle, events, jobs, keys, models, offers, submit, system, webhooks, workers};
use crate::access::Need;

/// `GET /openapi.json`.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Farkas",
        description = "Solves linear and mixed-integer optimisation problems by a race of solvers, checks the answer, and returns it with the evidence. Errors are RFC 9457 problem details with a stable code.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(
        submit::submit,
        jobs::list,
        jobs::get_job,
        jobs::result,
        jobs::stop,
        jobs::cancel,
        jobs::retry,
        events::events,
        events::log,
        events::incumbents,
        offers::offer,
        bundle::bundle,
        models::store,
        models::list,
        models::get_model,
        models::change,
        models::forget,
        models::statistics,
        models::content,
        batches::make,
        batches::list,
        batches::get_batch,
        batches::stop,
        batches::cancel,
        workers::list,
        workers::drain,
        workers::resume,
        webhooks::make,
        webhooks::list,
        webhooks::get_webhook,
        webhooks::remove,
        keys::make,
        keys::list,
        keys::revoke,
        keys::rotate,
        system::backends,
        system::healthz,
        system::readyz,
        system::metrics,
    ),
    tags(
        (name = "jobs", description = "Solving as a job that survives"),
        (name = "history", description = "What happened, live and later"),
        (name = "models", description = "Models stored once, and changed by patches"),
        (name = "batches", description = "One model under many scenarios"),
        (name = "webhooks", description = "Who is called on changes of state"),
        (name = "keys", description = "Who may do what"),
        (name = "service", description = "The service itself"),
    )
)]
struct Document;

/// What every route that asks for a key may answer besides what is its own, and what one may that takes a body.
const REFUSALS: [(&str, &str); 5] = [
    ("400", "The address, the query or a header does not read"),
    ("401", "`key-missing`, or `key-unknown`"),
    ("403", "The key's role does not do, or a web page from elsewhere asks"),
    ("429", "Too much at a time: `Retry-After` says when to come back"),
    ("5XX", "Our fault or our disk's, or the service is being closed; nothing was changed"),
];
const REFUSALS_OF_BODIES: [(&str, &str); 2] =
    [("408", "`body-too-slow`: nothing of the body came for a while"), ("413", "`body-too-large`")];

pub(super) async fn document() -> Result<Json<Value>, Problem> {
    // It is the same each time, and takes a while to make.
    static DOCUMENT: OnceLock<Option<Value>> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| {
        let mut document = serde_json::to_value(Document::openapi()).ok()?;
        complete(&mut document, &needs())?;
        Some(document)
    });
    document.clone().map(Json).ok_or_else(|| Problem::new(500, "internal-error", "the document could not be made"))
}

/// Adds what no handler says for itself: names of calls, refusals, who is asked for a key, the options of a file's query.
fn complete(document: &mut Value, needs: &Needs) -> Option<()> {
    plain(document);
    let options = options_of_query(document.pointer("/components/schemas/SolveOptions/properties")?.as_object()?);
    document.pointer_mut("/paths/~1v1~1jobs/post/parameters")?.as_array_mut()?.extend(options);
    document.get_mut("components")?.as_object_mut()?.insert(
        "securitySchemes".into(),
        json!({
            "bearer": {"type": "http", "scheme": "bearer"},
            "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
        }),
    );
    for (path, item) in document.get_mut("paths")?.as_object_mut()? {
        for (method, operation) in item.as_object_mut()? {
            let operation = operation.as_object_mut()?;
            operation.insert("operationId".into(), operation_id(method, path).into());
            // `{id}:verb` is one route with `{id}`.
            let route = path.split_once("}:").map_or(path.clone(), |(front, _)| format!("{front}}}"));
            let asks = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).ok()?;
            if needs.of(&route, &asks) == Some(Need::Nothing) {
                continue;
            }
            // The empty one: on this machine alone nobody is asked, as long as there are no keys.
            operation.insert("security".into(), json!([{"bearer": []}, {"header": []}, {}]));
            let takes_body = operation.contains_key("requestBody");
            let responses = operation.get_mut("responses")?.as_object_mut()?;
            let of_bodies = REFUSALS_OF_BODIES.iter().filter(|_| takes_body);
            for (status, description) in REFUSALS.iter().chain(of_bodies) {
                if !(status.starts_with('4') && responses.contains_key("4XX")) {
                    responses.entry(*status).or_insert_with(|| refusal(description));
                }
            }
        }
    }
    Some(())
}

fn refusal(description: &str) -> Value {
    let schema = json!({"$ref": "#/components/schemas/ProblemDetails"});
    json!({"description": description, "content": {"application/problem+json": {"schema": schema}}})
}

/// A file is sent as it is, and its options stand in the query, lists with commas.
fn options_of_query(options: &Map<String, Value>) -> Vec<Value> {
    let parameter = |(name, schema): (&String, &Value)| {
        let description = schema["description"].as_str().unwrap_or_default();
        let description = format!("For a file: {description}");
        json!({"name": name, "in": "query", "required": false, "style": "form", "explode": false,
            "description": description, "schema": schema})
    };
    options.iter().map(parameter).collect()
}

/// Leaves out of descriptions what is meant for readers of the Rust documentation: the examples behind them.
fn plain(value: &mut Value) {
    match value {
        Value::Object(entries) => {
            for (name, value) in entries {
                match value {
                    Value::String(text) if name == "description" => {
                        let end = text.find("\n\n```").unwrap_or(text.len());
                        text.truncate(end);
                    }
                    other => plain(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}

/// What generators of clients name a call by: `post_jobs_id_stop`. No two are the same, as no two paths are.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(['/', '{', '}', ':', '.', '-']).filter(|word| !word.is_empty() && *word != "v1");
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}
