//! Random numbers that are addressed, not consumed.
//!
//! A draw is a pure function of *where* it is used: which seed, which parameter particle, which time,
//! which state particle, and how many draws that particle has made in that step. No generator is shared,
//! so a result cannot depend on how the work was spread over threads, and a filter can be run again
//! bit for bit from its [`StreamKey`] alone. [SMC²](crate::smc2) leans on that: a saved sampler holds
//! keys instead of millions of particles.
//!
//! ```
//! use lazaret_smc::random::StreamKey;
//! use rand::RngExt;
//!
//! let key = StreamKey::new(7).child(3); // seed 7, third parameter particle
//! let mut a = key.at(12).particle(5); // time 12, state particle 5
//! let mut b = key.at(12).particle(5);
//! assert_eq!(a.random::<f64>(), b.random::<f64>());
//! ```
//!
//! The generator is Squares (Widynski2020): five rounds of squaring a Weyl sequence, keyed.

use std::convert::Infallible;

use rand::TryRng;
use serde::{Deserialize, Serialize};

/// Names one family of random streams. Children of different indices are unrelated to one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StreamKey(u64);

/// The streams of one moment: one for each state particle and one that they share.
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    squares_key: u64,
}

/// A stream of random numbers; implements `rand`'s `Rng`. Good for 2³² draws.
#[derive(Clone, Debug)]
pub struct Stream {
    key: u64,
    /// Counter × key, advanced by addition so that a draw costs one multiplication less.
    weyl: u64,
}

