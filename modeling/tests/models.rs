//! Ten classic models, written as their authors would: the language has to read well on all of them. Each is frozen and its
//! shape checked (what the solvers make of them is the facade's to test).

use farkas_modeling::Problem;
use farkas_modeling::model::prelude::*;

/// Rows, columns, nonzeros, integers.
#[track_caller]
fn shape(model: &Model, want: (usize, usize, usize, usize)) -> Problem {
    let p = model.freeze().unwrap_or_else(|defects| panic!("{defects}"));
    assert_eq!((p.num_rows(), p.num_columns(), p.num_nonzeros(), p.num_integers()), want, "{}", model.name());
    p
}

#[test]
fn facility_location() {
    #[derive(Debug)]
    struct Plant {
        at: (f64, f64),
        capacity: f64,
        fixed_cost: f64,
    }
    #[derive(Debug)]
    struct City {
        at: (f64, f64),
        demand: u32,
    }
    impl Plant {
        fn distance(&self, city: &City) -> f64 {
            (self.at.0 - city.at.0).hypot(self.at.1 - city.at.1)
        }
    }
    let plants: Vec<_> = (0..3).map(|i| Plant { at: (f64::from(i), 0.0), capacity: 50.0, fixed_cost: 90.0 }).collect();
    let cities: Vec<_> = (1..6).map(|i| City { at: (0.0, f64::from(i)), demand: 10 }).collect();

    let mut m = Model::new("facility location");
    let open = m.binary("open").over(&plants);
    let ship = m.nonnegative("ship").over((&plants, &cities));
    m.minimize(
        sum(&plants, |p| p.fixed_cost * open[p]) + sum((&plants, &cities), |(p, c)| p.distance(c) * ship[(p, c)]),
    );
    m.rows("demand", &cities, |c| sum(&plants, |p| ship[(p, c)]).eq(c.demand));
    m.rows("capacity", &plants, |p| sum(&cities, |c| ship[(p, c)]).le(p.capacity * open[p]));
    m.rows("link", ship.keys(), |(p, c)| ship[(p, c)].le(f64::from(c.demand) * open[p]));

    let p = shape(&m, (23, 18, 63, 3));
    assert_eq!(p.cost()[0], 90.0);
    assert_eq!(p.row_upper()[0], 10.0);
}

#[test]
fn cutting_stock_with_columns() {
    let (widths, demand, roll) = ([45, 36, 31, 14], [97, 610, 395, 211], 100);
    let mut patterns = vec![[2, 0, 0, 0], [0, 2, 0, 2], [0, 0, 2, 2], [0, 0, 0, 7]];
    patterns.retain(|pattern| pattern.iter().zip(widths).map(|(n, w)| n * w).sum::<i32>() <= roll);

    let mut m = Model::new("cutting stock");
    let cut = m.integer("cut").lower(0).over(&patterns);
    m.minimize(sum(&patterns, |p| cut[p]));
    let made = m.rows("demand", 0..4_usize, |i| sum(&patterns, |p| p[i] * cut[p]).ge(demand[i]));
    let p = shape(&m, (4, 4, 6, 4));
    assert_eq!(p.row_names().get(made[3].index()), "demand[3]");
}

#[test]
fn unit_commitment() {
    #[derive(Debug)]
    struct Unit {
        name: &'static str,
        least: f64,
        most: f64,
        cost: f64,
        start_cost: f64,
        up_time: usize,
    }
    let units = [
        Unit { name: "coal", least: 100.0, most: 400.0, cost: 20.0, start_cost: 900.0, up_time: 4 },
        Unit { name: "gas", least: 20.0, most: 150.0, cost: 45.0, start_cost: 100.0, up_time: 1 },
    ];
    let load = [250.0, 300.0, 420.0, 380.0, 200.0, 120.0];
    let hours = 0..load.len();
    let all = || (&units, hours.clone());

    let mut m = Model::new("unit commitment");
    let on = m.binary("on").over(all());
    let start = m.binary("start").over(all());
    let power = m.nonnegative("power").over(all());
    m.minimize(sum(all(), |(u, t)| u.cost * power[(u, t)] + u.start_cost * start[(u, t)]));
    m.rows("load", hours.clone(), |t| sum(&units, |u| power[(u, t)]).ge(load[t]));
    m.rows("least", all(), |(u, t)| power[(u, t)].ge(u.least * on[(u, t)]));
    m.rows("most", all(), |(u, t)| power[(u, t)].le(u.most * on[(u, t)]));
    m.rows("started", (&units, 1..load.len()), |(u, t)| start[(u, t)].ge(on[(u, t)] - on[(u, t - 1)]));
    m.rows("stay", all(), |(u, t)| sum(t.saturating_sub(u.up_time - 1)..=t, |s| start[(u, s)]).le(on[(u, t)]));
    let p = shape(&m, (52, 36, 126, 24));
    assert_eq!(p.column_names().get(on[(&units[1], 2)].index()), format!("on[{},2]", units[1].name));
}

