//! A solver's own conflicts: who declares them names members that are infeasible by themselves and of which none can go;
//! who does not refuses. And what `iis::find` makes of them is what it finds without. Asked again through workers.

use std::collections::BTreeSet;
use std::sync::Arc;

use farkas_backends::contract::{Backend, End, Fit, Member, Session, SessionError, StopToken};
use farkas_backends::iis::{Budget, find};
use farkas_backends::options::Options;
use farkas_modeling::patch::Patch;
use farkas_modeling::{Problem, Reason};

use crate::ear::{Ear, limited, open, solve};
use crate::for_each;
use crate::problems::{Build, INF, Numbers, minimize};
use crate::table::{Truth, cases};

/// The problem without its objective, and without all row sides and bounds but these and what is taken as given.
fn alone(problem: &Problem, keep: &BTreeSet<Member>) -> Arc<Problem> {
    let mut patch = Patch::new();
    for i in 0..problem.num_rows() {
        if !keep.contains(&Member::Row(i, End::Lower)) {
            patch.row_lower(i, -INF);
        }
        if !keep.contains(&Member::Row(i, End::Upper)) {
            patch.row_upper(i, INF);
        }
    }
    let switches = |j: usize| problem.indicators().iter().any(|one| one.column as usize == j);
    for j in (0..problem.num_columns()).filter(|&j| !problem.kind(j).is_semi() && !switches(j)) {
        if !keep.contains(&Member::Bound(j, End::Lower)) {
            patch.lower(j, -INF);
        }
        if !keep.contains(&Member::Bound(j, End::Upper)) {
            patch.upper(j, INF);
        }
    }
    Arc::new(patch.apply(&problem.without_objective()).expect("a part of a problem"))
}

fn ends(backend: &dyn Backend, problem: &Problem, keep: &BTreeSet<Member>) -> Reason {
    let alone = alone(problem, keep);
    solve(&mut *open(backend, &alone), &limited(10.0), &Ear::default(), &StopToken::new()).termination.reason()
}

fn conflict(session: &mut dyn Session) -> Result<BTreeSet<Member>, SessionError> {
    session.conflict(&limited(20.0), &StopToken::new()).map(|members| members.into_iter().collect())
}

/// What is wrong with a set: of an LP, that it can lose a whole row or a bound and stay infeasible.
fn faults(backend: &dyn Backend, problem: &Problem, members: &BTreeSet<Member>) -> Vec<String> {
    let finite = |member: &Member| match *member {
        Member::Row(i, End::Lower) => problem.row_lower()[i].is_finite(),
        Member::Row(i, End::Upper) => problem.row_upper()[i].is_finite(),
        Member::Bound(j, End::Lower) => problem.lower()[j].is_finite(),
        Member::Bound(j, End::Upper) => problem.upper()[j].is_finite(),
    };
    if members.is_empty() {
        return vec!["names none".into()];
    }
    if let Some(member) = members.iter().find(|member| !finite(member)) {
        return vec![format!("names {member:?}, which there is not")];
    }
    // Over integers without bounds a solver need not come to an end.
    match ends(backend, problem, members) {
        Reason::Infeasible => {}
        Reason::NoSolutionFound if !problem.is_lp() => return Vec::new(),
        other => return vec![format!("names {members:?}, which by themselves are {other:?}")],
    }
    let idle = |gone: &&Member| {
        let row = |member: &Member| if let Member::Row(i, _) = member { Some(*i) } else { None };
        let rest = members.iter().filter(|one| one != gone && (row(gone).is_none() || row(one) != row(gone)));
        ends(backend, problem, &rest.copied().collect()) == Reason::Infeasible
    };
    let idle = members.iter().filter(|_| problem.is_lp()).find(idle);
    idle.map(|member| format!("names {member:?} of {members:?}, which can go")).into_iter().collect()
}

/// What is wrong with its conflicts over the table.
pub fn faults_over_the_table(backend: &dyn Backend) -> Vec<String> {
    let own = backend.capabilities().iis;
    let mut found = Vec::new();
    for case in cases().iter().filter(|case| backend.fits(&case.problem).takes()) {
        let infeasible = match case.truth {
            Truth::Infeasible | Truth::BothInfeasible => true,
            Truth::Optimum(_) => false,
            Truth::Unbounded => continue,
        };
        let Ok(mut session) = backend.open(Arc::clone(&case.problem)) else { continue };
        let fault = match conflict(&mut *session) {
            Err(SessionError::Refused(_)) if !own => continue,
            // What was rewritten for it is none of its problem, and it may look into linear programs alone.
            Err(SessionError::Refused(_)) if backend.fits(&case.problem) != Fit::Takes => continue,
            Err(SessionError::Refused(_)) if !case.problem.is_lp() => Vec::new(),
            Err(error) => vec![format!("says: {error}")],
            Ok(_) if !own => vec!["looks for a conflict, and does not declare it".into()],
            Ok(members) if infeasible => faults(backend, &case.problem, &members),
            Ok(members) if members.is_empty() => Vec::new(),
            Ok(members) => vec![format!("is feasible, and the conflict {members:?}")],
        };
        found.extend(fault.into_iter().map(|fault| format!("'{}' {fault}", case.name)));
        // The session is as it was.
        let reason = solve(&mut *session, &Options::default(), &Ear::default(), &StopToken::new());
        let reason = reason.termination.reason();
        if !case.truth.reasons(case.problem.is_lp()).contains(&reason) {
            found.push(format!("'{}' is {reason:?} after a search for a conflict", case.name));
        }
    }
    found
}

