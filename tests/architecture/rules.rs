//! The rules that one file is held to, as tables, and the violations they find.

use std::fmt;

use super::source::{Mention, Source};

/// Where a file stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// `farkas-backends`.
    pub package: &'a str,
    /// Relative to the package, with `/`: `src/solvers/highs/mod.rs`.
    pub path: &'a str,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Relative to the repository.
    pub file: String,
    pub line: usize,
    pub finding: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.finding)
    }
}

/// What the modules of `farkas-backends` never use: `(module, the modules above it)`.
/// `contract ← solvers`, `contract ← bridges ← worker ← race`; which solvers there are is the registry's business alone.
const ABOVE: [(&str, &[&str]); 9] = [
    ("contract", &["bridges", "solvers", "registry", "worker", "race"]),
    ("options", &["bridges", "solvers", "registry", "worker", "race"]),
    ("bridges", &["solvers", "registry", "worker", "race"]),
    ("loading", &["bridges", "solvers", "registry", "worker", "race"]),
    ("worker", &["solvers", "race"]),
    ("race", &["solvers"]),
    ("hosted", &["registry", "worker", "race"]),
    ("iis", &["solvers", "registry", "worker", "race"]),
    ("reoptimize", &["contract", "bridges", "solvers", "registry", "worker", "race"]),
];

/// All that a solver's adapter uses of its crate, besides its own folder.
const UNDER_SOLVERS: [&str; 3] = ["contract", "loading", "options"];

/// All that the second checker uses of `farkas-modeling`, besides its own folder: nothing of the first one.
const UNDER_AUDIT: [&str; 4] = ["answer", "image", "problem", "tolerances"];

/// What `farkas-modeling` is kept pure of.
const IMPURE: [&[&str]; 6] = [
    &["std", "fs"],
    &["std", "net"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "time", "Instant"],
    &["std", "time", "SystemTime"],
];

/// Everything that is wrong with the file `text` at `place`. Lines count from 1; the file is named by its path.
pub fn violations(place: Place<'_>, text: &str) -> Vec<Violation> {
    let module = module(place.path);
    let mut found = Vec::new();
    let mut add = |line, finding: String| {
        let file = place.path.to_owned();
        found.push(Violation { file, line, finding });
    };
    match Source::read(text, &module) {
        Ok(source) => {
            if !source.first_line_tells_subject {
                add(1, "the first line is to tell the file's subject: `//! …`".to_owned());
            }
            for path in source.paths.iter().filter(|path| !path.in_tests) {
                if let Some(finding) = wrong_path(place, &module, path) {
                    add(path.line, finding);
                }
            }
            for print in source.prints.iter().filter(|print| !print.in_tests && is_library(place.path)) {
                let name = print.segments.join("::");
                add(print.line, format!("`{name}!` in a library: return the text, or use `tracing`"));
            }
            for found in &source.unsafes {
                if place.package == "farkas-modeling" {
                    add(found.line, "`unsafe` in farkas-modeling, which has none".to_owned());
                } else if !may_be_unsafe(place.path) {
                    add(found.line, "`unsafe` outside a file named ffi.rs (or below a folder ffi/)".to_owned());
                } else if found.promises && !found.argued {
                    add(found.line, "`unsafe` without a `// SAFETY:` comment before it".to_owned());
                }
            }
        }
        Err((line, finding)) => add(line, finding),
    }
    found
}

/// The module that a file holds: `src/solvers/highs/mod.rs` is `solvers::highs`. A crate's root, and what is no part of
/// a library (tests, programs), is `[]`.
fn module(path: &str) -> Vec<String> {
    let Some(inside) = path.strip_prefix("src/").filter(|inside| !inside.starts_with("bin/")) else {
        return Vec::new();
    };
    let mut names: Vec<String> = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if matches!(names.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        names.pop();
    }
    names
}

/// Part of a library: not a program, its subcommands, a test, or a build script.
fn is_library(path: &str) -> bool {
    path.starts_with("src/") && path != "src/main.rs" && !path.starts_with("src/bin/") && !path.starts_with("src/cli/")
}

fn may_be_unsafe(path: &str) -> bool {
    path.split('/').any(|part| part == "ffi.rs" || part == "ffi")
}

/// What is wrong with naming `path` in `module`.
fn wrong_path(place: Place<'_>, module: &[String], path: &Mention) -> Option<String> {
    if !place.path.starts_with("src/") {
        return None;
    }
    let shown = path.segments.join("::");
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    match place.package {
        "farkas-modeling" => IMPURE
            .iter()
            .any(|impure| reaches(&segments, impure))
            .then(|| format!("`{shown}`: farkas-modeling is pure (no files, clock, threads, network)"))
            .or_else(|| wrong_under_audit(module, &segments).map(|finding| format!("`{shown}`: {finding}"))),
        "farkas-backends" => wrong_arrow(module, &segments).map(|finding| format!("`{shown}`: {finding}")),
        _ => None,
    }
}

/// Whether `path` names `target`, something in it, or (by importing a module above it, or all of one) makes it nameable
/// without naming it.
fn reaches(path: &[&str], target: &[&str]) -> bool {
    let named = path.strip_suffix(&["*"]).unwrap_or(path);
    let opens = named.len() > 1 || named.len() < path.len();
    path.starts_with(target) || (opens && target.starts_with(named))
}

/// What is wrong with `path` inside the module `module` of `farkas-modeling`: the second checker shares nothing with the first.
fn wrong_under_audit(module: &[String], path: &[&str]) -> Option<String> {
    let ["crate", inside @ ..] = path else {
        return None;
    };
    let target = inside.first().copied().unwrap_or("*");
    let is_wrong =
        module.first().is_some_and(|room| room == "audit") && target != "audit" && !UNDER_AUDIT.contains(&target);
    is_wrong.then(|| format!("audit uses crate::{{{}}} and its own folder", UNDER_AUDIT.join(", ")))
}

/// What is wrong with `path` inside the module `module` of `farkas-backends`.
fn wrong_arrow(module: &[String], path: &[&str]) -> Option<String> {
    let ["crate", inside @ ..] = path else {
        return None;
    };
    let room = module.first()?.as_str();
    let target = inside.first().copied().unwrap_or("*");
    if let ("solvers", Some(solver)) = (room, module.get(1)) {
        let is_own = inside.starts_with(&["solvers", solver.as_str()]);
        return (!is_own && !UNDER_SOLVERS.contains(&target)).then(|| {
            format!("a solver uses crate::{{{}}}, farkas_modeling and its own folder", UNDER_SOLVERS.join(", "))
        });
    }
    let (_, above) = ABOVE.iter().find(|(name, _)| *name == room)?;
    if above.contains(&target) {
        return Some(format!("{target} stands above {room}, which never uses it"));
    }
    let is_root_item = target == "*" || target.starts_with(char::is_uppercase);
    is_root_item.then(|| "take it from its own module, so that the arrow can be seen".to_owned())
}
