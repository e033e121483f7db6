//! How fast models are built until the solver holds them, and how fast files are read and written, each beside what it
//! is measured against, in turns: `cargo bench --bench speed -- [transport] [network] [read] [write]`.
//!
//! `FARKAS_BENCH_SIDE` (1000) is the side of the transport model, n² + n variables; `FARKAS_BENCH_NODES` (5000) the number
//! of nodes of the network, 144 variables each; `FARKAS_BENCH_ROUNDS` (5) how often each is timed. A line tells the
//! median in seconds and its ratio to the first of its table.

mod build;
mod ffi;
mod files;
mod hand;
mod models;

use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let [kind, case] = &arguments[..]
        && kind == "once"
    {
        return build::once(case);
    }
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|word| word == name);
    if wanted("transport") {
        build::transport();
    }
    if wanted("network") {
        build::network();
    }
    if wanted("read") || wanted("write") {
        files::run(wanted("read"), wanted("write"));
    }
    ExitCode::SUCCESS
}

/// A number from the environment.
fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn side() -> usize {
    setting("FARKAS_BENCH_SIDE", 1000)
}

fn rounds() -> usize {
    setting("FARKAS_BENCH_ROUNDS", 5).max(1)
}

/// One thing to be timed: its name, and what it does, which hands back something to be dropped outside the clock.
type Case<'a> = (&'a str, Box<dyn FnMut() -> Box<dyn std::any::Any> + 'a>);

/// Times all cases in turns, and prints medians and their ratio to the first.
fn table(title: &str, unit: Option<(&str, f64)>, cases: &mut [Case<'_>]) {
    let mut seconds: Vec<Vec<f64>> = cases.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds() {
        for ((_, work), seconds) in cases.iter_mut().zip(&mut seconds) {
            let begin = Instant::now();
            let result = work();
            seconds.push(begin.elapsed().as_secs_f64());
            drop(result);
        }
    }
    println!("\n{title}");
    let medians: Vec<f64> = seconds.iter_mut().map(|list| median(list)).collect();
    for ((name, _), median) in cases.iter().zip(&medians) {
        let speed = unit.map(|(unit, amount)| format!("{:9.0} {unit}", amount / median)).unwrap_or_default();
        println!("  {name:<44} {median:8.4} s {:7.2} ×{speed}", median / medians[0]);
    }
}

fn median(list: &mut [f64]) -> f64 {
    list.sort_by(f64::total_cmp);
    list[list.len() / 2]
}
