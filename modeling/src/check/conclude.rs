//! Puts the findings of one or many solvers together. The only constructor of an answer.

use crate::answer::Answer;
use crate::check::{Findings, TrustPolicy};
use crate::{Limit, Problem, Tolerances};

/// What may be said after all that was found. `stopped` names the limit that ended the solve from outside, if one did.
pub fn conclude(
    _problem: &Problem,
    _findings: &[Findings],
    _tolerances: &Tolerances,
    _trust: &TrustPolicy,
    _stopped: Option<Limit>,
) -> Answer {
    unimplemented!("in the making")
}
