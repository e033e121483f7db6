//! Published clients of other services work against Farkas unchanged: NVIDIA's `cuopt-sh-client` and OR-Tools' `MathOpt`
//! remote solve, by every verb.
//!
//! They need a Python with both: `make test-all` puts one into `vendor/clients`; `FARKAS_CLIENTS` names another.

mod support;

use std::path::PathBuf;
use std::process::Command;

fn python() -> Option<PathBuf> {
    let own = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/vendor/clients/bin/python"));
    let python = std::env::var_os("FARKAS_CLIENTS").map_or(own, PathBuf::from);
    if python.is_file() {
        return Some(python);
    }
    println!(
        "NOT RUN: clients of other services (no {}; scripts/set-up-clients.sh makes it, or FARKAS_CLIENTS names a Python)",
        python.display()
    );
    None
}

/// Runs a script against a service of its own; it prints a line for each case.
fn check(script: &str, environment: &[(&str, &str)], cases: usize) {
    let Some(python) = python() else { return };
    let service = support::service::Service::start();
    let output = Command::new(python)
        .arg(format!("{}/tests/clients/{script}", env!("CARGO_MANIFEST_DIR")))
        .arg(service.address.trim_start_matches("http://"))
        .envs(environment.iter().copied())
        .output()
        .expect("Python starts");
    let (told, noise) = (support::stdout(&output), support::stderr(&output));
    println!("{told}");
    assert!(output.status.success(), "{told}{noise}");
    assert_eq!(told.lines().count(), cases, "a line for each case: {told}{noise}");
}

#[test]
fn long_cuopt_s_client_works_unchanged() {
    check("cuopt.py", &[], 18);
}

#[test]
fn long_cuopt_s_client_works_unchanged_with_deflated_bodies() {
    check("cuopt.py", &[("CUOPT_USE_ZLIB", "True")], 18);
}

#[test]
fn long_mathopt_s_remote_solve_works_unchanged() {
    check("mathopt.py", &[], 8);
}
