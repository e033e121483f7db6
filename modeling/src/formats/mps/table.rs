//! Names to positions, without allocating a string: a name of up to eight bytes is its own key, a longer one is hashed
//! and compared where it was declared. Look-ups go in batches, so that the memory's latencies overlap.
//!
//! Names that count (`R1`, `R2`, …, as solvers write them) are found by their number. Others need a table, which is made
//! when a look-up first asks for it: names that come in the order in which they were declared do not.

use std::cell::OnceCell;
use std::hash::{BuildHasher, Hasher};

use super::lines::{Span, word};
use crate::formats::number;

/// Marks the key of a name that is hashed. A short name never has it: its eighth byte, if any, is ASCII.
const HASHED: u64 = 1 << 63;

/// How far behind the expected name a look-up goes through the names in order before it asks the table.
const LOOK_AHEAD: usize = 8;

/// Names that are looked up together.
pub(super) const BATCH: usize = 64;

#[inline]
fn multiply(a: u64, b: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b);
    ((product >> 64) as u64, product as u64)
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let (high, low) = multiply(a, b);
    high ^ low
}

/// A field and its key.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Named {
    pub span: Span,
    pub key: u64,
}

/// A span in eight bytes: where it begins, and its length in the lowest 16 bits.
#[derive(Debug, Clone, Copy)]
struct Packed(u64);

impl Packed {
    /// No name is longer ([`Limits::name_bytes`](super::Limits)), no address space has files of 2^48 bytes.
    fn new(span: Span) -> Self {
        debug_assert!(span.end - span.at <= 0xFFFF);
        Self((span.at as u64) << 16 | (span.end - span.at) as u64)
    }

    #[inline]
    fn span(self) -> Span {
        let at = (self.0 >> 16) as usize;
        Span { at, end: at + (self.0 & 0xFFFF) as usize }
    }
}

/// Names in the order in which they were declared.
#[derive(Debug)]
pub(super) struct Declared {
    keys: Vec<u64>,
    /// Where each stands in the file.
    spans: Vec<Packed>,
    /// Differs from run to run, so that nobody can prepare names that collide.
    seed: u64,
    table: OnceCell<Table>,
    counted: Option<Counted>,
}

impl Default for Declared {
    fn default() -> Self {
        let seed = std::collections::hash_map::RandomState::new().build_hasher().finish();
        Self { keys: Vec::new(), spans: Vec::new(), seed, table: OnceCell::new(), counted: None }
    }
}

