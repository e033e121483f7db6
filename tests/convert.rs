//! `farkas convert` as a user meets it: formats by name and by option, compression by suffix, pipes, and what is told.

mod support;

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use farkas_modeling::Problem;
use farkas_modeling::formats::read_problem;
use support::{FACILITY, code, run, stderr, stdout};

fn problem(path: &Path) -> Problem {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let name = path.file_name().and_then(|n| n.to_str());
    read_problem(&bytes, name).unwrap_or_else(|e| panic!("{}: {e}", path.display())).value
}

#[test]
fn through_every_format_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let original = problem(Path::new(FACILITY));
    let mut from = FACILITY.to_owned();
    for name in ["a.lp", "b.mps.zst", "c.json.gz", "d.lp.bz2", "e.mps.xz", "f.LP.XZ", "g.json"] {
        let to = folder.path().join(name);
        let output = run(&["convert", &from, to.to_str().unwrap()]);
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
        assert_eq!((stdout(&output), stderr(&output)), (String::new(), String::new()), "{name}: nothing is lost");
        assert!(problem(&to) == original, "{name} holds the same problem");
        to.to_str().unwrap().clone_into(&mut from);
    }
}

/// Runs with this on standard input.
fn piped(args: &[&str], input: &[u8]) -> Output {
    let mut child = support::farkas()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built for this test");
    child.stdin.take().expect("it is piped").write_all(input).expect("it reads all of its input");
    child.wait_with_output().expect("it ends")
}

#[test]
fn in_a_pipe() {
    let lp = b"min x + y st c: x + 2y >= 3 end";
    let output = piped(&["convert", "-", "-", "--to", "mps"], lp);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).starts_with("NAME"), "{}", stdout(&output));
    // The text tells that it is LP; where it does not, the option does.
    let output = piped(&["convert", "-", "-", "--from", "lp", "--to", "lp"], lp);
    assert_eq!(stdout(&output), "Minimize\n + x + y\nSubject To\n c: x + 2 y >= 3\nEnd\n");
    let output = piped(&["convert", "-", "-", "--from", "mps", "--to", "lp"], lp);
    assert_eq!(code(&output), 65);
    assert!(
        stderr(&output).contains("MPS line 1, column 1") && stderr(&output).contains("[mps-"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn what_cannot_be_held_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().expect("a plain path").to_owned();
    let model =
        r#"{"objective": "'a b' + c", "variables": {"a b": {}, "c": {}}, "constraints": {"r": "'a b' + c >= 1"}}"#;
    std::fs::write(path("m.json"), model).unwrap();

    let output = run(&["convert", &path("m.json"), &path("m.lp")]);
    assert_eq!(code(&output), 0);
    assert!(
        stderr(&output).contains("'a b'") && stderr(&output).contains("[lp-renamed-columns]"),
        "{}",
        stderr(&output)
    );
    assert_eq!(problem(Path::new(&path("m.lp"))).column_names().get(0), "C1");

    let output = run(&["convert", "--exact", &path("m.json"), &path("exact.lp")]);
    assert_eq!(code(&output), 65);
    assert!(stderr(&output).contains("[convert-inexact]"), "{}", stderr(&output));
    assert!(!Path::new(&path("exact.lp")).exists(), "nothing is written");

    std::fs::write(path("crossed.lp"), "min x st\n c: 3 <= x <= 2\nend\n").unwrap();
    std::fs::write(path("kept.mps"), "as it was").unwrap();
    let output = run(&["convert", &path("crossed.lp"), &path("kept.mps")]);
    assert_eq!(code(&output), 65);
    assert!(
        stderr(&output).contains("row 'c'") && stderr(&output).contains("[mps-crossed-sides]"),
        "{}",
        stderr(&output)
    );
    assert_eq!(std::fs::read_to_string(path("kept.mps")).unwrap(), "as it was", "what stood there is not touched");
}

#[test]
fn usage_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("a.txt");
    let nowhere = nowhere.to_str().unwrap();
    let cases: [(&[&str], i32, &str); 4] = [
        (&["convert", FACILITY, nowhere], 2, "does not say in which format"),
        (&["convert", FACILITY, "-"], 2, "does not say in which format"),
        (&["convert", FACILITY, nowhere, "--to", "xls"], 2, "one of mps, lp, json, nl, mof.json"),
        (&["convert", "absent.mps", nowhere, "--to", "lp"], 65, "could not be opened"),
    ];
    for (args, exit, words) in cases {
        let output = run(args);
        assert_eq!(code(&output), exit, "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
    }
    assert!(!Path::new(nowhere).exists());
}

#[test]
fn real_files_keep_their_dimensions() {
    let Some(instances) = support::instances("conversions of real files") else { return };
    let folder = tempfile::tempdir().unwrap();
    for name in ["formats/sos.lp.gz", "formats/qcqp.lp.gz", "formats/scip-classical_20_0.mps.gz", "miplib/cap41.lp.gz"]
    {
        let from = instances.join(name);
        let to = folder.path().join(if name.contains(".lp") { "to.mps.xz" } else { "to.lp.bz2" });
        let output = run(&["convert", from.to_str().unwrap(), to.to_str().unwrap()]);
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
        let (before, after) = (problem(&from), problem(&to));
        assert_eq!(
            (before.num_rows(), before.num_columns(), before.num_nonzeros(), before.num_products()),
            (after.num_rows(), after.num_columns(), after.num_nonzeros(), after.num_products()),
            "{name}"
        );
    }
}
