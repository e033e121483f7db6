//! What Gurobi's library calls back while it runs, on threads of its own too; a panic never crosses C.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use super::api::{Api, Ptr};
use crate::contract::Progress;
use crate::loading::listen::Listener;

// Where a callback is called, and what may be asked there.
const WHERE_PRESOLVE: c_int = 1;
const WHERE_SIMPLEX: c_int = 2;
const WHERE_MIP: c_int = 3;
const WHERE_SOLUTION: c_int = 4;
const WHERE_NODE: c_int = 5;
const WHERE_MESSAGE: c_int = 6;
const WHERE_BARRIER: c_int = 7;
const SIMPLEX_ITERATIONS: c_int = 2000;
const MIP_BOUND: c_int = 3001;
const MIP_NODES: c_int = 3002;
const MIP_ITERATIONS: c_int = 3006;
const SOLUTION_VALUES: c_int = 4001;
const SOLUTION_OBJECTIVE: c_int = 4002;
const MESSAGE_TEXT: c_int = 6001;

/// What the callback reaches.
pub(super) struct Inside<'a, 'b> {
    pub(super) api: &'a Api,
    pub(super) listener: &'a Listener<'b>,
    /// Columns of the model, our own slacks of ranges included.
    pub(super) columns: usize,
}

pub(super) unsafe extern "C" fn on_moment(model: Ptr, data: *mut c_void, place: c_int, handle: *mut c_void) -> c_int {
    // SAFETY: the handle is the `Inside` of the run that is under way.
    let inside = unsafe { &*handle.cast::<Inside<'_, '_>>() };
    inside.listener.guarded((), || moment(data, place, inside));
    if inside.listener.halts() {
        // SAFETY: the model of this callback, which may be stopped from inside it.
        unsafe { (inside.api.terminate)(model) };
    }
    0
}

fn moment(data: *mut c_void, place: c_int, inside: &Inside<'_, '_>) {
    let Inside { api, listener, columns } = *inside;
    let double = |what| {
        let mut value = 0.0_f64;
        // SAFETY: inside a callback, at a place where this figure is a double.
        let code = unsafe { (api.callback_get)(data, place, what, (&raw mut value).cast()) };
        (code == 0).then_some(value)
    };
    let count = |what| double(what).map_or(0, |v| v.max(0.0) as u64);
    match place {
        WHERE_MESSAGE => {
            let mut text: *const c_char = ptr::null();
            // SAFETY: at this place the figure is a C string of Gurobi's during this call.
            unsafe {
                if (api.callback_get)(data, place, MESSAGE_TEXT, (&raw mut text).cast()) == 0 && !text.is_null() {
                    listener.log(&CStr::from_ptr(text).to_string_lossy());
                }
            }
        }
        WHERE_PRESOLVE => listener.phase("presolve"),
        WHERE_SIMPLEX => {
            listener.phase("simplex");
            listener.progress(Progress { nodes: 0, iterations: count(SIMPLEX_ITERATIONS) });
        }
        WHERE_BARRIER => listener.phase("barrier"),
        WHERE_MIP => {
            let nodes = count(MIP_NODES);
            listener.phase(if nodes == 0 { "root" } else { "search" });
            if let Some(bound) = double(MIP_BOUND) {
                listener.bound(bound);
            }
            listener.progress(Progress { nodes, iterations: count(MIP_ITERATIONS) });
        }
        WHERE_SOLUTION => {
            if let Some(objective) = double(SOLUTION_OBJECTIVE).filter(|objective| listener.improves(*objective)) {
                let mut values = vec![0.0_f64; columns];
                // SAFETY: at this place the figure is an array with a double for each column of the model.
                let code = unsafe { (api.callback_get)(data, place, SOLUTION_VALUES, values.as_mut_ptr().cast()) };
                if code == 0 {
                    listener.incumbent(objective, Some(&values));
                }
            }
        }
        WHERE_NODE => {
            if let Some(point) = listener.offered() {
                // Slacks of ranges follow from the rest: 1e101 means that a value is not known.
                let mut values = vec![1e101; columns];
                values[..point.values().len()].copy_from_slice(point.values());
                let mut objective = 0.0;
                // SAFETY: at this place a point may be handed in, with a double for each column; it is checked by Gurobi.
                unsafe { (api.callback_solution)(data, values.as_ptr(), &raw mut objective) };
            }
        }
        _ => {}
    }
}
