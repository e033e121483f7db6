//! The service is killed with -9 at random moments under load: every job that was accepted is finished exactly once, no
//! event is missing from its log, and no worker process is left. Seeds are fixed; `FARKAS_FAULTS` says how many kills.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use serde_json::Value;

const FAULTS: u64 = 10;
const SUBMITTERS: u64 = 2;
/// Jobs a submitter lets run ahead of what is finished; keeps the end of the test short.
const AHEAD: usize = 12;
const SEED: u64 = 20_260_101;

/// `SplitMix64` (Steele, Lea, Flood 2014): the same moments in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }
}

struct Service {
    child: Child,
    url: String,
}

impl Service {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_farkas"))
            .args(["serve", "--listen", "127.0.0.1:0", "--threads", "2", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program under test starts");
        let stdout = child.stdout.take().expect("it was piped");
        let (send, told) = mpsc::channel();
        std::thread::spawn(move || {
            // Reads on to the end: a service that cannot write to its standard output would be another test.
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("Farkas is listening on ") {
                    let _ = send.send(url.to_string());
                }
            }
        });
        let url = told.recv_timeout(Duration::from_secs(30)).expect("the service says where it listens within 30 s");
        Self { child, url }
    }

    /// Kills it, and answers with the processes that it had.
    fn kill(mut self) -> Vec<Process> {
        let children = descendants(self.child.id());
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
        children
    }

    /// Ends it in order.
    fn stop(mut self) -> Vec<Process> {
        let children = descendants(self.child.id());
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("our own child");
        let status = self.child.wait().expect("our own child");
        assert!(status.success(), "after SIGTERM: {status}");
        children
    }
}

/// A process and when it started, since numbers are used again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    pid: u32,
    started: String,
    name: String,
}

/// Parent, start time and name of a process; `None` when there is none, or only what its parent has yet to bury.
fn process(pid: u32) -> Option<(u32, Process)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (front, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let name = front.split_once('(')?.1.to_string();
    let alive = !matches!(*fields.first()?, "Z" | "X");
    alive.then(|| Some((fields.get(1)?.parse().ok()?, Process { pid, started: (*fields.get(19)?).into(), name })))?
}

fn descendants(of: u32) -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").expect("Linux");
    let all: Vec<(u32, Process)> =
        entries.flatten().filter_map(|entry| process(entry.file_name().to_str()?.parse().ok()?)).collect();
    let mut found = Vec::new();
    let mut parents = vec![of];
    while let Some(parent) = parents.pop() {
        for (_, child) in all.iter().filter(|(above, _)| *above == parent) {
            parents.push(child.pid);
            found.push(child.clone());
        }
    }
    found
}

/// Waits until none of them is left.
fn assert_gone(processes: &[Process]) {
    let left = || -> Vec<&Process> {
        processes.iter().filter(|p| process(p.pid).is_some_and(|(_, now)| now.started == p.started)).collect()
    };
    let deadline = Instant::now() + Duration::from_secs(5);
    while !left().is_empty() {
        assert!(Instant::now() < deadline, "processes outlived the service: {:?}", left());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(20)))
        .http_status_as_error(false)
        .build()
        .into()
}

fn get(agent: &ureq::Agent, url: &str) -> Result<(u16, String), ureq::Error> {
    let mut response = agent.get(url).call()?;
    Ok((response.status().as_u16(), response.body_mut().read_to_string()?))
}

/// A knapsack small enough to be solved in milliseconds, different for every job, and its optimum.
fn model(random: &mut Random) -> (Value, f64) {
    let items: Vec<(u64, u64)> = (0..12).map(|_| (1 + random.below(40), 1 + random.below(40))).collect();
    let capacity = 60 + random.below(60);
    let mut best = vec![0_u64; capacity as usize + 1];
    for (value, weight) in &items {
        for room in (*weight as usize..=capacity as usize).rev() {
            best[room] = best[room].max(best[room - *weight as usize] + value);
        }
    }
    let names = || (0..items.len()).map(|i| format!("x{i}"));
    let object = |pairs: Vec<(String, Value)>| Value::Object(pairs.into_iter().collect());
    let binary = serde_json::json!({"type": "integer", "lower": 0, "upper": 1});
    let variables = object(names().map(|name| (name, binary.clone())).collect());
    let values = object(names().zip(&items).map(|(name, (value, _))| (name, (*value).into())).collect());
    let weights = object(names().zip(&items).map(|(name, (_, weight))| (name, (*weight).into())).collect());
    let model = serde_json::json!({
        "sense": "maximize", "objective": {"terms": values}, "variables": variables,
        "constraints": {"capacity": {"terms": weights, "upper": capacity}},
    });
    (model, best[capacity as usize] as f64)
}

struct Load {
    url: RwLock<String>,
    accepted: Mutex<Vec<(String, f64)>>,
    stop: AtomicBool,
}

