//! A tree as rules: a rule for each leaf, with the lanes in an order that also serves where a solver is missing.

use std::time::Duration;

use farkas_backends::race::rules::{CORES, Condition, HeadStart, LaneRule, Rule, Span};
use farkas_modeling::statistics::{FEATURES, Kind};

use super::fit::Fit;
use super::model::Pick;
use super::tree::Node;

/// Solvers that come with Farkas. All others are optional: rules must do without them.
const AT_HAND: [&str; 5] = ["highs", "scip", "cbc", "microlp", "clarabel"];
/// Lanes of a rule: two that run, and who follows when one ends without an answer or there are more cores.
const LANES: usize = 4;

pub(super) fn rules(fit: &Fit<'_>, kind: Kind, cores: u32, tree: &Node) -> Vec<Rule> {
    let span = if cores > 1 { Span { above: 1.0, ..Span::ALL } } else { Span { most: 1.0, ..Span::ALL } };
    let mut when = Condition { kinds: vec![kind], ..Condition::default() };
    when.limits.insert(CORES.to_owned(), span);
    let mut leaves = Vec::new();
    collect(tree, when, &mut leaves);
    let count = leaves.len();
    let on = if cores > 1 { "several cores" } else { "one core" };
    let name = |number: usize| format!("{} on {on}, {number} of {count}", kind.word());
    (1..).zip(leaves).map(|(number, (leaf, when))| rule(fit, leaf, name(number), when)).collect()
}

fn collect<'a>(node: &'a Node, when: Condition, leaves: &mut Vec<(&'a Node, Condition)>) {
    let Some(split) = &node.split else { return leaves.push((node, when)) };
    let (name, threshold) = (FEATURES[split.feature].0, split.threshold);
    let narrowed = |above: f64, most: f64| {
        let mut when = when.clone();
        let span = when.limits.entry(name.to_owned()).or_insert(Span::ALL);
        *span = Span { above: span.above.max(above), most: span.most.min(most) };
        when
    };
    collect(&split.low, narrowed(f64::NEG_INFINITY, threshold), leaves);
    collect(&split.high, narrowed(threshold, f64::INFINITY), leaves);
}

fn rule(fit: &Fit<'_>, leaf: &Node, name: String, when: Condition) -> Rule {
    let pick = fit.pick(leaf);
    let (order, after) = order(fit, leaf, pick);
    let together = fit.options.together;
    let ended: Vec<_> = leaf.members.iter().map(|&at| pick.on(&fit.times.samples[at], together)).collect();
    let mut seconds: Vec<f64> =
        leaf.members.iter().zip(&ended).map(|(&at, ended)| ended.0.min(fit.times.samples[at].limit_seconds)).collect();
    seconds.sort_by(f64::total_cmp);
    let median = seconds.get(seconds.len() / 2).copied().unwrap_or_default();
    let solved = ended.iter().filter(|ended| ended.1).count();
    let lane = |(position, &candidate): (usize, &usize)| {
        let mut lane = LaneRule::new(fit.times.candidates[candidate].clone());
        if position > 0 && after > 0.0 {
            lane.after = HeadStart::Time(Duration::from_secs_f64(after));
        }
        lane
    };
    Rule {
        name,
        when,
        why: format!("fitted to {} problems, of which these lanes solve {solved}", leaf.members.len()),
        expected: Some(Duration::from_millis((median * 1e3).round() as u64)),
        turn: None,
        lanes: order.iter().enumerate().map(lane).collect(),
        others: true,
    }
}

/// Who runs first, and who follows; and the head start of those that follow.
fn order(fit: &Fit<'_>, leaf: &Node, pick: Pick) -> (Vec<usize>, f64) {
    let is_optional = |candidate: usize| !AT_HAND.contains(&fit.times.candidates[candidate].solver.as_str());
    let after = pick.second.map_or(0.0, |second| second.1);
    let mut order = vec![pick.first];
    order.extend(pick.second.map(|second| second.0));
    let all = 0..fit.times.candidates.len();
    // Where a solver is missing, the best partner of the one that is left comes up.
    let left: Vec<usize> = order.iter().copied().filter(|&candidate| !is_optional(candidate)).collect();
    if left.len() < order.len() {
        let ways = all.clone().filter(|&candidate| !is_optional(candidate) && !order.contains(&candidate));
        let way = |candidate| match left.first() {
            Some(&first) => Pick { first, second: Some((candidate, after)) },
            None => Pick::one(candidate),
        };
        if ways.clone().next().is_some() {
            let next = fit.cheapest(ways.map(way), &leaf.members);
            order.push(next.second.map_or(next.first, |second| second.0));
        }
    }
    while order.len() < LANES.min(fit.times.candidates.len()) {
        let rest = all.clone().filter(|candidate| !order.contains(candidate));
        let sum = |more: usize| -> f64 {
            let best = |at: &usize| {
                let ways = order.iter().chain([&more]).map(|&one| Pick::one(one));
                let costs = ways.map(|way| way.cost(&fit.times.samples[*at], fit.options.together));
                costs.fold(f64::INFINITY, f64::min)
            };
            leaf.members.iter().map(best).sum()
        };
        let Some(next) = rest.map(|one| (one, sum(one))).min_by(|a, b| a.1.total_cmp(&b.1)) else { break };
        order.push(next.0);
    }
    (order, after)
}
