//! The bootstrap filter against the Kalman filter, the forward algorithm and the M/G/∞ queue.

use lazaret_smc::exact::infinite_server::{Stay, log_poisson, transient_mean};
use lazaret_smc::filter::{Filter, FilterSettings};
use lazaret_smc::model::{StateSpaceModel, simulate};
use lazaret_smc::random::{Stream, StreamKey};
use lazaret_smc::resampling::Scheme;
use lazaret_smc::weights::log_sum_exp;
use rand_distr::{Distribution, Poisson};

use crate::models::{Chain, Walk};
use crate::support::{FALSE_ALARM, check_mean};

fn settings(particles: usize) -> FilterSettings {
    FilterSettings {
        particles,
        ..FilterSettings::default()
    }
}

/// Evidence estimates of `model` over the exact evidence of `truth`, natural scale.
fn evidence_ratios(model: &Walk, truth: &Walk, scheme: Scheme, runs: u64) -> Vec<f64> {
    let exact = truth.exact_log_evidence();
    let settings = FilterSettings {
        scheme,
        ..settings(500)
    };
    (0..runs)
        .map(|seed| {
            let filter = Filter::run(model, model.last(), &settings, StreamKey::new(seed)).unwrap();
            (filter.log_evidence() - exact).exp()
        })
        .collect()
}

#[test] // Evidence estimates are unbiased on the natural scale (DelMoral2004); Kalman is exact.
fn bootstrap_evidence_is_unbiased_for_every_scheme() {
    let walk = Walk::example();
    for scheme in [Scheme::Systematic, Scheme::Stratified, Scheme::Multinomial] {
        let ratios = evidence_ratios(&walk, &walk, scheme, 400);
        check_mean(&ratios, 1.0, FALSE_ALARM).unwrap_or_else(|e| panic!("{scheme:?}: {e}"));
    }
}

#[test] // The check above earns its place only if a 5 % error trips it.
fn the_check_of_evidence_can_fail() {
    let walk = Walk::example();
    let sabotaged = walk.with_sighting_sd_scaled(1.05);
    let ratios = evidence_ratios(&sabotaged, &walk, Scheme::Systematic, 400);
    assert!(check_mean(&ratios, 1.0, FALSE_ALARM).is_err());
}

/// Estimates of E\[x at the end | data\] by independent filters.
fn filtered_means(model: &Walk, particles: usize) -> Vec<f64> {
    (0..200)
        .map(|seed| {
            let key = StreamKey::new(1000 + seed);
            Filter::run(model, model.last(), &settings(particles), key)
                .unwrap()
                .mean(|x| *x)
        })
        .collect()
}

#[test]
fn filtered_mean_is_that_of_the_kalman_filter() {
    let walk = Walk::example();
    let exact = walk.kalman().filter(&walk.sightings).filtered[walk.last()].mean[0];
    check_mean(&filtered_means(&walk, 2000), exact, FALSE_ALARM).unwrap();
    let sabotaged = Walk { phi: 0.85, ..walk };
    assert!(check_mean(&filtered_means(&sabotaged, 2000), exact, FALSE_ALARM).is_err());
}

/// Draws of the state at `time` from the smoothing distribution, one from each independent filter.
fn smoothed(model: &Walk, time: usize) -> Vec<f64> {
    (0..400)
        .map(|seed| {
            let key = StreamKey::new(2000 + seed);
            let (_, history) =
                Filter::run_recorded(model, model.last(), &settings(300), key).unwrap();
            history.path(model, &mut key.child(1).stream())[time]
        })
        .collect()
}

#[test]
fn paths_follow_the_kalman_smoother() {
    let walk = Walk::example();
    let exact = walk.kalman().smooth(&walk.sightings);
    for time in [0, 3, 15, walk.last()] {
        let draws = smoothed(&walk, time);
        let (mean, variance) = (exact[time].mean[0], exact[time].covariance[0][0]);
        check_mean(&draws, mean, FALSE_ALARM).unwrap_or_else(|e| panic!("time {time}: {e}"));
        let squares: Vec<f64> = draws.iter().map(|x| (x - mean).powi(2)).collect();
        check_mean(&squares, variance, FALSE_ALARM).unwrap_or_else(|e| panic!("time {time}: {e}"));
    }
}

#[test] // Filtering is not smoothing: paths that forgot their future would trip the check.
fn the_check_of_paths_can_fail() {
    let walk = Walk::example();
    let filtered = &walk.kalman().filter(&walk.sightings).filtered;
    for time in [3, 10] {
        // Nothing was seen on these days, so the future matters most there.
        let draws = smoothed(&walk, time);
        let (mean, variance) = (filtered[time].mean[0], filtered[time].covariance[0][0]);
        let squares: Vec<f64> = draws.iter().map(|x| (x - mean).powi(2)).collect();
        let passes = check_mean(&draws, mean, FALSE_ALARM).is_ok()
            && check_mean(&squares, variance, FALSE_ALARM).is_ok();
        assert!(!passes, "time {time}");
    }
}

