//! SMC² and IBIS against conjugate pairs and quadrature over the Kalman filter.

use lazaret_smc::exact::conjugate::NormalNormal;
use lazaret_smc::filter::{Filter, FilterSettings};
use lazaret_smc::model::{Exact, ExactLikelihood};
use lazaret_smc::prior::{Density, Independent, Marginal, Table};
use lazaret_smc::random::StreamKey;
use lazaret_smc::smc2::{Revised, Smc2, Smc2Settings};

use crate::models::{ExactWalk, Family, Measurements, Walk, log_normal_density};
use crate::support::{FALSE_ALARM, check_mean, integrate};

const UNIFORM: Density = Density::Uniform {
    low: -1.0,
    high: 1.0,
};

fn phi_prior() -> Independent {
    Independent::new().with("phi", UNIFORM)
}

/// Mean, standard deviation and log-evidence with φ unknown.
fn phi_exactly(walk: &Walk) -> (f64, f64, f64) {
    integrate(-1.0, 1.0, |phi| {
        UNIFORM.log_density(phi)
            + Walk {
                phi,
                ..walk.clone()
            }
            .exact_log_evidence()
    })
}

fn settings() -> Smc2Settings {
    Smc2Settings {
        theta_particles: 100,
        state_particles: 64,
        most_state_particles: 256,
        ..Smc2Settings::default()
    }
}

/// For each seed: the evidence over the exact one, the posterior mean and the mean square about the exact.
fn estimates(walk: &Walk, truth: &Walk, runs: u64) -> [Vec<f64>; 3] {
    let (mean, _, log_evidence) = phi_exactly(truth);
    let family = walk.with_unknown_phi();
    let mut result = [Vec::new(), Vec::new(), Vec::new()];
    for seed in 0..runs {
        let mut sampler = Smc2::start(&family, &phi_prior(), &settings(), seed).unwrap();
        sampler.run_to(&family, &phi_prior(), walk.last()).unwrap();
        result[0].push((sampler.log_evidence() - log_evidence).exp());
        result[1].push(sampler.posterior(0).mean());
        result[2].push(
            sampler
                .posterior_of(|theta| (theta[0] - mean).powi(2))
                .mean(),
        );
    }
    result
}

#[test]
fn evidence_and_posterior_of_an_unknown_coefficient() {
    let walk = Walk::example();
    let (mean, sd, _) = phi_exactly(&walk);
    let [ratios, means, squares] = estimates(&walk, &walk, 60);
    check_mean(&ratios, 1.0, FALSE_ALARM).unwrap();
    check_mean(&means, mean, FALSE_ALARM).unwrap();
    check_mean(&squares, sd * sd, FALSE_ALARM).unwrap();
}

#[test] // A tenth more noise than there was must be noticed, in the evidence and in the posterior.
fn the_checks_of_smc2_can_fail() {
    let walk = Walk::example();
    let (mean, sd, _) = phi_exactly(&walk);
    let sabotaged = walk.with_sighting_sd_scaled(1.1);
    let [ratios, means, _] = estimates(&sabotaged, &walk, 60);
    assert!(check_mean(&ratios, 1.0, FALSE_ALARM).is_err());
    assert!(check_mean(&means, mean, FALSE_ALARM).is_err());
    let [_, _, squares] = estimates(&walk, &walk, 60);
    assert!(check_mean(&squares, 1.3 * sd * sd, FALSE_ALARM).is_err());
}

#[test]
fn ibis_with_a_kalman_filter_inside_agrees_with_quadrature() {
    let walk = Walk::example();
    let (mean, _, log_evidence) = phi_exactly(&walk);
    let family = Exact(ExactWalk(walk.clone()));
    let (mut ratios, mut means) = (Vec::new(), Vec::new());
    for seed in 0..60 {
        let mut sampler = Smc2::start(&family, &phi_prior(), &Smc2Settings::exact(), seed).unwrap();
        sampler.run_to(&family, &phi_prior(), walk.last()).unwrap();
        ratios.push((sampler.log_evidence() - log_evidence).exp());
        means.push(sampler.posterior(0).mean());
    }
    check_mean(&ratios, 1.0, FALSE_ALARM).unwrap();
    check_mean(&means, mean, FALSE_ALARM).unwrap();
    assert!(check_mean(&ratios, 1.05, FALSE_ALARM).is_err());
}

