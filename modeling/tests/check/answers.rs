//! Answers: each status by table, every lie caught, and random crowds of solvers of whom some lie.

use farkas_modeling::answer::{Answer, EvidenceLevel, Ray, Reason};
use farkas_modeling::check::{Findings, TrustPolicy, check_point, conclude, examine};
use farkas_modeling::{Claim, Limit, Problem, Termination, Tolerances};
use proptest::prelude::*;

use crate::build::{claim, optimal, problem, source, with_duals, with_ray};
use crate::points::{any_problem, feasible, objective};

use EvidenceLevel::{Certified, Checked, Claimed};

fn answer(problem: &Problem, claims: &[(&str, Claim)], stopped: Option<Limit>) -> Answer {
    let tolerances = Tolerances::default();
    let findings: Vec<Findings> = claims
        .iter()
        .enumerate()
        .map(|(lane, (backend, claim))| examine(problem, &source(backend, lane as u16), claim, &tolerances))
        .collect();
    let trust = TrustPolicy { distrusted: vec!["shady".into(), "dubious".into()], ..TrustPolicy::default() };
    conclude(problem, &findings, &tolerances, &trust, stopped)
}

struct Case {
    what: &'static str,
    problem: &'static str,
    claims: Vec<(&'static str, Claim)>,
    stopped: Option<Limit>,
    want: (Reason, EvidenceLevel),
    objective: Option<f64>,
    bound: Option<f64>,
    agreed: &'static [&'static str],
    contradicted: &'static [&'static str],
    /// Part of the termination's detail, or of a note.
    says: &'static str,
}

impl Case {
    fn new(what: &'static str, problem: &'static str, claims: Vec<(&'static str, Claim)>) -> Self {
        Self {
            what,
            problem,
            claims,
            stopped: None,
            want: (Reason::OtherError, Claimed),
            objective: None,
            bound: None,
            agreed: &[],
            contradicted: &[],
            says: "",
        }
    }
    fn stopped(mut self, limit: Limit) -> Self {
        self.stopped = Some(limit);
        self
    }
    fn is(mut self, reason: Reason, level: EvidenceLevel) -> Self {
        self.want = (reason, level);
        self
    }
    fn values(mut self, objective: f64, bound: f64) -> Self {
        (self.objective, self.bound) = (Some(objective), Some(bound));
        self
    }
    fn objective(mut self, objective: f64) -> Self {
        self.objective = Some(objective);
        self
    }
    fn bound(mut self, bound: f64) -> Self {
        self.bound = Some(bound);
        self
    }
    fn agreed(mut self, agreed: &'static [&'static str]) -> Self {
        self.agreed = agreed;
        self
    }
    fn contradicted(mut self, contradicted: &'static [&'static str]) -> Self {
        self.contradicted = contradicted;
        self
    }
    fn says(mut self, says: &'static str) -> Self {
        self.says = says;
        self
    }

    fn check(&self) {
        let what = self.what;
        let answer = answer(&problem(self.problem), &self.claims, self.stopped);
        let evidence = answer.evidence();
        assert_eq!((answer.reason(), evidence.level), self.want, "{what}: {answer:#?}");
        assert_eq!(answer.objective(), self.objective, "{what}: objective, {answer:#?}");
        assert_eq!(answer.bound(), self.bound, "{what}: bound, {answer:#?}");
        assert_eq!(evidence.agreed_by, self.agreed, "{what}: agreed");
        assert_eq!(evidence.contradicted, self.contradicted, "{what}: contradicted");
        let words = format!("{}\n{}", answer.termination().detail(), evidence.notes.join("\n"));
        assert!(words.contains(self.says), "{what}: '{}' is not said in:\n{words}", self.says);
        assert_eq!(answer.point().is_some(), answer.objective().is_some(), "{what}");
        assert_eq!(evidence.violations.is_some(), answer.point().is_some(), "{what}");
    }
}

