//! The language by table: every way to write an index set, a key, an expression and a name, and how each mistake is told.

use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use farkas_modeling::Problem;
use farkas_modeling::model::prelude::*;
use farkas_modeling::problem::{DefectCode, Names};
use proptest::prelude::*;

/// What a mistake says.
fn panic_of(mistake: impl FnOnce()) -> String {
    let caught = catch_unwind(AssertUnwindSafe(mistake)).expect_err("a mistake that is not told");
    caught.downcast_ref::<String>().cloned().or_else(|| caught.downcast_ref::<&str>().map(ToString::to_string)).unwrap()
}

fn names(names: &Names) -> Vec<String> {
    names.iter().map(Into::into).collect()
}

/// The rows as maps from column to coefficient, with their sides.
fn rows(problem: &Problem) -> Vec<(BTreeMap<usize, f64>, f64, f64)> {
    let matrix = problem.by_rows();
    let row = |i: usize| {
        let (columns, values) = matrix.row(i);
        let terms = columns.iter().map(|&j| j as usize).zip(values.iter().copied()).collect();
        (terms, problem.row_lower()[i], problem.row_upper()[i])
    };
    (0..problem.num_rows()).map(row).collect()
}

#[test]
fn keys_are_found_in_every_kind_of_index_set() {
    let towns = vec!["Lyon".to_string(), "Nantes".into(), "Paris".into()];
    let set: Set<String> = towns.iter().cloned().chain(["Lyon".into()]).collect();
    let codes: Set<(u8, char)> = [(1, 'a'), (2, 'b')].into();
    let far = [3_i64, -7, 1_000_000_000_000];
    let mut m = Model::new("keys");
    let by_place = m.binary("place").over(&towns);
    let by_value = m.binary("value").over(&set);
    let range = m.binary("range").over(-2..=2);
    let spread = m.binary("spread").over(far.iter().copied());
    let backwards = m.binary("backwards").over((0..5_usize).rev().step_by(2));
    let some = m.binary("some").over(towns.iter().filter(|town| town.len() == 5));
    let pairs = m.binary("pairs").over(towns.iter().flat_map(|a| (0..2).map(move |i| (a, i))));
    let tuples = m.binary("tuples").over(&codes);
    let four = m.binary("four").over((&towns, 0..2, &set, &[true, false]));
    let part = m.binary("part").over((&towns, 0..3).only(|(town, i)| town.len() > 4 && i != 1));

    let elsewhere = "Paris".to_string();
    let (twice, code) = (&&towns[2], &codes[0]);
    let index = |variable: Option<Var>, family: std::ops::Range<usize>| variable.map(|v| v.index() - family.start);
    let table = [
        (index(by_place.get(&towns[2]), by_place.range()), Some(2)),
        (index(by_place.get(twice), by_place.range()), Some(2)),
        (index(by_place.get(&elsewhere), by_place.range()), None),
        (index(by_value.get(&set[1]), by_value.range()), Some(1)),
        (index(by_value.get(&elsewhere), by_value.range()), Some(2)),
        (index(by_value.get("Nantes"), by_value.range()), Some(1)),
        (index(by_value.get("Rome"), by_value.range()), None),
        (index(range.get(-2), range.range()), Some(0)),
        (index(range.get(2_u8), range.range()), Some(4)),
        (index(range.get(3), range.range()), None),
        (index(range.get(i64::MIN), range.range()), None),
        (index(spread.get(-7), spread.range()), Some(1)),
        (index(spread.get(1_000_000_000_000_u64), spread.range()), Some(2)),
        (index(spread.get(4), spread.range()), None),
        (index(backwards.get(0), backwards.range()), Some(2)),
        (index(backwards.get(3), backwards.range()), None),
        (index(some.get(&towns[2]), some.range()), Some(0)),
        (index(some.get(&towns[0]), some.range()), None),
        (index(pairs.get((&towns[1], 1)), pairs.range()), Some(3)),
        (index(pairs.get((&towns[1], 2)), pairs.range()), None),
        (index(tuples.get((2, 'b')), tuples.range()), Some(1)),
        (index(tuples.get(code), tuples.range()), Some(0)),
        (index(tuples.get((1, 'b')), tuples.range()), None),
        (index(four.get((&towns[2], 1, "Paris", &elsewhere_flag(&four))), four.range()), None),
        (index(part.get((&towns[1], 2)), part.range()), Some(1)),
        (index(part.get((&towns[1], 1)), part.range()), None),
        (index(part.get((&towns[0], 0)), part.range()), None),
    ];
    for (at, (got, want)) in table.into_iter().enumerate() {
        assert_eq!(got, want, "row {at}");
    }
    assert_eq!((by_value.len(), four.len(), part.len()), (3, 36, 4));
    // What a family iterates over are its keys, in the order of its variables.
    for (key, variable) in four.iter() {
        assert_eq!(four[key], variable);
    }
    let walked: HashSet<_> = part.keys().iter().map(|(town, i)| (town.clone(), i)).collect();
    assert_eq!(walked.len(), 4);
}

