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
        if value.fract() == 0.0 && value.abs() < 1e15 {
            self.whole.format(value as i64).as_bytes()
        } else {
            self.other.format_finite(value).as_bytes()
        }
    }
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
#[cold]
fn correctly_rounded(text: &[u8]) -> Option<f64> {
    let text: String = text.iter().map(|&b| if matches!(b, b'd' | b'D') { 'e' } else { char::from(b) }).collect();
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse;

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
