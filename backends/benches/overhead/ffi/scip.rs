//! SCIP: a variable a column, a linear constraint a row, `SCIPsolve`, the best solution and a multiplier a constraint.

use std::ffi::c_int;
use std::ptr;

use farkas_modeling::Problem;
use russcip::ffi;

use super::next;
use crate::Own;
use crate::ours::inside;
use crate::shapes::seconds;

/// SCIP's own, on its way through the clock: a program's symbols come before those of its libraries.
#[unsafe(no_mangle)]
unsafe extern "C" fn SCIPsolve(scip: *mut ffi::SCIP) -> ffi::SCIP_RETCODE {
    // SAFETY: the next symbol of this name is SCIP's, of this type.
    unsafe {
        let solve: unsafe extern "C" fn(*mut ffi::SCIP) -> ffi::SCIP_RETCODE = std::mem::transmute(next(c"SCIPsolve"));
        inside(|| solve(scip))
    }
}

fn ok(code: c_int) {
    assert_eq!(code, ffi::SCIP_Retcode_SCIP_OKAY, "SCIP does what it is asked");
}

/// A SCIP that prints nothing and changes nothing of an LP.
unsafe fn silent() -> *mut ffi::SCIP {
    let mut scip = ptr::null_mut();
    let off = ffi::SCIP_ParamSetting_SCIP_PARAMSETTING_OFF;
    // SAFETY: the handle is made here; names are NUL-terminated.
    unsafe {
        ok(ffi::SCIPcreate(&raw mut scip));
        ffi::SCIPsetMessagehdlrQuiet(scip, 1);
        ok(ffi::SCIPincludeDefaultPlugins(scip));
        ok(ffi::SCIPcreateProbBasic(scip, c"own".as_ptr()));
        ok(ffi::SCIPsetPresolving(scip, off, 1));
        ok(ffi::SCIPsetHeuristics(scip, off, 1));
        ok(ffi::SCIPsetSeparating(scip, off, 1));
        ok(ffi::SCIPsetIntParam(scip, c"propagating/maxrounds".as_ptr(), 0));
        ok(ffi::SCIPsetIntParam(scip, c"propagating/maxroundsroot".as_ptr(), 0));
    }
    scip
}

/// Own calls where the rows are at hand.
pub fn own_by_rows(p: &Problem) -> Own {
    p.by_rows();
    own(p)
}

/// Own calls; rows that are not at hand are made of the columns first, as everybody does who has columns: by counting.
pub fn own(p: &Problem) -> Own {
    let (n, m) = (p.num_columns(), p.num_rows());
    let begin = seconds();
    let by_rows = p.by_rows();
    // SAFETY: every array has the length that is told; what is created is released once, and the handle freed last.
    unsafe {
        let mut scip = silent();
        let infinity = ffi::SCIPinfinity(scip);
        let mut vars = vec![ptr::null_mut(); n];
        for (j, var) in vars.iter_mut().enumerate() {
            let (lower, upper, cost) = (p.lower()[j], p.upper()[j], p.cost()[j]);
            let kind = ffi::SCIP_Vartype_SCIP_VARTYPE_CONTINUOUS;
            ok(ffi::SCIPcreateVarBasic(scip, &raw mut *var, ptr::null(), lower, upper, cost, kind));
            ok(ffi::SCIPaddVar(scip, *var));
        }
        let mut conss = vec![ptr::null_mut(); m];
        let (mut row, mut copied) = (Vec::new(), Vec::new());
        for (i, cons) in conss.iter_mut().enumerate() {
            let (columns, values) = by_rows.row(i);
            row.clear();
            row.extend(columns.iter().map(|&j| vars[j as usize]));
            copied.clear();
            copied.extend_from_slice(values);
            ok(ffi::SCIPcreateConsBasicLinear(
                scip,
                &raw mut *cons,
                c"".as_ptr(),
                row.len() as c_int,
                row.as_mut_ptr(),
                copied.as_mut_ptr(),
                p.row_lower()[i].max(-infinity),
                p.row_upper()[i].min(infinity),
            ));
            ok(ffi::SCIPaddCons(scip, *cons));
        }
        let loaded = seconds();
        ok(SCIPsolve(scip));
        let solved = seconds();
        let mut x = vec![0.0; n];
        let best = ffi::SCIPgetBestSol(scip);
        assert!(!best.is_null(), "SCIP solves it");
        ok(ffi::SCIPgetSolVals(scip, best, n as c_int, vars.as_mut_ptr(), x.as_mut_ptr()));
        let objective = ffi::SCIPgetSolOrigObj(scip, best);
        let multiplier = |cons: &*mut ffi::SCIP_CONS| {
            let mut transformed = ptr::null_mut();
            ok(ffi::SCIPgetTransformedCons(scip, *cons, &raw mut transformed));
            if transformed.is_null() { 0.0 } else { ffi::SCIPgetDualsolLinear(scip, transformed) }
        };
        let y: Vec<f64> = conss.iter().map(multiplier).collect();
        // SCIP has no call for all reduced costs at once, and no call for any once the tree is gone.
        std::hint::black_box((&x, &y));
        ok(ffi::SCIPfreeTransform(scip));
        for cons in &mut conss {
            ok(ffi::SCIPreleaseCons(scip, &raw mut *cons));
        }
        for var in &mut vars {
            ok(ffi::SCIPreleaseVar(scip, &raw mut *var));
        }
        ok(ffi::SCIPfree(&raw mut scip));
        Own { calls: seconds() - solved + loaded - begin, solve: solved - loaded, objective }
    }
}
