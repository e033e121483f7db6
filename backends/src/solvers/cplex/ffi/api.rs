//! The functions of CPLEX' library that are called, with their types.

use std::ffi::{c_char, c_double, c_int, c_longlong, c_void};

use crate::loading::ffi::functions;

pub(super) type Ptr = *mut c_void;
pub(super) type OnMessage = unsafe extern "C" fn(*mut c_void, *const c_char);
pub(super) type OnMoment = unsafe extern "C" fn(Ptr, c_longlong, *mut c_void) -> c_int;

functions! {
    /// What is called of the library.
    struct Api {
        open = c"CPXopenCPLEX"(*mut c_int) -> Ptr;
        close = c"CPXcloseCPLEX"(*mut Ptr) -> c_int;
        version = c"CPXversion"(Ptr) -> *const c_char;
        error_string = c"CPXgeterrorstring"(Ptr, c_int, *mut c_char) -> *const c_char;
        create = c"CPXcreateprob"(Ptr, *mut c_int, *const c_char) -> Ptr;
        free = c"CPXfreeprob"(Ptr, *mut Ptr) -> c_int;
        copy_lp = c"CPXcopylp"(
            Ptr, Ptr, c_int, c_int, c_int, *const c_double, *const c_double, *const c_char, *const c_int, *const c_int,
            *const c_int, *const c_double, *const c_double, *const c_double, *const c_double,
        ) -> c_int;
        change_offset = c"CPXchgobjoffset"(Ptr, Ptr, c_double) -> c_int;
        copy_kinds = c"CPXcopyctype"(Ptr, Ptr, *const c_char) -> c_int;
        copy_sets = c"CPXcopysos"(
            Ptr, Ptr, c_int, c_int, *const c_char, *const c_int, *const c_int, *const c_double, *const *const c_char,
        ) -> c_int;
        copy_quadratic = c"CPXcopyquad"(Ptr, Ptr, *const c_int, *const c_int, *const c_int, *const c_double) -> c_int;
        add_quadratic_row = c"CPXaddqconstr"(
            Ptr, Ptr, c_int, c_int, c_double, c_int, *const c_int, *const c_double, *const c_int, *const c_int,
            *const c_double, *const c_char,
        ) -> c_int;
        add_indicator = c"CPXaddindconstr"(
            Ptr, Ptr, c_int, c_int, c_int, c_double, c_int, *const c_int, *const c_double, *const c_char,
        ) -> c_int;
        set_terminate = c"CPXsetterminate"(Ptr, *mut c_int) -> c_int;
        set_defaults = c"CPXsetdefaults"(Ptr) -> c_int;
        set_int = c"CPXsetintparam"(Ptr, c_int, c_int) -> c_int;
        set_long = c"CPXsetlongparam"(Ptr, c_int, c_longlong) -> c_int;
        set_double = c"CPXsetdblparam"(Ptr, c_int, c_double) -> c_int;
        set_text = c"CPXsetstrparam"(Ptr, c_int, *const c_char) -> c_int;
        parameter_number = c"CPXgetparamnum"(Ptr, *const c_char, *mut c_int) -> c_int;
        parameter_type = c"CPXgetparamtype"(Ptr, c_int, *mut c_int) -> c_int;
        parameter_name = c"CPXgetparamname"(Ptr, c_int, *mut c_char) -> c_int;
        channels = c"CPXgetchannels"(Ptr, *mut Ptr, *mut Ptr, *mut Ptr, *mut Ptr) -> c_int;
        add_listener = c"CPXaddfuncdest"(Ptr, Ptr, *mut c_void, OnMessage) -> c_int;
        remove_listener = c"CPXdelfuncdest"(Ptr, Ptr, *mut c_void, OnMessage) -> c_int;
        set_callback = c"CPXLcallbacksetfunc"(Ptr, Ptr, c_longlong, Option<OnMoment>, *mut c_void) -> c_int;
        callback_double = c"CPXLcallbackgetinfodbl"(Ptr, c_int, *mut c_double) -> c_int;
        callback_long = c"CPXLcallbackgetinfolong"(Ptr, c_int, *mut c_longlong) -> c_int;
        callback_incumbent = c"CPXLcallbackgetincumbent"(Ptr, *mut c_double, c_int, c_int, *mut c_double) -> c_int;
        callback_post = c"CPXLcallbackpostheursoln"(Ptr, c_int, *const c_int, *const c_double, c_double, c_int) -> c_int;
        callback_abort = c"CPXLcallbackabort"(Ptr);
        optimise_lp = c"CPXlpopt"(Ptr, Ptr) -> c_int;
        optimise_qp = c"CPXqpopt"(Ptr, Ptr) -> c_int;
        optimise_barrier = c"CPXbaropt"(Ptr, Ptr) -> c_int;
        optimise_mip = c"CPXmipopt"(Ptr, Ptr) -> c_int;
        status = c"CPXgetstat"(Ptr, Ptr) -> c_int;
        status_string = c"CPXgetstatstring"(Ptr, c_int, *mut c_char) -> *const c_char;
        solution_info = c"CPXsolninfo"(Ptr, Ptr, *mut c_int, *mut c_int, *mut c_int, *mut c_int) -> c_int;
        objective = c"CPXgetobjval"(Ptr, Ptr, *mut c_double) -> c_int;
        best_bound = c"CPXgetbestobjval"(Ptr, Ptr, *mut c_double) -> c_int;
        values = c"CPXgetx"(Ptr, Ptr, *mut c_double, c_int, c_int) -> c_int;
        multipliers = c"CPXgetpi"(Ptr, Ptr, *mut c_double, c_int, c_int) -> c_int;
        reduced_costs = c"CPXgetdj"(Ptr, Ptr, *mut c_double, c_int, c_int) -> c_int;
        basis = c"CPXgetbase"(Ptr, Ptr, *mut c_int, *mut c_int) -> c_int;
        copy_basis = c"CPXcopybase"(Ptr, Ptr, *const c_int, *const c_int) -> c_int;
        ray = c"CPXgetray"(Ptr, Ptr, *mut c_double) -> c_int;
        farkas = c"CPXdualfarkas"(Ptr, Ptr, *mut c_double, *mut c_double) -> c_int;
        refine_conflict = c"CPXrefineconflictext"(
            Ptr, Ptr, c_int, c_int, *const c_double, *const c_int, *const c_int, *const c_char,
        ) -> c_int;
        conflict = c"CPXgetconflictext"(Ptr, Ptr, *mut c_int, c_int, c_int) -> c_int;
        nodes = c"CPXgetnodecnt"(Ptr, Ptr) -> c_int;
        iterations = c"CPXgetitcnt"(Ptr, Ptr) -> c_int;
        barrier_iterations = c"CPXgetbaritcnt"(Ptr, Ptr) -> c_int;
        mip_iterations = c"CPXgetmipitcnt"(Ptr, Ptr) -> c_int;
        add_starts = c"CPXaddmipstarts"(
            Ptr, Ptr, c_int, c_int, *const c_int, *const c_int, *const c_double, *const c_int, *const *const c_char,
        ) -> c_int;
        remove_starts = c"CPXdelmipstarts"(Ptr, Ptr, c_int, c_int) -> c_int;
        count_starts = c"CPXgetnummipstarts"(Ptr, Ptr) -> c_int;
    }
}
