//! Who is called next: a bounded number of calls is under way, of these a part a project and a part a webhook, so that
//! whoever does not answer holds up neither other projects nor the other webhooks of its own; and what is free goes round
//! among those who wait. Pure.

use std::collections::HashMap;

use super::{Delivery, Subscriber};

/// Calls under way.
const CALLS: usize = 64;
/// Of these, those to one project's webhooks.
const CALLS_OF_PROJECT: usize = 16;
/// Of these, those to one webhook.
pub(super) const CALLS_OF_WEBHOOK: usize = 8;

/// The calls that are under way.
#[derive(Debug, Default)]
pub(super) struct Turns {
    in_all: usize,
    of_project: HashMap<String, usize>,
    of_webhook: HashMap<String, usize>,
    /// The webhook that got the last turn.
    last: String,
}

impl Turns {
    /// Whether one more call may be made to somebody.
    pub(super) fn are_free(&self) -> bool {
        self.in_all < CALLS
    }

    /// How many calls each of those who wait (in the order of their ids) gets: one each, beginning after whoever had the last
    /// turn, then one more each, until nothing is free.
    pub(super) fn shares(&mut self, waiting: &[Subscriber]) -> Vec<(String, usize)> {
        let begin = waiting.partition_point(|subscriber| subscriber.webhook <= self.last);
        let round = waiting[begin..].iter().chain(&waiting[..begin]);
        let mut left = CALLS.saturating_sub(self.in_all);
        let mut left_of_project: HashMap<&str, usize> = HashMap::new();
        let mut shares: Vec<(&Subscriber, usize)> = round.map(|subscriber| (subscriber, 0)).collect();
        let mut given = true;
        while given {
            given = false;
            for (subscriber, share) in &mut shares {
                let under_way = count(&self.of_webhook, &subscriber.webhook);
                let of_project = left_of_project
                    .entry(&subscriber.project)
                    .or_insert_with(|| CALLS_OF_PROJECT.saturating_sub(count(&self.of_project, &subscriber.project)));
                if left == 0 || *of_project == 0 || under_way + *share >= CALLS_OF_WEBHOOK {
                    continue;
                }
                left -= 1;
                *of_project -= 1;
                *share += 1;
                self.last.clone_from(&subscriber.webhook);
                given = true;
            }
        }
        let got = shares.into_iter().filter(|(_, share)| *share > 0);
        got.map(|(subscriber, share)| (subscriber.webhook.clone(), share)).collect()
    }

    /// A call begins.
    pub(super) fn begin(&mut self, delivery: &Delivery) {
        self.in_all += 1;
        *self.of_project.entry(delivery.project.clone()).or_default() += 1;
        *self.of_webhook.entry(delivery.webhook.clone()).or_default() += 1;
    }

    /// A call is over.
    pub(super) fn end(&mut self, delivery: &Delivery) {
        self.in_all = self.in_all.saturating_sub(1);
        one_less(&mut self.of_project, &delivery.project);
        one_less(&mut self.of_webhook, &delivery.webhook);
    }
}

fn count(counts: &HashMap<String, usize>, name: &str) -> usize {
    counts.get(name).copied().unwrap_or(0)
}

fn one_less(counts: &mut HashMap<String, usize>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count -= 1;
        if *count == 0 {
            counts.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscriber(name: &str) -> Subscriber {
        // The project is the letter before the number.
        Subscriber { project: name[..1].into(), webhook: name.into() }
    }

    fn delivery(name: &str) -> Delivery {
        let Subscriber { project, webhook } = subscriber(name);
        Delivery { id: "d".into(), project, webhook, job: "j".into(), event: 1, state: "queued".into(), attempts: 0 }
    }

    #[test]
    fn what_is_free_is_shared_and_nobody_takes_it_all() {
        // Calls that are under way, who waits, and what each gets.
        type Case = (&'static [(&'static str, usize)], &'static [&'static str], &'static [(&'static str, usize)]);
        let cases: [Case; 6] = [
            (&[], &[], &[]),
            (&[], &["a1"], &[("a1", 8)]),
            (&[("a1", 8)], &["a1", "b1"], &[("b1", 8)]),
            (&[("a1", 8)], &["a1", "a2", "a3"], &[("a2", 4), ("a3", 4)]),
            (&[("a1", 8), ("a2", 8)], &["a3", "b1"], &[("b1", 8)]),
            (
                &[("a1", 8), ("b1", 8), ("c1", 8), ("d1", 8), ("e1", 8), ("f1", 8), ("g1", 8)],
                &["h1", "i1", "j1"],
                &[("h1", 3), ("i1", 3), ("j1", 2)],
            ),
        ];
        for (under_way, waiting, expected) in cases {
            let mut turns = Turns::default();
            for (name, calls) in under_way {
                for _ in 0..*calls {
                    turns.begin(&delivery(name));
                }
            }
            let waiting: Vec<Subscriber> = waiting.iter().map(|name| subscriber(name)).collect();
            let shares = turns.shares(&waiting);
            let shares: Vec<(&str, usize)> = shares.iter().map(|(name, share)| (name.as_str(), *share)).collect();
            assert_eq!(shares, expected, "{under_way:?}");
        }
    }

    #[test]
    fn turns_go_round() {
        let mut turns = Turns::default();
        let waiting: Vec<Subscriber> = ('a'..='z').map(|project| subscriber(&format!("{project}1"))).collect();
        let mut calls = Vec::new();
        for name in ["a1", "b1", "c1", "d1", "e1", "f1", "g1"] {
            calls.extend((0..8).map(|_| delivery(name)));
        }
        calls.extend((0..7).map(|_| delivery("h1")));
        for call in &calls {
            turns.begin(call);
        }
        // One place is free at a time.
        let mut served = Vec::new();
        for _ in 0..20 {
            let shares = turns.shares(&waiting);
            assert_eq!(shares.iter().map(|(_, share)| share).sum::<usize>(), 1, "{shares:?}");
            served.push(shares[0].0.clone());
        }
        let expected: Vec<String> = ('h'..='z').map(|project| format!("{project}1")).chain(["h1".to_owned()]).collect();
        assert_eq!(served, expected);
        for call in &calls {
            turns.end(call);
        }
        assert!(turns.are_free() && turns.of_project.is_empty() && turns.of_webhook.is_empty());
    }
}
