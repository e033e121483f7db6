//! Files that are not valid, or should be met with care: each gives an error with its place, in the command line and over
//! HTTP, and the service goes on.

mod support;

use std::path::PathBuf;

use farkas_instances::catalogue::Catalogue;
use support::{code, run, stderr, stdout};

/// The malformed files, with what the index says must become of each.
fn files() -> Vec<(String, PathBuf, String)> {
    let Some(folder) = support::instances("malformed files") else { return Vec::new() };
    let catalogue = Catalogue::read(&folder).expect("the folder has an index");
    let statuses = statuses(&folder);
    catalogue
        .instances()
        .iter()
        .filter(|i| i.path.starts_with("malformed/"))
        .map(|i| (i.path.clone(), catalogue.file(i), statuses[&i.path].clone()))
        .collect()
}

/// The status column as it stands: `error`, `infeasible`, `error|optimal`.
fn statuses(folder: &std::path::Path) -> std::collections::HashMap<String, String> {
    let text = std::fs::read_to_string(folder.join("index.csv")).expect("an index");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let status = header.iter().position(|h| *h == "status").expect("a status column");
    // The columns up to the status hold no quotes.
    lines
        .filter_map(|line| {
            let mut cells = line.split(',');
            Some((cells.clone().next()?.to_string(), cells.nth(status)?.to_string()))
        })
        .collect()
}

/// Whether a message names a place: a line, a byte, a JSON pointer, or the whole file when that is what is wrong.
fn has_place(message: &str) -> bool {
    ["line ", "byte ", "empty", ": /"].iter().any(|word| message.contains(word))
}

#[test]
fn the_command_line_refuses_each_with_its_place() {
    let files = files();
    let mut faults = Vec::new();
    for (name, path, status) in &files {
        let output = run(&["solve", path.to_str().expect("a path of text"), "--json", "--time-limit", "10"]);
        let (exit, message) = (code(&output), stderr(&output));
        let fine = match status.as_str() {
            "error" => exit == 65 && has_place(&message),
            "infeasible" => exit == 0 && stdout(&output).contains("\"INFEASIBLE\""),
            _ => exit == 0 || (exit == 65 && has_place(&message)),
        };
        if !fine {
            faults.push(format!("{name} ({status}): exit {exit}, {message}{}", stdout(&output)));
        }
    }
    assert!(faults.is_empty(), "{} of {} files:\n{}", faults.len(), files.len(), faults.join("\n"));
    println!("{} malformed files", files.len());
}

#[test]
fn the_service_refuses_each_and_goes_on() {
    let files = files();
    let service = support::service::Service::start();
    let mut faults = Vec::new();
    for (name, path, status) in &files {
        let body = std::fs::read(path).expect("a file of the index");
        let reply = service.upload(
            &body,
            "application/octet-stream",
            &format!("?filename={}&time_limit_seconds=10", file_name(name)),
        );
        let problem = reply.json();
        let told = problem["line"].is_u64()
            || problem["pointer"].is_string()
            || problem["detail"].as_str().is_some_and(has_place);
        let refused = [400, 413, 422].contains(&reply.status) && problem["code"].is_string() && told;
        let accepted = [201, 202].contains(&reply.status);
        let fine = match status.as_str() {
            "error" => refused,
            "infeasible" => accepted,
            _ => refused || accepted,
        };
        if !fine {
            faults.push(format!("{name} ({status}): {} {problem}", reply.status));
        }
    }
    assert!(faults.is_empty(), "{} of {} files:\n{}", faults.len(), files.len(), faults.join("\n"));
    let facility = std::fs::read(support::FACILITY).expect("a small problem");
    let reply = service.upload(&facility, "application/mps", "?time_limit_seconds=10");
    assert_eq!(reply.status, 201, "the service goes on: {}", reply.json());
    assert_eq!(reply.json()["termination"]["reason"], "OPTIMAL", "{}", reply.json());
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
