//! `farkas bench` as a user meets it: runs are kept and not repeated, compared, counted, and learned from.

mod support;

use std::path::Path;

use support::{FACILITY, code, run, stderr, stdout};

/// What this project keeps of its own runs.
fn records(name: &str) -> String {
    format!("{}/benches/records/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn runs_are_kept_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let (list, out) = (folder.path().join("list"), folder.path().join("records.jsonl"));
    std::fs::write(&list, format!("{FACILITY}\n")).unwrap();
    let (list, kept) = (list.to_str().unwrap(), out.to_str().unwrap());
    let here = support::solvers();
    let solvers = here.join(",");
    let bench = |solvers: &str| {
        let args = ["--time-limit", "10", "--threads", "1"];
        run(&[&["bench", "run", "--instances", list, "--solvers", solvers, "--out", kept], &args[..]].concat())
    };
    let first = bench(&solvers);
    assert_eq!(code(&first), 0, "{}{}", stdout(&first), stderr(&first));
    let lines = read(&out);
    assert_eq!(lines.lines().count(), here.len(), "{lines}");
    for line in lines.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["verdict"], "solved", "{line}");
        assert_eq!(record["outcome"]["objective"].as_f64().unwrap().round(), 30.0, "{line}");
        assert!(record["wall_seconds"].as_f64().unwrap() > 0.0 && record["features"]["rows"] == 7.0, "{line}");
    }
    // The same again runs nothing, and one more candidate only that one.
    assert_eq!(code(&bench(&solvers)), 0);
    assert_eq!(read(&out), lines);
    assert_eq!(code(&bench(&format!("{solvers},race"))), 0);
    assert!(read(&out).starts_with(&lines) && read(&out).lines().count() == here.len() + 1);
    let report = run(&["bench", "report", kept]);
    assert_eq!(code(&report), 0, "{}", stderr(&report));
    for name in here.into_iter().chain(["race"]) {
        assert!(stdout(&report).lines().any(|line| line.contains(name)), "{name}: {}", stdout(&report));
    }
}

/// The table of trust that is built in is what the records say, and nothing that somebody wrote by hand.
#[test]
fn trust_is_counted_from_the_records() {
    let files = [
        "easy-others.jsonl",
        "easy-seeds.jsonl.zst",
        "lp-singles.jsonl",
        "lp-races.jsonl",
        "medium-seed-2.jsonl",
        "mip-singles.jsonl",
        "mip-races.jsonl",
    ]
    .map(records);
    // In the order in which a shell lists them.
    let mut args: Vec<&str> = files.iter().map(String::as_str).collect();
    args.sort_unstable();
    let counted = run(&[&["bench", "trust"], &args[..]].concat());
    assert_eq!(code(&counted), 0, "{}", stderr(&counted));
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("backends/src/race/trust.toml");
    assert_eq!(stdout(&counted), read(&table));
}

#[test]
fn a_learned_table_says_what_it_is_worth_and_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("learned.toml");
    let out = table.to_str().unwrap();
    let learned = run(&["bench", "learn", &records("mip-singles.jsonl"), "--repeats", "1", "--out", out]);
    let said = stdout(&learned);
    assert_eq!(code(&learned), 0, "{said}{}", stderr(&learned));
    for words in
        ["mip on one core, 61 instances", "mip on two cores, 61 instances", "best single solver", "95 % interval"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(read(&table).contains("[[rule]]"));
    let explained = run(&["solve", FACILITY, "--lineup", out, "--explain-lineup", "--threads", "2"]);
    assert_eq!(code(&explained), 0, "{}", stderr(&explained));
    assert!(stdout(&explained).contains("rule 'mip on several cores"), "{}", stdout(&explained));
    let solved = run(&["solve", FACILITY, "--lineup", out]);
    assert!(code(&solved) == 0 && stdout(&solved).contains("Objective  30"), "{}", stderr(&solved));
}

#[test]
fn records_that_do_not_do_are_refused_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (garbage, empty) = (file("garbage.jsonl", "\n{}garbage\n"), file("empty.jsonl", ""));
    let nothing = folder.path().join("nothing.jsonl");
    for verb in ["report", "learn", "trust"] {
        for (path, expected) in [(garbage.as_str(), "bench-record"), (nothing.to_str().unwrap(), "bench-file")] {
            let refused = run(&["bench", verb, path]);
            assert_eq!(code(&refused), 65, "{verb} {path}: {}", stderr(&refused));
            assert!(stderr(&refused).contains(expected), "{verb} {path}: {}", stderr(&refused));
        }
    }
    assert!(stderr(&run(&["bench", "report", &garbage])).contains("line 2"), "{garbage}");
    let refused = run(&["bench", "learn", &empty]);
    assert!(code(&refused) == 65 && stderr(&refused).contains("bench-learn"), "{}", stderr(&refused));
}
