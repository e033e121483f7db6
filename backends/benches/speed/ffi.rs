//! The peers' own calls: HiGHS loading arrays, reading and writing files; CBC reading one.

use std::ffi::{CString, c_void};
use std::path::Path;

use highs_sys as sys;

use super::hand::Arrays;

/// An instance of HiGHS.
pub struct Highs(*mut c_void);

impl Drop for Highs {
    fn drop(&mut self) {
        // SAFETY: it came from `Highs_create` and is used by nobody else.
        unsafe { sys::Highs_destroy(self.0) }
    }
}

fn path(file: &Path) -> CString {
    CString::new(file.to_string_lossy().as_bytes()).expect("a path has no NUL")
}

impl Highs {
    fn silent() -> Self {
        // SAFETY: it takes nothing; the name of the option is NUL-terminated.
        unsafe {
            let raw = sys::Highs_create();
            assert!(!raw.is_null(), "no memory for HiGHS");
            sys::Highs_setBoolOptionValue(raw, c"output_flag".as_ptr(), 0);
            Self(raw)
        }
    }

    /// Hands all arrays over in one call.
    pub fn load(a: &Arrays) -> Self {
        let highs = Self::silent();
        let (n, m, entries) = (a.cost.len(), a.row_lower.len(), a.values.len());
        assert!(a.lower.len() == n && a.upper.len() == n && a.integer.len() == n);
        assert!(a.row_upper.len() == m && a.starts.len() == m + 1 && a.columns.len() == entries);
        // SAFETY: the arrays have the lengths that are told, and are read during the call only.
        let status = unsafe {
            sys::Highs_passMip(
                highs.0,
                n as i32,
                m as i32,
                entries as i32,
                sys::MATRIX_FORMAT_ROW_WISE,
                sys::OBJECTIVE_SENSE_MINIMIZE,
                0.0,
                a.cost.as_ptr(),
                a.lower.as_ptr(),
                a.upper.as_ptr(),
                a.row_lower.as_ptr(),
                a.row_upper.as_ptr(),
                a.starts.as_ptr(),
                a.columns.as_ptr(),
                a.values.as_ptr(),
                a.integer.as_ptr(),
            )
        };
        assert_eq!(status, sys::STATUS_OK, "HiGHS takes the arrays");
        highs
    }

    pub fn read(file: &Path) -> Self {
        let highs = Self::silent();
        // SAFETY: the path is NUL-terminated.
        let status = unsafe { sys::Highs_readModel(highs.0, path(file).as_ptr()) };
        assert_ne!(status, sys::STATUS_ERROR, "HiGHS reads the file");
        highs
    }

    pub fn write(&self, file: &Path) {
        // SAFETY: the instance is alive and the path NUL-terminated.
        let status = unsafe { sys::Highs_writeModel(self.0, path(file).as_ptr()) };
        assert_ne!(status, sys::STATUS_ERROR, "HiGHS writes the file");
    }

    pub fn columns(&self) -> usize {
        // SAFETY: the instance is alive.
        unsafe { sys::Highs_getNumCol(self.0) as usize }
    }
}

#[cfg(feature = "cbc")]
mod cbc {
    use std::ffi::{c_char, c_int, c_void};

    #[link(name = "CbcSolver")]
    unsafe extern "C" {
        pub fn Cbc_newModel() -> *mut c_void;
        pub fn Cbc_setLogLevel(model: *mut c_void, level: c_int);
        pub fn Cbc_readMps(model: *mut c_void, file: *const c_char) -> c_int;
        pub fn Cbc_getNumCols(model: *mut c_void) -> c_int;
        pub fn Cbc_deleteModel(model: *mut c_void);
    }
}

/// Reads a file by CBC; how many columns it found.
#[cfg(feature = "cbc")]
pub fn cbc_reads(file: &Path) -> usize {
    // SAFETY: the model is made, used and deleted here; the path is NUL-terminated.
    unsafe {
        let model = cbc::Cbc_newModel();
        cbc::Cbc_setLogLevel(model, 0);
        let errors = cbc::Cbc_readMps(model, path(file).as_ptr());
        assert_eq!(errors, 0, "CBC reads the file");
        let columns = cbc::Cbc_getNumCols(model);
        cbc::Cbc_deleteModel(model);
        columns as usize
    }
}
