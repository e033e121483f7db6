//! Hands solution files to the reader, which must answer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    static PROBLEM: std::sync::LazyLock<farkas_modeling::Problem> = std::sync::LazyLock::new(|| {
        let text = b"min x + y st c: x + y >= 2 end";
        farkas_modeling::formats::lp::read(text).expect("it is LP").value
    });
    let _ = farkas_modeling::formats::solution::read(&PROBLEM, bytes);
});
