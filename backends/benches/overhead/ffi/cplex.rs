//! CPLEX: `CPXcopylp`, `CPXlpopt`, `CPXgetx` and the like, after IBM's reference manual.

use std::ffi::{c_char, c_int, c_void};
use std::path::Path;
use std::ptr;

use farkas_modeling::Problem;

use crate::Own;
use crate::shapes::seconds;

type Ptr = *mut c_void;
type CopyLp = unsafe extern "C" fn(
    Ptr,
    Ptr,
    c_int,
    c_int,
    c_int,
    *const f64,
    *const f64,
    *const c_char,
    *const c_int,
    *const c_int,
    *const c_int,
    *const f64,
    *const f64,
    *const f64,
    *const f64,
) -> c_int;
type Get = unsafe extern "C" fn(Ptr, Ptr, *mut f64, c_int, c_int) -> c_int;

/// CPLEX' arrays, which are made before the clock runs: senses, and how many entries a column has.
pub fn own(library: &Path, p: &Problem) -> Own {
    let (n, m) = (p.num_columns(), p.num_rows());
    let senses = vec![b'L'; m];
    let counts: Vec<c_int> = p.starts().windows(2).map(|w| (w[1] - w[0]) as c_int).collect();
    // SAFETY: the library is CPLEX', which stays open (the adapter holds it too); the types are the manual's, the arrays have
    // the lengths that are told, and the environment is opened, used and closed here.
    unsafe {
        let library = libloading::Library::new(library).expect("it was found");
        macro_rules! function {
            ($name:literal as $type:ty) => {
                *library.get::<$type>($name).expect("CPLEX has it")
            };
        }
        let open = function!(b"CPXopenCPLEX" as unsafe extern "C" fn(*mut c_int) -> Ptr);
        let close = function!(b"CPXcloseCPLEX" as unsafe extern "C" fn(*mut Ptr) -> c_int);
        let create = function!(b"CPXcreateprob" as unsafe extern "C" fn(Ptr, *mut c_int, *const c_char) -> Ptr);
        let free = function!(b"CPXfreeprob" as unsafe extern "C" fn(Ptr, *mut Ptr) -> c_int);
        let copy = function!(b"CPXcopylp" as CopyLp);
        let set = function!(b"CPXsetintparam" as unsafe extern "C" fn(Ptr, c_int, c_int) -> c_int);
        let optimise = function!(b"CPXlpopt" as unsafe extern "C" fn(Ptr, Ptr) -> c_int);
        let objective_of = function!(b"CPXgetobjval" as unsafe extern "C" fn(Ptr, Ptr, *mut f64) -> c_int);
        let (get_x, get_y, get_d) =
            (function!(b"CPXgetx" as Get), function!(b"CPXgetpi" as Get), function!(b"CPXgetdj" as Get));
        let basis = function!(b"CPXgetbase" as unsafe extern "C" fn(Ptr, Ptr, *mut c_int, *mut c_int) -> c_int);

        let begin = seconds();
        let mut status = 0;
        let mut env = open(&raw mut status);
        let mut lp = create(env, &raw mut status, c"own".as_ptr());
        // No screen, one thread, no presolve, dual simplex.
        for (number, value) in [(1035, 0), (1067, 1), (1030, 0), (1062, 2)] {
            assert_eq!(set(env, number, value), 0);
        }
        let status = copy(
            env,
            lp,
            n as c_int,
            m as c_int,
            1,
            p.cost().as_ptr(),
            p.row_upper().as_ptr(),
            senses.as_ptr().cast(),
            p.starts().as_ptr().cast(),
            counts.as_ptr(),
            p.indices().as_ptr().cast(),
            p.values().as_ptr(),
            p.lower().as_ptr(),
            p.upper().as_ptr(),
            ptr::null(),
        );
        assert_eq!(status, 0, "CPLEX takes the arrays");
        let loaded = seconds();
        assert_eq!(optimise(env, lp), 0, "CPLEX solves it");
        let solved = seconds();
        let (mut x, mut y, mut d) = (vec![0.0; n], vec![0.0; m], vec![0.0; n]);
        get_x(env, lp, x.as_mut_ptr(), 0, n as c_int - 1);
        get_y(env, lp, y.as_mut_ptr(), 0, m as c_int - 1);
        get_d(env, lp, d.as_mut_ptr(), 0, n as c_int - 1);
        let (mut columns, mut rows) = (vec![0; n], vec![0; m]);
        basis(env, lp, columns.as_mut_ptr(), rows.as_mut_ptr());
        let mut objective = f64::NAN;
        objective_of(env, lp, &raw mut objective);
        std::hint::black_box((&x, &y, &d, &columns, &rows));
        free(env, &raw mut lp);
        close(&raw mut env);
        Own { calls: seconds() - solved + loaded - begin, solve: solved - loaded, objective }
    }
}
