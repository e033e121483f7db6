//! A service as a solver of the facade and the command line: limits, points both ways, and what happens when it is not there.
//! The conformance suite over it is `tests/conformance_remote`.

#[path = "../../backends/tests/conformance/judge.rs"]
mod judge;
#[allow(dead_code)] // other tests of the suite need the rest
#[path = "../../backends/tests/conformance/problems.rs"]
mod problems;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use farkas::StopToken;
use farkas::backends::contract::{Backend, Control, Event, Start};
use farkas::backends::options::Options;
use farkas::modeling::Sense;
use farkas::prelude::*;
use farkas::remote::{Client, Remote};
use judge::faults;
use support::service::Service;

fn remote(service: &Service) -> Remote {
    Remote::new("remote", Client::new(&service.address).expect("a service says its address"))
}

/// Hears what a solve tells.
#[derive(Default)]
struct Ear(Mutex<Vec<(f64, bool)>>);

impl Control for Ear {
    fn report(&self, event: Event<'_>) {
        if let Event::Incumbent { objective, values } = event {
            self.0.lock().unwrap().push((objective, values.is_some()));
        }
    }
}

#[test]
fn a_stop_and_a_limit_keep_what_was_found() {
    let service = Service::start();
    let remote = remote(&service);
    // A market split: easily feasible with its slacks, hard to prove.
    let (problem, _, _) = problems::market_split(Sense::Minimize, 0.0, 3);
    let mut session = remote.open(problem.clone()).expect("it takes a MIP");
    let ear = Ear::default();
    let options = Options { time_limit: Some(Duration::from_secs(2)), ..Options::default() };
    let began = Instant::now();
    let claim = session.solve(&options, &Start::default(), &ear, &StopToken::new()).expect("it is solved");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert!(faults(&problem, &claim).is_empty(), "{:?}", faults(&problem, &claim));
    if claim.termination.limit() == Some(Limit::Time) {
        assert!(claim.point.is_some(), "{claim:?}");
    }
    let heard = ear.0.into_inner().unwrap();
    assert!(heard.iter().any(|(_, values)| *values), "no incumbent with its values: {heard:?}");

    // Begun from the best point: the service has it at once.
    let start = Start { point: claim.point.as_deref().map(Into::into), basis: None };
    let stop = StopToken::new();
    let ear = Ear::default();
    let again = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(700));
            stop.stop();
        });
        session.solve(&Options::default(), &start, &ear, &stop).expect("it is solved")
    });
    let (best, again) = (claim.objective.unwrap_or(f64::INFINITY), again.objective.unwrap_or(f64::INFINITY));
    assert!(again <= best + 1e-6, "{again} after {best}");
}

#[test]
fn a_service_is_a_solver_of_the_facade_and_the_command_line() {
    let service = Service::start();
    let mut m = Model::new("shop");
    let x = m.integer("x").bounds(0, 10).one();
    let y = m.nonnegative("y").one();
    m.maximize(3 * x + 2 * y);
    m.row("capacity", (2 * x + y).le(12));
    m.row("mix", (x - y).ge(-2));
    let answer = Solver::remote(&service.address).solve(&m).expect("the service solves it");
    assert_eq!(answer.objective(), Some(20.0));

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("m.json");
    std::fs::write(&file, r#"{"objective": "x", "variables": {"x": {"lower": 3}}}"#).expect("a file");
    let file = file.display().to_string();
    let output = support::run(&["solve", &file, "--solver", &service.address, "--json"]);
    assert_eq!(support::code(&output), 0, "{}", support::stderr(&output));
    assert!(support::stdout(&output).contains("OPTIMAL"), "{}", support::stdout(&output));
    let nowhere = support::run(&["solve", &file, "--solver", "http://127.0.0.1:1"]);
    assert_eq!(support::code(&nowhere), 69, "{}", support::stderr(&nowhere));
}

/// A model of `good_lp`: in this process and at an address, by one line.
#[cfg(all(feature = "good_lp", feature = "highs"))]
#[test]
fn a_service_solves_models_of_good_lp() {
    use farkas::good_lp::{Farkas, FarkasSolution, NoSolution};
    use good_lp::solvers::SolutionWithDual;
    use good_lp::{DualValues, ResolutionError, Solution, SolverModel, constraint, variable, variables};

    /// Steel and wood for products: (steel, wood), their worth, the shadow prices of time and fuel.
    fn products(mut solver: Farkas, whole: bool) -> Result<(FarkasSolution, [f64; 5]), NoSolution> {
        let mut vars = variables!();
        let product = || if whole { variable().integer().min(0) } else { variable().min(0) };
        let (steel, wood) = (vars.add(product().name("steel")), vars.add(product()));
        let mut model = good_lp::Solver::create_model(&mut solver, vars.maximise(50 * steel + 40 * wood + 7));
        let time = model.add_constraint(constraint!(2 * steel + wood <= 16));
        let fuel = model.add_constraint(constraint!(steel + 2 * wood <= 11.5));
        let mut solution = model.solve()?;
        let (x, worth) = ([steel, wood].map(|x| solution.value(x)), solution.eval(50 * steel + 40 * wood + 7));
        let duals = solution.compute_dual();
        let seen = [x[0], x[1], worth, duals.dual(time), duals.dual(fuel)];
        Ok((solution, seen))
    }

    let service = Service::start();
    for whole in [false, true] {
        let (here, expected) = products(Solver::highs().into(), whole).expect("solved here");
        let (there, seen) = products(Solver::remote(&service.address).into(), whole).expect("solved there");
        assert_eq!(here.answer().reason(), there.answer().reason());
        assert_eq!(here.problem().column_names().find("steel"), Some(0));
        for (seen, expected) in seen.into_iter().zip(expected) {
            assert!((seen - expected).abs() < 1e-6 || (seen.is_nan() && expected.is_nan()), "{seen} for {expected}");
        }
        assert_eq!(seen[3].is_nan(), whole, "duals are an LP's: {seen:?}");
    }

    variables! { vars: x <= 1; }
    let none = vars.maximise(x).using(Farkas::from(Solver::remote(&service.address))).with(constraint!(x >= 2)).solve();
    assert!(matches!(none, Err(NoSolution::Resolution(ResolutionError::Infeasible))), "{:?}", none.err());
    variables! { vars: x; }
    let nobody = vars.maximise(x).using(Farkas::from(Solver::remote("http://127.0.0.1:1"))).solve();
    assert!(matches!(nobody, Err(NoSolution::Solver(_) | NoSolution::Unknown(_))), "{:?}", nobody.err());
}
