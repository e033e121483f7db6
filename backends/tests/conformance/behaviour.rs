//! How a solve behaves: stop, limits, and what is heard meanwhile.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use farkas_backends::contract::{Backend, Start, StopToken};
use farkas_backends::options::Options;
use farkas_modeling::{Claim, Limit, Problem, Reason, Sense};

use crate::ear::{Ear, Heard, briefly, limited, open, solve, taken};
use crate::for_each;
use crate::judge::{close, faults, point_fault};
use crate::problems::{covering, knapsack, market_split};

/// A machine that does something else at the moment makes a clock lie: the best of so many tries counts.
const TRIES: usize = 3;

/// What a limit or a stop must end in.
fn ended_by(p: &Problem, claim: &Claim, limit: Limit) -> Vec<String> {
    let mut found = faults(p, claim);
    if claim.termination.limit() != Some(limit) {
        found.push(format!("ended {} ({}), not by {limit:?}", claim.termination, claim.termination.detail()));
    }
    found
}

fn labelled(label: &str, found: Vec<String>) -> Vec<String> {
    found.into_iter().map(|fault| format!("{label}: {fault}")).collect()
}

/// Repeats what takes too long, in case it was the machine; returns the last faults.
fn patiently(limit: Duration, mut attempt: impl FnMut() -> (Duration, Vec<String>)) -> Vec<String> {
    let mut found = Vec::new();
    for _ in 0..TRIES {
        let (took, faults) = attempt();
        found = faults;
        if took <= limit {
            return found;
        }
        found.push(format!("took {took:?} where {limit:?} were allowed"));
    }
    found
}

const SECOND: Duration = Duration::from_secs(1);

/// A MIP and an LP that take a while, of those that the backend takes.
fn long_ones(backend: &dyn Backend, seed: u64) -> Vec<(&'static str, Arc<Problem>)> {
    taken(backend, vec![("a MIP", knapsack(100, 10, seed)), ("an LP", covering(1500, seed))])
}

#[test]
fn a_set_token_ends_a_solve_at_once() {
    for_each(|backend| {
        let mut found = Vec::new();
        for (label, problem) in long_ones(backend, 1) {
            found.extend(labelled(
                label,
                patiently(SECOND, || {
                    let mut session = open(backend, &problem);
                    let stop = StopToken::new();
                    stop.stop();
                    let begin = Instant::now();
                    let claim = solve(&mut *session, &limited(60.0), &Ear::default(), &stop);
                    (begin.elapsed(), ended_by(&problem, &claim, Limit::Interrupted))
                }),
            ));
        }
        found
    });
}

#[test]
fn no_time_is_no_solution() {
    for_each(|backend| {
        let mut found = Vec::new();
        for (label, problem) in long_ones(backend, 2) {
            found.extend(labelled(
                label,
                patiently(SECOND, || {
                    let mut session = open(backend, &problem);
                    let begin = Instant::now();
                    let claim = solve(&mut *session, &limited(0.0), &Ear::default(), &StopToken::new());
                    (begin.elapsed(), ended_by(&problem, &claim, Limit::Time))
                }),
            ));
        }
        found
    });
}

/// A limit counts from the call: a second solve has as much time as the first.
#[test]
fn a_time_limit_is_kept_within_a_second_each_time() {
    for_each(|backend| {
        let mut found = Vec::new();
        for (label, problem) in long_ones(backend, 3) {
            let mut session = open(backend, &problem);
            for round in ["first", "again"] {
                let label = format!("{label}, {round}");
                found.extend(labelled(
                    &label,
                    patiently(Duration::from_millis(1400), || {
                        let begin = Instant::now();
                        let claim = solve(&mut *session, &limited(0.4), &Ear::default(), &StopToken::new());
                        let mut found = ended_by(&problem, &claim, Limit::Time);
                        if begin.elapsed() < Duration::from_millis(350) {
                            found.push(format!("ended after {:?} of 0.4 s", begin.elapsed()));
                        }
                        (begin.elapsed(), found)
                    }),
                ));
            }
        }
        found
    });
}

/// From inside: the listener sets the token itself, as soon as it hears what it waits for.
#[test]
pub fn a_stop_ends_a_search_and_keeps_what_was_found() {
    for_each(|backend| {
        let can = backend.capabilities();
        let problem = knapsack(100, 10, 4);
        if !can.stop {
            return Vec::new();
        }
        patiently(SECOND, || {
            let stop = StopToken::new();
            let ear = Ear::stopping(&stop, |heard| matches!(heard, Heard::Progress(p) if p.nodes > 0));
            let claim = solve(&mut *open(backend, &problem), &limited(60.0), &ear, &stop);
            let ended = Instant::now();
            let mut found = ended_by(&problem, &claim, Limit::Interrupted);
            // One that was heard with its values; some hand out points at their own end alone.
            let had_one = ear.list().iter().any(|heard| matches!(heard, Heard::Incumbent(_, Some(_))));
            if had_one && claim.termination.reason() != Reason::Feasible {
                found.push("lost its point".into());
            }
            if claim.bound.is_none() {
                found.push("lost its bound".into());
            }
            let Some(asked) = ear.stopped_at() else {
                found.push("no progress with nodes was heard in 60 s".into());
                return (Duration::ZERO, found);
            };
            (ended - asked, found)
        })
    });
}

