//! The benchmark's runner against a program that is not Farkas: it answers, hangs, crashes and chatters as it is told.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use farkas_backends::contract::StopToken;
use farkas_instances::bench::{
    BenchError, BenchOptions, Progress, Record, RunKey, Shard, read_records, report, run, shifted_geometric_mean,
};
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
    \"seconds\":0.5,\"evidence\":{\"level\":\"checked\",\"found_by\":\"$5\",\"agreed_by\":[\"$5\"]},
    \"lanes\":[{\"solver\":\"$5\",\"version\":\"9\",\"state\":\"finished\",\"seconds\":0.25}],\"variables\":{}}"
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
    let good = of("good.mps");
    assert_eq!((good.versions.join(", "), good.lanes[0].seconds), ("race 9".to_owned(), 0.25));
    assert_eq!((good.found_by.as_deref(), good.agreed_by.join(", ")), (Some("race"), "race".to_owned()));
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
    assert_eq!((unknown.groups[0].lines[0].solved, unknown.groups[0].lines[0].undecided), (1, 1));
    options.catalogue = Some(place.folder.path().into());
    options.classes = vec![Class::Lp];
    let error = run(&options, |_| ()).expect_err("nothing to run");
    assert_eq!(error.code(), "bench-nothing");
    options.classes.clear();
    for (wrong, code) in [("highs:fast", "bench-candidate"), ("race:lineup=nowhere.toml", "bench-file")] {
        let error = run(&BenchOptions { solvers: vec![wrong.into()], ..options.clone() }, |_| ()).expect_err(wrong);
        assert_eq!(error.code(), code, "{wrong}: {error}");
    }
    options.program = place.path("nowhere");
    assert!(matches!(run(&options, |_| ()), Err(BenchError::Program { .. })));
    options.instances = place.path("nowhere");
    assert!(matches!(run(&options, |_| ()), Err(BenchError::File { .. })));
    options = place.options();
    fs::write(place.path("records.jsonl"), "nonsense\n{}\n").expect("bad records");
    let error = run(&options, |_| ()).expect_err("bad records").to_string();
    assert!(error.contains("line 1: "), "{error}");
}

#[test]
fn a_candidate_is_run_with_its_settings_and_what_rules_see_is_kept() {
    let place = Place::new();
    let problem = "ROWS\n N cost\n G r\nCOLUMNS\n x cost 1 r 2\n y cost 1 r 1\nRHS\n rhs r 3\nENDATA\n";
    fs::write(place.path("good.mps"), problem).expect("a problem");
    fs::write(place.path("list.txt"), "good.mps\nlate.mps\n").expect("a list");
    let rules = place.path("rules.toml");
    let write = |solver: &str| {
        let table = format!("[[rule]]\nname = \"all\"\nlanes = [{{ solver = \"{solver}\" }}]\n");
        fs::write(&rules, table).expect("rules");
    };
    write("scip");
    let race = format!("race:lineup={}", rules.display());
    let solvers = vec!["highs:method=barrier".into(), "scip:seed=3:a/b=7".into(), race.clone()];
    let options = BenchOptions { instances: place.path("list.txt"), solvers, ..place.options() };
    run(&options, |_| ()).expect("a report");
    let got = records(&place.path("records.jsonl"));
    let names: Vec<&str> = got.iter().map(|record| record.key.solver.as_str()).collect();
    assert_eq!(names[..3], ["highs:barrier", "scip:seed=3:a/b=7", &race]);
    let seen: Vec<_> = got.iter().map(|r| r.features.as_ref().and_then(|f| f.get("nonzeros"))).collect();
    assert_eq!(seen, [Some(2.0), Some(2.0), Some(2.0), None, None, None]); // late.mps is not there to be read
    let called = fs::read_to_string(place.path("calls")).expect("calls");
    for part in
        ["--solver highs --lp-method barrier", "--solver scip --seed 3 --option a/b=7", "--solver race --lineup /"]
    {
        assert!(called.contains(part), "{part} in {called}");
    }
    // The race by another table is another run.
    write("cbc");
    run(&options, |_| ()).expect("a report");
    assert_eq!(place.calls(), 8);
}

