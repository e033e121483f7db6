//! HiGHS' C interface made safe: every call takes slices whose lengths are checked here, and callbacks reach [`Hooks`] on
//! the thread that runs the solver and on no other. Nothing in this file decides what is solved.

mod conflict;

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::thread::{self, ThreadId};

use highs_sys as sys;
use highs_sys::HighsInt;

use super::hessian::Hessian;

/// What a callback that may stop the solver tells about its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Simplex,
    InteriorPoint,
    Mip,
}

/// Figures that come with a callback; only those that belong to its place mean anything.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    pub simplex_iterations: i64,
    pub ipm_iterations: i64,
    pub mip_nodes: i64,
    pub mip_lp_iterations: i64,
    pub mip_dual_bound: f64,
}

/// Hears HiGHS while it runs.
pub trait Hooks {
    /// A piece of log: often a line, sometimes less or more.
    fn log(&mut self, text: &str);
    /// Looked at often; `true` stops the run.
    fn tick(&mut self, place: Place, figures: &Figures) -> bool;
    /// A better feasible point of the MIP: n values in the original space.
    fn incumbent(&mut self, objective: f64, values: &[f64]);
    /// A feasible point of the MIP, better or not; only where [`Kind::MixedIntegerAll`] asks for it.
    fn further(&mut self, objective: f64, values: &[f64]);
    /// A place for a point found elsewhere: n values; `true` when it was filled.
    fn offer(&mut self, slot: &mut [f64]) -> bool;
}

/// Which callbacks to switch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    LinearProgram,
    MixedInteger,
    /// Every feasible point is told, and not only better ones.
    MixedIntegerAll,
}

/// HiGHS returned an error where it should not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed;

/// What a hook panicked with.
pub type Panic = Box<dyn Any + Send>;

/// A point and its duals, or what of them there is.
#[derive(Debug, Default)]
pub struct Solution {
    pub columns: Vec<f64>,
    pub reduced_costs: Vec<f64>,
    pub rows: Vec<f64>,
    pub row_duals: Vec<f64>,
}

/// The type of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionType {
    Bool,
    Int,
    Double,
    Text,
}

/// The arrays of a problem, borrowed for the call. Shapes: n columns, m rows, column-wise.
pub struct Arrays<'a> {
    pub maximize: bool,
    pub offset: f64,
    pub cost: &'a [f64],
    pub lower: &'a [f64],
    pub upper: &'a [f64],
    pub row_lower: &'a [f64],
    pub row_upper: &'a [f64],
    /// n + 1 positions.
    pub starts: &'a [HighsInt],
    pub indices: &'a [HighsInt],
    pub values: &'a [f64],
    /// n kinds as HiGHS numbers them, or none for an LP.
    pub kinds: Option<&'a [HighsInt]>,
}

/// Columns or rows one after the other, without the last end.
#[derive(Debug, Default)]
pub struct Wise {
    /// Where each begins.
    pub starts: Vec<HighsInt>,
    pub indices: Vec<HighsInt>,
    pub values: Vec<f64>,
}

impl Wise {
    /// Asserts what HiGHS does not look at: that every index is below `below` and every start is a place.
    fn check(&self, count: usize, below: usize) {
        assert!(self.starts.len() == count && self.indices.len() == self.values.len());
        assert!(self.starts.is_sorted() && self.starts.iter().all(|&s| s >= 0 && s as usize <= self.values.len()));
        assert!(self.indices.iter().all(|&at| at >= 0 && (at as usize) < below));
    }
}

/// One instance of HiGHS. It may move between threads, and is used by one at a time.
pub struct Instance {
    raw: NonNull<c_void>,
    columns: usize,
    rows: usize,
}

// SAFETY: a `Highs` object holds no thread-local state between calls (its task scheduler is the calling thread's, looked
// up anew in every run), and `&mut self` on every call that changes it keeps it to one thread at a time.
unsafe impl Send for Instance {}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: `raw` came from `Highs_create`, and nobody can use it after this.
        unsafe { sys::Highs_destroy(self.raw.as_ptr()) };
    }
}

