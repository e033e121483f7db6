//! Evidence files: what the checker certified the second one verifies alone; what is changed in a file is refused, or says
//! something that is true too.

use farkas_modeling::answer::{EvidenceLevel, Ray, Reason};
use farkas_modeling::audit::{Audit, Document, MOST_DIGITS, Refusal, audit};
use farkas_modeling::check::{TrustPolicy, conclude, evidence_file, examine};
use farkas_modeling::problem::{Product, Sense};
use farkas_modeling::{Claim, Problem, ProblemData, Tolerances, image};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::build::{claim, optimal, problem, source, with_duals, with_ray};
use crate::points::{any_problem, feasible, objective};

/// What is true of a problem.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Truth {
    Optimum(f64),
    Infeasible,
    Unbounded,
}

/// Writes the evidence of what is concluded from one claim.
fn file(problem: &Problem, claim: &Claim) -> Value {
    let tolerances = Tolerances::default();
    let findings = [examine(problem, &source("mock", 0), claim, &tolerances)];
    let answer = conclude(problem, &findings, &tolerances, &TrustPolicy::default(), None);
    serde_json::to_value(evidence_file(problem, &answer)).expect("finite numbers")
}

fn verify(problem: &Problem, file: &Value) -> Result<Audit, Refusal> {
    let document = Document::read(file.to_string().as_bytes())?;
    audit(problem, &document, &Tolerances::default())
}

/// Good files of every kind, each with its problem and what is true of it.
fn good() -> Vec<(Problem, Value, Truth)> {
    let mut files = Vec::new();
    let mut add = |text: &str, claim: &dyn Fn(&Problem) -> Claim, truth| {
        let problem = problem(text);
        let file = file(&problem, &claim(&problem));
        assert!(file["proof"].is_object(), "{text}: {file}");
        files.push((problem, file, truth));
    };
    let told =
        |point: &'static [f64], value, y: &'static [f64]| move |p: &Problem| with_duals(optimal(point, value), p, y);
    let diet = "min 1 | 3 0..inf, 2.5 0..inf, 7 0..inf | 2 <= 1 3 0 <= inf; 3 <= 2 1 1 <= inf";
    add(diet, &told(&[1.4, 0.2, 0.0], 5.7, &[0.4, 1.3]), Truth::Optimum(5.7));
    let product = "max -1 | 3 0..inf, 2 -1..9 | -inf <= 1 1 <= 4; -inf <= 1 3 <= 6";
    add(product, &told(&[5.0, -1.0], 12.0, &[3.0, 0.0]), Truth::Optimum(12.0));
    // The reduced cost misses zero, and other rows bound the column.
    let implied = "max 0 | 1 0..inf, 1 0..inf | 1 <= 1 1 <= 4; 0 <= 1 -1 <= 0";
    add(implied, &told(&[2.0, 2.0], 4.0, &[1.000_000_001, 1e-9]), Truth::Optimum(4.0));
    let chain = "min 0 | 1 -inf..inf, 0 -inf..inf int | 0.5 <= 1 -1 <= inf; 1 <= 0 2 <= inf";
    add(chain, &told(&[1.5, 1.0], 1.5, &[0.999_999_999, 0.499_999]), Truth::Optimum(1.5));
    // A mixed-integer problem: the bound is that of its relaxation.
    add("max 0 | 1 0..9 int | -inf <= 2 <= 3", &told(&[1.0], 1.0, &[0.5]), Truth::Optimum(1.0));
    let ray = |y: &'static [f64]| move |_: &Problem| with_ray(claim(Reason::Infeasible), Ray::Farkas(y.to_vec()));
    let apart = "min 0 | 1 0..inf, 1 0..inf | -inf <= 1 1 <= 1; 2 <= 1 1 <= inf";
    add(apart, &ray(&[-1.0, 1.0]), Truth::Infeasible);
    add(apart, &ray(&[-1.0, 1.000_000_000_1]), Truth::Infeasible);
    let nothing = |_: &Problem| claim(Reason::Infeasible);
    add("min 0 | 1 2..1", &nothing, Truth::Infeasible);
    add("min 0 | 1 0.25..0.75 int", &nothing, Truth::Infeasible);
    add("min 0 | 1 0..1 | 3 <= 1 <= 2", &nothing, Truth::Infeasible);
    add("min 0 | 1 0..1, 1 0..1 | 3 <= 1 1 <= inf", &nothing, Truth::Infeasible);
    let far = "min 0 | 1 -inf..inf, 1 -inf..inf, 1 -inf..inf | 3 <= 1 0 0 <= inf; 1 <= -1 1 0 <= inf; -inf <= 0 1 1 <= 2; 0 <= 0 0 1 <= inf";
    add(far, &nothing, Truth::Infeasible);
    let without_end =
        |d: &'static [f64]| move |_: &Problem| with_ray(claim(Reason::Unbounded), Ray::Primal(d.to_vec()));
    add("max 0 | 1 0..inf, -1 0..inf | -inf <= 1 -2 <= 5", &without_end(&[2.0, 1.0]), Truth::Unbounded);
    files
}

