//! Infeasible linear programs of the instance folder: the conflict that CPLEX and Xpress find by themselves beside the one
//! that the filter finds over the same solver; what the checker proves of the latter it must prove of the former.

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use farkas_backends::contract::{
    Availability, Backend, BackendError, Capabilities, Fit, Member, Session, SessionError, StopToken,
};
use farkas_backends::iis::{Budget, Iis, IisError, find};
use farkas_backends::options::Options;
use farkas_backends::solvers::cplex::Cplex;
use farkas_backends::solvers::xpress::Xpress;
use farkas_modeling::{Problem, formats};

/// Small enough for the free editions, and for a filter without help.
const MOST_ROWS: usize = 700;

/// A solver that is not asked for conflicts of its own.
struct ByFilter<'a>(&'a dyn Backend);

impl Backend for ByFilter<'_> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn probe(&self) -> Availability {
        self.0.probe()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { iis: false, ..self.0.capabilities() }
    }

    fn fits(&self, problem: &Problem) -> Fit {
        self.0.fits(problem)
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        self.0.open(problem)
    }
}

/// What came out, in a line: members, whether each is needed, how many solves, and how long it took.
fn line(how: &str, iis: &Iis, took: Duration) -> String {
    let (rows, bounds) = (iis.rows().len(), iis.columns().len());
    let minimal = if iis.is_minimal() { "minimal" } else { "perhaps not minimal" };
    let proof = if iis.certified { "certified" } else { "claimed" };
    let seconds = took.as_secs_f64();
    format!("{how}: {rows} rows, {bounds} bounds, {minimal}, {proof}, {} solves, {seconds:.2} s", iis.solves)
}

#[test]
fn long_a_solvers_own_conflicts_beside_the_filters() {
    let Some(folder) = support::instances("a solver's own conflicts") else { return };
    let options = Options::default();
    let solvers: [Box<dyn Backend>; 2] = [Box::new(Cplex::new()), Box::new(Xpress::new())];
    for solver in &solvers {
        if !matches!(solver.probe(), Availability::Ready { .. }) {
            println!("NOT RUN: {}: {:?}", solver.name(), solver.probe());
            continue;
        }
        for entry in std::fs::read_dir(folder.join("netlib-infeas")).expect("a folder of the index") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).expect("a file of the folder");
            let problem = Arc::new(formats::read_problem(&bytes, Some(&name)).expect("it is sound").value);
            if problem.num_rows() > MOST_ROWS || !solver.fits(&problem).takes() {
                continue;
            }
            let mut session = solver.open(Arc::clone(&problem)).expect("it fits");
            let begin = Instant::now();
            let own: Result<Vec<Member>, SessionError> = session.conflict(&options, &StopToken::new());
            let alone = begin.elapsed().as_secs_f64();
            let own = own.unwrap_or_else(|error| panic!("{} on {name}: {error}", solver.name()));
            println!("{} on {name}: its own: {} members, {alone:.2} s", solver.name(), own.len());
            assert!(!own.is_empty(), "{} finds no conflict in {name}", solver.name());
            let mut certified = Vec::new();
            for (how, backend) in [("with it", &**solver), ("by filter", &ByFilter(&**solver))] {
                let begin = Instant::now();
                let budget = Budget { time: Duration::from_secs(20), ..Budget::default() };
                match find(&problem, backend, &options, budget, &StopToken::new()) {
                    Ok(iis) => {
                        println!("  {}", line(how, &iis, begin.elapsed()));
                        certified.push(iis.certified);
                    }
                    // `qual` misses feasibility by so little that its subsets are both.
                    Err(IisError::Undecided(says)) => {
                        println!("  {how}: undecided: {says}");
                        certified.push(false);
                    }
                    Err(error) => panic!("{} on {name}, {how}: {error}", solver.name()),
                }
            }
            // What misses feasibility by little more than the tolerances is proven by neither.
            assert!(certified[0] >= certified[1], "{} on {name}: its own conflict is less certain", solver.name());
        }
    }
}