#[test]
fn lot_sizing() {
    let (demand, setup, hold, most) = ([20.0, 50.0, 10.0, 50.0], 40.0, 1.0, 100.0);
    let periods = demand.len();
    let mut m = Model::new("lot sizing");
    let make = m.nonnegative("make").over(0..periods);
    let stock = m.nonnegative("stock").over(0..=periods);
    let set = m.binary("set").over(0..periods);
    m.fix(stock[0], 0);
    m.minimize(sum(0..periods, |t| setup * set[t] + hold * stock[t + 1]));
    m.rows("balance", 0..periods, |t| (stock[t] + make[t] - stock[t + 1]).eq(demand[t]));
    m.rows("setup", 0..periods, |t| make[t].le(most * set[t]));
    let p = shape(&m, (8, 13, 20, 4));
    assert_eq!(p.upper()[stock[0].index()], 0.0);
}

#[test]
fn travelling_salesman() {
    let cities = ["Lyon", "Nantes", "Paris", "Brest"];
    let n = cities.len();
    let distance = |a: &str, b: &str| (a.len() as f64 - b.len() as f64).abs() + 1.0;

    let mut m = Model::new("tour");
    let roads = (&cities, &cities).only(|(a, b)| a != b);
    let go = m.binary("go").over(&roads);
    let place = m.continuous("place").bounds(0, n as f64 - 1.0).over(&cities);
    m.minimize(sum(&roads, |(a, b)| distance(a, b) * go[(a, b)]));
    let others = |c| cities.iter().filter(move |&other| other != c);
    m.rows("leave", &cities, |c| sum(others(c), |d| go[(c, d)]).eq(1));
    m.rows("enter", &cities, |c| sum(others(c), |d| go[(d, c)]).eq(1));
    m.rows("order", (&cities[1..], &cities[1..]).only(|(a, b)| a != b), |(a, b)| {
        (place[a] - place[b] + n as f64 * go[(a, b)]).le(n as f64 - 1.0)
    });
    // A subtour, cut off later.
    m.row("cut", (go[(&cities[0], &cities[1])] + go[(&cities[1], &cities[0])]).le(1));
    let p = shape(&m, (15, 16, 44, 12));
    assert_eq!(p.row_names().get(8), "order[Nantes,Paris]");
}

#[test]
fn job_shop_with_indicators() {
    #[derive(Debug)]
    struct Job {
        name: &'static str,
        length: u32,
    }
    let jobs = [Job { name: "mill", length: 4 }, Job { name: "turn", length: 3 }, Job { name: "grind", length: 2 }];
    let horizon: u32 = jobs.iter().map(|job| job.length).sum();

    let mut m = Model::new("one machine");
    let begin = m.nonnegative("begin").upper(horizon).over(&jobs);
    let end = m.nonnegative("end").one();
    let pairs: Vec<_> = (0..jobs.len()).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
    let first = m.binary("first").over(&pairs);
    m.minimize(end);
    m.rows("end", &jobs, |job| end.ge(begin[job] + job.length));
    for pair in &pairs {
        let (a, b) = (&jobs[pair.0], &jobs[pair.1]);
        m.when("a first", first[pair], begin[b].ge(begin[a] + a.length));
        m.unless("b first", first[pair], begin[a].ge(begin[b] + b.length));
    }
    let p = shape(&m, (9, 7, 18, 3));
    assert_eq!(p.indicators().len(), 6);
    assert_eq!(p.column_names().get(first[&pairs[2]].index()), "first[2,1]");
    assert_eq!(p.column_names().get(0), format!("begin[{}]", jobs[0].name));
}

