//! What the end-to-end tests share: the program, small problems, and where the real ones are.
#![allow(dead_code)] // each test program uses its own part

pub mod service;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A capacitated facility location with 3 plants and 4 cities, as MPS. Its optimum is 30: found by enumerating the eight
/// choices of open plants by hand (see `facility.mps`).
pub const FACILITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/facility.mps");

/// The `farkas` program, with the workers that stand beside it.
pub fn farkas() -> Command {
    Command::new(env!("CARGO_BIN_EXE_farkas"))
}

/// Runs `farkas` with these arguments.
pub fn run(args: &[&str]) -> Output {
    farkas().args(args).output().expect("the program was built for this test")
}

/// Standard output as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The exit code; a signal is a failure of the test.
pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("ended by a signal: {:?}\n{}", output.status, stderr(output)))
}

/// The folder of real instances, or a line that says what was not run.
pub fn instances(what: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("FARKAS_INSTANCES").map(PathBuf::from).filter(|p| p.join("index.csv").is_file());
    if folder.is_none() {
        println!("NOT RUN: {what} (FARKAS_INSTANCES does not name a folder with an index.csv)");
    }
    folder
}

/// The solvers whose worker stands beside the program; which are missing is printed.
pub fn solvers() -> Vec<&'static str> {
    let beside = Path::new(env!("CARGO_BIN_EXE_farkas")).parent().expect("a program stands in a folder");
    let (here, missing): (Vec<&str>, Vec<&str>) =
        ["highs", "scip", "cbc"].into_iter().partition(|name| beside.join(format!("farkas-{name}")).is_file());
    if !missing.is_empty() {
        println!("NOT TRIED: {} (their workers were not built)", missing.join(", "));
    }
    here
}

/// Market split (Cornuéjols and Dawande): easy to satisfy with slack, very hard to prove. Rows that halve random weights,
/// with penalised slacks so that every point of 0 and 1 is feasible.
pub fn market_split() -> String {
    use std::fmt::Write as _;
    let (rows, columns) = (6_u64, 50_u64);
    let mut state = 1_u64;
    let mut weight = || {
        // A linear congruential generator (Knuth's MMIX constants).
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 100
    };
    let weights: Vec<Vec<u64>> = (0..rows).map(|_| (0..columns).map(|_| weight()).collect()).collect();
    let mut text = "NAME split\nROWS\n N cost\n".to_string();
    (0..rows).for_each(|i| writeln!(text, " E r{i}").unwrap());
    text += "COLUMNS\n    M 'MARKER' 'INTORG'\n";
    for j in 0..columns {
        (0..rows).for_each(|i| writeln!(text, "    x{j} r{i} {}", weights[i as usize][j as usize]).unwrap());
    }
    text += "    M 'MARKER' 'INTEND'\n";
    for i in 0..rows {
        writeln!(text, "    over{i} cost 1 r{i} -1\n    under{i} cost 1 r{i} 1").unwrap();
    }
    text += "RHS\n";
    for (i, row) in weights.iter().enumerate() {
        writeln!(text, "    rhs r{i} {}", row.iter().sum::<u64>() / 2).unwrap();
    }
    text += "BOUNDS\n";
    (0..columns).for_each(|j| writeln!(text, " BV bnd x{j}").unwrap());
    text + "ENDATA\n"
}
