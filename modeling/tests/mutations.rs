//! Every parser against damaged inputs, from a fixed seed: none panics, none takes long, and none takes more memory than 64
//! times its input and a little. `FARKAS_MUTATIONS` (5000) says how many inputs each gets: ten millions are
//! `FARKAS_MUTATIONS=10000000 cargo test --release -p farkas-modeling --test mutations -- --nocapture --test-threads 1`.

#[allow(dead_code)] // another test needs the rest
mod common;

use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use farkas_modeling::formats::{
    Compression, Encoder, Format, SizeLimits, decompress, json, lp, mof, mps, nl, solution, write_problem,
};
use farkas_modeling::image::{self, Contents};
use farkas_modeling::{Problem, ProblemData};
use peak_alloc::PeakAlloc;

use common::nl::{Form, NlFile};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Held by the test that counts: memory is counted for the whole process.
static COUNTING: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    COUNTING.lock().unwrap_or_else(PoisonError::into_inner)
}

const MPS: &str = "NAME T\nOBJSENSE\n    MAX\nROWS\n N obj\n L l\n G g\n E e\n N other\nCOLUMNS\n x obj 1 l 1\n x g -1.5e3 e 1\n \
    M 'MARKER' 'INTORG'\n i obj 1 l 1\n M 'MARKER' 'INTEND'\n a_rather_long_name other 5 g .25\nRHS\n R l 4 g 2\n R obj 1\n\
    RANGES\n N e -2\nBOUNDS\n UP B x 4\n BV B i\n MI B a_rather_long_name\n SC x 9\nSOS\n S1 one\n    x 1\n    i 2\n\
    QUADOBJ\n x x 2\n x a_rather_long_name 1\nINDICATORS\n IF l i 1\nENDATA\n";

/// Counted names, an entry a line, as solvers write them: the reader's shortest ways.
const COUNTED: &str = "NAME\nROWS\n N  Obj\n L  R1\n G  R2\n E  R3\nCOLUMNS\n    C1        Obj       1\n    C1        R1        1\n    \
    C1        R3        -2.5\n    C2        R2        12\n    C3        Obj       7\n    C3        R1        0.125\nRHS\n    \
    RHS       R1        4\n    RHS       R2        1\nBOUNDS\n UP BOUND     C2        1\nENDATA\n";

const LP: &str = "\\Problem name: t\nMaximize\n obj: 3x - 2 y + 1e3 e1 + [ 2 x ^2 - x*y ] / 2 + 10\nSubject To\n c1: x + y <= 10\n\
    -2 <= x - y <= 3\n ind: b = 1 -> x + 2 y >= 1\n q: x + [ x^2 + y^2 ] <= 9\nBounds\n -inf <= x <= 4\n y free\n s <= 9\n\
    Generals\n y\nBinaries\n b\nSemi-Continuous\n s\nSOS\n one: S1:: x:1 y:2\nGeneral Constraints\n g1: r = MAX ( x , y , 3 )\nEnd\n";

const NL: &str = "g3 1 1 0\n 2 1 1 0 0\n 0 0\n 0 0\n 0 0 0\n 0 0 0 1\n 0 0 0 0 0\n 2 2\n 0 0\n 0 0 0 0 0\nC0\nn0\nO0 1\nn0\n\
    r\n1 2\nb\n2 0\n2 0\nk1\n1\nJ0 2\n0 1\n1 2\nG0 2\n0 1\n1 1\n";

const MOF: &str = r#"{"version": {"major": 1, "minor": 7}, "variables": [{"name": "x"}, {"name": "y"}],
    "objective": {"sense": "min", "function": {"type": "ScalarQuadraticFunction", "constant": 1,
        "affine_terms": [{"coefficient": 2, "variable": "x"}],
        "quadratic_terms": [{"coefficient": 2, "variable_1": "x", "variable_2": "y"}]}},
    "constraints": [{"function": {"type": "Variable", "name": "x"}, "set": {"type": "Interval", "lower": 0, "upper": 2}},
        {"name": "c", "function": {"type": "ScalarAffineFunction", "constant": 0,
            "terms": [{"coefficient": 1, "variable": "x"}, {"coefficient": 1, "variable": "y"}]},
            "set": {"type": "GreaterThan", "lower": 1}}]}"#;