#[test] // One row of a million times the precision of the prior: only a bridge gets there.
fn a_sharp_row_is_bridged_without_bias() {
    let values = vec![3.1];
    let exact = NormalNormal {
        mean: 0.0,
        prior_variance: 1.0,
        variance: 1e-6,
    };
    let family = Exact(Measurements {
        sd: 1e-3,
        values: values.clone(),
    });
    let prior = Independent::new().with("mean", Density::Normal { mean: 0.0, sd: 1.0 });
    let (mut ratios, mut means) = (Vec::new(), Vec::new());
    for seed in 0..60 {
        let mut sampler = Smc2::start(&family, &prior, &Smc2Settings::exact(), seed).unwrap();
        sampler.run_to(&family, &prior, 0).unwrap();
        assert!(
            sampler
                .rejuvenations()
                .iter()
                .any(|entry| entry.exponent < 1.0)
        );
        ratios.push((sampler.log_evidence() - exact.log_evidence(&values)).exp());
        means.push(sampler.posterior(0).mean());
    }
    check_mean(&ratios, 1.0, FALSE_ALARM).unwrap();
    check_mean(&means, exact.after(&values).mean, FALSE_ALARM).unwrap();
    assert!(check_mean(&means, exact.after(&values).mean + 1e-4, FALSE_ALARM).is_err());
}

#[test] // y = |θ| + noise: two modes of equal weight, between which a random walk hardly ever moves.
fn both_modes_of_a_posterior_are_kept() {
    struct Folded(Vec<f64>);
    impl ExactLikelihood for Folded {
        type Memory = ();
        fn start(&self, _theta: &[f64]) {}
        fn log_predictive(&self, theta: &[f64], _memory: &mut (), time: usize) -> f64 {
            log_normal_density(self.0[time], theta[0].abs(), 0.2)
        }
    }
    let values = vec![1.9, 2.2, 2.0, 1.8, 2.1];
    let (.., log_evidence) = integrate(-6.0, 6.0, |theta| {
        log_normal_density(theta, 0.0, 2.0)
            + values
                .iter()
                .map(|y| log_normal_density(*y, theta.abs(), 0.2))
                .sum::<f64>()
    });
    let last = values.len() - 1;
    let family = Exact(Folded(values));
    let prior = Independent::new().with("theta", Density::Normal { mean: 0.0, sd: 2.0 });
    let (mut ratios, mut positive) = (Vec::new(), Vec::new());
    for seed in 0..60 {
        let mut sampler = Smc2::start(&family, &prior, &Smc2Settings::exact(), seed).unwrap();
        sampler.run_to(&family, &prior, last).unwrap();
        ratios.push((sampler.log_evidence() - log_evidence).exp());
        positive.push(
            sampler
                .posterior_of(|theta| f64::from(theta[0] > 0.0))
                .mean(),
        );
    }
    check_mean(&ratios, 1.0, FALSE_ALARM).unwrap();
    check_mean(&positive, 0.5, FALSE_ALARM).unwrap();
    assert!(check_mean(&positive, 0.55, FALSE_ALARM).is_err());
    assert!(
        positive.iter().all(|share| (0.2..0.8).contains(share)),
        "{positive:?}"
    );
}

