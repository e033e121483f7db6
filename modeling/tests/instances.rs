//! The shared folder of real problems: every file of a format that is read has the dimensions that its index tells, and
//! every malformed one is met as the index says, with its place.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use farkas_modeling::formats::{FormatError, Read, read_problem};
use farkas_modeling::{ColumnKind, Problem, Sense};

type Row = BTreeMap<String, String>;

/// Path and fields by name of each row of the index; `None`, with a word, where the folder is not there.
fn index() -> Option<(PathBuf, Vec<Row>)> {
    let Some(folder) = std::env::var_os("FARKAS_INSTANCES").map(PathBuf::from) else {
        println!("not run: FARKAS_INSTANCES does not name the folder of instances");
        return None;
    };
    let mut table = csv::Reader::from_path(folder.join("index.csv")).expect("the folder has an index");
    let rows = table.deserialize().collect::<Result<_, _>>().expect("the index is a table");
    Some((folder, rows))
}

fn read(folder: &Path, row: &Row) -> Result<Read<Problem>, FormatError> {
    let bytes = std::fs::read(folder.join(&row["path"])).expect("a file of the index is there");
    read_problem(&bytes, Some(&row["path"]))
}

/// Where the index tells what the reader that it was taken from made of a file, and not what stands in it.
const OTHERWISE: [(&str, &str, &str); 18] = [
    // SCIP makes a row of each set, and rows and columns of each indicator, and a row and a column of a quadratic objective.
    ("formats/sos1-sos2.mps.gz", "rows", "1"),
    ("formats/sos.lp.gz", "rows", "1"),
    ("formats/scip-sparse2.lp.gz", "rows", "32"),
    ("formats/scip-mcf64-4-1.lp.gz", "rows", "844"),
    ("formats/scip-mcf64-4-1.lp.gz", "cols", "1224"),
    ("formats/moi-model1_tricky.lp.gz", "rows", "5"),
    ("formats/moi-model1_tricky.lp.gz", "cols", "8"),
    ("formats/qcqp.lp.gz", "rows", "4"),
    ("formats/qcqp.lp.gz", "cols", "2"),
    ("formats/supportcase21i.mps.gz", "rows", "7536"),
    ("formats/supportcase21i.mps.gz", "cols", "24"),
    ("formats/pyomo-small1.pyomo.nl.gz", "rows", "1"),
    ("formats/pyomo-small1.pyomo.nl.gz", "cols", "2"),
    ("formats/scip-sos2a.nl.gz", "rows", "5"),
    // Here the index does not count the semicontinuous column; and a problem without an objective is minimised.
    ("formats/knapsack.mof.json.gz", "ints", "3"),
    ("formats/moi-empty_model.mof.json.gz", "sense", "min"),
    // HiGHS makes new columns of x and y where they come again for the sake of a second N row.
    ("formats/moi-stacked_data.mps.gz", "cols", "3"),
    // HiGHS drops twelve coefficients of 9.999e-10.
    ("lp-other/gas11.mps.gz", "nnz", "2166"),
];

/// Files of formats whose reading is tried here.
fn is_tried(row: &Row) -> bool {
    [".mps", ".lp", ".nl", ".mof.json"].iter().any(|suffix| row["path"].contains(suffix))
}

/// What differs from the row, one line each.
fn differences(p: &Problem, row: &Row) -> Vec<String> {
    let semicontinuous = (0..p.num_columns()).filter(|&j| p.kind(j) == ColumnKind::SemiContinuous).count();
    let found = [
        ("rows", p.num_rows().to_string()),
        ("cols", p.num_columns().to_string()),
        ("nnz", p.num_nonzeros().to_string()),
        // The index counts semicontinuous columns among the integers.
        ("ints", (p.num_integers() + semicontinuous).to_string()),
        ("sense", if p.sense() == Sense::Maximize { "max" } else { "min" }.to_owned()),
    ];
    let mut wrong = Vec::new();
    for (what, found) in found {
        let otherwise = OTHERWISE.iter().find(|o| o.0 == row["path"] && o.1 == what).map(|o| o.2);
        let told = otherwise.unwrap_or(&row[what]);
        if !told.is_empty() && told != found {
            wrong.push(format!("{}: {what} {found}, not {told}", row["path"]));
        }
    }
    wrong
}

#[test]
fn dimensions_are_those_of_the_index() {
    let Some((folder, rows)) = index() else { return };
    let (mut count, mut wrong) = (0, Vec::new());
    for row in rows.iter().filter(|r| is_tried(r) && r["class"] != "malformed") {
        // Cones are another kind of problem.
        if row["path"] == "formats/coin-spec_sections.mps.gz" {
            let error = read(&folder, row).expect_err("it has a section CSECTION");
            assert_eq!(error.code, "mps-section-unsupported");
            continue;
        }
        count += 1;
        if row["class"] == "NLP" {
            match read(&folder, row) {
                Ok(_) => wrong.push(format!("{} was read", row["path"])),
                Err(error) => println!("{}: [{}] {error}", row["path"], error.code),
            }
            continue;
        }
        match read(&folder, row) {
            Ok(read) => wrong.extend(differences(&read.value, row)),
            Err(error) => wrong.push(format!("{}: {error}", row["path"])),
        }
    }
    println!("{count} files, {} differences", wrong.len());
    assert!(count > 0 && wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn malformed_files_are_refused_with_their_place() {
    let Some((folder, rows)) = index() else { return };
    let (mut count, mut wrong, mut told) = (0, Vec::new(), String::new());
    for row in rows.iter().filter(|r| is_tried(r) && r["class"] == "malformed") {
        count += 1;
        let outcome = read(&folder, row);
        let line = match &outcome {
            Ok(_) => "read".to_owned(),
            Err(error) => format!("[{}] {error}", error.code),
        };
        writeln!(told, "{}: {line}", row["path"]).expect("a string takes everything");
        match (row["status"].as_str(), &outcome) {
            ("error", Ok(_)) => wrong.push(format!("{} was read", row["path"])),
            ("error" | "error|optimal", Err(error))
                if error.line().is_none() && error.pointer().is_none() && !error.code.starts_with("compression-") =>
            {
                wrong.push(format!("{}: no place in {error}", row["path"]));
            }
            ("infeasible", Err(error)) => wrong.push(format!("{}: {error}", row["path"])),
            _ => {}
        }
    }
    println!("{count} malformed files\n{told}");
    assert!(count > 0 && wrong.is_empty(), "{}", wrong.join("\n"));
}
