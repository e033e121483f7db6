//! Xpress' optimizer library made safe: every call takes slices whose lengths are checked here, and callbacks reach the
//! listener of the run that is under way. Nothing in this file decides what is solved.
//!
//! Types and names are those of the "Xpress Optimizer Reference Manual"; controls and attributes are asked for by name.

mod api;
mod callbacks;
mod conflict;

use std::ffi::{CStr, CString, c_char, c_double, c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use api::{Api, Ptr};
use callbacks::{Inside, on_message, on_node, on_solution, on_time};

use crate::loading::engine::Fault;
use crate::loading::ffi::Library;
use crate::loading::listen::Listener;
use crate::loading::matrix::Matrix;

/// Longer than any message (512 in the manual).
const MESSAGE_BYTES: usize = 4096;

/// More rows and columns than the licence allows.
const TOO_LARGE: c_int = 120;

/// The reason "user" for an interrupt.
const BY_USER: c_int = 9;

/// Attributes that are read inside callbacks too, by their numbers.
#[derive(Debug, Clone, Copy)]
struct Attributes {
    lp_status: c_int,
    mip_status: c_int,
    stop_status: c_int,
    mip_solutions: c_int,
    nodes: c_int,
    simplex_iterations: c_int,
    barrier_iterations: c_int,
    bound: c_int,
    mip_objective: c_int,
    lp_objective: c_int,
}

/// The library, opened and initialised once for the process.
pub struct Xpress {
    api: Api,
    attributes: Attributes,
}

/// The type of a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlType {
    Int,
    Long,
    Double,
    Text,
}

/// A control's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Int(i32),
    Long(i64),
    Double(f64),
    Text(CString),
}

/// Which optimiser to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Optimiser {
    Continuous,
    MixedInteger,
}

/// The arrays of a problem, borrowed for the call. Shapes: n columns, m rows, column-wise.
pub struct Arrays<'a> {
    pub maximize: bool,
    pub offset: f64,
    pub cost: &'a [f64],
    pub lower: &'a [f64],
    pub upper: &'a [f64],
    /// m right-hand sides, types (`L`, `G`, `E`, `R`, `N`), and widths of ranges.
    pub sides: &'a [f64],
    pub types: &'a [u8],
    pub widths: &'a [f64],
    pub matrix: Matrix<'a>,
}

/// What a run ended with, as numbers.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    pub lp: i32,
    pub mip: i32,
    pub stop: i32,
    pub solutions: i32,
}

fn text(buffer: &mut [c_char; MESSAGE_BYTES]) -> String {
    buffer[MESSAGE_BYTES - 1] = 0;
    // SAFETY: the last byte is NUL.
    unsafe { CStr::from_ptr(buffer.as_ptr()) }.to_string_lossy().trim().to_owned()
}

impl Xpress {
    /// Takes the functions out of a library and initialises it with the licence at `licence`, or where Xpress looks by
    /// itself.
    ///
    /// # Errors
    /// When it lacks a function, or what it says about its licence.
    pub fn of(library: &Library, licence: Option<&CStr>) -> Result<Self, Fault> {
        let api = Api::of(library).map_err(Fault::Failed)?;
        let mut buffer = [0 as c_char; MESSAGE_BYTES];
        // SAFETY: the path is a C string or null; the buffer has the length that is told.
        let code = unsafe { (api.init)(licence.map_or(ptr::null(), CStr::as_ptr)) };
        // 32: a student licence.
        if code != 0 && code != 32 {
            // SAFETY: as above.
            unsafe { (api.licence_error)(buffer.as_mut_ptr(), MESSAGE_BYTES as c_int) };
            return Err(Fault::NoLicense(text(&mut buffer)));
        }
        let none = Attributes {
            lp_status: 0,
            mip_status: 0,
            stop_status: 0,
            mip_solutions: 0,
            nodes: 0,
            simplex_iterations: 0,
            barrier_iterations: 0,
            bound: 0,
            mip_objective: 0,
            lp_objective: 0,
        };
        let mut xpress = Arc::new(Self { api, attributes: none });
        let attributes = {
            let instance = xpress.instance()?;
            let number = |name: &CStr| {
                instance.attribute(name).ok_or_else(|| Fault::Failed(format!("it has no attribute {name:?}")))
            };
            Attributes {
                lp_status: number(c"LPSTATUS")?,
                mip_status: number(c"MIPSTATUS")?,
                stop_status: number(c"STOPSTATUS")?,
                mip_solutions: number(c"MIPSOLS")?,
                nodes: number(c"NODES")?,
                simplex_iterations: number(c"SIMPLEXITER")?,
                barrier_iterations: number(c"BARITER")?,
                bound: number(c"BESTBOUND")?,
                mip_objective: number(c"MIPOBJVAL")?,
                lp_objective: number(c"LPOBJVAL")?,
            }
        };
        if let Some(xpress) = Arc::get_mut(&mut xpress) {
            xpress.attributes = attributes;
        }
        Arc::try_unwrap(xpress).map_err(|_| Fault::Failed("its first problem was not freed".into()))
    }

