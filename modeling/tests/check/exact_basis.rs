//! Bases solved in fractions: they certify where computed multipliers cannot, and prove nothing that is not so.

use farkas_modeling::answer::{Answer, Basis, BasisStatus, EvidenceLevel};
use farkas_modeling::audit::{Document, audit};
use farkas_modeling::check::{TrustPolicy, Witness, conclude, evidence_file, examine};
use farkas_modeling::problem::Sense;
use farkas_modeling::{Claim, Problem, Tolerances};
use proptest::prelude::*;

use crate::build::{INF, Small, optimal, problem, source, with_duals};

const WORK: u64 = 1_000_000_000;

fn basis(columns: &str, rows: &str) -> Basis {
    let status = |c: char| match c {
        'b' => BasisStatus::Basic,
        'l' => BasisStatus::AtLower,
        'u' => BasisStatus::AtUpper,
        _ => BasisStatus::Free,
    };
    Basis { columns: columns.chars().map(status).collect(), rows: rows.chars().map(status).collect() }
}

fn concluded(problem: &Problem, claim: &Claim) -> Answer {
    let tolerances = Tolerances::default();
    let findings = [examine(problem, &source("mock", 0), claim, &tolerances)];
    conclude(problem, &findings, &tolerances, &TrustPolicy::default(), None)
}

fn verified(problem: &Problem, answer: &Answer) -> f64 {
    let text = serde_json::to_vec(&evidence_file(problem, answer)).expect("finite numbers");
    let file = Document::read(&text).expect("a file");
    let found = audit(problem, &file, &Tolerances::default()).unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!(found.level, EvidenceLevel::Certified);
    found.proven_bound.expect("a bound")
}

#[test]
fn a_basis_certifies_where_rounding_does_not() {
    // Free columns: their reduced costs must be zero exactly, and 0.3 and 0.1 are no binary numbers.
    let cases = [
        ("min 1 | 1 -inf..inf, 1 -inf..inf | 1 <= 3 1 <= 1; 2 <= 1 7 <= 2", [0.25, 0.25], [0.3, 0.1], 1.5),
        ("max 1 | 1 -inf..inf, 1 -inf..inf | -inf <= 3 1 <= 1; -inf <= 1 7 <= 2", [0.25, 0.25], [0.3, 0.1], 1.5),
    ];
    for (text, point, y, value) in cases {
        let p = problem(text);
        let claim = Claim { basis: Some(basis("bb", "ll")), ..with_duals(optimal(&point, value), &p, &y) };
        let answer = concluded(&p, &claim);
        assert_eq!(answer.evidence().level, EvidenceLevel::Checked, "{text}: {answer:#?}");
        let answer = answer.with_exact_basis(&p, WORK);
        assert_eq!(answer.evidence().level, EvidenceLevel::Certified, "{text}: {answer:#?}");
        assert_eq!(answer.evidence().certified_bound, Some(value), "{text}");
        assert!(matches!(answer.witness(), Some(Witness::ExactBound { .. })));
        assert_eq!(verified(&p, &answer), value, "{text}");
        assert!(!answer.evidence().notes.iter().any(|note| note.starts_with("Not certified")), "{answer:#?}");
    }
}

#[test]
fn a_basis_that_shows_nothing_says_why() {
    let p = problem("min 0 | 1 -inf..inf, 1 -inf..inf | 1 <= 3 1 <= inf; 2 <= 1 7 <= inf");
    let claim = with_duals(optimal(&[0.25, 0.25], 0.5), &p, &[0.3, 0.1]);
    let told = |basis: Basis, work: u64| {
        let answer = concluded(&p, &Claim { basis: Some(basis), ..claim.clone() });
        let answer = answer.with_exact_basis(&p, work);
        (answer.evidence().level, answer.evidence().notes.last().cloned().unwrap_or_default())
    };
    assert_eq!(told(basis("bb", "ll"), WORK).0, EvidenceLevel::Certified);
    let cases = [
        (basis("bb", "ll"), 100, "too much work"),
        (basis("bf", "lb"), WORK, "not optimal: the reduced cost of 'C2'"),
        (basis("bf", "ll"), WORK, "1 basic columns for 2 rows"),
    ];
    for (basis, work, why) in cases {
        let (level, note) = told(basis, work);
        assert_eq!(level, EvidenceLevel::Checked);
        assert!(note.contains(why), "{note}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn exact_multipliers_prove_the_optimum(
        entries in prop::collection::vec(-9_i32..=9, 9),
        point in prop::collection::vec(-9_i32..=9, 3),
        y in prop::collection::vec(1_i32..=9, 3),
        shift in prop::collection::vec(0_u8..3, 3),
        divisor in 3_i32..=9,
        max in any::<bool>(),
    ) {
        // Rows at their lower sides, with multipliers that are fractions: costs follow, and are rounded to doubles.
        let sign = if max { -1.0 } else { 1.0 };
        let a = |i: usize, j: usize| f64::from(entries[3 * i + j]);
        let x: Vec<f64> = point.iter().map(|v| f64::from(*v)).collect();
        let y: Vec<f64> = y.iter().map(|v| f64::from(*v) / f64::from(divisor)).collect();
        let cost = |j: usize| sign * (0..3).map(|i| a(i, j) * y[i]).sum::<f64>();
        let small = Small {
            sense: if max { Sense::Maximize } else { Sense::Minimize },
            columns: (0..3).map(|j| match shift[j] {
                0 => (cost(j), -INF, INF),
                1 => (cost(j), -INF, 100.0),
                _ => (cost(j), -100.0, INF),
            }).collect(),
            rows: (0..3).map(|i| {
                let row: Vec<f64> = (0..3).map(|j| a(i, j)).collect();
                (row.iter().zip(&x).map(|(a, x)| a * x).sum(), row, INF)
            }).collect(),
            ..Small::default()
        };
        let p = small.freeze();
        let value = p.objective_of(&x);
        let signed: Vec<f64> = y.iter().map(|y| sign * y).collect();
        let claim = Claim { basis: Some(basis("bbb", "lll")), ..with_duals(optimal(&x, value), &p, &signed) };
        let answer = concluded(&p, &claim).with_exact_basis(&p, WORK);
        if let Some(bound) = answer.evidence().certified_bound {
            // Costs were rounded, and so was the optimum.
            let is_exact = matches!(answer.witness(), Some(Witness::ExactBound { .. }));
            let near = if is_exact { 1e-9 } else { 1e-4 };
            prop_assert!((bound - value).abs() <= near * value.abs().max(1.0), "{bound} for {value}");
            if answer.evidence().level == EvidenceLevel::Certified {
                prop_assert_eq!(verified(&p, &answer), bound);
            }
        }
        let determinant = a(0, 0) * (a(1, 1) * a(2, 2) - a(1, 2) * a(2, 1))
            - a(0, 1) * (a(1, 0) * a(2, 2) - a(1, 2) * a(2, 0))
            + a(0, 2) * (a(1, 0) * a(2, 1) - a(1, 1) * a(2, 0));
        prop_assert!(determinant == 0.0 || answer.evidence().level == EvidenceLevel::Certified, "{answer:#?}");
    }
}
