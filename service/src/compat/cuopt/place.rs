//! A value with the place where it stands, and what it may be taken for: each reading names the pointer when it is
//! something else.

use super::value::Value;
use crate::api::problem::Problem;

/// A value and its JSON pointer.
#[derive(Debug, Clone)]
pub struct At<'v> {
    pub value: &'v Value,
    pub path: String,
}

/// What is left of an object's entries; those that are null count as left out.
pub struct Keys<'v> {
    entries: Vec<&'v (String, Value)>,
    path: String,
}

impl<'v> Keys<'v> {
    /// Takes an entry; of several of one name the last, as Python has it.
    pub fn take(&mut self, key: &str) -> Option<At<'v>> {
        let found = self.entries.iter().rev().find(|(name, _)| name == key).copied();
        self.entries.retain(|(name, _)| name != key);
        let (name, value) = found?;
        let path = format!("{}/{}", self.path, name.replace('~', "~0").replace('/', "~1"));
        Some(At { value, path }).filter(|at| *at.value != Value::Null)
    }

    /// The first that nobody took.
    pub fn first(&self) -> Option<At<'v>> {
        let (name, value) = *self.entries.first()?;
        Some(At { value, path: format!("{}/{}", self.path, name.replace('~', "~0").replace('/', "~1")) })
    }
}

impl<'v> At<'v> {
    /// An error at this place.
    pub fn wrong(&self, code: &str, detail: String) -> Problem {
        Problem::new(422, code, detail).map(|p| p.at_pointer(&self.path))
    }

    fn wrong_kind(&self, wanted: &str) -> Problem {
        self.wrong("bad-value", format!("{}, where {wanted} belongs", self.value.kind()))
    }

    /// An entry of a list.
    pub fn item(&self, i: usize) -> Self {
        let value = match self.value {
            Value::List(items) => items.get(i).unwrap_or(self.value),
            other => other,
        };
        At { value, path: format!("{}/{i}", self.path) }
    }

    pub fn object(&self) -> Result<Keys<'v>, Problem> {
        match self.value {
            Value::Map(entries) => Ok(Keys { entries: entries.iter().collect(), path: self.path.clone() }),
            _ => Err(self.wrong_kind("an object")),
        }
    }

    pub fn truth(&self) -> Result<bool, Problem> {
        match self.value {
            Value::Bool(value) => Ok(*value),
            // numpy's truth values and C's.
            Value::Number(number) if *number == 0.0 || *number == 1.0 => Ok(*number == 1.0),
            _ => Err(self.wrong_kind("true or false")),
        }
    }

    pub fn number(&self) -> Result<f64, Problem> {
        match self.value {
            Value::Number(number) => Ok(*number),
            _ => Err(self.wrong_kind("a number")),
        }
    }

    /// How many items a list has; 0 for anything else.
    pub fn length(&self) -> usize {
        match self.value {
            Value::Numbers(numbers) => numbers.len(),
            Value::List(items) => items.len(),
            _ => 0,
        }
    }

    /// The length of the longest list in an object.
    pub fn longest(&self) -> usize {
        let Value::Map(entries) = self.value else { return 0 };
        entries.iter().map(|(_, value)| At { value, path: String::new() }.length()).max().unwrap_or(0)
    }

    pub fn numbers(&self) -> Result<Vec<f64>, Problem> {
        match self.value {
            Value::Numbers(numbers) => Ok(numbers.clone()),
            Value::List(items) => (0..items.len()).map(|i| self.item(i).number()).collect(),
            _ => Err(self.wrong_kind("a list of numbers")),
        }
    }

    pub fn whole_numbers(&self) -> Result<Vec<i64>, Problem> {
        const MOST: f64 = (1_u64 << 53) as f64;
        let numbers = self.numbers()?;
        let whole = |(i, number): (usize, f64)| {
            if number.fract() == 0.0 && number.abs() <= MOST {
                return Ok(number as i64);
            }
            let detail = format!("{number}, where a whole number belongs");
            Err(At { path: format!("{}/{i}", self.path), ..self.clone() }.wrong("bad-value", detail))
        };
        numbers.into_iter().enumerate().map(whole).collect()
    }

    /// Numbers and infinities, as many as there are `things`.
    pub fn bounds(&self, count: usize, things: &str) -> Result<Vec<f64>, Problem> {
        self.is_of_length(count, things)?;
        match self.value {
            Value::Numbers(numbers) => Ok(numbers.clone()),
            Value::List(items) => (0..items.len()).map(|i| self.item(i).bound()).collect(),
            _ => Err(self.wrong_kind("a list of numbers")),
        }
    }

    fn bound(&self) -> Result<f64, Problem> {
        match self.value {
            Value::Number(number) => Ok(*number),
            Value::Text(text) => match text.as_str() {
                "inf" | "Infinity" | "+inf" => Ok(f64::INFINITY),
                "ninf" | "-inf" | "-Infinity" => Ok(f64::NEG_INFINITY),
                other => {
                    Err(self.wrong("bad-value", format!("'{other}' is no bound; a number, \"inf\" or \"ninf\" is")))
                }
            },
            _ => Err(self.wrong_kind("a number, \"inf\" or \"ninf\"")),
        }
    }

    /// Texts, as many as there are `things`.
    pub fn texts(&self, count: usize, things: &str) -> Result<Vec<&'v str>, Problem> {
        self.is_of_length(count, things)?;
        match self.value {
            Value::Numbers(numbers) if numbers.is_empty() => Ok(Vec::new()),
            Value::List(items) => {
                let text = |(i, item): (usize, &'v Value)| match item {
                    Value::Text(text) => Ok(text.as_str()),
                    _ => Err(self.item(i).wrong_kind("text")),
                };
                items.iter().enumerate().map(text).collect()
            }
            _ => Err(self.wrong_kind("a list of text")),
        }
    }

    fn is_of_length(&self, count: usize, things: &str) -> Result<(), Problem> {
        let length = self.length();
        if length == count {
            return Ok(());
        }
        Err(self.wrong("bad-value", format!("{length} entries, but there are {count} {things}")))
    }
}
