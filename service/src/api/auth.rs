//! Whose request it is: the key from its headers, the principal that the keyring knows it for, and the project's own jobs,
//! which are all that it sees.

use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};

use super::problem::Problem;
use super::{App, Needs};
use crate::access::{Need, Principal, Token};
use crate::jobs::Wish;
use crate::keyring::Unknown;
use crate::store::{Store, StoreError, Stored};

/// Lets the request in, or says why not. A principal that was found is put into the request, for its handler and the log.
pub(super) async fn admit(app: &App, needs: &Needs, request: &mut Request) -> Result<(), Problem> {
    // Nothing is at a path that was not matched, and it says so.
    let Some(path) = request.extensions().get::<MatchedPath>() else { return Ok(()) };
    let Some(need) = needs.of(path.as_str(), request.method()) else { return Ok(()) };
    if need == Need::Nothing {
        return Ok(());
    }
    let principal = identify(app, request.headers()).await?;
    let (admitted, role) = (need.admits(&principal), principal.role.name());
    // Also where it is refused: the audit log says who it was.
    request.extensions_mut().insert(principal);
    if admitted {
        return Ok(());
    }
    Err(Problem::new(403, "forbidden", format!("this takes {}; the key's role is {role}", need.words())))
}

async fn identify(app: &App, headers: &HeaderMap) -> Result<Principal, Problem> {
    let token = token(headers)?;
    app.keyring.principal(&*app.desk.store, token.as_ref()).await.map_err(|unknown| match unknown {
        Unknown::NoKey => Problem::new(401, "key-missing", "this service asks for an API key").map(|p| {
            p.in_parameter("Authorization").remedy("send Authorization: Bearer …, or X-Api-Key; an admin makes keys")
        }),
        Unknown::BadKey => {
            Problem::new(401, "key-unknown", "there is no such API key, or it was revoked, or has ended")
                .map(|p| p.in_parameter("Authorization").remedy("ask an admin of the project for another"))
        }
        Unknown::Store(error) => error.into(),
    })
}

/// The key, wherever the client puts it.
fn token(headers: &HeaderMap) -> Result<Option<Token>, Problem> {
    let text = |value: &HeaderValue| value.to_str().map(str::to_owned).unwrap_or_default();
    if let Some(value) = headers.get(AUTHORIZATION).map(text) {
        let bearer = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, key)) = bearer else {
            return Err(Problem::new(401, "key-unknown", "the Authorization is no Bearer")
                .map(|p| p.in_parameter("Authorization").remedy("send Authorization: Bearer …")));
        };
        return Ok(Some(Token::sent(key)));
    }
    // The last is what OR-Tools' remote solve sends, also where it was given no key.
    let named = ["x-api-key", "x-goog-api-key"].into_iter().filter_map(|name| headers.get(name)).map(text);
    Ok(named.into_iter().find(|key| !key.trim().is_empty()).map(|key| Token::sent(&key)))
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Without one, the route's need is `Nothing` and its handler asks for somebody: a mistake of ours.
        let known = parts.extensions.get::<Self>().cloned();
        known.ok_or_else(|| Problem::new(500, "internal-error", "this route does not say what it needs"))
    }
}

impl App {
    /// A job of the principal's project; any other is not there.
    pub(crate) async fn job_of(&self, principal: &Principal, id: &str) -> Result<Stored, StoreError> {
        let stored = self.desk.store.job(id).await?;
        if stored.ticket.project == principal.project { Ok(stored) } else { Err(StoreError::NoJob(id.into())) }
    }

    /// A wish about a job of the principal's project.
    pub(crate) async fn wish_of(&self, principal: &Principal, id: &str, wish: Wish) -> Result<Stored, StoreError> {
        self.job_of(principal, id).await?;
        self.wish(id, wish).await
    }

    /// A wish about a job, which the race hears at once.
    pub(crate) async fn wish(&self, id: &str, wish: Wish) -> Result<Stored, StoreError> {
        let stored = self.desk.store.signal(id, wish).await?;
        self.scheduler.wish(id, wish);
        Ok(stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_where_clients_put_it() {
        type Case = (&'static [(&'static str, &'static str)], Option<&'static str>);
        let cases: [Case; 8] = [
            (&[], None),
            (&[("authorization", "Bearer k1")], Some("k1")),
            (&[("authorization", "bearer  k1 ")], Some("k1")),
            (&[("x-api-key", "k2")], Some("k2")),
            (&[("x-goog-api-key", "k3")], Some("k3")),
            (&[("x-goog-api-key", "")], None),
            (&[("authorization", "Bearer k1"), ("x-api-key", "k2")], Some("k1")),
            (&[("x-api-key", ""), ("x-goog-api-key", "k3")], Some("k3")),
        ];
        for (sent, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            let found = token(&headers).unwrap();
            assert_eq!(found.as_ref().map(Token::reveal), expected, "{sent:?}");
        }
        let mut basic = HeaderMap::new();
        basic.insert(AUTHORIZATION, HeaderValue::from_static("Basic YTpi"));
        assert!(token(&basic).is_err());
    }
}
