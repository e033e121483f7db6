//! What a race knows: the best checked point, and what each lane claims. A claim that a checked point contradicts stops
//! counting, for good; the merged bound never passes the incumbent.
//!
//! Pure bookkeeping without a clock. Objectives and bounds are kept as if minimising (multiplied by the sense's sign).

use farkas_modeling::check::TrustPolicy;
use farkas_modeling::{Sense, Tolerances};

use super::protocol::{LaneFacts, LaneId, PointId, Verdict, Weight};

/// How far a lane's claims count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credit {
    /// In full.
    Good,
    /// This point seems to contradict it, and is being repaired to be sure; until then only what the lane had claimed
    /// before counts.
    Disputed(PointId),
    /// This point beats its bound only by using its tolerances: the bound counts up to the incumbent.
    Excused(PointId),
    /// A checked fact contradicts it. Nothing of it counts any more.
    None,
}

#[derive(Debug, Clone)]
struct Claims {
    solver: String,
    trusted: bool,
    trusted_infeasible: bool,
    bound: f64,
    /// The part of the bound that no incumbent has called in doubt.
    sound: f64,
    objective: f64,
    verdict: Option<Verdict>,
    /// It looked for points as good as the race's cutoff, and says that there is none.
    cut_off: bool,
    credit: Credit,
}

impl Claims {
    /// The same solver's before it says anything.
    fn of_nobody(&self) -> Self {
        Self {
            bound: f64::NEG_INFINITY,
            sound: f64::NEG_INFINITY,
            objective: f64::INFINITY,
            verdict: None,
            cut_off: false,
            credit: Credit::Good,
            ..self.clone()
        }
    }

    /// The bound as far as it counts.
    fn counting_bound(&self) -> f64 {
        match self.credit {
            Credit::Good | Credit::Excused(_) => self.bound,
            Credit::Disputed(_) => self.sound,
            Credit::None => f64::NEG_INFINITY,
        }
    }
}

impl Claims {
    /// Holds the bound against a disputed point after its repair: contradicted (and why), excused, or still in dispute
    /// where the repair failed.
    fn weigh(&mut self, point: PointId, repaired: Option<f64>, tolerances: Tolerances, sign: f64) -> Option<String> {
        let Some(value) = repaired else {
            self.credit = Credit::Disputed(point);
            return None;
        };
        if value >= self.bound - tolerances.contradiction_width(value) {
            self.credit = Credit::Excused(point);
            return None;
        }
        let (bound, objective) = (sign * self.bound, sign * value);
        Some(format!("{} claims the bound {bound}; a point with exact integers has objective {objective}", self.solver))
    }
}

/// A checked point, as far as a referee needs to know it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Incumbent {
    pub(super) point: PointId,
    pub(super) lane: LaneId,
    /// As if minimising.
    pub(super) value: f64,
    /// Its integer columns are exactly integer (always, for an LP).
    pub(super) exact: bool,
}

/// What [`Ledger::judge`] found about a lane.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Judgement {
    /// A checked point contradicts it: what, in a sentence.
    Contradicted(String),
    /// Perhaps; a repaired point will tell.
    Doubtful(PointId),
}

/// What is settled, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    Optimal,
    Infeasible,
    Unbounded,
}

#[derive(Debug, Clone)]
pub(super) struct Ledger {
    sign: f64,
    tolerances: Tolerances,
    lanes: Vec<Claims>,
    incumbent: Option<Incumbent>,
    /// Best proven bound and who brought it.
    certified: Option<(f64, LaneId)>,
    /// The disputed point that is being repaired; one at a time.
    repairing: Option<PointId>,
    /// The disputed point that was repaired last, and with which objective; `None` where it failed.
    repaired: Option<(PointId, Option<f64>)>,
}

impl Ledger {
    pub(super) fn new(lanes: &[LaneFacts], sense: Sense, tolerances: Tolerances, trust: &TrustPolicy) -> Self {
        let claims = |lane: &LaneFacts| Claims {
            solver: lane.solver.clone(),
            trusted: trust.trusts(&lane.solver),
            trusted_infeasible: trust.trusts_infeasible(&lane.solver),
            bound: f64::NEG_INFINITY,
            sound: f64::NEG_INFINITY,
            objective: f64::INFINITY,
            verdict: None,
            cut_off: false,
            credit: Credit::Good,
        };
        Self {
            sign: sense.sign(),
            tolerances,
            lanes: lanes.iter().map(claims).collect(),
            incumbent: None,
            certified: None,
            repairing: None,
            repaired: None,
        }
    }

    /// From the problem's own sense to minimising, and back (it is its own inverse).
    pub(super) fn turn(&self, value: f64) -> f64 {
        self.sign * value
    }

    pub(super) fn contradiction_width(&self, incumbent: f64) -> f64 {
        self.tolerances.contradiction_width(incumbent)
    }

    pub(super) fn incumbent(&self) -> Option<Incumbent> {
        self.incumbent
    }

    /// Another lane of the same solver as this one takes part: it has said nothing yet.
    pub(super) fn join(&mut self, like: LaneId) {
        let claims = self.lanes[usize::from(like)].of_nobody();
        self.lanes.push(claims);
    }

