//! Numbers as files write them, to the nearest double: `-3`, `1.5e+0`, `.25`, `1.0D3`, `inf`. Nothing else is a number.

/// Powers of ten that a double holds exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// The value of a whole field. Infinite where it says so or is too large for a double, NaN where it says so; `None`
/// where it is no number. Fortran's `D` stands for `E`.
pub(crate) fn parse(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let mut mantissa = 0_u64;
    let mut at = 0;
    // 18 digits fit in 64 bits whatever they are; what is longer goes the slow way.
    while let Some(d) = digit(digits, at) {
        mantissa = mantissa.wrapping_mul(10).wrapping_add(d);
        at += 1;
    }
    let whole = at;
    let mut fraction = 0;
    if digits.get(at) == Some(&b'.') {
        at += 1;
        while let Some(d) = digit(digits, at) {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(d);
            at += 1;
            fraction += 1;
        }
    }
    if whole + fraction == 0 {
        return special(digits).map(|v| if negative { -v } else { v });
    }
    let mut exponent = 0_i32;
    if let Some(b'e' | b'E' | b'd' | b'D') = digits.get(at) {
        let (value, end) = parse_exponent(digits, at + 1)?;
        exponent = value;
        at = end;
    }
    if at != digits.len() {
        return None;
    }
    let scale = exponent.saturating_sub(i32::try_from(fraction).unwrap_or(i32::MAX));
    let short = whole + fraction <= 18 && mantissa < 1 << 53;
    // Clinger's fast path: both factors are exact, so one rounding gives the nearest double.
    let value = match (short, scale) {
        (true, 0) => mantissa as f64,
        (true, 1..=22) => mantissa as f64 * EXACT_POWERS[scale as usize],
        (true, -22..=-1) => mantissa as f64 / EXACT_POWERS[-scale as usize],
        _ => return correctly_rounded(text),
    };
    Some(if negative { -value } else { value })
}

/// The digits of one number: the fewest that read back the same.
#[derive(Default)]
pub(crate) struct Digits {
    whole: itoa::Buffer,
    other: ryu::Buffer,
}

impl Digits {
    pub fn of(&mut self, value: f64) -> &[u8] {
        // The cast saturates, and so a whole number is told without the library's `trunc`.
        let whole = value as i64;
        if whole as f64 == value && whole.unsigned_abs() < 1_000_000_000_000_000 {
            self.whole.format(whole).as_bytes()
        } else {
            self.other.format_finite(value).as_bytes()
        }
    }

    /// Appends them.
    #[inline]
    pub fn append(&mut self, value: f64, out: &mut Vec<u8>) {
        let whole = value as i64;
        if whole as f64 == value && whole.unsigned_abs() < 10 {
            if whole < 0 {
                out.push(b'-');
            }
            out.push(b'0' + whole.unsigned_abs() as u8);
        } else {
            out.extend_from_slice(self.of(value));
        }
    }
}

/// Each byte of a word.
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x80 * ONES;

/// The number that the first `count` bytes of a little-endian word are the digits of, 1 to 8 of them.
#[inline]
pub(crate) fn digits(text: u64, count: usize) -> Option<u64> {
    // Digits at the top, the most significant one lowest, zeros before them.
    let shift = 64 - 8 * count as u32;
    let digits = (text << shift) ^ ((u64::from(b'0') * ONES) << shift);
    if (digits.wrapping_add(0x76 * ONES) | digits) & HIGH_BITS != 0 {
        return None;
    }
    // Pairs, then fours, then all eight (D. Lemire, "Number parsing at a gigabyte per second").
    let pairs = digits.wrapping_mul(2561) >> 8 & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(6_553_601) >> 16 & 0x0000_FFFF_0000_FFFF;
    Some(fours.wrapping_mul(42_949_672_960_001) >> 32)
}

/// The value of a plain decimal of 1 to 7 characters (`12`, `-0.5`), which are the first bytes of a little-endian word;
/// `None` for everything else, of which [`parse`] may still make a number.
#[inline]
pub(crate) fn short(text: u64, len: usize) -> Option<f64> {
    let first = (text as u8).wrapping_sub(b'0');
    if len == 1 && first < 10 {
        return Some(f64::from(first));
    }
    let negative = text as u8 == b'-';
    let (text, len) = if negative { (text >> 8, len.checked_sub(1)?) } else { (text, len) };
    // The lowest bit that is set in a byte of this belongs to the first point, whatever stands above it.
    let points = text ^ (u64::from(b'.') * ONES);
    let point = (points.wrapping_sub(ONES) & !points & HIGH_BITS).trailing_zeros() as usize / 8;
    let (text, count, fraction) = if point < len {
        let before = (1 << (8 * point)) - 1;
        ((text & before) | ((text >> 8) & !before), len - 1, len - 1 - point)
    } else {
        (text, len, 0)
    };
    if count == 0 || count > 7 {
        return None;
    }
    let mut value = digits(text, count)? as f64;
    if fraction > 0 {
        value /= EXACT_POWERS[fraction];
    }
    Some(if negative { -value } else { value })
}

