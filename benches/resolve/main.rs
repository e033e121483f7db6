//! What a solve of a tiny problem costs beside HiGHS' own call, and what a change and a warm solve cost: medians, all
//! measured in turns in one run. `cargo bench --bench resolve --features bench-highs`

mod ffi;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use farkas::prelude::*;

const SIZE: usize = 10;
const ROUNDS: usize = 2000;

fn cost(i: usize, j: usize) -> f64 {
    ((7 * i + 13 * j + i * j * 5) % 23 + 1) as f64
}

fn assignment() -> (Model, Vec<Var>) {
    let mut m = Model::new("assignment");
    let x = m.nonnegative("x").upper(1).over((0..SIZE, 0..SIZE));
    m.minimize(sum((0..SIZE, 0..SIZE), |(i, j)| cost(i, j) * x[(i, j)]));
    m.rows("worker", 0..SIZE, |i| sum(0..SIZE, |j| x[(i, j)]).eq(1));
    m.rows("task", 0..SIZE, |j| sum(0..SIZE, |i| x[(i, j)]).eq(1));
    let variables = x.members().to_vec();
    (m, variables)
}

/// Median microseconds of several things, done in turns so that each meets the same machine.
fn medians(things: &mut [(&str, &mut dyn FnMut(usize) -> f64)]) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(ROUNDS); things.len()];
    for round in 0..ROUNDS + 100 {
        let mut objectives = Vec::new();
        for (thing, times) in things.iter_mut().zip(&mut times) {
            let begin = Instant::now();
            objectives.push(black_box((thing.1)(round)));
            if round >= 100 {
                times.push(begin.elapsed().as_secs_f64() * 1e6);
            }
        }
        assert!(objectives.windows(2).all(|w| (w[0] - w[1]).abs() < 1e-6), "round {round}: {objectives:?}");
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let medians: Vec<f64> = times.into_iter().map(median).collect();
    for (thing, median) in things.iter().zip(&medians) {
        println!("{:<52} {median:8.1} µs", thing.0);
    }
    medians
}

fn verdict(what: &str, got: f64, most: f64) {
    println!("{} {what}: {got:.1} of at most {most:.1} µs\n", if got <= most { "met:   " } else { "MISSED:" });
}

fn main() {
    let (m, x) = assignment();
    let problem = Arc::new(m.freeze().expect("a sound model"));
    let solver = Solver::highs();
    // HiGHS' scheduler belongs to a thread, and keeps the number of threads that it began with.
    let untold = std::thread::scope(|scope| {
        let measure =
            || medians(&mut [("HiGHS' own call, presolve off", &mut |_| ffi::Raw::load(&problem, 0).run())])[0];
        scope.spawn(measure).join().expect("measured")
    });
    let once = medians(&mut [
        ("HiGHS' own call, presolve off, told to use one thread", &mut |_| ffi::Raw::load(&problem, 1).run()),
        ("problem in memory to answer in memory", &mut |_| {
            solver.solve_problem(&problem).expect("solved").objective().expect("optimal")
        }),
        ("model in memory to answer in memory", &mut |_| m.solve().expect("solved").objective().expect("optimal")),
    ]);
    verdict("a solve beside HiGHS' own call", once[2], untold + 15.0);
    verdict("a solve beside HiGHS' own call of one thread", once[2], once[0] + 15.0);

    let mut raw = ffi::Raw::load(&problem, 1);
    raw.run();
    let mut open = m.open(Solver::highs()).expect("opened");
    open.solve().expect("solved");
    // One cell after the other is closed, and the one before opened again.
    let cell = |round: usize| (round * 37) % (SIZE * SIZE);
    let warm = medians(&mut [
        ("HiGHS' own: two bounds changed, solved again", &mut |round| {
            raw.upper(cell(round), 1.0);
            raw.upper(cell(round + 1), 0.0);
            raw.run()
        }),
        ("the same in an open model", &mut |round| {
            open.upper(x[cell(round)], 1).expect("a bound");
            open.upper(x[cell(round + 1)], 0).expect("a bound");
            open.solve().expect("solved").objective().expect("optimal")
        }),
    ]);
    verdict("changed and solved again", warm[1], 60.0);

    // A cell without which it costs more is closed and opened in turns: every solve has to move.
    let optimum = m.solve().expect("solved");
    let (mut raw, mut open) = (ffi::Raw::load(&problem, 1), m.open(Solver::highs()).expect("opened"));
    let mut costs_more = |&k: &usize| {
        open.upper(x[k], 0).expect("a bound");
        let closed = open.solve().expect("solved").objective();
        open.upper(x[k], 1).expect("a bound");
        closed > optimum.objective()
    };
    let used: Vec<usize> = (0..SIZE * SIZE).filter(&mut costs_more).collect();
    let (cell, bound) = (|round: usize| used[(round / 2) % used.len()], |round: usize| (round % 2) as u8);
    let moved = medians(&mut [
        ("HiGHS' own: a needed cell closed or opened, solved again", &mut |round| {
            raw.upper(cell(round), f64::from(bound(round)));
            raw.run()
        }),
        ("the same in an open model", &mut |round| {
            open.upper(x[cell(round)], bound(round)).expect("a bound");
            open.solve().expect("solved").objective().expect("optimal")
        }),
    ]);
    verdict("changed so that the optimum moves", moved[1], 60.0);
}
