//! Which backends there are, by name, and where their worker programs stand.
//!
//! `farkas-highs`, `farkas-scip`, `farkas-cbc` and `farkas-host`, which hosts the rest, are looked for in the folder that `FARKAS_WORKERS` names, beside the
//! running program, and above it where it is a test or an example of a build.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(target_os = "linux")]
use crate::bridges::Bridged;
use crate::contract::Backend;
#[cfg(target_os = "linux")]
use crate::hosted::HOSTED;
#[cfg(target_os = "linux")]
use crate::sidecars::{BACKENDS_VARIABLE, SIDECARS, of_environment};
#[cfg(target_os = "linux")]
use crate::worker::{Program, WorkerBackend, WorkerConfig};

/// Environment variable that names the folder of the worker programs.
pub const WORKERS_VARIABLE: &str = "FARKAS_WORKERS";

/// A program that hosts backends.
struct Known {
    /// What its name ends in.
    name: &'static str,
    /// How to build it.
    remedy: &'static str,
}

/// The program that hosts what is linked to no C library.
const HOST: Known = Known { name: "host", remedy: "build it with `cargo build --release --workspace`" };

const KNOWN: [Known; 3] = [
    Known { name: "highs", remedy: "build it with `cargo build --release --workspace --features highs`" },
    Known { name: "scip", remedy: "build it with `make build` (which fetches SCIP), or `--features scip`" },
    Known { name: "cbc", remedy: "install coinor-libcbc-dev and build it with `make build`, or `--features cbc`" },
];

/// What a registry is made from.
#[derive(Debug, Clone, Default)]
pub struct RegistryConfig {
    /// Folder of the worker programs; looked for where the module says when it is `None`.
    pub workers: Option<PathBuf>,
    /// How workers are kept.
    #[cfg(target_os = "linux")]
    pub worker: WorkerConfig,
    /// The Python of the ready-made sidecars; looked for where [`sidecars`](crate::sidecars) says when it is `None`.
    pub sidecar_python: Option<PathBuf>,
    /// Backends besides the known ones: name, program, arguments. One that has the name of a known one replaces it.
    pub others: Vec<(String, PathBuf, Vec<OsString>)>,
}

/// The backends by name, each in workers of its own. Asking for one starts nothing.
///
/// ```
/// use farkas_backends::registry::{Registry, RegistryConfig};
/// let registry = Registry::new(RegistryConfig::default());
/// assert_eq!(registry.names()[..3], ["highs", "scip", "cbc"]);
/// assert!(registry.backend("lindo").is_none());
/// ```
pub struct Registry {
    #[cfg(target_os = "linux")]
    workers: Vec<Arc<WorkerBackend>>,
    entries: Vec<Entry>,
}

/// A backend and whether it is asked when nobody is named.
struct Entry {
    backend: Arc<dyn Backend>,
    races: bool,
}

#[cfg(target_os = "linux")]
impl Registry {
    /// Looks for the programs; starts none.
    pub fn new(config: RegistryConfig) -> Self {
        let folders = folders(config.workers);
        let worker = |name: &str, program| Arc::new(WorkerBackend::new(name, program, config.worker.clone()));
        // Name and program, whether it races, and whether the program builds its own bridges, as ours do.
        let known = KNOWN.iter().map(|known| (worker(known.name, find(known, &[], &folders)), true, true));
        let none_linked = !KNOWN.iter().any(|known| matches!(find(known, &[], &folders), Program::Found { .. }));
        let hosted = HOSTED.iter().map(|hosted| {
            let program = find(&HOST, &[hosted.name.into()], &folders);
            let races = hosted.races || (hosted.stands_in && none_linked);
            (worker(hosted.name, program), races && (hosted.found)(), true)
        });
        let sidecars = SIDECARS.into_iter().map(|sidecar| {
            let program = match sidecar.command(config.sidecar_python.clone()) {
                Ok((path, arguments)) => Program::Found { path, arguments },
                Err(remedy) => Program::Missing { remedy },
            };
            (worker(sidecar.name, program), false, false)
        });
        let mut others = config.others;
        let mut unread = Vec::new();
        for named in of_environment() {
            match named {
                // What the program names itself counts before what its surroundings do.
                Ok(command) if others.iter().any(|(name, ..)| *name == command.0) => {}
                Ok(command) => others.push(command),
                Err(says) => {
                    unread.push((worker(BACKENDS_VARIABLE, Program::Missing { remedy: says }), false, false));
                }
            }
        }
        let replaced: Vec<String> = others.iter().map(|(name, ..)| name.clone()).collect();
        let others = others
            .into_iter()
            .map(|(name, path, arguments)| (worker(&name, Program::Found { path, arguments }), true, false));
        let (mut workers, mut entries) = (Vec::new(), Vec::new());
        let known = known.chain(hosted).chain(sidecars);
        let known = known.filter(|(backend, ..)| !replaced.iter().any(|name| name == backend.name()));
        for (worker, races, bridges) in known.chain(others).chain(unread) {
            workers.push(Arc::clone(&worker));
            let backend: Arc<dyn Backend> = if bridges { worker } else { Arc::new(Bridged::over(worker)) };
            entries.push(Entry { backend, races });
        }
        Self { workers, entries }
    }

