//! How likely a report is, given the truth: densities over what may be reported.
//!
//! **The error belongs to the truth.** A source that sees x errs by sd(x) = √(least² + (relative · x)²), whatever it then says. Reports
//! far above x and far below it are measured on the scale on which that error is the same everywhere, g(r) = asinh(relative · r /
//! least) / relative: a logarithm where the relative error decides, a ruler where the least does. The density over reports is
//!
//! f(r | x) = exp(−½ (g(r) − g(x))²) / (√2π · sd(x) · e^(relative² / 2)),
//!
//! whose most likely report is the truth, and for which a report of five times too much is exactly as likely as one of five times
//! too little. It integrates to 1 over reports for every x. Reports below 0 do not happen: what falls there is said as 0.
//!
//! **What is not seen but ruled, planned or guessed** differs from the truth by more than an instrument's error: by a factor whose
//! logarithm has a Student t distribution with four degrees of freedom, so that a guess of a fortnight makes three months
//! unlikely but not absurd. A source that gives bounds of its own beside its figure says itself how far off it may be on
//! either side; the bounds are read as its 90 % interval.

use lazaret_gateway::distribution::{normal_cdf, normal_quantile};
use lazaret_smc::random::Stream;

/// Standard errors from the middle of a normal distribution to the end of its 90 % interval.
const TO_THE_BOUND: f64 = 1.645;

/// How a source errs about one truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Error {
    /// Relative standard error, above 0.
    pub(crate) relative: f64,
    /// Least standard error, above 0.
    pub(crate) least: f64,
    /// Standard deviation of the logarithm of what the report differs by for reasons other than the instrument; 0 for
    /// what was seen.
    pub(crate) apart: f64,
    /// The source's own figure with its own bounds, where it gives both.
    pub(crate) own: Own,
}

/// A figure, and the bounds that its source gives with it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Own {
    /// The figure.
    pub best: f64,
    /// At least.
    pub low: Option<f64>,
    /// At most.
    pub high: Option<f64>,
}

impl Error {
    /// Probability that what is reported lies from `low` to `high`, if the truth is `truth`.
    pub(crate) fn between(&self, low: f64, high: f64, truth: f64) -> f64 {
        let truth = truth.max(0.0);
        let low = if low <= 0.0 { f64::NEG_INFINITY } else { low };
        if high <= low {
            return 0.0;
        }
        let p = if self.is_plain() {
            self.seen(low, high, truth)
        } else {
            self.apart(low, high, truth)
        };
        p.clamp(0.0, 1.0)
    }

    /// What is reported if the truth is `truth`: 0 or more.
    pub(crate) fn draw(&self, truth: f64, rng: &mut Stream) -> f64 {
        let truth = truth.max(0.0);
        if self.is_plain() {
            let slope = self.relative * truth / self.least;
            let shift = if rng.uniform() < upper(slope) {
                self.relative
            } else {
                -self.relative
            };
            let at = slope.asinh() / self.relative + shift + normal(rng);
            return (self.least * (self.relative * at).sinh() / self.relative).max(0.0);
        }
        let (below, above) = self.widths(truth);
        let wide = if self.apart > 0.0 {
            // A Student t with four degrees of freedom: chi-square with four is twice a sum of two exponentials.
            let product = rng.uniform().max(1e-300) * rng.uniform().max(1e-300);
            normal(rng) / (-0.5 * product.ln()).sqrt()
        } else {
            normal(rng)
        };
        let up = rng.uniform() * (below + above) < below;
        let step = if up {
            wide.abs() * below
        } else {
            -wide.abs() * above
        };
        (self.least * ((truth / self.least).asinh() + step).sinh()).max(0.0)
    }

    fn is_plain(&self) -> bool {
        self.apart == 0.0 && self.own.low.is_none() && self.own.high.is_none()
    }

