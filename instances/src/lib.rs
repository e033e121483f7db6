//! Problems to try solvers on: [`generators`] make them, the [`catalogue`] knows the answers of those in a folder, and the
//! [`bench`](mod@bench) runs solvers on them, each run in a process of its own, and judges what they say.

pub mod bench;
pub mod catalogue;
mod extended;
pub mod generators;
pub mod judge;
