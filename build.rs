//! Tells the linker where this package's tests find SCIP's library, when they link it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_SCIP").is_some() && std::env::var_os("CARGO_CFG_UNIX").is_some() {
        // From target/release/deps, and for a target folder elsewhere.
        let here = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it for build scripts");
        for folder in ["$ORIGIN/../../../vendor/scip/lib".to_owned(), format!("{here}/vendor/scip/lib")] {
            println!("cargo::rustc-link-arg-tests=-Wl,-rpath,{folder}");
        }
    }
}
