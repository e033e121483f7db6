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

/// Asks the adapter of cuOpt three times: on a machine without NVIDIA's driver, on one that has it and not the package, and on
/// one with both. The driver's library and all packages are stand-ins.
const CUOPT: &str = r#"
import ctypes, sys, types
for name in ("numpy", "msgpack"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["cuopt"] = None
from farkas_sidecar.adapters import make
def without(name): raise OSError(f"{name}: cannot open shared object file")
ctypes.CDLL = without
print(make("cuopt").probe())
ctypes.CDLL = lambda name: None
print(make("cuopt").probe())
sys.modules["cuopt"] = types.ModuleType("cuopt")
sys.modules["cuopt"].__version__ = "26.10"
print(make("cuopt").probe())
"#;

/// What is missing for cuOpt is said; neither a GPU nor a package is needed to know that.
#[test]
fn cuopt_says_what_it_misses() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sidecar/src");
    let output = match Command::new("python3")
        .args(["-c", CUOPT])
        .env("PYTHONPATH", source)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
    {
        Ok(output) => output,
        Err(error) => {
            println!("NOT RUN: the probe of cuOpt (python3: {error})");
            return;
        }
    };
    let told = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = told.lines().collect();
    let wanted: [&[&str]; 3] = [
        &["not_found", "needs an NVIDIA GPU with its driver", "libcuda.so.1"],
        &["not_found", "cuopt is not in this Python", "pip install cuopt-cu12"],
        &["ready", "26.10"],
    ];
    assert_eq!(lines.len(), wanted.len(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    for (line, words) in lines.iter().zip(wanted) {
        assert!(words.iter().all(|word| line.contains(word)), "{line}: {words:?}");
    }
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