/// minimise x + 2 y with x + y ≥ 3, x ≤ 2: 4 at (2, 1), multiplier 2.
const LP: &str = "min 0 | 1 0..2, 2 0..inf | 3 <= 1 1 <= inf";
/// maximise 3 x + 2 y with x + y ≤ 4.5, integers: 13 at (4, 0) + 1.
const MIP: &str = "max 1 | 3 0..9 int, 2 0..9 int | -inf <= 1 1 <= 4.5";
const INFEASIBLE: &str = "min 0 | 1 0..inf, 1 0..inf | -inf <= 1 1 <= 1; 2 <= 1 1 <= inf";
/// Integer infeasible, its relaxation not, and not soon to be seen by bounds: 2 x − 2 y = 1.
const ODD: &str = "min 0 | 1 0..1000 int, 1 0..1000 int | 1 <= 2 -2 <= 1";
const UNBOUNDED: &str = "max 0 | 1 0..inf, 1 0..inf | 0 <= 1 -1 <= inf";

fn at(point: &[f64]) -> Claim {
    Claim { point: Some(point.to_vec()), ..claim(Reason::Feasible) }
}

fn bounded(mut claim: Claim, bound: f64) -> Claim {
    claim.bound = Some(bound);
    claim
}

#[test]
fn optimal_answers() {
    let lp = problem(LP);
    let cases = [
        Case::new("LP with duals", LP, vec![("highs", with_duals(optimal(&[2.0, 1.0], 4.0), &lp, &[2.0]))])
            .is(Reason::Optimal, Certified)
            .values(4.0, 4.0)
            .agreed(&["highs"])
            .says("gap 0 closed by highs' incumbent and bound"),
        Case::new("LP without", LP, vec![("highs", optimal(&[2.0, 1.0], 4.0))])
            .is(Reason::Optimal, Checked)
            .values(4.0, 4.0)
            .agreed(&["highs"])
            .says("The bound is the claim of highs."),
        Case::new(
            "one's point, another's duals",
            LP,
            vec![("clp", at(&[2.0, 1.0])), ("highs", with_duals(claim(Reason::NumericalError), &lp, &[2.0]))],
        )
        .is(Reason::Optimal, Certified)
        .values(4.0, 4.0)
        .says("gap 0 closed by clp's incumbent and highs' bound"),
        Case::new(
            "MIP, two agree",
            MIP,
            vec![("scip", optimal(&[4.0, 0.0], 13.0)), ("highs", optimal(&[4.0, 0.0], 13.0))],
        )
        .is(Reason::Optimal, Checked)
        .values(13.0, 13.0)
        .agreed(&["scip", "highs"])
        .says("gap 0 closed by scip's incumbent and bound"),
        Case::new(
            "MIP, incumbent of one and bound of the other, both at a limit",
            MIP,
            vec![("scip", bounded(at(&[4.0, 0.0]), 14.0)), ("highs", bounded(claim(Reason::NoSolutionFound), 13.0))],
        )
        .is(Reason::Optimal, Checked)
        .values(13.0, 13.0)
        .agreed(&["highs"])
        .says("gap 0 closed by scip's incumbent and highs' bound"),
        Case::new("closed although a clock ran out", MIP, vec![("scip", optimal(&[4.0, 0.0], 13.0))])
            .stopped(Limit::Time)
            .is(Reason::Optimal, Checked)
            .values(13.0, 13.0)
            .agreed(&["scip"]),
        Case::new(
            "the relaxation closes a MIP",
            "min 0 | 1 0..9 int | 3 <= 1 <= inf",
            vec![("scip", with_duals(optimal(&[3.0], 3.0), &problem("min 0 | 1 0..9 int | 3 <= 1 <= inf"), &[1.0]))],
        )
        .is(Reason::Optimal, Certified)
        .values(3.0, 3.0)
        .agreed(&["scip"])
        .says("of the linear relaxation"),
        Case::new(
            "the relaxation's bound beside the claimed one",
            MIP,
            vec![("scip", with_duals(optimal(&[4.0, 0.0], 13.0), &problem(MIP), &[3.0]))],
        )
        .is(Reason::Optimal, Checked)
        .values(13.0, 13.0)
        .agreed(&["scip"])
        .says("The bound 14.5 is proven"),
        Case::new(
            "a bound a little beyond the point is as good as the point",
            MIP,
            vec![("scip", bounded(at(&[4.0, 0.0]), 12.999_9))],
        )
        .is(Reason::Optimal, Checked)
        .values(13.0, 13.0)
        .agreed(&["scip"]),
        Case::new(
            "an objective of zero, give or take a rounding",
            "min 0 | 1e9 0..9, -1e9 0..9",
            vec![("highs", optimal(&[0.3, 0.1 + 0.2], 1e-8))],
        )
        .is(Reason::Optimal, Checked)
        .values(-5.551_115_123_125_783e-8, -5.551_115_123_125_783e-8)
        .agreed(&["highs"]),
        Case::new(
            "two whose zeros differ by a rounding",
            "min 0 | 1 -1..9",
            vec![("highs", at(&[1e-8])), ("scip", bounded(claim(Reason::NoSolutionFound), 3e-7))],
        )
        .is(Reason::Optimal, Checked)
        .values(1e-8, 1e-8)
        .agreed(&["scip"]),
        Case::new("an empty problem", "min 7", vec![("highs", optimal(&[], 7.0))])
            .is(Reason::Optimal, Checked)
            .values(7.0, 7.0)
            .agreed(&["highs"]),
        Case::new(
            "no bound named for a MIP: its own objective, less the gap",
            MIP,
            vec![("cbc", Claim { bound: None, ..optimal(&[4.0, 0.0], 13.0) })],
        )
        .is(Reason::Optimal, Checked)
        .values(13.0, 13.0 + 13.0 * 1e-4 * (1.0 - 1e-9))
        .agreed(&["cbc"]),
    ];
    cases.iter().for_each(Case::check);
}

