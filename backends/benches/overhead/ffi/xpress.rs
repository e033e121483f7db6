//! Xpress: `XPRSloadlp`, `XPRSlpoptimize`, `XPRSgetlpsol`, `XPRSgetbasis`, after FICO's reference manual.

use std::ffi::{c_char, c_int, c_void};
use std::path::Path;
use std::ptr;

use farkas_modeling::Problem;

use crate::Own;
use crate::shapes::seconds;

type Ptr = *mut c_void;
type Load = unsafe extern "C" fn(
    Ptr,
    *const c_char,
    c_int,
    c_int,
    *const c_char,
    *const f64,
    *const f64,
    *const f64,
    *const c_int,
    *const c_int,
    *const c_int,
    *const f64,
    *const f64,
    *const f64,
) -> c_int;

/// Numbers of controls and attributes (`xprs.h`): presolve, threads, the algorithm for LPs, the objective's value.
const PRESOLVE: c_int = 8011;
const THREADS: c_int = 8278;
const ALGORITHM: c_int = 8023;
const OBJECTIVE: c_int = 2001;

/// The adapter looks for the licence beside the library, and is handed one that lies elsewhere.
pub fn name_licence(library: &Path) {
    let licence = library.parent().and_then(Path::parent).map(|folder| folder.join("bin/community-xpauth.xpr"));
    if let Some(licence) = licence.filter(|path| path.is_file())
        && std::env::var_os("XPAUTH_PATH").is_none()
    {
        // SAFETY: no other thread runs yet.
        unsafe { std::env::set_var("XPAUTH_PATH", licence) };
    }
}

/// The types of rows are made before the clock runs. The adapter has initialised the library, licence and all.
pub fn own(library: &Path, p: &Problem) -> Own {
    let (n, m) = (p.num_columns(), p.num_rows());
    let types = vec![b'L'; m];
    // SAFETY: the library is Xpress', which stays open (the adapter holds it too); the types are the manual's, the arrays
    // have the lengths that are told, and the problem is created, used and destroyed here.
    unsafe {
        let library = libloading::Library::new(library).expect("it was found");
        macro_rules! function {
            ($name:literal as $type:ty) => {
                *library.get::<$type>($name).expect("Xpress has it")
            };
        }
        let create = function!(b"XPRScreateprob" as unsafe extern "C" fn(*mut Ptr) -> c_int);
        let destroy = function!(b"XPRSdestroyprob" as unsafe extern "C" fn(Ptr) -> c_int);
        let load = function!(b"XPRSloadlp" as Load);
        let set = function!(b"XPRSsetintcontrol" as unsafe extern "C" fn(Ptr, c_int, c_int) -> c_int);
        let optimise = function!(b"XPRSlpoptimize" as unsafe extern "C" fn(Ptr, *const c_char) -> c_int);
        let get =
            function!(b"XPRSgetlpsol" as unsafe extern "C" fn(Ptr, *mut f64, *mut f64, *mut f64, *mut f64) -> c_int);
        let basis = function!(b"XPRSgetbasis" as unsafe extern "C" fn(Ptr, *mut c_int, *mut c_int) -> c_int);
        let double = function!(b"XPRSgetdblattrib" as unsafe extern "C" fn(Ptr, c_int, *mut f64) -> c_int);

        let begin = seconds();
        let mut raw = ptr::null_mut();
        assert_eq!(create(&raw mut raw), 0, "Xpress is initialised");
        for (number, value) in [(PRESOLVE, 0), (THREADS, 1), (ALGORITHM, 2)] {
            assert_eq!(set(raw, number, value), 0);
        }
        let status = load(
            raw,
            c"own".as_ptr(),
            n as c_int,
            m as c_int,
            types.as_ptr().cast(),
            p.row_upper().as_ptr(),
            ptr::null(),
            p.cost().as_ptr(),
            p.starts().as_ptr().cast(),
            ptr::null(),
            p.indices().as_ptr().cast(),
            p.values().as_ptr(),
            p.lower().as_ptr(),
            p.upper().as_ptr(),
        );
        assert_eq!(status, 0, "Xpress takes the arrays");
        let loaded = seconds();
        assert_eq!(optimise(raw, c"".as_ptr()), 0, "Xpress solves it");
        let solved = seconds();
        let (mut x, mut y, mut d) = (vec![0.0; n], vec![0.0; m], vec![0.0; n]);
        get(raw, x.as_mut_ptr(), ptr::null_mut(), y.as_mut_ptr(), d.as_mut_ptr());
        let (mut columns, mut rows) = (vec![0; n], vec![0; m]);
        basis(raw, rows.as_mut_ptr(), columns.as_mut_ptr());
        let mut objective = f64::NAN;
        double(raw, OBJECTIVE, &raw mut objective);
        std::hint::black_box((&x, &y, &d, &columns, &rows));
        destroy(raw);
        Own { calls: seconds() - solved + loaded - begin, solve: solved - loaded, objective }
    }
}
