//! CBC's own parameters by name: checked against its table before it sees them, since it would only print about a name
//! or a value that it does not know. What acts, writes files, ends the process or changes the problem is left out.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::ffi::{Entry, parameters};
use crate::contract::SessionError;
use crate::options::unknown_option;

/// CBC prints its arguments into a buffer of 10,000 characters.
const MOST_ARGUMENT_BYTES: usize = 4000;

/// Not to be passed: they write files (`cppGenerate`, `outputFormat`), change the problem (`direction`), only print
/// (`verbose`), or lead to what aborts the process (`experiment`, `testOsi`, `more2MipOptions`, …).
const LEFT_OUT: [&str; 12] = [
    "allCommands",
    "cplexUse",
    "cppGenerate",
    "direction",
    "errorsAllowed",
    "experiment",
    "extraVariables",
    "keepNames",
    "more2MipOptions",
    "outputFormat",
    "testOsi",
    "verbose",
];

/// Words of choices that write files or end the process.
const LEFT_OUT_WORDS: [(&str, &str); 3] =
    [("preprocess", "save"), ("preprocess", "stopaftersaving"), ("presolve", "file")];

/// What `Options` has a field for; a second way to say it could only contradict the first.
const HAVE_OPTIONS: [&str; 2] = ["seconds", "timeMode"];

/// Numbers that Clp takes when it solves a linear program.
const OF_CLP: [&str; 10] = [
    "dualBound",
    "dualTolerance",
    "maxFactor",
    "maxIterations",
    "moreSpecialOptions",
    "objectiveScale",
    "pertValue",
    "primalTolerance",
    "randomSeed",
    "rhsScale",
];

enum Kind {
    Real,
    Whole,
    Choice(Vec<String>),
}

struct Parameter {
    index: i32,
    name: String,
    kind: Kind,
    least: f64,
    most: f64,
}

fn table() -> &'static [Parameter] {
    static TABLE: OnceLock<Vec<Parameter>> = OnceLock::new();
    TABLE.get_or_init(|| parameters().iter().filter_map(parameter).collect())
}

/// The entry as a parameter, or none for an action and what is left out. The ranges of the codes: `CbcOrClpParam.hpp`.
fn parameter(entry: &Entry) -> Option<Parameter> {
    let left_out = LEFT_OUT.contains(&entry.name.as_str()) || HAVE_OPTIONS.contains(&entry.name.as_str());
    let kind = match entry.code {
        1..=100 => Kind::Real,
        101..=200 => Kind::Whole,
        201..=400 => {
            // "min!imize": the part before the mark is the shortest that will do.
            let words = entry.words.split(' ').map(|word| word.replace('!', ""));
            Kind::Choice(words.filter(|word| !LEFT_OUT_WORDS.contains(&(entry.name.as_str(), word.as_str()))).collect())
        }
        _ => return None,
    };
    // "gamma(Delta)" means that "gamma" will do.
    let name = entry.name.split('(').next().unwrap_or_default().to_owned();
    (!left_out).then_some(Parameter { index: entry.index, name, kind, least: entry.least, most: entry.most })
}

/// Native options as arguments for `CbcMain1`.
///
/// # Errors
/// `Refused` for a name or a value that CBC does not have, with the list of those it has.
pub(super) fn arguments(native: &BTreeMap<String, String>) -> Result<Vec<String>, SessionError> {
    let mut arguments = Vec::with_capacity(2 * native.len());
    for (name, value) in native {
        let parameter = find(name, |_| true)?;
        arguments.push(format!("-{}", parameter.name));
        arguments.push(checked(parameter, value)?);
    }
    let bytes: usize = arguments.iter().map(|a| a.len() + 1).sum();
    if bytes > MOST_ARGUMENT_BYTES {
        return Err(SessionError::Refused(format!(
            "the native options are {bytes} characters together where CBC takes {MOST_ARGUMENT_BYTES}"
        )));
    }
    Ok(arguments)
}

