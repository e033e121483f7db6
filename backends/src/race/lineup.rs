//! Who runs on a problem, in which order, with how many threads: by [rules](super::rules) over the problem's features.
//!
//! Who takes a problem as it is comes before who needs it rewritten by bridges. Lanes never outnumber threads: those that
//! are left wait until one ends without an answer. Threads that are left over go to the first lane that can use them. A
//! backend that does not take the problem is left out.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use farkas_modeling::problem::Problem;
use farkas_modeling::statistics::Features;

use super::rules::{Candidate, Rule, Rules};
use super::{Lane, Lineup};
use crate::contract::{Backend, Capabilities, Fit};
use crate::options::{LpMethod, Options};

pub use super::trust::{trust, trust_in};

/// Chooses the line-up among `backends` for so many `threads` in all, by the built-in rules. See [`choose_by`].
pub fn choose(problem: &Problem, backends: &[Arc<dyn Backend>], threads: u32, options: &Options) -> Lineup {
    choose_by(None, problem, backends, threads, options, Asking::AsNeeded)
}

/// Which backends are asked whether they take the problem: asking one for the first time starts its worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// Those that start at once.
    AsNeeded,
    /// All, to explain who is left out.
    All,
}

/// Chooses the line-up among `backends` for so many `threads` in all, by the user's rules or the built-in ones.
///
/// One backend alone is a choice of the user's: where there are no rules of his own, it gets all the threads. Backends that the rule does not name come after
/// those that it does, in the order given, if it says so. The line-up is empty when nobody takes the problem;
/// [`Lineup::explain`] says why.
pub fn choose_by(
    rules: Option<&Rules>,
    problem: &Problem,
    backends: &[Arc<dyn Backend>],
    threads: u32,
    options: &Options,
    asking: Asking,
) -> Lineup {
    let threads = threads.max(1);
    let features = Features::of(problem);
    let rules = rules.or_else(|| (backends.len() > 1).then(Rules::built_in));
    let rule = rules.and_then(|rules| rules.find(&features, threads));
    let (mut left_out, mut not_asked) = (Vec::new(), Vec::new());
    let candidates = candidates(rule, backends, options, threads, &mut not_asked);
    let mut lineup =
        Lineup { lanes: fitting(problem, candidates, threads, asking, &mut left_out), ..Lineup::default() };
    hand_out_threads(&mut lineup.lanes, threads, backends.len());
    lineup.reason = reason(problem, &features, threads, &left_out);
    lineup.rule = match (rule, rules) {
        (Some(rule), _) if rule.why.is_empty() => format!("rule '{}' ({})", rule.name, rule.when),
        (Some(rule), _) => format!("rule '{}' ({}): {}", rule.name, rule.when, rule.why),
        (None, None) => "no rule: who runs was said".into(),
        (None, Some(_)) => "no rule holds: all in the order given".into(),
    };
    lineup.features = Some(features);
    left_out.append(&mut not_asked);
    lineup.left_out = left_out;
    lineup
}

/// Whether every solver for its class takes it without a bridge.
fn is_plain(problem: &Problem) -> bool {
    problem.is_linear() && problem.num_semis() == 0 && problem.sets().is_empty() && problem.indicators().is_empty()
}

/// Everybody who may run, in order of preference.
fn candidates(
    rule: Option<&Rule>,
    backends: &[Arc<dyn Backend>],
    options: &Options,
    threads: u32,
    not_asked: &mut Vec<(String, String)>,
) -> Vec<Lane> {
    let plain = |backend: &Arc<dyn Backend>| Lane::new(Arc::clone(backend), 1);
    let Some(rule) = rule else { return backends.iter().map(plain).collect() };
    let mut lanes: Vec<Lane> = Vec::new();
    let mut chosen: Vec<Candidate> = Vec::new();
    for row in &rule.lanes {
        let mut candidate = row.candidate.clone();
        // Whoever asks for an algorithm gets it from each solver once.
        if options.lp_method != LpMethod::Auto {
            candidate.method = LpMethod::Auto;
        }
        if chosen.contains(&candidate) {
            continue;
        }
        let Some(backend) = backends.iter().find(|backend| backend.name() == candidate.solver) else {
            if !not_asked.iter().any(|(name, _)| *name == candidate.solver) {
                not_asked.push((candidate.solver.clone(), "it is not among the solvers to choose from".into()));
            }
            continue;
        };
        lanes.push(Lane {
            threads: row.threads.min(threads),
            after: row.after.time(rule.expected),
            turn: row.turn.or(rule.turn),
            ..Lane::of(Arc::clone(backend), &candidate)
        });
        chosen.push(candidate);
    }
    let named = |backend: &Arc<dyn Backend>| rule.lanes.iter().any(|row| row.candidate.solver == backend.name());
    let others = backends.iter().filter(|backend| !named(backend));
    if rule.others {
        let after = rule.lanes.last().map(|row| row.after.time(rule.expected)).unwrap_or_default();
        lanes.extend(others.map(|backend| Lane { after, turn: rule.turn, ..plain(backend) }));
    } else {
        not_asked.extend(others.map(|backend| (backend.name().to_owned(), "the rule does not name it".into())));
    }
    lanes
}

