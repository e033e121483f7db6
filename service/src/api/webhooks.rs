//! `/v1/webhooks`: an admin says who is called when a job of the project changes its state.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{NewWebhook, ProblemDetails, WebhookList, WebhookMade, WebhookView};

use super::problem::Problem;
use super::{Shared, upload};
use crate::access::{KEY_PREFIX, Principal, Token};
use crate::keyring::KeyError;
use crate::store::{Document, Kind, Store, StoreError};
use crate::time::Timestamp;
use crate::webhooks::{Secret, UrlError, Webhook, parse};

/// Webhooks of one project.
const MOST_WEBHOOKS: usize = 32;
const MOST_URL_BYTES: usize = 2048;

/// Has a URL called whenever a job of the project changes its state. The answer is the only place where the secret stands
/// that signs the calls: header `farkas-signature`, `t=<seconds since 1970>,v1=<HMAC-SHA256 over "{t}.{body}", hexadecimal>`.
#[utoipa::path(
    post, path = "/v1/webhooks", tag = "webhooks",
    request_body(content = NewWebhook, content_type = "application/json"),
    responses(
        (status = 201, body = WebhookMade),
        (status = 422, description = "`bad-url`, or `private-address`", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "The project has as many as it may have", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn make(
    State(app): Shared,
    principal: Principal,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let new: NewWebhook = upload::json(&app, &headers, body).await?;
    if new.url.len() > MOST_URL_BYTES {
        let detail = format!("a webhook's URL has at most {MOST_URL_BYTES} bytes");
        return Err(Problem::new(422, "bad-url", detail).map(|p| p.at_pointer("/url")));
    }
    parse(&new.url, app.webhook_addresses).map_err(|error| {
        let code = if matches!(error, UrlError::Private(_)) { "private-address" } else { "bad-url" };
        Problem::new(422, code, error.to_string()).map(|p| p.at_pointer("/url"))
    })?;
    let store = &*app.desk.store;
    if store.documents(Kind::Webhook, Some(&principal.project), None, MOST_WEBHOOKS as u32).await?.len()
        >= MOST_WEBHOOKS
    {
        let detail = format!("the project has {MOST_WEBHOOKS} webhooks, and that is the most");
        return Err(Problem::new(429, "too-many-webhooks", detail));
    }
    let secret = Token::generate().map_err(KeyError::from)?.reveal().replacen(KEY_PREFIX, "whsec_", 1);
    let webhook =
        Webhook { url: new.url, secret: Secret(secret.clone()), states: new.states, created_at: Timestamp::now() };
    let document = Document::new(Kind::Webhook, principal.project, uuid::Uuid::now_v7().to_string(), &webhook)?;
    let view = view(&document)?;
    store.put(document, Vec::new()).await?;
    Ok((StatusCode::CREATED, Json(WebhookMade { secret, view })).into_response())
}

/// The project's webhooks, the newest first.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", responses((status = 200, body = WebhookList)))]
pub(super) async fn list(State(app): Shared, principal: Principal) -> Result<Json<WebhookList>, Problem> {
    let project = Some(principal.project.as_str());
    let found = app.desk.store.documents(Kind::Webhook, project, None, MOST_WEBHOOKS as u32).await?;
    Ok(Json(WebhookList { webhooks: found.iter().map(view).collect::<Result<_, _>>()? }))
}

/// One webhook.
#[utoipa::path(
    get, path = "/v1/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, body = WebhookView),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_webhook(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<WebhookView>, Problem> {
    let found = app.desk.store.document(Kind::Webhook, &principal.project, &id).await?;
    Ok(Json(view(&found.ok_or_else(|| no_webhook(&id))?)?))
}

/// Calls no more; what is still to be told is not.
#[utoipa::path(
    delete, path = "/v1/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn remove(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if app.desk.store.remove(Kind::Webhook, &principal.project, &id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(no_webhook(&id))
    }
}

fn no_webhook(id: &str) -> Problem {
    Problem::new(404, "webhook-not-found", format!("there is no webhook '{id}'"))
}

fn view(document: &Document) -> Result<WebhookView, StoreError> {
    let webhook: Webhook = document.read()?;
    Ok(WebhookView {
        id: document.id.clone(),
        url: webhook.url,
        states: webhook.states,
        created_at: webhook.created_at.to_string(),
    })
}
