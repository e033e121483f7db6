//! The benchmark's runner against a program that is not Farkas: it answers, hangs, crashes and chatters as it is told.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use farkas_instances::bench::{BenchError, BenchOptions, Progress, Record, RunKey, report, run};
use farkas_instances::catalogue::{Class, Difficulty};
use farkas_instances::judge::Verdict;

const INDEX: &str = "path,class,difficulty,rows,cols,nnz,ints,sense,status,objective,source,licence,sha256,notes
good.mps,MIP,easy,1,1,1,1,min,optimal,20,,,,
late.mps,MIP,easy,1,1,1,1,min,optimal,20,,,,
lies.mps,MIP,medium,1,1,1,1,max,optimal,20,,,,
hangs.mps,LP,easy,1,1,1,0,min,optimal,1,,,,
crashes.mps,LP,easy,1,1,1,0,min,infeasible,,,,,
broken.mps,malformed,,,,,,,error,,,,,
quadratic.mps,QP,easy,1,1,1,0,min,optimal,1,,,,
";

/// Answers by the name of the file; `$2` is the file, `$4` the solver.
const PROGRAM: &str = r#"#!/bin/sh
echo "$@" >> "$(dirname "$2")/calls"
answer() {
  echo "{\"problem\":{},\"termination\":{\"reason\":\"$1\",\"limit\":$2,\"detail\":\"as told\"},\"objective\":$3,\"bound\":$4,
    \"seconds\":0.5,\"evidence\":{\"level\":\"checked\"},\"lanes\":[{\"solver\":\"$5\",\"version\":\"9\"}],\"variables\":{}}"
}
case "$2" in
  *good.mps) answer OPTIMAL null 20.0 20.0 "$4" ;;
  *late.mps) answer FEASIBLE '"TIME"' 25.0 '"-inf"' "$4"; exit 10 ;;
  *lies.mps) answer OPTIMAL null 19.0 19.0 "$4" ;;
  *hangs.mps) exec sleep 600 ;;
  *) echo 'the problem ate my homework' >&2; exit 70 ;;
esac
"#;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("index.csv"), INDEX).expect("an index");
        let program = folder.path().join("program");
        fs::write(&program, PROGRAM).expect("a program");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("an executable program");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn calls(&self) -> usize {
        fs::read_to_string(self.path("calls")).unwrap_or_default().lines().count()
    }

    fn options(&self) -> BenchOptions {
        BenchOptions {
            catalogue: None,
            solvers: vec!["highs".into(), "race".into()],
            time_limit: Duration::from_millis(100),
            grace: Duration::from_millis(200),
            out: Some(self.path("records.jsonl")),
            ..BenchOptions::new(self.path("program"), self.folder.path())
        }
    }
}

fn records(path: &Path) -> Vec<Record> {
    let text = fs::read_to_string(path).expect("records");
    text.lines().map(|line| serde_json::from_str(line).expect("a record a line")).collect()
}

#[test]
fn every_end_is_recorded_and_judged() {
    let place = Place::new();
    let mut begun = 0;
    let told = run(&place.options(), |progress| begun += usize::from(matches!(progress, Progress::Begins { .. })));
    let report = told.expect("a report");
    let got = records(&place.path("records.jsonl"));
    let of = |name: &str| got.iter().find(|r| r.key.instance == name && r.key.solver == "race").expect("a record");
    let table = [
        ("good.mps", Verdict::Solved, Some(0), ""),
        ("late.mps", Verdict::Undecided, Some(10), "as told"),
        ("lies.mps", Verdict::Wrong, Some(0), "19 is said to be optimal, but 20 is reached"),
        ("crashes.mps", Verdict::Failed, Some(70), "exit code 70, without a result: the problem ate my homework"),
    ];
    for (name, verdict, exit_code, detail) in table {
        let record = of(name);
        assert_eq!((record.verdict, record.exit_code, record.detail.as_str()), (verdict, exit_code, detail), "{name}");
    }
    let killed = of("hangs.mps");
    assert_eq!((killed.verdict, killed.exit_code), (Verdict::Failed, None));
    assert!(killed.detail.starts_with("killed after 0.") && killed.wall_seconds < 5.0, "{}", killed.detail);
    let told = of("lies.mps").to_string();
    assert!(told.starts_with("lies.mps by race: WRONG, 19 in 0.") && told.ends_with("reached)"), "{told}");
    assert_eq!(of("good.mps").versions, ["race 9"]);
    assert_eq!(of("late.mps").outcome.expect("an outcome").bound, Some(f64::NEG_INFINITY));
    assert_eq!((got.len(), begun, place.calls()), (10, 10, 10)); // no malformed ones, nothing quadratic
    assert_eq!(report.wrong(), 2);
}

