//! Iterators as index sets: their keys are collected once; integers are found by value, references by place.

use std::fmt::Debug;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::{IndexSet, IntoIndex, Key, KeyOf, Labels};

/// Marks a position in a table where no key is.
const NOWHERE: u32 = u32::MAX;

/// The keys that an iterator yielded, in its order. Cloning shares them.
pub struct Listed<K: Key> {
    inner: Arc<Inner<K>>,
}

struct Inner<K: Key> {
    keys: Vec<K>,
    finder: Finder<K::Code>,
    repeated: Option<usize>,
}

/// How a code leads to a position.
enum Finder<C> {
    /// Codes rise by one step from key to key, as those of a range or of a whole slice do.
    Run { first: u64, step: u64 },
    /// Codes lie close together: a table from step to position.
    Table { first: u64, step: u64, positions: Box<[u32]> },
    /// Anything else.
    Hash(HashMap<C, u32, FixedState>),
}

impl<K: Key> Listed<K> {
    fn new(keys: Vec<K>) -> Self {
        assert!(keys.len() < NOWHERE as usize, "an index set of {} keys does not fit a problem", keys.len());
        let (finder, repeated) = run(&keys).or_else(|| table(&keys)).unwrap_or_else(|| hash(&keys));
        Self { inner: Arc::new(Inner { keys, finder, repeated }) }
    }
}

type Found<C> = (Finder<C>, Option<usize>);

fn run<K: Key>(keys: &[K]) -> Option<Found<K::Code>> {
    let (first, step) = K::line(K::code(*keys.first()?))?;
    let rising = keys.iter().zip(0_u64..).all(|(key, i)| {
        K::line(K::code(*key))
            .is_some_and(|(code, _)| i.checked_mul(step).and_then(|by| first.checked_add(by)) == Some(code))
    });
    rising.then_some((Finder::Run { first, step }, None))
}

fn table<K: Key>(keys: &[K]) -> Option<Found<K::Code>> {
    let line = |key: &K| K::line(K::code(*key));
    let step = line(keys.first()?)?.1;
    let (mut first, mut last) = (u64::MAX, 0);
    for (code, _) in keys.iter().filter_map(line) {
        (first, last) = (first.min(code), last.max(code));
    }
    let span = (last - first) / step;
    // References into different slices may be far apart, or at odd distances; 16 times the keys is still less than hashing takes.
    if span > 16 * keys.len() as u64 + 64 || keys.iter().filter_map(line).any(|(code, _)| (code - first) % step != 0) {
        return None;
    }
    let mut positions = vec![NOWHERE; span as usize + 1].into_boxed_slice();
    let mut repeated = None;
    for (at, (code, _)) in keys.iter().filter_map(line).enumerate() {
        let slot = &mut positions[((code - first) / step) as usize];
        if *slot == NOWHERE {
            *slot = at as u32;
        } else {
            repeated = repeated.or(Some(at));
        }
    }
    Some((Finder::Table { first, step, positions }, repeated))
}

fn hash<K: Key>(keys: &[K]) -> Found<K::Code> {
    let mut positions = HashMap::with_capacity_and_hasher(keys.len(), FixedState::default());
    let mut repeated = None;
    for (at, key) in keys.iter().enumerate() {
        match positions.entry(K::code(*key)) {
            Entry::Occupied(_) => repeated = repeated.or(Some(at)),
            Entry::Vacant(free) => _ = free.insert(at as u32),
        }
    }
    (Finder::Hash(positions), repeated)
}

impl<K: Key> Clone for Listed<K> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<K: Key> Debug for Listed<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.keys.fmt(f)
    }
}

impl<K: Key> IndexSet for Listed<K> {
    type Key<'s>
        = K
    where
        Self: 's;

    fn len(&self) -> usize {
        self.inner.keys.len()
    }
    fn key(&self, position: usize) -> K {
        self.inner.keys[position]
    }
    fn labels(&self) -> Labels {
        Labels::of(self.inner.keys.iter())
    }
    fn repeated(&self) -> Option<String> {
        self.inner.repeated.map(|at| format!("{:?}", self.inner.keys[at]))
    }
}

impl<K: Key, Q: Key<Kind = K::Kind, Code = K::Code>> KeyOf<Listed<K>> for Q {
    #[inline]
    fn position(&self, set: &Listed<K>) -> Option<usize> {
        let code = Q::code(*self);
        let position = match &set.inner.finder {
            Finder::Run { first, step } => {
                let offset = Q::line(code)?.0.wrapping_sub(*first);
                let position = offset / step;
                return (position < set.inner.keys.len() as u64).then_some(position as usize);
            }
            Finder::Table { first, step, positions } => {
                let offset = Q::line(code)?.0.wrapping_sub(*first);
                *positions.get(usize::try_from(offset / step).ok()?)?
            }
            Finder::Hash(positions) => *positions.get(&code)?,
        };
        (position != NOWHERE).then_some(position as usize)
    }
}

/// The walk over listed keys.
pub struct Walk<K: Key> {
    listed: Listed<K>,
}

impl<K: Key> Clone for Walk<K> {
    fn clone(&self) -> Self {
        Self { listed: self.listed.clone() }
    }
}

impl<K: Key> super::Walk for Walk<K> {
    type Key = K;
    fn each(self, visit: &mut impl FnMut(K)) {
        self.listed.inner.keys.iter().copied().for_each(visit);
    }
}

/// Tells iterators apart from other index sets.
#[derive(Debug)]
pub struct ByList;

impl<I: Iterator<Item: Key>> IntoIndex<ByList> for I {
    type Key = I::Item;
    type Index = Listed<I::Item>;
    type Walk = Walk<I::Item>;

    fn into_set(self) -> (Listed<I::Item>, Walk<I::Item>) {
        let listed = Listed::new(self.collect());
        (listed.clone(), Walk { listed })
    }
}
