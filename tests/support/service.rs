//! A running `farkas serve` on a free port, in a data folder of its own; it ends with the test.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

/// A running service.
pub struct Service {
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub address: String,
    folder: Option<tempfile::TempDir>,
}

/// What came back.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Header `Location`, if there is one.
    pub location: Option<String>,
    /// Header `Content-Type`.
    pub content_type: String,
    /// The body.
    pub body: String,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {} {}", self.status, self.body))
    }
}

impl Service {
    /// Starts one in a new folder.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut service = Self::start_in(folder.path());
        service.folder = Some(folder);
        service
    }

    /// Starts one in this folder.
    pub fn start_in(folder: &Path) -> Self {
        let mut child = super::farkas()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .env("FARKAS_LOG", "warn") // what is in order is not told among the tests' own lines
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program was built for this test");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let line = lines.next().expect("a line").expect("text");
        let address =
            line.strip_prefix("Farkas is listening on ").unwrap_or_else(|| panic!("said: {line}")).to_string();
        // Nobody reads the rest; a full pipe must not stop the service.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, folder: None }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it with SIGKILL and waits until it is gone.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child of ours");
        self.child.wait().expect("a child of ours");
    }

    /// `POST /v1/jobs` with `Prefer: wait=20` and this body.
    pub fn upload(&self, body: &[u8], content_type: &str, query: &str) -> Reply {
        self.request(
            "POST",
            &format!("/v1/jobs{query}"),
            &[("Content-Type", content_type), ("Prefer", "wait=20")],
            body,
        )
    }

    /// Any request.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).expect("a request");
        let mut response = agent.run(request).unwrap_or_else(|e| panic!("{method} {path}: {e}"));
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_string);
        let (location, content_type) = (header("location"), header("content-type").unwrap_or_default());
        let mut text = String::new();
        response.body_mut().as_reader().read_to_string(&mut text).expect("a body of text");
        Reply { status: response.status().as_u16(), location, content_type, body: text }
    }

    /// `GET` as JSON.
    pub fn get(&self, path: &str) -> Reply {
        self.request("GET", path, &[], &[])
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Already gone after `kill`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
