//! Answers from a basis that is known: those of a fresh solve by HiGHS, proven, and none where HiGHS has none. Random small
//! problems with every kind of bound and side, each changed again and again.
#![cfg(feature = "highs")]

use std::sync::Arc;

use farkas_backends::contract::{Backend, Quiet, Start, StopToken};
use farkas_backends::options::Options;
use farkas_backends::reoptimize::Reoptimizer;
use farkas_backends::solvers::highs::Highs;
use farkas_modeling::answer::{Answer, Basis, EvidenceLevel};
use farkas_modeling::check::{self, TrustPolicy};
use farkas_modeling::patch::{Patch, Revision};
use farkas_modeling::{Claim, Problem, ProblemData, Reason, Sense, Source, Tolerances};

/// Bounds or sides of each kind, around a value.
fn range(random: &mut fastrand::Rng, kinds: usize) -> (f64, f64) {
    let at = f64::from(random.i32(-5..6));
    match random.usize(0..kinds) {
        0 => (at, f64::INFINITY),
        1 => (f64::NEG_INFINITY, at),
        2 => (at, at + f64::from(random.u8(0..8))),
        3 => (at, at),
        _ => (f64::NEG_INFINITY, f64::INFINITY),
    }
}

fn problem(random: &mut fastrand::Rng) -> Arc<Problem> {
    let (n, m) = (random.usize(1..9), random.usize(0..9));
    let (mut starts, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for _ in 0..n {
        for i in 0..m as u32 {
            if random.u8(0..3) > 0 {
                indices.push(i);
                values.push(f64::from(random.i32(-4..5)));
            }
        }
        starts.push(values.len() as u32);
    }
    let bounds: Vec<(f64, f64)> = (0..n).map(|_| range(random, 5)).collect();
    let sides: Vec<(f64, f64)> = (0..m).map(|_| range(random, 5)).collect();
    let data = ProblemData {
        sense: if random.bool() { Sense::Minimize } else { Sense::Maximize },
        cost: (0..n).map(|_| f64::from(random.i32(-6..7))).collect(),
        lower: bounds.iter().map(|b| b.0).collect(),
        upper: bounds.iter().map(|b| b.1).collect(),
        row_lower: sides.iter().map(|s| s.0).collect(),
        row_upper: sides.iter().map(|s| s.1).collect(),
        starts,
        indices,
        values,
        ..ProblemData::default()
    };
    Arc::new(Problem::new(data).expect("sound"))
}

/// Some bounds and sides moved, or of another kind.
fn changed(base: &Arc<Problem>, random: &mut fastrand::Rng) -> Arc<Problem> {
    let mut patch = Patch::new();
    let change = |random: &mut fastrand::Rng, lower: f64, upper: f64| {
        let by = f64::from(random.i32(-3..4)) / 2.0;
        if random.u8(0..8) == 0 { range(random, 5) } else { (lower + by, upper + by) }
    };
    for j in 0..base.num_columns() {
        if random.bool() {
            let (lower, upper) = change(random, base.lower()[j], base.upper()[j]);
            patch.lower(j, lower).upper(j, upper);
        }
    }
    for i in 0..base.num_rows() {
        if random.bool() {
            let (lower, upper) = change(random, base.row_lower()[i], base.row_upper()[i]);
            patch.row_lower(i, lower).row_upper(i, upper);
        }
    }
    Arc::clone(Revision::new(base, &patch).expect("sound").problem())
}

fn examined(problem: &Problem, claim: &Claim) -> Answer {
    let source = Source { backend: "highs".to_owned(), version: "1".to_owned(), lane: 0 };
    let tolerances = Tolerances::default();
    let findings = check::examine(problem, &source, claim, &tolerances);
    check::conclude(problem, &[findings], &tolerances, &TrustPolicy::default(), None)
}

fn by_highs(problem: &Arc<Problem>) -> (Answer, Option<Basis>) {
    let mut session = Highs::new().open(Arc::clone(problem)).expect("small");
    let claim = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new()).expect("solved");
    (examined(problem, &claim), claim.basis)
}

#[test]
fn answers_are_those_of_a_fresh_solve() {
    let mut random = fastrand::Rng::with_seed(7);
    let (mut tried, mut answered, mut infeasible, mut proven, mut proven_of_highs) = (0, 0, 0, 0, 0);
    for round in 0..1000 {
        let base = problem(&mut random);
        let (answer, basis) = by_highs(&base);
        let (Reason::Optimal, Some(basis)) = (answer.reason(), basis) else { continue };
        let mut known = Reoptimizer::new(&base, &basis).expect("a basis of HiGHS is none that is singular");
        for change in 0..8 {
            let changed = changed(&base, &mut random);
            let (fresh, _) = by_highs(&changed);
            let claim = known.solve(&changed);
            let label = format!("round {round}, change {change}: {claim:?}");
            if fresh.reason() != Reason::Optimal {
                assert!(claim.is_none(), "{label}, but HiGHS: {:?}", fresh.termination());
                infeasible += usize::from(fresh.reason() == Reason::Infeasible);
                continue;
            }
            tried += 1;
            let Some(claim) = claim else { continue };
            let answer = examined(&changed, &claim);
            let level = |answer: &Answer| answer.evidence().level;
            // Rounding may be too coarse for a proof, for HiGHS' multipliers as for these.
            assert!(answer.reason() == Reason::Optimal && level(&answer) >= EvidenceLevel::Checked, "{label}");
            proven += usize::from(level(&answer) == EvidenceLevel::Certified);
            proven_of_highs += usize::from(level(&fresh) == EvidenceLevel::Certified);
            let (own, highs) = (answer.objective().expect("optimal"), fresh.objective().expect("optimal"));
            assert!((own - highs).abs() <= 1e-7 * highs.abs().max(1.0), "{label}: {own}, HiGHS {highs}");
            answered += 1;
            if random.bool() {
                known.stay();
            }
        }
    }
    assert!(proven >= proven_of_highs, "{proven} proven where {proven_of_highs} of HiGHS' are");
    // The rest has got bounds that the basis cannot stand at.
    assert!(tried > 1000 && answered * 10 > tried * 8 && infeasible > 100, "{answered} of {tried}; {infeasible}");
}

/// What is changed, and how.
type Case = (&'static str, fn(&mut Patch));

#[test]
fn what_it_was_not_made_for_goes_to_the_solver() {
    let mut random = fastrand::Rng::with_seed(1);
    let (base, basis) = loop {
        let base = problem(&mut random);
        if let (true, (answer, Some(basis))) = (base.num_rows() > 2 && base.num_nonzeros() > 2, by_highs(&base))
            && answer.reason() == Reason::Optimal
        {
            break (base, basis);
        }
    };
    let mut known = Reoptimizer::new(&base, &basis).expect("a basis");
    assert!(known.solve(&base).is_some_and(|claim| claim.objective == by_highs(&base).0.objective()));
    let cases: [Case; 4] = [
        ("a cost", |patch| _ = patch.cost(0, 77.0)),
        ("a coefficient", |patch| _ = patch.coefficient(0, 0, 77.0)),
        ("a kind", |patch| _ = patch.kind(0, farkas_modeling::ColumnKind::Integer)),
        ("a row less", |patch| _ = patch.remove_row(0)),
    ];
    for (what, change) in cases {
        let mut patch = Patch::new();
        change(&mut patch);
        let changed = Revision::new(&base, &patch).expect(what);
        assert!(known.solve(changed.problem()).is_none(), "{what}");
    }
    let mut short = basis.clone();
    short.columns.pop();
    assert!(Reoptimizer::new(&base, &short).is_none());
}
