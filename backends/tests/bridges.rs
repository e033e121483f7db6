//! Bridges change nothing: random small problems have the same answer rewritten and as they are, the answers pass the
//! checker on the problem as it was, and what cannot be rewritten is refused with its reason.

// With few backends compiled in, less of it is used.
#![cfg_attr(not(feature = "highs"), allow(unused_imports, unused_mut, dead_code))]

use std::sync::Arc;

use farkas_backends::bridges::Bridged;
use farkas_backends::contract::{
    Availability, Backend, BackendError, Capabilities, Fit, Quiet, Session, Start, StopToken,
};
use farkas_backends::options::Options;
use farkas_backends::solvers::microlp::Microlp;
use farkas_backends::solvers::mock::Mock;
use farkas_modeling::answer::EvidenceLevel;
use farkas_modeling::check::{self, TrustPolicy};
use farkas_modeling::patch::{Patch, Revision};
use farkas_modeling::problem::{Indicator, Product, QuadraticRow, SpecialOrderedSet};
use farkas_modeling::{Claim, ColumnKind, Problem, ProblemData, Reason, Sense, Source, Tolerances};
use fastrand::Rng;

const INF: f64 = f64::INFINITY;

/// Everybody that is compiled in, without bridges.
fn native() -> Vec<Arc<dyn Backend>> {
    let mut all: Vec<Arc<dyn Backend>> = vec![Arc::new(Microlp)];
    #[cfg(feature = "cbc")]
    all.push(Arc::new(farkas_backends::solvers::cbc::Cbc));
    #[cfg(feature = "highs")]
    all.push(Arc::new(farkas_backends::solvers::highs::Highs::new()));
    #[cfg(feature = "scip")]
    all.push(Arc::new(farkas_backends::solvers::scip::ScipBackend::new()));
    all
}

/// A backend that says it can do less than it can, so that bridges do the rest.
struct Narrow {
    inner: Arc<dyn Backend>,
    can: Capabilities,
}

impl Backend for Narrow {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn probe(&self) -> Availability {
        self.inner.probe()
    }
    fn capabilities(&self) -> Capabilities {
        self.can
    }
    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        if let Some(why) = self.fits(&problem).refusal() {
            return Err(BackendError::Unsupported(why.to_owned()));
        }
        self.inner.open(problem)
    }
}

/// What a random problem has beside bounded columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum With {
    Plain,
    Sets,
    Indicators,
    Semis,
    BinaryProducts,
    Everything,
}

/// What its columns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    Whole,
    Mixed,
    Continuous,
}

