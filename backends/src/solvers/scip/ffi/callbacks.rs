//! What SCIP calls back, and what may be asked of it meanwhile. Runs on the thread that solves; a panic never crosses C.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::PoisonError;

use russcip::{EventMask, ffi};

use farkas_modeling::problem::Product;

use super::lazy::Ask;
use super::{ERRORS, KEPT_ERRORS, ok};

/// Hears what happens inside SCIP, on the thread that solves.
pub trait Watch {
    /// A whole line of the log.
    fn log(&self, line: &str);
    /// Something happened at which SCIP may be asked and told things.
    fn moment(&self, moment: Moment, inside: &Inside<'_>);
}

/// When a watch is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A new best solution.
    BestSolution,
    /// The dual bound rose.
    Bound,
    /// A node was chosen; solutions may be handed in here.
    Node,
    /// A round of presolve ended, or an LP was solved.
    Other,
}

/// What the callbacks reach: where the watch of the running solve is, if there is one.
#[derive(Default)]
pub(super) struct Slot {
    pub(super) watch: Cell<Option<*const (dyn Watch + 'static)>>,
    pub(super) vars: Cell<(*mut *mut ffi::SCIP_VAR, usize)>,
    pub(super) auxiliaries: Vec<Auxiliary>,
    /// Who is asked for rows, while a lazy solve runs.
    pub(super) ask: Cell<Option<*mut (dyn Ask + 'static)>>,
    line: RefCell<Vec<u8>>,
}

/// A variable of the adapter's own, which stands for a sum of products.
pub(super) struct Auxiliary {
    pub(super) var: *mut ffi::SCIP_VAR,
    pub(super) products: Vec<Product>,
}

impl Auxiliary {
    /// The value that goes with a point of n values.
    pub(super) fn value(&self, point: &[f64]) -> f64 {
        self.products.iter().map(|product| product.at(point)).sum()
    }
}

/// SCIP while it is inside a callback.
pub struct Inside<'a> {
    pub(super) raw: *mut ffi::SCIP,
    pub(super) vars: *mut *mut ffi::SCIP_VAR,
    pub(super) count: usize,
    pub(super) auxiliaries: &'a [Auxiliary],
}

impl Inside<'_> {
    /// The best solution: n values and its objective, if there is one and it is finite.
    pub fn best(&self) -> Option<(Vec<f64>, f64)> {
        let mut values = vec![0.0; self.count];
        // SAFETY: `vars` are n live original variables, whose values SCIP writes into n places.
        unsafe {
            let sol = ffi::SCIPgetBestSol(self.raw);
            if sol.is_null() {
                return None;
            }
            let code = ffi::SCIPgetSolVals(self.raw, sol, self.count as c_int, self.vars, values.as_mut_ptr());
            ok("SCIPgetSolVals", code).ok()?;
            let objective = ffi::SCIPgetSolOrigObj(self.raw, sol);
            // The solution of an unbounded problem lies at infinity.
            let infinity = ffi::SCIPinfinity(self.raw);
            let finite = objective.abs() < infinity && values.iter().all(|v| v.abs() < infinity);
            finite.then_some((values, objective))
        }
    }

    /// Up to `most` of the solutions that SCIP keeps, the best first: n values each.
    pub fn kept(&self, most: usize) -> Vec<Vec<f64>> {
        // SAFETY: SCIP has as many solutions as it says; each is read like the best one.
        unsafe {
            let (sols, count) = (ffi::SCIPgetSols(self.raw), ffi::SCIPgetNSols(self.raw).max(0) as usize);
            let infinity = ffi::SCIPinfinity(self.raw);
            let read = |at: usize| {
                let mut values = vec![0.0; self.count];
                let sol = *sols.add(at);
                let code = ffi::SCIPgetSolVals(self.raw, sol, self.count as c_int, self.vars, values.as_mut_ptr());
                let fine = ok("SCIPgetSolVals", code).is_ok() && values.iter().all(|v| v.abs() < infinity);
                fine.then_some(values)
            };
            (0..count.min(most)).filter_map(read).collect()
        }
    }

    /// The dual bound, in the problem's own sense, offset included; `None` while it is infinite.
    pub fn bound(&self) -> Option<f64> {
        // SAFETY: reads numbers of a live SCIP.
        unsafe {
            let bound = ffi::SCIPgetDualbound(self.raw);
            (bound.abs() < ffi::SCIPinfinity(self.raw)).then_some(bound)
        }
    }

    /// Nodes done.
    pub fn nodes(&self) -> u64 {
        // SAFETY: reads a counter.
        unsafe { ffi::SCIPgetNTotalNodes(self.raw) }.try_into().unwrap_or(0)
    }

    /// Simplex iterations done; 0 before there is an LP.
    pub fn iterations(&self) -> u64 {
        // SAFETY: the counter exists from presolved on; before, SCIP would complain about the stage.
        unsafe {
            if ffi::SCIPgetStage(self.raw) < ffi::SCIP_Stage_SCIP_STAGE_PRESOLVED {
                return 0;
            }
            ffi::SCIPgetNLPIterations(self.raw).try_into().unwrap_or(0)
        }
    }

    /// Asks SCIP to stop.
    pub fn interrupt(&self) {
        // SAFETY: sets a flag; refused in stages without a solve, where there is nothing to stop.
        let _ = unsafe { ffi::SCIPinterruptSolve(self.raw) };
    }

