//! A library in front of another: it has one function of its own, which goes through the clock, and all others of the one
//! behind it. So an adapter that loads its solver itself is watched where the solver is entered and left.

use std::ffi::{c_int, c_void};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::ours::inside;

/// The solver's function: two pointers (or fewer) and a code.
type Solve = unsafe extern "C" fn(*mut c_void, *mut c_void) -> c_int;

/// Compiled by `cc`; `FUNCTION` is the name of the function that is watched.
const SOURCE: &str = r"
#define _GNU_SOURCE
#include <dlfcn.h>
typedef int (*solve)(void *, void *);
int (*farkas_watch)(solve, void *, void *);
static solve behind;
int FUNCTION(void *a, void *b) {
  if (!behind) behind = (solve)dlsym(RTLD_NEXT, NAME);
  return farkas_watch ? farkas_watch(behind, a, b) : behind(a, b);
}
";

unsafe extern "C" fn watch(solve: Solve, a: *mut c_void, b: *mut c_void) -> c_int {
    // SAFETY: the doorway hands on what it was called with.
    unsafe { inside(|| solve(a, b)) }
}

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("farkas-doorway-{}", std::process::id()))
}

/// Removes what was made; what is open stays so.
pub fn clear() {
    let _ = std::fs::remove_dir_all(folder());
}

/// Makes the doorway in front of `library`; nothing where there is no compiler.
pub fn before(library: &Path, function: &str) -> Option<PathBuf> {
    let folder = folder();
    std::fs::create_dir_all(&folder).ok()?;
    let (source, made) = (folder.join("doorway.c"), folder.join(format!("{function}.so")));
    std::fs::write(&source, SOURCE).ok()?;
    let made_well = Command::new("cc")
        .args(["-shared", "-fPIC", "-O2", "-Wl,--no-as-needed", "-o"])
        .args([&made, &source])
        .arg(format!("-DFUNCTION={function}"))
        .arg(format!("-DNAME=\"{function}\""))
        .arg(library)
        .arg(format!("-Wl,-rpath,{}", library.parent()?.display()))
        .status()
        .is_ok_and(|status| status.success());
    if !made_well {
        return None;
    }
    // SAFETY: the library was made just now; its variable holds a function of the type of `watch`. It stays open, so that
    // the adapter gets this very one.
    unsafe {
        let opened = std::mem::ManuallyDrop::new(libloading::Library::new(&made).ok()?);
        let place =
            opened.get::<*mut Option<unsafe extern "C" fn(Solve, *mut c_void, *mut c_void) -> c_int>>(b"farkas_watch");
        **place.ok()? = Some(watch);
    }
    Some(made)
}
