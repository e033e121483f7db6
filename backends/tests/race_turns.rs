//! Who has the cores, told as stories: what happens when, and which orders follow. Turns, and claims that need a second
//! solver's word.

use std::time::Duration;

use farkas_backends::race::referee::{
    Command, Input, LaneFacts, LaneId, Limits, Outcome, Pausing, PointId, Referee, Verdict, Weight,
};
use farkas_modeling::check::TrustPolicy;
use farkas_modeling::{Sense, Tolerances};

/// A lane of this solver, on one thread; `turn` and `after` in milliseconds.
fn lane(solver: &str, turn: Option<u64>, after: u64) -> LaneFacts {
    LaneFacts {
        solver: solver.into(),
        threads: 1,
        takes_incumbents: true,
        after: Duration::from_millis(after),
        turn: turn.map(Duration::from_millis),
    }
}

/// Orders to lanes and nothing else, in few words.
fn orders(commands: &[Command]) -> String {
    let word = |command: &Command| match command {
        Command::Start(lane, None) => Some(format!("start {lane}")),
        Command::Start(lane, Some(point)) => Some(format!("start {lane} from {}", point.0)),
        Command::Offer(lane, point) => Some(format!("offer {lane} {}", point.0)),
        Command::Pause(lane) => Some(format!("pause {lane}")),
        Command::Resume(lane) => Some(format!("resume {lane}")),
        Command::Stop(lane) => Some(format!("stop {lane}")),
        Command::Kill(lane) => Some(format!("kill {lane}")),
        Command::Finish(ending) => Some(format!("finish {ending:?}")),
        Command::Recruit { lane, like, .. } => Some(format!("recruit {lane} like {like}")),
        Command::Repair(..) | Command::Publish(_) | Command::Forget(_) => None,
    };
    commands.iter().filter_map(word).collect::<Vec<_>>().join(", ")
}

