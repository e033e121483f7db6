//! What the service adds to a solve: `cargo bench --bench service -- [one] [beside] [queue]`, all parts if none is named.
//!
//! - `one`: a client that sends tiny problems one after another and waits for each answer.
//! - `beside`: the same while a hard problem keeps all cores busy.
//! - `queue`: sixty-four clients that only submit, until the last of their jobs is over.
//!
//! `farkas serve` is a process of its own, its data in the temporary folder (`TMPDIR`): what an fsync takes there is a part of
//! every figure. `FARKAS_BENCH_ROUNDS` (500) says how many requests are timed, and for how many hundredths of a second
//! jobs are submitted. Clients and service share the machine.

mod service;

use std::time::{Duration, Instant};

use service::{Client, Service};

/// Clients that submit at once.
const CLIENTS: usize = 64;

/// Two columns and two rows.
const TINY: &str = "NAME tiny
ROWS
 N obj
 L capacity
 G mix
COLUMNS
 x obj -3 capacity 2
 x mix 1
 y obj -2 capacity 1
 y mix -1
RHS
 rhs capacity 12.5 mix -2
BOUNDS
 UP bnd x 10
 UP bnd y 10
ENDATA
";

/// The same in integers.
fn tiny_integer() -> String {
    TINY.replace("COLUMNS\n", "COLUMNS\n M1 'MARKER' 'INTORG'\n").replace("RHS\n", " M2 'MARKER' 'INTEND'\nRHS\n")
}

/// A market split problem (Cornuéjols and Dawande 1998), which nobody solves in a minute.
fn hard() -> String {
    let (rows, columns) = (5, 45);
    let weight = |i: usize, j: usize| (i * 7919 + j * 104_729 + i * j * 31) % 100;
    let half = |i: usize| (0..columns).map(|j| weight(i, j)).sum::<usize>() / 2;
    let mut lines = vec!["NAME hard".to_owned(), "ROWS".to_owned(), " N obj".to_owned()];
    lines.extend((0..rows).map(|i| format!(" E r{i}")));
    lines.push("COLUMNS\n M1 'MARKER' 'INTORG'".to_owned());
    lines.extend((0..columns).flat_map(|j| (0..rows).map(move |i| format!(" x{j} r{i} {}", weight(i, j)))));
    lines.push(" M2 'MARKER' 'INTEND'".to_owned());
    lines.extend((0..rows).map(|i| format!(" p{i} obj 1 r{i} 1\n q{i} obj 1 r{i} -1")));
    lines.push("RHS".to_owned());
    lines.extend((0..rows).map(|i| format!(" rhs r{i} {}", half(i))));
    lines.push("BOUNDS".to_owned());
    lines.extend((0..columns).map(|j| format!(" UP bnd x{j} 1")));
    lines.push("ENDATA\n".to_owned());
    lines.join("\n")
}

fn rounds() -> usize {
    std::env::var("FARKAS_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(500).max(10)
}

/// A value below which this share of the list is.
fn quantile(list: &mut [f64], share: f64) -> f64 {
    list.sort_by(f64::total_cmp);
    list[((list.len() - 1) as f64 * share) as usize]
}

/// Sends a problem again and again, and waits for each answer.
fn one_after_another(what: &str, service: &Service, problem: &str) {
    let client = Client::of(service);
    for _ in 0..20 {
        client.solved(problem);
    }
    let (mut whole, mut beyond) = (Vec::new(), Vec::new());
    for _ in 0..rounds() {
        let begin = Instant::now();
        let lane_seconds = client.solved(problem);
        let seconds = begin.elapsed().as_secs_f64();
        whole.push(1e3 * seconds);
        beyond.push(1e3 * (seconds - lane_seconds));
    }
    println!(
        "  {what:<34} {:8.2} {:8.2} {:8.2}",
        quantile(&mut whole, 0.5),
        quantile(&mut whole, 0.99),
        quantile(&mut beyond, 0.5)
    );
}

fn through_the_queue(service: &Service) {
    let seconds = Duration::from_millis(10 * rounds() as u64);
    let begin = Instant::now();
    let submit = |_| {
        let client = Client::of(service);
        std::thread::spawn(move || {
            let mut times = Vec::new();
            while begin.elapsed() < seconds {
                let sent = Instant::now();
                client.submitted(TINY, "");
                times.push(1e3 * sent.elapsed().as_secs_f64());
            }
            times
        })
    };
    let clients: Vec<_> = (0..CLIENTS).map(submit).collect();
    let mut times: Vec<f64> =
        clients.into_iter().flat_map(|client| client.join().expect("a client panicked")).collect();
    let accepted = times.len() as f64 / begin.elapsed().as_secs_f64();
    Client::of(service).wait_until_idle();
    let over = times.len() as f64 / begin.elapsed().as_secs_f64();
    println!("  {} jobs by {CLIENTS} clients: accepted {accepted:.0} a second, over {over:.0} a second;", times.len());
    println!("  an answer took {:.1} ms, 99 % within {:.1}", quantile(&mut times, 0.5), quantile(&mut times, 0.99));
}

fn main() {
    let parts: Vec<String> = std::env::args().skip(1).filter(|part| !part.starts_with('-')).collect();
    let is_wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    if is_wanted("one") || is_wanted("beside") {
        println!("\n  milliseconds of a request that waits:  median     99 %   beyond the lane's own, median");
    }
    if is_wanted("one") {
        let service = Service::start();
        one_after_another("tiny linear program", &service, TINY);
        one_after_another("tiny integer program", &service, &tiny_integer());
    }
    if is_wanted("beside") {
        let service = Service::start();
        Client::of(&service).submitted(&hard(), "?time_limit_seconds=600");
        std::thread::sleep(Duration::from_secs(2));
        one_after_another("tiny linear program beside a hard one", &service, TINY);
    }
    if is_wanted("queue") {
        println!();
        through_the_queue(&Service::start());
    }
}
