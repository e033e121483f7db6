//! What a key is: something small that is copied, named, compared by a number, and handed back with a value beside it.

use std::fmt::Debug;
use std::marker::PhantomData;

/// A key as index sets yield it: a reference, an integer, or a tuple of keys.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key by itself",
    label = "not a key",
    note = "keys are references, integers and tuples of these; collect owned keys in a `Set` and pass a reference to it",
    note = "the values behind references need `Debug`, for names and messages"
)]
pub trait Key: Copy + Debug {
    /// Keys of one kind can be looked for among each other (`3_i32` among `usize`, say).
    type Kind;
    /// A number or a tuple of numbers; equal for equal keys of one kind and no others.
    type Code: Copy + Eq + std::hash::Hash;
    /// The key with a value behind it: `(p, c, value)` for the key `(p, c)`.
    type WithValue;

    /// The key's code. No method: on a reference to a key, which is a key too, it would be the reference's own.
    fn code(key: Self) -> Self::Code;
    /// The code as one number, with the distance between neighbours, if it is one.
    fn line(code: Self::Code) -> Option<(u64, u64)>;
    /// Puts a value behind the key.
    fn with_value(self, value: f64) -> Self::WithValue;
}

/// The kind of all integers.
#[derive(Debug)]
pub struct Integer;

/// The kind of references: they are told apart by their address.
#[derive(Debug)]
pub struct Address<T>(PhantomData<fn(T)>);

impl<T: Debug> Key for &T {
    type Kind = Address<T>;
    type Code = usize;
    type WithValue = (Self, f64);

    fn code(key: Self) -> usize {
        std::ptr::from_ref(key).addr()
    }
    fn line(code: usize) -> Option<(u64, u64)> {
        Some((code as u64, size_of::<T>().max(1) as u64))
    }
    fn with_value(self, value: f64) -> (Self, f64) {
        (self, value)
    }
}

macro_rules! integers {
    ($($t:ty)*) => {$(
        impl Key for $t {
            type Kind = Integer;
            type Code = i64;
            type WithValue = (Self, f64);

            fn code(key: Self) -> i64 {
                key as i64
            }
            fn line(code: i64) -> Option<(u64, u64)> {
                // Moved so that negative numbers come first.
                Some((code as u64 ^ (1 << 63), 1))
            }
            fn with_value(self, value: f64) -> (Self, f64) {
                (self, value)
            }
        }
    )*};
}
#[expect(clippy::cast_lossless, reason = "one line for all integer types")]
mod integer_keys {
    use super::{Integer, Key};
    integers!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);
}

macro_rules! tuples {
    ($($k:ident $at:tt),*) => {
        impl<$($k: Key),*> Key for ($($k,)*) {
            type Kind = ($($k::Kind,)*);
            type Code = ($($k::Code,)*);
            type WithValue = ($($k,)* f64);

            fn code(key: Self) -> Self::Code {
                ($($k::code(key.$at),)*)
            }
            fn line(_: Self::Code) -> Option<(u64, u64)> {
                None
            }
            fn with_value(self, value: f64) -> Self::WithValue {
                ($(self.$at,)* value)
            }
        }
    };
}
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