#[test]
fn portfolio() {
    let shares: Set<String> = ["bonds", "stocks", "gold"].map(String::from).into_iter().collect();
    let (yields, budget) = ([0.03, 0.08, 0.01], 1_000.0);
    let scenarios = [[0.02, -0.3, 0.1], [0.03, 0.2, -0.05]];

    let mut m = Model::new("portfolio");
    let buy = m.nonnegative("buy").upper(0.6 * budget).over(&shares);
    let loss = m.nonnegative("loss").over(&scenarios);
    m.maximize(dot(&yields, &buy) - 0.5 * sum(&scenarios, |s| loss[s]) + 12.5);
    m.row("budget", sum(&shares, |s| buy[s]).eq(budget));
    m.rows("loss", &scenarios, |s| loss[s].ge(-dot(s, &buy)));
    m.row("gold", buy["gold"].between(0.05 * budget, 0.2 * budget));
    let p = shape(&m, (4, 5, 12, 0));
    assert_eq!(p.offset(), 12.5);
    assert_eq!(p.column_names().find("buy[gold]"), Some(buy["gold"].index()));
}

#[test]
fn blending() {
    let alloys: Set<&str> = ["scrap", "pure", "mixed"].into();
    let metals: Set<&str> = ["copper", "zinc"].into();
    let share = |metal: &str, alloy: &str| match (metal, alloy) {
        ("copper", "scrap") => 0.5,
        ("copper", "pure") => 0.99,
        ("zinc", "scrap") => 0.3,
        ("zinc", "mixed") => 0.6,
        _ => 0.0,
    };
    let mut m = Model::new("blending");
    let use_ = m.nonnegative("use").over(&alloys);
    let total = m.nonnegative("total").one();
    m.minimize(2 * use_["scrap"] + 9 * use_["pure"] + 4.5 * use_["mixed"]);
    m.row("total", total.eq(sum(&alloys, |a| use_[a])));
    m.rows("at least", &metals, |metal| sum(&alloys, |a| share(metal, a) * use_[a]).ge(0.3 * total));
    m.row("order", total.ge(100));
    shape(&m, (4, 4, 11, 0)); // shares of zero leave no coefficients
}

#[test]
fn network_flow() {
    #[derive(Debug)]
    struct Pipe {
        from: &'static str,
        to: &'static str,
        capacity: f64,
        cost: f64,
        shut: bool,
    }
    let pipe = |from, to, capacity, cost| Pipe { from, to, capacity, cost, shut: capacity == 0.0 };
    let pipes =
        [pipe("s", "a", 4.0, 1.0), pipe("s", "b", 3.0, 2.0), pipe("a", "b", 0.0, 1.0), pipe("b", "t", 5.0, 1.0)];
    let supply: [(&str, f64); 4] = [("s", 5.0), ("a", 0.0), ("b", 0.0), ("t", -5.0)];
    let open = || pipes.iter().filter(|pipe| !pipe.shut);

    let mut m = Model::new("network");
    let flow = m.nonnegative("flow").over(open());
    m.upper_by(&flow, |pipe| pipe.capacity);
    m.minimize(sum(open(), |pipe| pipe.cost * flow[pipe]));
    m.rows("balance", &supply, |&(node, amount)| {
        let out = sum(open().filter(|pipe| pipe.from == node), |pipe| flow[pipe]);
        let into = sum(open().filter(|pipe| pipe.to == node), |pipe| flow[pipe]);
        (out - into).between(amount.min(0.0) - 2.0, amount)
    });
    let p = shape(&m, (4, 3, 6, 0));
    assert_eq!(p.upper(), [4.0, 3.0, 5.0]);
    assert!(flow.get(&pipes[2]).is_none());
}

#[test]
fn staff_rostering() {
    #[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
    enum Shift {
        Early,
        Late,
        Night,
    }
    let shifts: Set<Shift> = [Shift::Early, Shift::Late, Shift::Night].into();
    let staff: Set<&str> = ["Ana", "Bo", "Chen", "Dia"].into();
    let week = 0..7;

    let mut m = Model::new("roster");
    let works = m.binary("works").over((&staff, week.clone(), &shifts));
    let missing = m.nonnegative("missing").over((week.clone(), &shifts));
    m.minimize(sum((week.clone(), &shifts), |key| 100 * missing[key]));
    m.rows("cover", (week.clone(), &shifts), |(d, s)| (sum(&staff, |p| works[(p, d, s)]) + missing[(d, s)]).ge(1));
    m.rows("one a day", (&staff, week.clone()), |(p, d)| sum(&shifts, |s| works[(p, d, s)]).le(1));
    m.rows("rest", (&staff, 0..6), |(p, d)| (works[(p, d, &Shift::Night)] + works[(p, d + 1, &Shift::Early)]).le(1));
    m.rows("five days", &staff, |p| sum((week.clone(), &shifts), |(d, s)| works[(p, d, s)]).le(5));
    let p = shape(&m, (77, 105, 321, 84));
    assert_eq!(p.column_names().get(works[("Bo", 3, &Shift::Late)].index()), "works[Bo,3,Late]");
}

