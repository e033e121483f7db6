//! Reading and writing MPS, LP and JSON, on a transport problem with linking rows: megabytes a second are `bytes` over the time.
//!
//! `cargo bench -p farkas-modeling --bench formats`; `FARKAS_BENCH_SIDE` (default 300) is the number of plants and of
//! customers: 1000 gives the million columns and four million nonzeros of a 145 MB file.

use divan::counter::BytesCount;
use farkas_modeling::formats::{Compression, Encoder, SizeLimits, decompress, json, lp, mps};
use farkas_modeling::{Problem, ProblemData};
use std::io::Write as _;

fn main() {
    divan::main();
}

/// What every plant ships stays within its capacity, every customer gets its demand, and only from where it is open.
fn transport() -> Problem {
    let n: usize = std::env::var("FARKAS_BENCH_SIDE").ok().and_then(|side| side.parse().ok()).unwrap_or(300);
    let mut data = ProblemData { name: "transport".into(), starts: vec![0], ..ProblemData::default() };
    for i in 0..n {
        for j in 0..n {
            data.cost.push(((i * 7919 + j * 104_729) % 10_000) as f64 / 100.0);
            data.indices.extend([i as u32, (n + j) as u32, (2 * n + i * n + j) as u32]);
            data.values.extend([1.0, 1.0, 1.0]);
            data.starts.push(data.indices.len() as u32);
        }
    }
    for j in 0..n {
        data.cost.push(1000.0 + j as f64);
        data.indices.extend((0..n).map(|i| (2 * n + i * n + j) as u32));
        data.values.extend((0..n).map(|_| -1.0));
        data.starts.push(data.indices.len() as u32);
    }
    let columns = data.cost.len();
    data.lower = vec![0.0; columns];
    data.upper = vec![f64::INFINITY; n * n];
    data.upper.extend(vec![1.0; n]);
    data.kinds = (0..columns).map(|j| kind(u8::from(j >= n * n))).collect();
    data.row_lower = [vec![f64::NEG_INFINITY; n], vec![10.0; n], vec![f64::NEG_INFINITY; n * n]].concat();
    data.row_upper = [vec![20.0; n], vec![f64::INFINITY; n], vec![0.0; n * n]].concat();
    data.column_names = Some((0..columns).map(|j| format!("x{j}")).collect());
    data.row_names = Some((0..data.row_lower.len()).map(|i| format!("r{i}")).collect());
    Problem::new(data).expect("it has no defects")
}

fn kind(code: u8) -> farkas_modeling::ColumnKind {
    farkas_modeling::ColumnKind::from_code(code).expect("0 and 1 are kinds")
}

fn text(problem: &Problem, layout: mps::Layout) -> Vec<u8> {
    let mut out = Vec::new();
    mps::write(problem, layout, &mut out).expect("a vector takes everything");
    out
}

#[divan::bench(sample_count = 7, sample_size = 1)]
fn read_free(bencher: divan::Bencher) {
    let bytes = text(&transport(), mps::Layout::Free);
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| mps::read(&bytes));
}

#[divan::bench(sample_count = 7, sample_size = 1)]
fn read_fixed(bencher: divan::Bencher) {
    let bytes = text(&transport(), mps::Layout::Fixed);
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| mps::read(&bytes));
}

#[divan::bench(sample_count = 7, sample_size = 1)]
fn freeze_only(bencher: divan::Bencher) {
    let problem = transport();
    let bytes = text(&problem, mps::Layout::Free);
    bencher.counter(BytesCount::new(bytes.len())).bench_local(transport);
}

#[divan::bench(sample_count = 7, sample_size = 1)]
fn write_free(bencher: divan::Bencher) {
    let problem = transport();
    let bytes = text(&problem, mps::Layout::Free);
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| text(&problem, mps::Layout::Free));
}

#[divan::bench(sample_count = 7, sample_size = 1)]
fn write_fixed(bencher: divan::Bencher) {
    let problem = transport();
    let bytes = text(&problem, mps::Layout::Fixed);
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| text(&problem, mps::Layout::Fixed));
}

#[divan::bench(sample_count = 3, sample_size = 1, args = ["gzip", "zstd", "bzip2", "xz"])]
fn open(bencher: divan::Bencher, kind: &str) {
    let bytes = text(&transport(), mps::Layout::Free);
    let kind = match kind {
        "gzip" => Compression::Gzip,
        "zstd" => Compression::Zstd,
        "bzip2" => Compression::Bzip2,
        _ => Compression::Xz,
    };
    let mut encoder = Encoder::new(Vec::new(), kind);
    encoder.write_all(&bytes).expect("a vector takes everything");
    let packed = encoder.finish().expect("a vector takes everything");
    bencher
        .counter(BytesCount::new(bytes.len()))
        .bench_local(|| decompress(&packed, &SizeLimits::default()).map(std::borrow::Cow::into_owned));
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn read_lp(bencher: divan::Bencher) {
    let mut bytes = Vec::new();
    lp::write(&transport(), &mut bytes).expect("LP holds it");
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| lp::read(&bytes));
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn write_lp(bencher: divan::Bencher) {
    let problem = transport();
    let written = || {
        let mut bytes = Vec::new();
        lp::write(&problem, &mut bytes).expect("LP holds it");
        bytes
    };
    bencher.counter(BytesCount::new(written().len())).bench_local(written);
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn read_json_columnar(bencher: divan::Bencher) {
    let mut bytes = Vec::new();
    json::write_columnar(&transport(), &mut bytes).expect("a vector takes everything");
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| json::read(&bytes));
}
