//! The service's routes as methods. Blocking: a call is over when the service has answered.

use std::time::Duration;

use farkas_api_types::{
    BackendList, IncumbentList, JobView, OfferedPoint, ProblemDetails, SolveOptions, SolveResult, TakenPoint,
};
use farkas_modeling::Problem;
use farkas_modeling::formats::json;
use serde::de::DeserializeOwned;
use ureq::http::{Response, Uri};
use ureq::{Agent, Body, RequestBuilder};

use crate::Events;

/// Largest answer that is read: the result of a problem with ten million columns.
const MOST_ANSWER_BYTES: u64 = 1 << 30;
/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Why the service did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is none.
    #[error("'{0}' is no address of a service; give one such as http://127.0.0.1:8080")]
    Address(String),
    /// Nobody answers there.
    #[error("{url}: {says}; is the service running there (`farkas serve`)?")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What happened.
        says: String,
    },
    /// The service refuses, and says why.
    #[error("{} [{}]", .0.detail, .0.code)]
    Refused(Box<ProblemDetails>),
    /// The answer is none that the service gives.
    #[error("{0}")]
    Broken(String),
}

impl ClientError {
    /// A stable code: the service's own where it refuses.
    pub fn code(&self) -> &str {
        match self {
            Self::Address(_) => "remote-address",
            Self::Unreachable { .. } => "remote-unreachable",
            Self::Refused(problem) => &problem.code,
            Self::Broken(_) => "remote-broken",
        }
    }
}

/// A service at an address. Clones share their connections.
///
/// ```no_run
/// use farkas_api_types::SolveOptions;
/// use farkas_client::Client;
/// use farkas_modeling::formats::json;
/// let problem = json::read(br#"{"objective": "x", "variables": {"x": {"lower": 3}}}"#)?.value;
/// let client = Client::new("http://127.0.0.1:8080")?;
/// let job = client.submit(&problem, &SolveOptions::default())?;
/// client.events(&job.id, 0)?.last(); // ends with the job
/// assert_eq!(client.result(&job.id)?.objective.map(f64::from), Some(3.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    key: Option<String>,
}

impl Client {
    /// A client of the service at `http://host:port` or `https://…`.
    ///
    /// # Errors
    /// `remote-address`. Whether somebody answers there shows at the first call.
    pub fn new(address: &str) -> Result<Self, ClientError> {
        let base = address.trim_end_matches('/').to_owned();
        let uri: Option<Uri> = base.parse().ok();
        let is_http = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
        if !uri.as_ref().is_some_and(is_http) {
            return Err(ClientError::Address(address.to_owned()));
        }
        let config = Agent::config_builder().http_status_as_error(false).timeout_connect(Some(CONNECT)).build();
        Ok(Self { agent: config.into(), base, key: None })
    }

    /// The same with an API key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Where the service is.
    pub fn address(&self) -> &str {
        &self.base
    }

    /// Submits a problem. The job survives this process.
    ///
    /// # Errors
    /// When nobody answers, or the service refuses.
    pub fn submit(&self, problem: &Problem, options: &SolveOptions) -> Result<JobView, ClientError> {
        let unwritten = |error: &dyn std::fmt::Display| ClientError::Broken(format!("writing the request: {error}"));
        let mut body = b"{\"model\":".to_vec();
        json::write_columnar(problem, &mut body).map_err(|error| unwritten(&error))?;
        body.extend(b",\"options\":");
        serde_json::to_writer(&mut body, options).map_err(|error| unwritten(&error))?;
        body.push(b'}');
        let url = format!("{}/v1/jobs", self.base);
        let request = self.bearing(self.agent.post(&url)).header("content-type", "application/json");
        self.json(&url, request.send(&body[..]))
    }

    /// How a job stands.
    ///
    /// # Errors
    /// When nobody answers, or there is no such job.
    pub fn job(&self, id: &str) -> Result<JobView, ClientError> {
        self.get(&format!("/v1/jobs/{id}"))
    }