fn random(rng: &mut Rng, with: With, columns: Columns) -> Arc<Problem> {
    let n = rng.usize(4..7);
    let m = rng.usize(2..4);
    let has = |what: With| with == what || with == With::Everything;
    let mut data = ProblemData {
        sense: if rng.bool() { Sense::Minimize } else { Sense::Maximize },
        offset: f64::from(rng.i32(-5..6)),
        starts: vec![0],
        ..ProblemData::default()
    };
    for j in 0..n {
        // The first two are binaries: they switch, and are factors.
        let binary = j < 2 && columns != Columns::Continuous;
        let whole = binary || columns == Columns::Whole || (columns == Columns::Mixed && rng.u8(0..3) == 0);
        let semi = !binary && has(With::Semis) && rng.bool();
        data.kinds.push(match (whole, semi) {
            (true, true) => ColumnKind::SemiInteger,
            (true, false) => ColumnKind::Integer,
            (false, true) => ColumnKind::SemiContinuous,
            (false, false) => ColumnKind::Continuous,
        });
        let lower = if binary {
            0.0
        } else if semi {
            f64::from(rng.i32(1..3))
        } else {
            f64::from(rng.i32(-2..2))
        };
        data.lower.push(lower);
        data.upper.push(if binary { 1.0 } else { lower + f64::from(rng.i32(1..4)) });
        data.cost.push(f64::from(rng.i32(-6..7)));
        for i in 0..m {
            if rng.u8(0..3) > 0 {
                data.indices.push(i as u32);
                data.values.push(f64::from(rng.i32(-4..5)));
            }
        }
        data.starts.push(data.indices.len() as u32);
    }
    for _ in 0..m {
        let side = f64::from(rng.i32(-3..9));
        let (lower, upper) = match rng.u8(0..5) {
            0 => (side - f64::from(rng.i32(1..6)), side),
            1 => (-side, INF),
            2 => (-INF, INF),
            _ => (-INF, side),
        };
        data.row_lower.push(lower);
        data.row_upper.push(upper);
    }
    if has(With::Sets) {
        for order in [1, 2] {
            let members: Vec<(u32, f64)> =
                (0..n as u32).filter(|_| rng.u8(0..4) > 0).map(|j| (j, f64::from(j) + 1.0)).collect();
            data.sets.push(SpecialOrderedSet { name: String::new(), order, members });
        }
        data.sets.retain(|set| !set.members.is_empty());
    }
    if has(With::Indicators) {
        for row in 0..m as u32 {
            if rng.u8(0..3) > 0 {
                data.indicators.push(Indicator { row, column: rng.u32(0..2), active: rng.bool() });
            }
        }
    }
    if has(With::BinaryProducts) {
        let product = |rng: &mut Rng| Product::new(rng.u32(0..2), rng.u32(0..n as u32), f64::from(rng.i32(1..6)) - 3.5);
        data.quadratic_objective = (0..3).map(|_| product(rng)).collect();
        let switched: Vec<u32> = data.indicators.iter().map(|one| one.row).collect();
        if let Some(row) = (0..m as u32).find(|row| !switched.contains(row)) {
            data.quadratic_rows = vec![QuadraticRow { row, products: vec![product(rng), product(rng)] }];
        }
    }
    Arc::new(Problem::new(data).expect("a sound problem"))
}

fn options() -> Options {
    let tolerances = Tolerances { relative_gap: 1e-9, ..Tolerances::default() };
    Options { tolerances, ..Options::default() }
}

fn solve(backend: &dyn Backend, problem: &Arc<Problem>) -> Result<Claim, String> {
    let mut session = backend.open(Arc::clone(problem)).map_err(|e| e.to_string())?;
    session.solve(&options(), &Start::default(), &Quiet, &StopToken::new()).map_err(|e| e.to_string())
}

fn is_none(reason: Reason) -> bool {
    matches!(reason, Reason::Infeasible | Reason::InfeasibleOrUnbounded)
}

/// What is wrong with a claim, beside one that is true.
fn differs(problem: &Problem, truth: &Claim, claim: &Claim) -> Option<String> {
    let (want, got) = (truth.termination.reason(), claim.termination.reason());
    if want != got && !(is_none(want) && is_none(got)) {
        return Some(format!("is {got:?}, not {want:?}"));
    }
    let (Some(want), Some(got)) = (truth.objective, claim.objective) else { return None };
    if (want - got).abs() > 1e-5 * want.abs().max(1.0) {
        return Some(format!("has the objective {got}, not {want}"));
    }
    let point = claim.point.as_deref().unwrap_or_default();
    match check::check_point(problem, point, &Tolerances::default()) {
        Ok(Ok(_)) => None,
        Ok(Err(measured)) => Some(format!("misses the tolerances: {:?}", measured.violations())),
        Err(error) => Some(error.to_string()),
    }
}