/// From outside: another thread sets the token when the solver has been at it for a while.
#[test]
fn a_stop_from_another_thread_ends_it() {
    for_each(|backend| {
        let mut found = Vec::new();
        for (label, problem) in long_ones(backend, 5) {
            if !backend.capabilities().stop {
                continue;
            }
            found.extend(labelled(
                label,
                patiently(SECOND, || {
                    let mut session = open(backend, &problem);
                    let stop = StopToken::new();
                    let (done, is_done) = channel::<()>();
                    let (asked, claim, ended) = std::thread::scope(|scope| {
                        let stop = &stop;
                        let stopper = scope.spawn(move || {
                            // It waits on the solve and not on the clock: one that ends by itself is not waited for.
                            let _ = is_done.recv_timeout(Duration::from_millis(400));
                            stop.stop();
                            Instant::now()
                        });
                        let claim = solve(&mut *session, &limited(60.0), &Ear::default(), stop);
                        let ended = Instant::now();
                        drop(done);
                        (stopper.join().expect("nothing in it panics"), claim, ended)
                    });
                    (ended.saturating_duration_since(asked), ended_by(&problem, &claim, Limit::Interrupted))
                }),
            ));
        }
        found
    });
}

/// A token outlives the solve that it was handed to, and the session: what it wakes must be gone by then.
#[test]
fn a_stop_after_the_end_reaches_nobody() {
    for_each(|backend| {
        let mut found = Vec::new();
        for (label, problem) in taken(backend, vec![("a MIP", knapsack(15, 3, 11)), ("an LP", covering(30, 11))]) {
            let mut session = open(backend, &problem);
            let late = StopToken::new();
            let first = solve(&mut *session, &limited(60.0), &Ear::default(), &late);
            late.stop();
            let again = solve(&mut *session, &limited(60.0), &Ear::default(), &StopToken::new());
            for (round, claim) in [("first", &first), ("after it", &again)] {
                if claim.termination.reason() != Reason::Optimal {
                    found.push(format!("{label}, {round}: ended {}", claim.termination));
                }
            }
            drop(session);
            late.kill();
        }
        found
    });
}

#[test]
pub fn limits_end_where_they_say() {
    for_each(|backend| {
        let problem = knapsack(100, 10, 6);
        let run = |options: Options| solve(&mut *open(backend, &problem), &options, &Ear::default(), &StopToken::new());
        let mut found = Vec::new();

        if backend.capabilities().node_limit {
            let claim = run(Options { node_limit: Some(5), ..limited(20.0) });
            found.extend(labelled("5 nodes", ended_by(&problem, &claim, Limit::Node)));
            if claim.counters.nodes > 500 {
                found.push(format!("5 nodes: counts {}", claim.counters.nodes));
            }
        }

        let claim = run(Options { solution_limit: Some(1), ..limited(20.0) });
        found.extend(labelled("one solution", ended_by(&problem, &claim, Limit::Solution)));

        // What it has after two seconds is reached again; a point that is exactly as good counts.
        let best = run(limited(2.0)).objective.unwrap_or(f64::NAN);
        let target = (0.98 * best).floor();
        let claim = run(Options { objective_target: Some(target), ..limited(20.0) });
        found.extend(labelled("a target", ended_by(&problem, &claim, Limit::Objective)));
        if claim.objective.is_none_or(|o| o < target) {
            found.push(format!("a target of {target} is met by {:?}", claim.objective));
        }

        let mut options = limited(20.0);
        options.tolerances.relative_gap = 0.05;
        // A smaller one: to this gap all come, with one thread, also those without heuristics of note.
        let problem = knapsack(40, 5, 6);
        let claim = solve(&mut *open(backend, &problem), &options, &Ear::default(), &StopToken::new());
        found.extend(labelled("a gap", faults(&problem, &claim)));
        let gap = claim.objective.zip(claim.bound).map(|(o, b)| (o - b).abs() / o.abs());
        if claim.termination.reason() != Reason::Optimal || gap.is_none_or(|gap| gap > 0.05) {
            found.push(format!("a gap of 5 %: {} at {gap:?}", claim.termination));
        }
        found
    });
}

