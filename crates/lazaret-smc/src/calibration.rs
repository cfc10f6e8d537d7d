//! Whether probabilities mean what they say: tests of uniformity and simulation-based calibration.
//!
//! If θ is drawn from the prior, data from the model at θ, and the posterior is right, then the rank of θ
//! among posterior draws is uniform (Talts2018). The same holds for a forecast and what then happened.
//! [`Calibration`] collects such ranks for any number of quantities and says which are not uniform,
//! counting how many were looked at.

use crate::random::Stream;
use crate::scores::randomised_pit;
use crate::summary::Weighted;

/// A Kolmogorov-Smirnov test that numbers are uniform on [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniformity {
    /// How many numbers.
    pub count: usize,
    /// Greatest distance between the distribution functions.
    pub distance: f64,
    /// Probability of a distance at least as great if they are uniform.
    pub p_value: f64,
}

/// Tests numbers for uniformity on [0, 1]. No numbers at all are taken to be uniform.
#[must_use]
pub fn uniformity(numbers: &[f64]) -> Uniformity {
    let count = numbers.len();
    if count == 0 {
        return Uniformity {
            count,
            distance: 0.0,
            p_value: 1.0,
        };
    }
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = count as f64;
    let distance = sorted.iter().enumerate().fold(0.0f64, |distance, (i, x)| {
        let above = (i as f64 + 1.0) / n - x;
        let below = x - i as f64 / n;
        // A number outside [0, 1], or none, must not pass for uniform.
        if x.is_nan() {
            1.0
        } else {
            distance.max(above).max(below)
        }
    });
    Uniformity {
        count,
        distance,
        p_value: kolmogorov_tail(distance, n),
    }
}

/// P(D_n ≥ distance), by Stephens' correction of the limiting law (Stephens1970): good to about 0.001 for n
/// of at least 8.
fn kolmogorov_tail(distance: f64, n: f64) -> f64 {
    let x = distance * (n.sqrt() + 0.12 + 0.11 / n.sqrt());
    if x < 0.3 {
        return 1.0; // the series converges slowly where the answer is 1 to nine digits
    }
    let mut tail = 0.0;
    for k in 1..=100 {
        let k = f64::from(k);
        let term = 2.0 * (-2.0 * k * k * x * x).exp();
        tail += if k as u32 % 2 == 1 { term } else { -term };
    }
    tail.clamp(0.0, 1.0)
}

/// One quantity's transforms over all runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Transforms {
    /// The quantity's name.
    pub name: String,
    /// One number in [0, 1] for each run, uniform if the posterior is right.
    pub transforms: Vec<f64>,
}

impl Transforms {
    /// Test that the transforms are uniform.
    #[must_use]
    pub fn uniformity(&self) -> Uniformity {
        uniformity(&self.transforms)
    }

    /// Share of the runs in which the central interval of this level held the truth.
    #[must_use]
    pub fn coverage(&self, level: f64) -> f64 {
        let tail = 0.5 * (1.0 - level);
        let held = |transform: &&f64| (tail..=1.0 - tail).contains(*transform);
        self.transforms.iter().filter(held).count() as f64 / self.transforms.len() as f64
    }

    /// Counts of the transforms in `bins` equal bins, for a histogram.
    #[must_use]
    pub fn histogram(&self, bins: usize) -> Vec<usize> {
        let mut counts = vec![0; bins.max(1)];
        for transform in &self.transforms {
            let bin = (transform * counts.len() as f64) as usize;
            let last = counts.len() - 1;
            counts[bin.min(last)] += 1;
        }
        counts
    }
}

/// Collects the transforms of several quantities over the runs of a calibration study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calibration {
    tallies: Vec<Transforms>,
}

impl Calibration {
    /// Records that quantity `name` was `truth` when the weighted draws `posterior` were reported.
    ///
    /// The transform is randomised by `rng` where draws tie with the truth, and by up to one draw's weight,
    /// because the rank among L equally weighted draws takes only L + 1 values.
    pub fn record(&mut self, name: &str, posterior: &Weighted, truth: f64, rng: &mut Stream) {
        let pit = randomised_pit(posterior, truth, rng.uniform());
        let draws = 1.0 / posterior.weights().iter().map(|w| w * w).sum::<f64>();
        let transform = (pit * draws + rng.uniform()) / (draws + 1.0);
        self.record_transform(name, transform);
    }

    /// Records a transform made elsewhere.
    pub fn record_transform(&mut self, name: &str, transform: f64) {
        if let Some(tally) = self.tallies.iter_mut().find(|tally| tally.name == name) {
            tally.transforms.push(transform);
        } else {
            self.tallies.push(Transforms {
                name: name.to_owned(),
                transforms: vec![transform],
            });
        }
    }

    /// Every quantity, in the order first recorded.
    #[must_use]
    pub fn tallies(&self) -> &[Transforms] {
        &self.tallies
    }

    /// The quantities whose test of uniformity falls below `false_alarm` shared over all quantities
    /// (Bonferroni): if everything is right, this list is empty with probability at least
    /// 1 − `false_alarm`.
    #[must_use]
    pub fn failures(&self, false_alarm: f64) -> Vec<&Transforms> {
        let each = false_alarm / self.tallies.len().max(1) as f64;
        self.tallies
            .iter()
            .filter(|tally| tally.uniformity().p_value < each)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;

    #[test]
    fn critical_values_are_those_of_the_tables() {
        // Limiting 5 % and 1 % points of √n D, 1.358 and 1.628; and n = 20, where they are .294 and .352.
        for (distance, n, p) in [
            (1.358 / 1e3, 1e6, 0.05),
            (1.628 / 1e3, 1e6, 0.01),
            (0.294, 20.0, 0.05),
            (0.352, 20.0, 0.01),
        ] {
            let tail = kolmogorov_tail(distance, n);
            assert!(
                (tail / p - 1.0).abs() < 0.04,
                "{distance} {n}: {tail} for {p}"
            );
        }
    }

    #[test]
    fn p_values_of_uniform_numbers_are_uniform_and_those_of_others_small() {
        let mut rng = StreamKey::new(3).stream();
        let mut sample = |n: usize, power: f64| -> Vec<f64> {
            (0..n).map(|_| rng.uniform().powf(power)).collect()
        };
        let p_values: Vec<f64> = (0..400)
            .map(|_| uniformity(&sample(100, 1.0)).p_value)
            .collect();
        // False-alarm rate 1e-4.
        assert!(uniformity(&p_values).p_value > 1e-4);
        assert!(uniformity(&sample(400, 1.5)).p_value < 1e-4);
        assert!(uniformity(&[0.5, f64::NAN]).p_value < 0.05);
    }

    #[test]
    fn a_narrow_posterior_is_caught_and_a_right_one_is_not() {
        for (sd, caught) in [(1.0, false), (0.7, true)] {
            let mut calibration = Calibration::default();
            let mut rng = StreamKey::new(4).stream();
            let mut normal = |sd: f64| {
                use rand_distr::Distribution;
                let z: f64 = rand_distr::StandardNormal.sample(&mut rng);
                sd * z
            };
            let mut ties = StreamKey::new(5).stream();
            for _ in 0..400 {
                let posterior = Weighted::equal((0..50).map(|_| normal(sd)).collect());
                calibration.record("x", &posterior, normal(1.0), &mut ties);
            }
            assert_eq!(!calibration.failures(1e-4).is_empty(), caught);
            assert_eq!(
                calibration.tallies()[0].histogram(10).iter().sum::<usize>(),
                400
            );
        }
    }
}
