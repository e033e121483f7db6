//! Our options as CPLEX' parameters. Everything begins at CPLEX' defaults, so that a session's solves do not leak into each
//! other; a native option overrides, except where it would make CPLEX print, touch files or break the contract.

use std::ffi::CString;

use farkas_modeling::Problem;
use farkas_modeling::problem::Sense;

use super::ffi::{Instance, ParameterType, Value};
use crate::contract::SessionError;
use crate::loading::engine::{Fault, Look};
use crate::loading::nearest;
use crate::options::{Emphasis, LpMethod, Options, Presolve};

/// What keeps scaling from pushing a point of CPLEX' over the check's tolerance.
const PRIMAL_MARGIN: f64 = 0.1;

// Numbers of parameters: reference manual, "List of CPLEX parameters".
const ADVANCE: i32 = 1001;
const OPTIMALITY: i32 = 1014;
const FEASIBILITY: i32 = 1016;
const PRESOLVE: i32 = 1030;
const SCREEN: i32 = 1035;
const TIME_LIMIT: i32 = 1039;
const LP_METHOD: i32 = 1062;
const QP_METHOD: i32 = 1063;
const THREADS: i32 = 1067;
const SEED: i32 = 1124;
const CUT_BELOW: i32 = 2006;
const CUT_ABOVE: i32 = 2007;
const ABSOLUTE_GAP: i32 = 2008;
const RELATIVE_GAP: i32 = 2009;
const INTEGRALITY: i32 = 2010;
const SOLUTIONS: i32 = 2015;
const NODES: i32 = 2017;
const ROOT_METHOD: i32 = 2025;
const EMPHASIS: i32 = 2058;

/// Where parameters' numbers lie.
const NUMBERS: std::ops::Range<i32> = 1000..8000;

const PRIMAL: i32 = 1;
const DUAL: i32 = 2;
const BARRIER: i32 = 4;

/// Sets everything but the time limit.
pub(super) fn apply(instance: &mut Instance, problem: &Problem, options: &Options) -> Result<(), SessionError> {
    let native = check_native(instance, options)?;
    instance.set_defaults()?;
    for (number, value) in wanted(problem, options) {
        instance.set(number, &value)?;
    }
    for (name, number, value) in native {
        instance.set(number, &value).map_err(|fault| {
            let (Fault::Failed(says) | Fault::TooLarge(says) | Fault::NoLicense(says)) = fault;
            SessionError::Refused(format!("CPLEX does not take this value of '{name}': {says}"))
        })?;
    }
    Ok(())
}