/// HiGHS' version: `1.16.0`.
pub fn version() -> String {
    // SAFETY: `Highs_version` returns a static string that ends in NUL.
    unsafe { CStr::from_ptr(sys::Highs_version()) }.to_string_lossy().into_owned()
}

/// Ends the task scheduler of the calling thread, so that the next run may have another number of threads.
pub fn reset_scheduler() {
    // SAFETY: it takes no pointer; no run is under way on this thread, since a run does not return before its end and its
    // callbacks never reach here.
    unsafe { sys::Highs_resetThreadScheduler(1) };
}

fn ok(status: HighsInt) -> Result<(), Failed> {
    // A warning (1) is a success with a log line.
    if status == sys::STATUS_ERROR { Err(Failed) } else { Ok(()) }
}

fn int(length: usize) -> HighsInt {
    // A frozen problem has at most i32::MAX − 1 columns, rows and nonzeros.
    HighsInt::try_from(length).expect("a problem's sizes fit 32 bits: Problem::new refuses others")
}

impl Instance {
    /// An empty instance, or `None` when there is no memory for it.
    pub fn new() -> Option<Self> {
        // SAFETY: it takes nothing; the pointer is owned from here on.
        let raw = unsafe { sys::Highs_create() };
        Some(Self { raw: NonNull::new(raw)?, columns: 0, rows: 0 })
    }

    fn at(&self) -> *mut c_void {
        self.raw.as_ptr()
    }

    /// Loads a problem; HiGHS copies the arrays.
    pub fn load(&mut self, a: &Arrays<'_>) -> Result<(), Failed> {
        let (n, m, entries) = (a.cost.len(), a.row_lower.len(), a.values.len());
        assert!(a.lower.len() == n && a.upper.len() == n && a.row_upper.len() == m);
        assert!(a.starts.len() == n + 1 && a.indices.len() == entries && a.kinds.is_none_or(|k| k.len() == n));
        let sense = if a.maximize { sys::OBJECTIVE_SENSE_MAXIMIZE } else { sys::OBJECTIVE_SENSE_MINIMIZE };
        let format = sys::MATRIX_FORMAT_COLUMN_WISE;
        (self.columns, self.rows) = (n, m);
        // SAFETY: all arrays have the lengths that the two functions read (n, m, `entries`; n of the n + 1 starts), as
        // asserted above, and they are only read, during the call.
        ok(unsafe {
            match a.kinds {
                None => sys::Highs_passLp(
                    self.at(),
                    int(n),
                    int(m),
                    int(entries),
                    format,
                    sense,
                    a.offset,
                    a.cost.as_ptr(),
                    a.lower.as_ptr(),
                    a.upper.as_ptr(),
                    a.row_lower.as_ptr(),
                    a.row_upper.as_ptr(),
                    a.starts.as_ptr(),
                    a.indices.as_ptr(),
                    a.values.as_ptr(),
                ),
                Some(kinds) => sys::Highs_passMip(
                    self.at(),
                    int(n),
                    int(m),
                    int(entries),
                    format,
                    sense,
                    a.offset,
                    a.cost.as_ptr(),
                    a.lower.as_ptr(),
                    a.upper.as_ptr(),
                    a.row_lower.as_ptr(),
                    a.row_upper.as_ptr(),
                    a.starts.as_ptr(),
                    a.indices.as_ptr(),
                    a.values.as_ptr(),
                    kinds.as_ptr(),
                ),
            }
        })
    }

    /// Gives the loaded problem a quadratic objective: ½ xᵀQx beside its costs.
    pub fn set_hessian(&mut self, q: &Hessian) -> Result<(), Failed> {
        let n = self.columns;
        assert!(q.starts.len() == n + 1 && q.indices.len() == q.values.len());
        // SAFETY: n + 1 starts (n are read) and as many indices as values, copied during the call.
        ok(unsafe {
            sys::Highs_passHessian(
                self.at(),
                int(n),
                int(q.values.len()),
                sys::kHighsHessianFormatTriangular,
                q.starts.as_ptr(),
                q.indices.as_ptr(),
                q.values.as_ptr(),
            )
        })
    }

