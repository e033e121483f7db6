//! An answer's evidence as a file that [`crate::audit`] verifies alone.

use num_bigint::Sign;

use crate::answer::Answer;
use crate::audit::{Document, FORMAT, Gap, Implied as Step, Number, Point, Proof, Side, VERSION};
use crate::check::{Implied, Witness};
use crate::image::identity;
use crate::problem::Problem;

/// The evidence of an answer to this problem: its point, what is claimed and by whom, and what proves it.
pub fn evidence_file(problem: &Problem, answer: &Answer) -> Document {
    let evidence = answer.evidence();
    let tolerances = &evidence.tolerances;
    let point = answer.point().zip(answer.objective()).map(|(values, objective)| Point {
        found_by: evidence.found_by.as_ref().map(|source| source.backend.clone()).unwrap_or_default(),
        objective,
        values: values.to_vec(),
    });
    Document {
        format: FORMAT.into(),
        version: VERSION,
        problem: identity(problem),
        made_by: concat!("farkas ", env!("CARGO_PKG_VERSION")).into(),
        reason: answer.reason(),
        level: evidence.level,
        point,
        bound: answer.bound().filter(|bound| bound.is_finite()),
        gap: Some(Gap { relative: tolerances.relative_gap, absolute: tolerances.absolute_gap }),
        claimed_by: evidence.agreed_by.clone(),
        proof: answer.witness().and_then(|witness| proof(witness, evidence.certified_bound)),
    }
}

fn proof(witness: &Witness, bound: Option<f64>) -> Option<Proof> {
    Some(match witness {
        Witness::Bound { multipliers, implied } => Proof::Bound {
            value: bound.filter(|bound| bound.is_finite())?,
            multipliers: numbers(multipliers),
            denominator: None,
            implied: steps(implied),
        },
        Witness::ExactBound { multipliers, denominator, implied } => Proof::Bound {
            value: bound.filter(|bound| bound.is_finite())?,
            multipliers: (0..)
                .zip(multipliers.iter())
                .filter(|(_, y)| y.sign() != Sign::NoSign)
                .map(|(row, y)| (row, Number::Integer(y.to_string())))
                .collect(),
            denominator: Some(Number::Integer(denominator.to_string())),
            implied: steps(implied),
        },
        Witness::Contradiction { multipliers, implied } => {
            Proof::Infeasible { multipliers: numbers(multipliers), implied: steps(implied) }
        }
        Witness::CrossedColumn { column, implied } => Proof::CrossedColumn { column: *column, implied: steps(implied) },
        Witness::CrossedRow { row } => Proof::CrossedRow { row: *row },
        Witness::Ray(direction) => Proof::Ray { values: nonzeros(direction).collect() },
    })
}

fn nonzeros(values: &[f64]) -> impl Iterator<Item = (u32, f64)> {
    (0..).zip(values).filter(|(_, value)| **value != 0.0).map(|(at, value)| (at, *value))
}

fn numbers(values: &[f64]) -> Vec<(u32, Number)> {
    nonzeros(values).map(|(at, value)| (at, Number::Double(value))).collect()
}

fn steps(implied: &[Implied]) -> Vec<Step> {
    let side = |is_upper| if is_upper { Side::Upper } else { Side::Lower };
    let step = |s: &Implied| Step { column: s.column, side: side(s.is_upper), value: s.value, row: s.row };
    implied.iter().map(step).collect()
}
