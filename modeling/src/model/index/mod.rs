//! What variables and rows are indexed by: the caller's own values, found by place or by value, never copied.
//!
//! | index set | its keys | how a key is found |
//! |---|---|---|
//! | `&Vec<T>`, `&[T]`, `&[T; N]` | `&T` | by place: the address tells the position. `T` needs `Debug` only |
//! | [`&Set<K>`](Set) | `&K` | by place, else by value: `ship[("Lyon", "Paris")]` costs one hash a key |
//! | an iterator of keys: `0..24`, `arcs.iter().filter(…)` | what it yields | integers by value, references by place |
//! | tuples of up to four of these | tuples of keys | each by itself; the family is dense |
//! | [`set.only(…)`](Only) | those of `set` that are wanted | as in `set` |
//!
//! Found by place means that the *element itself* has to be handed over, `&plants[3]` or what `plants.iter()` yields, not an
//! equal value kept elsewhere. Then a look-up is a subtraction and a multiplication, and nothing needs `Hash` or `Eq`:
//! structures with prices and distances in them are index sets as they are.

mod key;
mod label;
mod listed;
mod only;
mod places;
mod product;
mod set;

pub use key::Key;
pub use label::Labels;
pub(super) use label::start_of_debug;
pub use listed::{ByList, Listed};
pub use only::{Only, Restrict, Selected};
pub use places::{ByPlace, Places};
pub use product::Keys;
pub use set::{ByValue, Like, Set};

/// A frozen index set: positions 0 to `len` and the key of each.
pub trait IndexSet: Clone {
    /// What it is indexed by.
    type Key<'s>: Key
    where
        Self: 's;

    /// How many keys there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key at `position`, which must be below [`len`](Self::len).
    fn key(&self, position: usize) -> Self::Key<'_>;

    /// The names of the keys, without borrowing them.
    fn labels(&self) -> Labels;

    /// A key that is there twice, if one is, in words.
    fn repeated(&self) -> Option<String> {
        None
    }
}

/// What may be used as an index set: see the [module](self). `M` only tells the implementations apart and is inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an index set",
    label = "not an index set",
    note = "an index set is a reference to a slice, `Vec` or `Set`, an iterator of integers or references, or a tuple of these",
    note = "is a `&` missing? For owned keys, collect them: `let keys: Set<_> = keys.collect();` and pass `&keys`"
)]
pub trait IntoIndex<M> {
    /// What iterating it yields.
    type Key: Key;
    /// The set that families keep.
    type Index: IndexSet;
    /// How its keys are walked through.
    type Walk: Walk<Key = Self::Key>;

    /// The set, and a walk over its keys in order of position.
    fn into_set(self) -> (Self::Index, Self::Walk);
}

/// A walk over keys that can be started again.
pub trait Walk: Clone {
    /// What it visits.
    type Key: Key;
    /// Visits every key once, in order.
    fn each(self, visit: &mut impl FnMut(Self::Key));
}

impl<I: Iterator<Item: Key> + Clone> Walk for I {
    type Key = I::Item;
    fn each(self, visit: &mut impl FnMut(I::Item)) {
        self.for_each(visit);
    }
}

/// A key that can be looked up in an index set `S`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a key of this family",
    label = "not a key of this family",
    note = "the family is over `{S}`; `Places<T>` takes `&T`, `Set<K>` takes `&K` or an equal plain value, a tuple takes a tuple"
)]
pub trait KeyOf<S>: std::fmt::Debug {
    /// Its position, if it is there.
    fn position(&self, set: &S) -> Option<usize>;
}
