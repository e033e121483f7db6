//! An LP file as tokens. Nothing is copied: a token is a place in the file's bytes.
//!
//! Names hold any visible character except `\ : + - * ^ < > = [ ]`, begin with neither a digit nor `/` nor `(` nor a point before
//! a digit, and may end in an index in brackets that stand right behind them: `x[1,2]`, `flow(a)[b-c]`. A number ends where
//! it stops being one, so `3x` are two tokens and `3e` are a number and a name.

use super::super::fault::Fault;
use crate::formats::number;

/// Where something stands in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub at: usize,
    pub end: usize,
}

/// How a row or a bound compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    Greater,
    Equal,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Name,
    Number(f64),
    Plus,
    Minus,
    Times,
    Power,
    Slash,
    /// `[`
    Open,
    /// `]`
    Close,
    Colon,
    DoubleColon,
    Comparison(Comparison),
    /// `->`
    Arrow,
    /// `<->`
    DoubleArrow,
    /// `(`, in argument lists only.
    OpenArguments,
    /// `)`, in argument lists only.
    CloseArguments,
    /// `,`, in argument lists only.
    Comma,
    End,
}

/// A token and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub kind: Kind,
    pub span: Span,
    /// Whether nothing but blanks stands before it on its line.
    pub first: bool,
}

/// Walks through the tokens, one ahead.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    pub bytes: &'a [u8],
    /// Where the next token is looked for.
    at: usize,
    /// Whether only blanks stand before `at` on its line.
    first: bool,
    peeked: Option<Token>,
    /// Within an argument list `(`, `)` and `,` are tokens where they do not stand inside a name.
    arguments: bool,
    name_bytes: usize,
}

impl<'a> Tokens<'a> {
    pub fn new(bytes: &'a [u8], name_bytes: usize) -> Self {
        let at = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        Self { bytes, at, first: true, peeked: None, arguments: false, name_bytes }
    }

