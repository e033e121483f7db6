//! The suite over the sidecars, each through a worker: in a Python that `scripts/set-up-sidecars.sh` makes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use farkas_backends::contract::{Availability, Backend};
use farkas_backends::registry::{Registry, RegistryConfig};
use farkas_backends::sidecars::{PYTHON_VARIABLE, SIDECARS};

/// The Python that set-up made, or another that is named.
fn python() -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vendor/sidecars/bin/python");
    let python = std::env::var_os(PYTHON_VARIABLE).map_or(own, PathBuf::from);
    python.is_file().then_some(python)
}

pub fn registry() -> Registry {
    let workers = Path::new(env!("CARGO_BIN_EXE_farkas-mock")).parent().map(Path::to_owned);
    Registry::new(RegistryConfig { workers, sidecar_python: python(), ..RegistryConfig::default() })
}

pub fn is_one(name: &str) -> bool {
    SIDECARS.iter().any(|sidecar| sidecar.name == name)
}

/// Those for which there is a Python.
pub fn all() -> Vec<Arc<dyn Backend>> {
    if python().is_none() {
        return Vec::new();
    }
    let registry = registry();
    SIDECARS.iter().filter_map(|sidecar| registry.backend(sidecar.name)).collect()
}

/// Runs this program's tests again for one sidecar alone.
fn passes(name: &str) {
    let availability = all().into_iter().find(|backend| backend.name() == name).map(|backend| backend.probe());
    match availability {
        Some(Availability::Ready { .. }) => {}
        Some(Availability::Broken { says }) => panic!("{name}: {says}"),
        other => {
            println!(
                "NOT RUN: {name} ({other:?}; scripts/set-up-sidecars.sh makes its Python, or {PYTHON_VARIABLE} names one)"
            );
            return;
        }
    }
    let program = std::env::current_exe().expect("a test knows itself");
    let arguments = ["--test-threads", "1", "--skip", "long_"];
    let output = Command::new(program)
        .args(arguments)
        .env("FARKAS_SUITE", name)
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("it starts again");
    let told = String::from_utf8_lossy(&output.stdout);
    println!("{told}");
    assert!(output.status.success(), "{name}: {told}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn long_gurobipy_passes() {
    passes("gurobipy");
}

#[test]
fn long_copt_passes() {
    passes("copt");
}

#[test]
fn long_cp_sat_passes() {
    passes("cp-sat");
}

#[test]
fn long_glop_passes() {
    passes("glop");
}

#[test]
fn long_pdlp_passes() {
    passes("pdlp");
}

#[test]
fn long_cuopt_passes() {
    passes("cuopt");
}

/// The package's own tests, by unittest.
#[test]
fn long_the_package_passes_its_own_tests() {
    let Some(python) = python() else {
        println!("NOT RUN: the sidecars' own tests (scripts/set-up-sidecars.sh makes their Python)");
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sidecar");
    let output = Command::new(python)
        .args(["-m", "unittest", "discover", "-s", "tests", "-v"])
        .current_dir(folder)
        .output()
        .expect("Python starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("OK"), "{told}");
}
