//! Counter-based random numbers: every draw is a pure function of what it means.
//!
//! A draw is keyed by (seed, replication, purpose, entity, attempt). Two designs that are compared share every draw
//! that means the same thing, and a step added to one shifts no draw of another: synchronised common random numbers
//! without any bookkeeping of streams.
//!
//! The generator is Squares (Widynski2020): a counter times a key, squared and rotated through five rounds. The keys are
//! hashed from seed, replication and purpose by SplitMix64's finaliser (SteeleLeaFlood2014).

use std::convert::Infallible;

/// SplitMix64's finaliser: a bijection of 64 bits in which each input bit moves about half of the output bits.
#[must_use]
pub const fn mix(mut x: u64) -> u64 {
    x ^= x >> 30;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 27;
    x = x.wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A stable 64-bit hash of a name (FNV-1a, finished by [`mix`]); used to key draws by what they are for.
#[must_use]
pub const fn hash_name(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash: u64 = 0xCBF2_9CE4_8422_2325;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01B3);
        i += 1;
    }
    mix(hash)
}

/// The key of one purpose in one replication under one seed. Odd, as Squares asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u64);

impl Key {
    /// * `seed` — the experiment's seed.
    /// * `replication` — number of the replication.
    /// * `purpose` — what the draw decides, as [`hash_name`] of, say, `step.unload.takes`.
    #[must_use]
    pub const fn new(seed: u64, replication: u64, purpose: u64) -> Self {
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        let a = mix(seed.wrapping_add(GOLDEN));
        let b = mix(a ^ replication.wrapping_mul(GOLDEN).wrapping_add(1));
        Key(mix(b ^ purpose) | 1)
    }

    /// The 64 random bits of `counter`, which names the entity and the attempt.
    #[must_use]
    #[inline]
    pub const fn bits(self, counter: u64) -> u64 {
        // Squares64, five rounds.
        let y = counter.wrapping_mul(self.0);
        let z = y.wrapping_add(self.0);
        let mut x = y;
        x = x.wrapping_mul(x).wrapping_add(y).rotate_right(32);
        x = x.wrapping_mul(x).wrapping_add(z).rotate_right(32);
        x = x.wrapping_mul(x).wrapping_add(y).rotate_right(32);
        x = x.wrapping_mul(x).wrapping_add(z);
        let t = x;
        x = x.rotate_right(32);
        t ^ (x.wrapping_mul(x).wrapping_add(y) >> 32)
    }

    /// A uniform of (0, 1), both ends excluded, with 53 random bits.
    #[must_use]
    #[inline]
    pub const fn uniform(self, counter: u64) -> f64 {
        // Half a grain off zero, so that a logarithm of it is finite.
        ((self.bits(counter) >> 11) as f64 + 0.5) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// A short stream for draws that need more than one uniform. Its numbers depend on `counter` alone.
    #[must_use]
    pub const fn stream(self, counter: u64) -> Stream {
        Stream {
            key: Key(mix(self.bits(counter)) | 1),
            next: 1,
        }
    }
}

/// A stream of random numbers that starts at one counter; see [`Key::stream`].
#[derive(Clone, Debug)]
pub struct Stream {
    key: Key,
    next: u64,
}

impl rand::TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|bits| (bits >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.next = self.next.wrapping_add(1);
        Ok(self.key.bits(self.next))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_all_that_names_it_and_on_nothing_else() {
        let key = Key::new(1, 2, hash_name("step.unload.takes"));
        assert_eq!(key.bits(7), key.bits(7));
        assert_ne!(key.bits(7), key.bits(8));
        assert_ne!(
            key.bits(7),
            Key::new(1, 3, hash_name("step.unload.takes")).bits(7)
        );
        assert_ne!(
            key.bits(7),
            Key::new(1, 2, hash_name("step.disinfect.takes")).bits(7)
        );
    }

    #[test]
    fn uniforms_fill_the_unit_interval_evenly() {
        // 256 cells, 2^18 draws: chi-square with 255 degrees of freedom lies below 364 with probability 1 - 1e-5.
        let key = Key::new(42, 0, hash_name("test"));
        let mut cells = [0u32; 256];
        for counter in 0..1 << 18 {
            cells[(key.uniform(counter) * 256.0) as usize] += 1;
        }
        let expected = 1024.0;
        let chi: f64 = cells
            .iter()
            .map(|&n| (f64::from(n) - expected).powi(2) / expected)
            .sum();
        assert!(chi < 364.0, "chi-square {chi}");
    }

    #[test]
    fn neighbouring_counters_and_keys_are_uncorrelated() {
        // The correlation of n = 2^16 independent pairs has standard deviation 1/256: five of them as the limit,
        // two-sided false-alarm rate 6e-7.
        let n = 1 << 16;
        let mut by_counter = 0.0;
        let mut by_replication = 0.0;
        for i in 0..n {
            let key = Key::new(9, i, 1);
            let u = key.uniform(5) - 0.5;
            by_counter += 12.0 * u * (key.uniform(6) - 0.5);
            by_replication += 12.0 * u * (Key::new(9, i + 1, 1).uniform(5) - 0.5);
        }
        assert!((by_counter / n as f64).abs() < 5.0 / 256.0);
        assert!((by_replication / n as f64).abs() < 5.0 / 256.0);
    }
}