    /// Starts a worker for each of these, and returns at once: while a file is read, say. Unknown names are ignored.
    pub fn warm(&self, names: &[&str]) {
        for backend in self.workers.iter().filter(|backend| names.contains(&backend.name())) {
            backend.warm(1);
        }
    }

    /// Ends all workers that wait for work.
    pub fn shut_down(&self) {
        self.workers.iter().for_each(|backend| backend.shut_down());
    }
}

#[cfg(not(target_os = "linux"))]
impl Registry {
    /// Workers run on Linux; elsewhere there are none.
    pub fn new(config: RegistryConfig) -> Self {
        let _ = (config, folders(None), [HOST].iter().chain(&KNOWN).map(|known| (known.name, known.remedy)));
        Self { entries: Vec::new() }
    }

    /// Does nothing.
    pub fn warm(&self, _: &[&str]) {}

    /// Does nothing.
    pub fn shut_down(&self) {}
}

impl Registry {
    /// All names, in the order of preference.
    pub fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.backend.name()).collect()
    }

    /// The backend of this name, whether it is installed or not: `probe` tells.
    pub fn backend(&self, name: &str) -> Option<Arc<dyn Backend>> {
        self.entries.iter().find(|entry| entry.backend.name() == name).map(|entry| Arc::clone(&entry.backend))
    }

    /// The backends that a user names: by their names, or those that [`race`](Self::racing) for `race` and no name at all.
    ///
    /// # Errors
    /// For a name that no backend has.
    pub fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Vec<Arc<dyn Backend>>, UnknownBackend> {
        let mut selected: Vec<Arc<dyn Backend>> = Vec::new();
        for name in names.iter().map(AsRef::as_ref) {
            if name == "race" {
                return Ok(self.racing());
            }
            let backend = self.backend(name).ok_or_else(|| UnknownBackend {
                name: name.to_owned(),
                known: self.names().into_iter().map(str::to_owned).collect(),
            })?;
            if !selected.iter().any(|other| other.name() == name) {
                selected.push(backend);
            }
        }
        Ok(if selected.is_empty() { self.racing() } else { selected })
    }

    /// All backends, in the order of preference.
    pub fn all(&self) -> Vec<Arc<dyn Backend>> {
        self.entries.iter().map(|entry| Arc::clone(&entry.backend)).collect()
    }

    /// Those that race when nobody is named: the linked ones, configured ones, and of the hosted ones those that are made
    /// for it and seem to be installed; where no linked one is here, those in pure Rust stand in.
    pub fn racing(&self) -> Vec<Arc<dyn Backend>> {
        self.entries.iter().filter(|entry| entry.races).map(|entry| Arc::clone(&entry.backend)).collect()
    }
}

/// A name that no backend has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no solver '{name}'; there are: race, {}", known.join(", "))]
pub struct UnknownBackend {
    /// What was asked for.
    pub name: String,
    /// What there is.
    pub known: Vec<String>,
}

/// Where worker programs may stand.
fn folders(configured: Option<PathBuf>) -> Vec<PathBuf> {
    let named = configured.or_else(|| std::env::var_os(WORKERS_VARIABLE).filter(|v| !v.is_empty()).map(PathBuf::from));
    if let Some(named) = named {
        return vec![named]; // whoever names a folder means that one
    }
    let Some(beside) = std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_owned)) else {
        return Vec::new();
    };
    let mut folders = vec![beside.clone()];
    // target/release/deps holds tests, target/release/examples examples; both stand above the programs.
    if beside.ends_with("deps") || beside.ends_with("examples") {
        folders.extend(beside.parent().map(Path::to_owned));
    }
    folders.push(beside.join("../lib/farkas"));
    folders
}

#[cfg(target_os = "linux")]
fn find(known: &Known, arguments: &[OsString], folders: &[PathBuf]) -> Program {
    let program = format!("farkas-{}", known.name);
    if let Some(path) = folders.iter().map(|folder| folder.join(&program)).find(|path| path.is_file()) {
        return Program::Found { path, arguments: arguments.to_vec() };
    }
    let places: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    let (places, remedy) = (places.join(", "), known.remedy);
    Program::Missing {
        remedy: format!("{program} was not found in {places}: {remedy}, or name its folder by {WORKERS_VARIABLE}"),
    }
}
