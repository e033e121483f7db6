//! One random race: a problem whose truth is known, and lanes of all characters. Everything follows from the seed.
//!
//! Objectives and bounds are kept as if minimising; whoever feeds the referee multiplies by `sign`.

use std::time::Duration;

use farkas_backends::race::referee::{LaneFacts, Limits, Outcome, Pausing, Verdict, Weight, Wish};
use farkas_modeling::check::TrustPolicy;
use farkas_modeling::{Limit, Sense, Tolerances};
use fastrand::Rng;

/// What is true about the problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    Feasible,
    Infeasible,
    Unbounded,
}

/// How a lane behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Character {
    Honest,
    /// Honest until it dies.
    Crashes,
    /// Honest until it falls silent.
    Hangs,
    /// Its bound lies beyond the optimum, and it ends with it.
    TooGoodABound,
    FalseInfeasible,
    FalseUnbounded,
    /// Its points fail the check.
    InfeasiblePoints,
    /// Names better objectives than its points have.
    WrongObjective,
    NotANumber,
}

const CHARACTERS: [Character; 9] = [
    Character::Honest,
    Character::Crashes,
    Character::Hangs,
    Character::TooGoodABound,
    Character::FalseInfeasible,
    Character::FalseUnbounded,
    Character::InfeasiblePoints,
    Character::WrongObjective,
    Character::NotANumber,
];

impl Character {
    /// Whether what it *claims* may be false; its checked points are true in any case.
    pub fn lies(self) -> bool {
        matches!(self, Self::TooGoodABound | Self::FalseInfeasible | Self::FalseUnbounded)
    }
}

/// Something a lane does.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    Started,
    Objective(f64),
    /// A point that passes the check; exact integers or not.
    Point(f64, Exactness),
    Refuted,
    Contradicted,
    Measured,
    Bound(f64, Weight),
    Finished(Outcome),
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exactness {
    Exact,
    UsesTolerances,
}

#[derive(Debug, Clone)]
pub struct LaneModel {
    pub facts: LaneFacts,
    pub character: Character,
    pub pausing: Pausing,
    /// Ends so long after it was asked to; `None` ignores it.
    pub obeys: Option<Duration>,
    /// Ends so long after it was killed; `None` never tells.
    pub dies: Option<Duration>,
}

#[derive(Debug, Clone)]
pub struct World {
    pub sense: Sense,
    pub truth: Truth,
    pub optimum: f64,
    pub linear: bool,
    pub lanes: Vec<LaneModel>,
    pub limits: Limits,
    pub tolerances: Tolerances,
    pub trust: TrustPolicy,
    pub stop: Option<(Duration, Wish)>,
}

/// A time in microseconds, so that ties and odd orders happen.
pub fn micros(rng: &mut Rng, most: u64) -> Duration {
    Duration::from_micros(rng.u64(0..=most))
}

fn one_in(rng: &mut Rng, n: u32) -> bool {
    rng.u32(0..n) == 0
}

impl World {
    pub fn random(rng: &mut Rng) -> Self {
        let truth = match rng.u32(0..10) {
            0 => Truth::Infeasible,
            1 => Truth::Unbounded,
            _ => Truth::Feasible,
        };
        // All take turns, or none, or some.
        let turns = rng.u32(0..3);
        let lanes = (0..rng.usize(1..=5)).map(|_| {
            let takes = turns == 0 || turns == 1 && rng.bool();
            lane(rng, takes)
        });
        let lanes: Vec<LaneModel> = lanes.collect();
        let mut limits = Limits::with_cores(rng.u32(1..=4));
        limits.one_by_one = one_in(rng, 8);
        limits.time = (!one_in(rng, 3)).then(|| micros(rng, 20_000_000));
        let optimum = (rng.f64() - 0.5) * 10_f64.powi(rng.i32(0..6));
        let sense = if rng.bool() { Sense::Minimize } else { Sense::Maximize };
        limits.replaces = one_in(rng, 2);
        limits.objective_target = one_in(rng, 8).then(|| sense.sign() * (optimum + rng.f64() * optimum.abs()));
        limits.cutoff = one_in(rng, 8).then(|| sense.sign() * (optimum + (rng.f64() - 0.5) * optimum.abs()));
        limits.stall = one_in(rng, 8).then(|| micros(rng, 5_000_000));
        let endless = limits.time.is_none() && lanes.iter().any(|l| l.character == Character::Hangs);
        let wish = if rng.bool() { Wish::Keep } else { Wish::Discard };
        let stop = (endless || one_in(rng, 5)).then(|| (micros(rng, 30_000_000), wish));
        let mut some = || ["anna", "bert", "cleo"].iter().filter(|_| rng.bool()).map(|s| (*s).to_owned()).collect();
        let trust = TrustPolicy { distrusted: some(), distrusted_infeasible: some() };
        Self {
            sense,
            truth,
            optimum,
            linear: rng.bool(),
            lanes,
            limits,
            tolerances: Tolerances::default(),
            trust,
            stop,
        }
    }

