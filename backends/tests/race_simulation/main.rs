//! The referee under random schedules: late, crashing, hanging, lying lanes, in a world whose truth is known.
//!
//! 100,000 schedules, or `FARKAS_RACE_SCHEDULES` of them. A failure prints its seed; `FARKAS_RACE_SEED=<seed>` replays
//! that one, with all that went in and came out.

mod audit;
mod world;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use farkas_backends::race::referee::{Command, Ending, Input, LaneId, Outcome, PointId, Referee};
use farkas_modeling::Limit;
use fastrand::Rng;

use audit::Audit;
use world::{Act, Exactness, Truth, World, micros};

/// Something that will happen.
#[derive(Debug, Clone, PartialEq)]
enum Event {
    Lane(LaneId, Act),
    Repaired(LaneId, PointId, Option<f64>),
    Tick,
    Stop,
}

struct Simulation {
    world: World,
    rng: Rng,
    referee: Referee,
    audit: Audit,
    queue: BinaryHeap<Reverse<(Duration, usize)>>,
    events: Vec<Event>,
    points: u64,
    /// From here on a lane does nothing by itself any more.
    cut: BTreeMap<LaneId, Duration>,
    /// Lanes that stand still: since when, and what they would have done so long after.
    paused: BTreeMap<LaneId, (Duration, Vec<(Duration, Event)>)>,
    verbose: bool,
}

/// How a schedule went.
struct Outline {
    ending: Ending,
    disqualified: usize,
    incumbent: bool,
    pauses: usize,
    recruits: usize,
}

impl Simulation {
    fn new(seed: u64, verbose: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let world = World::random(&mut rng);
        let facts = world.lanes.iter().map(|lane| lane.facts.clone()).collect();
        let referee = Referee::new(facts, world.limits, world.sense, world.tolerances, &world.trust);
        Self {
            world,
            rng,
            referee,
            audit: Audit::default(),
            queue: BinaryHeap::new(),
            events: Vec::new(),
            points: 0,
            cut: BTreeMap::new(),
            paused: BTreeMap::new(),
            verbose,
        }
    }

    fn schedule(&mut self, at: Duration, event: Event) {
        self.queue.push(Reverse((at, self.events.len())));
        self.events.push(event);
    }

    fn new_point(&mut self) -> PointId {
        self.points += 1;
        PointId(self.points)
    }

    fn run(mut self) -> Result<Outline, String> {
        self.schedule(Duration::ZERO, Event::Tick);
        for _ in 0..self.rng.u32(0..4) {
            let at = micros(&mut self.rng, 20_000_000);
            self.schedule(at, Event::Tick);
        }
        if let Some((at, _)) = self.world.stop {
            self.schedule(at, Event::Stop);
        }
        let mut now = Duration::ZERO;
        let mut spins = 0;
        for _ in 0..10_000 {
            let next = self.queue.peek().map(|Reverse((at, _))| *at);
            let due = self.referee.next_deadline().filter(|_| self.audit.ending.is_none());
            let input = match (next, due) {
                (None, None) => break,
                (next, Some(due)) if next.is_none_or(|next| due < next) => {
                    spins = if due > now { 0 } else { spins + 1 };
                    if spins > 3 {
                        return Err(format!("it waits at {now:?} for what was due at {due:?}"));
                    }
                    now = now.max(due);
                    Some(Input::Tick)
                }
                _ => {
                    let Some(Reverse((at, index))) = self.queue.pop() else { break };
                    now = now.max(at);
                    self.input(at, index)
                }
            };
            if let Some(input) = input {
                self.feed(now, input)?;
            }
        }
        let ending = self.audit.ending.ok_or("the race never ends")?;
        Ok(Outline {
            ending,
            disqualified: self.audit.disqualified.len(),
            incumbent: self.referee.incumbent().is_some(),
            pauses: self.audit.pauses,
            recruits: self.audit.recruits,
        })
    }

    /// The input an event makes; `None` for what a stopped or dead lane would have done.
    fn input(&mut self, at: Duration, index: usize) -> Option<Input> {
        let sign = self.world.sign();
        let (lane, act) = match self.events[index].clone() {
            Event::Tick => return Some(Input::Tick),
            Event::Stop => return self.world.stop.map(|(_, wish)| Input::StopAsked(wish)),
            Event::Repaired(lane, point, made) => {
                let made = made.map(|value| (self.new_point(), sign * value));
                return Some(Input::Repaired { lane, point, made });
            }
            Event::Lane(lane, act) => (lane, act),
        };
        // What a lane said just before it was stopped is still heard; all else waits until it goes on.
        let late = self.rng.u32(0..10) == 0;
        if let Some((since, held)) = self.paused.get_mut(&lane)
            && !late
        {
            held.push((at.saturating_sub(*since), Event::Lane(lane, act)));
            return None;
        }
        // A point may still sit in the checker's queue when its lane is gone.
        let is_point = matches!(act, Act::Point(..));
        if !is_point && self.cut.get(&lane).is_some_and(|cut| at > *cut) {
            return None;
        }
        Some(match act {
            Act::Started => Input::Started(lane, self.world.lanes[usize::from(lane)].pausing),
            Act::Objective(value) => Input::Objective(lane, sign * value),
            Act::Point(value, exactness) => {
                let exact = exactness == Exactness::Exact;
                Input::Point { lane, point: self.new_point(), objective: sign * value, exact }
            }
            Act::Refuted => Input::Refuted(lane, "row 'R1' is missed by 3".into()),
            Act::Contradicted => Input::Contradicted(lane, "its point has another objective".into()),
            Act::Measured => Input::Measured(lane, self.new_point()),
            Act::Bound(value, weight) => Input::Bound(lane, sign * value, weight),
            Act::Finished(outcome) => Input::Finished(lane, outcome),
            Act::Failed => Input::Failed(lane, "signal 11".into()),
        })
    }

