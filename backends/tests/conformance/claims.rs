//! The table's rows, solved by everybody: the reason, the objective, the duals, and what the judge says of the claim.

use farkas_backends::contract::{Backend, BackendError, Capabilities, Quiet, Start, StopToken};
use farkas_backends::options::{LpMethod, Options, Presolve};
use farkas_modeling::answer::Ray;
use farkas_modeling::problem::{Curvature, Product};
use farkas_modeling::{Claim, Problem, Reason, Sense};

use crate::judge::{close, faults};
use crate::table::{Case, Truth, cases};
use crate::{backends, for_each, for_each_of, native};

/// Those that may refuse rows of the table for their data. The others that declare limits have them far beyond: a licence's.
const PARTICULAR: [&str; 2] = ["mipcl", "cp-sat"];

fn may_refuse(backend: &dyn Backend) -> bool {
    backend.capabilities().data_limits && PARTICULAR.contains(&backend.name())
}

/// Solves a row; nothing where its data is refused, which must be declared.
fn solve(backend: &dyn Backend, case: &Case, options: &Options) -> Result<Option<Claim>, String> {
    let mut session = match backend.open(case.problem.clone()) {
        Ok(session) => session,
        Err(BackendError::Unsupported(_)) if may_refuse(backend) => return Ok(None),
        Err(error) => return Err(format!("'{}' did not open: {error}", case.name)),
    };
    session
        .solve(options, &Start::default(), &Quiet, &StopToken::new())
        .map(Some)
        .map_err(|e| format!("'{}' was not solved: {e}", case.name))
}

fn judge(backend: &dyn Backend, case: &Case, claim: &Claim) -> Vec<String> {
    let mut found = faults(&case.problem, claim);
    let (reason, is_lp, can) = (claim.termination.reason(), case.problem.is_lp(), backend.capabilities());
    if !case.truth.reasons(is_lp).contains(&reason) {
        found.push(format!("is {}, but it is {:?}", claim.termination, case.truth));
        return named(case, found);
    }
    if let (Truth::Optimum(best), Some(objective)) = (case.truth, claim.objective)
        && !close(objective, best)
    {
        found.push(format!("has the objective {objective}, not {best}"));
    }
    if is_lp && reason == Reason::Optimal && can.duals != claim.duals.is_some() {
        found.push(format!("duals are declared {} and there {}", can.duals, claim.duals.is_some()));
    }
    if is_lp && reason == Reason::Optimal && can.basis != claim.basis.is_some() {
        found.push(format!("a basis is declared {} and there {}", can.basis, claim.basis.is_some()));
    }
    let crossed = crossed(case);
    if is_lp && reason == Reason::Infeasible && !crossed && can.farkas_ray != matches!(claim.ray, Some(Ray::Farkas(_)))
    {
        found.push(format!("a Farkas ray is declared {}, there is {:?}", can.farkas_ray, claim.ray));
    }
    if is_lp && reason == Reason::Unbounded && can.primal_ray != matches!(claim.ray, Some(Ray::Primal(_))) {
        found.push(format!("a primal ray is declared {}, there is {:?}", can.primal_ray, claim.ray));
    }
    if let Some(duals) = &claim.duals {
        let differ =
            |got: &[f64], want: &[f64]| got.len() != want.len() || !got.iter().zip(want).all(|(a, b)| close(*a, *b));
        if let Some(want) = case.multipliers.filter(|w| differ(&duals.rows, w)) {
            found.push(format!("has the multipliers {:?}, not {want:?}", duals.rows));
        }
        if let Some(want) = case.reduced_costs.filter(|w| differ(&duals.reduced_costs, w)) {
            found.push(format!("has the reduced costs {:?}, not {want:?}", duals.reduced_costs));
        }
    }
    named(case, found)
}

/// Crossed bounds are a proof by themselves, without multipliers.
fn crossed(case: &Case) -> bool {
    let p = &case.problem;
    let cross = |(l, u): (&f64, &f64)| l > u;
    p.lower().iter().zip(p.upper()).any(cross) || p.row_lower().iter().zip(p.row_upper()).any(cross)
}

fn named(case: &Case, faults: Vec<String>) -> Vec<String> {
    faults.into_iter().map(|fault| format!("'{}' {fault}", case.name)).collect()
}

fn table(backend: &dyn Backend, options: &Options) -> Vec<String> {
    table_by(backend, backend, options)
}

/// The rows that `backend` takes, solved by `by`.
pub fn table_by(backend: &dyn Backend, by: &dyn Backend, options: &Options) -> Vec<String> {
    let all = cases();
    rows(&all.iter().collect::<Vec<_>>(), backend, by, options)
}

fn rows(cases: &[&Case], backend: &dyn Backend, by: &dyn Backend, options: &Options) -> Vec<String> {
    let mut found = Vec::new();
    let (mut solved, mut refused) = (0, 0);
    for case in cases.iter().filter(|c| backend.fits(&c.problem).takes()) {
        match solve(by, case, options) {
            Ok(Some(claim)) => {
                solved += 1;
                found.extend(judge(backend, case, &claim));
            }
            Ok(None) => refused += 1,
            Err(fault) => found.push(fault),
        }
    }
    if refused > 2 * solved {
        found.push(format!("refuses {refused} rows for their data, and solves {solved}"));
    }
    found
}

