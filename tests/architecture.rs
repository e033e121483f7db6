//! Holds the code to the arrows of docs/architecture.md and to the house's rules for files; every violation is told, with
//! its line, at once. The rules are the tables in architecture/rules.rs and architecture/crates.rs.

#[path = "architecture/crates.rs"]
mod crates;
#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/source.rs"]
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use crates::Package;
use rules::{Place, Violation};

/// The folders of a crate that hold its Rust files, and its build script.
const ROOTS: [&str; 5] = ["src", "tests", "benches", "examples", "build.rs"];

#[test]
fn the_code_keeps_to_its_architecture() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packages = crates::workspace(root);
    assert!(packages.len() > 1, "the workspace's crates were not found");

    let mut violations = Vec::new();
    let mut files_read = 0;
    for package in &packages {
        let mut add = |found: Vec<Violation>| {
            // The rules name files as the package sees them, people as the repository does.
            let folder = package.folder.strip_prefix(root).expect("a member lies in the workspace");
            violations
                .extend(found.into_iter().map(|found| Violation { file: slashed(&folder.join(&found.file)), ..found }));
        };
        add(crates::violations(package, &read(&package.folder.join("Cargo.toml"))));
        for file in rust_files(&package.folder) {
            let path = slashed(file.strip_prefix(&package.folder).expect("found below it"));
            add(rules::violations(Place { package: &package.name, path: &path }, &read(&file)));
            files_read += 1;
        }
    }
    assert!(files_read > packages.len(), "the crates' files were not found");

    violations.sort();
    let told: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{} violations in {files_read} files:\n{}", told.len(), told.join("\n"));
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn rust_files(package: &Path) -> Vec<PathBuf> {
    let mut pending: Vec<PathBuf> = ROOTS.iter().map(|root| package.join(root)).collect();
    let mut files = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            pending.extend(entries.map(|entry| entry.expect("a folder that opened can be read").path()));
        } else if path.is_file() && path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// A row of the table below: a file, and the line and a part of the finding for each violation expected in it.
struct Case {
    package: &'static str,
    path: &'static str,
    text: &'static str,
    expected: &'static [(usize, &'static str)],
}

const fn case(
    package: &'static str,
    path: &'static str,
    text: &'static str,
    expected: &'static [(usize, &'static str)],
) -> Case {
    Case { package, path, text, expected }
}

const MODELING: &str = "farkas-modeling";
const BACKENDS: &str = "farkas-backends";
const FACADE: &str = "farkas";