    fn feed(&mut self, now: Duration, input: Input) -> Result<(), String> {
        if self.verbose {
            println!("{now:?} <- {input:?}");
        }
        self.audit.before(&self.world, &input);
        let commands = self.referee.on(now, input);
        if self.verbose {
            for command in &commands {
                println!("{now:?} -> {command:?}");
            }
        }
        for command in &commands {
            if let Command::Recruit { lane, like, threads } = *command {
                let mut model = self.world.lanes[usize::from(like)].clone();
                model.facts.threads = threads;
                if usize::from(lane) != self.world.lanes.len() {
                    return Err(format!("lane {lane} is recruited where the next is {}", self.world.lanes.len()));
                }
                self.world.lanes.push(model);
            }
        }
        self.audit.after(&self.world, &self.referee, now, &commands)?;
        for command in commands {
            self.obey(now, &command);
        }
        Ok(())
    }

    /// What the world does upon a command.
    fn obey(&mut self, now: Duration, command: &Command) {
        match *command {
            Command::Start(lane, _) => {
                let script = self.world.script(usize::from(lane), &mut self.rng);
                let mut at = now;
                for (pause, act) in script {
                    at += pause;
                    let checked = matches!(act, Act::Point(..)) && self.rng.u32(0..5) == 0;
                    let late = if checked { micros(&mut self.rng, 1_000_000) } else { Duration::ZERO };
                    self.schedule(at + late, Event::Lane(lane, act));
                }
            }
            Command::Pause(lane) => {
                self.paused.insert(lane, (now, Vec::new()));
            }
            Command::Resume(lane) => {
                let (_, held) = self.paused.remove(&lane).unwrap_or_default();
                for (later, event) in held {
                    self.schedule(now + later, event);
                }
            }
            Command::Stop(lane) => {
                let Some(delay) = self.world.lanes[usize::from(lane)].obeys else { return };
                self.cut.insert(lane, now + delay);
                if self.world.truth != Truth::Infeasible && self.rng.u32(0..4) == 0 {
                    let above = self.rng.f64();
                    let point = self.world.point(&mut self.rng, above);
                    self.schedule(now + delay, Event::Lane(lane, point));
                }
                let end = Act::Finished(Outcome::AtLimit(Limit::Interrupted));
                self.schedule(now + delay, Event::Lane(lane, end));
            }
            Command::Kill(lane) => {
                self.paused.remove(&lane);
                let Some(delay) = self.world.lanes[usize::from(lane)].dies else { return };
                self.cut.insert(lane, now + delay);
                self.schedule(now + delay, Event::Lane(lane, Act::Failed));
            }
            Command::Repair(lane, point) if self.rng.u32(0..30) != 0 => {
                let made = self.world.truth != Truth::Infeasible && self.rng.bool();
                let value = made.then(|| self.world.optimum + self.rng.f64() * 0.1 * self.world.optimum.abs());
                let at = now + micros(&mut self.rng, 12_000_000);
                self.schedule(at, Event::Repaired(lane, point, value));
            }
            _ => {}
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn every_schedule_keeps_the_rules() {
    if let Some(seed) = number("FARKAS_RACE_SEED") {
        let simulation = Simulation::new(seed, true);
        println!("{:#?}", simulation.world);
        if let Err(broken) = simulation.run() {
            panic!("seed {seed}: {broken}");
        }
        return;
    }
    let schedules = number("FARKAS_RACE_SCHEDULES").unwrap_or(100_000);
    let mut endings: BTreeMap<String, u64> = BTreeMap::new();
    let (mut disqualified, mut incumbents, mut pauses, mut recruits) = (0, 0, 0, 0);
    for seed in 0..schedules {
        match Simulation::new(seed, false).run() {
            Ok(outline) => {
                *endings.entry(format!("{:?}", outline.ending)).or_default() += 1;
                disqualified += outline.disqualified;
                incumbents += u64::from(outline.incumbent);
                pauses += outline.pauses;
                recruits += outline.recruits;
            }
            Err(broken) => panic!("seed {seed}: {broken}\nreplay it with FARKAS_RACE_SEED={seed}"),
        }
    }
    println!(
        "{schedules} schedules: {endings:?}, {disqualified} disqualified, {incumbents} with an incumbent, {pauses} pauses, {recruits} replaced"
    );
    // The schedules are worth something only if everything that can happen does.
    if schedules >= 1_000 {
        for ending in [
            "Optimal",
            "Infeasible",
            "Unbounded",
            "Exhausted",
            "Stopped(Keep)",
            "Stopped(Discard)",
            "AtLimit(SlowProgress)",
            "AtLimit(Cutoff)",
        ] {
            assert!(endings.contains_key(ending), "no schedule ended {ending}: {endings:?}");
        }
        assert!(disqualified > 0 && incumbents > 0 && pauses > 0 && recruits > 0);
    }
}
