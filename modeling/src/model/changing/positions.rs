//! Where the things that handles name stand, while some come and some go.

use std::collections::HashMap;

use super::{ChangeError, Changing};

/// What has no place any more.
pub(in crate::model) const GONE: u32 = u32::MAX;

/// Where the things that handles name stand: handles count on for ever, positions move up when something is removed.
#[derive(Debug, Clone, Default)]
pub(super) struct Positions {
    /// By handle; absent as long as every handle is its own position.
    pub(super) at: Option<Vec<u32>>,
    /// Handles there are.
    pub(super) handles: u32,
    /// Positions there are, those that wait in the patch included.
    pub(super) next: u32,
    /// Handles there were at the last commit.
    pub(super) committed: u32,
    /// Handles and positions of what waits to be removed.
    pub(super) leaving: Vec<(u32, u32)>,
    /// Names and positions of what waits to be added.
    pub(super) waiting: HashMap<String, u32>,
}

impl Positions {
    pub(super) fn new(len: usize) -> Self {
        let len = len as u32;
        Self { handles: len, next: len, committed: len, ..Self::default() }
    }

    pub(super) fn find(
        &self,
        handle: u32,
        ours: bool,
        name: impl Fn() -> String,
        of: &Changing,
    ) -> Result<u32, ChangeError> {
        if !ours || handle >= self.handles {
            return Err(ChangeError::Foreign { name: name(), model: of.known.name.clone() });
        }
        match self.at.as_ref().map_or(handle, |at| at[handle as usize]) {
            GONE => Err(ChangeError::Removed { name: name() }),
            place => Ok(place),
        }
    }

    /// A handle for one more.
    pub(super) fn add(&mut self, name: &str) -> u32 {
        let handle = self.handles;
        if !name.is_empty() {
            self.waiting.entry(name.to_owned()).or_insert(self.next);
        }
        if let Some(at) = &mut self.at {
            at.push(self.next);
        }
        self.handles += 1;
        self.next += 1;
        handle
    }

    pub(super) fn remove(&mut self, position: u32) {
        let handles = self.handles;
        let at = self.at.get_or_insert_with(|| (0..handles).collect());
        if let Some(handle) = at.iter().position(|place| *place == position) {
            at[handle] = GONE;
            self.leaving.push((handle as u32, position));
        }
        self.waiting.retain(|_, place| *place != position);
    }

    /// After a patch: everything stands where the revision put it.
    pub(super) fn commit(&mut self, len: usize, place: impl Fn(usize) -> Option<usize>) {
        if let Some(at) = &mut self.at {
            for one in at.iter_mut().filter(|one| **one != GONE) {
                *one = place(*one as usize).map_or(GONE, |place| place as u32);
            }
        }
        (self.next, self.committed) = (len as u32, self.handles);
        self.leaving.clear();
        self.waiting.clear();
    }

    /// The patch came to nothing: what it added is gone, what it removed is back.
    pub(super) fn roll_back(&mut self, len: usize) {
        if self.handles > self.committed || self.at.is_some() {
            let handles = self.handles;
            let at = self.at.get_or_insert_with(|| (0..handles).collect());
            self.leaving.iter().for_each(|&(handle, place)| at[handle as usize] = place);
            at[self.committed as usize..].fill(GONE);
        }
        (self.next, self.committed) = (len as u32, self.handles);
        self.leaving.clear();
        self.waiting.clear();
    }
}

/// Where the variables and rows of an answer stand, by handle.
#[derive(Debug)]
pub(in crate::model) struct Places {
    pub(in crate::model) columns: Vec<u32>,
    pub(in crate::model) rows: Vec<u32>,
}
