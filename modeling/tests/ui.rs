//! Mistakes that types can stop do not compile, and say what to do. The messages are the compiler's, so they are compared for
//! one version of it only.

use std::process::Command;

/// The compiler whose messages stand beside the cases; `TRYBUILD=overwrite` writes those of another.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn mistakes_that_types_can_stop_do_not_compile() {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(compiler).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let version = String::from_utf8_lossy(&version);
    if !version.starts_with(COMPILER) {
        println!("not run: the messages are those of {COMPILER}x, and this is {version}");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
