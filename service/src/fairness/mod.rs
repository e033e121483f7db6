//! Who gets the free cores next. Pure: jobs that wait, what is in use and what is free go in, a choice comes out; the store
//! asks inside the transaction of a claim.
//!
//! 1. Only what fits counts: cores, memory, licences, and what its project may use at most.
//! 2. Between projects, the one that uses least for its weight is next.
//! 3. Within a project the highest priority is next, and waiting raises it; then the oldest.
//! 4. Whoever is next by 2 and 3 but does not fit for want of cores or memory lets others pass for a while only; then what
//!    comes free is kept for it. For want of a licence or of quota nothing is kept: cores would stand idle.
//! 5. A tiny job, whose solve takes moments, need not wait for a core: a few at a time run beside the others.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

/// What a deployment wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Seconds of waiting that are worth one step of priority.
    pub ageing_seconds: f64,
    /// Seconds for which whoever is next lets others pass.
    pub patience_seconds: f64,
    /// Cores that a project may use at a time.
    pub project_cores: Option<u32>,
    /// Weights of projects; 1 for one that is not named.
    pub weights: HashMap<String, f64>,
    /// How many lanes of a solver may run at a time; a solver that is not named has no limit.
    pub licences: HashMap<String, u32>,
    /// What is tiny.
    pub tiny: TinySize,
}

impl Policy {
    /// Whether it depends on what runs elsewhere.
    pub fn counts(&self) -> bool {
        self.project_cores.is_some() || !self.licences.is_empty()
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ageing_seconds: 60.0,
            patience_seconds: 10.0,
            project_cores: None,
            weights: HashMap::new(),
            licences: HashMap::new(),
            tiny: TinySize::default(),
        }
    }
}

/// What a job takes while it is solved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demand {
    /// Whose it is.
    pub project: String,
    /// Cores.
    pub cores: u32,
    /// Bytes of memory, where it says how much it may use.
    pub memory_bytes: u64,
    /// Its solvers, one entry a lane.
    pub solvers: Vec<String>,
    /// Whether it is solved in moments.
    pub tiny: bool,
}

/// A job that waits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Waiting {
    /// What it takes.
    pub demand: Demand,
    /// The higher the sooner.
    pub priority: i32,
    /// Seconds since it was accepted.
    pub waited_seconds: f64,
}

/// What a node has for jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Cores that no job holds.
    pub cores_free: u32,
    /// All cores.
    pub cores: u32,
    /// Bytes that no job has been promised.
    pub memory_free: u64,
    /// All bytes.
    pub memory: u64,
    /// Tiny jobs that may still run beside the others.
    pub tiny_free: u32,
}

impl Room {
    /// A node with so many cores, of which so many are free, and memory without end; no tiny jobs beside them.
    pub const fn of_cores(cores_free: u32, cores: u32) -> Self {
        Self { cores_free, cores, memory_free: u64::MAX, memory: u64::MAX, tiny_free: 0 }
    }

    /// Gives a job what it asks for.
    pub fn take(&mut self, demand: &Demand, beside: bool) {
        if beside {
            self.tiny_free = self.tiny_free.saturating_sub(1);
        } else {
            self.cores_free = self.cores_free.saturating_sub(self.given(demand.cores));
        }
        self.memory_free = self.memory_free.saturating_sub(demand.memory_bytes.min(self.memory));
    }

    /// How many cores a job gets that asks for so many: it may come from a larger machine.
    pub fn given(&self, asked: u32) -> u32 {
        asked.min(self.cores)
    }

    fn has_cores_and_memory(&self, demand: &Demand) -> bool {
        self.given(demand.cores) <= self.cores_free && demand.memory_bytes.min(self.memory) <= self.memory_free
    }

    /// Whether it may run beside the jobs that hold the cores.
    pub fn has_place_beside(&self, demand: &Demand) -> bool {
        demand.tiny && self.tiny_free > 0 && demand.memory_bytes.min(self.memory) <= self.memory_free
    }
}

