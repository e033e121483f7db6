//! The result document: an answer told by the problem's own names. Made from an [`Answer`] alone; what comes back from
//! a wire is a report to be examined again, not an answer.

use farkas_modeling::answer::{Answer, EvidenceLevel, LaneReport, LaneState, Ray, Source};
use farkas_modeling::problem::{Names, Sense};
use farkas_modeling::{Limit, Problem, Reason, Tolerances};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::analysis::Analysis;
use crate::number::Number;
use crate::schema;

/// Values by name, in the problem's own order.
pub type Vectors = IndexMap<String, Number>;

/// Which of the long parts of a result are wanted.
///
/// ```
/// use farkas_api_types::Fields;
/// let fields = Fields::parse("variables,duals").unwrap();
/// assert!(fields.variables && fields.duals && !fields.reduced_costs && !fields.nonzeros);
/// assert!(Fields::parse("variable").unwrap_err().contains("'variable'"));
/// ```
#[allow(clippy::struct_excessive_bools)] // a set of independent names
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fields {
    /// The point.
    pub variables: bool,
    /// Multipliers of the rows.
    pub duals: bool,
    /// Reduced costs of the variables.
    pub reduced_costs: bool,
    /// The ray.
    pub ray: bool,
    /// Of all of them, only what is not zero.
    pub nonzeros: bool,
}

impl Fields {
    /// Everything.
    pub const ALL: Self = Self { variables: true, duals: true, reduced_costs: true, ray: true, nonzeros: false };
    /// Everything that is not zero.
    pub const NONZEROS: Self = Self { nonzeros: true, ..Self::ALL };
    /// None of the long parts.
    pub const NONE: Self = Self { variables: false, duals: false, reduced_costs: false, ray: false, nonzeros: false };

    /// Names with commas between: `variables,duals,reduced_costs,ray`.
    ///
    /// # Errors
    /// For a name that is not among them, in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut fields = Self::NONE;
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                "variables" => fields.variables = true,
                "duals" => fields.duals = true,
                "reduced_costs" => fields.reduced_costs = true,
                "ray" => fields.ray = true,
                other => {
                    return Err(format!("'{other}' is no field; there are variables, duals, reduced_costs, ray"));
                }
            }
        }
        Ok(fields)
    }
}

/// The problem's shape. Rows exclude free rows of a file, nonzeros exclude the objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemShape {
    /// Constraints.
    pub rows: u64,
    /// Variables.
    pub columns: u64,
    /// Coefficients of the constraints.
    pub nonzeros: u64,
    /// Integer variables.
    pub integers: u64,
    /// Which way the objective goes.
    #[schema(schema_with = schema::sense)]
    pub sense: Sense,
}

impl From<&Problem> for ProblemShape {
    fn from(problem: &Problem) -> Self {
        Self {
            rows: problem.num_rows() as u64,
            columns: problem.num_columns() as u64,
            nonzeros: problem.num_nonzeros() as u64,
            integers: problem.num_integers() as u64,
            sense: problem.sense(),
        }
    }
}

/// Why it stopped and what is known (OR-Tools `MathOpt`'s vocabulary).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TerminationDocument {
    /// What is known.
    #[schema(schema_with = schema::reason)]
    pub reason: Reason,
    /// The limit that stopped it; given exactly when the reason is `FEASIBLE` or `NO_SOLUTION_FOUND`.
    #[schema(schema_with = schema::limit)]
    pub limit: Option<Limit>,
    /// A sentence for people.
    pub detail: String,
}

