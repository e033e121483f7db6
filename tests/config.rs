//! The service's settings: a flag wins over the environment, that over the file, that over the default; each is told with
//! where it came from, and what the file says wrongly is told with its place.

mod support;

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use support::{code, farkas, stderr, stdout};

fn config(folder: &Path, file: &str, environment: &[(&str, &str)], flags: &[&str]) -> Output {
    std::fs::write(folder.join("farkas.toml"), file).expect("a file");
    let mut command = farkas();
    // What surrounds the test is none of it.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FARKAS_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).args(["config", "--show", "--json", "--config", "farkas.toml"]).args(flags);
    command.envs(environment.iter().copied()).output().expect("the program was built for this test")
}

/// File, environment and flags; the value expected, and where it comes from.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str], &'a str, &'a str);

#[test]
fn a_value_comes_from_the_nearest_place_that_says_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = "queued_jobs = 5\nallow_remote = true\n";
    let variable = [("FARKAS_QUEUED_JOBS", "6")];
    let cases: [Case; 4] = [
        ("", &[], &[], "100000", "default"),
        (file, &[], &[], "5", "file: farkas.toml"),
        (file, &variable, &[], "6", "environment: FARKAS_QUEUED_JOBS"),
        (file, &variable, &["--queued-jobs", "7"], "7", "flag"),
    ];
    for (file, environment, flags, value, from) in cases {
        let output = config(folder.path(), file, environment, flags);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let told: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        assert_eq!(told["queued_jobs"], serde_json::json!({"value": value, "from": from}));
        let remote = if file.is_empty() { ("false", "default") } else { ("true", "file: farkas.toml") };
        assert_eq!(told["allow_remote"], serde_json::json!({"value": remote.0, "from": remote.1}));
        assert!(told.get("config").is_none() && told["data"]["value"] == "data", "{told}");
    }
}

#[test]
fn what_the_file_says_wrongly_is_told_with_its_place() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cases = [
        (
            "page = 3\n\nqueud_jobs = 5\n",
            "farkas.toml, line 3, column 1: there is no setting 'queud_jobs'; the nearest is 'queued_jobs'",
        ),
        ("page = \n", "farkas.toml, line 1"),
        ("page = 0\n", "--page"),
        ("page = [[1]]\n", "farkas.toml, line 1, column 8: 'page' takes"),
        ("licences = ['cplex=0']\n", "'0' is no such number"),
    ];
    for (file, expected) in cases {
        let output = config(folder.path(), file, &[], &[]);
        assert_eq!(code(&output), 2, "{file}: {}", stdout(&output));
        assert!(stderr(&output).contains(expected), "{file}: {}", stderr(&output));
    }
    std::fs::remove_file(folder.path().join("farkas.toml")).expect("a file");
    let output =
        farkas().current_dir(folder.path()).args(["serve", "--config", "farkas.toml"]).output().expect("it ran");
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("farkas.toml"), "{}", stderr(&output));
}

#[test]
fn no_password_is_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (store, shown) in [
        ("postgres://farkas:secret@host/jobs", "postgres://farkas:…@host/jobs"),
        ("postgres://farkas:sec@ret@host/jobs", "postgres://farkas:…@host/jobs"),
        ("postgres://host/jobs?user=farkas&password=secret", "postgres://host/jobs?…"),
        ("postgres://host/jobs", "postgres://host/jobs"),
    ] {
        let output = config(folder.path(), "", &[("FARKAS_STORE", store)], &[]);
        let told: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        assert_eq!(told["store"]["value"], shown, "{told}");
    }
}

#[test]
fn a_collector_is_taken_from_the_variable_that_all_programs_go_by() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let common = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://common:4318");
    let own = ("FARKAS_OTLP_ENDPOINT", "http://own:4318");
    let cases: [(&[(&str, &str)], &str); 3] =
        [(&[common], common.0), (&[common, own], own.0), (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")], "")];
    for (environment, from) in cases {
        let output = config(folder.path(), "", environment, &[]);
        let told: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        let expected = if from.is_empty() { "default".into() } else { format!("environment: {from}") };
        assert_eq!(told["otlp_endpoint"]["from"], expected, "{told}");
    }
}

#[test]
fn half_of_tls_serves_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("farkas.toml"), "tls_certificate = 'here.pem'\n").expect("a file");
    let mut command = farkas();
    command.current_dir(folder.path()).args(["serve", "--listen", "127.0.0.1:0", "--config", "farkas.toml"]);
    let output = command.output().expect("it ran");
    assert_eq!(code(&output), 2, "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("serve-tls"), "{}", stderr(&output));
}

#[test]
fn people_get_a_table() {
    let output = farkas().args(["config", "--page", "7"]).output().expect("it ran");
    let text = stdout(&output);
    let line = text.lines().find(|line| line.trim_start().starts_with("page ")).unwrap_or_else(|| panic!("{text}"));
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["page", "7", "flag"], "{text}");
}
