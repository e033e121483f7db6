//! Changing and solving again, lazy rows, callbacks, futures, pools, starts, reports and explanations: the facade's whole way.
#![cfg(feature = "highs")]

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use farkas::modeling::Tolerances;
use farkas::modeling::answer::{BasisStatus, EvidenceLevel};
use farkas::modeling::model::ChangeError;
use farkas::prelude::*;
use farkas::report::{Publish, ReportedAnswer};

/// A knapsack whose search takes a while and a few incumbents.
fn knapsack(items: usize) -> (Model, Vec<Var>) {
    let weight = |i: usize| ((i * 7919) % 97 + 20) as f64;
    let mut m = Model::new("knapsack");
    let take = m.binary("take").over(0..items);
    m.maximize(sum(0..items, |i| (weight(i) + ((i * 31) % 17) as f64) * take[i]));
    m.row("capacity", sum(0..items, |i| weight(i) * take[i]).le((0..items).map(weight).sum::<f64>() / 2.0));
    m.row("other", sum(0..items, |i| weight(items - 1 - i) * take[i]).le((0..items).map(weight).sum::<f64>() / 2.0));
    let variables = take.members().to_vec();
    (m, variables)
}

/// A chain of changes, each answered as a model that was written so from the beginning.
#[test]
fn every_answer_is_that_of_a_fresh_model() {
    let build = |cap: f64, cost: f64, extra: bool, without: Option<usize>| {
        let mut m = Model::new("fresh");
        let x = m.nonnegative("x").upper(8).over(0..4);
        let left = |i: usize| f64::from(u8::from(without != Some(i)));
        let more = m.nonnegative("more").upper(if extra { 3 } else { 0 }).one();
        m.minimize(sum(0..4, |i| if i == 1 { cost } else { f64::from(i + 2) } * x[i]) + 0.5 * more);
        m.row("need", (sum(0..4, |i| left(i) * x[i]) + more).ge(12));
        m.row("cap", x[0].le(cap));
        m.solve().expect("solved").objective()
    };
    let mut m = Model::new("changing");
    let x = m.nonnegative("x").upper(8).over(0..4);
    m.minimize(sum(0..4, |i| (i + 2) * x[i]));
    let need = m.row("need", sum(0..4, |i| x[i]).ge(12));
    let cap = m.row("cap", x[0].le(100));
    let mut s = m.open(Solver::highs()).unwrap();
    assert_eq!(s.solve().unwrap().objective(), build(100.0, 3.0, false, None));
    s.rhs(cap, 5).unwrap();
    assert_eq!(s.solve().unwrap().objective(), build(5.0, 3.0, false, None));
    s.cost(x[1], 9).unwrap();
    let more = s.column(Column::nonnegative("more").upper(3).cost(0.5).entry(need, 1)).unwrap();
    let with_more = s.solve().unwrap();
    assert_eq!(with_more.objective(), build(5.0, 9.0, true, None));
    assert_eq!((with_more.value(more), with_more.value_of("more")), (3.0, Some(3.0)));
    s.remove_variable(x[2]).unwrap();
    let without = s.solve().unwrap();
    assert_eq!(without.objective(), build(5.0, 9.0, true, Some(2)));
    // What was removed counts as 0, has no dual, and is left out of its family.
    assert_eq!((without.value(x[2]), without.reduced_cost(x[2])), (0.0, None));
    assert_eq!(without.values(&x).map(|(i, _)| i).collect::<Vec<_>>(), [0, 1, 3]);
    assert_eq!(without.value(x[3]), without.value_of("x[3]").unwrap());
    assert!(matches!(s.upper(x[2], 1), Err(ChangeError::Removed { .. })));
    s.remove_row("cap").unwrap();
    s.remove_variable(more).unwrap();
    assert_eq!(s.solve().unwrap().objective(), build(100.0, 9.0, false, Some(2)));
    // Infeasible, and back.
    s.rhs(need, 1000).unwrap();
    assert_eq!(s.solve().unwrap().reason(), Reason::Infeasible);
    s.rhs(need, 12).unwrap();
    assert_eq!(s.solve().unwrap().objective(), build(100.0, 9.0, false, Some(2)));
    // Whole numbers, another objective.
    s.kind(x[1], farkas::modeling::ColumnKind::Integer).unwrap();
    s.objective(farkas::modeling::Sense::Maximize, x[1] - 0.5 * x[3]).unwrap();
    s.coefficient(need, x[1], 0.75).unwrap();
    assert_eq!(s.solve().unwrap().objective(), Some(8.0));
}

