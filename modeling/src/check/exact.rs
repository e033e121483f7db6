//! Exact sums of products of floating-point numbers: a fixed-point number wide enough for any of them, rounded only when
//! it is read. Nothing here ever loses a bit; the cost is some nanoseconds a product.
//!
//! Every finite `f64` is an integer times a power of two, so every sum of products of up to three is an integer times
//! 2⁻³²²², the cube of the least subnormal number. The accumulator holds that integer in limbs of 32 bits with room for carries (Kulisch,
//! *Computer Arithmetic and Validity*, 2013, ch. 8).

use std::cmp::Ordering;

/// 2⁻³²²² is the unit: products of three reach from there to 2³⁰⁷², and 2⁶⁴ of them may be added.
const UNIT: usize = 3222;
/// 6496 bits: the 6294 of three factors, those that 2⁶⁴ additions can add, and limbs for the shift and the sign.
const LIMBS: usize = 203;
/// So many additions of less than 2³² leave a limb below 2⁶³.
const CARRY_AFTER: u32 = 1 << 30;

/// How a value is rounded when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest `f64`, ties to even.
    Nearest,
    /// To the greatest `f64` not above.
    Down,
    /// To the least `f64` not below.
    Up,
}

/// An exact running sum.
///
/// ```
/// use farkas_modeling::check::exact::Accumulator;
/// let mut sum = Accumulator::new();
/// for x in [1e300, 1.0, -1e300] {
///     sum.add(x);
/// }
/// assert_eq!(sum.nearest(), 1.0); // plain floating point says 0
/// ```
#[derive(Clone)]
pub struct Accumulator {
    /// Limb k counts 2^(32k − 3222); carries are postponed.
    limbs: [i64; LIMBS],
    /// First and one past the last limb that may be nonzero.
    from: usize,
    to: usize,
    additions: u32,
    /// Products of small integers, of which many models are made, are added here, beside the limbs.
    small: i64,
}

impl Default for Accumulator {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Accumulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Accumulator({:e})", self.clone().nearest())
    }
}

