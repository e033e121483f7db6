//! Piecewise linear functions, given by their corners.

use super::Function;
use crate::model::expression::{Expr, Linear, Number, Var};
use crate::model::{Compare, Model, sum};
use crate::problem::DefectCode;

/// How near a corner is to the line through its neighbours, relatively, to count as none.
const STRAIGHT: f64 = 1e-12;

/// How a function bends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bend {
    Convex,
    Concave,
}

impl Model {
    /// A variable that is a piecewise linear function of an expression, whatever the objective, for every solver of
    /// mixed-integer problems. The function goes through the points, left to right; the expression stays between the first
    /// and the last.
    ///
    /// With K pieces, adds y in \[least, greatest value\], a part δₖ in \[0, 1\] of each (`name.part`), K − 1 binaries zₖ (`name.full`),
    /// x = x₀ + Σ δₖ Δxₖ, y = y₀ + Σ δₖ Δyₖ, and δₖ ≥ zₖ ≥ δₖ₊₁: a piece is begun only when the one before is full (the
    /// incremental model of Markowitz and Manne, whose relaxation is the convex hull). Corners that are none are left out first; for a
    /// straight line that leaves two equations and no binary. Points that are not finite, fewer than two, or not
    /// ascending in x are told by [`freeze`](Self::freeze).
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("freight");
    /// let tonnes = m.nonnegative("tonnes").one();
    /// // 5 a tonne for the first ten, then a flat stretch, then 1 a tonne: neither convex nor concave.
    /// let cost = m.piecewise("cost", tonnes, &[(0, 0), (10, 50), (20, 50), (40, 70)]);
    /// m.minimize(cost);
    /// m.row("order", tonnes.ge(15));
    /// let p = m.freeze()?;
    /// assert_eq!((p.num_integers(), p.upper()[cost.index()]), (2, 70.0));
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    #[track_caller]
    pub fn piecewise<A: Number, B: Number>(&mut self, name: &str, x: impl Linear, points: &[(A, B)]) -> Var {
        let function = Function { kind: "piecewise linear function", name };
        let Some((points, y)) = self.function_value(function, points) else { return self.continuous(name).one() };
        let pieces = points.len() - 1;
        let part = self.continuous(&format!("{name}.part")).bounds(0, 1).over(0..pieces);
        let full = self.binary(&format!("{name}.full")).over(0..pieces - 1);
        let along = |k: usize| (points[k + 1].0 - points[k].0, points[k + 1].1 - points[k].1);
        self.row(&format!("{name}.x"), (Expr::of(x) - sum(0..pieces, |k| along(k).0 * part[k])).eq(points[0].0));
        self.row(&format!("{name}.y"), (y - sum(0..pieces, |k| along(k).1 * part[k])).eq(points[0].1));
        self.rows(&format!("{name}.before"), 0..pieces - 1, |k| part[k].ge(full[k]));
        self.rows(&format!("{name}.after"), 0..pieces - 1, |k| full[k].ge(part[k + 1]));
        y
    }

    /// As [`piecewise`](Self::piecewise), by a special ordered set of type 2, for solvers that branch on those: adds y, a
    /// weight λₖ in \[0, 1\] for each point (`name.weight`), x = Σ λₖ xₖ, y = Σ λₖ yₖ, Σ λₖ = 1, and that at most two neighbouring weights
    /// are nonzero.
    #[track_caller]
    pub fn piecewise_sos2<A: Number, B: Number>(&mut self, name: &str, x: impl Linear, points: &[(A, B)]) -> Var {
        let function = Function { kind: "piecewise linear function", name };
        let Some((points, y)) = self.function_value(function, points) else { return self.continuous(name).one() };
        let count = points.len();
        let weight = self.continuous(&format!("{name}.weight")).bounds(0, 1).over(0..count);
        self.row(&format!("{name}.x"), (Expr::of(x) - sum(0..count, |k| points[k].0 * weight[k])).eq(0));
        self.row(&format!("{name}.y"), (y - sum(0..count, |k| points[k].1 * weight[k])).eq(0));
        self.row(&format!("{name}.all"), sum(0..count, |k| weight[k]).eq(1));
        if count > 2 {
            self.sos2(name, &weight);
        }
        y
    }

