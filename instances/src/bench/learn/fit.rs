//! One fit: a tree of the depth that pays by cross-validation within, and in each leaf who runs in which order.

use super::LearnOptions;
use super::model::{HEAD_STARTS, Pick, cost};
use super::times::{Sample, Times};
use super::tree::{Costs, Node, Shape};
use crate::generators::random::Random;

/// A deeper tree is taken when it makes the mean of shifted seconds smaller by this share.
const LEAST_GAIN: f64 = 0.01;
/// Folds and repetitions by which the depth is chosen.
const INNER_FOLDS: usize = 5;
const INNER_REPEATS: usize = 3;

/// All there is to fit to: one kind of problem, one or two cores.
pub(super) struct Fit<'a> {
    pub times: &'a Times,
    pub options: &'a LearnOptions,
    picks: Vec<Pick>,
    costs: Costs,
}

impl<'a> Fit<'a> {
    pub(super) fn new(times: &'a Times, cores: u32, options: &'a LearnOptions) -> Self {
        let count = times.candidates.len();
        let pairs =
            || (0..count).flat_map(move |a| (a + 1..count).map(move |b| Pick { first: a, second: Some((b, 0.0)) }));
        let picks: Vec<Pick> =
            if cores > 1 && count > 1 { pairs().collect() } else { (0..count).map(Pick::one).collect() };
        let row = |sample: &Sample| picks.iter().map(|pick| pick.cost(sample, options.together)).collect();
        let costs = Costs {
            values: times.samples.iter().map(|sample| sample.values.clone()).collect(),
            costs: times.samples.iter().map(row).collect(),
        };
        Self { times, options, picks, costs }
    }

    /// The tree for these instances, of the depth that pays.
    pub(super) fn tree(&self, members: &[usize], seed: u64) -> Node {
        let depth = self.depth(members, seed);
        self.grow(members, depth)
    }

    pub(super) fn grow(&self, members: &[usize], depth: usize) -> Node {
        self.costs.grow(members.to_vec(), Shape { depth, least: self.options.least })
    }

    /// The least depth than which no greater one pays.
    fn depth(&self, members: &[usize], seed: u64) -> usize {
        let most = self.options.depth;
        let mut sums = vec![0.0; most + 1];
        for repeat in 0..INNER_REPEATS as u64 {
            for (train, test) in folds(members, INNER_FOLDS, seed.wrapping_mul(31).wrapping_add(repeat)) {
                let tree = self.grow(&train, most);
                for at in test {
                    for (depth, sum) in sums.iter_mut().enumerate() {
                        *sum += self.costs.costs[at][tree.find(&self.costs.values[at], depth).choice];
                    }
                }
            }
        }
        let runs = (INNER_REPEATS * members.len()).max(1) as f64;
        let mut chosen = 0;
        for depth in 1..=most {
            if (sums[chosen] - sums[depth]) / runs > LEAST_GAIN {
                chosen = depth;
            }
        }
        chosen
    }

    /// Who runs in a leaf: its pair, in the order and with the head start that cost least there.
    pub(super) fn pick(&self, leaf: &Node) -> Pick {
        let chosen = self.picks[leaf.choice];
        let Some((second, _)) = chosen.second else { return chosen };
        let orders = [(chosen.first, second), (second, chosen.first)];
        let ways =
            HEAD_STARTS.iter().flat_map(|&after| orders.map(|(a, b)| Pick { first: a, second: Some((b, after)) }));
        self.cheapest(ways, &leaf.members)
    }

    /// The first that costs least on these instances.
    pub(super) fn cheapest(&self, ways: impl Iterator<Item = Pick>, members: &[usize]) -> Pick {
        let sum = |pick: Pick| -> f64 {
            members.iter().map(|&at| pick.cost(&self.times.samples[at], self.options.together)).sum()
        };
        let first = (f64::INFINITY, Pick::one(0));
        ways.map(|pick| (sum(pick), pick)).fold(first, |best, one| if one.0 < best.0 - 1e-12 { one } else { best }).1
    }

    /// The solver that is best alone on these instances, where its own word counts.
    pub(super) fn best_single(&self, members: &[usize]) -> usize {
        let sum = |candidate: usize| -> f64 {
            members.iter().map(|&at| cost(self.times.samples[at].took[candidate].seconds)).sum()
        };
        let sums: Vec<f64> = (0..self.times.candidates.len()).map(sum).collect();
        (0..sums.len()).min_by(|&a, &b| sums[a].total_cmp(&sums[b])).unwrap_or(0)
    }
}

/// Parts of nearly the same size, each once to test on, with the rest to fit to.
pub(super) fn folds(members: &[usize], count: usize, seed: u64) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut shuffled = members.to_vec();
    let mut random = Random::new(seed);
    for at in (1..shuffled.len()).rev() {
        shuffled.swap(at, random.integer(0, at as u32) as usize);
    }
    let part = |fold: usize| {
        let is_test = |position: usize| position % count == fold;
        let select = |wanted: bool| -> Vec<usize> {
            let chosen = shuffled.iter().enumerate().filter(|(position, _)| is_test(*position) == wanted);
            chosen.map(|(_, &at)| at).collect()
        };
        (select(false), select(true))
    };
    (0..count).map(part).filter(|(train, test)| !train.is_empty() && !test.is_empty()).collect()
}