    fn seen(&self, low: f64, high: f64, truth: f64) -> f64 {
        let rel = self.relative;
        let scale = |r: f64| (rel * r / self.least).asinh() / rel;
        let slope = rel * truth / self.least;
        let at = slope.asinh() / rel;
        let (a, b) = (scale(low) - at, scale(high) - at);
        let up = upper(slope);
        // With the scale as variable the density is that of two normals, a relative error up and down, for
        // exp(−½ u²) · cosh(relative · u + …) is their sum.
        up * normal_between(a - rel, b - rel) + (1.0 - up) * normal_between(a + rel, b + rel)
    }

    /// Widths of the error on the scale of logarithms: where the report is above the truth, and where it is below.
    fn widths(&self, truth: f64) -> (f64, f64) {
        let square = |x: f64| x * x;
        let least = square(self.least);
        let seen = (least + square(self.relative * truth)) / (least + square(truth));
        let width = (square(self.apart) + seen).sqrt();
        let scale = |r: f64| (r / self.least).asinh();
        let own = |bound: Option<f64>| {
            let away = bound.map(|bound| (scale(bound) - scale(self.own.best)).abs());
            away.map_or(width, |away| width.max(away / TO_THE_BOUND))
        };
        // A report above the truth is one whose low bound may be right.
        (own(self.own.low), own(self.own.high))
    }

    fn apart(&self, low: f64, high: f64, truth: f64) -> f64 {
        let scale = |r: f64| (r / self.least).asinh();
        let at = scale(truth);
        let (below, above) = self.widths(truth);
        let share = below / (below + above);
        let cumulative = |z: f64| {
            if self.apart > 0.0 {
                student(z)
            } else {
                normal_cdf(z)
            }
        };
        let up_to = |r: f64| {
            let step = scale(r) - at;
            if step == f64::NEG_INFINITY {
                0.0
            } else if step == f64::INFINITY {
                1.0
            } else if step < 0.0 {
                2.0 * (1.0 - share) * cumulative(step / above)
            } else {
                (1.0 - share) + share * (2.0 * cumulative(step / below) - 1.0)
            }
        };
        up_to(high) - up_to(low)
    }
}

/// The share of the upper of the two normals, e^a / (e^a + e^−a) with sinh a = `slope`.
fn upper(slope: f64) -> f64 {
    0.5 * (1.0 + slope / slope.hypot(1.0))
}

fn normal(rng: &mut Stream) -> f64 {
    normal_quantile(rng.uniform().clamp(1e-12, 1.0 - 1e-12))
}

/// Probability of a standard normal between two values, worked in the tail that keeps the digits.
fn normal_between(a: f64, b: f64) -> f64 {
    if a > 0.0 {
        normal_cdf(-a) - normal_cdf(-b)
    } else {
        normal_cdf(b) - normal_cdf(a)
    }
}

/// Distribution of Student's t with four degrees of freedom.
fn student(t: f64) -> f64 {
    let square = 1.0 + 0.25 * t * t;
    0.5 + 0.375 * (t / square.sqrt()) * (1.0 - t * t / (12.0 * square))
}

#[cfg(test)]
mod tests {
    use lazaret_smc::random::StreamKey;

    use super::*;

    const NO_BOUNDS: Own = Own {
        best: 0.0,
        low: None,
        high: None,
    };

    fn plain(relative: f64, least: f64) -> Error {
        Error {
            relative,
            least,
            apart: 0.0,
            own: NO_BOUNDS,
        }
    }

    fn all() -> Vec<Error> {
        let own = Own {
            best: 90.0,
            low: Some(10.0),
            high: Some(100.0),
        };
        vec![
            plain(0.1, 2.0),
            plain(0.6, 2.0),
            plain(0.05, 0.5),
            Error {
                apart: 0.7,
                ..plain(0.2, 2.0)
            },
            Error {
                own,
                ..plain(0.1, 2.0)
            },
            Error {
                own: Own { high: None, ..own },
                apart: 0.5,
                ..plain(0.1, 2.0)
            },
        ]
    }