const JSON: [&str; 2] = [
    r#"{"sense": "maximize", "objective": "3 x + 2 (y - 'a b')", "variables": {"x": {"type": "binary"},
        "y": {"free": true}, "a b": {"lower": -1}}, "constraints": {"c": "-2 <= 2 x + y <= 12",
        "d": {"terms": {"x": 1}, "lower": -2}, "e": {"expression": "x / 2 >= y", "when": {"x": 1}}},
        "sets": {"s": {"order": 1, "weights": {"x": 1, "y": 2}}}}"#,
    r#"{"columns": {"lower": [0, "-inf"], "upper": ["inf", 4], "cost": [1, 2], "type": ["continuous", "integer"],
        "names": ["a", "b"]}, "rows": {"lower": [1], "upper": ["inf"]},
        "matrix": {"csr": {"starts": [0, 2], "indices": [0, 1], "values": [1, 2]}}}"#,
];

/// xorshift64*: any fixed sequence will do.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end.max(1)
    }
}

fn damage(text: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    const PIECES: [&[u8]; 24] = [
        b"\n",
        b" ",
        b"\t",
        b"\r\n",
        b"$",
        b"*",
        b"'",
        b"nan",
        b"inf",
        b"1e999",
        b"-",
        b"\xFF",
        b"\0",
        b"ROWS\n",
        b"\"",
        b"{",
        b"]",
        b"((((",
        b"[[[[",
        b"99999999999999999999",
        b"\xFF\xFF\xFF\xFF",
        b"\x80",
        b":",
        b">=",
    ];
    let at = random.below(text.len() + 1);
    let piece = |from: &[u8], random: &mut Random| {
        let begin = random.below(from.len() + 1);
        from[begin..(begin + random.below(60)).min(from.len())].to_vec()
    };
    match random.below(8) {
        0 => text.truncate(at),
        1 if at < text.len() => text[at] = random.below(256) as u8,
        2 if at < text.len() => text[at] ^= 1 << random.below(8),
        3 => drop(text.splice(at..at, PIECES[random.below(PIECES.len())].iter().copied())),
        4 => drop(text.drain(at..(at + random.below(30)).min(text.len()))),
        5 => {
            let copy = piece(&text.clone(), random);
            drop(text.splice(at..at, copy));
        }
        6 => {
            let other = random.below(seeds.len());
            let copy = piece(&seeds[other], random);
            drop(text.splice(at..at, copy));
        }
        _ if at + 1 < text.len() => text.swap(at, at + 1),
        _ => {}
    }
}

