//! Gurobi's C library made safe: every call takes slices whose lengths are checked here, and callbacks reach the listener of
//! the run that is under way. Nothing in this file decides what is solved.
//!
//! Types and names are those of the "Gurobi Optimizer Reference Manual, C API", the same from 9.0 to 13. The log comes by
//! the message callback: `GRBsetlogcallbackfunc` changed its shape between versions.

mod api;
mod callbacks;

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use api::{Api, Ptr};
use callbacks::{Inside, on_moment};

use crate::loading::engine::Fault;
use crate::loading::ffi::Library;
use crate::loading::listen::Listener;
use crate::loading::matrix::Matrix;

/// `GRB_ERROR_NO_LICENSE`.
const NO_LICENCE: c_int = 10_009;

/// `GRB_ERROR_SIZE_LIMIT_EXCEEDED`.
const TOO_LARGE: c_int = 10_010;

/// `GRB_ERROR_IIS_NOT_INFEASIBLE`: no conflict in what is feasible.
const FEASIBLE: c_int = 10_015;

/// `GRB_MAX_NAMELEN` and more.
const NAME_BYTES: usize = 512;

/// The library with an environment, which holds the licence.
pub struct Gurobi {
    api: Api,
    env: NonNull<c_void>,
    version: (i32, i32, i32),
}

// SAFETY: an environment serves several models; each model copies it when it is loaded, which `instance` does under no
// other use of it, and afterwards the models are on their own.
unsafe impl Send for Gurobi {}
// SAFETY: as above; loading models is what is done through a shared reference, and is guarded by `LOCK`.
unsafe impl Sync for Gurobi {}

/// Held while a model is made: that alone touches the shared environment.
static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());

impl Drop for Gurobi {
    fn drop(&mut self) {
        // SAFETY: the models hold an `Arc` of this, so that all are freed.
        unsafe { (self.api.free_env)(self.env.as_ptr()) };
    }
}

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterType {
    Int,
    Double,
    Text,
}

/// A parameter's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Int(i32),
    Double(f64),
    Text(CString),
}

/// The arrays of a problem, borrowed for the call. Shapes: n columns, m rows, column-wise.
pub struct Arrays<'a> {
    pub maximize: bool,
    pub offset: f64,
    pub cost: &'a [f64],
    pub lower: &'a [f64],
    pub upper: &'a [f64],
    /// n letters of kinds.
    pub kinds: &'a [u8],
    /// m right-hand sides and senses (`<`, `>`, `=`).
    pub sides: &'a [f64],
    pub senses: &'a [u8],
    pub matrix: Matrix<'a>,
}

impl Gurobi {
    /// Takes the functions out of a library and starts an environment.
    ///
    /// # Errors
    /// When it lacks a function, or what it says about its licence.
    pub fn of(library: &Library) -> Result<Self, Fault> {
        let api = Api::of(library).map_err(Fault::Failed)?;
        let (mut major, mut minor, mut technical) = (0, 0, 0);
        let mut raw = ptr::null_mut();
        // SAFETY: places for three ints and a pointer, which is checked.
        let code = unsafe {
            (api.version)(&raw mut major, &raw mut minor, &raw mut technical);
            (api.empty_env)(&raw mut raw, major, minor, technical)
        };
        let Some(env) = NonNull::new(raw) else {
            return Err(Fault::Failed(format!("no environment could be made (error {code})")));
        };
        let gurobi = Self { api, env, version: (major, minor, technical) };
        gurobi.check(env.as_ptr(), code)?;
        // Before it starts, which prints.
        gurobi.set_in(env.as_ptr(), c"LogToConsole", &Value::Int(0))?;
        // SAFETY: the environment was made and not started yet.
        let code = unsafe { (gurobi.api.start_env)(env.as_ptr()) };
        gurobi.check(env.as_ptr(), code)?;
        Ok(gurobi)
    }

    /// Major, minor and technical version.
    pub fn version(&self) -> (i32, i32, i32) {
        self.version
    }

