//! How a solve behaves: stop, limits, incumbents, starts, sessions.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use farkas_backends::contract::{Backend, Control, Event, Progress, Quiet, Session, Start, StopToken};
use farkas_backends::options::Options;
use farkas_modeling::{Claim, Limit, Problem, Reason};

use crate::for_each;
use crate::judge::{close, faults, point_fault};
use crate::problems::{covering, knapsack};

/// What was heard during a solve, and how many seconds after its beginning.
#[derive(Debug, Clone, PartialEq)]
enum Heard {
    Incumbent(f64, Option<Vec<f64>>),
    Bound(f64),
    Progress(Progress),
    Phase(String),
    Log(String),
}

type When = Box<dyn Fn(&Heard) -> bool + Send + Sync>;

/// Keeps what it hears, and sets a token when it hears what it waits for.
#[derive(Default)]
struct Ear {
    heard: Mutex<Vec<Heard>>,
    stop_when: Option<(StopToken, When)>,
    stopped_at: Mutex<Option<Instant>>,
}

impl Ear {
    fn stopping(stop: &StopToken, when: impl Fn(&Heard) -> bool + Send + Sync + 'static) -> Self {
        Self { stop_when: Some((stop.clone(), Box::new(when))), ..Self::default() }
    }

    fn list(&self) -> Vec<Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Control for Ear {
    fn report(&self, event: Event<'_>) {
        let heard = match event {
            Event::Incumbent { objective, values } => Heard::Incumbent(objective, values.map(<[f64]>::to_vec)),
            Event::Bound(bound) => Heard::Bound(bound),
            Event::Progress(progress) => Heard::Progress(progress),
            Event::Phase(phase) => Heard::Phase(phase.to_owned()),
            Event::Log(line) => Heard::Log(line.to_owned()),
        };
        if let Some((stop, _)) = self.stop_when.as_ref().filter(|(_, when)| when(&heard)) {
            self.stopped_at.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now);
            stop.stop();
        }
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
    }
}

fn open(backend: &dyn Backend, problem: &Arc<Problem>) -> Box<dyn Session> {
    backend.open(Arc::clone(problem)).expect("the suite asks only for what a backend declares")
}

fn solve(session: &mut dyn Session, options: &Options, ear: &Ear, stop: &StopToken) -> Claim {
    session.solve(options, &Start::default(), ear, stop).expect("a plain solve is neither refused nor broken")
}

fn limited(seconds: f64) -> Options {
    Options { time_limit: Some(Duration::from_secs_f64(seconds)), ..Options::default() }
}

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

#[test]
fn a_set_token_ends_a_solve_at_once() {
    for_each(|backend| {
        let mut found = Vec::new();
        for (label, problem) in [("a MIP", knapsack(100, 10, 1)), ("an LP", covering(300, 1))] {
            let stop = StopToken::new();
            stop.stop();
            let begin = Instant::now();
            let claim = solve(&mut *open(backend, &problem), &limited(60.0), &Ear::default(), &stop);
            found.extend(labelled(label, ended_by(&problem, &claim, Limit::Interrupted)));
            if begin.elapsed() > Duration::from_secs(1) {
                found.push(format!("{label}: took {:?}", begin.elapsed()));
            }
        }
        found
    });
}

#[test]
fn no_time_is_no_solution() {
    for_each(|backend| {
        let mut found = Vec::new();
        for (label, problem) in [("a MIP", knapsack(100, 10, 2)), ("an LP", covering(300, 2))] {
            let claim = solve(&mut *open(backend, &problem), &limited(0.0), &Ear::default(), &StopToken::new());
            found.extend(labelled(label, ended_by(&problem, &claim, Limit::Time)));
        }
        found
    });
}

#[test]
fn a_time_limit_is_kept_within_a_second() {
    for_each(|backend| {
        let mut found = Vec::new();
        for (label, problem) in [("a MIP", knapsack(100, 10, 3)), ("an LP", covering(1500, 3))] {
            let begin = Instant::now();
            let claim = solve(&mut *open(backend, &problem), &limited(0.5), &Ear::default(), &StopToken::new());
            found.extend(labelled(label, ended_by(&problem, &claim, Limit::Time)));
            if begin.elapsed() > Duration::from_millis(1500) {
                found.push(format!("{label}: took {:?} where 0.5 s were allowed", begin.elapsed()));
            }
        }
        found
    });
}

#[test]
fn a_stop_ends_a_search_and_keeps_what_was_found() {
    for_each(|backend| {
        if !backend.capabilities().stop {
            return Vec::new();
        }
        let problem = knapsack(100, 10, 4);
        let stop = StopToken::new();
        let ear = Ear::stopping(&stop, |heard| matches!(heard, Heard::Progress(p) if p.nodes > 0));
        let claim = solve(&mut *open(backend, &problem), &limited(60.0), &ear, &stop);
        let ended = Instant::now();
        let mut found = ended_by(&problem, &claim, Limit::Interrupted);
        let asked = *ear.stopped_at.lock().unwrap_or_else(PoisonError::into_inner);
        match asked {
            Some(asked) if ended - asked > Duration::from_secs(1) => {
                found.push(format!("stopped {:?} after it was asked to", ended - asked));
            }
            None => found.push("no progress with nodes was heard in 60 s".into()),
            _ => {}
        }
        if claim.termination.reason() != Reason::Feasible {
            found.push("lost its point".into());
        }
        found
    });
}

#[test]
fn incumbents_are_feasible_and_only_get_better() {
    for_each(|backend| {
        let problem = knapsack(60, 5, 5);
        let ear = Ear::default();
        let claim = solve(&mut *open(backend, &problem), &limited(2.0), &ear, &StopToken::new());
        let mut found = faults(&problem, &claim);
        let (mut best, mut bound, mut with_values) = (f64::NEG_INFINITY, f64::INFINITY, 0);
        let mut bounds = 0;
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
        if claim.objective.is_none_or(|end| end < best && !close(end, best)) {
            found.push(format!("ends with {:?} after an incumbent of {best}", claim.objective));
        }
        if best > bound && !close(best, bound) {
            found.push(format!("an incumbent of {best} over a bound of {bound}"));
        }
        found
    });
}

#[test]
fn a_problem_is_solved_again() {
    for_each(|backend| {
        let mut found = Vec::new();
        for (label, problem) in [("a MIP", knapsack(20, 3, 6)), ("an LP", covering(30, 6))] {
            let mut session = open(backend, &problem);
            let first = solve(&mut *session, &Options::default(), &Ear::default(), &StopToken::new());
            let stop = StopToken::new();
            stop.stop();
            solve(&mut *session, &Options::default(), &Ear::default(), &stop);
            let again = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new());
            let again = match again {
                Ok(claim) => claim,
                Err(e) => {
                    found.push(format!("{label}: solved again: {e}"));
                    continue;
                }
            };
            found.extend(labelled(label, faults(&problem, &again)));
            let (a, b) = (first.objective.unwrap_or(f64::NAN), again.objective.unwrap_or(f64::NAN));
            if again.termination.reason() != Reason::Optimal || (a - b).abs() > 2e-4 * a.abs() {
                found.push(format!("{label}: {a} at first, {b} again, {}", again.termination));
            }
        }
        found
    });
}
