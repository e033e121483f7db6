//! Tuples of index sets: every combination of their keys, the last running fastest, found by arithmetic.

use super::{IndexSet, IntoIndex, KeyOf, Labels, Walk};

/// What [`sum`](crate::model::sum) runs over: anything that can be iterated, or a tuple of such for all combinations.
/// `M` only tells the implementations apart and is inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be summed over",
    label = "cannot be summed over",
    note = "sums run over what can be iterated (is a `&` missing?), or over a tuple of such"
)]
pub trait Keys<M> {
    /// What the closure gets.
    type Key;
    /// Visits every key, after saying how many there will be at least.
    fn each<S>(self, begin: impl FnOnce(usize) -> S, visit: impl FnMut(&mut S, Self::Key)) -> S;
}

/// Tells iterators apart from tuples.
#[derive(Debug)]
pub struct Iterated;

impl<I: IntoIterator> Keys<Iterated> for I {
    type Key = I::Item;
    #[inline]
    fn each<S>(self, begin: impl FnOnce(usize) -> S, mut visit: impl FnMut(&mut S, I::Item)) -> S {
        let keys = self.into_iter();
        let mut state = begin(keys.size_hint().0);
        keys.for_each(|key| visit(&mut state, key));
        state
    }
}

/// Tells tuples apart from iterators.
#[derive(Debug)]
pub struct Combined;

/// The keys of several sets as one walk.
#[derive(Debug, Clone)]
pub struct Nest<W>(W);

macro_rules! products {
    ($($s:ident $q:ident $m:ident $v:ident $at:tt),*; $first:ident $($rest:ident)*; $loops:ident) => {
        impl<$($s: IndexSet),*> IndexSet for ($($s,)*) {
            type Key<'s> = ($($s::Key<'s>,)*) where Self: 's;

            fn len(&self) -> usize {
                1 $(* self.$at.len())*
            }
            fn key(&self, position: usize) -> Self::Key<'_> {
                let mut rest = position;
                let mut at = [$($at),*];
                for (axis, len) in [$(self.$at.len()),*].into_iter().enumerate().rev() {
                    at[axis] = rest % len;
                    rest /= len;
                }
                ($(self.$at.key(at[$at]),)*)
            }
            fn labels(&self) -> Labels {
                Labels::product(vec![$((self.$at.labels(), self.$at.len())),*])
            }
            fn repeated(&self) -> Option<String> {
                None $(.or_else(|| self.$at.repeated()))*
            }
        }

        impl<$($s: IndexSet, $q: KeyOf<$s>),*> KeyOf<($($s,)*)> for ($($q,)*) {
            #[inline]
            fn position(&self, set: &($($s,)*)) -> Option<usize> {
                let mut position = 0;
                $(position = position * set.$at.len() + self.$at.position(&set.$at)?;)*
                Some(position)
            }
        }

        impl<$($m, $s: IntoIndex<$m>),*> IntoIndex<($($m,)*)> for ($($s,)*) {
            type Key = ($($s::Key,)*);
            type Index = ($($s::Index,)*);
            type Walk = Nest<($($s::Walk,)*)>;

            fn into_set(self) -> (Self::Index, Self::Walk) {
                $(let $v = self.$at.into_set();)*
                let size = Some(1_usize) $(.and_then(|n| n.checked_mul($v.0.len())))*;
                assert!(size.is_some(), "the product of the index sets does not fit a problem");
                (($($v.0,)*), Nest(($($v.1,)*)))
            }
        }

        impl<$($s: Walk),*> Walk for Nest<($($s,)*)> {
            type Key = ($($s::Key,)*);
            #[inline]
            fn each(self, visit: &mut impl FnMut(Self::Key)) {
                let ($($v,)*) = self.0;
                $loops!(each, visit; $($v),*);
            }
        }

        impl<$($s: IntoIterator<Item: Copy, IntoIter: Clone>),*> Keys<Combined> for ($($s,)*) {
            type Key = ($($s::Item,)*);
            #[inline]
            fn each<S>(self, begin: impl FnOnce(usize) -> S, mut visit: impl FnMut(&mut S, Self::Key)) -> S {
                $(let $v = self.$at.into_iter();)*
                let least = 1_usize $(.saturating_mul($v.size_hint().0))*;
                let mut state = begin(least);
                let mut visit = |key| visit(&mut state, key);
                $loops!(for_each, visit; $($v),*);
                state
            }
        }
    };
}

/// Loops nested in each other, written once for walks (`each`, by reference) and once for iterators (`for_each`).
macro_rules! nested2 {
    (each, $visit:ident; $a:ident, $b:ident) => {
        $a.each(&mut |i| $b.clone().each(&mut |j| $visit((i, j))))
    };
    (for_each, $visit:ident; $a:ident, $b:ident) => {
        $a.for_each(|i| $b.clone().for_each(|j| $visit((i, j))))
    };
}
macro_rules! nested3 {
    (each, $visit:ident; $a:ident, $b:ident, $c:ident) => {
        $a.each(&mut |i| $b.clone().each(&mut |j| $c.clone().each(&mut |k| $visit((i, j, k)))))
    };
    (for_each, $visit:ident; $a:ident, $b:ident, $c:ident) => {
        $a.for_each(|i| $b.clone().for_each(|j| $c.clone().for_each(|k| $visit((i, j, k)))))
    };
}
macro_rules! nested4 {
    (each, $visit:ident; $a:ident, $b:ident, $c:ident, $d:ident) => {
        $a.each(&mut |i| {
            $b.clone().each(&mut |j| $c.clone().each(&mut |k| $d.clone().each(&mut |l| $visit((i, j, k, l)))))
        })
    };
    (for_each, $visit:ident; $a:ident, $b:ident, $c:ident, $d:ident) => {
        $a.for_each(|i| $b.clone().for_each(|j| $c.clone().for_each(|k| $d.clone().for_each(|l| $visit((i, j, k, l))))))
    };
}

products!(A QA MA a 0, B QB MB b 1; a b; nested2);
products!(A QA MA a 0, B QB MB b 1, C QC MC c 2; a b c; nested3);
products!(A QA MA a 0, B QB MB b 1, C QC MC c 2, D QD MD d 3; a b c d; nested4);