#[test]
fn duals_slacks_and_bases_by_handle_name_and_family() {
    let plants = ["Lyon", "Nantes"];
    let mut m = Model::new("answers");
    let make = m.nonnegative("make").over(&plants);
    m.minimize(2 * make[&plants[0]] + 3 * make[&plants[1]]);
    let need = m.row("need", sum(&plants, |p| make[p]).ge(10));
    let cap = m.rows("cap", &plants, |p| make[p].le(8));
    let a = m.solve().unwrap();
    assert_eq!((a.dual(need), a.dual_of("need"), a.dual_of("nothing")), (Some(3.0), Some(3.0), None));
    assert_eq!(a.duals_by(&cap).map(|(p, y)| (*p, y)).collect::<Vec<_>>(), [("Lyon", -1.0), ("Nantes", 0.0)]);
    assert_eq!(a.slacks(&cap).map(|(_, slack)| slack).collect::<Vec<_>>(), [0.0, 6.0]);
    assert_eq!((a.slack_of("cap[Nantes]"), a.reduced_cost_of("make[Lyon]")), (Some(6.0), Some(0.0)));
    assert_eq!(a.reduced_costs_by(&make).map(|(_, cost)| cost).collect::<Vec<_>>(), [0.0, 0.0]);
    assert_eq!(a.basis_status(make[&plants[1]]), Some(BasisStatus::Basic));
    assert_eq!(a.row_basis_status(cap[&plants[1]]), Some(BasisStatus::Basic));
    let mut sick = m.clone();
    sick.row("more", sum(&plants, |p| make[p]).ge(17));
    let none = sick.solve().unwrap();
    assert!(none.farkas_of(cap[&plants[0]]).unwrap() < 0.0 && none.ray_of(make[&plants[0]]).is_none());
    let mut free = Model::new("unbounded");
    let x = free.nonnegative("x").one();
    let y = free.nonnegative("y").one();
    free.maximize(x);
    free.row("tie", (x - y).le(1));
    let ray = free.solve().unwrap();
    assert!(ray.ray_of(x).unwrap() > 0.0 && ray.ray_of(y).unwrap() > 0.0);
}

/// Wakes by counting: a runtime of one future.
struct Count(AtomicUsize, std::thread::Thread);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
        self.1.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let count = Arc::new(Count(AtomicUsize::new(0), std::thread::current()));
    let waker = Waker::from(Arc::clone(&count));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => {
                while count.0.swap(0, Ordering::SeqCst) == 0 {
                    std::thread::park();
                }
            }
        }
    }
}

#[test]
fn a_future_gives_the_answer_and_stops_when_it_is_dropped() {
    let (m, take) = knapsack(12);
    let answer = block_on(m.solve_async()).unwrap();
    assert_eq!(answer.objective(), m.solve().unwrap().objective());
    assert!(answer.value(take[0]) >= 0.0);
    // Stopped before it can end: it still answers, within moments.
    let (hard, _) = knapsack(300);
    let solving = Solver::highs().gap(0.0).solve_async(&hard);
    solving.stop();
    let stopped = block_on(solving).unwrap();
    assert!(matches!(stopped.reason(), Reason::Feasible | Reason::NoSolutionFound | Reason::Optimal));
    drop(Solver::highs().gap(0.0).solve_async(&hard));
    let mut sick = Model::new("sick");
    let x = sick.nonnegative("x").one();
    sick.minimize(f64::NAN * x);
    assert!(matches!(block_on(sick.solve_async()), Err(SolveError::Model(_))));
}

#[test]
fn progress_is_heard_and_may_stop_the_solve() {
    let (m, _) = knapsack(40);
    let heard = Mutex::new(Vec::new());
    let answer = Solver::highs()
        .gap(0.0)
        .pool(3)
        .on_progress(|one| {
            assert!(one.seconds >= 0.0);
            if let SolveEvent::Incumbent { point, .. } = one.event {
                heard.lock().unwrap().push(point.objective());
            }
        })
        .solve(&m)
        .unwrap();
    let heard = heard.into_inner().unwrap();
    assert!(heard.is_sorted_by(|a, b| a < b) && heard.last().copied() == answer.objective(), "{heard:?}");
    // The pool holds the best of what was seen, best first: incumbents or better, and the answer's own point among them.
    let pool: Vec<f64> = answer.pool().iter().map(|point| point.objective()).collect();
    let incumbents = heard.iter().rev().take(3);
    assert!(pool.len() == 3 && pool.iter().zip(incumbents).all(|(kept, heard)| kept >= heard), "{pool:?} {heard:?}");
    assert_eq!(answer.pool()[0].values()[..], *answer.point().unwrap());
    let stop = StopToken::new();
    let token = stop.clone();
    let (hard, _) = knapsack(300);
    let stopped = Solver::highs()
        .gap(0.0)
        .time_limit(Duration::from_secs(60))
        .stop_token(stop)
        .on_progress(move |one| {
            if matches!(one.event, SolveEvent::Incumbent { .. }) {
                token.stop();
            }
        })
        .solve(&hard)
        .unwrap();
    assert!(stopped.has_point() && stopped.seconds() < 55.0);
}

