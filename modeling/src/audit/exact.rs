//! Numbers of the form integer · 2^exponent: all that doubles, their sums and their products are. Nothing is ever rounded.

use std::cmp::Ordering;
use std::ops::{Add, Mul, Neg, Sub};

use num_bigint::{BigInt, Sign};

/// mantissa · 2^exponent.
#[derive(Debug, Clone, Default)]
pub(super) struct Exact {
    mantissa: BigInt,
    exponent: i64,
}

impl Exact {
    /// Exactly this number, which is finite.
    pub(super) fn of(x: f64) -> Self {
        let bits = x.to_bits();
        let (biased, fraction) = ((bits >> 52 & 0x7ff) as i64, bits & ((1 << 52) - 1));
        let (mantissa, exponent) = if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
        if mantissa == 0 {
            return Self::default();
        }
        let zeros = mantissa.trailing_zeros();
        let mantissa = BigInt::from(mantissa >> zeros);
        let mantissa = if x.is_sign_negative() { -mantissa } else { mantissa };
        Self { mantissa, exponent: exponent + i64::from(zeros) }
    }

    pub(super) fn sign(&self) -> Ordering {
        match self.mantissa.sign() {
            Sign::Minus => Ordering::Less,
            Sign::NoSign => Ordering::Equal,
            Sign::Plus => Ordering::Greater,
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.sign() == Ordering::Equal
    }

    /// Whether it is an integer.
    pub(super) fn is_integer(&self) -> bool {
        let zeros = self.mantissa.trailing_zeros().unwrap_or(u64::MAX >> 1);
        self.exponent >= 0 || zeros as i64 >= -self.exponent
    }

    /// Both mantissas for the smaller of both exponents.
    fn aligned(&self, other: &Self) -> (BigInt, BigInt, i64) {
        let exponent = self.exponent.min(other.exponent);
        let shifted = |one: &Self| &one.mantissa << (one.exponent - exponent) as u64;
        (shifted(self), shifted(other), exponent)
    }
}

impl From<BigInt> for Exact {
    fn from(mantissa: BigInt) -> Self {
        Self { mantissa, exponent: 0 }
    }
}

impl Add<&Exact> for &Exact {
    type Output = Exact;
    fn add(self, other: &Exact) -> Exact {
        if self.is_zero() {
            return other.clone();
        }
        if other.is_zero() {
            return self.clone();
        }
        let (a, b, exponent) = self.aligned(other);
        Exact { mantissa: a + b, exponent }
    }
}

impl Sub<&Exact> for &Exact {
    type Output = Exact;
    fn sub(self, other: &Exact) -> Exact {
        self + &-other.clone()
    }
}

impl Mul<&Exact> for &Exact {
    type Output = Exact;
    fn mul(self, other: &Exact) -> Exact {
        Exact { mantissa: &self.mantissa * &other.mantissa, exponent: self.exponent + other.exponent }
    }
}

impl Neg for Exact {
    type Output = Self;
    fn neg(self) -> Self {
        Self { mantissa: -self.mantissa, exponent: self.exponent }
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Exact {}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        (self - other).sign()
    }
}

#[cfg(test)]
mod tests {
    use num_rational::BigRational;
    use proptest::prelude::*;

    use super::*;

    fn rational(x: f64) -> BigRational {
        BigRational::from_float(x).expect("a finite number")
    }

    proptest! {
        #[test]
        fn it_computes_as_fractions_do(bits in prop::array::uniform3(any::<u64>())) {
            let [a, b, c] = bits.map(|bits| Some(f64::from_bits(bits)).filter(|x| x.is_finite()).unwrap_or(0.0));
            let (x, y, z) = (Exact::of(a), Exact::of(b), Exact::of(c));
            let (p, q, r) = (rational(a), rational(b), rational(c));
            let got = &(&x * &y) - &z;
            let want = &p * &q - &r;
            prop_assert_eq!(got.sign(), want.cmp(&BigRational::default()));
            prop_assert_eq!(x.cmp(&y), p.cmp(&q));
            prop_assert_eq!((&x + &y).cmp(&z), (&p + &q).cmp(&r));
            prop_assert_eq!(x.is_integer(), p.is_integer());
            prop_assert_eq!((&x * &y).is_integer(), (p * q).is_integer());
        }
    }
}
