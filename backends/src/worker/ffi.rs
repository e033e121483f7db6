//! The calls of the operating system and its library that no safe crate has: mapping a sealed memory file, leaving at once,
//! and giving memory back.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use farkas_modeling::problem::Bytes;
use memmap2::Mmap;
use rustix::fs::{SealFlags, fcntl_get_seals};

/// A memory file that is mapped read-only, and that nobody can change or shorten.
struct Mapped(Mmap);

impl Bytes for Mapped {
    fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Maps a memory file that is sealed against writing and shrinking.
///
/// # Errors
/// When it is not sealed so, is empty, or cannot be mapped.
pub fn map_sealed(file: OwnedFd) -> io::Result<Arc<dyn Bytes>> {
    let needed = SealFlags::SHRINK | SealFlags::WRITE;
    let seals = fcntl_get_seals(&file)?;
    if !seals.contains(needed) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a problem image that is not sealed"));
    }
    let file = File::from(file);
    // SAFETY: the bytes behind the mapping must not change while it lives. The kernel refuses every write to a file
    // sealed with F_SEAL_WRITE (and refuses that seal while a writable shared mapping exists), and F_SEAL_SHRINK keeps
    // its pages there, so no access faults; seals cannot be taken off. Both were looked at above, on this descriptor.
    let map = unsafe { Mmap::map(&file)? };
    Ok(Arc::new(Mapped(map)))
}

/// Ends the process now: no destructors of a solver's library run while its threads still work.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` takes any number, touches no memory of this process, and does not return.
    unsafe { libc::_exit(code) }
}

/// Gives the kernel back what was freed and is kept for later, which after the check of a large problem is megabytes. Does nothing where
/// the C library has no such call.
pub fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: `malloc_trim` takes any number, may be called from any thread, and touches nothing that is allocated.
    unsafe {
        libc::malloc_trim(0)
    };
}
