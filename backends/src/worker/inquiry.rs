//! A worker's solver looks for a conflict: asked and answered once, within the limits of a solve.

use farkas_modeling::Problem;

use super::frame::{FromWorker, ToWorker};
use super::limits::{Bell, End, Limits};
use super::link::{Link, LinkError, unexpected};
use crate::contract::{Member, SessionError};
use crate::options::Options;

/// Asks for the members of a conflict in the problem that is open.
pub(super) fn conflict(
    link: &mut Link,
    number: u64,
    problem: &Problem,
    options: &Options,
    limits: &mut Limits<'_>,
    bell: &Bell,
) -> Result<Result<Vec<Member>, SessionError>, End> {
    link.send(&ToWorker::Conflict { number, options: Box::new(options.clone()) })?;
    loop {
        bell.silence();
        let until = limits.keep(link)?;
        match link.receive(until, Some(bell.descriptor()), "look for a conflict")? {
            Some(FromWorker::Members { number: of, members }) if of == number => {
                let members = members.into_members(problem.num_columns(), problem.num_rows());
                return Ok(Ok(members.map_err(LinkError::Protocol)?));
            }
            Some(FromWorker::Failed { number: of, error }) if of == number => return Ok(Err(error)),
            // The last words of the solve before, and what is told of a search: nobody listens.
            Some(FromWorker::Event { .. }) | None => {}
            Some(other) => return Err(End::Lost(unexpected(&other))),
        }
    }
}
