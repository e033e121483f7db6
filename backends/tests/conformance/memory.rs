//! Memory: a limit ends a solve, by the solver itself where that is declared and by its worker's process where it is not; and
//! a thousand patches leave memory as it was.
#![cfg(target_os = "linux")]

use std::fs;
use std::sync::Arc;

use farkas_backends::contract::{Backend, Quiet, SessionError, Start, StopToken};
use farkas_backends::options::Options;
use farkas_modeling::patch::{Patch, Revision};
use farkas_modeling::{Claim, Limit, Reason};

use crate::alone::alone;
use crate::ear::{limited, open, taken};
use crate::for_each;
use crate::judge::faults;
use crate::problems::{covering, knapsack};
use crate::threads::family;

/// Too little for any solver that has begun: of both kinds of problem one that needs more than its arrays.
const LITTLE: u64 = 12 << 20;

/// MIPCL's program has room in less than a worker begins with.
const FRUGAL: [&str; 1] = ["mipcl"];

#[test]
pub fn a_memory_limit_is_kept_by_whom_it_is_declared() {
    for_each(|backend| {
        alone(backend, "memory::a_memory_limit_is_kept_by_whom_it_is_declared", || {
            let problems = vec![("a MIP", knapsack(100, 10, 62)), ("an LP", covering(1500, 62))];
            let Some((_, problem)) = taken(backend, problems).into_iter().next() else { return Vec::new() };
            let options = Options { memory_limit_bytes: Some(LITTLE), ..limited(60.0) };
            let solved = |by: &dyn Backend| {
                let claim = open(by, &problem).solve(&options, &Start::default(), &Quiet, &StopToken::new());
                println!("{}: {:?}", by.name(), claim.as_ref().map(|claim| &claim.termination));
                claim
            };
            let by_itself = |claim: &Result<Claim, SessionError>| match claim {
                Ok(claim) if claim.termination.limit() == Some(Limit::Memory) => faults(&problem, claim),
                other => vec![format!(
                    "declares to keep a memory limit, and ends {:?}",
                    other.as_ref().map(|c| &c.termination)
                )],
            };
            if backend.capabilities().memory_limit {
                return by_itself(&solved(backend));
            }
            if FRUGAL.contains(&backend.name()) {
                return Vec::new();
            }
            // It would go on; its worker's process ends it, or lets it see that there is no more.
            let Some(worker) = crate::worker_of(backend.name()) else { return vec!["has no worker".into()] };
            match solved(&*worker) {
                Err(SessionError::Broken(says)) if says.contains("memory") || says.contains("its worker died") => {
                    Vec::new()
                }
                // COPT's threads once waited for each other when there was none; the clock outside ended it.
                Err(SessionError::Killed(says)) if says.contains("time limit") => Vec::new(),
                Ok(claim) if claim.termination.limit() == Some(Limit::Memory) => faults(&problem, &claim),
                other => {
                    vec![format!("its process may have {LITTLE} bytes, and it ends {:?}", other.map(|c| c.termination))]
                }
            }
        })
    });
}

/// Those that are compiled in are asked by a program of their own, `patch_leaks`, beside which nothing allocates.
const ASKED_ELSEWHERE: [&str; 5] = ["highs", "scip", "cbc", "microlp", "clarabel"];

/// Patches and solves until caches have what they keep, and those that are measured.
const WARM: usize = 500;
const MEASURED: usize = 1000;
/// Four kilobytes lost at every solve are this.
const MOST_GROWTH: u64 = 4096;

/// Kilobytes that this process and those below it have in memory.
fn resident() -> u64 {
    let of = |id: u32| {
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse::<u64>().ok()
    };
    family().into_iter().filter_map(of).sum()
}

#[test]
fn long_a_thousand_patches_leave_memory_as_it_was() {
    for_each(|backend| {
        if ASKED_ELSEWHERE.contains(&backend.name()) {
            return Vec::new();
        }
        alone(backend, "memory::long_a_thousand_patches_leave_memory_as_it_was", || {
            let problems = vec![("a MIP", knapsack(8, 2, 63)), ("an LP", covering(8, 63))];
            let Some((_, mut problem)) = taken(backend, problems).into_iter().next() else { return Vec::new() };
            let mut session = open(backend, &problem);
            let (mut found, mut before) = (Vec::new(), 0);
            for round in 0..WARM + MEASURED {
                let j = round % problem.num_columns();
                let patch = Patch::new().cost(j, (1 + round % 7) as f64).upper(j, (1 + round % 3) as f64).clone();
                let revision = Revision::new(&problem, &patch).expect("sound");
                session.apply(&revision).expect("what it takes it takes with other numbers");
                problem = Arc::clone(revision.problem());
                let claim = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new());
                if claim.as_ref().map(|claim| claim.termination.reason()) != Ok(Reason::Optimal) {
                    found.push(format!("round {round}: {claim:?}"));
                    return found;
                }
                if round == WARM {
                    before = resident();
                }
            }
            let growth = resident().saturating_sub(before);
            println!("{}: {before} kB, and {growth} more", backend.name());
            if growth > MOST_GROWTH {
                found.push(format!("{growth} kB more after {MEASURED} patches and solves, beside {before} kB"));
            }
            found
        })
    });
}
