//! The unsafe edge of the adapter: calls into shim.cpp and the callbacks it makes. Slices go in as they are, results come
//! out as owned values, a panic in a callback is caught and told, and nothing is decided here.

use std::ffi::{CStr, CString, c_char, c_int, c_longlong, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use super::arrays::Arrays;

/// What a solve calls while it runs, perhaps from several threads. Objectives and bounds are minimised.
pub(super) trait Listener: Sync {
    /// Whether to end the solve.
    fn should_end(&self) -> bool;
    /// A line of the log.
    fn log(&self, _line: &str) {}
    /// A new incumbent: n values, NaN where preprocessing removed the column.
    fn incumbent(&self, _objective: f64, _values: &[f64]) {}
    /// How far the search is; no bound yet is −∞.
    fn progress(&self, _bound: f64, _nodes: u64, _iterations: u64) {}
    /// What it does now.
    fn phase(&self, _name: &str) {}
    /// Fills in a point found elsewhere, or says that there is none.
    fn offered(&self, _values: &mut [f64]) -> bool {
        false
    }
}

/// How a branch and bound ended; the codes are CBC's and Clp's.
#[derive(Debug)]
pub(super) struct MipRun {
    pub root: i32,
    pub reduced_to_none: bool,
    pub status: i32,
    pub secondary: i32,
    /// An LP inside the search was ended: statuses and bound mean nothing.
    pub cut_short: bool,
    pub bound: f64,
    pub nodes: u64,
    pub iterations: u64,
    pub point: Option<Vec<f64>>,
}

/// Which simplex or barrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LpAlgorithm {
    Automatic = 0,
    Dual = 1,
    Primal = 2,
    Barrier = 3,
}

/// How to solve a linear program.
#[derive(Debug, Clone)]
pub(super) struct LpHow<'a> {
    pub algorithm: LpAlgorithm,
    pub presolve: bool,
    /// Without it Clp takes the numbers as they are.
    pub scaling: bool,
    pub primal_tolerance: f64,
    pub dual_tolerance: f64,
    /// Clp's codes for n columns and m rows, to start from.
    pub basis: Option<(Vec<u8>, Vec<u8>)>,
    /// Clp's own parameters: position in the table, and value.
    pub settings: &'a [(i32, f64)],
}

/// How a linear program ended; the codes are Clp's.
#[derive(Debug)]
pub(super) struct LpRun {
    pub status: i32,
    pub secondary: i32,
    pub objective: f64,
    pub iterations: u64,
    pub point: Vec<f64>,
    pub multipliers: Vec<f64>,
    pub reduced_costs: Vec<f64>,
    pub column_status: Vec<u8>,
    pub row_status: Vec<u8>,
    pub farkas: Option<Vec<f64>>,
    pub ray: Option<Vec<f64>>,
}

/// One entry of CBC's parameter table.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub index: i32,
    pub name: String,
    pub code: i32,
    pub least: f64,
    pub most: f64,
    /// The words of a choice, separated by spaces.
    pub words: String,
}

const MESSAGE_BYTES: usize = 256;

#[repr(C)]
struct RawProblem {
    columns: c_int,
    rows: c_int,
    starts: *const c_int,
    indices: *const c_int,
    values: *const f64,
    cost: *const f64,
    offset: f64,
    lower: *const f64,
    upper: *const f64,
    row_lower: *const f64,
    row_upper: *const f64,
    integer: *const u8,
}

#[repr(C)]
struct RawListener {
    user: *mut c_void,
    log: extern "C" fn(*mut c_void, *const c_char),
    stop: extern "C" fn(*mut c_void) -> c_int,
    incumbent: extern "C" fn(*mut c_void, f64, *const f64),
    progress: extern "C" fn(*mut c_void, f64, c_longlong, c_longlong),
    phase: extern "C" fn(*mut c_void, *const c_char),
    offered: extern "C" fn(*mut c_void, *mut f64) -> c_int,
}

#[repr(C)]
struct RawMipResult {
    failed: c_int,
    root: c_int,
    reduced_to_none: c_int,
    status: c_int,
    secondary: c_int,
    cut_short: c_int,
    bound: f64,
    nodes: c_longlong,
    iterations: c_longlong,
    has_point: c_int,
    point: *mut f64,
    message: [c_char; MESSAGE_BYTES],
}

