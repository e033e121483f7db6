//! Line-ups on the command line: the user's own table, and the line-up of a problem explained.

use std::path::Path;

use farkas::lineup::Rules;
use farkas_backends::race::Lineup;

use crate::cli::{Exit, Failure, input};

/// Reads the user's table.
pub fn read(path: &Path) -> Result<Rules, Failure> {
    let refuse = |what: String| Failure::new(Exit::Unreadable, format!("{}: {what}", path.display()));
    let text = String::from_utf8(input::bytes(path)?).map_err(|e| refuse(format!("it is no UTF-8 text: {e}")))?;
    Rules::read(&text).map_err(|e| refuse(format!("{e} [{}]", e.code())))
}

/// What the rules saw of a problem, the rule that they followed, and who runs.
pub fn explain(path: &Path, lineup: &Lineup) {
    println!("{}", path.display());
    if let Some(features) = &lineup.features {
        print!("{features}");
    }
    println!("\n{}", lineup.rule);
    for (name, why) in &lineup.left_out {
        println!("left out: {name}: {why}");
    }
    println!("{}", lineup.explain());
}
