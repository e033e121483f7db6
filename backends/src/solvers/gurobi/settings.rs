//! Our options as Gurobi's parameters. Everything begins at Gurobi's defaults, so that a session's solves do not leak into
//! each other; a native option overrides, except where it would make Gurobi print, touch files or break the contract.

use std::ffi::{CStr, CString};

use farkas_modeling::Problem;

use super::ffi::{Instance, ParameterType, Value};
use crate::contract::SessionError;
use crate::loading::engine::{Fault, Look};
use crate::loading::nearest;
use crate::options::{Emphasis, LpMethod, Options, Presolve};

/// What keeps scaling from pushing a point of Gurobi's over the check's tolerance.
const PRIMAL_MARGIN: f64 = 0.1;

/// How the names of parameters begin that reach other machines or licences.
const CONNECTIONS: [&str; 10] =
    ["server", "cloud", "cs", "wls", "token", "license", "record", "worker", "username", "distributed"];

const PRIMAL: i32 = 0;
const DUAL: i32 = 1;
const BARRIER: i32 = 2;

/// Sets everything but the time limit.
pub(super) fn apply(instance: &mut Instance, problem: &Problem, options: &Options) -> Result<(), SessionError> {
    let native: Result<Vec<_>, SessionError> =
        options.native.iter().map(|(name, text)| parse(instance, name, text)).collect();
    let native = native?;
    instance.set_defaults()?;
    for (name, value) in wanted(problem, options) {
        instance.set(name, &value)?;
    }
    for (name, value) in native {
        instance.set(&name, &value).map_err(|fault| {
            let (Fault::Failed(says) | Fault::TooLarge(says) | Fault::NoLicense(says)) = fault;
            SessionError::Refused(format!("Gurobi does not take this value of {name:?}: {says}"))
        })?;
    }
    Ok(())
}

/// Everything that our options decide.
fn wanted(problem: &Problem, options: &Options) -> Vec<(&'static CStr, Value)> {
    let t = &options.tolerances;
    let most = |limit: u64| i32::try_from(limit).unwrap_or(i32::MAX);
    let mut wanted = vec![
        (c"LogToConsole", Value::Int(0)),
        (c"Threads", Value::Int(most(u64::from(options.threads.unwrap_or(1).clamp(1, 1024))))),
        (c"FeasibilityTol", Value::Double((PRIMAL_MARGIN * t.feasibility.min(t.bound)).clamp(1e-9, 1e-2))),
        (c"OptimalityTol", Value::Double(t.dual.clamp(1e-9, 1e-2))),
        (c"IntFeasTol", Value::Double(t.integrality.clamp(1e-9, 1e-1))),
        (c"MIPGap", Value::Double(t.relative_gap)),
        (c"MIPGapAbs", Value::Double(t.absolute_gap)),
    ];
    if problem.is_lp() {
        // Rays of infeasible and unbounded LPs.
        wanted.push((c"InfUnbdInfo", Value::Int(1)));
    }
    if !problem.is_linear() {
        wanted.push((c"NonConvex", Value::Int(2)));
    }
    match options.lp_method {
        LpMethod::Auto | LpMethod::FirstOrder => {}
        LpMethod::Simplex => wanted.push((c"Method", Value::Int(DUAL))),
        LpMethod::Barrier => wanted.push((c"Method", Value::Int(BARRIER))),
    }
    if let Some(seed) = options.seed {
        wanted.push((c"Seed", Value::Int(most(u64::from(seed)).min(2_000_000_000))));
    }
    if let Some(nodes) = options.node_limit {
        wanted.push((c"NodeLimit", Value::Double(nodes as f64)));
    }
    if let Some(solutions) = options.solution_limit {
        wanted.push((c"SolutionLimit", Value::Int(most(solutions.max(1)).min(2_000_000_000))));
    }
    if let Some(bytes) = options.memory_limit_bytes {
        wanted.push((c"MemLimit", Value::Double(bytes as f64 / 1e9)));
    }
    if let Some(cutoff) = options.loosened_cutoff(problem.sense()).filter(|_| !problem.is_lp()) {
        wanted.push((c"Cutoff", Value::Double(cutoff)));
    }
    match options.emphasis {
        Emphasis::Balanced => {}
        Emphasis::Feasibility => wanted.push((c"MIPFocus", Value::Int(1))),
        Emphasis::Optimality => wanted.push((c"MIPFocus", Value::Int(2))),
    }
    match options.presolve {
        Presolve::Auto => {}
        Presolve::On => wanted.push((c"Presolve", Value::Int(1))),
        Presolve::Off => wanted.push((c"Presolve", Value::Int(0))),
    }
    wanted
}

/// What is left of the time limit, in seconds.
pub(super) fn limit_time(instance: &mut Instance, seconds: f64) -> Result<(), Fault> {
    instance.set(c"TimeLimit", &Value::Double(seconds.clamp(0.0, 1e100)))
}

/// Simplex without presolve, from nothing, for a second run; the next `apply` takes it back.
pub(super) fn be_plain(instance: &mut Instance, look: Look) -> Result<(), Fault> {
    instance.reset()?;
    instance.set(c"Presolve", &Value::Int(0))?;
    instance.set(c"DualReductions", &Value::Int(0))?;
    instance.set(c"Method", &Value::Int(if look == Look::Primal { PRIMAL } else { DUAL }))
}

/// Native options we keep to ourselves, and why.
fn reserved(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "timelimit" => Some("set `time_limit` instead"),
        "threads" => Some("set `threads` instead"),
        "outputflag" | "logtoconsole" => Some("the log goes to whoever listens"),
        name if name.ends_with("file") || name.ends_with("dir") || CONNECTIONS.iter().any(|c| name.starts_with(c)) => {
            Some("a solver opens no files and no connections here")
        }
        _ => None,
    }
}

fn parse(instance: &Instance, name: &str, text: &str) -> Result<(CString, Value), SessionError> {
    let refused = |why: String| SessionError::Refused(format!("Gurobi option '{name}': {why}"));
    if let Some(why) = reserved(name) {
        return Err(refused(format!("it is not passed through: {why}")));
    }
    let known = CString::new(name).ok().and_then(|c_name| Some((instance.parameter_type(&c_name)?, c_name)));
    let Some((kind, c_name)) = known else {
        let all: Vec<String> = instance.parameter_names().into_iter().filter(|n| reserved(n).is_none()).collect();
        return Err(SessionError::Refused(nearest::unknown("Gurobi", name, &all)));
    };
    let wrong = |what: &str| refused(format!("it takes {what}, not '{text}'"));
    let value = match kind {
        ParameterType::Int => Value::Int(text.trim().parse().map_err(|_| wrong("a whole number"))?),
        ParameterType::Double => {
            let number: Option<f64> = text.trim().parse().ok().filter(|v: &f64| !v.is_nan());
            Value::Double(number.ok_or_else(|| wrong("a number"))?)
        }
        ParameterType::Text => Value::Text(CString::new(text).map_err(|_| wrong("a text without NUL"))?),
    };
    Ok((c_name, value))
}
