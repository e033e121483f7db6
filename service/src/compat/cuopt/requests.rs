//! `POST /cuopt/request`: one problem, a list of them, or a cached body. What is solved soon is answered at once, which
//! spares the client its poll a second later; else it gets the id to poll with.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use super::encoding::Encoding;
use super::jobs::{self, Group};
use super::memory::Cached;
use super::model::{self, Asked};
use super::value::Value;
use super::{TAG, reply};
use crate::access::Principal;
use crate::api::arrivals::arrive;
use crate::api::problem::{Problem, reading};
use crate::api::query::Query;
use crate::api::submit::{Accepted, Client};
use crate::api::upload::{self, Order};
use crate::api::{App, submit};
use crate::execution::End;
use crate::limits::Limits;
use crate::store::{Store, Stored};

/// How long the answer to a request is held for its result.
const PATIENCE: Duration = Duration::from_secs(1);
/// The same where the client wants to hear incumbents or the log, for which it asks once it has an id.
const PATIENCE_OF_WATCHERS: Duration = Duration::from_millis(100);
/// Problems in one request.
const MOST_TOGETHER: usize = 1000;

/// What a query asks for.
struct Wanted {
    validate_only: bool,
    cache: bool,
    watches: bool,
    cached: Option<String>,
    warm_from: Option<String>,
}

impl Wanted {
    /// Parameters of later clients are none of our business.
    fn read(raw: Option<&str>) -> Result<Self, Problem> {
        let mut query = Query::parse(raw);
        let mut flag = |name: &str| query.flag(name).map(|flag| flag.unwrap_or(false));
        let (validate_only, cache) = (flag("validation_only")?, flag("cache")?);
        let watches = flag("incumbent_solutions")? | flag("solver_logs")?;
        let (cached, warm_from) = (query.take("reqId")?, query.take("warmstartId")?);
        if cache && cached.is_some() {
            return Err(Problem::new(422, "bad-parameter", "`cache` and `reqId` exclude each other"));
        }
        Ok(Self { validate_only, cache, watches, cached, warm_from })
    }
}

pub(super) async fn post(
    State(app): State<Arc<App>>,
    principal: Principal,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let wanted = Wanted::read(raw.as_deref())?;
    if headers.contains_key("cuopt-data-file") {
        let detail = "files on the service's own disk are not read";
        return Err(Problem::new(422, "unsupported", detail).map(|p| p.remedy("send the data in the body")));
    }
    let (turn, source) = if let Some(id) = &wanted.cached {
        let cached = app.cuopt.cached(&principal.project, id).ok_or_else(|| {
            Problem::new(422, "not-cached", format!("request id '{id}' does not exist, or is no longer cached"))
        })?;
        (app.turn().await?, cached)
    } else {
        let encoding = Encoding::of_request(&headers)?;
        let (turn, text) = arrive(&app, &principal, &headers, body).await?;
        (turn, Cached { encoding, body: Arc::new(text) })
    };
    let (encoding, text, limits) = (source.encoding, Arc::clone(&source.body), app.limits);
    let size = if encoding == Encoding::Zlib { usize::MAX } else { text.len() };
    let mut drafts = reading(size, move || text.read(|body| draft(encoding, body, &limits))).await??;
    drop(turn);
    if wanted.cache {
        return keep(&app, &principal, &headers, source);
    }
    if headers.contains_key("cuopt-result-file")
        && let Some(first) = drafts.orders.first_mut()
    {
        first.warnings.push(("option-ignored".into(), "the result is in the reply; no file is written".into()));
    }
    if wanted.validate_only {
        return Ok(reply(&headers, &json!({"msg": "Input is Valid"})));
    }
    if let Some(from) = &wanted.warm_from {
        drafts.warm(&jobs::point_of(&app, &principal, from).await?);
    }
    let (group, end) = accept(&app, &principal, drafts).await?;
    let patience = if wanted.watches { PATIENCE_OF_WATCHERS } else { PATIENCE };
    let group = wait(&app, group, patience).await?;
    app.cuopt.answer(&principal.project, &group.id, group.together);
    jobs::tell(&app, &headers, group, end).await
}

fn keep(app: &App, principal: &Principal, headers: &HeaderMap, source: Cached) -> Result<Response, Problem> {
    let id = uuid::Uuid::new_v4().to_string();
    if app.cuopt.cache(&principal.project, &id, source) {
        return Ok(reply(headers, &json!({"reqId": id})));
    }
    Err(Problem::new(429, "cache-full", "there is no room for more cached requests").retry_after(60))
}

