//! One point against its problem, told to a person: verdict, level, objective, and the largest violations by name. What
//! `farkas check problem.mps answer.sol` prints.

use std::fmt;

use serde::Serialize;

use crate::answer::{Duals, EvidenceLevel, Violations};
use crate::check::examine::{slack, well_formed};
use crate::check::multipliers::{self, Multipliers};
use crate::check::point::{Grade, Measure, Miss};
use crate::check::{IMPRECISION, PointError};
use crate::{Problem, Tolerances};

/// So many violations are told by name.
const TOLD: usize = 10;

/// What a point came with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stated {
    /// The objective that was named for it.
    pub objective: Option<f64>,
    /// Multipliers and reduced costs, which may prove a bound.
    pub duals: Option<Duals>,
}

/// What became of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Within all tolerances, and its objective is what was stated.
    Feasible,
    /// Outside the tolerances, by little.
    Imprecise,
    /// Not feasible, or its objective is another.
    Refuted,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Feasible => "feasible",
            Self::Imprecise => "imprecise",
            Self::Refuted => "refuted",
        })
    }
}

/// One violation, by name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Violation {
    /// `row`, `bound`, `integrality` or `set`.
    pub kind: &'static str,
    /// Name of the row, column or set.
    pub name: String,
    /// By how much, in its own units; 1 for a set.
    pub by: f64,
    /// That divided by its tolerance: above 1 is outside. A set has no amount: 1e3 when a wider tolerance would mend it,
    /// 1e6 otherwise.
    pub tolerances: f64,
    /// A clause that tells the figures.
    pub detail: String,
}

/// Everything there is to say about a point.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What became of it.
    pub verdict: Verdict,
    /// How much is shown: `checked` for a feasible point, `certified` when a proven bound closes its gap too, `claimed`
    /// for anything else.
    pub level: EvidenceLevel,
    /// Objective, recomputed exactly and rounded once.
    pub objective: f64,
    /// Objective that was stated.
    pub stated_objective: Option<f64>,
    /// A bound that the stated multipliers prove.
    pub certified_bound: Option<f64>,
    /// Largest violations of each kind.
    pub violations: Violations,
    /// How many rows, bounds, integers and sets are outside their tolerances.
    pub outside: usize,
    /// The largest by tolerance, at most ten; those within it too.
    pub worst: Vec<Violation>,
    /// The tolerances that were applied.
    pub tolerances: Tolerances,
}

/// Checks a point and tells what there is to tell.
///
/// ```
/// use farkas_modeling::check::{Stated, Verdict, report};
/// use farkas_modeling::{Problem, ProblemData, Tolerances};
/// let problem = Problem::new(ProblemData {
///     cost: vec![1.0], lower: vec![0.0], upper: vec![1.0],
///     row_lower: vec![1.0], row_upper: vec![f64::INFINITY],
///     starts: vec![0, 1], indices: vec![0], values: vec![2.0],
///     ..ProblemData::default()
/// })?;
/// let told = report(&problem, &[0.25], &Stated::default(), &Tolerances::default())?;
/// assert_eq!(told.verdict, Verdict::Refuted);
/// assert_eq!(told.worst[0].detail, "activity 0.5, lower side 1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the point has the wrong length or a value that is not finite.
pub fn report(
    problem: &Problem,
    values: &[f64],
    stated: &Stated,
    tolerances: &Tolerances,
) -> Result<Report, PointError> {
    let mut worst = Worst::default();
    let measure = Measure::take(problem, values, tolerances, &mut |(miss, grade)| {
        worst.add(miss, grade, tolerances);
    })?;
    let objective = measure.objective;
    let misstated = stated.objective.is_some_and(|said| {
        let distance = (said - objective).abs();
        distance.is_nan() || distance > slack(problem, values, objective, tolerances)
    });
    let verdict = match measure.grade {
        _ if misstated => Verdict::Refuted,
        Grade::Within => Verdict::Feasible,
        Grade::Imprecise => Verdict::Imprecise,
        Grade::Wrong => Verdict::Refuted,
    };
    let duals = stated.duals.as_ref().filter(|duals| well_formed(problem, duals));
    let certified_bound =
        duals.and_then(|duals| match multipliers::best_bound(problem, &duals.rows, Some(objective)) {
            Multipliers::Prove { value, .. } => Some(value),
            Multipliers::Fail { .. } => None,
        });
    let level = match (verdict, certified_bound) {
        (Verdict::Feasible, Some(bound)) if tolerances.gap_closed(objective, bound) => EvidenceLevel::Certified,
        (Verdict::Feasible, _) => EvidenceLevel::Checked,
        _ => EvidenceLevel::Claimed,
    };
    Ok(Report {
        verdict,
        level,
        objective,
        stated_objective: stated.objective,
        certified_bound,
        violations: measure.violations,
        outside: worst.outside,
        worst: worst.list.into_iter().map(|(size, miss)| tell(problem, miss, size)).collect(),
        tolerances: *tolerances,
    })
}

