//! Solve options as a client writes them, checked once and turned into the backends' [`Options`].

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use farkas_backends::options::{Emphasis, LpMethod, Options, Presolve};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::request::RequestError;

/// Most lanes that a request may name.
pub const MOST_LANES: usize = 16;

/// Longest time limit: a year. `Duration` arithmetic stays far from its ends.
const MOST_SECONDS: f64 = 366.0 * 86_400.0;

/// Who solves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SolverChoice {
    /// Several solvers, chosen by Farkas.
    #[default]
    Race,
    /// One backend alone.
    One(String),
    /// These backends race, in order of preference.
    Lanes(Vec<String>),
}

impl SolverChoice {
    /// `race`, a name, or names with commas between: as a command line and a query have it.
    pub fn parse(text: &str) -> Self {
        let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        match names.as_slice() {
            [] | ["race"] => Self::Race,
            [one] => Self::One((*one).into()),
            many => Self::Lanes(many.iter().map(ToString::to_string).collect()),
        }
    }

    /// The backends it names; none for a race that Farkas lines up.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Race => &[],
            Self::One(name) => std::slice::from_ref(name),
            Self::Lanes(names) => names,
        }
    }
}

impl Serialize for SolverChoice {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Race => s.serialize_str("race"),
            Self::One(name) => s.serialize_str(name),
            Self::Lanes(names) => names.serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for SolverChoice {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "\"race\", a backend's name, or a list of names")]
        enum Wire {
            Name(String),
            Names(Vec<String>),
        }
        Ok(match Wire::deserialize(d)? {
            Wire::Name(name) => Self::parse(&name),
            Wire::Names(names) => Self::Lanes(names),
        })
    }
}

impl PartialSchema for SolverChoice {
    fn schema() -> RefOr<Schema> {
        let name = || ObjectBuilder::new().schema_type(Type::String);
        OneOfBuilder::new()
            .item(name().examples([serde_json::json!("race")]))
            .item(ArrayBuilder::new().items(name()).min_items(Some(1)).max_items(Some(MOST_LANES)))
            .description(Some("`race`, a backend's name, or a list of lanes."))
            .into()
    }
}

impl ToSchema for SolverChoice {
    fn name() -> Cow<'static, str> {
        "SolverChoice".into()
    }
}

/// What a solve may cost and how good it must be. What is left out has its documented default.
///
/// ```
/// use farkas_api_types::SolveOptions;
/// let options: SolveOptions = serde_json::from_str(r#"{"solver": "highs", "time_limit_seconds": 10}"#).unwrap();
/// options.check("/options").unwrap();
/// assert_eq!(options.to_backend().time_limit.unwrap().as_secs(), 10);
/// let options: SolveOptions = serde_json::from_str(r#"{"gap": -1}"#).unwrap();
/// assert_eq!(options.check("/options").unwrap_err().pointer.as_deref(), Some("/options/gap"));
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SolveOptions {
    /// Who solves: `race` (default), a backend's name, or a list of lanes.
    pub solver: SolverChoice,
    /// Backends that are believed alone, whatever their record: by default a bound or an infeasibility claimed by one that
    /// was seen to be wrong counts in a race only when another backend claims as much. A list, or a text with commas.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "names")]
    #[schema(value_type = Vec<String>, example = json!(["mipcl"]))]
    pub trust: Vec<String>,
    /// Wall-clock limit in seconds, from the moment the job has its cores. Default: none on the command line, the
    /// server's maximum over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0.0, example = 10)]
    pub time_limit_seconds: Option<f64>,
    /// Relative gap at which a point counts as optimal. Default 1e-4.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0.0, example = 1e-4)]
    pub gap: Option<f64>,
    /// Absolute gap at which a point counts as optimal. Default 1e-9.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0.0)]
    pub absolute_gap: Option<f64>,
    /// Threads in all, over all lanes. Default: as many as there are lanes, up to the machine's cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub threads: Option<u32>,
    /// Random seed. Default: the solver's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 2_147_483_647)]
    pub seed: Option<u32>,
    /// Branch-and-bound nodes of a lane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_limit: Option<u64>,
    /// Stop after so many feasible points.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub solution_limit: Option<u64>,
    /// Bytes that a lane's process may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub memory_limit_bytes: Option<u64>,
    /// Stop as soon as a point is at least this good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objective_target: Option<f64>,
    /// Stop when no better point came for so many seconds. It counts from the last better point and takes one; a better bound does
    /// not count. The limit is then `SLOW_PROGRESS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0.0)]
    pub stall_limit_seconds: Option<f64>,
    /// The same answer every time: solvers one after another, each on one thread, without a clock; limit the work by `node_limit`.
    /// Where a time limit (the server's maximum, too) ends it, a note of the evidence says that another run may end elsewhere.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deterministic: bool,
    /// Look only for points at least this good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cutoff: Option<f64>,
    /// What to work at first: `balanced` (default), `feasibility` (good points soon) or `optimality` (the proof).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub emphasis: Option<Emphasis>,
    /// LP algorithm: `auto` (default), `simplex`, `barrier` or `firstorder`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub lp_method: Option<LpMethod>,
    /// Presolve: `auto` (default), `on` or `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub presolve: Option<Presolve>,
    /// How far a row or a column bound may be missed. Default 1e-6.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1e-9, maximum = 1e-2)]
    pub feasibility_tolerance: Option<f64>,
    /// How far an integer variable may be from an integer. Default 1e-6.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1e-9, maximum = 1e-2)]
    pub integrality_tolerance: Option<f64>,
    /// Over HTTP: the higher, the sooner within its project; waiting raises it by one a minute. Default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = -100, maximum = 100)]
    pub priority: Option<i32>,
    /// Over HTTP: when the job must be over (RFC 3339). One that has not begun by then expires, one that runs is stopped as by
    /// a time limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    pub deadline: Option<String>,
    /// Over HTTP: how long the job may wait for its cores before it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0.0)]
    pub queue_timeout_seconds: Option<f64>,
}