/// Solves so many random problems by everybody with bridges; the truth is `by`'s.
fn agree(with: With, columns: Columns, by: &dyn Backend, rounds: u64) {
    let mut faults = Vec::new();
    let (mut tried, mut rewritten, mut feasible) = (0, 0, 0);
    for seed in 0..rounds {
        let problem = random(&mut Rng::with_seed(seed), with, columns);
        let truth = solve(by, &problem).expect("the truth is known");
        feasible += usize::from(truth.point.is_some());
        for backend in native() {
            let bridged = Bridged::over(backend);
            match bridged.fits(&problem) {
                Fit::Takes => {}
                Fit::NeedsBridges { .. } => rewritten += 1,
                other => {
                    faults.push(format!("{} with seed {seed}: {other:?}", bridged.name()));
                    continue;
                }
            }
            tried += 1;
            let fault = match solve(&bridged, &problem) {
                Ok(claim) => differs(&problem, &truth, &claim),
                Err(error) => Some(error),
            };
            faults.extend(fault.map(|fault| format!("{} with seed {seed}: {fault}", bridged.name())));
        }
    }
    assert!(faults.is_empty(), "{} of {tried}\n  {}", faults.len(), faults.join("\n  "));
    let needed = with != With::Plain;
    assert!(feasible > 0 && (rewritten > 0) == needed, "{feasible} feasible, {rewritten} rewritten of {tried}");
}

/// The mock tries every point of an integer box.
#[test]
fn whole_problems_have_the_answer_that_trying_every_point_has() {
    for with in [With::Plain, With::Sets, With::Indicators, With::Semis] {
        agree(with, Columns::Whole, &Mock::new(), 25);
    }
}

#[cfg(feature = "scip")]
#[test]
fn mixed_problems_have_the_answer_that_scip_has_without_bridges() {
    let scip = farkas_backends::solvers::scip::ScipBackend::new();
    for with in [With::Sets, With::Indicators, With::Semis, With::BinaryProducts, With::Everything] {
        agree(with, Columns::Mixed, &scip, 25);
    }
}

/// Rows with two sides, without one, and maximisation: duals, proofs and bases come back too.
#[cfg(feature = "highs")]
#[test]
fn what_is_proven_of_a_linear_program_stays_proven() {
    let inner: Arc<dyn Backend> = Arc::new(farkas_backends::solvers::highs::Highs::new());
    let can = Capabilities { ranges: false, free_rows: false, maximize: false, ..inner.capabilities() };
    let bridged = Bridged::new(Narrow { inner: Arc::clone(&inner), can });
    let (mut certified, mut rewritten) = (0, 0);
    for seed in 0..80 {
        let problem = random(&mut Rng::with_seed(seed), With::Plain, Columns::Continuous);
        rewritten += usize::from(matches!(bridged.fits(&problem), Fit::NeedsBridges { .. }));
        let truth = solve(&*inner, &problem).expect("solved");
        let claim = solve(&bridged, &problem).expect("solved");
        assert_eq!(differs(&problem, &truth, &claim), None, "seed {seed}");
        let source = Source { backend: "highs".into(), version: String::new(), lane: 0 };
        let findings = check::examine(&problem, &source, &claim, &Tolerances::default());
        let policy = TrustPolicy::default();
        let answer = check::conclude(&problem, &[findings], &Tolerances::default(), &policy, None);
        assert_eq!(answer.evidence().level, EvidenceLevel::Certified, "seed {seed}: {:?}", answer.evidence().notes);
        certified += 1;
        // Started from its own basis there is nothing left to do.
        if let Some(basis) = claim.basis {
            let start = Start { point: None, basis: Some(Arc::new(basis)) };
            let mut session = bridged.open(Arc::clone(&problem)).expect("opened");
            let again = session.solve(&options(), &start, &Quiet, &StopToken::new()).expect("solved");
            assert_eq!(again.counters.simplex_iterations, 0, "seed {seed}");
        }
    }
    assert!(certified == 80 && rewritten > 40, "{rewritten} rewritten");
}

