//! The largest absolute value of many numbers, found in one look that also tells whether all are finite.

/// So many maxima are kept side by side: one alone would wait for itself at every number.
const LANES: usize = 8;

/// The largest absolute value; +∞ where a number is infinite or NaN; 0 of no numbers.
pub(super) fn largest(values: &[f64]) -> f64 {
    let (mut most, mut zero) = ([0.0_f64; LANES], [0.0_f64; LANES]);
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut look = |values: &[f64]| {
        for ((value, most), zero) in values.iter().zip(&mut most).zip(&mut zero) {
            *most = if value.abs() > *most { value.abs() } else { *most };
            *zero += value * 0.0; // NaN for what is not finite, and for good
        }
    };
    for chunk in chunks {
        look(chunk);
    }
    look(rest);
    if zero.iter().any(|zero| zero.is_nan()) { f64::INFINITY } else { most.into_iter().fold(0.0, f64::max) }
}

#[cfg(test)]
mod tests {
    use super::largest;

    #[test]
    fn the_largest_of_any_number_of_numbers() {
        let mut values: Vec<f64> = (0..21).map(|i| f64::from((i * 7) % 10 - 5)).collect();
        assert_eq!((largest(&values), largest(&values[..1]), largest(&[])), (5.0, 5.0, 0.0));
        for at in 0..values.len() {
            for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let kept = std::mem::replace(&mut values[at], odd);
                assert_eq!(largest(&values), f64::INFINITY, "{odd} at {at}");
                values[at] = kept;
            }
            let kept = std::mem::replace(&mut values[at], -1e30);
            assert_eq!(largest(&values), 1e30, "at {at}");
            values[at] = kept;
        }
    }
}
