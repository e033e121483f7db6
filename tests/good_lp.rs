//! Models of `good_lp`, solved by Farkas: its own examples with one line changed, integers, names, duals, limits, and what has
//! no solution.
#![cfg(all(feature = "good_lp", feature = "highs"))]

use farkas::Solver;
use farkas::good_lp::{Farkas, FarkasModel, NoSolution, farkas};
use good_lp::solvers::{SolutionStatus, SolutionWithDual, WithInitialSolution, WithMipGap, WithTimeLimit};
use good_lp::{
    DualValues, Expression, ProblemVariables, ResolutionError, Solution, SolverModel, Variable, constraint, variable,
    variables,
};

#[test]
fn the_example_of_its_readme() {
    variables! { vars: a <= 1; 2 <= b <= 4; }
    let solution = vars
        .maximise(10 * (a - b / 5) - b)
        .using(farkas)
        .with(constraint!(a + 2 <= b))
        .with(constraint!(1 + a >= 4 - b))
        .solve()
        .unwrap();
    assert_eq!((solution.value(a), solution.value(b)), (1.0, 3.0));
    assert_eq!(solution.eval(10 * (a - b / 5) - b), 1.0);
    assert!(matches!(solution.status(), SolutionStatus::Optimal));
}

/// Fuel and time for products, as in its tests of resource allocation.
#[test]
fn duals_are_shadow_prices() {
    variables! { vars: 0 <= steel; 0 <= wood; }
    let mut model = vars.maximise(50 * steel + 40 * wood).using(farkas);
    let time = model.add_constraint(constraint!(2 * steel + wood <= 16));
    let fuel = model.add_constraint(constraint!(steel + 2 * wood <= 11));
    let idle = model.add_constraint(constraint!(steel + wood <= 1000));
    let mut solution = model.solve().unwrap();
    assert_eq!((solution.value(steel), solution.value(wood)), (7.0, 2.0));
    let duals = solution.compute_dual();
    assert_eq!((duals.dual(time), duals.dual(fuel), duals.dual(idle)), (20.0, 10.0, 0.0));
}

/// A sudoku, which is 729 binaries.
#[test]
fn a_sudoku() {
    let given =
        [(0, 0, 5), (0, 1, 3), (0, 4, 7), (1, 0, 6), (1, 3, 1), (1, 4, 9), (1, 5, 5), (4, 0, 4), (4, 3, 8), (8, 8, 9)];
    let mut vars = ProblemVariables::new();
    let x: Vec<Vec<Vec<Variable>>> =
        (0..9).map(|_| (0..9).map(|_| vars.add_vector(variable().binary(), 9)).collect()).collect();
    let mut model = vars.minimise(Expression::from(0)).using(farkas);
    let one = |model: &mut FarkasModel, cells: Vec<Variable>| {
        let sum: Expression = cells.iter().sum();
        model.add_constraint(constraint!(sum == 1));
    };
    for a in 0..9 {
        #[expect(clippy::needless_range_loop, reason = "b is a column, a row and a digit in turn")]
        for b in 0..9 {
            one(&mut model, (0..9).map(|k| x[a][b][k]).collect());
            one(&mut model, (0..9).map(|k| x[a][k][b]).collect());
            one(&mut model, (0..9).map(|k| x[k][a][b]).collect());
            one(&mut model, (0..9).map(|k| x[a / 3 * 3 + k / 3][a % 3 * 3 + k % 3][b]).collect());
        }
    }
    for (row, column, digit) in given {
        one(&mut model, vec![x[row][column][digit - 1]]);
    }
    let solution = model.solve().unwrap();
    let digit = |row: usize, column: usize| (0..9).find(|&k| solution.value(x[row][column][k]) > 0.5).map(|k| k + 1);
    for (row, column, value) in given {
        assert_eq!(digit(row, column), Some(value));
    }
    for row in 0..9 {
        let mut digits: Vec<_> = (0..9).map(|column| digit(row, column).expect("filled")).collect();
        digits.sort_unstable();
        assert_eq!(digits, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    assert_eq!(solution.problem().num_columns(), 729);
}

#[test]
fn names_numbers_and_options_arrive() {
    let mut vars = ProblemVariables::new();
    let x = vars.add(variable().integer().min(0).max(7).name("crates"));
    let y = vars.add(variable().min(0.1).max(0.7));
    let third = 1.0 / 3.0;
    let solution = vars
        .minimise(third * x - 1e-7 * y + 5)
        .using(Farkas::from(Solver::highs().seed(3)))
        .with(constraint!(3 * x + y >= 10.25).set_name("need".into()))
        .with_time_limit(20)
        .with_mip_gap(0.0)
        .unwrap()
        .with_initial_solution([(x, 4.0)])
        .solve()
        .unwrap();
    let problem = solution.problem();
    assert_eq!(problem.cost(), [third, -1e-7]);
    assert_eq!(problem.column_names().find("crates"), Some(0));
    assert_eq!((solution.value(x), solution.value(y)), (4.0, 0.7));
}

#[test]
fn what_has_no_solution_says_so() {
    let with = |bound: f64| {
        variables! { vars: x; }
        vars.maximise(x).using(farkas).with(constraint!(x >= bound)).solve().map(drop)
    };
    assert!(matches!(with(3.0), Err(NoSolution::Resolution(ResolutionError::Unbounded))));
    variables! { vars: x; }
    let none = vars.maximise(x).using(farkas).with(constraint!(x <= 1)).with(constraint!(x >= 2)).solve();
    assert!(matches!(none, Err(NoSolution::Resolution(ResolutionError::Infeasible))));
    variables! { vars: y; }
    let wrong = vars.maximise(y).using(farkas).with(constraint!(f64::NAN * y <= 1)).solve();
    assert!(matches!(wrong, Err(NoSolution::Model(_))));
}
