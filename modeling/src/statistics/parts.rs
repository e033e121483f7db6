//! Independent parts: groups of columns that no row, product or set links with others.

use super::findings::{Kind, List, Severity};
use crate::problem::Problem;

const PARTS: Kind = Kind {
    code: "independent-parts",
    severity: Severity::Note,
    what: "parts of the problem have no variable in common",
    remedy: "solve them one by one, which is faster; or find the row that should link them",
};

/// Notes the parts if there are several. Columns in no row are no part.
pub(super) fn look(p: &Problem, list: &mut List<'_>) {
    let mut leaders: Vec<u32> = (0..p.num_columns() as u32).collect();
    let mut join = |a: u32, b: u32| {
        let (a, b) = (leader(&mut leaders, a), leader(&mut leaders, b));
        leaders[a.max(b) as usize] = a.min(b);
    };
    let rows = p.by_rows();
    for i in 0..p.num_rows() {
        rows.row(i).0.windows(2).for_each(|pair| join(pair[0], pair[1]));
        for product in p.row_products(i) {
            join(product.first, product.second);
            if let Some(&j) = rows.row(i).0.first() {
                join(j, product.first);
            }
        }
        p.row_products(i).windows(2).for_each(|pair| join(pair[0].first, pair[1].first));
    }
    p.quadratic_objective().iter().for_each(|product| join(product.first, product.second));
    p.sets().iter().for_each(|set| set.members.windows(2).for_each(|pair| join(pair[0].0, pair[1].0)));
    for indicator in p.indicators() {
        if let Some(&j) = rows.row(indicator.row as usize).0.first() {
            join(j, indicator.column);
        }
    }
    // For each leader: rows, and one of them to name.
    let mut parts = std::collections::BTreeMap::<u32, (usize, usize)>::new();
    for i in 0..p.num_rows() {
        let one = rows.row(i).0.first().copied().or_else(|| p.row_products(i).first().map(|product| product.first));
        if let Some(j) = one {
            parts.entry(leader(&mut leaders, j)).or_insert((0, i)).0 += 1;
        }
    }
    if parts.len() > 1 {
        for (count, first) in parts.into_values() {
            list.add(&PARTS, |names| match count {
                1 => names.row(first),
                _ => format!("{} and {} other rows", names.row(first), count - 1),
            });
        }
    }
}

/// The first column of the part; shortens the way there.
fn leader(leaders: &mut [u32], mut j: u32) -> u32 {
    while leaders[j as usize] != j {
        leaders[j as usize] = leaders[leaders[j as usize] as usize];
        j = leaders[j as usize];
    }
    j
}
