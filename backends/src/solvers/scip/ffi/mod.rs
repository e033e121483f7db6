//! SCIP's C interface behind a safe handle. Decides nothing: every method is one or a few calls of the library, and
//! every pointer it holds lives as long as the handle.

mod callbacks;
mod lazy;

use std::ffi::{CStr, CString, c_char, c_int, c_uint};
use std::ptr;
use std::sync::{Mutex, Once, PoisonError};

use farkas_modeling::problem::Product;
use russcip::ffi;

use self::callbacks::{Auxiliary, Slot, keep_error, on_event, on_exit, on_init, on_message};
pub use self::callbacks::{Inside, Moment, Watch};
pub use self::lazy::Ask;
use crate::contract::StopToken;
use crate::options::Emphasis;

/// What SCIP's last error messages said; it prints them through one process-wide hook.
static ERRORS: Mutex<String> = Mutex::new(String::new());
static HOOK: Once = Once::new();

/// The most characters kept of them.
const KEPT_ERRORS: usize = 2000;

/// A call of SCIP that did not return `SCIP_OKAY`.
#[derive(Debug, Clone, thiserror::Error)]
#[error("SCIP's {call} returned {code}{said}")]
pub struct ScipError {
    call: &'static str,
    code: c_int,
    said: String,
}

fn ok(call: &'static str, code: c_int) -> Result<(), ScipError> {
    if code == ffi::SCIP_Retcode_SCIP_OKAY {
        return Ok(());
    }
    let said = std::mem::take(&mut *ERRORS.lock().unwrap_or_else(PoisonError::into_inner));
    let said = if said.is_empty() { said } else { format!(": {}", said.trim().replace('\n', " ")) };
    Err(ScipError { call, code, said })
}

/// How a solve ended, as SCIP has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Optimal,
    Infeasible,
    Unbounded,
    InfeasibleOrUnbounded,
    Interrupted,
    Time,
    Memory,
    Nodes,
    Solutions,
    Gap,
    Primal,
    Other(c_int),
}

/// The value of a parameter, already of its type.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Bool(bool),
    Int(i32),
    Longint(i64),
    Real(f64),
    Char(u8),
    Text(CString),
}

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Int,
    Longint,
    Real,
    Char,
    Text,
}

/// One SCIP with one problem.
pub struct Scip {
    raw: *mut ffi::SCIP,
    vars: Vec<*mut ffi::SCIP_VAR>,
    conss: Vec<*mut ffi::SCIP_CONS>,
    slot: Box<Slot>,
    /// The variables of a row on its way to SCIP, which copies them.
    row: Vec<*mut ffi::SCIP_VAR>,
}

// SAFETY: SCIP keeps no thread-local state; a handle may move between threads as long as one uses it at a time, which
// `&mut self` ensures. The slot is touched by callbacks on the solving thread alone.
unsafe impl Send for Scip {}

impl Scip {
    /// An empty problem with all of SCIP's default plugins, silent.
    pub fn new() -> Result<Self, ScipError> {
        HOOK.call_once(|| {
            // SAFETY: the hook is a plain function that needs no data and lives for ever.
            unsafe { ffi::SCIPmessageSetErrorPrinting(Some(keep_error), ptr::null_mut()) };
        });
        let mut scip =
            Self { raw: ptr::null_mut(), vars: Vec::new(), conss: Vec::new(), slot: Box::default(), row: Vec::new() };
        // SAFETY: `raw` is written by SCIPcreate and used only after it succeeded; `drop` frees it. The slot is boxed,
        // so its address, which SCIP keeps as callback data, stays the same for as long as SCIP lives.
        unsafe {
            ok("SCIPcreate", ffi::SCIPcreate(&raw mut scip.raw))?;
            let data: *mut Slot = &raw mut *scip.slot;
            let mut handler = ptr::null_mut();
            ok(
                "SCIPmessagehdlrCreate",
                ffi::SCIPmessagehdlrCreate(
                    &raw mut handler,
                    0,
                    ptr::null(),
                    0,
                    Some(on_message),
                    Some(on_message),
                    Some(on_message),
                    None,
                    data.cast(),
                ),
            )?;
            ok("SCIPsetMessagehdlr", ffi::SCIPsetMessagehdlr(scip.raw, handler))?;
            ok("SCIPmessagehdlrRelease", ffi::SCIPmessagehdlrRelease(&raw mut handler))?;
            ok("SCIPincludeDefaultPlugins", ffi::SCIPincludeDefaultPlugins(scip.raw))?;
            let mut events = ptr::null_mut();
            ok(
                "SCIPincludeEventhdlrBasic",
                ffi::SCIPincludeEventhdlrBasic(
                    scip.raw,
                    &raw mut events,
                    c"farkas".as_ptr(),
                    c"reports to Farkas".as_ptr(),
                    Some(on_event),
                    data.cast(),
                ),
            )?;
            ok("SCIPsetEventhdlrInit", ffi::SCIPsetEventhdlrInit(scip.raw, events, Some(on_init)))?;
            ok("SCIPsetEventhdlrExit", ffi::SCIPsetEventhdlrExit(scip.raw, events, Some(on_exit)))?;
            ok("SCIPcreateProbBasic", ffi::SCIPcreateProbBasic(scip.raw, c"farkas".as_ptr()))?;
        }
        Ok(scip)
    }

