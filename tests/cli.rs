//! The command line as a user meets it: what it prints, what it exits with, what it leaves behind.

mod support;

use std::io::{BufRead as _, BufReader};
use std::time::{Duration, Instant};

use support::{FACILITY, code, run, stderr, stdout};

fn json(args: &[&str]) -> serde_json::Value {
    let output = run(args);
    serde_json::from_str(&stdout(&output)).unwrap_or_else(|e| panic!("{e}: {}{}", stdout(&output), stderr(&output)))
}

#[test]
fn a_race_solves_and_says_so() {
    let output = run(&["solve", FACILITY]);
    let text = stdout(&output);
    assert_eq!(code(&output), 0, "{text}{}", stderr(&output));
    assert!(text.contains("optimal") && text.contains("Objective  30"), "{text}");
    assert!(!text.contains('\u{1b}'), "colours only on a terminal: {text:?}");
}

#[test]
fn every_solver_agrees_on_the_facilities() {
    let here = support::solvers();
    assert!(!here.is_empty(), "no worker stands beside the program");
    for solver in here.into_iter().chain(["race"]) {
        let result = json(&["solve", FACILITY, "--solver", solver, "--json"]);
        assert_eq!(result["termination"]["reason"], "OPTIMAL", "{solver}: {result}");
        assert_eq!(result["termination"]["limit"], serde_json::Value::Null, "{solver}");
        assert!((result["objective"].as_f64().unwrap() - 30.0).abs() < 1e-6, "{solver}: {result}");
        assert_eq!(result["problem"]["columns"], 15, "{solver}");
        assert_eq!(result["variables"]["open_metz"].as_f64().unwrap().round(), 1.0, "{solver}");
        assert_eq!(result["evidence"]["level"], "checked", "{solver}: {result}");
        assert!(result["evidence"]["max_row_violation"].as_f64().unwrap() <= 1e-6, "{solver}");
    }
}

#[test]
fn a_solution_goes_out_and_is_checked_alone() {
    let folder = tempfile::tempdir().unwrap();
    let sol = folder.path().join("facility.sol");
    let sol = sol.to_str().unwrap();
    assert_eq!(code(&run(&["solve", FACILITY, "--sol", sol])), 0);
    let check = run(&["check", FACILITY, sol]);
    assert_eq!(code(&check), 0, "{}{}", stdout(&check), stderr(&check));
    let text = std::fs::read_to_string(sol).unwrap();
    // Nothing leaves metz: the cities' demand is missed.
    let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("ship_metz_paris")).collect();
    let broken = kept.join("\n");
    assert_ne!(text.trim_end(), broken, "metz serves paris in every optimum");
    std::fs::write(sol, broken).unwrap();
    let check = run(&["check", FACILITY, sol]);
    assert_eq!(code(&check), 1, "{}{}", stdout(&check), stderr(&check));
    assert!(stdout(&check).contains("demand_paris"), "the worst row is named: {}", stdout(&check));
}

#[test]
fn evidence_is_written_and_verified_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (model, file) = (at("model.lp"), at("evidence.json"));
    std::fs::write(&model, "min\n obj: 3 x + 5 y\nst\n a: x + 3 y >= 2\n b: 2 x + y >= 3\nend\n").unwrap();
    assert_eq!(code(&run(&["solve", &model, "--evidence-file", &file])), 0);
    let check = run(&["check", &model, &file]);
    assert_eq!(code(&check), 0, "{}{}", stdout(&check), stderr(&check));
    assert!(stdout(&check).contains("OPTIMAL certified"), "{}", stdout(&check));
    let mut evidence: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let bound = evidence["proof"]["value"].as_f64().unwrap();
    evidence["proof"]["value"] = (bound + 1e-6).into();
    std::fs::write(&file, evidence.to_string()).unwrap();
    let check = run(&["check", &model, &file]);
    assert_eq!(code(&check), 1, "{}", stdout(&check));
    assert!(
        stderr(&check).contains("/proof/value") && stderr(&check).contains("[evidence-bound]"),
        "{}",
        stderr(&check)
    );
    // Of another problem it says nothing.
    let check = run(&["check", FACILITY, &file, "--json"]);
    assert_eq!(code(&check), 1);
    let said: serde_json::Value = serde_json::from_str(&stdout(&check)).unwrap();
    assert_eq!(said["refused"]["code"], "evidence-problem");
    std::fs::write(&file, "{\"format\": \"farkas-evidence\", \"version\": 1}").unwrap();
    assert_eq!(code(&run(&["check", &model, &file])), 65);
}

