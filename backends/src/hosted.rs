//! The backends that are linked to no C library when Farkas is built: pure Rust, loaded at run time, or run as programs.
//! `farkas-host NAME` hosts any of them in a worker.
//!
//! **A new one adds its line to [`HOSTED`]**: its name, how to make it, and whether it is here as far as one can tell
//! without loading anything. The conformance suite, the registry and the host program pick it up from there.

use crate::contract::Backend;
use crate::solvers::clarabel::Clarabel;
use crate::solvers::cplex::{self, Cplex};
use crate::solvers::gurobi::{self, Gurobi};
use crate::solvers::microlp::Microlp;
#[cfg(target_os = "linux")]
use crate::solvers::mipcl;
use crate::solvers::xpress::{self, Xpress};

/// One of them.
pub struct Hosted {
    /// Its name, as `--solver` has it.
    pub name: &'static str,
    /// Makes it. Loads nothing: `probe` and `open` do.
    pub make: fn() -> Box<dyn Backend>,
    /// Whether it is here, as far as files tell: it decides who is asked to race, so it takes microseconds.
    pub found: fn() -> bool,
    /// Whether it is asked to race when nobody is named.
    pub races: bool,
    /// Whether it is asked in place of those, where no linked solver is here: it is compiled in and takes most that is small.
    pub stands_in: bool,
}

/// All of them, in the order of preference.
///
/// A commercial solver is asked only by its name: its licence may count how many processes hold it.
pub const HOSTED: &[Hosted] = &[
    Hosted { name: "microlp", make: || Box::new(Microlp), found: || true, races: false, stands_in: true },
    Hosted { name: "clarabel", make: || Box::new(Clarabel), found: || true, races: false, stands_in: true },
    Hosted { name: "cplex", make: || Box::new(Cplex::new()), found: cplex::is_found, races: false, stands_in: false },
    #[cfg(target_os = "linux")]
    Hosted {
        name: mipcl::NAME,
        make: || Box::new(mipcl::Mipcl::new()),
        found: || mipcl::find().is_some_and(|program| program.is_file()),
        races: true,
        stands_in: false,
    },
    Hosted {
        name: "gurobi",
        make: || Box::new(Gurobi::new()),
        found: gurobi::is_found,
        races: false,
        stands_in: false,
    },
    Hosted {
        name: "xpress",
        make: || Box::new(Xpress::new()),
        found: xpress::is_found,
        races: false,
        stands_in: false,
    },
];

/// The one of this name.
pub fn hosted(name: &str) -> Option<&'static Hosted> {
    HOSTED.iter().find(|hosted| hosted.name == name)
}
