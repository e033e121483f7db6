//! File formats, each read from untrusted bytes by safe code and written by streaming.
//!
//! [`read_problem`] takes whatever comes, compressed or not, and [`write_problem`] writes what is asked for; the formats' own
//! modules read and write one kind of text each. Every
//! error is a [`FormatError`] with its place; what was understood with some doubt is a [`Warning`].

pub mod ampl_sol;
mod compression;
mod fault;
pub mod json;
pub mod lp;
pub mod mof;
pub mod mps;
pub mod nl;
mod number;
mod place;
mod polynomial;
mod safe_names;
pub mod solution;
mod triplets;
mod write;

use crate::problem::Problem;
pub use compression::{Compression, Encoder, SizeLimits, decompress, decompress_into, read_all};
pub use place::{FormatError, Read, TextPlace, Warning};
pub use write::{WriteError, write_problem};

/// A kind of text that describes a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// MPS, fixed or free.
    Mps,
    /// Farkas JSON.
    Json,
    /// CPLEX LP.
    Lp,
    /// AMPL `.nl`, text or binary.
    Nl,
    /// `MathOptFormat`, JuMP's JSON.
    MathOptFormat,
}

impl Format {
    /// By a file's name (with or without a suffix for its compression) or by a media type.
    ///
    /// ```
    /// use farkas_modeling::formats::Format;
    /// assert_eq!(Format::of_hint("models/air03.MPS.gz"), Some(Format::Mps));
    /// assert_eq!(Format::of_hint("application/mps; charset=utf-8"), Some(Format::Mps));
    /// assert_eq!(Format::of_hint("a.mof.json"), Some(Format::MathOptFormat));
    /// assert_eq!(Format::of_hint("notes.txt"), None);
    /// ```
    pub fn of_hint(hint: &str) -> Option<Self> {
        let media_type = hint.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media_type.as_str() {
            "application/mps" | "application/x-mps" | "text/mps" => return Some(Self::Mps),
            "application/json" | "application/vnd.farkas+json" => return Some(Self::Json),
            "application/lp" | "application/x-lp" => return Some(Self::Lp),
            "application/nl" => return Some(Self::Nl),
            "application/mathoptformat+json" => return Some(Self::MathOptFormat),
            _ => {}
        }
        let name = Compression::of_file_name(hint.trim()).1.to_ascii_lowercase();
        let suffixes = [
            (".mof.json", Self::MathOptFormat),
            (".mof", Self::MathOptFormat),
            (".json", Self::Json),
            (".mps", Self::Mps),
            (".lp", Self::Lp),
            (".nl", Self::Nl),
        ];
        suffixes.into_iter().find(|(suffix, _)| name.ends_with(suffix)).map(|(_, format)| format)
    }

    /// The media type by which [`of_hint`](Self::of_hint) knows it.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Mps => "application/mps",
            Self::Json => "application/json",
            Self::Lp => "application/lp",
            Self::Nl => "application/nl",
            Self::MathOptFormat => "application/mathoptformat+json",
        }
    }

    /// By what the text looks like; text that looks like nothing else is taken for MPS.
    pub fn of_text(text: &[u8]) -> Self {
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text).trim_ascii_start();
        let first = text.split(|b| b.is_ascii_whitespace() || *b == b':').next().unwrap_or_default();
        let begins = |word: &str| first.eq_ignore_ascii_case(word.as_bytes());
        if text.first() == Some(&b'{') {
            let head = &text[..text.len().min(2000)];
            let is_mof = memchr::memmem::find(head, b"\"version\"").is_some()
                && memchr::memmem::find(head, b"\"variables\"").is_some()
                && memchr::memmem::find(head, b"\"minor\"").is_some();
            if is_mof { Self::MathOptFormat } else { Self::Json }
        } else if text.first() == Some(&b'\\')
            || ["minimize", "maximize", "minimise", "maximise", "minimum", "maximum", "min", "max"]
                .into_iter()
                .any(begins)
        {
            Self::Lp
        } else if matches!(text, [b'g' | b'b', b'0'..=b'9', ..]) {
            Self::Nl
        } else {
            Self::Mps
        }
    }
}

/// Reads a problem from bytes as they come: opened if they are compressed, in the format that `hint` (a file's name or a
/// media type) tells, or else the text itself.
///
/// # Errors
/// Those of the compression and of the format.
///
/// ```
/// let text = b"NAME T\nROWS\n N cost\nCOLUMNS\n x cost 1\nENDATA\n";
/// let read = farkas_modeling::formats::read_problem(text, Some("t.mps"))?;
/// assert_eq!(read.value.num_columns(), 1);
/// # Ok::<(), farkas_modeling::formats::FormatError>(())
/// ```
pub fn read_problem(bytes: &[u8], hint: Option<&str>) -> Result<Read<Problem>, FormatError> {
    read_problem_with(bytes, hint, &SizeLimits::default())
}

/// As [`read_problem`], with limits of one's own.
///
/// # Errors
/// As [`read_problem`].
pub fn read_problem_with(bytes: &[u8], hint: Option<&str>, limits: &SizeLimits) -> Result<Read<Problem>, FormatError> {
    read_text(&decompress(bytes, limits)?, hint)
}

/// As [`read_problem`], of a text that is opened already.
///
/// # Errors
/// Those of the format.
pub fn read_text(text: &[u8], hint: Option<&str>) -> Result<Read<Problem>, FormatError> {
    let format = hint.and_then(Format::of_hint).unwrap_or_else(|| Format::of_text(text));
    match format {
        Format::Mps => mps::read(text),
        Format::Json => json::read(text),
        Format::Nl => nl::read(text),
        Format::Lp => lp::read(text),
        Format::MathOptFormat => mof::read(text),
    }
}
