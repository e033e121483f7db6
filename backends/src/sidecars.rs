//! Solvers that are reached through Python: the package `farkas_sidecar` hosts them, in a Python that has it and the solver.
//!
//! That Python is the one that [`PYTHON_VARIABLE`] or the configuration names, or that of the environment where a user would
//! make it: `~/.local/share/farkas/sidecars`. Without one they are told as not found, with what to do.

use std::ffi::OsString;
use std::path::PathBuf;

/// Environment variable that names the Python of the sidecars.
pub const PYTHON_VARIABLE: &str = "FARKAS_SIDECAR_PYTHON";

/// Environment variable that names further workers: `name=program arguments; name=…`, as docs/worker-protocol.md has them.
pub const BACKENDS_VARIABLE: &str = "FARKAS_BACKENDS";

/// A worker that a user names: its name, its program, its arguments.
pub type Command = (String, PathBuf, Vec<OsString>);

/// Reads `name=program arguments`. Words are parted by blanks; quotes, `'` or `"`, keep blanks in one.
///
/// ```
/// let (name, program, arguments) = farkas_backends::sidecars::command("mine='/opt/my solver/worker' --fast")?;
/// assert_eq!((name.as_str(), program.to_str(), arguments.len()), ("mine", Some("/opt/my solver/worker"), 1));
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
/// What is wrong with it, in words.
pub fn command(text: &str) -> Result<Command, String> {
    let wanted = || format!("'{text}' names no worker; say NAME=PROGRAM or NAME='PROGRAM ARGUMENTS'");
    let (name, rest) = text.split_once('=').ok_or_else(wanted)?;
    let name = name.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name == "race" || !name.chars().all(fits) {
        return Err(wanted());
    }
    let mut words: Vec<String> = Vec::new();
    let (mut quote, mut inside) = (None, false);
    for c in rest.chars() {
        match quote {
            Some(mark) if c == mark => quote = None,
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                if !inside {
                    words.push(String::new());
                }
                inside = true;
            }
            None if c.is_whitespace() => inside = false,
            _ => {
                if !inside {
                    words.push(String::new());
                }
                inside = true;
                words.last_mut().ok_or_else(wanted)?.push(c);
            }
        }
    }
    if quote.is_some() {
        return Err(format!("'{text}' has a quote that does not end"));
    }
    let mut words = words.into_iter();
    let program = words.next().filter(|program| !program.is_empty()).ok_or_else(wanted)?;
    Ok((name.to_owned(), PathBuf::from(program), words.map(OsString::from).collect()))
}

/// Those that [`BACKENDS_VARIABLE`] names, parted by semicolons; an entry that cannot be read is its message.
pub fn of_environment() -> Vec<Result<Command, String>> {
    let named = std::env::var(BACKENDS_VARIABLE).unwrap_or_default();
    named.split(';').map(str::trim).filter(|entry| !entry.is_empty()).map(command).collect()
}

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
    fn commands_are_read_or_told() {
        let read = |text: &str| {
            command(text).map(|(name, program, arguments)| (name, program.display().to_string(), arguments.len()))
        };
        for (text, expected) in [
            ("a=b", Some(("a", "b", 0))),
            (" my-solver = python3 -m x 'y z' ", Some(("my-solver", "python3", 3))),
            ("a=\"b c\"d e", Some(("a", "b cd", 1))),
            ("a=", None),
            ("a=''", None),
            ("=b", None),
            ("a b=c", None),
            ("race=b", None),
            ("a='b", None),
            ("ab", None),
        ] {
            let expected = expected.map(|(name, program, count)| (name.to_owned(), program.to_owned(), count));
            assert_eq!(read(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_python_is_named_or_a_remedy_is_told() {
        let shell = PathBuf::from("/bin/sh");
        let (program, arguments) = SIDECARS[0].command(Some(shell.clone())).unwrap();
        assert_eq!((program, arguments.len()), (shell, 3));
        let remedy = SIDECARS[1].command(Some("/nowhere/python".into())).unwrap_err();
        assert!(remedy.contains("/nowhere/python") && remedy.contains("coptpy"), "{remedy}");
    }
}