/// Damages the seeds and hands them to the parser, which tells whether it took them. `spare_bytes` is what it may take
/// besides 64 bytes for each of the input.
fn survives(name: &str, seeds: &[Vec<u8>], spare_bytes: usize, parse: impl Fn(&[u8]) -> bool) {
    for seed in seeds {
        assert!(parse(seed), "undamaged, it is read: {}", String::from_utf8_lossy(seed));
    }
    let rounds = std::env::var("FARKAS_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(5000);
    let mut random = Random(0x00C0_FFEE);
    let (mut read, mut most_spare, mut longest) = (0, 0, Duration::ZERO);
    let begin = Instant::now();
    for round in 0..rounds {
        let mut input = seeds[round % seeds.len()].clone();
        for _ in 0..=random.below(4) {
            damage(&mut input, seeds, &mut random);
        }
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        let start = Instant::now();
        read += usize::from(parse(&input));
        longest = longest.max(start.elapsed());
        let spare = ALLOCATOR.peak_usage().saturating_sub(before).saturating_sub(64 * input.len());
        most_spare = most_spare.max(spare);
        assert!(spare <= spare_bytes, "{name}: {spare} bytes beyond 64 × {}: {input:?}", input.len());
    }
    assert!(longest < Duration::from_secs(20), "{name}: {longest:?} for one input");
    println!(
        "{name}: {rounds} inputs in {:.1} s, {read} read; at most {most_spare} bytes beyond 64 times the input, {longest:.1?} for one",
        begin.elapsed().as_secs_f64()
    );
}

fn texts(seeds: &[&str]) -> Vec<Vec<u8>> {
    seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect()
}

fn example() -> Problem {
    mps::read(MPS.as_bytes()).expect("it is MPS").value
}

fn written(format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    write_problem(&example(), format, &mut out).expect("the format can hold it");
    out
}

/// What a reader that fails keeps aside for its words.
const WORDS: usize = 64 << 10;

#[test]
fn mps_survives() {
    let _alone = alone();
    let mut fixed = Vec::new();
    mps::write(&mps::read(COUNTED.as_bytes()).expect("it is MPS").value, mps::Layout::Fixed, &mut fixed)
        .expect("it fits");
    let seeds = [texts(&[MPS, COUNTED]), vec![fixed, written(Format::Mps)]].concat();
    survives("MPS", &seeds, WORDS, |input| mps::read(input).is_ok());
}

#[test]
fn lp_survives() {
    let _alone = alone();
    let seeds = [texts(&[LP]), vec![written(Format::Lp)]].concat();
    survives("LP", &seeds, WORDS, |input| lp::read(input).is_ok());
}

/// General constraints become rows and variables of their own: the most that a byte of an LP file can ask for. What would
/// take more than 64 bytes a byte is refused, and what people write is not.
#[test]
fn general_constraints_take_no_more_either() {
    let _alone = alone();
    let names = |count: usize, name: &dyn Fn(usize) -> String| (0..count).map(name).collect::<Vec<_>>();
    let letters = names(52, &|k| char::from(if k < 26 { b'a' + k as u8 } else { b'A' + k as u8 - 26 }).to_string());
    let of_letters = letters.join(",");
    let binaries = format!("Binaries\n{}\n", letters.join(" "));
    let long = names(200_000, &|k| format!("x{k}")).join(",");
    let constants = names(200_000, &|k| (k % 10).to_string()).join(",");
    let again = |count: usize, line: &str| format!("{line}\n").repeat(count);
    let points = names(200_000, &|k| format!("({k},{})", k % 7)).concat();
    let absolutes = names(100_000, &|k| format!("a{k}=ABS(b{k})\n")).concat();
    let maximum = format!("r=MAX({of_letters})");
    let bounded = names(52, &|k| format!("{}<=1\n", letters[k])).concat();
    let two_bytes = names(2704, &|k| format!("{}{}", letters[k / 52], letters[k % 52])).join(",");
    // Rows that are made, or `None` where it is refused.
    let cases = [
        ("MAX of many", "r <= 100\n", format!("r = MAX ({long})"), Some(400_001)),
        ("MIN of many", "r >= -5\n", format!("r = MIN ({long})"), Some(400_001)),
        ("MAX of letters, bounded", &*bounded, again(4000, &maximum), None),
        ("MAX of letters, open", "", again(4000, &maximum), None),
        ("MAX of letters, not too often", "", again(60, &maximum), Some(60 * 105)),
        ("MAX of names of two bytes", "", again(40, &format!("r=MIN({two_bytes})")), None),
        ("MAX of two", "", again(100_000, "r=MAX(a,b)"), Some(500_000)),
        ("MAX of one", "", again(100_000, "r=MAX(a)"), Some(200_000)),
        ("MAX of constants", "", format!("r=MAX({constants})"), Some(2)),
        ("AND of letters", &binaries, again(4000, &format!("r=AND({of_letters})")), Some(212_000)),
        ("OR of letters", &binaries, again(4000, &format!("r=OR({of_letters})")), Some(212_000)),
        ("AND of one", "Binaries\nr a\n", again(100_000, "r=AND(a)"), Some(200_000)),
        ("ABS", "", again(100_000, "r=ABS(a)"), Some(100_000)),
        ("ABS, free", "a free\n", again(100_000, "r=ABS(a)"), Some(400_000)),
        ("ABS of many", "", absolutes, Some(100_000)),
        ("PWL with many points", "", format!("r=PWL(a):{points}"), Some(3)),
        ("PWL with two points", "", again(100_000, "r=PWL(a):(0,0)(1,1)"), Some(300_000)),
        ("PWL with two points, free", "a free\n", again(100_000, "r=PWL(a):(0,0)(1,1)"), Some(300_000)),
    ];
    for (what, bounds, general, rows) in cases {
        let text = format!("Minimize\n r\nSubject To\nBounds\n{bounds}General Constraints\n{general}\nEnd\n");
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        let read = lp::read(text.as_bytes());
        let peak = ALLOCATOR.peak_usage().saturating_sub(before);
        println!("{what}: {:.1} bytes a byte of the input", peak as f64 / text.len() as f64);
        match (read, rows) {
            (Ok(read), Some(rows)) => assert_eq!(read.value.num_rows(), rows, "{what}"),
            (Err(error), None) => assert_eq!(error.code, "lp-general-too-large", "{what}"),
            (read, _) => panic!("{what}: {:?}", read.map(|read| read.value.num_rows())),
        }
        // What is small may take a little more.
        let most = if text.len() < 1 << 15 { 1 << 20 } else { 64 * text.len() };
        assert!(peak <= most, "{what}: {peak} bytes for {}", text.len());
    }
}

#[test]
fn nl_survives() {
    let _alone = alone();
    // The same as binary files, with an expression more.
    let file = NlFile::new(2, 1)
        .header(2, "1 1")
        .header(4, "2 1 1")
        .jacobian(2, 2)
        .segment("C0", "o54 3 o5 v0 n2 o2 v0 v1 n1")
        .segment("O0 1", "n0")
        .bounds("r", &["1 2"])
        .bounds("b", &["2 0", "0 -1 4.5"])
        .lengths(&[1])
        .segment("J0 2", "")
        .pairs(&[(0, 1.0), (1, 2.0)])
        .segment("G0 2", "")
        .pairs(&[(0, 1.0), (1, 1.0)]);
    let binary = [Form::LittleEndian, Form::BigEndian].map(|form| file.bytes(form));
    survives("NL", &[texts(&[NL]), binary.into()].concat(), WORDS, |input| nl::read(input).is_ok());
}

/// Found by ten million damaged files: a header of 10 bytes asked for 2 GB.
#[test]
fn sizes_that_a_file_cannot_have_are_refused() {
    let _alone = alone();
    for sizes in ["2147483640 1 1", "2 2147483640 1", "2 1 2147483640"] {
        let text = NL.replace(" 2 1 1 0 0\n", &format!(" {sizes} 0 0\n"));
        assert_eq!(nl::read(text.as_bytes()).map(|_| ()).unwrap_err().code, "nl-cut-off", "{sizes}");
    }
}

#[test]
fn mof_survives() {
    let _alone = alone();
    let seeds = [texts(&[MOF]), vec![written(Format::MathOptFormat)]].concat();
    survives("MathOptFormat", &seeds, WORDS, |input| mof::read(input).is_ok());
}

#[test]
fn json_survives() {
    let _alone = alone();
    let seeds = [texts(&JSON), vec![written(Format::Json)]].concat();
    survives("JSON", &seeds, WORDS, |input| json::read(input).is_ok());
}

#[test]
fn solutions_survive() {
    let _alone = alone();
    let problem = example();
    let mut own = Vec::new();
    solution::write(&problem, &vec![1.5; problem.num_columns()], Some(2.0), &mut own)
        .expect("a vector takes everything");
    let seeds = [texts(&["=obj= 3\nx 1\ni 0.5\n", "# a comment\nx 1e3\n"]), vec![own]].concat();
    survives("solution", &seeds, WORDS, |input| solution::read(&problem, input).is_ok());
}

#[test]
fn images_survive() {
    let _alone = alone();
    let images = [Contents::Everything, Contents::WithoutNames].map(|contents| {
        let mut bytes = Vec::new();
        image::write(&example(), contents, &mut bytes).expect("a vector takes everything");
        bytes
    });
    survives("image", &images, WORDS, |input| image::open(Arc::new(input.to_vec())).is_ok());
}

#[test]
fn compressed_files_survive() {
    let _alone = alone();
    let text = MPS.repeat(3);
    let kinds = [".gz", ".zst", ".bz2", ".xz"].map(|suffix| Compression::of_file_name(suffix).0);
    let seeds = kinds.map(|kind| {
        let mut encoder = Encoder::new(Vec::new(), kind);
        encoder.write_all(text.as_bytes()).expect("a vector takes everything");
        encoder.finish().expect("a vector takes everything")
    });
    // Windows and dictionaries are as large as the stream's header says, within the decoders' limits.
    let limits = SizeLimits { bytes: 1 << 20, ..SizeLimits::default() };
    survives("compression", &seeds, 32 << 20, |input| decompress(input, &limits).is_ok());
}

/// The array form of a problem is no text, but comes from outside too.
#[test]
fn arrays_survive() {
    let _alone = alone();
    let mut random = Random(7);
    for _ in 0..20_000 {
        let mut any =
            |values: &[f64]| -> Vec<f64> { (0..random.below(4)).map(|_| values[random.below(values.len())]).collect() };
        let odd = [0.0, -0.0, 1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 1e20];
        let (cost, lower, upper) = (any(&odd), any(&odd), any(&odd));
        let (row_lower, row_upper, values) = (any(&odd), any(&odd), any(&odd));
        let starts = (0..random.below(5)).map(|_| random.below(4) as u32).collect();
        let indices = (0..random.below(5)).map(|_| random.below(4) as u32).collect();
        // Whether it is a problem or not, an answer comes.
        let _ = Problem::new(ProblemData {
            cost,
            lower,
            upper,
            row_lower,
            row_upper,
            starts,
            indices,
            values,
            ..ProblemData::default()
        });
    }
}
