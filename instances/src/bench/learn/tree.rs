//! Decision trees: problems are split by their numbers so that one choice for each part costs least in sum. Greedy from the
//! top, all thresholds tried; ties go to the earlier number and the earlier choice, so that a table comes out the same always.

/// Gains below this are rounding.
const LEAST_GAIN: f64 = 1e-9;

/// What there is to choose from, and what it costs on each instance.
#[derive(Debug, Clone)]
pub(super) struct Costs {
    /// By instance: its numbers. One that is NaN is not known.
    pub values: Vec<Vec<f64>>,
    /// By instance: what each choice costs.
    pub costs: Vec<Vec<f64>>,
}

/// How trees are grown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shape {
    pub depth: usize,
    /// Instances that a leaf has at least.
    pub least: usize,
}

/// A part of the instances.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// The best one choice for all of it.
    pub choice: usize,
    pub members: Vec<usize>,
    pub split: Option<Split>,
}

/// Where a part falls into two.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Split {
    /// Which number.
    pub feature: usize,
    /// At most this, or more.
    pub threshold: f64,
    pub low: Box<Node>,
    pub high: Box<Node>,
}

impl Costs {
    pub(super) fn grow(&self, members: Vec<usize>, shape: Shape) -> Node {
        let choices = self.costs.first().map_or(0, Vec::len);
        let mut total = vec![0.0; choices];
        for &at in &members {
            add(&mut total, &self.costs[at]);
        }
        let (choice, cost) = least(total.iter().copied());
        let mut best: Option<(f64, usize, f64)> = None;
        if shape.depth > 0 {
            for feature in 0..self.values.first().map_or(0, Vec::len) {
                let Some((sum, threshold)) = self.best_split(&members, feature, &total, shape.least) else { continue };
                if sum < best.map_or(cost, |best| best.0) - LEAST_GAIN {
                    best = Some((sum, feature, threshold));
                }
            }
        }
        let split = best.map(|(_, feature, threshold)| {
            let (low, high) = members.iter().partition(|&&at| self.values[at][feature] <= threshold);
            let below = Shape { depth: shape.depth - 1, ..shape };
            Split { feature, threshold, low: Box::new(self.grow(low, below)), high: Box::new(self.grow(high, below)) }
        });
        Node { choice, members, split }
    }

    /// The least sum that two choices cost on both sides of a threshold, and the threshold.
    fn best_split(&self, members: &[usize], feature: usize, total: &[f64], fewest: usize) -> Option<(f64, f64)> {
        let value = |at: usize| self.values[at][feature];
        if members.iter().any(|&at| value(at).is_nan()) {
            return None;
        }
        let mut sorted = members.to_vec();
        sorted.sort_by(|&a, &b| value(a).total_cmp(&value(b)).then(a.cmp(&b)));
        let mut low = vec![0.0; total.len()];
        let mut best: Option<(f64, f64)> = None;
        for (position, pair) in (1..).zip(sorted.windows(2)) {
            add(&mut low, &self.costs[pair[0]]);
            if position < fewest || sorted.len() - position < fewest || value(pair[0]) >= value(pair[1]) {
                continue;
            }
            let high = least(total.iter().zip(&low).map(|(total, low)| total - low)).1;
            let sum = least(low.iter().copied()).1 + high;
            if sum < best.map_or(f64::INFINITY, |best| best.0) - LEAST_GAIN {
                best = Some((sum, between(value(pair[0]), value(pair[1]))));
            }
        }
        best
    }
}

impl Node {
    /// Where an instance with these numbers belongs, not deeper than so.
    pub(super) fn find(&self, values: &[f64], depth: usize) -> &Self {
        match &self.split {
            Some(split) if depth > 0 => {
                let side = if values[split.feature] <= split.threshold { &split.low } else { &split.high };
                side.find(values, depth - 1)
            }
            _ => self,
        }
    }
}

fn add(sum: &mut [f64], more: &[f64]) {
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum += more;
    }
}

/// The first of the least, and what it is.
fn least(costs: impl Iterator<Item = f64>) -> (usize, f64) {
    costs.enumerate().fold((0, f64::INFINITY), |best, (at, cost)| if cost < best.1 { (at, cost) } else { best })
}

/// A number from `low` on and below `high` with as few digits as will do.
fn between(low: f64, high: f64) -> f64 {
    let middle = f64::midpoint(low, high);
    let rounded = |digits: usize| format!("{middle:.digits$e}").parse::<f64>().unwrap_or(low);
    (0..17).map(rounded).find(|number| (low..high).contains(number)).unwrap_or(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_have_few_digits() {
        for (low, high, want) in
            [(4000.0, 7000.0, 6000.0), (0.123, 0.125, 0.124), (0.0, 1.0, 0.5), (1.0, 1.0 + 1e-15, 1.0)]
        {
            let got = between(low, high);
            assert!(got == want && (low..high).contains(&got), "{low} {high}: {got}");
        }
    }

    #[test]
    fn a_tree_finds_where_choices_change() {
        // The first choice is good below 10 of the second number, the second above; the first number says nothing.
        let values = (0..40).map(|at| vec![f64::from(at % 7), f64::from(at) / 2.0]).collect();
        let costs = (0..40).map(|at| if at < 20 { vec![1.0, 2.0] } else { vec![2.5, 1.0] }).collect();
        let tree = Costs { values, costs };
        let grown = tree.grow((0..40).collect(), Shape { depth: 3, least: 5 });
        let split = grown.split.as_ref().expect("a split");
        assert_eq!((split.feature, split.threshold), (1, 9.8));
        assert_eq!((split.low.choice, split.high.choice, split.low.members.len()), (0, 1, 20));
        assert_eq!((&split.low.split, &split.high.split), (&None, &None), "there is nothing more to gain");
        assert_eq!(grown.find(&[0.0, 30.0], 3).choice, 1);
        assert_eq!(grown.find(&[0.0, 30.0], 0).members.len(), 40);
        assert_eq!(
            tree.grow((0..40).collect(), Shape { depth: 3, least: 21 }).split,
            None,
            "leaves would be too small"
        );
    }
}