#[repr(C)]
struct RawLpOptions {
    method: c_int,
    presolve: c_int,
    scaling: c_int,
    primal_tolerance: f64,
    dual_tolerance: f64,
    has_basis: c_int,
    settings: c_int,
    setting_index: *const c_int,
    setting_value: *const f64,
}

#[repr(C)]
struct RawLpResult {
    failed: c_int,
    status: c_int,
    secondary: c_int,
    objective: f64,
    iterations: c_longlong,
    point: *mut f64,
    multipliers: *mut f64,
    reduced_costs: *mut f64,
    column_status: *mut u8,
    row_status: *mut u8,
    farkas: *mut f64,
    ray: *mut f64,
    has_farkas: c_int,
    has_ray: c_int,
    message: [c_char; MESSAGE_BYTES],
}

type Visit = extern "C" fn(*mut c_void, c_int, *const c_char, c_int, f64, f64, *const c_char);

// The build script hands shim and libraries to CBC's worker and to the integration tests; this crate's own unit tests
// have no such hook and name them here.
// SAFETY: the block declares nothing.
#[cfg(test)]
#[link(name = "farkas_cbc_shim", kind = "static")]
#[link(name = "CbcSolver")]
#[link(name = "Cbc")]
#[link(name = "Cgl")]
#[link(name = "OsiClp")]
#[link(name = "Osi")]
#[link(name = "Clp")]
#[link(name = "CoinUtils")]
#[link(name = "stdc++")]
unsafe extern "C" {}

// SAFETY: the declarations repeat shim.h, type by type and in order; both are compiled into one library.
unsafe extern "C" {
    fn farkas_solve_mip(
        problem: *const RawProblem,
        arguments: *const *const c_char,
        count: c_int,
        listener: *const RawListener,
        result: *mut RawMipResult,
    );
    fn farkas_solve_lp(
        problem: *const RawProblem,
        options: *const RawLpOptions,
        listener: *const RawListener,
        result: *mut RawLpResult,
    );
    fn farkas_parameters(user: *mut c_void, visit: Visit) -> c_int;
    fn farkas_cbc_version() -> *const c_char;
}

/// What a callback's `user` points at.
struct Hook<'a> {
    listener: &'a dyn Listener,
    columns: usize,
    panicked: AtomicBool,
}

impl Hook<'_> {
    /// Runs `work`; after a panic nothing is called any more, and the solve is told to end.
    fn guarded<T>(&self, otherwise: T, work: impl FnOnce(&dyn Listener) -> T) -> T {
        if self.panicked.load(Ordering::Acquire) {
            return otherwise;
        }
        catch_unwind(AssertUnwindSafe(|| work(self.listener))).unwrap_or_else(|_| {
            self.panicked.store(true, Ordering::Release);
            otherwise
        })
    }
}

/// The hook behind a callback's `user`.
fn hook<'a>(user: *mut c_void) -> &'a Hook<'a> {
    // SAFETY: `user` is the address of the Hook that `listening` was given, which outlives the solve; the shim hands it
    // back unchanged and calls nothing after the solve has returned. The hook is Sync, so threads may share it.
    unsafe { &*user.cast::<Hook<'a>>() }
}

fn text(chars: *const c_char) -> String {
    if chars.is_null() {
        return String::new();
    }
    // SAFETY: the shim passes null-terminated strings that live as long as the call.
    unsafe { CStr::from_ptr(chars) }.to_string_lossy().into_owned()
}

extern "C" fn on_log(user: *mut c_void, line: *const c_char) {
    hook(user).guarded((), |listener| listener.log(&text(line)));
}

extern "C" fn on_stop(user: *mut c_void) -> c_int {
    c_int::from(hook(user).guarded(true, |listener| listener.should_end()))
}

extern "C" fn on_incumbent(user: *mut c_void, objective: f64, values: *const f64) {
    let hook = hook(user);
    // SAFETY: the shim passes n values, where n is the problem's, as the hook has it.
    let values = unsafe { std::slice::from_raw_parts(values, hook.columns) };
    hook.guarded((), |listener| listener.incumbent(objective, values));
}

