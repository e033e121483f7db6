//! Names from the files beside an `.nl` file: `.col`, a variable a line, and `.row`, a constraint a line and then the
//! objectives.

use super::Settings;
use crate::problem::{NameArena, Names, ProblemData};

/// Names the columns and rows. What does not fit is left alone, with a code and a word.
pub(super) fn store(settings: &Settings<'_>, data: &mut ProblemData) -> Vec<(&'static str, String)> {
    let mut words = Vec::new();
    if let Some(text) = settings.column_names {
        match names(text, data.cost.len()) {
            Ok((names, _)) => data.column_names = Some(names),
            Err(why) => words.push(("nl-column-names", format!("the names of variables are not used: {why}"))),
        }
    }
    if let Some(text) = settings.row_names {
        match names(text, data.row_lower.len()) {
            Ok((names, behind)) => {
                data.row_names = Some(names);
                let objective = settings.objective.unwrap_or(1).saturating_sub(1);
                data.objective_name = behind.into_iter().nth(objective);
            }
            Err(why) => words.push(("nl-row-names", format!("the names of constraints are not used: {why}"))),
        }
    }
    words
}

/// The first `count` lines as names, and the lines behind them.
fn names(text: &[u8], count: usize) -> Result<(Names, Vec<String>), String> {
    let text = std::str::from_utf8(text).map_err(|_| "the file is not UTF-8".to_owned())?;
    let mut arena = NameArena::default();
    let mut seen = std::collections::HashSet::new();
    let mut lines = text.lines();
    for line in lines.by_ref().take(count) {
        if line.is_empty() || !seen.insert(line) {
            return Err(format!("line {} is empty or repeats a name", arena.len() + 1));
        }
        if !arena.push(line) {
            return Err("more than 4 GiB of names".to_owned());
        }
    }
    if arena.len() < count {
        return Err(format!("{} names where {count} are needed", arena.len()));
    }
    Ok((Names::known_distinct(arena), lines.take(100).map(str::to_owned).collect()))
}