    /// `10.0.2`.
    pub fn version() -> String {
        // SAFETY: these read constants of the library.
        unsafe { format!("{}.{}.{}", ffi::SCIPmajorVersion(), ffi::SCIPminorVersion(), ffi::SCIPtechVersion()) }
    }

    /// Maximise instead of minimise, and the objective's constant.
    pub fn set_objective(&mut self, maximize: bool, offset: f64) -> Result<(), ScipError> {
        let sense = if maximize {
            ffi::SCIP_Objsense_SCIP_OBJSENSE_MAXIMIZE
        } else {
            ffi::SCIP_Objsense_SCIP_OBJSENSE_MINIMIZE
        };
        // SAFETY: the handle is in the problem stage, where both calls belong.
        unsafe {
            ok("SCIPsetObjsense", ffi::SCIPsetObjsense(self.raw, sense))?;
            ok("SCIPaddOrigObjoffset", ffi::SCIPaddOrigObjoffset(self.raw, offset))
        }
    }

    /// Makes room for so many columns and rows.
    pub fn reserve(&mut self, columns: usize, rows: usize) {
        self.vars.reserve_exact(columns);
        self.conss.reserve_exact(rows);
    }

    /// Adds the next column.
    pub fn add_column(&mut self, lower: f64, upper: f64, cost: f64, integer: bool) -> Result<(), ScipError> {
        let kind = if !integer {
            ffi::SCIP_Vartype_SCIP_VARTYPE_CONTINUOUS
        } else if lower == 0.0 && upper == 1.0 {
            ffi::SCIP_Vartype_SCIP_VARTYPE_BINARY
        } else {
            ffi::SCIP_Vartype_SCIP_VARTYPE_INTEGER
        };
        let mut var = ptr::null_mut();
        // SAFETY: `var` is written before it is added; the reference that creation gave is kept and released in `drop`.
        // The name may be null: SCIP makes one.
        unsafe {
            let (lower, upper) = (self.finite(lower), self.finite(upper));
            let call = ffi::SCIPcreateVarBasic(self.raw, &raw mut var, ptr::null(), lower, upper, cost, kind);
            ok("SCIPcreateVarBasic", call)?;
            self.vars.push(var);
            ok("SCIPaddVar", ffi::SCIPaddVar(self.raw, var))
        }
    }

    /// Adds the next row.
    pub fn add_row(&mut self, columns: &[u32], values: &[f64], lower: f64, upper: f64) -> Result<(), ScipError> {
        assert_eq!(columns.len(), values.len());
        let mut vars = std::mem::take(&mut self.row);
        vars.clear();
        vars.extend(columns.iter().map(|&j| self.vars[j as usize]));
        let mut cons = ptr::null_mut();
        // SAFETY: both arrays have `vars.len()` entries. SCIP copies them into its own before it sorts them (`consdataCreate`
        // in cons_linear.c), and writes to neither, though the second's type would let it.
        let created = unsafe {
            let call = ffi::SCIPcreateConsBasicLinear(
                self.raw,
                &raw mut cons,
                c"".as_ptr(),
                vars.len() as c_int,
                vars.as_mut_ptr(),
                values.as_ptr().cast_mut(),
                self.finite(lower),
                self.finite(upper),
            );
            ok("SCIPcreateConsBasicLinear", call)
        };
        self.row = vars;
        created?;
        // SAFETY: it was created just now.
        unsafe { self.add(cons) }
    }

