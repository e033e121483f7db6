//! Solves square systems of integers exactly: one elimination modulo a prime, then digit after digit to its base, then fractions
//! from the digits (Dixon, *Exact solution of linear equations using p-adic expansions*, Numer. Math. 40, 1982). The
//! matrix is never inverted with anything but 61-bit numbers.

use num_bigint::{BigInt, Sign};

/// 2⁶¹ − 1, a prime.
const P: u64 = (1 << 61) - 1;

/// One row of a sparse matrix: columns with their integers.
pub(super) type Row = Vec<(u32, BigInt)>;

/// x with  matrix · x = right  as numerators over one denominator, which is positive; `None` where the matrix is singular (or seems
/// so modulo the prime) or it would take more than so much `work` (word operations, roughly nanoseconds).
pub(super) fn solve(matrix: &[Row], right: &[BigInt], mut work: u64) -> Option<(Vec<BigInt>, BigInt)> {
    let factors = Factors::of(matrix, &mut work)?;
    let mut residual = right.to_vec();
    let mut digits: Vec<Vec<u64>> = Vec::new();
    let entries: u64 = matrix.iter().map(|row| row.len() as u64).sum();
    // Always a power of two.
    for wanted in (2..40).map(|power| 1_usize << power) {
        while digits.len() < wanted {
            spend(&mut work, 4 * factors.size() + 40 * entries + 20 * right.len() as u64)?;
            let digit = factors.solve(residual.iter().map(modulo).collect());
            for (residual, row) in residual.iter_mut().zip(matrix) {
                for (column, value) in row.iter().filter(|(column, _)| digit[*column as usize] != 0) {
                    *residual -= value * digit[*column as usize];
                }
                *residual /= P;
            }
            digits.push(digit);
        }
        if let Some((x, denominator)) = fractions(&digits, &mut work)? {
            spend(&mut work, entries * digits.len() as u64)?;
            if holds(matrix, right, &x, &denominator) {
                return Some((x, denominator));
            }
        }
    }
    None
}

fn spend(work: &mut u64, amount: u64) -> Option<()> {
    *work = work.checked_sub(amount)?;
    Some(())
}

fn holds(matrix: &[Row], right: &[BigInt], x: &[BigInt], denominator: &BigInt) -> bool {
    matrix.iter().zip(right).all(|(row, right)| {
        let sum: BigInt = row.iter().map(|(column, value)| value * &x[*column as usize]).sum();
        sum == right * denominator
    })
}

/// The fractions with small numerators and one small denominator that have these digits; the inner `None` where more digits
/// are needed.
#[expect(clippy::option_option, reason = "out of work, or out of digits")]
fn fractions(digits: &[Vec<u64>], work: &mut u64) -> Option<Option<(Vec<BigInt>, BigInt)>> {
    let count = digits.len() as u64;
    // P, P², P⁴, …, up to the power that all digits together are less than.
    let squares: Vec<BigInt> = std::iter::successors(Some(BigInt::from(P)), |last| Some(last * last))
        .take(digits.len().ilog2() as usize + 1)
        .collect();
    let whole = squares.last()?.clone();
    let most: BigInt = (&whole >> 1_u8).sqrt();
    let mut denominator = BigInt::from(1);
    let mut numerators: Vec<BigInt> = Vec::new();
    for at in 0..digits.first().map_or(0, Vec::len) {
        spend(work, count * count / 2 + 100 * count)?;
        let mut value = joined(digits, at, &squares) * &denominator % &whole;
        if value > &whole >> 1_u8 {
            value -= &whole;
        }
        if value.magnitude() > most.magnitude() {
            spend(work, 60 * count * count + 2000 * count)?;
            let Some((numerator, factor)) = fraction(&value, &whole, &most) else { return Some(None) };
            denominator *= &factor;
            if denominator > most {
                return Some(None);
            }
            spend(work, numerators.len() as u64 * count)?;
            for other in &mut numerators {
                *other *= &factor;
            }
            value = numerator;
        }
        numerators.push(value);
    }
    // Half of the digits must be there for the sake of being right alone.
    let room = |number: &BigInt| 2 * number.bits() < whole.bits();
    Some((room(&denominator) && numerators.iter().all(room)).then_some((numerators, denominator)))
}

/// The number that has these digits, by halves: as many of them as a power of two.
fn joined(digits: &[Vec<u64>], at: usize, squares: &[BigInt]) -> BigInt {
    let mut parts: Vec<BigInt> = digits.iter().map(|digit| BigInt::from(digit[at])).collect();
    for square in squares {
        if let [value] = parts.as_mut_slice() {
            return std::mem::take(value);
        }
        parts = parts.chunks(2).map(|pair| &pair[0] + &pair[1] * square).collect();
    }
    parts.swap_remove(0)
}