/// Whether what was accepted of a problem is true of it.
fn holds(problem: &Problem, audit: &Audit, truth: Truth) -> bool {
    let better = |a: f64, b: f64| problem.sense().better(a, b);
    let right = match truth {
        Truth::Optimum(value) => {
            let near = |objective: f64| (objective - value).abs() <= 1e-5 || better(value, objective);
            audit.objective.is_none_or(near) && audit.proven_bound.is_none_or(|bound| !better(value, bound))
        }
        Truth::Infeasible => audit.objective.is_none(),
        Truth::Unbounded => audit.proven_bound.is_none(),
    };
    let reason = match truth {
        Truth::Optimum(_) => Reason::Optimal,
        Truth::Infeasible => Reason::Infeasible,
        Truth::Unbounded => Reason::Unbounded,
    };
    right && (audit.level == EvidenceLevel::Claimed || audit.reason == reason)
}

/// JSON pointers of all numbers.
fn numbers(value: &Value, at: &str, into: &mut Vec<String>) {
    match value {
        Value::Number(_) => into.push(at.to_owned()),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(i, value)| numbers(value, &format!("{at}/{i}"), into));
        }
        Value::Object(map) => map.iter().for_each(|(key, value)| numbers(value, &format!("{at}/{key}"), into)),
        _ => {}
    }
}

fn changed(number: f64) -> Vec<Value> {
    let others = [
        number + 1.0,
        number - 1.0,
        2.0 * number,
        -number,
        0.0,
        0.5 * number,
        number + 1e-3,
        number - 1e-3,
        number.next_up(),
        number.next_down(),
        1e300,
        -1e300,
    ];
    let write = |x: f64| if x.fract() == 0.0 && x.abs() < 1e9 { json!(x as i64) } else { json!(x) };
    others.into_iter().filter(|other| *other != number).map(write).collect()
}

#[test]
fn a_good_file_is_verified() {
    for (problem, file, truth) in good() {
        let audit = verify(&problem, &file).unwrap_or_else(|refusal| panic!("{refusal}\n{file}"));
        assert!(holds(&problem, &audit, truth), "{audit:?}\n{file}");
        let certified = problem.is_lp() || truth == Truth::Infeasible;
        assert_eq!(audit.level == EvidenceLevel::Certified, certified, "{file}");
    }
}

#[test]
fn every_number_that_is_changed_is_refused_or_true_as_well() {
    let mut tried = 0;
    for (problem, file, truth) in good() {
        let mut places = Vec::new();
        numbers(&file, "", &mut places);
        for place in places {
            let before = file.pointer(&place).and_then(Value::as_f64).expect("a number");
            let mut refused = 0;
            for after in changed(before) {
                let mut file = file.clone();
                *file.pointer_mut(&place).expect("the same place") = after.clone();
                tried += 1;
                match verify(&problem, &file) {
                    Ok(audit) => {
                        assert!(holds(&problem, &audit, truth), "{place}: {before} to {after}: {audit:?}\n{file}");
                    }
                    Err(refusal) => {
                        assert!(refusal.code.starts_with("evidence-") && !refusal.finding.is_empty());
                        refused += 1;
                    }
                }
            }
            // A claimed bound is only repeated, and the gap is what was asked for.
            let is_free = place == "/bound" || place.starts_with("/gap/");
            assert!(refused > 0 || is_free, "{place} = {before} may be anything\n{file}");
        }
    }
    assert!(tried > 1000, "{tried}");
}

