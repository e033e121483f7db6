//! Names to positions, without allocating a string: a name of up to eight bytes is its own key, a longer one is hashed
//! and compared where it was declared. Look-ups go in batches, so that the memory's latencies overlap.

use std::hash::{BuildHasher, Hasher};

use super::lines::{Span, word};

/// Marks the key of a name that is hashed. A short name never has it: its eighth byte, if any, is ASCII.
const HASHED: u64 = 1 << 63;

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// 0 for an empty slot.
    key: u64,
    /// What the name stands for.
    target: u32,
    /// The how-manieth declared name it is.
    declared: u32,
}

/// Names in the order in which they were declared.
#[derive(Debug)]
pub(super) struct Declared {
    pub keys: Vec<u64>,
    /// Where each stands in the file.
    pub spans: Vec<Span>,
    /// Differs from run to run, so that nobody can prepare names that collide.
    seed: u64,
}

impl Default for Declared {
    fn default() -> Self {
        let seed = std::collections::hash_map::RandomState::new().build_hasher().finish();
        Self { keys: Vec::new(), spans: Vec::new(), seed }
    }
}

impl Declared {
    pub fn push(&mut self, key: u64, name: Span) {
        self.keys.push(key);
        self.spans.push(name);
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// A name as a number that never is zero.
    #[inline]
    pub fn key(&self, bytes: &[u8], name: Span) -> u64 {
        let len = name.end - name.at;
        if len <= 8 {
            let key = word(bytes, name.at) & (u64::MAX >> (64 - 8 * len.max(1)));
            if key & HASHED == 0 {
                return key;
            }
        }
        self.long_key(&bytes[name.at..name.end])
    }

    fn long_key(&self, name: &[u8]) -> u64 {
        let mut hash = self.seed ^ name.len() as u64;
        for at in (0..name.len()).step_by(8) {
            hash = fold(hash ^ word(name, at), 0xD6E8_FEB8_6659_FD93);
        }
        hash | HASHED
    }

    /// Whether the name declared as the `declared`-th, whose key is `key` too, is `name`.
    #[inline]
    pub fn is(&self, bytes: &[u8], declared: usize, name: Span, key: u64) -> bool {
        key & HASHED == 0 || {
            let other = self.spans[declared];
            bytes[other.at..other.end] == bytes[name.at..name.end]
        }
    }

    /// Whether `name` is the one declared at position `guess`: in RHS and BOUNDS names mostly come in order.
    #[inline]
    pub fn guess(&self, bytes: &[u8], guess: usize, name: Span, key: u64) -> bool {
        self.keys.get(guess) == Some(&key) && self.is(bytes, guess, name, key)
    }
}

/// Open addressing, at most half full.
#[derive(Debug)]
pub(super) struct NameTable {
    slots: Vec<Slot>,
    mask: usize,
    seed: u64,
}

/// Names that are looked up together.
pub(super) const BATCH: usize = 64;

impl NameTable {
    /// A table of all declared names, each with its target; or the position of the first name that was there already.
    pub fn build(bytes: &[u8], names: &Declared, target: impl Fn(usize) -> u32) -> Result<Self, usize> {
        let capacity = (names.len() * 2).next_power_of_two().max(16);
        let mut table = Self { slots: vec![Slot::default(); capacity], mask: capacity - 1, seed: names.seed };
        for (declared, (&key, &name)) in names.keys.iter().zip(&names.spans).enumerate() {
            let mut slot = table.slot(key);
            while table.slots[slot].key != 0 {
                let other = table.slots[slot];
                if other.key == key && names.is(bytes, other.declared as usize, name, key) {
                    return Err(declared);
                }
                slot = (slot + 1) & table.mask;
            }
            table.slots[slot] = Slot { key, target: target(declared), declared: declared as u32 };
        }
        Ok(table)
    }

    #[inline]
    fn slot(&self, key: u64) -> usize {
        fold(key ^ self.seed, 0x9E37_79B9_7F4A_7C15) as usize & self.mask
    }

    /// What one name stands for.
    pub fn find(&self, bytes: &[u8], names: &Declared, name: Span) -> Option<u32> {
        let key = names.key(bytes, name);
        self.probe(bytes, names, name, key, self.slot(key))
    }

    fn probe(&self, bytes: &[u8], names: &Declared, name: Span, key: u64, mut slot: usize) -> Option<u32> {
        loop {
            let found = self.slots[slot];
            if found.key == key && names.is(bytes, found.declared as usize, name, key) {
                return Some(found.target);
            }
            if found.key == 0 {
                return None;
            }
            slot = (slot + 1) & self.mask;
        }
    }

    /// What up to [`BATCH`] names stand for; or the position in the batch of the first that is not there.
    #[inline]
    pub fn find_batch(
        &self,
        bytes: &[u8],
        names: &Declared,
        spans: &[Span],
        targets: &mut [u32; BATCH],
    ) -> Result<(), usize> {
        let mut keys = [0_u64; BATCH];
        let mut slots = [0_usize; BATCH];
        let mut first = [Slot::default(); BATCH];
        let n = spans.len().min(BATCH);
        for i in 0..n {
            keys[i] = names.key(bytes, spans[i]);
            slots[i] = self.slot(keys[i]);
        }
        // Nothing in this loop waits for anything else in it: the loads run side by side.
        for i in 0..n {
            first[i] = self.slots[slots[i]];
        }
        for i in 0..n {
            targets[i] = if first[i].key == keys[i] && keys[i] & HASHED == 0 {
                first[i].target
            } else {
                self.probe(bytes, names, spans[i], keys[i], slots[i]).ok_or(i)?
            };
        }
        Ok(())
    }
}
