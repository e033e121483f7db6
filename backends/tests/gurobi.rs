//! Gurobi's adapter against a library of our own that writes down every call with its arguments (`gurobi/fake.c`, compiled
//! here by `cc`), and its error paths against the real one, where `FARKAS_WHEELS` has it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use farkas_backends::contract::{
    Availability, Backend, BackendError, Control, End, Event, Fit, Member, Quiet, Session, SessionError, Start,
    StopToken,
};
use farkas_backends::options::{Emphasis, LpMethod, Options, Presolve};
use farkas_backends::solvers::gurobi::Gurobi;
use farkas_modeling::answer::{Basis, BasisStatus, Duals};
use farkas_modeling::check::{CheckedPoint, check_point};
use farkas_modeling::problem::{Indicator, Product, QuadraticRow, SpecialOrderedSet};
use farkas_modeling::{Claim, ColumnKind, Limit, Problem, ProblemData, Reason, Sense, Tolerances};

const INF: f64 = f64::INFINITY;

/// The fake and what was asked of it.
struct Fake {
    backend: Gurobi,
    transcript: PathBuf,
}

impl Fake {
    /// Compiles it, or says that it was not tried.
    fn new(name: &str, major: u32) -> Option<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("gurobi-{name}"));
        std::fs::create_dir_all(&folder).expect("cargo's own folder for tests");
        let (library, transcript) = (folder.join("libgurobi130.so"), folder.join("transcript"));
        std::fs::write(&transcript, "").expect("a file in it");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gurobi/fake.c");
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror"])
            .arg(format!("-DTRANSCRIPT=\"{}\"", transcript.display()))
            .arg(format!("-DMAJOR={major}"))
            .arg("-o")
            .args([&library, &source])
            .status();
        match made {
            Ok(status) => assert!(status.success(), "the fake does not compile"),
            Err(error) => {
                println!("not tried: cc: {error}");
                return None;
            }
        }
        Some(Self { backend: Gurobi::at(library), transcript })
    }

    /// What was asked since the last time.
    fn calls(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.transcript).expect("the fake writes it");
        // The fake appends, so that the file may be emptied.
        std::fs::write(&self.transcript, "").expect("it can be written");
        text.lines().map(str::to_owned).collect()
    }

    fn open(&self, problem: &Arc<Problem>) -> Box<dyn Session> {
        self.backend.open(Arc::clone(problem)).expect("it has a licence and takes the problem")
    }
}

fn run(session: &mut dyn Session, options: &Options, start: &Start, ear: &Ear) -> Claim {
    session.solve(options, start, ear, &ear.stop).expect("a plain solve is neither refused nor broken")
}

/// minimise 10 + x + 2 y  subject to  1 ≤ x + y ≤ 3,  x − y ≥ −2,  2 x = 4,  x free.
fn lp() -> Arc<Problem> {
    let data = ProblemData {
        offset: 10.0,
        cost: vec![1.0, 2.0],
        lower: vec![0.0, -INF],
        upper: vec![INF, 4.0],
        row_lower: vec![1.0, -2.0, 4.0, -INF],
        row_upper: vec![3.0, INF, 4.0, INF],
        starts: vec![0, 4, 6],
        indices: vec![0, 1, 2, 3, 0, 1],
        values: vec![1.0, 1.0, 2.0, 1.0, 1.0, -1.0],
        ..ProblemData::default()
    };
    Arc::new(Problem::new(data).expect("sound"))
}

/// One of everything: a binary that switches a row, a semicontinuous column, a set, an integer with a square in the objective
/// and one in a row. Its best point is (0, 0, 4, 1), worth 12.5.
fn mip() -> Arc<Problem> {
    let data = ProblemData {
        sense: Sense::Maximize,
        cost: vec![1.0, 2.0, 3.0, 1.0],
        lower: vec![0.0, 2.0, 0.0, 0.0],
        upper: vec![1.0, 5.0, 4.0, 3.0],
        kinds: vec![ColumnKind::Integer, ColumnKind::SemiContinuous, ColumnKind::Continuous, ColumnKind::Integer],
        row_lower: vec![-INF, -INF, 1.0],
        row_upper: vec![6.0, 1.0, 9.0],
        starts: vec![0, 0, 1, 4, 4],
        indices: vec![0, 0, 1, 2],
        values: vec![1.0, 1.0, 1.0, 1.0],
        sets: vec![SpecialOrderedSet { name: String::new(), order: 1, members: vec![(1, 1.0), (2, 2.0)] }],
        indicators: vec![Indicator { row: 1, column: 0, active: true }],
        quadratic_objective: vec![Product::new(3, 3, -0.5)],
        quadratic_rows: vec![QuadraticRow { row: 2, products: vec![Product::new(3, 3, 1.0)] }],
        ..ProblemData::default()
    };
    Arc::new(Problem::new(data).expect("sound"))
}