    pub fn set_bool(&mut self, name: &CStr, value: bool) -> Result<(), Failed> {
        // SAFETY: the name is a NUL-terminated string, read during the call.
        ok(unsafe { sys::Highs_setBoolOptionValue(self.at(), name.as_ptr(), HighsInt::from(value)) })
    }

    pub fn set_int(&mut self, name: &CStr, value: HighsInt) -> Result<(), Failed> {
        // SAFETY: as in `set_bool`.
        ok(unsafe { sys::Highs_setIntOptionValue(self.at(), name.as_ptr(), value) })
    }

    pub fn set_double(&mut self, name: &CStr, value: f64) -> Result<(), Failed> {
        // SAFETY: as in `set_bool`.
        ok(unsafe { sys::Highs_setDoubleOptionValue(self.at(), name.as_ptr(), value) })
    }

    pub fn set_text(&mut self, name: &CStr, value: &CStr) -> Result<(), Failed> {
        // SAFETY: both are NUL-terminated strings, copied during the call.
        ok(unsafe { sys::Highs_setStringOptionValue(self.at(), name.as_ptr(), value.as_ptr()) })
    }

    pub fn reset_options(&mut self) -> Result<(), Failed> {
        // SAFETY: the instance is alive.
        ok(unsafe { sys::Highs_resetOptions(self.at()) })
    }

    /// The type of an option, or `None` when there is none of that name.
    pub fn option_type(&self, name: &CStr) -> Option<OptionType> {
        let mut kind: HighsInt = 0;
        // SAFETY: the name is NUL-terminated; `kind` is written before the call returns.
        ok(unsafe { sys::Highs_getOptionType(self.at(), name.as_ptr(), &raw mut kind) }).ok()?;
        Some(match kind {
            0 => OptionType::Bool,
            1 => OptionType::Int,
            2 => OptionType::Double,
            _ => OptionType::Text,
        })
    }

    /// The names of all options.
    pub fn option_names(&self) -> Vec<String> {
        unsafe extern "C" {
            fn free(memory: *mut c_void);
        }
        // SAFETY: the instance is alive.
        let count = unsafe { sys::Highs_getNumOptions(self.at()) };
        let mut names = Vec::new();
        for index in 0..count {
            let mut name: *mut c_char = std::ptr::null_mut();
            // SAFETY: `name` is a place for one pointer, which HiGHS fills with a NUL-terminated string from `malloc`.
            let status = unsafe { sys::Highs_getOptionName(self.at(), index, &raw mut name) };
            if ok(status).is_ok() && !name.is_null() {
                // SAFETY: the string is alive until it is freed, which happens once, here.
                unsafe {
                    names.push(CStr::from_ptr(name).to_string_lossy().into_owned());
                    free(name.cast());
                }
            }
        }
        names
    }

    /// Runs `work` with the hooks attached. `Err` is the first panic of a hook; the run was asked to stop then.
    pub fn listened<R>(
        &mut self,
        kind: Kind,
        hooks: &mut dyn Hooks,
        work: impl FnOnce(&mut Self) -> R,
    ) -> Result<R, Panic> {
        let context = Context { owner: thread::current().id(), inner: RefCell::new(Inner { hooks, panic: None }) };
        let raw = (&raw const context).cast_mut().cast::<c_void>();
        // SAFETY: `context` outlives the callback, which `attached` takes off before it goes out of scope, whatever
        // `work` does. `callback` keeps what it does with it to shared reads and to the owner's thread.
        unsafe { sys::Highs_setCallback(self.at(), Some(callback), raw) };
        let attached = Attached(self.at());
        let wanted: &[HighsInt] = match kind {
            Kind::LinearProgram => {
                &[sys::kHighsCallbackLogging, sys::kHighsCallbackSimplexInterrupt, sys::kHighsCallbackIpmInterrupt]
            }
            Kind::MixedInteger | Kind::MixedIntegerAll => &[
                sys::kHighsCallbackLogging,
                sys::kHighsCallbackSimplexInterrupt,
                sys::kHighsCallbackIpmInterrupt,
                sys::kHighsCallbackMipImprovingSolution,
                sys::kHighsCallbackMipLogging,
                sys::kHighsCallbackMipInterrupt,
                sys::kHighsCallbackCallbackMipUserSolution,
            ],
        };
        let all: &[HighsInt] = if kind == Kind::MixedIntegerAll { &[sys::kHighsCallbackMipSolution] } else { &[] };
        for &topic in wanted.iter().chain(all) {
            // SAFETY: the instance is alive and has a callback.
            unsafe { sys::Highs_startCallback(self.at(), topic) };
        }
        let result = work(self);
        drop(attached);
        match context.inner.into_inner().panic {
            Some(panic) => Err(panic),
            None => Ok(result),
        }
    }