    /// Adds the next row, one with products.
    pub fn add_quadratic_row(
        &mut self,
        (columns, values): (&[u32], &[f64]),
        products: &[Product],
        lower: f64,
        upper: f64,
    ) -> Result<(), ScipError> {
        // It has no multiplier that `row_multipliers` may ask for.
        self.skip_row();
        let linear = self.vars_of(columns);
        self.add_quadratic(linear, values.to_vec(), products, (lower, upper))
    }

    /// Adds products to the objective, by a variable that is at least (when maximising: at most) their sum. To be called
    /// after all columns are there.
    pub fn add_objective_products(&mut self, maximize: bool, products: &[Product]) -> Result<(), ScipError> {
        self.add_column(f64::NEG_INFINITY, f64::INFINITY, 1.0, false)?;
        // Not one of the problem's columns: it is kept beside them.
        let Some(var) = self.vars.pop() else { return Ok(()) };
        self.slot.auxiliaries.push(Auxiliary { var, products: products.to_vec() });
        let sides = if maximize { (0.0, f64::INFINITY) } else { (f64::NEG_INFINITY, 0.0) };
        self.add_quadratic(vec![var], vec![-1.0], products, sides)
    }

    /// lower ≤ linear + products ≤ upper.
    fn add_quadratic(
        &mut self,
        mut linear: Vec<*mut ffi::SCIP_VAR>,
        mut values: Vec<f64>,
        products: &[Product],
        (lower, upper): (f64, f64),
    ) -> Result<(), ScipError> {
        let columns = |of: fn(&Product) -> u32| products.iter().map(of).collect::<Vec<_>>();
        let (mut first, mut second) = (self.vars_of(&columns(|p| p.first)), self.vars_of(&columns(|p| p.second)));
        let mut factors: Vec<f64> = products.iter().map(|p| p.value).collect();
        let mut cons = ptr::null_mut();
        // SAFETY: two arrays of `linear.len()` entries and three of `products.len()`, copied by SCIP.
        unsafe {
            let call = ffi::SCIPcreateConsBasicQuadraticNonlinear(
                self.raw,
                &raw mut cons,
                c"".as_ptr(),
                linear.len() as c_int,
                linear.as_mut_ptr(),
                values.as_mut_ptr(),
                products.len() as c_int,
                first.as_mut_ptr(),
                second.as_mut_ptr(),
                factors.as_mut_ptr(),
                self.finite(lower),
                self.finite(upper),
            );
            ok("SCIPcreateConsBasicQuadraticNonlinear", call)?;
            self.add_unnumbered(cons)
        }
    }

    /// Adds `values · columns ≤ upper`, to hold when the binary column has the value `active`. It takes the place of a
    /// row only if `as_row` says so.
    pub fn add_indicator(
        &mut self,
        (binary, active): (u32, bool),
        columns: &[u32],
        values: &[f64],
        upper: f64,
    ) -> Result<(), ScipError> {
        let mut vars = self.vars_of(columns);
        let mut values = values.to_vec();
        let mut switch = self.vars[binary as usize];
        let mut cons = ptr::null_mut();
        // SAFETY: as in `add_row`; the negated variable belongs to its variable and is not released.
        unsafe {
            if !active {
                let var = switch;
                ok("SCIPgetNegatedVar", ffi::SCIPgetNegatedVar(self.raw, var, &raw mut switch))?;
            }
            let call = ffi::SCIPcreateConsBasicIndicator(
                self.raw,
                &raw mut cons,
                c"".as_ptr(),
                switch,
                vars.len() as c_int,
                vars.as_mut_ptr(),
                values.as_mut_ptr(),
                upper,
            );
            ok("SCIPcreateConsBasicIndicator", call)?;
            self.add_unnumbered(cons)
        }
    }