struct Story {
    name: &'static str,
    lanes: Vec<LaneFacts>,
    cores: u32,
    /// Not believed alone.
    distrusted: &'static str,
    /// Whether a lane that is far behind is replaced.
    replaces: bool,
    /// At so many milliseconds this happens, and these orders follow. In between, time passes as the referee asks.
    told: Vec<(u64, Input, &'static str)>,
}

fn started(lane: LaneId) -> Input {
    Input::Started(lane, Pausing::Possible)
}

fn point(lane: LaneId, id: u64, objective: f64) -> Input {
    Input::Point { lane, point: PointId(id), objective, exact: true }
}

fn bound(lane: LaneId, value: f64) -> Input {
    Input::Bound(lane, value, Weight::Claimed)
}

fn check(story: Story) {
    let mut limits = Limits::with_cores(story.cores);
    limits.time = Some(Duration::from_secs(100));
    limits.replaces = story.replaces;
    let trust =
        TrustPolicy { distrusted: vec![story.distrusted.into()], distrusted_infeasible: vec![story.distrusted.into()] };
    let mut referee = Referee::new(story.lanes, limits, Sense::Minimize, Tolerances::default(), &trust);
    for (at, input, expected) in story.told {
        let at = Duration::from_millis(at);
        let mut said = Vec::new();
        // What is due before, at its time.
        while let Some(due) = referee.next_deadline().filter(|due| *due < at && *due > Duration::ZERO) {
            said.extend(referee.on(due, Input::Tick));
        }
        let what = format!("{}: {input:?} at {at:?}", story.name);
        said.extend(referee.on(at, input));
        assert_eq!(orders(&said), expected, "{what}");
    }
}

#[test]
fn lanes_take_turns() {
    let turns = |solver| lane(solver, Some(1000), 0);
    let three = || vec![turns("a"), turns("b"), turns("c")];
    let story = |name, lanes, cores, told| Story { name, lanes, cores, distrusted: "", replaces: false, told };
    [
        story(
            "three on two cores",
            three(),
            2,
            vec![
                (0, Input::Tick, "start 0, start 1"),
                (10, started(0), ""),
                (20, started(1), ""),
                (999, Input::Tick, ""),
                (1000, Input::Tick, "pause 0, start 2"),
                (1010, started(2), ""),
                (1999, Input::Tick, ""),
                (2000, Input::Tick, "pause 1, resume 0"),
                (3000, Input::Tick, "pause 2, resume 1"),
                (4000, Input::Tick, "pause 0, resume 2"),
                // Whoever stands still goes on when a core is free.
                (4500, Input::Failed(1, "crashed".into()), "resume 0"),
                (9000, Input::Tick, ""),
            ],
        ),
        story(
            "three on one core",
            three(),
            1,
            vec![
                (0, started(0), "start 0"),
                (10, started(0), ""),
                (1000, Input::Tick, "pause 0, start 1"),
                (1010, started(1), ""),
                (2000, Input::Tick, "pause 1, start 2"),
                (2010, started(2), ""),
                (3000, Input::Tick, "pause 2, resume 0"),
                (4000, Input::Tick, "pause 0, resume 1"),
            ],
        ),
        story(
            "a lane in this process keeps its core",
            three(),
            2,
            vec![
                (0, Input::Tick, "start 0, start 1"),
                (10, Input::Started(0, Pausing::Impossible), ""),
                (20, started(1), ""),
                (1000, Input::Tick, "pause 1, start 2"),
            ],
        ),
    ]
    .into_iter()
    .for_each(check);
}

#[test]
fn nobody_is_told_anything_while_it_stands_still() {
    let turns = |solver| lane(solver, Some(1000), 0);
    let three = || vec![turns("a"), turns("b"), turns("c")];
    let story = |name, lanes, cores, told| Story { name, lanes, cores, distrusted: "", replaces: false, told };
    let optimal = Input::Finished(0, Outcome::Verdict(Verdict::Optimal));
    [
        story(
            "one that takes no turns keeps its core",
            vec![lane("a", None, 0), turns("b"), turns("c"), lane("d", None, 0)],
            2,
            vec![
                (0, Input::Tick, "start 0, start 1"),
                (10, started(0), ""),
                (20, started(1), ""),
                (1000, Input::Tick, "pause 1, start 2"),
                (1010, started(2), ""),
                (2000, Input::Tick, "pause 2, resume 1"),
                // Those that have begun come before one that waits and takes none.
                (2500, Input::Failed(0, "crashed".into()), "resume 2"),
                (2600, Input::Failed(1, "crashed".into()), "start 3"),
            ],
        ),
        story(
            "offers wait",
            three(),
            2,
            vec![
                (0, Input::Tick, "start 0, start 1"),
                (10, started(0), ""),
                (20, started(1), ""),
                (1000, Input::Tick, "pause 0, start 2"),
                (1010, started(2), ""),
                (1100, point(1, 1, 50.0), "offer 2 1"),
                (1200, point(2, 2, 40.0), "offer 1 2"),
                (2000, Input::Tick, "pause 1, resume 0, offer 0 2"),
                // What it had said before is heard.
                (2100, bound(1, 40.0), "stop 0, resume 1, stop 1, stop 2"),
            ],
        ),
        story(
            "who is caught while it stands still is killed",
            three(),
            2,
            vec![
                (0, Input::Tick, "start 0, start 1"),
                (10, started(0), ""),
                (20, started(1), ""),
                (500, bound(0, 70.0), ""),
                (1000, Input::Tick, "pause 0, start 2"),
                (1100, point(1, 1, 50.0), "kill 0, offer 2 1"),
            ],
        ),
        story(
            "a finish that was under way counts",
            three(),
            2,
            vec![
                (0, Input::Tick, "start 0, start 1"),
                (10, started(0), ""),
                (20, started(1), ""),
                (1000, Input::Tick, "pause 0, start 2"),
                (1001, optimal, ""),
                (5000, Input::Tick, ""),
            ],
        ),
    ]
    .into_iter()
    .for_each(check);
}

#[test]
fn who_can_confirm_a_claim_comes_first() {
    let plain = |solver| lane(solver, None, 0);
    let infeasible = |lane| Input::Finished(lane, Outcome::Verdict(Verdict::Infeasible(Weight::Claimed)));
    let story = |name, lanes, told| Story { name, lanes, cores: 2, distrusted: "liar", replaces: false, told };
    [
        story(
            "a head start is over, and the second begins with the point",
            vec![plain("liar"), lane("b", None, 60_000)],
            vec![
                (0, Input::Tick, "start 0"),
                (10, started(0), ""),
                (100, point(0, 1, 50.0), ""),
                (200, bound(0, 50.0), "start 1 from 1"),
                (300, bound(1, 50.0), "stop 0, stop 1"),
            ],
        ),
        story(
            "its own lanes make room",
            vec![plain("liar"), plain("liar"), plain("liar"), plain("b")],
            vec![
                (0, Input::Tick, "start 0, start 1"),
                (10, started(0), ""),
                (20, started(1), ""),
                (100, point(0, 1, 50.0), "offer 1 1"),
                (200, bound(0, 50.0), "pause 0, start 3 from 1"),
                // It was wrong: back to the order of preference.
                (300, point(3, 2, 40.0), "kill 0, offer 1 2"),
            ],
        ),
        story(
            "an infeasibility that nobody else has claimed",
            vec![plain("liar"), lane("b", None, 60_000), lane("c", None, 60_000)],
            vec![
                (0, Input::Tick, "start 0"),
                (10, started(0), ""),
                (100, infeasible(0), "start 1, start 2"),
                (200, infeasible(1), "stop 2"),
            ],
        ),
        story(
            "whoever is believed needs nobody",
            vec![plain("honest"), lane("b", None, 60_000)],
            vec![
                (0, Input::Tick, "start 0"),
                (10, started(0), ""),
                (100, point(0, 1, 50.0), ""),
                (200, bound(0, 50.0), "stop 0"),
            ],
        ),
        story(
            "turns go on among those who can",
            vec![lane("liar", Some(1000), 0), lane("b", Some(1000), 0), lane("c", Some(1000), 0)],
            vec![
                (0, Input::Tick, "start 0, start 1"),
                (10, started(0), ""),
                (20, started(1), ""),
                (100, point(1, 1, 50.0), "offer 0 1"),
                (200, bound(0, 50.0), "pause 0, start 2 from 1"),
                (210, started(2), ""),
                (9000, Input::Tick, ""),
            ],
        ),
    ]
    .into_iter()
    .for_each(check);
}

#[test]
fn who_is_far_behind_is_replaced() {
    let plain = |solver| lane(solver, None, 0);
    let story = |name, lanes, told| Story { name, lanes, cores: 2, distrusted: "liar", replaces: true, told };
    let begin = |first: &'static str| (0, Input::Tick, first);
    let stopped = |lane| Input::Finished(lane, Outcome::AtLimit(farkas_modeling::Limit::Interrupted));
    [
        story(
            "by another seed of the best, from the incumbent",
            vec![plain("a"), plain("b")],
            vec![
                begin("start 0, start 1"),
                (100, point(0, 1, 50.0), "offer 1 1"),
                (200, bound(0, 40.0), ""),
                (300, bound(1, 30.0), ""),
                (49_999, Input::Tick, ""),
                (50_000, Input::Tick, "recruit 2 like 0, stop 1"),
                (50_100, stopped(1), "start 2 from 1"),
                // Once is enough.
                (99_000, Input::Tick, ""),
            ],
        ),
        story(
            "not who is nearly as far",
            vec![plain("a"), plain("b")],
            vec![
                begin("start 0, start 1"),
                (100, point(0, 1, 50.0), "offer 1 1"),
                (200, bound(0, 40.0), ""),
                (300, bound(1, 31.0), ""),
                (99_000, Input::Tick, ""),
            ],
        ),
        story(
            "not who has the better point",
            vec![plain("a"), plain("b")],
            vec![
                begin("start 0, start 1"),
                (100, point(1, 1, 50.0), "offer 0 1"),
                (200, bound(0, 40.0), ""),
                (300, bound(1, 30.0), ""),
                (99_000, Input::Tick, ""),
            ],
        ),
        story(
            "not where somebody waits who has not been tried",
            vec![plain("a"), plain("b"), plain("c")],
            vec![
                begin("start 0, start 1"),
                (100, point(0, 1, 50.0), "offer 1 1"),
                (200, bound(0, 40.0), ""),
                (99_000, Input::Tick, ""),
            ],
        ),
        story(
            "not the one whose word is needed",
            vec![plain("liar"), plain("b")],
            vec![
                begin("start 0, start 1"),
                (100, point(0, 1, 50.0), "offer 1 1"),
                (200, bound(0, 40.0), ""),
                (99_000, Input::Tick, ""),
            ],
        ),
    ]
    .into_iter()
    .for_each(check);
}