/// A `bool` that stands in no index set.
fn elsewhere_flag<S>(_: &Family<S>) -> bool {
    true
}

#[test]
fn mistakes_are_told_at_once_with_what_is_wrong() {
    let plants = ["Lyon", "Nantes"];
    let mut m = Model::new("here");
    let open = m.binary("open").over(&plants);
    let mut other = Model::new("there");
    let theirs = other.nonnegative("ship").over((&plants, 0..2));
    let gone = Model::new("gone").binary("x").one();

    let stranger = "Paris";
    let told = panic_of(|| _ = open[&stranger]);
    assert!(told.starts_with("'open' has no variable for \"Paris\": the key is not in its index set"), "{told}");
    let told = panic_of(|| _ = theirs[(&plants[1], 2)]);
    assert!(told.starts_with("'ship' has no variable for (\"Nantes\", 2)"), "{told}");

    let mixed = "variable 'ship[Lyon,1]' of model 'there' is used together with variable 'open[Lyon]' of model 'here'";
    let told = panic_of(|| _ = sum(0..1, |_| open[&plants[0]] + theirs[(&plants[0], 1)]));
    assert_eq!(told, mixed);
    let told = panic_of(|| _ = m.row("mixed", theirs[(&plants[0], 1)].le(1)));
    assert_eq!(told, "variable 'ship[Lyon,1]' of model 'there' is used together with model 'here'");
    let told = panic_of(|| m.minimize(sum(0..2, |i| theirs[(&plants[0], i)])));
    assert_eq!(told, "variable 'ship[Lyon,0]' of model 'there' is used together with model 'here'");
    let told = panic_of(|| m.fix(theirs[(&plants[0], 1)], 1));
    assert_eq!(told, "variable 'ship[Lyon,1]' of model 'there' is handed to model 'here'");
    let told = panic_of(|| _ = m.row("gone", gone.le(1)));
    assert_eq!(told, "variable 0 of a model that is gone is used together with model 'here'");
    let told = panic_of(|| _ = m.binary("twice").over([1, 2, 1].into_iter()));
    assert_eq!(told, "'twice' would have two variables for the key 1: it is in the index set twice");
    let told = panic_of(|| _ = dot(&[1.0, 2.0, 3.0], &open));
    assert!(told.contains("as many numbers (left) as variables (right)"), "{told}");
    let told = panic_of(|| _ = m.binary("many").over((0..100_000_i32, 0..100_000_i32)));
    assert!(told.contains("'many' would make") && told.contains("a model can have"), "{told}");
}

#[test]
fn all_defects_are_told_at_once_by_name() {
    let mut m = Model::new("sick");
    let x = m.nonnegative("x").over(["a", "b", "c"].iter());
    let xs = x.members().to_vec();
    let y = m.continuous("y").bounds(2, 1).one();
    let switch = m.binary("switch").one();
    m.maximize(f64::NAN * xs[0] + f64::INFINITY);
    m.row("empty", sum(0..0, |_: i32| y).ge(1));
    m.row("nothing", (xs[0] - xs[0]).le(-1));
    m.row("crossed", xs[1].between(3, 2));
    m.row("poisoned", (f64::INFINITY * xs[1]).le(1));
    m.row("fine", (0.0 * xs[2]).le(0)); // says 0 ≤ 0
    m.when("never on", switch, sum(0..0, |_: i32| y).ge(1)); // a long word for switch = 0
    let defects = m.freeze().expect_err("defects");
    let told: Vec<String> = defects.list.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "objective: its constant is infinite; it must be a finite number",
            "variable 'x[a]': its cost is NaN",
            "coefficient of 'x[b]' in 'poisoned': inf; it must be a finite number",
            "variable 'y': its lower bound 2 is above its upper bound 1",
            "constraint 'empty': it has no variables and says 0 ≥ 1, which never holds",
            "constraint 'nothing': it has no variables and says 0 ≤ -1, which never holds",
            "constraint 'crossed': its lower side 3 is above its upper side 2, so it never holds",
        ]
    );
    assert_eq!(defects.list.last().map(|defect| defect.code), Some(DefectCode::NeverHolds));
}