    /// Solves. The clocks go on from where they stand.
    pub fn run(&mut self) -> Result<(), Failed> {
        // SAFETY: the instance is alive.
        ok(unsafe { sys::Highs_run(self.at()) })
    }

    /// Sets the clock of the time limit to zero; it would otherwise add up over runs.
    pub fn zero_clocks(&mut self) {
        // SAFETY: the instance is alive.
        unsafe { sys::Highs_zeroAllClocks(self.at()) };
    }

    /// Forgets solution, basis and factorisation, and keeps the problem.
    pub fn clear_solver(&mut self) {
        // SAFETY: the instance is alive.
        unsafe { sys::Highs_clearSolver(self.at()) };
    }

    /// How the last run ended, as one of HiGHS' model statuses.
    pub fn status(&self) -> HighsInt {
        // SAFETY: the instance is alive.
        unsafe { sys::Highs_getModelStatus(self.at()) }
    }

    pub fn info_int(&self, name: &CStr) -> HighsInt {
        let mut value: HighsInt = 0;
        // SAFETY: the name is NUL-terminated; `value` is a place for the type that the C function writes.
        unsafe { sys::Highs_getIntInfoValue(self.at(), name.as_ptr(), &raw mut value) };
        value
    }

    pub fn info_long(&self, name: &CStr) -> i64 {
        let mut value: i64 = 0;
        // SAFETY: as in `info_int`.
        unsafe { sys::Highs_getInt64InfoValue(self.at(), name.as_ptr(), &raw mut value) };
        value
    }

    pub fn info_double(&self, name: &CStr) -> f64 {
        let mut value = f64::NAN;
        // SAFETY: as in `info_int`.
        unsafe { sys::Highs_getDoubleInfoValue(self.at(), name.as_ptr(), &raw mut value) };
        value
    }

    /// The point (and with it the duals, zero where there are none), or `None` when there is none.
    pub fn solution(&self) -> Option<Solution> {
        let mut s = Solution {
            columns: vec![0.0; self.columns],
            reduced_costs: vec![0.0; self.columns],
            rows: vec![0.0; self.rows],
            row_duals: vec![0.0; self.rows],
        };
        // SAFETY: HiGHS writes at most n, n, m and m numbers, which is what the four vectors hold.
        ok(unsafe {
            sys::Highs_getSolution(
                self.at(),
                s.columns.as_mut_ptr(),
                s.reduced_costs.as_mut_ptr(),
                s.rows.as_mut_ptr(),
                s.row_duals.as_mut_ptr(),
            )
        })
        .ok()?;
        Some(s)
    }

    /// The basis as HiGHS' statuses of n columns and m rows, or `None` when there is no valid one.
    pub fn basis(&self) -> Option<(Vec<HighsInt>, Vec<HighsInt>)> {
        let (mut columns, mut rows) = (vec![0; self.columns], vec![0; self.rows]);
        // SAFETY: HiGHS writes at most n and m statuses.
        ok(unsafe { sys::Highs_getBasis(self.at(), columns.as_mut_ptr(), rows.as_mut_ptr()) }).ok()?;
        Some((columns, rows))
    }