impl StreamKey {
    /// The root of every stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x6c61_7a61_7265_7400))
    }

    /// The key of the `index`-th child.
    #[must_use]
    pub fn child(self, index: u64) -> Self {
        Self(mix(self.0 ^ mix(index.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// The streams of time `time` under this key.
    #[must_use]
    pub fn at(self, time: usize) -> Streams {
        Streams {
            squares_key: squares_key(self.child(time as u64).0),
        }
    }

    /// A single stream under this key, for work that has no time and no particles.
    #[must_use]
    pub fn stream(self) -> Stream {
        Streams {
            squares_key: squares_key(self.0),
        }
        .particle(0)
    }
}

impl Streams {
    /// The stream of one state particle.
    #[inline]
    #[must_use]
    pub fn particle(&self, index: usize) -> Stream {
        // The draw count is the low half. It starts at 1 because counter 0 would skip the first round.
        let counter = ((index as u64) << 32) | 1;
        Stream {
            key: self.squares_key,
            weyl: counter.wrapping_mul(self.squares_key),
        }
    }

    /// The stream for what the particles of this moment share, such as the resampling offset.
    #[must_use]
    pub fn shared(&self) -> Stream {
        self.particle(u32::MAX as usize)
    }
}

impl Stream {
    /// The next 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.bits_if(true)
    }

    /// The next 64 random bits, which stay the next unless they are `wanted`: for streams side by side, of which some
    /// draw and no branch shall tell.
    #[inline]
    pub fn bits_if(&mut self, wanted: bool) -> u64 {
        let y = self.weyl;
        let z = y.wrapping_add(self.key);
        self.weyl = if wanted { z } else { y };
        let x = y.wrapping_mul(y).wrapping_add(y).rotate_left(32);
        let x = x.wrapping_mul(x).wrapping_add(z).rotate_left(32);
        let x = x.wrapping_mul(x).wrapping_add(y).rotate_left(32);
        let t = x.wrapping_mul(x).wrapping_add(z);
        let x = t.rotate_left(32);
        t ^ (x.wrapping_mul(x).wrapping_add(y) >> 32)
    }

    /// A uniform draw in [0, 1), a multiple of 2⁻⁵³.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }
}

/// Means up to which a Poisson number is found by adding up its probabilities.
const BY_INVERSION: f64 = 12.0;

impl Stream {
    /// A number of events of which `mean` are expected; 0 where the mean is not above 0, and at most 2⁵³.
    ///
    /// By inversion for small means, else by the rejection of Hormann1993 (PTRS), both exact to rounding.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        if mean.is_nan() || mean <= 0.0 {
            return 0;
        }
        if mean <= BY_INVERSION {
            let (mut left, mut term, mut number) = (self.uniform(), (-mean).exp(), 0u64);
            while left >= term && number < 1000 {
                left -= term;
                number += 1;
                term *= mean / number as f64;
            }
            return number;
        }
        let mean = mean.min(9e15);
        let root = mean.sqrt();
        let b = 0.931 + 2.53 * root;
        let a = -0.059 + 0.02483 * b;
        let inverse = 1.1239 + 1.1328 / (b - 3.4);
        let quick = 0.9277 - 3.6224 / (b - 2.0);
        loop {
            let u = self.uniform() - 0.5;
            let v = self.uniform();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
            if us >= 0.07 && v <= quick {
                return k as u64;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            let log = v.ln() + inverse.ln() - (a / (us * us) + b).ln();
            if log <= k * mean.ln() - mean - statrs::function::gamma::ln_gamma(k + 1.0) {
                return k as u64;
            }
        }
    }

    /// How many of `trials` come about, each with the chance `chance`, which is taken as between 0 and 1.
    ///
    /// By halving: the middle of so many uniform numbers is a draw of a Beta, and tells on which side of the chance half of them
    /// lie. A few dozen trials are tried one by one.
    pub fn binomial(&mut self, trials: u64, chance: f64) -> u64 {
        use rand_distr::Distribution;
        let (mut left, mut chance) = (trials, chance.clamp(0.0, 1.0));
        let mut found = 0;
        while left > 24 && chance > 0.0 && chance < 1.0 {
            let middle = left / 2 + 1;
            let (a, b) = (middle as f64, (left - middle + 1) as f64);
            let at = rand_distr::Beta::new(a, b).map_or(0.5, |beta| beta.sample(self));
            if at <= chance {
                // The middle one and all below it are hits; those above are even between it and 1.
                found += middle;
                left -= middle;
                chance = ((chance - at) / (1.0 - at)).clamp(0.0, 1.0);
            } else {
                left = middle - 1;
                chance = (chance / at).clamp(0.0, 1.0);
            }
        }
        if chance >= 1.0 {
            return found + left;
        }
        found + (0..left).filter(|_| self.uniform() < chance).count() as u64
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.bits() >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.bits())
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        for chunk in destination.chunks_mut(8) {
            let bytes = self.bits().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

/// A bijection of 64-bit words whose output bits each depend on every input bit (Stafford's variant 13,
/// as in SteeleLeaFlood2014).
fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Turns a hash into a key fit for Squares: each half has eight different hexadecimal digits, none zero,
/// and the last is odd. Widynski2020 asks for this because keys with repeated digits mix slowly.
fn squares_key(hash: u64) -> u64 {
    let mut key = 0u64;
    for half in 0..2u64 {
        let mut pool: [u8; 15] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        let mut bits = mix(hash.wrapping_add(half));
        for place in 0..8 {
            let left = 15 - place;
            // The digits are nearly equally likely; exact equality is not needed of a key.
            let pick = place + (bits % left as u64) as usize;
            bits /= left as u64;
            pool.swap(place, pick);
        }
        if half == 1 {
            // Eight different digits out of fifteen of which seven are even: at least one is odd.
            if let Some(odd) = (0..8).rev().find(|&place| pool[place] % 2 == 1) {
                pool.swap(odd, 7);
            }
        }
        for digit in &pool[..8] {
            key = (key << 4) | u64::from(*digit);
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_different_digits_and_are_odd() {
        for seed in 0..2000 {
            let key = squares_key(StreamKey::new(seed).0);
            assert_eq!(key % 2, 1, "key {key:x} of seed {seed}");
            for half in [key >> 32, key & 0xffff_ffff] {
                let mut seen = [false; 16];
                for place in 0..8 {
                    let digit = ((half >> (4 * place)) & 15) as usize;
                    assert!(digit != 0 && !seen[digit], "key {key:x} of seed {seed}");
                    seen[digit] = true;
                }
            }
        }
    }

    /// The generator as its author prints it, to check ours, which keeps counter × key instead.
    fn squares64(counter: u64, key: u64) -> u64 {
        let mut x = counter.wrapping_mul(key);
        let y = x;
        let z = y.wrapping_add(key);
        for add in [y, z, y] {
            x = x.wrapping_mul(x).wrapping_add(add).rotate_left(32);
        }
        let t = x.wrapping_mul(x).wrapping_add(z);
        x = t.rotate_left(32);
        t ^ (x.wrapping_mul(x).wrapping_add(y) >> 32)
    }

    #[test]
    fn draws_are_the_function_of_the_counter() {
        let streams = StreamKey::new(1).at(4);
        let mut stream = streams.particle(9);
        for draw in 1..100u64 {
            assert_eq!(
                stream.bits(),
                squares64((9 << 32) | draw, streams.squares_key)
            );
        }
    }
}
