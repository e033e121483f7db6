//! What a mock names when it is asked for a conflict: the truth of a small integer box, or what its script says.

use farkas_modeling::Problem;
use farkas_modeling::patch::Patch;

use super::script;
use super::truth::{self, Truth};
use crate::contract::conflict::{bound_members, given_bounds, plain_conflict, row_members};
use crate::contract::{End, Member, SessionError};

/// The members, by the script's end; `stop` cuts the honest search short.
pub(super) fn members(
    problem: &Problem,
    end: script::End,
    stop: impl Fn() -> bool,
) -> Result<Vec<Member>, SessionError> {
    match end {
        script::End::Broken => Err(SessionError::Broken("as scripted".into())),
        script::End::Refuse => Err(SessionError::Refused("as scripted".into())),
        script::End::LieInfeasible => Ok(all(problem).collect()),
        script::End::Short => Ok(vec![Member::Row(problem.num_rows(), End::Lower)]),
        script::End::Limit => Ok(Vec::new()),
        _ => Ok(truly(problem, &stop)),
    }
}

/// Every side and bound there is, but for bounds that are taken as given.
fn all(problem: &Problem) -> impl Iterator<Item = Member> {
    let given = given_bounds(problem);
    let bounds = (0..problem.num_columns()).filter(move |&j| !given[j]).flat_map(|j| bound_members(problem, j));
    (0..problem.num_rows()).flat_map(|i| row_members(problem, i)).chain(bounds)
}

/// Rows are set aside one after the other as long as no point is left. Without its bounds a box has no end, so those of
/// every column that a remaining row has are named.
fn truly(problem: &Problem, stop: &impl Fn() -> bool) -> Vec<Member> {
    if let Some(plain) = plain_conflict(problem) {
        return plain;
    }
    let is_empty = |problem: &Problem| match truth::seek(problem, stop) {
        Truth::Points(points, _) => points.is_empty(),
        Truth::Unknown | Truth::Stopped(_) => false,
    };
    let mut rest = problem.without_objective();
    if !is_empty(&rest) {
        return Vec::new();
    }
    for i in 0..problem.num_rows() {
        let mut patch = Patch::new();
        patch.row_lower(i, f64::NEG_INFINITY).row_upper(i, f64::INFINITY);
        match patch.apply(&rest) {
            Ok(without) if is_empty(&without) => rest = without,
            Ok(_) | Err(_) => {}
        }
    }
    let kept = |i: usize| rest.row_lower()[i].is_finite() || rest.row_upper()[i].is_finite();
    let takes_part = |j: usize| rest.column(j).iter().any(|(i, a)| a != 0.0 && kept(i));
    all(&rest).filter(|member| if let Member::Bound(j, _) = member { takes_part(*j) } else { true }).collect()
}