#[test]
fn an_unknown_of_certain_values_agrees_with_enumeration() {
    struct Crews {
        table: Table,
        seen: Vec<f64>,
    }
    impl ExactLikelihood for Crews {
        type Memory = ();
        fn start(&self, _theta: &[f64]) {}
        fn log_predictive(&self, theta: &[f64], _memory: &mut (), time: usize) -> f64 {
            log_normal_density(self.seen[time], self.table.value(theta[0]), 1.0)
        }
    }
    let weights = [(2.0, 0.5), (3.0, 0.3), (4.0, 0.2)];
    let seen = vec![3.3, 2.4, 3.9, 3.1];
    let joint: Vec<f64> = weights
        .iter()
        .map(|(value, weight)| {
            let log: f64 = seen
                .iter()
                .map(|y| log_normal_density(*y, *value, 1.0))
                .sum();
            weight * log.exp()
        })
        .collect();
    let total: f64 = joint.iter().sum();
    let last = seen.len() - 1;
    let table = Table::new(&weights).unwrap();
    let family = Exact(Crews {
        table: table.clone(),
        seen,
    });
    let prior = Independent::new().with(
        "crews",
        Density::Uniform {
            low: 0.0,
            high: 1.0,
        },
    );
    let (mut ratios, mut threes) = (Vec::new(), Vec::new());
    for seed in 0..60 {
        let mut sampler = Smc2::start(&family, &prior, &Smc2Settings::exact(), seed).unwrap();
        sampler.run_to(&family, &prior, last).unwrap();
        ratios.push(sampler.log_evidence().exp() / total);
        threes.push(
            sampler
                .posterior_of(|theta| f64::from(table.value(theta[0]) == 3.0))
                .mean(),
        );
    }
    check_mean(&ratios, 1.0, FALSE_ALARM).unwrap();
    check_mean(&threes, joint[1] / total, FALSE_ALARM).unwrap();
    assert!(check_mean(&threes, joint[1] / total + 0.03, FALSE_ALARM).is_err());
}

#[test]
fn the_particles_move_and_noisy_filters_grow() {
    let walk = Walk::example();
    let family = walk.with_unknown_phi();
    let poor = Smc2Settings {
        state_particles: 4,
        ..settings()
    };
    let mut sampler = Smc2::start(&family, &phi_prior(), &poor, 1).unwrap();
    sampler.run_to(&family, &phi_prior(), walk.last()).unwrap();
    assert!(
        sampler.state_particles() > 4,
        "{:?}",
        sampler.rejuvenations()
    );
    for entry in sampler.rejuvenations() {
        assert!(entry.moved_share >= 0.9, "{entry:?}");
        assert!(entry.rounds >= 4 && entry.acceptance > 0.1, "{entry:?}");
    }
    let stuck = Smc2Settings {
        most_state_particles: 4,
        least_rounds: 3,
        most_rounds: 3,
        ..poor
    };
    let mut sampler = Smc2::start(&family, &phi_prior(), &stuck, 1).unwrap();
    sampler.run_to(&family, &phi_prior(), walk.last()).unwrap();
    assert_eq!(sampler.state_particles(), 4);
    assert!(
        sampler
            .rejuvenations()
            .iter()
            .all(|entry| entry.rounds == 3)
    );
}

#[test]
fn nothing_unknown_is_a_plain_filter() {
    let walk = Walk::example();
    let known = walk.clone();
    let family: Family<Walk> = Box::new(move |_| known.clone());
    let nothing = Independent::new();
    let mut sampler = Smc2::start(&family, &nothing, &settings(), 9).unwrap();
    sampler.run_to(&family, &nothing, walk.last()).unwrap();
    assert_eq!(sampler.thetas().count(), 1);
    assert!(sampler.rejuvenations().is_empty());
    let key = StreamKey::new(9).child(2).child(0);
    let filter_settings = FilterSettings {
        particles: 64,
        ..FilterSettings::default()
    };
    let filter = Filter::run(&walk, walk.last(), &filter_settings, key).unwrap();
    assert!((sampler.log_evidence() - filter.log_evidence()).abs() < 1e-10);
    assert!((sampler.present(&family, |x| *x).mean() - filter.mean(|x| *x)).abs() < 1e-10);
}

#[test]
fn a_late_row_is_taken_in_without_bias() {
    let late = Walk::example();
    let early = Walk {
        sightings: late
            .sightings
            .iter()
            .enumerate()
            .map(|(time, y)| if [5, 6, 20].contains(&time) { None } else { *y })
            .collect(),
        ..late.clone()
    };
    let (mean, _, log_evidence) = phi_exactly(&late);
    let (before, after) = (early.with_unknown_phi(), late.with_unknown_phi());
    let (mut ratios, mut means) = (Vec::new(), Vec::new());
    for seed in 0..60 {
        let mut sampler = Smc2::start(&before, &phi_prior(), &settings(), seed).unwrap();
        sampler.run_to(&before, &phi_prior(), late.last()).unwrap();
        let revised = sampler.revise(&after, &phi_prior()).unwrap();
        assert_eq!(revised, Revised::Reweighted);
        ratios.push((sampler.log_evidence() - log_evidence).exp());
        means.push(sampler.posterior(0).mean());
    }
    check_mean(&ratios, 1.0, FALSE_ALARM).unwrap();
    check_mean(&means, mean, FALSE_ALARM).unwrap();
    let (unrevised, ..) = phi_exactly(&early);
    assert!(
        check_mean(&means, unrevised, FALSE_ALARM).is_err(),
        "the rows must matter"
    );
}

