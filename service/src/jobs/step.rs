//! One step of a job: every way from one state to the next stands here, and nowhere else is a state written.

use farkas_api_types::{
    EventBody, EvidenceDocument, JobEvent, JobState, LaneStatus, LaneView, Number, ProblemShape, SolveResult,
    TerminationDocument,
};
use farkas_modeling::answer::{EvidenceLevel, LaneState};
use farkas_modeling::{Limit, Reason};

use super::{Cause, Effect, Job, KeptPoint, Outcome, Refused, Rules, Ticket, Told, Transition, Wish};
use crate::time::Timestamp;

/// Takes a job one step on. A wish on a finished job changes nothing; any other cause must fit the job's state.
///
/// # Errors
/// When the cause does not apply; nothing has happened then.
pub fn step(ticket: &Ticket, job: &Job, cause: Cause, rules: &Rules, now: Timestamp) -> Result<Transition, Refused> {
    use JobState::{Queued, Running, Starting, Stopping};
    let held = matches!(job.state, Starting | Running | Stopping);
    let refuse = |cause| Err(Refused { state: job.state, cause });
    let mut next = Step { job: job.clone(), events: Vec::new(), effects: Vec::new(), now };
    match cause {
        Cause::Asked(_) if job.state.is_finished() => {}
        Cause::Asked(wish) => next.asked(ticket, wish),
        Cause::Claimed if job.state == Queued => next.claimed(),
        Cause::TimedOut if job.state == Queued && job.attempts == 0 => next.expired(),
        // A claim may come before those that waited too long are looked for.
        Cause::TimedOut if matches!(job.state, Starting | Stopping) && job.attempts == 1 => next.expired(),
        Cause::Told(told) if held => next.told(ticket, told, rules),
        Cause::Solved(outcome) if held => next.solved(*outcome),
        Cause::Failed { seconds, reason } if held => next.failed(ticket, seconds, &reason, rules),
        Cause::Broken { reason } if held => next.end(JobState::Failed, Some(reason), None),
        Cause::Released { seconds } if held => {
            next.spent(seconds);
            next.back_to_queue(ticket, Some("the service was shut down".into()));
        }
        Cause::Interrupted if held => next.interrupted(ticket, rules),
        Cause::Claimed => return refuse("claimed"),
        Cause::TimedOut => return refuse("expired"),
        Cause::Told(_) => return refuse("told of by a solver"),
        Cause::Solved(_) => return refuse("solved"),
        Cause::Failed { .. } | Cause::Broken { .. } => return refuse("failed"),
        Cause::Released { .. } => return refuse("released"),
        Cause::Interrupted => return refuse("interrupted"),
    }
    Ok(next.finish())
}

pub(super) fn submitted(job: Job, warnings: Vec<(String, String)>, now: Timestamp) -> Transition {
    let mut next = Step { job, events: Vec::new(), effects: Vec::new(), now };
    next.event(EventBody::State { state: JobState::Queued, reason: None });
    for (code, detail) in warnings {
        next.event(EventBody::Warning { code, detail });
    }
    next.finish()
}

struct Step {
    job: Job,
    events: Vec<JobEvent>,
    effects: Vec<Effect>,
    now: Timestamp,
}

impl Step {
    fn finish(self) -> Transition {
        Transition { job: self.job, events: self.events, effects: self.effects }
    }

    fn event(&mut self, body: EventBody) -> u64 {
        self.job.last_event += 1;
        let (id, at, seconds) = (self.job.last_event, self.now.to_string(), self.job.seconds);
        self.events.push(JobEvent { id, at, seconds, body });
        id
    }

    fn state(&mut self, state: JobState, reason: Option<String>) {
        self.job.state = state;
        self.job.reason.clone_from(&reason);
        self.event(EventBody::State { state, reason });
    }

    fn spent(&mut self, seconds_of_attempt: f64) {
        // To the microsecond, which is what people can read; and never backwards, whatever a clock says.
        let spent = ((self.job.seconds_before + seconds_of_attempt) * 1e6).round() / 1e6;
        self.job.seconds = self.job.seconds.max(spent);
    }

    fn claimed(&mut self) {
        let job = &mut self.job;
        job.attempts += 1;
        job.epoch += 1;
        job.seconds_before = job.seconds;
        job.lanes.clear();
        job.phase = None;
        job.started_at.get_or_insert(self.now);
        self.state(JobState::Starting, None);
    }

