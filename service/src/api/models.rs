//! `/v1/models`: models stored once, looked at, handed back in any format, and changed by patches. Ids belong to a project;
//! what they name is shared.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use farkas_api_types::{MODEL_POINTER, ModelList, ModelView, ProblemDetails, RequestError, StoredModel};
use farkas_modeling::Problem as Model;
use farkas_modeling::formats::{Format, WriteError, write_problem};
use farkas_modeling::image;
use farkas_modeling::patch::Patch;
use farkas_modeling::problem::{Defects, Place};

use super::arrivals::arrive;
use super::problem::{Problem, blocking, findings};
use super::query::Query;
use super::submit::place;
use super::upload::{self, Given, Kind as Sent};
use super::{App, Shared};
use crate::access::Principal;
use crate::limits::Limits;
use crate::models::{self, Content, Entry, MOST_PATCHES, Source, image_key, patch_key};
use crate::store::{Document, Kind, Store, StoreError};
use crate::time::Timestamp;

const DEFAULT_PAGE: u64 = 50;

/// Stores a model; the same model, in whatever format it comes, is stored once.
#[utoipa::path(
    post, path = "/v1/models", tag = "models",
    request_body(content((serde_json::Value = "application/json"), (String = "application/mps"), (String = "application/lp"), (String = "application/nl"), (String = "application/mathoptformat+json"))),
    params(
        ("filename" = Option<String>, Query, description = "Tells the format by its suffix where headers cannot"),
        ("name" = Option<String>, Query, description = "A name for people; the model's own if nothing is said"),
    ),
    responses(
        (status = 200, description = "It was there already", body = ModelView),
        (status = 201, description = "Stored", body = ModelView),
        (status = "4XX", description = "Not a model; `line` or `pointer` says where", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn store(
    State(app): Shared,
    principal: Principal,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let sent = Sent::of(&headers, query.take("filename")?)?;
    let name = query.take("name")?;
    query.finish()?;
    let (turn, text) = arrive(&app, &principal, &headers, body).await?;
    let allowance = upload::Allowance::of(&app);
    let read = blocking(move || upload::model(&sent, text, &allowance)).await??;
    let warnings = read.warnings.iter().map(ToString::to_string).collect();
    let problem = Arc::new(read.value);
    let name = name.or_else(|| Some(problem.name().to_owned()).filter(|name| !name.is_empty()));
    let (identity, image, shape) = blocking(move || {
        let image = image_of(&problem)?;
        Ok::<_, Problem>((image::identity(&problem).to_string(), image, (&*problem).into()))
    })
    .await??;
    let source = Source { model: image_key(&identity), patches: Vec::new() };
    let name = name.map(|name| name.chars().take(256).collect());
    let entry = Entry { name, source, shape, base: None, created_at: Timestamp::now() };
    let key = entry.source.model.clone();
    let settled = settle(&app, &principal, identity, entry, vec![(key, image)], warnings).await;
    // The image may be written from the model, which is in memory until then.
    drop(turn);
    settled
}

/// Writes bodies and entry, unless the project has the model already.
async fn settle(
    app: &App,
    principal: &Principal,
    id: String,
    entry: Entry,
    bodies: Vec<(String, Content)>,
    warnings: Vec<String>,
) -> Result<Response, Problem> {
    let store = &app.desk.store;
    let there = store.document(Kind::Model, &principal.project, &id).await?;
    let (status, view) = if let Some(there) = there {
        (StatusCode::OK, view(&there)?)
    } else {
        let mut small = Vec::new();
        for (key, content) in bodies {
            small.extend(place(app, key, content).await?);
        }
        let document = Document::new(Kind::Model, principal.project.clone(), id, &entry)?;
        let view = view(&document)?;
        store.put(document, small).await?;
        (StatusCode::CREATED, view)
    };
    let location = HeaderValue::from_str(&format!("/v1/models/{}", view.id));
    let mut response = (status, Json(ModelView { warnings, ..view })).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// The project's models, in the order of their ids.
#[utoipa::path(
    get, path = "/v1/models", tag = "models",
    params(
        ("limit" = Option<u64>, Query, description = "Models on a page; 50 if nothing is said"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, body = ModelList))
)]
pub(super) async fn list(
    State(app): Shared,
    principal: Principal,
    RawQuery(raw): RawQuery,
) -> Result<Json<ModelList>, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let limit = query.number("limit")?.unwrap_or(DEFAULT_PAGE).clamp(1, u64::from(app.limits.page)) as u32;
    let cursor = query.take("cursor")?;
    query.finish()?;
    let project = Some(principal.project.as_str());
    let mut found = app.desk.store.documents(Kind::Model, project, cursor.as_deref(), limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor = found.last().filter(|_| more).map(|document| document.id.clone());
    Ok(Json(ModelList { models: found.iter().map(view).collect::<Result<_, _>>()?, next_cursor }))
}

/// A stored model: its shape, and what it was made from.
#[utoipa::path(
    get, path = "/v1/models/{id}", tag = "models",
    params(("id" = String, Path, description = "The model's id")),
    responses(
        (status = 200, body = ModelView),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_model(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<ModelView>, Problem> {
    Ok(Json(view(&find(&app, &principal, &id).await?)?))
}

/// What the model looks like: kinds of rows and columns, ranges of its numbers, and findings with their remedies.
#[utoipa::path(
    get, path = "/v1/models/{id}/statistics", tag = "models",
    params(("id" = String, Path, description = "The model's id")),
    responses(
        (status = 200, description = "As `farkas statistics --json` prints it", body = serde_json::Value),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn statistics(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let _turn = app.turn().await?;
    let (_, problem) = open(&app, &principal, &id).await?;
    let statistics = blocking(move || problem.statistics()).await?;
    Ok(Json(statistics).into_response())
}

/// The model back, in any format.
#[utoipa::path(
    get, path = "/v1/models/{id}/content", tag = "models",
    params(
        ("id" = String, Path, description = "The model's id"),
        ("format" = Option<String>, Query, description = "json (default), mps, lp, nl or mof"),
    ),
    responses(
        (status = 200, description = "The header `x-farkas-lost` counts what the format could not hold", content((serde_json::Value = "application/json"), (String = "application/mps"), (String = "application/lp"), (String = "application/nl"), (serde_json::Value = "application/mathoptformat+json"))),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The format cannot hold the model", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn content(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::parse(raw.as_deref());
    let name = query.take("format")?.unwrap_or_else(|| "json".into());
    query.finish()?;
    let format = match name.as_str() {
        "json" => Format::Json,
        "mps" => Format::Mps,
        "lp" => Format::Lp,
        "nl" => Format::Nl,
        "mof" => Format::MathOptFormat,
        other => {
            let detail = format!("'{other}' is no format of a model; there are json, mps, lp, nl and mof");
            return Err(RequestError::new("bad-parameter", detail).parameter("format").into());
        }
    };
    let _turn = app.turn().await?;
    let (_, problem) = open(&app, &principal, &id).await?;
    let written = blocking(move || {
        let mut out = Vec::new();
        write_problem(&problem, format, &mut out).map(|lost| (out, lost.len()))
    })
    .await?;
    let (out, lost) = written.map_err(|error| match &error {
        WriteError::CannotHold { .. } => Problem::new(422, error.code(), error.to_string()),
        WriteError::Target(_) => Problem::new(500, "internal-error", error.to_string()),
    })?;
    let mut response = ([(CONTENT_TYPE, format.media_type())], out).into_response();
    response.headers_mut().insert("x-farkas-lost", HeaderValue::from(lost));
    Ok(response)
}

/// A model made from this one by a patch. This one stays as it is.
#[utoipa::path(
    patch, path = "/v1/models/{id}", tag = "models",
    params(("id" = String, Path, description = "The model's id")),
    request_body(content = serde_json::Value, description = "Changes, each by position or name: `{\"changes\": [{\"change\": \"row_upper\", \"row\": \"capacity\", \"value\": 14}]}`", content_type = "application/json"),
    responses(
        (status = 200, description = "It was there already", body = ModelView),
        (status = 201, description = "The derived model", body = ModelView),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The patch does not fit; `findings` says all that is wrong", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn change(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let patch: Patch = upload::json(&app, &headers, body).await?;
    let _turn = app.turn().await?;
    let (entry, problem) = open(&app, &principal, &id).await?;
    let json = serde_json::to_vec(&patch).map_err(|error| Problem::new(422, "bad-value", error.to_string()))?;
    let deep = entry.source.patches.len() >= MOST_PATCHES;
    let limits = app.limits;
    let made = blocking(move || {
        let after = Arc::new(patched(&problem, &patch, "", &limits)?);
        let image = if deep { Some(image_of(&after)?) } else { None };
        Ok::<_, Problem>((image::identity(&after).to_string(), (&*after).into(), image))
    })
    .await?;
    let (identity, shape, image) = made?;
    let (source, body) = if let Some(image) = image {
        let source = Source { model: image_key(&identity), patches: Vec::new() };
        (source.clone(), (source.model, image))
    } else {
        let mut source = entry.source;
        source.patches.push(patch_key(&json));
        (source, (patch_key(&json), json.into()))
    };
    let entry = Entry { source, shape, base: Some(id), created_at: Timestamp::now(), ..entry };
    settle(&app, &principal, identity, entry, vec![body], Vec::new()).await
}

/// Forgets a model. Jobs that were made of it, and models derived from it, stay.
#[utoipa::path(
    delete, path = "/v1/models/{id}", tag = "models",
    params(("id" = String, Path, description = "The model's id")),
    responses(
        (status = 204, description = "It is forgotten"),
        (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn forget(
    State(app): Shared,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if app.desk.store.remove(Kind::Model, &principal.project, &id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(no_model(&id))
    }
}

/// The project's entry and its problem.
pub(super) async fn open(app: &App, principal: &Principal, id: &str) -> Result<(Entry, Model), Problem> {
    let entry: Entry = find(app, principal, id).await?.read()?;
    let opened = models::open(&*app.desk.store, &entry.source).await?;
    let problem = opened.map_err(|error| StoreError::Unreadable { what: format!("model {id}"), error })?;
    let problem = problem.named(entry.name.clone().unwrap_or_default());
    Ok((entry, problem))
}

async fn find(app: &App, principal: &Principal, id: &str) -> Result<Document, Problem> {
    let found = app.desk.store.document(Kind::Model, &principal.project, id).await?;
    found.ok_or_else(|| no_model(id))
}

fn no_model(id: &str) -> Problem {
    Problem::new(404, "model-not-found", format!("there is no model '{id}'"))
}

fn view(document: &Document) -> Result<ModelView, StoreError> {
    let entry: Entry = document.read()?;
    Ok(ModelView {
        id: document.id.clone(),
        name: entry.name,
        problem: entry.shape,
        base: entry.base,
        created_at: entry.created_at.to_string(),
        warnings: Vec::new(),
    })
}

/// The image by which a model is stored.
pub(super) fn image_of(problem: &Arc<Model>) -> Result<Content, Problem> {
    models::image_of(problem).map_err(|error| Problem::new(413, "model-too-large", error.to_string()))
}

/// A model that a patch makes of another, which may be no larger than one that is uploaded; `at` is where the patch stands in the
/// request. Blocks.
fn patched(problem: &Model, patch: &Patch, at: &str, limits: &Limits) -> Result<Model, Problem> {
    let after = patch.apply(problem).map_err(|defects| of_defects(&defects, at))?;
    let fits = upload::check_size(&after, limits);
    fits.map_err(|problem| if at.is_empty() { problem } else { problem.map(|p| p.at_pointer(at)) })?;
    Ok(after)
}

/// What is wrong with a patch, all of it; `at` is where the patch stands in the request.
pub(super) fn of_defects(defects: &Defects, at: &str) -> Problem {
    let detail = defects.list.first().map_or_else(|| defects.to_string(), ToString::to_string);
    let mut found = findings(defects);
    for (finding, defect) in found.iter_mut().zip(&defects.list) {
        finding.pointer = Some(match &defect.place {
            Place::Change(index) => format!("{at}/changes/{index}"),
            _ => at.to_owned(),
        });
    }
    Problem::new(422, defects.code(), detail).map(|p| p.with_findings(found))
}

/// What a batch's scenarios stand on.
pub(super) struct Base {
    /// The problem as it is.
    pub(super) problem: Arc<Model>,
    /// Where it is, once `bodies` are written.
    pub(super) source: Source,
    /// What is not in the store yet.
    pub(super) bodies: Vec<(String, Content)>,
}

/// The model of a batch: stored, or inline.
pub(super) async fn base(app: &App, principal: &Principal, given: Given) -> Result<Base, Problem> {
    match given {
        Given::Inline(problem) => {
            let problem = Arc::new(*problem);
            blocking(move || {
                let key = image_key(&image::identity(&problem).to_string());
                let bodies = vec![(key.clone(), image_of(&problem)?)];
                Ok(Base { problem, source: Source { model: key, patches: Vec::new() }, bodies })
            })
            .await?
        }
        Given::Stored(stored) => Ok(named(app, principal, stored).await?.1),
    }
}

/// A stored model that a request names, with the patch upon it; and its name.
pub(super) async fn named(
    app: &App,
    principal: &Principal,
    stored: StoredModel,
) -> Result<(Option<String>, Base), Problem> {
    let (entry, problem) = open_named(app, principal, &stored.id).await?;
    let base = Base { problem: Arc::new(problem), source: entry.source, bodies: Vec::new() };
    let limits = app.limits;
    let base = match stored.patch {
        None => base,
        Some(patch) => blocking(move || base.patched(&patch, "/model/patch", &limits)).await??,
    };
    Ok((entry.name, base))
}

impl Base {
    /// The same with a patch; `at` is where the patch stands in the request. Blocks.
    pub(super) fn patched(&self, patch: &Patch, at: &str, limits: &Limits) -> Result<Self, Problem> {
        let problem = Arc::new(patched(&self.problem, patch, at, limits)?);
        let (mut source, mut bodies) = (self.source.clone(), self.bodies.clone());
        if !patch.is_empty() {
            let json = serde_json::to_vec(patch).map_err(|error| Problem::new(422, "bad-value", error.to_string()))?;
            source.patches.push(patch_key(&json));
            bodies.push((patch_key(&json), json.into()));
        }
        Ok(Self { problem, source, bodies })
    }
}

/// A model that a request names at `/model/id`.
async fn open_named(app: &App, principal: &Principal, id: &str) -> Result<(Entry, Model), Problem> {
    let found = app.desk.store.document(Kind::Model, &principal.project, id).await?;
    if found.is_none() {
        let problem = Problem::new(422, "model-not-found", format!("there is no model '{id}'"));
        return Err(problem.map(|p| p.at_pointer(format!("{MODEL_POINTER}/id")).remedy("POST it to /v1/models first")));
    }
    open(app, principal, id).await
}
