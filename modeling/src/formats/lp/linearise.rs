//! Rows in place of general constraints, by the table in the [module's documentation](super).

use super::general::{General, Relation};
use super::read::Reader;

use super::rows::Sides;
use super::token::{Comparison, Span};
use super::variables::flag;
use crate::formats::fault::Fault;
use crate::formats::place::quote;
use crate::problem::{Indicator, Sense, SpecialOrderedSet};

/// Characters of a label that are taken into the names of what is made for it.
pub(super) const MOST_OF_LABEL: usize = 24;

/// An operand of MIN or MAX: a variable or a number, and between which values it stays.
struct Operand {
    column: Option<u32>,
    lower: f64,
    upper: f64,
}

/// What the rows and variables of one constraint share.
struct Place {
    /// Its label, or a name made for it.
    base: String,
    at: Span,
}

impl Reader<'_> {
    /// Rewrites all of them. Bounds are settled.
    pub(super) fn rewrite_general(&mut self) -> Result<(), Fault> {
        let list = std::mem::take(&mut self.general);
        let room = self.room_for(&list)?;
        self.make_room(&room);
        for (k, General { label, at, relation }) in list.into_iter().enumerate() {
            self.warnings.add("lp-general-constraint", Some(at.at), || {
                "general constraints are written as rows, with variables of their own".to_owned()
            });
            // Not more of a label than this: it comes again in the name of every row and variable made here.
            let base = match label {
                Some(span) => self.name_text(span)?.chars().take(MOST_OF_LABEL).collect(),
                None => format!("gc{}", k + 1),
            };
            let place = Place { base, at };
            match relation {
                Relation::Extreme { largest, result, operands, constant } => {
                    self.extreme(&place, largest, result, &operands, constant)?;
                }
                Relation::Absolute { result, operand } => self.absolute(&place, result, operand)?,
                Relation::Logic { all, result, operands } => self.logic(&place, all, result, &operands)?,
                Relation::Piecewise { result, argument, points } => {
                    self.piecewise(&place, result, argument, &points)?;
                }
                Relation::PiecewiseCost { argument, points } => self.piecewise_cost(&place, argument, &points)?,
            }
        }
        Ok(())
    }

    fn extreme(
        &mut self,
        place: &Place,
        largest: bool,
        result: u32,
        operands: &[u32],
        constant: Option<f64>,
    ) -> Result<(), Fault> {
        // MIN is MAX of the negatives.
        let sign = if largest { 1.0 } else { -1.0 };
        let columns = operands.iter().map(|&column| Some(column)).chain(constant.map(|_| None));
        let operand = |reader: &Self, column: Option<u32>| {
            let (lower, upper) = match (column, constant) {
                (Some(column), _) => reader.range(column),
                (None, value) => (value.unwrap_or(0.0), value.unwrap_or(0.0)),
            };
            let (lower, upper) = if largest { (lower, upper) } else { (-upper, -lower) };
            Operand { column, lower, upper }
        };
        let highest = columns.clone().map(|column| operand(self, column).upper).fold(f64::NEG_INFINITY, f64::max);
        let count = operands.len() + usize::from(constant.is_some());
        let choices = if count > 1 { self.choices(place, count)? } else { Vec::new() };
        for (k, column) in columns.enumerate() {
            let operand = operand(self, column);
            // sign·r − sign·x, and the constant's part on the other side.
            let mut terms = vec![(result, sign)];
            terms.extend(operand.column.map(|column| (column, -sign)));
            let constant = if operand.column.is_none() { operand.lower } else { 0.0 };
            self.new_row(place, &format!("above{}", k + 1), &terms, Sides::of(Comparison::Greater, constant))?;
            let name = format!("reach{}", k + 1);
            match choices.get(k) {
                None => {
                    self.new_row(place, &name, &terms, Sides::of(Comparison::Less, constant))?;
                }
                Some(&z) => self.switched_above(place, &name, terms, constant, highest - operand.lower, (z, true))?,
            }
        }
        Ok(())
    }

    /// One binary for each of `n`, of which one is 1.
    fn choices(&mut self, place: &Place, n: usize) -> Result<Vec<u32>, Fault> {
        let mut choices = Vec::with_capacity(n);
        for k in 0..n {
            choices.push(self.new_variable(place, &format!("is{}", k + 1), 1.0, flag::BINARY)?);
        }
        let terms: Vec<(u32, f64)> = choices.iter().map(|&z| (z, 1.0)).collect();
        self.new_row(place, "one", &terms, Sides::of(Comparison::Equal, 1.0))?;
        Ok(choices)
    }

    /// `terms ≤ side` where the binary has the value; elsewhere they stay below `side + big`, or may be anything where that is
    /// infinite.
    fn switched_above(
        &mut self,
        place: &Place,
        name: &str,
        mut terms: Vec<(u32, f64)>,
        side: f64,
        big: f64,
        (binary, active): (u32, bool),
    ) -> Result<(), Fault> {
        if !big.is_finite() {
            let row = self.new_row(place, name, &terms, Sides::of(Comparison::Less, side))?;
            self.indicators.push(Indicator { row, column: binary, active });
            return Ok(());
        }
        let (coefficient, side) = if active { (big, side + big) } else { (-big, side) };
        terms.push((binary, coefficient));
        self.new_row(place, name, &terms, Sides::of(Comparison::Less, side))?;
        Ok(())
    }

    fn absolute(&mut self, place: &Place, result: u32, operand: u32) -> Result<(), Fault> {
        let (lower, upper) = self.range(operand);
        let (minus, plus) = ([(result, 1.0), (operand, -1.0)], [(result, 1.0), (operand, 1.0)]);
        if lower >= 0.0 || upper <= 0.0 {
            let terms = if lower >= 0.0 { minus } else { plus };
            self.new_row(place, "equal", &terms, Sides::of(Comparison::Equal, 0.0))?;
            return Ok(());
        }
        let z = self.new_variable(place, "positive", 1.0, flag::BINARY)?;
        self.new_row(place, "above1", &minus, Sides::of(Comparison::Greater, 0.0))?;
        self.new_row(place, "above2", &plus, Sides::of(Comparison::Greater, 0.0))?;
        self.switched_above(place, "reach1", minus.to_vec(), 0.0, -2.0 * lower, (z, true))?;
        self.switched_above(place, "reach2", plus.to_vec(), 0.0, 2.0 * upper, (z, false))
    }

    fn logic(&mut self, place: &Place, all: bool, result: u32, operands: &[u32]) -> Result<(), Fault> {
        for &column in operands.iter().chain([&result]) {
            if !self.variables.is_binary(column as usize) {
                let name = quote(self.variables.names.get(column as usize).as_bytes());
                let finding = format!("{name}, which is not binary, in AND or OR");
                return Err(Fault::new(place.at.at, "lp-general-binary", finding, "list it under Binaries"));
            }
        }
        let each = if all { Comparison::Less } else { Comparison::Greater };
        for (k, &column) in operands.iter().enumerate() {
            self.new_row(place, &format!("each{}", k + 1), &[(result, 1.0), (column, -1.0)], Sides::of(each, 0.0))?;
        }
        let mut terms = vec![(result, 1.0)];
        terms.extend(operands.iter().map(|&column| (column, -1.0)));
        let sides = if all {
            Sides::of(Comparison::Greater, 1.0 - operands.len() as f64)
        } else {
            Sides::of(Comparison::Less, 0.0)
        };
        self.new_row(place, "all", &terms, sides)?;
        Ok(())
    }

    fn piecewise(&mut self, place: &Place, result: u32, argument: u32, points: &[(f64, f64)]) -> Result<(), Fault> {
        let n = points.len();
        let (lower, upper) = self.range(argument);
        let mut across = vec![(argument, 1.0)];
        let mut up = vec![(result, 1.0)];
        let mut weights = Vec::with_capacity(n);
        let mut members = Vec::with_capacity(n + 2);
        if lower < points[0].0 {
            let s = self.new_variable(place, "left", f64::INFINITY, 0)?;
            across.push((s, 1.0));
            up.push((s, slope(points[0], points[1])));
            members.push((s, 0.0));
        }
        for (k, &(x, y)) in points.iter().enumerate() {
            let weight = self.new_variable(place, &format!("weight{}", k + 1), 1.0, 0)?;
            across.push((weight, -x));
            up.push((weight, -y));
            weights.push((weight, 1.0));
            members.push((weight, (k + 1) as f64));
        }
        if upper > points[n - 1].0 {
            let t = self.new_variable(place, "right", f64::INFINITY, 0)?;
            across.push((t, -1.0));
            up.push((t, -slope(points[n - 2], points[n - 1])));
            members.push((t, (n + 1) as f64));
        }
        let zero = Sides::of(Comparison::Equal, 0.0);
        self.new_row(place, "argument", &across, zero)?;
        self.new_row(place, "value", &up, zero)?;
        self.new_row(place, "weights", &weights, Sides::of(Comparison::Equal, 1.0))?;
        self.sets.push(SpecialOrderedSet { name: format!("{}_points", place.base), order: 2, members });
        Ok(())
    }

    fn piecewise_cost(&mut self, place: &Place, argument: u32, points: &[(f64, f64)]) -> Result<(), Fault> {
        let y = self.new_variable(place, "cost", f64::INFINITY, 0)?;
        self.variables.lower[y as usize] = f64::NEG_INFINITY;
        self.variables.cost[y as usize] = 1.0;
        let sign = self.sense().sign();
        let slopes: Vec<f64> = points.windows(2).map(|w| slope(w[0], w[1])).collect();
        // Without jumps, and each piece steeper than the one before it in the sense's direction.
        let convex =
            points.windows(2).all(|w| w[0].0 < w[1].0) && slopes.windows(2).all(|s| sign * s[0] <= sign * s[1]);
        if !convex {
            return self.piecewise(place, y, argument, points);
        }
        let comparison = if self.sense() == Sense::Minimize { Comparison::Greater } else { Comparison::Less };
        for (k, (&(p, q), &slope)) in points.iter().zip(&slopes).enumerate() {
            let terms = [(y, 1.0), (argument, -slope)];
            self.new_row(place, &format!("piece{}", k + 1), &terms, Sides::of(comparison, q - slope * p))?;
        }
        Ok(())
    }

    /// Between which values a variable stays.
    pub(super) fn range(&self, column: u32) -> (f64, f64) {
        let j = column as usize;
        let (lower, upper) = (self.variables.lower[j], self.variables.upper[j]);
        if self.variables.has(j, flag::SEMI) { (lower.min(0.0), upper.max(0.0)) } else { (lower, upper) }
    }

    fn new_variable(&mut self, place: &Place, suffix: &str, upper: f64, flags: u8) -> Result<u32, Fault> {
        if self.variables.len() >= self.limits.entries {
            return Err(self.too_many(place.at.at, "variables"));
        }
        let name = self.variables.names.unused(format!("{}_{suffix}", place.base));
        let Some(column) = self.variables.add(&name, place.at) else {
            return Err(self.too_many(place.at.at, "bytes of names"));
        };
        self.variables.upper[column as usize] = upper;
        self.variables.flags[column as usize] = flags;
        Ok(column)
    }

    fn new_row(&mut self, place: &Place, suffix: &str, terms: &[(u32, f64)], sides: Sides) -> Result<u32, Fault> {
        for _ in terms {
            self.count_term(place.at.at)?;
        }
        let row = self.rows.len() as u32;
        let name = self.rows.unused_label(format!("{}_{suffix}", place.base));
        if self.rows.len() >= self.limits.entries || !self.rows.push(Some(&name), terms, sides) {
            return Err(self.too_many(place.at.at, "rows"));
        }
        Ok(row)
    }
}

fn slope(from: (f64, f64), to: (f64, f64)) -> f64 {
    (to.1 - from.1) / (to.0 - from.0)
}