#[test]
fn what_needs_no_trust_stands_beside_what_is_claimed() {
    let here = support::solvers();
    if !here.contains(&"highs") {
        return println!("NOT RUN: the relaxation's bound (there is no worker of HiGHS)");
    }
    let result = json(&["solve", FACILITY, "--solver", "highs", "--json"]);
    let proven = result["evidence"]["certified_bound"].as_f64().expect("a bound");
    assert!(proven < 30.0 && proven > 0.0, "{result}");
    assert!((result["evidence"]["certified_gap"].as_f64().unwrap() - (30.0 - proven) / 30.0).abs() < 1e-9);
    assert!((result["bound"].as_f64().unwrap() - 30.0).abs() < 0.01, "the claim stays: {result}");
    let plain = json(&["solve", FACILITY, "--solver", "highs", "--evidence", "plain", "--json"]);
    assert_eq!(plain["evidence"]["certified_bound"], serde_json::Value::Null, "{plain}");
    if here.len() > 1 {
        let agreed = json(&["solve", FACILITY, "--solver", "highs", "--evidence", "agreed", "--json"]);
        assert_eq!(agreed["termination"]["reason"], "OPTIMAL", "{agreed}");
        assert!(agreed["evidence"]["agreed_by"].as_array().unwrap().len() > 1, "{agreed}");
    }
}

#[test]
fn an_infeasible_file_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let sick = folder.path().join("sick.json");
    let text = r#"{"variables": {"x": {"upper": 4}, "y": {}},
        "constraints": {"need": "x + y >= 9", "cap": "y - x <= 0", "idle": "x + y <= 50"}}"#;
    std::fs::write(&sick, text).unwrap();
    let sick = sick.to_str().unwrap();
    for solver in support::solvers() {
        let said = json(&["iis", sick, "--solver", solver, "--json"]);
        let names: Vec<&str> =
            said["conflicts"].as_array().unwrap().iter().filter_map(|c| c["says"].as_str()).collect();
        assert_eq!(names, ["x + y ≥ 9", "-x + y ≤ 0", "x ≤ 4"], "{solver}: {said}");
        assert_eq!(said["minimal"], true, "{solver}");
    }
    let output = run(&["iis", sick]);
    assert!(stdout(&output).contains("3 of them cannot hold together"), "{}{}", stdout(&output), stderr(&output));
    let fine = run(&["iis", FACILITY]);
    assert_eq!(code(&fine), 1, "{}", stderr(&fine));
    assert!(stderr(&fine).contains("it is feasible"), "{}", stderr(&fine));
}

/// What lies in the numbers is told too, without a solve: nobody would solve this one in the time.
#[test]
fn what_each_solver_makes_of_a_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("thirds.json");
    let text = r#"{"sense": "maximize", "objective": "x + y",
        "variables": {"x": {"type": "integer", "upper": 9}, "y": {"type": "integer", "upper": 9}},
        "constraints": {"digits": "0.33333333333333331 x + 3.1415926535897931 y <= 7"}}"#;
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let told = json(&["backends", "--explain", file, "--json"]);
    let of = |name: &str| told.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone();
    let microlp = of("microlp");
    assert_eq!(
        (&microlp["fit"], &microlp["numbers_unasked"]),
        (&"takes".into(), &serde_json::Value::Null),
        "{microlp}"
    );
    let mipcl = of("mipcl");
    if mipcl["availability"]["state"] == "ready" {
        assert_eq!(mipcl["fit"], "refuses", "{mipcl}");
        assert!(mipcl["why"].as_str().unwrap().contains("3.333333333333333e-1"), "{mipcl}");
        let says = stdout(&run(&["backends", "--explain", file]));
        assert!(says.lines().any(|line| line.starts_with("mipcl") && line.contains("refuses it: ")), "{says}");
    } else {
        println!("NOT TRIED: mipcl, which refuses numbers of sixteen digits ({mipcl})");
    }
}

#[test]
fn what_must_give_way_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let sick = folder.path().join("sick.json");
    let text = r#"{"sense": "maximize", "objective": "y", "variables": {"x": {"upper": 4}, "y": {"upper": 20}},
        "constraints": {"need": "x + y >= 12", "cap": "y <= 5"}}"#;
    std::fs::write(&sick, text).unwrap();
    let sick = sick.to_str().unwrap();
    for solver in support::solvers() {
        let said = json(&["relax", sick, "--solver", solver, "--json"]);
        assert_eq!(said["price"].as_f64().map(|price| (1e6 * price).round() / 1e6), Some(3.0), "{solver}: {said}");
        assert_eq!((&said["least"], &said["evidence"]), (&true.into(), &"certified".into()), "{solver}: {said}");
        let then = json(&["relax", sick, "--solver", solver, "--then-objective", "--json"]);
        assert!((then["objective"].as_f64().unwrap() - 8.0).abs() < 1e-4, "{solver}: {then}");
        assert_eq!(then["gives_way"][0]["name"], "cap", "{solver}: {then}");
    }
    let output = run(&["relax", sick, "--bounds"]);
    assert!(stdout(&output).contains("less is not possible (certified)"), "{}{}", stdout(&output), stderr(&output));
    let fine = run(&["relax", FACILITY]);
    assert_eq!((code(&fine), stdout(&fine).contains("Nothing has to give way")), (0, true), "{}", stderr(&fine));
}