/// Hears, offers one point, and may stop when it hears of a point.
#[derive(Default)]
struct Ear {
    heard: Mutex<Vec<String>>,
    offer: Mutex<Option<Arc<CheckedPoint>>>,
    stop: StopToken,
    stops_at_a_point: bool,
}

impl Control for Ear {
    fn report(&self, event: Event<'_>) {
        if self.stops_at_a_point && matches!(event, Event::Incumbent { .. }) {
            self.stop.stop();
        }
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{event:?}"));
    }

    fn offered(&self) -> Option<Arc<CheckedPoint>> {
        self.offer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[test]
fn an_lp_is_loaded_solved_and_read() {
    let Some(fake) = Fake::new("lp", 13) else { return };
    assert_eq!(fake.backend.probe(), Availability::Ready { version: "13.0.3".into() });
    assert_eq!(fake.calls(), ["emptyenv 13 0 3", "int LogToConsole 0", "startenv"]);
    let problem = lp();
    let mut session = fake.open(&problem);
    assert_eq!(
        fake.calls(),
        [
            // The range is an equation with a slack of 0 to 2 behind the columns; the free row has no side.
            "loadmodel farkas 3 4 1 10 [1 2 0] =>=< [1 -2 4 1e+100] [0 4 6] [4 2 1] [0 1 2 3 0 1 0] [1 1 2 1 1 -1 -1] \
             [0 -1e+100 0] [1e+100 4 2] CCC null null",
            "update"
        ]
    );
    let claim = run(&mut *session, &Options::default(), &Start::default(), &Ear::default());
    assert_eq!((claim.termination.reason(), claim.objective, claim.bound), (Reason::Optimal, Some(10.0), Some(10.0)));
    assert_eq!(claim.point, Some(vec![2.0, -1.0]));
    let duals = Duals { rows: vec![2.0, 0.0, -0.5, 0.0], reduced_costs: vec![0.0, 0.0] };
    assert_eq!(claim.duals, Some(duals));
    let (basic, lower) = (BasisStatus::Basic, BasisStatus::AtLower);
    let basis = Basis { columns: vec![basic, basic], rows: vec![lower, basic, lower, basic] };
    assert_eq!(claim.basis, Some(basis.clone()));
    assert_eq!((claim.counters.simplex_iterations, claim.counters.nodes), (7, 0));
    let calls = fake.calls();
    assert_eq!(calls.first().map(String::as_str), Some("resetparams"));
    for call in ["int Threads 1", "int InfUnbdInfo 1", "dbl FeasibilityTol 1e-07", "dbl MIPGap 0.0001"] {
        assert!(calls.iter().any(|made| made == call), "{call} is missing in {calls:?}");
    }
    assert_eq!(calls.last().map(String::as_str), Some("optimize"));

    // A basis goes in as it came out, with the range's slack in the row's place.
    let upper = Basis { rows: vec![BasisStatus::AtUpper, basic, lower, basic], ..basis };
    let start = Start { point: None, basis: Some(Arc::new(upper)) };
    run(&mut *session, &Options::default(), &start, &Ear::default());
    let calls = fake.calls();
    let set: Vec<&String> = calls.iter().filter(|call| call.starts_with("set ")).collect();
    assert_eq!(set, ["set VBasis 0 [0 0 -2]", "set CBasis 0 [-1 0 -1 0]"]);
    drop(session);
    assert_eq!(fake.calls(), ["freemodel"]);
}

#[test]
fn a_search_is_loaded_heard_offered_to_started_and_stopped() {
    let Some(fake) = Fake::new("mip", 9) else { return };
    let problem = mip();
    let mut session = fake.open(&problem);
    let calls = fake.calls();
    assert_eq!(
        calls[3..],
        [
            "loadmodel farkas 4 3 -1 0 [1 2 3 1] <<< [6 1e+100 1e+100] [0 0 1 4] [0 1 3 0] [0 0 1 2] [1 1 1 1] [0 2 0 0] \
             [1 5 4 3] BSCI null null",
            "addsos 1 2 [1] [0] [1 2] [1 2]",
            "qpterms [3] [3] [-0.5]",
            "qconstr [2] [1] [3] [3] [1] < 9 null",
            "qconstr [2] [1] [3] [3] [1] > 1 null",
            "indicator null 0 1 [2] [1] < 1",
            "update",
        ]
    );
    let best = [0.0, 0.0, 4.0, 1.0];
    let checked = check_point(&problem, &best, &Tolerances::default()).ok().and_then(Result::ok).expect("feasible");
    let ear = Ear { offer: Mutex::new(Some(Arc::new(checked))), ..Ear::default() };
    let start = Start { point: Some(vec![1.0, f64::NAN, 0.0, 1.0].into()), basis: None };
    let claim = run(&mut *session, &Options::default(), &start, &ear);
    assert_eq!((claim.termination.reason(), claim.objective, claim.bound), (Reason::Optimal, Some(12.5), Some(12.5)));
    assert_eq!((claim.point.as_deref(), claim.counters.nodes), (Some(&best[..]), 3));
    let calls = fake.calls();
    for call in ["reset 1", "set Start 0 [1 1e+101 0 1]", "int NonConvex 2", "cbsolution [0 0 4 1]"] {
        assert!(calls.iter().any(|made| made == call), "{call} is missing in {calls:?}");
    }
    let heard = ear.heard.into_inner().unwrap_or_else(PoisonError::into_inner);
    let told: Vec<&str> = heard.iter().map(String::as_str).filter(|event| !event.starts_with("Progress")).collect();
    let incumbent = "Incumbent { objective: 11.5, values: Some([1.0, 5.0, 0.0, 1.0]) }";
    assert_eq!(
        told,
        [
            "Phase(\"presolve\")",
            "Log(\"Fake log\")",
            "Phase(\"root\")",
            "Bound(20.0)",
            incumbent,
            "Phase(\"search\")",
            "Bound(12.5)"
        ]
    );

    let ear = Ear { stops_at_a_point: true, ..Ear::default() };
    let claim = run(&mut *session, &Options::default(), &Start::default(), &ear);
    let ended = (claim.termination.reason(), claim.termination.limit());
    assert_eq!(ended, (Reason::Feasible, Some(Limit::Interrupted)));
    assert_eq!((claim.objective, claim.bound), (Some(11.5), Some(20.0)));
    // It began at what the last solve had found.
    assert!(fake.calls().iter().any(|call| call == "set Start 0 [0 0 4 1]"));
}

#[test]
fn a_conflict_is_read_in_rows_and_bounds() {
    use End::{Lower, Upper};
    let Some(fake) = Fake::new("conflict", 13) else { return };
    // A range is the slack's bounds, an equation both its sides.
    let of_lp = vec![Member::Row(0, Lower), Member::Row(2, Lower), Member::Row(2, Upper), Member::Bound(1, Upper)];
    // What is quadratic or switched has attributes of its own; bounds of what switches or is semicontinuous are given.
    let rows = [Member::Row(0, Upper), Member::Row(1, Upper), Member::Row(2, Lower)];
    let bounds = [Member::Bound(2, Upper), Member::Bound(3, Lower), Member::Bound(3, Upper)];
    for (problem, expected) in [(lp(), of_lp), (mip(), [rows, bounds].concat())] {
        let mut session = fake.open(&problem);
        let options = Options::default();
        assert_eq!(session.conflict(&options, &StopToken::new()), Ok(expected));
        assert!(fake.calls().ends_with(&["computeIIS".into(), "freemodel".into()]), "on a model of its own");
        assert_eq!(session.conflict(&options, &StopToken::new()), Ok(Vec::new()), "it is feasible");
        run(&mut *session, &options, &Start::default(), &Ear::default());
    }
}

#[test]
fn options_are_said_in_gurobis_words() {
    let Some(fake) = Fake::new("options", 13) else { return };
    let problem = mip();
    let mut session = fake.open(&problem);
    fake.calls();
    let mut options = Options {
        threads: Some(4),
        seed: Some(9),
        node_limit: Some(50),
        solution_limit: Some(3),
        memory_limit_bytes: Some(2_000_000_000),
        emphasis: Emphasis::Optimality,
        lp_method: LpMethod::Barrier,
        presolve: Presolve::Off,
        native: [("Heuristics".to_owned(), "0.25".to_owned()), ("TuneCriterion".to_owned(), "1".to_owned())].into(),
        ..Options::default()
    };
    run(&mut *session, &options, &Start::default(), &Ear::default());
    let calls = fake.calls();
    for call in [
        "int Threads 4",
        "int Seed 9",
        "dbl NodeLimit 50",
        "int SolutionLimit 3",
        "dbl MemLimit 2",
        "int MIPFocus 2",
        "int Method 2",
        "int Presolve 0",
        "dbl Heuristics 0.25",
        "str TuneCriterion 1",
    ] {
        assert!(calls.iter().any(|made| made == call), "{call} is missing in {calls:?}");
    }
    let refusals = [
        ("Heuristic", "0.1", "like it are: Heuristics"),
        ("Heuristics", "many", "it takes a number"),
        ("Heuristics", "-1", "out of range"),
        ("Seed", "x", "it takes a whole number"),
        ("LogFile", "somewhere", "opens no files"),
        ("Threads", "2", "set `threads` instead"),
    ];
    for (name, value, says) in refusals {
        options.native = [(name.to_owned(), value.to_owned())].into();
        match session.solve(&options, &Start::default(), &Quiet, &StopToken::new()) {
            Err(SessionError::Refused(why)) if why.contains(says) && why.contains(name) => {}
            other => panic!("{name} = {value}: {other:?}, where it should say '{says}'"),
        }
    }
    // A refusal leaves the session whole.
    run(&mut *session, &Options::default(), &Start::default(), &Ear::default());
}

#[test]
fn what_is_too_large_or_too_old_is_told() {
    let Some(fake) = Fake::new("large", 13) else { return };
    let columns = 2001;
    let data = ProblemData {
        cost: vec![1.0; columns],
        lower: vec![0.0; columns],
        upper: vec![1.0; columns],
        starts: vec![0; columns + 1],
        ..ProblemData::default()
    };
    let large = Arc::new(Problem::new(data).expect("sound"));
    assert!(matches!(fake.backend.fits(&large), Fit::TooLarge { limit } if limit.contains("2000")));
    assert!(matches!(fake.backend.open(large), Err(BackendError::Unsupported(_))));
    let Some(old) = Fake::new("old", 8) else { return };
    assert!(matches!(old.backend.probe(), Availability::TooOld { version, .. } if version == "8.0.3"));
}

/// The wheel's library opens, and refuses: its licence is for Python alone.
#[test]
fn the_real_one_says_that_it_has_no_licence() {
    let Some(wheels) = std::env::var_os("FARKAS_WHEELS").map(PathBuf::from).filter(|at| at.is_dir()) else {
        println!("not tried: FARKAS_WHEELS names no Python environment (scripts/set-up-wheels.sh makes one)");
        return;
    };
    let gurobi = Gurobi::at(wheels);
    match gurobi.probe() {
        Availability::NotFound { .. } => println!("not tried: the environment has no gurobipy"),
        Availability::NoLicense { says } => {
            assert!(says.contains("10009"), "{says}");
            assert!(matches!(gurobi.open(lp()), Err(BackendError::Unavailable(why)) if why.contains("no licence")));
        }
        // Whoever has a licence sees the real one answer.
        Availability::Ready { .. } => {
            let mut session = gurobi.open(lp()).expect("it is ready");
            let claim = run(&mut *session, &Options::default(), &Start::default(), &Ear::default());
            assert_eq!(claim.objective, Some(10.0));
        }
        other => panic!("{other:?}"),
    }
}

/// A file that is no library, one that is another's, and none.
#[test]
fn a_wrong_library_is_told_with_its_place() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gurobi-wrong");
    std::fs::create_dir_all(&folder).expect("cargo's own folder for tests");
    let nothing = folder.join("libgurobi1.so");
    std::fs::write(&nothing, "not a library").expect("a file in it");
    for path in [nothing, folder.join("libgurobi2.so")] {
        let says = match Gurobi::at(&path).probe() {
            Availability::Broken { says } => says,
            other => panic!("{other:?}"),
        };
        assert!(says.contains(&path.display().to_string()) && says.contains("the configuration"), "{says}");
    }
    let empty = folder.join("empty");
    std::fs::create_dir_all(&empty).expect("a folder in it");
    let Availability::NotFound { remedy } = Gurobi::at(&empty).probe() else { panic!("it is not there") };
    assert!(remedy.contains("FARKAS_GUROBI_LIBRARY") && remedy.contains("gurobipy"), "{remedy}");
}