    /// A row that other constraints stand for.
    pub fn skip_row(&mut self) {
        self.conss.push(ptr::null_mut());
    }

    /// Adds a special ordered set of order 1 or 2; members in ascending weight.
    pub fn add_set(&mut self, order: u8, columns: &[u32], weights: &[f64]) -> Result<(), ScipError> {
        let mut vars = self.vars_of(columns);
        let mut weights = weights.to_vec();
        let mut cons = ptr::null_mut();
        let create = if order == 1 { ffi::SCIPcreateConsBasicSOS1 } else { ffi::SCIPcreateConsBasicSOS2 };
        // SAFETY: as in `add_row`.
        unsafe {
            let call = create(
                self.raw,
                &raw mut cons,
                c"".as_ptr(),
                vars.len() as c_int,
                vars.as_mut_ptr(),
                weights.as_mut_ptr(),
            );
            ok("SCIPcreateConsBasicSOS", call)?;
            self.add_unnumbered(cons)
        }
    }

    /// The column is ≤ `at_most` or ≥ `at_least`.
    pub fn add_either(&mut self, column: u32, at_most: f64, at_least: f64) -> Result<(), ScipError> {
        let mut vars = self.vars_of(&[column, column]);
        let mut kinds = [ffi::SCIP_BoundType_SCIP_BOUNDTYPE_UPPER, ffi::SCIP_BoundType_SCIP_BOUNDTYPE_LOWER];
        let mut bounds = [at_most, at_least];
        let mut cons = ptr::null_mut();
        // SAFETY: three arrays of two entries, copied by SCIP.
        unsafe {
            let call = ffi::SCIPcreateConsBasicBounddisjunction(
                self.raw,
                &raw mut cons,
                c"".as_ptr(),
                2,
                vars.as_mut_ptr(),
                kinds.as_mut_ptr(),
                bounds.as_mut_ptr(),
            );
            ok("SCIPcreateConsBasicBounddisjunction", call)?;
            self.add_unnumbered(cons)
        }
    }

    /// Adds a constraint that is a row of the problem; its reference is kept for its multipliers.
    ///
    /// # Safety
    /// `cons` was created by this SCIP just now.
    unsafe fn add(&mut self, cons: *mut ffi::SCIP_CONS) -> Result<(), ScipError> {
        self.conss.push(cons);
        // SAFETY: the caller's word.
        unsafe { ok("SCIPaddCons", ffi::SCIPaddCons(self.raw, cons)) }
    }

    /// Adds a constraint that is no row, and gives its reference back.
    ///
    /// # Safety
    /// `cons` was created by this SCIP just now.
    unsafe fn add_unnumbered(&mut self, mut cons: *mut ffi::SCIP_CONS) -> Result<(), ScipError> {
        // SAFETY: the caller's word; SCIP holds a reference of its own after SCIPaddCons.
        unsafe {
            ok("SCIPaddCons", ffi::SCIPaddCons(self.raw, cons))?;
            ok("SCIPreleaseCons", ffi::SCIPreleaseCons(self.raw, &raw mut cons))
        }
    }

    fn vars_of(&self, columns: &[u32]) -> Vec<*mut ffi::SCIP_VAR> {
        columns.iter().map(|&j| self.vars[j as usize]).collect()
    }

    fn finite(&self, v: f64) -> f64 {
        // SAFETY: reads a setting of a live SCIP.
        let infinity = unsafe { ffi::SCIPinfinity(self.raw) };
        v.clamp(-infinity, infinity)
    }

    /// The type of a parameter, or `None` where there is none of that name.
    pub fn kind(&self, name: &CStr) -> Option<Kind> {
        // SAFETY: SCIPgetParam answers null for an unknown name.
        let kind = unsafe {
            let param = ffi::SCIPgetParam(self.raw, name.as_ptr());
            if param.is_null() {
                return None;
            }
            ffi::SCIPparamGetType(param)
        };
        Some(match kind {
            ffi::SCIP_ParamType_SCIP_PARAMTYPE_BOOL => Kind::Bool,
            ffi::SCIP_ParamType_SCIP_PARAMTYPE_INT => Kind::Int,
            ffi::SCIP_ParamType_SCIP_PARAMTYPE_LONGINT => Kind::Longint,
            ffi::SCIP_ParamType_SCIP_PARAMTYPE_REAL => Kind::Real,
            ffi::SCIP_ParamType_SCIP_PARAMTYPE_CHAR => Kind::Char,
            _ => Kind::Text,
        })
    }

