//! Our options in HiGHS' words. What is not said stands at HiGHS' default, so that a session's solves do not leak into
//! each other; a native option overrides, except where it would make HiGHS print, touch files or break the contract.

use std::cell::Cell;
use std::ffi::CStr;
use std::time::Duration;

use farkas_modeling::{Problem, Sense};

use super::ffi::{self, Failed, Instance, OptionType};
use crate::contract::SessionError;
use crate::options::{Emphasis, LpMethod, Options, Presolve, unknown_option};

/// An LP with at most this many nonzeros goes without presolve: a 10×10 assignment takes a third of the time then. A
/// mixed-integer problem goes without the feasibility jump, whose effort is the same for every size: 8 ms of the 10 that two
/// columns take.
const TINY_NONZEROS: usize = 2_000;

/// What keeps scaling and summation from pushing a point of HiGHS' over the check's tolerance.
const PRIMAL_MARGIN: f64 = 0.1;

/// The least tolerance HiGHS takes (`kMinimumKktTolerance`).
const LEAST_TOLERANCE: f64 = 1e-10;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    Bool(bool),
    Int(i32),
    Double(f64),
    Text(&'static CStr),
}

/// What of this stands in a fresh instance (1.16.0; a test asks it): looking an option up by its name takes HiGHS most of a
/// microsecond, and a tiny problem is solved in a hundred.
const DEFAULTS: [(&CStr, Value); 15] = [
    (c"output_flag", Value::Bool(true)),
    (c"time_limit", Value::Double(f64::INFINITY)),
    (c"presolve", Value::Text(c"choose")),
    (c"solver", Value::Text(c"choose")),
    (c"mip_lp_solver", Value::Text(c"choose")),
    (c"primal_feasibility_tolerance", Value::Double(1e-7)),
    (c"dual_feasibility_tolerance", Value::Double(1e-7)),
    (c"mip_feasibility_tolerance", Value::Double(1e-6)),
    (c"mip_rel_gap", Value::Double(1e-4)),
    (c"random_seed", Value::Int(0)),
    (c"mip_max_nodes", Value::Int(i32::MAX)),
    (c"mip_max_improving_sols", Value::Int(i32::MAX)),
    (c"objective_target", Value::Double(f64::NEG_INFINITY)),
    (c"objective_bound", Value::Double(f64::INFINITY)),
    (c"mip_heuristic_effort", Value::Double(0.05)),
];

/// Whether HiGHS writes its log, for somebody to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Log {
    Heard,
    Unheard,
}

/// What was set last, so that a solve sets only what differs.
#[derive(Debug)]
pub(super) struct Settings {
    applied: Vec<(&'static CStr, Value)>,
    dirty: bool,
}

impl Default for Settings {
    /// Those of a fresh instance.
    fn default() -> Self {
        Self { applied: DEFAULTS.to_vec(), dirty: false }
    }
}

impl Settings {
    /// Brings an instance to `options`, with `left` of the time limit.
    pub(super) fn apply(
        &mut self,
        instance: &mut Instance,
        problem: &Problem,
        options: &Options,
        left: Option<Duration>,
        log: Log,
    ) -> Result<(), SessionError> {
        let native = check_native(instance, options)?;
        if self.dirty {
            instance
                .reset_options()
                .map_err(|Failed| SessionError::Broken("HiGHS did not reset its options".into()))?;
            self.applied = DEFAULTS.to_vec();
        }
        // Dirty until all is well: a refusal half-way must not leave a mixture for the next solve.
        self.dirty = true;
        for (name, value) in wanted(problem, options, left, log) {
            self.set(instance, name, value)
                .map_err(|Failed| SessionError::Refused(format!("HiGHS does not take {value:?} for {name:?}")))?;
        }
        for (name, kind, text) in &native {
            set_native(instance, name, *kind, text)?;
        }
        self.dirty = !native.is_empty();
        Ok(())
    }

    /// Changes one double, the time limit of a second run say.
    pub(super) fn set_time_limit(&mut self, instance: &mut Instance, limit: Option<Duration>) {
        let seconds = limit.map_or(f64::INFINITY, |d| d.as_secs_f64());
        // Any non-negative number is a time limit to HiGHS.
        let _ = self.set(instance, c"time_limit", Value::Double(seconds));
    }

    /// Changes the most nodes, for a second run.
    pub(super) fn set_node_limit(&mut self, instance: &mut Instance, nodes: Option<u64>) {
        let _ = self.set(instance, c"mip_max_nodes", Value::Int(count(nodes)));
    }

    /// Simplex without presolve, for a second run; the next `apply` takes it back.
    pub(super) fn set_plain_simplex(&mut self, instance: &mut Instance) {
        let _ = self.set(instance, c"solver", Value::Text(c"simplex"));
        let _ = self.set(instance, c"presolve", Value::Text(c"off"));
    }

