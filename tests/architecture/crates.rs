//! The arrows between the workspace's crates, held against the manifests as cargo reads them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::rules::Violation;

/// `(crate, the crates of this workspace that it may use)`, from the ground up. Holds for dependencies of every kind: a
/// test that needs an upper crate belongs up there.
const MAY_USE: [(&str, &[&str]); 7] = [
    ("farkas-modeling", &[]),
    ("farkas-backends", &["farkas-modeling"]),
    ("farkas-api-types", &["farkas-modeling", "farkas-backends"]),
    ("farkas-client", &["farkas-modeling", "farkas-backends", "farkas-api-types"]),
    ("farkas-service", &["farkas-modeling", "farkas-backends", "farkas-api-types"]),
    ("farkas-instances", &["farkas-modeling", "farkas-backends"]),
    (
        "farkas",
        &[
            "farkas-modeling",
            "farkas-backends",
            "farkas-api-types",
            "farkas-client",
            "farkas-service",
            "farkas-instances",
        ],
    ),
];

/// One crate of the workspace.
#[derive(Debug)]
pub struct Package {
    pub name: String,
    pub folder: PathBuf,
    /// The crates that it names in its manifest and that lie in this workspace.
    pub uses: Vec<String>,
}

/// The workspace's crates, asked of cargo; reads manifests only, so it needs neither network nor lock file.
pub fn workspace(root: &Path) -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .expect("cargo runs, as it runs this test");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON");
    metadata["packages"].as_array().expect("cargo metadata lists packages").iter().map(package).collect()
}

fn package(json: &Value) -> Package {
    let text = |value: &Value| value.as_str().expect("a string in cargo's metadata format").to_owned();
    let manifest = PathBuf::from(text(&json["manifest_path"]));
    let dependencies = json["dependencies"].as_array().expect("a list in cargo's metadata format");
    Package {
        name: text(&json["name"]),
        folder: manifest.parent().expect("a manifest lies in a folder").to_owned(),
        // Only crates of this workspace have a path.
        uses: dependencies.iter().filter(|found| found["path"].is_string()).map(|found| text(&found["name"])).collect(),
    }
}

/// The wrong arrow of each pair of crates; `manifest` is the text of the package's Cargo.toml, for the line.
pub fn violations(package: &Package, manifest: &str) -> Vec<Violation> {
    let violation = |line, finding| Violation { file: "Cargo.toml".to_owned(), line, finding };
    let Some((_, may_use)) = MAY_USE.iter().find(|(name, _)| *name == package.name) else {
        let finding = format!("{} has no row in MAY_USE (tests/architecture/crates.rs)", package.name);
        return vec![violation(1, finding)];
    };
    let line_of =
        |name: &str| manifest.lines().position(|line| line.trim_start().starts_with(name)).map_or(1, |at| at + 1);
    package
        .uses
        .iter()
        .filter(|used| **used != package.name && !may_use.contains(&used.as_str()))
        .map(|used| violation(line_of(used), format!("{} is not to use {used}", package.name)))
        .collect()
}