    /// The names of all parameters.
    pub fn parameters(&self) -> Vec<String> {
        // SAFETY: the array has as many entries as SCIP says, each with a name that lives as long as SCIP.
        unsafe {
            let (params, count) = (ffi::SCIPgetParams(self.raw), ffi::SCIPgetNParams(self.raw));
            (0..count.max(0) as usize)
                .map(|i| CStr::from_ptr(ffi::SCIPparamGetName(*params.add(i))).to_string_lossy().into_owned())
                .collect()
        }
    }

    /// Sets a parameter; the value has the parameter's type.
    pub fn set(&mut self, name: &CStr, value: &Value) -> Result<(), ScipError> {
        let (scip, name) = (self.raw, name.as_ptr());
        // SAFETY: SCIP checks name, type and range, and copies texts.
        let code = unsafe {
            match value {
                Value::Bool(v) => ffi::SCIPsetBoolParam(scip, name, c_uint::from(*v)),
                Value::Int(v) => ffi::SCIPsetIntParam(scip, name, *v),
                Value::Longint(v) => ffi::SCIPsetLongintParam(scip, name, *v),
                Value::Real(v) => ffi::SCIPsetRealParam(scip, name, *v),
                Value::Char(v) => ffi::SCIPsetCharParam(scip, name, *v as c_char),
                Value::Text(v) => ffi::SCIPsetStringParam(scip, name, v.as_ptr()),
            }
        };
        ok("parameter setting", code)
    }

    /// Turns presolve off.
    pub fn presolve_off(&mut self) -> Result<(), ScipError> {
        let off = ffi::SCIP_ParamSetting_SCIP_PARAMSETTING_OFF;
        // SAFETY: sets parameters of a live SCIP in the problem stage.
        unsafe { ok("SCIPsetPresolving", ffi::SCIPsetPresolving(self.raw, off, 1)) }
    }

    /// Sets the many parameters that an emphasis stands for.
    pub fn set_emphasis(&mut self, emphasis: Emphasis) -> Result<(), ScipError> {
        let emphasis = match emphasis {
            Emphasis::Balanced => return Ok(()),
            Emphasis::Feasibility => ffi::SCIP_ParamEmphasis_SCIP_PARAMEMPHASIS_FEASIBILITY,
            Emphasis::Optimality => ffi::SCIP_ParamEmphasis_SCIP_PARAMEMPHASIS_OPTIMALITY,
        };
        // SAFETY: sets parameters of a live SCIP in the problem stage.
        unsafe { ok("SCIPsetEmphasis", ffi::SCIPsetEmphasis(self.raw, emphasis, 1)) }
    }

    /// Leaves out what cannot lead to a point at least this good, in the problem's own sense.
    pub fn cut_off(&mut self, objective: f64) -> Result<(), ScipError> {
        // SAFETY: a number for a live SCIP in the problem stage.
        unsafe { ok("SCIPsetObjlimit", ffi::SCIPsetObjlimit(self.raw, objective)) }
    }

    /// Turns off all that would change the LP or find points elsewhere: what remains is one LP, with its multipliers.
    pub fn plain_lp(&mut self) -> Result<(), ScipError> {
        self.presolve_off()?;
        let off = ffi::SCIP_ParamSetting_SCIP_PARAMSETTING_OFF;
        // SAFETY: as above.
        unsafe {
            ok("SCIPsetHeuristics", ffi::SCIPsetHeuristics(self.raw, off, 1))?;
            ok("SCIPsetSeparating", ffi::SCIPsetSeparating(self.raw, off, 1))?;
        }
        self.set(c"propagating/maxrounds", &Value::Int(0))?;
        self.set(c"propagating/maxroundsroot", &Value::Int(0))
    }

