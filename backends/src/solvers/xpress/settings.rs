//! Our options as Xpress' controls. Everything begins at Xpress' defaults, so that a session's solves do not leak into each
//! other; a native option overrides, except where it would make Xpress print, touch files or break the contract.

use std::ffi::{CStr, CString};

use farkas_modeling::Problem;

use super::ffi::{ControlType, Instance, Value};
use crate::contract::SessionError;
use crate::loading::engine::{Fault, Look};
use crate::loading::nearest;
use crate::options::{Emphasis, LpMethod, Options, Presolve};

/// What keeps scaling from pushing a point of Xpress' over the check's tolerance.
const PRIMAL_MARGIN: f64 = 0.1;

const DUAL: i32 = 2;
const PRIMAL: i32 = 3;
const BARRIER: i32 = 4;

/// Controls that people set, for the error about one that is not there (Xpress has no list to ask for).
const NAMES: &[&str] = &[
    "ALGAFTERCROSSOVER",
    "ALGAFTERNETWORK",
    "AUTOPERTURB",
    "BACKTRACK",
    "BACKTRACKTIE",
    "BARALG",
    "BARCRASH",
    "BARDUALSTOP",
    "BARGAPSTOP",
    "BARITERLIMIT",
    "BARORDER",
    "BARPRIMALSTOP",
    "BARSTART",
    "BARSTEPSTOP",
    "BARTHREADS",
    "BIGM",
    "BREADTHFIRST",
    "CONCURRENTTHREADS",
    "COVERCUTS",
    "CPUPLATFORM",
    "CRASH",
    "CROSSOVER",
    "CUTDEPTH",
    "CUTFACTOR",
    "CUTFREQ",
    "CUTSELECT",
    "CUTSTRATEGY",
    "DEFAULTALG",
    "DENSECOLLIMIT",
    "DETERMINISTIC",
    "DUALGRADIENT",
    "DUALIZE",
    "DUALPERTURB",
    "DUALSTRATEGY",
    "FEASIBILITYPUMP",
    "FEASTOL",
    "FORCEPARALLELDUAL",
    "GOMCUTS",
    "HEURDIVESPEEDUP",
    "HEURDIVESTRATEGY",
    "HEUREMPHASIS",
    "HEURFREQ",
    "HEURSEARCHEFFORT",
    "HEURSEARCHFREQ",
    "HEURSEARCHROOTSELECT",
    "HEURSEARCHTREESELECT",
    "HEURTHREADS",
    "INVERTFREQ",
    "KEEPBASIS",
    "LNPBEST",
    "LPFOLDING",
    "LPITERLIMIT",
    "MARKOWITZTOL",
    "MATRIXTOL",
    "MAXCUTTIME",
    "MAXMEMORYHARD",
    "MAXMEMORYSOFT",
    "MAXMIPSOL",
    "MAXNODE",
    "MIPABSCUTOFF",
    "MIPABSSTOP",
    "MIPADDCUTOFF",
    "MIPDUALREDUCTIONS",
    "MIPPRESOLVE",
    "MIPRELCUTOFF",
    "MIPRELSTOP",
    "MIPTHREADS",
    "MIPTOL",
    "NODEPROBINGEFFORT",
    "NODESELECTION",
    "OPTIMALITYTOL",
    "PENALTY",
    "PERTURB",
    "PIVOTTOL",
    "PREBASISRED",
    "PREBNDREDCONE",
    "PRECOEFELIM",
    "PRECOMPONENTS",
    "PREDOMCOL",
    "PREDOMROW",
    "PREIMPLICATIONS",
    "PRELINDEP",
    "PREPROBING",
    "PRESOLVE",
    "PRESOLVEOPS",
    "PRESOLVEPASSES",
    "PRICINGALG",
    "PRIMALPERTURB",
    "PSEUDOCOST",
    "QSIMPLEXOPS",
    "RANDOMSEED",
    "REFACTOR",
    "REFINEOPS",
    "RELAXTREEMEMORYLIMIT",
    "ROOTPRESOLVE",
    "SBBEST",
    "SBEFFORT",
    "SBITERLIMIT",
    "SCALING",
    "SIFTING",
    "SYMMETRY",
    "THREADS",
    "TIMELIMIT",
    "TREECOVERCUTS",
    "TREECUTSELECT",
    "TREEGOMCUTS",
    "TREEMEMORYLIMIT",
    "TREEPRESOLVE",
    "VARSELECTION",
    "WORKLIMIT",
];

/// Sets everything but the time limit.
pub(super) fn apply(instance: &mut Instance, problem: &Problem, options: &Options) -> Result<(), SessionError> {
    let native: Result<Vec<_>, SessionError> =
        options.native.iter().map(|(name, text)| parse(instance, name, text)).collect();
    let native = native?;
    instance.set_defaults()?;
    for (name, value) in wanted(problem, options) {
        set(instance, name, &value)?;
    }
    for (name, number, value) in native {
        instance.set(number, &value).map_err(|fault| {
            let (Fault::Failed(says) | Fault::TooLarge(says) | Fault::NoLicense(says)) = fault;
            SessionError::Refused(format!("Xpress does not take this value of '{name}': {says}"))
        })?;
    }
    Ok(())
}

fn set(instance: &mut Instance, name: &CStr, value: &Value) -> Result<(), Fault> {
    let missing = || Fault::Failed(format!("this Xpress has no control {}", name.to_string_lossy()));
    let (number, kind) = instance.control(name).ok_or_else(missing)?;
    match (value, kind) {
        (Value::Int(v), ControlType::Long) => instance.set(number, &Value::Long(i64::from(*v))),
        (value, _) => instance.set(number, value),
    }
}