#[test]
fn a_level_that_is_not_shown_is_refused() {
    for (problem, file, _) in good() {
        let mut without = file.clone();
        without.as_object_mut().expect("an object").remove("proof");
        let was_checked = file["level"] == "checked";
        assert_eq!(verify(&problem, &without).is_ok(), was_checked, "{without}");
        if !was_checked {
            assert_eq!(verify(&problem, &without).expect_err("no proof").place, "/level");
        }
        let mut raised = file.clone();
        raised["level"] = "certified".into();
        assert_eq!(verify(&problem, &raised).is_ok(), !was_checked, "{raised}");
        let mut other = file.clone();
        other["reason"] = if file["reason"] == "INFEASIBLE" { "OPTIMAL".into() } else { "INFEASIBLE".into() };
        assert_eq!(verify(&problem, &other).expect_err("another reason").code, "evidence-level");
    }
}

#[test]
fn multipliers_may_be_long_integers_over_one_denominator() {
    // minimise x  subject to  3 x = 1 (free): the multiplier is a third.
    let p = problem("min 0 | 1 -inf..inf | 1 <= 3 <= 1");
    let mut file = json!({
        "format": "farkas-evidence", "version": 1, "problem": image::identity(&p).to_string(), "reason": "OPTIMAL",
        "level": "certified", "point": {"objective": 1.0 / 3.0, "values": [1.0 / 3.0]},
        "proof": {"kind": "bound", "value": (1.0_f64 / 3.0).next_down(), "multipliers": [[0, "100000000000000000000"]],
            "denominator": "300000000000000000000"}
    });
    assert_eq!(verify(&p, &file).expect("exactly a third").level, EvidenceLevel::Certified);
    let cases = [
        (json!("300000000000000000001"), "evidence-multipliers"),
        (json!("0"), "evidence-number"),
        (json!("-3"), "evidence-number"),
        (json!(0.5), "evidence-number"),
        (json!("3e1"), "evidence-number"),
        (json!("+3"), "evidence-number"),
        (json!(""), "evidence-number"),
        (json!("3".repeat(MOST_DIGITS + 1)), "evidence-number"),
    ];
    for (denominator, code) in cases {
        file["proof"]["denominator"] = denominator.clone();
        assert_eq!(verify(&p, &file).expect_err("not a third").code, code, "{denominator}");
    }
}

#[test]
fn what_is_no_evidence_file_is_refused_with_its_place() {
    let (p, file, _) = good().swap_remove(0);
    let with = |place: &str, value: Value| {
        let mut file = file.clone();
        *file.pointer_mut(place).expect("a place") = value;
        verify(&p, &file).expect_err("it was broken")
    };
    let told = |place: &str, value: Value| {
        let refusal = with(place, value);
        (refusal.place, refusal.code)
    };
    let expected = |place: &str, code| (place.to_owned(), code);
    assert_eq!(told("/problem", "0".repeat(64).into()), expected("/problem", "evidence-problem"));
    assert_eq!(told("/version", 2.into()), expected("", "evidence-version"));
    assert_eq!(told("/format", "other".into()), expected("", "evidence-version"));
    assert_eq!(told("/point/values", json!([1.0])), expected("/point/values", "evidence-length"));
    assert_eq!(told("/point/values", json!([0.0, 0.0, 0.0])).1, "evidence-objective");
    assert_eq!(told("/proof/multipliers/1/0", 7.into()), expected("/proof/multipliers/1", "evidence-index"));
    assert_eq!(told("/proof/multipliers/1/0", 0.into()), expected("/proof/multipliers/1", "evidence-index"));
    assert_eq!(told("/proof/value", 6.0.into()), expected("/proof/value", "evidence-bound"));
    assert_eq!(told("/proof/kind", "magic".into()).1, "evidence-syntax");
    let refusal = Document::read(b"{\"format\": \"farkas-evidence\",\n \"version\": 1, }").expect_err("a comma");
    assert!(refusal.to_string().contains("line 2 column"), "{refusal}");
    let deep = format!("{{\"format\": \"farkas-evidence\", \"proof\": {}", "[".repeat(100_000));
    assert_eq!(Document::read(deep.as_bytes()).expect_err("too deep").code, "evidence-syntax");
    let mut unknown = file.clone();
    unknown["more"] = 1.into();
    assert!(verify(&p, &unknown).expect_err("a field too many").finding.contains("more"));
}