    pub fn sign(&self) -> f64 {
        self.sense.sign()
    }

    /// As if minimising.
    pub fn cutoff(&self) -> Option<f64> {
        self.limits.cutoff.map(|cutoff| self.sign() * cutoff)
    }

    /// Whether no point is as good as the cutoff.
    pub fn leaves_none(&self) -> bool {
        match self.truth {
            Truth::Infeasible => true,
            Truth::Unbounded => false,
            Truth::Feasible => self.cutoff().is_some_and(|cutoff| self.optimum > cutoff),
        }
    }

    pub fn width(&self, value: f64) -> f64 {
        self.tolerances.gap_width(value)
    }

    /// Whether an outcome of the race must be true: whoever lies is not trusted, and has nobody to agree with.
    pub fn lies_are_powerless(&self) -> bool {
        let mut liars: Vec<&str> = Vec::new();
        for lane in self.lanes.iter().filter(|l| l.character.lies()) {
            let trusted = match lane.character {
                Character::FalseInfeasible => self.trust.trusts_infeasible(&lane.facts.solver),
                _ => self.trust.trusts(&lane.facts.solver),
            };
            if trusted {
                return false;
            }
            liars.push(&lane.facts.solver);
        }
        liars.dedup();
        liars.len() <= 1
    }

    /// Whether no claim ever needs a second solver's word.
    pub fn trusts_all(&self) -> bool {
        self.trust.distrusted.is_empty() && self.trust.distrusted_infeasible.is_empty()
    }

    /// A point that passes the check. A mixed-integer one may use its tolerances and beat the optimum a little.
    pub fn point(&self, rng: &mut Rng, above: f64) -> Act {
        let value = self.optimum + above;
        if self.linear || rng.bool() {
            return Act::Point(value, Exactness::Exact);
        }
        let cheat = if one_in(rng, 4) { 5.0 * self.width(self.optimum) * rng.f64() } else { 0.0 };
        Act::Point(value - cheat, Exactness::UsesTolerances)
    }

    /// What a lane does from its start on, each so long after the last; the end may be missing.
    pub fn script(&self, lane: usize, rng: &mut Rng) -> Vec<(Duration, Act)> {
        let pace = *rng.choice(&[50, 5_000, 200_000, 3_000_000]).unwrap_or(&50);
        let mut acts = vec![Act::Started];
        let character = self.lanes[lane].character;
        match character {
            Character::Honest | Character::Crashes | Character::Hangs => self.honest(rng, &mut acts),
            Character::TooGoodABound => self.too_good(rng, &mut acts),
            Character::FalseInfeasible if self.cutoff().is_some() && rng.bool() => acts.push(cut_off()),
            Character::FalseInfeasible => acts.push(verdict(Verdict::Infeasible(Weight::Claimed))),
            Character::FalseUnbounded => acts.push(verdict(Verdict::Unbounded(Weight::Claimed))),
            Character::InfeasiblePoints => {
                acts.extend([Act::Objective(self.optimum - 10.0), Act::Refuted]);
                if self.truth != Truth::Unbounded {
                    acts.push(Act::Bound(self.optimum - 10.0, Weight::Claimed));
                }
                let last = if rng.bool() { Act::Contradicted } else { Act::Measured };
                acts.extend([Act::Refuted, last, verdict(Verdict::Optimal)]);
            }
            Character::WrongObjective => {
                for _ in 0..rng.u32(0..4) {
                    let above = rng.f64() * 10.0;
                    acts.push(Act::Objective(self.optimum + above - 50.0));
                    acts.extend(self.feasible_point(rng, above));
                }
                acts.push(Act::Finished(Outcome::Undecided));
            }
            Character::NotANumber => {
                let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
                acts.extend(odd.map(|v| Act::Bound(v, Weight::Claimed)));
                acts.extend(odd.map(Act::Objective));
                acts.extend(odd.map(|v| Act::Point(v, Exactness::Exact)));
                acts.push(verdict(Verdict::Optimal));
            }
        }
        let whole = acts.len();
        match character {
            Character::Crashes => {
                acts.truncate(rng.usize(0..whole));
                acts.push(Act::Failed);
            }
            Character::Hangs => acts.truncate(rng.usize(0..whole)),
            _ => {}
        }
        acts.into_iter().map(|act| (micros(rng, pace), act)).collect()
    }

