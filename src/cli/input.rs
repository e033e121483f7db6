//! Reads problem and solution files: bytes from a file or standard input, parsed by our own formats.

use std::io::Read as _;
use std::path::Path;

use farkas_modeling::Problem;
use farkas_modeling::formats::{self, Format, nl};

use crate::cli::{Exit, Failure};

/// A file of more bytes is refused before it is read.
const MOST_BYTES: u64 = 8 << 30;

/// The bytes of a file, or of standard input for `-`.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let refuse = |what: String| Failure::new(Exit::Unreadable, format!("{shown}: {what}"));
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin()
            .lock()
            .take(MOST_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| refuse(format!("standard input could not be read: {e}")))?;
    } else {
        let file = std::fs::File::open(path).map_err(|e| refuse(format!("could not be opened: {e}")))?;
        let size = file.metadata().map_err(|e| refuse(format!("could not be read: {e}")))?;
        if size.is_dir() {
            return Err(refuse("is a folder; name a problem file".to_string()));
        }
        bytes.reserve_exact(usize::try_from(size.len().min(MOST_BYTES)).unwrap_or(0));
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|e| refuse(format!("could not be read: {e}")))?;
    }
    if bytes.len() as u64 > MOST_BYTES {
        return Err(refuse(format!("is larger than {} GiB", MOST_BYTES >> 30)));
    }
    Ok(bytes)
}

/// A problem from a file; what the reader warns of goes to standard error.
pub fn problem(path: &Path) -> Result<Problem, Failure> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).filter(|n| *n != "-");
    if name.as_deref().and_then(Format::of_hint) == Some(Format::Nl) {
        return nl_model(path, 1).map(|model| model.problem);
    }
    read(path, name.as_deref())
}

/// The same in a format that the caller knows, whatever the file's name says.
pub fn problem_in(path: &Path, format: Format) -> Result<Problem, Failure> {
    read(path, Some(format.media_type()))
}

fn read(path: &Path, hint: Option<&str>) -> Result<Problem, Failure> {
    let bytes = bytes(path)?;
    let read = formats::read_problem(&bytes, hint).map_err(|e| unreadable(path, &e))?;
    warn(path, &read.warnings);
    Ok(read.value)
}

/// An AMPL model from an `.nl` file, with the names in the `.col` and `.row` files beside it, if there are any.
/// `objective` says which one, from 1; 0 none.
pub fn nl_model(path: &Path, objective: usize) -> Result<nl::Model, Failure> {
    let bytes = bytes(path)?;
    let text = formats::decompress(&bytes, &formats::SizeLimits::default()).map_err(|e| unreadable(path, &e))?;
    // `model.nl` and `model.nl.gz` alike have `model.col` beside them.
    let plain = Path::new(formats::Compression::of_file_name(path.to_str().unwrap_or_default()).1);
    let beside = |suffix: &str| std::fs::read(plain.with_extension(suffix)).ok();
    let (columns, rows) = (beside("col"), beside("row"));
    let settings =
        nl::Settings { objective: Some(objective), column_names: columns.as_deref(), row_names: rows.as_deref() };
    let read = nl::read_model(&text, &settings).map_err(|e| unreadable(path, &e))?;
    warn(path, &read.warnings);
    Ok(read.value)
}

fn unreadable(path: &Path, error: &formats::FormatError) -> Failure {
    Failure::new(Exit::Unreadable, format!("{}: {error} [{}]", path.display(), error.code))
}

fn warn(path: &Path, warnings: &[formats::Warning]) {
    for warning in warnings {
        eprintln!("{} {}: {warning}", console::style("warning:").for_stderr().yellow().bold(), path.display());
    }
}