    fn fault(&self, env: Ptr, code: c_int) -> Fault {
        // SAFETY: the message is a C string that lives as long as the environment.
        let says = unsafe {
            let text = (self.api.error_text)(env);
            if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().trim().to_owned() }
        };
        let says = if says.is_empty() { format!("error {code}") } else { format!("error {code}: {says}") };
        match code {
            NO_LICENCE => Fault::NoLicense(says),
            TOO_LARGE => Fault::TooLarge(says),
            _ => Fault::Failed(says),
        }
    }

    fn check(&self, env: Ptr, code: c_int) -> Result<(), Fault> {
        if code == 0 { Ok(()) } else { Err(self.fault(env, code)) }
    }

    fn set_in(&self, env: Ptr, name: &CStr, value: &Value) -> Result<(), Fault> {
        // SAFETY: an environment, a C string, and a plain number or a C string that is copied.
        let code = unsafe {
            match value {
                Value::Int(v) => (self.api.set_int)(env, name.as_ptr(), *v),
                Value::Double(v) => (self.api.set_double)(env, name.as_ptr(), *v),
                Value::Text(v) => (self.api.set_text)(env, name.as_ptr(), v.as_ptr()),
            }
        };
        self.check(env, code)
    }

    /// A model of these arrays.
    ///
    /// # Errors
    /// What Gurobi says.
    pub fn instance(self: &Arc<Self>, a: &Arrays<'_>) -> Result<Instance, Fault> {
        let (n, m) = (a.cost.len(), a.sides.len());
        assert!(a.lower.len() == n && a.upper.len() == n && a.kinds.len() == n && a.matrix.columns() == n);
        assert!(a.senses.len() == m && a.matrix.rows() == m);
        let counts = a.matrix.counts();
        let mut raw = ptr::null_mut();
        let guard = LOCK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // SAFETY: all arrays have the lengths that n, m, starts and counts say, as was asserted and as a `Matrix` has
        // it; Gurobi copies all, and takes null for no names.
        let code = unsafe {
            (self.api.load)(
                self.env.as_ptr(),
                &raw mut raw,
                c"farkas".as_ptr(),
                n as c_int,
                m as c_int,
                if a.maximize { -1 } else { 1 },
                a.offset,
                a.cost.as_ptr(),
                a.senses.as_ptr().cast(),
                a.sides.as_ptr(),
                a.matrix.starts().as_ptr(),
                counts.as_ptr(),
                a.matrix.indices().as_ptr(),
                a.matrix.values().as_ptr(),
                a.lower.as_ptr(),
                a.upper.as_ptr(),
                a.kinds.as_ptr().cast(),
                ptr::null(),
                ptr::null(),
            )
        };
        let result = self.check(self.env.as_ptr(), code);
        drop(guard);
        result?;
        let raw = NonNull::new(raw).ok_or_else(|| Fault::Failed("no model was made".into()))?;
        // SAFETY: a model that was made.
        let env = unsafe { (self.api.model_env)(raw.as_ptr()) };
        Ok(Instance { gurobi: Arc::clone(self), raw, env, columns: n, rows: m })
    }
}

/// One model. It may move between threads, and is used by one at a time.
pub struct Instance {
    gurobi: Arc<Gurobi>,
    raw: NonNull<c_void>,
    /// The model's own environment, which goes with it.
    env: Ptr,
    columns: usize,
    rows: usize,
}

// SAFETY: a model may be used by any thread, by one at a time, which `&mut self` sees to.
unsafe impl Send for Instance {}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: it came from Gurobi, and nobody uses it after this.
        unsafe { (self.gurobi.api.free_model)(self.raw.as_ptr()) };
    }
}

/// A model that any thread may stop.
struct Stoppable(Ptr, unsafe extern "C" fn(Ptr));

// SAFETY: `GRBterminate` may be called from any thread, and the waker that holds this goes before the run ends.
unsafe impl Send for Stoppable {}
// SAFETY: as above.
unsafe impl Sync for Stoppable {}

impl Stoppable {
    fn stop(&self) {
        // SAFETY: the model lives as long as the run, and the run as long as the waker.
        unsafe { (self.1)(self.0) };
    }
}

impl Instance {
    fn raw(&self) -> Ptr {
        self.raw.as_ptr()
    }

    fn check(&self, code: c_int) -> Result<(), Fault> {
        self.gurobi.check(self.env, code)
    }

    fn inside(&self, columns: &[i32]) -> bool {
        columns.iter().all(|&j| j >= 0 && (j as usize) < self.columns)
    }

    /// Special ordered sets: types (1, 2), where each begins, members, weights.
    pub fn add_sets(&mut self, types: &[i32], begins: &[i32], members: &[i32], weights: &[f64]) -> Result<(), Fault> {
        assert!(types.len() == begins.len() && members.len() == weights.len() && self.inside(members));
        assert!(begins.iter().all(|&b| b >= 0 && b as usize <= members.len()));
        // SAFETY: the lengths were asserted; copied.
        let code = unsafe {
            (self.gurobi.api.add_sets)(
                self.raw(),
                types.len() as c_int,
                members.len() as c_int,
                types.as_ptr(),
                begins.as_ptr(),
                members.as_ptr(),
                weights.as_ptr(),
            )
        };
        self.check(code)
    }

