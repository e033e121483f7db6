//! Building until the solver holds the model, by hand and in the language: in turns, every time in a process of its own, so
//! that none finds memory that another has left warm.

use std::process::{Command, ExitCode};
use std::time::Instant;

use super::models::{self, HOURS, Network};
use super::{ffi, hand, median, rounds, setting, side};

/// What one process measured: seconds of writing, freezing and loading, and by how many MiB it grew before the solver came.
const FIGURES: usize = 4;

pub fn transport() {
    let n = side();
    let title = format!("Transport with linking rows, {} variables, until HiGHS holds it", n * n + n);
    table(
        &title,
        &[
            ("rows filled by hand, one call", "transport-hand"),
            ("language, keys found by place", "transport-place"),
            ("language, String keys looked up", "transport-name"),
        ],
    );
}

pub fn network() {
    let title = format!("Sparse network keyed by strings, {} variables, until HiGHS holds it", nodes() * HOURS * 6);
    table(
        &title,
        &[
            ("rows filled by hand, one call", "network-hand"),
            ("language, keys found by place", "network-place"),
            ("language, strings looked up", "network-name"),
        ],
    );
}

fn nodes() -> usize {
    setting("FARKAS_BENCH_NODES", 5000)
}

fn table(title: &str, cases: &[(&str, &str)]) {
    let mut figures: Vec<Vec<[f64; FIGURES]>> = vec![Vec::new(); cases.len()];
    for _ in 0..rounds() {
        for ((_, case), figures) in cases.iter().zip(&mut figures) {
            match measured(case) {
                Some(measured) => figures.push(measured),
                None => return println!("\n{title}: '{case}' was not measured (this needs Linux' /proc)"),
            }
        }
    }
    println!("\n{title}");
    println!(
        "  {:<34} {:>19} {:>9} {:>9} {:>9} {:>18}",
        "", "whole", "writing", "freezing", "loading", "memory before"
    );
    let of = |figures: &[[f64; FIGURES]], value: &dyn Fn(&[f64; FIGURES]) -> f64| {
        median(&mut figures.iter().map(value).collect::<Vec<f64>>())
    };
    let whole = |f: &[f64; FIGURES]| f[0] + f[1] + f[2];
    let (seconds, mib) = (of(&figures[0], &whole), of(&figures[0], &|f| f[3]));
    for ((name, _), figures) in cases.iter().zip(&figures) {
        let (total, memory) = (of(figures, &whole), of(figures, &|f| f[3]));
        let [writing, freezing, loading] = [0, 1, 2].map(|part| of(figures, &|f| f[part]));
        println!(
            "  {name:<34} {total:8.4} s {:6.2} × {writing:9.4} {freezing:9.4} {loading:9.4} {memory:6.0} MiB {:5.2} ×",
            total / seconds,
            memory / mib
        );
    }
}

fn measured(case: &str) -> Option<[f64; FIGURES]> {
    let output = Command::new(std::env::current_exe().ok()?).args(["once", case]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let figures: Vec<f64> = text.split_whitespace().map_while(|figure| figure.parse().ok()).collect();
    figures.try_into().ok()
}

/// Builds one model once and prints what that took.
pub fn once(case: &str) -> ExitCode {
    let n = side();
    let (numbers, plants, cities) = (models::numbers(n), models::names('p', n), models::names('c', n));
    let net = Network::new(nodes());
    let Some(before) = resident("VmRSS:") else { return ExitCode::FAILURE };
    let mut clock = Clock { last: Instant::now(), figures: Vec::new() };
    if case.ends_with("hand") {
        let arrays = if case.starts_with("network") { hand::network(&net) } else { hand::transport(n) };
        clock.lap();
        clock.figures.push(0.0);
        let peak = clock.peak();
        let _highs = ffi::Highs::load(&arrays);
        drop(arrays);
        clock.lap();
        clock.print(peak - before);
        return ExitCode::SUCCESS;
    }
    let model = match case {
        "transport-place" => models::by_place(&numbers, &numbers),
        "transport-name" => models::by_name(&plants, &cities),
        "network-place" => models::network(&net),
        _ => models::network_by_name(&net),
    };
    clock.lap();
    let problem = models::problem(model);
    clock.lap();
    let peak = clock.peak();
    let _session = models::opened(&problem);
    clock.lap();
    clock.print(peak - before);
    ExitCode::SUCCESS
}

struct Clock {
    last: Instant,
    figures: Vec<f64>,
}

impl Clock {
    fn lap(&mut self) {
        self.figures.push(self.last.elapsed().as_secs_f64());
        self.last = Instant::now();
    }

    /// The most memory so far, outside the clock.
    fn peak(&mut self) -> f64 {
        let peak = resident("VmHWM:").unwrap_or(f64::NAN);
        self.last = Instant::now();
        peak
    }

    fn print(&self, mib: f64) {
        self.figures.iter().for_each(|seconds| print!("{seconds:.6} "));
        println!("{mib:.1}");
    }
}

/// A line of the kernel's account of this process, in MiB.
fn resident(key: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(key))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}