/// Everything that our options decide.
fn wanted(problem: &Problem, options: &Options) -> Vec<(i32, Value)> {
    let t = &options.tolerances;
    let method = match options.lp_method {
        // With quadratic rows there is the barrier alone, and it minds being told.
        _ if !problem.quadratic_rows().is_empty() => 0,
        LpMethod::Simplex => DUAL,
        LpMethod::Barrier => BARRIER,
        LpMethod::Auto | LpMethod::FirstOrder => 0,
    };
    let count = |limit: Option<u64>| limit.map_or(i64::MAX, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
    let mut wanted = vec![
        (SCREEN, Value::Int(0)),
        (THREADS, Value::Int(i32::try_from(options.threads.unwrap_or(1).max(1)).unwrap_or(i32::MAX))),
        (FEASIBILITY, Value::Double((PRIMAL_MARGIN * t.feasibility.min(t.bound)).clamp(1e-9, 1e-1))),
        (OPTIMALITY, Value::Double(t.dual.clamp(1e-9, 1e-1))),
        (INTEGRALITY, Value::Double(t.integrality.clamp(0.0, 0.5))),
        (RELATIVE_GAP, Value::Double(t.relative_gap.clamp(0.0, 1.0))),
        (ABSOLUTE_GAP, Value::Double(t.absolute_gap.clamp(0.0, 1e20))),
        (LP_METHOD, Value::Int(method)),
        (ROOT_METHOD, Value::Int(method)),
    ];
    if problem.is_linear() || method == BARRIER {
        wanted.push((QP_METHOD, Value::Int(method)));
    }
    if let Some(seed) = options.seed {
        wanted.push((SEED, Value::Int((seed & 0x7fff_ffff) as i32)));
    }
    if options.node_limit.is_some() {
        wanted.push((NODES, Value::Long(count(options.node_limit))));
    }
    if options.solution_limit.is_some() {
        wanted.push((SOLUTIONS, Value::Long(count(options.solution_limit).max(1))));
    }
    if let Some(cutoff) = options.loosened_cutoff(problem.sense()) {
        wanted.push((if problem.sense() == Sense::Minimize { CUT_ABOVE } else { CUT_BELOW }, Value::Double(cutoff)));
    }
    match options.emphasis {
        Emphasis::Balanced => {}
        Emphasis::Feasibility => wanted.push((EMPHASIS, Value::Int(1))),
        Emphasis::Optimality => wanted.push((EMPHASIS, Value::Int(2))),
    }
    match options.presolve {
        Presolve::Auto => {}
        Presolve::On => wanted.push((PRESOLVE, Value::Int(1))),
        Presolve::Off => wanted.push((PRESOLVE, Value::Int(0))),
    }
    wanted
}

/// What is left of the time limit, in seconds.
pub(super) fn limit_time(instance: &mut Instance, seconds: f64) -> Result<(), Fault> {
    instance.set(TIME_LIMIT, &Value::Double(seconds.clamp(0.0, 1e75)))
}

/// Simplex without presolve, from nothing, for a second run; the next `apply` takes it back.
pub(super) fn be_plain(instance: &mut Instance, look: Look) -> Result<(), Fault> {
    instance.set(ADVANCE, &Value::Int(0))?;
    instance.set(PRESOLVE, &Value::Int(0))?;
    instance.set(LP_METHOD, &Value::Int(if look == Look::Primal { PRIMAL } else { DUAL }))
}

/// Native options we keep to ourselves, and why.
fn reserved(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    match lower.trim_start_matches("cpxparam_").trim_start_matches("cpx_param_") {
        "timelimit" | "tilim" => Some("set `time_limit` instead"),
        "clocktype" => Some("times are wall-clock times here"),
        "threads" => Some("set `threads` instead"),
        "screenoutput" | "scrind" => Some("the log goes to whoever listens"),
        "read_apiencoding" | "apiencoding" => Some("names do not reach the solver"),
        rest if ["file", "workdir", "record", "clonelog", "write", "vmconfig", "distmip"]
            .iter()
            .any(|w| rest.contains(w)) =>
        {
            Some("a solver reads and writes no files here")
        }
        _ => None,
    }
}

fn check_native(instance: &Instance, options: &Options) -> Result<Vec<(String, i32, Value)>, SessionError> {
    options.native.iter().map(|(name, text)| parse(instance, name, text)).collect()
}

fn parse(instance: &Instance, name: &str, text: &str) -> Result<(String, i32, Value), SessionError> {
    let refused = |why: String| SessionError::Refused(format!("CPLEX option '{name}': {why}"));
    if let Some(why) = reserved(name) {
        return Err(refused(format!("it is not passed through: {why}")));
    }
    let number = CString::new(name).ok().and_then(|name| instance.parameter(&name));
    let Some((number, kind)) = number.and_then(|number| Some((number, instance.parameter_type(number)?))) else {
        let all: Vec<String> = NUMBERS.filter_map(|number| instance.parameter_name(number)).collect();
        let all: Vec<String> = all.into_iter().filter(|name| reserved(name).is_none()).collect();
        return Err(SessionError::Refused(nearest::unknown("CPLEX", name, &all)));
    };
    let wrong = |what: &str| refused(format!("it takes {what}, not '{text}'"));
    let value = match kind {
        ParameterType::Int => Value::Int(text.trim().parse().map_err(|_| wrong("a whole number"))?),
        ParameterType::Long => Value::Long(text.trim().parse().map_err(|_| wrong("a whole number"))?),
        ParameterType::Double => {
            let number: Option<f64> = text.trim().parse().ok().filter(|v: &f64| !v.is_nan());
            Value::Double(number.ok_or_else(|| wrong("a number"))?)
        }
        ParameterType::Text => Value::Text(CString::new(text).map_err(|_| wrong("a text without NUL"))?),
    };
    Ok((name.to_owned(), number, value))
}