/// Terms and sides of a row.
type Wanted<'t> = (&'t [(usize, f64)], f64, f64);

#[test]
fn operators_in_every_order() {
    let mut m = Model::new("operators");
    let x = m.nonnegative("x").over(0..3);
    let (a, b, c) = (x[0], x[1], x[2]);
    let by_reference = &c;
    let total: Expr = sum(0..3, |i| x[i]);
    let mut grown = Expr::new();
    for i in 0..3 {
        grown += 2 * x[i];
        grown -= 1;
    }
    let numbers = [2.0, 3.0];
    m.row("1", (2.0 * a + b - 3 * c).le(4));
    m.row("2", (4.0 - a * 2.0 - -b).ge(-1.5 * by_reference + 2));
    m.row("3", (2 * (a + b) / 4.0 + 1.0).eq(3.0 * c - 0.5));
    m.row("4", (-(a - (b - c))).between(-1, 1));
    m.row("5", (&total - &total * 0.5).le(&total));
    m.row("6", (1.0 + &total + a).ge(grown));
    m.row("7", (5.0 - total.clone()).eq(0));
    m.row("8", numbers.iter().zip([&a, &b]).map(|(k, v)| k * v).sum::<Expr>().le(numbers[0]));
    m.row("by reference", by_reference.eq(&total));
    let same = &total;
    m.row("total by reference", same.eq(by_reference));
    m.row("9", (3 - 2 * (1.0 - (a + 1)) + 0 * b).le(usize::MAX as f64));
    let p = m.freeze().expect("sound");
    let inf = f64::INFINITY;
    let want: [Wanted; 11] = [
        (&[(0, 2.0), (1, 1.0), (2, -3.0)], -inf, 4.0),
        (&[(0, -2.0), (1, 1.0), (2, 1.5)], -2.0, inf),
        (&[(0, 0.5), (1, 0.5), (2, -3.0)], -1.5, -1.5),
        (&[(0, -1.0), (1, 1.0), (2, -1.0)], -1.0, 1.0),
        (&[(0, -0.5), (1, -0.5), (2, -0.5)], -inf, 0.0),
        (&[(1, -1.0), (2, -1.0)], -4.0, inf),
        (&[(0, -1.0), (1, -1.0), (2, -1.0)], -5.0, -5.0),
        (&[(0, 2.0), (1, 3.0)], -inf, 2.0),
        (&[(0, -1.0), (1, -1.0)], 0.0, 0.0),
        (&[(0, 1.0), (1, 1.0)], 0.0, 0.0),
        (&[(0, 2.0)], -inf, usize::MAX as f64 - 3.0),
    ];
    for (got, (terms, lower, upper)) in rows(&p).into_iter().zip(want) {
        assert_eq!(got, (terms.iter().copied().collect(), lower, upper));
    }
}

#[test]
fn names_are_made_from_keys_and_never_twice_the_same() {
    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug")]
    struct City {
        name: &'static str,
        size: f64,
    }
    let cities = [City { name: "Lyon", size: 1.0 }, City { name: "Lyon", size: 2.0 }];
    let mut m = Model::new("names");
    let x = m.binary("x").over((&cities, 0..2));
    let y = m.binary("y").one();
    m.binary("").over(0..2);
    m.binary("").one();
    m.row("cut", y.le(1));
    m.row("cut", y.le(1));
    m.rows("cut", 0..2, |_| y.le(1));
    m.row("", y.le(1));
    let p = m.freeze().expect("sound");
    let want = ["x[Lyon,0]", "x[Lyon,1]", "x[Lyon,0]~2", "x[Lyon,1]~2", "y", "[0]", "[1]", "C8"];
    assert_eq!(names(p.column_names()), want);
    assert_eq!(names(p.row_names()), ["cut", "cut~2", "cut[0]", "cut[1]", "R5"]);
    assert_eq!(p.column_names().find("x[Lyon,1]~2"), Some(x[(&cities[1], 1)].index()));

    let mut plain = Model::new("plain");
    let z = plain.binary("z").one();
    for _ in 0..3 {
        plain.row("cut", z.le(1));
    }
    assert_eq!(names(plain.freeze().expect("sound").row_names()), ["cut", "cut~2", "cut~3"]);
    // A name that looks like one that would be made.
    plain.row("cut~2", z.le(1));
    let made = names(plain.freeze().expect("sound").row_names());
    assert_eq!(made.iter().collect::<HashSet<_>>().len(), 4, "{made:?}");
    // Too many keys to name each.
    let mut large = Model::new("large");
    let keys: Vec<u32> = (0..70_000).collect();
    large.binary("x").over(&keys);
    assert_eq!(large.freeze().expect("sound").column_names().get(69_999), "x[70000]");
}