#[test]
fn ranges_of_a_linear_program_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let paint = folder.path().join("paint.json");
    let text = r#"{"sense": "maximize", "objective": "5 out + 4 inside", "variables": {"out": {}, "inside": {}},
        "constraints": {"m1": "6 out + 4 inside <= 24", "m2": "out + 2 inside <= 6"}}"#;
    std::fs::write(&paint, text).unwrap();
    let paint = paint.to_str().unwrap();
    for solver in support::solvers().iter().filter(|solver| **solver != "scip") {
        let said = json(&["ranging", paint, "--solver", solver, "--json"]);
        let near = |value: &serde_json::Value, want: f64| (value.as_f64().unwrap() - want).abs() < 1e-9;
        let (cost, row) = (&said["costs"][0], &said["rows"][0]);
        assert!(near(&cost["from"], 2.0) && near(&cost["to"], 6.0), "{solver}: {said}");
        assert!(near(&row["upper"][0], 12.0) && near(&row["upper"][2], 36.0), "{solver}: {said}");
        assert!(near(&row["multiplier"], 0.75), "{solver}: {said}");
    }
    let output = run(&["ranging", paint]);
    assert!(stdout(&output).contains("Multiplier"), "{}{}", stdout(&output), stderr(&output));
    let whole = run(&["ranging", FACILITY]);
    assert_eq!(code(&whole), 1, "{}", stderr(&whole));
    assert!(stderr(&whole).contains("ranging"), "{}", stderr(&whole));
}

/// A case of input that must be refused: content, exit code, what the message holds.
struct Refusal {
    name: &'static str,
    content: Option<&'static str>,
    code: i32,
    says: &'static [&'static str],
}

#[test]
fn bad_input_is_told_with_its_place() {
    let cases = [
        Refusal { name: "absent.mps", content: None, code: 65, says: &["absent.mps", "could not be opened"] },
        Refusal { name: "empty.mps", content: Some(""), code: 65, says: &["empty.mps"] },
        Refusal {
            name: "row.mps",
            content: Some("NAME x\nROWS\n N obj\n L c1\nCOLUMNS\n    x obj 1 c7 1\nENDATA\n"),
            code: 65,
            says: &["line 6", "c7"],
        },
        Refusal {
            name: "number.mps",
            content: Some("NAME x\nROWS\n N obj\n L c1\nCOLUMNS\n    x obj 1 c1 1.0abc\nENDATA\n"),
            code: 65,
            says: &["line 6", "1.0abc"],
        },
        Refusal { name: "broken.json", content: Some("{\"variables\": {"), code: 65, says: &["broken.json"] },
    ];
    let folder = tempfile::tempdir().unwrap();
    for case in cases {
        let path = folder.path().join(case.name);
        if let Some(content) = case.content {
            std::fs::write(&path, content).unwrap();
        }
        let output = run(&["solve", path.to_str().unwrap()]);
        assert_eq!(code(&output), case.code, "{}: {}", case.name, stderr(&output));
        for words in case.says {
            assert!(stderr(&output).contains(words), "{}: {}", case.name, stderr(&output));
        }
    }
}

#[test]
fn exit_codes_are_those_of_the_help() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_string()
    };
    let infeasible = write(
        "infeasible.json",
        r#"{"objective": "x", "variables": {"x": {}, "y": {}},
        "constraints": {"a": "x + y <= 1", "b": "x + y >= 2", "c": "x - y <= 5"}}"#,
    );
    let unbounded = write(
        "unbounded.json",
        r#"{"sense": "maximize", "objective": "x + y", "variables": {"x": {}, "y": {}},
        "constraints": {"a": "x - y <= 1", "b": "y - x <= 1"}}"#,
    );
    for (args, want, reason) in [
        (vec!["solve", &infeasible, "--json"], 0, "INFEASIBLE"),
        (vec!["solve", &unbounded, "--json"], 0, "UNBOUNDED"),
        (vec!["solve", FACILITY, "--json", "--time-limit", "0"], 11, "NO_SOLUTION_FOUND"),
    ] {
        let output = run(&args);
        assert_eq!(code(&output), want, "{args:?}: {}{}", stdout(&output), stderr(&output));
        let result: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(result["termination"]["reason"], reason, "{args:?}: {result}");
    }
    assert_eq!(code(&run(&["solve"])), 2);
    assert_eq!(code(&run(&["solve", FACILITY, "--gap", "-1"])), 2);
    let unknown = run(&["solve", FACILITY, "--solver", "cplexx"]);
    assert_eq!(code(&unknown), 69, "{}", stderr(&unknown));
    assert!(stderr(&unknown).contains("cplexx"), "{}", stderr(&unknown));
}

