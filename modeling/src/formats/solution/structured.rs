//! Solutions in JSON and CSV, read from what Farkas and others write.

use super::Reader;
use crate::formats::json::Document;
use crate::formats::json::document::{At, Path};
use crate::formats::place::{FormatError, quote};

/// A result document (`{"objective": 3, "variables": {"x": 1}}`), or a bare map from name to value.
pub(super) fn read_json(reader: &mut Reader<'_>) -> Result<(), FormatError> {
    let document = Document::parse(reader.text)?;
    let root = At { value: &document, path: &Path::Root("") };
    let entries = root.object()?;
    let get = |key: &str| entries.iter().find(|(k, _)| k == key).map(|(_, value)| value);
    // A variable may be called so, but no variable's value is an object.
    let Some(variables @ (Document::Object(_) | Document::Null)) = get("variables") else {
        return read_map(reader, root);
    };
    if let Some(Document::Number(objective)) = get("objective") {
        reader.objective = Some(*objective);
    }
    let path = Path::Key(root.path, "variables");
    if *variables == Document::Null {
        let finding = "the result has no variables";
        return Err(path.error("solution-none", finding, "give a result with a solution"));
    }
    read_map(reader, At { value: variables, path: &path })
}

fn read_map(reader: &mut Reader<'_>, at: At<'_, '_>) -> Result<(), FormatError> {
    for (name, value) in at.object()? {
        let path = Path::Key(at.path, name);
        let Document::Number(number) = value else {
            let finding = format!("{} where a finite value must stand", value.kind());
            return Err(path.error("solution-number", finding, "give each variable a number"));
        };
        let Some(column) = reader.problem.column_names().find(name) else {
            let finding = format!("{} is not a column of the problem", quote(name.as_bytes()));
            return Err(path.error("solution-unknown-column", finding, "is this the solution of another problem?"));
        };
        // The document has no key twice.
        reader.values[column] = *number;
        reader.named[column] = true;
    }
    Ok(())
}

/// Whether the first line is a heading of columns for names and values.
pub(super) fn is_csv(text: &[u8]) -> bool {
    let first = text.split(|&b| b == b'\n').next().unwrap_or_default();
    let mut fields = first.split(|&b| b == b',').map(|f| f.trim_ascii().trim_ascii_end());
    let names = |field: Option<&[u8]>, words: &[&str]| {
        field.is_some_and(|f| words.iter().any(|word| f.eq_ignore_ascii_case(word.as_bytes())))
    };
    names(fields.next(), &["variable", "name", "column"]) && names(fields.next(), &["value", "level"])
}

/// RFC 4180 with a heading: the first column holds names, the second values, others are not looked at.
pub(super) fn read_csv(reader: &mut Reader<'_>) -> Result<(), FormatError> {
    let text = reader.text;
    let mut table = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text);
    let mut record = csv::ByteRecord::new();
    loop {
        // Only the source can fail, and this one is in memory.
        let more = table.read_byte_record(&mut record).unwrap_or(false);
        if !more {
            return Ok(());
        }
        let at = record.position().map_or(0, |position| position.byte() as usize);
        let (Some(name), Some(value)) = (record.get(0), record.get(1)) else {
            return Err(reader.error(
                at,
                "solution-line",
                "a line without a value",
                "give a name, a comma and a value",
            ));
        };
        reader.set(at, name, value)?;
    }
}