#[test]
fn limits_and_open_gaps() {
    let cases = [
        Case::new("time", MIP, vec![("scip", bounded(at(&[2.0, 2.0]), 14.0))])
            .stopped(Limit::Time)
            .is(Reason::Feasible, Checked)
            .values(11.0, 14.0),
        Case::new("time, said by the solver", MIP, vec![("scip", bounded(at(&[2.0, 2.0]), 14.0))])
            .is(Reason::Feasible, Checked)
            .values(11.0, 14.0),
        Case::new(
            "bounds merge",
            MIP,
            vec![("scip", bounded(at(&[2.0, 2.0]), 14.0)), ("highs", bounded(at(&[3.0, 1.0]), 14.5))],
        )
        .stopped(Limit::Interrupted)
        .is(Reason::Feasible, Checked)
        .values(12.0, 14.0),
        Case::new("no point, a bound", MIP, vec![("scip", bounded(claim(Reason::NoSolutionFound), 14.0))])
            .is(Reason::NoSolutionFound, Claimed)
            .bound(14.0),
        Case::new("nothing at all", MIP, vec![]).stopped(Limit::Time).is(Reason::NoSolutionFound, Claimed),
        Case::new("nobody ran", MIP, vec![]).is(Reason::OtherError, Claimed).says("no solver said anything"),
        Case::new("optimal by a looser gap than ours", MIP, vec![("scip", bounded(optimal(&[4.0, 0.0], 13.0), 13.5))])
            .is(Reason::Feasible, Checked)
            .values(13.0, 13.5)
            .says("scip says optimal, but no bound that counts closes the gap"),
        Case::new(
            "all failed",
            MIP,
            vec![
                ("scip", Claim::bare(Termination::new(Reason::OtherError, "segmentation fault"))),
                ("highs", Claim::bare(Termination::new(Reason::NumericalError, "singular"))),
            ],
        )
        .is(Reason::NumericalError, Claimed)
        .says("scip: segmentation fault; highs: singular"),
        Case::new("all crashed", MIP, vec![("scip", Claim::bare(Termination::new(Reason::OtherError, "killed")))])
            .is(Reason::OtherError, Claimed)
            .says("scip: killed"),
        Case::new(
            "one failed after a point",
            MIP,
            vec![("scip", at(&[2.0, 2.0])), ("highs", Claim::bare(Termination::new(Reason::OtherError, "killed")))],
        )
        .is(Reason::Feasible, Checked)
        .objective(11.0),
    ];
    cases.iter().for_each(Case::check);
    let p = problem(MIP);
    let limited = |limit| Claim::bare(Termination::at_limit(false, limit, ""));
    let end = answer(
        &p,
        &[("a", limited(Limit::Interrupted)), ("b", limited(Limit::Node)), ("c", limited(Limit::Undetermined))],
        None,
    );
    assert_eq!((end.reason(), end.termination().limit()), (Reason::NoSolutionFound, Some(Limit::Node)));
    let end = answer(&p, &[("a", limited(Limit::Node))], Some(Limit::Memory));
    assert_eq!(end.termination().limit(), Some(Limit::Memory));
}

