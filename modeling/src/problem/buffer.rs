//! A slice that is owned, or lives inside somebody else's bytes (a mapped image). Neither reading nor cloning it copies.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use bytemuck::Pod;

/// Bytes that outlive every buffer in them and never change: a mapped file, a network buffer, a `Vec`.
pub trait Bytes: Send + Sync {
    /// The bytes; the same slice at every call.
    fn bytes(&self) -> &[u8];
}

impl Bytes for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }
}

/// An immutable slice of plain numbers, owned or shared.
pub enum Buffer<T: Pod> {
    /// Memory of its own, shared by its clones: a changed problem shares what did not change.
    Owned(Arc<Vec<T>>),
    /// A range of bytes in somebody else's memory, aligned for `T`.
    Shared {
        /// Who keeps the bytes alive.
        bytes: Arc<dyn Bytes>,
        /// Where the slice stands in them; its length is a multiple of `size_of::<T>()`.
        range: Range<usize>,
        /// So that the type parameter is used.
        kind: std::marker::PhantomData<fn() -> T>,
    },
}

impl<T: Pod> Buffer<T> {
    /// A slice inside `bytes`, or `None` where the range is outside, of the wrong length, or badly aligned.
    pub fn shared(bytes: Arc<dyn Bytes>, range: Range<usize>) -> Option<Self> {
        let slice = bytes.bytes().get(range.clone())?;
        bytemuck::try_cast_slice::<u8, T>(slice).ok()?;
        Some(Self::Shared { bytes, range, kind: std::marker::PhantomData })
    }
}

impl<T: Pod> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        match self {
            Self::Owned(values) => values,
            // `shared` has cast the same range once; `Bytes` promises the same slice at every call.
            Self::Shared { bytes, range, .. } => bytemuck::cast_slice(&bytes.bytes()[range.clone()]),
        }
    }
}

impl<T: Pod> Default for Buffer<T> {
    fn default() -> Self {
        Self::Owned(Arc::default())
    }
}

impl<T: Pod> From<Vec<T>> for Buffer<T> {
    fn from(values: Vec<T>) -> Self {
        Self::Owned(Arc::new(values))
    }
}

impl<T: Pod> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Owned(values) => Self::Owned(Arc::clone(values)),
            Self::Shared { bytes, range, kind } => {
                Self::Shared { bytes: Arc::clone(bytes), range: range.clone(), kind: *kind }
            }
        }
    }
}

impl<T: Pod + fmt::Debug> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Pod + PartialEq> PartialEq for Buffer<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