    #[test]
    fn it_is_a_density_over_reports_for_every_truth() {
        for error in all() {
            for truth in [0.0, 0.7, 5.0, 20.0, 300.0] {
                let cells = (0..20_000).map(|i| (f64::from(i), f64::from(i) + 1.0));
                let inside: f64 = cells
                    .map(|(low, high)| error.between(low, high, truth))
                    .sum();
                let rest = error.between(20_000.0, f64::INFINITY, truth);
                assert!(
                    (inside + rest - 1.0).abs() < 1e-9,
                    "{error:?} {truth}: {inside}"
                );
            }
        }
    }

    #[test]
    fn five_times_too_much_and_five_times_too_little_are_equally_odd() {
        let wide = plain(0.6, 0.01);
        let at = |r: f64| wide.between(r - 0.05, r + 0.05, 20.0);
        assert!(
            (at(100.0) / at(4.0) - 1.0).abs() < 0.02,
            "{} {}",
            at(100.0),
            at(4.0)
        );
        // Nothing is as likely as the truth.
        assert!(at(20.0) > at(19.0) && at(20.0) > at(21.0));
        // With a least error the two come apart a little, and no more.
        let least = plain(0.6, 2.0);
        let at = |r: f64| least.between(r - 0.5, r + 0.5, 20.0);
        let ratio = at(100.0) / at(4.0);
        assert!((0.4..2.5).contains(&ratio), "{ratio}");
    }

    #[test]
    fn draws_have_the_probabilities_that_they_are_weighed_by() {
        let n = 20_000;
        for (number, error) in all().into_iter().enumerate() {
            for truth in [0.0, 20.0] {
                let mut rng = StreamKey::new(7).child(number as u64).stream();
                let drawn: Vec<f64> = (0..n).map(|_| error.draw(truth, &mut rng)).collect();
                for bound in [1.0, 15.0, 20.0, 30.0, 90.0] {
                    let share = drawn.iter().filter(|r| **r < bound).count() as f64 / f64::from(n);
                    let exact = error.between(0.0, bound, truth);
                    let sd = (exact * (1.0 - exact) / f64::from(n)).sqrt();
                    // Sixty tests at 4.5 standard errors: a false alarm in 2500 runs on fresh seeds.
                    assert!(
                        (share - exact).abs() <= 4.5 * sd + 1e-4,
                        "{error:?} {truth} {bound}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_figure_with_bounds_of_its_own_says_more_than_its_bounds() {
        let own = |low, high| Error {
            own: Own {
                best: 90.0,
                low,
                high,
            },
            ..plain(0.05, 2.0)
        };
        let likely = |error: Error, truth: f64| error.between(89.5, 90.5, truth);
        // "90 (10 to 100)" is best explained by 90, and not excluded by 30.
        let wide = own(Some(10.0), Some(100.0));
        assert!(
            likely(wide, 90.0) > likely(wide, 30.0) && likely(wide, 90.0) > likely(wide, 105.0)
        );
        assert!(likely(wide, 30.0) > 0.3 * likely(wide, 90.0));
        // "About 90, at least 15" speaks for 90 against 200, which "at least 15" does not.
        let bounded = own(Some(15.0), None);
        assert!(likely(bounded, 90.0) > 100.0 * likely(bounded, 200.0));
        let least = plain(0.05, 2.0);
        let at_least = |truth| least.between(14.5, f64::INFINITY, truth);
        assert!((at_least(200.0) / at_least(90.0) - 1.0).abs() < 1e-9);
        // A plain count fills all three columns and is as sharp as its digit says.
        let count = own(Some(90.0), Some(90.0));
        let plain = plain(0.05, 2.0);
        assert!((likely(count, 90.0) / likely(plain, 90.0) - 1.0).abs() < 0.1);
    }
}
