//! CPLEX' callable library made safe: every call takes slices whose lengths are checked here, and callbacks reach the
//! listener of the run that is under way. Nothing in this file decides what is solved.
//!
//! Types and names are those of the reference manual of IBM ILOG CPLEX 12.10 to 22.2 ("Callable Library (C API)"), in their
//! 32-bit shape but for the generic callback (64-bit, `CPXX…` in the manual and `CPXL…` in the library); numbers of parameters, contexts and figures are the manual's as well.

mod api;
mod callbacks;
mod conflict;

use std::ffi::{CStr, CString, c_char, c_double, c_int, c_longlong, c_void};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use api::{Api, Ptr};
use callbacks::{Inside, on_message, on_moment};
pub use conflict::Constraint;

use crate::loading::engine::Fault;
use crate::loading::ffi::Library;
use crate::loading::listen::Listener;
use crate::loading::matrix::Matrix;

/// The length of CPLEX' buffers for messages (`CPXMESSAGEBUFSIZE`) and names of parameters (`CPXSTR_PAR_MAX`).
const MESSAGE_BYTES: usize = 4096;

/// `CPXERR_RESTRICTED_VERSION`: too large for the edition.
const TOO_LARGE: c_int = 1016;

/// `CPXERR_NO_ENVIRONMENT` to `CPXERR_LICENSE_*`: what opening answers without a licence (32000 to 32999).
const LICENCE: std::ops::Range<c_int> = 32_000..33_000;

/// Contexts of the generic callback: local and global progress.
const PROGRESS: c_longlong = 0x0008 | 0x0010;

/// The library, opened once for the process.
pub struct Cplex {
    api: Api,
}

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterType {
    Int,
    Double,
    Text,
    Long,
}

/// A parameter's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Int(i32),
    Double(f64),
    Text(CString),
    Long(i64),
}

/// Which of CPLEX' optimisers to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Optimiser {
    Linear,
    Quadratic,
    Barrier,
    MixedInteger,
}

/// The arrays of a problem, borrowed for the call. Shapes: n columns, m rows, column-wise.
pub struct Arrays<'a> {
    pub maximize: bool,
    pub offset: f64,
    pub cost: &'a [f64],
    pub lower: &'a [f64],
    pub upper: &'a [f64],
    /// m right-hand sides, senses (`L`, `G`, `E`, `R`), and widths of ranges.
    pub sides: &'a [f64],
    pub senses: &'a [u8],
    pub widths: &'a [f64],
    pub matrix: Matrix<'a>,
}

impl Cplex {
    /// Takes the functions out of a library.
    ///
    /// # Errors
    /// When it lacks one.
    pub fn of(library: &Library) -> Result<Self, String> {
        Ok(Self { api: Api::of(library)? })
    }

    /// A fresh environment with an empty problem.
    ///
    /// # Errors
    /// What CPLEX says: about its licence, mostly.
    pub fn instance(self: &Arc<Self>) -> Result<Instance, Fault> {
        let mut status = 0;
        // SAFETY: `status` is a place for an int; the environment is checked before it is used.
        let env = unsafe { (self.api.open)(&raw mut status) };
        let Some(env) = NonNull::new(env) else {
            let says = self.error(ptr::null_mut(), status);
            return Err(if LICENCE.contains(&status) { Fault::NoLicense(says) } else { Fault::Failed(says) });
        };
        let terminate = Arc::new(AtomicI32::new(0));
        let mut instance =
            Instance { cplex: Arc::clone(self), env, lp: ptr::null_mut(), columns: 0, rows: 0, terminate };
        // SAFETY: `env` is open; the name is a C string; the flag is dropped after the environment is closed.
        let told = unsafe {
            instance.lp = (self.api.create)(env.as_ptr(), &raw mut status, c"farkas".as_ptr());
            (self.api.set_terminate)(env.as_ptr(), instance.terminate.as_ptr())
        };
        if instance.lp.is_null() {
            return Err(instance.fault(status));
        }
        instance.check(told)?;
        Ok(instance)
    }

    fn error(&self, env: Ptr, code: c_int) -> String {
        let mut buffer = [0 as c_char; MESSAGE_BYTES];
        // SAFETY: the buffer has the length that the manual asks for; CPLEX takes a null environment here.
        let text = unsafe {
            let found = (self.api.error_string)(env, code, buffer.as_mut_ptr());
            buffer[MESSAGE_BYTES - 1] = 0;
            if found.is_null() { None } else { Some(CStr::from_ptr(buffer.as_ptr()).to_string_lossy().into_owned()) }
        };
        text.map_or_else(|| format!("CPLEX error {code}"), |text| text.trim_end().to_owned())
    }
}

