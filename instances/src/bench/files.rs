//! Files of records: one JSON line a run, read back, put together, and written on.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use farkas_modeling::formats::{SizeLimits, read_all};

use super::{BenchError, Record};

const REMEDY: &str = "choose another file for the records";

/// The records of several files, compressed or not, each run once: where two tell of the same run, the later one counts.
///
/// # Errors
/// For a file that cannot be read, and for a line of it that is no record.
pub fn read_records(paths: &[PathBuf]) -> Result<Vec<Record>, BenchError> {
    let mut all: Vec<Record> = Vec::new();
    let mut of_instance: HashMap<String, Vec<usize>> = HashMap::new();
    for path in paths {
        let text = opened(path).map_err(|source| BenchError::File {
            path: path.clone(),
            source,
            remedy: "name files of records",
        })?;
        for record in parse(path, &text)? {
            let there = of_instance.entry(record.key.instance.clone()).or_default();
            if let Some(&at) = there.iter().find(|&&at| all[at].key == record.key) {
                all[at] = record;
            } else {
                there.push(all.len());
                all.push(record);
            }
        }
    }
    Ok(all)
}

fn opened(path: &Path) -> io::Result<String> {
    let bytes = read_all(File::open(path)?, &SizeLimits::default())?;
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// The records of earlier runs in the file that later ones are written to. A last line without its end (the program was
/// killed while it wrote) is cut off the file, so that the next record begins a line of its own.
pub(super) fn resume(path: &Path) -> Result<Vec<Record>, BenchError> {
    let error = |source| BenchError::File { path: path.into(), source, remedy: REMEDY };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(other) => return Err(error(other)),
    };
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    if whole < text.len() {
        let file = OpenOptions::new().write(true).open(path).map_err(error)?;
        file.set_len(whole as u64).map_err(error)?;
    }
    parse(path, &text[..whole])
}

fn parse(path: &Path, text: &str) -> Result<Vec<Record>, BenchError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let record = |(at, line)| {
        serde_json::from_str(line).map_err(|finding| BenchError::Record {
            path: path.into(),
            line: at + 1,
            finding: finding.to_string(),
        })
    };
    lines.map(record).collect()
}

pub(super) fn append_to(path: &Path) -> Result<File, BenchError> {
    let open = OpenOptions::new().create(true).append(true).open(path);
    open.map_err(|source| BenchError::File { path: path.into(), source, remedy: REMEDY })
}

pub(super) fn append(out: &mut File, path: &Path, record: &Record) -> Result<(), BenchError> {
    let mut line = serde_json::to_vec(record).expect("a record is plain data with string keys, which JSON can hold");
    line.push(b'\n');
    let remedy = "is the disk full?";
    out.write_all(&line).map_err(|source| BenchError::File { path: path.into(), source, remedy })
}
