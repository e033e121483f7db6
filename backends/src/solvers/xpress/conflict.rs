//! What cannot hold together, by Xpress' own search.

use farkas_modeling::Problem;

use super::ffi::Instance;
use super::load::has_two_sides;
use crate::contract::conflict::{bound_members, row_members};
use crate::contract::{End, Member};
use crate::loading::engine::Fault;
use crate::loading::listen::Listener;

/// The members that Xpress names.
pub(super) fn find(instance: &mut Instance, problem: &Problem, listener: &Listener<'_>) -> Result<Vec<Member>, Fault> {
    let Some(conflict) = instance.conflict(listener)? else { return Ok(Vec::new()) };
    // Behind the others stand the rows that are switched on both their sides: upper, lower.
    let behind: Vec<Member> = problem
        .indicators()
        .iter()
        .map(|one| one.row as usize)
        .filter(|&i| has_two_sides(problem, i))
        .flat_map(|i| [Member::Row(i, End::Upper), Member::Row(i, End::Lower)])
        .collect();
    let m = problem.num_rows();
    let mut members = Vec::new();
    for (row, letter) in conflict.rows {
        let Ok(i) = usize::try_from(row) else { continue };
        match letter {
            // Sets are taken as given.
            b'1' | b'2' => {}
            _ if i >= m => members.extend(behind.get(i - m)),
            b'L' => members.push(Member::Row(i, End::Upper)),
            b'G' => members.push(Member::Row(i, End::Lower)),
            _ => members.extend(row_members(problem, i)),
        }
    }
    for (column, letter) in conflict.columns {
        let Ok(j) = usize::try_from(column) else { continue };
        if j >= problem.num_columns() {
            continue;
        }
        match letter {
            b'L' => members.push(Member::Bound(j, End::Lower)),
            b'U' => members.push(Member::Bound(j, End::Upper)),
            // Fixed, or that it is an integer, whose bounds Xpress rounds before it looks.
            _ => members.extend(bound_members(problem, j)),
        }
    }
    members.sort_unstable();
    members.dedup();
    // A range may be named by one letter and a bound that is infinite by another: only what there is can be a member.
    members.retain(|member| match *member {
        Member::Row(i, end) => row_members(problem, i).any(|own| own == Member::Row(i, end)),
        Member::Bound(j, end) => bound_members(problem, j).any(|own| own == Member::Bound(j, end)),
    });
    Ok(members)
}
