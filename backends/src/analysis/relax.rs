//! Feasibility relaxation: how little must give way. Rows and bounds that may be missed get columns of their own that say by
//! how much, at a price each; the least price is an ordinary problem, which any backend may solve.
//!
//! What comes back is measured at the point, and not read off those columns.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use farkas_modeling::answer::{Answer, EvidenceLevel};
use farkas_modeling::check::{TrustPolicy, conclude, examine};
use farkas_modeling::problem::{Defects, QuadraticRow};
use farkas_modeling::{ColumnKind, Problem, ProblemData, Reason, Sense, Source};
use serde::Serialize;

use crate::contract::{Backend, BackendError, Quiet, SessionError, Start, StopToken};
use crate::iis::{End, Member};
use crate::options::Options;

/// What it costs to miss each row and bound by 1; infinite where it may not be missed.
#[derive(Debug, Clone, PartialEq)]
pub struct Elastic {
    /// m prices, of both sides.
    pub rows: Vec<f64>,
    /// n prices of lower bounds. Those of semicontinuous columns are never missed.
    pub lower: Vec<f64>,
    /// n prices of upper bounds.
    pub upper: Vec<f64>,
}

impl Elastic {
    /// Every row may be missed at a price of 1, no bound.
    pub fn rows(problem: &Problem) -> Self {
        let (n, m) = (problem.num_columns(), problem.num_rows());
        Self { rows: vec![1.0; m], lower: vec![f64::INFINITY; n], upper: vec![f64::INFINITY; n] }
    }

    /// Every row and bound may be missed at a price of 1.
    pub fn all(problem: &Problem) -> Self {
        let n = problem.num_columns();
        Self { lower: vec![1.0; n], upper: vec![1.0; n], ..Self::rows(problem) }
    }
}

/// What is looked for among the points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Goal {
    /// The least price of what is missed.
    #[default]
    Least,
    /// Of all points of the least price the best by the problem's own objective.
    ThenObjective,
}

/// One side or bound that the point misses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Missed {
    /// Which.
    pub member: Member,
    /// By how much.
    pub by: f64,
}

/// What must give way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Relaxation {
    /// What is missed by more than its tolerance, rows first; nothing where the problem is feasible.
    pub missed: Vec<Missed>,
    /// The price of it all.
    pub price: f64,
    /// No point costs less, as far as is shown.
    pub bound: Option<f64>,
    /// Whether that bound is reached.
    pub is_least: bool,
    /// How much of that needs no trust in the solver.
    pub level: EvidenceLevel,
    /// n values, of the problem's own columns.
    pub point: Vec<f64>,
    /// The problem's own objective there.
    pub objective: f64,
}

/// Why there is no relaxation.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RelaxError {
    /// The prices are none.
    #[error("the prices do not fit: {0}")]
    Prices(String),
    /// What may not be missed cannot hold together.
    #[error("even so it is infeasible: what may not be missed cannot hold together ({0})")]
    Infeasible(String),
    /// No point was found.
    #[error("the solver found no point: {0}")]
    Undecided(String),
    /// The relaxed problem cannot be written down.
    #[error("the relaxed problem has defects: {0}")]
    Problem(#[from] Defects),
    /// The solver could not open it.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The solver failed.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl RelaxError {
    /// A stable code: `relax-infeasible`, say.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Prices(_) => "relax-prices",
            Self::Infeasible(_) => "relax-infeasible",
            Self::Undecided(_) => "relax-undecided",
            Self::Problem(_) => "relax-too-large",
            Self::Backend(_) | Self::Session(_) => "relax-solver-failed",
        }
    }
}

/// Finds a point that misses as little as can be. The time limit of the options is that of all of it.
///
/// # Errors
/// For prices of the wrong length or sign, where what may not be missed is infeasible by itself, and where the solver cannot
/// open the relaxed problem, fails, or finds no point.
pub fn relax(
    problem: &Problem,
    backend: &dyn Backend,
    elastic: &Elastic,
    goal: Goal,
    options: &Options,
    stop: &StopToken,
) -> Result<Relaxation, RelaxError> {
    let began = Instant::now();
    check(problem, elastic)?;
    let least = Arc::new(elastic_problem(problem, elastic, None)?);
    let first = solved(&least, backend, options, began, None, stop)?;
    let Some(point) = first.point() else {
        let says = first.termination().to_string();
        let infeasible = first.reason() == Reason::Infeasible;
        return Err(if infeasible { RelaxError::Infeasible(says) } else { RelaxError::Undecided(says) });
    };
    let price = first.objective().unwrap_or(f64::NAN);
    let mut values = point[..problem.num_columns()].to_vec();
    if goal == Goal::ThenObjective && first.reason() == Reason::Optimal {
        // The first point is one of them, up to rounding.
        let most = price + 1e-9 * price.abs().max(1.0);
        let second = Arc::new(elastic_problem(problem, elastic, Some(most))?);
        let second = solved(&second, backend, options, began, Some(point), stop)?;
        if let Some(better) = second.point() {
            values = better[..problem.num_columns()].to_vec();
        }
    }
    let missed = missed(problem, &values, options);
    Ok(Relaxation {
        price: missed.iter().map(|one| one.by * price_of(elastic, one.member)).sum(),
        missed,
        bound: first.bound(),
        is_least: first.reason() == Reason::Optimal,
        level: first.evidence().level,
        objective: problem.objective_of(&values),
        point: values,
    })
}