#[test]
pub fn a_conflict_of_its_own_is_one_where_it_is_declared() {
    for_each(faults_over_the_table);
}

/// Many rows that hold at a point, and a chain that nobody can close: a < b < … < a.
fn hidden_chain() -> (Arc<Problem>, BTreeSet<Member>) {
    let mut numbers = Numbers::new(77);
    let (n, links) = (60, 6);
    let mut build: Build = minimize();
    for j in 0..n {
        build = build.col(1.0 + f64::from(u8::from(j % 3 == 0)), if j % 4 == 0 { -INF } else { -50.0 }, 100.0);
    }
    let mut chain = BTreeSet::new();
    for i in 0..80 {
        let link = i / 13;
        if i % 13 == 5 && link < links {
            // x[7 link] + 1 ≤ x[7 (link + 1)], and the last closes the ring.
            let next = 7 * ((link + 1) % links);
            build = build.le(&[(7 * link, 1.0), (next, -1.0)], -1.0);
            chain.insert(Member::Row(i, End::Upper));
        } else {
            let terms: Vec<(usize, f64)> =
                (0..4).map(|k| ((numbers.below(15) as usize) * 4 + k, 1.0 + numbers.below(3) as f64)).collect();
            build = build.row(-90.0, &terms, 300.0);
        }
    }
    (build.freeze(), chain)
}

/// What is wrong with how it finds a chain among many rows.
pub fn faults_at_a_chain(backend: &dyn Backend) -> Vec<String> {
    let (problem, chain) = hidden_chain();
    if !backend.fits(&problem).takes() {
        return Vec::new();
    }
    let budget = Budget::default();
    let iis = match find(&problem, backend, &Options::default(), budget, &StopToken::new()) {
        Ok(iis) => iis,
        Err(error) => return vec![error.to_string()],
    };
    println!("{}: {} solves", backend.name(), iis.solves);
    let members: BTreeSet<Member> = iis.members.iter().map(|one| one.member).collect();
    let mut found = Vec::new();
    // MIPCL leaves one subset open, and so that its member is needed; it has no multipliers either.
    if members != chain || (!iis.is_minimal() && backend.capabilities().farkas_ray) {
        found.push(format!("finds {iis:?}, not {chain:?}"));
    }
    if backend.capabilities().iis {
        let own = conflict(&mut *open(backend, &problem)).expect("declared");
        if own != chain {
            found.push(format!("names {own:?} by itself, not {chain:?}"));
        }
        // The whole, its own conflict, that alone, each of its members once or twice, and the last word.
        if iis.solves > 4 + 2 * chain.len() {
            found.push(format!("took {} solves with a conflict of its own", iis.solves));
        }
    }
    found
}

#[test]
fn a_hidden_chain_is_found_by_all() {
    for_each(faults_at_a_chain);
}

/// What is wrong with a search that is stopped, or has no time, before it begins.
pub fn faults_without_time(backend: &dyn Backend) -> Vec<String> {
    if !backend.capabilities().iis {
        return Vec::new();
    }
    let (problem, _) = hidden_chain();
    let stop = StopToken::new();
    stop.stop();
    let mut session = open(backend, &problem);
    let none = session.conflict(&Options::default(), &stop);
    let late = session.conflict(&limited(0.0), &StopToken::new());
    let some = conflict(&mut *session);
    let mut found = Vec::new();
    if none != Ok(Vec::new()) {
        found.push(format!("goes on though it was stopped: {none:?}"));
    }
    if late != Ok(Vec::new()) {
        found.push(format!("goes on without time: {late:?}"));
    }
    if some.as_ref().is_ok_and(BTreeSet::is_empty) || some.is_err() {
        found.push(format!("finds none after it was stopped: {some:?}"));
    }
    found
}

#[test]
fn a_token_that_is_set_ends_the_search() {
    for_each(faults_without_time);
}
