//! Bodies too large for a row: objects in a folder, or in a bucket that several nodes share. What [`Blobs::place`] has
//! answered is durable: a file is written whole or not at all, and it, its name and the folders on the way are synced.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::sync::mpsc;

use crate::store::Body;

/// Bodies up to this size travel in the store's transaction, which spares a small job the file's own fsync.
pub const MOST_INLINE_BYTES: usize = 32 << 10;
pub(crate) const MARK: &str = "about/mark";
/// Bytes of a part of a body that is written while it is made. Buckets take 5 MiB and more, and 10,000 of them.
const PART_BYTES: usize = 8 << 20;
/// A file that is half written and so old has been given up.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Why a body could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The folder or the bucket failed.
    #[error("{place}: {error}")]
    Failed {
        /// Which body, and where.
        place: String,
        /// What happened.
        #[source]
        error: object_store::Error,
    },
    /// What was given is no place for bodies.
    #[error("bodies cannot be kept in '{0}'; give a folder (file:///path) or a bucket (s3://bucket/prefix)")]
    Address(String),
}

impl BlobError {
    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        let mut cause: Option<&(dyn Error + 'static)> = Some(self);
        while let Some(error) = cause {
            let io = error.downcast_ref::<io::Error>();
            if io.is_some_and(|e| matches!(e.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// A folder or bucket of bodies.
#[derive(Debug, Clone)]
pub struct Blobs {
    objects: Arc<dyn ObjectStore>,
    place: Arc<str>,
}

impl Blobs {
    /// Opens a folder, making it if need be, and removes what a crash left half written long ago. Blocks.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(folder: &Path) -> Result<Self, BlobError> {
        let place = folder.display().to_string();
        let failed = |error| BlobError::Failed { place: place.clone(), error };
        let io = |error: io::Error| failed(object_store::Error::Generic { store: "folder", source: Box::new(error) });
        std::fs::create_dir_all(folder).map_err(io)?;
        remove_abandoned(folder, SystemTime::now()).map_err(io)?;
        let objects = LocalFileSystem::new_with_prefix(folder).map_err(failed)?.with_fsync(true);
        Ok(Self { objects: Arc::new(objects), place: place.into() })
    }

    /// Opens what an address names: `file:///folder`, or `s3://bucket/prefix` with the credentials, the region and the
    /// endpoint of the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`,
    /// `AWS_ALLOW_HTTP`). Blocks.
    ///
    /// # Errors
    /// When it is no such address, or the folder cannot be made.
    pub fn at(address: &str) -> Result<Self, BlobError> {
        Self::at_in(
            address,
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// The same, in an environment of one's own.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub fn at_in(address: &str, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, BlobError> {
        let url = url::Url::parse(address).map_err(|_| BlobError::Address(address.into()))?;
        match (url.scheme(), url.host_str()) {
            ("file", None) => {
                let folder = url.to_file_path().map_err(|()| BlobError::Address(address.into()))?;
                Self::open(&folder)
            }
            ("s3", Some(bucket)) => {
                // Whoever came first has chosen; both are this one.
                let _ = rustls::crypto::ring::default_provider().install_default();
                let mut objects = AmazonS3Builder::new().with_bucket_name(bucket);
                for (name, value) in environment {
                    // What is none of S3's settings is somebody else's.
                    if let Ok(setting) = name.to_ascii_lowercase().parse()
                        && name.starts_with("AWS_")
                    {
                        objects = objects.with_config(setting, value);
                    }
                }
                let objects = objects.build();
                let objects = objects.map_err(|error| BlobError::Failed { place: address.into(), error })?;
                Ok(Self::of(Arc::new(PrefixStore::new(objects, url.path())), address))
            }
            _ => Err(BlobError::Address(address.into())),
        }
    }

    /// Bodies in any store of objects; `place` tells people where that is.
    pub fn of(objects: Arc<dyn ObjectStore>, place: &str) -> Self {
        Self { objects, place: place.into() }
    }

    /// Keeps a body: small ones are handed back to travel in a transaction, others are durable when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn place(&self, key: &str, bytes: impl Into<Bytes>) -> Result<Option<Body>, BlobError> {
        let bytes = bytes.into();
        if bytes.len() <= MOST_INLINE_BYTES {
            return Ok(Some(Body { key: key.into(), bytes: bytes.into() }));
        }
        self.objects.put(&path(key), bytes.into()).await.map_err(self.failed(key))?;
        Ok(None)
    }

    /// Keeps what `write` writes, which is never in memory whole; durable when this returns. `write` blocks.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn write(
        &self,
        key: &str,
        write: impl FnOnce(&mut Parts) -> io::Result<()> + Send + 'static,
    ) -> Result<(), BlobError> {
        let failed = self.failed(key);
        let mut upload = self.objects.put_multipart(&path(key)).await.map_err(&failed)?;
        let (parts, mut ready) = mpsc::channel(1);
        let writing = tokio::task::spawn_blocking(move || {
            let mut parts = Parts { part: Vec::with_capacity(PART_BYTES), ready: parts };
            write(&mut parts)?;
            parts.send()
        });
        let mut sent = Ok(());
        while let Some(part) = ready.recv().await
            && sent.is_ok()
        {
            sent = upload.put_part(part.into()).await;
        }
        // Whoever still writes is told that nobody takes it.
        drop(ready);
        let written = writing.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        let written = written.map_err(|error| object_store::Error::Generic { store: "parts", source: error.into() });
        let done = match sent.and(written) {
            Ok(()) => upload.complete().await.map(drop),
            Err(error) => Err(error),
        };
        if done.is_err()
            && let Err(error) = upload.abort().await
        {
            tracing::debug!(key, %error, "what was written of a body is left to the store's own cleaning");
        }
        done.map_err(&failed)
    }

    /// Reads a body; `None` when there is none.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, BlobError> {
        match self.objects.get(&path(key)).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(self.failed(key))?.into())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(key)(error)),
        }
    }

    /// The mark by which a store knows its bodies; `None` when there is none yet.
    pub(crate) async fn mark(&self) -> Result<Option<String>, BlobError> {
        Ok(self.read(MARK).await?.map(|bytes| String::from_utf8_lossy(&bytes).trim().into()))
    }

    /// Makes one.
    pub(crate) async fn set_mark(&self) -> Result<String, BlobError> {
        let mark = uuid::Uuid::now_v7().to_string();
        self.objects.put(&path(MARK), mark.clone().into()).await.map_err(self.failed(MARK))?;
        Ok(mark)
    }

    /// Removes a body, if it is there.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub async fn remove(&self, key: &str) -> Result<(), BlobError> {
        match self.objects.delete(&path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed(key)(error)),
        }
    }

    fn failed(&self, key: &str) -> impl Fn(object_store::Error) -> BlobError {
        let place = format!("{}/{key}", self.place);
        move |error| BlobError::Failed { place: place.clone(), error }
    }
}