    /// Whether the lane's lone bound counts.
    pub(super) fn is_trusted(&self, lane: LaneId) -> bool {
        self.lanes[usize::from(lane)].trusted
    }

    /// The best objective the lane has named; it need not be true.
    pub(super) fn named_objective(&self, lane: LaneId) -> f64 {
        self.lanes[usize::from(lane)].objective
    }

    /// The lane's bound as far as it counts: never past the incumbent.
    pub(super) fn counted_bound(&self, lane: LaneId) -> Option<f64> {
        let bound = self.lanes[usize::from(lane)].counting_bound();
        Some(self.incumbent.map_or(bound, |p| bound.min(p.value))).filter(|b| b.is_finite())
    }

    /// The lane's own best bound, whether it counts or not.
    pub(super) fn named_bound(&self, lane: LaneId) -> Option<f64> {
        Some(self.lanes[usize::from(lane)].bound).filter(|b| b.is_finite())
    }

    pub(super) fn is_disqualified(&self, lane: LaneId) -> bool {
        self.lanes[usize::from(lane)].credit == Credit::None
    }

    /// Notes an objective the lane names. NaN and infinities are no objectives.
    pub(super) fn note_objective(&mut self, lane: LaneId, value: f64) {
        if value.is_finite()
            && let Some(claims) = self.lanes.get_mut(usize::from(lane))
        {
            claims.objective = claims.objective.min(value);
        }
    }

    /// Notes a checked point; true when it is the new incumbent.
    pub(super) fn note_point(&mut self, candidate: Incumbent) -> bool {
        if !candidate.value.is_finite() {
            return false;
        }
        self.note_objective(candidate.lane, candidate.value);
        let better = self.incumbent.is_none_or(|old| candidate.value < old.value);
        if better {
            self.incumbent = Some(candidate);
        }
        better
    }

    /// Notes a bound. NaN and infinities bound nothing.
    pub(super) fn note_bound(&mut self, lane: LaneId, value: f64, weight: Weight) {
        if !value.is_finite() {
            return;
        }
        if weight == Weight::Certified && self.certified.is_none_or(|(old, _)| value > old) {
            self.certified = Some((value, lane));
        }
        let claims = &mut self.lanes[usize::from(lane)];
        claims.bound = claims.bound.max(value);
    }

    /// Notes what the lane says in the end. An `Optimal` counts only by the point and the bound that came with it.
    pub(super) fn note_verdict(&mut self, lane: LaneId, verdict: Verdict) {
        self.lanes[usize::from(lane)].verdict = Some(verdict);
    }

    pub(super) fn note_cut_off(&mut self, lane: LaneId) {
        self.lanes[usize::from(lane)].cut_off = true;
    }

    /// Whether no point is as good as the cutoff: by the bound, or by the word of somebody whose "infeasible" would do, or of
    /// two solvers.
    pub(super) fn is_cut_off(&self, cutoff: f64) -> bool {
        let spoken = || self.counting().filter(|(_, c)| c.cut_off).map(|(_, c)| c);
        let word = spoken().any(|a| a.trusted_infeasible || spoken().any(|b| a.solver != b.solver));
        self.incumbent.is_none() && (word || self.bound().is_some_and(|(bound, _)| bound > cutoff))
    }

    pub(super) fn disqualify(&mut self, lane: LaneId) {
        self.lanes[usize::from(lane)].credit = Credit::None;
    }

    /// Whether the incumbent contradicts the lane. A doubtful lane is in dispute from here on.
    pub(super) fn judge(&mut self, lane: LaneId) -> Option<Judgement> {
        let Some(best) = self.incumbent else {
            let claims = &mut self.lanes[usize::from(lane)];
            claims.sound = claims.bound;
            return None;
        };
        let width = self.tolerances.contradiction_width(best.value);
        let objective = self.turn(best.value);
        let sign = self.sign;
        let claims = &mut self.lanes[usize::from(lane)];
        if claims.credit == Credit::None {
            return None;
        }
        // A proof beside a point within tolerances: both are right, each in its own arithmetic.
        if claims.verdict == Some(Verdict::Infeasible(Weight::Claimed)) {
            return Some(Judgement::Contradicted(format!(
                "{} calls the problem infeasible; a checked point has objective {objective}",
                claims.solver
            )));
        }
        if best.value >= claims.bound - width {
            claims.sound = claims.bound;
            return None;
        }
        if best.exact {
            let bound = sign * claims.bound;
            return Some(Judgement::Contradicted(format!(
                "{} claims the bound {bound}; a checked point has objective {objective}",
                claims.solver
            )));
        }
        if best.value < claims.sound - width {
            claims.sound = f64::NEG_INFINITY;
        }
        if let Some((point, repaired)) = self.repaired
            && point == best.point
        {
            return claims.weigh(point, repaired, self.tolerances, sign).map(Judgement::Contradicted);
        }
        match (claims.credit, self.repairing) {
            (Credit::Disputed(point) | Credit::Excused(point), _) if point == best.point => None,
            (_, Some(under_way)) => {
                claims.credit = Credit::Disputed(under_way);
                None
            }
            (_, None) => {
                claims.credit = Credit::Disputed(best.point);
                self.repairing = Some(best.point);
                Some(Judgement::Doubtful(best.point))
            }
        }
    }

