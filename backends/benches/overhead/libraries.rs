//! Where the wheels of CPLEX and Xpress put their libraries, in the Python environment that `FARKAS_WHEELS` names.

use std::path::PathBuf;

pub fn cplex() -> Option<PathBuf> {
    find("cplex/_internal", "libcplex")
}

pub fn xpress() -> Option<PathBuf> {
    find("xpresslibs/lib", "libxprs.so")
}

fn find(folder: &str, stem: &str) -> Option<PathBuf> {
    let packages = PathBuf::from(std::env::var_os("FARKAS_WHEELS")?).join("lib");
    let named =
        |path: &PathBuf, stem: &str| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(stem));
    let below =
        |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let pythons = below(packages).filter(|path| named(path, "python3"));
    pythons.flat_map(|python| below(python.join("site-packages").join(folder))).find(|path| named(path, stem))
}
