//! A test of one backend in a process of its own: threads, memory and what is printed are the whole process's, and whoever
//! was asked before leaves some of each.

use std::process::{Command, Output};

use farkas_backends::contract::Backend;

/// Set in such a process.
const ALONE: &str = "FARKAS_SUITE_ALONE";

/// Whether this process was made for one backend.
fn is_alone() -> bool {
    std::env::var_os(ALONE).is_some()
}

/// This program's test `name`, as its list has it, run again for one backend.
fn again(backend: &dyn Backend, name: &str) -> Output {
    let program = std::env::current_exe().expect("a test knows itself");
    let arguments = ["--exact", name, "--nocapture", "--test-threads", "1"];
    let mut command = Command::new(program);
    command.args(arguments).env("FARKAS_SUITE", backend.name()).env(ALONE, "1").env("RUST_BACKTRACE", "0");
    command.output().expect("it starts again")
}

/// Has `test`, which this program knows as `name`, look at the backend in a process of its own.
pub fn alone(backend: &dyn Backend, name: &str, test: impl FnOnce() -> Vec<String>) -> Vec<String> {
    if is_alone() {
        return test();
    }
    let output = again(backend, name);
    let (told, says) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    print!(
        "{}",
        told.lines().filter(|line| line.contains("not asked of")).fold(String::new(), |all, l| all + l + "\n")
    );
    // A name that no test has runs none, and would pass.
    if output.status.success() && told.contains("1 passed") {
        return Vec::new();
    }
    vec![format!("in a process of its own: {}\n{told}\n{says}", output.status)]
}

/// Has `test` use the backend in a process of its own, and says what was printed there besides the frame of a test.
pub fn silent(backend: &dyn Backend, name: &str, test: impl FnOnce() -> Vec<String>) -> Vec<String> {
    if is_alone() {
        return test();
    }
    let output = again(backend, name);
    let (told, says) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let result = format!("test {name} ... ok");
    let frame = |line: &str| {
        line.is_empty() || line == "running 1 test" || line == result || line.starts_with("test result: ok. 1 passed")
    };
    let printed: Vec<&str> = told.lines().filter(|line| !frame(line)).chain(says.lines()).collect();
    if output.status.success() && printed.is_empty() && told.contains(&result) {
        return Vec::new();
    }
    vec![format!("printed, in a process of its own that ended with {}:\n{}", output.status, printed.join("\n"))]
}
