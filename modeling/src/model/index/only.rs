//! A part of an index set: the keys that are wanted, found as in the whole.

use std::fmt::Debug;
use std::sync::Arc;

use super::{IndexSet, IntoIndex, Key, KeyOf, Labels, Walk};

/// Marks a position of the whole that is not in the part.
const LEFT_OUT: u32 = u32::MAX;

/// Some keys of an index set, made by [`only`](Restrict::only).
#[derive(Clone)]
pub struct Only<S> {
    whole: S,
    /// Positions in the whole, ascending.
    chosen: Arc<[u32]>,
    /// For each position in the whole that in the part.
    positions: Arc<[u32]>,
}

impl<S: Debug> Debug for Only<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Only").field("of", &self.whole).field("keys", &self.chosen.len()).finish_non_exhaustive()
    }
}

/// Takes the wanted keys of an index set. In scope with the prelude.
///
/// ```
/// use farkas_modeling::model::{Model, Restrict, sum};
/// let cities = ["Lyon", "Nantes", "Paris"];
/// let mut m = Model::new("tour");
/// let go = m.binary("go").over((0..3, 0..3).only(|(i, j)| i != j));
/// assert_eq!(go.len(), 6);
/// assert!(go.get((1, 1)).is_none());
/// # let _ = cities;
/// ```
pub trait Restrict<M>: IntoIndex<M> + Sized {
    /// Those keys for which `wanted` says true. Every key of the whole is looked at; where the whole is much larger than the
    /// part, list the part in a [`Set`](super::Set) instead.
    fn only(self, wanted: impl FnMut(Self::Key) -> bool) -> Part<Self::Index, Self::Key>;
}

impl<M, S: IntoIndex<M>> Restrict<M> for S {
    fn only(self, mut wanted: impl FnMut(Self::Key) -> bool) -> Part<Self::Index, Self::Key> {
        let (whole, walk) = self.into_set();
        let mut positions = Vec::with_capacity(whole.len());
        let (mut chosen, mut keys) = (Vec::new(), Vec::new());
        walk.each(&mut |key| {
            let at = if wanted(key) {
                chosen.push(positions.len() as u32);
                keys.push(key);
                keys.len() as u32 - 1
            } else {
                LEFT_OUT
            };
            positions.push(at);
        });
        Part { index: Only { whole, chosen: chosen.into(), positions: positions.into() }, keys: keys.into() }
    }
}

/// A part of an index set as it is handed to `over`, `rows` and `sum`. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Part<S, K> {
    index: Only<S>,
    keys: Arc<[K]>,
}

impl<S, K: Key> Part<S, K> {
    /// Its keys in order.
    pub fn iter(&self) -> std::iter::Copied<std::slice::Iter<'_, K>> {
        self.keys.iter().copied()
    }
}

impl<'p, S, K: Key> IntoIterator for &'p Part<S, K> {
    type Item = K;
    type IntoIter = std::iter::Copied<std::slice::Iter<'p, K>>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<S: IndexSet> IndexSet for Only<S> {
    type Key<'s>
        = S::Key<'s>
    where
        Self: 's;

    fn len(&self) -> usize {
        self.chosen.len()
    }
    fn key(&self, position: usize) -> S::Key<'_> {
        self.whole.key(self.chosen[position] as usize)
    }
    fn labels(&self) -> Labels {
        Labels::selected(self.whole.labels(), Arc::clone(&self.chosen))
    }
    fn repeated(&self) -> Option<String> {
        self.whole.repeated()
    }
}

impl<S, Q: KeyOf<S>> KeyOf<Only<S>> for Q {
    #[inline]
    fn position(&self, set: &Only<S>) -> Option<usize> {
        let at = set.positions[self.position(&set.whole)?];
        (at != LEFT_OUT).then_some(at as usize)
    }
}

/// Tells parts apart from other index sets.
#[derive(Debug)]
pub struct Selected;

/// The walk over the keys of a part.
#[derive(Debug, Clone)]
pub struct PartWalk<K>(Arc<[K]>);

impl<K: Key> Walk for PartWalk<K> {
    type Key = K;
    fn each(self, visit: &mut impl FnMut(K)) {
        self.0.iter().copied().for_each(visit);
    }
}

impl<S: IndexSet, K: Key> IntoIndex<Selected> for &Part<S, K> {
    type Key = K;
    type Index = Only<S>;
    type Walk = PartWalk<K>;

    fn into_set(self) -> (Only<S>, PartWalk<K>) {
        (self.index.clone(), PartWalk(Arc::clone(&self.keys)))
    }
}

impl<S: IndexSet, K: Key> IntoIndex<Selected> for Part<S, K> {
    type Key = K;
    type Index = Only<S>;
    type Walk = PartWalk<K>;

    fn into_set(self) -> (Only<S>, PartWalk<K>) {
        (&self).into_set()
    }
}
