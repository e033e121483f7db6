//! Jobs that find out more about a model than its solution, and results in other forms than JSON.

use std::sync::Arc;

use farkas_api_types::{Analysis, JobState, JobView, SolveResult, Task};
use farkas_backends::contract::{
    Availability, Backend, BackendError, Capabilities, Control, Session, SessionError, Start, StopToken,
};
use farkas_backends::options::Options;
use farkas_backends::solvers::microlp::Microlp;
use farkas_modeling::answer::Claim;
use farkas_modeling::{Limit, Problem, Reason};
use serde_json::{Value, json};

use crate::server::{MPS, Server, honest, patient, problem};

fn simplex() -> Arc<dyn Backend> {
    Arc::new(Microlp)
}

/// Two rows that cannot hold together, and one that has nothing to do with it.
fn too_much() -> Value {
    json!({"variables": {"x": {"upper": 40}, "y": {"upper": 40}},
        "constraints": {"capacity": "x + y <= 50", "demand": "x + y >= 65", "other": "x - y <= 30"}})
}

fn possible() -> Value {
    json!({"sense": "maximize", "objective": "3 x + 2 y", "variables": {"x": {"upper": 10}, "y": {}},
        "constraints": {"capacity": "2 x + y <= 12"}})
}

async fn ask(server: &Server, body: Value) -> JobView {
    let response = server.post("/v1/jobs").header("prefer", "wait=20").json(&body).send().await.unwrap();
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, 201, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn a_job_tells_why_its_model_is_infeasible() {
    let server = Server::start(vec![simplex()]).await;
    let job = ask(&server, json!({"task": "iis", "model": too_much()})).await;
    assert_eq!((job.state, job.task), (JobState::Succeeded, Task::Iis));
    let result = job.result.unwrap();
    assert_eq!(result.termination.reason, Reason::Infeasible);
    let Some(Analysis::Iis(iis)) = result.analysis else { panic!("{:?}", result.analysis) };
    let names: Vec<&str> = iis.conflicts.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((names, iis.minimal), (vec!["capacity", "demand"], true));
    assert_eq!(iis.conflicts[0].says, "x + y ≤ 50");
    let events = server.events(&job.id, 0).await;
    let states: Vec<&str> = events.iter().filter_map(|(_, _, data)| data["state"].as_str()).collect();
    assert!(states.contains(&"running"), "{states:?}");

    let job = ask(&server, json!({"task": "iis", "model": possible()})).await;
    let result = job.result.unwrap();
    assert_eq!((result.termination.reason, result.termination.limit), (Reason::Feasible, Some(Limit::Other)));
    assert!(result.analysis.is_none() && result.variables.is_some());
    server.close().await;
}

#[tokio::test]
async fn a_job_tells_what_must_give_way() {
    let server = Server::start(vec![simplex()]).await;
    let job = ask(&server, json!({"task": "relax", "model": too_much()})).await;
    let result = job.result.unwrap();
    assert_eq!(result.termination.reason, Reason::Optimal);
    assert!((result.objective.unwrap().0 - 15.0).abs() < 1e-6);
    let Some(Analysis::Relax(relaxed)) = &result.analysis else { panic!("{:?}", result.analysis) };
    let missed: f64 = relaxed.gives_way.iter().map(|one| one.by).sum();
    assert!(relaxed.least && (missed - 15.0).abs() < 1e-6, "{relaxed:?}");
    assert_eq!(result.variables.as_ref(), Some(&relaxed.point));

    let both = json!({"task": "relax", "model": possible(), "relax": {"bounds": true, "then_objective": true}});
    let result = ask(&server, both).await.result.unwrap();
    let Some(Analysis::Relax(relaxed)) = &result.analysis else { panic!("{:?}", result.analysis) };
    assert!(relaxed.gives_way.is_empty(), "{relaxed:?}");
    server.close().await;
}

#[tokio::test]
async fn a_job_measures_a_point_without_any_solver() {
    let server = Server::start(vec![]).await;
    let cases = [
        (json!({"variables": {"x": 4, "y": 4}, "objective": 20}), "feasible", Reason::Feasible),
        (json!({"variables": {"x": 4, "y": 4}, "objective": 21}), "refuted", Reason::NoSolutionFound),
        (json!({"variables": {"x": 5, "y": 4}}), "refuted", Reason::NoSolutionFound),
        (json!({"variables": {"x": 4.00001, "y": 3}}), "imprecise", Reason::Imprecise),
    ];
    let model = json!({"format": "mps", "text": MPS});
    for (solution, verdict, reason) in cases {
        let job = ask(&server, json!({"task": "check", "model": model, "solution": solution})).await;
        let result = job.result.unwrap();
        let Some(Analysis::Check(check)) = &result.analysis else { panic!("{:?}", result.analysis) };
        assert_eq!((check.verdict.as_str(), result.termination.reason), (verdict, reason), "{solution}: {check:?}");
    }
    server.close().await;
}

#[tokio::test]
async fn a_task_that_cannot_be_is_refused_with_its_place() {
    let server = Server::start(vec![simplex(), honest()]).await;
    let whole = json!({"variables": {"x": {"type": "integer", "upper": 3}}, "objective": "x"});
    let stray = json!({"model": possible(), "task": "check", "solution": {"variables": {"q": 1}}});
    let cases = [
        (json!({"model": whole, "task": "sensitivity"}), "ranging-not-linear", Some("/model")),
        (json!({"model": possible(), "task": "sensitivity"}), "unsupported-by-solver", Some("/model")),
        (
            json!({"model": possible(), "task": "sensitivity", "options": {"solver": "microlp"}}),
            "unsupported-by-solver",
            Some("/options/solver"),
        ),
        (stray, "unknown-variable", Some("/solution/variables/q")),
    ];
    for (body, code, pointer) in cases {
        let found = problem(server.post("/v1/jobs").json(&body).send().await.unwrap()).await;
        assert_eq!((found.code.as_str(), found.pointer.as_deref()), (code, pointer), "{body}: {found:?}");
    }
    for (query, parameter) in [("task=check", "task"), ("task=dance", "task"), ("bounds=true", "bounds")] {
        let found = problem(server.model(query).send().await.unwrap()).await;
        assert_eq!(found.parameter.as_deref(), Some(parameter), "{query}: {found:?}");
    }
    server.close().await;
}

/// Answers as microlp does, but not before it is stopped.
struct Late;

struct LateSession(Box<dyn Session>);

impl Backend for Late {
    fn name(&self) -> &str {
        Microlp.name()
    }

    fn probe(&self) -> Availability {
        Microlp.probe()
    }

    fn capabilities(&self) -> Capabilities {
        Microlp.capabilities()
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        Ok(Box::new(LateSession(Microlp.open(problem)?)))
    }
}

impl Session for LateSession {
    fn version(&self) -> &str {
        self.0.version()
    }

    fn solve(
        &mut self,
        options: &Options,
        start: &Start,
        control: &(dyn Control + Sync),
        stop: &StopToken,
    ) -> Result<Claim, SessionError> {
        let (stopped, waiting) = std::sync::mpsc::channel();
        let _waker = stop.on_stop(move || stopped.send(()).unwrap_or_default());
        waiting.recv().expect("the waker lives as long as this");
        self.0.solve(options, start, control, &StopToken::new())
    }
}

#[tokio::test]
async fn an_analysis_that_is_over_when_the_service_closes_is_kept() {
    let both = json!({"bounds": false, "then_objective": true});
    // The second may have been cut short, so it is done again.
    for (relax, attempts) in [(json!({}), 1), (both, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start_in(folder.path(), vec![Arc::new(Late)]).await;
        let order = json!({"task": "relax", "model": too_much(), "relax": relax});
        let job: JobView = server.post("/v1/jobs").json(&order).send().await.unwrap().json().await.unwrap();
        while server.job(&job.id).await.state != JobState::Running {}
        server.close().await;
        let again = Server::start_in(folder.path(), vec![simplex()]).await;
        again.events(&job.id, 0).await;
        let job = again.job(&job.id).await;
        assert_eq!((job.state, job.attempts), (JobState::Succeeded, attempts), "{order}");
        again.close().await;
    }
}

#[tokio::test]
async fn an_analysis_that_is_cancelled_ends() {
    let server = Server::start(vec![patient()]).await;
    let job = server.submit("task=relax&bounds=true").await;
    let stopped = server.post(&format!("/v1/jobs/{}:cancel", job.id)).send().await.unwrap();
    assert_eq!(stopped.status(), 200);
    server.events(&job.id, 0).await;
    assert_eq!(server.job(&job.id).await.state, JobState::Canceled);
    server.close().await;
}

#[tokio::test]
async fn a_result_comes_in_the_form_that_is_accepted() {
    let server = Server::start(vec![honest()]).await;
    let job: JobView = server.model("").header("prefer", "wait=20").send().await.unwrap().json().await.unwrap();
    let get = async |accept: &str, query: &str| {
        let request = server.get(&format!("/v1/jobs/{}/result{query}", job.id)).header("accept", accept);
        request.send().await.unwrap()
    };
    let csv = get("text/csv", "").await;
    assert_eq!(csv.headers()["content-type"], "text/csv; charset=utf-8");
    assert!(csv.text().await.unwrap().contains("x,4.0,"));
    assert!(get("text/plain", "").await.text().await.unwrap().contains("x 4.0"));
    let json: SolveResult = get("text/csv", "?format=json").await.json().await.unwrap();
    assert_eq!(json.objective.unwrap().0, 20.0);
    assert_eq!(problem(get("image/png", "").await).await.code, "not-acceptable");
    server.close().await;
}