    /// `47.01.02`.
    pub fn version(&self) -> String {
        let mut buffer = [0 as c_char; MESSAGE_BYTES];
        // SAFETY: the buffer is longer than the manual asks for (16).
        unsafe { (self.api.version)(buffer.as_mut_ptr()) };
        text(&mut buffer)
    }

    /// An empty problem.
    ///
    /// # Errors
    /// What Xpress says.
    pub fn instance(self: &Arc<Self>) -> Result<Instance, Fault> {
        let mut raw = ptr::null_mut();
        // SAFETY: a place for a pointer, which is checked.
        let code = unsafe { (self.api.create)(&raw mut raw) };
        let Some(raw) = NonNull::new(raw).filter(|_| code == 0) else {
            return Err(Fault::Failed(format!("no problem could be created (code {code})")));
        };
        Ok(Instance { xpress: Arc::clone(self), raw, columns: 0, rows: 0 })
    }
}

/// One problem. It may move between threads, and is used by one at a time.
pub struct Instance {
    xpress: Arc<Xpress>,
    raw: NonNull<c_void>,
    columns: usize,
    rows: usize,
}

// SAFETY: an Xpress problem may be used by any thread, by one at a time, which `&mut self` sees to.
unsafe impl Send for Instance {}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: it came from Xpress, and nobody uses it after this.
        unsafe { (self.xpress.api.destroy)(self.raw.as_ptr()) };
    }
}

/// A problem that any thread may interrupt.
struct Interruptible(Ptr, unsafe extern "C" fn(Ptr, c_int) -> c_int);

// SAFETY: `XPRSinterrupt` may be called from any thread, and the waker that holds this goes before the run ends.
unsafe impl Send for Interruptible {}
// SAFETY: as above.
unsafe impl Sync for Interruptible {}

impl Interruptible {
    fn interrupt(&self) {
        // SAFETY: the problem lives as long as the run, and the run as long as the waker.
        unsafe { (self.1)(self.0, BY_USER) };
    }
}

impl Instance {
    fn raw(&self) -> Ptr {
        self.raw.as_ptr()
    }

    fn fault(&self, code: c_int) -> Fault {
        let mut buffer = [0 as c_char; MESSAGE_BYTES];
        // SAFETY: the buffer is longer than the manual asks for.
        unsafe { (self.xpress.api.last_error)(self.raw(), buffer.as_mut_ptr()) };
        let says = text(&mut buffer);
        let says = if says.is_empty() { format!("error {code}") } else { says };
        if code == TOO_LARGE { Fault::TooLarge(says) } else { Fault::Failed(says) }
    }

    fn check(&self, code: c_int) -> Result<(), Fault> {
        if code == 0 { Ok(()) } else { Err(self.fault(code)) }
    }

    fn inside(&self, columns: &[i32]) -> bool {
        columns.iter().all(|&j| j >= 0 && (j as usize) < self.columns)
    }

    /// Loads the linear part, whatever was loaded before.
    pub fn load(&mut self, a: &Arrays<'_>) -> Result<(), Fault> {
        let (n, m) = (a.cost.len(), a.sides.len());
        assert!(a.lower.len() == n && a.upper.len() == n && a.matrix.columns() == n);
        assert!(a.types.len() == m && a.widths.len() == m && a.matrix.rows() == m);
        // SAFETY: all arrays have the lengths that n, m and the starts say, as was asserted and as a `Matrix` has it; null
        // lengths mean that the starts have n + 1 entries; Xpress copies all.
        let code = unsafe {
            (self.xpress.api.load)(
                self.raw(),
                c"farkas".as_ptr(),
                n as c_int,
                m as c_int,
                a.types.as_ptr().cast(),
                a.sides.as_ptr(),
                a.widths.as_ptr(),
                a.cost.as_ptr(),
                a.matrix.starts().as_ptr(),
                ptr::null(),
                a.matrix.indices().as_ptr(),
                a.matrix.values().as_ptr(),
                a.lower.as_ptr(),
                a.upper.as_ptr(),
            )
        };
        self.check(code)?;
        (self.columns, self.rows) = (n, m);
        // SAFETY: one column, −1, whose cost is the constant with its sign turned; and a number.
        unsafe {
            self.check((self.xpress.api.change_costs)(self.raw(), 1, [-1].as_ptr(), [-a.offset].as_ptr()))?;
            self.check((self.xpress.api.change_sense)(self.raw(), if a.maximize { -1 } else { 1 }))
        }
    }

