//! When a solve ends, from the command line: every limit ends a race as a whole, and what is asked to be the same every time is.

mod support;

use serde_json::Value;
use support::{FACILITY, code, run, stderr, stdout};

fn json(args: &[&str]) -> (i32, Value) {
    let output = run(args);
    let parsed = serde_json::from_str(&stdout(&output));
    (code(&output), parsed.unwrap_or_else(|e| panic!("{args:?}: {e}: {}{}", stdout(&output), stderr(&output))))
}

/// A problem that nobody solves in minutes, in a file of the folder.
fn hard(folder: &tempfile::TempDir) -> String {
    let path = folder.path().join("hard.mps");
    std::fs::write(&path, support::market_split()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn every_limit_ends_a_race() {
    let folder = tempfile::tempdir().unwrap();
    let hard = hard(&folder);
    let cases: [(&[&str], i32, &str); 7] = [
        (&["--time-limit", "0.5"], 10, "TIME"),
        (&["--stall-limit", "0.4"], 10, "SLOW_PROGRESS"),
        (&["--node-limit", "20"], 10, "NODE"),
        (&["--solution-limit", "1"], 10, "SOLUTION"),
        (&["--target", "1e5"], 10, "OBJECTIVE"),
        (&["--gap", "1"], 0, "OPTIMAL"),
        (&["--absolute-gap", "1e5"], 0, "OPTIMAL"),
    ];
    for (limit, exit, ends) in cases {
        let args = [&["solve", &hard, "--json", "--threads", "2", "--evidence", "plain"], limit].concat();
        // Whatever it is, a minute is too much.
        let with_clock = [&args[..], &["--time-limit", "60"]].concat();
        let (code, result) = json(if limit[0] == "--time-limit" { &args } else { &with_clock });
        let termination = &result["termination"];
        let said = if exit == 0 { &termination["reason"] } else { &termination["limit"] };
        assert_eq!((code, said.as_str()), (exit, Some(ends)), "{limit:?}: {termination} {}", result["lanes"]);
        assert!(result["seconds"].as_f64().unwrap() < 50.0, "{limit:?}: {result}");
    }
}

/// A result without what may differ: seconds.
fn said(args: &[&str]) -> Value {
    let (_, mut result) = json(args);
    result.as_object_mut().unwrap().remove("seconds").expect("the seconds it took");
    for lane in result["lanes"].as_array_mut().unwrap() {
        lane.as_object_mut().unwrap().remove("seconds").expect("the seconds it took");
    }
    result
}

#[test]
fn a_deterministic_solve_prints_the_same_twice() {
    let folder = tempfile::tempdir().unwrap();
    let hard = hard(&folder);
    let lp = folder.path().join("mix.lp");
    std::fs::write(&lp, "max\n obj: 3 x + 5 y\nst\n a: x + 3 y <= 7\n b: 2 x + y <= 3\nend\n").unwrap();
    for (file, more) in [(hard.as_str(), &["--node-limit", "60"][..]), (lp.to_str().unwrap(), &[]), (FACILITY, &[])] {
        let args = [&["solve", file, "--json", "--deterministic"], more].concat();
        let (one, two) = (said(&args), said(&args));
        assert_eq!(one, two, "{args:?}");
        assert!(one["objective"].is_number(), "{one}");
        // One after another, and the first settles it or comes to the limit of all.
        assert_eq!(one["lanes"].as_array().unwrap().len(), 1, "{one}");
        assert!(!one["evidence"]["notes"].to_string().contains("another run may end elsewhere"), "{one}");
    }
    let (_, by_clock) = json(&["solve", &hard, "--json", "--deterministic", "--time-limit", "0.7"]);
    assert_eq!(by_clock["termination"]["limit"], "TIME", "{by_clock}");
    assert!(by_clock["evidence"]["notes"].to_string().contains("another run may end elsewhere"), "{by_clock}");
}

#[test]
fn sharing_is_chosen_by_name() {
    for (args, exit, says) in [
        (&["--no-share", "incumbents,starts"][..], 0, ""),
        (&["--share", "cutoffs"], 0, ""),
        (&["--share", "points"], 2, "there are: incumbents, starts, cutoffs, seats"),
        (&["--deterministic", "--share", "cutoffs"], 2, "cannot be used with"),
        (&["--deterministic", "--threads", "2"], 2, "cannot be used with"),
        (&["--deterministic", "--stall-limit", "2"], 2, "cannot be used with"),
    ] {
        let output = run(&[&["solve", FACILITY], args].concat());
        assert_eq!(code(&output), exit, "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(says), "{args:?}: {}", stderr(&output));
    }
}
