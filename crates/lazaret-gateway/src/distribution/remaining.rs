//! How long something takes that has taken so long already: a draw on condition that it exceeds what has elapsed.
//!
//! The condition is put on the probability of taking longer, S(x) = 1 - F(x), because that keeps its digits in the upper
//! tail, where F(x) is one in floating point. With u uniform the draw is the x with S(x) = S(elapsed)·(1 - u), which is
//! the inverse of F at F(elapsed) + u·(1 - F(elapsed)).

use statrs::function::beta::beta_reg;
use statrs::function::erf::{erfc, erfc_inv};
use statrs::function::gamma::{gamma_lr, gamma_ur};

use super::Distribution;

/// Halvings after which a search between two numbers has found all digits of a double.
const HALVINGS: u32 = 80;

impl Distribution {
    /// The value at probability `u` of (0, 1) among those greater than `elapsed`; nothing if none is.
    ///
    /// For a constant that is the constant. It rises with `u` and with the parameters.
    #[must_use]
    pub fn longer_than(&self, elapsed: f64, u: f64) -> Option<f64> {
        let (low, high) = self.support();
        let longer = match *self {
            Distribution::Constant { value } => value,
            Distribution::Normal { mean, sd: 0.0, .. } => mean,
            Distribution::Uniform { .. }
            | Distribution::Triangular { .. }
            | Distribution::Pert { .. }
                if low == high =>
            {
                low
            }
            _ if high <= elapsed => return None,
            Distribution::Uniform { low, high } => {
                let from = low.max(elapsed);
                from + u * (high - from)
            }
            Distribution::UniformInt { low, high } => {
                let from = (low as f64).max(elapsed.floor() + 1.0);
                let count = high as f64 - from + 1.0;
                from + (u * count).floor().min(count - 1.0)
            }
            Distribution::Triangular { low, mode, high } => {
                let above = (1.0 - u) * triangle_above(low, mode, high, elapsed);
                triangle_at(low, mode, high, above)
            }
            Distribution::Exponential { mean } => elapsed.max(0.0) - mean * (1.0 - u).ln(),
            Distribution::Normal {
                mean,
                sd,
                low,
                high,
            } => {
                let above = |x: f64| normal_above((x - mean) / sd);
                let end = if high.is_finite() { above(high) } else { 0.0 };
                let left = above(low.max(elapsed)) - end;
                if left <= 0.0 {
                    return None;
                }
                mean + sd * normal_at(end + (1.0 - u) * left)
            }
            Distribution::LogNormal { mean, sd } => {
                let sigma2 = (sd / mean).powi(2).ln_1p();
                let (mu, sigma) = (mean.ln() - sigma2 / 2.0, sigma2.sqrt());
                let left = if elapsed > 0.0 {
                    normal_above((elapsed.ln() - mu) / sigma)
                } else {
                    1.0
                };
                if left <= 0.0 {
                    return None;
                }
                (mu + sigma * normal_at((1.0 - u) * left)).exp()
            }
            Distribution::Weibull { shape, scale } => {
                let so_far = (elapsed.max(0.0) / scale).powf(shape);
                scale * (so_far - (1.0 - u).ln()).powf(1.0 / shape)
            }
            Distribution::Gamma { mean, sd } => {
                return gamma_longer((mean / sd).powi(2), sd * sd / mean, elapsed, u);
            }
            Distribution::Erlang { k, mean } => {
                return gamma_longer(f64::from(k), mean / f64::from(k), elapsed, u);
            }
            Distribution::Pert { low, mode, high } => {
                let width = high - low;
                let alpha = 1.0 + 4.0 * (mode - low) / width;
                let beta = 1.0 + 4.0 * (high - mode) / width;
                let above = |t: f64| beta_reg(beta, alpha, (1.0 - t).clamp(0.0, 1.0));
                let from = ((elapsed - low) / width).max(0.0);
                low + width * where_above(above, from, 1.0, u)?
            }
            Distribution::Poisson { mean } => poisson_longer(mean, elapsed, u)?,
            Distribution::Discrete { ref table } => return discrete_longer(table, elapsed, u),
            Distribution::Empirical { ref values } => {
                let longer = &values[values.partition_point(|&value| value <= elapsed)..];
                let at = (u * longer.len() as f64) as usize;
                return longer.get(at.min(longer.len().saturating_sub(1))).copied();
            }
        };
        // Rounding may take it back to what has elapsed, which it is taken to exceed by less than can be written.
        let found = longer.clamp(low, high);
        match self {
            Distribution::Constant { .. } => (found > elapsed).then_some(found),
            _ if low == high => (found > elapsed).then_some(found),
            _ => Some(found.max(elapsed)),
        }
    }
}

