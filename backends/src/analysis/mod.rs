//! What more can be said about a problem than its answer, over any backend: how little must give way for it to become
//! feasible ([`relax()`]), and how far its numbers may go before the answer changes ([`ranging()`]). Why it is infeasible is
//! [`crate::iis`]' part.

mod factor;
pub mod ranging;
pub mod relax;

pub use ranging::{Range, Ranging, RangingError, RowRange, ranging};
pub use relax::{Elastic, Goal, Missed, RelaxError, Relaxation, elastic_problem, relax};
