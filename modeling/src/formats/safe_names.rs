//! Names as a format can hold them: those that it cannot are replaced, and counted.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::place::{Warning, quote};
use crate::problem::Names;

/// Names, with others for those that a reader would misunderstand.
pub(crate) struct SafeNames<'a> {
    names: &'a Names,
    replaced: HashMap<usize, String>,
}

impl<'a> SafeNames<'a> {
    /// Those that are not safe become `prefix` and their position from 1.
    pub fn of(names: &'a Names, prefix: &str, is_safe: impl Fn(&str) -> bool) -> Self {
        let unsafe_ones: Vec<usize> = (0..names.len()).filter(|&k| !is_safe(&names.get(k))).collect();
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
            replaced.insert(k, name);
        }
        Self { names, replaced }
    }

    /// How many were replaced.
    pub fn replaced(&self) -> usize {
        self.replaced.len()
    }

    /// What to tell of them: how many, and the first.
    pub fn warning(&self, code: &'static str, what: &str) -> Option<Warning> {
        let first = self.replaced.keys().min()?;
        let (old, new) = (quote(self.names.get(*first).as_bytes()), &self.replaced[first]);
        let detail = match self.replaced.len() {
            1 => format!("the {what} name {old} cannot be written and became {new}"),
            n => format!("{n} {what} names cannot be written and were replaced, the first, {old}, by {new}"),
        };
        Some(Warning { code, line: None, detail })
    }

    /// Whether a name is among them, given or put in place of another. Walks through all: an index of them would cost
    /// more than writing does.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|other| other == name) || self.replaced.values().any(|other| other == name)
    }

    #[inline]
    pub fn get(&self, k: usize) -> Cow<'_, str> {
        if self.replaced.is_empty() {
            return self.names.get(k);
        }
        self.replaced.get(&k).map_or_else(|| self.names.get(k), |name| Cow::Borrowed(name.as_str()))
    }
}
