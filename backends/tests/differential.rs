//! Some hundred tiny integer programs by everybody who is linked, each answer beside the one that trying every point has.
//! Found by one like it: CBC's probing, which calls 1 the optimum of min 2a − b, −1 ≤ a − 2b ≤ 0 over binaries.

use std::sync::Arc;

use farkas_backends::bridges::Bridged;
use farkas_backends::contract::{Backend, Quiet, Start, StopToken};
use farkas_backends::options::{Options, Presolve};
use farkas_backends::solvers::microlp::Microlp;
use farkas_backends::solvers::mock::Mock;
use farkas_modeling::{Claim, ColumnKind, Problem, ProblemData, Reason, Sense, Tolerances, check};
use fastrand::Rng;

const INF: f64 = f64::INFINITY;
const ROUNDS: u64 = 400;

/// Everybody that is compiled in.
fn linked() -> Vec<Arc<dyn Backend>> {
    let mut all: Vec<Arc<dyn Backend>> = vec![Arc::new(Microlp)];
    #[cfg(feature = "cbc")]
    all.push(Arc::new(farkas_backends::solvers::cbc::Cbc));
    #[cfg(feature = "highs")]
    all.push(Arc::new(farkas_backends::solvers::highs::Highs::new()));
    #[cfg(feature = "scip")]
    all.push(Arc::new(farkas_backends::solvers::scip::ScipBackend::new()));
    all.into_iter().map(|backend| Arc::new(Bridged::over(backend)) as Arc<dyn Backend>).collect()
}

/// Two to six columns in narrow boxes, a third of the problems over binaries; sides close to what some point has, so that
/// rows bind. Rows may be empty, have one entry, two sides, or hold exactly; columns may be fixed, and boxes unevenly wide.
fn tiny(seed: u64) -> Problem {
    let mut rng = Rng::with_seed(seed);
    let binary = rng.u8(0..3) == 0;
    let (n, m) = if binary { (rng.usize(2..8), rng.usize(1..5)) } else { (rng.usize(2..6), rng.usize(1..4)) };
    let lower: Vec<f64> = (0..n).map(|_| if binary { 0.0 } else { f64::from(rng.i32(-3..3)) }).collect();
    let upper: Vec<f64> = lower.iter().map(|l| if binary { 1.0 } else { l + f64::from(rng.i32(0..5)) }).collect();
    let planted: Vec<f64> = lower.iter().zip(&upper).map(|(l, u)| l + (rng.f64() * (u - l)).round()).collect();
    let (mut starts, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    let mut activity = vec![0.0; m];
    for x in &planted {
        for (row, sum) in activity.iter_mut().enumerate() {
            let value = f64::from(rng.i32(-5..6));
            if value != 0.0 && rng.u8(0..10) < 6 {
                indices.push(row as u32);
                values.push(value);
                *sum += value * x;
            }
        }
        starts.push(indices.len() as u32);
    }
    let (mut row_lower, mut row_upper) = (Vec::new(), Vec::new());
    for at in activity {
        // One row in eight is shifted, perhaps out of reach.
        let at = if rng.u8(0..8) == 0 { at + f64::from(rng.i32(-4..5)) } else { at };
        let below = at - f64::from(rng.i32(0..3));
        let (low, high) = match rng.u8(0..20) {
            0..7 => (below, below + f64::from(rng.i32(1..4))),
            7..11 => (below, if rng.bool() { INF } else { 1e20 }),
            11..13 => (at, at),
            _ => (-INF, at + f64::from(rng.i32(0..2))),
        };
        row_lower.push(low);
        row_upper.push(high);
    }
    let data = ProblemData {
        sense: if rng.bool() { Sense::Minimize } else { Sense::Maximize },
        offset: f64::from(rng.i32(-5..6)),
        cost: (0..n).map(|_| f64::from(rng.i32(-6..7))).collect(),
        kinds: vec![ColumnKind::Integer; n],
        lower,
        upper,
        row_lower,
        row_upper,
        starts,
        indices,
        values,
        ..ProblemData::default()
    };
    Problem::new(data).expect("a sound problem")
}

fn solve(backend: &dyn Backend, problem: &Arc<Problem>, presolve: Presolve) -> Result<Claim, String> {
    let options = Options { presolve, ..Options::default() };
    let mut session = backend.open(Arc::clone(problem)).map_err(|error| error.to_string())?;
    session.solve(&options, &Start::default(), &Quiet, &StopToken::new()).map_err(|error| error.to_string())
}

/// What is wrong with a claim, beside one that is true.
fn fault(problem: &Problem, truth: &Claim, claim: &Claim) -> Option<String> {
    let (want, got) = (truth.termination.reason(), claim.termination.reason());
    if want != got {
        return Some(format!("says {got:?} ({:?}) where it is {want:?} ({:?})", claim.objective, truth.objective));
    }
    let want = truth.objective?;
    let got = claim.objective.unwrap_or(INF);
    // Whole numbers, to the tolerances of rows and bounds.
    if (want - got).abs() > 1e-3 {
        return Some(format!("says {got}, and it is {want}"));
    }
    let point = claim.point.as_deref().unwrap_or_default();
    match check::check_point(problem, point, &Tolerances::default()) {
        Ok(Ok(_)) => None,
        Ok(Err(measured)) => Some(format!("misses the tolerances: {:?}", measured.violations())),
        Err(error) => Some(error.to_string()),
    }
}

#[test]
fn tiny_integer_programs_have_the_answer_that_trying_every_point_has() {
    let backends = linked();
    let (mut faults, mut feasible) = (Vec::new(), 0);
    for seed in 0..ROUNDS {
        let problem = Arc::new(tiny(seed));
        let truth = solve(&Mock::new(), &problem, Presolve::Auto).expect("the truth is known");
        feasible += u64::from(truth.termination.reason() == Reason::Optimal);
        let presolve = [Presolve::Auto, Presolve::On, Presolve::Off][(seed % 3) as usize];
        for backend in &backends {
            let fault = match solve(&**backend, &problem, presolve) {
                Ok(claim) => fault(&problem, &truth, &claim),
                Err(error) => Some(error),
            };
            let label = || format!("{} with seed {seed}, presolve {presolve:?}", backend.name());
            faults.extend(fault.map(|fault| format!("{}: {fault}", label())));
        }
    }
    assert!(feasible > ROUNDS / 2 && feasible < ROUNDS, "{feasible} of {ROUNDS} are feasible");
    assert!(faults.is_empty(), "{}\n  {}", faults.len(), faults.join("\n  "));
}
