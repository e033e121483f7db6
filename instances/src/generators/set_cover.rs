//! Set cover, as Balas and Ho (1980) draw it: every row is covered by at least two columns, every column covers a row, costs
//! are between 1 and 100.

use farkas_modeling::model::prelude::*;

use super::random::Random;

/// The cheapest columns that cover every row. `sets` binaries, `elements` rows, about `density · sets · elements`
/// nonzeros (`density` between 0 and 1). Feasible, whatever the seed, for at least two sets.
///
/// ```
/// let problem = farkas_instances::generators::set_cover(7, 100, 300, 0.05).freeze()?;
/// assert_eq!((problem.num_rows(), problem.num_columns(), problem.num_integers()), (100, 300, 300));
/// assert!(problem.row_lower().iter().all(|&side| side == 1.0));
/// # Ok::<(), farkas_modeling::problem::Defects>(())
/// ```
///
/// # Panics
/// For fewer than two sets, since no row could then be covered twice.
pub fn set_cover(seed: u64, elements: usize, sets: usize, density: f64) -> Model {
    assert!(sets >= 2, "a set cover needs two sets");
    let mut random = Random::new(seed);
    let costs: Vec<u32> = (0..sets).map(|_| random.integer(1, 100)).collect();
    let mut covers: Vec<Vec<usize>> = vec![Vec::new(); elements];
    for covered_by in &mut covers {
        covered_by.extend((0..sets).filter(|_| random.unit() < density));
        while covered_by.len() < 2 {
            let set = random.integer(0, sets as u32 - 1) as usize;
            if !covered_by.contains(&set) {
                covered_by.push(set);
            }
        }
    }

    let mut m = Model::new(format!("set-cover-{elements}x{sets}-{seed}"));
    let take = m.binary("take").over(0..sets);
    m.minimize(dot(&costs, &take));
    m.rows("cover", 0..elements, |e| sum(&covers[e], |&s| take[s]).ge(1));
    m
}