#[derive(Default)]
struct Worst {
    /// The largest first.
    list: Vec<(f64, Miss)>,
    outside: usize,
}

impl Worst {
    fn add(&mut self, miss: Miss, grade: Grade, tolerances: &Tolerances) {
        self.outside += usize::from(grade != Grade::Within);
        let size = in_tolerances(miss, grade, tolerances);
        let at = self.list.partition_point(|(other, _)| *other >= size);
        if at < TOLD {
            self.list.insert(at, (size, miss));
            self.list.truncate(TOLD);
        }
    }
}

fn in_tolerances(miss: Miss, grade: Grade, tolerances: &Tolerances) -> f64 {
    match miss {
        Miss::Row { side, by, .. } => by / tolerances.row(side),
        Miss::Bound { by, .. } => by / tolerances.bound,
        Miss::Integrality { by, .. } => by / tolerances.integrality,
        Miss::Set { .. } if grade == Grade::Imprecise => IMPRECISION,
        Miss::Set { .. } => IMPRECISION * IMPRECISION,
    }
}

fn tell(problem: &Problem, miss: Miss, tolerances: f64) -> Violation {
    let side_of = |side: f64, lower: f64| if side == lower { "lower" } else { "upper" };
    let (kind, name, by, detail) = match miss {
        Miss::Row { row, activity, side, by } => {
            let which = side_of(side, problem.row_lower()[row]);
            let detail = format!("activity {activity}, {which} side {side}");
            ("row", problem.row_names().get(row).into_owned(), by, detail)
        }
        Miss::Bound { column, value, bound, by } => {
            let which = side_of(bound, problem.lower()[column]);
            let detail = format!("value {value}, {which} bound {bound}");
            ("bound", problem.column_names().get(column).into_owned(), by, detail)
        }
        Miss::Integrality { column, value, by } => {
            ("integrality", problem.column_names().get(column).into_owned(), by, format!("value {value}"))
        }
        Miss::Set { set } => {
            let set = &problem.sets()[set];
            let allowed = if set.order == 1 { "at most one" } else { "at most two adjacent" };
            ("set", set.name.clone(), 1.0, format!("{allowed} of its {} members may be nonzero", set.members.len()))
        }
    };
    Violation { kind, name, by, tolerances, detail }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "verdict      {}", self.verdict)?;
        writeln!(f, "evidence     {}", self.level)?;
        write!(f, "objective    {}", self.objective)?;
        match self.stated_objective {
            Some(said) if said != self.objective => writeln!(f, " (stated: {said})")?,
            _ => writeln!(f)?,
        }
        if let Some(bound) = self.certified_bound {
            writeln!(f, "proven bound {bound}")?;
        }
        let v = &self.violations;
        writeln!(
            f,
            "largest      {:e} in rows, {:e} in bounds, {:e} from integers, {} sets, {} indicators",
            v.row, v.bound, v.integrality, v.sets, v.indicators
        )?;
        if self.worst.is_empty() {
            return write!(f, "violations   none, exactly");
        }
        write!(f, "violations   {} outside tolerance; the largest:", self.outside)?;
        for violation in &self.worst {
            let Violation { kind, name, by, tolerances, detail } = violation;
            let outside = if *tolerances > 1.0 { "OUTSIDE" } else { "within" };
            write!(f, "\n  {kind:<11} '{name}' by {by:e}, {outside}: {detail}")?;
        }
        Ok(())
    }
}
