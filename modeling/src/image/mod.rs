//! A problem's one canonical byte layout, used in place: stored as a blob, mapped by workers. Whatever the bytes,
//! [`open`] answers with a valid problem or an error, and the same problem always has the same bytes.
//!
//! Little-endian. A header of 64 bytes (magic, version, byte-order mark, length, counts, objective's sense and
//! constant), a table of sections (number, place, length; ascending), then the sections, each at a multiple of 64 bytes
//! with zeros before it. What a section holds stands at `layout::Section`. The [`identity`] of a problem is a hash of
//! its content and does not depend on this layout.
//!
//! ```
//! use std::sync::Arc;
//! use farkas_modeling::image::{self, Contents};
//! # use farkas_modeling::{Problem, ProblemData};
//! # let problem = Problem::new(ProblemData { cost: vec![1.0], lower: vec![0.0], upper: vec![2.0], starts: vec![0, 0], ..ProblemData::default() })?;
//! let mut bytes = Vec::new();
//! image::write(&problem, Contents::Everything, &mut bytes)?;
//! let again = image::open(Arc::new(bytes))?;
//! assert_eq!(image::identity(&again), image::identity(&problem));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod identity;
mod layout;
mod open;
#[cfg(test)]
mod tests;
mod write;

pub use identity::{ModelId, NotAModelId, identity};
pub use open::open;
pub use write::{size, write};

use crate::problem::Defects;

/// What an image holds besides the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Contents {
    /// Names too.
    #[default]
    Everything,
    /// All but the problem's own name, which is no part of its [`identity`]: what is stored under that, so that it has the
    /// same bytes whoever stores it.
    Nameless,
    /// No names at all (of columns, rows, sets, the objective, the problem): what a solver gets. Smaller, and private.
    WithoutNames,
}

/// Why bytes are no image of a problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// They do not begin as an image does.
    #[error("not a problem image: it begins with {found}; an image begins with 89 46 41 52 4b 41 53 0a")]
    NotAnImage {
        /// The first bytes, in hexadecimal.
        found: String,
    },
    /// Another version of the layout.
    #[error("an image of layout version {found}; this program reads version {known}: write it again from its source")]
    Version {
        /// The version it names.
        found: u32,
        /// The version that is known here.
        known: u32,
    },
    /// Written in the other byte order, or read on a machine that is not little-endian.
    #[error("an image is little-endian, and so must be the machine that reads it in place")]
    ByteOrder,
    /// Longer or shorter than its header says.
    #[error("the image says that it has {expected} bytes, and has {got}: it was cut or something was appended")]
    Length {
        /// Bytes by its header.
        expected: u64,
        /// Bytes there are.
        got: u64,
    },
    /// A place in it holds what may not stand there.
    #[error("image damaged at byte {at}: {finding}; fetch or write it again")]
    Damaged {
        /// Byte position.
        at: u64,
        /// What is wrong there.
        finding: String,
    },
    /// The layout is sound, and the problem in it is not.
    #[error("{0}")]
    Defects(#[from] Defects),
}

impl ImageError {
    /// The stable code: `image-damaged`, say.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAnImage { .. } => "image-not-an-image",
            Self::Version { .. } => "image-version",
            Self::ByteOrder => "image-byte-order",
            Self::Length { .. } => "image-length",
            Self::Damaged { .. } => "image-damaged",
            Self::Defects(defects) => defects.code(),
        }
    }
}
