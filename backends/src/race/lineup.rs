//! Who runs on a problem, in which order, with how many threads: a small table of rules, for people to read.
//!
//! | problem | lanes, in order | why |
//! |---|---|---|
//! | small (at most 5,000 nonzeros) | the first at once, the next after 0.2 s | most are done by then, and cost one process |
//! | LP | highs simplex, highs interior point, cbc (Clp), scip | on LPs over a second the better of simplex and interior point takes less than half of simplex' time |
//! | otherwise (integers, sets, …) | highs, scip, cbc | each is fastest on a third of the problems; a third lane on two cores eats what it brings |
//!
//! Who takes a problem as it is comes before who needs it rewritten by bridges. Lanes never outnumber threads: those that are left wait until one ends without an answer. Threads that are left over go
//! to the first lane that can use them. A backend that does not take the problem is left out.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use farkas_modeling::check::TrustPolicy;
use farkas_modeling::problem::Problem;

use super::{Lane, Lineup};
use crate::contract::{Backend, Capabilities, Fit};
use crate::options::{LpMethod, Options};

/// Up to so many nonzeros a problem is small.
const SMALL_NONZEROS: usize = 5_000;
/// The head start of the first lane on a small problem.
const HEAD_START: Duration = Duration::from_millis(200);

/// One candidate of a rule.
type Candidate = (&'static str, LpMethod);

const FOR_LPS: [Candidate; 4] =
    [("highs", LpMethod::Simplex), ("highs", LpMethod::Barrier), ("cbc", LpMethod::Auto), ("scip", LpMethod::Auto)];
const FOR_OTHERS: [Candidate; 3] = [("highs", LpMethod::Auto), ("scip", LpMethod::Auto), ("cbc", LpMethod::Auto)];

/// Chooses the line-up among `backends` for so many `threads` in all.
///
/// One backend alone is a choice of the user's: it gets all the threads. Backends that no rule knows come after those that
/// one knows, in the order given. The line-up is empty when nobody takes the problem; [`Lineup::explain`] says why.
///
/// May ask backends what they can do, which starts a worker process for each that was never asked; for a small problem
/// only the first is.
pub fn choose(problem: &Problem, backends: &[Arc<dyn Backend>], threads: u32, options: &Options) -> Lineup {
    let threads = threads.max(1);
    let small = problem.num_nonzeros() <= SMALL_NONZEROS;
    let candidates = candidates(problem, backends, options);
    let fits = if small && is_plain(problem) { Vec::new() } else { ask_all(problem, &candidates) };
    let mut lineup = Lineup::default();
    let (mut left_out, mut by_bridges) = (Vec::new(), Vec::new());
    for (position, (backend, method)) in candidates.into_iter().enumerate() {
        // On a small problem the others are not asked until they are needed, if ever.
        let fit = match fits.get(position) {
            Some(fit) => fit.clone(),
            None if lineup.lanes.is_empty() => ask(problem, &*backend),
            None => Fit::Takes,
        };
        match fit.refusal() {
            None => {
                let lane = Lane { lp_method: method, ..Lane::new(backend, 1) };
                if fit == Fit::Takes { lineup.lanes.push(lane) } else { by_bridges.push(lane) }
            }
            Some(why) => left_out.push(format!("{}: {why}", backend.name())),
        }
    }
    // Who takes it as it is comes before who needs it rewritten.
    lineup.lanes.append(&mut by_bridges);
    if small {
        lineup.lanes.iter_mut().skip(1).for_each(|lane| lane.after = HEAD_START);
    }
    hand_out_threads(&mut lineup.lanes, threads, backends.len());
    lineup.reason = reason(problem, small, threads, &left_out);
    lineup
}

/// Whose lone word counts in this line-up: everybody's, but for an infeasibility that CBC claims without proof (it has been
/// wrong), and for all that MIPCL claims (it has called wrong optima proven). Who runs alone was chosen for it, and is believed.
pub fn trust(lineup: &Lineup) -> TrustPolicy {
    let mut trust = TrustPolicy::default();
    let several = lineup.lanes.iter().any(|lane| lane.backend.name() != lineup.lanes[0].backend.name());
    if several {
        trust.distrusted_infeasible.push("cbc".into());
        trust.distrusted.push("mipcl".into());
    }
    trust
}

/// Whether every solver for its class takes it without a bridge.
fn is_plain(problem: &Problem) -> bool {
    problem.is_linear() && problem.num_semis() == 0 && problem.sets().is_empty() && problem.indicators().is_empty()
}

/// Everybody who may run, in order of preference.
fn candidates(
    problem: &Problem,
    backends: &[Arc<dyn Backend>],
    options: &Options,
) -> Vec<(Arc<dyn Backend>, LpMethod)> {
    if let [only] = backends {
        return vec![(Arc::clone(only), LpMethod::Auto)];
    }
    let rule: &[Candidate] = if problem.is_lp() { &FOR_LPS } else { &FOR_OTHERS };
    let mut chosen: Vec<(Arc<dyn Backend>, LpMethod)> = Vec::new();
    for (name, method) in rule {
        // Whoever asks for an algorithm gets it from each solver once.
        let method = if options.lp_method == LpMethod::Auto { *method } else { LpMethod::Auto };
        let again = chosen.iter().any(|(backend, m)| backend.name() == *name && *m == method);
        if let Some(backend) = backends.iter().find(|b| b.name() == *name).filter(|_| !again) {
            chosen.push((Arc::clone(backend), method));
        }
    }
    let known = |backend: &Arc<dyn Backend>| rule.iter().any(|(name, _)| *name == backend.name());
    chosen.extend(backends.iter().filter(|b| !known(b)).map(|b| (Arc::clone(b), LpMethod::Auto)));
    chosen
}

fn ask(problem: &Problem, backend: &dyn Backend) -> Fit {
    if backend.capabilities() == Capabilities::default() {
        return Fit::Refuses { why: "it is not available here (`farkas backends` says what to do about it)".into() };
    }
    backend.fits(problem)
}

/// Asks all at once: a worker that was never asked has to be started first.
fn ask_all(problem: &Problem, candidates: &[(Arc<dyn Backend>, LpMethod)]) -> Vec<Fit> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = candidates.iter().map(|(backend, _)| scope.spawn(|| ask(problem, &**backend))).collect();
        let answer = |thread: std::thread::ScopedJoinHandle<'_, Fit>| {
            thread.join().unwrap_or_else(|_| Fit::Refuses { why: "it panicked when it was asked".into() })
        };
        asked.into_iter().map(answer).collect()
    })
}

