//! Answers read by handles and keys: from claims as solvers make them, through the checker, to the caller's own terms.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use farkas_modeling::answer::{Claim, Duals};
use farkas_modeling::check::{TrustPolicy, conclude, examine};
use farkas_modeling::model::prelude::*;
use farkas_modeling::{Limit, Reason, Source, Termination, Tolerances};

/// What a model's answer is when a solver claims this.
fn solved(model: &Model, claim: &Claim) -> Solved {
    let problem = Arc::new(model.freeze().expect("a sound model"));
    let tolerances = Tolerances::default();
    let source = Source { backend: "highs".into(), version: "1".into(), lane: 0 };
    let findings = [examine(&problem, &source, claim, &tolerances)];
    let answer = conclude(&problem, &findings, &tolerances, &TrustPolicy::default(), None);
    Solved::new(model, problem, answer.with_run(vec![], 0.25))
}

fn optimal(point: &[f64], objective: f64) -> Claim {
    Claim {
        point: Some(point.into()),
        objective: Some(objective),
        bound: Some(objective),
        ..Claim::bare(Termination::new(Reason::Optimal, ""))
    }
}

fn panics(mistake: impl FnOnce()) -> String {
    let caught = catch_unwind(AssertUnwindSafe(mistake)).expect_err("a mistake that is not told");
    caught.downcast_ref::<String>().cloned().expect("words")
}

#[test]
fn values_come_back_under_the_callers_keys() {
    let plants = ["Lyon", "Nantes"];
    let cities = vec!["Paris".to_string(), "Brest".into()];
    let mut m = Model::new("facility location");
    let open = m.binary("open").over(&plants);
    let ship = m.nonnegative("ship").over((&plants, &cities));
    m.minimize(sum(&plants, |p| 5 * open[p]) + sum((&plants, &cities), |key| ship[key]));
    let demand = m.rows("demand", &cities, |c| sum(&plants, |p| ship[(p, c)]).eq(3));
    let capacity = m.rows("capacity", &plants, |p| sum(&cities, |c| ship[(p, c)]).le(10 * open[p]));
    let nothing_lost = 1.0 - 1e-9; // a binary as solvers leave it
    let answer = solved(&m, &optimal(&[nothing_lost, 1e-8, 3.0, 3.0, 0.0, 1e-12], 11.0));

    assert_eq!(answer.reason(), Reason::Optimal);
    let shipped: Vec<_> = answer.nonzeros(&ship).collect();
    assert_eq!(shipped, [(&plants[0], &cities[0], 3.0), (&plants[0], &cities[1], 3.0)]);
    assert_eq!(answer.values(&ship).count(), 4);
    assert_eq!(answer.chosen(&open).collect::<Vec<_>>(), [&"Lyon"]);
    assert_eq!(answer.nonzeros(&open).collect::<Vec<_>>(), [(&"Lyon", 1.0)]);
    assert_eq!(answer.value(ship[(&plants[0], &cities[1])]), 3.0);
    assert_eq!(answer.value(2 * ship[(&plants[0], &cities[0])] + 1), 7.0);
    assert_eq!(answer.activity(demand[&cities[0]]), 3.0);
    assert_eq!(answer.slack(demand[&cities[0]]), 0.0);
    assert!((answer.slack(capacity[&plants[0]]) - 4.0).abs() < 1e-6);
    assert_eq!((answer.dual(demand[&cities[0]]), answer.reduced_cost(open[&plants[0]])), (None, None));
    let text = answer.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "facility location: optimal");
    assert!(
        lines[1].starts_with("  objective  1")
            && lines[2].starts_with("  bound      11")
            && lines[2].ends_with("(gap 0.00 %)"),
        "{text}"
    );
    assert!(
        lines[3].starts_with("  evidence   checked, largest violation ") && lines[3].contains("found by highs"),
        "{text}"
    );
    assert_eq!(lines[4], "  time       0.250 s");
}

#[test]
fn duals_belong_to_handles() {
    let mut m = Model::new("mix");
    let x = m.nonnegative("x").over(0..2);
    m.maximize(3 * x[0] + 2 * x[1]);
    let first = m.row("first", (x[0] + x[1]).le(4));
    let second = m.row("second", (x[0] + 3 * x[1]).le(6));
    let claim = Claim {
        duals: Some(Duals { rows: vec![3.0, 0.0], reduced_costs: vec![0.0, -1.0] }),
        ..optimal(&[4.0, 0.0], 12.0)
    };
    let answer = solved(&m, &claim);
    assert_eq!((answer.dual(first), answer.dual(second)), (Some(3.0), Some(0.0)));
    assert_eq!((answer.reduced_cost(x[0]), answer.reduced_cost(x[1])), (Some(0.0), Some(-1.0)));
    assert_eq!((answer.slack(first), answer.slack(second)), (0.0, 2.0));
}

#[test]
fn mistakes_are_told() {
    let mut m = Model::new("none");
    let x = m.binary("x").over(0..2);
    let row = m.row("row", x[0].le(1));
    let nothing = solved(&m, &Claim::bare(Termination::at_limit(false, Limit::Time, "")));
    assert!(!nothing.has_point());
    assert_eq!(panics(|| _ = nothing.value(x[0])), "there are no values: no solution found (time limit)");
    assert_eq!(nothing.to_string().lines().next(), Some("none: no solution found (time limit)"));

    let answer = solved(&m, &optimal(&[0.0, 0.0], 0.0));
    let late = m.binary("late").over(0..1);
    let late_row = m.row("late", x[1].le(1));
    let other = Model::new("other").binary("y").over(0..1);
    assert_eq!(
        panics(|| _ = answer.value(late[0])),
        "variable 'late[0]' of model 'none' was made after the model was solved"
    );
    assert_eq!(
        panics(|| _ = answer.values(&late).count()),
        "variable 'late[0]' of model 'none' was made after the model was solved"
    );
    assert!(panics(|| _ = answer.nonzeros(&other).count()).contains("is not in the answer to model 'none'"));
    assert!(panics(|| _ = answer.activity(late_row)).contains("was made after it was solved"));
    assert_eq!(answer.slack(row), 1.0);
}
