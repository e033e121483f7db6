//! Tells the linker where SCIP's library will be when a program of this crate starts.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let has = |what: &str| env::var_os(what).is_some();
    if has("CARGO_FEATURE_SCIP") && has("CARGO_CFG_UNIX") {
        find_scip_at_run_time();
    }
}

/// Beside the program, where a package puts it, or in the checkout that the program was built in: target/release holds
/// programs, target/release/deps tests. The last one serves a target folder elsewhere.
fn find_scip_at_run_time() {
    let crate_folder = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it for build scripts");
    let in_checkout = "vendor/scip/lib";
    for folder in [
        "$ORIGIN".to_owned(),
        "$ORIGIN/../lib/farkas".to_owned(),
        format!("$ORIGIN/../../{in_checkout}"),
        format!("$ORIGIN/../../../{in_checkout}"),
        format!("{crate_folder}/../{in_checkout}"),
    ] {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
