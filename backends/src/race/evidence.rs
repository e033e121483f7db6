//! More evidence than a race brings by itself: the bound of the linear relaxation, which needs no trust in a solver, and a second
//! solver's word where one alone would do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use farkas_modeling::answer::{Answer, EvidenceLevel, Source};
use farkas_modeling::check::{Findings, TrustPolicy, examine};
use farkas_modeling::problem::Problem;
use farkas_modeling::{Claim, Limit, Reason, Termination};
use serde::{Deserialize, Serialize};

use super::{Lane, Lineup};
use crate::contract::{Backend, Quiet, Start, StopToken};
use crate::options::Options;
use crate::watch;

/// How much evidence is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wanted {
    /// What the solve brings by itself.
    Plain,
    /// For a mixed-integer problem also the bound of its linear relaxation: see [`relax`].
    #[default]
    Bound,
    /// That, and no bound or infeasibility on one solver's word: where there is no proof, another solver must claim as much,
    /// from the best point on. See [`ask_for_agreement`].
    Agreed,
}

/// The share of a solve's time that the relaxation may take, and the least it gets.
const SHARE: f64 = 0.1;
const AT_LEAST: Duration = Duration::from_millis(50);
/// Later than any race lasts: a lane that waits so long starts when no other runs.
const WHEN_NONE_RUNS: Duration = Duration::from_secs(1 << 32);

/// Asks that two different solvers claim what is not proven. Those of `others` that the line-up does not have join it and start,
/// from the best point, when no other lane runs. The trust policy that comes out believes nobody alone.
pub fn ask_for_agreement(lineup: &mut Lineup, others: &[Arc<dyn Backend>], trust: TrustPolicy) -> TrustPolicy {
    for other in others {
        if lineup.lanes.iter().all(|lane| lane.backend.name() != other.name()) {
            let lane = Lane { after: WHEN_NONE_RUNS, ..Lane::new(Arc::clone(other), 1) };
            lineup.lanes.push(lane);
        }
    }
    let mut trust = trust;
    for lane in &lineup.lanes {
        let name = lane.backend.name();
        if trust.trusts(name) {
            trust.distrusted.push(name.to_owned());
        }
    }
    trust
}

/// Has the linear relaxation of a mixed-integer problem solved by the first of the lanes that gives multipliers, and adds what they
/// prove to the answer: a bound, or that nothing is feasible. It may take a tenth of the solve's time and what is left of the time
/// limit, at least 50 ms: [`reserve`] keeps some for it. Of a deterministic solve it takes as long as it takes.
///
/// The answer comes back as it was where it is certified already, where the objective has products, and where nothing was
/// proven in time.
pub fn relax(problem: &Arc<Problem>, answer: Answer, lanes: &[Lane], options: &Options, stop: &StopToken) -> Answer {
    let is_about_integers = !problem.is_lp() && problem.quadratic_objective().is_empty();
    let is_open = matches!(
        answer.reason(),
        Reason::Optimal | Reason::Feasible | Reason::NoSolutionFound | Reason::Infeasible | Reason::Imprecise
    );
    if !is_about_integers || !is_open || answer.evidence().level == EvidenceLevel::Certified || stop.is_stopped() {
        return answer;
    }
    let begun = Instant::now();
    let spent = Duration::try_from_secs_f64(answer.seconds()).unwrap_or_default();
    let left = options.time_limit.map_or(Duration::MAX, |limit| limit.saturating_sub(spent));
    let limit = spent.mul_f64(SHARE).min(left).max(AT_LEAST);
    let limit = if options.deterministic { left } else { limit };
    let own = Options { time_limit: Some(limit), tolerances: options.tolerances, ..Options::default() };
    let own = Options { deterministic: options.deterministic, ..own };
    let Some(findings) = findings(problem, lanes, &own, stop) else { return answer };
    let (reports, seconds) = (answer.lanes().to_vec(), answer.seconds() + begun.elapsed().as_secs_f64());
    answer.with_proofs(problem, &findings).with_run(reports, seconds)
}

/// The options of a race that leaves some of a time limit, one part in 32, for the relaxation of a mixed-integer problem.
pub fn reserve(problem: &Problem, options: &Options) -> Options {
    let of = |limit: Duration| if problem.is_lp() { limit } else { limit.saturating_sub(limit / 32) };
    Options { time_limit: options.time_limit.map(of), ..options.clone() }
}

fn findings(problem: &Arc<Problem>, lanes: &[Lane], options: &Options, stop: &StopToken) -> Option<Findings> {
    let (id, lane) = (0..).zip(lanes).find(|(_, lane)| lane.backend.capabilities().duals)?;
    let relaxed = Arc::new(problem.relaxation().ok()?);
    let mut session = lane.backend.open(relaxed).ok()?;
    let said = watch::within(options, problem.sense(), &Quiet, stop, |options, control, stop| {
        session.solve(options, &Start::default(), control, stop)
    });
    let said = said.ok()?;
    let source = Source { backend: lane.backend.name().into(), version: session.version().into(), lane: id };
    // About the problem itself only multipliers say something, and rays that show the relaxation to be empty.
    let mut claim = Claim::bare(Termination::at_limit(false, Limit::Undetermined, "the linear relaxation"));
    match said.termination.reason() {
        Reason::Infeasible => (claim.ray, claim.termination) = (said.ray, said.termination),
        _ => claim.duals = said.duals,
    }
    Some(examine(problem, &source, &claim, &options.tolerances))
}