fn check(problem: &Problem, elastic: &Elastic) -> Result<(), RelaxError> {
    let (n, m) = (problem.num_columns(), problem.num_rows());
    for (what, prices, want) in
        [("rows", &elastic.rows, m), ("lower bounds", &elastic.lower, n), ("upper bounds", &elastic.upper, n)]
    {
        if prices.len() != want {
            return Err(RelaxError::Prices(format!("{} prices for {want} {what}", prices.len())));
        }
        if let Some(price) = prices.iter().find(|price| price.is_nan() || **price < 0.0) {
            return Err(RelaxError::Prices(format!("one of {what} is {price}; a price is not negative")));
        }
    }
    Ok(())
}

fn solved(
    relaxed: &Arc<Problem>,
    backend: &dyn Backend,
    options: &Options,
    began: Instant,
    start: Option<&[f64]>,
    stop: &StopToken,
) -> Result<Answer, RelaxError> {
    let mut options = options.clone();
    options.time_limit = options.time_limit.map(|limit| limit.saturating_sub(began.elapsed()));
    // They belong to the problem's own objective.
    (options.objective_target, options.cutoff) = (None, None);
    let mut session = backend.open(Arc::clone(relaxed))?;
    let start = Start { point: start.map(Arc::from), basis: None };
    let claim = session.solve(&options, &start, &Quiet, stop)?;
    let source = Source { backend: backend.name().into(), version: session.version().into(), lane: 0 };
    let findings = [examine(relaxed, &source, &claim, &options.tolerances)];
    Ok(conclude(relaxed, &findings, &options.tolerances, &TrustPolicy::default(), None))
}

/// The relaxed problem: the columns as they are, then one for each side and bound that may be missed. With `most`, the price
/// is limited to that, and the objective is the problem's own.
///
/// # Errors
/// When the problem with its slacks is none: too large, say.
pub fn elastic_problem(problem: &Problem, elastic: &Elastic, most: Option<f64>) -> Result<Problem, Defects> {
    let mut build = Build::new(problem, most.is_none());
    for i in 0..problem.num_rows() {
        build.row(problem, i, elastic.rows[i]);
    }
    for j in (0..problem.num_columns()).filter(|&j| !problem.kind(j).is_semi()) {
        let (lower, upper) = (problem.lower()[j], problem.upper()[j]);
        if lower.is_finite() && elastic.lower[j].is_finite() {
            build.data.lower[j] = f64::NEG_INFINITY;
            let at = build.new_row(lower, f64::INFINITY);
            build.entries.push((j, at, 1.0));
            build.slack(at, 1.0, elastic.lower[j]);
        }
        if upper.is_finite() && elastic.upper[j].is_finite() {
            build.data.upper[j] = f64::INFINITY;
            let at = build.new_row(f64::NEG_INFINITY, upper);
            build.entries.push((j, at, 1.0));
            build.slack(at, -1.0, elastic.upper[j]);
        }
    }
    build.finish(most)
}

struct Build {
    data: ProblemData,
    /// Column, row, value.
    entries: Vec<(usize, usize, f64)>,
    /// The columns that say by how much, with their prices.
    slacks: Vec<(usize, f64)>,
    priced: bool,
}

impl Build {
    fn new(problem: &Problem, priced: bool) -> Self {
        let n = problem.num_columns();
        let mut data = ProblemData {
            name: problem.name().to_owned(),
            cost: vec![0.0; n],
            lower: problem.lower().to_vec(),
            upper: problem.upper().to_vec(),
            kinds: (0..n).map(|j| problem.kind(j)).collect(),
            sets: problem.sets().to_vec(),
            indicators: problem.indicators().to_vec(),
            row_lower: problem.row_lower().to_vec(),
            row_upper: problem.row_upper().to_vec(),
            quadratic_rows: problem.quadratic_rows().to_vec(),
            sense: Sense::Minimize,
            ..ProblemData::default()
        };
        if !priced {
            data.sense = problem.sense();
            data.offset = problem.offset();
            data.cost = problem.cost().to_vec();
            data.quadratic_objective = problem.quadratic_objective().to_vec();
        }
        let column = |j: usize| problem.column(j).iter().map(move |(i, value)| (j, i, value));
        Self { data, entries: (0..n).flat_map(column).collect(), slacks: Vec::new(), priced }
    }

