//! Slices as index sets: an element's position is told by its address, so that elements need neither `Hash` nor `Eq`.

use std::fmt::Debug;

use super::{IndexSet, IntoIndex, KeyOf, Labels};

/// A borrowed slice as an index set. As long as it is borrowed its elements cannot move, so their addresses name them.
pub struct Places<'a, T> {
    slice: &'a [T],
}

impl<T> Clone for Places<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Places<'_, T> {}

impl<T: Debug> Debug for Places<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.slice.fmt(f)
    }
}

/// Position of `element` in `slice`, if it stands there.
pub(super) fn place_in<T>(slice: &[T], element: &T) -> Option<usize> {
    let offset = std::ptr::from_ref(element).addr().wrapping_sub(slice.as_ptr().addr());
    // An element of the slice cannot start anywhere but at a multiple of the size; a stranger fails the length.
    let position = offset / size_of::<T>().max(1);
    (position < slice.len()).then_some(position)
}

impl<T: Debug> IndexSet for Places<'_, T> {
    type Key<'s>
        = &'s T
    where
        Self: 's;

    fn len(&self) -> usize {
        self.slice.len()
    }
    fn key(&self, position: usize) -> &T {
        &self.slice[position]
    }
    fn labels(&self) -> Labels {
        Labels::of(self.slice.iter())
    }
    fn repeated(&self) -> Option<String> {
        let same = size_of::<T>() == 0 && self.slice.len() > 1;
        same.then(|| format!("{:?} (its type has no size, so its elements cannot be told apart)", self.slice[0]))
    }
}

impl<T: Debug> KeyOf<Places<'_, T>> for &T {
    #[inline]
    fn position(&self, set: &Places<'_, T>) -> Option<usize> {
        place_in(set.slice, self)
    }
}

impl<T: Debug> KeyOf<Places<'_, T>> for &&T {
    #[inline]
    fn position(&self, set: &Places<'_, T>) -> Option<usize> {
        place_in(set.slice, self)
    }
}

/// Tells slices apart from other index sets.
#[derive(Debug)]
pub struct ByPlace;

impl<'a, T: Debug> IntoIndex<ByPlace> for &'a [T] {
    type Key = &'a T;
    type Index = Places<'a, T>;
    type Walk = std::slice::Iter<'a, T>;

    fn into_set(self) -> (Places<'a, T>, Self::Walk) {
        (Places { slice: self }, self.iter())
    }
}

impl<'a, T: Debug> IntoIndex<ByPlace> for &'a Vec<T> {
    type Key = &'a T;
    type Index = Places<'a, T>;
    type Walk = std::slice::Iter<'a, T>;

    fn into_set(self) -> (Places<'a, T>, Self::Walk) {
        self.as_slice().into_set()
    }
}

impl<'a, T: Debug, const N: usize> IntoIndex<ByPlace> for &'a [T; N] {
    type Key = &'a T;
    type Index = Places<'a, T>;
    type Walk = std::slice::Iter<'a, T>;

    fn into_set(self) -> (Places<'a, T>, Self::Walk) {
        self.as_slice().into_set()
    }
}
