//! A control that keeps all it hears, and what the behaviours share.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use farkas_backends::contract::{
    Backend, BackendError, Control, Event, Fit, Progress, Session, Start, StopToken, fits_by_capabilities,
};
use farkas_backends::options::Options;
use farkas_modeling::check::{CheckedPoint, check_point};
use farkas_modeling::{Claim, Problem, Tolerances};

/// One thing that was heard.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    Incumbent(f64, Option<Vec<f64>>),
    Bound(f64),
    Progress(Progress),
    Phase(String),
    Log(String),
}

type When = Box<dyn Fn(&Heard) -> bool + Send + Sync>;

/// Keeps what it hears; may set a token when it hears what it waits for, and offer one point.
#[derive(Default)]
pub struct Ear {
    heard: Mutex<Vec<Heard>>,
    stop_when: Option<(StopToken, When)>,
    stopped_at: Mutex<Option<Instant>>,
    offer: Mutex<Option<Arc<CheckedPoint>>>,
}

impl Ear {
    /// Sets `stop` when it hears it.
    pub fn stopping(stop: &StopToken, when: impl Fn(&Heard) -> bool + Send + Sync + 'static) -> Self {
        Self { stop_when: Some((stop.clone(), Box::new(when))), ..Self::default() }
    }

    /// Offers this point, once.
    pub fn offering(problem: &Problem, point: &[f64]) -> Self {
        let checked = check_point(problem, point, &Tolerances::default()).ok().and_then(Result::ok);
        let checked = checked.expect("the judge has passed it");
        Self { offer: Mutex::new(Some(Arc::new(checked))), ..Self::default() }
    }

    pub fn list(&self) -> Vec<Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When it set its token.
    pub fn stopped_at(&self) -> Option<Instant> {
        *self.stopped_at.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn offered(&self) -> Option<Arc<CheckedPoint>> {
        self.offer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Thrown, without a word, where a test's only problem is one that the backend declares not to take, and was seen to refuse.
pub struct NotTaken(pub String);

/// Those of several problems that the backend takes; the others it is seen to refuse.
pub fn taken<P: AsRef<str>>(backend: &dyn Backend, problems: Vec<(P, Arc<Problem>)>) -> Vec<(P, Arc<Problem>)> {
    let takes = |problem: &Arc<Problem>| match catch_unwind(AssertUnwindSafe(|| drop(open(backend, problem)))) {
        Ok(()) => true,
        Err(thrown) if thrown.is::<NotTaken>() => false,
        Err(other) => resume_unwind(other),
    };
    problems.into_iter().filter(|(_, problem)| takes(problem)).collect()
}

pub fn open(backend: &dyn Backend, problem: &Arc<Problem>) -> Box<dyn Session> {
    if let Fit::Refuses { why } = fits_by_capabilities(backend.name(), backend.capabilities(), problem) {
        match backend.open(Arc::clone(problem)) {
            Err(BackendError::Unsupported(_)) => resume_unwind(Box::new(NotTaken(why))),
            Err(error) => panic!("{error}, where it should be unsupported"),
            Ok(_) => panic!("opened, although {why}"),
        }
    }
    match backend.open(Arc::clone(problem)) {
        Ok(session) => session,
        Err(BackendError::Unsupported(why))
            if backend.capabilities().data_limits || matches!(backend.fits(problem), Fit::TooLarge { .. }) =>
        {
            resume_unwind(Box::new(NotTaken(why)))
        }
        Err(error) => panic!("the suite asks only for what a backend declares: {error}"),
    }
}

pub fn solve(session: &mut dyn Session, options: &Options, ear: &Ear, stop: &StopToken) -> Claim {
    session.solve(options, &Start::default(), ear, stop).expect("a plain solve is neither refused nor broken")
}

/// Default options with a time limit.
pub fn limited(seconds: f64) -> Options {
    Options { time_limit: Some(Duration::from_secs_f64(seconds)), ..Options::default() }
}

/// A node, or a second for a solver that does not count them: not enough for a market split.
pub fn briefly(backend: &dyn Backend) -> Options {
    if backend.capabilities().node_limit { Options { node_limit: Some(1), ..limited(20.0) } } else { limited(1.0) }
}