#[test]
fn infeasible_answers() {
    let farkas = |y: &[f64]| with_ray(claim(Reason::Infeasible), Ray::Farkas(y.to_vec()));
    let cases = [
        Case::new("a Farkas proof", INFEASIBLE, vec![("highs", farkas(&[-1.0, 1.0]))])
            .is(Reason::Infeasible, Certified)
            .agreed(&["highs"])
            .says("separate"),
        Case::new("a bad one, but bounds show it", "min 0 | 1 0..1 | 2 <= 1 <= 3", vec![("highs", farkas(&[0.0]))])
            .is(Reason::Infeasible, Certified)
            .agreed(&["highs"])
            .says("constraint 'R1' is at most 1"),
        Case::new("a claim", ODD, vec![("scip", claim(Reason::Infeasible))])
            .is(Reason::Infeasible, Claimed)
            .agreed(&["scip"])
            .says("scip says so; no proof was given"),
        Case::new(
            "two claims, one hazy",
            ODD,
            vec![("scip", claim(Reason::Infeasible)), ("highs", claim(Reason::InfeasibleOrUnbounded))],
        )
        .is(Reason::Infeasible, Claimed)
        .agreed(&["scip", "highs"]),
        Case::new("undecided", UNBOUNDED, vec![("highs", claim(Reason::InfeasibleOrUnbounded))])
            .is(Reason::InfeasibleOrUnbounded, Claimed)
            .agreed(&["highs"])
            .says("highs could not tell which"),
        Case::new(
            "a proof against who says optimal",
            INFEASIBLE,
            vec![("bad", bounded(claim(Reason::Optimal), 1.0)), ("highs", farkas(&[-1.0, 1.0]))],
        )
        .is(Reason::Infeasible, Certified)
        .agreed(&["highs"])
        .contradicted(&["bad"]),
    ];
    cases.iter().for_each(Case::check);
}

#[test]
fn unbounded_answers() {
    let along = |d: &[f64]| with_ray(claim(Reason::Unbounded), Ray::Primal(d.to_vec()));
    let cases = [
        Case::new(
            "ray and point",
            UNBOUNDED,
            vec![("highs", Claim { point: Some(vec![1.0, 1.0]), ..along(&[1.0, 1.0]) })],
        )
        .is(Reason::Unbounded, Certified)
        .objective(2.0)
        .agreed(&["highs"]),
        Case::new("a ray, and zero for a point", UNBOUNDED, vec![("highs", along(&[1.0, 1.0]))])
            .is(Reason::Unbounded, Certified)
            .objective(0.0)
            .agreed(&["highs"]),
        Case::new(
            "one's ray and another's point, who says infeasible is wrong",
            UNBOUNDED,
            vec![
                ("highs", along(&[1.0, 1.0])),
                ("cbc", claim(Reason::Infeasible)),
                ("scip", bounded(at(&[5.0, 0.0]), 7.0)),
            ],
        )
        .is(Reason::Unbounded, Certified)
        .objective(5.0)
        .agreed(&["highs"])
        .contradicted(&["scip", "cbc"]),
        Case::new(
            "undecided, and a point",
            UNBOUNDED,
            vec![("highs", claim(Reason::InfeasibleOrUnbounded)), ("scip", at(&[5.0, 0.0]))],
        )
        .is(Reason::Unbounded, Claimed)
        .objective(5.0)
        .agreed(&["highs"]),
        Case::new(
            "undecided, and a proven bound",
            ODD,
            vec![
                ("highs", claim(Reason::InfeasibleOrUnbounded)),
                ("scip", with_duals(claim(Reason::NumericalError), &problem(ODD), &[0.0])),
            ],
        )
        .is(Reason::Infeasible, Claimed)
        .agreed(&["highs"]),
        Case::new(
            "one says unbounded, another has a bound",
            UNBOUNDED,
            vec![("highs", claim(Reason::Unbounded)), ("scip", bounded(at(&[5.0, 0.0]), 7.0))],
        )
        .is(Reason::Feasible, Checked)
        .values(5.0, 7.0),
        Case::new("no ray", UNBOUNDED, vec![("scip", claim(Reason::Unbounded))])
            .is(Reason::Unbounded, Claimed)
            .objective(0.0)
            .agreed(&["scip"]),
        Case::new(
            "a ray without a point",
            "max 0 | 1 1..inf, 1 0..inf | 3 <= 1 1 <= inf",
            vec![("highs", along(&[1.0, 0.0]))],
        )
        .is(Reason::Unbounded, Claimed)
        .agreed(&["highs"])
        .says("no feasible point was given"),
        Case::new(
            "one says infeasible, one unbounded, nothing proven",
            "max 0 | 1 1..inf, 1 0..inf | 3 <= 1 1 <= inf",
            vec![("cbc", claim(Reason::Infeasible)), ("scip", claim(Reason::Unbounded))],
        )
        .is(Reason::InfeasibleOrUnbounded, Claimed)
        .agreed(&["cbc", "scip"]),
    ];
    cases.iter().for_each(Case::check);
}

