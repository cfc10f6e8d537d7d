//! Seeded random numbers for the methods themselves: scrambles, Latin hypercubes, Morris trajectories, outer draws.
//!
//! The simulator has its own draws. These streams serve the experiment's design, so a plain generator is enough:
//! SplitMix64 (`SteeleLeaFlood2014`), started from a hash of the seed and of what the stream is for.

/// A stream of random numbers that depends only on its seed and its purpose.
#[derive(Clone, Debug)]
pub struct Stream {
    state: u64,
}

impl Stream {
    /// * `seed` — the experiment's seed.
    /// * `purpose` — what the numbers decide, as a number; different purposes give unrelated streams.
    #[must_use]
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut stream = Stream { state: seed };
        let a = stream.bits();
        stream.state = a ^ purpose.wrapping_mul(0xD1B5_4A32_D192_ED03);
        stream.bits();
        stream
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A uniform of (0, 1), both ends excluded.
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// A whole number of 0..n; `n` must be positive.
    pub fn below(&mut self, n: usize) -> usize {
        // The bias of the product method is below n / 2^53.
        ((self.uniform() * n as f64) as usize).min(n - 1)
    }

    /// A standard normal draw, by inversion.
    pub fn normal(&mut self) -> f64 {
        crate::quantiles::normal(self.uniform())
    }

    /// Shuffles `items` (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}
