//! What Xpress' library calls back while it runs, on threads of its own too; a panic never crosses C.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use super::api::Ptr;
use super::{BY_USER, Xpress, double, int};
use crate::contract::Progress;
use crate::loading::listen::Listener;

/// What the callbacks reach.
pub(super) struct Inside<'a, 'b> {
    pub(super) xpress: &'a Xpress,
    pub(super) listener: &'a Listener<'b>,
    pub(super) mixed: bool,
}

pub(super) unsafe extern "C" fn on_message(_: Ptr, handle: *mut c_void, message: *const c_char, len: c_int, _: c_int) {
    if handle.is_null() || message.is_null() || len < 0 {
        return;
    }
    // SAFETY: the handle is the `Inside` of the run that is under way, the message a C string of Xpress' during this call.
    let (inside, message) = unsafe { (&*handle.cast::<Inside<'_, '_>>(), CStr::from_ptr(message)) };
    inside.listener.guarded((), || {
        inside.listener.log(&message.to_string_lossy());
        inside.listener.log("\n");
    });
}

/// Called often, also where nothing else is.
pub(super) unsafe extern "C" fn on_time(problem: Ptr, handle: *mut c_void) -> c_int {
    // SAFETY: the handle is the `Inside` of the run that is under way.
    let inside = unsafe { &*handle.cast::<Inside<'_, '_>>() };
    inside.listener.guarded((), || moment(problem, inside));
    // Anything but 0 would end it as if by its time limit.
    0
}

/// Tells how far it is, and stops where the listener halts.
fn moment(problem: Ptr, inside: &Inside<'_, '_>) {
    let Inside { xpress, listener, mixed } = *inside;
    let (api, a) = (&xpress.api, &xpress.attributes);
    let count = |which| u64::try_from(int(api, problem, which)).unwrap_or(0);
    let (nodes, iterations) = (count(a.nodes), count(a.simplex_iterations));
    listener.phase(match (mixed, nodes) {
        (false, _) => "simplex",
        (true, 0) => "root",
        (true, _) => "search",
    });
    if let Some(bound) = double(api, problem, a.bound).filter(|_| mixed) {
        listener.bound(bound);
    }
    listener.progress(Progress { nodes, iterations });
    if listener.halts() {
        // SAFETY: the problem of this callback, which may be interrupted from inside it.
        unsafe { (api.interrupt)(problem, BY_USER) };
    }
}

pub(super) unsafe extern "C" fn on_solution(problem: Ptr, handle: *mut c_void) {
    // SAFETY: the handle is the `Inside` of the run that is under way.
    let inside = unsafe { &*handle.cast::<Inside<'_, '_>>() };
    inside.listener.guarded((), || {
        let (api, listener) = (&inside.xpress.api, inside.listener);
        let objective = double(api, problem, inside.xpress.attributes.mip_objective);
        if let Some(objective) = objective.filter(|objective| listener.improves(*objective)) {
            let mut values = vec![0.0; listener.columns()];
            // SAFETY: n places; inside this callback the LP's solution is the new point, in the problem's own columns.
            let code = unsafe {
                let null = ptr::null_mut();
                (api.lp_solution)(problem, values.as_mut_ptr(), null, null, null)
            };
            if code == 0 {
                listener.incumbent(objective, Some(&values));
            }
        }
        moment(problem, inside);
    });
}

pub(super) unsafe extern "C" fn on_node(problem: Ptr, handle: *mut c_void, _: *mut c_int) {
    // SAFETY: the handle is the `Inside` of the run that is under way.
    let inside = unsafe { &*handle.cast::<Inside<'_, '_>>() };
    inside.listener.guarded((), || {
        moment(problem, inside);
        if let Some(point) = inside.listener.offered() {
            // SAFETY: n values; null columns mean that all are given; Xpress copies and checks the point.
            unsafe {
                let n = point.values().len() as c_int;
                (inside.xpress.api.add_start)(problem, n, point.values().as_ptr(), ptr::null(), ptr::null());
            }
        }
    });
}
