//! The functions of Gurobi's library that are called, with their types.

use std::ffi::{c_char, c_double, c_int, c_void};

use crate::loading::ffi::functions;

pub(super) type Ptr = *mut c_void;
pub(super) type OnMoment = unsafe extern "C" fn(Ptr, *mut c_void, c_int, *mut c_void) -> c_int;

functions! {
    /// What is called of the library.
    struct Api {
        version = c"GRBversion"(*mut c_int, *mut c_int, *mut c_int);
        empty_env = c"GRBemptyenvinternal"(*mut Ptr, c_int, c_int, c_int) -> c_int;
        start_env = c"GRBstartenv"(Ptr) -> c_int;
        free_env = c"GRBfreeenv"(Ptr);
        error_text = c"GRBgeterrormsg"(Ptr) -> *const c_char;
        load = c"GRBloadmodel"(
            Ptr, *mut Ptr, *const c_char, c_int, c_int, c_int, c_double, *const c_double, *const c_char, *const c_double,
            *const c_int, *const c_int, *const c_int, *const c_double, *const c_double, *const c_double, *const c_char,
            *const *const c_char, *const *const c_char,
        ) -> c_int;
        free_model = c"GRBfreemodel"(Ptr) -> c_int;
        model_env = c"GRBgetenv"(Ptr) -> Ptr;
        update = c"GRBupdatemodel"(Ptr) -> c_int;
        reset = c"GRBreset"(Ptr, c_int) -> c_int;
        optimise = c"GRBoptimize"(Ptr) -> c_int;
        terminate = c"GRBterminate"(Ptr);
        compute_iis = c"GRBcomputeIIS"(Ptr) -> c_int;
        add_sets = c"GRBaddsos"(Ptr, c_int, c_int, *const c_int, *const c_int, *const c_int, *const c_double) -> c_int;
        add_indicator = c"GRBaddgenconstrIndicator"(
            Ptr, *const c_char, c_int, c_int, c_int, *const c_int, *const c_double, c_char, c_double,
        ) -> c_int;
        add_products = c"GRBaddqpterms"(Ptr, c_int, *const c_int, *const c_int, *const c_double) -> c_int;
        add_quadratic_row = c"GRBaddqconstr"(
            Ptr, c_int, *const c_int, *const c_double, c_int, *const c_int, *const c_int, *const c_double, c_char,
            c_double, *const c_char,
        ) -> c_int;
        set_callback = c"GRBsetcallbackfunc"(Ptr, Option<OnMoment>, *mut c_void) -> c_int;
        callback_get = c"GRBcbget"(*mut c_void, c_int, c_int, *mut c_void) -> c_int;
        callback_solution = c"GRBcbsolution"(*mut c_void, *const c_double, *mut c_double) -> c_int;
        reset_parameters = c"GRBresetparams"(Ptr) -> c_int;
        set_int = c"GRBsetintparam"(Ptr, *const c_char, c_int) -> c_int;
        set_double = c"GRBsetdblparam"(Ptr, *const c_char, c_double) -> c_int;
        set_text = c"GRBsetstrparam"(Ptr, *const c_char, *const c_char) -> c_int;
        parameter_type = c"GRBgetparamtype"(Ptr, *const c_char) -> c_int;
        parameter_count = c"GRBgetnumparams"(Ptr) -> c_int;
        parameter_name = c"GRBgetparamname"(Ptr, c_int, *mut *mut c_char) -> c_int;
        get_int = c"GRBgetintattr"(Ptr, *const c_char, *mut c_int) -> c_int;
        get_double = c"GRBgetdblattr"(Ptr, *const c_char, *mut c_double) -> c_int;
        get_doubles = c"GRBgetdblattrarray"(Ptr, *const c_char, c_int, c_int, *mut c_double) -> c_int;
        get_ints = c"GRBgetintattrarray"(Ptr, *const c_char, c_int, c_int, *mut c_int) -> c_int;
        set_doubles = c"GRBsetdblattrarray"(Ptr, *const c_char, c_int, c_int, *const c_double) -> c_int;
        set_ints = c"GRBsetintattrarray"(Ptr, *const c_char, c_int, c_int, *const c_int) -> c_int;
    }
}
