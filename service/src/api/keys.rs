//! `/v1/api-keys`: an admin makes, lists, rotates and revokes the keys of its project; the operator also makes the first of
//! another one.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{ApiKeyList, ApiKeyMade, NewApiKey, ProblemDetails};

use super::problem::Problem;
use super::query::Query;
use super::{Shared, upload};
use crate::access::{Principal, is_project_name};
use crate::keyring::{self, KeyError, NewKey, RevokeError};
use crate::time::Timestamp;

/// Longest that a rotated key lives on.
const MOST_GRACE_SECONDS: u64 = 30 * 24 * 3600;
/// Longest that a key lives which is to end by itself: a hundred years, and no more than a date can say.
const MOST_LIFE_SECONDS: f64 = 3.2e9;
const MOST_NAME_BYTES: usize = 256;

/// Makes a key. The answer is the only place where it stands whole.
#[utoipa::path(
    post, path = "/v1/api-keys", tag = "keys",
    request_body(content = NewApiKey, content_type = "application/json"),
    responses(
        (status = 201, body = ApiKeyMade),
        (status = 403, description = "Only the operator makes keys of other projects", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn make(
    State(app): Shared,
    principal: Principal,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let new: NewApiKey = upload::json(&app, &headers, body).await?;
    let wrong =
        |field: &str, detail: &str| Problem::new(422, "bad-value", detail).map(|p| p.at_pointer(format!("/{field}")));
    if new.name.is_empty() || new.name.len() > MOST_NAME_BYTES || new.name.contains(char::is_control) {
        return Err(wrong("name", "a key has a name of 1 to 256 bytes, without control characters"));
    }
    let project = new.project.unwrap_or_else(|| principal.project.clone());
    if project != principal.project && !principal.is_operator() {
        return Err(not_the_operator().map(|p| p.at_pointer("/project")));
    }
    if !is_project_name(&project) {
        return Err(wrong("project", "a project's name has 1 to 64 letters, digits, '-', '_' or '.'"));
    }
    if new.expires_in_seconds.is_some_and(|seconds| !(seconds > 0.0 && seconds <= MOST_LIFE_SECONDS)) {
        return Err(wrong("expires_in_seconds", "it must be more than 0 and at most 3.2e9, a hundred years"));
    }
    let expires_at = new.expires_in_seconds.map(|seconds| Timestamp::now().plus_seconds(seconds));
    let new = NewKey { name: new.name, project, role: new.role, expires_at };
    let made = keyring::make(&*app.desk.store, new).await?;
    app.keyring.close();
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// The project's keys, without what makes them keys.
#[utoipa::path(
    get, path = "/v1/api-keys", tag = "keys",
    params(("project" = Option<String>, Query, description = "For the operator: another project's")),
    responses((status = 200, body = ApiKeyList))
)]
pub(super) async fn list(
    State(app): Shared,
    principal: Principal,
    RawQuery(raw): RawQuery,
) -> Result<Json<ApiKeyList>, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let project = project(&mut query, principal)?;
    query.finish()?;
    Ok(Json(ApiKeyList { keys: keyring::list(&*app.desk.store, Some(&project)).await? }))
}

/// Whose keys are meant: the principal's project's, or those of the one that the operator names.
fn project(query: &mut Query, principal: Principal) -> Result<String, Problem> {
    match query.take("project")? {
        Some(named) if named != principal.project && !principal.is_operator() => {
            Err(not_the_operator().map(|p| p.in_parameter("project")))
        }
        named => Ok(named.unwrap_or(principal.project)),
    }
}

fn not_the_operator() -> Problem {
    let detail = "only an admin of the project 'default', the operator, has to do with keys of other projects";
    Problem::new(403, "forbidden", detail)
}

/// Revokes a key: whoever holds it is refused from now on.
#[utoipa::path(
    delete, path = "/v1/api-keys/{id}", tag = "keys",
    params(
        ("id" = String, Path, description = "The key's id"),
        ("project" = Option<String>, Query, description = "For the operator: whose key it is, if another project's"),
    ),
    responses(
        (status = 204, description = "It is revoked"),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "It is the last one, and without it everybody could come in", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn revoke(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<StatusCode, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let project = project(&mut query, principal)?;
    query.finish()?;
    if app.keyring.revoke(&*app.desk.store, &project, &id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(no_key(&id))
    }
}

/// `{id}:rotate`.
pub(super) async fn verb(
    state: Shared,
    principal: Principal,
    Path(segment): Path<String>,
    query: RawQuery,
) -> Result<Response, Problem> {
    match segment.rsplit_once(':') {
        Some((id, "rotate")) => rotate(state, principal, Path(id.to_owned()), query).await,
        Some((_, verb)) => {
            let detail = format!("'{verb}' is no verb of a key; there is rotate");
            Err(Problem::new(404, "route-not-found", detail))
        }
        None => Err(Problem::new(405, "method-not-allowed", "a key takes DELETE, and POST with a verb: {id}:rotate")),
    }
}

/// A new key in this one's place, with its name and role; the old one lives on for a grace period.
#[utoipa::path(
    post, path = "/v1/api-keys/{id}:rotate", tag = "keys",
    params(
        ("id" = String, Path, description = "The key's id"),
        ("project" = Option<String>, Query, description = "For the operator: whose key it is, if another project's"),
        ("grace_seconds" = Option<u64>, Query, description = "How long the old key lives on; not at all if nothing is said"),
    ),
    responses(
        (status = 201, body = ApiKeyMade),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn rotate(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let grace = query.number("grace_seconds")?.unwrap_or(0).min(MOST_GRACE_SECONDS);
    let project = project(&mut query, principal)?;
    query.finish()?;
    let made = keyring::rotate(&*app.desk.store, &project, &id, grace as f64).await?;
    let made = made.ok_or_else(|| no_key(&id))?;
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

fn no_key(id: &str) -> Problem {
    Problem::new(404, "key-not-found", format!("there is no key '{id}'"))
}

impl From<RevokeError> for Problem {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::Store(error) => error.into(),
            RevokeError::Last => Self::new(409, "last-key", error.to_string()).map(|p| p.remedy(RevokeError::REMEDY)),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => error.into(),
            KeyError::Random(error) => {
                tracing::error!(%error, "no randomness for a key");
                Self::new(500, "internal-error", "no key could be made; the log has more")
            }
        }
    }
}