#[test]
fn shards_come_together_to_all_runs() {
    let place = Place::new();
    let part = |name: &str, shard: &str| {
        let shard: Shard = shard.parse().expect("a shard");
        BenchOptions { shard, out: Some(place.path(name)), ..place.options() }
    };
    for (name, shard) in [("a", "1/3"), ("b", "2/3"), ("c", "3/3"), ("c", "3/3")] {
        run(&part(name, shard), |_| ()).expect("a report");
    }
    assert_eq!(place.calls(), 10);
    let files = ["a", "b", "c", "a"].map(|name| place.path(name));
    let merged = read_records(&files).expect("records");
    assert_eq!(merged.len(), 10);
    let whole = report(&merged);
    assert_eq!((whole.groups.len(), whole.groups[0].incomplete, whole.wrong()), (1, 0, 2));
    for wrong in ["", "1", "0/3", "4/3", "1/0", "a/b"] {
        assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn processor_time_counts_what_a_run_leaves_behind_and_ends_it() {
    let place = Place::new();
    // A child in a process group of its own, as workers are, that burns time and that nobody waits for.
    let burn = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo $$ > burnt; exec sleep 600";
    let leave = format!("cd \"$(dirname \"$0\")\"\nset -m\nsh -c '{burn}' > /dev/null 2>&1 &\n");
    let wait = "while [ ! -s burnt ]; do :; done\n";
    fs::write(place.path("program"), format!("#!/bin/bash\n{leave}{wait}exit 70\n")).expect("a program");
    let mut options = BenchOptions { solvers: vec!["highs".into()], ..place.options() };
    options.time_limit = Duration::from_secs(30);
    options.difficulties = vec![Difficulty::Medium];
    run(&options, |_| ()).expect("a report");
    let got = records(&place.path("records.jsonl"));
    let burnt = fs::read_to_string(place.path("burnt")).expect("it burnt");
    assert!(!Path::new("/proc").join(burnt.trim()).exists(), "{burnt} is left");
    // The program itself spun until the child was done: together they took more than the wall shows, if there are two cores,
    // and in any case what the child took is there.
    assert!(got[0].cpu_seconds.is_some_and(|seconds| seconds > 0.05), "{:?}", got[0].cpu_seconds);
}

#[test]
fn a_benchmark_that_is_stopped_keeps_what_it_has() {
    let place = Place::new();
    let stop = StopToken::new();
    let options = BenchOptions { stop: stop.clone(), time_limit: Duration::from_secs(600), ..place.options() };
    let error = run(&options, |progress| match progress {
        Progress::Begins { instance, .. } if instance.path == "hangs.mps" => stop.stop(),
        _ => (),
    });
    assert!(matches!(error, Err(BenchError::Stopped)), "{error:?}");
    assert_eq!(records(&place.path("records.jsonl")).len(), 6);
}

fn record(instance: &str, solver: &str, class: Class, verdict: Verdict, wall_seconds: f64, detail: &str) -> Record {
    Record {
        key: RunKey {
            instance: instance.into(),
            solver: solver.into(),
            rules: String::new(),
            time_limit_seconds: 30.0,
            threads: 2,
        },
        class: Some(class),
        difficulty: Some(Difficulty::Easy),
        features: None,
        sha256: String::new(),
        verdict,
        detail: detail.into(),
        outcome: None,
        evidence: None,
        wall_seconds,
        cpu_seconds: None,
        solve_seconds: None,
        exit_code: Some(0),
        versions: vec![],
        found_by: None,
        agreed_by: vec![],
        contradicted: vec![],
        lanes: vec![],
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

#[test]
fn races_beside_single_solvers() {
    // The race halves the better of two single solvers, of which each is best on half of the instances.
    let seconds = |at: usize| 1.0 + (at % 7) as f64;
    let mut all = Vec::new();
    for at in 0..40 {
        let name = format!("{at}.mps");
        let (slow, fast) = (8.0 * seconds(at), seconds(at));
        let (highs, scip) = if at % 2 == 0 { (fast, slow) } else { (slow + 1.0, fast) };
        all.push(record(&name, "highs", Class::Mip, Verdict::Solved, highs, ""));
        all.push(record(&name, "scip", Class::Mip, Verdict::Solved, scip, ""));
        all.push(record(&name, "race", Class::Mip, Verdict::Solved, fast, ""));
    }
    all.push(record("more.mps", "highs", Class::Mip, Verdict::Solved, 0.0, "")); // not run by all
    let told = report(&all);
    let [only] = told.groups[0].comparisons.as_slice() else { panic!("{told}") };
    assert_eq!((only.instances, only.solved, only.best.as_str()), (40, [40, 40, 40], "scip"));
    let want = shifted_geometric_mean((0..40).map(seconds)).expect("a mean");
    let single = (0..40).map(|at| if at % 2 == 0 { 8.0 * seconds(at) } else { seconds(at) });
    let ratio = want / shifted_geometric_mean(single).expect("a mean");
    assert!((only.seconds[0] - want).abs() < 1e-9 && (only.ratio - ratio).abs() < 1e-9, "{only}");
    assert!((only.seconds[2] - want).abs() < 1e-9, "the best of the single ones is what the race took");
    let (low, high) = only.interval;
    assert!(low < ratio && ratio < high && high < 0.7 && low > 0.2, "{only}");
    assert_eq!(report(&all), told, "the same draws each time");
}
