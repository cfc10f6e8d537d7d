//! PMMH against quadrature over the Kalman filter.

use lazaret_smc::pmmh::{PmmhSettings, run};
use lazaret_smc::prior::{Density, Independent, Marginal};

use crate::models::Walk;
use crate::support::{FALSE_ALARM, check_mean, integrate};

#[test]
fn posterior_of_an_unknown_coefficient() {
    let walk = Walk::example();
    let density = Density::Uniform {
        low: -1.0,
        high: 1.0,
    };
    let prior = Independent::new().with("phi", density.clone());
    let (mean, sd, _) = integrate(-1.0, 1.0, |phi| {
        density.log_density(phi)
            + Walk {
                phi,
                ..walk.clone()
            }
            .exact_log_evidence()
    });
    let family = walk.with_unknown_phi();
    let settings = PmmhSettings {
        chains: 12,
        burn_in: 300,
        keep: 500,
        state_particles: 100,
        tries: 50,
    };
    let chains = run(&family, &prior, walk.last(), &settings, 1).unwrap();
    assert!(chains.r_hat(0) < 1.1, "r-hat {}", chains.r_hat(0));
    assert!(
        chains
            .acceptance
            .iter()
            .all(|share| (0.05..0.9).contains(share))
    );
    // The chains are independent of one another, their steps are not: one value a chain.
    let means: Vec<f64> = chains
        .draws
        .iter()
        .map(|chain| chain.iter().map(|theta| theta[0]).sum::<f64>() / chain.len() as f64)
        .collect();
    check_mean(&means, mean, FALSE_ALARM).unwrap();
    assert!(check_mean(&means, mean + 0.5 * sd, FALSE_ALARM).is_err());
    assert!((chains.posterior(0).sd() / sd - 1.0).abs() < 0.2);
}

#[test]
fn no_possible_start_is_said() {
    let mut walk = Walk::example();
    walk.sightings[0] = Some(f64::INFINITY);
    let family = walk.with_unknown_phi();
    let prior = Independent::new().with(
        "phi",
        Density::Uniform {
            low: -1.0,
            high: 1.0,
        },
    );
    let settings = PmmhSettings {
        tries: 5,
        ..PmmhSettings::default()
    };
    let error = run(&family, &prior, 3, &settings, 1).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("none of 5 draws from the prior"),
        "{error}"
    );
}