#[test]
fn several_files_each_get_an_answer() {
    let output = run(&["solve", FACILITY, "/nowhere/at/all.mps", FACILITY, "--json"]);
    assert_eq!(code(&output), 65, "the largest of their codes");
    assert_eq!(stdout(&output).lines().count(), 2, "{}", stdout(&output));
}

#[test]
fn backends_are_listed_with_what_they_can_do() {
    let output = run(&["backends", "--json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let rows: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    for solver in support::solvers() {
        let row = rows.as_array().unwrap().iter().find(|r| r["name"] == solver).unwrap();
        assert_eq!(row["availability"]["state"], "ready", "{row}");
        assert_eq!(row["capabilities"]["integers"], true, "{row}");
    }
}

/// Ctrl-C keeps the incumbent: the program stops by itself, soon, with what it has.
#[cfg(unix)]
#[test]
fn the_first_interrupt_keeps_the_incumbent() {
    let folder = tempfile::tempdir().unwrap();
    let (hard, sol) = (folder.path().join("hard.mps"), folder.path().join("hard.sol"));
    std::fs::write(&hard, support::market_split()).unwrap();
    let mut child = support::farkas()
        .args(["solve", hard.to_str().unwrap(), "--sol", sol.to_str().unwrap(), "--json", "--log", "--threads", "1"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("incumbent ")), "no incumbent was found");
    // A full pipe must not stop the program.
    let rest = std::thread::spawn(move || lines.for_each(drop));
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    let asked = Instant::now();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    rest.join().unwrap();
    assert_eq!(code(&output), 10, "{}", stdout(&output));
    assert!(asked.elapsed() < Duration::from_secs(20), "took {:?} to stop", asked.elapsed());
    let result: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(result["termination"]["limit"], "INTERRUPTED", "{result}");
    assert_eq!(code(&run(&["check", hard.to_str().unwrap(), sol.to_str().unwrap()])), 0);
}

#[test]
fn statistics_tell_what_a_problem_looks_like() {
    let output = run(&["statistics", FACILITY]);
    let text = stdout(&output);
    assert_eq!(code(&output), 0, "{text}{}", stderr(&output));
    for part in ["Rows by kind", "mixed binary", "Ranges of absolute values", "Solvers"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let report = json(&["statistics", FACILITY, "--json"]);
    assert_eq!((&report["sizes"]["columns"], &report["rows"]["mixed-binary"]), (&15.into(), &7.into()), "{report}");
    assert!(report["solvers"].as_array().is_some_and(|all| all.iter().any(|one| one["takes"] == true)), "{report}");
    let alone = json(&["statistics", FACILITY, "--json", "--no-solvers"]);
    assert_eq!((&alone["rows"], &alone["solvers"]), (&report["rows"], &serde_json::Value::Null));
}

#[test]
#[cfg(target_os = "linux")]
fn who_stops_reading_ends_it_quietly_and_a_full_disk_is_told() {
    let mut child = support::farkas()
        .args(["schema", "result"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = support::farkas().args(["schema", "result"]).stdout(full).output().unwrap();
    assert_eq!(code(&output), 74);
    assert!(stderr(&output).contains("cannot be written"), "{}", stderr(&output));
}

#[test]
#[cfg(target_os = "linux")]
fn a_service_that_nobody_listens_to_serves() {
    let folder = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut service = support::farkas()
        .args(["serve", "--listen", &free.to_string(), "--data"])
        .arg(folder.path())
        .stdout(full)
        .spawn()
        .unwrap();
    let limit = Instant::now() + Duration::from_secs(30);
    while ureq::get(format!("http://{free}/healthz")).call().is_err() {
        assert_eq!(service.try_wait().unwrap(), None, "it ended");
        assert!(Instant::now() < limit, "it does not answer");
        std::thread::yield_now();
    }
    assert_eq!(service.try_wait().unwrap(), None, "it answered and ended");
    service.kill().unwrap();
    service.wait().unwrap();
}