    pub fn set_basis(&mut self, columns: &[HighsInt], rows: &[HighsInt]) -> Result<(), Failed> {
        assert!(columns.len() == self.columns && rows.len() == self.rows);
        // SAFETY: HiGHS reads n and m statuses, as asserted.
        ok(unsafe { sys::Highs_setBasis(self.at(), columns.as_ptr(), rows.as_ptr()) })
    }

    /// A point to start from: n values.
    pub fn set_solution(&mut self, values: &[f64]) -> Result<(), Failed> {
        assert_eq!(values.len(), self.columns);
        let none = std::ptr::null();
        // SAFETY: HiGHS reads n values and takes the null pointers as absent.
        ok(unsafe { sys::Highs_setSolution(self.at(), values.as_ptr(), none, none, none) })
    }

    /// Farkas multipliers (m), if HiGHS has them or finds them by solving once more without costs and presolve.
    pub fn dual_ray(&mut self) -> Option<Vec<f64>> {
        if self.rows == 0 {
            return None; // HiGHS leaves its answer unwritten then
        }
        let mut ray = vec![0.0; self.rows];
        let mut has: HighsInt = 0;
        // SAFETY: HiGHS writes m numbers and the flag.
        ok(unsafe { sys::Highs_getDualRay(self.at(), &raw mut has, ray.as_mut_ptr()) }).ok()?;
        (has != 0).then_some(ray)
    }

    /// An unbounded direction (n), if HiGHS has it or finds it by solving once more without presolve.
    pub fn primal_ray(&mut self) -> Option<Vec<f64>> {
        if self.rows == 0 {
            return None;
        }
        let mut ray = vec![0.0; self.columns];
        let mut has: HighsInt = 0;
        // SAFETY: HiGHS writes n numbers and the flag.
        ok(unsafe { sys::Highs_getPrimalRay(self.at(), &raw mut has, ray.as_mut_ptr()) }).ok()?;
        (has != 0).then_some(ray)
    }

    /// Other costs for all n columns.
    pub fn change_costs(&mut self, cost: &[f64]) -> Result<(), Failed> {
        assert!(!cost.is_empty() && cost.len() == self.columns);
        // SAFETY: HiGHS reads the costs of columns 0 to n − 1.
        ok(unsafe { sys::Highs_changeColsCostByRange(self.at(), 0, int(self.columns - 1), cost.as_ptr()) })
    }

    /// Other bounds for all n columns.
    pub fn change_bounds(&mut self, lower: &[f64], upper: &[f64]) -> Result<(), Failed> {
        assert!(!lower.is_empty() && lower.len() == self.columns && upper.len() == self.columns);
        let last = int(self.columns - 1);
        // SAFETY: HiGHS reads the bounds of columns 0 to n − 1.
        ok(unsafe { sys::Highs_changeColsBoundsByRange(self.at(), 0, last, lower.as_ptr(), upper.as_ptr()) })
    }
}

/// Changes of an open problem. HiGHS keeps its basis where it still is one.
impl Instance {
    pub fn change_sense(&mut self, maximize: bool) -> Result<(), Failed> {
        let sense = if maximize { sys::OBJECTIVE_SENSE_MAXIMIZE } else { sys::OBJECTIVE_SENSE_MINIMIZE };
        // SAFETY: the instance is alive.
        ok(unsafe { sys::Highs_changeObjectiveSense(self.at(), sense) })
    }

    pub fn change_offset(&mut self, offset: f64) -> Result<(), Failed> {
        // SAFETY: the instance is alive.
        ok(unsafe { sys::Highs_changeObjectiveOffset(self.at(), offset) })
    }

    /// Asserts that a set is what HiGHS wants: ascending, each once, in range.
    fn check_set(set: &[HighsInt], below: usize) {
        assert!(set.windows(2).all(|w| w[0] < w[1]));
        assert!(set.first().is_none_or(|&at| at >= 0) && set.last().is_none_or(|&at| (at as usize) < below));
    }