/// One environment with one problem. It may move between threads, and is used by one at a time.
pub struct Instance {
    cplex: Arc<Cplex>,
    env: NonNull<c_void>,
    lp: Ptr,
    columns: usize,
    rows: usize,
    terminate: Arc<AtomicI32>,
}

// SAFETY: a CPLEX environment may be used by any thread, by one at a time, which `&mut self` sees to; the terminate flag is
// read by CPLEX as a volatile int and written atomically.
unsafe impl Send for Instance {}

impl Drop for Instance {
    fn drop(&mut self) {
        let mut env = self.env.as_ptr();
        // SAFETY: both came from CPLEX and are used by nobody after this; a null problem is not freed.
        unsafe {
            if !self.lp.is_null() {
                (self.cplex.api.free)(env, &raw mut self.lp);
            }
            (self.cplex.api.close)(&raw mut env);
        }
    }
}

impl Instance {
    fn env(&self) -> Ptr {
        self.env.as_ptr()
    }

    fn fault(&self, code: c_int) -> Fault {
        let says = self.cplex.error(self.env(), code);
        match code {
            TOO_LARGE => Fault::TooLarge(says),
            code if LICENCE.contains(&code) => Fault::NoLicense(says),
            _ => Fault::Failed(says),
        }
    }

    fn check(&self, code: c_int) -> Result<(), Fault> {
        if code == 0 { Ok(()) } else { Err(self.fault(code)) }
    }

    /// `22.2.0.1`.
    pub fn version(&self) -> String {
        // SAFETY: the version is a C string that lives as long as the environment.
        unsafe {
            let text = (self.cplex.api.version)(self.env());
            if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
        }
    }

    /// Loads the linear part, whatever was loaded before.
    pub fn load(&mut self, a: &Arrays<'_>) -> Result<(), Fault> {
        let (n, m) = (a.cost.len(), a.sides.len());
        assert!(a.lower.len() == n && a.upper.len() == n && a.matrix.columns() == n);
        assert!(a.senses.len() == m && a.widths.len() == m && a.matrix.rows() == m);
        let counts = a.matrix.counts();
        // SAFETY: all arrays have the lengths that n, m and the starts say, as was asserted and as a `Matrix` has it; CPLEX
        // copies them.
        let code = unsafe {
            (self.cplex.api.copy_lp)(
                self.env(),
                self.lp,
                n as c_int,
                m as c_int,
                if a.maximize { -1 } else { 1 },
                a.cost.as_ptr(),
                a.sides.as_ptr(),
                a.senses.as_ptr().cast(),
                a.matrix.starts().as_ptr(),
                counts.as_ptr(),
                a.matrix.indices().as_ptr(),
                a.matrix.values().as_ptr(),
                a.lower.as_ptr(),
                a.upper.as_ptr(),
                a.widths.as_ptr(),
            )
        };
        self.check(code)?;
        (self.columns, self.rows) = (n, m);
        // SAFETY: plain numbers.
        self.check(unsafe { (self.cplex.api.change_offset)(self.env(), self.lp, a.offset) })
    }

    /// n kinds of columns, as letters; makes it a mixed-integer problem, and forgets a search.
    pub fn set_kinds(&mut self, kinds: &[u8]) -> Result<(), Fault> {
        assert_eq!(kinds.len(), self.columns);
        // SAFETY: n letters, copied.
        self.check(unsafe { (self.cplex.api.copy_kinds)(self.env(), self.lp, kinds.as_ptr().cast()) })
    }

    /// Special ordered sets: their types (`1`, `2`), where each begins, members and weights.
    pub fn set_sets(&mut self, types: &[u8], begins: &[i32], members: &[i32], weights: &[f64]) -> Result<(), Fault> {
        assert!(types.len() == begins.len() && members.len() == weights.len());
        assert!(begins.iter().all(|&b| b >= 0 && b as usize <= members.len()));
        assert!(members.iter().all(|&j| j >= 0 && (j as usize) < self.columns));
        // SAFETY: the lengths were asserted; CPLEX copies all, and takes null for no names.
        let code = unsafe {
            (self.cplex.api.copy_sets)(
                self.env(),
                self.lp,
                types.len() as c_int,
                members.len() as c_int,
                types.as_ptr().cast(),
                begins.as_ptr(),
                members.as_ptr(),
                weights.as_ptr(),
                ptr::null(),
            )
        };
        self.check(code)
    }