#[test]
fn imprecise_answers() {
    let near = optimal(&[2.0, 0.999_99], 4.0);
    let cases = [
        Case::new("a near miss", LP, vec![("highs", near.clone())])
            .is(Reason::Imprecise, Claimed)
            .values(3.999_98, 4.0)
            .says("highs' point misses the tolerances: constraint 'R1' is missed by 9.99999999995449e-6"),
        Case::new(
            "a near miss, somebody else has it right",
            LP,
            vec![("highs", near.clone()), ("clp", optimal(&[2.0, 1.0], 4.0))],
        )
        .is(Reason::Optimal, Checked)
        .values(4.0, 4.0)
        .agreed(&["highs", "clp"]),
        Case::new(
            "a near miss against one who says infeasible",
            LP,
            vec![("highs", near.clone()), ("clp", claim(Reason::Infeasible))],
        )
        .is(Reason::Imprecise, Claimed)
        .values(3.999_98, 4.0),
        Case::new(
            "a near miss against two who say infeasible",
            LP,
            vec![("highs", near), ("clp", claim(Reason::Infeasible)), ("scip", claim(Reason::Infeasible))],
        )
        .is(Reason::Infeasible, Claimed)
        .agreed(&["clp", "scip"]),
    ];
    cases.iter().for_each(Case::check);
}

#[test]
fn lies_are_caught() {
    let truth = || ("scip", optimal(&[4.0, 0.0], 13.0));
    let cases = [
        Case::new("a point that is not feasible", MIP, vec![("liar", optimal(&[5.0, 0.0], 16.0))])
            .is(Reason::NumericalError, Claimed)
            .contradicted(&["liar"])
            .says("liar calls its point feasible, but constraint 'R1' is missed by 5e-1"),
        Case::new("not integer", MIP, vec![("liar", optimal(&[4.5, 0.0], 14.5)), truth()])
            .is(Reason::Optimal, Checked)
            .values(13.0, 13.0)
            .agreed(&["scip"])
            .contradicted(&["liar"])
            .says("'C1' is 5e-1 away from an integer"),
        Case::new("NaN", MIP, vec![("liar", optimal(&[f64::NAN, 0.0], 13.0)), truth()])
            .is(Reason::Optimal, Checked)
            .values(13.0, 13.0)
            .agreed(&["scip"])
            .contradicted(&["liar"])
            .says("the value of variable 'C1' is NaN"),
        Case::new("NaN everywhere", MIP, vec![("liar", optimal(&[f64::NAN, 0.0], f64::NAN))])
            .is(Reason::NumericalError, Claimed)
            .contradicted(&["liar"]),
        Case::new("too few values", MIP, vec![("liar", optimal(&[1.0], 4.0))])
            .is(Reason::NumericalError, Claimed)
            .contradicted(&["liar"])
            .says("the point has 1 values where the problem has 2"),
        Case::new("the wrong objective", MIP, vec![("liar", optimal(&[2.0, 2.0], 13.0))])
            .is(Reason::Feasible, Checked)
            .objective(11.0)
            .contradicted(&["liar"])
            .says("liar names the objective 13; its point has 11"),
        Case::new("too good a bound", MIP, vec![("liar", optimal(&[2.0, 2.0], 11.0)), ("scip", at(&[4.0, 0.0]))])
            .is(Reason::Feasible, Checked)
            .objective(13.0)
            .contradicted(&["liar"])
            .says("liar claims the bound 11, but a checked point has the objective 13"),
        Case::new("infeasible, when it is not", MIP, vec![("liar", claim(Reason::Infeasible)), truth()])
            .is(Reason::Optimal, Checked)
            .values(13.0, 13.0)
            .agreed(&["scip"])
            .contradicted(&["liar"])
            .says("liar says infeasible; a checked point refutes it"),
        Case::new(
            "unbounded, when it is not",
            LP,
            vec![
                ("liar", claim(Reason::Unbounded)),
                ("highs", with_duals(optimal(&[2.0, 1.0], 4.0), &problem(LP), &[2.0])),
            ],
        )
        .is(Reason::Optimal, Certified)
        .values(4.0, 4.0)
        .agreed(&["highs"])
        .contradicted(&["liar"]),
        Case::new(
            "a false ray",
            LP,
            vec![(
                "liar",
                Claim {
                    point: Some(vec![2.0, 1.0]),
                    ..with_ray(claim(Reason::Unbounded), Ray::Primal(vec![1.0, -1.0]))
                },
            )],
        )
        .is(Reason::Unbounded, Claimed)
        .objective(4.0)
        .agreed(&["liar"])
        .says("Not certified: the ray leaves the bounds of variable 'C1'"),
        Case::new(
            "a false Farkas proof",
            LP,
            vec![("liar", with_ray(claim(Reason::Infeasible), Ray::Farkas(vec![1.0])))],
        )
        .is(Reason::Infeasible, Claimed)
        .agreed(&["liar"])
        .says("Not certified: the Farkas multipliers"),
    ];
    cases.iter().for_each(Case::check);
}