/// Everything that our options decide.
fn wanted(problem: &Problem, options: &Options) -> Vec<(&'static CStr, Value)> {
    let t = &options.tolerances;
    let count = |limit: u64| Value::Int(i32::try_from(limit).unwrap_or(i32::MAX));
    let mut wanted = vec![
        (c"THREADS", count(u64::from(options.threads.unwrap_or(1).max(1)))),
        (c"FEASTOL", Value::Double((PRIMAL_MARGIN * t.feasibility.min(t.bound)).max(1e-9))),
        (c"OPTIMALITYTOL", Value::Double(t.dual.max(1e-9))),
        (c"MIPTOL", Value::Double(t.integrality.max(1e-9))),
        (c"MIPRELSTOP", Value::Double(t.relative_gap)),
        (c"MIPABSSTOP", Value::Double(t.absolute_gap)),
    ];
    match options.lp_method {
        LpMethod::Auto | LpMethod::FirstOrder => {}
        LpMethod::Simplex => wanted.push((c"DEFAULTALG", Value::Int(DUAL))),
        LpMethod::Barrier => wanted.push((c"DEFAULTALG", Value::Int(BARRIER))),
    }
    if let Some(seed) = options.seed {
        wanted.push((c"RANDOMSEED", Value::Int((seed & 0x7fff_ffff) as i32)));
    }
    if let Some(nodes) = options.node_limit {
        wanted.push((c"MAXNODE", count(nodes)));
    }
    if let Some(solutions) = options.solution_limit {
        wanted.push((c"MAXMIPSOL", count(solutions.max(1))));
    }
    if let Some(bytes) = options.memory_limit_bytes {
        wanted.push((c"MAXMEMORYHARD", count((bytes >> 20).max(1))));
    }
    // An LP would end at it without a bound.
    if let Some(cutoff) = options.loosened_cutoff(problem.sense()).filter(|_| !problem.is_lp()) {
        wanted.push((c"MIPABSCUTOFF", Value::Double(cutoff)));
    }
    match options.emphasis {
        Emphasis::Balanced => {}
        Emphasis::Feasibility => wanted.push((c"HEUREMPHASIS", Value::Int(1))),
        Emphasis::Optimality => wanted.push((c"CUTSTRATEGY", Value::Int(3))),
    }
    match options.presolve {
        Presolve::Auto => {}
        Presolve::On => wanted.push((c"PRESOLVE", Value::Int(1))),
        Presolve::Off => wanted.extend([(c"PRESOLVE", Value::Int(0)), (c"MIPPRESOLVE", Value::Int(0))]),
    }
    wanted
}

/// What is left of the time limit, in seconds; Xpress takes 0 for none.
pub(super) fn limit_time(instance: &mut Instance, seconds: f64) -> Result<(), Fault> {
    set(instance, c"TIMELIMIT", &Value::Double(seconds.clamp(1e-3, 1e20)))
}

/// Primal simplex where the choice is Xpress', which is for the dual even where only costs changed (9.9).
pub(super) fn prefer_primal(instance: &mut Instance) -> Result<(), Fault> {
    set(instance, c"DEFAULTALG", &Value::Int(PRIMAL))
}

/// Simplex without presolve, from nothing, for a second run; the next `apply` takes it back.
pub(super) fn be_plain(instance: &mut Instance, look: Look) -> Result<(), Fault> {
    set(instance, c"KEEPBASIS", &Value::Int(0))?;
    set(instance, c"PRESOLVE", &Value::Int(0))?;
    set(instance, c"DEFAULTALG", &Value::Int(if look == Look::Primal { PRIMAL } else { DUAL }))
}

/// Native options we keep to ourselves, and why.
fn reserved(name: &str) -> Option<&'static str> {
    match name.to_ascii_uppercase().as_str() {
        "TIMELIMIT" | "MAXTIME" | "SOLTIMELIMIT" => Some("set `time_limit` instead"),
        "THREADS" => Some("set `threads` instead"),
        "OUTPUTLOG" | "LPLOG" | "MIPLOG" => Some("the log goes to whoever listens"),
        "MUTEXCALLBACKS" | "KEEPNROWS" | "TREEFILESIZE" => Some("it belongs to the adapter"),
        name if name.contains("FILE") || name.contains("OUTPUT") || name.contains("DIR") || name.contains("TUNER") => {
            Some("a solver reads and writes no files here")
        }
        _ => None,
    }
}

fn parse(instance: &Instance, name: &str, text: &str) -> Result<(String, i32, Value), SessionError> {
    let refused = |why: String| SessionError::Refused(format!("Xpress option '{name}': {why}"));
    if let Some(why) = reserved(name) {
        return Err(refused(format!("it is not passed through: {why}")));
    }
    let known = CString::new(name).ok().and_then(|name| instance.control(&name));
    let Some((number, kind)) = known else {
        let all: Vec<String> = NAMES.iter().filter(|name| reserved(name).is_none()).map(|n| (*n).to_owned()).collect();
        return Err(SessionError::Refused(nearest::unknown("Xpress", name, &all)));
    };
    let wrong = |what: &str| refused(format!("it takes {what}, not '{text}'"));
    let value = match kind {
        ControlType::Int => Value::Int(text.trim().parse().map_err(|_| wrong("a whole number"))?),
        ControlType::Long => Value::Long(text.trim().parse().map_err(|_| wrong("a whole number"))?),
        ControlType::Double => {
            let number: Option<f64> = text.trim().parse().ok().filter(|v: &f64| !v.is_nan());
            Value::Double(number.ok_or_else(|| wrong("a number"))?)
        }
        ControlType::Text => Value::Text(CString::new(text).map_err(|_| wrong("a text without NUL"))?),
    };
    Ok((name.to_owned(), number, value))
}