#[test]
fn leaving_rows_out_gives_the_posterior_and_evidence_of_the_others() {
    let walk = Walk::example();
    let left_out = [5, 6, 20];
    let mut without = walk.clone();
    for time in left_out {
        without.sightings[time] = None;
    }
    let (mean, _, log_evidence) = phi_exactly(&without);
    let family = walk.with_unknown_phi();
    let (mut ratios, mut means) = (Vec::new(), Vec::new());
    for seed in 0..60 {
        let mut sampler = Smc2::start(&family, &phi_prior(), &settings(), seed).unwrap();
        sampler.run_to(&family, &phi_prior(), walk.last()).unwrap();
        let rest = sampler.leave_out(&family, &left_out).unwrap();
        assert!(rest.share > 0.1 && rest.share <= 1.0);
        assert!(
            (rest.log_evidence + rest.log_evidence_of_rows - sampler.log_evidence()).abs() < 1e-9
        );
        ratios.push((rest.log_evidence - log_evidence).exp());
        means.push(
            sampler
                .thetas()
                .zip(&rest.weights)
                .map(|(theta, w)| w * theta[0])
                .sum(),
        );
        let nothing = sampler.leave_out(&family, &[]).unwrap();
        assert!((nothing.log_evidence - sampler.log_evidence()).abs() < 1e-9);
    }
    check_mean(&ratios, 1.0, FALSE_ALARM).unwrap();
    // Ratios of weighted sums have a bias of order 1/N; with 100 parameter particles it must hide below
    // the error of 60 runs.
    check_mean(&means, mean, FALSE_ALARM).unwrap();
    let (with, ..) = phi_exactly(&walk);
    assert!(
        check_mean(&means, with, FALSE_ALARM).is_err(),
        "the rows must matter"
    );
}

#[test]
fn paths_run_through_the_data_and_beyond() {
    let walk = Walk::example();
    let known = walk.clone();
    let family: Family<Walk> = Box::new(move |_| known.clone());
    // A prior that changes nothing, so that the Kalman smoother is still exact.
    let idle = Independent::new().with("idle", Density::Normal { mean: 0.0, sd: 1.0 });
    let last = walk.last();
    let mut with_future = walk.sightings.clone();
    with_future.extend([None; 4]);
    let exact = walk.kalman().smooth(&with_future);
    let mut values = vec![Vec::new(); last + 5];
    let mut ahead = Vec::new();
    for seed in 0..8 {
        let mut sampler = Smc2::start(&family, &idle, &settings(), seed).unwrap();
        sampler.run_to(&family, &idle, last).unwrap();
        let key = StreamKey::new(100 + seed);
        // One path a filter, and filters of one sampler are independent as long as none was resampled;
        // the idle parameter only picks up noise, so a few may be copies.
        for path in sampler
            .paths(&family, 50, last + 4, key, |x, _| *x)
            .unwrap()
        {
            assert_eq!(path.values.len(), last + 5);
            for (time, x) in path.values.into_iter().enumerate() {
                values[time].push(x);
            }
        }
        for path in sampler.forecast(&family, 50, last + 4, key.child(1), |x, _| *x) {
            assert_eq!(path.values.len(), 4);
            ahead.push(path.values[3]);
        }
    }
    check_mean(&ahead, exact[last + 4].mean[0], FALSE_ALARM).unwrap();
    for time in [0, 10, last, last + 1, last + 4] {
        let (mean, variance) = (exact[time].mean[0], exact[time].covariance[0][0]);
        check_mean(&values[time], mean, FALSE_ALARM).unwrap_or_else(|e| panic!("{time}: {e}"));
        let squares: Vec<f64> = values[time].iter().map(|x| (x - mean).powi(2)).collect();
        check_mean(&squares, variance, FALSE_ALARM).unwrap_or_else(|e| panic!("{time}: {e}"));
        assert!(check_mean(&squares, 1.5 * variance, FALSE_ALARM).is_err());
    }
}
