//! HiGHS' C interface as plainly as it can be called, to compare with.

use std::ffi::c_void;

use farkas::modeling::Problem;
use highs_sys as sys;

/// A loaded instance.
pub struct Raw {
    highs: *mut c_void,
    columns: usize,
    rows: usize,
}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: it came from `Highs_create` and is used by nobody after this.
        unsafe { sys::Highs_destroy(self.highs) };
    }
}

impl Raw {
    /// Loads a linear program, to be solved without output and presolve, by so many threads: 0 for as many as HiGHS likes.
    pub fn load(p: &Problem, threads: i32) -> Self {
        let (starts, indices): (Vec<i32>, Vec<i32>) =
            (p.starts().iter().map(|&s| s as i32).collect(), p.indices().iter().map(|&i| i as i32).collect());
        // SAFETY: the arrays have the lengths that HiGHS reads: n, m, and the number of nonzeros.
        unsafe {
            let raw = sys::Highs_create();
            sys::Highs_setBoolOptionValue(raw, c"output_flag".as_ptr(), 0);
            // Without a number of its own HiGHS counts processors twice a run.
            sys::Highs_setIntOptionValue(raw, c"threads".as_ptr(), threads);
            sys::Highs_setStringOptionValue(raw, c"presolve".as_ptr(), c"off".as_ptr());
            sys::Highs_passLp(
                raw,
                p.num_columns() as i32,
                p.num_rows() as i32,
                p.num_nonzeros() as i32,
                sys::MATRIX_FORMAT_COLUMN_WISE,
                sys::OBJECTIVE_SENSE_MINIMIZE,
                p.offset(),
                p.cost().as_ptr(),
                p.lower().as_ptr(),
                p.upper().as_ptr(),
                p.row_lower().as_ptr(),
                p.row_upper().as_ptr(),
                starts.as_ptr(),
                indices.as_ptr(),
                p.values().as_ptr(),
            );
            Self { highs: raw, columns: p.num_columns(), rows: p.num_rows() }
        }
    }

    /// Another upper bound; the lower is 0.
    pub fn upper(&mut self, column: usize, bound: f64) {
        // SAFETY: the instance is alive; HiGHS looks at the column.
        unsafe { sys::Highs_changeColBounds(self.highs, column as i32, 0.0, bound) };
    }

    /// Solves, reads everything, and returns the objective.
    pub fn run(&mut self) -> f64 {
        let (mut x, mut d) = (vec![0.0; self.columns], vec![0.0; self.columns]);
        let (mut r, mut y) = (vec![0.0; self.rows], vec![0.0; self.rows]);
        // SAFETY: HiGHS writes n and m numbers.
        unsafe {
            sys::Highs_run(self.highs);
            sys::Highs_getSolution(self.highs, x.as_mut_ptr(), d.as_mut_ptr(), r.as_mut_ptr(), y.as_mut_ptr());
            sys::Highs_getObjectiveValue(self.highs)
        }
    }
}