#[test]
fn forecasts_are_those_of_the_kalman_filter() {
    let walk = Walk::example();
    let last = walk.last();
    let with_future: Vec<Option<f64>> = walk.sightings.iter().copied().chain([None; 7]).collect();
    let predicted = &walk.kalman().filter(&with_future).predicted;
    // One path from each filter, so that the draws are independent.
    let ahead: Vec<Vec<Vec<f64>>> = (0..500)
        .map(|seed| {
            let key = StreamKey::new(3000 + seed);
            let filter = Filter::run(&walk, last, &settings(300), key).unwrap();
            filter.forecast(&walk, last + 7, 1, key.child(2), |x, _| *x)
        })
        .collect();
    for days in [1, 7] {
        let exact = &predicted[last + days];
        let draws: Vec<f64> = ahead.iter().map(|steps| steps[days - 1][0]).collect();
        check_mean(&draws, exact.mean[0], FALSE_ALARM).unwrap();
        let squares: Vec<f64> = draws.iter().map(|x| (x - exact.mean[0]).powi(2)).collect();
        check_mean(&squares, exact.covariance[0][0], FALSE_ALARM).unwrap();
        assert!(check_mean(&squares, 1.5 * exact.covariance[0][0], FALSE_ALARM).is_err());
    }
}

#[test]
fn a_finite_chain_agrees_with_the_forward_algorithm() {
    let chain = Chain::example();
    let last = chain.log_likelihood.len() - 1;
    let exact = chain.hmm.log_evidence(&chain.log_likelihood);
    let forward = chain.hmm.forward(&chain.log_likelihood);
    let probability = (forward[last][1] - log_sum_exp(&forward[last])).exp();
    let past = chain.hmm.smooth(&chain.log_likelihood)[5][2];
    let (mut ratios, mut states, mut pasts) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 0..400 {
        let key = StreamKey::new(seed);
        let (filter, history) = Filter::run_recorded(&chain, last, &settings(400), key).unwrap();
        ratios.push((filter.log_evidence() - exact).exp());
        states.push(filter.mean(|state| f64::from(*state == 1)));
        let path = history.path(&chain, &mut key.child(9).stream());
        pasts.push(f64::from(path[5] == 2));
    }
    check_mean(&ratios, 1.0, FALSE_ALARM).unwrap();
    check_mean(&states, probability, FALSE_ALARM).unwrap();
    check_mean(&pasts, past, FALSE_ALARM).unwrap();
    // A twin that believes in a slightly different table.
    let mut wrong = Chain::example();
    wrong.log_likelihood[2][0] += 0.05;
    let wrong_exact = wrong.hmm.log_evidence(&wrong.log_likelihood);
    let scaled: Vec<f64> = ratios
        .iter()
        .map(|r| r * (exact - wrong_exact).exp())
        .collect();
    assert!(check_mean(&scaled, 1.0, FALSE_ALARM).is_err());
}

/// A yard that never fills: Poisson arrivals each day, each of which stays a fixed number of days.
struct Yard {
    a_day: f64,
    days: usize,
    /// The day and the number counted there.
    count: Option<(usize, u64)>,
}

impl StateSpaceModel for Yard {
    /// Arrivals of the last days, today first.
    type State = Vec<u64>;

    fn initialise(&self, _rng: &mut Stream) -> Vec<u64> {
        vec![0; self.days]
    }

    fn step(&self, state: &mut Vec<u64>, _time: usize, rng: &mut Stream) {
        state.rotate_right(1);
        state[0] = Poisson::new(self.a_day).unwrap().sample(rng) as u64;
    }

    fn rows(&self, time: usize) -> impl Iterator<Item = usize> + '_ {
        self.count
            .filter(|(day, _)| *day == time)
            .map(|_| 0)
            .into_iter()
    }

    fn log_likelihood(&self, state: &Vec<u64>, _time: usize, _row: usize) -> f64 {
        let (_, count) = self.count.unwrap();
        if state.iter().sum::<u64>() == count {
            0.0
        } else {
            f64::NEG_INFINITY
        }
    }
}

#[test]
fn occupancy_is_that_of_the_infinite_server_queue() {
    let stay = Stay::Fixed { length: 6.0 };
    for (day, count) in [(2usize, 5u64), (4, 6), (20, 9)] {
        // Arrivals once a day that stay six days are what the queue holds at the end of a day.
        let mean = transient_mean(2.0, stay, day as f64);
        let exact = log_poisson(mean, count).exp();
        let estimates = |a_day: f64| -> Vec<f64> {
            let yard = Yard {
                a_day,
                days: 6,
                count: Some((day, count)),
            };
            (0..300)
                .map(|seed| {
                    let run = Filter::run(&yard, day, &settings(100), StreamKey::new(seed));
                    // A conflict is an estimate of zero; leaving it out would be a bias.
                    run.map_or(0.0, |filter| filter.log_evidence().exp())
                })
                .collect()
        };
        check_mean(&estimates(2.0), exact, FALSE_ALARM).unwrap();
        assert!(
            check_mean(&estimates(2.4), exact, FALSE_ALARM).is_err(),
            "day {day}"
        );
    }
    let yard = Yard {
        a_day: 2.0,
        days: 6,
        count: None,
    };
    let occupancy: Vec<f64> = (0..3000)
        .map(|seed| {
            simulate(&yard, 30, StreamKey::new(seed))[30]
                .iter()
                .sum::<u64>() as f64
        })
        .collect();
    check_mean(&occupancy, 12.0, FALSE_ALARM).unwrap();
    let squares: Vec<f64> = occupancy.iter().map(|n| (n - 12.0).powi(2)).collect();
    check_mean(&squares, 12.0, FALSE_ALARM).unwrap();
}