/// The fraction that is `value` modulo `whole`, by the extended Euclidean algorithm, stopped half-way.
fn fraction(value: &BigInt, whole: &BigInt, most: &BigInt) -> Option<(BigInt, BigInt)> {
    let (mut older, mut newer) = (whole.clone(), ((value % whole) + whole) % whole);
    let (mut s, mut t) = (BigInt::default(), BigInt::from(1));
    while newer > *most {
        let quotient = &older / &newer;
        let rest = &older - &quotient * &newer;
        (older, newer) = (newer, rest);
        let next = &s - quotient * &t;
        (s, t) = (t, next);
    }
    match t.sign() {
        Sign::NoSign => None,
        Sign::Minus => Some((-newer, -t)),
        Sign::Plus => Some((newer, t)),
    }
    .filter(|(_, denominator)| denominator <= most)
}

fn modulo(value: &BigInt) -> u64 {
    let rest = (value % P + P) % P;
    rest.iter_u64_digits().next().unwrap_or(0)
}

fn times(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let sum = (product as u64 & P) + (product >> 61) as u64;
    if sum >= P { sum - P } else { sum }
}

fn minus(a: u64, b: u64) -> u64 {
    if a >= b { a - b } else { a + P - b }
}

/// By Fermat.
fn inverse(a: u64) -> u64 {
    let (mut result, mut base, mut exponent) = (1, a, P - 2);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        exponent >>= 1;
    }
    result
}

/// One step of the elimination.
struct Pivot {
    row: u32,
    column: u32,
    inverse: u64,
    /// The rest of the row as it was then.
    rest: Vec<(u32, u64)>,
    /// Rows that it was taken from, and how often.
    below: Vec<(u32, u64)>,
}

/// The matrix modulo the prime, as a product of triangles.
struct Factors {
    pivots: Vec<Pivot>,
}

impl Factors {
    /// Eliminates columns with one entry first, then always by the shortest row, in its column with the fewest entries.
    fn of(matrix: &[Row], work: &mut u64) -> Option<Self> {
        let n = matrix.len();
        let reduced = |row: &Row| row.iter().map(|(j, v)| (*j, modulo(v))).filter(|(_, v)| *v != 0).collect();
        let mut rows: Vec<Vec<(u32, u64)>> = matrix.iter().map(reduced).collect();
        let mut holders: Vec<Vec<u32>> = vec![Vec::new(); n];
        for (i, row) in rows.iter_mut().enumerate() {
            row.sort_unstable_by_key(|(j, _)| *j);
            for (j, _) in row.iter() {
                holders[*j as usize].push(i as u32);
            }
        }
        let mut is_open = vec![true; n];
        let mut single: Vec<u32> = (0..n as u32).filter(|&j| holders[j as usize].len() == 1).collect();
        let mut pivots = Vec::with_capacity(n);
        while pivots.len() < n {
            spend(work, 10)?;
            let (row, column) = if let Some(j) = single.pop() {
                let Some(&i) = holders[j as usize].first() else { continue };
                (i, j)
            } else {
                spend(work, n as u64)?;
                let i = (0..n as u32).filter(|&i| is_open[i as usize]).min_by_key(|&i| rows[i as usize].len())?;
                let (j, _) = rows[i as usize].iter().min_by_key(|(j, _)| holders[*j as usize].len())?;
                (i, *j)
            };
            is_open[row as usize] = false;
            let mut rest = std::mem::take(&mut rows[row as usize]);
            let at = rest.iter().position(|(j, _)| *j == column)?;
            let inverse = inverse(rest.remove(at).1);
            for (j, _) in &rest {
                release(&mut holders[*j as usize], row);
            }
            let mut below = Vec::new();
            for other in std::mem::take(&mut holders[column as usize]).into_iter().filter(|&i| i != row) {
                let target = &mut rows[other as usize];
                let at = target.binary_search_by_key(&column, |(j, _)| *j).ok()?;
                let factor = times(target.remove(at).1, inverse);
                spend(work, 5 * (target.len() + rest.len()) as u64 + 20)?;
                *target = subtracted(target, &rest, factor, other, &mut holders);
                below.push((other, factor));
            }
            single.extend(rest.iter().map(|(j, _)| *j).filter(|&j| holders[j as usize].len() == 1));
            pivots.push(Pivot { row, column, inverse, rest, below });
        }
        Some(Self { pivots })
    }

    fn size(&self) -> u64 {
        self.pivots.iter().map(|p| (2 + p.rest.len() + p.below.len()) as u64).sum()
    }