/// Orders read from one body.
struct Drafts {
    orders: Vec<Order>,
    /// Whether the body was a list.
    together: bool,
}

impl Drafts {
    fn warm(&mut self, point: &[f64]) {
        for order in self.orders.iter_mut().filter(|order| order.problem.num_columns() == point.len()) {
            order.point.get_or_insert_with(|| point.to_vec());
        }
    }
}

/// Reads a body. Blocks.
fn draft(encoding: Encoding, body: &[u8], limits: &Limits) -> Result<Drafts, Problem> {
    // One allowance for the body and all files in it: a thousand of them may each inflate to a thousand times their bytes.
    let mut allowance = limits.model_bytes;
    let most_seconds = limits.time_limit_seconds;
    let value = encoding.decode(body, &mut allowance)?;
    let (items, together) = match value {
        Value::List(items) => (items, true),
        Value::Numbers(_) => return Err(Problem::new(422, "bad-value", "a list of no problems")),
        one => (vec![one], false),
    };
    if items.len() > MOST_TOGETHER {
        return Err(Problem::new(
            413,
            "too-large",
            format!("{} problems in one request; {MOST_TOGETHER} is the most", items.len()),
        ));
    }
    let order = |(i, item): (usize, &Value)| {
        let at = if together { format!("/{i}") } else { String::new() };
        let mut asked = match packed(item)? {
            Some((encoding, body)) => model::read(&encoding.decode(body, &mut allowance)?, &at)?,
            None => model::read(item, &at)?,
        };
        upload::check_size(&asked.model, limits)?;
        if asked.options.time_limit_seconds.is_some_and(|limit| limit > most_seconds) {
            asked.options.time_limit_seconds = Some(most_seconds);
            asked.warnings.push(format!("the time limit is {most_seconds} s, the most here"));
        }
        order(asked)
    };
    let orders = items.iter().enumerate().map(order).collect::<Result<_, _>>()?;
    Ok(Drafts { orders, together })
}

fn order(asked: Asked) -> Result<Order, Problem> {
    let Asked { model, options, start, warnings } = asked;
    let order = Order::new(model, options, "/solver_config")?;
    let warnings = warnings.into_iter().map(|text| ("option-ignored".to_string(), text)).collect();
    Ok(Order { point: start, warnings, tags: vec![TAG.into()], ..order })
}

/// A file among several: its media type and its bytes.
fn packed(item: &Value) -> Result<Option<(Encoding, &[u8])>, Problem> {
    let Value::List(pair) = item else { return Ok(None) };
    let [Value::Text(media), Value::Bytes(body)] = pair.as_slice() else {
        return Err(Problem::new(422, "bad-value", "a list, where a problem or a media type with its bytes belongs"));
    };
    let mut headers = HeaderMap::new();
    if let Ok(media) = media.parse() {
        headers.insert(axum::http::header::CONTENT_TYPE, media);
    }
    Encoding::of_request(&headers).map(|encoding| Some((encoding, body.as_slice())))
}

async fn accept(app: &App, principal: &Principal, drafts: Drafts) -> Result<(Group, Option<End>), Problem> {
    if !drafts.together {
        let mut orders = drafts.orders;
        let Some(order) = orders.pop() else { return Err(Problem::new(422, "bad-value", "no problem")) };
        let Accepted { stored, end } = submit::accept(app, principal, order, None, Client::Waits).await?;
        return Ok((Group { id: stored.ticket.id.clone(), jobs: vec![stored], together: false }, end));
    }
    let id = uuid::Uuid::now_v7().to_string();
    let mut drawn = Vec::with_capacity(drafts.orders.len());
    for mut order in drafts.orders {
        order.tags.push(jobs::tag_of(&id));
        drawn.push(submit::draw_up(app, principal, order, None).await?);
    }
    Ok((Group { id, jobs: submit::enter_all(app, None, Vec::new(), drawn).await?, together: true }, None))
}

async fn wait(app: &App, group: Group, patience: Duration) -> Result<Group, Problem> {
    let deadline = tokio::time::Instant::now() + patience;
    let mut waited: Vec<Stored> = Vec::with_capacity(group.jobs.len());
    for stored in group.jobs {
        let left = deadline.saturating_duration_since(tokio::time::Instant::now());
        waited.push(if left.is_zero() {
            app.desk.store.job(&stored.ticket.id).await?
        } else {
            submit::wait_for_end(app, stored, left).await?
        });
    }
    Ok(Group { jobs: waited, ..group })
}
