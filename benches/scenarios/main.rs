//! Ten thousand scenarios of one 200×200 linear program: what two warm sessions bring beside one, and beside a Python loop
//! over HiGHS' own package, warm and as it is mostly written. Rounds in turns, ratios of their medians.
//! `cargo bench --bench scenarios`; the loop is run where `FARKAS_HIGHSPY` names a Python that has `highspy` and `numpy`.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use farkas::backends::batch::Scenario;
use farkas::modeling::Problem;
use farkas::modeling::formats::mps;
use farkas::modeling::patch::Patch;
use farkas::prelude::*;

const SIZE: usize = 200;
const SCENARIOS: usize = 10_000;
/// So many when each scenario is built anew: the loop that does so is slow.
const ANEW: usize = 1_000;
const ROUNDS: usize = 3;

/// Numbers in [0, 1), the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Products that are made of shared resources at a price: a tenth of the matrix is there.
fn base() -> (Arc<Problem>, Vec<f64>) {
    let mut numbers = Numbers(1);
    let mut m = Model::new("scenarios");
    let x = m.nonnegative("x").over(0..SIZE);
    let prices: Vec<f64> = (0..SIZE).map(|_| 1.0 + (20.0 * numbers.next()).round()).collect();
    m.minimize(sum(0..SIZE, |j| prices[j] * x[j]));
    let needs: Vec<f64> = (0..SIZE).map(|_| 50.0 + (100.0 * numbers.next()).round()).collect();
    let shares: Vec<Vec<f64>> = (0..SIZE)
        .map(|i| {
            let share = |j: usize, a: f64, b: f64| if i == j || a < 0.1 { 1.0 + (9.0 * b).round() } else { 0.0 };
            (0..SIZE).map(|j| share(j, numbers.next(), numbers.next())).collect()
        })
        .collect();
    m.rows("need", 0..SIZE, |i| sum(0..SIZE, |j| shares[i][j] * x[j]).ge(needs[i]));
    (Arc::new(m.freeze().expect("a sound model")), needs)
}

/// Every need of a scenario, within a tenth of the base's.
fn needs(base: &[f64], count: usize) -> Vec<Vec<f64>> {
    let mut numbers = Numbers(2);
    (0..count).map(|_| base.iter().map(|need| need * (0.9 + 0.2 * numbers.next())).collect()).collect()
}

fn patches(needs: &[Vec<f64>]) -> impl Iterator<Item = Patch> + Send {
    needs.iter().map(|needs| {
        let mut patch = Patch::new();
        for (i, &need) in needs.iter().enumerate() {
            patch.row_lower(i, need);
        }
        patch
    })
}

/// Seconds, and the sum of the objectives.
fn by_farkas(problem: &Arc<Problem>, needs: &[Vec<f64>], threads: u32) -> (f64, f64) {
    let began = Instant::now();
    let answers = Solver::highs().threads(threads).solve_many(problem, patches(needs)).expect("HiGHS is linked");
    let seconds = began.elapsed().as_secs_f64();
    let objective = |answer: Scenario| answer.expect("solved").objective().expect("optimal");
    (seconds, answers.into_iter().map(objective).sum())
}

/// The same of the loop in Python, which prints both.
fn by_loop(python: &str, how: &str, folder: &Path) -> (f64, f64) {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scenarios/highspy_loop.py");
    let out = Command::new(python).arg(program).arg(how).arg(folder).output().expect("a Python");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let out = String::from_utf8(out.stdout).expect("numbers");
    let mut numbers = out.lines().last().unwrap_or_default().split(' ').map(|number| number.parse().expect("a number"));
    (numbers.next().expect("seconds"), numbers.next().expect("a sum"))
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// What is done, its seconds and the sum of its objectives.
type Thing<'a> = (&'a str, &'a mut dyn FnMut() -> (f64, f64));

/// Microseconds a scenario, things done in turns.
fn measure(count: usize, things: &mut [Thing<'_>]) -> Vec<f64> {
    let mut seconds = vec![Vec::new(); things.len()];
    for _ in 0..ROUNDS {
        let mut sums = Vec::new();
        for (thing, seconds) in things.iter_mut().zip(&mut seconds) {
            let (took, sum) = (thing.1)();
            seconds.push(took);
            sums.push(sum);
        }
        assert!(sums.iter().all(|sum| (sum - sums[0]).abs() < 1e-6 * sums[0].abs()), "{sums:?}");
    }
    let micros: Vec<f64> = seconds.into_iter().map(|seconds| median(seconds) * 1e6 / count as f64).collect();
    for (thing, micros) in things.iter().zip(&micros) {
        println!("{:<44} {micros:9.1} µs a scenario", thing.0);
    }
    micros
}

fn verdict(what: &str, ratio: f64, least: f64) {
    println!("{} {what}: {ratio:.2} times, of at least {least}", if ratio >= least { "met:   " } else { "MISSED:" });
}

fn main() {
    let (problem, base) = base();
    let all = needs(&base, SCENARIOS);
    let cores = measure(
        SCENARIOS,
        &mut [
            ("one session", &mut || by_farkas(&problem, &all, 1)),
            ("two sessions", &mut || by_farkas(&problem, &all, 2)),
        ],
    );
    verdict("two cores beside one", cores[0] / cores[1], 1.8);

    let Ok(python) = std::env::var("FARKAS_HIGHSPY") else {
        println!("not run: the loop over highspy; FARKAS_HIGHSPY names no Python that has it");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let mut model = std::fs::File::create(folder.path().join("model.mps")).expect("a file");
    mps::write(&problem, mps::Layout::Free, &mut model).expect("written");
    let bytes = |needs: &[Vec<f64>]| needs.iter().flatten().flat_map(|need| need.to_le_bytes()).collect::<Vec<u8>>();
    std::fs::write(folder.path().join("needs.f64"), bytes(&all)).expect("written");
    let warm = measure(
        SCENARIOS,
        &mut [
            ("two sessions", &mut || by_farkas(&problem, &all, 2)),
            ("Python: one Highs, the sides changed", &mut || by_loop(&python, "warm", folder.path())),
        ],
    );
    verdict("beside a warm loop in Python", warm[1] / warm[0], 3.0);
    std::fs::write(folder.path().join("needs.f64"), bytes(&all[..ANEW])).expect("written");
    let anew = measure(
        ANEW,
        &mut [
            ("two sessions", &mut || by_farkas(&problem, &all[..ANEW], 2)),
            ("Python: a Highs for each scenario", &mut || by_loop(&python, "anew", folder.path())),
        ],
    );
    verdict("beside a loop in Python that begins anew", anew[1] / anew[0], 3.0);
}