/// Mantissa and exponent: |x| = mantissa · 2^exponent, exponent ≥ −1074.
fn split(x: f64) -> (u64, i32) {
    let bits = x.to_bits();
    let biased = ((bits >> 52) & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    if biased == 0 { (fraction, -1074) } else { (fraction | (1 << 52), biased - 1075) }
}

impl Accumulator {
    /// Zero.
    pub fn new() -> Self {
        Self { limbs: [0; LIMBS], from: LIMBS, to: 0, additions: 0, small: 0 }
    }

    /// Back to zero; costs only the limbs that were used.
    pub fn clear(&mut self) {
        if self.from < self.to {
            self.limbs[self.from..self.to].fill(0);
        }
        (self.from, self.to, self.additions, self.small) = (LIMBS, 0, 0, 0);
    }

    /// Adds a number.
    ///
    /// # Panics
    /// When it is not finite.
    pub fn add(&mut self, x: f64) {
        self.add_product(x, 1.0);
    }

    /// Takes a number away.
    ///
    /// # Panics
    /// When it is not finite.
    pub fn subtract(&mut self, x: f64) {
        self.add_product(x, -1.0);
    }

    /// Adds a product of two numbers, exactly.
    ///
    /// # Panics
    /// When one is not finite.
    #[inline]
    pub fn add_product(&mut self, a: f64, b: f64) {
        let (small_a, small_b) = (a as i32, b as i32);
        if f64::from(small_a) == a
            && f64::from(small_b) == b
            && let Some(sum) = self.small.checked_add(i64::from(small_a) * i64::from(small_b))
        {
            self.small = sum;
        } else {
            self.add_any_product(a, b);
        }
    }

    fn add_any_product(&mut self, a: f64, b: f64) {
        assert!(a.is_finite() && b.is_finite(), "an exact sum takes finite numbers, not {a} · {b}");
        let ((ma, ea), (mb, eb)) = (split(a), split(b));
        let magnitude = u128::from(ma) * u128::from(mb);
        // Never negative: both exponents are at least −1074.
        self.add_magnitude(magnitude, (ea + eb + UNIT as i32) as usize, a.is_sign_negative() != b.is_sign_negative());
    }

    /// Adds ± magnitude · 2^(offset − 3222); the magnitude has at most 106 bits.
    #[inline]
    fn add_magnitude(&mut self, magnitude: u128, offset: usize, negative: bool) {
        if magnitude == 0 {
            return;
        }
        let (limb, shift) = (offset / 32, offset % 32);
        let low = magnitude << shift;
        let high = (magnitude >> 64) >> (64 - shift);
        let parts = [low as u32, (low >> 32) as u32, (low >> 64) as u32, (low >> 96) as u32, high as u32];
        let sign = if negative { -1 } else { 1 };
        for (limb, part) in self.limbs[limb..limb + 5].iter_mut().zip(parts) {
            *limb += sign * i64::from(part);
        }
        self.from = self.from.min(limb);
        self.to = self.to.max(limb + 5);
        self.additions += 1;
        if self.additions == CARRY_AFTER {
            self.carry();
        }
    }

    /// Adds a product of three numbers, exactly.
    ///
    /// # Panics
    /// When one is not finite.
    pub fn add_triple(&mut self, a: f64, b: f64, c: f64) {
        assert!(
            a.is_finite() && b.is_finite() && c.is_finite(),
            "an exact sum takes finite numbers, not {a} · {b} · {c}"
        );
        let ((ma, ea), (mb, eb), (mc, ec)) = (split(a), split(b), split(c));
        if ma == 0 || mb == 0 || mc == 0 {
            return;
        }
        // 106 bits times 53 bits: 159, in two parts of 53 and 106.
        let pair = u128::from(ma) * u128::from(mb);
        let low = (pair & ((1 << 53) - 1)) * u128::from(mc);
        let high = (pair >> 53) * u128::from(mc);
        let negative = a.is_sign_negative() ^ b.is_sign_negative() ^ c.is_sign_negative();
        let exponent = ea + eb + ec + UNIT as i32;
        self.add_magnitude(low, exponent as usize, negative);
        self.add_magnitude(high, exponent as usize + 53, negative);
    }

    /// Adds Σ a·b.
    ///
    /// # Panics
    /// When a number is not finite.
    pub fn add_dot<'a>(&mut self, pairs: impl IntoIterator<Item = (&'a f64, &'a f64)>) {
        for (&a, &b) in pairs {
            self.add_product(a, b);
        }
    }

    /// Adds what small integers came to.
    fn gather(&mut self) {
        let small = std::mem::take(&mut self.small);
        self.add_magnitude(u128::from(small.unsigned_abs()), UNIT, small < 0);
    }

    /// Settles the carries: all limbs in [0, 2³²) but the topmost, which has the sign of the whole.
    fn carry(&mut self) {
        self.additions = 1;
        let mut at = self.from;
        while at < LIMBS - 1 {
            let limb = self.limbs[at];
            if at + 1 >= self.to && limb.unsigned_abs() < 1 << 32 {
                break;
            }
            self.limbs[at] = limb & 0xffff_ffff;
            self.limbs[at + 1] += limb >> 32;
            at += 1;
            self.to = self.to.max(at + 1);
        }
        while self.to > self.from && self.limbs[self.to - 1] == 0 {
            self.to -= 1;
        }
        if self.from >= self.to {
            (self.from, self.to) = (LIMBS, 0);
        }
    }

    /// How the exact value compares with zero.
    pub fn sign(&mut self) -> Ordering {
        if self.from >= self.to {
            return self.small.cmp(&0);
        }
        self.gather();
        self.carry();
        if self.from >= self.to { Ordering::Equal } else { self.limbs[self.to - 1].cmp(&0) }
    }

    /// The value with the other sign.
    pub fn negate(&mut self) {
        self.gather();
        if self.from < self.to {
            for limb in &mut self.limbs[self.from..self.to] {
                *limb = -*limb;
            }
        }
    }

    /// The value, rounded once.
    pub fn round(&mut self, rounding: Rounding) -> f64 {
        if self.from >= self.to && self.small.unsigned_abs() <= 1 << 53 {
            return self.small as f64;
        }
        self.gather();
        match self.sign() {
            Ordering::Equal => 0.0,
            Ordering::Greater => self.round_positive(rounding),
            Ordering::Less => {
                let mirrored = match rounding {
                    Rounding::Nearest => Rounding::Nearest,
                    Rounding::Down => Rounding::Up,
                    Rounding::Up => Rounding::Down,
                };
                self.negate();
                self.carry();
                let value = -self.round_positive(mirrored);
                self.negate();
                value
            }
        }
    }

    /// The value, rounded to the nearest `f64`.
    pub fn nearest(&mut self) -> f64 {
        self.round(Rounding::Nearest)
    }

    /// The greatest `f64` not above the value.
    pub fn down(&mut self) -> f64 {
        self.round(Rounding::Down)
    }

    /// The least `f64` not below the value.
    pub fn up(&mut self) -> f64 {
        self.round(Rounding::Up)
    }

    fn round_positive(&self, rounding: Rounding) -> f64 {
        let top = self.to - 1;
        let top_bit = 32 * top + 63 - self.limbs[top].leading_zeros() as usize;
        // The last bit that the result has: 53 of them, or down to 2⁻¹⁰⁷⁴.
        let last = top_bit.saturating_sub(52).max(UNIT - 1074);
        let bit = |at: usize| self.limbs.get(at / 32).is_some_and(|limb| limb >> (at % 32) & 1 == 1);
        let mut mantissa = 0_u64;
        for limb in (last / 32..=top).rev() {
            // At most 53 bits and a partial limb below them, which the shift drops.
            let digits = self.limbs[limb] as u64;
            mantissa = if limb == last / 32 {
                (mantissa << (32 - last % 32)) | (digits >> (last % 32))
            } else {
                (mantissa << 32) | digits
            };
        }
        let half = bit(last - 1);
        let (half_limb, half_bit) = ((last - 1) / 32, (last - 1) % 32);
        let below = (self.from..half_limb.min(self.to)).any(|at| self.limbs[at] != 0)
            || self.limbs[half_limb] & ((1 << half_bit) - 1) != 0;
        let away = match rounding {
            Rounding::Nearest => half && (below || mantissa & 1 == 1),
            Rounding::Up => half || below,
            Rounding::Down => false,
        };
        // Consecutive bit patterns are consecutive numbers, so a carry out of the mantissa lands in the exponent.
        let biased = last - (UNIT - 1074);
        let bits = ((biased as u64) << 52) + mantissa + u64::from(away);
        if biased < 0x7ff && bits < 0x7ff << 52 {
            f64::from_bits(bits)
        } else if rounding == Rounding::Down {
            f64::MAX
        } else {
            f64::INFINITY
        }
    }
}

