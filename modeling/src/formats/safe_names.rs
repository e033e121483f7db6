//! Names as a format can hold them: those that it cannot are replaced, and counted.
//!
//! All stand in one text, so that writing one is a short copy: names that a model would make on demand are made here, once.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::place::{Warning, quote};
use crate::problem::Names;

/// Names, with others for those that a reader would misunderstand.
pub(crate) struct SafeNames<'a> {
    text: Cow<'a, str>,
    ends: Ends<'a>,
    /// What was replaced: the old name and the new one.
    replaced: HashMap<usize, (String, String)>,
}

/// Where each name ends in the text.
enum Ends<'a> {
    Given(&'a [u32]),
    Made(Vec<usize>),
}

impl Ends<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Given(ends) => ends.len(),
            Self::Made(ends) => ends.len(),
        }
    }

    #[inline]
    fn range(&self, k: usize) -> (usize, usize) {
        match self {
            Self::Given(ends) => (if k == 0 { 0 } else { ends[k - 1] as usize }, ends[k] as usize),
            Self::Made(ends) => (if k == 0 { 0 } else { ends[k - 1] }, ends[k]),
        }
    }
}

impl<'a> SafeNames<'a> {
    /// Those that are not safe become `prefix` and their position from 1.
    pub fn of(names: &'a Names, prefix: &str, is_safe: impl Fn(&str) -> bool) -> Self {
        let safe = match names.text() {
            Some((text, ends)) => Self { text: text.into(), ends: Ends::Given(ends), replaced: HashMap::new() },
            None => Self::made(names.iter()),
        };
        let unsafe_ones: Vec<usize> = (0..names.len()).filter(|&k| !is_safe(safe.get(k))).collect();
        if unsafe_ones.is_empty() {
            return safe;
        }
        let mut replaced = HashMap::with_capacity(unsafe_ones.len());
        let mut taken = HashSet::new();
        for k in unsafe_ones {
            let mut count = k + 1;
            let mut name = format!("{prefix}{count}");
            while names.find(&name).is_some() || taken.contains(&name) {
                count += names.len();
                name = format!("{prefix}{count}");
            }
            taken.insert(name.clone());
            replaced.insert(k, (safe.get(k).to_owned(), name));
        }
        let all = (0..names.len()).map(|k| replaced.get(&k).map_or_else(|| safe.get(k), |(_, new)| new).into());
        let made = Self::made(all);
        Self { replaced, ..made }
    }

    fn made<'n>(names: impl Iterator<Item = Cow<'n, str>>) -> SafeNames<'a> {
        let (mut text, mut ends) = (String::new(), Vec::with_capacity(names.size_hint().0));
        for name in names {
            text.push_str(&name);
            ends.push(text.len());
        }
        Self { text: text.into(), ends: Ends::Made(ends), replaced: HashMap::new() }
    }

    /// How many were replaced.
    pub fn replaced(&self) -> usize {
        self.replaced.len()
    }

    /// What to tell of them: how many, and the first.
    pub fn warning(&self, code: &'static str, what: &str) -> Option<Warning> {
        let first = self.replaced.keys().min()?;
        let (old, new) = &self.replaced[first];
        let old = quote(old.as_bytes());
        let detail = match self.replaced.len() {
            1 => format!("the {what} name {old} cannot be written and became {new}"),
            n => format!("{n} {what} names cannot be written and were replaced, the first, {old}, by {new}"),
        };
        Some(Warning { code, line: None, detail })
    }

    /// Whether a name is among them, given or put in place of another. An index of them would cost more than writing does:
    /// the text is searched, and only where the name stands somewhere in it the names are walked through.
    pub fn has(&self, name: &str) -> bool {
        self.text.contains(name) && (0..self.ends.len()).any(|k| self.get(k) == name)
            || self.replaced.values().any(|(old, _)| old == name)
    }

    #[inline]
    pub fn get(&self, k: usize) -> &str {
        let (from, to) = self.ends.range(k);
        &self.text[from..to]
    }

    /// Appends name `k`. Where it fits, sixteen bytes are moved at once and what is too much is taken back.
    #[inline]
    pub fn append(&self, k: usize, out: &mut Vec<u8>) {
        let (from, to) = self.ends.range(k);
        let text = &self.text.as_bytes()[from..];
        let len = to - from;
        match text.first_chunk::<16>() {
            Some(chunk) if len <= 16 => {
                let end = out.len() + len;
                out.extend_from_slice(chunk);
                out.truncate(end);
            }
            _ => out.extend_from_slice(&text[..len]),
        }
    }
}
