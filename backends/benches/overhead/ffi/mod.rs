//! The solvers' own calls, as somebody would make them who has a problem in their layout, and an allocator that counts.

#[cfg(feature = "cbc")]
pub mod clp;
#[path = "../../../tests/allocations/ffi.rs"]
pub mod counting;
pub mod cplex;
pub mod doorway;
#[cfg(feature = "highs")]
pub mod highs;
#[cfg(feature = "scip")]
pub mod scip;
pub mod xpress;

/// Lets every large piece of memory be fetched from the kernel and given back, as in a fresh process; otherwise one way
/// finds memory that the other has left warm, and glibc moves its threshold as it goes.
pub fn take_fresh_pages() {
    // SAFETY: it sets a number, before other threads begin.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 << 10);
    }
}

/// The function of this name behind the one in this program.
#[cfg(any(feature = "scip", feature = "cbc"))]
fn next(name: &std::ffi::CStr) -> *mut std::ffi::c_void {
    // SAFETY: it looks a name up.
    let found = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    assert!(!found.is_null(), "the library has {name:?}");
    found
}
