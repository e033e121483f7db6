//! A candidate (a solver with settings, or a race) as the arguments of `farkas solve`.

use std::path::Path;

use farkas_backends::race::rules::{Candidate, Rules};

use super::BenchError;

/// The setting of a race that names a file of rules.
const LINEUP: &str = "lineup";

/// Whether several solvers run: `race`, or names with + between them (`highs+scip`).
pub(super) fn is_race(candidate: &Candidate) -> bool {
    candidate.solver == "race" || candidate.solver.contains('+')
}

/// The arguments that make `farkas solve` run it. What is not a setting of every solver is the solver's own (`-o`), and of a
/// race the flag of that name: `race:lineup=FILE:evidence=plain`; one without a value stands alone (`race:log=`).
pub(super) fn arguments(candidate: &Candidate) -> Vec<String> {
    let is_race = is_race(candidate);
    let mut arguments = vec!["--solver".to_owned(), candidate.solver.replace('+', ",")];
    let mut set = |flag: &str, value: String| arguments.extend([format!("--{flag}"), value]);
    for (name, value) in candidate.settings() {
        let own = candidate.options.contains_key(&name);
        match name.as_str() {
            "method" if !own => set("lp-method", value),
            _ if !own => set(&name, value),
            _ if !is_race => set("option", format!("{name}={value}")),
            _ => set(&name, value),
        }
    }
    // A flag without a value.
    arguments.retain(|argument| !argument.is_empty());
    if !is_race && !candidate.solver.contains("://") {
        // What it says is what is measured, whatever its record.
        arguments.extend(["--trust".to_owned(), candidate.solver.clone()]);
    }
    arguments
}

/// By which rules a race chooses, in a few digits, so that runs by another table count as other runs; none for one solver.
///
/// # Errors
/// When the file that it names cannot be read as rules.
pub(super) fn rules(candidate: &Candidate) -> Result<String, BenchError> {
    if !is_race(candidate) {
        return Ok(String::new());
    }
    let text = match candidate.options.get(LINEUP) {
        None => Rules::built_in().to_string(),
        Some(path) => read(Path::new(path))?.to_string(),
    };
    // FNV-1a: it has to tell tables apart, nothing more.
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    Ok(format!("{:08x}", hash >> 32))
}

/// A table of rules from a file.
pub(super) fn read(path: &Path) -> Result<Rules, BenchError> {
    let remedy = "name a table of rules (docs/line-ups.md tells the form)";
    let text =
        std::fs::read_to_string(path).map_err(|source| BenchError::File { path: path.into(), source, remedy })?;
    Rules::read(&text).map_err(|source| BenchError::Rules { path: path.into(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_as_arguments() {
        for (text, want) in [
            ("cbc", "--solver cbc --trust cbc"),
            ("highs:barrier", "--solver highs --lp-method barrier --trust highs"),
            (
                "scip:seed=3:presolve=off:limits/nodes=5",
                "--solver scip --seed 3 --presolve off --option limits/nodes=5 --trust scip",
            ),
            ("race:seed=3:lineup=a.toml:evidence=plain", "--solver race --seed 3 --evidence plain --lineup a.toml"),
            ("highs+scip:log=", "--solver highs,scip --log"),
        ] {
            let candidate: Candidate = text.parse().expect("a candidate");
            assert_eq!(arguments(&candidate).join(" "), want);
        }
    }

    #[test]
    fn a_race_is_told_by_its_rules() {
        let rules = |text: &str| rules(&text.parse().expect("a candidate"));
        assert_eq!(rules("highs:seed=3").ok(), Some(String::new()));
        assert_eq!(rules("race").ok().map(|rules| rules.len()), Some(8));
        assert_eq!(rules("race").ok(), rules("highs+scip").ok());
        let error = rules("race:lineup=nowhere.toml").expect_err("no such file").to_string();
        assert!(error.starts_with("nowhere.toml: "), "{error}");
    }
}
