//! What tasks other than solving find, told by the problem's own names: a part of the result document, and what the command
//! line prints. Made from the backends' findings alone.

use farkas_backends::analysis::{Missed, Range, Ranging, Relaxation, RowRange};
use farkas_backends::contract::End;
use farkas_backends::iis::{Iis, Member};
use farkas_modeling::Problem;
use farkas_modeling::answer::EvidenceLevel;
use farkas_modeling::check::{Report, Verdict};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::number::Number;
use crate::schema;

/// Terms of a row that are written out; of more than that the rest is counted.
const MOST_TERMS: usize = 8;

/// What a task other than `solve` found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "task", rename_all = "lowercase")]
pub enum Analysis {
    /// Why it is infeasible.
    Iis(IisDocument),
    /// What must give way.
    Relax(RelaxationDocument),
    /// How far its numbers may go.
    Sensitivity(SensitivityDocument),
    /// Whether a point is right.
    Check(CheckDocument),
}

/// Constraints and bounds that cannot hold together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IisDocument {
    /// One a side of a constraint or a bound.
    pub conflicts: Vec<Conflict>,
    /// Whether none of them can be left out.
    pub minimal: bool,
    /// Whether that they cannot hold together needs no trust in a solver.
    pub certified: bool,
    /// How it is known, in a sentence.
    pub proof: String,
    /// Whether integer variables had to be integers for it.
    pub uses_integers: bool,
    /// How many problems were solved on the way.
    pub solves: u64,
}

/// One line of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Conflict {
    /// `row` or `bound`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it says, as people write it.
    pub says: String,
    /// Whether the rest is feasible without it.
    pub needed: bool,
}

impl IisDocument {
    /// Tells a set by the problem's names.
    pub fn new(problem: &Problem, iis: &Iis) -> Self {
        Self {
            conflicts: iis.members.iter().map(|one| conflict(problem, one.member, one.needed)).collect(),
            minimal: iis.is_minimal(),
            certified: iis.certified,
            proof: iis.proof.clone(),
            uses_integers: iis.uses_integers,
            solves: iis.solves as u64,
        }
    }
}

fn conflict(p: &Problem, member: Member, needed: bool) -> Conflict {
    let side = |end: End, lower: f64, upper: f64| match end {
        End::Lower => format!("≥ {lower}"),
        End::Upper => format!("≤ {upper}"),
    };
    match member {
        Member::Row(i, end) => {
            let says = format!("{} {}", terms(p, i), side(end, p.row_lower()[i], p.row_upper()[i]));
            Conflict { kind: "row".into(), name: p.row_names().get(i).into_owned(), says, needed }
        }
        Member::Bound(j, end) => {
            let name = p.column_names().get(j).into_owned();
            let says = format!("{name} {}", side(end, p.lower()[j], p.upper()[j]));
            Conflict { kind: "bound".into(), name, says, needed }
        }
    }
}

/// A row's expression: `2 x + y - 3 z`.
fn terms(problem: &Problem, row: usize) -> String {
    let (columns, values) = problem.by_rows().row(row);
    let products = problem.row_products(row);
    let name = |j: u32| problem.column_names().get(j as usize);
    let linear = columns.iter().zip(values).map(|(&j, &value)| (value, name(j).into_owned()));
    let squares = products.iter().map(|p| (p.value, format!("{} * {}", name(p.first), name(p.second))));
    let all: Vec<(f64, String)> = linear.chain(squares).filter(|(value, _)| *value != 0.0).collect();
    let mut text = String::new();
    for (value, what) in all.iter().take(MOST_TERMS) {
        let sign = match (text.is_empty(), *value < 0.0) {
            (true, false) => "",
            (true, true) => "-",
            (false, false) => " + ",
            (false, true) => " - ",
        };
        text += sign;
        if value.abs() != 1.0 {
            text += &value.abs().to_string();
            text.push(' ');
        }
        text += what;
    }
    match all.len() {
        0 => "0".into(),
        many if many > MOST_TERMS => format!("{text} + … ({} more)", many - MOST_TERMS),
        _ => text,
    }
}

/// What must give way for a problem to become feasible.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RelaxationDocument {
    /// One a constraint or bound that is missed by more than its tolerance; none where the problem is feasible.
    pub gives_way: Vec<GivesWay>,
    /// The price of it all: 1 for each unit.
    pub price: Number,
    /// No point costs less, as far as is shown.
    pub bound: Option<Number>,
    /// Whether that bound is reached.
    pub least: bool,
    /// How much of that needs no trust in a solver.
    #[schema(schema_with = schema::evidence_level)]
    pub evidence: EvidenceLevel,
    /// The problem's own objective at the point.
    pub objective: Number,
    /// The point, by variable.
    pub point: IndexMap<String, Number>,
}