impl fmt::Display for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

/// Takes a body that is being written, a part at a time: all but the last have the same size, as buckets want it.
pub struct Parts {
    part: Vec<u8>,
    ready: mpsc::Sender<Vec<u8>>,
}

impl Parts {
    fn send(&mut self) -> io::Result<()> {
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(PART_BYTES));
        self.ready.blocking_send(part).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl io::Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.part.len() == PART_BYTES {
            self.send()?;
        }
        let taken = bytes.len().min(PART_BYTES - self.part.len());
        self.part.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keys are the service's own (`model/…`, `point/…`, `result/…`): letters, digits, `-` and `/`.
fn path(key: &str) -> Key {
    debug_assert!(key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '/'), "{key}");
    Key::from(key)
}

/// Removes what was begun and never got its name: such files end in `#` and a number.
fn remove_abandoned(folder: &Path, now: SystemTime) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)?.flatten() {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            remove_abandoned(&entry.path(), now)?;
        } else if entry.file_name().to_string_lossy().contains('#') {
            let age = entry.metadata().and_then(|data| data.modified()).map(|at| now.duration_since(at));
            if age.is_ok_and(|age| age.is_ok_and(|age| age > ABANDONED)) {
                std::fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[tokio::test]
    async fn a_large_body_is_an_object_a_small_one_is_handed_back() {
        let folder = tempfile::tempdir().unwrap();
        let kept = [
            Blobs::open(folder.path()).unwrap(),
            Blobs::at(&format!("file://{}/below", folder.path().display())).unwrap(),
            Blobs::of(Arc::new(object_store::memory::InMemory::new()), "memory"),
        ];
        for blobs in kept {
            let small = blobs.place("point/a/1", vec![1]).await.unwrap();
            assert_eq!(small, Some(Body { key: "point/a/1".into(), bytes: vec![1] }));
            assert_eq!(blobs.read("point/a/1").await.unwrap(), None);

            let large = vec![7; MOST_INLINE_BYTES + 1];
            assert_eq!(blobs.place("point/a/2", large.clone()).await.unwrap(), None);
            assert_eq!(blobs.read("point/a/2").await.unwrap(), Some(large));
            blobs.remove("point/a/2").await.unwrap();
            blobs.remove("point/a/2").await.unwrap();
            assert_eq!(blobs.read("point/a/2").await.unwrap(), None);

            for bytes in [0, 1, PART_BYTES, 2 * PART_BYTES + 1] {
                let whole: Vec<u8> = (0..bytes).map(|at| at as u8).collect();
                let made = whole.clone();
                blobs.write("model/a", move |out| out.write_all(&made)).await.unwrap();
                assert!(blobs.read("model/a").await.unwrap() == Some(whole), "{bytes} bytes in {blobs}");
            }
            let broken = blobs.write("model/b", |out| {
                out.write_all(&vec![1; PART_BYTES + 1])?;
                Err(io::ErrorKind::StorageFull.into())
            });
            assert!(broken.await.unwrap_err().is_full());
            assert_eq!(blobs.read("model/b").await.unwrap(), None);
        }
    }

    #[test]
    fn what_a_crash_left_half_written_is_removed_once_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("point");
        std::fs::create_dir(&below).unwrap();
        let long_ago = SystemTime::now() - 2 * ABANDONED;
        for (name, modified) in [("old#1", long_ago), ("new#1", SystemTime::now()), ("whole", long_ago)] {
            std::fs::File::create(below.join(name)).unwrap().set_modified(modified).unwrap();
        }
        Blobs::open(folder.path()).unwrap();
        let left: std::collections::BTreeSet<_> =
            std::fs::read_dir(&below).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["new#1".into(), "whole".into()].into());
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for address in ["", "blobs", "http://host/x", "s3:///prefix"] {
            assert!(matches!(Blobs::at(address), Err(BlobError::Address(_))), "{address}");
        }
    }
}
