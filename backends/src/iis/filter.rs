//! The deletion filter: drops members in chunks as long as the rest stays infeasible, and notes a checked point for each one
//! that cannot be dropped.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use farkas_modeling::answer::Ray;
use farkas_modeling::check::{CheckedPoint, Finding, Standing, examine};
use farkas_modeling::patch::Revision;
use farkas_modeling::{Problem, Source};

use super::subset::Whole;
use super::{Budget, Iis, IisError, Member, Membership};
use crate::contract::{Backend, Quiet, Session, SessionError, Start, StopToken};
use crate::options::Options;

/// A subset may take so many times what the whole took, and at least this long; then it counts as undecided.
const LONGEST: u32 = 20;
const AT_LEAST: Duration = Duration::from_secs(1);

/// What a subset turned out to be.
enum Outcome {
    /// Infeasible; the multipliers, where there are some, and the proof, where it needs no trust.
    Infeasible { multipliers: Option<Vec<f64>>, proof: Option<String> },
    /// A point satisfies it.
    Feasible(Arc<CheckedPoint>),
    /// The solver could not tell; what it says.
    Unknown(String),
}

/// Who solves, and what is left of the budget.
struct Bench<'a> {
    backend: &'a dyn Backend,
    options: &'a Options,
    budget: Budget,
    stop: &'a StopToken,
    began: Instant,
    solves: usize,
    /// What one solve may take, once the whole was solved.
    longest: Option<Duration>,
}

impl Bench<'_> {
    fn is_over(&self) -> bool {
        self.stop.is_stopped() || self.solves >= self.budget.solves || self.began.elapsed() >= self.budget.time
    }

    fn solve(&mut self, session: &mut dyn Session, problem: &Problem) -> Result<Outcome, SessionError> {
        let mut options = self.options.clone();
        let left = self.budget.time.saturating_sub(self.began.elapsed());
        options.time_limit = [Some(left), options.time_limit, self.longest].into_iter().flatten().min();
        self.solves += 1;
        let begin = Instant::now();
        let claim = session.solve(&options, &Start::default(), &Quiet, self.stop)?;
        self.longest = self.longest.or(Some((LONGEST * begin.elapsed()).max(AT_LEAST)));
        let source = Source { backend: self.backend.name().into(), version: session.version().into(), lane: 0 };
        let findings = examine(problem, &source, &claim, &options.tolerances);
        let multipliers = if let Some(Ray::Farkas(y)) = &claim.ray { Some(y.clone()) } else { None };
        for finding in findings.list {
            match finding {
                Finding::Point(point) => return Ok(Outcome::Feasible(Arc::new(point))),
                Finding::Infeasible(Standing::Certified(proof)) => {
                    return Ok(Outcome::Infeasible { multipliers, proof: Some(proof.how) });
                }
                Finding::Infeasible(Standing::Claimed) => return Ok(Outcome::Infeasible { multipliers, proof: None }),
                _ => {}
            }
        }
        Ok(Outcome::Unknown(claim.termination.to_string()))
    }
}

pub(super) fn find(
    problem: &Arc<Problem>,
    backend: &dyn Backend,
    options: &Options,
    budget: Budget,
    stop: &StopToken,
) -> Result<Iis, IisError> {
    let mut bench = Bench { backend, options, budget, stop, began: Instant::now(), solves: 0, longest: None };
    // Where the bounds of the integers are enough, integers are only in the way.
    let integers = problem.num_integers() > 0 && problem.indicators().is_empty();
    let relaxed = Whole::of(problem, true);
    let (whole, (session, outcome)) = match first(&mut bench, &relaxed)? {
        (_, Outcome::Feasible(_) | Outcome::Unknown(_)) if integers => {
            bench.longest = None;
            let whole = Whole::of(problem, false);
            let found = first(&mut bench, &whole)?;
            (whole, found)
        }
        found => (relaxed, found),
    };
    let multipliers = match outcome {
        Outcome::Infeasible { multipliers, .. } => multipliers,
        Outcome::Feasible(point) => return Err(IisError::Feasible(point)),
        Outcome::Unknown(says) => return Err(IisError::Undecided(says)),
    };
    let open = Arc::clone(&whole.problem);
    let members = whole.members();
    let mut filter = Filter { bench, kept: members, needed: BTreeSet::new(), whole: &whole, session, open };
    let narrowed = match multipliers {
        Some(y) => filter.shrink_to(&whole.support(&y))?,
        None => false,
    };
    // What multipliers leave is tried member by member to show that each is needed: a search in between only adds to that
    // (of Netlib's infeasible ones, the same sets by HiGHS, CPLEX and Xpress, and up to three times the time).
    if !narrowed {
        filter.shrink_to_its_own()?;
    }
    filter.run()?;
    filter.conclude(problem)
}

type First = (Box<dyn Session>, Outcome);

fn first(bench: &mut Bench<'_>, whole: &Whole) -> Result<First, IisError> {
    let mut session = bench.backend.open(Arc::clone(&whole.problem))?;
    let outcome = bench.solve(&mut *session, &whole.problem)?;
    Ok((session, outcome))
}

struct Filter<'a> {
    bench: Bench<'a>,
    whole: &'a Whole,
    /// Infeasible together, as the solver says.
    kept: BTreeSet<Member>,
    /// Without it the rest is feasible: a checked point shows it.
    needed: BTreeSet<Member>,
    session: Box<dyn Session>,
    /// What is open in the session.
    open: Arc<Problem>,
}

