//! Clp by its C interface: `Clp_loadProblem`, `Clp_dual`, and the vectors that it hands out, copied.

use std::ffi::{c_int, c_void};

use farkas_modeling::Problem;

use super::next;
use crate::Own;
use crate::ours::inside;
use crate::shapes::seconds;

/// `ClpSimplex::dual(int, int)`, on its way through the clock: a program's symbols come before those of its libraries.
#[unsafe(export_name = "_ZN10ClpSimplex4dualEii")]
unsafe extern "C" fn dual(model: *mut c_void, values_pass: c_int, options: c_int) -> c_int {
    // SAFETY: the next symbol of this name is Clp's, whose object comes first as everywhere on Linux.
    unsafe {
        let solve: unsafe extern "C" fn(*mut c_void, c_int, c_int) -> c_int =
            std::mem::transmute(next(c"_ZN10ClpSimplex4dualEii"));
        inside(|| solve(model, values_pass, options))
    }
}

// `build.rs` hands libClp to the linker.
unsafe extern "C" {
    fn Clp_newModel() -> *mut c_void;
    fn Clp_deleteModel(model: *mut c_void);
    fn Clp_loadProblem(
        model: *mut c_void,
        columns: c_int,
        rows: c_int,
        starts: *const c_int,
        indices: *const c_int,
        values: *const f64,
        lower: *const f64,
        upper: *const f64,
        cost: *const f64,
        row_lower: *const f64,
        row_upper: *const f64,
    );
    fn Clp_setLogLevel(model: *mut c_void, level: c_int);
    fn Clp_setPerturbation(model: *mut c_void, value: c_int);
    fn Clp_dual(model: *mut c_void, values_pass: c_int) -> c_int;
    fn Clp_primalColumnSolution(model: *mut c_void) -> *const f64;
    fn Clp_dualRowSolution(model: *mut c_void) -> *const f64;
    fn Clp_dualColumnSolution(model: *mut c_void) -> *const f64;
    fn Clp_statusArray(model: *mut c_void) -> *const u8;
    fn Clp_objectiveValue(model: *mut c_void) -> f64;
}

pub fn own(p: &Problem) -> Own {
    let (n, m) = (p.num_columns(), p.num_rows());
    let begin = seconds();
    // SAFETY: the arrays have the lengths that are told, and Clp's vectors n, m and n + m entries; the model is made, used
    // and deleted here.
    unsafe {
        let model = Clp_newModel();
        Clp_setLogLevel(model, 0);
        Clp_setPerturbation(model, 50);
        Clp_loadProblem(
            model,
            n as c_int,
            m as c_int,
            p.starts().as_ptr().cast(),
            p.indices().as_ptr().cast(),
            p.values().as_ptr(),
            p.lower().as_ptr(),
            p.upper().as_ptr(),
            p.cost().as_ptr(),
            p.row_lower().as_ptr(),
            p.row_upper().as_ptr(),
        );
        let loaded = seconds();
        assert_eq!(Clp_dual(model, 0), 0, "Clp solves it");
        let solved = seconds();
        let x = std::slice::from_raw_parts(Clp_primalColumnSolution(model), n).to_vec();
        let y = std::slice::from_raw_parts(Clp_dualRowSolution(model), m).to_vec();
        let d = std::slice::from_raw_parts(Clp_dualColumnSolution(model), n).to_vec();
        let basis = std::slice::from_raw_parts(Clp_statusArray(model), n + m).to_vec();
        let objective = Clp_objectiveValue(model);
        std::hint::black_box((&x, &y, &d, &basis));
        Clp_deleteModel(model);
        Own { calls: seconds() - solved + loaded - begin, solve: solved - loaded, objective }
    }
}
