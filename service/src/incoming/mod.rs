//! Bodies on their way in. What is small is held in memory; what is not goes, as it arrives, into a file in the data
//! folder, and is read from there without being in memory whole. The file has no name: the system frees it with its last
//! handle, however the request ends or the process dies.

mod ffi;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use farkas_modeling::formats::{Compression, SizeLimits, decompress_into};

use ffi::Mapped;

/// Bytes of a body that are held in memory.
pub const MOST_IN_MEMORY: usize = 1 << 20;
/// How often the memory of what was read of a file is given back.
const LET_GO: Duration = Duration::from_millis(20);
/// In the data folder.
const FOLDER: &str = "incoming";

/// Where the files are.
#[derive(Debug, Clone)]
pub struct Incoming(Arc<Path>);

impl Incoming {
    /// Those of a data folder.
    pub fn of(data: &Path) -> Self {
        Self(data.join(FOLDER).into())
    }

    /// Removes what a killed process left: nothing, but for file systems where a file has a name for a moment. Only for
    /// whoever has the data folder alone. Blocks.
    pub fn sweep(&self) {
        if let Err(error) = fs::remove_dir_all(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(folder = %self.0.display(), %error, "what is left of earlier uploads stays behind");
        }
    }

    /// A body of which nothing has come yet.
    pub fn begin(&self) -> Arriving {
        Arriving { folder: self.clone(), held: Vec::new(), file: None }
    }

    fn file(&self) -> io::Result<File> {
        fs::create_dir_all(&self.0)?;
        tempfile::tempfile_in(&self.0)
    }
}

/// A body that is not whole yet. As a [`Write`] it blocks.
#[derive(Debug)]
pub struct Arriving {
    folder: Incoming,
    /// What is not in the file.
    held: Vec<u8>,
    file: Option<File>,
}

impl Arriving {
    /// Takes bytes into memory.
    pub fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Whether it is time to [`put_away`](Self::put_away) what is held.
    pub fn is_full(&self) -> bool {
        self.held.len() >= MOST_IN_MEMORY
    }

    /// Writes what is held into the file. Blocks.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn put_away(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(self.folder.file()?),
        };
        file.write_all(&self.held)?;
        self.held.clear();
        Ok(())
    }

    /// All has come. Blocks.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn whole(mut self) -> io::Result<Text> {
        if self.file.is_some() {
            self.put_away()?;
        }
        match self.file {
            None => Ok(Text::InMemory(self.held.into())),
            Some(file) => Ok(Text::InFile(Mapped::of(file)?)),
        }
    }
}

impl Write for Arriving {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hold(bytes);
        if self.is_full() {
            self.put_away()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A body that is there whole.
#[derive(Debug)]
pub enum Text {
    /// As it came.
    InMemory(Bytes),
    /// In a file of its own.
    InFile(Mapped),
}

impl Text {
    /// Its bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::InMemory(bytes) => bytes.len(),
            Self::InFile(mapped) => mapped.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Has it read. Of a file, what was read leaves the memory meanwhile, so that this holds what is made of the text and
    /// not the text besides. Blocks.
    pub fn read<T: Send>(&self, read: impl FnOnce(&[u8]) -> T + Send) -> T {
        let mapped = match self {
            Self::InMemory(bytes) => return read(bytes),
            Self::InFile(mapped) => mapped,
        };
        let (reads, end) = mpsc::sync_channel::<()>(0);
        thread::scope(|scope| {
            let reading = scope.spawn(move || {
                // Gone with this thread, however it ends; nothing is ever sent.
                let _reads = reads;
                read(mapped)
            });
            while end.recv_timeout(LET_GO) == Err(mpsc::RecvTimeoutError::Timeout) {
                mapped.let_go();
            }
            reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// The same opened, if it is compressed; what comes out goes where it fits, memory or file. Blocks.
    ///
    /// # Errors
    /// Those of the disk; and a `FormatError` inside [`io::ErrorKind::InvalidData`] when it is damaged or too large.
    pub fn opened(self, incoming: &Incoming, limits: &SizeLimits) -> io::Result<Self> {
        let mut opened = incoming.begin();
        match self.read(|bytes| decompress_into(bytes, limits, &mut opened))? {
            Compression::None => Ok(self),
            _ => opened.whole(),
        }
    }
}

#[cfg(test)]
mod tests {
    use farkas_modeling::formats::Encoder;

    use super::*;

    #[test]
    fn what_does_not_fit_goes_through_a_file_that_has_no_name() {
        let data = tempfile::tempdir().unwrap();
        let incoming = Incoming::of(data.path());
        let large: Vec<u8> = (0..=3 * MOST_IN_MEMORY as u32 / 4).flat_map(u32::to_le_bytes).collect();
        for (bytes, in_file) in [(&large[..], true), (&large[..10], false), (&[][..], false)] {
            for kind in [Compression::None, Compression::Gzip] {
                let mut packed = Encoder::new(incoming.begin(), kind);
                packed.write_all(bytes).unwrap();
                let text = packed.finish().unwrap().whole().unwrap();
                let text = text.opened(&incoming, &SizeLimits::default()).unwrap();
                assert_eq!(matches!(text, Text::InFile(_)), in_file, "{kind:?} {}", bytes.len());
                assert!(text.read(|read| read == bytes), "{kind:?} {}", bytes.len());
                let named = fs::read_dir(data.path().join(FOLDER)).into_iter().flatten().count();
                assert_eq!(named, 0, "{kind:?}");
            }
        }
        let tight = SizeLimits { bytes: 100, ..SizeLimits::default() };
        let text = Text::InMemory(large.into());
        assert_eq!(text.opened(&incoming, &tight).unwrap_err().kind(), io::ErrorKind::InvalidData);
        incoming.sweep();
        assert!(!data.path().join(FOLDER).exists());
    }

    #[test]
    fn memory_that_was_given_back_is_read_again() {
        let data = tempfile::tempdir().unwrap();
        let mut arriving = Incoming::of(data.path()).begin();
        arriving.write_all(&vec![7; MOST_IN_MEMORY]).unwrap();
        let Text::InFile(mapped) = arriving.whole().unwrap() else { panic!("it fits into memory") };
        let sum = || mapped.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        let before = sum();
        mapped.let_go();
        assert_eq!(sum(), before);
    }

    #[test]
    fn a_panic_of_whoever_reads_is_handed_on() {
        let data = tempfile::tempdir().unwrap();
        let mut arriving = Incoming::of(data.path()).begin();
        arriving.write_all(&vec![7; MOST_IN_MEMORY]).unwrap();
        let text = arriving.whole().unwrap();
        let read = || text.read(|_| panic!("on purpose"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).is_err());
    }
}
