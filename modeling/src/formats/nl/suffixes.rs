//! Suffixes: of those there are, `sosno` with `ref` make special ordered sets.
//!
//! `sosno` numbers the set of each variable, positive for one of order 1 and negative for one of order 2; `ref` gives the
//! weights. (`sos` and `sosref`, which AMPL writes beside the binary variables of its piecewise-linear terms, say nothing
//! that those do not.)

use std::collections::BTreeMap;

use super::input::Input;
use crate::formats::place::{FormatError, quote};
use crate::problem::SpecialOrderedSet;

#[derive(Debug, Default)]
pub(super) struct Suffixes {
    sosno: Vec<(u32, f64)>,
    weights: Vec<(u32, f64)>,
}

/// Suffixes that change nothing about the problem or about its answer.
const HINTS: [&[u8]; 6] = [b"sos", b"sosref", b"priority", b"direction", b"sstatus", b"dunbdd"];

impl Suffixes {
    /// Reads one suffix of variables, constraints, objectives or the problem, of which there are `sizes`. The name of one
    /// that is not known comes back.
    pub fn read(&mut self, input: &mut Input<'_>, sizes: [usize; 4]) -> Result<Option<String>, FormatError> {
        let kind = input.count(7, "the kind of a suffix")?;
        let size = sizes[kind & 3];
        let count = input.count(size, "the number of values")?;
        let name = input.name("the name of a suffix")?;
        input.end_of_line()?;
        let mut values = Vec::new();
        for _ in 0..count {
            let index = input.index(size, "the position of a value")?;
            let value = if kind & 4 == 0 {
                input.integer("a whole value of a suffix")? as f64
            } else {
                input.finite("a value of a suffix")?
            };
            input.end_of_line()?;
            values.push((index, value));
        }
        match (kind & 3, name) {
            (0, b"sosno") => self.sosno = values,
            (0, b"ref") => self.weights = values,
            (_, known) if HINTS.contains(&known) => {}
            (_, other) => return Ok(Some(quote(other))),
        }
        Ok(None)
    }

    /// The sets over `n` variables, and a word where weights had to be counted.
    pub fn sets(self, n: usize) -> (Vec<SpecialOrderedSet>, Option<String>) {
        if self.sosno.is_empty() {
            return (Vec::new(), None);
        }
        let mut weights = vec![0.0; n];
        for &(column, weight) in &self.weights {
            weights[column as usize] = weight;
        }
        // In the order of their numbers, whatever their sign.
        let mut sets: BTreeMap<(u64, i64), Vec<(u32, f64)>> = BTreeMap::new();
        for &(column, number) in self.sosno.iter().filter(|(_, number)| *number != 0.0) {
            let number = number as i64;
            sets.entry((number.unsigned_abs(), number)).or_default().push((column, weights[column as usize]));
        }
        if self.weights.is_empty() {
            for members in sets.values_mut() {
                for (place, member) in members.iter_mut().enumerate() {
                    member.1 = place as f64 + 1.0;
                }
            }
        }
        let counted =
            self.weights.is_empty().then(|| "sosno without ref: members are ordered as they stand".to_owned());
        let set = |((_, number), members): ((u64, i64), _)| SpecialOrderedSet {
            name: String::new(),
            order: if number > 0 { 1 } else { 2 },
            members,
        };
        (sets.into_iter().map(set).collect(), counted)
    }
}
