//! The functions of Xpress' library that are called, with their types.

use std::ffi::{c_char, c_double, c_int, c_longlong, c_void};

use crate::loading::ffi::functions;

pub(super) type Ptr = *mut c_void;
pub(super) type OnMessage = unsafe extern "C" fn(Ptr, *mut c_void, *const c_char, c_int, c_int);
pub(super) type OnMoment = unsafe extern "C" fn(Ptr, *mut c_void);
pub(super) type OnLog = unsafe extern "C" fn(Ptr, *mut c_void) -> c_int;
pub(super) type OnNode = unsafe extern "C" fn(Ptr, *mut c_void, *mut c_int);

functions! {
    /// What is called of the library.
    struct Api {
        init = c"XPRSinit"(*const c_char) -> c_int;
        licence_error = c"XPRSgetlicerrmsg"(*mut c_char, c_int) -> c_int;
        version = c"XPRSgetversion"(*mut c_char) -> c_int;
        create = c"XPRScreateprob"(*mut Ptr) -> c_int;
        destroy = c"XPRSdestroyprob"(Ptr) -> c_int;
        last_error = c"XPRSgetlasterror"(Ptr, *mut c_char) -> c_int;
        load = c"XPRSloadlp"(
            Ptr, *const c_char, c_int, c_int, *const c_char, *const c_double, *const c_double, *const c_double,
            *const c_int, *const c_int, *const c_int, *const c_double, *const c_double, *const c_double,
        ) -> c_int;
        change_sense = c"XPRSchgobjsense"(Ptr, c_int) -> c_int;
        change_costs = c"XPRSchgobj"(Ptr, c_int, *const c_int, *const c_double) -> c_int;
        change_types = c"XPRSchgcoltype"(Ptr, c_int, *const c_int, *const c_char) -> c_int;
        change_limits = c"XPRSchgglblimit"(Ptr, c_int, *const c_int, *const c_double) -> c_int;
        add_sets = c"XPRSaddsets"(
            Ptr, c_int, c_int, *const c_char, *const c_int, *const c_int, *const c_double,
        ) -> c_int;
        add_rows = c"XPRSaddrows"(
            Ptr, c_int, c_int, *const c_char, *const c_double, *const c_double, *const c_int, *const c_int,
            *const c_double,
        ) -> c_int;
        set_indicators = c"XPRSsetindicators"(Ptr, c_int, *const c_int, *const c_int, *const c_int) -> c_int;
        change_products = c"XPRSchgmqobj"(Ptr, c_int, *const c_int, *const c_int, *const c_double) -> c_int;
        add_row_products = c"XPRSaddqmatrix"(
            Ptr, c_int, c_int, *const c_int, *const c_int, *const c_double,
        ) -> c_int;
        set_defaults = c"XPRSsetdefaults"(Ptr) -> c_int;
        set_int = c"XPRSsetintcontrol"(Ptr, c_int, c_int) -> c_int;
        set_long = c"XPRSsetintcontrol64"(Ptr, c_int, c_longlong) -> c_int;
        set_double = c"XPRSsetdblcontrol"(Ptr, c_int, c_double) -> c_int;
        set_text = c"XPRSsetstrcontrol"(Ptr, c_int, *const c_char) -> c_int;
        control = c"XPRSgetcontrolinfo"(Ptr, *const c_char, *mut c_int, *mut c_int) -> c_int;
        attribute = c"XPRSgetattribinfo"(Ptr, *const c_char, *mut c_int, *mut c_int) -> c_int;
        get_int = c"XPRSgetintattrib"(Ptr, c_int, *mut c_int) -> c_int;
        get_double = c"XPRSgetdblattrib"(Ptr, c_int, *mut c_double) -> c_int;
        optimise_lp = c"XPRSlpoptimize"(Ptr, *const c_char) -> c_int;
        optimise_mip = c"XPRSmipoptimize"(Ptr, *const c_char) -> c_int;
        postsolve = c"XPRSpostsolve"(Ptr) -> c_int;
        interrupt = c"XPRSinterrupt"(Ptr, c_int) -> c_int;
        lp_solution = c"XPRSgetlpsol"(Ptr, *mut c_double, *mut c_double, *mut c_double, *mut c_double) -> c_int;
        mip_solution = c"XPRSgetmipsol"(Ptr, *mut c_double, *mut c_double) -> c_int;
        basis = c"XPRSgetbasis"(Ptr, *mut c_int, *mut c_int) -> c_int;
        load_basis = c"XPRSloadbasis"(Ptr, *const c_int, *const c_int) -> c_int;
        primal_ray = c"XPRSgetprimalray"(Ptr, *mut c_double, *mut c_int) -> c_int;
        dual_ray = c"XPRSgetdualray"(Ptr, *mut c_double, *mut c_int) -> c_int;
        add_start = c"XPRSaddmipsol"(Ptr, c_int, *const c_double, *const c_int, *const c_char) -> c_int;
        first_conflict = c"XPRSiisfirst"(Ptr, c_int, *mut c_int) -> c_int;
        conflict = c"XPRSgetiisdata"(
            Ptr, c_int, *mut c_int, *mut c_int, *mut c_int, *mut c_int, *mut c_char, *mut c_char, *mut c_double,
            *mut c_double, *mut c_char, *mut c_char,
        ) -> c_int;
        forget_conflicts = c"XPRSiisclear"(Ptr) -> c_int;
        on_message = c"XPRSaddcbmessage"(Ptr, OnMessage, *mut c_void, c_int) -> c_int;
        no_message = c"XPRSremovecbmessage"(Ptr, Option<OnMessage>, *mut c_void) -> c_int;
        on_solution = c"XPRSaddcbintsol"(Ptr, OnMoment, *mut c_void, c_int) -> c_int;
        no_solution = c"XPRSremovecbintsol"(Ptr, Option<OnMoment>, *mut c_void) -> c_int;
        on_time = c"XPRSaddcbchecktime"(Ptr, OnLog, *mut c_void, c_int) -> c_int;
        no_time = c"XPRSremovecbchecktime"(Ptr, Option<OnLog>, *mut c_void) -> c_int;
        on_node = c"XPRSaddcboptnode"(Ptr, OnNode, *mut c_void, c_int) -> c_int;
        no_node = c"XPRSremovecboptnode"(Ptr, Option<OnNode>, *mut c_void) -> c_int;
    }
}
