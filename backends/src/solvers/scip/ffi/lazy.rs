//! The constraint handler that asks for rows while SCIP searches: it stands behind all others, so that it sees candidates
//! that satisfy everything else, and it locks all variables both ways, so that presolve fixes none by dual arguments.

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use russcip::ffi;

use super::callbacks::Slot;
use super::{Scip, ScipError, Value, ok};
use crate::contract::LazyRow;

/// Asked about candidates, on the thread that solves.
pub trait Ask {
    /// Whether n values may be a solution.
    fn accepts(&mut self, values: &[f64]) -> bool;
    /// Rows that SCIP has not been given yet.
    fn take(&mut self) -> Vec<LazyRow>;
    /// Whether the solve is to end.
    fn is_over(&self) -> bool;
}

/// Enforced and checked after everything else.
const LAST: c_int = -9_999_999;

impl Scip {
    /// Includes the handler, and turns off all that would rely on knowing every row. In the problem stage, once.
    pub fn expect_rows(&mut self) -> Result<(), ScipError> {
        let data: *mut Slot = &raw mut *self.slot;
        let mut handler = ptr::null_mut();
        // SAFETY: the callbacks have the types that SCIP declares; their data is the boxed slot, which lives as long as SCIP.
        unsafe {
            let call = ffi::SCIPincludeConshdlrBasic(
                self.raw,
                &raw mut handler,
                c"farkas-lazy".as_ptr(),
                c"asks Farkas for rows".as_ptr(),
                LAST,
                LAST,
                -1,
                0,
                Some(on_enforce_lp),
                Some(on_enforce_pseudo),
                Some(on_check),
                Some(on_lock),
                data.cast(),
            );
            ok("SCIPincludeConshdlrBasic", call)
        }
    }

    /// Turns off reductions that hold only when all rows are known: dual ones, symmetry, independent parts.
    pub fn keep_all_points(&mut self) -> Result<(), ScipError> {
        self.set(c"misc/allowstrongdualreds", &Value::Bool(false))?;
        self.set(c"misc/allowweakdualreds", &Value::Bool(false))?;
        self.set(c"misc/usesymmetry", &Value::Int(0))?;
        self.set(c"constraints/components/maxprerounds", &Value::Int(0))?;
        self.set(c"constraints/components/propfreq", &Value::Int(-1))
    }

    /// Adds a row that is none of the problem's own.
    pub fn add_lazy_row(&mut self, row: &LazyRow) -> Result<(), ScipError> {
        // SAFETY: the variables are this SCIP's, in a stage where constraints may be added.
        unsafe { add(self.raw, self.vars.as_ptr(), self.vars.len(), row) }
    }
}

/// Creates a linear constraint and adds it.
///
/// # Safety
/// `vars` are `count` live original variables of `scip`, which is in a stage where constraints may be added.
unsafe fn add(
    scip: *mut ffi::SCIP,
    vars: *const *mut ffi::SCIP_VAR,
    count: usize,
    row: &LazyRow,
) -> Result<(), ScipError> {
    assert!(row.entries.iter().all(|(j, _)| (*j as usize) < count));
    // SAFETY: the caller's word, and the indices were looked at just now. Both arrays are copied by SCIP, which holds a
    // reference of its own after SCIPaddCons.
    unsafe {
        let mut of_row: Vec<*mut ffi::SCIP_VAR> = row.entries.iter().map(|(j, _)| *vars.add(*j as usize)).collect();
        let mut values: Vec<f64> = row.entries.iter().map(|entry| entry.1).collect();
        let infinity = ffi::SCIPinfinity(scip);
        let mut cons = ptr::null_mut();
        let call = ffi::SCIPcreateConsBasicLinear(
            scip,
            &raw mut cons,
            c"".as_ptr(),
            of_row.len() as c_int,
            of_row.as_mut_ptr(),
            values.as_mut_ptr(),
            row.lower.clamp(-infinity, infinity),
            row.upper.clamp(-infinity, infinity),
        );
        ok("SCIPcreateConsBasicLinear", call)?;
        ok("SCIPaddCons", ffi::SCIPaddCons(scip, cons))?;
        ok("SCIPreleaseCons", ffi::SCIPreleaseCons(scip, &raw mut cons))
    }
}

/// Asks about a solution (null is that of the node's relaxation); `None` where nobody is there to be asked.
///
/// # Safety
/// Called by SCIP with its own handle, our handler and a live solution or null, during `Scip::solve`.
unsafe fn ask<R>(
    scip: *mut ffi::SCIP,
    handler: *mut ffi::SCIP_CONSHDLR,
    sol: *mut ffi::SCIP_SOL,
    with: impl FnOnce(&mut dyn Ask, &[f64], &Slot) -> R,
) -> Option<Result<R, ffi::SCIP_RETCODE>> {
    // SAFETY: the handler's data is the boxed slot; the asker in it is alive while it is set, which is for the length of
    // `solve`, on the thread that runs this, and no other reference to it is made meanwhile: `ask` is not entered from
    // within itself, since asking calls nothing of SCIP's.
    unsafe {
        let slot = &*ffi::SCIPconshdlrGetData(handler).cast::<Slot>();
        let asker = &mut *slot.ask.get()?;
        let (vars, count) = slot.vars.get();
        let mut values = vec![0.0; count];
        let code = ffi::SCIPgetSolVals(scip, sol, count as c_int, vars, values.as_mut_ptr());
        if code != ffi::SCIP_Retcode_SCIP_OKAY {
            return Some(Err(code));
        }
        // A panic must not cross C.
        let answer = catch_unwind(AssertUnwindSafe(|| with(asker, &values, slot)));
        Some(answer.map_err(|_| ffi::SCIP_Retcode_SCIP_ERROR))
    }
}

