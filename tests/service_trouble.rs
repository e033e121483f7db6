//! What an operator runs into: a disk that is full, and programs that are replaced while the service runs. Each is told in a
//! clear word, and nothing is lost or damaged by it.

#[path = "service_crash/load.rs"]
#[allow(dead_code)] // its clients are for the other test
mod load;
#[path = "service_crash/processes.rs"]
#[allow(dead_code)]
mod processes;

use std::path::{Path, PathBuf};
use std::process::Command;

use load::{agent, get, has_solver};
use processes::{Program, assert_gone};
use serde_json::Value;

const MODEL: &str = r#"{"model": {"sense": "maximize", "objective": "3 x + 2 y",
    "variables": {"x": {"type": "integer", "upper": 10}, "y": {}}, "constraints": {"c": "2 x + y <= 12"}}}"#;

fn submit(agent: &ureq::Agent, url: &str, name: &str) -> (u16, Value) {
    let body = MODEL.replacen('{', &format!("{{\"name\": \"{name}\", "), 1);
    let sent = agent.post(format!("{url}/v1/jobs")).header("content-type", "application/json");
    let mut response = sent.header("prefer", "wait=20").send(&body).expect("the service answers");
    let text = response.body_mut().read_to_string().expect("text");
    (response.status().as_u16(), serde_json::from_str(&text).expect("every answer is JSON"))
}

fn arguments(data: &Path) -> Vec<String> {
    let fixed = ["serve", "--listen", "127.0.0.1:0", "--threads", "1", "--data"].map(String::from);
    fixed.into_iter().chain([data.display().to_string()]).collect()
}

#[test]
fn a_full_disk_is_told_and_damages_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments = arguments(&folder.path().join("data"));
    // A file that may not grow stands for a disk that is full; the signal that comes with it is ignored, as on a disk.
    let limited = "trap '' XFSZ; ulimit -f 600; exec \"$0\" \"$@\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_farkas")]).args(&arguments);
    let service = Program::start_as(shell);
    let agent = agent();
    if !has_solver(&agent, &service.url) {
        println!("not run: no solver's worker program stands beside the binary");
        return assert_gone(&service.stop());
    }
    let mut accepted = Vec::new();
    let refused =
        (0..2000).find_map(|number| match submit(&agent, &service.url, &format!("{number} {}", "x".repeat(200))) {
            (201 | 202, job) => {
                accepted.push(job["id"].as_str().expect("a job has an id").to_string());
                None
            }
            refused => Some(refused),
        });
    let (status, problem) = refused.expect("the disk is full at last");
    assert!(matches!(status, 503 | 507), "{status}: {problem}");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("nothing was changed")), "{problem}");
    assert_eq!(get(&agent, &format!("{}/healthz", service.url)).expect("it is up").0, 200);
    let first = format!("{}/v1/jobs/{}", service.url, accepted[0]);
    assert_eq!(get(&agent, &first).expect("it is up").0, 200, "what is there can be read");
    assert_gone(&service.kill());

    // The disk has room again.
    let service = Program::start(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    for id in &accepted {
        let (status, text) = get(&agent, &format!("{}/v1/jobs/{id}/events", service.url)).expect("the job ends");
        assert!(status == 200 && text.contains("event: result"), "{id}: {text}");
    }
    assert_eq!(submit(&agent, &service.url, "after").0, 201);
    assert_gone(&service.stop());
}

/// The program and its workers, in a folder where they can be replaced.
fn copied(folder: &Path) -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_farkas"));
    let beside = program.parent().expect("a program lies in a folder");
    for name in ["farkas", "farkas-highs", "farkas-scip", "farkas-cbc"] {
        if beside.join(name).exists() {
            std::fs::copy(beside.join(name), folder.join(name)).expect("there is room for copies");
        }
    }
    folder.join("farkas")
}

#[test]
fn programs_that_are_replaced_under_a_service_cost_no_job() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = copied(folder.path());
    let arguments = arguments(&folder.path().join("data"));
    let mut command = Command::new(&program);
    command.args(&arguments);
    let service = Program::start_as(command);
    let agent = agent();
    if !has_solver(&agent, &service.url) {
        println!("not run: no solver's worker program stands beside the binary");
        return assert_gone(&service.stop());
    }
    assert_eq!(submit(&agent, &service.url, "before").0, 201);
    // As package managers do it: the new file takes the old one's name.
    for entry in std::fs::read_dir(folder.path()).expect("our own folder").flatten() {
        let name = entry.file_name();
        if entry.path().is_file() && name.to_string_lossy().starts_with("farkas") {
            let fresh = folder.path().join("fresh");
            std::fs::copy(entry.path(), &fresh).expect("there is room for copies");
            std::fs::rename(&fresh, entry.path()).expect("our own folder");
        }
    }
    for number in 0..3 {
        let (status, job) = submit(&agent, &service.url, &format!("under way {number}"));
        assert_eq!((status, job["state"].as_str()), (201, Some("succeeded")), "{job}");
    }
    assert_gone(&service.stop());
    let mut command = Command::new(&program);
    command.args(&arguments);
    let service = Program::start_as(command);
    let (_, text) = get(&agent, &format!("{}/v1/jobs", service.url)).expect("it is up");
    assert_eq!(text.matches("\"succeeded\"").count(), 4, "{text}");
    assert_gone(&service.stop());
}