#[test]
fn a_model_goes_on_after_freezing_and_its_clone_apart() {
    let mut m = Model::new("growing");
    let x = m.integer("x").upper(4).one();
    m.maximize(x);
    let first = m.freeze().expect("sound");
    let mut copy = m.clone();
    let y = m.binary("y").one();
    m.row("link", (x + y).le(4));
    m.minimize(y - x + 3);
    m.set_lower(x, 1);
    let z = copy.nonnegative("z").over(0..2);
    copy.row("old handles fit", (x + z[1]).le(1));
    let (grown, copied) = (m.freeze().expect("sound"), copy.freeze().expect("sound"));
    assert_eq!((first.num_columns(), grown.num_columns(), copied.num_columns()), (1, 2, 3));
    assert_eq!((first.cost(), grown.cost(), grown.offset()), (&[1.0][..], &[-1.0, 1.0][..], 3.0));
    assert_eq!((first.lower()[0], grown.lower()[0]), (f64::NEG_INFINITY, 1.0));
    assert_eq!(names(grown.column_names()), ["x", "y"]);
    assert_eq!(names(copied.column_names()), ["x", "z[0]", "z[1]"]);
    assert_eq!(names(first.column_names()), ["x"]);
    assert_eq!(format!("{m:?}"), "Model(growing: 2 variables (2 integer), 1 rows, 2 terms)");
}

proptest! {
    /// Freezing merges and transposes: the same as adding up by hand, whatever repeats and cancels.
    #[test]
    fn freezing_adds_up(terms in prop::collection::vec(prop::collection::vec((0..6_usize, -2..3_i32), 0..12), 0..12)) {
        let mut m = Model::new("random");
        let x = m.nonnegative("x").over(0..6);
        for row in &terms {
            m.row("r", (sum(row, |&(j, v)| v * x[j]) + 1).between(-100, 100));
        }
        let got = rows(&m.freeze().expect("sound"));
        for (row, (got, lower, upper)) in terms.iter().zip(got) {
            let mut want: BTreeMap<usize, f64> = BTreeMap::new();
            for &(j, v) in row {
                *want.entry(j).or_default() += f64::from(v);
            }
            want.retain(|_, v| *v != 0.0);
            prop_assert_eq!((got, lower, upper), (want, -101.0, 99.0));
        }
    }

    /// Listed integers are found where they are and nowhere else, however they lie.
    #[test]
    fn listed_integers_are_found(keys in prop::collection::hash_set(prop_oneof![-40..40_i64, any::<i64>()], 0..40), other: i64) {
        let keys: Vec<i64> = keys.into_iter().collect();
        let mut m = Model::new("keys");
        let x = m.binary("x").over(keys.iter().copied());
        for (at, &key) in keys.iter().enumerate() {
            prop_assert_eq!(x.get(key).map(Var::index), Some(at));
        }
        for key in (-45..45).chain([other]) {
            prop_assert_eq!(x.get(key).is_some(), keys.contains(&key));
        }
    }

    /// Texts are found wherever the last ones were: those that come in order are guessed, all others hashed.
    #[test]
    fn texts_are_found_in_any_order(walk in prop::collection::vec((0..12_usize, 0..4_usize), 0..60)) {
        let names: Set<String> = (0..10).map(|i| format!("k{}", i * i)).collect();
        let mut m = Model::new("texts");
        let x = m.binary("x").over(&names);
        for (from, length) in walk {
            for at in from..from + length {
                let want = (at < 10).then_some(at);
                prop_assert_eq!(x.get(format!("k{}", at * at).as_str()).map(Var::index), want);
            }
        }
    }

    /// A model that is given away becomes the same problem as one that is kept, however its costs were written.
    #[test]
    fn given_away_or_kept(costs in prop::collection::vec((0..4_usize, -1..2_i32), 0..8), in_order: bool) {
        let mut m = Model::new("costs");
        let x = m.nonnegative("x").over(0..4);
        if in_order {
            m.minimize(sum(0..4, |j| -0.0 * x[j]) + 2);
        } else {
            m.minimize(sum(&costs, |&(j, c)| c * x[j]));
        }
        let kept = m.freeze().expect("sound");
        prop_assert!(kept.cost().iter().all(|c| c.to_bits() != (-0.0_f64).to_bits()));
        prop_assert_eq!(kept, m.into_problem().expect("sound"));
    }
}
