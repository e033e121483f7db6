//! The bytes of an `.nl` file as numbers and words, whether they are text or binary.
//!
//! Invariant: nothing is allocated because a number in the file says so.

use crate::formats::number;
use crate::formats::place::{FormatError, locate, quote};

/// How what stands behind the header is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `g`: numbers in decimal, an item a line.
    Text,
    /// `b`: 32-bit integers and doubles, the lower byte first.
    LittleEndian,
    /// The same, the upper byte first.
    BigEndian,
}

/// A file and a position in it.
#[derive(Debug, Clone)]
pub(super) struct Input<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
    pub form: Form,
    /// Where the header ends, which is text in both forms.
    pub header_end: usize,
}

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, form: Form::Text, header_end: 0 }
    }

    /// An error at a byte: told as line and column where the file is text.
    #[cold]
    pub fn error(
        &self,
        at: usize,
        code: &'static str,
        finding: impl Into<String>,
        remedy: impl Into<String>,
    ) -> FormatError {
        if self.form != Form::Text && at >= self.header_end {
            return FormatError::at_byte("nl", at as u64, code, finding, remedy.into());
        }
        let (line, column) = locate(self.bytes, at);
        FormatError::at_line("nl", line, column, code, finding, remedy.into())
    }

    #[cold]
    fn cut_off(&self, wanted: &str) -> FormatError {
        let finding = format!("the file ends where {wanted} must stand");
        self.error(self.bytes.len(), "nl-cut-off", finding, "was the file copied whole?")
    }

    fn skip_blanks(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// The next word of the line: text only.
    fn token(&mut self, wanted: &str) -> Result<&'a [u8], FormatError> {
        self.skip_blanks();
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|b| b.is_ascii_whitespace() || *b == b'#').unwrap_or(rest.len());
        if len == 0 {
            if rest.is_empty() {
                return Err(self.cut_off(wanted));
            }
            let finding = format!("the line ends where {wanted} must stand");
            return Err(self.error(self.at, "nl-number", finding, "complete the line"));
        }
        self.at += len;
        Ok(&rest[..len])
    }

    /// The next `N` bytes: binary only.
    fn fixed<const N: usize>(&mut self, wanted: &str) -> Result<[u8; N], FormatError> {
        let Some(bytes) = self.bytes[self.at..].first_chunk::<N>() else { return Err(self.cut_off(wanted)) };
        self.at += N;
        Ok(*bytes)
    }

    /// The letter of the next segment; `None` at the end of the file.
    pub fn segment(&mut self) -> Option<u8> {
        if self.form == Form::Text {
            while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
                self.at += 1;
            }
        }
        let letter = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(letter)
    }

    /// A letter that must be there: what kind of term or bound follows.
    pub fn letter(&mut self, wanted: &str) -> Result<u8, FormatError> {
        if self.form == Form::Text {
            self.skip_blanks();
        }
        let letter = *self.bytes.get(self.at).ok_or_else(|| self.cut_off(wanted))?;
        self.at += 1;
        Ok(letter)
    }

    /// A whole number.
    pub fn integer(&mut self, wanted: &str) -> Result<i64, FormatError> {
        match self.form {
            Form::Text => {
                let token = self.token(wanted)?;
                std::str::from_utf8(token).ok().and_then(|text| text.parse().ok()).ok_or_else(|| {
                    let finding = format!("{} where {wanted} must stand", quote(token));
                    self.error(self.at - token.len(), "nl-number", finding, "give a whole number")
                })
            }
            Form::LittleEndian => Ok(i32::from_le_bytes(self.fixed(wanted)?).into()),
            Form::BigEndian => Ok(i32::from_be_bytes(self.fixed(wanted)?).into()),
        }
    }

    /// A 16-bit whole number in binary, any in text.
    pub fn short(&mut self, wanted: &str) -> Result<i64, FormatError> {
        match self.form {
            Form::Text => self.integer(wanted),
            Form::LittleEndian => Ok(i16::from_le_bytes(self.fixed(wanted)?).into()),
            Form::BigEndian => Ok(i16::from_be_bytes(self.fixed(wanted)?).into()),
        }
    }

    /// A position from 0 to below `end`.
    pub fn index(&mut self, end: usize, wanted: &str) -> Result<u32, FormatError> {
        let begin = self.at;
        let value = self.integer(wanted)?;
        if (0..end as i64).contains(&value) {
            return Ok(value as u32);
        }
        let finding = format!("{wanted} is {value}; the header says that there are {end}");
        Err(self.error(self.word_at(begin), "nl-index", finding, "positions count from 0; is the file damaged?"))
    }

    /// A number of things from 0 to `most`.
    pub fn count(&mut self, most: usize, wanted: &str) -> Result<usize, FormatError> {
        let begin = self.at;
        let value = self.integer(wanted)?;
        if (0..=most as i64).contains(&value) {
            return Ok(value as usize);
        }
        let finding = format!("{wanted} is {value}; it can be 0 to {most}");
        Err(self.error(self.word_at(begin), "nl-count", finding, "is the file damaged?"))
    }

    /// Where a word that was read from `begin` begins.
    pub fn word_at(&self, begin: usize) -> usize {
        if self.form != Form::Text {
            return begin;
        }
        begin + self.bytes[begin..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
    }

    /// A double; NaN is refused, infinities are the caller's affair.
    pub fn double(&mut self, wanted: &str) -> Result<f64, FormatError> {
        let begin = self.at;
        let value = match self.form {
            Form::Text => {
                let token = self.token(wanted)?;
                number::parse(token).ok_or_else(|| {
                    let finding = format!("{} where {wanted} must stand", quote(token));
                    self.error(self.at - token.len(), "nl-number", finding, "give a number")
                })?
            }
            Form::LittleEndian => f64::from_le_bytes(self.fixed(wanted)?),
            Form::BigEndian => f64::from_be_bytes(self.fixed(wanted)?),
        };
        if value.is_nan() {
            let at = self.word_at(begin);
            return Err(self.error(at, "nl-not-a-number", format!("{wanted} is NaN"), "give a number"));
        }
        Ok(value)
    }

    /// A double that is finite.
    pub fn finite(&mut self, wanted: &str) -> Result<f64, FormatError> {
        let begin = self.at;
        let value = self.double(wanted)?;
        if value.is_finite() {
            return Ok(value);
        }
        let at = self.word_at(begin);
        Err(self.error(at, "nl-infinite", format!("{wanted} is infinite"), "give a finite number"))
    }

    /// A name: a word in text, a length and bytes in binary.
    pub fn name(&mut self, wanted: &str) -> Result<&'a [u8], FormatError> {
        if self.form == Form::Text {
            return self.token(wanted);
        }
        let len = self.count(self.bytes.len(), "the length of a name")?;
        let rest = &self.bytes[self.at..];
        let Some(name) = rest.get(..len) else { return Err(self.cut_off(wanted)) };
        self.at += len;
        Ok(name)
    }

    /// What may stand at the end of an item: a comment and the end of its line. Binary files have neither.
    pub fn end_of_line(&mut self) -> Result<(), FormatError> {
        if self.form != Form::Text {
            return Ok(());
        }
        self.skip_blanks();
        let rest = &self.bytes[self.at..];
        let end = memchr::memchr(b'\n', rest);
        if let Some(&first) = rest.first()
            && !matches!(first, b'#' | b'\r' | b'\n')
        {
            let shown = rest[..end.unwrap_or(rest.len())].trim_ascii_end();
            let finding = format!("{} behind the end of an item", quote(shown));
            return Err(self.error(self.at, "nl-line", finding, "each item stands in a line of its own"));
        }
        self.at += end.map_or(rest.len(), |end| end + 1);
        Ok(())
    }
}