impl Declared {
    pub fn push(&mut self, name: Named) {
        self.keys.push(name.key);
        self.spans.push(Packed::new(name.span));
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn span(&self, declared: usize) -> Span {
        self.spans[declared].span()
    }

    /// Where all of them stand.
    pub fn spans(&self) -> impl ExactSizeIterator<Item = Span> + Clone {
        self.spans.iter().map(|packed| packed.span())
    }

    /// Forgets the names for which `keep` says so.
    pub fn retain(&mut self, keep: &[bool]) {
        let mut kept = keep.iter();
        self.keys.retain(|_| kept.next() == Some(&true));
        let mut kept = keep.iter();
        self.spans.retain(|_| kept.next() == Some(&true));
        (self.table, self.counted) = (OnceCell::new(), None);
    }

    /// A name with its key, a number that never is zero.
    #[inline]
    pub fn named(&self, bytes: &[u8], span: Span) -> Named {
        let len = span.end - span.at;
        if len <= 8 {
            let key = word(bytes, span.at) & (u64::MAX >> (64 - 8 * len.max(1)));
            if key & HASHED == 0 {
                return Named { span, key };
            }
        }
        Named { span, key: self.long_key(&bytes[span.at..span.end]) }
    }

    fn long_key(&self, name: &[u8]) -> u64 {
        let mut hash = self.seed ^ name.len() as u64;
        for at in (0..name.len()).step_by(8) {
            hash = fold(hash ^ word(name, at), 0xD6E8_FEB8_6659_FD93);
        }
        hash | HASHED
    }

    /// Whether the name declared as the `declared`-th, whose key is `name`'s too, is `name`.
    #[inline]
    pub fn is(&self, bytes: &[u8], declared: usize, name: Named) -> bool {
        name.key & HASHED == 0 || {
            let other = self.span(declared);
            bytes[other.at..other.end] == bytes[name.span.at..name.span.end]
        }
    }

    /// Whether all are different; if not, the position of the first that was there already.
    pub fn close(&mut self, bytes: &[u8]) -> Result<(), usize> {
        self.counted = Counted::of(&self.keys);
        if self.counted.is_some() {
            return Ok(());
        }
        let (table, second) = Table::build(bytes, self);
        self.table.get_or_init(|| table);
        second.map_or(Ok(()), Err)
    }

    /// Gives the table's memory back until somebody needs it again.
    pub fn drop_table(&mut self) {
        self.table = OnceCell::new();
    }

    fn table(&self, bytes: &[u8]) -> &Table {
        self.table.get_or_init(|| Table::build(bytes, self).0)
    }

    /// Which declared name this is.
    pub fn find(&self, bytes: &[u8], span: Span) -> Option<usize> {
        let name = self.named(bytes, span);
        self.by_number(name.key).or_else(|| self.table(bytes).find(bytes, self, name))
    }

    /// The counted name with this key, or the first one.
    #[inline]
    fn by_number(&self, key: u64) -> Option<usize> {
        let counted = self.counted.as_ref()?;
        if self.keys.first() == Some(&key) {
            return (key & HASHED == 0).then_some(0);
        }
        let at = counted.place(key)?;
        (self.keys.get(at) == Some(&key)).then_some(at)
    }

    /// As [`find`](Self::find), where it is probably one of the next from `expected` on: names mostly come in order.
    #[inline]
    pub fn find_from(&self, bytes: &[u8], expected: usize, span: Span) -> Option<usize> {
        let name = self.named(bytes, span);
        let ahead = self.keys.get(expected..self.keys.len().min(expected + LOOK_AHEAD)).unwrap_or_default();
        match ahead.iter().position(|&key| key == name.key) {
            Some(n) if self.is(bytes, expected + n, name) => Some(expected + n),
            _ => self.find(bytes, span),
        }
    }

    /// Which declared names up to [`BATCH`] names are; or the position in the batch of the first that is none.
    pub fn find_batch(&self, bytes: &[u8], names: &[Named], found: &mut [u32; BATCH]) -> Result<(), usize> {
        if self.counted.is_some() {
            for (i, &name) in names.iter().enumerate().take(BATCH) {
                let place = self.by_number(name.key).or_else(|| self.find(bytes, name.span));
                found[i] = place.ok_or(i)? as u32;
            }
            return Ok(());
        }
        let table = self.table(bytes);
        let mut slots = [0_usize; BATCH];
        let mut first = [Slot::default(); BATCH];
        for (slot, name) in slots.iter_mut().zip(names) {
            *slot = table.slot(name.key);
        }
        // Nothing in this loop waits for anything else in it: the loads run side by side.
        for (entry, &slot) in first.iter_mut().zip(&slots[..names.len().min(BATCH)]) {
            *entry = table.slots[slot];
        }
        for (i, &name) in names.iter().enumerate().take(BATCH) {
            found[i] = if first[i].key == name.key && name.key & HASHED == 0 {
                first[i].declared
            } else {
                table.probe(bytes, self, name, slots[i]).ok_or(i)? as u32
            };
        }
        Ok(())
    }
}

/// Names of at most eight bytes that count up by one: a prefix that all share, and a number. The first one may be
/// another, as the objective's is.
#[derive(Debug)]
struct Counted {
    prefix_bytes: usize,
    /// What is to be added to a name's number for its position.
    offset: u64,
}

impl Counted {
    /// How these names count, if they do: then none is there twice.
    fn of(keys: &[u64]) -> Option<Self> {
        let (&last, &second) = (keys.last()?, keys.get(1)?);
        let prefix = (1..8).find(|&n| digits(last, n).is_some())?;
        let offset = 1_u64.wrapping_sub(digits(second, prefix)?);
        let counted = Self { prefix_bytes: prefix, offset };
        let prefix_mask = (1 << (8 * prefix)) - 1;
        // Positions that differ mean numbers that do; the first name has a place among them only if it is one of them.
        let counts = (keys[1..].iter().zip(1..))
            .all(|(&key, at)| (key ^ last) & prefix_mask == 0 && counted.place(key) == Some(at));
        let first = counted.place(keys[0]).is_none_or(|at| at == 0 || keys.get(at) != Some(&keys[0]));
        (counts && first).then_some(counted)
    }

