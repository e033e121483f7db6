//! Who may do what: every route under every role, and one project's things from another's. A route that is not in the table
//! fails the test.

use std::collections::BTreeSet;
use std::sync::Arc;

use farkas_api_types::{ApiKeyList, ApiKeyMade, JobState, JobView, Role, WorkerList};
use farkas_backends::contract::Backend;
use farkas_service::access::Token;
use farkas_service::{ServeOptions, api};
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::contract::Contract;
use crate::log::Log;
use crate::server::{MPS, Server, honest, options, patient};

pub const OPERATOR: &str = "operators-key-of-at-least-32-characters";

/// What a request's `{id}` stands for; a new one for every request.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    Nothing,
    Job,
    Key,
    Model,
    Batch,
    Worker,
    Webhook,
}

/// Who asks: nobody, the project's viewer, user and admin, the admin of another project, the operator.
const WHO: [&str; 6] = ["nobody", "viewer", "user", "admin", "stranger", "operator"];

struct Row {
    method: &'static str,
    /// As the router has it.
    route: &'static str,
    /// What is asked for; `{id}` is filled in.
    path: &'static str,
    of: Of,
    body: &'static str,
    /// A status for each who asks.
    expected: [u16; 6],
}

const fn row(method: &'static str, route: &'static str, of: Of, expected: [u16; 6]) -> Row {
    Row { method, route, path: route, of, body: "", expected }
}

