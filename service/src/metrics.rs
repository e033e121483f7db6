//! What the service counts and measures, for `/metrics` in the `OpenMetrics` text format. Names and labels are a contract with
//! dashboards and alerts: they are listed in docs/operating.md, and a test compares.

use std::time::Duration;

use farkas_modeling::answer::{LaneReport, LaneState};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Requests, by what the router made of them: paths with ids in them would be labels without end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lane {
    solver: String,
    end: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Why {
    why: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

/// All figures of a service.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    request_seconds: Family<Route, Histogram, fn() -> Histogram>,
    accepted: Counter,
    jobs: Family<State, Gauge>,
    finished: Family<State, Counter>,
    wait_seconds: Histogram,
    solve_seconds: Histogram,
    lanes: Family<Lane, Counter>,
    claims: Counter,
    retries: Family<Why, Counter>,
    kills: Family<Why, Counter>,
    store_seconds: Family<Operation, Histogram, fn() -> Histogram>,
    store_failures: Family<Operation, Counter>,
    cores: Gauge,
    cores_used: Gauge,
    streams: Gauge,
    uptime_seconds: Gauge<f64, std::sync::atomic::AtomicU64>,
}

/// Why a job goes back to the queue.
#[derive(Debug, Clone, Copy)]
pub enum Retry {
    /// All its lanes failed.
    Failed,
    /// The service was shut down.
    Released,
}

/// Why a race was killed.
#[derive(Debug, Clone, Copy)]
pub enum Kill {
    /// It overstayed its time limit.
    Overstayed,
    /// Its lease was lost.
    Fenced,
    /// It did not stop when it was asked to, or was to be discarded.
    Asked,
}

/// From a tenth of a millisecond to half an hour and more, by factors of about three.
fn short() -> Histogram {
    Histogram::new([1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0])
}

fn long() -> Histogram {
    Histogram::new([1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0])
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("farkas"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(short),
            accepted: Counter::default(),
            jobs: Family::default(),
            finished: Family::default(),
            wait_seconds: long(),
            solve_seconds: long(),
            lanes: Family::default(),
            claims: Counter::default(),
            retries: Family::default(),
            kills: Family::default(),
            store_seconds: Family::new_with_constructor(short),
            store_failures: Family::default(),
            cores: Gauge::default(),
            cores_used: Gauge::default(),
            streams: Gauge::default(),
            uptime_seconds: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "Requests, by method, route and status", self.requests.clone());
        let help = "Seconds until a request's answer began, by route";
        registry.register("request_seconds", help, self.request_seconds.clone());
        registry.register("jobs_accepted", "Jobs accepted since the start", self.accepted.clone());
        registry.register("jobs", "Jobs in the store, by state", self.jobs.clone());
        registry.register("jobs_finished", "Jobs that this process finished, by state", self.finished.clone());
        registry.register("wait_seconds", "Seconds from acceptance to the first cores", self.wait_seconds.clone());
        registry.register("solve_seconds", "Seconds of an attempt at a job", self.solve_seconds.clone());
        registry.register("lanes", "Lanes of races, by solver and how they ended", self.lanes.clone());
        registry.register("claims", "Jobs claimed", self.claims.clone());
        registry.register("retries", "Jobs that went back to the queue, and why", self.retries.clone());
        registry.register("kills", "Races that were killed, and why", self.kills.clone());
        let help = "Seconds until the store answered, by operation";
        registry.register("store_seconds", help, self.store_seconds.clone());
        registry.register(
            "store_failures",
            "Operations that the store failed, by operation",
            self.store_failures.clone(),
        );
        registry.register("cores", "Cores given to jobs", self.cores.clone());
        registry.register("cores_used", "Cores in use", self.cores_used.clone());
        registry.register("event_streams", "Open event streams", self.streams.clone());
        registry.register("uptime_seconds", "Seconds since the start", self.uptime_seconds.clone());
    }

    /// A request was answered.
    pub fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let request = Request { method: method.into(), route: route.into(), status };
        self.requests.get_or_create(&request).inc();
        self.request_seconds.get_or_create(&Route { route: route.into() }).observe(took.as_secs_f64());
    }

    /// A job was accepted.
    pub fn accepted(&self) {
        self.accepted.inc();
    }

    /// A job got its cores; `waited` since it was accepted, if these are its first.
    pub fn claimed(&self, waited: Option<f64>) {
        self.claims.inc();
        if let Some(seconds) = waited {
            self.wait_seconds.observe(seconds.max(0.0));
        }
    }

    /// An attempt ended.
    pub fn attempted(&self, took: Duration) {
        self.solve_seconds.observe(took.as_secs_f64());
    }

    /// A job was finished here.
    pub fn finished(&self, state: &str) {
        self.finished.get_or_create(&State { state: state.into() }).inc();
    }

    /// Lanes ended.
    pub fn lanes(&self, lanes: &[LaneReport]) {
        for lane in lanes {
            let end = match lane.state {
                LaneState::Waiting => "waiting",
                LaneState::Running | LaneState::Paused => "running",
                LaneState::Finished => "finished",
                LaneState::Stopped => "stopped",
                LaneState::Killed => "killed",
                LaneState::Failed => "failed",
                LaneState::Disqualified => "disqualified",
            };
            self.lanes.get_or_create(&Lane { solver: lane.solver.clone(), end: end.into() }).inc();
        }
    }

    /// A job went back to the queue.
    pub fn retried(&self, why: Retry) {
        let why = match why {
            Retry::Failed => "failed",
            Retry::Released => "released",
        };
        self.retries.get_or_create(&Why { why: why.into() }).inc();
    }

    /// A race was killed.
    pub fn killed(&self, why: Kill) {
        let why = match why {
            Kill::Overstayed => "overstayed",
            Kill::Fenced => "fenced",
            Kill::Asked => "asked",
        };
        self.kills.get_or_create(&Why { why: why.into() }).inc();
    }

    /// The store answered.
    pub fn stored(&self, operation: &'static str, took: Duration, failed: bool) {
        let operation = Operation { operation };
        self.store_seconds.get_or_create(&operation).observe(took.as_secs_f64());
        if failed {
            self.store_failures.get_or_create(&operation).inc();
        }
    }

    /// Everything as text; `now` are the figures that are looked at rather than counted.
    pub fn encode(&self, now: &Now) -> String {
        for (state, count) in &now.jobs {
            self.jobs.get_or_create(&State { state: state.clone() }).set(*count as i64);
        }
        self.cores.set(i64::from(now.cores));
        self.cores_used.set(i64::from(now.cores_used));
        self.streams.set(now.event_streams as i64);
        self.uptime_seconds.set(now.uptime.as_secs_f64());
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}