/// Names, in a list or in a text with commas.
fn names<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        List(Vec<String>),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::Text(text) => text.split(',').map(|name| name.trim().to_owned()).collect(),
        Written::List(names) => names,
    })
}

/// A field's name and whether its text in a query is JSON (a number, true or false) and not a word.
const QUERY_FIELDS: [(&str, bool); 22] = [
    ("solver", false),
    ("trust", false),
    ("time_limit_seconds", true),
    ("gap", true),
    ("absolute_gap", true),
    ("threads", true),
    ("seed", true),
    ("node_limit", true),
    ("solution_limit", true),
    ("memory_limit_bytes", true),
    ("objective_target", true),
    ("stall_limit_seconds", true),
    ("deterministic", true),
    ("cutoff", true),
    ("emphasis", false),
    ("lp_method", false),
    ("presolve", false),
    ("feasibility_tolerance", true),
    ("integrality_tolerance", true),
    ("priority", true),
    ("deadline", false),
    ("queue_timeout_seconds", true),
];

impl SolveOptions {
    /// Whether a query parameter of this name is an option.
    pub fn is_option(name: &str) -> bool {
        QUERY_FIELDS.iter().any(|(field, _)| *field == name)
    }

    /// Options from the pairs of a query; pairs that are no option are the caller's business and must not be here.
    ///
    /// # Errors
    /// For a value that is no number where one belongs, an unknown name, or a name twice; `parameter` says which.
    pub fn from_query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, RequestError> {
        let mut object = serde_json::Map::new();
        for (name, text) in pairs {
            let Some((_, is_json)) = QUERY_FIELDS.iter().find(|(field, _)| *field == name) else {
                let detail = format!("'{name}' is no option; there are {}", field_names());
                return Err(RequestError::new("unknown-parameter", detail).parameter(name));
            };
            let value = if let (true, "true" | "false") = (*is_json, text) {
                serde_json::Value::Bool(text == "true")
            } else if *is_json {
                let parsed = serde_json::from_str::<serde_json::Number>(text).map_err(|_| {
                    RequestError::new("bad-parameter", format!("'{text}' is no number")).parameter(name)
                })?;
                serde_json::Value::Number(parsed)
            } else {
                serde_json::Value::String(text.into())
            };
            if object.insert(name.into(), value).is_some() {
                return Err(RequestError::new("bad-parameter", format!("'{name}' is given twice")).parameter(name));
            }
        }
        let options: Self = serde_path_to_error::deserialize(serde_json::Value::Object(object)).map_err(|error| {
            let name = error.path().to_string();
            RequestError::new("bad-parameter", error.into_inner().to_string()).parameter(name)
        })?;
        options.check("").map_err(|error| {
            let name = error.pointer.clone().unwrap_or_default().trim_start_matches('/').to_string();
            RequestError { pointer: None, ..error.parameter(name) }
        })?;
        Ok(options)
    }

