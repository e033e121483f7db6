//! What cannot hold together, by Gurobi's own search for an irreducible infeasible subset.

use farkas_modeling::Problem;

use super::ffi::Instance;
use super::load::{elsewhere, one_sided, ranges};
use crate::contract::conflict::{bound_members, row_members};
use crate::contract::{End, Member};
use crate::loading::engine::Fault;
use crate::loading::listen::Listener;

/// The members that Gurobi names.
pub(super) fn find(instance: &mut Instance, problem: &Problem, listener: &Listener<'_>) -> Result<Vec<Member>, Fault> {
    if !instance.compute_iis(listener)? {
        return Ok(Vec::new());
    }
    let (ranges, elsewhere) = (ranges(problem), elsewhere(problem));
    let (m, n) = (problem.num_rows(), problem.num_columns());
    let products: Vec<Part> =
        problem.quadratic_rows().iter().flat_map(|one| parts(problem, one.row as usize)).collect();
    let switched: Vec<Part> = problem.indicators().iter().flat_map(|one| parts(problem, one.row as usize)).collect();
    let missing = || Fault::Failed("Gurobi does not say what the conflict is made of".into());
    let read = |name, len| instance.ints(name, len).ok_or_else(missing);
    let (rows, lower, upper) =
        (read(c"IISConstr", m)?, read(c"IISLB", n + ranges.len())?, read(c"IISUB", n + ranges.len())?);
    let (quadratic, general) = (read(c"IISQConstr", products.len())?, read(c"IISGenConstr", switched.len())?);
    let mut members = Vec::new();
    // A range is an equation to Gurobi, which always holds; its sides are the bounds of its slack.
    for i in (0..m).filter(|&i| rows[i] != 0 && !elsewhere[i] && ranges.binary_search(&i).is_err()) {
        members.extend(row_members(problem, i));
    }
    for j in 0..n {
        let has = |end| bound_members(problem, j).any(|own| own == Member::Bound(j, end));
        let ends = [(lower[j], End::Lower), (upper[j], End::Upper)];
        members.extend(ends.iter().filter(|(is, end)| *is != 0 && has(*end)).map(|(_, end)| Member::Bound(j, *end)));
    }
    for (k, &i) in ranges.iter().enumerate() {
        let ends = [(lower[n + k], End::Lower), (upper[n + k], End::Upper)];
        members.extend(ends.iter().filter(|(is, _)| *is != 0).map(|(_, end)| Member::Row(i, *end)));
    }
    let named = products.iter().zip(&quadratic).chain(switched.iter().zip(&general));
    members.extend(named.filter(|(_, is)| **is != 0).flat_map(|(part, _)| part.iter().copied()));
    members.sort_unstable();
    members.dedup();
    Ok(members)
}

/// The sides that are one constraint there.
type Part = Vec<Member>;

/// What a row that is quadratic or switched is made of there.
fn parts(problem: &Problem, row: usize) -> Vec<Part> {
    let part = |(sense, _)| match sense {
        b'<' => vec![Member::Row(row, End::Upper)],
        b'>' => vec![Member::Row(row, End::Lower)],
        _ => row_members(problem, row).collect(),
    };
    one_sided(problem, row).into_iter().map(part).collect()
}