#[rustfmt::skip]
const CASES: &[Case] = &[
    // The first line.
    case(FACADE, "src/lib.rs", "//! The facade.\n", &[]),
    case(FACADE, "src/lib.rs", "", &[(1, "first line")]),
    case(FACADE, "tests/serve.rs", "// A test.\n", &[(1, "first line")]),
    case(FACADE, "src/lib.rs", "//!\n//! Late.\n", &[(1, "first line")]),
    case(FACADE, "src/lib.rs", "//! A.\nfn f( {}\n", &[(2, "cannot be read")]),

    // Purity.
    case(MODELING, "src/image.rs", "//! A.\nuse std::fs;\n", &[(2, "`std::fs`")]),
    case(MODELING, "src/image.rs", "//! A.\nuse std::{\n    io::BufRead,\n    fs::File,\n};\n", &[(4, "`std::fs::File`")]),
    case(MODELING, "src/image.rs", "//! A.\nfn f() { ::std::thread::yield_now() }\n", &[(2, "`std::thread::yield_now`")]),
    case(MODELING, "src/image.rs", "//! A.\nfn f() { assert!(g(std::net::Ipv4Addr::LOCALHOST)) }\n", &[(2, "std::net")]),
    case(MODELING, "src/image.rs", "//! A.\nuse std::time::{self, Duration};\n", &[(2, "`std::time`")]),
    case(MODELING, "src/image.rs", "//! A.\nuse std::*;\n", &[(2, "`std::*`")]),
    case(MODELING, "src/image.rs", "//! A.\nuse std::time::Instant as Then;\n", &[(2, "std::time::Instant")]),
    case(MODELING, "src/image.rs", "//! A.\nuse std::time::Duration;\nuse std::fmt;\nuse std::io::{self, Write};\n", &[]),
    case(MODELING, "src/image.rs", "//! A.\n// std::fs\nconst A: &str = \"std::fs::File\";\n/// [`std::fs`]\nfn f() {}\n", &[]),
    case(MODELING, "src/image.rs", "//! A.\n#[cfg(test)]\n#[allow(x)]\nmod checks { use std::fs; }\nuse std::fs;\n", &[(5, "`std::fs`")]),
    case(MODELING, "src/image.rs", "//! A.\n#[cfg(not(test))]\nuse std::fs;\n", &[(3, "`std::fs`")]),
    case(MODELING, "src/image/tests.rs", "//! A.\nuse std::fs;\n", &[]),
    case(MODELING, "tests/corpus.rs", "//! A.\nuse std::fs;\n", &[]),
    case(BACKENDS, "src/options.rs", "//! A.\nuse std::fs;\n", &[]),
    case(MODELING, "src/ffi.rs", "//! A.\n// SAFETY: no.\nunsafe impl Send for X {}\n", &[(3, "which has none")]),

    // The second checker shares nothing with the first.
    case(MODELING, "src/audit/point.rs", "//! A.\nuse crate::check::exact::Accumulator;\n", &[(2, "audit uses")]),
    case(MODELING, "src/audit/mod.rs", "//! A.\nuse crate::Problem;\nuse super::check;\n", &[(2, "audit uses"), (3, "audit uses")]),
    case(MODELING, "src/audit/mod.rs", "//! A.\nuse crate::problem::Problem;\nuse crate::audit::exact::Exact;\nuse self::point::look;\n", &[]),
    case(MODELING, "src/check/file.rs", "//! A.\nuse crate::audit::Document;\nuse crate::Problem;\n", &[]),

    // The arrows inside the backends.
    case(BACKENDS, "src/contract.rs", "//! A.\nuse crate::race::Referee;\n", &[(2, "race stands above contract")]),
    case(BACKENDS, "src/contract.rs", "//! A.\nuse crate::{\n    options::Options,\n    solvers::mock,\n};\n", &[(4, "solvers stands above contract")]),
    case(BACKENDS, "src/contract/session.rs", "//! A.\nuse super::super::worker;\n", &[(2, "worker stands above contract")]),
    case(BACKENDS, "src/contract/session.rs", "//! A.\nuse super::worker;\nuse crate::options::Options;\n", &[]),
    case(BACKENDS, "src/options.rs", "//! A.\nfn f() -> crate::registry::Registry { todo!() }\n", &[(2, "registry stands above options")]),
    case(BACKENDS, "src/worker/host.rs", "//! A.\nmod inner { use super::super::super::race::run; }\n", &[(2, "race stands above worker")]),
    case(BACKENDS, "src/worker/host.rs", "//! A.\nuse crate::contract::Backend;\nuse super::frame;\nuse farkas_modeling::Problem;\n", &[]),
    case(BACKENDS, "src/worker/mod.rs", "//! A.\nfn f() { vec![crate::solvers::highs::Highs] }\n", &[(2, "solvers stands above worker")]),
    case(BACKENDS, "src/race/mod.rs", "//! A.\nuse crate::solvers as adapters;\n", &[(2, "solvers stands above race")]),
    case(BACKENDS, "src/race/mod.rs", "//! A.\nuse crate::worker::Pool;\nuse self::lineup::Lineup;\n", &[]),
    case(BACKENDS, "src/race/mod.rs", "//! A.\nuse crate::*;\nuse crate::Highs;\n", &[(2, "own module"), (3, "own module")]),
    case(BACKENDS, "src/race/mod.rs", "//! A.\n#[cfg(all(test, unix))]\nmod checks { use crate::solvers::mock; }\n", &[]),
    case(BACKENDS, "src/race/mod.rs", "//! A.\nmod tests { use crate::solvers::mock; }\n", &[]),
    case(BACKENDS, "src/solvers/highs/mod.rs", "//! A.\nuse crate::contract::Session;\nuse crate::options;\nuse super::highs::ffi;\nuse self::ffi::run;\nuse farkas_modeling::Problem;\n", &[]),
    case(BACKENDS, "src/solvers/highs/mod.rs", "//! A.\nuse super::scip::Scip;\n", &[(2, "`crate::solvers::scip::Scip`: a solver uses")]),
    case(BACKENDS, "src/solvers/mock.rs", "//! A.\nuse crate::worker::frame;\nuse crate::*;\n", &[(2, "a solver uses"), (3, "a solver uses")]),
    case(BACKENDS, "src/registry.rs", "//! A.\nuse crate::solvers::highs;\n", &[]),
    case(BACKENDS, "src/bin/farkas-highs.rs", "//! A.\nuse farkas_backends::{solvers, worker};\nfn main() { println!(); }\n", &[]),

    // Unsafe.
    case(BACKENDS, "src/worker/host.rs", "//! A.\nfn f() {\n    // SAFETY: so.\n    unsafe { g() }\n}\n", &[(4, "outside a file named ffi.rs")]),
    case(BACKENDS, "src/lib.rs", "//! A.\n#[unsafe(no_mangle)]\nfn f() {}\n", &[(2, "outside a file")]),
    case(FACADE, "tests/e2e.rs", "//! A.\nfn f() { unsafe { g() } }\n", &[(2, "outside a file")]),
    case(BACKENDS, "src/worker/ffi.rs", "//! A.\nfn f() {\n    unsafe { g() }\n}\n", &[(3, "without a `// SAFETY:`")]),
    case(BACKENDS, "src/worker/ffi.rs", "//! A.\nunsafe impl Send for X {}\n", &[(2, "without a `// SAFETY:`")]),
    case(BACKENDS, "src/worker/ffi.rs", "//! A.\n// SAFETY: of another.\nfn f() {\n    unsafe { g() }\n}\n", &[(4, "without")]),
    case(BACKENDS, "src/worker/ffi.rs", "//! A.\nfn f() {\n    // SAFETY: for g.\n    unsafe { g() };\n    unsafe { h() };\n}\n", &[(5, "without")]),
    case(BACKENDS, "src/solvers/highs/ffi/load.rs", "//! A.\nfn f() {\n    // SAFETY: a long\n    // argument.\n    let x =\n        unsafe { g() };\n}\n", &[]),
    case(BACKENDS, "src/worker/ffi.rs", "//! A.\n// SAFETY: so.\n#[cfg(unix)]\nunsafe impl Send for X {}\nunsafe extern \"C\" { fn g(); }\npub unsafe fn f() {}\n", &[]),
    case(BACKENDS, "src/contract.rs", "//! A.\n// unsafe\nconst A: &str = \"unsafe {\";\n", &[]),

    // Prints.
    case(BACKENDS, "src/registry.rs", "//! A.\nfn f() {\n    println!(\"a\");\n    dbg!(1);\n}\n", &[(3, "`println!`"), (4, "`dbg!`")]),
    case(FACADE, "src/lib.rs", "//! A.\nfn f() { if true { std::eprint!(\"a\") } }\n", &[(2, "`std::eprint!`")]),
    case(FACADE, "src/cli/solve.rs", "//! A.\nfn f() { println!() }\n", &[]),
    case(FACADE, "src/main.rs", "//! A.\nfn main() { eprintln!() }\n", &[]),
    case(FACADE, "src/lib.rs", "//! A.\nfn f(print: u8) -> bool { print != 1 }\n/// println!()\n#[cfg(test)]\nfn g() { println!() }\n", &[]),
];

