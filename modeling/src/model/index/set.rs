//! [`Set`]: an index set that owns its keys and finds them by place or by value.

use std::fmt::Debug;
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::places::place_in;
use super::{IndexSet, IntoIndex, KeyOf, Labels};

/// Keys in the order in which they came, each once. Cloning shares them. Read it like a slice.
///
/// ```
/// use farkas_modeling::model::{Model, Set};
/// let cities: Set<String> = ["Lyon", "Nantes", "Paris"].map(String::from).into_iter().collect();
/// let mut m = Model::new("visits");
/// let visit = m.binary("visit").over((&cities, &cities));
/// let lyon = &cities[0];
/// assert_eq!(visit[(lyon, "Paris")], visit[("Lyon", &cities[2])]); // by place or by value
/// assert!(visit.get(("Lyon", "Rome")).is_none());
/// ```
pub struct Set<K> {
    inner: Arc<Inner<K>>,
    near: Near,
}

struct Inner<K> {
    keys: Vec<K>,
    /// Positions by the hash of the key there.
    table: HashTable<u32>,
    labels: OnceLock<Labels>,
}

/// Where the last key was found, and where the next one would be if it went on so: keys are mostly looked up in the order
/// of their set, or one again and again, and comparing with a key costs less than hashing. Every family has its own, for
/// each of its sets. It is a guess that is checked; threads may spoil it for each other and nothing else.
#[derive(Default)]
struct Near(AtomicU64);

impl Near {
    /// What [`Near`] holds where nothing should be guessed: no set has a key there.
    const NOWHERE: u32 = u32::MAX;

    /// The position to try first.
    #[inline]
    fn guess(&self) -> usize {
        (self.0.load(Relaxed) >> 32) as usize
    }

    /// Tells where a key was found that was not guessed.
    fn found(&self, at: u32) {
        let last = self.0.load(Relaxed) as u32;
        match at.wrapping_sub(last) {
            0 => self.set(at, at),
            1 => self.set(at, at + 1),
            _ => self.set(at, Self::NOWHERE),
        }
    }

    /// Tells that the guess was right.
    #[inline]
    fn right(&self, at: u32) {
        let last = self.0.load(Relaxed) as u32;
        if last != at {
            self.set(at, at + 1);
        }
    }

    #[inline]
    fn set(&self, last: u32, guess: u32) {
        self.0.store(u64::from(guess) << 32 | u64::from(last), Relaxed);
    }
}

/// The same for all sets: what hashes alike here hashes alike there, and keys are the caller's own, not an attacker's.
fn hasher() -> impl Hasher {
    FixedState::default().build_hasher()
}

fn hash_of<K: Hash>(key: &K) -> u64 {
    let mut state = hasher();
    key.hash(&mut state);
    state.finish()
}

impl<K: Hash + Eq> FromIterator<K> for Set<K> {
    /// Keeps the first of equal keys.
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let keys = keys.into_iter();
        let expected = keys.size_hint().0;
        let mut kept: Vec<K> = Vec::with_capacity(expected);
        let mut table: HashTable<u32> = HashTable::with_capacity(expected);
        for key in keys {
            let hash = hash_of(&key);
            if table.find(hash, |&at| kept[at as usize] == key).is_some() {
                continue;
            }
            let at = u32::try_from(kept.len()).expect("an index set of more than 2^32 keys does not fit a problem");
            kept.push(key);
            table.insert_unique(hash, at, |&at| hash_of(&kept[at as usize]));
        }
        Self { inner: Arc::new(Inner { keys: kept, table, labels: OnceLock::new() }), near: Near::default() }
    }
}

impl<K: Hash + Eq> From<Vec<K>> for Set<K> {
    fn from(keys: Vec<K>) -> Self {
        keys.into_iter().collect()
    }
}

impl<K: Hash + Eq, const N: usize> From<[K; N]> for Set<K> {
    fn from(keys: [K; N]) -> Self {
        keys.into_iter().collect()
    }
}

impl<K> Set<K> {
    /// Where a key stands, if it is there.
    #[expect(clippy::needless_pass_by_value, reason = "keys are small, and plain ones should need no `&`")]
    pub fn position<Q: Like<K>>(&self, key: Q) -> Option<usize> {
        self.find(&key)
    }

    #[inline]
    fn find<Q: Like<K>>(&self, key: &Q) -> Option<usize> {
        if let Some(at) = key.place().and_then(|place| place_in(&self.inner.keys, place)) {
            return Some(at);
        }
        let guess = self.near.guess();
        if self.inner.keys.get(guess).is_some_and(|near| key.is_like(near)) {
            self.near.right(guess as u32);
            return Some(guess);
        }
        self.look_up(key)
    }

