//! Lazy rows by both routes, through the facade: a travelling salesman solved again with HiGHS, and asked for his subtours
//! within SCIP's search.
#![cfg(all(feature = "highs", feature = "scip"))]

use std::sync::Arc;
use std::time::Duration;

use farkas::backends::solvers::scip::ScipBackend;
use farkas::modeling::model::ChangeError;
use farkas::prelude::*;

const CITIES: usize = 16;

/// Four towns far apart, four places in each: it is cheaper to go round within each town.
fn at(city: usize) -> (f64, f64) {
    let (town, place) = (city % 4, city / 4);
    ((town % 2 * 100 + place * place) as f64, (town / 2 * 100 + place % 2 * 7 + place) as f64)
}

fn distance((a, b): (usize, usize)) -> f64 {
    let ((x, y), (u, v)) = (at(a), at(b));
    (x - u).hypot(y - v)
}

fn cycles(edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let (mut seen, mut cycles) = ([false; CITIES], Vec::new());
    for start in 0..CITIES {
        let (mut cycle, mut waiting) = (Vec::new(), vec![start]);
        while let Some(city) = waiting.pop() {
            if !std::mem::replace(&mut seen[city], true) {
                cycle.push(city);
                waiting.extend(edges.iter().filter(|e| e.0 == city).map(|e| e.1));
                waiting.extend(edges.iter().filter(|e| e.1 == city).map(|e| e.0));
            }
        }
        if !cycle.is_empty() {
            cycles.push(cycle);
        }
    }
    cycles
}

/// Answers, how often it asked, and how many searches it took.
fn tour(solver: Solver<'_>) -> (Solved, usize) {
    let edges: Vec<(usize, usize)> = (0..CITIES).flat_map(|a| (a + 1..CITIES).map(move |b| (a, b))).collect();
    let mut m = Model::new("tour");
    let go = m.binary("go").over(&edges);
    m.minimize(sum(&edges, |e| distance(*e) * go[e]));
    m.rows("visit", 0..CITIES, |city| sum(edges.iter().filter(|e| e.0 == city || e.1 == city), |e| go[e]).eq(2));
    let mut asked = 0;
    let answer = solver.gap(0.0).solve_lazy(&m, |candidate, cuts| {
        asked += 1;
        let chosen: Vec<(usize, usize)> = candidate.chosen(&go).copied().collect();
        let cycles = cycles(&chosen);
        for cycle in cycles.iter().filter(|_| cycles.len() > 1) {
            let inside = |e: &&(usize, usize)| cycle.contains(&e.0) && cycle.contains(&e.1);
            cuts.row("subtour", sum(edges.iter().filter(inside), |e| go[e]).le(cycle.len() - 1));
        }
    });
    let answer = answer.expect("solved");
    let chosen: Vec<(usize, usize)> = answer.chosen(&go).copied().collect();
    assert_eq!(cycles(&chosen).len(), 1);
    (answer, asked)
}

fn scip() -> Solver<'static> {
    Solver::backend(Arc::new(ScipBackend::new()))
}

#[test]
fn both_routes_find_the_same_tour() {
    let mut lengths = Vec::new();
    for (name, solver) in [("highs", Solver::highs()), ("scip", scip())] {
        let (answer, asked) = tour(solver);
        assert_eq!(answer.reason(), Reason::Optimal, "{name}: {answer}");
        lengths.push(answer.objective().unwrap());
        // Both had rows to make, and the answer is one to all of them.
        assert!(asked > 1 && answer.problem().num_rows() > CITIES, "{name}: {asked}");
        assert_eq!(answer.lanes()[0].solver, name);
    }
    assert!((lengths[0] - lengths[1]).abs() < 1e-6, "{lengths:?}");
}

/// One search is asked about its candidates; solving again would tell of an incumbent that the next search takes back.
#[test]
fn incumbents_within_one_search_keep_all_rows() {
    let heard = std::sync::Mutex::new(Vec::new());
    let solver = scip().pool(50).on_progress(|h| {
        if let SolveEvent::Incumbent { point, .. } = h.event {
            heard.lock().unwrap().push(point.objective());
        }
    });
    let (answer, _) = tour(solver);
    let heard = heard.into_inner().unwrap();
    assert!(heard.windows(2).all(|w| w[1] < w[0]), "{heard:?}");
    let best = answer.objective().unwrap();
    assert!((heard.last().unwrap() - best).abs() <= 1e-9 * best && heard.iter().all(|o| *o >= best - 1e-6));
    assert_eq!(answer.pool().len(), heard.len(), "every one keeps the rows that were made later");
}

#[test]
fn what_is_wrong_with_a_row_ends_the_search() {
    let mut m = Model::new("pairs");
    let take = m.binary("take").over(0..6);
    m.maximize(sum(0..6, |i| (i + 1) * take[i]));
    let idle = scip().solve_lazy(&m, |_, cuts| cuts.row("idle", (take[0] + take[1]).le(2)));
    assert!(matches!(idle, Err(SolveError::Unsupported(why)) if why.contains("do not cut the candidate off")));
    let foreign = scip().solve_lazy(&m, |_, cuts| cuts.row("nan", (f64::NAN * take[0]).le(2)));
    assert!(matches!(foreign, Err(SolveError::Change(ChangeError::Number { .. }))));
    let panicked = scip().solve_lazy(&m, |_, _| panic!("as the test wants it"));
    assert!(matches!(panicked, Err(SolveError::Failed(why)) if why.contains("as the test wants it")));
}

/// A linear program keeps its duals: it is solved again.
#[test]
fn a_linear_program_is_solved_again() {
    let mut m = Model::new("tangents");
    let x = m.nonnegative("x").upper(2).one();
    let y = m.nonnegative("y").upper(2).one();
    m.maximize(x + y);
    let solver = scip().time_limit(Duration::from_secs(30));
    let answer = solver.solve_lazy(&m, |candidate, cuts| {
        let (u, v) = (candidate.value(x), candidate.value(y));
        let length = u.hypot(v);
        if length > 1.0 + 1e-3 {
            cuts.row("tangent", (u / length * x + v / length * y).le(1));
        }
    });
    let answer = answer.expect("solved");
    assert!((answer.objective().unwrap() - 2.0_f64.sqrt()).abs() < 2e-3 && answer.duals().is_some());
}
