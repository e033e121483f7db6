//! Line-ups learned from made-up records, where it is known which are right; and records of trust.

use farkas_backends::race::rules::{Candidate, HeadStart, Rules};
use farkas_backends::race::trust::TrustTable;
use farkas_instances::bench::learn::{Clock, LearnOptions, Learned, learn};
use farkas_instances::bench::{Record, count_trust};
use farkas_modeling::statistics::Features;
use serde_json::json;

/// A run as it would stand in a file.
fn run(at: usize, kind: &str, nonzeros: usize, solver: &str, seconds: Option<f64>) -> Record {
    let verdict = if seconds.is_some() { "solved" } else { "undecided" };
    let reason = if seconds.is_some() { "OPTIMAL" } else { "FEASIBLE" };
    let seconds = seconds.unwrap_or(30.0);
    let record = json!({
        "instance": format!("{kind}{at}.mps"), "solver": solver, "time_limit_seconds": 30.0, "threads": 1,
        "class": kind.to_uppercase(), "difficulty": "easy", "sha256": "", "verdict": verdict, "detail": "",
        // The rest of the numbers says nothing, but could be taken for something.
        "features": { "kind": kind, "nonzeros": nonzeros, "rows": (at * 37) % 101, "set_share": f64::from(at as u32 % 5) / 5.0 },
        "outcome": { "reason": reason, "objective": 1.0, "bound": 1.0 }, "evidence": "checked",
        "wall_seconds": seconds * 1.5, "cpu_seconds": seconds, "solve_seconds": seconds, "exit_code": 0,
        "versions": [format!("{solver} 1")], "lanes": [{ "solver": solver, "version": "1", "state": "finished", "seconds": seconds }],
    });
    serde_json::from_value(record).expect("a record")
}

/// On small problems the pair of HiGHS and CBC is right, one of them on each half; on large ones that of SCIP and CBC.
fn two_sorts() -> Vec<Record> {
    let mut records = Vec::new();
    for at in 0..60 {
        let (small, even) = (at < 30, at % 2 == 0);
        let nonzeros = if small { 1000 + 10 * at } else { 50_000 + 100 * at };
        let (highs, scip, cbc) = match (small, even) {
            (true, true) => (Some(1.0), Some(20.0), Some(15.0)),
            (true, false) => (Some(16.0), Some(20.0), Some(2.0)),
            (false, true) => (Some(25.0), Some(3.0), None),
            (false, false) => (None, Some(25.0), Some(4.0)),
        };
        for (solver, seconds) in [("highs", highs), ("scip:seed=3", scip), ("cbc", cbc)] {
            records.push(run(at, "mip", nonzeros, solver, seconds));
        }
    }
    records
}

fn options() -> LearnOptions {
    LearnOptions { repeats: 2, ..LearnOptions::default() }
}

fn lanes(learned: &Learned, nonzeros: usize, cores: u32) -> Vec<String> {
    let features: Features =
        serde_json::from_value(json!({ "kind": "mip", "nonzeros": nonzeros, "rows": 5, "set_share": 0.2 }))
            .expect("features");
    let rule = learned.rules.find(&features, cores).expect("a rule for everything");
    rule.lanes.iter().map(|lane| lane.candidate.to_string()).collect()
}

fn pair(learned: &Learned, nonzeros: usize) -> Vec<String> {
    let mut pair = lanes(learned, nonzeros, 2)[..2].to_vec();
    pair.sort();
    pair
}