    fn look_up<Q: Like<K>>(&self, key: &Q) -> Option<usize> {
        let mut state = hasher();
        key.hash_like(&mut state);
        let at = *self.inner.table.find(state.finish(), |&at| key.is_like(&self.inner.keys[at as usize]))?;
        self.near.found(at);
        Some(at as usize)
    }
}

impl<K> Deref for Set<K> {
    type Target = [K];
    fn deref(&self) -> &[K] {
        &self.inner.keys
    }
}

impl<K> Clone for Set<K> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), near: Near::default() }
    }
}

impl<K: Debug> Debug for Set<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.keys.fmt(f)
    }
}

impl<'s, K> IntoIterator for &'s Set<K> {
    type Item = &'s K;
    type IntoIter = std::slice::Iter<'s, K>;
    fn into_iter(self) -> Self::IntoIter {
        self.inner.keys.iter()
    }
}

impl<K: Debug> IndexSet for Set<K> {
    type Key<'s>
        = &'s K
    where
        Self: 's;

    fn len(&self) -> usize {
        self.inner.keys.len()
    }
    fn key(&self, position: usize) -> &K {
        &self.inner.keys[position]
    }
    fn labels(&self) -> Labels {
        self.inner.labels.get_or_init(|| Labels::of(self.iter())).clone()
    }
}

/// Tells sets apart from other index sets.
#[derive(Debug)]
pub struct ByValue;

impl<'s, K: Debug> IntoIndex<ByValue> for &'s Set<K> {
    type Key = &'s K;
    type Index = Set<K>;
    type Walk = std::slice::Iter<'s, K>;

    fn into_set(self) -> (Set<K>, Self::Walk) {
        (self.clone(), self.inner.keys.iter())
    }
}

impl<K, Q: Like<K> + Debug> KeyOf<Set<K>> for Q {
    #[inline]
    fn position(&self, set: &Set<K>) -> Option<usize> {
        set.find(self)
    }
}

/// A value that can be equal to a key of type `K`: `&K` itself, `&str` for `String`, a tuple of such for a tuple.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` is not looked for among keys of type `{K}`",
    label = "expected `&{K}`, or a plain value like it",
    note = "plain values are `&str` for strings, integers for integers, and tuples of such for tuples"
)]
pub trait Like<K> {
    /// The key itself, if this is a reference to one, which may then be found by its place.
    fn place(&self) -> Option<&K> {
        None
    }
    /// Hashes as an equal key does.
    fn hash_like<H: Hasher>(&self, state: &mut H);
    /// Whether it is equal to `key`.
    fn is_like(&self, key: &K) -> bool;
}

impl<K: Hash + Eq> Like<K> for &K {
    fn place(&self) -> Option<&K> {
        Some(self)
    }
    fn hash_like<H: Hasher>(&self, state: &mut H) {
        self.hash(state);
    }
    fn is_like(&self, key: &K) -> bool {
        **self == *key
    }
}

impl Like<String> for &str {
    fn hash_like<H: Hasher>(&self, state: &mut H) {
        self.hash(state);
    }
    fn is_like(&self, key: &String) -> bool {
        *self == key
    }
}

impl<'k> Like<&'k str> for &str {
    fn hash_like<H: Hasher>(&self, state: &mut H) {
        self.hash(state);
    }
    fn is_like(&self, key: &&'k str) -> bool {
        self == key
    }
}

impl<'k> Like<&'k str> for &String {
    fn hash_like<H: Hasher>(&self, state: &mut H) {
        self.hash(state);
    }
    fn is_like(&self, key: &&'k str) -> bool {
        self == key
    }
}

macro_rules! by_value {
    ($($t:ty)*) => {$(
        impl Like<$t> for $t {
            fn hash_like<H: Hasher>(&self, state: &mut H) {
                self.hash(state);
            }
            fn is_like(&self, key: &$t) -> bool {
                self == key
            }
        }
    )*};
}
by_value!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize char bool);

macro_rules! tuples {
    ($($q:ident $k:ident $at:tt),*) => {
        impl<$($q: Like<$k>, $k),*> Like<($($k,)*)> for ($($q,)*) {
            fn hash_like<S: Hasher>(&self, state: &mut S) {
                $(self.$at.hash_like(state);)*
            }
            fn is_like(&self, key: &($($k,)*)) -> bool {
                $(self.$at.is_like(&key.$at))&&*
            }
        }
    };
}
tuples!(A X 0, B Y 1);
tuples!(A X 0, B Y 1, C Z 2);
tuples!(A X 0, B Y 1, C Z 2, D W 3);