/// Native options as Clp's parameters: position in the table, and value.
///
/// # Errors
/// `Refused` for a name or a value that Clp does not have, with the list of those it has.
pub(super) fn clp_settings(native: &BTreeMap<String, String>) -> Result<Vec<(i32, f64)>, SessionError> {
    native
        .iter()
        .map(|(name, value)| {
            let parameter = find(name, |p| OF_CLP.contains(&p.name.as_str()))?;
            let value = checked(parameter, value)?;
            let number =
                value.parse().map_err(|_| SessionError::Refused(format!("{name}: {value} is not a number")))?;
            Ok((parameter.index, number))
        })
        .collect()
}

fn find(name: &str, fits: impl Fn(&Parameter) -> bool) -> Result<&'static Parameter, SessionError> {
    let there = || table().iter().filter(|p| fits(p));
    there().find(|p| p.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let names: Vec<&str> = there().map(|p| p.name.as_str()).collect();
        let there = names.join(", ");
        SessionError::Refused(if HAVE_OPTIONS.iter().any(|have| have.eq_ignore_ascii_case(name)) {
            format!("say '{name}' by the time limit, not as a native option; there are: {there}")
        } else {
            unknown_option("CBC", name, names, there)
        })
    })
}

/// The value as CBC is to read it.
fn checked(parameter: &Parameter, value: &str) -> Result<String, SessionError> {
    let refused = |wanted: String| Err(SessionError::Refused(format!("{} = '{value}': {wanted}", parameter.name)));
    let (least, most) = (parameter.least, parameter.most);
    match &parameter.kind {
        Kind::Real => match value.trim().parse::<f64>() {
            Ok(number) if number >= least && number <= most => Ok(format!("{number:e}")),
            _ => refused(format!("wanted is a number from {least:e} to {most:e}")),
        },
        Kind::Whole => match value.trim().parse::<i32>() {
            Ok(number) if f64::from(number) >= least && f64::from(number) <= most => Ok(number.to_string()),
            _ => refused(format!("wanted is an integer from {least} to {most}")),
        },
        Kind::Choice(words) => match words.iter().find(|word| word.eq_ignore_ascii_case(value.trim())) {
            Some(word) => Ok(word.clone()),
            None => refused(format!("wanted is one of {}", words.join(", "))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn native(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect()
    }

    #[test]
    fn native_options_are_checked_against_the_table() {
        let cases = [
            (vec![("GomoryCuts", "OFF")], Ok(vec!["-gomoryCuts", "off"])),
            (vec![("cutDepth", "7"), ("ratioGap", "0.5")], Ok(vec!["-cutDepth", "7", "-ratioGap", "5e-1"])),
            (vec![("gamma", "delta")], Ok(vec!["-gamma", "delta"])),
            (vec![("nonsense", "1")], Err("there are: allowableGap")),
            (vec![("gomoryCuts", "maybe")], Err("wanted is one of off, on, root")),
            (vec![("cutDepth", "1.5")], Err("wanted is an integer from -1")),
            (vec![("integerTolerance", "0.6")], Err("wanted is a number from 1e-20 to 5e-1")),
            (vec![("seconds", "3")], Err("by the time limit")),
            (vec![("import", "/etc/passwd")], Err("no option 'import'")),
            (vec![("cppGenerate", "1")], Err("no option 'cppGenerate'")),
            (vec![("preprocess", "stopaftersaving")], Err("wanted is one of off, on, equal")),
        ];
        for (given, wanted) in cases {
            match (arguments(&native(&given)), wanted) {
                (Ok(got), Ok(wanted)) => assert_eq!(got, wanted),
                (Err(SessionError::Refused(says)), Err(part)) => assert!(says.contains(part), "{given:?}: {says}"),
                (got, wanted) => panic!("{given:?}: {got:?}, wanted {wanted:?}"),
            }
        }
    }

    #[test]
    fn a_linear_program_takes_clps_numbers_only() {
        assert_eq!(clp_settings(&native(&[("maxIterations", "5")])).map(|s| s[0].1), Ok(5.0));
        let refused = clp_settings(&native(&[("gomoryCuts", "off")]));
        assert!(matches!(refused, Err(SessionError::Refused(says)) if says.contains("there are: dualBound")));
    }
}