    /// Whether every value makes sense; `at` is the JSON pointer where the options stand.
    ///
    /// # Errors
    /// For the first that does not, with its pointer.
    pub fn check(&self, at: &str) -> Result<(), RequestError> {
        let wrong =
            |field: &str, detail: String| Err(RequestError::new("bad-option", detail).pointer(format!("{at}/{field}")));
        for (field, value) in [
            ("time_limit_seconds", self.time_limit_seconds),
            ("stall_limit_seconds", self.stall_limit_seconds),
            ("queue_timeout_seconds", self.queue_timeout_seconds),
        ] {
            if let Some(value) = value.filter(|v| !(*v > 0.0 && *v <= MOST_SECONDS)) {
                return wrong(field, format!("{value} seconds: it must be more than 0 and at most {MOST_SECONDS}"));
            }
        }
        for (field, value) in [("gap", self.gap), ("absolute_gap", self.absolute_gap)] {
            if let Some(value) = value.filter(|v| !(*v >= 0.0 && v.is_finite())) {
                return wrong(field, format!("a gap of {value}: it must be a number of at least 0"));
            }
        }
        let tolerances = [
            ("feasibility_tolerance", self.feasibility_tolerance),
            ("integrality_tolerance", self.integrality_tolerance),
        ];
        for (field, value) in tolerances {
            if let Some(value) = value.filter(|v| !(1e-9..=1e-2).contains(v)) {
                return wrong(field, format!("a tolerance of {value}: it must lie between 1e-9 and 1e-2"));
            }
        }
        for (field, value) in [("objective_target", self.objective_target), ("cutoff", self.cutoff)] {
            if value.is_some_and(|v| !v.is_finite()) {
                return wrong(field, "it must be a finite number".into());
            }
        }
        if self.priority.is_some_and(|priority| !(-100..=100).contains(&priority)) {
            return wrong("priority", "it must lie between -100 and 100".into());
        }
        if self.seed.is_some_and(|seed| i32::try_from(seed).is_err()) {
            return wrong("seed", format!("it must be at most {}", i32::MAX));
        }
        let counts = [
            ("threads", self.threads.map(u64::from)),
            ("solution_limit", self.solution_limit),
            ("memory_limit_bytes", self.memory_limit_bytes),
        ];
        if let Some((field, _)) = counts.into_iter().find(|(_, value)| *value == Some(0)) {
            return wrong(field, "it must be at least 1".into());
        }
        self.check_deterministic(at)?;
        if self.trust.len() > MOST_LANES || self.trust.iter().any(|name| name.is_empty() || name.len() > 100) {
            return wrong("trust", format!("it must name up to {MOST_LANES} backends"));
        }
        self.check_lanes(at)
    }

    fn check_deterministic(&self, at: &str) -> Result<(), RequestError> {
        let (field, detail) = match (self.stall_limit_seconds, self.threads) {
            (Some(_), _) => ("stall_limit_seconds", "it goes by the clock, which a deterministic solve does not"),
            (_, Some(2..)) => ("threads", "a deterministic solve has one thread"),
            _ => return Ok(()),
        };
        if !self.deterministic {
            return Ok(());
        }
        Err(RequestError::new("bad-option", detail.to_owned()).pointer(format!("{at}/{field}")))
    }

    fn check_lanes(&self, at: &str) -> Result<(), RequestError> {
        let wrong = |detail: String| Err(RequestError::new("bad-option", detail).pointer(format!("{at}/solver")));
        if let SolverChoice::Lanes(names) = &self.solver {
            let distinct: BTreeSet<&String> = names.iter().collect();
            if names.is_empty() || names.len() > MOST_LANES {
                return wrong(format!("{} lanes: there must be 1 to {MOST_LANES}", names.len()));
            }
            if distinct.len() < names.len() {
                return wrong("a backend is named twice".into());
            }
            if names.iter().any(|name| name == "race") {
                return wrong("'race' is no lane of a race; leave `solver` out, or name backends".into());
            }
        }
        Ok(())
    }

    /// The backends' options. Who solves, and how long the queue may take, are not among them.
    pub fn to_backend(&self) -> Options {
        let mut options = Options {
            time_limit: self.time_limit_seconds.map(Duration::from_secs_f64),
            threads: self.threads,
            seed: self.seed,
            node_limit: self.node_limit,
            solution_limit: self.solution_limit,
            memory_limit_bytes: self.memory_limit_bytes,
            objective_target: self.objective_target,
            stall_limit: self.stall_limit_seconds.map(Duration::from_secs_f64),
            deterministic: self.deterministic,
            cutoff: self.cutoff,
            emphasis: self.emphasis.unwrap_or_default(),
            lp_method: self.lp_method.unwrap_or_default(),
            presolve: self.presolve.unwrap_or_default(),
            ..Options::default()
        };
        let tolerances = &mut options.tolerances;
        tolerances.relative_gap = self.gap.unwrap_or(tolerances.relative_gap);
        tolerances.absolute_gap = self.absolute_gap.unwrap_or(tolerances.absolute_gap);
        if let Some(feasibility) = self.feasibility_tolerance {
            tolerances.feasibility = feasibility;
            tolerances.bound = feasibility;
        }
        if let Some(integrality) = self.integrality_tolerance {
            tolerances.integrality = integrality;
            tolerances.imprecise_integrality = tolerances.imprecise_integrality.max(integrality);
        }
        options
    }
}