    /// A variable that is at least a *convex* piecewise linear function of an expression, and equal to it wherever the
    /// objective pushes it down: a cost that is minimised. Adds y and a row y ≥ aₖ x + bₖ for each piece, and no binaries; beyond the first and
    /// the last point the outer pieces go on. A function that is not convex is told by [`freeze`](Self::freeze).
    ///
    /// ```
    /// use farkas_modeling::model::prelude::*;
    /// let mut m = Model::new("power");
    /// let load = m.nonnegative("load").upper(30).one();
    /// let cost = m.piecewise_epigraph("cost", load, &[(0.0, 0.0), (10.0, 5.0), (30.0, 25.0)]);
    /// m.minimize(cost);
    /// let p = m.freeze()?;
    /// assert_eq!((p.num_rows(), p.is_lp()), (2, true));
    /// # Ok::<(), farkas_modeling::problem::Defects>(())
    /// ```
    #[track_caller]
    pub fn piecewise_epigraph<A: Number, B: Number>(&mut self, name: &str, x: impl Linear, points: &[(A, B)]) -> Var {
        self.one_sided(name, &Expr::of(x), points, Bend::Convex)
    }

    /// A variable that is at most a *concave* piecewise linear function of an expression, and equal to it wherever the
    /// objective pushes it up: a profit that is maximised. Adds y and a row y ≤ aₖ x + bₖ for each piece.
    #[track_caller]
    pub fn piecewise_hypograph<A: Number, B: Number>(&mut self, name: &str, x: impl Linear, points: &[(A, B)]) -> Var {
        self.one_sided(name, &Expr::of(x), points, Bend::Concave)
    }

    #[track_caller]
    fn one_sided<A: Number, B: Number>(&mut self, name: &str, x: &Expr, points: &[(A, B)], bend: Bend) -> Var {
        let function = Function { kind: "piecewise linear function", name };
        let y = self.continuous(name).one();
        let Some(points) = self.corners(function, points) else { return y };
        for corner in points.windows(3) {
            let above = turn(corner) < 0.0;
            if above == (bend == Bend::Convex) {
                let (x, y) = corner[1];
                let (is, other) = match bend {
                    Bend::Convex => ("convex", "piecewise_hypograph"),
                    Bend::Concave => ("concave", "piecewise_epigraph"),
                };
                let detail =
                    format!("it is not {is} at ({x}, {y}); use `piecewise`, or `{other}` if it bends the other way");
                self.lacks(function, DefectCode::BadFunction, detail);
                break;
            }
        }
        for piece in points.windows(2) {
            let ((x0, y0), (x1, y1)) = (piece[0], piece[1]);
            let slope = (y1 - y0) / (x1 - x0);
            let line = slope * x + (y0 - slope * x0);
            match bend {
                Bend::Convex => self.row(&format!("{name}.piece"), y.ge(line)),
                Bend::Concave => self.row(&format!("{name}.piece"), y.le(line)),
            };
        }
        y
    }

    /// The corners, and the variable of the function's value, bounded by theirs.
    #[track_caller]
    fn function_value<A: Number, B: Number>(
        &mut self,
        function: Function<'_>,
        points: &[(A, B)],
    ) -> Option<(Vec<(f64, f64)>, Var)> {
        let points = self.corners(function, points)?;
        let values = || points.iter().map(|&(_, y)| y);
        let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        let y = self.continuous(function.name).bounds(least, most).one();
        Some((points, y))
    }

    /// The points without those on a straight line, unless they are no function.
    fn corners<A: Number, B: Number>(&mut self, function: Function<'_>, points: &[(A, B)]) -> Option<Vec<(f64, f64)>> {
        let all = points.iter().map(|&(x, y)| (x.to_f64(), y.to_f64()));
        let mut corners: Vec<(f64, f64)> = Vec::with_capacity(points.len());
        for (k, point) in all.enumerate() {
            let wrong = if !(point.0.is_finite() && point.1.is_finite()) {
                Some("is not finite")
            } else if corners.last().is_some_and(|last| last.0 >= point.0) {
                Some("is not to the right of the one before")
            } else {
                None
            };
            if let Some(wrong) = wrong {
                let detail = format!("point {} ({}, {}) {wrong}", k + 1, point.0, point.1);
                self.lacks(function, DefectCode::BadFunction, detail);
                return None;
            }
            if let [.., a, b] = corners.as_slice()
                && turn(&[*a, *b, point]).abs() <= STRAIGHT
            {
                corners.pop();
            }
            corners.push(point);
        }
        if corners.len() < 2 {
            let detail = format!("it has {} points; a function needs two", corners.len());
            self.lacks(function, DefectCode::BadFunction, detail);
            return None;
        }
        Some(corners)
    }
}

/// How much the second slope of three points is above the first, relative to their sizes.
fn turn(corner: &[(f64, f64)]) -> f64 {
    let ((x0, y0), (x1, y1), (x2, y2)) = (corner[0], corner[1], corner[2]);
    let (before, after) = ((y1 - y0) / (x1 - x0), (y2 - y1) / (x2 - x1));
    let size = before.abs().max(after.abs());
    if size == 0.0 { 0.0 } else { (after - before) / size }
}
