//! Random draws for the hand-written loops, all in integer ticks.
//!
//! One 64-bit output of the generator makes one draw, whatever the distribution. The triangular draw uses no
//! square root: the smaller and the larger of two uniforms are mixed linearly.

/// The xoshiro256++ generator.
///
/// # Source
/// Blackman, Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47 (2021).
#[derive(Clone, Debug)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// A generator for one `replication` of the run with this `seed`.
    ///
    /// The state is filled by splitmix64 from a start that both numbers determine.
    #[must_use]
    pub fn new(seed: u64, replication: u64) -> Self {
        let mut z = mix(seed).wrapping_add(mix(!replication));
        let state = std::array::from_fn(|_| {
            z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(z)
        });
        Self { state }
    }

    /// The next 64 random bits.
    #[inline(always)]
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let out = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let c = c ^ a;
        let d = d ^ b;
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        out
    }

    /// A uniform integer in `low .. low + span`.
    #[inline(always)]
    pub fn uniform(&mut self, low: u64, span: u64) -> u64 {
        low + ((u128::from(self.bits()) * u128::from(span)) >> 64) as u64
    }

    /// An exponential draw with this mean, at least one tick so that time moves.
    #[inline]
    pub fn exponential(&mut self, mean: u64) -> u64 {
        // 53 bits, moved by half a step so that the logarithm never sees zero.
        let u = ((self.bits() >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64);
        1 + (-u.ln() * mean as f64) as u64
    }
}

/// The finaliser of splitmix64.
fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A triangular distribution in ticks.
///
/// # Source
/// Stein, Keblis, "A new method to simulate the triangular distribution", Math. Comput. Modelling 49 (2009):
/// with U, V uniform and c the place of the mode in [0, 1], (1 - c) min(U, V) + c max(U, V) is triangular.
#[derive(Clone, Copy, Debug)]
pub struct Triangular {
    low: u64,
    below: u64,
    above: u64,
}

impl Triangular {
    /// From the smallest value, the mode and the largest value [ticks]; the span must be below 2^33 ticks.
    #[must_use]
    pub const fn new(low: u64, mode: u64, high: u64) -> Self {
        assert!(low <= mode && mode <= high && high - low < 1 << 33);
        Self {
            low,
            below: mode - low,
            above: high - mode,
        }
    }

    /// One draw. Both uniforms come from one output of the generator, 31 bits each.
    #[inline(always)]
    pub fn draw(self, rng: &mut Rng) -> u64 {
        let bits = rng.bits();
        let (u, v) = (bits >> 33, bits & 0x7fff_ffff);
        self.low + ((self.above * u.min(v) + self.below * u.max(v)) >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// False-alarm rate of each check below, fixed before the first run: |z| above 4.89 fails.
    const Z_LIMIT: f64 = 4.89; // two-sided 1e-6

    fn z_of_mean(draws: &[f64], mean: f64, variance: f64) -> f64 {
        let n = draws.len() as f64;
        (draws.iter().sum::<f64>() / n - mean) / (variance / n).sqrt()
    }

    /// Triangular(1, 2, 4): mean 7/3, variance 7/18; P(X <= 2) = 1/3.
    fn triangular_draws() -> Vec<f64> {
        let one = 1u64 << 24;
        let law = Triangular::new(one, 2 * one, 4 * one);
        let mut rng = Rng::new(1, 0);
        (0..200_000)
            .map(|_| law.draw(&mut rng) as f64 / one as f64)
            .collect()
    }

    #[test]
    fn triangular_has_its_mean_and_its_share_below_the_mode() {
        let draws = triangular_draws();
        assert!(z_of_mean(&draws, 7.0 / 3.0, 7.0 / 18.0).abs() < Z_LIMIT);
        let below: Vec<f64> = draws.iter().map(|&x| f64::from(x <= 2.0)).collect();
        assert!(z_of_mean(&below, 1.0 / 3.0, 2.0 / 9.0).abs() < Z_LIMIT);
        let square: Vec<f64> = draws.iter().map(|&x| (x - 7.0 / 3.0).powi(2)).collect();
        // The fourth central moment of a triangular law is 12/5 of its squared variance.
        let variance = 7.0 / 18.0;
        assert!(z_of_mean(&square, variance, 1.4 * variance * variance).abs() < Z_LIMIT);
    }

    #[test]
    fn the_triangular_check_can_fail() {
        // The mirror image has the same range and variance: only the mode is on the wrong side.
        let draws: Vec<f64> = triangular_draws().iter().map(|x| 5.0 - x).collect();
        assert!(z_of_mean(&draws, 7.0 / 3.0, 7.0 / 18.0).abs() > Z_LIMIT);
    }

    #[test]
    fn exponential_has_its_mean() {
        let mut rng = Rng::new(2, 0);
        let mean = 24u64 << 24;
        let draws: Vec<f64> = (0..200_000)
            .map(|_| rng.exponential(mean) as f64 / mean as f64)
            .collect();
        assert!(z_of_mean(&draws, 1.0, 1.0).abs() < Z_LIMIT);
    }
}
