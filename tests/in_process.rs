//! `m.solve()` and races in this process, whichever solvers the program was compiled with: HiGHS, or those in pure Rust in its
//! place.

use std::time::Duration;

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

/// Processes that this one has started and that are still there.
#[cfg(target_os = "linux")]
fn children() -> Vec<String> {
    let own = std::process::id().to_string();
    let processes = std::fs::read_dir("/proc").expect("Linux has it").filter_map(Result::ok);
    // `pid (name) state parent …`; the name may hold anything, brackets too.
    let stats = processes.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    stats.filter(|stat| stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)) == Some(&own)).collect()
}

#[cfg(not(target_os = "linux"))]
fn children() -> Vec<String> {
    Vec::new()
}

/// Assigns 25 things to 25 places, with a cost that has no pattern; integers, or shares.
fn assignment(integers: bool) -> Model {
    let mut m = Model::new("assignment");
    let (things, places) = (0..25_usize, 0..25_usize);
    let keys = (things.clone(), places.clone());
    let go = if integers { m.binary("go").over(keys) } else { m.nonnegative("go").over(keys) };
    let cost = |i: usize, j: usize| ((i * 37 + j * 101 + i * j * 7) % 97) as f64;
    m.minimize(sum(go.keys(), |(i, j)| cost(i, j) * go[(i, j)]));
    m.rows("one place", things.clone(), |i| sum(places.clone(), |j| go[(i, j)]).eq(1));
    m.rows("one thing", places.clone(), |j| sum(things.clone(), |i| go[(i, j)]).eq(1));
    // Without these two it would be integer by itself.
    m.row("weight", sum(go.keys(), |(i, j)| ((i * j) % 13) as f64 * go[(i, j)]).le(140));
    m.row("length", sum(go.keys(), |(i, j)| ((i + 2 * j) % 11) as f64 * go[(i, j)]).ge(130));
    m
}

#[cfg(feature = "highs")]
#[test]
fn a_race_on_threads_starts_no_process() -> Result<(), SolveError> {
    use farkas::lineup::Rules;
    let linear = "[[rule]]\nname = \"three\"\nlanes = [{ solver = \"highs\", method = \"simplex\" }, \
                  { solver = \"highs\", method = \"barrier\" }, { solver = \"clarabel\" }]";
    let integer = "[[rule]]\nname = \"two\"\nlanes = [{ solver = \"highs\" }, { solver = \"microlp\" }]";
    let cases = [(false, linear, vec!["highs", "highs", "clarabel"]), (true, integer, vec!["highs", "microlp"])];
    for (integers, rules, lanes) in cases {
        let model = assignment(integers);
        let alone = Solver::highs().solve(&model)?.objective().expect("solved");
        let solver = Solver::race_in_process()
            .lineup(Rules::read(rules).expect("rules"))
            .threads(3)
            .time_limit(Duration::from_secs(60))
            .on_progress(|_| assert_eq!(children(), Vec::<String>::new()));
        let answer = solver.solve(&model)?;
        assert_eq!(solvers_of(&answer), lanes, "{answer}");
        assert_eq!(answer.reason(), Reason::Optimal, "{answer}");
        assert!((answer.objective().expect("solved") - alone).abs() <= 1e-4 * alone.abs(), "{alone}, {answer}");
        assert_eq!(children(), Vec::<String>::new());
    }
    Ok(())
}

#[test]
fn whoever_is_compiled_in_races_and_whoever_is_not_is_refused() -> Result<(), SolveError> {
    use farkas::lineup::Rules;
    let answer = Solver::race_in_process().time_limit(Duration::from_secs(60)).solve(&assignment(true))?;
    assert_eq!(answer.reason(), Reason::Optimal, "{answer}");
    assert_eq!(children(), Vec::<String>::new());
    let rules = Rules::read("[[rule]]\nname = \"other\"\nlanes = [{ solver = \"lindo\" }]").expect("rules");
    let refused = Solver::race_in_process().lineup(rules).solve(&assignment(true)).expect_err("there is no lindo here");
    assert!(refused.to_string().contains("no solver 'lindo'; there are: "), "{refused}");
    // Opened, changed and solved again, each time by a race.
    let mut m = Model::new("open");
    let (x, y) = (m.continuous("x").bounds(0, 10).one(), m.integer("y").bounds(0, 10).one());
    m.maximize(x + 2 * y);
    let row = m.row("row", (x + y).le(7.5));
    let mut open = m.open(Solver::race_in_process())?;
    assert_eq!(open.solve()?.objective(), Some(14.5));
    open.rhs(row, 3.0)?;
    assert_eq!(open.solve()?.objective(), Some(6.0));
    Ok(())
}

#[cfg(all(feature = "highs", feature = "scip"))]
#[test]
fn scip_races_on_a_thread_beside_highs() -> Result<(), SolveError> {
    use farkas::backends::contract::Backend;
    use farkas::backends::solvers::{highs::Highs, scip::ScipBackend};
    use std::sync::Arc;
    let both: [Arc<dyn Backend>; 2] = [Arc::new(Highs::new()), Arc::new(ScipBackend::new())];
    let model = assignment(true);
    let alone = Solver::highs().solve(&model)?.objective().expect("solved");
    let answer = Solver::race_of(both).threads(2).solve(&model)?;
    assert_eq!(answer.reason(), Reason::Optimal, "{answer}");
    assert!((answer.objective().expect("solved") - alone).abs() <= 1e-4 * alone.abs(), "{alone}, {answer}");
    assert_eq!(children(), Vec::<String>::new());
    Ok(())
}

#[test]
fn a_solver_alone_keeps_the_limits_that_it_is_not_told_of() -> Result<(), SolveError> {
    use farkas::backends::solvers::mock::Mock;
    use std::sync::Arc;
    let mut m = Model::new("integers");
    let x = m.integer("x").bounds(0, 9).one();
    m.maximize(x);
    m.row("row", (2 * x).le(15));
    let solver = |script: &str| Solver::backend(Arc::new(Mock::scripted("mock", script)));
    let stalled = solver("incumbent 1; bound 8; until-stop; limit").stall_limit(Duration::from_millis(50)).solve(&m)?;
    assert_eq!(
        (stalled.objective(), stalled.termination().limit()),
        (Some(1.0), Some(Limit::SlowProgress)),
        "{stalled}"
    );
    let limited = solver("incumbent 2; until-stop; limit").deterministic().time_limit(Duration::from_millis(50));
    let limited = limited.solve(&m)?;
    assert_eq!((limited.objective(), limited.termination().limit()), (Some(2.0), Some(Limit::Time)), "{limited}");
    assert!(limited.evidence().notes.iter().any(|note| note.contains("another run may end elsewhere")), "{limited}");
    Ok(())
}