    fn solve(&self, mut right: Vec<u64>) -> Vec<u64> {
        for pivot in &self.pivots {
            let value = right[pivot.row as usize];
            for &(row, factor) in pivot.below.iter().filter(|_| value != 0) {
                right[row as usize] = minus(right[row as usize], times(factor, value));
            }
        }
        let mut x = vec![0; right.len()];
        for pivot in self.pivots.iter().rev() {
            let mut value = right[pivot.row as usize];
            for &(column, factor) in &pivot.rest {
                value = minus(value, times(factor, x[column as usize]));
            }
            x[pivot.column as usize] = times(value, pivot.inverse);
        }
        x
    }
}

fn release(holders: &mut Vec<u32>, row: u32) {
    if let Some(at) = holders.iter().position(|&i| i == row) {
        holders.swap_remove(at);
    }
}

/// `target − factor · pivot`, both in ascending columns; tells the columns which rows hold them.
fn subtracted(
    target: &[(u32, u64)],
    pivot: &[(u32, u64)],
    factor: u64,
    row: u32,
    holders: &mut [Vec<u32>],
) -> Vec<(u32, u64)> {
    let mut result = Vec::with_capacity(target.len() + pivot.len());
    let (mut a, mut b) = (target.iter().peekable(), pivot.iter().peekable());
    loop {
        match (a.peek(), b.peek()) {
            (Some(&&(i, value)), Some(&&(j, other))) if i == j => {
                let value = minus(value, times(factor, other));
                if value == 0 {
                    release(&mut holders[i as usize], row);
                } else {
                    result.push((i, value));
                }
                a.next();
                b.next();
            }
            (Some(&&(i, value)), next) if next.is_none_or(|&&(j, _)| i < j) => {
                result.push((i, value));
                a.next();
            }
            (_, Some(&&(j, other))) => {
                holders[j as usize].push(row);
                result.push((j, minus(0, times(factor, other))));
                b.next();
            }
            (_, None) => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(dense: &[Vec<i64>]) -> Vec<Row> {
        let row =
            |row: &Vec<i64>| (0..).zip(row).filter(|(_, v)| **v != 0).map(|(j, v)| (j, BigInt::from(*v))).collect();
        dense.iter().map(row).collect()
    }

    #[test]
    fn fractions_come_out_in_full() {
        let matrix = rows(&[vec![3, 0], vec![1, 7]]);
        let right = [BigInt::from(1), BigInt::from(0)];
        let (x, denominator) = solve(&matrix, &right, 1_000_000).expect("regular");
        // 1/3 and −1/21, whatever the denominator.
        assert_eq!((&x[0] * 3, &x[1] * 21), (denominator.clone(), -denominator));
        assert_eq!(solve(&rows(&[vec![1, 2], vec![2, 4]]), &right, 1_000_000), None, "it is singular");
        assert_eq!(solve(&matrix, &right, 100), None, "that is not enough work");
        assert_eq!(solve(&[], &[], 1000).expect("nothing to do").0.len(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn what_comes_out_solves_the_system(
            (dense, right) in (1_usize..=7).prop_flat_map(|n| {
                let entry = prop_oneof![2 => Just(0_i64), 2 => -9_i64..=9, 1 => any::<i64>()];
                (
                    prop::collection::vec(prop::collection::vec(entry, n), n),
                    prop::collection::vec(any::<i32>().prop_map(BigInt::from), n),
                )
            }),
        ) {
            let matrix = rows(&dense);
            if let Some((x, denominator)) = solve(&matrix, &right, 100_000_000) {
                prop_assert!(denominator > BigInt::default());
                prop_assert!(holds(&matrix, &right, &x, &denominator));
            } else {
                prop_assert!(determinant(dense) == BigInt::default());
            }
        }
    }

    /// Bareiss, without fractions.
    fn determinant(dense: Vec<Vec<i64>>) -> BigInt {
        let mut a: Vec<Vec<BigInt>> =
            dense.into_iter().map(|row| row.into_iter().map(BigInt::from).collect()).collect();
        let (n, mut last) = (a.len(), BigInt::from(1));
        let mut sign = 1;
        for k in 0..n {
            let Some(pivot) = (k..n).find(|&i| a[i][k] != BigInt::default()) else { return BigInt::default() };
            if pivot != k {
                a.swap(pivot, k);
                sign = -sign;
            }
            for i in k + 1..n {
                for j in k + 1..n {
                    a[i][j] = (&a[i][j] * &a[k][k] - &a[i][k] * &a[k][j]) / &last;
                }
            }
            last = a[k][k].clone();
        }
        last * sign
    }
}
