//! Hands MPS to the reader, which must answer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = farkas_modeling::formats::mps::read(bytes);
});