    pub fn change_costs_of(&mut self, columns: &[HighsInt], costs: &[f64]) -> Result<(), Failed> {
        Self::check_set(columns, self.columns);
        assert_eq!(columns.len(), costs.len());
        let count = int(columns.len());
        // SAFETY: HiGHS reads `count` positions, which are columns, and as many costs.
        ok(unsafe { sys::Highs_changeColsCostBySet(self.at(), count, columns.as_ptr(), costs.as_ptr()) })
    }

    pub fn change_bounds_of(&mut self, columns: &[HighsInt], lower: &[f64], upper: &[f64]) -> Result<(), Failed> {
        Self::check_set(columns, self.columns);
        assert!(columns.len() == lower.len() && columns.len() == upper.len());
        let (count, set) = (int(columns.len()), columns.as_ptr());
        // SAFETY: HiGHS reads `count` positions, which are columns, and as many bounds of either kind.
        ok(unsafe { sys::Highs_changeColsBoundsBySet(self.at(), count, set, lower.as_ptr(), upper.as_ptr()) })
    }

    pub fn change_kinds_of(&mut self, columns: &[HighsInt], kinds: &[HighsInt]) -> Result<(), Failed> {
        Self::check_set(columns, self.columns);
        assert_eq!(columns.len(), kinds.len());
        let count = int(columns.len());
        // SAFETY: HiGHS reads `count` positions, which are columns, and as many kinds.
        ok(unsafe { sys::Highs_changeColsIntegralityBySet(self.at(), count, columns.as_ptr(), kinds.as_ptr()) })
    }

    pub fn change_sides_of(&mut self, rows: &[HighsInt], lower: &[f64], upper: &[f64]) -> Result<(), Failed> {
        Self::check_set(rows, self.rows);
        assert!(rows.len() == lower.len() && rows.len() == upper.len());
        let (count, set) = (int(rows.len()), rows.as_ptr());
        // SAFETY: HiGHS reads `count` positions, which are rows, and as many sides of either kind.
        ok(unsafe { sys::Highs_changeRowsBoundsBySet(self.at(), count, set, lower.as_ptr(), upper.as_ptr()) })
    }

    /// Sets coefficients (row, column, value); 0 takes one out. Fails without a valid basis, which HiGHS looks at unasked.
    pub fn change_coefficients(&mut self, entries: &[(HighsInt, HighsInt, f64)]) -> Result<(), Failed> {
        if self.basis().is_none() {
            return Err(Failed);
        }
        entries.iter().try_for_each(|&(row, column, value)| {
            // SAFETY: HiGHS looks at row and column itself; the column statuses that it reads are there, as was just seen,
            // and changing a coefficient keeps them.
            ok(unsafe { sys::Highs_changeCoeff(self.at(), row, column, value) })
        })
    }

    /// Adds columns with their coefficients in the rows there are.
    pub fn add_columns(&mut self, costs: &[f64], lower: &[f64], upper: &[f64], entries: &Wise) -> Result<(), Failed> {
        entries.check(costs.len(), self.rows);
        assert!(costs.len() == lower.len() && costs.len() == upper.len());
        // SAFETY: HiGHS reads as many costs, bounds and starts as there are new columns, and `entries.values.len()` indices
        // and values; the lengths and indices are asserted.
        ok(unsafe {
            sys::Highs_addCols(
                self.at(),
                int(costs.len()),
                costs.as_ptr(),
                lower.as_ptr(),
                upper.as_ptr(),
                int(entries.values.len()),
                entries.starts.as_ptr(),
                entries.indices.as_ptr(),
                entries.values.as_ptr(),
            )
        })?;
        self.columns += costs.len();
        Ok(())
    }

