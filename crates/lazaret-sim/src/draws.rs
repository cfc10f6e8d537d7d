//! The draws of one replication: distributions with their keys, ready for the inner loop.

use lazaret_gateway::distribution::{Linear, Sampler};
use lazaret_gateway::random::Key;

use crate::index::DrawIx;

/// What takes over a thousand years is not finished within any horizon.
const LONGEST: i64 = 1 << 55;

/// Everything that a replication draws, by [`DrawIx`].
#[derive(Clone, Debug)]
pub(crate) struct Draws {
    drawn: Vec<Drawn>,
    samplers: Vec<Sampler>,
}

/// One quantity. Nearly all are constant, uniform or triangular; what these need fills one line of cache.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Drawn {
    key: Key,
    linear: Linear,
    /// It is drawn by `linear`; else by its sampler.
    is_linear: bool,
}

impl Draws {
    /// Room for quantities of these distributions, without keys.
    pub(crate) fn new(samplers: Vec<Sampler>) -> Self {
        let mut draws = Draws {
            drawn: vec![
                Drawn {
                    key: Key::new(0, 0, 0),
                    linear: Linear::default(),
                    is_linear: false,
                };
                samplers.len()
            ],
            samplers: Vec::new(),
        };
        for (drawn, sampler) in draws.drawn.iter_mut().zip(&samplers) {
            drawn.take(sampler);
        }
        draws.samplers = samplers;
        draws
    }

    /// From here on the `nth` is drawn under `key`.
    pub(crate) fn set_key(&mut self, nth: usize, key: Key) {
        self.drawn[nth].key = key;
    }

    /// From here on the `nth` is drawn from this distribution.
    pub(crate) fn set_sampler(&mut self, nth: usize, sampler: Sampler) {
        self.drawn[nth].take(&sampler);
        self.samplers[nth] = sampler;
    }

    #[inline]
    fn value(&self, draw: DrawIx, counter: u64) -> f64 {
        let drawn = &self.drawn[draw.at()];
        if drawn.is_linear {
            drawn.linear.at(drawn.key.bits(counter))
        } else {
            self.by_sampler(draw, counter)
        }
    }

    #[inline(never)]
    fn by_sampler(&self, draw: DrawIx, counter: u64) -> f64 {
        self.samplers[draw.at()].sample(self.drawn[draw.at()].key, counter)
    }

    /// A duration in microseconds.
    #[inline]
    pub(crate) fn micros(&self, draw: DrawIx, counter: u64) -> i64 {
        // Durations are not negative, so adding a half rounds; the cast saturates.
        ((self.value(draw, counter) * 1e6 + 0.5) as i64).min(LONGEST)
    }

    /// A uniform of (0, 1) under the key of `draw`.
    pub(crate) fn uniform(&self, draw: DrawIx, counter: u64) -> f64 {
        self.drawn[draw.at()].key.uniform(counter)
    }

    /// A whole number.
    pub(crate) fn whole(&self, draw: DrawIx, counter: u64) -> i64 {
        ((self.value(draw, counter) + 0.5) as i64).clamp(0, i64::from(u32::MAX >> 4))
    }
}

/// A duration of `seconds` in microseconds, rounded as all are.
pub(crate) fn micros(seconds: f64) -> i64 {
    ((seconds * 1e6 + 0.5) as i64).min(LONGEST)
}

impl Drawn {
    fn take(&mut self, sampler: &Sampler) {
        self.is_linear = matches!(sampler, Sampler::Linear(_));
        if let Sampler::Linear(linear) = sampler {
            self.linear = *linear;
        }
    }
}