extern "C" fn on_progress(user: *mut c_void, bound: f64, nodes: c_longlong, iterations: c_longlong) {
    hook(user).guarded((), |listener| listener.progress(bound, count(nodes), count(iterations)));
}

extern "C" fn on_phase(user: *mut c_void, name: *const c_char) {
    hook(user).guarded((), |listener| listener.phase(&text(name)));
}

extern "C" fn on_offered(user: *mut c_void, values: *mut f64) -> c_int {
    let hook = hook(user);
    // SAFETY: the shim passes room for n values, initialised, that nothing else touches during the call.
    let values = unsafe { std::slice::from_raw_parts_mut(values, hook.columns) };
    c_int::from(hook.guarded(false, |listener| listener.offered(values)))
}

extern "C" fn on_parameter(
    user: *mut c_void,
    index: c_int,
    name: *const c_char,
    code: c_int,
    least: f64,
    most: f64,
    words: *const c_char,
) {
    // SAFETY: `user` is the vector that `parameters` lends for the length of the call, on this thread alone.
    let entries = unsafe { &mut *user.cast::<Vec<Entry>>() };
    entries.push(Entry { index, name: text(name), code, least, most, words: text(words) });
}

fn count(number: c_longlong) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn raw(arrays: &Arrays<'_>) -> RawProblem {
    RawProblem {
        columns: arrays.columns() as c_int,
        rows: arrays.rows() as c_int,
        // A validated problem has at most MOST_ENTRIES (below 2³¹) of each, so u32 and c_int agree.
        starts: arrays.starts().as_ptr().cast(),
        indices: arrays.indices().as_ptr().cast(),
        values: arrays.values().as_ptr(),
        cost: arrays.cost().as_ptr(),
        offset: arrays.offset(),
        lower: arrays.lower().as_ptr(),
        upper: arrays.upper().as_ptr(),
        row_lower: arrays.row_lower().as_ptr(),
        row_upper: arrays.row_upper().as_ptr(),
        integer: arrays.integer().map_or(ptr::null(), <[u8]>::as_ptr),
    }
}

fn listening(hook: &Hook<'_>) -> RawListener {
    RawListener {
        user: ptr::from_ref(hook).cast_mut().cast(),
        log: on_log,
        stop: on_stop,
        incumbent: on_incumbent,
        progress: on_progress,
        phase: on_phase,
        offered: on_offered,
    }
}

/// What went wrong, if anything did: a C++ exception, or a panic in a callback.
fn failure(failed: c_int, message: &[c_char; MESSAGE_BYTES], hook: &Hook<'_>) -> Result<(), String> {
    if failed != 0 {
        return Err(format!("CBC threw an exception: {}", text(message.as_ptr())));
    }
    if hook.panicked.load(Ordering::Acquire) {
        return Err("a callback panicked".to_owned());
    }
    Ok(())
}

/// Runs CBC's main routine with these arguments. The caller sees to it that only one runs at a time: CBC keeps its place in
/// the arguments in a global variable.
///
/// # Errors
/// A sentence, when CBC throws, a callback panics, or an argument holds a null byte.
pub(super) fn solve_mip(arrays: &Arrays<'_>, arguments: &[String], listener: &dyn Listener) -> Result<MipRun, String> {
    let arguments: Vec<CString> =
        arguments.iter().map(|a| CString::new(a.as_str())).collect::<Result<_, _>>().map_err(|e| e.to_string())?;
    let pointers: Vec<*const c_char> = arguments.iter().map(|a| a.as_ptr()).collect();
    let hook = Hook { listener, columns: arrays.columns(), panicked: AtomicBool::new(false) };
    let mut point = vec![0.0; arrays.columns()];
    let mut result = RawMipResult {
        failed: 0,
        root: -1,
        reduced_to_none: 0,
        status: -1,
        secondary: -1,
        cut_short: 0,
        bound: f64::NEG_INFINITY,
        nodes: 0,
        iterations: 0,
        has_point: 0,
        point: point.as_mut_ptr(),
        message: [0; MESSAGE_BYTES],
    };
    let (problem, listener) = (raw(arrays), listening(&hook));
    // SAFETY: all pointers are to live slices of the lengths shim.h asks for (`Arrays` is made from a validated problem);
    // the shim reads the arguments and writes only `result` and the n values of `point`, and keeps nothing.
    unsafe {
        farkas_solve_mip(
            &raw const problem,
            pointers.as_ptr(),
            pointers.len() as c_int,
            &raw const listener,
            &raw mut result,
        );
    };
    failure(result.failed, &result.message, &hook)?;
    Ok(MipRun {
        root: result.root,
        reduced_to_none: result.reduced_to_none != 0,
        status: result.status,
        secondary: result.secondary,
        cut_short: result.cut_short != 0,
        bound: result.bound,
        nodes: count(result.nodes),
        iterations: count(result.iterations),
        point: (result.has_point != 0).then_some(point),
    })
}

