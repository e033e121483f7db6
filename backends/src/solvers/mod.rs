//! One folder or file a solver; an adapter imports the contract and the modeling crate, and nothing else of this crate.

#[cfg(feature = "cbc")]
pub mod cbc;
pub mod clarabel;
pub mod cplex;
pub mod gurobi;
#[cfg(feature = "highs")]
pub mod highs;
pub mod microlp;
#[cfg(target_os = "linux")]
pub mod mipcl;
pub mod mock;
#[cfg(feature = "scip")]
pub mod scip;
pub mod xpress;
