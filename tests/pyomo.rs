//! Real Pyomo calls Farkas as an AMPL solver: linear, integer, infeasible, unbounded, multipliers, a time limit.
//!
//! It needs a Python with Pyomo and HiGHS: `make test-all` puts one into `vendor/pyomo`; `FARKAS_PYOMO` names another.

mod support;

use std::path::PathBuf;
use std::process::Command;

fn python() -> Option<PathBuf> {
    let own = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/vendor/pyomo/bin/python"));
    let python = std::env::var_os("FARKAS_PYOMO").map_or(own, PathBuf::from);
    if python.is_file() {
        return Some(python);
    }
    println!(
        "NOT RUN: Pyomo (no {}; scripts/set-up-pyomo.sh makes it, or FARKAS_PYOMO names a Python)",
        python.display()
    );
    None
}

#[test]
fn pyomo_solves_by_farkas() {
    let Some(python) = python() else { return };
    let output = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pyomo/check.py"))
        .arg(support::farkas().get_program())
        .output()
        .expect("Python starts");
    let (told, noise) = (support::stdout(&output), support::stderr(&output));
    println!("{told}");
    assert!(output.status.success(), "{told}{noise}");
    assert!(told.lines().count() >= 11, "a line for each case: {told}{noise}");
}
