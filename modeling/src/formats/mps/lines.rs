//! An MPS file as lines and fields. Fields are positions in the file's bytes: nothing is copied, and a line number is
//! worked out only when an error needs one.
//!
//! Blanks, tabs and carriage returns separate fields; any other control character is refused.

use super::{Fault, Limits, control_character};

/// Where a field stands in the file.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span {
    pub at: usize,
    pub end: usize,
}

/// How fields are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Fields are separated by blanks.
    Free,
    /// Fields stand in columns 2–3, 5–12, 15–22, 25–36, 40–47 and 50–61, so names may hold blanks.
    Fixed,
}

/// Most fields that a line can need.
const MOST_FIELDS: usize = 7;

/// The fields of one line that are not blank, in order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fields {
    spans: [Span; MOST_FIELDS],
    len: usize,
    /// Offset of the line's first byte.
    pub line: usize,
}

impl Fields {
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Field `k`; the line's start where there is none.
    #[inline]
    pub fn get(&self, k: usize) -> Span {
        debug_assert!(k < self.len);
        self.spans[k.min(MOST_FIELDS - 1)]
    }

    #[inline]
    fn push(&mut self, span: Span) {
        if self.len < MOST_FIELDS {
            self.spans[self.len] = span;
            self.len += 1;
        }
    }

    /// Forgets the fields from `k` on.
    pub fn truncate(&mut self, k: usize) {
        self.len = self.len.min(k);
    }

    /// Where the line's last field ends.
    pub fn end(&self) -> usize {
        if self.len == 0 { self.line } else { self.spans[self.len - 1].end }
    }
}

/// What comes next in the file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Line {
    /// A line that begins with a blank.
    Data(Fields),
    /// A line that does not: a section's name, and what stands behind it.
    Header(Fields),
    /// The end of the file.
    End,
}

/// Walks through the lines.
#[derive(Debug, Clone)]
pub(super) struct Lines<'a> {
    pub bytes: &'a [u8],
    at: usize,
    layout: Layout,
    limits: Limits,
}

const BLANKS: u64 = 0x2020_2020_2020_2020;
const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Eight bytes from `at` on, little endian; zeros past the end.
#[inline]
pub(super) fn word(bytes: &[u8], at: usize) -> u64 {
    if let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        return u64::from_le_bytes(*eight);
    }
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(bytes.get(at..).unwrap_or_default()) {
        *to = *from;
    }
    u64::from_le_bytes(last)
}

/// How many of the word's first bytes are above the blank: 0 to 8.
#[inline]
fn visible(word: u64) -> usize {
    // A byte below 0x21 borrows into its top bit; the lowest such bit is exact.
    let low = word.wrapping_sub(LOW_BITS * 0x21) & !word & HIGH_BITS;
    (low.trailing_zeros() / 8) as usize
}

/// How many of the word's first bytes are blanks: 0 to 8.
#[inline]
fn blanks(word: u64) -> usize {
    ((word ^ BLANKS).trailing_zeros() / 8) as usize
}

impl<'a> Lines<'a> {
    pub fn new(bytes: &'a [u8], layout: Layout, limits: Limits) -> Self {
        let bom = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        Self { bytes, at: bom, layout, limits }
    }

    /// Offset of the next line.
    #[inline]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// How fields are told apart.
    #[inline]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Goes to a line, back or ahead.
    #[inline]
    pub fn continue_at(&mut self, line: usize) {
        self.at = line;
    }

    /// The next line that says something.
    #[inline]
    pub fn next(&mut self) -> Result<Line, Fault> {
        loop {
            let line = self.at;
            match self.bytes.get(line) {
                None => return Ok(Line::End),
                Some(b'*') => self.skip_line(line)?,
                Some(b' ' | b'\t') => {
                    let fields = self.data(line)?;
                    if fields.len() > 0 {
                        return Ok(Line::Data(fields));
                    }
                }
                Some(b'\n') => self.at += 1,
                Some(b'\r') if matches!(self.bytes.get(line + 1), None | Some(b'\n')) => self.at += 1,
                Some(_) => return Ok(Line::Header(self.free(line)?)),
            }
        }
    }

