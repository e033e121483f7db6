//! Exact sums and directed arithmetic, against big integers and rationals.

use farkas_modeling::check::exact::directed::{add_down, add_up, div_down, div_up, mul_down, mul_up};
use farkas_modeling::check::exact::{Accumulator, dot};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};
use proptest::prelude::*;

fn rational(x: f64) -> BigRational {
    BigRational::from_float(x).expect("a finite number")
}

fn exact_dot(pairs: &[(f64, f64)]) -> BigRational {
    pairs.iter().fold(BigRational::zero(), |sum, &(a, b)| sum + rational(a) * rational(b))
}

/// Half the distance from the greatest `f64` to what would come next: from there on, to the nearest is infinity.
fn overflow() -> BigRational {
    let spacing = BigRational::from_integer(BigInt::from(1) << 970);
    rational(f64::MAX) + spacing
}

fn assert_rounded(sum: &mut Accumulator, exact: &BigRational) {
    let (down, nearest, up) = (sum.down(), sum.nearest(), sum.up());
    let sign = exact.cmp(&BigRational::zero());
    assert_eq!(sum.sign(), sign);
    if down.is_finite() {
        assert!(rational(down) <= *exact, "{down:e} is above");
    }
    if up.is_finite() {
        assert!(rational(up) >= *exact, "{up:e} is below");
    }
    assert!(down == up || down.next_up() == up, "{down:e} and {up:e} are not neighbours");
    if down == up {
        assert_eq!(nearest, down);
    } else if exact.abs() >= overflow() {
        assert_eq!(nearest, if sign.is_gt() { f64::INFINITY } else { f64::NEG_INFINITY });
    } else if up.is_finite() && down.is_finite() {
        let (to_down, to_up) = (exact - rational(down), rational(up) - exact);
        let even = if down.to_bits() & 1 == 0 { down } else { up };
        let want = match to_down.cmp(&to_up) {
            std::cmp::Ordering::Less => down,
            std::cmp::Ordering::Greater => up,
            std::cmp::Ordering::Equal => even,
        };
        assert_eq!(nearest, want);
    } else {
        assert_eq!(nearest.abs(), f64::MAX);
    }
}

/// Finite numbers of all sizes, subnormal ones and neighbours of powers of two included.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |x| x.is_finite()),
        4 => (-1000_i32..1000).prop_map(f64::from),
        2 => (-60_i32..60, any::<bool>()).prop_map(|(e, up)| if up { 2_f64.powi(e).next_up() } else { -2_f64.powi(e) }),
        1 => (0_u64..8).prop_map(f64::from_bits),
        2 => prop_oneof![Just(i32::MIN), Just(i32::MAX), any::<i32>()].prop_map(f64::from),
        1 => Just(f64::MAX),
        1 => Just(f64::MIN),
        1 => Just(1.0),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn sums_are_exact_and_rounded_once(pairs in prop::collection::vec((number(), number()), 0..12)) {
        let mut sum = Accumulator::new();
        for &(a, b) in &pairs {
            sum.add_product(a, b);
        }
        assert_rounded(&mut sum, &exact_dot(&pairs));
        sum.negate();
        assert_rounded(&mut sum, &-exact_dot(&pairs));
        sum.clear();
        prop_assert_eq!(sum.nearest(), 0.0);
    }

    #[test]
    fn what_cancels_leaves_nothing(pairs in prop::collection::vec((number(), number()), 1..8), rest in number()) {
        let mut sum = Accumulator::new();
        for &(a, b) in &pairs {
            sum.add_product(a, b);
            prop_assert_eq!(sum.clone().sign(), sum.sign()); // reading settles carries and changes nothing
        }
        sum.add(rest);
        for &(a, b) in pairs.iter().rev() {
            sum.add_product(-a, b);
        }
        prop_assert_eq!(sum.nearest(), rest);
        prop_assert_eq!((sum.down(), sum.up()), (rest, rest));
    }

    #[test]
    fn directed_results_enclose_tightly(a in number(), b in number()) {
        let (ra, rb) = (rational(a), rational(b));
        let mut cases = vec![
            (add_down(a, b), add_up(a, b), &ra + &rb),
            (mul_down(a, b), mul_up(a, b), &ra * &rb),
        ];
        if b != 0.0 {
            cases.push((div_down(a, b), div_up(a, b), &ra / &rb));
        }
        for (down, up, exact) in cases {
            prop_assert!(down.is_infinite() && down < 0.0 || rational(down) <= exact, "{} not below", down);
            prop_assert!(up.is_infinite() && up > 0.0 || rational(up) >= exact, "{} not above", up);
            prop_assert!(down.next_up().next_up() >= up, "{} and {} are far apart", down, up);
        }
    }
}

