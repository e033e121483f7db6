//! Who can solve a problem: the solver [`contract`], adapters ([`solvers`]), processes that host them ([`worker`]),
//! what a solver does not take rewritten for it ([`bridges`]), several of them at once ([`race`]), why a problem is
//! infeasible ([`iis`]), what more can be said about it ([`analysis`]), many changes of one problem ([`batch`]), small linear
//! programs solved on from a known basis ([`reoptimize`]), limits kept from outside ([`watch`]), and what it takes to get the
//! same answer twice ([`deterministic`]).
//!
//! Arrows: `contract ← solvers`, `contract ← bridges ← worker ← race`. `unsafe` stands in files named `ffi.rs` alone.

pub mod analysis;
pub mod batch;
pub mod bridges;
pub mod contract;
pub mod deterministic;
pub mod hosted;
pub mod iis;
mod loading;
pub mod options;
pub mod race;
pub mod registry;
pub mod reoptimize;
pub mod sidecars;
pub mod solvers;
pub mod watch;
pub mod worker;
