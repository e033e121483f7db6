//! A request as OR-Tools' published `remote_http_solve` sends it (recorded; `tests/clients/mathopt.py` calls with the client
//! itself), and what it gets back.

use serde_json::{Value, json};

use farkas_service::{Limits, ServeOptions};

use crate::server::{Server, honest, options, patient};

const MILP: &str = include_str!("recorded/milp.mathopt.json");
const PATH: &str = "/v1/mathopt:solveMathOptModel";

async fn ask(server: &Server, body: &Value, seconds: &str) -> (u16, Value) {
    let request = server.post(PATH).header("x-goog-api-key", "k").header("x-server-timeout", seconds);
    let response = request.json(body).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    (response.status().as_u16(), response.json().await.unwrap())
}

fn milp() -> Value {
    serde_json::from_str(MILP).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_request_is_solved_in_the_models_own_ids() {
    let server = Server::start(vec![honest()]).await;
    let (status, reply) = ask(&server, &milp(), "9.5").await;
    assert_eq!(status, 200, "{reply}");
    let result = &reply["result"];
    let termination = &result["termination"];
    assert_eq!(termination["reason"], "TERMINATION_REASON_OPTIMAL");
    assert!(termination.get("limit").is_none(), "{termination}");
    assert_eq!(termination["objectiveBounds"], json!({"primalBound": 21.0, "dualBound": 21.0}));
    assert_eq!(
        termination["problemStatus"],
        json!({
            "primalStatus": "FEASIBILITY_STATUS_FEASIBLE",
            "dualStatus": "FEASIBILITY_STATUS_FEASIBLE",
            "primalOrDualInfeasible": false,
        })
    );
    let primal = &result["solutions"][0]["primalSolution"];
    assert_eq!(primal["variableValues"], json!({"ids": ["1", "2"], "values": [4.0, 4.0]}));
    assert_eq!(primal["objectiveValue"], 21.0);
    assert_eq!(primal["feasibilityStatus"], "SOLUTION_STATUS_FEASIBLE");
    let messages: Vec<&str> = reply["messages"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert!(messages.iter().any(|text| text.contains("GSCIP is not here")), "{messages:?}");
    assert!(messages.iter().any(|text| text.contains("cuts")), "{messages:?}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_not_over_in_time_is_stopped_and_its_incumbent_is_the_answer() {
    let server = Server::start(vec![patient()]).await;
    let (status, reply) = ask(&server, &milp(), "1").await;
    assert_eq!(status, 200, "{reply}");
    let termination = &reply["result"]["termination"];
    assert_eq!(termination["reason"], "TERMINATION_REASON_FEASIBLE", "{reply}");
    assert!(termination["limit"].as_str().unwrap().starts_with("LIMIT_"), "{reply}");
    assert_eq!(reply["result"]["solutions"][0]["primalSolution"]["objectiveValue"], 16.0);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_too_large_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { model_entries: 7, ..Limits::default() };
    let server = Server::start_with(ServeOptions { limits, ..options(folder.path(), vec![honest()]) }).await;
    let (status, reply) = ask(&server, &milp(), "9.5").await;
    assert_eq!((status, &reply["error"]["status"]), (413, &json!("RESOURCE_EXHAUSTED")), "{reply}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_told_in_the_clients_own_form() {
    let server = Server::start(vec![honest()]).await;
    let with = |pointer: &str, value: Value| {
        let mut body = milp();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let mut unknown = milp();
    unknown["model"]["variabels"] = json!({});
    let mut cones = milp();
    cones["model"]["secondOrderConeConstraints"] = json!({"0": {}});
    let cases = [
        (unknown, 422, "/model"),
        (cones, 422, "/model/secondOrderConeConstraints"),
        (with("/solverType", json!("SOLVER_TYPE_MAGIC")), 422, "/solverType"),
        (with("/model/variables/ids", json!(["2", "1"])), 422, "/model/variables/ids/1"),
        (with("/model/variables/lowerBounds/1", json!("none")), 422, "/model/variables/lowerBounds/1"),
        (with("/model/variables/upperBounds", json!([1])), 422, "/model/variables/upperBounds"),
        (
            with("/model/linearConstraintMatrix/columnIds/3", json!("7")),
            422,
            "/model/linearConstraintMatrix/columnIds/3",
        ),
        (with("/parameters/timeLimit", json!("soon")), 422, "/parameters/timeLimit"),
        (with("/parameters/threads", json!(0)), 422, "/parameters/threads"),
        (json!("x"), 422, ""),
    ];
    for (body, expected, place) in cases {
        let (status, reply) = ask(&server, &body, "9.5").await;
        assert_eq!(status, expected, "{reply}");
        let error = &reply["error"];
        assert_eq!((&error["code"], &error["status"]), (&json!(expected), &json!("INVALID_ARGUMENT")));
        assert!(error["message"].as_str().unwrap().starts_with(place), "{place}: {error}");
    }
    let response = server.get(PATH).send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.json::<Value>().await.unwrap()["error"]["code"], 405);
    server.close().await;
}
