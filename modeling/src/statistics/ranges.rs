//! Ranges: the smallest and largest of each sort of number, zeros and infinities left out, and where they stand.

use serde::Serialize;

use crate::problem::Problem;

/// The smallest and largest absolute value of one sort of number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Range {
    /// The smallest that is not zero.
    pub least: f64,
    /// Where it stands: names of a row, a column or both.
    pub least_at: String,
    /// The largest.
    pub most: f64,
    /// Where it stands.
    pub most_at: String,
}

impl Range {
    /// How many times the smallest the largest is.
    pub fn ratio(&self) -> f64 {
        self.most / self.least
    }
}

/// The ranges of a problem's numbers; `None` where there is none but zeros and infinities.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Ranges {
    /// Coefficients of the matrix.
    pub coefficients: Option<Range>,
    /// Linear costs.
    pub costs: Option<Range>,
    /// Sides of rows.
    pub sides: Option<Range>,
    /// Bounds of columns.
    pub bounds: Option<Range>,
    /// Coefficients of products in the objective.
    pub objective_products: Option<Range>,
    /// Coefficients of products in rows.
    pub row_products: Option<Range>,
    /// The largest ratio of two coefficients in one row.
    pub worst_row: Option<Worst>,
    /// The largest ratio of two coefficients in one column.
    pub worst_column: Option<Worst>,
}

/// A row or column whose coefficients differ most.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worst {
    /// Its name.
    pub name: String,
    /// How many times its smallest coefficient the largest is.
    pub ratio: f64,
}

/// Finds the extremes of numbers, each with its place.
fn range<P: Copy>(numbers: impl Iterator<Item = (f64, P)>, name: impl Fn(P) -> String) -> Option<Range> {
    let mut extremes: Option<((f64, P), (f64, P))> = None;
    for (value, place) in numbers.map(|(v, p)| (v.abs(), p)).filter(|(v, _)| *v > 0.0 && v.is_finite()) {
        let (least, most) = extremes.get_or_insert(((value, place), (value, place)));
        if value < least.0 {
            *least = (value, place);
        }
        if value > most.0 {
            *most = (value, place);
        }
    }
    let (least, most) = extremes?;
    Some(Range { least: least.0, least_at: name(least.1), most: most.0, most_at: name(most.1) })
}

/// The largest of these numbers by the smallest, in absolute value and without zeros; 1 without any.
pub(super) fn ratio_of(values: &[f64]) -> f64 {
    let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
    for value in values.iter().map(|v| v.abs()).filter(|&v| v > 0.0) {
        (least, most) = (least.min(value), most.max(value));
    }
    if most > 0.0 { most / least } else { 1.0 }
}

/// The slice of numbers whose largest is most times its smallest.
pub(super) fn worst_of(starts: &[u32], values: &[f64]) -> Option<(usize, f64)> {
    let ratio = |w: &[u32]| ratio_of(&values[w[0] as usize..w[1] as usize]);
    let ratios = starts.windows(2).map(ratio).enumerate();
    ratios.reduce(|best, next| if next.1 > best.1 { next } else { best })
}

impl Ranges {
    /// Looks through all numbers.
    pub fn of(p: &Problem) -> Self {
        let column = |j: usize| p.column_names().get(j).into_owned();
        let row = |i: usize| p.row_names().get(i).into_owned();
        let entries = (0..p.num_columns()).flat_map(|j| p.column(j).iter().map(move |(i, v)| (v, (i, j))));
        let rows = p.by_rows();
        let columns = || p.lower().iter().zip(p.upper()).enumerate();
        let sides = p.row_lower().iter().zip(p.row_upper()).enumerate();
        let products = p.quadratic_objective().iter().map(|x| (x.value, (x.first as usize, x.second as usize)));
        let row_products = p.quadratic_rows().iter().flat_map(|q| q.products.iter().map(|x| (x.value, q.row as usize)));
        Self {
            coefficients: range(entries, |(i, j)| format!("{} in {}", column(j), row(i))),
            costs: range(p.cost().iter().copied().zip(0..), column),
            sides: range(sides.flat_map(|(i, (&l, &u))| [(l, i), (u, i)]), row),
            bounds: range(columns().flat_map(|(j, (&l, &u))| [(l, j), (u, j)]), column),
            objective_products: range(products, |(a, b)| format!("{} × {}", column(a), column(b))),
            row_products: range(row_products, row),
            worst_row: worst_of(&rows.starts, &rows.values).map(|(i, ratio)| Worst { name: row(i), ratio }),
            worst_column: worst_of(p.starts(), p.values()).map(|(j, ratio)| Worst { name: column(j), ratio }),
        }
    }
}