#[test]
fn a_start_is_used() {
    let (m, take) = knapsack(60);
    let best = Solver::highs().solve(&m).unwrap();
    // With no nodes and no time to search, only the start explains the point.
    let chosen: Vec<(Var, f64)> = take.iter().map(|&x| (x, best.value(x).round())).collect();
    let from = |solver: Solver<'static>| solver.options(|o| o.node_limit = Some(0)).solve(&m).unwrap().objective();
    let same = |a: Option<f64>| a.zip(best.objective()).is_some_and(|(a, b)| (a - b).abs() < 1e-6);
    assert!(same(from(Solver::highs().start(chosen))));
    assert!(same(from(Solver::highs().start(&best))));
    let wrong = Solver::highs().start(vec![0.0; 3]).solve(&m);
    assert!(matches!(wrong, Err(SolveError::Unsupported(why)) if why.contains("3 values for 60 variables")));
}

#[test]
fn lazy_rows_that_cut_nothing_off_are_an_error() {
    let (m, take) = knapsack(10);
    let idle = Solver::highs().solve_lazy(&m, |_, cuts| cuts.row("idle", (take[0] + take[1]).le(2)));
    assert!(matches!(idle, Err(SolveError::Unsupported(why)) if why.contains("do not cut the candidate off")));
    let foreign = Solver::highs().solve_lazy(&m, |_, cuts| cuts.row("nan", (f64::NAN * take[0]).le(2)));
    assert!(matches!(foreign, Err(SolveError::Change(ChangeError::Number { .. }))));
    let mut rounds = 0;
    let answer = Solver::highs().solve_lazy(&m, |candidate, cuts| {
        rounds += 1;
        for pair in take.chunks(2).filter(|pair| candidate.value(pair[0] + pair[1]) > 1.5) {
            cuts.row("pair", (pair[0] + pair[1]).le(1));
        }
    });
    let answer = answer.unwrap();
    assert!(rounds > 1 && take.chunks(2).all(|pair| answer.value(pair[0] + pair[1]) < 1.5));
}

#[test]
fn a_report_is_examined_again() {
    let (m, _) = knapsack(15);
    let answer = m.solve().unwrap();
    let report = ReportedAnswer::from_json(&answer.to_json()).unwrap();
    let again = report.examine(answer.problem(), &Tolerances::default()).unwrap();
    assert_eq!(
        (again.reason(), again.objective(), again.bound()),
        (answer.reason(), answer.objective(), answer.bound())
    );
    assert_eq!(again.evidence().found_by.as_ref().unwrap().backend, "highs");
    // A linear program's proof survives the wire; a forged objective does not.
    let mut lp = Model::new("lp");
    let x = lp.nonnegative("x").upper(3).one();
    lp.maximize(2 * x);
    lp.row("r", x.le(2));
    let answer = lp.solve().unwrap();
    let json = answer.to_json();
    let again = ReportedAnswer::from_json(&json).unwrap().examine(answer.problem(), &Tolerances::default()).unwrap();
    assert_eq!(again.evidence().level, EvidenceLevel::Certified);
    let forged = json.replace("\"x\": 2.0", "\"x\": 2.5");
    assert_ne!(forged, json);
    let forged = ReportedAnswer::from_json(&forged).unwrap().examine(answer.problem(), &Tolerances::default()).unwrap();
    assert!(forged.objective().is_none() && forged.reason() != Reason::Optimal);
    let stranger = ReportedAnswer::from_json(&json.replace("\"x\"", "\"z\"")).unwrap();
    let told = stranger.examine(answer.problem(), &Tolerances::default()).unwrap_err();
    assert_eq!(told.to_string(), "the result names the variable 'z', which the problem does not have");
    assert_eq!(ReportedAnswer::from_json("{}").unwrap_err().code(), "report-document");
}

#[test]
fn an_explanation_reads_well() {
    let cities = ["Paris", "Brest"];
    let mut m = Model::new("too much");
    let ship = m.nonnegative("ship").upper(30).over(&cities);
    m.row("capacity", (sum(&cities, |c| ship[c]) + 0).le(40));
    m.row("idle", (2 * ship[&cities[0]] - 3 * ship[&cities[1]]).le(500));
    m.rows("demand", &cities, |c| ship[c].ge(if *c == "Paris" { 25 } else { 20 }));
    let why = m.solve().unwrap().explain_infeasible().unwrap();
    assert_eq!(
        why.to_string().lines().take(4).collect::<Vec<_>>(),
        [
            "3 of them cannot hold together:",
            "  capacity       ship[Paris] + ship[Brest] ≤ 40",
            "  demand[Paris]  ship[Paris] ≥ 25",
            "  demand[Brest]  ship[Brest] ≥ 20",
        ]
    );
    assert!(why.iis().is_minimal() && why.iis().certified);
    let (fine, _) = knapsack(5);
    assert_eq!(fine.solve().unwrap().explain_infeasible().unwrap_err().code(), "iis-feasible");
}
