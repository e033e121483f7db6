//! What every request passes: an id of its own, and on loopback the refusal of web pages from elsewhere (a browser on
//! this machine may be talked into calling a local port; such requests bear a foreign `Origin` or a foreign `Host`).

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use tracing::Instrument;
use tracing::field::Empty;

use super::problem::{Problem, finish};
use super::{App, Needs, auth};
use crate::access::Principal;
use crate::compat::Dialect;
use crate::telemetry::continue_from;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the guard stands on.
#[derive(Clone)]
pub(super) struct Guarded {
    pub(super) app: Arc<App>,
    pub(super) needs: Arc<Needs>,
}

pub(super) async fn guard(State(guarded): State<Guarded>, mut request: Request, next: Next) -> Response {
    let Guarded { app, needs } = guarded;
    let began = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    // A path that is no route would be a label of its own, chosen by whoever asks.
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "none".into(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", id, %method, path = request.uri().path(), status = Empty);
    continue_from(&span, request.headers());
    let refused = if app.on_loopback { foreign(request.headers(), request.uri()) } else { None };
    let dialect = Dialect::of(request.uri().path(), request.headers());
    let admitted = match refused.or_else(|| unreadable(request.uri())) {
        Some(problem) => Err(problem),
        None => auth::admit(&app, &needs, &mut request).await,
    };
    let act = Act::of(&request);
    let response = match admitted {
        Err(problem) => problem.into_response(),
        Ok(()) => next.run(request).instrument(span.clone()).await,
    };
    span.record("status", response.status().as_u16());
    act.tell(&id, response.status());
    app.desk.metrics.request(method.as_str(), &route, response.status().as_u16(), began.elapsed());
    let mut response = finish(response, &id, dialect);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

/// Target of the audit log; it is told at the level `info`, and a subscriber can send it elsewhere.
pub const AUDIT: &str = "audit";

/// Who wants to change what; reading is no act, being refused is one.
struct Act {
    method: Method,
    path: String,
    project: String,
    role: &'static str,
    key: String,
}

impl Act {
    fn of(request: &Request) -> Self {
        let who = request.extensions().get::<Principal>();
        Self {
            method: request.method().clone(),
            // Without the query, where clients may put what is nobody's business.
            path: request.uri().path().into(),
            project: who.map(|who| who.project.clone()).unwrap_or_default(),
            role: who.map_or("", |who| who.role.name()),
            key: who.and_then(|who| who.key.clone()).unwrap_or_default(),
        }
    }

    fn tell(self, request: &str, status: StatusCode) {
        let refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if !refused && matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return;
        }
        let Self { method, path, project, role, key } = self;
        let status = status.as_u16();
        tracing::info!(target: AUDIT, request, %method, path, project, role, key, status, "act");
    }
}

/// The client's own id, if it is short and plain; else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let plain = |id: &&str| {
        !id.is_empty() && id.len() <= 64 && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    given.filter(plain).map_or_else(|| uuid::Uuid::now_v7().to_string(), Into::into)
}

fn foreign(headers: &HeaderMap, uri: &Uri) -> Option<Problem> {
    let host =
        headers.get(HOST).and_then(|value| value.to_str().ok()).or_else(|| uri.authority().map(Authority::as_str));
    if host.is_some_and(|host| !is_local(host)) {
        return Some(Problem::new(403, "foreign-host", "this service answers to localhost only"));
    }
    let origin = headers.get(ORIGIN)?.to_str().unwrap_or("?");
    let same = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
    (!same).then(|| Problem::new(403, "foreign-origin", format!("pages of {origin} may not call this service")))
}

/// No name, id or tag has a zero character, and a store may not even take the question.
fn unreadable(uri: &Uri) -> Option<Problem> {
    let zero = uri.path_and_query().is_some_and(|text| text.as_str().contains("%00"));
    zero.then(|| Problem::new(400, "bad-request", "the address has a zero character (%00), which nothing is called by"))
}

fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let loopback = name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    loopback || name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_from_elsewhere_are_refused() {
        let cases = [
            (Some("127.0.0.1:8080"), None, None),
            (Some("localhost"), Some("http://localhost"), None),
            (Some("[::1]:8080"), Some("http://[::1]:8080"), None),
            (Some("farkas.localhost:80"), None, None),
            (None, None, None),
            (Some("evil.example"), None, Some("foreign-host")),
            (Some("127.0.0.1.evil.example"), None, Some("foreign-host")),
            (Some("localhost:1"), Some("http://localhost:2"), Some("foreign-origin")),
            (Some("localhost:1"), Some("null"), Some("foreign-origin")),
            (Some("localhost:1"), Some("https://evil.example"), Some("foreign-origin")),
        ];
        for (host, origin, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in [(HOST, host), (ORIGIN, origin)] {
                if let Some(value) = value {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            let found = foreign(&headers, &Uri::from_static("/")).map(|problem| format!("{problem:?}"));
            match expected {
                None => assert!(found.is_none(), "{host:?} {origin:?}: {found:?}"),
                Some(code) => assert!(found.is_some_and(|text| text.contains(code)), "{host:?} {origin:?}"),
            }
        }
    }
}
