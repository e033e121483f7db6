//! Each fact of [`Capabilities`] with the tests that hold it both ways: who declares it does it, who does not refuses or is
//! seen not to. A fact that is added does not compile here until a test is named beside it.

use std::sync::Arc;

use farkas_backends::contract::{BackendError, Capabilities, Fit, Start, StopToken, fits_by_capabilities};
use farkas_backends::options::{Emphasis, Options};
use farkas_modeling::answer::{Basis, BasisStatus};
use farkas_modeling::{Limit, Problem};

use crate::ear::{Ear, Heard, limited, open, solve};
use crate::judge::{close, faults};
use crate::problems::{Build, Numbers, covering, knapsack, lot_sizes, maximize};
use crate::{
    behaviour, choices, claims, conflicts, for_each, for_each_of, lazy, memory, native, pools, sessions, threads,
};

macro_rules! held {
    ($($fact:ident by $($test:path),+;)+) => {
        const _: fn(Capabilities) = |can| {
            let Capabilities { $($fact: _),+ } = can;
            let _: &[fn()] = &[$($($test),+),+];
        };
    };
}

held! {
    integers by claims::every_row_of_the_table, claims::what_is_not_declared_is_refused;
    semicontinuous by claims::every_row_of_the_table, claims::what_is_not_declared_is_refused;
    sets by claims::every_row_of_the_table, claims::what_is_not_declared_is_refused;
    indicators by claims::every_row_of_the_table, claims::what_is_not_declared_is_refused;
    quadratic_objective by claims::every_row_of_the_table, claims::what_is_not_declared_is_refused;
    convex_integers by claims::every_row_of_the_table, claims::what_is_not_declared_is_refused;
    convex_rows by claims::every_row_of_the_table, claims::what_is_not_declared_is_refused;
    quadratic by claims::every_row_of_the_table, claims::what_is_not_declared_is_refused;
    binary_products by claims::every_row_of_the_table, claims::what_is_not_declared_is_refused;
    ranges by claims::every_row_of_the_table, claims::what_is_not_declared_is_refused;
    free_rows by claims::every_row_of_the_table, claims::what_is_not_declared_is_refused;
    maximize by claims::every_row_of_the_table, claims::what_is_not_declared_is_refused;
    only_integers by claims::every_row_of_the_table, claims::what_is_not_declared_is_refused;
    whole_bounds by whole_bounds_are_needed_as_declared;
    duals by claims::every_row_of_the_table;
    primal_ray by claims::every_row_of_the_table;
    farkas_ray by claims::every_row_of_the_table;
    basis by claims::every_row_of_the_table, sessions::a_basis_is_used, a_basis_that_nobody_wants_does_no_harm;
    incumbents_out by behaviour::incumbents_are_feasible_and_only_get_better;
    incumbents_in by behaviour::an_offered_point_is_taken;
    live_bound by behaviour::incumbents_are_feasible_and_only_get_better;
    start_point by sessions::a_start_is_used;
    partial_start by sessions::a_start_is_used;
    threads by threads::one_works_where_one_is_allowed, threads::two_work_where_that_is_declared;
    seed by behaviour::a_seed_changes_the_path_and_nothing_else;
    memory_limit by memory::a_memory_limit_is_kept_by_whom_it_is_declared;
    stop by behaviour::a_stop_ends_a_search_and_keeps_what_was_found, who_does_not_stop_does_not_declare_it;
    simplex by sessions::every_lp_method_that_is_declared_finds_the_optimum, choices::a_method_that_is_not_there_is_refused_with_those_that_are;
    barrier by sessions::every_lp_method_that_is_declared_finds_the_optimum, choices::a_method_that_is_not_there_is_refused_with_those_that_are;
    first_order by sessions::every_lp_method_that_is_declared_finds_the_optimum, choices::a_method_that_is_not_there_is_refused_with_those_that_are;
    node_limit by behaviour::limits_end_where_they_say, choices::a_node_limit_that_is_not_there_is_refused_with_the_limits_that_are;
    emphasis by an_emphasis_is_heeded, choices::an_emphasis_changes_the_way_and_not_the_answer;
    iis by conflicts::a_conflict_of_its_own_is_one_where_it_is_declared;
    ranging by claims::what_cannot_be_asked_is_not_declared;
    lazy_rows by lazy::rows_that_are_asked_for_hold;
    pool by pools::further_points_are_kept;
    data_limits by data_is_refused_as_declared;
}

/// Integer columns with fractional bounds, as the solver has them without bridges: one that takes them answers rightly, and
/// one that declares not to has a bridge.
#[test]
pub fn whole_bounds_are_needed_as_declared() {
    let problem = maximize().int(1.0, -2.5, 3.7).int(-1.0, 0.2, 9.0).le(&[(0, 1.0), (1, 1.0)], 20.0).freeze();
    for_each_of(native(), |backend| {
        if backend.capabilities().whole_bounds || !backend.capabilities().maximize {
            return Vec::new(); // never handed such a problem
        }
        let claim = solve(&mut *open(backend, &problem), &Options::default(), &Ear::default(), &StopToken::new());
        let mut found = faults(&problem, &claim);
        if claim.objective.is_none_or(|objective| !close(objective, 2.0)) {
            found.push(format!("whole numbers from -2.5 to 3.7 and 0.2 to 9 make {:?}, not 2", claim.objective));
        }
        found
    });
}

