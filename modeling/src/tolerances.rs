//! The one tolerance policy: it drives the solvers *and* the check, and is printed in the evidence.

use serde::{Deserialize, Serialize};

/// How far from exact a point may be, and when a gap counts as closed.
///
/// ```
/// use farkas_modeling::Tolerances;
/// let t = Tolerances::default();
/// assert!(t.gap_closed(100.0, 99.995));
/// assert!(!t.gap_closed(100.0, 99.9));
/// assert_eq!(t.row(0.5), 1e-6);
/// assert_eq!(t.row(2e3), 2e-3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tolerances {
    /// Row activity may miss its side by `feasibility · max(1, |side|)`. Default 1e-6.
    pub feasibility: f64,
    /// A column may miss its bound by this much (absolute). Default 1e-6.
    pub bound: f64,
    /// An integer column may be this far from an integer. Default 1e-6.
    pub integrality: f64,
    /// Up to here a fractional integer column is reported as imprecise rather than wrong. Default 1e-5.
    pub imprecise_integrality: f64,
    /// Reduced costs and multipliers may have the wrong sign by this much. Default 1e-7.
    pub dual: f64,
    /// Relative gap: closed when |incumbent − bound| ≤ `relative_gap` · |incumbent|. Default 1e-4.
    pub relative_gap: f64,
    /// Absolute gap: closed when |incumbent − bound| ≤ `absolute_gap`. Default 1e-9.
    pub absolute_gap: f64,
}

impl Default for Tolerances {
    fn default() -> Self {
        Self {
            feasibility: 1e-6,
            bound: 1e-6,
            integrality: 1e-6,
            imprecise_integrality: 1e-5,
            dual: 1e-7,
            relative_gap: 1e-4,
            absolute_gap: 1e-9,
        }
    }
}

/// A point may use up tolerances of 1e-6, so that objectives this close say the same.
pub(crate) const LEAST_CONTRADICTION: f64 = 1e-6;

impl Tolerances {
    /// What a row with this right-hand side may be missed by.
    pub fn row(&self, side: f64) -> f64 {
        self.feasibility * side.abs().max(1.0)
    }

    /// The distance between an incumbent and a bound that still counts as closed.
    pub fn gap_width(&self, incumbent: f64) -> f64 {
        self.absolute_gap.max(self.relative_gap * incumbent.abs())
    }

    /// By how much a checked point must beat a bound before the bound is called wrong: the gap, and never less than what
    /// tolerances do to an objective near zero, where a gap relative to it would be nothing.
    pub fn contradiction_width(&self, incumbent: f64) -> f64 {
        self.gap_width(incumbent).max(LEAST_CONTRADICTION)
    }

    /// Whether incumbent and bound (both in the problem's own sense, offset included) are close enough to stop.
    pub fn gap_closed(&self, incumbent: f64, bound: f64) -> bool {
        (incumbent - bound).abs() <= self.gap_width(incumbent)
    }
}

/// The gap that is reported: |objective − bound| / max(1e-10, |objective|); infinite when either is.
pub fn relative_gap(objective: f64, bound: f64) -> f64 {
    if objective == bound {
        0.0
    } else if !objective.is_finite() || !bound.is_finite() {
        f64::INFINITY
    } else {
        (objective - bound).abs() / objective.abs().max(1e-10)
    }
}