/// What was shown about the answer, by whom, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceDocument {
    /// `claimed`, `checked` or `certified`.
    #[schema(schema_with = schema::evidence_level)]
    pub level: EvidenceLevel,
    /// Largest amount by which a constraint is missed (absolute), recomputed; absent without a point.
    pub max_row_violation: Option<f64>,
    /// Largest amount by which a variable misses a bound.
    pub max_bound_violation: Option<f64>,
    /// Largest distance of an integer variable from an integer.
    pub max_integrality_violation: Option<f64>,
    /// The constraint that is missed most, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_row: Option<String>,
    /// The variable that misses a bound most, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_bound: Option<String>,
    /// The integer variable farthest from an integer, if one is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_integrality: Option<String>,
    /// Who found the point.
    pub found_by: Option<String>,
    /// Whose claims agree with the outcome.
    pub agreed_by: Vec<String>,
    /// Whose claims a checked fact contradicts.
    #[serde(default)]
    pub contradicted: Vec<String>,
    /// A bound that needs no trust in a solver, when one was computed.
    #[serde(default)]
    pub certified_bound: Option<Number>,
    /// The gap that this bound leaves: the part of it that needs no trust.
    #[serde(default)]
    pub certified_gap: Option<Number>,
    /// How it was shown, a sentence each.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The tolerances that were applied.
    #[schema(schema_with = schema::any_object)]
    pub tolerances: Tolerances,
}

/// How one solver fared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LaneDocument {
    /// The backend.
    #[schema(example = "highs")]
    pub solver: String,
    /// Version of the solver.
    pub version: String,
    /// How it ended.
    #[schema(schema_with = schema::lane_state)]
    pub state: LaneState,
    /// What it said at the end, or why it failed.
    #[serde(default)]
    pub detail: String,
    /// Wall-clock seconds it ran, without its pauses.
    pub seconds: f64,
    /// How many checked incumbents came from it.
    pub incumbents: u64,
    /// Branch-and-bound nodes.
    pub nodes: u64,
    /// Last bound it claimed.
    #[serde(default)]
    pub bound: Option<Number>,
}

impl From<&LaneReport> for LaneDocument {
    fn from(lane: &LaneReport) -> Self {
        Self {
            solver: lane.solver.clone(),
            version: lane.version.clone(),
            state: lane.state,
            detail: lane.detail.clone(),
            seconds: lane.seconds,
            incumbents: lane.incumbents,
            nodes: lane.nodes,
            bound: number(lane.bound),
        }
    }
}

/// Which proof a ray is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RayKind {
    /// Values of variables: along it the objective gets better without end.
    Primal,
    /// Multipliers of constraints that prove infeasibility.
    Farkas,
}

/// A ray, by name; what is left out is zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NamedRay {
    /// Which proof it is.
    pub kind: RayKind,
    /// By variable (primal) or constraint (Farkas).
    pub values: IndexMap<String, Number>,
}

/// The result of a solve: the same document over HTTP, from the command line (`--json`), and in Rust.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SolveResult {
    /// What was solved.
    pub problem: ProblemShape,
    /// Why it stopped and what is known.
    pub termination: TerminationDocument,
    /// Objective of the point, recomputed; offset included.
    pub objective: Option<Number>,
    /// No point is better than this.
    pub bound: Option<Number>,
    /// |objective − bound| / max(1e-10, |objective|).
    pub gap: Option<Number>,
    /// Wall-clock seconds of the whole solve.
    pub seconds: f64,
    /// What was shown.
    pub evidence: EvidenceDocument,
    /// Who ran.
    pub lanes: Vec<LaneDocument>,
    /// The point, by variable.
    pub variables: Option<IndexMap<String, Number>>,
    /// d objective / d right-hand side, by constraint.
    pub duals: Option<IndexMap<String, Number>>,
    /// Reduced costs, by variable.
    pub reduced_costs: Option<IndexMap<String, Number>>,
    /// A proof that the problem is unbounded or infeasible.
    pub ray: Option<NamedRay>,
    /// What a task other than `solve` found. Of a relaxation objective and bound above are its price and the bound on it, and
    /// the point is the relaxed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
}

