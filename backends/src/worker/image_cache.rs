//! The images that workers map: one sealed memory file a problem, however many workers share it, for as long as one of
//! them has it open.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use farkas_modeling::Problem;
use farkas_modeling::image::{self, Contents};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

/// A problem's image without names, in a memory file that cannot be changed any more.
#[derive(Debug)]
pub(super) struct SealedImage(OwnedFd);

impl AsFd for SealedImage {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl SealedImage {
    /// Writes the image of a problem and seals it.
    pub(super) fn of(problem: &Problem) -> io::Result<Self> {
        let file = File::from(memfd_create("farkas-problem", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
        let mut out = BufWriter::with_capacity(1 << 16, file);
        image::write(problem, Contents::WithoutNames, &mut out)?;
        out.flush()?;
        let file = OwnedFd::from(out.into_inner().map_err(io::IntoInnerError::into_error)?);
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL)?;
        Ok(Self(file))
    }
}

/// The image of a problem, while anybody uses it. Locked while it is made.
type Slot = Arc<Mutex<Weak<SealedImage>>>;

struct Entry {
    problem: Weak<Problem>,
    slot: Slot,
}

/// By the problem's address: its `Weak` keeps the address from being used again.
static CACHE: Mutex<Option<HashMap<usize, Entry>>> = Mutex::new(None);

/// The image of this problem: made by whoever asks first, and shared for as long as anybody holds it.
///
/// # Errors
/// When there is no memory for it.
pub(super) fn image_of(problem: &Arc<Problem>) -> io::Result<Arc<SealedImage>> {
    let slot = {
        let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        let cache = cache.get_or_insert_default();
        cache.retain(|_, entry| entry.problem.strong_count() > 0);
        let fresh = || Entry { problem: Arc::downgrade(problem), slot: Slot::default() };
        Arc::clone(&cache.entry(Arc::as_ptr(problem) as usize).or_insert_with(fresh).slot)
    };
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(image) = slot.upgrade() {
        return Ok(image);
    }
    let image = Arc::new(SealedImage::of(problem)?);
    *slot = Arc::downgrade(&image);
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_image_a_problem_and_sealed() {
        let problem = Arc::new(Problem::new(farkas_modeling::ProblemData::default()).unwrap());
        let (first, second) = (image_of(&problem).unwrap(), image_of(&problem).unwrap());
        assert!(Arc::ptr_eq(&first, &second));
        let mut file = File::from(first.0.try_clone().unwrap());
        assert!(file.write_all(b"changed").is_err(), "a sealed file was written");
        assert!(file.set_len(1).is_err(), "a sealed file was cut");

        let gone = Arc::downgrade(&first);
        drop((first, second));
        assert!(gone.upgrade().is_none(), "the image outlived its users");
        image_of(&problem).unwrap();
    }
}
