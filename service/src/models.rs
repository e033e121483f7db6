//! Stored models: a project's entry for one, and how its problem comes from the store. A derived model is its base's image
//! and the patches upon it, so that a thousand scenarios of a large model are one image and a thousand short texts.

use std::io;
use std::sync::Arc;

use farkas_api_types::ProblemShape;
use farkas_modeling::Problem;
use farkas_modeling::image::{self, Contents};
use farkas_modeling::patch::Patch;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::access::hex;
use crate::incoming::MOST_IN_MEMORY;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;

/// Patches that may stand upon one another; deeper is stored as an image of its own.
pub const MOST_PATCHES: usize = 16;

/// Where a problem's parts are in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Key of an image.
    pub model: String,
    /// Keys of patches upon it, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<String>,
}

/// A project's entry for a model; its id is the model's identity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// As its file says, or its sender.
    pub name: Option<String>,
    /// Where it is.
    pub source: Source,
    /// Its shape.
    pub shape: ProblemShape,
    /// The model that it was made from.
    pub base: Option<String>,
    /// When it was stored.
    pub created_at: Timestamp,
}

/// What is kept under a key.
#[derive(Debug, Clone)]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The image of a problem, which is too large to stand in memory beside it: it is written while it is made.
    Image(Arc<Problem>),
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

/// Writes the image by which a problem is stored under its identity. It does not tell the problem's own name: the same image
/// is another project's too, which may call it otherwise.
///
/// # Errors
/// What the writer says; names of more than 4 GiB.
pub fn write_image(problem: &Problem, out: &mut impl io::Write) -> io::Result<()> {
    image::write(problem, Contents::Nameless, out)
}

/// That image, to be kept.
///
/// # Errors
/// Names of more than 4 GiB.
pub fn image_of(problem: &Arc<Problem>) -> io::Result<Content> {
    let size = image::size(problem, Contents::Nameless)?;
    if size > MOST_IN_MEMORY as u64 {
        return Ok(Content::Image(Arc::clone(problem)));
    }
    let mut bytes = Vec::with_capacity(size as usize);
    write_image(problem, &mut bytes)?;
    Ok(Content::Bytes(bytes))
}

/// Key of an image.
pub fn image_key(identity: &str) -> String {
    format!("model/{identity}")
}

/// Key of a patch, which like an image is stored once.
pub fn patch_key(json: &[u8]) -> String {
    format!("patch/{}", hex(&Sha256::digest(json)))
}

/// The problem, without a name of its own; or a sentence why there is none (any more).
///
/// # Errors
/// When the store fails.
pub async fn open(store: &impl Store, source: &Source) -> Result<Result<Problem, String>, StoreError> {
    let Some(bytes) = store.body(&source.model).await? else {
        return Ok(Err("its model is not in the store any more".into()));
    };
    let mut patches = Vec::with_capacity(source.patches.len());
    for key in &source.patches {
        match store.body(key).await? {
            Some(json) => patches.push(json),
            None => return Ok(Err("a patch of its model is not in the store any more".into())),
        }
    }
    let opened = tokio::task::spawn_blocking(move || {
        let problem = image::open(Arc::new(bytes)).map_err(|error| format!("its model does not read: {error}"))?;
        // Images of earlier versions have the name that the first who stored them gave.
        let problem = problem.named("");
        patches.iter().try_fold(problem, |problem, json| {
            let patch: Patch =
                serde_json::from_slice(json).map_err(|error| format!("a patch of its model does not read: {error}"))?;
            patch.apply(&problem).map_err(|error| format!("a patch of its model does not fit: {error}"))
        })
    });
    Ok(opened.await.unwrap_or_else(|error| Err(format!("reading its model panicked: {error}"))))
}
