//! Farkas solves linear and mixed-integer optimisation problems with several solvers, checks the answer against the
//! problem itself, and returns it with the evidence.
//!
//! This crate is the facade: it adds solving to the models of [`modeling`]. `m.solve()` answers in this process, with
//! HiGHS as a rule; [`Solver`] says it otherwise: limits, threads, a race of several solvers in processes of their own.
//!
//! ```
//! use farkas::prelude::*;
//!
//! #[derive(Debug)]
//! struct Plant { name: &'static str, at: f64, capacity: f64, fixed_cost: f64 }
//! #[derive(Debug)]
//! struct City { name: &'static str, at: f64, demand: f64 }
//!
//! let plants = [
//!     Plant { name: "Lyon", at: 0.0, capacity: 60.0, fixed_cost: 100.0 },
//!     Plant { name: "Nantes", at: 7.0, capacity: 50.0, fixed_cost: 80.0 },
//! ];
//! let cities = [City { name: "Paris", at: 4.0, demand: 30.0 }, City { name: "Brest", at: 9.0, demand: 15.0 }];
//!
//! let mut m = Model::new("facility location");
//! let open = m.binary("open").over(&plants);
//! let ship = m.nonnegative("ship").over((&plants, &cities));
//! m.minimize(
//!     sum(&plants, |p| p.fixed_cost * open[p])
//!         + sum((&plants, &cities), |(p, c)| (p.at - c.at).abs() * ship[(p, c)]),
//! );
//! m.rows("demand", &cities, |c| sum(&plants, |p| ship[(p, c)]).eq(c.demand));
//! m.rows("capacity", &plants, |p| sum(&cities, |c| ship[(p, c)]).le(p.capacity * open[p]));
//!
//! # #[cfg(feature = "highs")] {
//! let answer = m.solve()?;
//! assert_eq!(answer.objective(), Some(200.0)); // Nantes alone: 80 + 3 · 30 + 2 · 15
//! for (plant, city, amount) in answer.nonzeros(&ship) {
//!     println!("{} ships {amount} to {}", plant.name, city.name);
//! }
//! # }
//! # Ok::<(), SolveError>(())
//! ```
#![forbid(unsafe_code)]

mod analyse;
mod explain;
#[cfg(feature = "good_lp")]
pub mod good_lp;
pub mod lazy;
mod lexicographic;
pub mod lineup;
mod open;
pub mod remote;
pub mod report;
mod solver;
#[cfg(feature = "sprs")]
pub mod sprs;

pub use analyse::{Analyse, NamedRanges, Ranges, Relax, Relaxed, ranges_of};
pub use explain::{Explain, Explanation};
pub use farkas_api_types::{Conflict, CostRange, Fields, GivesWay, SideRange, SolveResult};
pub use farkas_backends as backends;
pub use farkas_backends::contract::StopToken;
pub use farkas_modeling as modeling;
pub use lexicographic::{Lexicographic, Reached};
pub use open::OpenModel;
pub use solver::{Heard, IntoStart, Solve, SolveError, SolveEvent, Solver, Solving, StartAt};

/// What a file that writes and solves models wants in scope.
pub mod prelude {
    pub use crate::{
        Analyse, Explain, Lexicographic, OpenModel, Relax, Solve, SolveError, SolveEvent, Solver, StopToken,
    };
    pub use farkas_modeling::model::prelude::*;
    pub use farkas_modeling::{Limit, Reason};
}

/// The README's examples, run as doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The guide's chapters, run as doctests.
#[cfg(all(doctest, feature = "highs"))]
mod guide {
    #[doc = include_str!("../docs/guide/1-first-model.md")]
    struct FirstModel;
    #[doc = include_str!("../docs/guide/2-index-sets.md")]
    struct IndexSets;
    #[doc = include_str!("../docs/guide/3-conditions-and-functions.md")]
    struct ConditionsAndFunctions;
    #[doc = include_str!("../docs/guide/4-quadratic-and-objectives.md")]
    struct QuadraticAndObjectives;
    #[doc = include_str!("../docs/guide/5-when-something-is-wrong.md")]
    struct WhenSomethingIsWrong;
    #[doc = include_str!("../docs/guide/6-change-and-solve-again.md")]
    struct ChangeAndSolveAgain;
}