    /// Hands in a start: n values, NaN where nothing is known.
    pub fn add_start(&mut self, point: &[f64]) -> Result<(), ScipError> {
        let partial = point.iter().any(|v| v.is_nan());
        let mut sol = ptr::null_mut();
        let mut stored = 0;
        // SAFETY: the problem stage allows both kinds of solution; SCIPaddSolFree takes `sol` back.
        unsafe {
            if partial {
                ok("SCIPcreatePartialSol", ffi::SCIPcreatePartialSol(self.raw, &raw mut sol, ptr::null_mut()))?;
            } else {
                ok("SCIPcreateSol", ffi::SCIPcreateSol(self.raw, &raw mut sol, ptr::null_mut()))?;
            }
            for (&var, &v) in self.vars.iter().zip(point).filter(|(_, v)| v.is_finite()) {
                ok("SCIPsetSolVal", ffi::SCIPsetSolVal(self.raw, sol, var, v))?;
            }
            for auxiliary in self.slot.auxiliaries.iter().filter(|_| !partial) {
                let value = auxiliary.value(point);
                ok("SCIPsetSolVal", ffi::SCIPsetSolVal(self.raw, sol, auxiliary.var, value))?;
            }
            ok("SCIPaddSolFree", ffi::SCIPaddSolFree(self.raw, &raw mut sol, &raw mut stored))
        }
    }