    fn set(&mut self, instance: &mut Instance, name: &'static CStr, value: Value) -> Result<(), Failed> {
        let known = self.applied.iter_mut().find(|(n, _)| *n == name);
        if known.as_ref().is_some_and(|(_, v)| *v == value) {
            return Ok(());
        }
        match value {
            Value::Bool(v) => instance.set_bool(name, v)?,
            Value::Int(v) => instance.set_int(name, v)?,
            Value::Double(v) => instance.set_double(name, v)?,
            Value::Text(v) => instance.set_text(name, v)?,
        }
        match known {
            Some(entry) => entry.1 = value,
            None => self.applied.push((name, value)),
        }
        Ok(())
    }
}

fn count(limit: Option<u64>) -> i32 {
    limit.map_or(i32::MAX, |l| i32::try_from(l).unwrap_or(i32::MAX))
}

/// Everything that our options decide, in HiGHS' names (its manual, "List of options").
fn wanted(p: &Problem, o: &Options, left: Option<Duration>, log: Log) -> Vec<(&'static CStr, Value)> {
    let t = &o.tolerances;
    let threads = threads(o);
    let is_mip = p.num_integers() > 0 || p.num_semis() > 0;
    let first_order = o.lp_method == LpMethod::FirstOrder && !is_mip && p.is_linear();
    let presolve = match o.presolve {
        Presolve::On => c"on",
        Presolve::Off => c"off",
        Presolve::Auto if !is_mip && p.num_nonzeros() <= TINY_NONZEROS => c"off",
        Presolve::Auto => c"choose",
    };
    let (solver, mip_solver) = match (o.lp_method, is_mip) {
        // It has one algorithm for quadratic objectives.
        _ if !p.is_linear() => (c"choose", c"choose"),
        (LpMethod::Auto, _) | (LpMethod::FirstOrder, true) => (c"choose", c"choose"),
        (LpMethod::Simplex, false) => (c"simplex", c"choose"),
        (LpMethod::Barrier, false) => (c"ipm", c"choose"),
        (LpMethod::FirstOrder, false) => (c"pdlp", c"choose"),
        (LpMethod::Simplex, true) => (c"choose", c"simplex"),
        (LpMethod::Barrier, true) => (c"choose", c"ipm"),
    };
    // HiGHS stops at strictly better than its target; ours is "at least as good".
    let target = o.objective_target.map_or(f64::NEG_INFINITY, |target| match p.sense() {
        Sense::Minimize => target.next_up(),
        Sense::Maximize => target.next_down(),
    });
    // Only its search for mixed-integer points heeds it in the objective's own direction, and there in minimise sense.
    let cutoff =
        o.loosened_cutoff(p.sense()).filter(|_| is_mip && p.sense() == Sense::Minimize).unwrap_or(f64::INFINITY);
    let heuristics = match o.emphasis {
        Emphasis::Balanced => 0.05, // HiGHS' default
        Emphasis::Feasibility => 0.3,
        Emphasis::Optimality => 0.01,
    };
    vec![
        (c"log_to_console", Value::Bool(false)),
        // PDLP writes its log to fd 1 whatever `log_to_console` says (1.16.0), and is quiet without output.
        // The search in a tree tells its bounds where it writes its log.
        (c"output_flag", Value::Bool(!first_order && (is_mip || log == Log::Heard))),
        (c"threads", Value::Int(threads)),
        (c"parallel", Value::Text(if threads == 1 { c"off" } else { c"choose" })),
        (c"time_limit", Value::Double(left.map_or(f64::INFINITY, |d| d.as_secs_f64()))),
        (c"presolve", Value::Text(presolve)),
        (c"solver", Value::Text(solver)),
        (c"mip_lp_solver", Value::Text(mip_solver)),
        (
            c"primal_feasibility_tolerance",
            Value::Double((PRIMAL_MARGIN * t.feasibility.min(t.bound)).max(LEAST_TOLERANCE)),
        ),
        (c"dual_feasibility_tolerance", Value::Double(t.dual.max(LEAST_TOLERANCE))),
        (c"mip_feasibility_tolerance", Value::Double(mip_tolerance(p, o))),
        (c"mip_rel_gap", Value::Double(t.relative_gap)),
        (c"mip_abs_gap", Value::Double(t.absolute_gap)),
        (c"random_seed", Value::Int(o.seed.map_or(0, |s| (s & 0x7fff_ffff) as i32))),
        (c"mip_max_nodes", Value::Int(count(o.node_limit))),
        (c"mip_max_improving_sols", Value::Int(count(o.solution_limit))),
        (c"objective_target", Value::Double(target)),
        (c"objective_bound", Value::Double(cutoff)),
        (c"mip_heuristic_effort", Value::Double(heuristics)),
        (c"mip_heuristic_run_feasibility_jump", Value::Bool(p.num_nonzeros() > TINY_NONZEROS)),
    ]
}

/// What an integer, row or bound of a MIP may be missed by.
///
/// A semicontinuous column is 0 ≤ x ≤ upper · z to HiGHS, with a binary z: what z misses by, x misses by `upper` times as
/// much, upon which HiGHS calls its own optimum a "solve error" (1.16.0, `3015`: 1.5e-7 of z, 1.5e-5 of x).
fn mip_tolerance(p: &Problem, o: &Options) -> f64 {
    let t = &o.tolerances;
    let tolerance = t.integrality.min(t.feasibility).min(t.bound).max(LEAST_TOLERANCE);
    if p.num_semis() == 0 {
        return tolerance;
    }
    let semis = (0..p.num_columns()).filter(|&j| p.kind(j).is_semi());
    let largest = semis.map(|j| p.upper()[j]).filter(|u| u.is_finite()).fold(1.0, f64::max);
    (PRIMAL_MARGIN * tolerance / largest).max(LEAST_TOLERANCE)
}

/// Whether one thread may solve it in about the time that HiGHS takes to count processors.
pub(super) fn is_tiny(p: &Problem, o: &Options) -> bool {
    let by_simplex = matches!(o.lp_method, LpMethod::Auto | LpMethod::Simplex);
    by_simplex && threads(o) == 1 && p.num_nonzeros() <= TINY_NONZEROS
}

/// Threads HiGHS may use; it is always told, since its own default is every core it sees.
pub(super) fn threads(options: &Options) -> i32 {
    i32::try_from(options.threads.unwrap_or(1).max(1)).unwrap_or(i32::MAX)
}

thread_local! {
    /// What HiGHS' task scheduler of this thread was started with; 0 while it was not.
    static SCHEDULED: Cell<i32> = const { Cell::new(0) };
}

/// Makes the calling thread's scheduler ready for so many threads: it does not change its number by itself, and fails
/// the run instead.
pub(super) fn schedule(threads: i32, force: bool) {
    let before = SCHEDULED.replace(threads);
    if force || (before != 0 && before != threads) {
        ffi::reset_scheduler();
    }
}

/// Native options we keep to ourselves, and why.
fn reserved(name: &str) -> Option<&'static str> {
    match name {
        "time_limit" => Some("set `time_limit` instead"),
        "threads" => Some("set `threads` instead"),
        "output_flag" | "log_to_console" => Some("the log goes to whoever listens"),
        "solve_relaxation" => Some("its answer would be another problem's"),
        _ if name.contains("file") || name.starts_with("write_") => Some("a solver reads and writes no files here"),
        _ => None,
    }
}

