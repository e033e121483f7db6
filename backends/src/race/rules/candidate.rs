//! A solver with settings, as rules, records and the benchmark's command line name it: `highs`, `highs:barrier`,
//! `scip:seed=3:presolve=off`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::options::{Emphasis, LpMethod, Presolve};

/// Who could run, and how. What is not set is left to the race's options.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidate {
    /// Its name.
    pub solver: String,
    /// Its LP algorithm.
    pub method: LpMethod,
    /// Its seed.
    pub seed: Option<u32>,
    /// Whether it reduces the problem first.
    pub presolve: Presolve,
    /// What its search works at first.
    pub emphasis: Emphasis,
    /// Its own options by name.
    pub options: BTreeMap<String, String>,
}

impl Candidate {
    /// This solver with nothing set.
    pub fn named(solver: impl Into<String>) -> Self {
        Self { solver: solver.into(), ..Self::default() }
    }

    /// What is set, as names and values: those of `farkas solve`'s flags, and after them the solver's own.
    pub fn settings(&self) -> Vec<(String, String)> {
        let mut settings = Vec::new();
        let mut set = |name: &str, value: String| settings.push((name.to_owned(), value));
        if self.method != LpMethod::Auto {
            set("method", word(&self.method));
        }
        if let Some(seed) = self.seed {
            set("seed", seed.to_string());
        }
        if self.presolve != Presolve::Auto {
            set("presolve", word(&self.presolve));
        }
        if self.emphasis != Emphasis::Balanced {
            set("emphasis", word(&self.emphasis));
        }
        settings.extend(self.options.clone());
        settings
    }
}

/// As the options' own enums are written.
fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn of_word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, CandidateError> {
    let deserializer = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text);
    T::deserialize(deserializer).map_err(|error| CandidateError(error.to_string()))
}

/// What is wrong with a candidate's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}; write NAME, NAME:METHOD or NAME:SETTING=VALUE:… with the settings method, seed, presolve, emphasis, or the solver's own"
)]
pub struct CandidateError(String);

impl FromStr for Candidate {
    type Err = CandidateError;

    fn from_str(text: &str) -> Result<Self, CandidateError> {
        // An address has colons of its own.
        if text.contains("://") {
            return Ok(Self::named(text));
        }
        let mut parts = text.split(':');
        let mut candidate = Self::named(parts.next().unwrap_or_default());
        if candidate.solver.is_empty() {
            return Err(CandidateError(format!("'{text}' names no solver")));
        }
        for part in parts {
            match part.split_once('=') {
                None => candidate.method = of_word(part)?,
                Some(("method", value)) => candidate.method = of_word(value)?,
                Some(("presolve", value)) => candidate.presolve = of_word(value)?,
                Some(("emphasis", value)) => candidate.emphasis = of_word(value)?,
                Some(("seed", value)) => {
                    let seed = value.parse().map_err(|_| CandidateError(format!("'{value}' is no seed")))?;
                    candidate.seed = Some(seed);
                }
                Some((name, value)) => {
                    candidate.options.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        Ok(candidate)
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.solver)?;
        for (name, value) in self.settings() {
            if name == "method" { write!(f, ":{value}")? } else { write!(f, ":{name}={value}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_as_they_were() {
        for text in ["highs", "highs:barrier", "scip:seed=3:presolve=off:emphasis=feasibility:limits/nodes=5"] {
            assert_eq!(text.parse::<Candidate>().map(|c| c.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("http://here:80".parse(), Ok(Candidate::named("http://here:80")));
        for wrong in ["", ":barrier", "highs:fast", "highs:seed=x", "highs:presolve=maybe"] {
            assert!(wrong.parse::<Candidate>().is_err(), "{wrong}");
        }
    }
}