/// a₁b₁ + a₂b₂ + …, rounded once to the nearest `f64`.
///
/// ```
/// use farkas_modeling::check::exact::dot;
/// assert_eq!(dot(&[1e20, 1.0, -1e20], &[1.0, 0.5, 1.0]), 0.5);
/// ```
///
/// # Panics
/// When a number is not finite.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sum = Accumulator::new();
    sum.add_dot(a.iter().zip(b));
    sum.nearest()
}

/// Directed sums, products and quotients: the result bounds the exact one from below or above, and is it where that is an
/// `f64`. Infinite operands stand for themselves; the caller keeps ∞ − ∞ and 0 · ∞ away.
pub mod directed {
    /// Below this a product's error may be no `f64` (2⁻⁹⁶⁰; the error is 2⁻¹⁰⁶ of it).
    const TINY: f64 = 1.026_342_467_725_413_4e-289;

    fn toward(value: f64, error: f64, up: bool) -> f64 {
        match (up, error) {
            (true, e) if e > 0.0 => value.next_up(),
            (false, e) if e < 0.0 => value.next_down(),
            (_, e) if e.is_nan() => {
                if up {
                    value.next_up()
                } else {
                    value.next_down()
                }
            }
            _ => value,
        }
    }

    fn sum(a: f64, b: f64, up: bool) -> f64 {
        let s = a + b;
        if a.is_infinite() || b.is_infinite() {
            return s;
        }
        // Knuth's two-sum: the error, exactly; NaN where the sum overflowed.
        let t = s - a;
        toward(s, (a - (s - t)) + (b - t), up)
    }

    fn product(a: f64, b: f64, up: bool) -> f64 {
        let p = a * b;
        if a == 0.0 || b == 0.0 || a.is_infinite() || b.is_infinite() {
            return p;
        }
        let error = if p.abs() < TINY || p.is_infinite() { f64::NAN } else { a.mul_add(b, -p) };
        toward(p, error, up)
    }

    fn quotient(a: f64, b: f64, up: bool) -> f64 {
        let q = a / b;
        if a == 0.0 || a.is_infinite() {
            return q;
        }
        let safe = q.abs() > TINY && a.abs() > TINY && q.is_finite();
        // The remainder a − q·b is exact; divided by b it has the sign of the error.
        let error = if safe { (-q).mul_add(b, a) * b.signum() } else { f64::NAN };
        toward(q, error, up)
    }

    /// Not above a + b.
    pub fn add_down(a: f64, b: f64) -> f64 {
        sum(a, b, false)
    }
    /// Not below a + b.
    pub fn add_up(a: f64, b: f64) -> f64 {
        sum(a, b, true)
    }
    /// Not above a · b.
    pub fn mul_down(a: f64, b: f64) -> f64 {
        product(a, b, false)
    }
    /// Not below a · b.
    pub fn mul_up(a: f64, b: f64) -> f64 {
        product(a, b, true)
    }
    /// Not above a / b, for finite nonzero b.
    pub fn div_down(a: f64, b: f64) -> f64 {
        quotient(a, b, false)
    }
    /// Not below a / b, for finite nonzero b.
    pub fn div_up(a: f64, b: f64) -> f64 {
        quotient(a, b, true)
    }
}