    /// A finished job's result, with all vectors.
    ///
    /// # Errors
    /// When nobody answers, or the job has no result.
    pub fn result(&self, id: &str) -> Result<SolveResult, ClientError> {
        self.get(&format!("/v1/jobs/{id}/result"))
    }

    /// Stops a job; it keeps its incumbent.
    ///
    /// # Errors
    /// When nobody answers, or there is no such job.
    pub fn stop(&self, id: &str) -> Result<JobView, ClientError> {
        self.post(&format!("/v1/jobs/{id}:stop"), &())
    }

    /// Ends a job and discards what it found.
    ///
    /// # Errors
    /// When nobody answers, or there is no such job.
    pub fn cancel(&self, id: &str) -> Result<JobView, ClientError> {
        self.post(&format!("/v1/jobs/{id}:cancel"), &())
    }

    /// Incumbents that came after event `after`, with their values while they are kept.
    ///
    /// # Errors
    /// When nobody answers, or there is no such job.
    pub fn incumbents(&self, id: &str, after: u64) -> Result<IncumbentList, ClientError> {
        self.get(&format!("/v1/jobs/{id}/incumbents?values=true&after={after}"))
    }

    /// Hands a point to a running job.
    ///
    /// # Errors
    /// When nobody answers, the job does not run, or the point is not feasible.
    pub fn offer(&self, id: &str, point: &OfferedPoint) -> Result<TakenPoint, ClientError> {
        self.post(&format!("/v1/jobs/{id}/incumbents"), point)
    }

    /// Who can solve there.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn backends(&self) -> Result<BackendList, ClientError> {
        self.get("/v1/backends")
    }

    /// The events of a job after number `after`, as they come, until it ends.
    ///
    /// # Errors
    /// When nobody answers, or there is no such job.
    pub fn events(&self, id: &str, after: u64) -> Result<Events, ClientError> {
        let url = format!("{}/v1/jobs/{id}/events?after={after}", self.base);
        let answer = self.accepted(&url, self.bearing(self.agent.get(&url)).call())?;
        Ok(Events::new(Box::new(answer.into_body().into_reader())))
    }

    fn bearing<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        match &self.key {
            Some(key) => request.header("authorization", format!("Bearer {key}")),
            None => request,
        }
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let url = format!("{}{path}", self.base);
        let answer = self.bearing(self.agent.get(&url)).call();
        self.json(&url, answer)
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: &impl serde::Serialize) -> Result<T, ClientError> {
        let url = format!("{}{path}", self.base);
        let body = serde_json::to_vec(body).map_err(|e| ClientError::Broken(format!("writing the request: {e}")))?;
        let request = self.bearing(self.agent.post(&url)).header("content-type", "application/json");
        self.json(&url, request.send(&body[..]))
    }

    fn json<T: DeserializeOwned>(
        &self,
        url: &str,
        answer: Result<Response<Body>, ureq::Error>,
    ) -> Result<T, ClientError> {
        let bytes = bytes(url, self.accepted(url, answer)?)?;
        serde_json::from_slice(&bytes).map_err(|error| ClientError::Broken(format!("{url} answers oddly: {error}")))
    }

    /// The answer, if it is none of an error.
    #[allow(clippy::unused_self)] // beside the other calls
    fn accepted(&self, url: &str, answer: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, ClientError> {
        let unreachable = |e: ureq::Error| ClientError::Unreachable { url: url.to_owned(), says: e.to_string() };
        let answer = answer.map_err(unreachable)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let problem = serde_json::from_slice(&bytes(url, answer)?);
        Err(problem.map_or_else(
            |_| ClientError::Broken(format!("{url} answers with status {status}, and not as a Farkas service")),
            |problem| ClientError::Refused(Box::new(problem)),
        ))
    }
}

fn bytes(url: &str, answer: Response<Body>) -> Result<Vec<u8>, ClientError> {
    let read = answer.into_body().into_with_config().limit(MOST_ANSWER_BYTES).read_to_vec();
    read.map_err(|error| ClientError::Unreachable { url: url.to_owned(), says: error.to_string() })
}
