//! A file that only this process can reach, mapped: its bytes are read in place, and its pages cost memory only while they
//! are looked at.

use std::fs::File;
use std::io;
use std::ops::Deref;

use memmap2::{Mmap, UncheckedAdvice};

/// A file without a name, whole, mapped to be read.
#[derive(Debug)]
pub struct Mapped(Mmap);

impl Mapped {
    /// Maps a file that has no name, so that nobody else can open it, and lets its handle go, so that nobody here writes it.
    ///
    /// # Errors
    /// When it is empty or cannot be mapped.
    pub(super) fn of(file: File) -> io::Result<Self> {
        // SAFETY: the bytes behind the mapping must not change, nor its pages go, while it lives. The file was made
        // without a name, or lost it before the first byte was written, for this user alone; its one handle, which could
        // write or cut it, is dropped here.
        let map = unsafe { Mmap::map(&file)? };
        drop(file);
        Ok(Self(map))
    }

    /// Gives back the memory of what was read so far; what is read again comes from the file again.
    pub(super) fn let_go(&self) {
        // SAFETY: dropping pages of a shared mapping of a file loses nothing: whoever reads them, now too, gets the same
        // bytes from the file. Where the system refuses, they stay.
        let _ = unsafe { self.0.unchecked_advise(UncheckedAdvice::DontNeed) };
    }
}

impl Deref for Mapped {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}