/// Those that take the problem; who takes it as it is comes before who needs it rewritten.
fn fitting(
    problem: &Problem,
    candidates: Vec<Lane>,
    threads: u32,
    asking: Asking,
    left_out: &mut Vec<(String, String)>,
) -> Vec<Lane> {
    // Of a plain problem, those that may never start are not asked until they do, if ever.
    let at_once = candidates.iter().skip(1).take_while(|lane| lane.after.is_zero()).count() + 1;
    let wanted =
        if asking == Asking::AsNeeded && is_plain(problem) { at_once.min(threads as usize) } else { usize::MAX };
    let fits = ask_all(problem, &candidates[..wanted.min(candidates.len())]);
    let (mut takes, mut by_bridges) = (Vec::new(), Vec::new());
    for (position, lane) in candidates.into_iter().enumerate() {
        let fit = match fits.get(position) {
            Some(fit) => fit.clone(),
            None if takes.len() < wanted => ask(problem, &*lane.backend),
            None => Fit::Takes,
        };
        match fit.refusal() {
            None if fit == Fit::Takes => takes.push(lane),
            None => by_bridges.push(lane),
            Some(why) => {
                // Of a solver with several lanes it is said once.
                let told = (lane.backend.name().to_owned(), why.to_owned());
                if !left_out.contains(&told) {
                    left_out.push(told);
                }
            }
        }
    }
    takes.append(&mut by_bridges);
    // Whoever comes first waits for nobody.
    if let Some(first) = takes.first_mut() {
        first.after = Duration::ZERO;
    }
    takes
}

fn ask(problem: &Problem, backend: &dyn Backend) -> Fit {
    if backend.capabilities() == Capabilities::default() {
        return Fit::Refuses { why: "it is not available here (`farkas backends` says what to do about it)".into() };
    }
    backend.fits(problem)
}

/// Asks all at once: a worker that was never asked has to be started first.
fn ask_all(problem: &Problem, candidates: &[Lane]) -> Vec<Fit> {
    if let [only] = candidates {
        return vec![ask(problem, &*only.backend)];
    }
    std::thread::scope(|scope| {
        let asked: Vec<_> = candidates.iter().map(|lane| scope.spawn(|| ask(problem, &*lane.backend))).collect();
        let answer = |thread: std::thread::ScopedJoinHandle<'_, Fit>| {
            thread.join().unwrap_or_else(|_| Fit::Refuses { why: "it panicked when it was asked".into() })
        };
        asked.into_iter().map(answer).collect()
    })
}

/// What the lanes leave over goes to the first that can use it.
fn hand_out_threads(lanes: &mut [Lane], threads: u32, backends: usize) {
    let taken = lanes.iter().fold(0_u32, |taken, lane| taken.saturating_add(lane.threads));
    let spare = threads.saturating_sub(taken);
    if spare == 0 {
        return;
    }
    // A single solver was asked for its name, so asking for its capabilities starts nothing that will not be used.
    if let Some(lane) = lanes.iter_mut().find(|lane| backends == 1 || lane.backend.name() == "highs")
        && lane.backend.capabilities().threads
    {
        lane.threads += spare;
    }
}

fn reason(problem: &Problem, features: &Features, threads: u32, left_out: &[(String, String)]) -> String {
    let mut reason = format!(
        "a {} ({} rows, {} columns, {} nonzeros) on {threads} thread{}",
        features.kind(),
        problem.num_rows(),
        problem.num_columns(),
        problem.num_nonzeros(),
        if threads == 1 { "" } else { "s" }
    );
    if !left_out.is_empty() {
        let left_out: Vec<String> = left_out.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        let _ = write!(reason, "; left out: {}", left_out.join("; ")); // a String takes everything
    }
    reason
}

impl Lineup {
    /// The line-up for people: why, and a line for each lane.
    pub fn explain(&self) -> String {
        let mut text = self.reason.clone();
        if self.lanes.is_empty() {
            text.push_str("\nno solver takes it");
        }
        for (position, lane) in self.lanes.iter().enumerate() {
            let _ = write!(text, "\nlane {position}: {}", lane.explain()); // a String takes everything
        }
        text
    }
}

impl Lane {
    /// `highs, interior point, 1 thread, after 0.2 s, in turns of 1 s`.
    pub fn explain(&self) -> String {
        let method = match self.lp_method {
            LpMethod::Auto => "",
            LpMethod::Simplex => ", simplex",
            LpMethod::Barrier => ", interior point",
            LpMethod::FirstOrder => ", first order",
        };
        let rest = Candidate { method: LpMethod::Auto, ..self.candidate() };
        let settings = rest.settings().into_iter().map(|(name, value)| match name.as_str() {
            "seed" => format!(", seed {value}"),
            _ => format!(", {name}={value}"),
        });
        let settings: String = settings.collect();
        let after = match self.after {
            Duration::ZERO => String::new(),
            after => format!(", after {} s", after.as_secs_f64()),
        };
        let turn = self.turn.map_or_else(String::new, |turn| format!(", in turns of {} s", turn.as_secs_f64()));
        let threads = if self.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", self.threads) };
        format!("{}{method}, {threads}{settings}{after}{turn}", self.backend.name())
    }
}
