//! How fast models are built until the solver holds them, and how fast files are read and written, each beside what it
//! is measured against, in turns, in one process: `cargo bench --bench speed -- [transport] [network] [read] [write]`.
//!
//! `FARKAS_BENCH_SIDE` (1000) is the side of the transport model, n² + n variables; `FARKAS_BENCH_NODES` (5000) the number
//! of nodes of the network, 144 variables each; `FARKAS_BENCH_ROUNDS` (5) how often each is timed. A line tells the
//! median in seconds and its ratio to the first of its table.

mod ffi;
mod files;
mod hand;
mod models;

use std::process::{Command, ExitCode};
use std::time::Instant;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let [kind, case] = &arguments[..]
        && kind == "memory-of"
    {
        return memory_of(case);
    }
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|word| word == name);
    if wanted("transport") {
        transport();
    }
    if wanted("network") {
        network();
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

fn transport() {
    let n = side();
    let (plants, cities) = (models::numbers(n), models::numbers(n));
    let (plant_names, city_names) = (models::names('p', n), models::names('c', n));
    let title = format!("Transport with linking rows, {} variables, until HiGHS holds it", n * n + n);
    table(
        &title,
        None,
        &mut [
            ("rows filled by hand, one call", Box::new(|| Box::new(ffi::Highs::load(&hand::transport(n))))),
            ("language, keys found by place", Box::new(|| Box::new(models::held(models::by_place(&plants, &cities))))),
            (
                "language, String keys hashed",
                Box::new(|| Box::new(models::held(models::by_name(&plant_names, &city_names)))),
            ),
        ],
    );
    let (model, arrays) = (models::by_place(&plants, &cities), hand::transport(n));
    let problem = models::frozen(&model);
    table(
        "Its parts",
        None,
        &mut [
            ("rows filled by hand", Box::new(|| Box::new(hand::transport(n)))),
            ("HiGHS takes rows", Box::new(|| Box::new(ffi::Highs::load(&arrays)))),
            ("writing, keys found by place", Box::new(|| Box::new(models::by_place(&plants, &cities)))),
            ("writing, String keys hashed", Box::new(|| Box::new(models::by_name(&plant_names, &city_names)))),
            ("freezing", Box::new(|| Box::new(models::frozen(&model)))),
            ("HiGHS takes the frozen problem", Box::new(|| Box::new(models::opened(&problem)))),
        ],
    );
    memory(&["hand", "place", "name"]);
}

fn network() {
    let net = models::Network::new(setting("FARKAS_BENCH_NODES", 5000));
    let title = format!("Sparse network keyed by strings, {} variables, until HiGHS holds it", net.variables());
    table(
        &title,
        None,
        &mut [
            ("rows filled by hand, one call", Box::new(|| Box::new(ffi::Highs::load(&hand::network(&net))))),
            ("language, keys found by place", Box::new(|| Box::new(models::held(models::network(&net))))),
            ("language, strings hashed", Box::new(|| Box::new(models::held(models::network_by_name(&net))))),
        ],
    );
    let (model, arrays) = (models::network(&net), hand::network(&net));
    let problem = models::frozen(&model);
    table(
        "Its parts",
        None,
        &mut [
            ("rows filled by hand", Box::new(|| Box::new(hand::network(&net)))),
            ("HiGHS takes rows", Box::new(|| Box::new(ffi::Highs::load(&arrays)))),
            ("writing, keys found by place", Box::new(|| Box::new(models::network(&net)))),
            ("writing, strings hashed", Box::new(|| Box::new(models::network_by_name(&net)))),
            ("freezing", Box::new(|| Box::new(models::frozen(&model)))),
            ("HiGHS takes the frozen problem", Box::new(|| Box::new(models::opened(&problem)))),
        ],
    );
}

/// Peak memory of building and freezing, each in a process of its own.
fn memory(cases: &[&str]) {
    let Ok(program) = std::env::current_exe() else { return };
    println!("\nPeak memory of building (and freezing), without the solver");
    let mut first = None;
    for case in cases {
        let output = Command::new(&program).args(["memory-of", case]).output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let Ok(mib) = text.trim().parse::<f64>() else {
            println!("  {case:<44} not measured (this needs Linux' /proc)");
            continue;
        };
        println!("  {case:<44} {mib:6.0} MiB {:6.2} ×", mib / *first.get_or_insert(mib));
    }
}

/// Builds one model and prints by how many MiB the process grew at most.
fn memory_of(case: &str) -> ExitCode {
    let n = side();
    let (numbers, plants, cities) = (models::numbers(n), models::names('p', n), models::names('c', n));
    let Some(before) = resident("VmRSS:") else { return ExitCode::FAILURE };
    let built: Box<dyn std::any::Any> = match case {
        "hand" => Box::new(hand::transport(n)),
        "place" => Box::new(models::by_place(&numbers, &numbers).into_problem()),
        _ => Box::new(models::by_name(&plants, &cities).into_problem()),
    };
    let Some(peak) = resident("VmHWM:") else { return ExitCode::FAILURE };
    drop(built);
    println!("{:.1}", peak - before);
    ExitCode::SUCCESS
}

/// A line of the kernel's account of this process, in MiB.
fn resident(key: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(key))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}
