//! Who can solve here: the backends that the service was given, whether they are there, and who runs on a request.
//!
//! Backends are asked once, in the background, since a probe may start a process; a request that comes sooner waits.

use std::sync::Arc;

use farkas_api_types::{BackendInfo, BackendList, SolveOptions, SolverChoice};
use farkas_backends::contract::{Availability, Backend, Fit};
use farkas_backends::race::{Lane, Lineup, lineup};
use farkas_modeling::Problem;
use tokio::sync::OnceCell;

/// One backend and what its probe said.
#[derive(Clone)]
struct Member {
    backend: Arc<dyn Backend>,
    availability: Availability,
}

/// The backends, in order of preference.
pub struct Roster {
    backends: Vec<Arc<dyn Backend>>,
    probed: OnceCell<Vec<Member>>,
}

impl Roster {
    /// Takes the backends; asks none of them yet.
    pub fn new(backends: Vec<Arc<dyn Backend>>) -> Self {
        Self { backends, probed: OnceCell::new() }
    }

    async fn members(&self) -> &[Member] {
        let probe = || async {
            // All at once: each may start a process, and the slowest is wait enough.
            let asked: Vec<_> =
                self.backends.iter().cloned().map(|b| tokio::task::spawn_blocking(move || b.probe())).collect();
            let mut members = Vec::with_capacity(self.backends.len());
            for (backend, availability) in self.backends.iter().zip(asked) {
                let availability = availability
                    .await
                    .unwrap_or_else(|error| Availability::Broken { says: format!("its probe panicked: {error}") });
                members.push(Member { backend: Arc::clone(backend), availability });
            }
            members
        };
        self.probed.get_or_init(probe).await
    }

    /// Asks every backend, unless that was done.
    pub async fn probe(&self) {
        self.members().await;
    }

    /// Whether a backend of this name is ready.
    pub async fn has(&self, name: &str) -> bool {
        self.members().await.iter().any(|member| member.is_ready() && member.backend.name() == name)
    }

    /// How many are ready; `None` while they are still being asked.
    pub fn ready(&self) -> Option<usize> {
        self.probed.get().map(|members| members.iter().filter(|member| member.is_ready()).count())
    }

    /// All backends, for people.
    pub async fn list(&self) -> BackendList {
        let info = |member: &Member| BackendInfo {
            name: member.backend.name().into(),
            availability: member.availability.clone(),
            capabilities: member.backend.capabilities(),
        };
        BackendList { backends: self.members().await.iter().map(info).collect() }
    }

    /// Who runs on this problem with so many cores.
    ///
    /// # Errors
    /// When a named backend is unknown, not there or does not take the problem, or when no backend does.
    pub async fn line_up(&self, options: &SolveOptions, problem: &Problem, cores: u32) -> Result<Lineup, RosterError> {
        let members = self.members().await;
        let cores = if options.deterministic { 1 } else { cores };
        match &options.solver {
            SolverChoice::Race => racers(members, options, problem, cores),
            chosen => {
                let named = chosen.names().iter().map(|name| named(members, name, problem));
                Ok(Lineup::of(share(&named.collect::<Result<Vec<_>, _>>()?, cores)))
            }
        }
    }
}

impl Roster {
    /// The one who is asked where a race makes no sense: the first that takes the problem, or the first that is named.
    ///
    /// # Errors
    /// As [`line_up`](Self::line_up).
    pub async fn one(&self, options: &SolveOptions, problem: &Problem) -> Result<Arc<dyn Backend>, RosterError> {
        self.pick(options, problem, |_| true, "").await
    }

    /// One lane, of a backend that ends with a simplex basis.
    ///
    /// # Errors
    /// As [`line_up`](Self::line_up), and when there is no such backend.
    pub async fn one_with_basis(
        &self,
        options: &SolveOptions,
        problem: &Problem,
        cores: u32,
    ) -> Result<Lineup, RosterError> {
        let gives_basis = |backend: &dyn Backend| backend.capabilities().basis;
        let backend = self.pick(options, problem, gives_basis, " and ends with a basis (highs, cbc)").await?;
        Ok(Lineup::of(vec![Lane::new(backend, cores)]))
    }