#[test]
fn the_right_tree_is_found_and_reads_back() {
    let learned = learn(&two_sorts(), &options()).expect("rules");
    assert_eq!(pair(&learned, 1200), ["cbc", "highs"], "{learned}");
    assert_eq!(pair(&learned, 60_000), ["cbc", "scip:seed=3"], "{learned}");
    let [one, two] = learned.parts.as_slice() else { panic!("{learned}") };
    assert_eq!((one.cores, two.cores, two.leaves, two.instances), (1, 2, 2, 60));
    let v = &two.validation;
    assert!(v.learned.seconds() < 0.8 * v.fixed.seconds(), "{learned}");
    assert!(v.learned.seconds() < 1.15 * v.virtual_best.seconds(), "a race costs a few percent: {learned}");
    assert!(v.virtual_best.seconds() < v.learned.seconds() && v.learned.seconds() < v.single.seconds(), "{learned}");
    assert_eq!((v.fits, v.learned.solved), (20, 60.0));
    let text = learned.rules.to_string();
    let back = Rules::read(&text).expect("it reads back");
    assert_eq!(back.to_string(), text);
    for (rule, there) in learned.rules.rules.iter().zip(&back.rules) {
        assert_eq!((&rule.when, rule.expected, rule.lanes.len()), (&there.when, there.expected, there.lanes.len()));
    }
    // What was not learned is left to the rules that there are.
    let lp: Features = serde_json::from_value(json!({ "kind": "lp", "nonzeros": 9 })).expect("features");
    assert_eq!(learned.rules.find(&lp, 2), Rules::built_in().find(&lp, 2));
    assert_eq!(learn(&two_sorts(), &options()).expect("rules"), learned, "the same each time");
}

#[test]
fn a_tree_that_does_not_pay_is_not_grown() {
    // What is best has nothing to do with the numbers.
    let mut records = Vec::new();
    for at in 0..60 {
        let times = [(at * 7919) % 13, (at * 104_729) % 11, 4 + (at * 31) % 17].map(|seconds| seconds as f64 + 0.5);
        for (solver, seconds) in ["highs", "scip", "cbc"].into_iter().zip(times) {
            records.push(run(at, "mip", 1000 + at, solver, Some(seconds)));
        }
    }
    let learned = learn(&records, &options()).expect("rules");
    assert_eq!(learned.parts[1].leaves, 1, "{learned}");
    assert_eq!(pair(&learned, 1010), ["highs", "scip"]);
    assert!(learned.to_string().contains("a tree does not pay"), "{learned}");
}

#[test]
fn a_wrong_answer_solves_nothing_and_an_untrusted_one_ends_no_race() {
    // MIPCL is said to be the fastest on all; on a third it was wrong once.
    let mut records = two_sorts();
    for at in 0..60 {
        let mut fast = run(at, "mip", if at < 30 { 1000 + 10 * at } else { 50_000 + 100 * at }, "mipcl", Some(0.1));
        if at % 3 == 0 {
            let mut wrong = fast.clone();
            wrong.key.time_limit_seconds = 10.0;
            wrong.verdict = serde_json::from_value(json!("wrong")).expect("a verdict");
            records.push(wrong);
        }
        fast.key.instance = format!("mip{at}.mps");
        records.push(fast);
    }
    let careful = learn(&records, &options()).expect("rules");
    assert_eq!(pair(&careful, 1200), ["cbc", "highs"], "{careful}");
    assert!(careful.notes.iter().any(|note| note.contains("mipcl ends no race")), "{careful}");
    let trusting = LearnOptions { trusting: vec!["mipcl".into()], ..options() };
    let trusting = learn(&records, &trusting).expect("rules");
    let lanes = lanes(&trusting, 1200, 2);
    assert!(lanes[..2].contains(&"mipcl".to_owned()), "{lanes:?}");
    // Who has no MIPCL gets the best pair with the other one, which nobody else completes better.
    let mut without: Vec<String> = lanes.into_iter().filter(|lane| lane != "mipcl").take(2).collect();
    without.sort();
    assert_eq!(without, ["cbc", "highs"]);
    // Where it was wrong it has solved nothing.
    let alone: Vec<Record> = records.into_iter().filter(|record| record.key.solver == "mipcl").collect();
    let only = learn(&alone, &LearnOptions { trusting: vec!["mipcl".into()], ..options() }).expect("rules");
    assert_eq!(only.parts[0].validation.virtual_best.solved, 40.0, "{only}");
}