impl Filter<'_> {
    /// Sets members aside, or puts them back, and solves.
    fn try_without(&mut self, aside: &[Member]) -> Result<Outcome, IisError> {
        self.change(aside, &[])?;
        let open = Arc::clone(&self.open);
        Ok(self.bench.solve(&mut *self.session, &open)?)
    }

    fn change(&mut self, aside: &[Member], back: &[Member]) -> Result<(), IisError> {
        let patch = self.whole.patch(aside, back);
        let revision = Revision::new(&self.open, &patch)
            .map_err(|defects| SessionError::Refused(format!("a subset is no problem: {defects}")))?;
        match self.session.apply(&revision) {
            Ok(()) => {}
            // One that cannot change what is open opens it anew.
            Err(SessionError::Refused(_)) => self.session = self.bench.backend.open(Arc::clone(revision.problem()))?,
            Err(error) => return Err(error.into()),
        }
        self.open = Arc::clone(revision.problem());
        Ok(())
    }

    /// Keeps only what the solver itself finds among what is left, if it looks for that and is right. It has half of the
    /// time, so that there is some for the other way where it finds none.
    fn shrink_to_its_own(&mut self) -> Result<(), IisError> {
        if !self.bench.backend.capabilities().iis || self.bench.is_over() {
            return Ok(());
        }
        let mut options = self.bench.options.clone();
        let left = self.bench.budget.time.saturating_sub(self.bench.began.elapsed());
        options.time_limit = [Some(left / 2), options.time_limit].into_iter().flatten().min();
        self.bench.solves += 1;
        match self.session.conflict(&options, self.bench.stop) {
            Ok(members) if !members.is_empty() => {
                self.shrink_to(&members.into_iter().collect())?;
                Ok(())
            }
            // None was found, or this problem is none it looks into.
            Ok(_) | Err(SessionError::Refused(_)) => Ok(()),
            // It overstayed or died of the search: the filter needs neither that nor this session.
            Err(SessionError::Killed(_) | SessionError::Broken(_)) => {
                self.session = self.bench.backend.open(Arc::clone(&self.open))?;
                Ok(())
            }
        }
    }

    /// Keeps only these, if they are infeasible by themselves. Whether they are.
    fn shrink_to(&mut self, used: &BTreeSet<Member>) -> Result<bool, IisError> {
        let aside: Vec<Member> = self.kept.difference(used).copied().collect();
        if aside.is_empty() || self.bench.is_over() {
            return Ok(aside.is_empty());
        }
        match self.try_without(&aside)? {
            Outcome::Infeasible { .. } => {
                self.kept.retain(|member| used.contains(member));
                Ok(true)
            }
            Outcome::Feasible(_) | Outcome::Unknown(_) => {
                self.change(&[], &aside)?;
                Ok(false)
            }
        }
    }

    /// Tries each member once, in chunks that double when they go and halve when they do not.
    fn run(&mut self) -> Result<(), IisError> {
        let mut chunk = (self.kept.len() / 8).max(1);
        let mut waiting: Vec<Member> = self.kept.iter().rev().copied().collect();
        while !waiting.is_empty() && !self.bench.is_over() {
            let aside: Vec<Member> = waiting[waiting.len() - chunk.min(waiting.len())..].to_vec();
            match self.try_without(&aside)? {
                Outcome::Infeasible { multipliers, .. } => {
                    waiting.truncate(waiting.len() - aside.len());
                    for member in &aside {
                        self.kept.remove(member);
                    }
                    if let Some(y) = multipliers {
                        let used = self.whole.support(&y);
                        // What is needed stays, whatever these multipliers say.
                        let used: BTreeSet<Member> = used.union(&self.needed).copied().collect();
                        self.shrink_to(&used)?;
                        waiting.retain(|member| self.kept.contains(member));
                    }
                    chunk *= 2;
                }
                outcome => {
                    self.change(&[], &aside)?;
                    if aside.len() == 1 {
                        waiting.pop();
                        if let Outcome::Feasible(_) = outcome {
                            self.needed.insert(aside[0]);
                        }
                    }
                    chunk = (aside.len() / 2).max(1);
                }
            }
        }
        Ok(())
    }

    /// Solves the set by itself, in a session that has seen nothing else.
    fn conclude(mut self, problem: &Problem) -> Result<Iis, IisError> {
        let alone = self.whole.only(&self.kept).unwrap_or_else(|| Arc::clone(&self.open));
        let mut session = self.bench.backend.open(Arc::clone(&alone))?;
        // The last word may take what it takes to say it once.
        self.bench.longest = None;
        self.bench.budget.time = self.bench.budget.time.max(self.bench.began.elapsed() * 2);
        let name = self.bench.backend.name();
        let (proof, certified) = match self.bench.solve(&mut *session, &alone)? {
            Outcome::Infeasible { proof: Some(proof), .. } => (proof, true),
            Outcome::Infeasible { proof: None, .. } => {
                (format!("{name} says that they are infeasible together"), false)
            }
            Outcome::Feasible(_) => {
                let says = format!("{name} called a subset infeasible that a checked point satisfies");
                return Err(IisError::Undecided(says));
            }
            Outcome::Unknown(says) => (format!("{name} said so on the way, and at the end: {says}"), false),
        };
        let uses_integers = self.whole.problem.num_integers() > 0
            && problem.num_integers() > 0
            && (0..problem.num_columns()).any(|j| alone.kind(j).is_integer() && takes_part(&alone, j));
        let member = |member: &Member| Membership { member: *member, needed: self.needed.contains(member) };
        let members = self.kept.iter().map(member).collect();
        Ok(Iis { members, proof, certified, uses_integers, solves: self.bench.solves })
    }
}

/// Whether a column is in a row that is left.
fn takes_part(problem: &Problem, j: usize) -> bool {
    let is_left = |i: usize| problem.row_lower()[i].is_finite() || problem.row_upper()[i].is_finite();
    problem.column(j).iter().any(|(i, a)| a != 0.0 && is_left(i))
}
