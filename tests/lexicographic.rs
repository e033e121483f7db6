//! Several objectives, solved in order by HiGHS in this process: what each comes to, with and without tolerances.
#![cfg(feature = "highs")]

use farkas::prelude::*;

/// Ten parcels for four vans: cost a van and parcel, and a van's load.
fn vans() -> (Model, Expr, Expr, Var) {
    let mut m = Model::new("vans");
    let (vans, parcels) = (0..4_usize, 0..10_usize);
    let takes = m.binary("takes").over((vans.clone(), parcels.clone()));
    m.rows("once", parcels.clone(), |p| sum(vans.clone(), |v| takes[(v, p)]).eq(1));
    let cost = sum((vans.clone(), parcels.clone()), |(v, p)| ((3 * v + 7 * p) % 11 + 1 + 3 * v) as f64 * takes[(v, p)]);
    let load = |v: usize| sum(parcels.clone(), |p| ((p % 3) + 1) as f64 * takes[(v, p)]);
    let most = m.max_epigraph("most", vans.map(load));
    let used = sum(parcels, |p| takes[(3, p)]);
    (m, cost, used, most)
}

fn value(m: &Model, objective: &str) -> f64 {
    let answer = Solver::highs().gap(0.0).solve_in_order(m).expect("solved");
    assert!(answer.is_complete(), "{answer}");
    assert_eq!(answer.stages().len(), m.num_stages());
    answer.value_of(objective).expect("a point")
}

#[test]
fn earlier_objectives_are_kept_within_their_tolerances() {
    let (mut m, cost, _, most) = vans();
    m.minimize(&cost);
    let cheapest = m.solve().expect("solved").objective().expect("optimal");
    m.minimize(most);
    let fairest = m.solve().expect("solved").objective().expect("optimal");

    m.objectives().minimize("cost", &cost).minimize("most", most);
    let (strict, load) = (value(&m, "cost"), value(&m, "most"));
    assert!((strict - cheapest).abs() < 1e-6, "{strict} is not {cheapest}");
    assert!(load > fairest, "the two objectives must disagree for this test to say something");

    m.objectives().minimize("cost", &cost).within(6).minimize("most", most);
    let (loose, lower) = (value(&m, "cost"), value(&m, "most"));
    assert!(loose <= cheapest + 6.0 + 1e-6 && lower < load, "{loose}, {lower}");

    m.objectives().minimize("cost", &cost).within_share(100.0).minimize("most", most);
    assert!((value(&m, "most") - fairest).abs() < 1e-6);
}

#[test]
fn a_stage_may_weigh_several_and_directions_may_differ() {
    let (mut m, cost, used, most) = vans();
    m.objectives().maximize("used", &used).minimize("cost", &cost).plus(10, "most", most);
    let answer = Solver::highs().gap(0.0).solve_in_order(&m).expect("solved");
    let names: Vec<_> = answer.reached().iter().map(|one| (one.name.as_str(), one.stage)).collect();
    assert_eq!(names, [("used", 0), ("cost", 1), ("most", 1)]);
    assert_eq!(answer.value_of("used"), Some(10.0));
    let sum = answer.value_of("cost").expect("there") + 10.0 * answer.value_of("most").expect("there");
    assert!((answer.objective().expect("optimal") - sum).abs() < 1e-6);
    assert!(answer.to_string().starts_with("1. used: 10"), "{answer}");
    // The plain way goes through all stages as well.
    assert_eq!(m.solve().expect("solved").value(&used).round(), 10.0);
}

#[test]
fn what_ends_early_says_so() {
    let (mut m, cost, used, most) = vans();
    m.row("impossible", (&used).ge(11));
    m.objectives().minimize("cost", &cost).minimize("most", most);
    let answer = Solver::highs().solve_in_order(&m).expect("solved");
    assert_eq!((answer.reason(), answer.stages().len(), answer.is_complete()), (Reason::Infeasible, 1, false));
    assert!(answer.reached().is_empty());
    assert!(answer.to_string().contains("stopped after 1 of 2 objectives"), "{answer}");
}