/// One constraint or bound that gives way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GivesWay {
    /// `row` or `bound`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The side or bound that is missed.
    pub side: f64,
    /// Which end.
    #[schema(schema_with = schema::end)]
    pub end: End,
    /// By how much.
    pub by: f64,
}

impl RelaxationDocument {
    /// Tells a relaxation by the problem's names.
    pub fn new(problem: &Problem, relaxation: &Relaxation) -> Self {
        let values = relaxation.point.iter().map(|value| Number(*value));
        Self {
            gives_way: relaxation.missed.iter().map(|one| gives_way(problem, one)).collect(),
            price: Number(relaxation.price),
            bound: relaxation.bound.map(Number),
            least: relaxation.is_least,
            evidence: relaxation.level,
            objective: Number(relaxation.objective),
            point: problem.column_names().iter().map(std::borrow::Cow::into_owned).zip(values).collect(),
        }
    }
}

fn gives_way(p: &Problem, one: &Missed) -> GivesWay {
    let pick = |end: End, lower: f64, upper: f64| if end == End::Lower { lower } else { upper };
    let (kind, name, side, end) = match one.member {
        Member::Row(i, end) => ("row", p.row_names().get(i), pick(end, p.row_lower()[i], p.row_upper()[i]), end),
        Member::Bound(j, end) => ("bound", p.column_names().get(j), pick(end, p.lower()[j], p.upper()[j]), end),
    };
    GivesWay { kind: kind.into(), name: name.into_owned(), side, end, by: one.by }
}

/// How far the numbers of a linear program may go, each by itself, before the optimal basis changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SensitivityDocument {
    /// One a variable.
    pub costs: Vec<CostRange>,
    /// One a constraint.
    pub rows: Vec<SideRange>,
}

/// The range of a cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostRange {
    /// Of the variable.
    pub name: String,
    /// As it is.
    pub cost: f64,
    /// How far it may go down; absent where there is no end.
    pub from: Option<f64>,
    /// How far it may go up.
    pub to: Option<f64>,
}

/// The ranges of a row's sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SideRange {
    /// Of the row.
    pub name: String,
    /// The multiplier, which holds within the range of the side that holds the row.
    pub multiplier: f64,
    /// The lower side, if there is one: how far it may go down, as it is, and how far up.
    pub lower: Option<[Option<f64>; 3]>,
    /// The upper side.
    pub upper: Option<[Option<f64>; 3]>,
}

impl SensitivityDocument {
    /// Tells ranges by the problem's names.
    pub fn new(problem: &Problem, ranging: &Ranging) -> Self {
        // A number that JSON has; nothing for infinity.
        let finite = |value: f64| value.is_finite().then_some(value);
        let cost = |(j, range): (usize, &Range)| {
            let name = problem.column_names().get(j).into_owned();
            CostRange { name, cost: problem.cost()[j], from: finite(range.from), to: finite(range.to) }
        };
        let side =
            |side: f64, range: Range| side.is_finite().then(|| [finite(range.from), Some(side), finite(range.to)]);
        let row = |(i, range): (usize, &RowRange)| SideRange {
            name: problem.row_names().get(i).into_owned(),
            multiplier: range.multiplier,
            lower: side(problem.row_lower()[i], range.lower),
            upper: side(problem.row_upper()[i], range.upper),
        };
        Self {
            costs: ranging.costs.iter().enumerate().map(cost).collect(),
            rows: ranging.rows.iter().enumerate().map(row).collect(),
        }
    }
}

/// What became of a point that was asked about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CheckDocument {
    /// `feasible`, `imprecise` (outside the tolerances, by little) or `refuted`.
    pub verdict: String,
    /// Its objective, recomputed exactly and rounded once.
    pub objective: f64,
    /// The objective that was stated for it.
    pub stated_objective: Option<f64>,
    /// How many constraints, bounds, integers and sets are outside their tolerances.
    pub outside: u64,
    /// The largest by tolerance, at most ten; those within it too.
    pub worst: Vec<Misses>,
}

/// One violation, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Misses {
    /// `row`, `bound`, `integrality` or `set`.
    pub kind: String,
    /// Name of the constraint, variable or set.
    pub name: String,
    /// By how much, in its own units; 1 for a set.
    pub by: f64,
    /// That divided by its tolerance: above 1 is outside.
    pub tolerances: f64,
    /// A clause that tells the figures.
    pub detail: String,
}

impl From<&Report> for CheckDocument {
    fn from(report: &Report) -> Self {
        let misses = |one: &farkas_modeling::check::Violation| Misses {
            kind: one.kind.into(),
            name: one.name.clone(),
            by: one.by,
            tolerances: one.tolerances,
            detail: one.detail.clone(),
        };
        let verdict: Verdict = report.verdict;
        Self {
            verdict: verdict.to_string(),
            objective: report.objective,
            stated_objective: report.stated_objective,
            outside: report.outside as u64,
            worst: report.worst.iter().map(misses).collect(),
        }
    }
}