    /// Adds rows with the coefficients of the columns there are.
    pub fn add_rows(&mut self, lower: &[f64], upper: &[f64], entries: &Wise) -> Result<(), Failed> {
        entries.check(lower.len(), self.columns);
        assert_eq!(lower.len(), upper.len());
        // SAFETY: as in `add_columns`, with rows for columns.
        ok(unsafe {
            sys::Highs_addRows(
                self.at(),
                int(lower.len()),
                lower.as_ptr(),
                upper.as_ptr(),
                int(entries.values.len()),
                entries.starts.as_ptr(),
                entries.indices.as_ptr(),
                entries.values.as_ptr(),
            )
        })?;
        self.rows += lower.len();
        Ok(())
    }

    /// Removes the columns whose place in the mask is 1.
    pub fn remove_columns(&mut self, mut mask: Vec<HighsInt>) -> Result<(), Failed> {
        assert_eq!(mask.len(), self.columns);
        let removed = mask.iter().filter(|&&gone| gone != 0).count();
        // SAFETY: HiGHS reads and writes n places, which is what the mask has.
        ok(unsafe { sys::Highs_deleteColsByMask(self.at(), mask.as_mut_ptr()) })?;
        self.columns -= removed;
        Ok(())
    }

    /// Removes the rows whose place in the mask is 1.
    pub fn remove_rows(&mut self, mut mask: Vec<HighsInt>) -> Result<(), Failed> {
        assert_eq!(mask.len(), self.rows);
        let removed = mask.iter().filter(|&&gone| gone != 0).count();
        // SAFETY: as in `remove_columns`, with m places.
        ok(unsafe { sys::Highs_deleteRowsByMask(self.at(), mask.as_mut_ptr()) })?;
        self.rows -= removed;
        Ok(())
    }
}

/// What options are, for tests.
#[cfg(test)]
impl Instance {
    pub fn bool_is(&self, name: &CStr, value: bool) -> bool {
        let mut got: HighsInt = 0;
        // SAFETY: the name is NUL-terminated; `got` is a place for the type that the C function writes.
        ok(unsafe { sys::Highs_getBoolOptionValue(self.at(), name.as_ptr(), &raw mut got) }).is_ok()
            && (got != 0) == value
    }

    pub fn int_is(&self, name: &CStr, value: HighsInt) -> bool {
        let mut got: HighsInt = 0;
        // SAFETY: as in `bool_is`.
        ok(unsafe { sys::Highs_getIntOptionValue(self.at(), name.as_ptr(), &raw mut got) }).is_ok() && got == value
    }

    pub fn double_is(&self, name: &CStr, value: f64) -> bool {
        let mut got = f64::NAN;
        // SAFETY: as in `bool_is`.
        ok(unsafe { sys::Highs_getDoubleOptionValue(self.at(), name.as_ptr(), &raw mut got) }).is_ok() && got == value
    }

    pub fn text_is(&self, name: &CStr, value: &CStr) -> bool {
        let mut got = [0 as c_char; 4096];
        // SAFETY: HiGHS writes a string that ends in NUL, of at most `kHighsMaximumStringLength` (512) bytes.
        ok(unsafe { sys::Highs_getStringOptionValue(self.at(), name.as_ptr(), got.as_mut_ptr()) }).is_ok()
            // SAFETY: it is NUL-terminated, being zero from the start.
            && unsafe { CStr::from_ptr(got.as_ptr()) } == value
    }
}

/// Takes the callback off when dropped.
struct Attached(*mut c_void);

impl Drop for Attached {
    fn drop(&mut self) {
        // SAFETY: the instance outlives the call it is borrowed for; this clears the function, its data and every topic,
        // so that nothing is called after it.
        unsafe { sys::Highs_setCallback(self.0, None, std::ptr::null_mut()) };
    }
}

/// A NUL-terminated copy, or `None` where there is a NUL inside.
pub fn c_string(text: &str) -> Option<CString> {
    CString::new(text).ok()
}

struct Inner<'a> {
    hooks: &'a mut dyn Hooks,
    panic: Option<Panic>,
}

struct Context<'a> {
    owner: ThreadId,
    inner: RefCell<Inner<'a>>,
}