/// Pairs, and their sum rounded down, to the nearest and up.
type Rounded<'a> = (&'a [(f64, f64)], f64, f64, f64);

#[test]
fn rounding_by_table() {
    let tiny = f64::from_bits(1);
    let cases: &[Rounded<'_>] = &[
        (&[], 0.0, 0.0, 0.0),
        (&[(0.1, 10.0)], 1.0, 1.0, 1.0_f64.next_up()),
        (&[(1.0, 1.0), (2_f64.powi(-53), 1.0)], 1.0, 1.0, 1.0_f64.next_up()),
        (&[(1.0, 1.0), (2_f64.powi(-53), 1.0), (tiny, 1.0)], 1.0, 1.0_f64.next_up(), 1.0_f64.next_up()),
        (&[(tiny, 0.5)], 0.0, 0.0, tiny),
        (&[(tiny, 0.75)], 0.0, tiny, tiny),
        (&[(-tiny, tiny)], -tiny, 0.0, 0.0),
        (&[(f64::MAX, 1.0), (f64::MAX, 1.0)], f64::MAX, f64::INFINITY, f64::INFINITY),
        (&[(f64::MAX, f64::MAX), (f64::MAX, -f64::MAX), (3.0, 1.0)], 3.0, 3.0, 3.0),
        (&[(f64::MIN, 2.0), (1.0, 1.0)], f64::NEG_INFINITY, f64::NEG_INFINITY, f64::MIN),
    ];
    for (pairs, down, nearest, up) in cases {
        let mut sum = Accumulator::new();
        for &(a, b) in *pairs {
            sum.add_product(a, b);
        }
        assert_eq!((sum.down(), sum.nearest(), sum.up()), (*down, *nearest, *up), "{pairs:?}");
        assert_rounded(&mut sum, &exact_dot(pairs));
    }
}

#[test]
fn a_hundred_thousand_terms_lose_nothing() {
    let a: Vec<f64> = (0..100_000).map(|k| f64::from(k) * 0.1).collect();
    let ones = vec![1.0; a.len()];
    let exact: BigRational = a.iter().map(|&x| rational(x)).sum();
    let got = dot(&a, &ones);
    let mut sum = Accumulator::new();
    sum.add_dot(a.iter().zip(&ones));
    assert_rounded(&mut sum, &exact);
    assert_eq!(got, sum.nearest());
}

#[test]
fn products_of_three_are_exact() {
    // (1 + 2⁻⁵²)³ = 1 + 3·2⁻⁵² + 3·2⁻¹⁰⁴ + 2⁻¹⁵⁶: every digit comes back when the larger ones are taken away.
    let x = 1.0 + f64::EPSILON;
    let mut sum = Accumulator::new();
    sum.add_triple(x, x, x);
    for (a, b) in [(1.0, 1.0), (3.0, f64::EPSILON), (3.0 * f64::EPSILON, f64::EPSILON)] {
        sum.add_product(-a, b);
    }
    assert_eq!(sum.nearest(), f64::EPSILON.powi(3));
    // Far beyond what a double holds, in both directions.
    sum.clear();
    sum.add_triple(f64::MAX, f64::MAX, f64::MAX);
    sum.add_triple(-f64::MAX, f64::MAX, f64::MAX);
    sum.add_triple(f64::from_bits(1), f64::from_bits(1), -f64::from_bits(1));
    assert_eq!(sum.sign(), std::cmp::Ordering::Less);
    assert_eq!((sum.up(), sum.down()), (-0.0, -f64::from_bits(1)));
}

#[test]
fn small_integers_are_summed_like_any() {
    let (least, most) = (f64::from(i32::MIN), f64::from(i32::MAX));
    let mut pairs = vec![(least, least), (most, most), (least, most), (-0.0, 3.0), (3.0, 0.5), (1e300, 1e-300)];
    pairs.extend(std::iter::repeat_n((least, least), 5)); // beyond 2^64
    let mut sum = Accumulator::new();
    for taken in 1..=pairs.len() {
        let (a, b) = pairs[taken - 1];
        sum.add_product(a, b);
        let exact = exact_dot(&pairs[..taken]);
        assert_rounded(&mut sum, &exact);
        sum.negate();
        assert_rounded(&mut sum, &-exact);
        sum.negate();
    }
    sum.clear();
    assert_rounded(&mut sum, &BigRational::zero());
}