const MODEL: &str = r#"{"model": {"variables": {"x": {"upper": 1}}, "objective": "x", "sense": "maximize"}}"#;
const OTHER_MODEL: &str = r#"{"variables": {"y": {"upper": 7}}, "objective": "y", "sense": "maximize"}"#;
const PATCH: &str = r#"{"changes": [{"change": "upper", "column": "x", "value": 5}]}"#;
const BATCH: &str = r#"{"model": {"variables": {"x": {"upper": 1}}}, "scenarios": [{}]}"#;
const WEBHOOK: &str = r#"{"url": "https://example.com/hook", "states": ["expired"]}"#;
const KEY: &str = r#"{"name": "k", "role": "viewer"}"#;
const OFFER: &str = r#"{"variables": {}}"#;

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("GET", "/", Of::Nothing, [200; 6]),
    row("GET", "/dashboard.js", Of::Nothing, [200; 6]),
    row("GET", "/session.js", Of::Nothing, [200; 6]),
    row("GET", "/dashboard.css", Of::Nothing, [200; 6]),
    row("GET", "/healthz", Of::Nothing, [200; 6]),
    row("GET", "/readyz", Of::Nothing, [200; 6]),
    row("GET", "/openapi.json", Of::Nothing, [200; 6]),
    row("GET", "/metrics", Of::Nothing, [401, 200, 200, 200, 200, 200]),
    row("GET", "/v1/backends", Of::Nothing, [401, 200, 200, 200, 200, 200]),
    row("GET", "/v1/jobs", Of::Nothing, [401, 200, 200, 200, 200, 200]),
    Row { body: MODEL, ..row("POST", "/v1/jobs", Of::Nothing, [401, 403, 201, 201, 201, 201]) },
    row("GET", "/v1/jobs/{id}", Of::Job, [401, 200, 200, 200, 404, 404]),
    row("GET", "/v1/jobs/{id}/result", Of::Job, [401, 200, 200, 200, 404, 404]),
    row("GET", "/v1/jobs/{id}/events", Of::Job, [401, 200, 200, 200, 404, 404]),
    row("GET", "/v1/jobs/{id}/log", Of::Job, [401, 200, 200, 200, 404, 404]),
    row("GET", "/v1/jobs/{id}/incumbents", Of::Job, [401, 200, 200, 200, 404, 404]),
    Row { body: OFFER, ..row("POST", "/v1/jobs/{id}/incumbents", Of::Job, [401, 403, 409, 409, 404, 404]) },
    Row { path: "/v1/jobs/{id}:stop", ..row("POST", "/v1/jobs/{id}", Of::Job, [401, 403, 200, 200, 404, 404]) },
    Row { path: "/v1/jobs/{id}:cancel", ..row("POST", "/v1/jobs/{id}", Of::Job, [401, 403, 200, 200, 404, 404]) },
    Row { path: "/v1/jobs/{id}:retry", ..row("POST", "/v1/jobs/{id}", Of::Job, [401, 403, 201, 201, 404, 404]) },
    row("GET", "/v1/jobs/{id}/bundle", Of::Job, [401, 200, 200, 200, 404, 404]),
    row("GET", "/v1/models", Of::Nothing, [401, 200, 200, 200, 200, 200]),
    Row { body: OTHER_MODEL, ..row("POST", "/v1/models", Of::Nothing, [401, 403, 201, 200, 201, 201]) },
    row("GET", "/v1/models/{id}", Of::Model, [401, 200, 200, 200, 404, 404]),
    row("GET", "/v1/models/{id}/statistics", Of::Model, [401, 200, 200, 200, 404, 404]),
    row("GET", "/v1/models/{id}/content", Of::Model, [401, 200, 200, 200, 404, 404]),
    Row { body: PATCH, ..row("PATCH", "/v1/models/{id}", Of::Model, [401, 403, 201, 200, 404, 404]) },
    row("DELETE", "/v1/models/{id}", Of::Model, [401, 403, 204, 204, 404, 404]),
    row("GET", "/v1/batches", Of::Nothing, [401, 200, 200, 200, 200, 200]),
    Row { body: BATCH, ..row("POST", "/v1/batches", Of::Nothing, [401, 403, 201, 201, 201, 201]) },
    row("GET", "/v1/batches/{id}", Of::Batch, [401, 200, 200, 200, 404, 404]),
    Row { path: "/v1/batches/{id}:stop", ..row("POST", "/v1/batches/{id}", Of::Batch, [401, 403, 200, 200, 404, 404]) },
    Row { path: "/v1/batches/{id}:cancel", ..row("POST", "/v1/batches/{id}", Of::Batch, [401, 403, 200, 200, 404, 404]) },
    row("GET", "/v1/workers", Of::Nothing, [401, 200, 200, 200, 200, 200]),
    Row { path: "/v1/workers/{id}:resume", ..row("POST", "/v1/workers/{id}", Of::Worker, [401, 403, 403, 403, 403, 200]) },
    Row { body: r#"{"solver_config": {"time_limit": 0}}"#, ..row("POST", "/cuopt/request", Of::Nothing, [401, 403, 422, 422, 422, 422]) },
    row("GET", "/cuopt/request/{id}", Of::Job, [401, 200, 200, 200, 404, 404]),
    // Nothing to end is no error there.
    row("DELETE", "/cuopt/request/{id}", Of::Job, [401, 403, 200, 200, 200, 200]),
    row("POST", "/cuopt/solution", Of::Nothing, [401, 403, 422, 422, 422, 422]),
    row("GET", "/cuopt/solution/{id}", Of::Job, [401, 200, 200, 200, 404, 404]),
    row("DELETE", "/cuopt/solution/{id}", Of::Job, [401, 403, 200, 200, 404, 404]),
    row("GET", "/cuopt/solution/{id}/incumbents", Of::Job, [401, 200, 200, 200, 404, 404]),
    row("GET", "/cuopt/log/{id}", Of::Job, [401, 200, 200, 200, 404, 404]),
    row("DELETE", "/cuopt/log/{id}", Of::Job, [401, 403, 200, 200, 200, 200]),
    row("GET", "/cuopt/health", Of::Nothing, [200; 6]),
    row("GET", "/v2/health/ready", Of::Nothing, [200; 6]),
    row("GET", "/v2/health/live", Of::Nothing, [200; 6]),
    Row { body: "\"x\"", ..row("POST", "/v1/mathopt:solveMathOptModel", Of::Nothing, [401, 403, 422, 422, 422, 422]) },
    row("GET", "/v1/webhooks", Of::Nothing, [401, 403, 403, 200, 200, 200]),
    Row { body: WEBHOOK, ..row("POST", "/v1/webhooks", Of::Nothing, [401, 403, 403, 201, 201, 201]) },
    row("GET", "/v1/webhooks/{id}", Of::Webhook, [401, 403, 403, 200, 404, 404]),
    row("DELETE", "/v1/webhooks/{id}", Of::Webhook, [401, 403, 403, 204, 404, 404]),
    row("GET", "/v1/api-keys", Of::Nothing, [401, 403, 403, 200, 200, 200]),
    Row { body: KEY, ..row("POST", "/v1/api-keys", Of::Nothing, [401, 403, 403, 201, 201, 201]) },
    row("DELETE", "/v1/api-keys/{id}", Of::Key, [401, 403, 403, 204, 404, 404]),
    Row { path: "/v1/api-keys/{id}:rotate", ..row("POST", "/v1/api-keys/{id}", Of::Key, [401, 403, 403, 201, 404, 404]) },
];

/// A service that needs keys, and a key for everybody.
pub struct House {
    pub server: Server,
    pub keys: [String; 6],
    contract: Contract,
    _folder: tempfile::TempDir,
}

impl House {
    pub async fn build() -> Self {
        Self::with(vec![honest()]).await
    }

