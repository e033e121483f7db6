//! Rules out of TOML, within limits; every error has its line and column.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use farkas_modeling::statistics::{FEATURES, Kind};
use serde::Deserialize;
use toml::{Spanned, Value};

use super::{CORES, Candidate, Condition, HeadStart, LaneRule, Rule, Rules, Span};
use crate::options::{Emphasis, LpMethod, Presolve};

/// No more than this is read.
const MOST_BYTES: usize = 1 << 20;
/// Rules in a table, and lanes in a rule.
const MOST_RULES: usize = 1_000;
const MOST_LANES: usize = 64;
/// The shortest turn.
const LEAST_TURN: Duration = Duration::from_millis(100);

/// What is wrong with a table of rules, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {finding}; {remedy}")]
pub struct RulesError {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// What was found.
    pub finding: String,
    /// What to do.
    pub remedy: String,
}

impl RulesError {
    pub(in crate::race) fn new(
        (line, column): (usize, usize),
        finding: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { line, column, finding: finding.into(), remedy: remedy.into() }
    }

    /// Of a place in a text.
    pub(in crate::race) fn at(
        text: &str,
        span: Option<Range<usize>>,
        finding: &str,
        remedy: impl Into<String>,
    ) -> Self {
        let place = Text(text).place(span.map_or(0, |span| span.start));
        Self::new(place, finding.trim().replace('\n', ", "), remedy)
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        "lineup-rules"
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Spanned<RuleWritten>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleWritten {
    name: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    when: BTreeMap<Spanned<String>, Spanned<Value>>,
    expected_seconds: Option<Spanned<f64>>,
    turn_seconds: Option<Spanned<f64>>,
    lanes: Vec<Spanned<LaneWritten>>,
    #[serde(default)]
    others: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LaneWritten {
    solver: Spanned<String>,
    #[serde(default)]
    method: LpMethod,
    seed: Option<u32>,
    #[serde(default)]
    presolve: Presolve,
    #[serde(default)]
    emphasis: Emphasis,
    #[serde(default)]
    options: BTreeMap<String, Spanned<Value>>,
    threads: Option<Spanned<u32>>,
    after_seconds: Option<Spanned<f64>>,
    after_share: Option<Spanned<f64>>,
    turn_seconds: Option<Spanned<f64>>,
}

/// The text, to tell places in it.
struct Text<'a>(&'a str);

impl Text<'_> {
    fn place(&self, at: usize) -> (usize, usize) {
        let before = self.0.get(..at.min(self.0.len())).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    fn error(&self, span: &Range<usize>, finding: impl Into<String>, remedy: impl Into<String>) -> RulesError {
        RulesError::new(self.place(span.start), finding, remedy)
    }
}

impl Rules {
    /// Reads a table.
    ///
    /// # Errors
    /// With line and column, for what is no TOML, no table of rules, or asks for what there is not.
    pub fn read(text: &str) -> Result<Self, RulesError> {
        if text.len() > MOST_BYTES {
            return Err(RulesError::new((1, 1), "it has more than a mebibyte", "write fewer rules"));
        }
        let place = Text(text);
        let see = "docs/line-ups.md tells the form";
        let file: File =
            toml::from_str(text).map_err(|error| RulesError::at(text, error.span(), error.message(), see))?;
        if file.rule.is_empty() || file.rule.len() > MOST_RULES {
            let finding = format!("it has {} rules", file.rule.len());
            return Err(RulesError::new((1, 1), finding, format!("write 1 to {MOST_RULES} tables [[rule]]")));
        }
        let rules = file.rule.into_iter().map(|rule| read_rule(&place, rule)).collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }
}

fn read_rule(text: &Text<'_>, written: Spanned<RuleWritten>) -> Result<Rule, RulesError> {
    let span = written.span();
    let written = written.into_inner();
    if written.lanes.is_empty() || written.lanes.len() > MOST_LANES {
        let finding = format!("the rule '{}' has {} lanes", written.name, written.lanes.len());
        return Err(text.error(&span, finding, format!("give it 1 to {MOST_LANES}")));
    }
    let expected = written.expected_seconds.map(|seconds| duration(text, &seconds)).transpose()?;
    let lane = |lane: Spanned<LaneWritten>| read_lane(text, lane.into_inner(), expected.is_some());
    Ok(Rule {
        when: read_condition(text, written.when)?,
        lanes: written.lanes.into_iter().map(lane).collect::<Result<_, _>>()?,
        name: written.name,
        why: written.why,
        expected,
        turn: turn(text, written.turn_seconds)?,
        others: written.others,
    })
}

fn duration(text: &Text<'_>, seconds: &Spanned<f64>) -> Result<Duration, RulesError> {
    let wrong = |_| text.error(&seconds.span(), format!("{} seconds", seconds.get_ref()), "give a time such as 0.5");
    Duration::try_from_secs_f64(*seconds.get_ref()).map_err(wrong)
}

/// From a tenth of a second on: shorter ones go into stopping and continuing.
fn turn(text: &Text<'_>, seconds: Option<Spanned<f64>>) -> Result<Option<Duration>, RulesError> {
    let Some(seconds) = seconds else { return Ok(None) };
    match duration(text, &seconds)? {
        turn if turn < LEAST_TURN => {
            let finding = format!("turns of {} seconds", seconds.get_ref());
            Err(text.error(&seconds.span(), finding, format!("give at least {}", LEAST_TURN.as_secs_f64())))
        }
        turn => Ok(Some(turn)),
    }
}

fn read_lane(text: &Text<'_>, lane: LaneWritten, has_expected: bool) -> Result<LaneRule, RulesError> {
    let place = text.place(lane.solver.span().start);
    let after = match (lane.after_seconds, lane.after_share) {
        (None, None) => HeadStart::None,
        (Some(seconds), None) => HeadStart::Time(duration(text, &seconds)?),
        (None, Some(share)) => {
            let value = *share.get_ref();
            if !has_expected {
                let remedy = "give the rule `expected_seconds`, or the lane `after_seconds`";
                return Err(text.error(&share.span(), "a share of a time that the rule does not tell", remedy));
            }
            if !(0.0..=1000.0).contains(&value) {
                return Err(text.error(&share.span(), format!("a share of {value}"), "give one between 0 and 1000"));
            }
            HeadStart::Share(value)
        }
        (Some(_), Some(share)) => {
            return Err(text.error(&share.span(), "both `after_seconds` and `after_share`", "give one of them"));
        }
    };
    let threads = match lane.threads {
        Some(threads) if !(1..=1024).contains(threads.get_ref()) => {
            return Err(text.error(&threads.span(), format!("{} threads", threads.get_ref()), "give 1 to 1024"));
        }
        threads => threads.map_or(1, Spanned::into_inner),
    };
    let mut options = BTreeMap::new();
    for (name, value) in lane.options {
        let span = value.span();
        let value = match value.into_inner() {
            Value::String(text) => text,
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Boolean(yes) => yes.to_string(),
            other => {
                let finding = format!("the option '{name}' is a {}", other.type_str());
                return Err(text.error(&span, finding, "give a text, a number, true or false"));
            }
        };
        options.insert(name, value);
    }
    let candidate = Candidate {
        solver: lane.solver.into_inner(),
        method: lane.method,
        seed: lane.seed,
        presolve: lane.presolve,
        emphasis: lane.emphasis,
        options,
    };
    Ok(LaneRule { candidate, threads, after, turn: turn(text, lane.turn_seconds)?, place })
}

fn read_condition(
    text: &Text<'_>,
    written: BTreeMap<Spanned<String>, Spanned<Value>>,
) -> Result<Condition, RulesError> {
    let mut condition = Condition::default();
    for (name, value) in written {
        let at = name.span();
        let name = name.into_inner();
        if name == "kind" {
            condition.kinds = read_kinds(text, value)?;
        } else if name == CORES || FEATURES.iter().any(|(there, _)| *there == name) {
            condition.limits.insert(name, read_span(text, value)?);
        } else {
            let there: Vec<&str> = FEATURES.iter().map(|(there, _)| *there).collect();
            let remedy = format!("there are: kind, {CORES}, {}", there.join(", "));
            return Err(text.error(&at, format!("a problem has no feature '{name}'"), remedy));
        }
    }
    Ok(condition)
}

fn read_kinds(text: &Text<'_>, value: Spanned<Value>) -> Result<Vec<Kind>, RulesError> {
    let span = value.span();
    let words = match value.into_inner() {
        Value::Array(words) => words,
        word => vec![word],
    };
    let kind = |word: &Value| {
        let found = Kind::ALL.into_iter().find(|kind| word.as_str() == Some(kind.word()));
        found.ok_or_else(|| text.error(&span, format!("{word} is no kind of problem"), "write lp, mip, qp or miqp"))
    };
    words.iter().map(kind).collect()
}

fn read_span(text: &Text<'_>, value: Spanned<Value>) -> Result<Span, RulesError> {
    let at = value.span();
    let form = "write { above = A }, { most = B } or both";
    let wrong = |finding: String| Err(text.error(&at, finding, form));
    let Value::Table(limits) = value.into_inner() else { return wrong("this is no limit".into()) };
    let mut span = Span::ALL;
    for (name, limit) in limits {
        let number = match limit {
            Value::Integer(number) => number as f64,
            Value::Float(number) if !number.is_nan() => number,
            other => return wrong(format!("{other} is no number")),
        };
        match name.as_str() {
            "above" => span.above = number,
            "most" => span.most = number,
            _ => return wrong(format!("there is no limit '{name}'")),
        }
    }
    if span.above >= span.most {
        return wrong(format!("nothing is above {} and at most {}", span.above, span.most));
    }
    Ok(span)
}
