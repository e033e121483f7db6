//! Our options as SCIP's parameters. An option that SCIP does not have is refused, with what there is.

use std::collections::BTreeSet;
use std::ffi::{CStr, CString};
use std::time::Instant;

use super::ScipBackend;
use farkas_modeling::Sense;

use super::ffi::{Kind, Scip, Value};
use crate::contract::{Backend, SessionError, takes_options};
use crate::options::{Options, Presolve, unknown_option};

/// Parameters that let SCIP read or write files, or print; they are not for a solve's options.
const FORBIDDEN: [&str; 4] = ["visual/", "write/", "table/", "emphasis/"];

/// Sets everything but the time limit.
pub fn apply(scip: &mut Scip, options: &Options, sense: Sense, lp: bool) -> Result<(), SessionError> {
    takes_options("scip", ScipBackend.capabilities(), options)?;
    if lp {
        scip.plain_lp()?;
    } else {
        scip.set_emphasis(options.emphasis)?; // before all else: it sets many parameters
        if options.presolve == Presolve::Off {
            scip.presolve_off()?;
        }
        if let Some(cutoff) = options.loosened_cutoff(sense) {
            scip.cut_off(cutoff)?;
        }
    }
    let tolerances = &options.tolerances;
    let mut set = |name: &CStr, value: Value| scip.set(name, &value);
    set(c"numerics/feastol", Value::Real(tolerances.feasibility.min(tolerances.bound).clamp(1e-9, 1e-3)))?;
    set(c"numerics/dualfeastol", Value::Real(tolerances.dual.clamp(1e-9, 1e-3)))?;
    set(c"limits/gap", Value::Real(tolerances.relative_gap.clamp(0.0, 1e20)))?;
    set(c"limits/absgap", Value::Real(tolerances.absolute_gap.clamp(0.0, 1e20)))?;
    if let Some(seed) = options.seed {
        set(c"randomization/randomseedshift", Value::Int((seed & 0x7fff_ffff) as i32))?;
    }
    if let Some(nodes) = options.node_limit {
        set(c"limits/nodes", Value::Longint(i64::try_from(nodes).unwrap_or(i64::MAX)))?;
    }
    if let Some(solutions) = options.solution_limit {
        set(c"limits/solutions", Value::Int(i32::try_from(solutions).unwrap_or(i32::MAX)))?;
    }
    if let Some(bytes) = options.memory_limit_bytes {
        set(c"limits/memory", Value::Real((bytes as f64 / f64::from(1 << 20)).min(8_796_093_022_207.0)))?;
    }
    if let Some(target) = options.objective_target {
        set(c"limits/primal", Value::Real(target))?;
    }
    if options.pool > 0 {
        // Its own default is 100 solutions, and 10 in the original space.
        let solutions = i32::try_from(options.pool_points(1) + 1).unwrap_or(i32::MAX);
        set(c"limits/maxsol", Value::Int(solutions.max(100)))?;
        set(c"limits/maxorigsol", Value::Int(solutions.max(10)))?;
    }
    // The line-up gives SCIP one core; it has no use for more here.
    set(c"lp/threads", Value::Int(1))?;
    set(c"misc/catchctrlc", Value::Bool(false))?;
    for (name, text) in &options.native {
        native(scip, name, text)?;
    }
    Ok(())
}

/// Sets what is left of the time limit.
pub fn limit_time(scip: &mut Scip, options: &Options, began: Instant) -> Result<(), SessionError> {
    let Some(limit) = options.time_limit else { return Ok(()) };
    let left = limit.saturating_sub(began.elapsed()).as_secs_f64().min(1e20);
    Ok(scip.set(c"limits/time", &Value::Real(left))?)
}

fn native(scip: &mut Scip, name: &str, text: &str) -> Result<(), SessionError> {
    let refuse = |why: String| SessionError::Refused(format!("scip option '{name}': {why}"));
    if FORBIDDEN.iter().any(|prefix| name.starts_with(prefix)) {
        return Err(refuse("options that write or print are not passed on".into()));
    }
    let c_name = CString::new(name).map_err(|_| refuse("the name has a NUL in it".into()))?;
    let Some(kind) = scip.kind(&c_name) else { return Err(SessionError::Refused(unknown(scip, name))) };
    let value = parse(kind, text).ok_or_else(|| refuse(format!("'{text}' is not a {kind:?}")))?;
    scip.set(&c_name, &value).map_err(|e| refuse(e.to_string()))
}

/// What to say about a name that is not there: those like it, and the groups of all that there are (some 3000).
fn unknown(scip: &Scip, name: &str) -> String {
    let all = scip.parameters();
    let open =
        || all.iter().map(String::as_str).filter(|name| !FORBIDDEN.iter().any(|prefix| name.starts_with(prefix)));
    let groups: BTreeSet<&str> = open().filter_map(|name| name.split('/').next()).collect();
    let groups: Vec<&str> = groups.into_iter().collect();
    let there = format!("{} in the groups {}", open().count(), groups.join(", "));
    unknown_option("SCIP", name, open(), there)
}

fn parse(kind: Kind, text: &str) -> Option<Value> {
    Some(match kind {
        Kind::Bool => Value::Bool(match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "on" | "yes" => true,
            "false" | "0" | "off" | "no" => false,
            _ => return None,
        }),
        Kind::Int => Value::Int(text.parse().ok()?),
        Kind::Longint => Value::Longint(text.parse().ok()?),
        Kind::Real => Value::Real(text.parse::<f64>().ok().filter(|v| !v.is_nan())?),
        Kind::Char => match text.as_bytes() {
            [byte] => Value::Char(*byte),
            _ => return None,
        },
        Kind::Text => Value::Text(CString::new(text).ok()?),
    })
}
