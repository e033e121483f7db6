//! The evidence file: what it holds, and its limits. `docs/evidence.md` tells it to people, `docs/schema/evidence.schema.json`
//! to programs.

use num_bigint::BigInt;
use serde::{Deserialize, Serialize};

use crate::answer::{EvidenceLevel, Reason};
use crate::audit::exact::Exact;
use crate::audit::{Refusal, refuse};
use crate::image::ModelId;

/// What the field `format` says.
pub const FORMAT: &str = "farkas-evidence";
/// The version that is written and read here.
pub const VERSION: u32 = 1;
/// A file of more bytes is refused.
pub const MOST_BYTES: usize = 1 << 30;
/// An integer of more digits is refused.
pub const MOST_DIGITS: usize = 50_000;

/// What an evidence file says. Columns and rows are counted from 0, in the problem's order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The problem's identity: two problems have the same exactly when all their numbers and names are equal.
    pub problem: ModelId,
    /// Program and version that wrote it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub made_by: String,
    /// What is said of the problem.
    pub reason: Reason,
    /// How much of it is said to be shown.
    pub level: EvidenceLevel,
    /// The point, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// No point is better than this, somebody claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<f64>,
    /// When a point counts as optimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
    /// Backends whose claims agree with the outcome.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claimed_by: Vec<String>,
    /// What shows the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
}

/// A point, its objective, and who found it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Backend.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub found_by: String,
    /// Exact objective, offset included, rounded once to the nearest double.
    pub objective: f64,
    /// n values.
    pub values: Vec<f64>,
}

/// The gap that was asked for: closed at |objective − bound| ≤ max(absolute, relative · |objective|).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Relative to the objective.
    pub relative: f64,
    /// In its units.
    pub absolute: f64,
}

/// A proof that needs no trust in whoever found it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Proof {
    /// No point is better than `value`.
    Bound {
        /// In the problem's own sense, offset included.
        value: f64,
        /// Row and multiplier (d objective / d right-hand side, times the denominator); what is left out is zero.
        multipliers: Vec<(u32, Number)>,
        /// What all multipliers are divided by: a positive integer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        denominator: Option<Number>,
        /// Bounds that are used besides the problem's own.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        implied: Vec<Implied>,
    },
    /// No activities within their sides are those of values within their bounds.
    Infeasible {
        /// Row and multiplier; what is left out is zero.
        multipliers: Vec<(u32, Number)>,
        /// Bounds that are used besides the problem's own.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        implied: Vec<Implied>,
    },
    /// A column's lower bound is above its upper one.
    CrossedColumn {
        /// Which.
        column: u32,
        /// Bounds that are used besides the problem's own.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        implied: Vec<Implied>,
    },
    /// A row's lower side is above its upper one.
    CrossedRow {
        /// Which.
        row: u32,
    },
    /// From any feasible point it goes on for ever, better and better.
    Ray {
        /// Column and its share in the direction; what is left out is zero.
        values: Vec<(u32, f64)>,
    },
}

/// A bound that follows from a row and the bounds that stand before it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Implied {
    /// Of which column.
    pub column: u32,
    /// Which of its bounds.
    pub side: Side,
    /// The bound.
    pub value: f64,
    /// From which row; absent when an integer column's bound was only rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
}

/// Which of two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The lower one.
    Lower,
    /// The upper one.
    Upper,
}

/// A double, or an integer of any length as a string of digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Number {
    /// Exactly the double nearest to what is written.
    Double(f64),
    /// Exactly what is written.
    Integer(String),
}

impl Number {
    pub(super) fn exact(&self, place: &str) -> Result<Exact, Refusal> {
        match self {
            Self::Double(value) => finite(*value, place),
            Self::Integer(text) => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                if digits.is_empty() || digits.len() > MOST_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    let finding = format!("is not an integer of at most {MOST_DIGITS} digits");
                    return Err(refuse(place, "evidence-number", finding));
                }
                let integer = BigInt::parse_bytes(text.as_bytes(), 10);
                integer.map(Exact::from).ok_or_else(|| refuse(place, "evidence-number", "is not an integer"))
            }
        }
    }
}

/// A number that may be computed with.
pub(super) fn finite(value: f64, place: &str) -> Result<Exact, Refusal> {
    if value.is_finite() { Ok(Exact::of(value)) } else { Err(refuse(place, "evidence-number", "is not finite")) }
}

impl Document {
    /// Reads one.
    ///
    /// # Errors
    /// When it is too large, no JSON, of another format or version, or has fields that are missing or unknown.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MOST_BYTES {
            return Err(refuse("", "evidence-too-large", format!("has more than {MOST_BYTES} bytes")));
        }
        if let Ok(head) = serde_json::from_slice::<Head>(bytes)
            && (head.format != FORMAT || head.version != u64::from(VERSION))
        {
            let finding = format!(
                "is of format '{}', version {}; '{FORMAT}', version {VERSION}, is read here",
                head.format.escape_default(),
                head.version
            );
            return Err(refuse("", "evidence-version", finding));
        }
        // serde_json goes no deeper than 128 levels, and says line and column.
        serde_json::from_slice(bytes).map_err(|error| refuse("", "evidence-syntax", error.to_string()))
    }

    /// Whether these bytes are meant as an evidence file, well-formed or not.
    pub fn is_meant(bytes: &[u8]) -> bool {
        let is_object = bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
        is_object && serde_json::from_slice::<Kind>(bytes).is_ok_and(|kind| kind.format == FORMAT)
    }
}

#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

#[derive(Deserialize)]
struct Kind {
    format: String,
}