#[test]
fn the_second_lane_waits_where_the_first_is_mostly_done() {
    let mut records = Vec::new();
    for at in 0..40 {
        let (highs, scip) = if at == 39 { (20.0, 1.0) } else { (0.02, 0.03) };
        records.push(run(at, "mip", 100 + at, "highs", Some(highs)));
        records.push(run(at, "mip", 100 + at, "scip", Some(scip)));
    }
    let learned = learn(&records, &options()).expect("rules");
    let rule = learned.rules.rules.iter().find(|rule| rule.name.contains("several")).expect("a rule");
    assert_eq!(rule.lanes[0].candidate, Candidate::named("highs"));
    assert!(matches!(rule.lanes[1].after, HeadStart::Time(time) if time.as_secs_f64() < 0.2), "{rule}");
    let wall = LearnOptions { clock: Clock::Wall, ..options() };
    let slower = learn(&records, &wall).expect("rules").parts[0].validation.virtual_best.seconds();
    assert!(slower > learned.parts[0].validation.virtual_best.seconds());
}

#[test]
fn too_little_is_told() {
    let few: Vec<Record> = two_sorts().into_iter().take(30).collect();
    let error = learn(&few, &options()).expect_err("ten instances");
    assert_eq!(error.code(), "bench-learn");
    assert!(error.to_string().contains("mip: nothing is learned from 10 instances"), "{error}");
}

#[test]
fn claims_are_counted_by_backend() {
    let told = |solver: &str, reason: &str, verdict: &str, detail: &str| {
        let mut record = run(1, "mip", 9, solver, Some(1.0));
        record.outcome.as_mut().expect("an outcome").reason = serde_json::from_value(json!(reason)).expect("a reason");
        record.verdict = serde_json::from_value(json!(verdict)).expect("a verdict");
        record.detail = detail.into();
        record
    };
    let records = [
        told("highs", "OPTIMAL", "solved", ""),
        told("highs:barrier", "INFEASIBLE", "solved", ""),
        told("highs", "OPTIMAL", "solved", "no answer is known to compare with"),
        told("highs", "OPTIMAL", "wrong", "1 is better than the optimum 2"),
        told("highs", "FEASIBLE", "undecided", ""),
        told("highs", "IMPRECISE", "imprecise", ""),
        told("scip", "FEASIBLE", "wrong", "bound 3 rules out 2, which is reached"),
        told("scip", "UNBOUNDED", "wrong", "said to be unbounded, but 2 is reached"),
        told("mipcl", "OPTIMAL", "solved", ""),
        told("race", "OPTIMAL", "wrong", "3 is said to be optimal, but 2 is reached"),
    ];
    let known = r#"
        [backend.cbc]
        false_infeasible = true
        seen = ["calls unbounded LPs infeasible"]

        [backend.mipcl]
        bounds = { claims = 82, refuted = 2 }
    "#;
    let known = TrustTable::read(known).expect("a table");
    let table = count_trust(&records, &known);
    let of = |name: &str| table.backend.get(name).expect(name);
    let counts = |name: &str| {
        let trust = of(name);
        [trust.bounds, trust.infeasible, trust.unbounded].map(|count| (count.claims, count.refuted))
    };
    assert_eq!(counts("highs"), [(1, 0), (1, 0), (0, 0)]);
    assert_eq!(counts("scip"), [(1, 1), (0, 0), (1, 1)]);
    assert_eq!(of("scip").refuted.len(), 2);
    assert_eq!(counts("mipcl")[0], (82, 2), "a record gets no better by forgetting");
    assert!(of("cbc").false_infeasible && !of("cbc").seen.is_empty(), "what was seen by hand stays");
    assert!(!table.backend.contains_key("race"));
    assert_eq!(TrustTable::read(&table.to_string()).as_ref(), Ok(&table));
}