fn field_names() -> String {
    QUERY_FIELDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_can_stand_in_a_query() {
        let all = SolveOptions {
            trust: vec!["mipcl".into(), "cbc".into()],
            time_limit_seconds: Some(1.0),
            gap: Some(0.0),
            absolute_gap: Some(0.0),
            threads: Some(1),
            seed: Some(1),
            node_limit: Some(1),
            solution_limit: Some(1),
            memory_limit_bytes: Some(1),
            objective_target: Some(1.0),
            stall_limit_seconds: Some(1.0),
            cutoff: Some(1.0),
            emphasis: Some(Emphasis::Feasibility),
            lp_method: Some(LpMethod::Simplex),
            presolve: Some(Presolve::Off),
            feasibility_tolerance: Some(1e-6),
            integrality_tolerance: Some(1e-6),
            priority: Some(-1),
            deadline: Some("2026-01-31T18:00:00Z".into()),
            queue_timeout_seconds: Some(1.0),
            ..SolveOptions::default()
        };
        // What is deterministic has one thread, and no limit on the clock since the last better point.
        let still = SolveOptions { deterministic: true, ..SolveOptions::default() };
        let fields = |options: &SolveOptions| serde_json::to_value(options).unwrap().as_object().unwrap().clone();
        let named: BTreeSet<String> = fields(&all).into_iter().chain(fields(&still)).map(|(name, _)| name).collect();
        assert_eq!(named.len(), QUERY_FIELDS.len());
        let written = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Array(names) => {
                names.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(",")
            }
            other => other.to_string(),
        };
        for options in [all, still] {
            let text: Vec<_> = fields(&options).iter().map(|(name, value)| (name.clone(), written(value))).collect();
            let back = SolveOptions::from_query(text.iter().map(|(n, t)| (n.as_str(), t.as_str()))).unwrap();
            assert_eq!(back, options);
        }
    }

    #[test]
    fn a_query_is_refused_with_the_parameter_that_is_wrong() {
        let cases = [
            ("gap=x", "bad-parameter", "gap"),
            ("gap=-1", "bad-option", "gap"),
            ("trust=a,,b", "bad-option", "trust"),
            ("threads=1.5", "bad-parameter", "threads"),
            ("threads=true", "bad-parameter", "threads"),
            ("deterministic=1", "bad-parameter", "deterministic"),
            ("deterministic=yes", "bad-parameter", "deterministic"),
            ("lp_method=magic", "bad-parameter", "lp_method"),
            ("timelimit=3", "unknown-parameter", "timelimit"),
            ("seed=1&seed=2", "bad-parameter", "seed"),
            ("solver=highs,highs", "bad-option", "solver"),
        ];
        for (query, code, parameter) in cases {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let error = SolveOptions::from_query(pairs).unwrap_err();
            assert_eq!((error.code, error.parameter.as_deref()), (code, Some(parameter)), "{query}: {error:?}");
        }
    }

    #[test]
    fn options_are_checked_with_their_pointer() {
        let cases = [
            (r#"{"time_limit_seconds": 0}"#, "/options/time_limit_seconds"),
            (r#"{"time_limit_seconds": 1e300}"#, "/options/time_limit_seconds"),
            (r#"{"threads": 0}"#, "/options/threads"),
            (r#"{"priority": 101}"#, "/options/priority"),
            (r#"{"threads": 2, "deterministic": true}"#, "/options/threads"),
            (r#"{"stall_limit_seconds": 0}"#, "/options/stall_limit_seconds"),
            (r#"{"stall_limit_seconds": 1, "deterministic": true}"#, "/options/stall_limit_seconds"),
            (r#"{"solver": []}"#, "/options/solver"),
            (r#"{"solver": ["highs", "race"]}"#, "/options/solver"),
            (r#"{"seed": 4294967295}"#, "/options/seed"),
            (r#"{"feasibility_tolerance": 1}"#, "/options/feasibility_tolerance"),
        ];
        for (json, pointer) in cases {
            let options: SolveOptions = serde_json::from_str(json).unwrap();
            assert_eq!(options.check("/options").unwrap_err().pointer.as_deref(), Some(pointer), "{json}");
        }
    }
}
