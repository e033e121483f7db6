//! What an optimisation problem is: what people write ([`model`]), what everybody downstream reads ([`problem`]), how
//! it is changed ([`patch`]), its canonical bytes ([`image`]), the file formats ([`formats`]), what solvers say ([`answer`]), and the checker that
//! believes none of it ([`check`]), and a second one for the evidence that is written down ([`audit`]). What a problem looks like, for people who wonder: [`statistics`].
//!
//! Pure: no files, clock, threads, network or `unsafe`. It solves nothing; solving comes by extension traits of the
//! facade crate `farkas`.
#![forbid(unsafe_code)]

pub mod answer;
pub mod audit;
pub mod check;
pub mod formats;
pub mod image;
pub mod model;
pub mod patch;
pub mod problem;
pub mod statistics;
pub mod tolerances;

pub use answer::{Claim, Limit, Reason, Source, Termination};
pub use problem::{ColumnKind, Problem, ProblemData, Sense};
pub use tolerances::Tolerances;
