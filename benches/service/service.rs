//! A running `farkas serve` and its clients.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A service in a folder of its own; both go with it.
pub struct Service {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Service {
    /// Starts it, and waits until it listens.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_farkas"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path());
        let mut child = command.env("FARKAS_LOG", "warn").stdout(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it was piped")).lines().map_while(Result::ok);
        let url = lines.find_map(|line| line.strip_prefix("Farkas is listening on ").map(str::to_owned));
        let url = url.expect("it says where it listens");
        // Nobody reads the rest, and it must find its output open.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url, _folder: folder }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection, kept open.
pub struct Client {
    agent: ureq::Agent,
    jobs: String,
}

impl Client {
    /// A client of this service.
    pub fn of(service: &Service) -> Self {
        let timeout = Some(Duration::from_secs(60));
        let agent = ureq::Agent::config_builder().timeout_global(timeout).build().into();
        Self { agent, jobs: format!("{}/v1/jobs", service.url) }
    }

    /// Has a problem solved, and answers how many seconds the longest lane says it took.
    pub fn solved(&self, problem: &str) -> f64 {
        let job = self.post(problem, "", "wait=30");
        assert_eq!(job["result"]["termination"]["reason"], "OPTIMAL", "{job}");
        let lanes = job["result"]["lanes"].as_array().expect("lanes");
        lanes.iter().filter_map(|lane| lane["seconds"].as_f64()).fold(0.0, f64::max)
    }

    /// Submits a problem.
    pub fn submitted(&self, problem: &str, query: &str) {
        self.post(problem, query, "respond-async");
    }

    /// Waits until no job waits or runs.
    pub fn wait_until_idle(&self) {
        let url = format!("{}?state=queued,starting,running,stopping&limit=1", self.jobs);
        loop {
            let mut response = self.agent.get(&url).call().expect("a list of jobs");
            let text = response.body_mut().read_to_string().expect("text");
            let list: Value = serde_json::from_str(&text).expect("JSON");
            if list["jobs"].as_array().is_some_and(Vec::is_empty) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn post(&self, problem: &str, query: &str, prefer: &str) -> Value {
        let request = self.agent.post(format!("{}{query}", self.jobs)).header("content-type", "application/mps");
        let mut response = request.header("prefer", prefer).send(problem).expect("the job is accepted");
        serde_json::from_str(&response.body_mut().read_to_string().expect("text")).expect("JSON")
    }
}
