//! A JSON document as it was written: keys in their order and never twice, arrays of numbers as plain numbers.
//!
//! Invariant: every number is finite, and nothing is nested deeper than `serde_json`'s limit of 128.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::formats::place::{FormatError, quote};

/// Any JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A finite number.
    Number(f64),
    /// A string.
    Text(String),
    /// An array of numbers only; an empty array is one.
    Numbers(Vec<f64>),
    /// Any other array.
    List(Vec<Document>),
    /// An object, in the order in which it was written.
    Object(Vec<(String, Document)>),
}

/// What an error about a repeated key begins with, so that it gets a code of its own.
const REPEATED: &str = "the key is there twice: ";

impl Document {
    /// Parses a whole document.
    ///
    /// # Errors
    /// `json-syntax` and `json-duplicate-key`, with line and column.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        serde_json::from_slice(bytes).map_err(|error| {
            let text = error.to_string();
            // The position stands behind the words.
            let words = text.rfind(" at line ").map_or(text.as_str(), |at| &text[..at]);
            let (code, remedy) = if words.starts_with(REPEATED) {
                ("json-duplicate-key", "give each key once")
            } else if words.contains("recursion limit") {
                ("json-too-deep", "no model needs so many levels")
            } else {
                ("json-syntax", "correct the JSON there")
            };
            FormatError::at_line("JSON", error.line().max(1), error.column().max(1), code, words, remedy)
        })
    }

    /// A value of `serde_json`; numbers that no double holds cannot occur in one.
    pub fn from_value(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(n) => n.as_f64().map_or_else(|| Self::Text(n.to_string()), Self::Number),
            Value::String(s) => Self::Text(s.clone()),
            Value::Array(list) => Self::list(list.iter().map(Self::from_value).collect()),
            Value::Object(map) => Self::Object(map.iter().map(|(k, v)| (k.clone(), Self::from_value(v))).collect()),
        }
    }

    fn list(items: Vec<Self>) -> Self {
        let numbers: Option<Vec<f64>> =
            items.iter().map(|item| if let Self::Number(v) = item { Some(*v) } else { None }).collect();
        numbers.map_or(Self::List(items), Self::Numbers)
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Numbers(_) => "a list of numbers",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Document, E> {
        Ok(Document::Null)
    }

    fn visit_none<E>(self) -> Result<Document, E> {
        Ok(Document::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Document, D::Error> {
        Document::deserialize(inner)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Document, E> {
        Ok(Document::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Document, E> {
        Ok(Document::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Document, E> {
        Ok(Document::Number(value as f64))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Document, E> {
        if value.is_finite() { Ok(Document::Number(value)) } else { Err(E::custom("a number that no double holds")) }
    }

    fn visit_str<E>(self, value: &str) -> Result<Document, E> {
        Ok(Document::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Document, E> {
        Ok(Document::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Document, A::Error> {
        let mut numbers = Vec::new();
        while let Some(item) = items.next_element()? {
            if let Document::Number(value) = item {
                numbers.push(value);
                continue;
            }
            let mut list: Vec<Document> = numbers.into_iter().map(Document::Number).collect();
            list.push(item);
            while let Some(item) = items.next_element()? {
                list.push(item);
            }
            return Ok(Document::List(list));
        }
        Ok(Document::Numbers(numbers))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Document, A::Error> {
        let mut object: Vec<(String, Document)> = Vec::new();
        // Short objects are searched, long ones hashed.
        let mut seen = std::collections::HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            let repeated = if object.len() < 16 {
                object.iter().any(|(k, _)| *k == key)
            } else {
                if seen.is_empty() {
                    seen.extend(object.iter().map(|(k, _)| k.clone()));
                }
                !seen.insert(key.clone())
            };
            if repeated {
                return Err(de::Error::custom(format!("{REPEATED}{}", quote(key.as_bytes()))));
            }
            let value = entries.next_value()?;
            object.push((key, value));
        }
        Ok(Document::Object(object))
    }
}

/// A value and where it stands: what the readers of the shapes work on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'d, 'p> {
    pub value: &'d Document,
    pub path: &'p Path<'p>,
}

/// A JSON pointer, built only when it is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'a> {
    /// Where the sender put the model.
    Root(&'a str),
    Key(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// RFC 6901.
    pub fn pointer(&self) -> String {
        match self {
            Self::Root(prefix) => (*prefix).to_owned(),
            Self::Key(parent, key) => {
                format!("{}/{}", parent.pointer(), key.replace('~', "~0").replace('/', "~1"))
            }
            Self::Item(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }

    pub fn error(&self, code: &'static str, finding: impl Into<String>, remedy: impl Into<String>) -> FormatError {
        FormatError::at_pointer(self.pointer(), None, code, finding, remedy.into())
    }
}

impl<'d> At<'d, '_> {
    /// Something of another kind stands here.
    pub fn wrong_kind(&self, wanted: &str) -> FormatError {
        let finding = format!("{} where {wanted} must stand", self.value.kind());
        self.path.error("json-type", finding, "see the shapes of a model in the documentation")
    }

    pub fn object(&self) -> Result<&'d [(String, Document)], FormatError> {
        if let Document::Object(entries) = self.value { Ok(entries) } else { Err(self.wrong_kind("an object")) }
    }

    pub fn text(&self) -> Result<&'d str, FormatError> {
        if let Document::Text(text) = self.value { Ok(text) } else { Err(self.wrong_kind("text")) }
    }

    pub fn number(&self) -> Result<f64, FormatError> {
        if let Document::Number(value) = self.value { Ok(*value) } else { Err(self.wrong_kind("a number")) }
    }

    pub fn boolean(&self) -> Result<bool, FormatError> {
        if let Document::Bool(value) = self.value { Ok(*value) } else { Err(self.wrong_kind("true or false")) }
    }

    /// A bound: a number, `"inf"`, `"-inf"`, or null for none.
    pub fn bound(&self, absent: f64) -> Result<f64, FormatError> {
        match self.value {
            Document::Null => Ok(absent),
            Document::Number(value) => Ok(*value),
            Document::Text(text) => match text.trim_start_matches('+').to_ascii_lowercase().as_str() {
                "inf" | "infinity" => Ok(f64::INFINITY),
                "-inf" | "-infinity" => Ok(f64::NEG_INFINITY),
                _ => {
                    let finding = format!("{} is not a bound", quote(text.as_bytes()));
                    Err(self.path.error("json-value", finding, "give a number, \"inf\" or \"-inf\""))
                }
            },
            _ => Err(self.wrong_kind("a number, \"inf\" or \"-inf\"")),
        }
    }
}

/// Takes known keys out of an object one after the other; what is left over in the end is refused.
pub(crate) struct Keys<'d, 'p> {
    entries: &'d [(String, Document)],
    path: &'p Path<'p>,
    known: Vec<&'static str>,
}

impl<'d, 'p> Keys<'d, 'p> {
    pub fn of(at: At<'d, 'p>) -> Result<Self, FormatError> {
        Ok(Self { entries: at.object()?, path: at.path, known: Vec::new() })
    }

    /// The value under a key, if it is there. Keys of a shape are few, so they are searched.
    pub fn take(&mut self, key: &'static str) -> Option<&'d Document> {
        self.known.push(key);
        self.entries.iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    pub fn missing(&self, key: &str) -> FormatError {
        self.path.error("json-missing-field", format!("the field \"{key}\" is missing"), "add it")
    }

    /// Refuses what nobody took.
    pub fn finish(self) -> Result<(), FormatError> {
        self.refuse_others()
    }

    /// The same, where the keys are shared.
    pub fn refuse_others(&self) -> Result<(), FormatError> {
        for (key, _) in self.entries {
            if !self.known.iter().any(|known| known == key) {
                let finding = format!("{} is not a field here", quote(key.as_bytes()));
                let remedy = format!("there are {}", self.known.join(", "));
                return Err(Path::Key(self.path, key).error("json-unknown-field", finding, remedy));
            }
        }
        Ok(())
    }
}