impl SolveResult {
    /// Tells an answer by the problem's names, with the long parts that `fields` asks for.
    pub fn new(problem: &Problem, answer: &Answer, fields: Fields) -> Self {
        let columns = problem.column_names();
        let rows = problem.row_names();
        let termination = answer.termination();
        let mut result = Self {
            problem: problem.into(),
            termination: TerminationDocument {
                reason: termination.reason(),
                limit: termination.limit(),
                detail: termination.detail().into(),
            },
            objective: number(answer.objective()),
            bound: number(answer.bound()),
            gap: number(answer.gap()),
            seconds: answer.seconds(),
            evidence: evidence(problem, answer),
            lanes: answer.lanes().iter().map(Into::into).collect(),
            variables: answer.point().filter(|_| fields.variables).map(|x| named(columns, x)),
            duals: answer.duals().filter(|_| fields.duals).map(|duals| named(rows, &duals.rows)),
            reduced_costs: answer.duals().filter(|_| fields.reduced_costs).map(|d| named(columns, &d.reduced_costs)),
            ray: answer.ray().filter(|_| fields.ray).map(|ray| named_ray(problem, ray)),
            analysis: None,
        };
        if fields.nonzeros {
            result.drop_zeros();
        }
        result
    }

    /// The same with only the long parts that `fields` asks for.
    #[must_use]
    pub fn select(mut self, fields: Fields) -> Self {
        self.variables = self.variables.filter(|_| fields.variables);
        self.duals = self.duals.filter(|_| fields.duals);
        self.reduced_costs = self.reduced_costs.filter(|_| fields.reduced_costs);
        self.ray = self.ray.filter(|_| fields.ray);
        if fields.nonzeros {
            self.drop_zeros();
        }
        self
    }

    /// The point in the `.sol` form that most solvers write and read: a name and a value a line.
    pub fn to_sol(&self) -> String {
        let status = format!("# Status {}\n", word(self.termination.reason));
        let objective = self.objective.map(|Number(value)| format!("# Objective value = {value:?}\n"));
        let values = self.variables.iter().flatten().map(|(name, Number(value))| format!("{name} {value:?}\n"));
        std::iter::once(status).chain(objective).chain(values).collect()
    }

    /// The point as CSV (RFC 4180): `variable,value,reduced_cost`, the last where there are duals.
    pub fn to_csv(&self) -> String {
        let lines = self.variables.iter().flatten().map(|(name, Number(value))| {
            let reduced = self.reduced_costs.as_ref().and_then(|costs| costs.get(name));
            let reduced = reduced.map(|Number(cost)| format!("{cost:?}")).unwrap_or_default();
            format!("{},{value:?},{reduced}\r\n", csv_field(name))
        });
        std::iter::once("variable,value,reduced_cost\r\n".to_string()).chain(lines).collect()
    }

    fn drop_zeros(&mut self) {
        for values in [&mut self.variables, &mut self.duals, &mut self.reduced_costs].into_iter().flatten() {
            values.retain(|_, value| value.0 != 0.0);
        }
    }
}

fn word(reason: Reason) -> String {
    serde_json::to_value(reason).ok().and_then(|value| value.as_str().map(Into::into)).unwrap_or_default()
}

fn csv_field(name: &str) -> String {
    if name.contains([',', '"', '\n', '\r']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.into() }
}

fn number(value: Option<f64>) -> Option<Number> {
    value.filter(|value| !value.is_nan()).map(Number)
}

fn named(names: &Names, values: &[f64]) -> Vectors {
    // NaN cannot stand in an answer that was examined; were it there, a hole is more honest than a number.
    names.iter().zip(values).filter(|(_, v)| !v.is_nan()).map(|(name, v)| (name.into_owned(), Number(*v))).collect()
}

fn named_ray(problem: &Problem, ray: &Ray) -> NamedRay {
    let (kind, names, values) = match ray {
        Ray::Primal(values) => (RayKind::Primal, problem.column_names(), values),
        Ray::Farkas(values) => (RayKind::Farkas, problem.row_names(), values),
    };
    let mut values = named(names, values);
    values.retain(|_, value| value.0 != 0.0);
    NamedRay { kind, values }
}