    /// Hands in a point of n values; SCIP checks it and keeps it if it is feasible and better.
    pub fn offer(&self, point: &[f64]) {
        if point.len() != self.count {
            return;
        }
        let mut values = point.to_vec();
        let mut sol = ptr::null_mut();
        let mut stored = 0;
        // SAFETY: called while SCIP solves (at a focused node), where both calls are allowed; SCIPtrySolFree takes `sol`
        // back whatever it thinks of it.
        unsafe {
            if ok("", ffi::SCIPcreateOrigSol(self.raw, &raw mut sol, ptr::null_mut())).is_err() {
                return;
            }
            let _ = ffi::SCIPsetSolVals(self.raw, sol, self.count as c_int, self.vars, values.as_mut_ptr());
            for auxiliary in self.auxiliaries {
                let _ = ffi::SCIPsetSolVal(self.raw, sol, auxiliary.var, auxiliary.value(point));
            }
            let _ = ffi::SCIPtrySolFree(self.raw, &raw mut sol, 0, 0, 1, 1, 1, &raw mut stored);
        }
    }
}

fn mask() -> u64 {
    [
        EventMask::BEST_SOL_FOUND,
        EventMask::DUAL_BOUND_IMPROVED,
        EventMask::NODE_FOCUSED,
        EventMask::PRESOLVE_ROUND,
        EventMask::FIRST_LP_SOLVED,
        EventMask::LP_SOLVED,
    ]
    .into_iter()
    .map(u64::from)
    .fold(0, |all, one| all | one)
}

pub(super) unsafe extern "C" fn on_init(scip: *mut ffi::SCIP, handler: *mut ffi::SCIP_EVENTHDLR) -> ffi::SCIP_RETCODE {
    // SAFETY: SCIP calls this with its own handle and our handler, in a stage where events may be caught.
    unsafe { ffi::SCIPcatchEvent(scip, mask(), handler, ptr::null_mut(), ptr::null_mut()) }
}

pub(super) unsafe extern "C" fn on_exit(scip: *mut ffi::SCIP, handler: *mut ffi::SCIP_EVENTHDLR) -> ffi::SCIP_RETCODE {
    // SAFETY: as above; -1 means that the filter position was not kept.
    unsafe { ffi::SCIPdropEvent(scip, mask(), handler, ptr::null_mut(), -1) }
}

pub(super) unsafe extern "C" fn on_event(
    scip: *mut ffi::SCIP,
    handler: *mut ffi::SCIP_EVENTHDLR,
    event: *mut ffi::SCIP_EVENT,
    _: *mut ffi::SCIP_EVENTDATA,
) -> ffi::SCIP_RETCODE {
    // SAFETY: the handler's data is the boxed slot, alive as long as SCIP; the watch in it is alive while it is set,
    // which is for the length of `solve`, and this runs inside it on the same thread.
    unsafe {
        let slot = &*ffi::SCIPeventhdlrGetData(handler).cast::<Slot>();
        let Some(watch) = slot.watch.get() else { return ffi::SCIP_Retcode_SCIP_OKAY };
        let (vars, count) = slot.vars.get();
        let inside = Inside { raw: scip, vars, count, auxiliaries: &slot.auxiliaries };
        let kind = ffi::SCIPeventGetType(event);
        let is = |mask: EventMask| kind & u64::from(mask) != 0;
        let moment = if is(EventMask::BEST_SOL_FOUND) {
            Moment::BestSolution
        } else if is(EventMask::DUAL_BOUND_IMPROVED) {
            Moment::Bound
        } else if is(EventMask::NODE_FOCUSED) {
            Moment::Node
        } else {
            Moment::Other
        };
        // A panic must not cross C; the solve goes on without this report.
        let _ = catch_unwind(AssertUnwindSafe(|| (*watch).moment(moment, &inside)));
    }
    ffi::SCIP_Retcode_SCIP_OKAY
}

pub(super) unsafe extern "C" fn on_message(
    handler: *mut ffi::SCIP_MESSAGEHDLR,
    _: *mut ffi::FILE,
    message: *const c_char,
) {
    /// A line without an end is cut here.
    const LONGEST: usize = 4096;
    if message.is_null() {
        return;
    }
    // SAFETY: the message is a C string that SCIP owns during this call; the handler's data is the boxed slot.
    unsafe {
        let slot = &*ffi::SCIPmessagehdlrGetData(handler).cast::<Slot>();
        let Some(watch) = slot.watch.get() else { return };
        let Ok(mut line) = slot.line.try_borrow_mut() else { return };
        for &byte in CStr::from_ptr(message).to_bytes() {
            if byte == b'\n' || line.len() >= LONGEST {
                let text = String::from_utf8_lossy(&line).into_owned();
                line.clear();
                let _ = catch_unwind(AssertUnwindSafe(|| (*watch).log(text.trim_end())));
            } else {
                line.push(byte);
            }
        }
    }
}

pub(super) unsafe extern "C" fn keep_error(_: *mut c_void, _: *mut ffi::FILE, message: *const c_char) {
    if message.is_null() {
        return;
    }
    // SAFETY: a C string that SCIP owns during this call.
    let text = unsafe { CStr::from_ptr(message) }.to_string_lossy();
    let mut kept = ERRORS.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() < KEPT_ERRORS {
        kept.push_str(&text);
    }
}
