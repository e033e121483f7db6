//! Where a text is wrong, what was found there, and what to do about it. Every error of every reader is one of these.

use std::borrow::Cow;
use std::fmt;

use crate::problem::Defects;

/// Where something stands in what was read.
#[derive(Debug, Clone, PartialEq)]
pub enum TextPlace {
    /// A line and a column in it, both counted from 1, the column in characters.
    Line {
        /// The format's name as people write it: `MPS`, `solution`.
        format: &'static str,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// A value in a JSON document.
    Pointer {
        /// RFC 6901 pointer from the root of what the sender sent: `/model/constraints/mix`; empty for the root.
        pointer: String,
        /// Character within that value's text, from 1, where the text has a grammar of its own.
        character: Option<usize>,
    },
    /// The file as a whole, or a byte of it before it was text (compression).
    Byte {
        /// What it was read as: `gzip`, `zstd`.
        format: &'static str,
        /// Offset from 0.
        offset: u64,
    },
    /// The text was read, and the problem it describes is defective.
    Problem(Defects),
}

/// A text that could not be read: a stable code, the place, the finding and the remedy.
///
/// ```
/// let error = farkas_modeling::formats::mps::read(b"NAME T\nROWS\n N obj\nCOLUMNS\n x cost 1\nENDATA\n").unwrap_err();
/// assert_eq!(error.code, "mps-unknown-row");
/// assert_eq!((error.line(), error.column()), (Some(5), Some(4)));
/// assert_eq!(
///     error.to_string(),
///     "MPS line 5, column 4: 'cost' is not a row named in ROWS; rows end at line 3"
/// );
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FormatError {
    /// Stable, for programs: `mps-unknown-row`.
    pub code: &'static str,
    /// Where.
    pub place: Box<TextPlace>,
    /// What was found there.
    pub finding: Box<str>,
    /// What to do about it.
    pub remedy: Cow<'static, str>,
}

impl FormatError {
    /// An error at a line and a column.
    pub fn at_line(
        format: &'static str,
        line: usize,
        column: usize,
        code: &'static str,
        finding: impl Into<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(TextPlace::Line { format, line, column }, code, finding, remedy)
    }

    /// An error at a value of a JSON document.
    pub fn at_pointer(
        pointer: impl Into<String>,
        character: Option<usize>,
        code: &'static str,
        finding: impl Into<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(TextPlace::Pointer { pointer: pointer.into(), character }, code, finding, remedy)
    }

    /// An error at a byte of something that is not text.
    pub fn at_byte(
        format: &'static str,
        offset: u64,
        code: &'static str,
        finding: impl Into<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(TextPlace::Byte { format, offset }, code, finding, remedy)
    }

    fn new(
        place: TextPlace,
        code: &'static str,
        finding: impl Into<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { code, place: Box::new(place), finding: finding.into().into(), remedy: remedy.into() }
    }

    /// Line from 1, where the place is one.
    pub fn line(&self) -> Option<usize> {
        match *self.place {
            TextPlace::Line { line, .. } => Some(line),
            _ => None,
        }
    }

    /// Column in characters from 1, where the place is a line.
    pub fn column(&self) -> Option<usize> {
        match *self.place {
            TextPlace::Line { column, .. } => Some(column),
            _ => None,
        }
    }

    /// JSON pointer, where the place is in a JSON document.
    pub fn pointer(&self) -> Option<&str> {
        match &*self.place {
            TextPlace::Pointer { pointer, .. } => Some(pointer),
            _ => None,
        }
    }

    /// The defects, where the text was read and its problem is defective.
    pub fn defects(&self) -> Option<&Defects> {
        match &*self.place {
            TextPlace::Problem(defects) => Some(defects),
            _ => None,
        }
    }
}

impl From<Defects> for FormatError {
    fn from(defects: Defects) -> Self {
        let code = defects.code();
        let finding = defects.to_string();
        Self::new(TextPlace::Problem(defects), code, finding, "correct what is named")
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.place {
            TextPlace::Line { format, line, column } => write!(f, "{format} line {line}, column {column}: ")?,
            TextPlace::Pointer { pointer, character } => {
                write!(f, "{}", if pointer.is_empty() { "/" } else { pointer })?;
                if let Some(character) = character {
                    write!(f, ", character {character}")?;
                }
                write!(f, ": ")?;
            }
            TextPlace::Byte { format, offset } => write!(f, "{format}, byte {offset}: ")?,
            TextPlace::Problem(_) => return write!(f, "{}", self.finding),
        }
        write!(f, "{}; {}", self.finding, self.remedy)
    }
}

impl std::error::Error for FormatError {}

/// Something that was read but deserves a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Stable, for programs: `mps-repeated-entry`.
    pub code: &'static str,
    /// Line from 1, where there is one.
    pub line: Option<usize>,
    /// What was met and how it was understood.
    pub detail: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

/// What was read, and what deserves a word. There are at most as many warnings as there are codes.
#[derive(Debug, Clone, PartialEq)]
pub struct Read<T> {
    /// What was read.
    pub value: T,
    /// One a code, told at its first occurrence, with the number of all of them.
    pub warnings: Vec<Warning>,
}

/// Line and column (in characters, both from 1) of a byte offset. Walks the text, so it is for errors only.
pub(crate) fn locate(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = &bytes[..offset.min(bytes.len())];
    let line = 1 + memchr::memchr_iter(b'\n', before).count();
    let begin = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    // Continuation bytes of UTF-8 do not begin a character.
    let column = 1 + before[begin..].iter().filter(|&&b| b & 0xC0 != 0x80).count();
    (line, column)
}

/// Text from outside as it may stand in a message: short, one line, printable.
pub(crate) fn quote(bytes: &[u8]) -> String {
    const SHOWN: usize = 40;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SHOWN)]);
    let mut shown = String::new();
    for c in text.chars().take(SHOWN) {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    if text.chars().count() > SHOWN || bytes.len() > 4 * SHOWN {
        shown.push('…');
    }
    format!("'{shown}'")
}
