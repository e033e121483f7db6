//! Special ordered sets: `[label:] S1:: x:1 y:2` (CPLEX, Gurobi), or `label: x:1 y:2` in a section SOS1 or SOS2.

use super::read::Reader;
use super::token::{Kind, Span};
use crate::formats::fault::Fault;
use crate::formats::place::quote;
use crate::problem::SpecialOrderedSet;

impl Reader<'_> {
    /// `order` is the section's, where its keyword says it.
    pub(super) fn read_sets(&mut self, order: Option<u8>) -> Result<(), Fault> {
        loop {
            let token = self.tokens.peek()?;
            if self.ends_section(token, false) {
                return Ok(());
            }
            let label = match self.set_label()? {
                Some(span) => self.name_text(span)?.to_owned(),
                None => String::new(),
            };
            let order = self.set_order(order)?;
            let mut members = Vec::new();
            while let Some(member) = self.member()? {
                members.push(member);
            }
            if self.tokens.peek()?.span.at == token.span.at {
                return Err(self.expected("a set", token));
            }
            self.sets.push(SpecialOrderedSet { name: label, order, members });
        }
    }

    /// A name with a colon behind which no weight stands.
    fn set_label(&mut self) -> Result<Option<Span>, Fault> {
        let token = self.tokens.peek()?;
        if !self.is_label(token) || self.weight_follows(token.span) {
            return Ok(None);
        }
        self.label()
    }

    /// Whether a colon and a number stand behind a name, as behind a member of a set.
    fn weight_follows(&self, name: Span) -> bool {
        let rest = &self.tokens.bytes[name.end..];
        let mut visible = rest.iter().copied().filter(|b| !matches!(b, b' ' | b'\t'));
        visible.next() == Some(b':')
            && visible.next().is_some_and(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'))
    }

    /// `S1::` or `S2::`, which the section's keyword may make unnecessary.
    fn set_order(&mut self, order: Option<u8>) -> Result<u8, Fault> {
        let token = self.tokens.peek()?;
        let rest = &self.tokens.bytes[token.span.end..];
        let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let marked = token.kind == Kind::Name && rest[blanks..].starts_with(b"::");
        if !marked {
            return order.ok_or_else(|| self.expected("S1:: or S2::", token));
        }
        self.tokens.next()?;
        self.tokens.next()?;
        match self.shown(token) {
            b"S1" | b"s1" => Ok(1),
            b"S2" | b"s2" => Ok(2),
            other => {
                let finding = format!("{} is not a kind of set", quote(other));
                Err(Fault::new(token.span.at, "lp-sos", finding, "there are S1 and S2"))
            }
        }
    }

    /// A variable and its weight.
    fn member(&mut self) -> Result<Option<(u32, f64)>, Fault> {
        let mut token = self.tokens.peek()?;
        while token.kind == Kind::Name && self.shown(token)[0] == b',' {
            // Some writers put commas between members.
            self.tokens.continue_at(token.span.at + 1);
            token = self.tokens.peek()?;
        }
        if token.kind != Kind::Name || !self.weight_follows(token.span) {
            if matches!(token.kind, Kind::Comparison(_)) {
                let finding = "a count behind a set";
                return Err(Fault::new(
                    token.span.at,
                    "lp-sos",
                    finding,
                    "leave it out: S1 and S2 say how many may be nonzero",
                ));
            }
            return Ok(None);
        }
        self.tokens.next()?;
        self.count_term(token.span.at)?;
        let column = self.late_variable(token.span)?;
        self.take(Kind::Colon, "a colon and a weight")?;
        let weight = self.finite()?;
        Ok(Some((column, weight)))
    }
}