/// Runs Clp. Several may run at once.
///
/// # Errors
/// A sentence, when Clp throws or a callback panics.
///
/// # Panics
/// When a basis does not have n and m entries.
pub(super) fn solve_lp(arrays: &Arrays<'_>, how: &LpHow<'_>, listener: &dyn Listener) -> Result<LpRun, String> {
    let (n, m) = (arrays.columns(), arrays.rows());
    let hook = Hook { listener, columns: n, panicked: AtomicBool::new(false) };
    let (mut column_status, mut row_status) = how.basis.clone().unwrap_or_else(|| (vec![0; n], vec![0; m]));
    assert!(column_status.len() == n && row_status.len() == m, "a basis has n and m entries");
    let (mut point, mut multipliers, mut reduced_costs) = (vec![0.0; n], vec![0.0; m], vec![0.0; n]);
    let (mut farkas, mut ray) = (vec![0.0; m], vec![0.0; n]);
    let (index, value): (Vec<c_int>, Vec<f64>) = how.settings.iter().copied().unzip();
    let options = RawLpOptions {
        method: how.algorithm as c_int,
        presolve: c_int::from(how.presolve),
        scaling: c_int::from(how.scaling),
        primal_tolerance: how.primal_tolerance,
        dual_tolerance: how.dual_tolerance,
        has_basis: c_int::from(how.basis.is_some()),
        settings: how.settings.len() as c_int,
        setting_index: index.as_ptr(),
        setting_value: value.as_ptr(),
    };
    let mut result = RawLpResult {
        failed: 0,
        status: -1,
        secondary: 0,
        objective: 0.0,
        iterations: 0,
        point: point.as_mut_ptr(),
        multipliers: multipliers.as_mut_ptr(),
        reduced_costs: reduced_costs.as_mut_ptr(),
        column_status: column_status.as_mut_ptr(),
        row_status: row_status.as_mut_ptr(),
        farkas: farkas.as_mut_ptr(),
        ray: ray.as_mut_ptr(),
        has_farkas: 0,
        has_ray: 0,
        message: [0; MESSAGE_BYTES],
    };
    let (problem, listener) = (raw(arrays), listening(&hook));
    // SAFETY: all pointers are to live vectors and slices of n or m entries as shim.h asks for, the settings to as many as
    // are counted; the shim writes only `result` and the vectors it names, and keeps nothing.
    unsafe { farkas_solve_lp(&raw const problem, &raw const options, &raw const listener, &raw mut result) };
    failure(result.failed, &result.message, &hook)?;
    Ok(LpRun {
        status: result.status,
        secondary: result.secondary,
        objective: result.objective,
        iterations: count(result.iterations),
        point,
        multipliers,
        reduced_costs,
        column_status,
        row_status,
        farkas: (result.has_farkas != 0).then_some(farkas),
        ray: (result.has_ray != 0).then_some(ray),
    })
}

/// CBC's parameter table; empty when CBC throws.
pub(super) fn parameters() -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    // SAFETY: the vector outlives the call, and `on_parameter` is called on this thread alone.
    let failed = unsafe { farkas_parameters((&raw mut entries).cast(), on_parameter) };
    if failed == 0 { entries } else { Vec::new() }
}

/// CBC's version: `2.10.8`.
pub(super) fn version() -> String {
    // SAFETY: it takes nothing and returns a string constant.
    text(unsafe { farkas_cbc_version() })
}