    /// A row that has to hold when a binary column has the value `active`.
    pub fn add_indicator(
        &mut self,
        (column, active): (i32, bool),
        (columns, values): (&[i32], &[f64]),
        sense: u8,
        side: f64,
    ) -> Result<(), Fault> {
        assert!(columns.len() == values.len() && self.inside(columns) && self.inside(&[column]));
        // SAFETY: the lengths were asserted; copied; null means no name.
        let code = unsafe {
            (self.gurobi.api.add_indicator)(
                self.raw(),
                ptr::null(),
                column,
                c_int::from(active),
                columns.len() as c_int,
                columns.as_ptr(),
                values.as_ptr(),
                sense as c_char,
                side,
            )
        };
        self.check(code)
    }

    /// `Σ value · x[first] · x[second]`, added to the objective.
    pub fn add_products(&mut self, first: &[i32], second: &[i32], values: &[f64]) -> Result<(), Fault> {
        assert!(first.len() == second.len() && first.len() == values.len());
        assert!(self.inside(first) && self.inside(second));
        let count = first.len() as c_int;
        // SAFETY: the lengths were asserted; copied.
        self.check(unsafe {
            (self.gurobi.api.add_products)(self.raw(), count, first.as_ptr(), second.as_ptr(), values.as_ptr())
        })
    }

    /// `linear + Σ value · x[first] · x[second]` beside a side.
    pub fn add_quadratic_row(
        &mut self,
        linear: (&[i32], &[f64]),
        products: (&[i32], &[i32], &[f64]),
        sense: u8,
        side: f64,
    ) -> Result<(), Fault> {
        assert!(linear.0.len() == linear.1.len() && self.inside(linear.0));
        assert!(products.0.len() == products.1.len() && products.0.len() == products.2.len());
        assert!(self.inside(products.0) && self.inside(products.1));
        // SAFETY: the lengths were asserted; copied; null means no name.
        let code = unsafe {
            (self.gurobi.api.add_quadratic_row)(
                self.raw(),
                linear.0.len() as c_int,
                linear.0.as_ptr(),
                linear.1.as_ptr(),
                products.0.len() as c_int,
                products.0.as_ptr(),
                products.1.as_ptr(),
                products.2.as_ptr(),
                sense as c_char,
                side,
                ptr::null(),
            )
        };
        self.check(code)
    }

    /// Takes in what was added.
    pub fn update(&mut self) -> Result<(), Fault> {
        // SAFETY: a live model.
        self.check(unsafe { (self.gurobi.api.update)(self.raw()) })
    }

    /// Forgets what was solved, starts included.
    pub fn reset(&mut self) -> Result<(), Fault> {
        // SAFETY: a live model; 1 forgets starts too.
        self.check(unsafe { (self.gurobi.api.reset)(self.raw(), 1) })
    }

    /// All parameters to Gurobi's defaults.
    pub fn set_defaults(&mut self) -> Result<(), Fault> {
        // SAFETY: the model's own environment.
        self.check(unsafe { (self.gurobi.api.reset_parameters)(self.env) })
    }

    /// One parameter.
    pub fn set(&mut self, name: &CStr, value: &Value) -> Result<(), Fault> {
        self.gurobi.set_in(self.env, name, value)
    }

    /// A parameter's type, by its name.
    pub fn parameter_type(&self, name: &CStr) -> Option<ParameterType> {
        // SAFETY: the model's environment and a C string.
        match unsafe { (self.gurobi.api.parameter_type)(self.env, name.as_ptr()) } {
            1 => Some(ParameterType::Int),
            2 => Some(ParameterType::Double),
            3 => Some(ParameterType::Text),
            _ => None,
        }
    }

    /// The names of all parameters.
    pub fn parameter_names(&self) -> Vec<String> {
        let api = &self.gurobi.api;
        // SAFETY: the model's environment; the names are C strings of Gurobi's own that stay.
        unsafe {
            let count = (api.parameter_count)(self.env).clamp(0, 10_000);
            let name = |i| {
                let mut text = ptr::null_mut();
                let code = (api.parameter_name)(self.env, i, &raw mut text);
                (code == 0 && !text.is_null()).then(|| {
                    let mut name = CStr::from_ptr(text).to_string_lossy().into_owned();
                    name.truncate(NAME_BYTES);
                    name
                })
            };
            (0..count).filter_map(name).collect()
        }
    }