/// What HiGHS calls. It is given null or uninitialised `input` for log lines, and may log from its helper threads.
unsafe extern "C" fn callback(
    topic: c_int,
    message: *const c_char,
    output: *const sys::HighsCallbackDataOut,
    input: *mut sys::HighsCallbackDataIn,
    context: *mut c_void,
) {
    // SAFETY: `context` is the `Context` of `listened`, alive as long as the callback is set, and only ever shared.
    let context = unsafe { &*context.cast_const().cast::<Context<'_>>() };
    if thread::current().id() != context.owner {
        return;
    }
    // Of the owner's thread alone from here on; the cell is free unless a hook called back into HiGHS, which none can.
    let Ok(mut inner) = context.inner.try_borrow_mut() else { return };
    let inner = &mut *inner;
    let stopped = inner.panic.is_some();
    // SAFETY: HiGHS hands out valid structs for the length of the call; `input` is touched for no log line.
    let heard = catch_unwind(AssertUnwindSafe(|| unsafe { hear(topic, message, output, input, inner.hooks, stopped) }));
    if let Err(panic) = heard {
        // A panic must not cross into C++: it is kept, and the next tick stops the run.
        inner.panic.get_or_insert(panic);
    }
}

/// Translates one callback.
///
/// # Safety
/// `message` is null or NUL-terminated, `output` is null or valid, `input` is null or valid for every topic but logging.
unsafe fn hear(
    topic: HighsInt,
    message: *const c_char,
    output: *const sys::HighsCallbackDataOut,
    input: *mut sys::HighsCallbackDataIn,
    hooks: &mut dyn Hooks,
    stopped: bool,
) {
    if topic == sys::kHighsCallbackLogging {
        if !message.is_null() && !stopped {
            // SAFETY: the caller's promise.
            hooks.log(&unsafe { CStr::from_ptr(message) }.to_string_lossy());
        }
        return;
    }
    // SAFETY: the caller's promise.
    let (Some(output), Some(input)) = (unsafe { output.as_ref() }, unsafe { input.as_mut() }) else { return };
    let figures = Figures {
        simplex_iterations: i64::from(output.simplex_iteration_count),
        ipm_iterations: i64::from(output.ipm_iteration_count),
        mip_nodes: output.mip_node_count,
        mip_lp_iterations: output.mip_total_lp_iterations,
        mip_dual_bound: output.mip_dual_bound,
    };
    let place = match topic {
        sys::kHighsCallbackSimplexInterrupt => Some(Place::Simplex),
        sys::kHighsCallbackIpmInterrupt => Some(Place::InteriorPoint),
        sys::kHighsCallbackMipInterrupt => Some(Place::Mip),
        _ => None,
    };
    if let Some(place) = place {
        // The flag is sticky, so it is written at every call.
        input.user_interrupt = 1;
        let stop = stopped || hooks.tick(place, &figures);
        input.user_interrupt = c_int::from(stop);
        return;
    }
    input.user_interrupt = 0;
    if stopped {
        return;
    }
    match topic {
        sys::kHighsCallbackMipLogging => {
            hooks.tick(Place::Mip, &figures);
        }
        sys::kHighsCallbackMipImprovingSolution | sys::kHighsCallbackMipSolution if !output.mip_solution.is_null() => {
            let length = usize::try_from(output.mip_solution_size).unwrap_or(0);
            // SAFETY: HiGHS' vector of that length, alive and unchanged during the call.
            let values = unsafe { std::slice::from_raw_parts(output.mip_solution, length) };
            if topic == sys::kHighsCallbackMipSolution {
                hooks.further(output.objective_function_value, values);
            } else {
                hooks.incumbent(output.objective_function_value, values);
            }
        }
        sys::kHighsCallbackCallbackMipUserSolution if !input.user_solution.is_null() => {
            let length = usize::try_from(input.user_solution_size).unwrap_or(0);
            // SAFETY: HiGHS' vector of that length, ours to write during the call.
            let slot = unsafe { std::slice::from_raw_parts_mut(input.user_solution, length) };
            input.user_has_solution = c_int::from(hooks.offer(slot));
        }
        _ => {}
    }
}
