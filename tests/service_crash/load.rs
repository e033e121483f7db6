//! Clients: they submit, stop and cancel whatever happens to the service, and in the end look whether every job that was
//! accepted is finished, once, with everything that was published of it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use serde_json::Value;

/// Jobs a submitter lets run ahead of what is finished; keeps the end of the test short.
const AHEAD: usize = 12;
const SEED: u64 = 20_260_101;
const SUBMITTERS: u64 = 2;

/// `SplitMix64` (Steele, Lea, Flood 2014): the same moments in every run.
pub struct Random(pub u64);

impl Random {
    /// A number below a limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }
}

pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(20)))
        .http_status_as_error(false)
        .build()
        .into()
}

pub fn get(agent: &ureq::Agent, url: &str) -> Result<(u16, String), ureq::Error> {
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

/// What somebody asked of a job once it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    None,
    Stop,
    Cancel,
}

#[derive(Debug, Clone)]
struct Accepted {
    id: String,
    optimum: f64,
    wish: Wish,
}

/// Clients at work.
pub struct Load {
    urls: RwLock<Vec<String>>,
    accepted: Mutex<Vec<Accepted>>,
    stop: AtomicBool,
    turn: AtomicUsize,
}

impl Load {
    /// Clients of these services; they do not begin yet.
    pub fn new(urls: Vec<String>) -> Arc<Self> {
        let (accepted, stop, turn) = (Mutex::default(), AtomicBool::new(false), AtomicUsize::new(0));
        Arc::new(Self { urls: RwLock::new(urls), accepted, stop, turn })
    }

    /// Begins.
    pub fn start(self: &Arc<Self>) -> Vec<std::thread::JoinHandle<()>> {
        let submit = |submitter| {
            let load = Arc::clone(self);
            std::thread::spawn(move || load.submit(submitter))
        };
        (0..SUBMITTERS).map(submit).collect()
    }

    /// A service is somewhere else now.
    pub fn moved(&self, service: usize, url: &str) {
        self.urls.write().expect("no reader panics")[service] = url.into();
    }

    /// Each submitter ends with the job that it is at.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// One of the services, in turn.
    fn url(&self) -> String {
        let urls = self.urls.read().expect("no writer panics");
        urls[self.turn.fetch_add(1, Ordering::Relaxed) % urls.len()].clone()
    }

    /// Submits until told to stop. A request whose answer was lost is sent again under the same key, so that what the
    /// service accepted is known to the last job.
    fn submit(&self, submitter: u64) {
        let (agent, mut random) = (agent(), Random(SEED + submitter));
        for number in 0.. {
            let (model, optimum) = model(&mut random);
            let body = serde_json::json!({"model": model, "options": {"gap": 0, "threads": 1}}).to_string();
            let wish = match number % 8 {
                3 => Wish::Stop,
                6 => Wish::Cancel,
                _ => Wish::None,
            };
            // Every other client waits a little, so that tiny jobs are begun before they are written, too.
            let prefer = if number % 2 == 1 { "wait=1" } else { "respond-async" };
            let id = self.until_accepted(&agent, &format!("{submitter}-{number}"), prefer, &body);
            self.ask(&agent, &id, wish);
            self.accepted.lock().expect("nobody panics with it").push(Accepted { id, optimum, wish });
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            self.let_it_catch_up(&agent);
        }
    }

    fn until_accepted(&self, agent: &ureq::Agent, key: &str, prefer: &str, body: &str) -> String {
        loop {
            let sent = agent
                .post(format!("{}/v1/jobs", self.url()))
                .header("content-type", "application/json")
                .header("idempotency-key", key)
                .header("prefer", prefer)
                .send(body);
            match sent.and_then(|mut r| Ok((r.status().as_u16(), r.body_mut().read_to_string()?))) {
                Ok((201 | 202, text)) => {
                    let job: Value = serde_json::from_str(&text).expect("a job");
                    return job["id"].as_str().expect("a job has an id").to_string();
                }
                Ok((429 | 503, _)) | Err(_) => std::thread::sleep(Duration::from_millis(10)),
                Ok((status, text)) => panic!("{status}: {text}"),
            }
        }
    }

