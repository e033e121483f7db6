//! Bodies too large for a row: files in a folder, written whole or not at all (a temporary file, fsync, rename, fsync of
//! the folder). What [`Blobs::place`] has answered is durable.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::store::Body;

/// Bodies up to this size travel in the store's transaction, which spares a small job the file's own fsync.
pub const MOST_INLINE_BYTES: usize = 32 << 10;

/// Why a body could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", path.display())]
pub struct BlobError {
    path: PathBuf,
    error: io::Error,
}

impl BlobError {
    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        matches!(self.error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }
}

/// A folder of bodies.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: Arc<Path>,
}

impl Blobs {
    /// Opens a folder, making it if need be, and removes what a crash left half written.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(folder: &Path) -> Result<Self, BlobError> {
        let blobs = Self { folder: folder.into() };
        let unfinished = folder.join("unfinished");
        fs::create_dir_all(&unfinished).map_err(at(&unfinished))?;
        for entry in fs::read_dir(&unfinished).map_err(at(&unfinished))?.flatten() {
            fs::remove_file(entry.path()).map_err(at(&entry.path()))?;
        }
        Ok(blobs)
    }

    /// Keeps a body: small ones are handed back to travel in a transaction, others are durable in their file when this
    /// returns. Blocks.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn place(&self, key: &str, bytes: Vec<u8>) -> Result<Option<Body>, BlobError> {
        if bytes.len() <= MOST_INLINE_BYTES {
            return Ok(Some(Body { key: key.into(), bytes }));
        }
        let path = self.path(key);
        let unfinished = self.folder.join("unfinished").join(uuid::Uuid::now_v7().to_string());
        write_durably(&unfinished, &bytes).map_err(at(&unfinished))?;
        self.settle(&unfinished, &path)?;
        Ok(None)
    }

    /// Reads a body; `None` when there is none. Blocks.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn read(&self, key: &str) -> Result<Option<Vec<u8>>, BlobError> {
        let path = self.path(key);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// Removes a body, if it is there. Blocks.
    ///
    /// # Errors
    /// When the file is there and cannot be removed.
    pub fn remove(&self, key: &str) -> Result<(), BlobError> {
        let path = self.path(key);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&path)(error)),
            _ => Ok(()),
        }
    }

    /// Gives a finished file its name. The folders on the way are made durable too: a rename into a folder that a power
    /// cut forgets would lose the body.
    fn settle(&self, unfinished: &Path, path: &Path) -> Result<(), BlobError> {
        let folder = path.parent().unwrap_or(&self.folder);
        let mut made = Vec::new();
        let mut missing = folder;
        while !missing.exists() {
            made.push(missing.to_path_buf());
            missing = missing.parent().unwrap_or(&self.folder);
        }
        fs::create_dir_all(folder).map_err(at(folder))?;
        fs::rename(unfinished, path).map_err(at(path))?;
        sync_folder(folder).map_err(at(folder))?;
        for folder in made {
            let above = folder.parent().unwrap_or(&self.folder);
            sync_folder(above).map_err(at(above))?;
        }
        Ok(())
    }

    /// Keys are the service's own (`model/…`, `point/…`, `result/…`): letters, digits, `-` and `/`.
    fn path(&self, key: &str) -> PathBuf {
        debug_assert!(key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '/'), "{key}");
        self.folder.join(key)
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> BlobError + use<'_> {
    |error| BlobError { path: path.into(), error }
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    // Windows has no such call, and service and workers run on Linux.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_body_is_a_file_a_small_one_is_handed_back() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let small = blobs.place("point/a/1", vec![1]).unwrap();
        assert_eq!(small, Some(Body { key: "point/a/1".into(), bytes: vec![1] }));
        assert_eq!(blobs.read("point/a/1").unwrap(), None);

        let large = vec![7; MOST_INLINE_BYTES + 1];
        assert_eq!(blobs.place("point/a/2", large.clone()).unwrap(), None);
        assert_eq!(blobs.read("point/a/2").unwrap(), Some(large));
        blobs.remove("point/a/2").unwrap();
        blobs.remove("point/a/2").unwrap();
        assert_eq!(blobs.read("point/a/2").unwrap(), None);
    }

    #[test]
    fn what_a_crash_left_half_written_is_removed_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        drop(Blobs::open(folder.path()).unwrap());
        let left = folder.path().join("unfinished").join("x");
        fs::write(&left, "half").unwrap();
        Blobs::open(folder.path()).unwrap();
        assert!(!left.exists());
    }
}