fn evidence(problem: &Problem, answer: &Answer) -> EvidenceDocument {
    let evidence = answer.evidence();
    let violations = evidence.violations.as_ref();
    let name = |names: &Names, at: Option<usize>| at.filter(|i| *i < names.len()).map(|i| names.get(i).into_owned());
    EvidenceDocument {
        level: evidence.level,
        max_row_violation: violations.map(|v| v.row),
        max_bound_violation: violations.map(|v| v.bound),
        max_integrality_violation: violations.map(|v| v.integrality),
        worst_row: violations.filter(|v| v.row > 0.0).and_then(|v| name(problem.row_names(), v.worst_row)),
        worst_bound: violations.filter(|v| v.bound > 0.0).and_then(|v| name(problem.column_names(), v.worst_bound)),
        worst_integrality: violations
            .filter(|v| v.integrality > 0.0)
            .and_then(|v| name(problem.column_names(), v.worst_integrality)),
        found_by: evidence.found_by.as_ref().map(|source: &Source| source.backend.clone()),
        agreed_by: evidence.agreed_by.clone(),
        contradicted: evidence.contradicted.clone(),
        certified_bound: number(evidence.certified_bound),
        certified_gap: number(answer.certified_gap()),
        notes: evidence.notes.clone(),
        tolerances: evidence.tolerances,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page's own example, so that the schema cannot drift from it unseen.
    const EXAMPLE: &str = r#"{
        "problem": {"rows": 2, "columns": 2, "nonzeros": 4, "integers": 1, "sense": "maximize"},
        "termination": {"reason": "OPTIMAL", "limit": null, "detail": "gap 0"},
        "objective": 20.0, "bound": "inf", "gap": "inf", "seconds": 0.004,
        "evidence": {"level": "checked", "max_row_violation": 0.0, "max_bound_violation": 0.0,
            "max_integrality_violation": 0.0, "found_by": "scip", "agreed_by": ["highs", "scip"], "tolerances": {}},
        "lanes": [{"solver": "highs", "version": "1.16.0", "state": "finished", "seconds": 0.003, "incumbents": 1, "nodes": 1}],
        "variables": {"y": 4.0, "x,1": 0.0}, "duals": null, "reduced_costs": {"y": 0.0, "x,1": -1.5}, "ray": null }"#;

    #[test]
    fn a_result_survives_a_round_trip_and_keeps_its_order() {
        let result: SolveResult = serde_json::from_str(EXAMPLE).unwrap();
        assert_eq!(result.bound, Some(Number(f64::INFINITY)));
        let again: SolveResult = serde_json::from_str(&serde_json::to_string(&result).unwrap()).unwrap();
        assert_eq!(again, result);
        assert_eq!(again.variables.unwrap().keys().collect::<Vec<_>>(), ["y", "x,1"]);
    }

    #[test]
    fn a_selection_leaves_out_the_rest() {
        let result: SolveResult = serde_json::from_str(EXAMPLE).unwrap();
        let some = result.clone().select(Fields { nonzeros: true, ..Fields::parse("reduced_costs").unwrap() });
        assert!(some.variables.is_none());
        assert_eq!(some.reduced_costs.unwrap().keys().collect::<Vec<_>>(), ["x,1"]);
        assert_eq!(result.clone().select(Fields::ALL), result);
    }

    #[test]
    fn points_are_written_for_people_and_spreadsheets() {
        let result: SolveResult = serde_json::from_str(EXAMPLE).unwrap();
        assert_eq!(result.to_sol(), "# Status OPTIMAL\n# Objective value = 20.0\ny 4.0\nx,1 0.0\n");
        assert_eq!(result.to_csv(), "variable,value,reduced_cost\r\ny,4.0,0.0\r\n\"x,1\",0.0,-1.5\r\n");
    }
}