    async fn with(backends: Vec<Arc<dyn Backend>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let admin_key = Some(Token::sent(OPERATOR));
        let server = Server::start_with(ServeOptions { admin_key, ..options(folder.path(), backends) }).await;
        let mut keys = [const { String::new() }; 6];
        keys[5] = OPERATOR.into();
        let wanted = [("team", Role::Viewer), ("team", Role::User), ("team", Role::Admin), ("other", Role::Admin)];
        for (at, (project, role)) in wanted.into_iter().enumerate() {
            let new = json!({"name": "test", "project": project, "role": role});
            keys[at + 1] = make_key(&server, OPERATOR, new).await.key;
        }
        let contract = Contract::of(&server).await;
        Self { server, keys, contract, _folder: folder }
    }

    /// A new thing of the team's.
    async fn make(&self, of: Of) -> String {
        match of {
            Of::Nothing => String::new(),
            Of::Job => {
                let request = self.server.model("").header("prefer", "wait=20").bearer_auth(&self.keys[2]);
                request.send().await.unwrap().json::<JobView>().await.unwrap().id
            }
            Of::Model => {
                let request = self.server.post("/v1/models").header("content-type", "application/mps").body(MPS);
                self.id_of(request).await
            }
            Of::Batch => {
                let request = self.server.post("/v1/batches").header("content-type", "application/json").body(BATCH);
                self.id_of(request).await
            }
            Of::Webhook => {
                let request = self.server.post("/v1/webhooks").header("content-type", "application/json").body(WEBHOOK);
                let response = request.bearer_auth(&self.keys[3]).send().await.unwrap();
                response.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
            }
            Of::Worker => {
                let workers = self.server.get("/v1/workers").bearer_auth(OPERATOR).send().await.unwrap();
                workers.json::<WorkerList>().await.unwrap().workers[0].id.clone()
            }
            Of::Key => make_key(&self.server, &self.keys[3], json!({"name": "k", "role": "viewer"})).await.view.id,
        }
    }

    /// The id of what the team's user makes by this request.
    async fn id_of(&self, request: reqwest::RequestBuilder) -> String {
        let response = request.bearer_auth(&self.keys[2]).send().await.unwrap();
        response.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
    }

