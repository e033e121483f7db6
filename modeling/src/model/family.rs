//! Families: variables or rows over an index set, reached by the caller's own keys.

use std::fmt::Debug;
use std::ops::{Index, Range};
use std::sync::{Arc, OnceLock};

use super::expression::Var;
use super::index::{IndexSet, IntoIndex, KeyOf, start_of_debug};

/// What a family has one of for every key: a [`Var`] or a [`Row`].
pub trait Member: Copy + Debug {
    /// What messages call it.
    const WHAT: &'static str;
    /// The one at this column or row of this model.
    fn at(index: u32, model: u32) -> Self;
}

impl Member for Var {
    const WHAT: &'static str = "variable";
    fn at(index: u32, model: u32) -> Self {
        Self { index, model }
    }
}

/// A row of a [`Model`](super::Model): a small handle to copy freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Row {
    pub(super) index: u32,
    pub(super) model: u32,
}

impl Row {
    /// Its row in the frozen problem.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

impl Member for Row {
    const WHAT: &'static str = "row";
    fn at(index: u32, model: u32) -> Self {
        Self { index, model }
    }
}

/// A member for every key of an index set: `ship[(plant, city)]`. Cloning shares what can be shared.
///
/// ```
/// use farkas_modeling::model::Model;
/// let plants = vec!["Lyon", "Nantes"];
/// let mut m = Model::new("facility location");
/// let open = m.binary("open").over(&plants);
/// let ship = m.nonnegative("ship").over((&plants, 0..12));
/// assert_ne!(open[&plants[0]], ship[(&plants[0], 11)]);
/// assert!(ship.get((&plants[1], 12)).is_none());
/// assert_eq!(ship.len(), 24);
/// ```
#[derive(Debug, Clone)]
pub struct Family<S, T = Var> {
    name: Arc<str>,
    set: S,
    first: u32,
    len: u32,
    model: u32,
    /// Made when the family is first indexed, since indexing returns a reference; most row families never are.
    members: OnceLock<Arc<[T]>>,
}

/// A row for every key of an index set, as [`Model::rows`](super::Model::rows) returns it.
pub type Rows<S> = Family<S, Row>;

impl<S: IndexSet, T: Member> Family<S, T> {
    /// The family whose first member is at `first`.
    pub(super) fn new(name: &str, set: S, first: u32, model: u32) -> Self {
        let len = set.len() as u32;
        Self { name: name.into(), set, first, len, model, members: OnceLock::new() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many members it has.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The member of this key, for those who would rather ask than index.
    #[expect(clippy::needless_pass_by_value, reason = "keys are small, and read here as they do in `family[key]`")]
    pub fn get<Q: KeyOf<S>>(&self, key: Q) -> Option<T> {
        key.position(&self.set).map(|at| T::at(self.first + at as u32, self.model))
    }

    /// All members, in the order of their keys.
    pub fn members(&self) -> &[T] {
        self.as_ref()
    }

    /// The columns or rows of its members in the frozen problem: they are contiguous.
    pub fn range(&self) -> Range<usize> {
        self.first as usize..(self.first + self.len) as usize
    }

    pub(super) fn model(&self) -> u32 {
        self.model
    }

    /// Its keys, in order: an index set for others, and iterable.
    pub fn keys(&self) -> FamilyKeys<'_, S> {
        FamilyKeys { set: &self.set }
    }

    /// Keys and members, in order.
    pub fn iter(&self) -> impl Iterator<Item = (S::Key<'_>, T)> {
        self.keys().iter().zip((self.first..self.first + self.len).map(|index| T::at(index, self.model)))
    }
}

impl<S, T: Member, Q: KeyOf<S>> Index<Q> for Family<S, T> {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, key: Q) -> &T {
        match key.position(&self.set) {
            Some(at) => &self.as_ref()[at],
            None => missing(T::WHAT, &self.name, &key),
        }
    }
}

#[cold]
#[track_caller]
fn missing(what: &str, family: &str, key: &dyn Debug) -> ! {
    let mut text = String::new();
    start_of_debug(key, &mut text);
    panic!(
        "'{family}' has no {what} for {text}: the key is not in its index set (keys of slices are found by place, so hand \
         over an element of the slice itself; a `Set` finds equal values too; `.get(key)` asks without panicking)"
    );
}

impl<S, T: Member> AsRef<[T]> for Family<S, T> {
    #[inline]
    fn as_ref(&self) -> &[T] {
        let all = || (self.first..self.first + self.len).map(|index| T::at(index, self.model)).collect();
        self.members.get_or_init(all)
    }
}

/// The keys of a family.
#[derive(Debug)]
pub struct FamilyKeys<'f, S> {
    set: &'f S,
}

impl<S> Clone for FamilyKeys<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for FamilyKeys<'_, S> {}

impl<'f, S: IndexSet> FamilyKeys<'f, S> {
    /// An iterator over them.
    pub fn iter(self) -> KeysIter<'f, S> {
        KeysIter { set: self.set, at: 0 }
    }
}

impl<'f, S: IndexSet> IntoIterator for FamilyKeys<'f, S> {
    type Item = S::Key<'f>;
    type IntoIter = KeysIter<'f, S>;
    fn into_iter(self) -> KeysIter<'f, S> {
        self.iter()
    }
}

/// An iterator over the keys of an index set.
#[derive(Debug)]
pub struct KeysIter<'f, S> {
    set: &'f S,
    at: usize,
}

impl<S> Clone for KeysIter<'_, S> {
    fn clone(&self) -> Self {
        Self { set: self.set, at: self.at }
    }
}

impl<'f, S: IndexSet> Iterator for KeysIter<'f, S> {
    type Item = S::Key<'f>;
    fn next(&mut self) -> Option<S::Key<'f>> {
        let at = self.at;
        (at < self.set.len()).then(|| {
            self.at += 1;
            self.set.key(at)
        })
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.set.len() - self.at;
        (left, Some(left))
    }
}

impl<S: IndexSet> ExactSizeIterator for KeysIter<'_, S> {}

/// The walk over a family's keys.
#[derive(Debug)]
pub struct FamilyWalk<'f, S>(&'f S);

impl<S> Clone for FamilyWalk<'_, S> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<'f, S: IndexSet> super::index::Walk for FamilyWalk<'f, S> {
    type Key = S::Key<'f>;
    fn each(self, visit: &mut impl FnMut(S::Key<'f>)) {
        (0..self.0.len()).for_each(|at| visit(self.0.key(at)));
    }
}

/// Tells the keys of families apart from other index sets.
#[derive(Debug)]
pub struct OfFamily;

impl<'f, S: IndexSet> IntoIndex<OfFamily> for FamilyKeys<'f, S> {
    type Key = S::Key<'f>;
    type Index = S;
    type Walk = FamilyWalk<'f, S>;

    fn into_set(self) -> (S, FamilyWalk<'f, S>) {
        (self.set.clone(), FamilyWalk(self.set))
    }
}