    /// The matrix Q of ½ xᵀQx, both triangles, column by column.
    pub fn set_quadratic(&mut self, begins: &[i32], rows: &[i32], values: &[f64]) -> Result<(), Fault> {
        assert!(begins.len() == self.columns + 1 && rows.len() == values.len() && begins.is_sorted());
        assert!(begins[self.columns] as usize == rows.len());
        assert!(rows.iter().all(|&j| j >= 0 && (j as usize) < self.columns));
        let counts: Vec<c_int> = begins.windows(2).map(|w| w[1] - w[0]).collect();
        // SAFETY: the lengths were asserted; CPLEX copies all.
        let code = unsafe {
            (self.cplex.api.copy_quadratic)(
                self.env(),
                self.lp,
                begins.as_ptr(),
                counts.as_ptr(),
                rows.as_ptr(),
                values.as_ptr(),
            )
        };
        self.check(code)
    }

    /// `linear + Σ value · x[first] · x[second]` beside a side.
    pub fn add_quadratic_row(
        &mut self,
        linear: (&[i32], &[f64]),
        products: (&[i32], &[i32], &[f64]),
        sense: u8,
        side: f64,
    ) -> Result<(), Fault> {
        let inside = |of: &[i32]| of.iter().all(|&j| j >= 0 && (j as usize) < self.columns);
        assert!(linear.0.len() == linear.1.len() && inside(linear.0) && inside(products.0) && inside(products.1));
        assert!(products.0.len() == products.1.len() && products.0.len() == products.2.len());
        // SAFETY: the lengths were asserted; CPLEX copies all, and takes null for no name.
        let code = unsafe {
            (self.cplex.api.add_quadratic_row)(
                self.env(),
                self.lp,
                linear.0.len() as c_int,
                products.0.len() as c_int,
                side,
                c_int::from(sense),
                linear.0.as_ptr(),
                linear.1.as_ptr(),
                products.0.as_ptr(),
                products.1.as_ptr(),
                products.2.as_ptr(),
                ptr::null(),
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
        assert!(columns.len() == values.len() && (column as usize) < self.columns);
        assert!(columns.iter().all(|&j| j >= 0 && (j as usize) < self.columns));
        // SAFETY: the lengths were asserted; CPLEX copies all, and takes null for no name.
        let code = unsafe {
            (self.cplex.api.add_indicator)(
                self.env(),
                self.lp,
                column,
                c_int::from(!active),
                columns.len() as c_int,
                side,
                c_int::from(sense),
                columns.as_ptr(),
                values.as_ptr(),
                ptr::null(),
            )
        };
        self.check(code)
    }

    /// All parameters to CPLEX' defaults.
    pub fn set_defaults(&mut self) -> Result<(), Fault> {
        // SAFETY: the environment is open.
        self.check(unsafe { (self.cplex.api.set_defaults)(self.env()) })
    }

    /// One parameter.
    pub fn set(&mut self, number: i32, value: &Value) -> Result<(), Fault> {
        // SAFETY: plain numbers, or a C string that CPLEX copies.
        let code = unsafe {
            match value {
                Value::Int(v) => (self.cplex.api.set_int)(self.env(), number, *v),
                Value::Long(v) => (self.cplex.api.set_long)(self.env(), number, *v),
                Value::Double(v) => (self.cplex.api.set_double)(self.env(), number, *v),
                Value::Text(v) => (self.cplex.api.set_text)(self.env(), number, v.as_ptr()),
            }
        };
        self.check(code)
    }

    /// A parameter's number, by its name in C.
    pub fn parameter(&self, name: &CStr) -> Option<i32> {
        let mut number = 0;
        // SAFETY: a C string, and a place for an int.
        let code = unsafe { (self.cplex.api.parameter_number)(self.env(), name.as_ptr(), &raw mut number) };
        (code == 0).then_some(number)
    }

    /// A parameter's type, by its number.
    pub fn parameter_type(&self, number: i32) -> Option<ParameterType> {
        let mut kind = 0;
        // SAFETY: a place for an int.
        let code = unsafe { (self.cplex.api.parameter_type)(self.env(), number, &raw mut kind) };
        match (code, kind) {
            (0, 1) => Some(ParameterType::Int),
            (0, 2) => Some(ParameterType::Double),
            (0, 3) => Some(ParameterType::Text),
            (0, 4) => Some(ParameterType::Long),
            _ => None,
        }
    }

    /// A parameter's name in C, by its number.
    pub fn parameter_name(&self, number: i32) -> Option<String> {
        let mut buffer = [0 as c_char; MESSAGE_BYTES];
        // SAFETY: the buffer is longer than the manual asks for.
        unsafe {
            let code = (self.cplex.api.parameter_name)(self.env(), number, buffer.as_mut_ptr());
            buffer[MESSAGE_BYTES - 1] = 0;
            (code == 0).then(|| CStr::from_ptr(buffer.as_ptr()).to_string_lossy().into_owned())
        }
    }

    /// Points for the next search: lists of columns and values, one start.
    pub fn set_start(&mut self, columns: &[i32], values: &[f64]) -> Result<(), Fault> {
        assert!(columns.len() == values.len() && columns.iter().all(|&j| j >= 0 && (j as usize) < self.columns));
        // SAFETY: one start that begins at 0; the lengths were asserted; null means automatic effort and no name.
        unsafe {
            let known = (self.cplex.api.count_starts)(self.env(), self.lp);
            if known > 0 {
                self.check((self.cplex.api.remove_starts)(self.env(), self.lp, 0, known - 1))?;
            }
            if columns.is_empty() {
                return Ok(());
            }
            let code = (self.cplex.api.add_starts)(
                self.env(),
                self.lp,
                1,
                columns.len() as c_int,
                [0].as_ptr(),
                columns.as_ptr(),
                values.as_ptr(),
                ptr::null(),
                ptr::null(),
            );
            self.check(code)
        }
    }

    /// n and m statuses for the next LP.
    pub fn set_basis(&mut self, columns: &[i32], rows: &[i32]) -> Result<(), Fault> {
        assert!(columns.len() == self.columns && rows.len() == self.rows);
        // SAFETY: n and m ints, copied.
        self.check(unsafe { (self.cplex.api.copy_basis)(self.env(), self.lp, columns.as_ptr(), rows.as_ptr()) })
    }

    /// Optimises, telling the listener, until the end, a limit, or until the listener halts.
    pub fn run(&mut self, optimiser: Optimiser, listener: &Listener<'_>) -> Result<(), Fault> {
        // The flag is sticky: what stopped the last run would stop this one.
        self.terminate.store(0, Ordering::Release);
        let flag = Arc::clone(&self.terminate);
        let _waker = listener.stop().on_stop(move || flag.store(1, Ordering::Release));
        let inside = Inside { api: &self.cplex.api, listener };
        let api = &self.cplex.api;
        let (env, handle) = (self.env(), (&raw const inside).cast_mut().cast::<c_void>());
        let mut channels = [ptr::null_mut(); 4];
        let [results, warnings, errors, log] = &mut channels;
        // SAFETY: `inside` outlives the run, and both callbacks are taken out before it ends; CPLEX calls them on threads
        // of this run only. The channels are the environment's own.
        let code = unsafe {
            (api.channels)(env, results, warnings, errors, log);
            for channel in channels.iter().filter(|channel| !channel.is_null()) {
                (api.add_listener)(env, *channel, handle, on_message);
            }
            let mixed = optimiser == Optimiser::MixedInteger;
            let mut code = if mixed { (api.set_callback)(env, self.lp, PROGRESS, Some(on_moment), handle) } else { 0 };
            if code == 0 {
                code = match optimiser {
                    Optimiser::Linear => (api.optimise_lp)(env, self.lp),
                    Optimiser::Quadratic => (api.optimise_qp)(env, self.lp),
                    Optimiser::Barrier => (api.optimise_barrier)(env, self.lp),
                    Optimiser::MixedInteger => (api.optimise_mip)(env, self.lp),
                };
            }
            if mixed {
                (api.set_callback)(env, self.lp, 0, None, ptr::null_mut());
            }
            for channel in channels.iter().filter(|channel| !channel.is_null()) {
                (api.remove_listener)(env, *channel, handle, on_message);
            }
            code
        };
        self.check(code)
    }

    /// The status of the last run.
    pub fn status(&self) -> i32 {
        // SAFETY: reads a number.
        unsafe { (self.cplex.api.status)(self.env(), self.lp) }
    }

    /// A status in CPLEX' words.
    pub fn status_words(&self, status: i32) -> String {
        let mut buffer = [0 as c_char; MESSAGE_BYTES];
        // SAFETY: the buffer has the length that the manual asks for.
        unsafe {
            let found = (self.cplex.api.status_string)(self.env(), status, buffer.as_mut_ptr());
            buffer[MESSAGE_BYTES - 1] = 0;
            if found.is_null() {
                return format!("status {status}");
            }
            CStr::from_ptr(buffer.as_ptr()).to_string_lossy().into_owned()
        }
    }

    /// Whether the last run left a primal feasible point.
    pub fn is_feasible(&self) -> bool {
        let (mut method, mut kind, mut primal, mut dual) = (0, 0, 0, 0);
        // SAFETY: four places for ints.
        let code = unsafe {
            (self.cplex.api.solution_info)(
                self.env(),
                self.lp,
                &raw mut method,
                &raw mut kind,
                &raw mut primal,
                &raw mut dual,
            )
        };
        code == 0 && kind != 0 && primal != 0
    }

    fn number(&self, get: unsafe extern "C" fn(Ptr, Ptr, *mut c_double) -> c_int) -> Option<f64> {
        let mut value = 0.0;
        // SAFETY: a place for a double; the function is one of this library's that take it.
        (unsafe { get(self.env(), self.lp, &raw mut value) } == 0).then_some(value)
    }

    /// The objective of the point.
    pub fn objective(&self) -> Option<f64> {
        self.number(self.cplex.api.objective)
    }

    /// The best bound of a search.
    pub fn best_bound(&self) -> Option<f64> {
        self.number(self.cplex.api.best_bound)
    }

    fn vector(
        &self,
        len: usize,
        get: unsafe extern "C" fn(Ptr, Ptr, *mut c_double, c_int, c_int) -> c_int,
    ) -> Option<Vec<f64>> {
        let mut values = vec![0.0; len];
        if len == 0 {
            return Some(values);
        }
        // SAFETY: `len` places for the entries 0 to len − 1.
        let code = unsafe { get(self.env(), self.lp, values.as_mut_ptr(), 0, len as c_int - 1) };
        (code == 0).then_some(values)
    }

    /// n values.
    pub fn values(&self) -> Option<Vec<f64>> {
        self.vector(self.columns, self.cplex.api.values)
    }

    /// m multipliers.
    pub fn multipliers(&self) -> Option<Vec<f64>> {
        self.vector(self.rows, self.cplex.api.multipliers)
    }

    /// n reduced costs.
    pub fn reduced_costs(&self) -> Option<Vec<f64>> {
        self.vector(self.columns, self.cplex.api.reduced_costs)
    }

    /// n and m statuses.
    pub fn basis(&self) -> Option<(Vec<i32>, Vec<i32>)> {
        let (mut columns, mut rows) = (vec![0; self.columns], vec![0; self.rows]);
        // SAFETY: n and m places.
        let code = unsafe { (self.cplex.api.basis)(self.env(), self.lp, columns.as_mut_ptr(), rows.as_mut_ptr()) };
        (code == 0).then_some((columns, rows))
    }

    /// n entries of a primal ray.
    pub fn ray(&self) -> Option<Vec<f64>> {
        let mut ray = vec![0.0; self.columns];
        // SAFETY: n places.
        (unsafe { (self.cplex.api.ray)(self.env(), self.lp, ray.as_mut_ptr()) } == 0).then_some(ray)
    }

    /// m multipliers that prove infeasibility.
    pub fn farkas(&self) -> Option<Vec<f64>> {
        let (mut ray, mut proof) = (vec![0.0; self.rows], 0.0);
        // SAFETY: m places, and one for the proof's value.
        let code = unsafe { (self.cplex.api.farkas)(self.env(), self.lp, ray.as_mut_ptr(), &raw mut proof) };
        (code == 0).then_some(ray)
    }

    /// Nodes; simplex, barrier and the search's iterations.
    pub fn counts(&self) -> [u64; 4] {
        let api = &self.cplex.api;
        [api.nodes, api.iterations, api.barrier_iterations, api.mip_iterations].map(|get| {
            // SAFETY: reads a counter.
            u64::try_from(unsafe { get(self.env(), self.lp) }).unwrap_or(0)
        })
    }
}
