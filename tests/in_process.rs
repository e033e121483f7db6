//! `m.solve()` in this process, whichever solvers the program was compiled with: HiGHS, or those in pure Rust in its place.

use farkas::prelude::*;

fn solvers_of(answer: &farkas::modeling::answer::Answer) -> Vec<&str> {
    answer.lanes().iter().map(|lane| lane.solver.as_str()).collect()
}

/// HiGHS where it is compiled in.
fn usual(otherwise: &'static str) -> &'static str {
    if cfg!(feature = "highs") { "highs" } else { otherwise }
}

#[test]
fn a_linear_program_has_duals_and_a_proof() -> Result<(), SolveError> {
    let mut m = Model::new("mix");
    let (bread, cake) = (m.nonnegative("bread").one(), m.nonnegative("cake").one());
    m.maximize(2 * bread + 3 * cake);
    let flour = m.row("flour", (bread + 2 * cake).le(14));
    m.row("oven", (3 * bread - cake).ge(0));
    m.row("shelf", (bread - cake).le(2));
    let answer = m.solve()?;
    assert_eq!(solvers_of(&answer), [usual("clarabel")]);
    assert!((answer.objective().expect("solved") - 24.0).abs() < 1e-6, "{answer}");
    assert!((answer.dual(flour).expect("a dual") - 5.0 / 3.0).abs() < 1e-6, "{answer}");
    assert_eq!(answer.reason(), Reason::Optimal);
    Ok(())
}

#[test]
fn a_knapsack_is_solved() -> Result<(), SolveError> {
    let mut m = Model::new("knapsack");
    let take = m.binary("take").over(0..4);
    let (value, weight) = ([10.0, 13.0, 18.0, 31.0], [2.0, 3.0, 4.0, 7.0]);
    m.maximize(dot(&value, &take));
    m.row("capacity", dot(&weight, &take).le(10.0));
    let answer = m.solve()?;
    assert_eq!(solvers_of(&answer), [usual("microlp")]);
    assert_eq!(answer.objective(), Some(44.0));
    Ok(())
}

#[test]
fn a_convex_quadratic_constraint_goes_to_clarabel() -> Result<(), SolveError> {
    let mut m = Model::new("disc");
    let (x, y) = (m.continuous("x").one(), m.continuous("y").one());
    m.maximize(3 * x + 4 * y);
    m.row("disc", (x * x + y * y).le(25));
    let answer = m.solve()?;
    assert_eq!(solvers_of(&answer), ["clarabel"]);
    assert!((answer.value(x) - 3.0).abs() < 1e-4 && (answer.value(y) - 4.0).abs() < 1e-4, "{answer}");
    Ok(())
}

#[test]
fn what_nobody_takes_is_refused_with_everybodys_reason() {
    let mut m = Model::new("saddle");
    let (x, y) = (m.continuous("x").bounds(0, 4).one(), m.integer("y").bounds(0, 4).one());
    m.minimize(x - y);
    m.row("bilinear", (x * y).ge(2));
    let refused = m.solve().expect_err("nobody takes a bilinear row with integers");
    assert_eq!(refused.code(), "solver-unsupported");
    let text = refused.to_string();
    assert!(text.contains("clarabel: ") && text.contains("microlp: ") && text.contains("Solver::race()"), "{text}");
    assert_eq!(text.contains("highs: "), cfg!(feature = "highs"), "{text}");
}

#[test]
fn what_is_infeasible_is_explained() -> Result<(), SolveError> {
    let mut m = Model::new("too much");
    let x = m.nonnegative("x").over(0..3);
    m.minimize(sum(0..3, |i| x[i]));
    m.row("at least", sum(0..3, |i| x[i]).ge(10));
    m.row("at most", sum(0..3, |i| x[i]).le(4));
    m.row("beside", (x[0] - x[1]).le(1));
    let answer = m.solve()?;
    assert_eq!(answer.reason(), Reason::Infeasible, "{answer}");
    let text = answer.explain_infeasible()?.to_string();
    assert!(text.contains("at least") && text.contains("at most") && !text.contains("beside"), "{text}");
    Ok(())
}

#[test]
fn an_open_model_is_solved_again() -> Result<(), SolveError> {
    let mut m = Model::new("open");
    let x = m.continuous("x").bounds(0, 10).one();
    let y = m.integer("y").bounds(0, 10).one();
    m.maximize(x + 2 * y);
    let row = m.row("row", (x + y).le(7.5));
    let mut open = m.open(Solver::in_process())?;
    assert_eq!(open.solve()?.objective(), Some(14.5));
    open.rhs(row, 3.0)?;
    assert_eq!(open.solve()?.objective(), Some(6.0));
    Ok(())
}
