//! What the readers of line-oriented text share: something wrong at a byte of the file, and warnings, one a code. Lines
//! and columns are worked out only when somebody is told.

use std::borrow::Cow;
use std::collections::HashMap;

use super::place::{FormatError, Warning, locate};

/// Something wrong at a byte of the file.
#[derive(Debug)]
pub(crate) struct Fault {
    pub at: usize,
    pub code: &'static str,
    pub finding: String,
    pub remedy: Cow<'static, str>,
}

impl Fault {
    #[cold]
    pub fn new(
        at: usize,
        code: &'static str,
        finding: impl Into<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { at, code, finding: finding.into(), remedy: remedy.into() }
    }

    /// As people are told of it: with line and column.
    pub fn tell(self, bytes: &[u8], format: &'static str) -> FormatError {
        let (line, column) = locate(bytes, self.at);
        FormatError::at_line(format, line, column, self.code, self.finding, self.remedy)
    }
}

/// Warnings, one a code.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    list: Vec<(&'static str, Option<usize>, String, usize)>,
}

impl Warnings {
    /// Notes a warning; its words are made for the first of its code only.
    pub fn add(&mut self, code: &'static str, at: Option<usize>, detail: impl FnOnce() -> String) {
        if let Some(known) = self.list.iter_mut().find(|w| w.0 == code) {
            known.3 += 1;
        } else {
            self.list.push((code, at, detail(), 1));
        }
    }

    pub fn into_list(self, bytes: &[u8]) -> Vec<Warning> {
        // Lines are counted in the order of the file, each part of it once.
        let mut places: Vec<usize> = self.list.iter().filter_map(|&(_, at, ..)| at).collect();
        places.sort_unstable();
        let (mut from, mut line) = (0, 1);
        let mut lines = HashMap::with_capacity(places.len());
        for at in places {
            let to = at.min(bytes.len());
            line += memchr::memchr_iter(b'\n', &bytes[from..to]).count();
            from = to;
            lines.insert(at, line);
        }
        let tell = |(code, at, detail, count): (_, Option<usize>, String, usize)| {
            let times: Cow<str> = if count > 1 { format!(" ({count} times in all)").into() } else { "".into() };
            Warning { code, line: at.and_then(|at| lines.get(&at).copied()), detail: format!("{detail}{times}") }
        };
        self.list.into_iter().map(tell).collect()
    }
}
