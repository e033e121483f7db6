//! A model's identity: SHA-256 over its content, in an order of its own that does not change with the image's layout.
//! Names count, the model's own name does not, and −0 is 0.

use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::problem::{Names, Problem, Product, Sense};

/// The identity of a model, shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelId([u8; 32]);

impl ModelId {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelId({self})")
    }
}

/// The text is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a model's id has 64 hexadecimal digits, 0 to 9 and a to f")]
pub struct NotAModelId;

impl FromStr for ModelId {
    type Err = NotAModelId;
    fn from_str(text: &str) -> Result<Self, NotAModelId> {
        let digit = |c: u8| match c {
            b'0'..=b'9' => Ok(c - b'0'),
            b'a'..=b'f' => Ok(c - b'a' + 10),
            _ => Err(NotAModelId),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let mut id = [0; 32];
        if pairs.len() != id.len() || !rest.is_empty() {
            return Err(NotAModelId);
        }
        for (byte, pair) in id.iter_mut().zip(pairs) {
            *byte = 16 * digit(pair[0])? + digit(pair[1])?;
        }
        Ok(Self(id))
    }
}

impl TryFrom<String> for ModelId {
    type Error = NotAModelId;
    fn try_from(text: String) -> Result<Self, NotAModelId> {
        text.parse()
    }
}

impl From<ModelId> for String {
    fn from(id: ModelId) -> Self {
        id.to_string()
    }
}

/// The identity of a problem: two problems have the same exactly when all their numbers, kinds, sets, indicators,
/// products and names (but not their own names) are equal.
///
/// What is hashed, each number little-endian and each list after its length as u64: the text
/// `farkas model identity 1`, the sense (0 or 1, u64), the constant (a list of one), costs, lower and upper bounds,
/// kinds, lower and upper sides, column starts (u32), row indices (u32), values, the objective's name (a list of none
/// or one), column names, row names, the number of sets and of each its name, order (u64), columns (u32) and weights,
/// the number of indicators and of each the list of row, column and value (u32); and where there are products, the
/// text `products`, the columns (u32) and the values of those in the objective, the number of rows that have some and of
/// each its row (u64), columns and values.
pub fn identity(problem: &Problem) -> ModelId {
    let mut hash = Hash::default();
    hash.text("farkas model identity 1");
    hash.number(u64::from(problem.sense() == Sense::Maximize));
    hash.floats(&[problem.offset()]);
    hash.floats(problem.cost());
    hash.floats(problem.lower());
    hash.floats(problem.upper());
    hash.bytes(problem.kind_codes());
    hash.floats(problem.row_lower());
    hash.floats(problem.row_upper());
    hash.indices(problem.starts().iter().copied());
    hash.indices(problem.indices().iter().copied());
    hash.floats(problem.values());
    hash.number(problem.objective_name().is_some().into());
    problem.objective_name().iter().for_each(|name| hash.text(name));
    hash.names(problem.column_names());
    hash.names(problem.row_names());
    hash.number(problem.sets().len() as u64);
    for set in problem.sets() {
        hash.text(&set.name);
        hash.number(set.order.into());
        hash.indices(set.members.iter().map(|m| m.0));
        hash.floats(&set.members.iter().map(|m| m.1).collect::<Vec<_>>());
    }
    hash.number(problem.indicators().len() as u64);
    for indicator in problem.indicators() {
        hash.indices([indicator.row, indicator.column, indicator.active.into()].into_iter());
    }
    if !problem.is_linear() {
        hash.text("products");
        hash.products(problem.quadratic_objective());
        hash.number(problem.quadratic_rows().len() as u64);
        for one in problem.quadratic_rows() {
            hash.number(one.row.into());
            hash.products(&one.products);
        }
    }
    ModelId(hash.sha.finalize().into())
}

#[derive(Default)]
struct Hash {
    sha: Sha256,
}

impl Hash {
    fn number(&mut self, number: u64) {
        self.sha.update(number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.sha.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn floats(&mut self, values: &[f64]) {
        self.number(values.len() as u64);
        let mut block = [0; 4096];
        for chunk in values.chunks(block.len() / 8) {
            for (to, value) in block.as_chunks_mut::<8>().0.iter_mut().zip(chunk) {
                *to = (value + 0.0).to_le_bytes(); // −0 + 0 = 0
            }
            self.sha.update(&block[..8 * chunk.len()]);
        }
    }

    fn indices(&mut self, values: impl ExactSizeIterator<Item = u32>) {
        self.number(values.len() as u64);
        let mut block = Vec::with_capacity(4096);
        for value in values {
            block.extend(value.to_le_bytes());
            if block.len() == 4096 {
                self.sha.update(&block);
                block.clear();
            }
        }
        self.sha.update(&block);
    }

    fn products(&mut self, products: &[Product]) {
        let columns: Vec<u32> = products.iter().flat_map(|p| [p.first, p.second]).collect();
        self.indices(columns.into_iter());
        self.floats(&products.iter().map(|p| p.value).collect::<Vec<_>>());
    }

    /// Names by what they say, however they are kept: `C1` that was counted is `C1` that was given.
    fn names(&mut self, names: &Names) {
        self.number(names.len() as u64);
        let mut name = String::new();
        for at in 0..names.len() {
            name.clear();
            if let Some(prefix) = names.prefix() {
                // Writing to a string does not fail.
                let _ = write!(name, "{prefix}{}", at + 1);
                self.text(&name);
            } else {
                self.text(&names.get(at));
            }
        }
    }
}