    fn feasible_point(&self, rng: &mut Rng, above: f64) -> Option<Act> {
        (self.truth != Truth::Infeasible).then(|| self.point(rng, above))
    }

    fn honest(&self, rng: &mut Rng, acts: &mut Vec<Act>) {
        let spread = self.optimum.abs().max(1.0);
        let mut above = spread;
        let mut below = spread;
        for _ in 0..rng.u32(0..6) {
            above *= rng.f64();
            below *= rng.f64();
            match rng.u32(0..3) {
                0 => acts.push(Act::Objective(self.optimum + above)),
                1 => acts.extend(self.feasible_point(rng, above)),
                _ if self.truth == Truth::Unbounded => {}
                _ => {
                    let weight = if one_in(rng, 5) { Weight::Certified } else { Weight::Claimed };
                    acts.push(Act::Bound(self.optimum - below, weight));
                }
            }
        }
        let near = self.width(self.optimum) * 0.4;
        let weight = if one_in(rng, 4) { Weight::Certified } else { Weight::Claimed };
        match self.truth {
            _ if one_in(rng, 6) => acts.push(Act::Finished(Outcome::AtLimit(limit(rng)))),
            _ if one_in(rng, 8) => acts.push(Act::Finished(Outcome::Undecided)),
            _ if self.cutoff().is_some() && self.leaves_none() && rng.bool() => acts.push(cut_off()),
            Truth::Feasible => {
                if one_in(rng, 6) {
                    acts.push(Act::Measured);
                } else {
                    let above = near * rng.f64();
                    acts.push(self.point(rng, above));
                }
                if !one_in(rng, 6) {
                    acts.push(Act::Bound(self.optimum - near * rng.f64(), weight));
                }
                acts.push(verdict(Verdict::Optimal));
            }
            Truth::Infeasible => acts.push(verdict(Verdict::Infeasible(weight))),
            Truth::Unbounded => acts.push(verdict(Verdict::Unbounded(weight))),
        }
    }

    fn too_good(&self, rng: &mut Rng, acts: &mut Vec<Act>) {
        let above = (2.0 + rng.f64() * 100.0) * self.width(self.optimum);
        if rng.bool() {
            acts.extend(self.feasible_point(rng, above));
        }
        acts.push(Act::Bound(self.optimum + above, Weight::Claimed));
        if rng.bool() {
            acts.extend(self.feasible_point(rng, above));
            acts.push(verdict(Verdict::Optimal));
        } else {
            acts.push(Act::Finished(Outcome::AtLimit(limit(rng))));
        }
    }
}

fn verdict(verdict: Verdict) -> Act {
    Act::Finished(Outcome::Verdict(verdict))
}

fn cut_off() -> Act {
    Act::Finished(Outcome::AtLimit(Limit::Cutoff))
}

fn limit(rng: &mut Rng) -> Limit {
    *rng.choice(&[Limit::Time, Limit::Node, Limit::Solution, Limit::Memory]).unwrap_or(&Limit::Time)
}

fn lane(rng: &mut Rng, turns: bool) -> LaneModel {
    let solver = (*rng.choice(&["anna", "bert", "cleo"]).unwrap_or(&"anna")).to_owned();
    let after = if one_in(rng, 4) { micros(rng, 1_000_000) } else { Duration::ZERO };
    let character = if one_in(rng, 3) { Character::Honest } else { CHARACTERS[rng.usize(0..CHARACTERS.len())] };
    let most = *rng.choice(&[20_000, 200_000, 2_000_000]).unwrap_or(&20_000);
    let turn = turns.then(|| micros(rng, most));
    LaneModel {
        facts: LaneFacts { solver, threads: rng.u32(0..=2), takes_incumbents: rng.bool(), after, turn },
        character,
        pausing: if one_in(rng, 4) { Pausing::Impossible } else { Pausing::Possible },
        obeys: (character != Character::Hangs && !one_in(rng, 6)).then(|| micros(rng, 100_000)),
        dies: (!one_in(rng, 6)).then(|| micros(rng, 50_000)),
    }
}
