//! Threads, as the kernel counts them: with two allowed two work at a time where that is declared, and one alone elsewhere. Work
//! is measured in a thread's own processor time, so that a busy machine changes nothing.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use farkas_backends::contract::{Backend, StopToken};
use farkas_backends::options::Options;

use crate::alone::alone;
use crate::ear::{Ear, limited, open, solve, taken};
use crate::for_each;
use crate::problems::{covering, knapsack};

/// How often the threads are looked at: some ticks of the kernel's clock.
const LOOK: Duration = Duration::from_millis(100);

/// So many ticks (10 ms each) side by side are two threads at work.
const TOGETHER: u64 = 15;

/// After so many ticks of one thread it is believed to work alone, where it is declared to.
const ALONE: u64 = 60;

/// After so many it is where two should: presolve and the root take one.
const LONG_ALONE: u64 = 800;

/// What threads have done, in ticks.
#[derive(Debug, Clone, Copy, Default)]
struct Work {
    /// Of the busiest thread, look by look.
    busiest: u64,
    /// Of the second beside it.
    second: u64,
    /// Of all.
    total: u64,
    /// What the clock on the wall went on by.
    wall: u64,
}

impl Work {
    /// Whether two were at work in the same looks. On a busy machine both may have had less than a core.
    fn is_shared(self) -> bool {
        self.second >= TOGETHER && 2 * self.second > self.busiest
    }

    /// Whether more was done than one core can: two that take turns are one at a time, as MIPCL's are, where one is allowed.
    fn is_more_than_one(self) -> bool {
        self.is_shared() && 4 * self.total > 5 * self.wall + 4 * TOGETHER
    }
}

/// Fields of `/proc/…/stat` after the program's name, which may have blanks.
fn stat(path: &str) -> Option<Vec<u64>> {
    let text = fs::read_to_string(path).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    // The first is a letter.
    Some(fields.split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0)).collect())
}

fn numbers(folder: &str) -> Vec<u32> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// This process and all below it: workers, and the programs that they run.
pub fn family() -> Vec<u32> {
    let parents: BTreeMap<u32, u32> = numbers("/proc")
        .into_iter()
        .filter_map(|id| Some((id, *stat(&format!("/proc/{id}/stat"))?.first()? as u32)))
        .collect();
    let mut family = vec![std::process::id()];
    let mut at = 0;
    while at < family.len() {
        let parent = family[at];
        family.extend(parents.iter().filter(|(_, of)| **of == parent).map(|(id, _)| *id));
        at += 1;
    }
    family
}

/// Ticks of processor time that each thread of the family has had.
fn used() -> BTreeMap<u32, u64> {
    let mut used = BTreeMap::new();
    // Whoever looks has work of his own.
    let own = fs::read_link("/proc/thread-self").ok();
    let own = own.and_then(|path| path.file_name()?.to_str()?.parse::<u32>().ok());
    for process in family() {
        for thread in numbers(&format!("/proc/{process}/task")).into_iter().filter(|thread| Some(*thread) != own) {
            if let Some([user, system]) =
                stat(&format!("/proc/{process}/task/{thread}/stat")).as_deref().and_then(|s| s.get(10..12))
            {
                used.insert(thread, user + system);
            }
        }
    }
    used
}

/// What is done with so many threads, until it is enough.
fn at_work(backend: &dyn Backend, threads: u32, enough: impl Fn(Work) -> bool + Sync) -> Work {
    let mip_or_lp = taken(backend, vec![("a MIP", knapsack(100, 10, 61)), ("an LP", covering(1500, 61))]);
    let Some((_, problem)) = mip_or_lp.first() else { return Work::default() };
    let options = Options { threads: Some(threads), ..limited(60.0) };
    let mut session = open(backend, problem);
    let stop = StopToken::new();
    let (done, is_done) = channel::<()>();
    std::thread::scope(|scope| {
        let (stop, enough) = (&stop, &enough);
        let watching = scope.spawn(move || {
            let (mut work, mut before, began) = (Work::default(), used(), Instant::now());
            // It waits on the solve and not on the clock.
            while is_done.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) && !enough(work) {
                let now = used();
                let mut had: Vec<u64> =
                    now.iter().map(|(thread, ticks)| ticks - before.get(thread).unwrap_or(&0).min(ticks)).collect();
                had.sort_unstable_by(|a, b| b.cmp(a));
                work.busiest += had.first().unwrap_or(&0);
                work.second += had.get(1).unwrap_or(&0);
                work.total += had.iter().sum::<u64>();
                work.wall = (began.elapsed().as_secs_f64() * 100.0).ceil() as u64;
                before = now;
            }
            stop.stop();
            work
        });
        solve(&mut *session, &options, &Ear::default(), stop);
        drop(done);
        watching.join().expect("nothing in it panics")
    })
}

/// What is wrong with how many work at a time, of so many allowed.
fn faults(backend: &dyn Backend, threads: u32, expected: bool) -> Vec<String> {
    let work = at_work(backend, threads, |work| {
        if expected { work.is_shared() || work.busiest >= LONG_ALONE } else { work.busiest >= ALONE }
    });
    let told = format!("{threads} threads allowed: {work:?}");
    println!("{}: {told}", backend.name());
    let several = if expected { work.is_shared() } else { work.is_more_than_one() };
    if several == expected && work.busiest > 0 { Vec::new() } else { vec![told] }
}

#[test]
pub fn one_works_where_one_is_allowed() {
    for_each(|backend| alone(backend, "threads::one_works_where_one_is_allowed", || faults(backend, 1, false)));
}

/// In a process of its own again: some leave the thread of a solve that was stopped to end by itself.
#[test]
pub fn two_work_where_that_is_declared() {
    for_each(|backend| {
        let declared = backend.capabilities().threads;
        alone(backend, "threads::two_work_where_that_is_declared", || faults(backend, 2, declared))
    });
}
