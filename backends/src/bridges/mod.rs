//! What a solver does not take is rewritten for it, and its answers come back as answers to the problem as it was.
//! [`Bridged`] is a backend that does so; a problem that needs nothing is handed through untouched.
//!
//! | bridge | what becomes of it | refused where |
//! |---|---|---|
//! | `products` | a product with a binary factor: a column and `McCormick`'s rows, which are exact | no factor is binary, or the other has no bounds |
//! | `indicators` | a row with a big-M for the binary that switches it | the row's activity has no bound on that side |
//! | `sets` | binaries for members (type 1) or neighbours (type 2) | a member has no bounds |
//! | `semis` | a binary between zero and the bounds | a bound is missing |
//! | `whole_bounds` | bounds of integer columns, rounded inwards | |
//! | `ranges` | two rows | |
//! | `free_rows` | rows that say nothing | |
//! | `minimize` | costs, turned around | |
//!
//! A big-M comes from the bounds of columns, and where one is missing from what the rows imply; more than
//! [`LARGEST_BIG_M`] is refused, since an integer within a solver's tolerance would then let a lot through. Columns and
//! rows are only added or changed in place, so a point, multipliers and a basis come back by their first entries and what
//! the [`Way`] knows.

mod draft;
mod free_rows;
mod implied;
mod indicators;
mod minimize;
mod products;
mod ranges;
mod semis;
mod session;
mod sets;
mod way;
mod whole_bounds;

use std::sync::Arc;

use farkas_modeling::Problem;

use self::draft::Draft;
use self::session::BridgedSession;
pub use self::way::Way;
use crate::contract::{
    Availability, Backend, BackendError, Capabilities, Fit, Need, Session, fits_by_capabilities, refusal,
};

/// The largest big-M a bridge uses.
pub const LARGEST_BIG_M: f64 = 1e6;

/// One thing that a solver may not take, and how to do without.
trait Bridge: Sync {
    /// What it makes of what.
    fn name(&self) -> &'static str;
    /// What in the problem such a solver does not take; nothing where there is no need.
    fn need(&self, can: &Capabilities, problem: &Problem) -> Option<String>;
    /// Rewrites it, or says why it cannot be.
    fn rewrite(&self, draft: &mut Draft<'_>) -> Result<(), String>;
}

/// All of them, in the order in which they are applied: what one leaves may be the next one's business.
const BRIDGES: [&dyn Bridge; 8] = [
    &products::Products,
    &indicators::Indicators,
    &sets::Sets,
    &semis::Semis,
    &whole_bounds::WholeBounds,
    &ranges::Ranges,
    &free_rows::FreeRows,
    &minimize::Minimize,
];

/// What a backend with these capabilities takes once there are bridges.
#[must_use]
pub fn widened(native: Capabilities) -> Capabilities {
    let binaries = native.integers;
    Capabilities {
        semicontinuous: native.semicontinuous || binaries,
        sets: native.sets || binaries,
        indicators: native.indicators || binaries,
        binary_products: native.binary_products || native.quadratic || binaries,
        whole_bounds: false,
        ranges: true,
        free_rows: true,
        maximize: true,
        ..native
    }
}

/// A problem on its way to a solver that takes less.
struct Rewritten<'a> {
    draft: Draft<'a>,
    needs: Vec<Need>,
}

/// What has to be rewritten, done: `None` where nothing has.
fn rewrite<'a>(name: &str, native: Capabilities, problem: &'a Problem) -> Result<Option<Rewritten<'a>>, String> {
    let mut rewritten: Option<Rewritten<'a>> = None;
    for bridge in BRIDGES {
        let Some(what) = bridge.need(&native, problem) else { continue };
        let why = refusal(name, &what);
        let to = rewritten.get_or_insert_with(|| Rewritten { draft: Draft::new(problem), needs: Vec::new() });
        bridge.rewrite(&mut to.draft).map_err(|not| format!("{why}, and {not}"))?;
        to.needs.push(Need { bridge: bridge.name().to_owned(), why });
    }
    Ok(rewritten)
}

/// Whether a backend with these capabilities of its own takes a problem, as it is or rewritten. Numbers that only the
/// solver's adapter knows to be beyond it are not seen here.
pub fn fits(name: &str, native: Capabilities, problem: &Problem) -> Fit {
    match rewrite(name, native, problem) {
        Err(why) => Fit::Refuses { why },
        Ok(None) => fits_by_capabilities(name, native, problem),
        Ok(Some(rewritten)) => Fit::NeedsBridges { bridges: rewritten.needs },
    }
}