/// Probability that the standard normal exceeds `z`.
fn normal_above(z: f64) -> f64 {
    0.5 * erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The `z` that the standard normal exceeds with probability `above`.
fn normal_at(above: f64) -> f64 {
    std::f64::consts::SQRT_2 * erfc_inv(2.0 * above)
}

fn triangle_above(low: f64, mode: f64, high: f64, x: f64) -> f64 {
    if x <= low {
        1.0
    } else if x < mode {
        1.0 - (x - low).powi(2) / ((high - low) * (mode - low))
    } else {
        (high - x).max(0.0).powi(2) / ((high - low) * (high - mode))
    }
}

fn triangle_at(low: f64, mode: f64, high: f64, above: f64) -> f64 {
    let at_mode = (high - mode) / (high - low);
    if above <= at_mode {
        high - (above * (high - low) * (high - mode)).sqrt()
    } else {
        low + ((1.0 - above) * (high - low) * (mode - low)).sqrt()
    }
}

fn poisson_longer(mean: f64, elapsed: f64, u: f64) -> Option<f64> {
    let above = |n: f64| {
        if n < 0.0 {
            1.0
        } else {
            gamma_lr(n.floor() + 1.0, mean.max(f64::MIN_POSITIVE))
        }
    };
    let from = elapsed.floor().max(-1.0);
    let target = (1.0 - u) * above(from);
    if mean <= 0.0 || target <= 0.0 {
        return (from < 0.0).then_some(0.0);
    }
    let mut n = from + 1.0;
    while above(n) > target {
        n += 1.0;
    }
    Some(n)
}

fn discrete_longer(table: &[(f64, f64)], elapsed: f64, u: f64) -> Option<f64> {
    let mut below = 0.0;
    let weights: Vec<(f64, f64)> = table
        .iter()
        .map(|&(value, cumulative)| {
            let weight = cumulative - below;
            below = cumulative;
            (value, weight)
        })
        .filter(|&(value, weight)| value > elapsed && weight > 0.0)
        .collect();
    let all: f64 = weights.iter().map(|w| w.1).sum();
    let mut sum = 0.0;
    let at = weights.iter().position(|&(_, weight)| {
        sum += weight;
        sum >= u * all
    });
    at.or(weights.len().checked_sub(1)).map(|at| weights[at].0)
}

fn gamma_longer(shape: f64, scale: f64, elapsed: f64, u: f64) -> Option<f64> {
    let above = |x: f64| if x <= 0.0 { 1.0 } else { gamma_ur(shape, x) };
    let from = (elapsed / scale).max(0.0);
    // The upper tail falls at least as fast as that of an exponential twice as long.
    let to = from.max(shape) + 2.0 * (shape.sqrt() + 1.0) * (40.0 - (1.0 - u).ln());
    where_above(above, from, to, u).map(|x| x * scale)
}

/// The x in [`from`, `to`] with `above(x)` = `above(from)`·(1 - u), by halving; `above` falls.
fn where_above(above: impl Fn(f64) -> f64, from: f64, to: f64, u: f64) -> Option<f64> {
    let target = (1.0 - u) * above(from);
    if target.is_nan() || target <= 0.0 {
        return None;
    }
    let (mut low, mut high) = (from, to);
    for _ in 0..HALVINGS {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if above(middle) > target {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::random::{Key, hash_name, mix};

    fn families() -> Vec<Distribution> {
        vec![
            Distribution::Uniform {
                low: 2.0,
                high: 9.0,
            },
            Distribution::UniformInt { low: 1, high: 12 },
            Distribution::Triangular {
                low: 1.0,
                mode: 3.0,
                high: 10.0,
            },
            Distribution::Pert {
                low: 1.0,
                mode: 3.0,
                high: 10.0,
            },
            Distribution::Exponential { mean: 4.0 },
            Distribution::Normal {
                mean: 5.0,
                sd: 2.0,
                low: 0.0,
                high: 9.5,
            },
            Distribution::LogNormal { mean: 5.0, sd: 3.0 },
            Distribution::Gamma { mean: 5.0, sd: 2.0 },
            Distribution::Erlang { k: 3, mean: 6.0 },
            Distribution::Weibull {
                shape: 1.7,
                scale: 5.0,
            },
            Distribution::Poisson { mean: 5.0 },
            Distribution::Discrete {
                table: Arc::new([(1.0, 0.2), (5.0, 0.5), (7.0, 0.9), (11.0, 1.0)]),
            },
            Distribution::Empirical {
                values: Arc::new([1.0, 2.0, 2.5, 4.5, 5.0, 8.0, 9.0]),
            },
        ]
    }

    /// The greatest distance between two samples' distribution functions, times √(nm/(n+m)): above 2.2 in one of 8,000
    /// pairs of one distribution.
    fn distance(a: &mut [f64], b: &mut [f64]) -> f64 {
        a.sort_unstable_by(f64::total_cmp);
        b.sort_unstable_by(f64::total_cmp);
        let (n, m) = (a.len() as f64, b.len() as f64);
        let at = |of: &[f64], x: f64| of.partition_point(|&v| v <= x) as f64 / of.len() as f64;
        let most = a
            .iter()
            .chain(b.iter())
            .map(|&x| (at(a, x) - at(b, x)).abs())
            .fold(0.0, f64::max);
        most * (n * m / (n + m)).sqrt()
    }

    /// Draws beyond what has elapsed, against those that exceed it among plain draws, which share no code with them.
    /// 26 comparisons that each fail by chance once in 8,000.
    #[test]
    fn it_is_distributed_as_those_that_exceed_it() {
        let key = Key::new(7, 1, hash_name("remaining"));
        let other = Key::new(8, 1, hash_name("remaining"));
        for family in families() {
            for elapsed in [1.5, 4.25] {
                let mut kept: Vec<f64> = (0..40_000)
                    .map(|n| family.sample(key, mix(n)))
                    .filter(|&x| x > elapsed)
                    .collect();
                let draw = |n| family.longer_than(elapsed, other.uniform(mix(n)));
                let mut drawn: Vec<f64> = (0..20_000).filter_map(draw).collect();
                assert_eq!(drawn.len(), 20_000, "{family:?}");
                let found = distance(&mut kept, &mut drawn);
                assert!(found < 2.2, "{family:?} beyond {elapsed}: {found}");
                // A draw that forgets what has elapsed is seen.
                let mut forgetful: Vec<f64> = (0..20_000)
                    .map(|n| elapsed + family.sample(other, mix(n)))
                    .collect();
                let memoryless = matches!(family, Distribution::Exponential { .. });
                assert!(
                    memoryless || distance(&mut kept, &mut forgetful) > 2.2,
                    "{family:?} hides it"
                );
            }
        }
    }

    #[test]
    fn a_constant_is_exact_and_beyond_the_support_there_is_nothing() {
        let five = Distribution::Constant { value: 5.0 };
        assert_eq!(five.longer_than(4.999, 0.3), Some(5.0));
        assert_eq!(five.longer_than(5.0, 0.3), None);
        for family in families() {
            let (_, high) = family.support();
            if high.is_finite() {
                assert_eq!(family.longer_than(high, 0.5), None, "{family:?}");
            } else {
                let far = family.longer_than(1e4, 0.5);
                assert!(
                    far.is_none_or(|far| far >= 1e4 && far.is_finite()),
                    "{family:?} {far:?}"
                );
            }
        }
    }
}
