//! Builds CBC's shim, and tells the linker where SCIP's library will be when a program of this crate starts.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let has = |what: &str| env::var_os(what).is_some();
    if has("CARGO_FEATURE_SCIP") && has("CARGO_CFG_UNIX") {
        find_scip_at_run_time();
        if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
            look_elsewhere_for_cpp();
        }
    }
    #[cfg(feature = "cbc")]
    if let Err(why) = link_cbc() {
        println!("cargo::error={why}");
    }
}

/// SCIP's library carries pieces of the C++ library, and so would be taken for that by programs that have C++ of another
/// solver in them and no SCIP. The C++ library is named first, so that a missing SCIP costs SCIP's worker alone.
fn look_elsewhere_for_cpp() {
    println!("cargo::rustc-link-lib=dylib=stdc++");
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

/// Compiles the shim and links CBC and Clp, which pkg-config finds.
#[cfg(feature = "cbc")]
fn link_cbc() -> Result<(), Box<dyn std::error::Error>> {
    const SHIM: &str = "src/solvers/cbc/shim.cpp";
    println!("cargo::rerun-if-changed={SHIM}");
    println!("cargo::rerun-if-changed=src/solvers/cbc/shim.h");
    let remedy = |why: pkg_config::Error| {
        format!("the feature `cbc` needs CBC and Clp with their headers (Debian: coinor-libcbc-dev): {why}")
    };
    // The shim's object refers to the libraries, so they come after it on the linker's line.
    let found: Vec<pkg_config::Library> = ["cbc", "osi-clp", "clp"]
        .iter()
        .map(|name| pkg_config::Config::new().cargo_metadata(false).probe(name).map_err(remedy))
        .collect::<Result<_, _>>()?;
    let mut build = cc::Build::new();
    build.cpp(true).std("c++14").file(SHIM);
    // CBC's own headers warn; as system headers they do so for themselves.
    for folder in found.iter().flat_map(|library| &library.include_paths) {
        build.flag("-isystem").flag(folder.to_string_lossy().as_ref());
    }
    // Not part of the library: an object with C++ in it would bring CBC into every program of the workspace. It goes to
    // CBC's worker, to the tests and to the benchmarks; elsewhere nothing reaches the adapter, and the linker drops it.
    build.cargo_metadata(false).try_compile("farkas_cbc_shim")?;
    let out = env::var("OUT_DIR")?;
    println!("cargo::rustc-link-search=native={out}");
    let shim = format!("{out}/libfarkas_cbc_shim.a");
    let folders = found.iter().flat_map(|library| &library.link_paths).map(|folder| format!("-L{}", folder.display()));
    let libraries = found.iter().flat_map(|library| &library.libs).map(|name| format!("-l{name}"));
    for argument in [shim].into_iter().chain(folders).chain(libraries).chain(["-lstdc++".to_owned()]) {
        println!("cargo::rustc-link-arg-bin=farkas-cbc={argument}");
        println!("cargo::rustc-link-arg-tests={argument}");
        println!("cargo::rustc-link-arg-benches={argument}");
    }
    Ok(())
}