/// Integer columns with bounds that are not whole.
#[test]
fn whole_bounds_are_made() {
    let inner: Arc<dyn Backend> = Arc::new(Microlp);
    let can = Capabilities { whole_bounds: true, ..inner.capabilities() };
    let bridged = Bridged::new(Narrow { inner, can });
    let data = ProblemData {
        sense: Sense::Maximize,
        cost: vec![1.0, -1.0],
        lower: vec![0.5, -2.5],
        upper: vec![3.7, 9.0],
        kinds: vec![ColumnKind::Integer; 2],
        starts: vec![0; 3],
        ..ProblemData::default()
    };
    let problem = Arc::new(Problem::new(data).expect("sound"));
    assert!(matches!(bridged.fits(&problem), Fit::NeedsBridges { .. }));
    assert_eq!(solve(&bridged, &problem).expect("solved").objective, Some(5.0));
}

/// A start reaches the solver by way of what was added: it is completed and taken.
#[cfg(feature = "highs")]
#[test]
fn a_start_crosses() {
    let bridged = Bridged::new(farkas_backends::solvers::highs::Highs::new());
    for seed in 0..12 {
        let problem = random(&mut Rng::with_seed(seed), With::Sets, Columns::Mixed);
        let Some(point) = solve(&bridged, &problem).expect("solved").point else { continue };
        let start = Start { point: Some(point.into()), basis: None };
        let mut session = bridged.open(Arc::clone(&problem)).expect("opened");
        let claim = session.solve(&options(), &start, &Quiet, &StopToken::new()).expect("solved");
        assert_eq!(claim.termination.reason(), Reason::Optimal, "seed {seed}");
    }
}

/// A session goes over to a problem that needs a bridge, to one that needs another, and back to one that needs none.
#[test]
fn a_session_is_changed_across_bridges() {
    let bridged = Bridged::new(Microlp);
    for seed in 0..10 {
        let mut problem = random(&mut Rng::with_seed(seed), With::Semis, Columns::Whole);
        let mut session = bridged.open(Arc::clone(&problem)).expect("opened");
        for round in 0..4 {
            let mut patch = Patch::new();
            patch.cost(2, f64::from(round) - 1.5).upper(3, 3.0 + f64::from(round));
            let revision = Revision::new(&problem, &patch).expect("sound");
            session.apply(&revision).expect("applied");
            problem = Arc::clone(revision.problem());
            let claim = session.solve(&options(), &Start::default(), &Quiet, &StopToken::new()).expect("solved");
            let truth = solve(&Mock::new(), &problem).expect("the truth is known");
            assert_eq!(differs(&problem, &truth, &claim), None, "seed {seed}, round {round}");
        }
    }
}

/// Bounds come from the rows where the columns have none; where neither has, the reason says what is missing.
#[test]
fn what_cannot_be_rewritten_is_refused() {
    let set = |row_upper: f64| {
        let data = ProblemData {
            sense: Sense::Maximize,
            cost: vec![1.0, 2.0, 3.0],
            lower: vec![0.0; 3],
            upper: vec![INF; 3],
            row_lower: vec![-INF],
            row_upper: vec![row_upper],
            starts: vec![0, 1, 2, 3],
            indices: vec![0; 3],
            values: vec![1.0; 3],
            sets: vec![SpecialOrderedSet { name: "s".into(), order: 1, members: vec![(0, 1.0), (1, 2.0), (2, 3.0)] }],
            ..ProblemData::default()
        };
        Arc::new(Problem::new(data).expect("sound"))
    };
    let bridged = Bridged::new(Microlp);
    let claim = solve(&bridged, &set(4.0)).expect("the row bounds its columns");
    assert!(claim.objective.is_some_and(|objective| (objective - 12.0).abs() < 1e-6), "{claim:?}");
    for (row_upper, word) in [(INF, "has no bounds"), (1e9, "big-M")] {
        let why = bridged.fits(&set(row_upper)).refusal().map(str::to_owned).unwrap_or_default();
        assert!(why.contains(word) && why.contains("'s'"), "{why}");
        assert!(bridged.open(set(row_upper)).is_err());
    }
}