#[test]
fn mean_variance_portfolio() {
    let shares: Set<&str> = ["bonds", "stocks", "gold"].into();
    let (yields, factors) = ([0.03, 0.08, 0.01], [[0.1, 0.9, -0.2], [0.05, 0.4, 0.6]]);

    let mut m = Model::new("mean and variance");
    let buy = m.semicontinuous("buy").bounds(0.05, 0.7).over(&shares);
    let factor = |f: &[f64; 3]| dot(f, &buy);
    m.minimize(sum(&factors, |f| factor(f) * factor(f)) + 0.01 * sum(&shares, |s| buy[s] * buy[s]));
    m.row("all", sum(&shares, |s| buy[s]).eq(1));
    m.row("yield", dot(&yields, &buy).ge(0.04));
    m.row("apart", (buy["gold"] * buy["stocks"]).le(0.1));
    let p = shape(&m, (3, 3, 6, 0));
    assert_eq!((p.quadratic_objective().len(), p.row_products(2).len()), (6, 1));
}

#[test]
fn generation_with_piecewise_costs() {
    // Fuel burnt at each load: neither convex nor concave, since the second turbine starts at 100.
    let burn = [(0.0, 0.0), (80.0, 20.0), (100.0, 40.0), (180.0, 58.0)];
    let demand = [60.0, 150.0, 170.0, 90.0];

    let mut m = Model::new("one station");
    let load = m.nonnegative("load").upper(180).over(0..4_usize);
    let pumped = m.continuous("pumped").bounds(-20, 20).over(0..4_usize);
    let fuel: Vec<Var> = (0..4).map(|t| m.piecewise(&format!("fuel {t}"), load[t], &burn)).collect();
    let change: Vec<Var> = (1..4).map(|t| m.abs_epigraph(&format!("change {t}"), load[t] - load[t - 1])).collect();
    m.minimize(sum(&fuel, |f| f) + 0.1 * sum(&change, |c| c));
    m.rows("demand", 0..4_usize, |t| (load[t] + pumped[t]).ge(demand[t]));
    m.row("store", sum(0..4, |t| pumped[t]).eq(0));
    let p = shape(&m, (35, 35, 94, 8));
    assert_eq!(p.column_names().get(fuel[2].index()), "fuel 2");
}

#[test]
fn fair_rosters_with_objectives_in_order() {
    let staff: Set<&str> = ["Ana", "Bo", "Chen"].into();
    let days = 0..7;

    let mut m = Model::new("fair roster");
    let works = m.binary("works").over((&staff, days.clone()));
    m.rows("cover", days.clone(), |d| sum(&staff, |p| works[(p, d)]).between(1, 2));
    let shifts = |p| sum(days.clone(), |d| works[(p, d)]);
    let most = m.max_epigraph("most", staff.iter().map(shifts));
    let least = m.min_hypograph("least", staff.iter().map(shifts));
    let weekend = m.all_of("weekend", [works[("Ana", 5)], works[("Ana", 6)]]);
    m.if_then("rest after", weekend, !works[("Ana", 0)]);
    m.objectives()
        .minimize("shifts", sum(works.members(), |w| w))
        .within(1)
        .minimize("spread", most - least)
        .plus(0.5, "weekend", weekend);
    let first = shape(&m, (17, 24, 78, 22));
    assert_eq!((first.objective_name(), m.num_stages()), (Some("shifts"), 2));
    let second = m.freeze_stage(&[7.0]).expect("sound");
    assert_eq!((second.num_rows(), second.row_upper()[17], second.objective_name()), (18, 8.0, Some("spread")));
    assert_eq!(second.cost()[most.index()], 1.0);
}
