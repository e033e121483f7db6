//! HiGHS: `Highs_passLp`, `Highs_run`, `Highs_getSolution`, `Highs_getBasis`.

use farkas_modeling::Problem;
use highs_sys as sys;

use crate::Own;
use crate::shapes::seconds;

pub fn own(p: &Problem) -> Own {
    let (n, m, entries) = (p.num_columns(), p.num_rows(), p.num_nonzeros());
    let begin = seconds();
    // SAFETY: the arrays have the lengths that are told; the instance is made, used and destroyed here.
    unsafe {
        let highs = sys::Highs_create();
        sys::Highs_setBoolOptionValue(highs, c"output_flag".as_ptr(), 0);
        sys::Highs_setStringOptionValue(highs, c"presolve".as_ptr(), c"off".as_ptr());
        sys::Highs_setStringOptionValue(highs, c"solver".as_ptr(), c"simplex".as_ptr());
        let status = sys::Highs_passLp(
            highs,
            n as i32,
            m as i32,
            entries as i32,
            sys::MATRIX_FORMAT_COLUMN_WISE,
            sys::OBJECTIVE_SENSE_MINIMIZE,
            p.offset(),
            p.cost().as_ptr(),
            p.lower().as_ptr(),
            p.upper().as_ptr(),
            p.row_lower().as_ptr(),
            p.row_upper().as_ptr(),
            p.starts().as_ptr().cast(),
            p.indices().as_ptr().cast(),
            p.values().as_ptr(),
        );
        assert_eq!(status, sys::STATUS_OK, "HiGHS takes the arrays");
        let loaded = seconds();
        assert_eq!(sys::Highs_run(highs), sys::STATUS_OK, "HiGHS solves it");
        let solved = seconds();
        let (mut x, mut d) = (vec![0.0; n], vec![0.0; n]);
        let (mut activity, mut y) = (vec![0.0; m], vec![0.0; m]);
        sys::Highs_getSolution(highs, x.as_mut_ptr(), d.as_mut_ptr(), activity.as_mut_ptr(), y.as_mut_ptr());
        let (mut columns, mut rows) = (vec![0; n], vec![0; m]);
        sys::Highs_getBasis(highs, columns.as_mut_ptr(), rows.as_mut_ptr());
        let objective = sys::Highs_getObjectiveValue(highs);
        std::hint::black_box((&x, &d, &activity, &y, &columns, &rows));
        sys::Highs_destroy(highs);
        Own { calls: seconds() - solved + loaded - begin, solve: solved - loaded, objective }
    }
}