    pub fn text(&self, span: Span) -> &'a [u8] {
        &self.bytes[span.at..span.end]
    }

    /// The next token, which stays the next.
    pub fn peek(&mut self) -> Result<Token, Fault> {
        if let Some(token) = self.peeked {
            return Ok(token);
        }
        let token = self.scan()?;
        self.peeked = Some(token);
        Ok(token)
    }

    pub fn next(&mut self) -> Result<Token, Fault> {
        let token = self.peek()?;
        self.peeked = None;
        Ok(token)
    }

    /// Where what comes next is looked for or begins.
    pub fn place(&self) -> usize {
        self.peeked.map_or(self.at, |token| token.span.at)
    }

    /// Goes on behind `end`, as after a keyword of several words.
    pub fn continue_at(&mut self, end: usize) {
        self.peeked = None;
        self.at = end;
        self.first = false;
    }

    /// Begins or ends an argument list: what was only looked at is looked at anew.
    pub fn set_arguments(&mut self, arguments: bool) {
        self.arguments = arguments;
        if let Some(token) = self.peeked.take() {
            self.at = token.span.at;
            self.first = token.first;
        }
    }

    /// The word of letters, digits and `_` that comes next, however it goes on: a function before its `(`.
    pub fn word(&mut self) -> Result<Span, Fault> {
        if let Some(token) = self.peeked.take() {
            self.at = token.span.at;
        }
        // Not as a token: `MAX(x,y)` without blanks would be a name.
        self.next_visible()?;
        let at = self.at;
        let len = self.bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        self.continue_at(at + len);
        Ok(Span { at, end: at + len })
    }

    /// The byte behind the blanks that follow `at` on its line; a line's end where there is none.
    pub fn byte_behind(&self, at: usize) -> u8 {
        let rest = self.bytes.get(at..).unwrap_or_default();
        rest.iter().copied().find(|b| !matches!(b, b' ' | b'\t')).unwrap_or(b'\n')
    }

    fn scan(&mut self) -> Result<Token, Fault> {
        match self.next_visible()? {
            None => Ok(self.token(Kind::End, self.at)),
            Some(b) => self.visible(b),
        }
    }

    /// Goes to the next byte that is neither blank nor comment.
    fn next_visible(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            match self.bytes.get(self.at) {
                None => return Ok(None),
                Some(b'\n') => {
                    self.first = true;
                    self.at += 1;
                }
                Some(b' ' | b'\t' | b'\r' | 0x0B | 0x0C) => self.at += 1,
                Some(b'\\') => {
                    let rest = &self.bytes[self.at..];
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                }
                // What DOS put at the end of files.
                Some(0x1A) if self.at + 1 == self.bytes.len() => self.at += 1,
                Some(&b) if b < b' ' || b == 0x7F => {
                    let finding = format!("the control character {b:#04x}");
                    let remedy = "LP is plain text; is this another kind of file?";
                    return Err(Fault::new(self.at, "lp-control-character", finding, remedy));
                }
                Some(&b) => return Ok(Some(b)),
            }
        }
    }

    fn token(&mut self, kind: Kind, end: usize) -> Token {
        let token = Token { kind, span: Span { at: self.at, end }, first: self.first };
        self.at = end;
        self.first = false;
        token
    }

    /// A token that begins with the visible byte `b`.
    fn visible(&mut self, b: u8) -> Result<Token, Fault> {
        let at = self.at;
        let byte = |n: usize| self.bytes.get(at + n).copied().unwrap_or(0);
        let digit = b.is_ascii_digit() || (b == b'.' && byte(1).is_ascii_digit());
        let (kind, len) = match b {
            _ if digit => {
                let end = at + number_length(&self.bytes[at..]);
                // What was scanned is a number by its shape.
                let value = number::parse(&self.bytes[at..end]).unwrap_or(f64::NAN);
                return Ok(self.token(Kind::Number(value), end));
            }
            b'+' => (Kind::Plus, 1),
            b'-' if byte(1) == b'>' => (Kind::Arrow, 2),
            b'-' => (Kind::Minus, 1),
            b'*' => (Kind::Times, 1),
            b'^' => (Kind::Power, 1),
            b'/' => (Kind::Slash, 1),
            b'[' => (Kind::Open, 1),
            b']' => (Kind::Close, 1),
            b':' if byte(1) == b':' => (Kind::DoubleColon, 2),
            b':' => (Kind::Colon, 1),
            b'<' if byte(1) == b'-' && byte(2) == b'>' => (Kind::DoubleArrow, 3),
            b'<' => (Kind::Comparison(Comparison::Less), 1 + usize::from(byte(1) == b'=')),
            b'>' => (Kind::Comparison(Comparison::Greater), 1 + usize::from(byte(1) == b'=')),
            b'=' if byte(1) == b'<' => (Kind::Comparison(Comparison::Less), 2),
            b'=' if byte(1) == b'>' => (Kind::Comparison(Comparison::Greater), 2),
            b'=' => (Kind::Comparison(Comparison::Equal), 1 + usize::from(byte(1) == b'=')),
            b'(' if self.arguments => (Kind::OpenArguments, 1),
            b')' if self.arguments => (Kind::CloseArguments, 1),
            b',' if self.arguments => (Kind::Comma, 1),
            b'(' => {
                let remedy = "LP has no parentheses: multiply out, or put products into [ ]";
                return Err(Fault::new(at, "lp-parenthesis", "an expression in parentheses", remedy));
            }
            _ => {
                let end = at + name_length(&self.bytes[at..], self.arguments);
                if end - at > self.name_bytes {
                    let finding = format!("a name of {} bytes", end - at);
                    let remedy = format!("at most {} fit", self.name_bytes);
                    return Err(Fault::new(at, "lp-name-too-long", finding, remedy));
                }
                (Kind::Name, end - at)
            }
        };
        Ok(self.token(kind, at + len))
    }
}

/// Length of the name that begins here, indices in brackets included.
pub(super) fn name_length(text: &[u8], arguments: bool) -> usize {
    let mut end = 0;
    let mut depth = 0_usize;
    while let Some(&b) = text.get(end) {
        match b {
            b'[' if end > 0 => match index_length(&text[end..]) {
                Some(len) => {
                    end += len;
                    continue;
                }
                None => break,
            },
            b')' | b',' if arguments && depth == 0 => break,
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ if is_name_byte(b) => {}
            _ => break,
        }
        end += 1;
    }
    end
}

/// Whether a byte may stand anywhere in a name (brackets apart).
pub(super) fn is_name_byte(b: u8) -> bool {
    b > b' ' && b != 0x7F && !matches!(b, b'\\' | b':' | b'+' | b'-' | b'*' | b'^' | b'<' | b'>' | b'=' | b'[' | b']')
}

/// Length of the index that begins here with `[`, its `]` included; `None` if a blank or a line's end comes first.
fn index_length(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    for (k, &b) in text.iter().enumerate() {
        match b {
            b'[' => depth += 1,
            b']' if depth == 1 => return Some(k + 1),
            b']' => depth -= 1,
            b'\\' => return None,
            _ if b <= b' ' || b == 0x7F => return None,
            _ => {}
        }
    }
    None
}

/// Length of the number that begins here: digits, a point, and an exponent if digits follow it.
fn number_length(text: &[u8]) -> usize {
    let digits = |from: usize| text[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut len = digits(0);
    if text.get(len) == Some(&b'.') {
        len += 1 + digits(len + 1);
    }
    if matches!(text.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(len + 1), Some(b'+' | b'-')));
        let exponent = text.get(len + 1 + sign).map_or(0, |_| digits(len + 1 + sign));
        if exponent > 0 {
            len += 1 + sign + exponent;
        }
    }
    len
}