#[test]
fn each_rule_finds_what_breaks_it_and_only_that() {
    for Case { package, path, text, expected } in CASES {
        let found = rules::violations(Place { package, path }, text);
        let fits = found.len() == expected.len()
            && found
                .iter()
                .zip(*expected)
                .all(|(found, (line, part))| found.line == *line && found.finding.contains(part));
        assert!(fits, "{package}/{path}\n{text}\nexpected {expected:?}\nfound {found:#?}");
    }
}

#[test]
fn a_wrong_arrow_between_crates_is_found_in_its_manifest() {
    let manifest = "[package]\nname = \"x\"\n\n[dependencies]\nfarkas-race = 1\nfarkas-service.workspace = true\n";
    let check = |name: &str, uses: &[&str], expected: &[(usize, &str)]| {
        let uses = uses.iter().map(|used| (*used).to_owned()).collect();
        let package = Package { name: name.to_owned(), folder: PathBuf::new(), uses };
        let found = crates::violations(&package, manifest);
        let found: Vec<_> = found.iter().map(|found| (found.line, found.finding.as_str())).collect();
        assert_eq!(found, expected);
    };
    check(MODELING, &[], &[]);
    check(MODELING, &[BACKENDS], &[(1, "farkas-modeling is not to use farkas-backends")]);
    check(BACKENDS, &[MODELING, BACKENDS, "farkas-service"], &[(6, "farkas-backends is not to use farkas-service")]);
    check("farkas-service", &["farkas-instances"], &[(1, "farkas-service is not to use farkas-instances")]);
    check("farkas-new", &[], &[(1, "farkas-new has no row in MAY_USE (tests/architecture/crates.rs)")]);
}
