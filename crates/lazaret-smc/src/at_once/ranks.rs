//! Points of the unit cube that are spread evenly.

use crate::random::StreamKey;

/// Ranks that fill the unit cube evenly: multiples of powers of the generalised golden ratio, shifted at random
/// (Roberts2018).
pub(super) struct Ranks {
    steps: Vec<f64>,
    shift: Vec<f64>,
}

impl Ranks {
    pub(super) fn new(size: usize, key: StreamKey) -> Self {
        // The root of x^(size + 1) = x + 1.
        let mut root: f64 = 1.5;
        for _ in 0..60 {
            root = (1.0 + root).powf(1.0 / (size as f64 + 1.0));
        }
        let mut stream = key.stream();
        Self {
            steps: (1..=size).map(|i| root.powi(-(i as i32))).collect(),
            shift: (0..size).map(|_| stream.uniform()).collect(),
        }
    }

    pub(super) fn of(&self, index: usize) -> Vec<f64> {
        let pairs = self.steps.iter().zip(&self.shift);
        pairs
            .map(|(step, shift)| {
                let rank = (shift + (index + 1) as f64 * step).fract();
                rank.clamp(1e-9, 1.0 - 1e-9)
            })
            .collect()
    }
}