/// Who has no use for a basis ignores it.
#[test]
pub fn a_basis_that_nobody_wants_does_no_harm() {
    for_each(|backend| {
        let (can, problem) = (backend.capabilities(), covering(40, 71));
        if can.basis {
            return Vec::new();
        }
        let (n, m) = (problem.num_columns(), problem.num_rows());
        let basis = Basis { columns: vec![BasisStatus::AtLower; n], rows: vec![BasisStatus::Basic; m] };
        let start = Start { point: None, basis: Some(Arc::new(basis)) };
        let plain = solve(&mut *open(backend, &problem), &limited(60.0), &Ear::default(), &StopToken::new());
        let with = open(backend, &problem).solve(&limited(60.0), &start, &Ear::default(), &StopToken::new());
        match with {
            Ok(claim) if claim.objective.zip(plain.objective).is_some_and(|(a, b)| close(a, b)) => Vec::new(),
            other => vec![format!("{other:?} with a basis, {:?} without", plain.objective)],
        }
    });
}

/// The token is set as soon as anything is heard; who does not declare to heed it goes on to the limit.
#[test]
pub fn who_does_not_stop_does_not_declare_it() {
    for_each(|backend| {
        if backend.capabilities().stop {
            return Vec::new();
        }
        let problem = knapsack(100, 10, 72);
        let stop = StopToken::new();
        let ear = Ear::stopping(&stop, |heard| !matches!(heard, Heard::Log(_)));
        let claim = solve(&mut *open(backend, &problem), &limited(3.0), &ear, &stop);
        if ear.stopped_at().is_some() && claim.termination.limit() == Some(Limit::Interrupted) {
            return vec!["it stops when it is asked to, and does not declare it".into()];
        }
        faults(&problem, &claim)
    });
}

/// Another emphasis is another path: of several problems one at least shows it, within so many nodes where they are counted.
#[test]
pub fn an_emphasis_is_heeded() {
    for_each(|backend| {
        let can = backend.capabilities();
        if !can.emphasis {
            return Vec::new(); // and refuses: `choices` asks
        }
        let (mut found, mut heeded) = (Vec::new(), [false; 2]);
        for problem in (73..77).map(|seed| knapsack(30, 5, seed)).chain([lot_sizes(20, 74)]) {
            if heeded != [false; 2] {
                break;
            }
            let mut path = |emphasis| {
                let node_limit = can.node_limit.then_some(300);
                let options = Options { emphasis, node_limit, seed: Some(1), ..limited(10.0) };
                let claim = solve(&mut *open(backend, &problem), &options, &Ear::default(), &StopToken::new());
                found.extend(faults(&problem, &claim));
                (claim.counters, claim.termination.limit() == Some(Limit::Time))
            };
            let (balanced, timed) = path(Emphasis::Balanced);
            for (emphasis, heeded) in [Emphasis::Feasibility, Emphasis::Optimality].into_iter().zip(&mut heeded) {
                let (other, also_timed) = path(emphasis);
                // What the clock ended differs by the clock.
                *heeded |= other != balanced && !timed && !also_timed;
            }
        }
        if heeded == [false; 2] {
            found.push("an emphasis is declared, and no path differs by one".into());
        }
        found
    });
}

/// Problems that only their data could be too much of: more columns than any free licence has, more digits than a line of an
/// MPS file, numbers that are not whole, numbers that some take for infinite, an integer without an end.
fn odd_data() -> Vec<(&'static str, Arc<Problem>)> {
    let mut numbers = Numbers::new(78);
    let terms: Vec<(usize, f64)> = (0..12_000).map(|j| (j, (1 + numbers.below(9)) as f64)).collect();
    let wide = |integer: bool| {
        let column = |build: Build| if integer { build.int(1.0, 0.0, 1.0) } else { build.col(1.0, 0.0, 1.0) };
        terms.iter().fold(maximize(), |build, _| column(build)).le(&terms, 5.0).freeze()
    };
    let digits = maximize().int(1.0, 0.0, 4.0).int(1.0, 0.0, 4.0).le(&[(0, 1.0 / 3.0), (1, std::f64::consts::PI)], 2.0);
    let endless = maximize().int(-1.0, 0.0, f64::INFINITY).le(&[(0, 1.0)], 1e9);
    vec![
        ("12,000 columns", wide(false)),
        ("12,000 integers", wide(true)),
        ("sixteen digits", digits.freeze()),
        ("an integer without end", endless.freeze()),
        ("a coefficient of 1e16", maximize().col(1.0, 0.0, 4.0).le(&[(0, 1e16)], 1e16).freeze()),
    ]
}

#[test]
pub fn data_is_refused_as_declared() {
    for_each_of(native(), |backend| {
        let can = backend.capabilities();
        let (mut found, mut refused) = (Vec::new(), Vec::new());
        for (what, problem) in odd_data() {
            if fits_by_capabilities(backend.name(), can, &problem) != Fit::Takes {
                continue;
            }
            match backend.open(Arc::clone(&problem)) {
                Ok(_) => {}
                Err(BackendError::Unsupported(why)) if why.len() > 20 => refused.push(what),
                Err(error) => found.push(format!("{what}: {error}")),
            }
        }
        if can.data_limits == refused.is_empty() {
            found.push(format!("limits on data are declared {}, and {refused:?} refused", can.data_limits));
        }
        found
    });
}