#[test]
fn what_stands_in_the_file_is_not_run_again() {
    let place = Place::new();
    let mut options = place.options();
    options.difficulties = vec![Difficulty::Medium];
    run(&options, |_| ()).expect("a report");
    assert_eq!(place.calls(), 2);
    // The last line was cut off by a crash.
    let path = place.path("records.jsonl");
    let text = fs::read_to_string(&path).expect("records");
    fs::write(&path, &text[..text.len() - 20]).expect("fewer records");
    run(&options, |_| ()).expect("a report");
    assert_eq!(place.calls(), 3);
    let report = run(&options, |_| ()).expect("a report");
    assert_eq!((place.calls(), report.wrong()), (3, 2));
    options.time_limit = Duration::from_secs(1); // another question
    run(&options, |_| ()).expect("a report");
    assert_eq!(place.calls(), 5);
}

#[test]
fn lists_folders_and_mistakes() {
    let place = Place::new();
    let list = place.path("list.txt");
    fs::write(&list, "# the easy ones\ngood.mps\n\n  late.mps\n").expect("a list");
    let mut options = BenchOptions { instances: list, solvers: vec!["highs".into()], out: None, ..place.options() };
    let unknown = run(&options, |_| ()).expect("a report");
    assert_eq!((unknown.lines[0].solved, unknown.lines[0].undecided), (1, 1));
    options.catalogue = Some(place.folder.path().into());
    options.classes = vec![Class::Lp];
    let error = run(&options, |_| ()).expect_err("nothing to run");
    assert_eq!(error.code(), "bench-nothing");
    options.classes.clear();
    options.program = place.path("nowhere");
    assert!(matches!(run(&options, |_| ()), Err(BenchError::Program { .. })));
    options.instances = place.path("nowhere");
    assert!(matches!(run(&options, |_| ()), Err(BenchError::File { .. })));
    options = place.options();
    fs::write(place.path("records.jsonl"), "nonsense\n{}\n").expect("bad records");
    let error = run(&options, |_| ()).expect_err("bad records").to_string();
    assert!(error.contains("line 1: "), "{error}");
}

fn record(instance: &str, solver: &str, class: Class, verdict: Verdict, wall_seconds: f64, detail: &str) -> Record {
    Record {
        key: RunKey { instance: instance.into(), solver: solver.into(), time_limit_seconds: 30.0, threads: 2 },
        class: Some(class),
        difficulty: Some(Difficulty::Easy),
        sha256: String::new(),
        verdict,
        detail: detail.into(),
        outcome: None,
        evidence: None,
        wall_seconds,
        solve_seconds: None,
        exit_code: Some(0),
        versions: vec![],
    }
}

#[test]
fn a_report_reads_well() {
    let records = [
        record("a.mps", "highs", Class::Lp, Verdict::Solved, 0.0, ""),
        record("a.mps", "race", Class::Lp, Verdict::Solved, 3.0, ""),
        record("b.mps", "highs", Class::Mip, Verdict::Wrong, 1.0, "7 is better than the optimum 8"),
        record("b.mps", "race", Class::Mip, Verdict::Undecided, 31.0, ""),
        record("c.mps", "highs", Class::Mip, Verdict::Solved, 0.0, ""),
    ];
    insta::assert_snapshot!(report(&records));
}