/// Figures of the moment.
#[derive(Debug)]
pub struct Now {
    /// Jobs by state, every state among them.
    pub jobs: Vec<(String, u64)>,
    /// Cores for jobs.
    pub cores: u32,
    /// Those in use.
    pub cores_used: u32,
    /// Open event streams.
    pub event_streams: usize,
    /// Since the start.
    pub uptime: Duration,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn now() -> Now {
        Now {
            jobs: vec![("queued".into(), 2)],
            cores: 4,
            cores_used: 1,
            event_streams: 3,
            uptime: Duration::from_secs(5),
        }
    }

    /// Figures of which each was counted once: one that never was is not told.
    fn counted() -> Metrics {
        let metrics = Metrics::default();
        metrics.request("GET", "/v1/jobs/{id}", 200, Duration::from_millis(2));
        metrics.accepted();
        metrics.claimed(Some(0.5));
        metrics.claimed(None);
        metrics.attempted(Duration::from_secs(20));
        metrics.finished("succeeded");
        metrics.retried(Retry::Failed);
        metrics.killed(Kill::Overstayed);
        metrics.stored("submit", Duration::from_micros(200), true);
        metrics.lanes(&[LaneReport {
            solver: "highs".into(),
            version: String::new(),
            state: LaneState::Finished,
            detail: String::new(),
            seconds: 1.0,
            incumbents: 1,
            nodes: 0,
            bound: None,
        }]);
        metrics
    }

    #[test]
    fn what_is_counted_is_told_by_name_and_label() {
        let text = counted().encode(&now());
        let lines = [
            "farkas_requests_total{method=\"GET\",route=\"/v1/jobs/{id}\",status=\"200\"} 1",
            "farkas_request_seconds_bucket{le=\"0.003\",route=\"/v1/jobs/{id}\"} 1",
            "farkas_jobs_accepted_total 1",
            "farkas_claims_total 2",
            "farkas_wait_seconds_count 1",
            "farkas_solve_seconds_bucket{le=\"30.0\"} 1",
            "farkas_jobs_finished_total{state=\"succeeded\"} 1",
            "farkas_lanes_total{solver=\"highs\",end=\"finished\"} 1",
            "farkas_retries_total{why=\"failed\"} 1",
            "farkas_kills_total{why=\"overstayed\"} 1",
            "farkas_store_failures_total{operation=\"submit\"} 1",
            "farkas_jobs{state=\"queued\"} 2",
            "farkas_cores 4",
            "farkas_event_streams 3",
            "farkas_uptime_seconds 5.0",
        ];
        for line in lines {
            assert!(text.lines().any(|told| told == line), "{line} is not in:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn every_figure_is_documented() {
        let page = include_str!("../../docs/operating.md");
        let text = counted().encode(&now());
        let told: BTreeSet<&str> =
            text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        // Rows begin with names in backquotes; whole names, since one may begin another.
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `farkas_").and(line.split('|').nth(1)));
        let documented: BTreeSet<&str> = rows.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
        assert_eq!(told, documented, "docs/operating.md has a row for every figure, and for no other");
    }
}
