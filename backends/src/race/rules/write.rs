//! Rules as TOML, for people: what [`Rules::read`] reads again.

use std::fmt::{self, Write};

use toml::Value;

use super::{HeadStart, LaneRule, Rule, Rules, Span};

impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, rule) in self.rules.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write!(f, "{rule}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "[[rule]]\nname = {}", quoted(&self.name))?;
        if !self.why.is_empty() {
            writeln!(f, "why = {}", quoted(&self.why))?;
        }
        let mut conditions: Vec<String> = Vec::new();
        match self.when.kinds.as_slice() {
            [] => {}
            [kind] => conditions.push(format!("kind = \"{}\"", kind.word())),
            kinds => {
                let words: Vec<String> = kinds.iter().map(|kind| format!("\"{}\"", kind.word())).collect();
                conditions.push(format!("kind = [{}]", words.join(", ")));
            }
        }
        conditions.extend(self.when.limits.iter().map(|(name, span)| format!("{name} = {}", limits(*span))));
        if !conditions.is_empty() {
            writeln!(f, "when = {{ {} }}", conditions.join(", "))?;
        }
        if let Some(expected) = self.expected {
            writeln!(f, "expected_seconds = {:?}", expected.as_secs_f64())?;
        }
        if let Some(turn) = self.turn {
            writeln!(f, "turn_seconds = {:?}", turn.as_secs_f64())?;
        }
        writeln!(f, "lanes = [")?;
        for lane in &self.lanes {
            writeln!(f, "    {{ {} }},", written(lane)?)?;
        }
        writeln!(f, "]")?;
        if self.others {
            writeln!(f, "others = true")?;
        }
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

fn limits(span: Span) -> String {
    let mut parts = Vec::new();
    if span.above.is_finite() {
        parts.push(format!("above = {:?}", span.above));
    }
    if span.most.is_finite() {
        parts.push(format!("most = {:?}", span.most));
    }
    format!("{{ {} }}", parts.join(", "))
}

fn written(lane: &LaneRule) -> Result<String, fmt::Error> {
    let candidate = &lane.candidate;
    let mut text = format!("solver = {}", quoted(&candidate.solver));
    for (name, value) in candidate.settings() {
        if candidate.options.contains_key(&name) {
            continue;
        }
        if name == "seed" { write!(text, ", seed = {value}")? } else { write!(text, ", {name} = {}", quoted(&value))? }
    }
    if !candidate.options.is_empty() {
        let options = candidate.options.iter().map(|(name, value)| format!("{} = {}", quoted(name), quoted(value)));
        write!(text, ", options = {{ {} }}", options.collect::<Vec<_>>().join(", "))?;
    }
    if lane.threads != 1 {
        write!(text, ", threads = {}", lane.threads)?;
    }
    match lane.after {
        HeadStart::None => {}
        HeadStart::Time(time) => write!(text, ", after_seconds = {:?}", time.as_secs_f64())?,
        HeadStart::Share(share) => write!(text, ", after_share = {share:?}")?,
    }
    if let Some(turn) = lane.turn {
        write!(text, ", turn_seconds = {:?}", turn.as_secs_f64())?;
    }
    Ok(text)
}