/// A backend that takes what another takes, and what bridges make of the rest.
///
/// ```
/// use std::sync::Arc;
/// use farkas_backends::bridges::Bridged;
/// use farkas_backends::contract::{Backend, Fit, Quiet, Start, StopToken};
/// use farkas_backends::options::Options;
/// use farkas_backends::solvers::microlp::Microlp;
/// use farkas_modeling::{ColumnKind, Problem, ProblemData};
/// // minimise x,  x zero or from 2 to 5,  x ≥ 1
/// let problem = Problem::new(ProblemData {
///     cost: vec![1.0],
///     lower: vec![2.0],
///     upper: vec![5.0],
///     kinds: vec![ColumnKind::SemiContinuous],
///     row_lower: vec![1.0],
///     row_upper: vec![f64::INFINITY],
///     starts: vec![0, 1],
///     indices: vec![0],
///     values: vec![1.0],
///     ..ProblemData::default()
/// })?;
/// let bridged = Bridged::new(Microlp);
/// assert!(matches!(bridged.fits(&problem), Fit::NeedsBridges { bridges } if bridges.len() == 1));
/// let mut session = bridged.open(Arc::new(problem))?;
/// let claim = session.solve(&Options::default(), &Start::default(), &Quiet, &StopToken::new())?;
/// assert_eq!(claim.objective, Some(2.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Bridged<B: ?Sized> {
    inner: Arc<B>,
}

impl<B: Backend + 'static> Bridged<B> {
    /// Over this backend.
    pub fn new(inner: B) -> Self {
        Self { inner: Arc::new(inner) }
    }
}

impl<B: Backend + ?Sized + 'static> Bridged<B> {
    /// Over a backend that is shared.
    pub fn over(inner: Arc<B>) -> Self {
        Self { inner }
    }

    /// Decides how a problem gets to the backend.
    fn route(&self, problem: &Problem) -> Result<Route, Fit> {
        let (name, native) = (self.inner.name(), self.inner.capabilities());
        let refuses = |why| Fit::Refuses { why };
        if let Some(rewritten) = rewrite(name, native, problem).map_err(refuses)? {
            return self.rewritten(rewritten);
        }
        let fit = self.inner.fits(problem);
        if fit.takes() {
            return Ok(Route::Through(fit));
        }
        // A solver may take semicontinuous columns, and not with these numbers.
        if problem.num_semis() > 0 && native.semicontinuous {
            let without = Capabilities { semicontinuous: false, ..native };
            if let Ok(Some(rewritten)) = rewrite(name, without, problem)
                && let Ok(route) = self.rewritten(rewritten)
            {
                return Ok(route);
            }
        }
        Err(fit)
    }

    fn rewritten(&self, rewritten: Rewritten<'_>) -> Result<Route, Fit> {
        let Rewritten { draft, needs } = rewritten;
        let (problem, way) = draft.finish().map_err(|why| Fit::Refuses { why })?;
        match self.inner.fits(&problem) {
            fit if fit.takes() => Ok(Route::Across { problem: Arc::new(problem), way: Arc::new(way), needs }),
            fit => Err(fit),
        }
    }

    /// Opens a problem, rewritten or not.
    fn enter(&self, problem: &Arc<Problem>) -> Result<(Box<dyn Session>, Option<Crossing>), BackendError> {
        match self.route(problem) {
            Err(fit) => Err(BackendError::Unsupported(fit.refusal().unwrap_or_default().to_owned())),
            Ok(Route::Through(_)) => Ok((self.inner.open(Arc::clone(problem))?, None)),
            Ok(Route::Across { problem, way, .. }) => {
                Ok((self.inner.open(Arc::clone(&problem))?, Some(Crossing { problem, way })))
            }
        }
    }
}

/// How a problem gets to a solver.
enum Route {
    /// As it is; what the backend makes of it, which may have bridges of its own.
    Through(Fit),
    Across {
        problem: Arc<Problem>,
        way: Arc<Way>,
        needs: Vec<Need>,
    },
}

/// What a solver has open in a problem's stead, and how things get there and back.
struct Crossing {
    problem: Arc<Problem>,
    way: Arc<Way>,
}

impl<B: Backend + ?Sized + 'static> Backend for Bridged<B> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn probe(&self) -> Availability {
        self.inner.probe()
    }

    fn capabilities(&self) -> Capabilities {
        let inner = self.inner.capabilities();
        // Nothing at all is what a backend can do that is not here.
        if inner == Capabilities::default() { inner } else { widened(inner) }
    }

    fn native_capabilities(&self) -> Capabilities {
        self.inner.native_capabilities()
    }

    fn fits(&self, problem: &Problem) -> Fit {
        match self.route(problem) {
            Ok(Route::Across { needs, .. }) => Fit::NeedsBridges { bridges: needs },
            Ok(Route::Through(fit)) | Err(fit) => fit,
        }
    }

    fn open(&self, problem: Arc<Problem>) -> Result<Box<dyn Session>, BackendError> {
        let (inner, crossing) = self.enter(&problem)?;
        let backend = Self { inner: Arc::clone(&self.inner) };
        Ok(Box::new(BridgedSession::new(backend, problem, inner, crossing)))
    }

    fn prepare(&self) {
        self.inner.prepare();
    }
}