    fn new_row(&mut self, lower: f64, upper: f64) -> usize {
        self.data.row_lower.push(lower);
        self.data.row_upper.push(upper);
        self.data.row_lower.len() - 1
    }

    fn slack(&mut self, row: usize, value: f64, price: f64) {
        let at = self.data.cost.len();
        self.data.cost.push(if self.priced { price } else { 0.0 });
        self.data.lower.push(0.0);
        self.data.upper.push(f64::INFINITY);
        self.data.kinds.push(ColumnKind::Continuous);
        self.entries.push((at, row, value));
        self.slacks.push((at, price));
    }

    /// Row `i`, if it may be missed. Sides that are crossed become two rows.
    fn row(&mut self, problem: &Problem, i: usize, price: f64) {
        let (lower, upper) = (problem.row_lower()[i], problem.row_upper()[i]);
        if price.is_infinite() {
            return;
        }
        let mut above = i;
        if lower > upper {
            self.data.row_upper[i] = f64::INFINITY;
            above = self.new_row(f64::NEG_INFINITY, upper);
            let (columns, values) = problem.by_rows().row(i);
            self.entries.extend(columns.iter().zip(values).map(|(&j, &value)| (j as usize, above, value)));
            let products = problem.row_products(i);
            if !products.is_empty() {
                self.data.quadratic_rows.push(QuadraticRow { row: above as u32, products: products.to_vec() });
            }
            let switch = problem.indicators().iter().find(|indicator| indicator.row as usize == i).copied();
            self.data.indicators.extend(switch.map(|mut indicator| {
                indicator.row = above as u32;
                indicator
            }));
        }
        if lower.is_finite() {
            self.slack(i, 1.0, price);
        }
        if upper.is_finite() {
            self.slack(above, -1.0, price);
        }
    }

    fn finish(mut self, most: Option<f64>) -> Result<Problem, Defects> {
        if let Some(most) = most {
            let at = self.new_row(f64::NEG_INFINITY, most);
            let priced = self.slacks.iter().filter(|(_, price)| *price != 0.0);
            self.entries.extend(priced.map(|&(column, price)| (column, at, price)));
        }
        self.entries.sort_unstable_by_key(|&(column, row, _)| (column, row));
        let (columns, indices) = self.entries.iter().map(|&(j, i, _)| (j, i as u64)).unzip::<_, _, Vec<_>, Vec<_>>();
        let mut starts = vec![0_u64; self.data.cost.len() + 1];
        for j in columns {
            starts[j + 1] += 1;
        }
        for j in 1..starts.len() {
            starts[j] += starts[j - 1];
        }
        let values: Vec<f64> = self.entries.iter().map(|entry| entry.2).collect();
        Problem::from_csc(self.data, &starts, &indices, &values)
    }
}

fn price_of(elastic: &Elastic, member: Member) -> f64 {
    let price = match member {
        Member::Row(i, _) => elastic.rows[i],
        Member::Bound(j, End::Lower) => elastic.lower[j],
        Member::Bound(j, End::Upper) => elastic.upper[j],
    };
    // What may not be missed is missed by the solver's tolerance at most.
    if price.is_finite() { price } else { 0.0 }
}

/// What a point misses, by more than the tolerances allow.
fn missed(problem: &Problem, values: &[f64], options: &Options) -> Vec<Missed> {
    let tolerances = &options.tolerances;
    let mut list = Vec::new();
    let mut look = |member: fn(usize, End) -> Member, at: usize, value: f64, lower: f64, upper: f64, row: bool| {
        let allowed = |side: f64| if row { tolerances.row(side) } else { tolerances.bound };
        if lower.is_finite() && lower - value > allowed(lower) {
            list.push(Missed { member: member(at, End::Lower), by: lower - value });
        }
        if upper.is_finite() && value - upper > allowed(upper) {
            list.push(Missed { member: member(at, End::Upper), by: value - upper });
        }
    };
    // A row that its switch leaves out is not missed.
    let off = problem.indicators().iter().filter(|k| (values[k.column as usize] > 0.5) != k.active);
    let off: HashSet<usize> = off.map(|k| k.row as usize).collect();
    for i in 0..problem.num_rows() {
        if off.contains(&i) {
            continue;
        }
        let (columns, row) = problem.by_rows().row(i);
        let linear: f64 = columns.iter().zip(row).map(|(&j, a)| a * values[j as usize]).sum();
        let products: f64 = problem.row_products(i).iter().map(|product| product.at(values)).sum();
        look(Member::Row, i, linear + products, problem.row_lower()[i], problem.row_upper()[i], true);
    }
    for j in (0..problem.num_columns()).filter(|&j| !problem.kind(j).is_semi()) {
        look(Member::Bound, j, values[j], problem.lower()[j], problem.upper()[j], false);
    }
    list
}
