//! Who can solve a problem: the solver [`contract`], adapters ([`solvers`]), processes that host them ([`worker`]) and
//! several of them at once ([`race`]).
//!
//! Arrows: `contract ← solvers`, `contract ← worker ← race`. `unsafe` stands in files named `ffi.rs` alone.

pub mod contract;
pub mod options;
pub mod race;
pub mod registry;
pub mod solvers;
pub mod worker;