    fn ask(&self, agent: &ureq::Agent, id: &str, wish: Wish) {
        let verb = match wish {
            Wish::None => return,
            Wish::Stop => "stop",
            Wish::Cancel => "cancel",
        };
        loop {
            match agent.post(format!("{}/v1/jobs/{id}:{verb}", self.url())).send_empty() {
                Ok(response) if response.status() == 200 => return,
                Ok(response) if response.status() != 503 => panic!("{verb} {id}: {}", response.status()),
                _ => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// Waits while too many jobs are unfinished: the newest accepted one but so many has to be over first.
    fn let_it_catch_up(&self, agent: &ureq::Agent) {
        let behind = {
            let accepted = self.accepted.lock().expect("nobody panics with it");
            accepted.len().checked_sub(AHEAD).map(|at| accepted[at].id.clone())
        };
        let Some(id) = behind else { return };
        while !self.stop.load(Ordering::Relaxed) {
            let job = get(agent, &format!("{}/v1/jobs/{id}", self.url()));
            if job.is_ok_and(|(_, text)| text.contains("finished_at\":\"2")) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Checks the life of every job that was accepted; answers how many there were.
    pub fn check(&self, url: &str) -> usize {
        let agent = agent();
        let accepted = self.accepted.lock().expect("nobody panics with it").clone();
        for job in &accepted {
            check(&agent, url, job);
        }
        let known: BTreeSet<String> = accepted.iter().map(|job| job.id.clone()).collect();
        assert_eq!(known.len(), accepted.len(), "one job under two keys");
        assert_eq!(ids_in_list(&agent, url), known, "jobs that nobody was told of, or that are gone");
        accepted.len()
    }
}

/// Reads a finished job's events (the stream ends with the job) and checks its whole life.
fn check(agent: &ureq::Agent, url: &str, job: &Accepted) {
    let Accepted { id, optimum, wish } = job;
    let (status, text) =
        get(agent, &format!("{url}/v1/jobs/{id}/events")).expect("the service is up, and the job ends");
    assert_eq!(status, 200, "{id}: {text}");
    let field = |name: &str| -> Vec<&str> { text.lines().filter_map(|line| line.strip_prefix(name)).collect() };
    let ids: Vec<u64> = field("id:").iter().map(|id| id.trim().parse().expect("a number")).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "{id}: event ids have gaps");
    let events: Vec<(&str, Value)> = field("event:")
        .iter()
        .zip(field("data:"))
        .map(|(name, data)| (name.trim(), serde_json::from_str(data.trim()).expect("JSON")))
        .collect();
    let results = events.iter().filter(|(name, _)| *name == "result").count();
    assert_eq!(results, 1, "{id}: it ended {results} times\n{text}");
    let last = &events.last().expect("events").1;
    if *wish == Wish::Cancel && last["state"] == "canceled" {
        return;
    }
    assert_eq!(last["state"], "succeeded", "{id}: {text}");
    let (status, text) = get(agent, &format!("{url}/v1/jobs/{id}/result")).expect("the service is up");
    assert_eq!(status, 200, "{id}: {text}");
    let result: Value = serde_json::from_str(&text).expect("JSON");
    let reached = result["objective"].as_f64();
    // What was published is in the answer, or something better.
    let published = events.iter().filter(|(name, _)| *name == "incumbent").filter_map(|(_, e)| e["objective"].as_f64());
    for incumbent in published {
        assert!(reached.is_some_and(|reached| reached >= incumbent - 1e-6), "{id}: {incumbent} is lost: {text}");
    }
    if *wish == Wish::Stop && result["termination"]["limit"] == "INTERRUPTED" {
        return;
    }
    assert_eq!(result["termination"]["reason"], "OPTIMAL", "{id}: {text}");
    assert!((reached.expect("a number") - optimum).abs() < 1e-6, "{id}: {text}");
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

/// Whether anybody can solve there.
pub fn has_solver(agent: &ureq::Agent, url: &str) -> bool {
    let (_, text) = get(agent, &format!("{url}/v1/backends")).expect("the service is up");
    let backends: Value = serde_json::from_str(&text).expect("JSON");
    backends["backends"].as_array().expect("a list").iter().any(|b| b["availability"]["state"] == "ready")
}