#[inline]
fn digit(text: &[u8], at: usize) -> Option<u64> {
    let d = text.get(at)?.wrapping_sub(b'0');
    (d < 10).then_some(u64::from(d))
}

/// Exponent (saturated, since ±99999 says all there is to say) and where it ends.
fn parse_exponent(text: &[u8], mut at: usize) -> Option<(i32, usize)> {
    let negative = match text.get(at) {
        Some(b'-') => {
            at += 1;
            true
        }
        Some(b'+') => {
            at += 1;
            false
        }
        _ => false,
    };
    let begin = at;
    let mut value = 0_i32;
    while let Some(d) = digit(text, at) {
        value = (value * 10 + d as i32).min(99_999);
        at += 1;
    }
    (at > begin).then_some((if negative { -value } else { value }, at))
}

fn special(text: &[u8]) -> Option<f64> {
    if text.eq_ignore_ascii_case(b"inf") || text.eq_ignore_ascii_case(b"infinity") {
        Some(f64::INFINITY)
    } else if text.eq_ignore_ascii_case(b"nan") {
        Some(f64::NAN)
    } else {
        None
    }
}

/// The standard library's parser, after `D` was turned into `e`; the grammar was checked before.
fn correctly_rounded(text: &[u8]) -> Option<f64> {
    if !text.iter().any(|b| matches!(b, b'd' | b'D')) {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    let text: String = text.iter().map(|&b| if matches!(b, b'd' | b'D') { 'e' } else { char::from(b) }).collect();
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{parse, short};

    #[test]
    fn short_ones_are_read_alike() {
        let characters = b"0123456789.-+eEdD a\xB5\xFF";
        let mut state = 7_u64;
        let mut read = 0;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Digits and points mostly; what stands behind the field must not matter.
            let mut word = [0; 8];
            for (k, byte) in word.iter_mut().enumerate() {
                let die = (state >> (8 * k)) as u8;
                *byte = characters[usize::from(die) % if die > 200 { characters.len() } else { 12 }];
            }
            let len = 1 + (state >> 61) as usize % 7;
            if let Some(value) = short(u64::from_le_bytes(word), len) {
                assert_eq!(Some(value.to_bits()), parse(&word[..len]).map(f64::to_bits), "{:?}", &word[..len]);
                read += 1;
            }
        }
        assert!(read > 50_000, "{read} were read");
        for (text, value) in
            [("7", 7.0), ("-12", -12.0), ("9999999", 9_999_999.0), ("0.25", 0.25), ("-.5", -0.5), ("3.", 3.0)]
        {
            let mut word = [b' '; 8];
            word[..text.len()].copy_from_slice(text.as_bytes());
            assert_eq!(short(u64::from_le_bytes(word), text.len()), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_a_number() {
        let cases: &[(&str, Option<f64>)] = &[
            ("0", Some(0.0)),
            ("-3", Some(-3.0)),
            ("+7.", Some(7.0)),
            (".25", Some(0.25)),
            ("1.0D3", Some(1000.0)),
            ("1.0d-3", Some(0.001)),
            ("1.5e+0", Some(1.5)),
            ("0.1", Some(0.1)),
            ("123456789012345678901234567890", Some(123_456_789_012_345_678_901_234_567_890.0)),
            ("0.30000000000000004", Some(0.300_000_000_000_000_04)),
            ("2.2250738585072011e-308", "2.2250738585072011e-308".parse().ok()),
            ("9007199254740993", Some(9_007_199_254_740_992.0)),
            ("1e400", Some(f64::INFINITY)),
            ("1e-99999999999", Some(0.0)),
            ("inf", Some(f64::INFINITY)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("12abc", None),
            ("1e", None),
            ("1e+", None),
            (".", None),
            ("-", None),
            ("", None),
            ("1_000", None),
            ("0x10", None),
            ("1.2.3", None),
            ("--1", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text.as_bytes()), *expected, "{text}");
        }
        assert!(parse(b"NaN").is_some_and(f64::is_nan));
    }

    #[test]
    fn agrees_with_the_standard_library() {
        let mut state = 1_u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = f64::from_bits(state ^ (state >> 29));
            if value.is_finite() {
                for text in [format!("{value}"), format!("{value:e}"), format!("{value:.3}"), format!("{value:.12e}")] {
                    assert_eq!(parse(text.as_bytes()), text.parse().ok(), "{text}");
                }
            }
        }
    }
}
