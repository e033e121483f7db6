//! Reading and writing MPS, beside HiGHS and CBC, on a file as HiGHS writes it and on one with long names; and opened.

use std::any::Any;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use farkas_modeling::formats::{Compression, Encoder, mps, read_problem};
use farkas_modeling::{Problem, ProblemData};

use super::{Case, ffi, hand, side, table};

pub fn run(read: bool, write: bool) {
    let folder = std::env::temp_dir().join(format!("farkas-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the temporary folder can be written");
    let counted = folder.join("counted.mps");
    ffi::Highs::load(&hand::transport(side())).write(&counted);
    if read {
        reading(&folder, &counted);
    }
    if write {
        writing(&folder, &counted);
    }
    // What is left behind is in a temporary folder.
    let _ = fs::remove_dir_all(folder);
}

fn reading(folder: &Path, counted: &Path) {
    let text = fs::read(counted).expect("it was written");
    let columns = read_problem(&text, None).expect("HiGHS writes MPS").value.num_columns();
    let packed = [Compression::Gzip, Compression::Zstd].map(|kind| {
        let mut encoder = Encoder::new(Vec::new(), kind);
        encoder.write_all(&text).expect("a vector takes everything");
        encoder.finish().expect("a vector takes everything")
    });
    let cases: [Case<'_>; 6] = [
        ("CBC", Box::new(|| Box::new(cbc_reads(counted)))),
        ("HiGHS", Box::new(|| Box::new(ffi::Highs::read(counted).columns()))),
        ("Farkas, from the file", Box::new(|| all(&fs::read(counted).expect("it was written"), columns))),
        ("Farkas, text in memory", Box::new(|| all(&text, columns))),
        ("Farkas, gzip in memory", Box::new(|| all(&packed[0], columns))),
        ("Farkas, zstd in memory", Box::new(|| all(&packed[1], columns))),
    ];
    let mut cases: Vec<Case<'_>> = cases.into_iter().skip(usize::from(!cfg!(feature = "cbc"))).collect();
    let megabytes = text.len() as f64 / 1e6;
    table(&format!("Reading {megabytes:.0} MB of MPS, names R1, C1, …"), Some(("MB/s", megabytes)), &mut cases);

    let problem = read_problem(&text, None).expect("it was read before").value;
    for (what, long) in [("short", false), ("long", true)] {
        let text = renamed(&problem, long);
        let file = folder.join("renamed.mps");
        fs::write(&file, &text).expect("the temporary folder can be written");
        let megabytes = text.len() as f64 / 1e6;
        let mut cases: Vec<Case<'_>> = vec![
            ("HiGHS", Box::new(|| Box::new(ffi::Highs::read(&file).columns()))),
            ("Farkas, text in memory", Box::new(|| all(&text, columns))),
        ];
        let example = if long { "ship[p12,c345]" } else { "x12_345" };
        table(
            &format!("Reading {megabytes:.0} MB of MPS, {what} names like {example}"),
            Some(("MB/s", megabytes)),
            &mut cases,
        );
    }
}

#[cfg(feature = "cbc")]
use super::ffi::cbc_reads;

/// Not asked for: there is no CBC in this program.
#[cfg(not(feature = "cbc"))]
fn cbc_reads(_: &Path) -> usize {
    0
}

fn all(text: &[u8], columns: usize) -> Box<dyn Any> {
    let problem = read_problem(text, None).expect("it is MPS").value;
    assert_eq!(problem.num_columns(), columns);
    Box::new(problem)
}

/// The transport problem's text with the names that people give.
fn renamed(problem: &Problem, long: bool) -> Vec<u8> {
    let n = side();
    let pair = |k: usize, long_name: &str, short: &str| {
        if long { format!("{long_name}[p{},c{}]", k / n, k % n) } else { format!("{short}{}_{}", k / n, k % n) }
    };
    let one = |k: usize, long_name: &str, short: &str| {
        if long { format!("{long_name}[p{k}]") } else { format!("{short}{k}") }
    };
    let column = |j: usize| if j < n * n { pair(j, "ship", "x") } else { one(j - n * n, "open", "y") };
    let row = |i: usize| match i {
        _ if i < n => one(i, "supply", "s"),
        _ if i < 2 * n => one(i - n, "capacity", "c"),
        _ => pair(i - 2 * n, "link", "l"),
    };
    let named = Problem::new(ProblemData {
        cost: problem.cost().to_vec(),
        lower: problem.lower().to_vec(),
        upper: problem.upper().to_vec(),
        kinds: (0..problem.num_columns()).map(|j| problem.kind(j)).collect(),
        row_lower: problem.row_lower().to_vec(),
        row_upper: problem.row_upper().to_vec(),
        starts: problem.starts().to_vec(),
        indices: problem.indices().to_vec(),
        values: problem.values().to_vec(),
        column_names: Some((0..problem.num_columns()).map(column).collect()),
        row_names: Some((0..problem.num_rows()).map(row).collect()),
        ..ProblemData::default()
    })
    .expect("it was a problem before");
    written(&named)
}

fn written(problem: &Problem) -> Vec<u8> {
    let mut out = Vec::new();
    mps::write(problem, mps::Layout::Free, &mut out).expect("a vector takes everything");
    out
}

fn writing(folder: &Path, counted: &Path) {
    let problem = read_problem(&fs::read(counted).expect("it was written"), None).expect("HiGHS writes MPS").value;
    let highs = ffi::Highs::read(counted);
    let targets: [PathBuf; 2] = ["highs.mps", "farkas.mps"].map(|name| folder.join(name));
    let sizes = [fs::metadata(counted).map_or(0, |data| data.len()), written(&problem).len() as u64];
    let mut cases: Vec<Case<'_>> = vec![
        (
            "HiGHS",
            Box::new(|| {
                highs.write(&targets[0]);
                Box::new(())
            }),
        ),
        (
            "Farkas",
            Box::new(|| {
                let mut file = fs::File::create(&targets[1]).expect("the temporary folder can be written");
                Box::new(mps::write(&problem, mps::Layout::Free, &mut file).expect("there is room"))
            }),
        ),
        ("Farkas, into memory", Box::new(|| Box::new(written(&problem)))),
    ];
    let megabytes = sizes.map(|size| size as f64 / 1e6);
    let title = format!(
        "Writing one problem to a file: HiGHS {:.0} MB, an entry a line, Farkas {:.0} MB, two a line",
        megabytes[0], megabytes[1]
    );
    table(&title, None, &mut cases);
}
