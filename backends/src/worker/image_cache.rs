//! The images that workers map: one sealed memory file a problem, however many workers share it, for as long as one of
//! them has it open.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use farkas_modeling::Problem;
use farkas_modeling::image::{self, Contents};
use farkas_modeling::problem::Bytes;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use super::ffi::map_sealed;

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

/// Problems whose images are smaller than this stay where they are: mapping them costs more than they take.
const LEAST_SHARED: u64 = 1 << 22;

/// A mapped image that keeps its memory file, so that workers get the same one.
struct Kept {
    mapped: Arc<dyn Bytes>,
    /// As long as the problem lives, [`image_of`] finds it.
    _file: Arc<SealedImage>,
}

impl Bytes for Kept {
    fn bytes(&self) -> &[u8] {
        self.mapped.bytes()
    }
}

/// The same problem, its numbers in the memory file that workers will map: whoever hands a large problem to workers holds
/// one copy of it together with them. Names stay here. Where that is not worth it, or there is no memory for it, the problem is
/// as it was.
pub fn share(problem: Problem) -> Arc<Problem> {
    if image::size(&problem, Contents::WithoutNames).map_or(true, |bytes| bytes < LEAST_SHARED) {
        return Arc::new(problem);
    }
    let kept = SealedImage::of(&problem).and_then(|image| {
        let mapped = map_sealed(image.0.try_clone()?)?;
        Ok((Arc::new(image), mapped))
    });
    let Ok((image, mapped)) = kept else { return Arc::new(problem) };
    let bytes = Arc::new(Kept { mapped, _file: Arc::clone(&image) });
    let Ok(opened) = image::open(bytes) else { return Arc::new(problem) };
    match problem.stored_in(&opened) {
        Ok(problem) => {
            let problem = Arc::new(problem);
            *slot_of(&problem).lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&image);
            problem
        }
        Err(as_it_was) => Arc::new(*as_it_was),
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

fn slot_of(problem: &Arc<Problem>) -> Slot {
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = cache.get_or_insert_default();
    cache.retain(|_, entry| entry.problem.strong_count() > 0);
    let fresh = || Entry { problem: Arc::downgrade(problem), slot: Slot::default() };
    Arc::clone(&cache.entry(Arc::as_ptr(problem) as usize).or_insert_with(fresh).slot)
}

/// The image of this problem: made by whoever asks first, and shared for as long as anybody holds it.
///
/// # Errors
/// When there is no memory for it.
pub(super) fn image_of(problem: &Arc<Problem>) -> io::Result<Arc<SealedImage>> {
    let slot = slot_of(problem);
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
    use farkas_modeling::ProblemData;

    use super::*;

    #[test]
    fn one_image_a_problem_and_sealed() {
        let problem = Arc::new(Problem::new(ProblemData::default()).unwrap());
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

    #[test]
    fn a_large_problem_is_shared_with_its_image_and_the_file_goes_with_it() {
        let n = 1 << 17;
        let data = ProblemData {
            name: "wide".into(),
            cost: (0..n).map(f64::from).collect(),
            lower: vec![0.0; n as usize],
            upper: vec![1.0; n as usize],
            row_lower: vec![1.0],
            row_upper: vec![2.0],
            starts: (0..=n).collect(),
            indices: vec![0; n as usize],
            values: vec![1.5; n as usize],
            ..ProblemData::default()
        };
        let problem = share(Problem::new(data.clone()).unwrap());
        assert_eq!(*problem, Problem::new(data).unwrap());
        let image = image_of(&problem).unwrap();
        assert!(Arc::ptr_eq(&image, &image_of(&problem).unwrap()));
        let gone = Arc::downgrade(&image);
        drop(image);
        assert!(gone.upgrade().is_some(), "the problem's own file is gone");
        drop(problem);
        assert!(gone.upgrade().is_none(), "the file outlived its problem");
    }
}