/// Looks at the solution of a node and adds the rows that it breaks, and those that candidates broke before.
///
/// # Safety
/// As [`ask`], with a place for the result.
unsafe fn enforce(
    scip: *mut ffi::SCIP,
    handler: *mut ffi::SCIP_CONSHDLR,
    result: *mut ffi::SCIP_RESULT,
) -> ffi::SCIP_RETCODE {
    // SAFETY: the caller's word. Constraints may be added while a solution is enforced.
    unsafe {
        let asked = ask(scip, handler, ptr::null_mut(), |asker, values, slot| {
            let fine = asker.accepts(values);
            (fine, asker.take(), asker.is_over(), slot.vars.get())
        });
        let (fine, rows, over, (vars, count)) = match asked {
            None => {
                *result = ffi::SCIP_Result_SCIP_FEASIBLE;
                return ffi::SCIP_Retcode_SCIP_OKAY;
            }
            Some(Err(code)) => return code,
            Some(Ok(asked)) => asked,
        };
        for row in &rows {
            if let Err(error) = add(scip, vars, count, row) {
                return error.code;
            }
        }
        if over {
            let _ = ffi::SCIPinterruptSolve(scip);
        }
        *result = if !rows.is_empty() {
            ffi::SCIP_Result_SCIP_CONSADDED
        } else if fine {
            ffi::SCIP_Result_SCIP_FEASIBLE
        } else {
            ffi::SCIP_Result_SCIP_INFEASIBLE
        };
    }
    ffi::SCIP_Retcode_SCIP_OKAY
}

unsafe extern "C" fn on_enforce_lp(
    scip: *mut ffi::SCIP,
    handler: *mut ffi::SCIP_CONSHDLR,
    _: *mut *mut ffi::SCIP_CONS,
    _: c_int,
    _: c_int,
    _: u32,
    result: *mut ffi::SCIP_RESULT,
) -> ffi::SCIP_RETCODE {
    // SAFETY: SCIP calls this with its own handle and our handler.
    unsafe { enforce(scip, handler, result) }
}

unsafe extern "C" fn on_enforce_pseudo(
    scip: *mut ffi::SCIP,
    handler: *mut ffi::SCIP_CONSHDLR,
    _: *mut *mut ffi::SCIP_CONS,
    _: c_int,
    _: c_int,
    _: u32,
    _: u32,
    result: *mut ffi::SCIP_RESULT,
) -> ffi::SCIP_RETCODE {
    // SAFETY: as above.
    unsafe { enforce(scip, handler, result) }
}

/// Says whether a candidate may count. Its rows wait for the next node: none may be added here.
unsafe extern "C" fn on_check(
    scip: *mut ffi::SCIP,
    handler: *mut ffi::SCIP_CONSHDLR,
    _: *mut *mut ffi::SCIP_CONS,
    _: c_int,
    sol: *mut ffi::SCIP_SOL,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    result: *mut ffi::SCIP_RESULT,
) -> ffi::SCIP_RETCODE {
    // SAFETY: as above.
    unsafe {
        match ask(scip, handler, sol, |asker, values, _| (asker.accepts(values), asker.is_over())) {
            Some(Err(code)) => return code,
            Some(Ok((false, over))) => {
                if over {
                    let _ = ffi::SCIPinterruptSolve(scip);
                }
                *result = ffi::SCIP_Result_SCIP_INFEASIBLE;
            }
            Some(Ok((true, _))) | None => *result = ffi::SCIP_Result_SCIP_FEASIBLE,
        }
    }
    ffi::SCIP_Retcode_SCIP_OKAY
}

unsafe extern "C" fn on_lock(
    scip: *mut ffi::SCIP,
    handler: *mut ffi::SCIP_CONSHDLR,
    _: *mut ffi::SCIP_CONS,
    kind: ffi::SCIP_LOCKTYPE,
    down: c_int,
    up: c_int,
) -> ffi::SCIP_RETCODE {
    // SAFETY: the slot's variables are live original ones, whose locks SCIP passes on to the transformed.
    unsafe {
        let slot = &*ffi::SCIPconshdlrGetData(handler).cast::<Slot>();
        let (vars, count) = slot.vars.get();
        for at in 0..count {
            let code = ffi::SCIPaddVarLocksType(scip, *vars.add(at), kind, down + up, down + up);
            if code != ffi::SCIP_Retcode_SCIP_OKAY {
                return code;
            }
        }
    }
    ffi::SCIP_Retcode_SCIP_OKAY
}
