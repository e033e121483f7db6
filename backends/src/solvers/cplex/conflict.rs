//! What cannot hold together, by CPLEX' own conflict refiner.

use farkas_modeling::Problem;

use super::ffi::{Constraint, Instance};
use crate::contract::conflict::{bound_members, given_bounds, row_members};
use crate::contract::{End, Member};
use crate::loading::engine::Fault;
use crate::loading::listen::Listener;

/// The members that CPLEX names, each with its constraint there.
pub(super) fn find(instance: &mut Instance, problem: &Problem, listener: &Listener<'_>) -> Result<Vec<Member>, Fault> {
    let groups = groups(problem);
    let constraints: Vec<(Constraint, i32)> = groups.iter().map(|group| group.0).collect();
    let inside = instance.conflict(&constraints, listener)?;
    let named = groups.into_iter().zip(inside).filter(|(_, inside)| *inside);
    Ok(named.flat_map(|((_, members), _)| members).collect())
}

type Group = ((Constraint, i32), Vec<Member>);

/// Everything that may be in a conflict: what is quadratic or switched has numbers of its own, in the order of its loading.
fn groups(problem: &Problem) -> Vec<Group> {
    let mut all: Vec<Group> = Vec::new();
    let mut elsewhere = vec![false; problem.num_rows()];
    let mut next = 0;
    for one in problem.quadratic_rows() {
        elsewhere[one.row as usize] = true;
        for member in upper_first(problem, one.row as usize) {
            all.push(((Constraint::Quadratic, next), vec![member]));
            next += 1;
        }
    }
    next = 0;
    for one in problem.indicators() {
        let i = one.row as usize;
        elsewhere[i] = true;
        let members = upper_first(problem, i);
        let held = problem.row_lower()[i] == problem.row_upper()[i];
        for members in if held { vec![members] } else { members.into_iter().map(|member| vec![member]).collect() } {
            all.push(((Constraint::Indicator, next), members));
            next += 1;
        }
    }
    for i in (0..problem.num_rows()).filter(|&i| !elsewhere[i]) {
        let members: Vec<Member> = row_members(problem, i).collect();
        if !members.is_empty() {
            all.push(((Constraint::Linear, i as i32), members));
        }
    }
    let given = given_bounds(problem);
    for j in (0..problem.num_columns()).filter(|&j| !given[j]) {
        all.extend(bound_members(problem, j).map(|member| {
            let kind = match member {
                Member::Bound(_, End::Lower) | Member::Row(_, End::Lower) => Constraint::LowerBound,
                Member::Bound(_, End::Upper) | Member::Row(_, End::Upper) => Constraint::UpperBound,
            };
            ((kind, j as i32), vec![member])
        }));
    }
    all
}

fn upper_first(problem: &Problem, row: usize) -> Vec<Member> {
    let mut members: Vec<Member> = row_members(problem, row).collect();
    members.reverse();
    members
}
