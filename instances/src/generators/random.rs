//! Numbers for generators: `SplitMix64` (Steele, Lea and Flood, 2014), written out so that a seed means the same for ever,
//! which no crate promises over its versions.

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Between 0 (included) and 1 (not), with 53 random bits.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// An integer from `from` to `to`, both included.
    pub(crate) fn integer(&mut self, from: u32, to: u32) -> u32 {
        // The bias of a multiplication is below 2^-32, less than any model here could show.
        let width = u64::from(to - from) + 1;
        from + ((u64::from((self.next() >> 32) as u32) * width) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn a_seed_means_the_same_for_ever() {
        // The reference implementation's first outputs for seed 1234567.
        let mut random = Random::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn integers_stay_within_their_ends_and_reach_them() {
        let mut random = Random::new(1);
        let drawn: Vec<u32> = (0..1000).map(|_| random.integer(3, 6)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&3), Some(&6)));
        assert!((0..1000).all(|_| (0.0..1.0).contains(&random.unit())));
    }
}