    /// Where a name of this number would stand.
    #[inline]
    fn place(&self, key: u64) -> Option<usize> {
        Some(digits(key, self.prefix_bytes)?.wrapping_add(self.offset) as usize)
    }
}

/// The number that a name of at most eight bytes is behind its first `prefix` bytes.
#[inline]
fn digits(key: u64, prefix: usize) -> Option<u64> {
    let bytes = (64 - key.leading_zeros() as usize).div_ceil(8);
    number::digits(key >> (8 * prefix), bytes.checked_sub(prefix).filter(|&count| count > 0)?)
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// 0 for an empty slot.
    key: u64,
    /// The how-manieth declared name it is.
    declared: u32,
}

/// Open addressing, five eighths full.
#[derive(Debug)]
struct Table {
    slots: Vec<Slot>,
    seed: u64,
}

impl Table {
    /// A table of all declared names, but for those that were there already; and the position of the first such.
    fn build(bytes: &[u8], names: &Declared) -> (Self, Option<usize>) {
        let capacity = (names.len() + names.len() / 8 * 5).max(names.len() + 8);
        let mut table = Self { slots: vec![Slot::default(); capacity], seed: names.seed };
        let mut second = None;
        let mut slots = [0_usize; BATCH];
        for (block, keys) in names.keys.chunks(BATCH).enumerate() {
            // As in a batch of look-ups: what is waited for in the second loop has been asked for in the first.
            let mut used = 0;
            for (slot, &key) in slots.iter_mut().zip(keys) {
                *slot = table.slot(key);
                used |= table.slots[*slot].key;
            }
            std::hint::black_box(used);
            for (k, (&key, &slot)) in keys.iter().zip(&slots).enumerate() {
                let declared = block * BATCH + k;
                if !table.insert(bytes, names, declared, key, slot) {
                    second = second.or(Some(declared));
                }
            }
        }
        (table, second)
    }

    /// Whether the name was new.
    #[inline]
    fn insert(&mut self, bytes: &[u8], names: &Declared, declared: usize, key: u64, mut slot: usize) -> bool {
        loop {
            let other = self.slots[slot];
            if other.key == 0 {
                self.slots[slot] = Slot { key, declared: declared as u32 };
                return true;
            }
            let name = Named { span: names.span(declared), key };
            if other.key == key && names.is(bytes, other.declared as usize, name) {
                return false;
            }
            slot = self.behind(slot);
        }
    }

    /// Where a key is to be looked for first: its hash as a fraction of the capacity.
    #[inline]
    fn slot(&self, key: u64) -> usize {
        let hash = fold(key ^ self.seed, 0x9E37_79B9_7F4A_7C15);
        multiply(hash, self.slots.len() as u64).0 as usize
    }

    #[inline]
    fn behind(&self, slot: usize) -> usize {
        if slot + 1 == self.slots.len() { 0 } else { slot + 1 }
    }

    fn find(&self, bytes: &[u8], names: &Declared, name: Named) -> Option<usize> {
        self.probe(bytes, names, name, self.slot(name.key))
    }

    fn probe(&self, bytes: &[u8], names: &Declared, name: Named, mut slot: usize) -> Option<usize> {
        loop {
            let found = self.slots[slot];
            if found.key == name.key && names.is(bytes, found.declared as usize, name) {
                return Some(found.declared as usize);
            }
            if found.key == 0 {
                return None;
            }
            slot = self.behind(slot);
        }
    }
}
