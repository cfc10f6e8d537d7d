//! Counter-based random numbers: every draw is a pure function of what it means.
//!
//! A draw is keyed by (seed, replication, purpose, entity, attempt). Two designs that are compared share every draw
//! that means the same thing, and a step added to one shifts no draw of another: synchronised common random numbers
//! without any bookkeeping of streams.
//!
//! A generator of this kind must be cheap for one number at a time. This one is wyrand's output function (Wang2019): a
//! 64-bit state times itself with some bits flipped, the two halves of the 128-bit product folded together. Its state is
//! the sum of a hashed key and a hashed entity, both by SplitMix64's finaliser (SteeleLeaFlood2014).

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

/// The key of one purpose in one replication under one seed.
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
        Key(mix(b ^ purpose))
    }

    /// The 64 random bits of `counter`, which names the entity and the attempt and must be well mixed: see [`mix`].
    #[must_use]
    #[inline]
    pub const fn bits(self, counter: u64) -> u64 {
        let state = self.0.wrapping_add(counter);
        let product = (state as u128).wrapping_mul((state ^ 0xE703_7ED1_A0B4_28DB) as u128);
        (product >> 64) as u64 ^ product as u64
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
        // A Weyl sequence, as in wyrand.
        self.next = self.next.wrapping_add(0xA076_1D64_78BD_642F);
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

/// The inverse of [`mix`].
#[must_use]
pub const fn unmix(mut x: u64) -> u64 {
    x ^= (x >> 31) ^ (x >> 62);
    x = x.wrapping_mul(0x3196_42B2_D24D_8EC3);
    x ^= (x >> 27) ^ (x >> 54);
    x = x.wrapping_mul(0x96DE_1B17_3F11_9089);
    x ^ (x >> 30) ^ (x >> 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counters as the simulator makes them: convoys, vehicles and lots packed into fields, then mixed.
    fn counters(n: u64) -> impl Iterator<Item = u64> {
        (0..n).map(|i| mix(((i / 64) << 32) | ((i / 2 % 32) << 16) | (i % 2)))
    }

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
    fn mixing_can_be_undone() {
        for x in [0, 1, 42, u64::MAX, 0x0123_4567_89AB_CDEF] {
            assert_eq!(unmix(mix(x)), x);
        }
    }

    /// Chi-square of `draws` over 256 cells that should be equally likely: 255 degrees of freedom, below 371 with
    /// probability 1 - 3e-6.
    fn chi_square(draws: impl Iterator<Item = f64>) -> f64 {
        let (mut cells, mut n) = ([0u32; 256], 0.0);
        for u in draws {
            cells[(u * 256.0) as usize] += 1;
            n += 1.0;
        }
        let expected = n / 256.0;
        cells
            .iter()
            .map(|&count| (f64::from(count) - expected).powi(2) / expected)
            .sum()
    }

    #[test]
    fn uniforms_fill_the_unit_interval_evenly() {
        let n = 1 << 18;
        let key = Key::new(42, 0, hash_name("test"));
        let over_entities = chi_square(counters(n).map(|c| key.uniform(c)));
        let over_replications = chi_square((0..n).map(|r| Key::new(42, r, 7).uniform(mix(5))));
        let over_seeds = chi_square((0..n).map(|s| Key::new(s, 3, 7).uniform(mix(5))));
        // The last bits used count as much as the first.
        let low_bits = chi_square(counters(n).map(|c| (key.uniform(c) * 1_048_576.0).fract()));
        for chi in [over_entities, over_replications, over_seeds, low_bits] {
            assert!(chi < 371.0, "chi-square {chi}");
        }
    }

    #[test]
    fn draws_of_neighbours_are_independent() {
        // Pairs that differ in one field of their name, in a 16 by 16 grid; limit as in `chi_square`.
        let n = 1 << 18;
        let pair = |a: f64, b: f64| ((a * 16.0).floor() + b) / 16.0;
        let key = Key::new(9, 1, 1);
        let next_entity = counters(n)
            .zip(counters(n + 1).skip(1))
            .map(|(a, b)| pair(key.uniform(a), key.uniform(b)));
        let next_purpose = Key::new(9, 1, 2);
        let across = counters(n).map(|c| pair(key.uniform(c), next_purpose.uniform(c)));
        let in_time = (0..n).map(|r| {
            pair(
                Key::new(9, r, 1).uniform(3),
                Key::new(9, r + 1, 1).uniform(3),
            )
        });
        for chi in [
            chi_square(next_entity),
            chi_square(across),
            chi_square(in_time),
        ] {
            assert!(chi < 371.0, "chi-square {chi}");
        }
    }

    #[test]
    fn the_check_notices_draws_that_are_not_independent() {
        let key = Key::new(9, 1, 1);
        let leaning =
            counters(1 << 18).map(|c| ((key.uniform(c) * 16.0).floor() + key.uniform(c)) / 16.0);
        assert!(chi_square(leaning) > 371.0);
    }
}