    /// Letters of kinds for some columns.
    pub fn set_types(&mut self, columns: &[i32], types: &[u8]) -> Result<(), Fault> {
        assert!(columns.len() == types.len() && self.inside(columns));
        let count = columns.len() as c_int;
        // SAFETY: the lengths were asserted; copied.
        self.check(unsafe {
            (self.xpress.api.change_types)(self.raw(), count, columns.as_ptr(), types.as_ptr().cast())
        })
    }

    /// From where on semicontinuous columns may leave zero.
    pub fn set_semi_limits(&mut self, columns: &[i32], limits: &[f64]) -> Result<(), Fault> {
        assert!(columns.len() == limits.len() && self.inside(columns));
        let count = columns.len() as c_int;
        // SAFETY: the lengths were asserted; copied.
        self.check(unsafe { (self.xpress.api.change_limits)(self.raw(), count, columns.as_ptr(), limits.as_ptr()) })
    }

    /// Special ordered sets: types (`1`, `2`), where each begins and the last ends, members, weights.
    pub fn add_sets(&mut self, types: &[u8], starts: &[i32], members: &[i32], weights: &[f64]) -> Result<(), Fault> {
        assert!(starts.len() == types.len() + 1 && members.len() == weights.len() && self.inside(members));
        assert!(starts.is_sorted() && starts[0] == 0 && starts[types.len()] as usize == members.len());
        // SAFETY: the lengths were asserted; copied.
        let code = unsafe {
            (self.xpress.api.add_sets)(
                self.raw(),
                types.len() as c_int,
                members.len() as c_int,
                types.as_ptr().cast(),
                starts.as_ptr(),
                members.as_ptr(),
                weights.as_ptr(),
            )
        };
        self.check(code)
    }

    /// One more row, beside the m: its number.
    pub fn add_row(&mut self, kind: u8, side: f64, columns: &[i32], values: &[f64]) -> Result<i32, Fault> {
        assert!(columns.len() == values.len() && self.inside(columns));
        // SAFETY: one row, whose starts are 0 and its length; copied.
        let code = unsafe {
            (self.xpress.api.add_rows)(
                self.raw(),
                1,
                columns.len() as c_int,
                [kind].as_ptr().cast(),
                [side].as_ptr(),
                ptr::null(),
                [0, columns.len() as c_int].as_ptr(),
                columns.as_ptr(),
                values.as_ptr(),
            )
        };
        self.check(code)?;
        self.rows += 1;
        Ok(self.rows as i32 - 1)
    }

    /// A row holds only when a binary column has the value `active`.
    pub fn set_indicator(&mut self, row: i32, column: i32, active: bool) -> Result<(), Fault> {
        assert!(row >= 0 && (row as usize) < self.rows && self.inside(&[column]));
        let complement = if active { 1 } else { -1 };
        // SAFETY: one row, one column, one number.
        self.check(unsafe {
            (self.xpress.api.set_indicators)(self.raw(), 1, [row].as_ptr(), [column].as_ptr(), [complement].as_ptr())
        })
    }

    /// The entries of Q in ½ xᵀQx, one triangle.
    pub fn set_products(&mut self, first: &[i32], second: &[i32], values: &[f64]) -> Result<(), Fault> {
        assert!(first.len() == second.len() && first.len() == values.len());
        assert!(self.inside(first) && self.inside(second));
        let count = first.len() as c_int;
        // SAFETY: the lengths were asserted; copied.
        self.check(unsafe {
            (self.xpress.api.change_products)(self.raw(), count, first.as_ptr(), second.as_ptr(), values.as_ptr())
        })
    }