/// Submits until told to stop. A request whose answer was lost is sent again under the same key, so that what the
/// service accepted is known to the last job.
fn submit(load: &Load, submitter: u64) {
    let (agent, mut random) = (agent(), Random(SEED + submitter));
    for number in 0.. {
        let (model, optimum) = model(&mut random);
        let body = serde_json::json!({"model": model, "options": {"gap": 0, "threads": 1}}).to_string();
        loop {
            let url = load.url.read().expect("no writer panics").clone();
            let sent = agent
                .post(format!("{url}/v1/jobs"))
                .header("content-type", "application/json")
                .header("idempotency-key", format!("{submitter}-{number}"))
                .send(&body);
            match sent.and_then(|mut r| Ok((r.status().as_u16(), r.body_mut().read_to_string()?))) {
                Ok((201 | 202, text)) => {
                    let job: Value = serde_json::from_str(&text).expect("a job");
                    let id = job["id"].as_str().expect("a job has an id").to_string();
                    load.accepted.lock().expect("nobody panics with it").push((id, optimum));
                    break;
                }
                Ok((429 | 503, _)) | Err(_) => std::thread::sleep(Duration::from_millis(10)),
                Ok((status, text)) => panic!("{status}: {text}"),
            }
        }
        if load.stop.load(Ordering::Relaxed) {
            return;
        }
        let_it_catch_up(load, &agent);
    }
}

/// Waits while too many jobs are unfinished: the newest accepted one but so many has to be over first.
fn let_it_catch_up(load: &Load, agent: &ureq::Agent) {
    let behind = {
        let accepted = load.accepted.lock().expect("nobody panics with it");
        accepted.len().checked_sub(AHEAD).map(|at| accepted[at].0.clone())
    };
    let Some(id) = behind else { return };
    while !load.stop.load(Ordering::Relaxed) {
        let url = load.url.read().expect("no writer panics").clone();
        let over = get(agent, &format!("{url}/v1/jobs/{id}")).is_ok_and(|(_, text)| text.contains("finished_at\":\"2"));
        if over {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Reads a finished job's events (the stream ends with the job) and checks its whole life.
fn check(agent: &ureq::Agent, url: &str, id: &str, optimum: f64) {
    let (status, text) = get(agent, &format!("{url}/v1/jobs/{id}/events")).expect("the service is up");
    assert_eq!(status, 200, "{id}: {text}");
    let field = |name: &str| -> Vec<&str> { text.lines().filter_map(|line| line.strip_prefix(name)).collect() };
    let ids: Vec<u64> = field("id:").iter().map(|id| id.trim().parse().expect("a number")).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "{id}: event ids have gaps");
    let results = field("event:").iter().filter(|name| name.trim() == "result").count();
    assert_eq!(results, 1, "{id}: it ended {results} times\n{text}");
    let last: Value = serde_json::from_str(field("data:").last().expect("events").trim()).expect("JSON");
    assert_eq!(last["state"], "succeeded", "{id}: {last}");
    let (status, text) = get(agent, &format!("{url}/v1/jobs/{id}/result")).expect("the service is up");
    assert_eq!(status, 200, "{id}: {text}");
    let result: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(result["termination"]["reason"], "OPTIMAL", "{id}: {text}");
    assert!((result["objective"].as_f64().expect("a number") - optimum).abs() < 1e-6, "{id}: {text}");
}

fn ids_in_list(agent: &ureq::Agent, url: &str) -> BTreeSet<String> {
    let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let (status, text) = get(agent, &format!("{url}/v1/jobs?limit=500{cursor}")).expect("the service is up");
        assert_eq!(status, 200, "{text}");
        let page: Value = serde_json::from_str(&text).expect("JSON");
        let jobs = page["jobs"].as_array().expect("a list");
        ids.extend(jobs.iter().map(|job| job["id"].as_str().expect("an id").to_string()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

fn has_solver(agent: &ureq::Agent, url: &str) -> bool {
    let (_, text) = get(agent, &format!("{url}/v1/backends")).expect("the service is up");
    let backends: Value = serde_json::from_str(&text).expect("JSON");
    backends["backends"].as_array().expect("a list").iter().any(|b| b["availability"]["state"] == "ready")
}

#[test]
fn a_killed_service_loses_nothing() {
    let faults = std::env::var("FARKAS_FAULTS").map_or(FAULTS, |text| text.parse().expect("FARKAS_FAULTS is a number"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data: PathBuf = folder.path().join("data");
    let agent = agent();
    let mut service = Service::start(&data);
    if !has_solver(&agent, &service.url) {
        println!("not run: no solver's worker program stands beside the binary");
        return assert_gone(&service.stop());
    }
    let load = Arc::new(Load {
        url: RwLock::new(service.url.clone()),
        accepted: Mutex::default(),
        stop: AtomicBool::new(false),
    });
    let submitters: Vec<_> = (0..SUBMITTERS)
        .map(|submitter| {
            let load = Arc::clone(&load);
            std::thread::spawn(move || submit(&load, submitter))
        })
        .collect();
    let mut random = Random(SEED);
    for fault in 0..faults {
        // The moment is the fault's own; nothing is waited for.
        std::thread::sleep(Duration::from_millis(50 + random.below(500)));
        if fault + 1 == faults {
            load.stop.store(true, Ordering::Relaxed);
        }
        let children = service.kill();
        service = Service::start(&data);
        load.url.write().expect("no reader panics").clone_from(&service.url);
        assert_gone(&children);
    }
    for submitter in submitters {
        submitter.join().expect("a submitter met an answer that it must not meet");
    }
    let accepted = load.accepted.lock().expect("nobody panics with it").clone();
    assert!(accepted.len() as u64 >= faults, "only {} jobs in {faults} lives", accepted.len());
    for (id, optimum) in &accepted {
        check(&agent, &service.url, id, *optimum);
    }
    let known: BTreeSet<String> = accepted.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(known.len(), accepted.len(), "one job under two keys");
    assert_eq!(ids_in_list(&agent, &service.url), known, "jobs that nobody was told of, or that are gone");
    println!("{faults} kills, {} jobs, each finished once", accepted.len());
    assert_gone(&service.stop());
}
