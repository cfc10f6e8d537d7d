//! Quantiles and distribution functions that the intervals are built from, in one place.

use statrs::distribution::{Beta, Binomial, ContinuousCDF, DiscreteCDF, Normal, StudentsT};

/// Quantile of the standard normal distribution.
pub(crate) fn normal(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// Distribution function of the standard normal distribution.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    Normal::standard().cdf(x)
}

/// Quantile of Student's t with `freedom` > 0 degrees of freedom.
pub(crate) fn student(p: f64, freedom: f64) -> f64 {
    // Beyond 10,000 degrees of freedom the two agree to five digits and the normal is a hundred times quicker.
    if freedom > 1e4 {
        return normal(p);
    }
    StudentsT::new(0.0, 1.0, freedom)
        .expect("degrees of freedom are positive wherever an interval is asked for")
        .inverse_cdf(p)
}

/// Probability that a binomial of `n` trials with success probability `p` is at most `k`.
pub(crate) fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    Binomial::new(p, n).expect("p is a probability").cdf(k)
}

/// Quantile of a beta distribution with positive shapes.
pub(crate) fn beta(p: f64, a: f64, b: f64) -> f64 {
    Beta::new(a, b).expect("shapes are positive").inverse_cdf(p)
}