    /// The entries of Q in xᵀQx beside a row's linear part, one triangle.
    pub fn set_row_products(&mut self, row: i32, first: &[i32], second: &[i32], values: &[f64]) -> Result<(), Fault> {
        assert!(first.len() == second.len() && first.len() == values.len() && (row as usize) < self.rows);
        assert!(self.inside(first) && self.inside(second));
        let count = first.len() as c_int;
        // SAFETY: the lengths were asserted; copied.
        self.check(unsafe {
            let add = self.xpress.api.add_row_products;
            add(self.raw(), row, count, first.as_ptr(), second.as_ptr(), values.as_ptr())
        })
    }

    /// All controls to Xpress' defaults.
    pub fn set_defaults(&mut self) -> Result<(), Fault> {
        // SAFETY: the problem is there.
        self.check(unsafe { (self.xpress.api.set_defaults)(self.raw()) })
    }

    /// A control's number and type, by its name.
    pub fn control(&self, name: &CStr) -> Option<(i32, ControlType)> {
        let (mut number, mut kind) = (0, 0);
        // SAFETY: a C string, and places for two ints.
        let code = unsafe { (self.xpress.api.control)(self.raw(), name.as_ptr(), &raw mut number, &raw mut kind) };
        let kind = match (code, kind) {
            (0, 1) => ControlType::Int,
            (0, 2) => ControlType::Long,
            (0, 3) => ControlType::Double,
            (0, 4) => ControlType::Text,
            _ => return None,
        };
        Some((number, kind))
    }

    fn attribute(&self, name: &CStr) -> Option<i32> {
        let (mut number, mut kind) = (0, 0);
        // SAFETY: a C string, and places for two ints.
        let code = unsafe { (self.xpress.api.attribute)(self.raw(), name.as_ptr(), &raw mut number, &raw mut kind) };
        (code == 0 && kind != 0).then_some(number)
    }

    /// One control.
    pub fn set(&mut self, number: i32, value: &Value) -> Result<(), Fault> {
        // SAFETY: plain numbers, or a C string that Xpress copies.
        let code = unsafe {
            match value {
                Value::Int(v) => (self.xpress.api.set_int)(self.raw(), number, *v),
                Value::Long(v) => (self.xpress.api.set_long)(self.raw(), number, *v),
                Value::Double(v) => (self.xpress.api.set_double)(self.raw(), number, *v),
                Value::Text(v) => (self.xpress.api.set_text)(self.raw(), number, v.as_ptr()),
            }
        };
        self.check(code)
    }

    /// Takes presolve back and forgets a search.
    pub fn postsolve(&mut self) -> Result<(), Fault> {
        // SAFETY: allowed at any time between runs.
        self.check(unsafe { (self.xpress.api.postsolve)(self.raw()) })
    }

    /// A point for the next search: some columns and their values.
    pub fn add_start(&mut self, columns: &[i32], values: &[f64]) -> Result<(), Fault> {
        assert!(columns.len() == values.len() && self.inside(columns));
        let count = columns.len() as c_int;
        // SAFETY: the lengths were asserted; copied; null means no name.
        self.check(unsafe {
            (self.xpress.api.add_start)(self.raw(), count, values.as_ptr(), columns.as_ptr(), ptr::null())
        })
    }

    /// n and m statuses for the next LP.
    pub fn set_basis(&mut self, columns: &[i32], rows: &[i32]) -> Result<(), Fault> {
        assert!(columns.len() == self.columns && rows.len() == self.rows);
        // SAFETY: m and n ints, copied.
        self.check(unsafe { (self.xpress.api.load_basis)(self.raw(), rows.as_ptr(), columns.as_ptr()) })
    }

    /// Optimises, telling the listener, until the end, a limit, or until the listener halts.
    pub fn run(&mut self, optimiser: Optimiser, flags: &CStr, listener: &Listener<'_>) -> Result<(), Fault> {
        let mixed = optimiser == Optimiser::MixedInteger;
        let inside = Inside { xpress: &self.xpress, listener, mixed };
        let (api, raw) = (&self.xpress.api, self.raw());
        let handle = (&raw const inside).cast_mut().cast::<c_void>();
        // SAFETY: `inside` outlives the run, and all callbacks are taken out before it ends; Xpress calls them on threads of
        // this run only, one at a time.
        let code = unsafe {
            (api.on_message)(raw, on_message, handle, 0);
            (api.on_time)(raw, on_time, handle, 0);
            if mixed {
                (api.on_solution)(raw, on_solution, handle, 0);
                (api.on_node)(raw, on_node, handle, 0);
            }
            let interruptible = Interruptible(raw, api.interrupt);
            let waker = listener.stop().on_stop(move || interruptible.interrupt());
            let code =
                if mixed { (api.optimise_mip)(raw, flags.as_ptr()) } else { (api.optimise_lp)(raw, flags.as_ptr()) };
            drop(waker);
            (api.no_message)(raw, Some(on_message), handle);
            (api.no_time)(raw, Some(on_time), handle);
            if mixed {
                (api.no_solution)(raw, Some(on_solution), handle);
                (api.no_node)(raw, Some(on_node), handle);
            }
            code
        };
        self.check(code)
    }

