//! Further points: the best of many, each once.

use std::sync::Arc;

use crate::Sense;
use crate::check::{CheckedPoint, Finding, Findings};

/// More points than these are not looked at.
pub const MOST_POINTS: usize = 1000;

/// Two points whose values differ by no more are one.
const SAME: f64 = 1e-6;

/// Up to `most` of the points, the best first, each once.
pub fn best_of(sense: Sense, mut points: Vec<Arc<CheckedPoint>>, most: usize) -> Vec<Arc<CheckedPoint>> {
    points.sort_by(|a, b| (sense.sign() * a.objective).total_cmp(&(sense.sign() * b.objective)));
    let mut kept: Vec<Arc<CheckedPoint>> = Vec::new();
    for point in points {
        if kept.len() >= most {
            break;
        }
        // Of equal points the objectives are as near as their values are.
        let near = |other: &&Arc<CheckedPoint>| {
            (other.objective - point.objective).abs() <= 1e-3 * point.objective.abs().max(1.0)
        };
        if !kept.iter().rev().take_while(near).any(|other| is_same(other, &point)) {
            kept.push(point);
        }
    }
    kept
}

fn is_same(a: &CheckedPoint, b: &CheckedPoint) -> bool {
    a.values.iter().zip(b.values.iter()).all(|(x, y)| (x - y).abs() <= SAME)
}

/// The pool of an answer: its points where somebody gave further ones, bounded by what one solver gave.
pub(super) fn of(sense: Sense, findings: &[Findings]) -> Vec<Arc<CheckedPoint>> {
    let further = |one: &Findings| one.list.iter().filter(|f| matches!(f, Finding::Further(_))).count();
    let most = findings.iter().map(further).max().unwrap_or(0);
    if most == 0 {
        return Vec::new();
    }
    let all = findings.iter().flat_map(|one| &one.list).filter_map(|finding| match finding {
        Finding::Point(point) | Finding::Further(point) => Some(Arc::new(point.clone())),
        _ => None,
    });
    best_of(sense, all.collect(), most + 1)
}
