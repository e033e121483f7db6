//! What CPLEX' library calls back while it runs, on threads of its own too; a panic never crosses C.

use std::ffi::{CStr, c_char, c_int, c_longlong, c_void};

use super::api::{Api, Ptr};
use crate::contract::Progress;
use crate::loading::listen::Listener;

/// What the callbacks reach.
pub(super) struct Inside<'a, 'b> {
    pub(super) api: &'a Api,
    pub(super) listener: &'a Listener<'b>,
}

pub(super) unsafe extern "C" fn on_message(handle: *mut c_void, text: *const c_char) {
    if handle.is_null() || text.is_null() {
        return;
    }
    // SAFETY: the handle is the `Inside` of the run that is under way, the text a C string of CPLEX' during this call.
    let (inside, text) = unsafe { (&*handle.cast::<Inside<'_, '_>>(), CStr::from_ptr(text)) };
    inside.listener.guarded((), || inside.listener.log(&text.to_string_lossy()));
}

pub(super) unsafe extern "C" fn on_moment(context: Ptr, _: c_longlong, handle: *mut c_void) -> c_int {
    // SAFETY: the handle is the `Inside` of the run that is under way.
    let inside = unsafe { &*handle.cast::<Inside<'_, '_>>() };
    inside.listener.guarded((), || moment(context, inside));
    if inside.listener.halts() {
        // SAFETY: the context is that of this call, which may be aborted from any thread.
        unsafe { (inside.api.callback_abort)(context) };
    }
    0
}

/// Reads the figures, fetches a better point, and posts one that was found elsewhere.
fn moment(context: Ptr, inside: &Inside<'_, '_>) {
    let Inside { api, listener } = *inside;
    let long = |what| {
        let mut value = 0;
        // SAFETY: inside a callback, with a place for a long.
        (unsafe { (api.callback_long)(context, what, &raw mut value) } == 0).then_some(value)
    };
    let double = |what| {
        let mut value = 0.0;
        // SAFETY: inside a callback, with a place for a double.
        (unsafe { (api.callback_double)(context, what, &raw mut value) } == 0).then_some(value)
    };
    let nodes = long(1).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    let iterations = long(2).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    listener.phase(if nodes == 0 { "root" } else { "search" });
    if long(6) == Some(1) && double(3).is_some_and(|best| listener.improves(best)) {
        let (mut values, mut objective) = (vec![0.0; listener.columns()], 0.0);
        // SAFETY: n places for the columns 0 to n − 1, of which there is at least one.
        let code = unsafe {
            let last = listener.columns() as c_int - 1;
            (api.callback_incumbent)(context, values.as_mut_ptr(), 0, last, &raw mut objective)
        };
        if code == 0 {
            listener.incumbent(objective, Some(&values));
        }
    }
    if let Some(bound) = double(4) {
        listener.bound(bound);
    }
    listener.progress(Progress { nodes, iterations });
    if let Some(point) = listener.offered() {
        let columns: Vec<c_int> = (0..point.values().len() as c_int).collect();
        let values = point.values();
        // SAFETY: n columns and n values; 1 asks CPLEX to check the point. What it thinks of it is its own affair.
        unsafe {
            let n = columns.len() as c_int;
            (api.callback_post)(context, n, columns.as_ptr(), values.as_ptr(), point.objective(), 1);
        }
    }
}