    /// Solves. `watch` is called meanwhile, and `ask` after [`expect_rows`](Self::expect_rows), on this thread; `stop`
    /// interrupts from any other.
    pub fn solve(&mut self, watch: &dyn Watch, ask: Option<&mut dyn Ask>, stop: &StopToken) -> Result<(), ScipError> {
        struct Raw(*mut ffi::SCIP);
        // SAFETY: the pointer is used for the two interrupts alone, which set flags and may be called from any thread.
        unsafe impl Send for Raw {}
        // SAFETY: as above.
        unsafe impl Sync for Raw {}
        impl Raw {
            /// Ends the search after its node, and the LP that runs now (SoPlex looks at its flag at every pivot; without
            /// it a long LP goes on for as long as it takes).
            fn interrupt(&self) {
                // SAFETY: the waker that calls this is unregistered (its guard dropped) before `solve` returns, so SCIP
                // is alive. Setting a flag fails only in stages without a solve, where there is nothing to stop.
                unsafe {
                    let _ = ffi::SCIPinterruptSolve(self.0);
                    if ffi::SCIPgetStage(self.0) == ffi::SCIP_Stage_SCIP_STAGE_SOLVING {
                        let _ = ffi::SCIPinterruptLP(self.0, 1);
                    }
                }
            }
        }
        let raw = Raw(self.raw);
        let guard = stop.on_stop(move || raw.interrupt());
        #[allow(clippy::transmute_ptr_to_ptr)] // an `as` cast cannot lengthen the lifetime of a trait object
        // SAFETY: the lifetime is erased for the length of this call alone; the slot is emptied before it returns.
        let erased: *const (dyn Watch + 'static) =
            unsafe { std::mem::transmute::<*const dyn Watch, _>(ptr::from_ref(watch)) };
        self.slot.watch.set(Some(erased));
        #[allow(clippy::transmute_ptr_to_ptr)]
        let erase = |ask: &mut (dyn Ask + '_)| {
            let ask: *mut (dyn Ask + '_) = ask;
            // SAFETY: as for the watch.
            unsafe { std::mem::transmute::<*mut (dyn Ask + '_), *mut (dyn Ask + 'static)>(ask) }
        };
        self.slot.ask.set(ask.map(erase));
        self.slot.vars.set((self.vars.as_mut_ptr(), self.vars.len()));
        // SAFETY: the handle is in the problem stage; callbacks reach the slot, which lives as long as `self`.
        let result = unsafe { ok("SCIPsolve", ffi::SCIPsolve(self.raw)) };
        self.slot.watch.set(None);
        self.slot.ask.set(None);
        drop(guard);
        result
    }

    /// Goes back to the problem as it was loaded, with all parameters at their defaults.
    pub fn reset(&mut self) -> Result<(), ScipError> {
        // SAFETY: both calls are allowed in every stage a finished solve can leave behind.
        unsafe {
            ok("SCIPfreeTransform", ffi::SCIPfreeTransform(self.raw))?;
            ok("SCIPresetParams", ffi::SCIPresetParams(self.raw))
        }
    }

    /// How it ended.
    pub fn status(&self) -> Status {
        // SAFETY: reads the state of a live SCIP.
        match unsafe { ffi::SCIPgetStatus(self.raw) } {
            ffi::SCIP_Status_SCIP_STATUS_OPTIMAL => Status::Optimal,
            ffi::SCIP_Status_SCIP_STATUS_INFEASIBLE => Status::Infeasible,
            ffi::SCIP_Status_SCIP_STATUS_UNBOUNDED => Status::Unbounded,
            ffi::SCIP_Status_SCIP_STATUS_INFORUNBD => Status::InfeasibleOrUnbounded,
            ffi::SCIP_Status_SCIP_STATUS_USERINTERRUPT | ffi::SCIP_Status_SCIP_STATUS_TERMINATE => Status::Interrupted,
            ffi::SCIP_Status_SCIP_STATUS_TIMELIMIT => Status::Time,
            ffi::SCIP_Status_SCIP_STATUS_MEMLIMIT => Status::Memory,
            ffi::SCIP_Status_SCIP_STATUS_NODELIMIT
            | ffi::SCIP_Status_SCIP_STATUS_TOTALNODELIMIT
            | ffi::SCIP_Status_SCIP_STATUS_STALLNODELIMIT => Status::Nodes,
            ffi::SCIP_Status_SCIP_STATUS_SOLLIMIT | ffi::SCIP_Status_SCIP_STATUS_BESTSOLLIMIT => Status::Solutions,
            ffi::SCIP_Status_SCIP_STATUS_GAPLIMIT => Status::Gap,
            ffi::SCIP_Status_SCIP_STATUS_PRIMALLIMIT => Status::Primal,
            other => Status::Other(other as c_int),
        }
    }

    /// What may be asked after a solve.
    pub fn after(&mut self) -> Inside<'_> {
        Inside {
            raw: self.raw,
            vars: self.vars.as_mut_ptr(),
            count: self.vars.len(),
            auxiliaries: &self.slot.auxiliaries,
        }
    }

    /// One multiplier a row, in the sense of SCIP's transformed problem, which minimises. 0 for rows that have none.
    pub fn row_multipliers(&mut self) -> Vec<f64> {
        let of = |&cons: &*mut ffi::SCIP_CONS| {
            let mut transformed = ptr::null_mut();
            // SAFETY: each constraint is a live linear one or null; its transformed one may be gone (null).
            unsafe {
                let found = !cons.is_null()
                    && ok("", ffi::SCIPgetTransformedCons(self.raw, cons, &raw mut transformed)).is_ok()
                    && !transformed.is_null();
                if found { ffi::SCIPgetDualsolLinear(self.raw, transformed) } else { 0.0 }
            }
        };
        self.conss.iter().map(of).collect()
    }

    /// A direction of unbounded improvement, if SCIP has one.
    pub fn primal_ray(&self) -> Option<Vec<f64>> {
        // SAFETY: the ray is asked for only when SCIP says that there is one; every variable is an original one.
        unsafe {
            (ffi::SCIPhasPrimalRay(self.raw) != 0)
                .then(|| self.vars.iter().map(|&var| ffi::SCIPgetPrimalRayVal(self.raw, var)).collect())
        }
    }
}

impl Drop for Scip {
    fn drop(&mut self) {
        // SAFETY: every reference kept is released once, then SCIP itself. A failure leaks, and harms nothing.
        unsafe {
            if self.raw.is_null() {
                return;
            }
            let _ = ffi::SCIPfreeTransform(self.raw);
            for cons in self.conss.iter_mut().filter(|c| !c.is_null()) {
                let _ = ffi::SCIPreleaseCons(self.raw, cons);
            }
            for auxiliary in &mut self.slot.auxiliaries {
                let _ = ffi::SCIPreleaseVar(self.raw, &raw mut auxiliary.var);
            }
            for var in &mut self.vars {
                let _ = ffi::SCIPreleaseVar(self.raw, var);
            }
            let _ = ffi::SCIPfree(&raw mut self.raw);
        }
    }
}
