//! `farkas keys` beside a service: before it first starts, while it runs, and after.

mod support;

use std::path::Path;

use support::service::Service;
use support::{code, farkas, run, stderr, stdout};

/// Makes a key in this folder and returns it.
fn made(folder: &Path) -> String {
    let mut command = farkas();
    command.args(["keys", "create", "--role", "admin", "--data"]).arg(folder);
    let output = command.output().expect("the program was built for this test");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let key = stdout(&output).lines().map(str::trim).find(|line| line.starts_with("farkas_")).map(str::to_owned);
    key.unwrap_or_else(|| panic!("{}", stdout(&output)))
}

fn status(service: &Service, key: Option<&str>) -> u16 {
    let bearer = key.map(|key| format!("Bearer {key}"));
    let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("Authorization", bearer.as_str())).collect();
    service.request("GET", "/v1/jobs", &headers, &[]).status
}

#[test]
fn keys_are_made_before_a_service_first_starts_and_beside_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = made(folder.path());
    let mut service = Service::start_in(folder.path());
    assert_eq!([status(&service, Some(&first)), status(&service, None)], [200, 401]);
    // The service is in use of the folder; keys are made in its store all the same.
    let second = made(folder.path());
    assert_eq!(status(&service, Some(&second)), 200);
    service.kill();
    let third = made(folder.path());
    let service = Service::start_in(folder.path());
    assert_eq!([&first, &second, &third].map(|key| status(&service, Some(key))), [200; 3]);
}

#[test]
fn what_needs_a_store_makes_none() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("nothing");
    for args in [["gc", "--older-than", "1d", "--data"].as_slice(), &["backup", "elsewhere", "--data"]] {
        let output = run(&[args, &[data.to_str().expect("a path")]].concat());
        assert_ne!(code(&output), 0, "{}", stdout(&output));
        assert!(stderr(&output).contains("no job store"), "{}", stderr(&output));
        assert!(!data.exists(), "{args:?} made a folder");
    }
}