#[test]
fn multipliers_say_nothing_about_products() {
    let p = Problem::new(ProblemData {
        sense: Sense::Minimize,
        cost: vec![0.0],
        lower: vec![0.0],
        upper: vec![1.0],
        starts: vec![0, 0],
        quadratic_objective: vec![Product::new(0, 0, -1.0)],
        ..ProblemData::default()
    })
    .expect("a valid problem");
    let file = json!({
        "format": "farkas-evidence", "version": 1, "problem": image::identity(&p).to_string(), "reason": "OPTIMAL",
        "level": "certified", "point": {"objective": 0.0, "values": [0.0]},
        "proof": {"kind": "bound", "value": 0.0, "multipliers": []}
    });
    assert_eq!(verify(&p, &file).expect_err("-1 is better").code, "evidence-bound");
}

fn multiplier() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => (-4_i32..=4).prop_map(f64::from),
        2 => -3.0..3.0,
        1 => (-1e-9)..1e-9,
        1 => any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |x| x.is_finite()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_was_certified_is_verified_alone(
        small in any_problem(),
        y in prop::collection::vec(multiplier(), 4),
        point in prop::collection::vec(-4_i32..=6, 3),
    ) {
        let p = small.freeze();
        let y = &y[..p.num_rows()];
        let point: Vec<f64> = point[..p.num_columns()].iter().map(|v| f64::from(*v)).collect();
        let value = p.objective_of(&point);
        let claims = [
            with_duals(optimal(&point, value), &p, y),
            with_ray(claim(Reason::Infeasible), Ray::Farkas(y.to_vec())),
            with_ray(Claim { point: Some(point.clone()), ..claim(Reason::Unbounded) }, Ray::Primal(point)),
        ];
        for claim in claims {
            let file = file(&p, &claim);
            let audit = match verify(&p, &file) {
                Ok(audit) => audit,
                Err(refusal) => return Err(TestCaseError::fail(format!("{refusal}\n{small:?}\n{file}"))),
            };
            // And nobody who counts finds anything better, or anything at all.
            for x in -6..=9_i64 {
                for rest in -6..=9_i64 {
                    let at = [x, rest, rest][..p.num_columns()].to_vec();
                    if feasible(&small, &at) {
                        let value = objective(&small, &at) as f64;
                        prop_assert!(audit.proven_bound.is_none_or(|bound| !p.sense().better(value, bound)));
                        prop_assert!(audit.reason != Reason::Infeasible || audit.level == EvidenceLevel::Claimed);
                    }
                }
            }
        }
    }

    #[test]
    fn random_proofs_never_show_what_is_not_so(
        small in any_problem(),
        y in prop::collection::vec((0_u32..4, multiplier()), 0..4),
        implied in prop::collection::vec((0_u32..3, any::<bool>(), -4_i32..=6, prop::option::of(0_u32..4)), 0..4),
        bound in -20_i32..=20,
    ) {
        let p = small.freeze();
        let steps: Vec<Value> = implied
            .iter()
            .map(|(column, upper, value, row)| {
                let mut step = json!({"column": column, "side": if *upper { "upper" } else { "lower" }, "value": value});
                if let Some(row) = row {
                    step["row"] = json!(row);
                }
                step
            })
            .collect();
        let proofs = [
            json!({"kind": "bound", "value": bound, "multipliers": y, "implied": steps}),
            json!({"kind": "infeasible", "multipliers": y, "implied": steps}),
            json!({"kind": "crossed_column", "column": 0, "implied": steps}),
        ];
        for proof in proofs {
            let reason = if proof["kind"] == "bound" { "NO_SOLUTION_FOUND" } else { "INFEASIBLE" };
            let file = json!({
                "format": "farkas-evidence", "version": 1, "problem": image::identity(&p).to_string(),
                "reason": reason, "level": "claimed", "proof": proof
            });
            let Ok(audit) = verify(&p, &file) else { continue };
            for at in (0..216_i64).map(|k| [k % 6 - 2, k / 6 % 6 - 2, k / 36 - 2][..p.num_columns()].to_vec()) {
                if feasible(&small, &at) {
                    let value = objective(&small, &at) as f64;
                    prop_assert!(audit.proven_bound.is_none_or(|bound| !p.sense().better(value, bound)), "{}", file);
                    prop_assert!(audit.level == EvidenceLevel::Claimed, "{}", file);
                }
            }
        }
    }
}

#[test]
fn claims_alone_are_called_so() {
    let p = problem("min 0 | 1 -inf..inf, 0 -inf..inf | 0 <= 1 -1 <= 0");
    let file = file(&p, &claim(Reason::Unbounded));
    assert_eq!(verify(&p, &file).expect("nothing wrong").level, EvidenceLevel::Claimed);
}