#[test]
pub fn incumbents_are_feasible_and_only_get_better() {
    for_each(|backend| {
        let problem = knapsack(60, 5, 7);
        let ear = Ear::default();
        let claim = solve(&mut *open(backend, &problem), &limited(2.0), &ear, &StopToken::new());
        let mut found = faults(&problem, &claim);
        let (mut best, mut bound, mut with_values, mut bounds) = (f64::NEG_INFINITY, f64::INFINITY, 0, 0);
        for heard in ear.list() {
            match heard {
                Heard::Incumbent(objective, values) => {
                    if objective <= best {
                        found.push(format!("the incumbent {objective} after {best}"));
                    }
                    best = objective;
                    if let Some(values) = values {
                        with_values += 1;
                        found.extend(point_fault(&problem, &values));
                        if !close(problem.objective_of(&values), objective) {
                            found.push(format!("{objective} is told of a point of {}", problem.objective_of(&values)));
                        }
                    }
                }
                Heard::Bound(value) => {
                    bounds += 1;
                    if value > bound {
                        found.push(format!("the bound {value} after {bound}"));
                    }
                    bound = value;
                }
                Heard::Log(line) if line.contains('\n') => found.push(format!("a log line of several: {line:?}")),
                _ => {}
            }
        }
        let can = backend.capabilities();
        if can.incumbents_out != (with_values > 0) {
            found.push(format!("incumbents are declared {} and {with_values} were heard", can.incumbents_out));
        }
        if can.live_bound != (bounds > 0) {
            found.push(format!("bounds are declared {} and {bounds} were heard", can.live_bound));
        }
        let lost = claim.objective.is_none() && can.incumbents_out;
        if lost || claim.objective.is_some_and(|end| end < best && !close(end, best)) {
            found.push(format!("ends with {:?} after an incumbent of {best}", claim.objective));
        }
        if claim.bound.is_none_or(|end| end > bound && !close(end, bound)) {
            found.push(format!("ends with the bound {:?} after one of {bound}", claim.bound));
        }
        if best > bound && !close(best, bound) {
            found.push(format!("an incumbent of {best} over a bound of {bound}"));
        }
        found
    });
}

/// A point that only the offer explains. One whose objective is wrong by the offset, or by the sense, would be lost here.
#[test]
pub fn an_offered_point_is_taken() {
    for_each(|backend| {
        let declared = backend.capabilities().incumbents_in;
        let (mut found, mut missed) = (Vec::new(), Vec::new());
        let rows =
            [(Sense::Minimize, 0.0), (Sense::Minimize, -5000.0), (Sense::Maximize, 0.0), (Sense::Maximize, 5000.0)];
        for (seed, (sense, offset)) in (20..).zip(rows) {
            let (problem, planted, _) = market_split(sense, offset, seed);
            let options = briefly(backend);
            let ear = Ear::offering(&problem, &planted);
            let claim = solve(&mut *open(backend, &problem), &options, &ear, &StopToken::new());
            let label = format!("{sense:?} with the offset {offset}");
            found.extend(labelled(&label, faults(&problem, &claim)));
            if !claim.objective.is_some_and(|o| close(o, offset)) {
                missed.push(format!("{label}: {offset} was offered, {:?} came out", claim.objective));
            }
        }
        // One of them a good solver may find by itself; all of them, nobody does in that time.
        if declared {
            found.extend(missed);
        } else if missed.is_empty() {
            found.push("points in are not declared, and every one that was offered came out".into());
        }
        found
    });
}

#[test]
pub fn a_seed_changes_the_path_and_nothing_else() {
    for_each(|backend| {
        let problem = knapsack(40, 5, 8);
        let run = |seed| {
            let options = Options { seed: Some(seed), ..limited(30.0) };
            let mut session = open(backend, &problem);
            session.solve(&options, &Start::default(), &Ear::default(), &StopToken::new())
        };
        let claims: Vec<Claim> = [1, 1, 2, 3, 4].into_iter().filter_map(|seed| run(seed).ok()).collect();
        let again = |claim: &Claim| (0..4).any(|_| run(1).is_ok_and(|other| other.counters != claim.counters));
        let mut found: Vec<String> = claims.iter().flat_map(|c| faults(&problem, c)).collect();
        let differ = claims.windows(2).any(|w| w[0].counters != w[1].counters);
        let declared = backend.capabilities().seed;
        // Some search by the clock, and go another way each time whatever the seed.
        let by_the_clock = claims.len() > 1
            && (claims[0].counters != claims[1].counters || (differ && !declared && again(&claims[0])));
        if by_the_clock && declared {
            found.push(format!("one seed, two paths: {:?}, {:?}", claims[0].counters, claims[1].counters));
        }
        // Of a race elsewhere it depends on who wins whether a seed counts: it promises neither.
        let either = backend.name() == "remote" && !declared;
        if (!either && (differ && !by_the_clock) != declared) || claims.len() < 5 {
            found.push(format!("of 5 solves with 4 seeds {} ended, the paths differ: {differ}", claims.len()));
        }
        found
    });
}