/// One thread each; what is left goes to the first lane that can use it.
fn hand_out_threads(lanes: &mut [Lane], threads: u32, backends: usize) {
    let at_once = (lanes.len() as u32).min(threads);
    let spare = threads - at_once;
    if spare == 0 {
        return;
    }
    // A single solver was asked for its name, so asking for its capabilities starts nothing that will not be used.
    if let Some(lane) = lanes.iter_mut().take(at_once as usize).find(|l| backends == 1 || l.backend.name() == "highs")
        && lane.backend.capabilities().threads
    {
        lane.threads += spare;
    }
}

fn reason(problem: &Problem, small: bool, threads: u32, left_out: &[String]) -> String {
    let integers = problem.num_integers() + problem.num_semis() > 0 || !problem.sets().is_empty();
    let kind = match (problem.is_linear(), integers || !problem.indicators().is_empty()) {
        (true, false) => "linear program",
        (true, true) => "mixed-integer program",
        (false, false) => "quadratic program",
        (false, true) => "mixed-integer quadratic program",
    };
    let size = if small { "small " } else { "" };
    let mut reason = format!(
        "a {size}{kind} ({} rows, {} columns, {} nonzeros) on {threads} thread{}",
        problem.num_rows(),
        problem.num_columns(),
        problem.num_nonzeros(),
        if threads == 1 { "" } else { "s" }
    );
    if !left_out.is_empty() {
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
            let method = match lane.lp_method {
                LpMethod::Auto => "",
                LpMethod::Simplex => ", simplex",
                LpMethod::Barrier => ", interior point",
                LpMethod::FirstOrder => ", first order",
            };
            let seed = lane.seed.map(|seed| format!(", seed {seed}")).unwrap_or_default();
            let after =
                if lane.after.is_zero() { String::new() } else { format!(", after {} s", lane.after.as_secs_f64()) };
            let threads = if lane.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", lane.threads) };
            let name = lane.backend.name();
            // A String takes everything.
            let _ = write!(text, "\nlane {position}: {name}{method}, {threads}{seed}{after}");
        }
        text
    }
}
