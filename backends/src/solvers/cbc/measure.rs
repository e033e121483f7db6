//! Quick looks at points and rays in plain floating point, so that the adapter does not hand on what is plainly wrong.
//! They prove nothing: that is the checker's work, with exact sums.

use farkas_modeling::{Problem, Tolerances};

use super::arrays::Arrays;

/// A multiplier or a component of a ray below this share of the largest counts as zero.
const NEGLIGIBLE: f64 = 1e-10;
/// What a ray may miss its sign by, when its largest component is 1.
const RAY_TOLERANCE: f64 = 1e-8;

/// How many lower ends are above their upper ends.
pub(super) fn crossed(lower: &[f64], upper: &[f64]) -> usize {
    lower.iter().zip(upper).map(|(l, u)| usize::from(l > u)).sum()
}

/// How many values are outside their ends, however little, or no numbers.
fn outside(values: &[f64], lower: &[f64], upper: &[f64]) -> usize {
    let ends = lower.iter().zip(upper);
    values.iter().zip(ends).map(|(v, (l, u))| usize::from(!(v >= l && v <= u && v.abs() < f64::INFINITY))).sum()
}

/// Whether a point keeps all rows and bounds, within the tolerances.
pub(super) fn fits_rows(arrays: &Arrays<'_>, x: &[f64], tolerances: &Tolerances) -> bool {
    let inside =
        |value: f64, low: f64, high: f64, below: f64, above: f64| value >= low - below && value <= high + above;
    let columns = x.iter().zip(arrays.lower().iter().zip(arrays.upper()));
    let in_bounds = outside(x, arrays.lower(), arrays.upper()) == 0
        || (x.iter().all(|value| value.is_finite())
            && columns.into_iter().all(|(&x, (&l, &u))| inside(x, l, u, tolerances.bound, tolerances.bound)));
    if !in_bounds {
        return false;
    }
    let activities = arrays.activities(x);
    let mut rows = arrays.row_lower().iter().zip(arrays.row_upper());
    outside(&activities, arrays.row_lower(), arrays.row_upper()) == 0
        || activities.iter().all(|&activity| {
            rows.next().is_some_and(|(&l, &u)| {
                let (below, above) = (side(tolerances, l), side(tolerances, u));
                inside(activity, l, u, below, above)
            })
        })
}

fn side(tolerances: &Tolerances, side: f64) -> f64 {
    if side.is_finite() { tolerances.row(side) } else { 0.0 }
}

/// The point with its integer columns made integers, by rounding in some way.
pub(super) fn made_whole(problem: &Problem, x: &[f64], to: impl Fn(f64) -> f64) -> Vec<f64> {
    x.iter().zip(problem.kind_codes()).map(|(&x, &kind)| if kind == 1 { to(x) } else { x }).collect()
}

/// Whether every integer column is within `tolerance` of an integer.
pub(super) fn is_integral(problem: &Problem, x: &[f64], tolerance: f64) -> bool {
    x.iter().zip(problem.kind_codes()).all(|(x, &kind)| kind != 1 || (x - x.round()).abs() <= tolerance)
}

/// The Farkas multipliers behind `y`, cleaned and with the sign that proves something, if they prove anything:
/// min yᵀr over the row sides is greater than max (Aᵀy)ᵀx over the bounds.
pub(super) fn farkas(arrays: &Arrays<'_>, y: &[f64]) -> Option<Vec<f64>> {
    [1.0, -1.0].into_iter().filter_map(|sign| normalised(y, sign)).find(|y| {
        let rows = y.iter().zip(arrays.row_lower().iter().zip(arrays.row_upper()));
        let least: f64 = rows.map(|(&y, (&l, &u))| product(y, if y > 0.0 { l } else { u }, 0.0)).sum();
        let combined = arrays.combination(y);
        let columns = combined.iter().zip(arrays.lower().iter().zip(arrays.upper()));
        let greatest: f64 = columns.map(|(&d, (&l, &u))| product(d, if d > 0.0 { u } else { l }, RAY_TOLERANCE)).sum();
        least.is_finite() && greatest.is_finite() && least - greatest > 1e-9 * least.abs().max(greatest.abs()).max(1e-3)
    })
}

/// factor · side; nothing for a factor within `zero` of zero on an infinite side.
fn product(factor: f64, side: f64, zero: f64) -> f64 {
    if factor == 0.0 || (side.is_infinite() && factor.abs() <= zero) { 0.0 } else { factor * side }
}

/// The direction behind `d`, cleaned, if the problem is open in it and its objective falls along it.
pub(super) fn ray(arrays: &Arrays<'_>, d: &[f64]) -> Option<Vec<f64>> {
    let d = normalised(d, 1.0)?;
    let open = |step: f64, low: f64, high: f64| {
        (step >= -RAY_TOLERANCE || low == f64::NEG_INFINITY) && (step <= RAY_TOLERANCE || high == f64::INFINITY)
    };
    let mut bounds = arrays.lower().iter().zip(arrays.upper());
    let mut sides = arrays.row_lower().iter().zip(arrays.row_upper());
    let falls = arrays.cost().iter().zip(&d).map(|(c, d)| c * d).sum::<f64>() < -RAY_TOLERANCE;
    let stays = d.iter().all(|&step| bounds.next().is_some_and(|(&l, &u)| open(step, l, u)))
        && arrays.activities(&d).iter().all(|&step| sides.next().is_some_and(|(&l, &u)| open(step, l, u)));
    (falls && stays).then_some(d)
}

/// `v · sign`, its largest component 1 and the negligible ones gone; none for zero and for what is not finite.
fn normalised(v: &[f64], sign: f64) -> Option<Vec<f64>> {
    let largest = v.iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
    let usable = largest > 0.0 && largest.is_finite() && v.iter().all(|v| v.is_finite());
    let scaled = |v: &f64| if v.abs() <= NEGLIGIBLE * largest { 0.0 } else { sign * v / largest };
    usable.then(|| v.iter().map(scaled).collect())
}