    /// The repair of a disputed point is over. `repaired` is the objective of the same point with exact integers, if it
    /// could be made (as if minimising). Lanes whose bound that one does not beat either are excused; the others are
    /// returned with the reason. Where the repair failed nothing is known, and the dispute stays. To be followed by
    /// [`judge`](Self::judge) of every lane, since the incumbent may be another by now.
    pub(super) fn resolve(&mut self, point: PointId, repaired: Option<f64>) -> Vec<(LaneId, String)> {
        if self.repairing == Some(point) {
            self.repairing = None;
        }
        self.repaired = Some((point, repaired));
        let mut contradicted = Vec::new();
        for (lane, claims) in self.lanes.iter_mut().enumerate() {
            if claims.credit == Credit::Disputed(point)
                && let Some(why) = claims.weigh(point, repaired, self.tolerances, self.sign)
            {
                contradicted.push((lane as LaneId, why));
            }
        }
        contradicted
    }

    /// The tightest bound that counts, and whose it is: proven, or claimed by a trusted lane, or by two solvers that are
    /// not trusted alone. Never past the incumbent.
    pub(super) fn bound(&self) -> Option<(f64, LaneId)> {
        let mut best = self.certified;
        let mut raise = |value: f64, lane: LaneId| {
            if value.is_finite() && best.is_none_or(|(old, _)| value > old) {
                best = Some((value, lane));
            }
        };
        for (lane, claims) in self.counting() {
            if claims.trusted {
                raise(claims.counting_bound(), lane);
                continue;
            }
            let seconds = self.counting().filter(|(_, other)| other.solver != claims.solver);
            for (_, other) in seconds {
                raise(claims.counting_bound().min(other.counting_bound()), lane);
            }
        }
        let (value, lane) = best?;
        Some((self.incumbent.map_or(value, |p| value.min(p.value)), lane))
    }

    /// Whether what is known ends the race.
    pub(super) fn settled(&self) -> Option<Settled> {
        if let Some(best) = self.incumbent {
            let width = self.tolerances.gap_width(best.value);
            if self.bound().is_some_and(|(bound, _)| best.value - bound <= width) {
                return Some(Settled::Optimal);
            }
        }
        if self.incumbent.is_none() && self.agreed(|v| matches!(v, Verdict::Infeasible(_)), Verdict::Infeasible) {
            return Some(Settled::Infeasible);
        }
        let bounded = self.bound().is_some();
        let unbounded = self.agreed(|v| matches!(v, Verdict::Unbounded(_)), Verdict::Unbounded);
        (unbounded && !bounded).then_some(Settled::Unbounded)
    }

    /// The solver whose claim would end the race, were it not for its record: somebody else has to claim as much.
    pub(super) fn unconfirmed(&self) -> Option<&str> {
        if self.settled().is_some() {
            return None;
        }
        if let Some(best) = self.incumbent {
            let closes = |c: &Claims| best.value - c.counting_bound() <= self.tolerances.gap_width(best.value);
            if let Some((_, claimant)) = self.counting().find(|(_, c)| !c.trusted && closes(c)) {
                return Some(&claimant.solver);
            }
        }
        let spoken = || self.counting().filter_map(|(_, c)| Some((c, c.verdict?)));
        let (claimant, said) = spoken().next()?;
        let open = match said {
            Verdict::Optimal => false,
            Verdict::Infeasible(_) => self.incumbent.is_none(),
            Verdict::Unbounded(_) => self.bound().is_none(),
        };
        (open && spoken().all(|(_, other)| other == said)).then_some(&claimant.solver)
    }

    /// Whether a verdict is proven; or nobody says otherwise, and it comes from a trusted lane or from two solvers.
    fn agreed(&self, is: impl Fn(Verdict) -> bool, make: impl Fn(Weight) -> Verdict) -> bool {
        let spoken: Vec<(&Claims, Verdict)> = self.counting().filter_map(|(_, c)| Some((c, c.verdict?))).collect();
        if spoken.iter().any(|(_, verdict)| *verdict == make(Weight::Certified)) {
            return true;
        }
        let unanimous = spoken.iter().all(|(_, verdict)| is(*verdict));
        let trusted = spoken.iter().any(|(c, verdict)| match verdict {
            Verdict::Infeasible(_) => c.trusted_infeasible,
            Verdict::Optimal | Verdict::Unbounded(_) => c.trusted,
        });
        let two = spoken.iter().any(|(a, _)| spoken.iter().any(|(b, _)| a.solver != b.solver));
        unanimous && (trusted || two)
    }

    fn counting(&self) -> impl Iterator<Item = (LaneId, &Claims)> {
        self.lanes.iter().enumerate().filter(|(_, c)| c.credit != Credit::None).map(|(lane, c)| (lane as LaneId, c))
    }
}