#[test]
pub fn every_row_of_the_table() {
    for_each(|backend| table(backend, &Options::default()));
}

#[test]
fn every_row_without_presolve() {
    for_each(|backend| table(backend, &Options { presolve: Presolve::Off, ..Options::default() }));
}

#[test]
fn every_row_with_presolve() {
    for_each(|backend| table(backend, &Options { presolve: Presolve::On, ..Options::default() }));
}

#[test]
fn every_row_by_simplex() {
    let options = Options { lp_method: LpMethod::Simplex, ..Options::default() };
    for_each(|backend| if backend.capabilities().simplex { table(backend, &options) } else { Vec::new() });
}

/// By interior point: some codes end with an error, or without a proof, at a small LP that has no optimum, and Clp's calls
/// one optimal.
#[test]
fn every_linear_row_by_barrier() {
    let options = Options { lp_method: LpMethod::Barrier, ..Options::default() };
    let mut linear = cases();
    linear.retain(|case| case.problem.is_lp());
    for_each(|backend| {
        let linear: Vec<&Case> = linear.iter().collect();
        if backend.capabilities().barrier { rows(&linear, backend, backend, &options) } else { Vec::new() }
    });
}

/// Whether what is quadratic in it is declared, convex or not.
fn takes_products(p: &Problem, can: Capabilities) -> bool {
    let plain = p.num_integers() + p.num_semis() == 0;
    let rows = || p.quadratic_rows().iter().all(|one| p.row_curvature(one.row as usize) == Curvature::Convex);
    let convex = p.objective_curvature() == Curvature::Convex && rows();
    p.is_linear()
        || can.quadratic
        || (convex
            && (p.quadratic_objective().is_empty() || can.quadratic_objective)
            && (plain || can.convex_integers)
            && (p.quadratic_rows().is_empty() || can.convex_rows))
}

/// Whether the shape of its rows and its sense are declared.
fn takes_rows(p: &Problem, can: Capabilities) -> bool {
    let mut sides = p.row_lower().iter().zip(p.row_upper()).map(|(l, u)| (l.is_finite(), u.is_finite(), l == u));
    let fits = |(below, above, equal)| match (below, above) {
        (true, true) => equal || can.ranges,
        (false, false) => can.free_rows,
        _ => true,
    };
    sides.all(fits) && (can.maximize || p.sense() == Sense::Minimize)
}

/// Every product has a binary factor and another with bounds.
fn is_by_binaries(p: &Problem) -> bool {
    let binary =
        |j: u32| p.kind(j as usize).is_integer() && p.lower()[j as usize] >= 0.0 && p.upper()[j as usize] <= 1.0;
    let bounded = |j: u32| p.lower()[j as usize].is_finite() && p.upper()[j as usize].is_finite();
    let fine = |q: &Product| (binary(q.first) && bounded(q.second)) || (binary(q.second) && bounded(q.first));
    p.quadratic_objective().iter().all(fine) && p.quadratic_rows().iter().all(|one| one.products.iter().all(fine))
}

#[test]
pub fn what_is_not_declared_is_refused() {
    for backends in [native(), backends()] {
        for_each_of(backends, refuses_what_it_does_not_declare);
    }
}

fn refuses_what_it_does_not_declare(backend: &dyn Backend) -> Vec<String> {
    let can = backend.capabilities();
    let mut found = Vec::new();
    for case in cases() {
        let p = &case.problem;
        let beyond = (p.num_integers() > 0 && !can.integers)
            || (p.num_semis() > 0 && !can.semicontinuous)
            || (!p.sets().is_empty() && !can.sets)
            || (!p.indicators().is_empty() && !can.indicators)
            || !takes_rows(p, can)
            || (can.only_integers && p.num_integers() < p.num_columns())
            || !(takes_products(p, can) || (can.binary_products && is_by_binaries(p)));
        let takes = backend.fits(p).takes();
        if takes == beyond && (beyond || !may_refuse(backend)) {
            found.push(format!("'{}' beyond what is declared: {beyond}, yet fits: {takes}", case.name));
        }
        if !takes && backend.open(p.clone()).is_ok() {
            found.push(format!("'{}' does not fit and is opened all the same", case.name));
        }
    }
    found
}

/// A session has no call for it yet: `analysis` works over any backend, and nobody may claim to do it by itself.
#[test]
pub fn what_cannot_be_asked_is_not_declared() {
    for backends in [native(), backends()] {
        for_each_of(backends, |backend| {
            let can = backend.capabilities();
            let claims = [("ranging", can.ranging)];
            claims.iter().filter(|claim| claim.1).map(|claim| format!("declares {} of its own", claim.0)).collect()
        });
    }
}
