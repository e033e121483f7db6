//! Solvers that are reached through Python: the package `farkas_sidecar` hosts them, in a Python that has it and the solver.
//!
//! That Python is the one that [`PYTHON_VARIABLE`] or the configuration names, or that of the environment where a user would
//! make it: `~/.local/share/farkas/sidecars`. Without one they are told as not found, with what to do.

use std::ffi::OsString;
use std::path::PathBuf;

/// Environment variable that names the Python of the sidecars.
pub const PYTHON_VARIABLE: &str = "FARKAS_SIDECAR_PYTHON";

/// One that is ready made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sidecar {
    /// Its name, as `--solver` has it.
    pub name: &'static str,
    /// What pip calls the solver.
    pub package: &'static str,
}

/// All of them. None is asked to race unless it is named: licences are the user's to spend.
pub const SIDECARS: [Sidecar; 6] = [
    Sidecar { name: "gurobipy", package: "gurobipy" },
    Sidecar { name: "copt", package: "coptpy" },
    Sidecar { name: "cp-sat", package: "ortools" },
    Sidecar { name: "glop", package: "ortools" },
    Sidecar { name: "pdlp", package: "ortools" },
    Sidecar { name: "cuopt", package: "cuopt-cu12" },
];

/// Where a user makes the environment, unless told otherwise.
fn usual_folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))?;
    Some(data.join("farkas/sidecars"))
}

/// The Python that is used, whether it is there or not: configured, named by the environment, or the usual one.
fn python(configured: Option<PathBuf>) -> Option<PathBuf> {
    let named = std::env::var_os(PYTHON_VARIABLE).filter(|named| !named.is_empty()).map(PathBuf::from);
    configured.or(named).or_else(|| usual_folder().map(|folder| folder.join("bin/python")))
}

impl Sidecar {
    /// Its program and arguments, or what to do to have one.
    ///
    /// # Errors
    /// The remedy, where there is no such Python.
    pub fn command(self, configured: Option<PathBuf>) -> Result<(PathBuf, Vec<OsString>), String> {
        let python = python(configured);
        let place = python.as_ref().map_or_else(|| "no home folder".into(), |python| python.display().to_string());
        match python.filter(|python| python.is_file()) {
            Some(python) => Ok((python, ["-m", "farkas_sidecar", self.name].map(OsString::from).into())),
            None => Err(format!(
                "{} runs in a Python with `farkas_sidecar` and `{}`, and there is none at {place}: make it with `python3 -m venv`, \
                 `pip install` sidecar/ of the sources and `pip install {}`, or name another by {PYTHON_VARIABLE}",
                self.name, self.package, self.package
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_is_named_or_a_remedy_is_told() {
        let shell = PathBuf::from("/bin/sh");
        let (program, arguments) = SIDECARS[0].command(Some(shell.clone())).unwrap();
        assert_eq!((program, arguments.len()), (shell, 3));
        let remedy = SIDECARS[1].command(Some("/nowhere/python".into())).unwrap_err();
        assert!(remedy.contains("/nowhere/python") && remedy.contains("coptpy"), "{remedy}");
    }
}