    async fn pick(
        &self,
        options: &SolveOptions,
        problem: &Problem,
        suits: impl Fn(&dyn Backend) -> bool,
        besides: &str,
    ) -> Result<Arc<dyn Backend>, RosterError> {
        let members = self.members().await;
        let (found, about) = match &options.solver {
            SolverChoice::Race => {
                let takes = |member: &&Member| member.is_ready() && member.backend.fits(problem).takes();
                (members.iter().filter(takes).find(|member| suits(&*member.backend)), About::Model)
            }
            chosen => {
                let all = chosen.names().iter().map(|name| named(members, name, problem));
                let all = all.collect::<Result<Vec<_>, _>>()?;
                (all.into_iter().find(|member| suits(&*member.backend)), About::Solver)
            }
        };
        found.map(|member| Arc::clone(&member.backend)).ok_or_else(|| {
            let detail = format!("there is no solver here that takes the problem{besides}");
            RosterError::new(422, "unsupported-by-solver", about, detail)
        })
    }
}

/// What in a request a [`RosterError`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The choice of a solver.
    Solver,
    /// The model.
    Model,
    /// Nothing in it: the service lacks something.
    Service,
}

/// Why nobody solves it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct RosterError {
    /// HTTP status.
    pub status: u16,
    /// Stable code.
    pub code: &'static str,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// What it is about.
    pub about: About,
}

impl RosterError {
    fn new(status: u16, code: &'static str, about: About, detail: String) -> Self {
        Self { status, code, detail, remedy: None, about }
    }
}

impl Member {
    fn is_ready(&self) -> bool {
        matches!(self.availability, Availability::Ready { .. })
    }
}

fn racers(members: &[Member], options: &SolveOptions, problem: &Problem, cores: u32) -> Result<Lineup, RosterError> {
    let ready = members.iter().filter(|member| member.is_ready()).map(|member| Arc::clone(&member.backend));
    let ready: Vec<Arc<dyn Backend>> = ready.collect();
    if ready.is_empty() {
        let detail = "no solver is available here".to_string();
        let remedy = "GET /v1/backends says what is missing and what to do about it".to_string();
        let error = RosterError::new(503, "no-solver-available", About::Service, detail);
        return Err(RosterError { remedy: Some(remedy), ..error });
    }
    let lineup = lineup::choose(problem, &ready, cores, &options.to_backend());
    if lineup.lanes.is_empty() {
        let detail = format!("no solver here takes {}", lineup.reason);
        return Err(RosterError::new(422, "unsupported-by-solver", About::Model, detail));
    }
    Ok(lineup)
}

fn named<'a>(members: &'a [Member], name: &str, problem: &Problem) -> Result<&'a Member, RosterError> {
    let wrong = |code, detail: String| Err(RosterError::new(422, code, About::Solver, detail));
    let Some(member) = members.iter().find(|member| member.backend.name() == name) else {
        let known: Vec<&str> = members.iter().map(|member| member.backend.name()).collect();
        return wrong("unknown-solver", format!("there is no solver '{name}'; there are race, {}", known.join(", ")));
    };
    let (detail, remedy) = match &member.availability {
        Availability::Ready { .. } => {
            let fit = member.backend.fits(problem);
            return if fit.takes() { Ok(member) } else { wrong("unsupported-by-solver", refusal(&fit)) };
        }
        Availability::NotFound { remedy } => (format!("'{name}' is not installed here"), Some(remedy.clone())),
        Availability::TooOld { version, remedy } => (format!("'{name}' {version} is too old"), Some(remedy.clone())),
        Availability::NoLicense { says } | Availability::Broken { says } => {
            (format!("'{name}' cannot run: {says}"), None)
        }
    };
    Err(RosterError { remedy, ..RosterError::new(422, "solver-unavailable", About::Solver, detail) })
}

fn refusal(fit: &Fit) -> String {
    match fit {
        Fit::Takes | Fit::NeedsBridges { .. } => "it takes the problem".into(),
        Fit::TooLarge { limit } => format!("the problem is too large: {limit}"),
        Fit::Refuses { why } => why.clone(),
    }
}

/// Shares cores out over lanes in the order given: one each first, what is left from the front. Lanes beyond the cores
/// wait in the race until one comes free.
fn share(chosen: &[&Member], cores: u32) -> Vec<Lane> {
    let at_once = (chosen.len() as u32).clamp(1, cores.max(1));
    let (each, left) = (cores.max(1) / at_once, cores.max(1) % at_once);
    let threads = |at: u32, member: &Member| {
        if member.backend.capabilities().threads { each + u32::from(at < left) } else { 1 }
    };
    (0..).zip(chosen).map(|(at, member)| Lane::new(Arc::clone(&member.backend), threads(at, member))).collect()
}
