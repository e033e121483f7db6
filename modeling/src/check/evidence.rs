//! Dresses a verdict with its evidence: point, duals, rays, who agreed, and how it was shown, a plain sentence each.

use std::sync::Arc;

use crate::answer::{Answer, Evidence, EvidenceLevel, Ray, Reason, Source, Violations};
use crate::check::conclude::{Verdict, distinct, names, possessive};
use crate::check::ledger::Ledger;
use crate::check::{Finding, Findings, pool};

/// The answer that a verdict amounts to.
pub(super) fn answer(ledger: Ledger<'_>, verdict: Verdict<'_>) -> Answer {
    let reason = verdict.termination.reason();
    let (objective, point, violations, found_by) = shown_point(&ledger, reason);
    let mut notes = Vec::new();
    describe(&ledger, &verdict, violations.as_ref(), found_by, &mut notes);
    let witness = |pick: &dyn Fn(&Finding) -> bool| pick_from(ledger.findings, &verdict.witnesses, pick);
    let duals = witness(&|f| matches!(f, Finding::Duals(..)))
        .filter(|_| matches!(reason, Reason::Optimal | Reason::Imprecise))
        .and_then(|f| if let Finding::Duals(duals, _) = f { Some(duals.clone()) } else { None });
    let ray = ray_for(reason).and_then(|wanted| {
        witness(&|f| matches!(f, Finding::Ray(ray) if wanted(ray)))
            .and_then(|f| if let Finding::Ray(ray) = f { Some(ray.clone()) } else { None })
    });
    let basis = witness(&|f| matches!(f, Finding::Basis(_)))
        .and_then(|f| if let Finding::Basis(basis) = f { Some(basis.clone()) } else { None });
    let contradicted = distinct(&ledger.contradicted);
    let pool = pool::of(ledger.problem.sense(), ledger.findings);
    notes.extend(ledger.notes);
    let evidence = Evidence {
        level: verdict.level,
        violations,
        found_by: found_by.cloned(),
        agreed_by: distinct(&verdict.agreed),
        contradicted,
        certified_bound: ledger.proven_bound.map(|proven| proven.value),
        notes,
        tolerances: *ledger.tolerances,
    };
    let witness = match reason {
        Reason::Infeasible => ledger.proven_infeasible.map(|(_, proof)| proof),
        Reason::Unbounded => ledger.proven_ray.map(|(_, proof)| proof),
        _ => ledger.proven_bound.map(|proven| proven.proof),
    };
    Answer {
        witness: witness.map(|proof| proof.witness.clone()),
        termination: verdict.termination,
        objective,
        bound: verdict.bound,
        point,
        duals,
        ray,
        basis,
        evidence,
        lanes: Vec::new(),
        seconds: 0.0,
        pool,
    }
}

type Shown<'a> = (Option<f64>, Option<Arc<[f64]>>, Option<Violations>, Option<&'a Source>);

fn shown_point<'a>(ledger: &Ledger<'a>, reason: Reason) -> Shown<'a> {
    if let Some((one, point)) = ledger.point {
        let values = Some(Arc::clone(&point.values));
        (Some(point.objective), values, Some(point.violations.clone()), Some(&one.source))
    } else if let (Some((one, point)), Reason::Imprecise) = (ledger.imprecise, reason) {
        let values = Some(Arc::clone(&point.values));
        (Some(point.objective), values, Some(point.violations.clone()), Some(&one.source))
    } else {
        (None, None, None, None)
    }
}

/// Which kind of ray goes with an outcome.
fn ray_for(reason: Reason) -> Option<fn(&Ray) -> bool> {
    match reason {
        Reason::Infeasible => Some(|ray| matches!(ray, Ray::Farkas(_))),
        Reason::Unbounded => Some(|ray| matches!(ray, Ray::Primal(_))),
        _ => None,
    }
}

fn pick_from<'a>(
    findings: &'a [Findings],
    witnesses: &[&Source],
    pick: &dyn Fn(&Finding) -> bool,
) -> Option<&'a Finding> {
    witnesses.iter().find_map(|source| {
        findings.iter().filter(|one| one.source == **source).flat_map(|one| &one.list).find(|finding| pick(finding))
    })
}

fn describe(
    ledger: &Ledger<'_>,
    verdict: &Verdict<'_>,
    violations: Option<&Violations>,
    found_by: Option<&Source>,
    notes: &mut Vec<String>,
) {
    let reason = verdict.termination.reason();
    if let (Some(v), Some(source)) = (violations, found_by) {
        let verb =
            if ledger.point.is_some() { "was recomputed exactly and is within tolerances" } else { "was measured" };
        notes.push(format!(
            "{} point {verb}: largest violations {} (rows), {} (bounds), {} (integrality).",
            possessive(&source.backend),
            figure(v.row),
            figure(v.bound),
            figure(v.integrality)
        ));
    }
    if let Some(proven) = ledger.proven_bound {
        let whose = possessive(&proven.findings.source.backend);
        let relaxed = if ledger.problem.is_lp() { "" } else { ", of the linear relaxation" };
        notes.push(format!("The bound {} is proven{relaxed}: {whose} {}.", proven.value, proven.proof.how));
        if ledger.beaten(proven.value) {
            notes.push("The point beats the proven bound: it uses the tolerances it is allowed.".into());
        }
    }
    if reason == Reason::Optimal && verdict.level == EvidenceLevel::Checked {
        notes.push(format!("The bound is the claim of {}.", names(&verdict.agreed)));
    }
    if verdict.level != EvidenceLevel::Certified {
        for finding in ledger.findings.iter().flat_map(|one| &one.list) {
            if let Finding::Unproven(why) = finding
                && !notes.iter().any(|note| note.contains(why.as_str()))
            {
                notes.push(format!("Not certified: {why}."));
            }
        }
    }
    if let (Some((one, proof)), true) = (ledger.proven_infeasible, ledger.point.is_some()) {
        let (whose, how) = (possessive(&one.source.backend), &proof.how);
        notes.push(format!("Exactly, no point is feasible ({whose} proof: {how}); the point is so within tolerances."));
    }
}

/// Three digits; nothing for nothing.
fn figure(amount: f64) -> String {
    if amount == 0.0 { "0".into() } else { format!("{amount:.2e}") }
}
