//! What the fit believes of a race: the time of one lane, or of two on two cores, from what each takes alone on one thread.
//! On the careful side: each runs a few percent slower beside the other, starting a second one costs time, and nothing is
//! gained from what lanes tell each other.

use super::times::{Sample, Took};
use crate::bench::report::SHIFT_SECONDS;

/// Head starts that are tried for the second lane, in seconds.
pub(super) const HEAD_STARTS: [f64; 7] = [0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0];

/// What a second lane costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Together {
    /// How much longer a lane takes beside another one.
    pub slower: f64,
    /// Seconds until the second lane's process has the problem.
    pub start_seconds: f64,
}

impl Default for Together {
    /// 5 % slower: memory and caches are shared; lanes on one core each hardly feel each other otherwise. A worker that is
    /// not warm has started and mapped the problem in about ten milliseconds.
    fn default() -> Self {
        Self { slower: 1.05, start_seconds: 0.01 }
    }
}

/// Who runs: positions of candidates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pick {
    pub first: usize,
    /// With its head start in seconds.
    pub second: Option<(usize, f64)>,
}

/// Seconds that count, and whether it was solved.
pub(super) type Ended = (f64, bool);

impl Pick {
    pub(super) fn one(first: usize) -> Self {
        Self { first, second: None }
    }

    pub(super) fn on(self, sample: &Sample, together: Together) -> Ended {
        let first = sample.took[self.first];
        let ends = |took: Took| if took.ends { took.seconds } else { f64::INFINITY };
        let seconds = match self.second {
            None => ends(first),
            Some((second, after)) => {
                let second = sample.took[second];
                if first.ends && first.seconds <= after {
                    first.seconds
                } else {
                    let of_first = |seconds: f64| seconds.min(after) + (seconds - after).max(0.0) * together.slower;
                    let of_second = |seconds: f64| after + together.start_seconds + seconds * together.slower;
                    if !first.ends && !second.ends && first.solved && second.solved {
                        // Neither is believed alone, both together are.
                        of_first(first.seconds).max(of_second(second.seconds))
                    } else {
                        of_first(ends(first)).min(of_second(ends(second)))
                    }
                }
            }
        };
        if seconds <= sample.limit_seconds { (seconds, true) } else { (sample.unsolved_seconds, false) }
    }

    pub(super) fn cost(self, sample: &Sample, together: Together) -> f64 {
        cost(self.on(sample, together).0)
    }
}

/// What means are made of.
pub(super) fn cost(seconds: f64) -> f64 {
    (seconds + SHIFT_SECONDS).ln()
}

#[cfg(test)]
mod tests {
    use farkas_modeling::statistics::Features;

    use super::*;

    #[test]
    fn races_of_two() {
        let features: Features = serde_json::from_str("{\"kind\":\"mip\"}").expect("features");
        let solved = |seconds| Took { seconds, solved: true, ends: true };
        let said = |seconds| Took { seconds, solved: true, ends: false };
        let not = Took { seconds: 60.0, solved: false, ends: false };
        let together = Together { slower: 1.1, start_seconds: 0.5 };
        for (first, second, after, want) in [
            (solved(4.0), solved(10.0), 0.0, (4.4, true)),
            (solved(10.0), solved(4.0), 0.0, (4.9, true)),
            (solved(1.0), solved(0.1), 1.0, (1.0, true)), // over before the second starts
            (solved(10.0), solved(1.0), 2.0, (3.6, true)),
            (solved(4.0), solved(10.0), 2.0, (4.2, true)),
            (not, solved(4.0), 1.0, (5.9, true)),
            (not, not, 0.0, (60.0, false)),
            (solved(29.0), not, 0.0, (60.0, false)), // too late beside another
            (said(1.0), solved(4.0), 0.0, (4.9, true)),
            (said(1.0), not, 0.0, (60.0, false)),
            (said(2.0), said(4.0), 0.0, (4.9, true)), // they agree
        ] {
            let sample = Sample {
                features: features.clone(),
                values: vec![],
                took: vec![first, second],
                unsolved_seconds: 60.0,
                limit_seconds: 30.0,
            };
            let got = Pick { first: 0, second: Some((1, after)) }.on(&sample, together);
            assert!((got.0 - want.0).abs() < 1e-9 && got.1 == want.1, "{first:?} {second:?} {after}: {got:?}");
        }
    }
}
