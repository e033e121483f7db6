//! Special ordered sets by binaries. Type 1: a binary for each member, which is zero unless its binary is one, of which one
//! is. Type 2: a binary for each pair of neighbours, of which one is; a member is zero unless one of its pairs is.

use farkas_modeling::problem::SpecialOrderedSet;
use farkas_modeling::{ColumnKind, Problem};

use super::Bridge;
use super::draft::Draft;
use super::way::Recipe;
use crate::contract::Capabilities;

pub(super) struct Sets;

impl Bridge for Sets {
    fn name(&self) -> &'static str {
        "special ordered sets by binaries"
    }

    fn need(&self, can: &Capabilities, problem: &Problem) -> Option<String> {
        (!problem.sets().is_empty() && !can.sets && can.integers)
            .then(|| format!("special ordered sets ({} here)", problem.sets().len()))
    }

    fn rewrite(&self, draft: &mut Draft<'_>) -> Result<(), String> {
        draft.way.is_discrete = true;
        for (number, set) in std::mem::take(&mut draft.data.sets).into_iter().enumerate() {
            let members: Vec<u32> = set.members.iter().map(|&(column, _)| column).collect();
            if members.len() <= usize::from(set.order) {
                continue; // as many may be nonzero
            }
            if set.order == 1 { one(draft, number, &set, &members)? } else { two(draft, number, &set, &members)? }
        }
        Ok(())
    }
}

fn one(draft: &mut Draft<'_>, number: usize, set: &SpecialOrderedSet, members: &[u32]) -> Result<(), String> {
    let mut most_one = Vec::with_capacity(members.len());
    for &member in members {
        let switch = if draft.is_binary(member) {
            member
        } else {
            let switch = draft.add_column(ColumnKind::Integer, 0.0, 1.0, Recipe::Nonzero(member));
            hold(draft, number, set, member, &[switch])?;
            switch
        };
        most_one.push((switch, 1.0));
    }
    draft.add_row(f64::NEG_INFINITY, &most_one, 1.0);
    Ok(())
}

fn two(draft: &mut Draft<'_>, number: usize, set: &SpecialOrderedSet, members: &[u32]) -> Result<(), String> {
    let known = draft.way.know_set(members);
    let pairs: Vec<u32> = (0..members.len() - 1)
        .map(|at| draft.add_column(ColumnKind::Integer, 0.0, 1.0, Recipe::Neighbours { set: known, at }))
        .collect();
    for (at, &member) in members.iter().enumerate() {
        let own = &pairs[at.saturating_sub(1)..(at + 1).min(pairs.len())];
        hold(draft, number, set, member, own)?;
    }
    let most_one: Vec<(u32, f64)> = pairs.iter().map(|&pair| (pair, 1.0)).collect();
    draft.add_row(f64::NEG_INFINITY, &most_one, 1.0);
    Ok(())
}

/// Keeps a member at zero unless one of the switches is on.
fn hold(
    draft: &mut Draft<'_>,
    number: usize,
    set: &SpecialOrderedSet,
    member: u32,
    switches: &[u32],
) -> Result<(), String> {
    let name = draft.column_name(member);
    let place = || if set.name.is_empty() { format!("set {}", number + 1) } else { format!("the set '{}'", set.name) };
    let hull = draft.interval(member).and_zero();
    if !hull.is_bounded() {
        return Err(format!("'{name}' in {} has no bounds", place()));
    }
    for (end, is_upper) in [(hull.most, true), (hull.least, false)] {
        let end = draft.big_m(end, || format!("'{name}' in {}", place()))?;
        if end == 0.0 {
            continue; // it is never on that side of zero
        }
        let mut terms = vec![(member, 1.0)];
        terms.extend(switches.iter().map(|&switch| (switch, -end)));
        let sides = if is_upper { (f64::NEG_INFINITY, 0.0) } else { (0.0, f64::INFINITY) };
        draft.add_row(sides.0, &terms, sides.1);
    }
    draft.way.zero_unless(member, switches);
    Ok(())
}