    fn int(&self, attribute: c_int) -> i32 {
        int(&self.xpress.api, self.raw(), attribute)
    }

    /// How the last run ended.
    pub fn ended(&self) -> Ended {
        let a = self.xpress.attributes;
        Ended {
            lp: self.int(a.lp_status),
            mip: self.int(a.mip_status),
            stop: self.int(a.stop_status),
            solutions: self.int(a.mip_solutions),
        }
    }

    /// The best bound of a search.
    pub fn best_bound(&self) -> Option<f64> {
        double(&self.xpress.api, self.raw(), self.xpress.attributes.bound)
    }

    /// The objective of the point that was found.
    pub fn objective(&self, optimiser: Optimiser) -> Option<f64> {
        let a = self.xpress.attributes;
        let number = if optimiser == Optimiser::MixedInteger { a.mip_objective } else { a.lp_objective };
        double(&self.xpress.api, self.raw(), number)
    }

    /// Nodes, simplex iterations, barrier iterations.
    pub fn counts(&self) -> [u64; 3] {
        let a = self.xpress.attributes;
        [a.nodes, a.simplex_iterations, a.barrier_iterations].map(|which| u64::try_from(self.int(which)).unwrap_or(0))
    }

    /// n values of the search's best point.
    pub fn mip_values(&self) -> Option<Vec<f64>> {
        let mut values = vec![0.0; self.columns];
        // SAFETY: n places; null where nothing is wanted.
        let code = unsafe { (self.xpress.api.mip_solution)(self.raw(), values.as_mut_ptr(), ptr::null_mut()) };
        (code == 0).then_some(values)
    }

    /// n values, m multipliers, n reduced costs.
    pub fn lp_solution(&self) -> Option<(Vec<f64>, Vec<f64>, Vec<f64>)> {
        let (mut x, mut y, mut d) = (vec![0.0; self.columns], vec![0.0; self.rows], vec![0.0; self.columns]);
        // SAFETY: n, m and n places; null where nothing is wanted.
        let code = unsafe {
            (self.xpress.api.lp_solution)(self.raw(), x.as_mut_ptr(), ptr::null_mut(), y.as_mut_ptr(), d.as_mut_ptr())
        };
        (code == 0).then_some((x, y, d))
    }

    /// n and m statuses.
    pub fn basis(&self) -> Option<(Vec<i32>, Vec<i32>)> {
        let (mut columns, mut rows) = (vec![0; self.columns], vec![0; self.rows]);
        // SAFETY: m and n places.
        let code = unsafe { (self.xpress.api.basis)(self.raw(), rows.as_mut_ptr(), columns.as_mut_ptr()) };
        (code == 0).then_some((columns, rows))
    }

    fn ray(&self, len: usize, get: unsafe extern "C" fn(Ptr, *mut c_double, *mut c_int) -> c_int) -> Option<Vec<f64>> {
        let (mut ray, mut has) = (vec![0.0; len], 0);
        // SAFETY: as many places as the ray has entries, and one for whether there is one.
        let code = unsafe { get(self.raw(), ray.as_mut_ptr(), &raw mut has) };
        (code == 0 && has != 0).then_some(ray)
    }

    /// n entries of a primal ray.
    pub fn primal_ray(&self) -> Option<Vec<f64>> {
        self.ray(self.columns, self.xpress.api.primal_ray)
    }

    /// m entries of a dual ray.
    pub fn dual_ray(&self) -> Option<Vec<f64>> {
        self.ray(self.rows, self.xpress.api.dual_ray)
    }
}

fn int(api: &Api, problem: Ptr, attribute: c_int) -> i32 {
    let mut value = 0;
    // SAFETY: a live problem and a place for an int.
    if unsafe { (api.get_int)(problem, attribute, &raw mut value) } == 0 { value } else { 0 }
}

fn double(api: &Api, problem: Ptr, attribute: c_int) -> Option<f64> {
    let mut value = 0.0;
    // SAFETY: a live problem and a place for a double.
    (unsafe { (api.get_double)(problem, attribute, &raw mut value) } == 0).then_some(value)
}