/// What runs now, on all nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InUse {
    cores: HashMap<String, u32>,
    solvers: HashMap<String, u32>,
}

impl InUse {
    /// Adds a job that runs.
    pub fn add(&mut self, demand: &Demand) {
        *self.cores.entry(demand.project.clone()).or_default() += demand.cores;
        for solver in &demand.solvers {
            *self.solvers.entry(solver.clone()).or_default() += 1;
        }
    }

    fn cores_of(&self, project: &str) -> u32 {
        self.cores.get(project).copied().unwrap_or(0)
    }
}

/// Which job is next, and on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// This one, on cores of its own.
    OnCores(usize),
    /// This tiny one, beside the others.
    Beside(usize),
    /// None of them.
    Nobody,
}

/// Chooses among jobs that wait, oldest first.
pub fn choose(waiting: &[Waiting], room: &Room, in_use: &InUse, policy: &Policy) -> Choice {
    let mut order: Vec<usize> = (0..waiting.len()).collect();
    let share = |job: &Waiting| {
        let weight = policy.weights.get(&job.demand.project).copied().unwrap_or(1.0).max(1e-6);
        f64::from(in_use.cores_of(&job.demand.project)) / weight
    };
    // Stable, so that the older of two equals stays first.
    order.sort_by(|&a, &b| {
        let (a, b) = (&waiting[a], &waiting[b]);
        share(a).total_cmp(&share(b)).then(urgency(b, policy).total_cmp(&urgency(a, policy)))
    });
    let allowed = |job: &Waiting| is_allowed(&job.demand, in_use, policy);
    for &at in order.iter().filter(|&&at| allowed(&waiting[at])) {
        if room.has_cores_and_memory(&waiting[at].demand) {
            return Choice::OnCores(at);
        }
        if waiting[at].waited_seconds > policy.patience_seconds {
            break;
        }
    }
    // Nothing fits the free cores, or they are kept; what is tiny needs none.
    let tiny = order.iter().find(|&&at| allowed(&waiting[at]) && room.has_place_beside(&waiting[at].demand));
    tiny.map_or(Choice::Nobody, |&at| Choice::Beside(at))
}

fn urgency(job: &Waiting, policy: &Policy) -> f64 {
    f64::from(job.priority) + (job.waited_seconds / policy.ageing_seconds.max(1e-3)).floor()
}

/// Whether quota and licences leave room for it. A project that runs nothing may always run one job.
fn is_allowed(demand: &Demand, in_use: &InUse, policy: &Policy) -> bool {
    let used = in_use.cores_of(&demand.project);
    let within = policy.project_cores.is_none_or(|most| used == 0 || used + demand.cores <= most);
    let mut wanted: HashMap<&str, u32> = HashMap::new();
    for solver in &demand.solvers {
        *wanted.entry(solver).or_default() += 1;
    }
    let licensed = wanted.iter().all(|(solver, count)| {
        policy
            .licences
            .get(*solver)
            // Whoever asks for more than there are gets all.
            .is_none_or(|most| in_use.solvers.get(*solver).copied().unwrap_or(0) + count.min(most) <= *most)
    });
    within && licensed
}

/// A size up to which a problem is solved in moments, whatever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TinySize {
    /// Rows.
    pub rows: u64,
    /// Nonzeros.
    pub nonzeros: u64,
    /// Integer columns: few enough that even all their combinations are soon tried.
    pub integers: u64,
}

impl Default for TinySize {
    fn default() -> Self {
        Self { rows: 500, nonzeros: 5000, integers: 20 }
    }
}

impl TinySize {
    /// Whether a problem of so many rows, nonzeros and integer columns is tiny.
    pub fn holds(&self, rows: u64, nonzeros: u64, integers: u64) -> bool {
        rows <= self.rows && nonzeros <= self.nonzeros && integers <= self.integers
    }
}
