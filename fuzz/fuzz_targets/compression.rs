//! Hands compressed files to the reader, which must answer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let limits = farkas_modeling::formats::SizeLimits { bytes: 1 << 24, ..Default::default() };
    let _ = farkas_modeling::formats::decompress(bytes, &limits);
});
