//! One look at bounds or sides for everything that is asked of them: there are millions, and fetching them is what takes
//! time. It counts, which takes no jump a pair.

use super::INFINITE_FROM;

/// What one look at pairs of lower and upper ends has shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// A NaN, a lower end of +∞ or an upper end of −∞.
    pub(crate) wrong: bool,
    /// A lower end above its upper end.
    pub(crate) crossed: bool,
    /// One that [`normalise`] would change.
    loose: bool,
}

/// Looks at all pairs.
pub(crate) fn look(lower: &[f64], upper: &[f64]) -> Seen {
    let loose = |v: f64| (v.abs() >= INFINITE_FROM && v.abs() < f64::INFINITY) | (v.to_bits() == (-0.0_f64).to_bits());
    let (mut wrong, mut crossed, mut changed) = (0_u64, 0_u64, 0_u64);
    for (&lower, &upper) in lower.iter().zip(upper) {
        wrong += u64::from(lower.is_nan() || (lower >= INFINITE_FROM));
        wrong += u64::from(upper.is_nan() || (upper <= -INFINITE_FROM));
        crossed += u64::from(lower > upper);
        changed += u64::from(loose(lower) | loose(upper));
    }
    Seen { wrong: wrong > 0, crossed: crossed > 0, loose: changed > 0 }
}

impl Seen {
    /// Makes 1e20 and more infinite and 0 of −0, where there is any.
    pub(super) fn normalise(self, ends: [&mut [f64]; 2]) {
        if self.loose {
            ends.into_iter().flatten().for_each(normal);
        }
    }
}

fn normal(v: &mut f64) {
    let capped = if *v >= INFINITE_FROM { f64::INFINITY } else { *v };
    *v = if capped <= -INFINITE_FROM { f64::NEG_INFINITY } else { capped } + 0.0;
}