    fn expired(&mut self) {
        self.job.started_at = None;
        let reason = "it waited longer than its queue time-out or its deadline allows";
        self.end(JobState::Expired, Some(reason.into()), None);
    }

    fn asked(&mut self, ticket: &Ticket, wish: Wish) {
        if self.job.wish >= Some(wish) {
            return;
        }
        self.job.wish = Some(wish);
        match (self.job.state, wish) {
            (JobState::Queued, _) => self.settle_wish(ticket),
            (_, Wish::Keep) => self.state(JobState::Stopping, Some("somebody asked to stop".into())),
            (_, Wish::Discard) => self.state(JobState::Stopping, Some("somebody cancelled it".into())),
        }
    }

    /// Ends a job that nobody works on, if a wish asks for that. A kept incumbent needs one more claim: its values have
    /// to be read, and the answer concluded.
    fn settle_wish(&mut self, ticket: &Ticket) {
        match self.job.wish {
            Some(Wish::Discard) => self.cancel(),
            Some(Wish::Keep) if self.job.points.is_empty() => {
                let result = stopped_without_point(ticket.shape, self.job.seconds);
                self.job.termination = Some(result.termination.clone());
                self.end(JobState::Succeeded, None, Some(result));
            }
            Some(Wish::Keep) | None => {}
        }
    }

    fn cancel(&mut self) {
        for point in std::mem::take(&mut self.job.points) {
            self.effects.push(Effect::Drop(point.key));
        }
        self.end(JobState::Canceled, Some("somebody cancelled it".into()), None);
    }

    fn end(&mut self, state: JobState, reason: Option<String>, result: Option<SolveResult>) {
        self.job.finished_at = Some(self.now);
        self.job.phase = None;
        self.state(state, reason.clone());
        self.event(EventBody::Result { state, reason, result: result.map(Box::new) });
    }

    fn solved(&mut self, outcome: Outcome) {
        self.spent(outcome.seconds);
        if self.job.wish == Some(Wish::Discard) {
            self.effects.push(Effect::Drop(outcome.key));
            return self.cancel();
        }
        let result = outcome.result;
        let job = &mut self.job;
        job.incumbent = result.objective.or(job.incumbent);
        job.bound = result.bound.or(job.bound);
        job.gap = result.gap;
        job.termination = Some(result.termination.clone());
        job.result = Some(outcome.key);
        self.end(JobState::Succeeded, None, Some(result));
    }

    fn failed(&mut self, ticket: &Ticket, seconds: f64, reason: &str, rules: &Rules) {
        self.spent(seconds);
        self.job.failures += 1;
        if self.job.wish == Some(Wish::Discard) {
            return self.cancel();
        }
        if self.job.failures >= rules.attempts {
            let reason = format!("all solvers failed in {} attempts; the last: {reason}", self.job.failures);
            return self.end(JobState::Failed, Some(reason), None);
        }
        self.event(EventBody::Warning { code: "attempt-failed".into(), detail: reason.into() });
        self.back_to_queue(ticket, Some("all solvers failed; it will be tried again".into()));
    }

    fn interrupted(&mut self, ticket: &Ticket, rules: &Rules) {
        self.job.interruptions += 1;
        if self.job.wish != Some(Wish::Discard) && self.job.interruptions >= rules.interruptions {
            let reason = format!("the service died {} times while it was solved", self.job.interruptions);
            return self.end(JobState::Failed, Some(reason), None);
        }
        self.back_to_queue(ticket, Some("the service was interrupted".into()));
    }

    fn back_to_queue(&mut self, ticket: &Ticket, reason: Option<String>) {
        self.job.lanes.clear();
        self.job.phase = None;
        if self.job.wish.is_some() {
            self.settle_wish(ticket);
        }
        if !self.job.state.is_finished() {
            self.state(JobState::Queued, reason);
        }
    }