#[test]
fn the_distrusted_need_company() {
    let truth = || optimal(&[4.0, 0.0], 13.0);
    let cases = [
        Case::new("a bound alone", MIP, vec![("shady", truth())])
            .is(Reason::Feasible, Checked)
            .objective(13.0)
            .says("shady claims that it is optimal; its bound alone is not trusted"),
        Case::new("with one who is trusted", MIP, vec![("shady", truth()), ("scip", bounded(at(&[2.0, 2.0]), 13.0))])
            .is(Reason::Optimal, Checked)
            .values(13.0, 13.0)
            .agreed(&["shady", "scip"]),
        Case::new("two of them", MIP, vec![("shady", truth()), ("dubious", truth())])
            .is(Reason::Optimal, Checked)
            .values(13.0, 13.0)
            .agreed(&["shady", "dubious"]),
        Case::new("two lanes of one", MIP, vec![("shady", truth()), ("shady", truth())])
            .is(Reason::Feasible, Checked)
            .objective(13.0),
        Case::new(
            "the weaker bound of two is what both say",
            MIP,
            vec![("shady", bounded(at(&[2.0, 2.0]), 13.5)), ("dubious", bounded(claim(Reason::NoSolutionFound), 14.0))],
        )
        .is(Reason::Feasible, Checked)
        .values(11.0, 14.0),
        Case::new("infeasible alone", ODD, vec![("shady", claim(Reason::Infeasible))])
            .is(Reason::NoSolutionFound, Claimed)
            .says("shady says infeasible; its word alone is not trusted"),
        Case::new(
            "infeasible together",
            ODD,
            vec![("shady", claim(Reason::Infeasible)), ("dubious", claim(Reason::Infeasible))],
        )
        .is(Reason::Infeasible, Claimed)
        .agreed(&["shady", "dubious"]),
        Case::new(
            "a proof needs no trust",
            INFEASIBLE,
            vec![("shady", with_ray(claim(Reason::Infeasible), Ray::Farkas(vec![-1.0, 1.0])))],
        )
        .is(Reason::Infeasible, Certified)
        .agreed(&["shady"]),
    ];
    cases.iter().for_each(Case::check);
}

