//! The variables of an LP file, in the order in which they first appear, with what Bounds and the lists of types say.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::token::Span;
use crate::problem::{ColumnKind, NameArena, Names};

/// Set by Bounds or by a list of types.
pub(super) mod flag {
    /// A lower bound was given.
    pub const LOWER: u8 = 1;
    /// An upper bound was given.
    pub const UPPER: u8 = 2;
    /// Listed among the integers.
    pub const INTEGER: u8 = 4;
    /// Listed among the binaries.
    pub const BINARY: u8 = 8;
    /// Listed among the semi-continuous.
    pub const SEMI: u8 = 16;
}

/// Names that are looked up and added, each with its position. Hashed with a seed of its own, so that nobody can prepare
/// names that collide.
#[derive(Debug, Default)]
pub(super) struct NameIndex {
    text: String,
    ends: Vec<u32>,
    table: HashTable<u32>,
    state: RandomState,
}

impl NameIndex {
    pub fn get(&self, index: usize) -> &str {
        name_at(&self.text, &self.ends, index)
    }

    pub fn find(&self, name: &[u8]) -> Option<u32> {
        let found = self
            .table
            .find(self.state.hash_one(name), |&k| name_at(&self.text, &self.ends, k as usize).as_bytes() == name);
        found.copied()
    }

    /// Adds a name that is not there yet; `None` when there are more than 4 GiB of them.
    pub fn add(&mut self, name: &str) -> Option<u32> {
        let end = u32::try_from(self.text.len() + name.len()).ok()?;
        let index = u32::try_from(self.ends.len()).ok()?;
        self.text.push_str(name);
        self.ends.push(end);
        let (text, ends, state) = (&self.text, &self.ends, &self.state);
        let rehash = |&k: &u32| state.hash_one(name_at(text, ends, k as usize).as_bytes());
        self.table.insert_unique(state.hash_one(name.as_bytes()), index, rehash);
        Some(index)
    }

    /// `base`, with as many `_` behind it as make it new.
    pub fn unused(&self, base: String) -> String {
        let mut name = base;
        while self.find(name.as_bytes()).is_some() {
            name.push('_');
        }
        name
    }

    /// Room for so many more names, of so many bytes together.
    pub fn reserve(&mut self, names: usize, bytes: usize) {
        self.text.reserve_exact(bytes);
        self.ends.reserve_exact(names);
        let (text, ends, state) = (&self.text, &self.ends, &self.state);
        self.table.reserve(names, |&k| state.hash_one(name_at(text, ends, k as usize).as_bytes()));
    }

    pub fn into_names(self) -> Names {
        Names::known_distinct(NameArena::of_whole(self.text, self.ends))
    }
}

fn name_at<'a>(text: &'a str, ends: &[u32], index: usize) -> &'a str {
    let from = if index == 0 { 0 } else { ends[index - 1] as usize };
    &text[from..ends[index] as usize]
}

/// All variables.
#[derive(Debug, Default)]
pub(super) struct Variables {
    pub names: NameIndex,
    pub cost: Vec<f64>,
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
    pub flags: Vec<u8>,
    /// Where each first appears. Nobody asks once the bounds are settled: it is empty then.
    pub seen: Vec<usize>,
}

impl Variables {
    pub fn len(&self) -> usize {
        self.cost.len()
    }

    /// Room for so many more, whose names have so many bytes together.
    pub fn reserve(&mut self, variables: usize, bytes: usize) {
        self.names.reserve(variables, bytes);
        self.flags.reserve_exact(variables);
        for list in [&mut self.cost, &mut self.lower, &mut self.upper] {
            list.reserve_exact(variables);
        }
    }

    /// Adds a variable with the bounds that LP gives to all: 0 and infinity.
    pub fn add(&mut self, name: &str, seen: Span) -> Option<u32> {
        let index = self.names.add(name)?;
        self.cost.push(0.0);
        self.lower.push(0.0);
        self.upper.push(f64::INFINITY);
        self.flags.push(0);
        if self.seen.len() == index as usize {
            self.seen.push(seen.at);
        }
        Some(index)
    }

    pub fn has(&self, j: usize, flags: u8) -> bool {
        self.flags[j] & flags == flags
    }

    pub fn kind(&self, j: usize) -> ColumnKind {
        let integer = self.flags[j] & (flag::INTEGER | flag::BINARY) != 0;
        match (integer, self.has(j, flag::SEMI)) {
            (false, false) => ColumnKind::Continuous,
            (true, false) => ColumnKind::Integer,
            (false, true) => ColumnKind::SemiContinuous,
            (true, true) => ColumnKind::SemiInteger,
        }
    }

    /// Whether only 0 and 1 are left to it.
    pub fn is_binary(&self, j: usize) -> bool {
        self.kind(j) == ColumnKind::Integer && self.lower[j] >= 0.0 && self.upper[j] <= 1.0
    }
}