    fn told(&mut self, ticket: &Ticket, told: Told, rules: &Rules) {
        self.spent(told.seconds);
        if self.job.state == JobState::Starting {
            self.state(JobState::Running, None);
        }
        let sense = ticket.shape.sense;
        match told.body {
            EventBody::Incumbent { objective, ref found_by, .. } => {
                // A later attempt may find again what an earlier one published.
                let better = self.job.incumbent.is_none_or(|best| sense.better(objective.0, best.0));
                if better {
                    self.job.incumbent = Some(objective);
                    self.job.found_by = Some(found_by.clone());
                    let event = self.event(told.body);
                    self.keep_point(event, told.point, rules);
                } else {
                    self.effects.extend(told.point.map(Effect::Drop));
                }
            }
            EventBody::Bound { bound, .. } => {
                let tighter = self.job.bound.is_none_or(|best| sense.better(best.0, bound.0));
                if tighter {
                    self.job.bound = Some(bound);
                    self.event(told.body);
                }
            }
            EventBody::Lane(lane) => {
                self.lane(&lane);
                if lane.state == LaneState::Disqualified {
                    // The tightest bound may have been its own; the race tells what is left.
                    self.job.bound = None;
                }
                self.event(EventBody::Lane(lane));
            }
            EventBody::Progress { lane, ref phase, nodes, iterations, incumbent, bound, .. } => {
                self.job.phase = Some(phase.clone());
                if let Some(view) = self.job.lanes.get_mut(usize::from(lane)) {
                    *view = LaneView { phase: phase.clone(), nodes, iterations, incumbent, bound, ..view.clone() };
                }
                self.event(told.body);
            }
            EventBody::Log { lane, line } => self.log(lane, line, rules),
            EventBody::Warning { .. } => {
                self.event(told.body);
            }
            // The rules' own events are not for solvers to tell.
            EventBody::State { .. } | EventBody::Result { .. } => {}
        }
    }

    fn lane(&mut self, lane: &LaneStatus) {
        const MOST_LANES: usize = 256;
        let at = usize::from(lane.lane);
        if at >= MOST_LANES {
            return;
        }
        while self.job.lanes.len() <= at {
            self.job.lanes.push(LaneView {
                solver: String::new(),
                state: LaneState::Waiting,
                detail: None,
                phase: String::new(),
                nodes: 0,
                iterations: 0,
                incumbent: None,
                bound: None,
            });
        }
        let view = &mut self.job.lanes[at];
        view.solver.clone_from(&lane.solver);
        view.state = lane.state;
        view.detail.clone_from(&lane.detail);
    }

    fn keep_point(&mut self, event: u64, key: Option<String>, rules: &Rules) {
        let Some(key) = key else { return };
        self.job.points.push(KeptPoint { event, key });
        let surplus = self.job.points.len().saturating_sub(rules.kept_points.max(1));
        self.effects.extend(self.job.points.drain(..surplus).map(|point| Effect::Drop(point.key)));
    }

    fn log(&mut self, lane: u16, line: String, rules: &Rules) {
        let full = self.job.log_bytes >= rules.log_bytes;
        if full {
            return;
        }
        self.job.log_bytes += line.len() as u64 + 1;
        self.event(EventBody::Log { lane, line });
        if self.job.log_bytes >= rules.log_bytes {
            let detail = format!("the log reached its limit of {} bytes; later lines are not kept", rules.log_bytes);
            self.event(EventBody::Warning { code: "log-full".into(), detail });
        }
    }
}

/// The result of a job that was stopped before anything was found.
fn stopped_without_point(problem: ProblemShape, seconds: f64) -> SolveResult {
    SolveResult {
        problem,
        termination: TerminationDocument {
            reason: Reason::NoSolutionFound,
            limit: Some(Limit::Interrupted),
            detail: "it was stopped before a solver found anything".into(),
        },
        objective: None,
        bound: None,
        gap: None::<Number>,
        seconds,
        evidence: EvidenceDocument {
            level: EvidenceLevel::Claimed,
            max_row_violation: None,
            max_bound_violation: None,
            max_integrality_violation: None,
            worst_row: None,
            worst_bound: None,
            worst_integrality: None,
            found_by: None,
            agreed_by: Vec::new(),
            contradicted: Vec::new(),
            certified_bound: None,
            certified_gap: None,
            notes: Vec::new(),
            tolerances: farkas_modeling::Tolerances::default(),
        },
        lanes: Vec::new(),
        variables: None,
        duals: None,
        reduced_costs: None,
        ray: None,
        analysis: None,
    }
}