    #[inline]
    fn data(&mut self, line: usize) -> Result<Fields, Fault> {
        match self.layout {
            Layout::Free => self.free(line),
            Layout::Fixed => self.fixed(line),
        }
    }

    /// Goes behind the line that begins at `line`.
    fn skip_line(&mut self, line: usize) -> Result<(), Fault> {
        let end = memchr::memchr(b'\n', &self.bytes[self.at..]).map_or(self.bytes.len(), |n| self.at + n);
        self.check_length(line, end)?;
        self.at = (end + 1).min(self.bytes.len());
        Ok(())
    }

    #[inline]
    fn check_length(&self, line: usize, end: usize) -> Result<(), Fault> {
        if end - line <= self.limits.line_bytes {
            return Ok(());
        }
        let finding = format!("a line of more than {} bytes", self.limits.line_bytes);
        Err(Fault::new(line, "mps-line-too-long", finding, "this is hardly an MPS file; break the line if it is"))
    }

    /// Fields separated by blanks.
    #[inline]
    fn free(&mut self, line: usize) -> Result<Fields, Fault> {
        let bytes = self.bytes;
        let mut fields = Fields { line, ..Fields::default() };
        let mut at = line;
        loop {
            loop {
                let n = blanks(word(bytes, at));
                at += n;
                if n < 8 {
                    match bytes.get(at) {
                        Some(b'\t' | b'\r') => at += 1,
                        _ => break,
                    }
                }
            }
            match bytes.get(at) {
                Some(b'\n') => {
                    self.at = at + 1;
                    break;
                }
                None => {
                    self.at = at;
                    break;
                }
                Some(&b) if b < b' ' => return Err(control_character(at, b)),
                Some(_) => {}
            }
            let begin = at;
            loop {
                let n = visible(word(bytes, at));
                at += n;
                if n < 8 {
                    break;
                }
            }
            if fields.len() == MOST_FIELDS {
                self.at = at;
                self.skip_line(line)?;
                return Ok(fields);
            }
            fields.push(Span { at: begin, end: at.min(bytes.len()) });
        }
        self.check_length(line, self.at)?;
        Ok(fields)
    }

    /// Fields by their columns.
    fn fixed(&mut self, line: usize) -> Result<Fields, Fault> {
        /// First and last + 1 byte of the six fields, from 0.
        const PLACES: [(usize, usize); 6] = [(1, 3), (4, 12), (14, 22), (24, 36), (39, 47), (49, 61)];
        let end = memchr::memchr(b'\n', &self.bytes[line..]).map_or(self.bytes.len(), |n| line + n);
        self.check_length(line, end)?;
        self.at = (end + 1).min(self.bytes.len());
        let text = self.bytes[line..end].trim_ascii_end();
        if let Some(n) = text.iter().position(u8::is_ascii_control) {
            let finding = "a tab or a control character in a file in fixed format".to_owned();
            return Err(Fault::new(line + n, "mps-control-character", finding, "put blanks there"));
        }
        let mut fields = Fields { line, ..Fields::default() };
        let mut behind = 0;
        for (k, (from, to)) in PLACES.into_iter().enumerate() {
            let gap = text.get(behind..from.min(text.len())).unwrap_or_default();
            if let Some(n) = gap.iter().position(|&b| b != b' ') {
                let finding = format!("text between the fields of the fixed format, which end at column {behind}");
                return Err(Fault::new(
                    line + behind + n,
                    "mps-fixed-column",
                    finding,
                    "move the field to its columns",
                ));
            }
            let field = text.get(from..to.min(text.len())).unwrap_or_default();
            if (k == 2 || k == 4) && field.first() == Some(&b'$') {
                return Ok(fields); // a comment from here on
            }
            let lead = field.len() - field.trim_ascii_start().len();
            let inner = field.trim_ascii();
            if !inner.is_empty() {
                fields.push(Span { at: line + from + lead, end: line + from + lead + inner.len() });
            }
            behind = to;
        }
        // Columns from 62 on were for the card's sequence number: nobody reads them.
        Ok(fields)
    }
}