    /// One attribute of the model that is an int; 0 where there is none.
    pub fn int(&self, name: &CStr) -> i32 {
        let mut value = 0;
        // SAFETY: a C string and a place for an int.
        if unsafe { (self.gurobi.api.get_int)(self.raw(), name.as_ptr(), &raw mut value) } == 0 { value } else { 0 }
    }

    /// One attribute of the model that is a double.
    pub fn double(&self, name: &CStr) -> Option<f64> {
        let mut value = 0.0;
        // SAFETY: a C string and a place for a double.
        let code = unsafe { (self.gurobi.api.get_double)(self.raw(), name.as_ptr(), &raw mut value) };
        (code == 0).then_some(value)
    }

    /// An attribute of every column.
    pub fn column_doubles(&self, name: &CStr) -> Option<Vec<f64>> {
        self.doubles(name, self.columns)
    }

    /// An attribute of every row.
    pub fn row_doubles(&self, name: &CStr) -> Option<Vec<f64>> {
        self.doubles(name, self.rows)
    }

    fn doubles(&self, name: &CStr, len: usize) -> Option<Vec<f64>> {
        let mut values = vec![0.0; len];
        // SAFETY: a C string and `len` places for the entries from 0 on; the callers pass the model's own sizes.
        let code =
            unsafe { (self.gurobi.api.get_doubles)(self.raw(), name.as_ptr(), 0, len as c_int, values.as_mut_ptr()) };
        (code == 0).then_some(values)
    }

    /// The statuses of columns and rows.
    pub fn basis(&self) -> Option<(Vec<i32>, Vec<i32>)> {
        Some((self.ints(c"VBasis", self.columns)?, self.ints(c"CBasis", self.rows)?))
    }

    /// Looks for an irreducible infeasible subset; whether there is one.
    pub fn compute_iis(&mut self, listener: &Listener<'_>) -> Result<bool, Fault> {
        let api = &self.gurobi.api;
        let stoppable = Stoppable(self.raw(), api.terminate);
        let waker = listener.stop().on_stop(move || stoppable.stop());
        // SAFETY: a live model.
        let code = unsafe { (api.compute_iis)(self.raw()) };
        drop(waker);
        if code == FEASIBLE { Ok(false) } else { self.check(code).map(|()| true) }
    }

    /// An attribute that is an int of `len` things, of all there are of their kind.
    pub fn ints(&self, name: &CStr, len: usize) -> Option<Vec<i32>> {
        let mut values = vec![0; len];
        if len == 0 {
            return Some(values);
        }
        // SAFETY: a C string and `len` places for the entries from 0 on; Gurobi refuses a length past the last.
        let code =
            unsafe { (self.gurobi.api.get_ints)(self.raw(), name.as_ptr(), 0, len as c_int, values.as_mut_ptr()) };
        (code == 0).then_some(values)
    }

    /// Statuses for the next LP.
    pub fn set_basis(&mut self, columns: &[i32], rows: &[i32]) -> Result<(), Fault> {
        assert!(columns.len() == self.columns && rows.len() == self.rows);
        for (name, values) in [(c"VBasis", columns), (c"CBasis", rows)] {
            let len = values.len() as c_int;
            // SAFETY: as many values as are told; copied.
            let code = unsafe { (self.gurobi.api.set_ints)(self.raw(), name.as_ptr(), 0, len, values.as_ptr()) };
            self.check(code)?;
        }
        Ok(())
    }

    /// Values of the first columns for the next search.
    pub fn set_start(&mut self, values: &[f64]) -> Result<(), Fault> {
        assert!(values.len() <= self.columns);
        let len = values.len() as c_int;
        // SAFETY: as many values as are told; copied.
        self.check(unsafe { (self.gurobi.api.set_doubles)(self.raw(), c"Start".as_ptr(), 0, len, values.as_ptr()) })
    }

    /// Optimises, telling the listener, until the end, a limit, or until the listener halts.
    pub fn run(&mut self, listener: &Listener<'_>) -> Result<(), Fault> {
        let api = &self.gurobi.api;
        let inside = Inside { api, listener, columns: self.columns };
        let handle = (&raw const inside).cast_mut().cast::<c_void>();
        // SAFETY: `inside` outlives the run, and the callback is taken out before it ends; Gurobi calls it on one thread at
        // a time.
        let code = unsafe {
            let mut code = (api.set_callback)(self.raw(), Some(on_moment), handle);
            if code == 0 {
                let stoppable = Stoppable(self.raw(), api.terminate);
                let waker = listener.stop().on_stop(move || stoppable.stop());
                code = (api.optimise)(self.raw());
                drop(waker);
                (api.set_callback)(self.raw(), None, ptr::null_mut());
            }
            code
        };
        self.check(code)
    }
}