#[test]
fn what_goes_with_an_answer_comes_from_its_witness() {
    let p = problem(LP);
    let good = with_duals(optimal(&[2.0, 1.0], 4.0), &p, &[2.0]);
    let poor = with_duals(optimal(&[2.0, 1.0], 4.0), &p, &[0.5]);
    let end = answer(&p, &[("poor", poor), ("good", good.clone())], None);
    assert_eq!(end.duals(), good.duals.as_ref());
    assert_eq!(end.evidence().certified_bound, Some(4.0));
    assert_eq!(end.evidence().found_by.as_ref().map(|s| s.backend.as_str()), Some("poor"));
    let p = problem(INFEASIBLE);
    let ray = Ray::Farkas(vec![-1.0, 1.0]);
    let end = answer(&p, &[("highs", with_ray(claim(Reason::Infeasible), ray.clone()))], None);
    assert_eq!((end.ray(), end.duals()), (Some(&ray), None));
}

/// What a solver may say: mostly the truth, sometimes not.
fn any_claim() -> impl Strategy<Value = (u8, Vec<i64>, f64, Reason)> {
    let reason = prop_oneof![
        3 => Just(Reason::Optimal),
        2 => Just(Reason::Feasible),
        1 => Just(Reason::NoSolutionFound),
        1 => Just(Reason::Infeasible),
        1 => Just(Reason::Unbounded),
        1 => Just(Reason::InfeasibleOrUnbounded),
        1 => Just(Reason::NumericalError),
    ];
    (0_u8..6, prop::collection::vec(-4_i64..=6, 3), -20.0..20.0, reason)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_crowd_makes_an_answer_say_more_than_it_may(
        small in any_problem(),
        said in prop::collection::vec(any_claim(), 0..6),
        stopped in prop::option::of(Just(Limit::Time)),
        turn in 0_usize..6,
    ) {
        let p = small.freeze();
        let n = p.num_columns();
        let backends = ["highs", "scip", "cbc", "shady"];
        let mut claims: Vec<(&str, Claim)> = said
            .iter()
            .enumerate()
            .map(|(k, (kind, point, number, reason))| {
                let point: Vec<f64> = point[..n].iter().map(|&v| v as f64).collect();
                let own = p.objective_of(&point);
                let claim = match kind {
                    0 => claim(*reason),
                    1 => Claim { point: Some(point), ..claim(*reason) },
                    2 => Claim { bound: Some(*number), ..claim(*reason) },
                    3 => Claim { point: Some(point), objective: Some(*number), bound: Some(*number), ..claim(*reason) },
                    4 => Claim { point: Some(point.iter().map(|v| v + 1e-4).collect()), ..claim(*reason) },
                    _ => Claim { point: Some(point), objective: Some(own), bound: Some(own), ..claim(*reason) },
                };
                (backends[k % 4], claim)
            })
            .collect();
        let end = answer(&p, &claims, stopped);
        invariants(&small, &p, &end)?;
        // Who speaks first does not matter for what is known.
        let turn = turn.min(claims.len());
        claims.rotate_left(turn);
        let again = answer(&p, &claims, stopped);
        prop_assert_eq!(
            (end.reason(), end.objective(), end.bound(), end.evidence().level),
            (again.reason(), again.objective(), again.bound(), again.evidence().level)
        );
    }
}

fn invariants(small: &crate::build::Small, p: &Problem, end: &Answer) -> Result<(), TestCaseError> {
    let tolerances = Tolerances::default();
    if let Some(point) = end.point() {
        let checked = check_point(p, point, &tolerances).expect("finite values");
        if end.reason() != Reason::Imprecise {
            let checked = checked.expect("only checked points are handed out");
            prop_assert_eq!(Some(checked.objective()), end.objective());
            let point: Vec<i64> = point.iter().map(|v| v.round() as i64).collect();
            prop_assert!(feasible(small, &point));
            prop_assert!((objective(small, &point) as f64 - checked.objective()).abs() < 1e-2);
        }
    }
    match end.reason() {
        Reason::Optimal => {
            let (objective, bound) = (end.objective().expect("a point"), end.bound().expect("a bound"));
            prop_assert!(tolerances.gap_closed(objective, bound));
            prop_assert!(!p.sense().better(objective, bound));
        }
        Reason::Feasible => prop_assert!(end.point().is_some() && end.termination().limit().is_some()),
        Reason::NoSolutionFound => prop_assert!(end.point().is_none() && end.termination().limit().is_some()),
        Reason::Infeasible | Reason::InfeasibleOrUnbounded => prop_assert!(end.point().is_none()),
        _ => {}
    }
    Ok(())
}