    async fn ask(&self, row: &Row, who: usize) -> u16 {
        let path = row.path.replace("{id}", &self.make(row.of).await);
        let mut request = self.server.request(row.method, &path).body(row.body);
        if !row.body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        if !self.keys[who].is_empty() {
            request = request.bearer_auth(&self.keys[who]);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        if status == 401 {
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
        }
        let media = response.headers().get("content-type").map_or("", |media| media.to_str().unwrap()).to_owned();
        let body = response.bytes().await.unwrap();
        let native = !row.route.starts_with("/cuopt") && !row.route.starts_with("/v1/mathopt");
        if status >= 400 && native {
            assert_eq!(media, "application/problem+json", "{} {}", row.method, row.path);
        }
        if let Some(complaint) = self.contract.complaint(row.method, row.path, status, &media, &body) {
            panic!("the answer {status} to {} {} {complaint}", row.method, row.path);
        }
        status
    }
}

pub async fn make_key(server: &Server, by: &str, new: Value) -> ApiKeyMade {
    let response = server.post("/v1/api-keys").bearer_auth(by).json(&new).send().await.unwrap();
    assert_eq!(response.status(), 201, "{new}");
    response.json().await.unwrap()
}

#[tokio::test]
async fn every_route_asks_who_comes() {
    let house = House::build().await;
    let mut wrong = Vec::new();
    for row in ROWS {
        for (who, expected) in row.expected.into_iter().enumerate() {
            let found = house.ask(row, who).await;
            if found != expected {
                wrong.push(format!("{} {} by {}: {found}, not {expected}", row.method, row.path, WHO[who]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    house.server.close().await;
}

#[test]
fn every_route_is_in_the_table() {
    let routed: BTreeSet<(String, &str)> =
        api::needs().all().map(|(method, route, _)| (method.to_string(), route)).collect();
    let listed: BTreeSet<(String, &str)> = ROWS.iter().map(|row| (row.method.to_owned(), row.route)).collect();
    let (missing, stale): (Vec<_>, Vec<_>) =
        (routed.difference(&listed).collect(), listed.difference(&routed).collect());
    assert!(missing.is_empty() && stale.is_empty(), "missing in the table: {missing:?}; not routed: {stale:?}");
}

#[tokio::test]
async fn lists_show_a_projects_own() {
    let house = House::build().await;
    let job = house.make(Of::Job).await;
    let list = async |who: usize| {
        let response = house.server.get("/v1/jobs").bearer_auth(&house.keys[who]).send().await.unwrap();
        response.text().await.unwrap()
    };
    assert!(list(1).await.contains(&job));
    assert!(!list(4).await.contains(&job) && !list(5).await.contains(&job));
    let keys: ApiKeyList =
        house.server.get("/v1/api-keys").bearer_auth(&house.keys[4]).send().await.unwrap().json().await.unwrap();
    assert!(keys.keys.iter().all(|key| key.project == "other") && keys.keys.len() == 1);

    // The same idempotency key of two projects is two keys.
    let send = async |who: usize| {
        let request = house.server.model("").header("idempotency-key", "k").bearer_auth(&house.keys[who]);
        request.send().await.unwrap().json::<JobView>().await.unwrap().id
    };
    assert_ne!(send(2).await, send(4).await);
    assert_eq!(send(2).await, send(2).await);
    house.server.close().await;
}

#[tokio::test]
async fn a_shared_image_tells_nobody_elses_name() {
    let house = House::build().await;
    let ask = async |who: usize, request: reqwest::RequestBuilder| {
        let response = request.bearer_auth(&house.keys[who]).send().await.unwrap();
        assert!(response.status().is_success(), "{}", response.status());
        response.text().await.unwrap()
    };
    let mut contents = Vec::new();
    for (who, name) in [(3, "takeover of the rival"), (4, "diet")] {
        let body = MPS.replace("demo", name);
        let stored = ask(who, house.server.post("/v1/models?filename=a.mps").body(body)).await;
        let id = serde_json::from_str::<Value>(&stored).unwrap()["id"].as_str().unwrap().to_owned();
        for format in ["mps", "json", "mof"] {
            let path = format!("/v1/models/{id}/content?format={format}");
            let text = ask(who, house.server.get(&path)).await;
            assert!(!text.contains("rival") || who == 3, "{format}: {text}");
            if format == "mps" {
                assert!(text.contains(name), "{text}");
            }
        }
        contents.push(id);
    }
    assert_eq!(contents[0], contents[1], "it is one image");
}

#[tokio::test]
async fn nobody_ends_what_runs_for_another_project() {
    let house = House::with(vec![patient()]).await;
    let ask = async |method: &str, path: &str, who: usize| {
        house.server.request(method, path).bearer_auth(&house.keys[who]).send().await.unwrap()
    };
    // Jobs of cuOpt's clients bear this tag.
    let request = house.server.model("tag=cuopt").bearer_auth(&house.keys[2]);
    let id = request.send().await.unwrap().json::<JobView>().await.unwrap().id;
    let job = format!("/v1/jobs/{id}");
    let mut events = ask("GET", &format!("{job}/events"), 2).await.bytes_stream();
    let mut told = String::new();
    while !told.contains("event: incumbent") {
        told += &String::from_utf8_lossy(&events.next().await.unwrap().unwrap());
    }
    for (who, ended) in [(4, 0), (5, 0), (2, 1)] {
        for which in [id.as_str(), "*"] {
            let path = format!("/cuopt/request/{which}?running=true&queued=true");
            let reply: Value = ask("DELETE", &path, who).await.json().await.unwrap();
            let expected = if which == "*" { 0 } else { ended };
            assert_eq!(reply, json!({"cached": 0, "queued": 0, "running": expected}), "{which} by {}", WHO[who]);
        }
        let state = ask("GET", &job, 2).await.json::<JobView>().await.unwrap().state;
        assert_eq!(state == JobState::Running, ended == 0, "{} leaves it {state}", WHO[who]);
    }
    house.server.close().await;
}

#[tokio::test]
async fn whoever_changes_something_or_is_refused_stands_in_the_audit_log() {
    let mut log = Log::hear();
    let house = House::build().await;
    // Who asks, for what, and what of it is told.
    let cases = [
        (0, "POST", "/v1/jobs", Some(r#"project="" role="" key="" status=401"#.to_owned())),
        (1, "POST", "/v1/jobs", Some(told(&house, 1, 403).await)),
        (2, "GET", "/v1/api-keys", Some(told(&house, 2, 403).await)),
        (3, "DELETE", "/v1/api-keys/nobody", Some(told(&house, 3, 404).await)),
        (1, "GET", "/v1/jobs", None),
    ];
    for (who, method, path, expected) in cases {
        let id = format!("{method}-{who}");
        let request = house.server.request(method, path).header("x-request-id", &id);
        let request = if who == 0 { request } else { request.bearer_auth(&house.keys[who]) };
        request.send().await.unwrap();
        let text = log.so_far();
        let line = text.lines().find(|line| line.contains(" audit: ") && line.contains(&format!("request=\"{id}\"")));
        match expected {
            None => assert_eq!(line, None),
            Some(end) => assert!(line.is_some_and(|line| line.ends_with(&end)), "{who} {method} {path}: {end}\n{text}"),
        }
    }
    house.server.close().await;
}

/// How a line about one of the team's ends.
async fn told(house: &House, who: usize, status: u16) -> String {
    let keys: ApiKeyList =
        house.server.get("/v1/api-keys").bearer_auth(&house.keys[3]).send().await.unwrap().json().await.unwrap();
    let key = keys.keys.iter().find(|key| key.role.name() == WHO[who]).unwrap();
    format!(r#"project="team" role="{}" key="{}" status={status}"#, WHO[who], key.id)
}
