//! A service on a free port, its data in a folder of its own, and a client for it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use farkas_api_types::{JobView, ProblemDetails};
use farkas_backends::contract::Backend;
use farkas_backends::solvers::mock::Mock;
use farkas_service::{ServeOptions, Service};
use reqwest::{Client, RequestBuilder, Response};

/// maximise 3 x + 2 y; the best point is x = y = 4 with 20.
pub const MPS: &str = "NAME demo
OBJSENSE
    MAX
ROWS
 N obj
 L capacity
 G mix
COLUMNS
 M1 'MARKER' 'INTORG'
 x obj 3 capacity 2
 x mix 1
 y obj 2 capacity 1
 y mix -1
 M2 'MARKER' 'INTEND'
RHS
 rhs capacity 12 mix -2
BOUNDS
 UP bnd x 10
 UP bnd y 10
ENDATA
";

/// A backend that finds a point and then waits to be stopped.
pub fn patient() -> Arc<dyn Backend> {
    Arc::new(Mock::scripted("patient", "log hello; incumbent 3 3; bound 30; until-stop; limit"))
}

pub fn honest() -> Arc<dyn Backend> {
    Arc::new(Mock::new())
}

pub struct Server {
    service: Service,
    client: Client,
    folder: Option<tempfile::TempDir>,
}

impl Server {
    /// A service with two cores and these backends, in a new folder.
    pub async fn start(backends: Vec<Arc<dyn Backend>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self::start_in(folder.path(), backends).await;
        server.folder = Some(folder);
        server
    }

    pub async fn start_in(folder: &Path, backends: Vec<Arc<dyn Backend>>) -> Self {
        Self::start_with(options(folder, backends)).await
    }

    pub async fn start_with(options: ServeOptions) -> Self {
        let service = Service::start(options).await.unwrap();
        let client = Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        Self { service, client, folder: None }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.service.address())
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(method.parse().unwrap(), self.url(path))
    }

    /// Posts the MPS model.
    pub fn model(&self, query: &str) -> RequestBuilder {
        self.post(&format!("/v1/jobs?{query}")).header("content-type", "application/mps").body(MPS)
    }

    /// Posts the MPS model and answers with the job.
    pub async fn submit(&self, query: &str) -> JobView {
        let response = self.model(query).send().await.unwrap();
        assert_eq!(response.status(), 201);
        response.json().await.unwrap()
    }

    pub async fn job(&self, id: &str) -> JobView {
        self.get(&format!("/v1/jobs/{id}")).send().await.unwrap().json().await.unwrap()
    }

    /// Reads the job's whole stream of events, which ends with the job.
    pub async fn events(&self, id: &str, after: u64) -> Vec<(u64, String, serde_json::Value)> {
        let response = self.get(&format!("/v1/jobs/{id}/events")).header("last-event-id", after.to_string()).send();
        let response = response.await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        parse_events(&response.text().await.unwrap())
    }

    pub fn ask_to_close(&self) {
        (self.service.closer())();
    }

    pub async fn close(self) {
        self.ask_to_close();
        self.service.closed().await;
    }
}

/// Two cores, and nothing beside them: a tiny job waits like any other.
pub fn options(folder: &Path, backends: Vec<Arc<dyn Backend>>) -> ServeOptions {
    let mut options = ServeOptions::new(folder, backends);
    options.listen = ([127, 0, 0, 1], 0).into();
    options.node.threads = 2;
    options.node.share.tiny_jobs = 0;
    options
}

pub fn parse_events(text: &str) -> Vec<(u64, String, serde_json::Value)> {
    let field = |block: &str, name: &str| {
        block
            .lines()
            .find_map(|line| line.strip_prefix(name).map(|rest| rest.trim_start_matches(':').trim().to_string()))
    };
    text.split("\n\n")
        .filter(|block| !block.trim().is_empty() && !block.starts_with(':'))
        .map(|block| {
            let id = field(block, "id").unwrap().parse().unwrap();
            let data = serde_json::from_str(&field(block, "data").unwrap()).unwrap();
            (id, field(block, "event").unwrap(), data)
        })
        .collect()
}

/// The error's details, after what holds for every error was checked.
pub async fn problem(response: Response) -> ProblemDetails {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let id = response.headers()["x-request-id"].to_str().unwrap().to_string();
    let problem: ProblemDetails = response.json().await.unwrap();
    assert_eq!(problem.status, status);
    assert_eq!(problem.request_id, Some(id));
    assert_eq!(problem.kind, format!("urn:farkas:problem:{}", problem.code));
    assert!(!problem.detail.is_empty());
    problem
}
