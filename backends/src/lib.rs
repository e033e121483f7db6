//! Who can solve a problem: the solver [`contract`], adapters ([`solvers`]), processes that host them ([`worker`]),
//! several of them at once ([`race`]), why a problem is infeasible ([`iis`]), and what more can be said about it
//! ([`analysis`]).
//!
//! Arrows: `contract ← solvers`, `contract ← worker ← race`. `unsafe` stands in files named `ffi.rs` alone.

pub mod analysis;
pub mod contract;
pub mod hosted;
pub mod iis;
mod loading;
pub mod options;
pub mod race;
pub mod registry;
pub mod sidecars;
pub mod solvers;
pub mod worker;
