//! SOS and INDICATORS.
//!
//! Special ordered sets are written in two ways. CPLEX and Gurobi: a section `SOS`, in it a line `S1 name` (or
//! `S1 label name priority`) for each set and a line `column weight` (or `label column weight`) for each member.
//! `lp_solve` and Xpress: sections `SOS1` and `SOS2`, in which a line that names no column begins a set.

use super::lines::{Fields, Span};
use super::read::Reader;
use super::{Fault, wrong_count};
use crate::formats::number;
use crate::formats::place::quote;
use crate::problem::{Indicator, SpecialOrderedSet};

impl Reader<'_> {
    /// `order` is the section's, where its name says it.
    pub(super) fn read_sets(&mut self, order: Option<u8>) -> Result<(), Fault> {
        // Sets of an earlier section are closed.
        let first = self.sets.len();
        while let Some(mut fields) = self.next_data()? {
            self.uncomment(&mut fields, 2);
            if let Some((order, name)) = self.set_header(order, fields) {
                let name = match name {
                    Some(span) => self.name_text(span)?.to_owned(),
                    None => String::new(),
                };
                self.sets.push(SpecialOrderedSet { name, order, members: Vec::new() });
                continue;
            }
            if self.sets.len() == first {
                let finding = "a member before any set";
                return Err(Fault::new(fields.get(0).at, "mps-sos", finding, "begin the set by a line 'S1 name'"));
            }
            self.member(fields)?;
        }
        Ok(())
    }

    /// Order and name, if this line begins a set.
    fn set_header(&self, order: Option<u8>, fields: Fields) -> Option<(u8, Option<Span>)> {
        let is_number = |k: usize| number::parse(self.text(fields.get(k))).is_some();
        let Some(order) = order else {
            let order = match self.text(fields.get(0)) {
                b"S1" | b"s1" => 1,
                b"S2" | b"s2" => 2,
                _ => return None,
            };
            if fields.len() == 2 && is_number(1) && self.column_at(fields.get(0)).is_some() {
                return None; // a column that is named like a header
            }
            let name = match fields.len() {
                1 => None,
                2 => Some(1),
                3 if is_number(2) => Some(1),
                _ => Some(2),
            };
            return Some((order, name.map(|k| fields.get(k))));
        };
        let names_a_column = (0..fields.len().min(2)).any(|k| self.column_at(fields.get(k)).is_some());
        // With a label before it, or without.
        let name = usize::from(fields.len() >= 3 || (fields.len() == 2 && !is_number(1)));
        (!names_a_column).then(|| (order, Some(fields.get(name))))
    }

    fn column_at(&self, name: Span) -> Option<usize> {
        self.columns.declared.find(self.lines.bytes, name)
    }

    fn member(&mut self, fields: Fields) -> Result<(), Fault> {
        let (name, weight) = match fields.len() {
            1 => (fields.get(0), None),
            2 if self.column_at(fields.get(0)).is_some() => (fields.get(0), Some(fields.get(1))),
            2 if self.column_at(fields.get(1)).is_some() => (fields.get(1), None),
            2 => (fields.get(0), Some(fields.get(1))),
            3 => (fields.get(1), Some(fields.get(2))),
            _ => return Err(wrong_count(fields, "SOS", "a column and its weight")),
        };
        let column = self.find_column(name)?;
        let weight = weight.map(|span| self.finite(span)).transpose()?;
        let Some(set) = self.sets.last_mut() else { return Ok(()) };
        let weight = weight.unwrap_or((set.members.len() + 1) as f64);
        set.members.push((column, weight));
        Ok(())
    }

    pub(super) fn read_indicators(&mut self) -> Result<(), Fault> {
        while let Some(mut fields) = self.next_data()? {
            self.uncomment(&mut fields, 2);
            if fields.len() != 4 || !self.text(fields.get(0)).eq_ignore_ascii_case(b"IF") {
                return Err(wrong_count(fields, "INDICATORS", "IF, a row, a binary column, and 0 or 1"));
            }
            let row = self.find_row(fields.get(1))?;
            if row as usize >= self.rows.len() {
                let finding = format!("{} is an N row", quote(self.text(fields.get(1))));
                let remedy = "only a constraint can be switched";
                return Err(Fault::new(fields.get(1).at, "mps-indicator", finding, remedy));
            }
            let column = self.find_column(fields.get(2))?;
            let active = match number::parse(self.text(fields.get(3))) {
                Some(0.0) => false,
                Some(1.0) => true,
                _ => {
                    let finding = format!("{} where 0 or 1 must stand", quote(self.text(fields.get(3))));
                    return Err(Fault::new(fields.get(3).at, "mps-indicator", finding, "say when the row must hold"));
                }
            };
            self.indicators.push(Indicator { row, column, active });
        }
        Ok(())
    }
}