type Native = (std::ffi::CString, OptionType, String);

fn check_native(instance: &Instance, options: &Options) -> Result<Vec<Native>, SessionError> {
    let mut checked = Vec::new();
    for (name, text) in &options.native {
        if let Some(why) = reserved(name) {
            return Err(SessionError::Refused(format!("HiGHS option '{name}' is not passed through: {why}")));
        }
        let known = ffi::c_string(name).and_then(|c| Some((instance.option_type(&c)?, c)));
        let Some((kind, c_name)) = known else {
            let names: Vec<String> = instance.option_names().into_iter().filter(|n| reserved(n).is_none()).collect();
            let all = names.iter().map(String::as_str);
            return Err(SessionError::Refused(unknown_option("HiGHS", name, all, names.join(", "))));
        };
        checked.push((c_name, kind, text.clone()));
    }
    Ok(checked)
}

fn set_native(instance: &mut Instance, name: &CStr, kind: OptionType, text: &str) -> Result<(), SessionError> {
    let refused = |what: &str| {
        SessionError::Refused(format!("HiGHS option '{}' takes {what}, not '{text}'", name.to_string_lossy()))
    };
    let done = match kind {
        OptionType::Bool => {
            let value = match text.to_ascii_lowercase().as_str() {
                "true" | "on" | "1" | "yes" => true,
                "false" | "off" | "0" | "no" => false,
                _ => return Err(refused("true or false")),
            };
            instance.set_bool(name, value)
        }
        OptionType::Int => instance.set_int(name, text.trim().parse().map_err(|_| refused("a whole number"))?),
        OptionType::Double => {
            let value: f64 = text.trim().parse().map_err(|_| refused("a number"))?;
            instance.set_double(name, value)
        }
        OptionType::Text => {
            let value = ffi::c_string(text).ok_or_else(|| refused("a text without NUL"))?;
            instance.set_text(name, &value)
        }
    };
    done.map_err(|Failed| refused("another value (out of its range)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_instance_has_the_defaults() {
        let mut instance = Instance::new().expect("there is memory for it");
        for (name, value) in DEFAULTS {
            let kind = match value {
                Value::Bool(_) => OptionType::Bool,
                Value::Int(_) => OptionType::Int,
                Value::Double(_) => OptionType::Double,
                Value::Text(_) => OptionType::Text,
            };
            assert_eq!(instance.option_type(name), Some(kind), "{name:?}");
            let said = match value {
                Value::Bool(v) => instance.bool_is(name, v),
                Value::Int(v) => instance.int_is(name, v),
                Value::Double(v) => instance.double_is(name, v),
                Value::Text(v) => instance.text_is(name, v),
            };
            assert!(said, "{name:?} is not {value:?}");
        }
        assert!(!instance.double_is(c"time_limit", 7.0));
        instance.set_double(c"time_limit", 7.0).expect("a time");
        assert!(instance.double_is(c"time_limit", 7.0));
    }
}
