//! Our options in Clarabel's words, and its own by their names.

use clarabel::solver::DefaultSettings;
use serde_json::Value;

use super::NAME;
use crate::contract::SessionError;
use crate::options::{Options, Presolve, unknown_option};

pub(super) type Settings = DefaultSettings<f64>;

/// What it aims at: a point that no tolerance of ours sees is not at its vertex. It rarely fails to get there, and then
/// says so; that is good enough up to the next three.
const AIM: f64 = 1e-12;
/// Residuals, relative to the largest entries of the point.
const AIM_FEASIBILITY: f64 = 1e-10;
/// Where it stops getting better: still good if so.
const GOOD_GAP: f64 = 1e-7;
const GOOD_FEASIBILITY: f64 = 1e-8;

/// Those that are ours to set: they have options of the house, or there is only one value.
const OURS: [&str; 6] =
    ["time_limit", "verbose", "max_threads", "direct_kkt_solver", "direct_solve_method", "input_sparse_dropzeros"];

/// The settings for these options.
///
/// # Errors
/// `Refused` for a native option that there is not, or that has another kind of value.
pub(super) fn of(options: &Options, log: bool) -> Result<Settings, SessionError> {
    let tolerances = &options.tolerances;
    let feasibility = 0.01 * tolerances.feasibility.min(tolerances.bound);
    let settings = Settings {
        verbose: log,
        max_threads: 1,
        // The clock is kept outside; an infinite one could not be written as JSON below.
        time_limit: f64::MAX,
        tol_gap_abs: AIM,
        tol_gap_rel: AIM,
        tol_feas: AIM_FEASIBILITY.min(feasibility),
        reduced_tol_gap_abs: GOOD_GAP.min(tolerances.absolute_gap.max(AIM)),
        reduced_tol_gap_rel: GOOD_GAP.min(tolerances.relative_gap.max(AIM)),
        reduced_tol_feas: GOOD_FEASIBILITY.min(feasibility.max(AIM_FEASIBILITY)),
        reduced_tol_ktratio: 1e-5,
        presolve_enable: options.presolve != Presolve::Off,
        ..Settings::default()
    };
    if options.native.is_empty() {
        return Ok(settings);
    }
    let broken = |e: serde_json::Error| SessionError::Broken(format!("clarabel's settings: {e}"));
    let Value::Object(mut all) = serde_json::to_value(&settings).map_err(broken)? else {
        return Err(SessionError::Broken("clarabel's settings are no table".into()));
    };
    let theirs: Vec<String> = all.keys().filter(|name| !OURS.contains(&name.as_str())).cloned().collect();
    for (name, text) in &options.native {
        let there = || theirs.join(", ");
        if !theirs.contains(name) {
            let says = unknown_option(NAME, name, theirs.iter().map(String::as_str), there());
            return Err(SessionError::Refused(says));
        }
        let value = value(text, &all[name]).ok_or_else(|| {
            SessionError::Refused(format!("clarabel's option {name} is {}, not '{text}'", kind(&all[name])))
        })?;
        all.insert(name.clone(), value);
    }
    serde_json::from_value(Value::Object(all)).map_err(|e| SessionError::Refused(format!("clarabel's options: {e}")))
}

/// What is written, if it is of the same kind as what stands there.
fn value(text: &str, like: &Value) -> Option<Value> {
    match like {
        Value::Bool(_) => text.parse::<bool>().ok().map(Value::from),
        Value::Number(number) if number.is_u64() => text.parse::<u32>().ok().map(Value::from),
        Value::Number(_) => text.parse::<f64>().ok().filter(|v| v.is_finite() && *v >= 0.0).map(Value::from),
        _ => None,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_u64() => "a whole number",
        _ => "a number that is not negative",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, text: &str) -> Result<Settings, SessionError> {
        of(&Options { native: [(name.to_owned(), text.to_owned())].into(), ..Options::default() }, false)
    }

    #[test]
    fn native_options_have_names_and_kinds() {
        assert_eq!(with("max_iter", "7").map(|s| s.max_iter), Ok(7));
        assert_eq!(with("equilibrate_enable", "false").map(|s| s.equilibrate_enable), Ok(false));
        assert_eq!(with("tol_gap_abs", "1e-3").map(|s| s.tol_gap_abs), Ok(1e-3));
        for (name, text, says) in [
            ("max_itre", "7", "nearest: max_iter"),
            ("max_iter", "seven", "a whole number"),
            ("tol_feas", "-1", "not negative"),
            ("tol_feas", "nan", "not negative"),
            ("presolve_enable", "1", "true or false"),
            ("verbose", "true", "has no option 'verbose'"),
        ] {
            match with(name, text) {
                Err(SessionError::Refused(why)) => assert!(why.contains(says), "{why}"),
                other => panic!("{name} = {text}: {other:?}"),
            }
        }
    }
}
