//! Numbers of events, ensembles of few draws, and what a filter says of a figure.

use lazaret_smc::exact::kalman::LinearGaussian;
use lazaret_smc::filter::{Filter, FilterSettings};
use lazaret_smc::model::StateSpaceModel;
use lazaret_smc::random::{Stream, StreamKey};
use lazaret_smc::scores::{crps, crps_fair, crps_normal};
use lazaret_smc::summary::Weighted;
use statrs::distribution::{Binomial, ChiSquared, ContinuousCDF, Discrete, Poisson};

use crate::models::normal;
use crate::support::{FALSE_ALARM, check_mean};

/// Whether draws have the probabilities `exact`, by a chi-square over the numbers of which ten or more are expected.
fn fits(draws: &[u64], exact: impl Fn(u64) -> f64) -> bool {
    let n = draws.len() as f64;
    let most = draws.iter().max().copied().unwrap_or(0);
    let mut counts = vec![0.0; most as usize + 1];
    for draw in draws {
        counts[*draw as usize] += 1.0;
    }
    let (mut square, mut freedom, mut rest) = (0.0, -1.0, (n, n));
    for (number, count) in counts.iter().enumerate() {
        let expected = n * exact(number as u64);
        if expected >= 10.0 {
            square += (count - expected).powi(2) / expected;
            freedom += 1.0;
            rest = (rest.0 - count, rest.1 - expected);
        }
    }
    if rest.1 >= 10.0 {
        square += (rest.0 - rest.1).powi(2) / rest.1;
        freedom += 1.0;
    }
    square
        < ChiSquared::new(freedom)
            .unwrap()
            .inverse_cdf(1.0 - FALSE_ALARM)
}

// Eleven tests at a false-alarm rate of 1e-4 each.
#[test]
fn numbers_of_events_have_their_probabilities() {
    for mean in [0.05, 1.3, 11.9, 12.1, 40.0, 700.0] {
        let mut rng = StreamKey::new(4).stream();
        let draws: Vec<u64> = (0..30_000).map(|_| rng.poisson(mean)).collect();
        let of = |mean: f64| fits(&draws, |k| Poisson::new(mean).unwrap().pmf(k));
        assert!(of(mean), "{mean}");
        assert!(
            mean < 1.0 || !of(1.05 * mean),
            "{mean} passes for a twentieth more"
        );
    }
    for (trials, chance) in [
        (10, 0.3),
        (25, 0.5),
        (200, 0.02),
        (3000, 0.6),
        (1_000, 0.999),
    ] {
        let mut rng = StreamKey::new(5).stream();
        let draws: Vec<u64> = (0..30_000).map(|_| rng.binomial(trials, chance)).collect();
        let of = |chance: f64| fits(&draws, |k| Binomial::new(chance, trials).unwrap().pmf(k));
        assert!(of(chance), "{trials} {chance}");
        assert!(
            !of(0.95 * chance),
            "{trials} {chance} passes for a twentieth less"
        );
    }
    let mut rng = StreamKey::new(6).stream();
    assert_eq!(
        (
            rng.poisson(f64::NAN),
            rng.poisson(-1.0),
            rng.binomial(7, 1.0),
            rng.binomial(70, -0.1)
        ),
        (0, 0, 7, 0)
    );
}

#[test]
fn the_fair_score_of_three_draws_is_that_of_their_distribution() {
    let mut rng = StreamKey::new(8).stream();
    let (mut fair, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..20_000 {
        let draws: Vec<f64> = (0..3).map(|_| normal(&mut rng)).collect();
        fair.push(crps_fair(&draws, 0.7));
        plain.push(crps(&Weighted::equal(draws), 0.7));
    }
    let exact = crps_normal(0.0, 1.0, 0.7);
    check_mean(&fair, exact, FALSE_ALARM).unwrap();
    // The twin: the score of the draws as they are calls few draws a bad forecast.
    check_mean(&plain, exact, FALSE_ALARM).unwrap_err();
    assert!(crps_fair(&[1.0], 0.0).is_nan());
}

struct Drift;

impl StateSpaceModel for Drift {
    type State = f64;
    fn initialise(&self, rng: &mut Stream) -> f64 {
        5.0 + normal(rng)
    }
    fn step(&self, state: &mut f64, _time: usize, rng: &mut Stream) {
        *state += 0.5 * normal(rng);
    }
    fn log_likelihood(&self, state: &f64, _time: usize, _row: usize) -> f64 {
        -0.5 * (4.0 - state).powi(2) - 0.5 * std::f64::consts::TAU.ln()
    }
}

#[test]
fn a_filter_tells_means_and_quantiles_beside_the_exact_ones() {
    let settings = FilterSettings {
        particles: 20_000,
        ..FilterSettings::default()
    };
    let mut filter = Filter::start(&Drift, &settings, StreamKey::new(1));
    filter.assimilate(&Drift).unwrap();
    let exact = LinearGaussian::scalar(1.0, 1.0, 0.25, 1.0).starting_at(&[5.0]);
    let exact = exact.filter(&[Some(4.0)]);
    let (mean, sd) = (
        exact.filtered[0].mean[0],
        exact.filtered[0].covariance[0][0].sqrt(),
    );
    assert!((mean - 4.5).abs() < 1e-12);
    let said = filter.summary(|population, index| population[index]);
    // Standard errors of some 0.006 and 0.012: five of them.
    assert!((said.mean() - mean).abs() < 0.03);
    assert!((said.quantile(0.95) - (mean + 1.645 * sd)).abs() < 0.06);
    assert!((filter.log_evidence() - exact.log_evidence).abs() < 0.05);
}
