//! A row that kills the particles is never passed over.

use lazaret_smc::filter::{Emphasis, Filter, FilterSettings};
use lazaret_smc::model::{Exact, StateSpaceModel};
use lazaret_smc::prior::{Density, Independent};
use lazaret_smc::random::{Stream, StreamKey};
use lazaret_smc::smc2::{Revised, Smc2, Smc2Settings, reconcile};
use lazaret_smc::{Conflict, OnConflict, SmcError};

use crate::models::{Family, Measurements, Walk, normal};

/// A coin whose side is fixed by θ₀ < 1/2 and reported day by day, without error.
struct Coin {
    heads: bool,
    reports: &'static [(usize, usize, bool)],
}

impl StateSpaceModel for Coin {
    type State = f64;

    fn initialise(&self, rng: &mut Stream) -> f64 {
        normal(rng)
    }

    fn step(&self, _state: &mut f64, _time: usize, _rng: &mut Stream) {}

    fn rows(&self, time: usize) -> impl Iterator<Item = usize> + '_ {
        self.reports
            .iter()
            .filter(move |(day, ..)| *day == time)
            .map(|(_, row, _)| *row)
    }

    fn log_likelihood(&self, _state: &f64, _time: usize, row: usize) -> f64 {
        let (.., heads) = self.reports.iter().find(|(_, r, _)| *r == row).unwrap();
        if *heads == self.heads {
            0.0
        } else {
            f64::NEG_INFINITY
        }
    }
}

/// Row 12 contradicts row 10, on the same day; row 13 follows a day later.
const REPORTS: [(usize, usize, bool); 4] =
    [(0, 10, true), (1, 11, true), (1, 12, false), (2, 13, true)];

fn coins(reports: &'static [(usize, usize, bool)]) -> Family<Coin> {
    Box::new(move |theta| Coin {
        heads: theta[0] < 0.5,
        reports,
    })
}

fn prior() -> Independent {
    Independent::new().with(
        "side",
        Density::Uniform {
            low: 0.0,
            high: 1.0,
        },
    )
}

fn small(on_conflict: OnConflict) -> Smc2Settings {
    Smc2Settings {
        theta_particles: 50,
        state_particles: 4,
        most_state_particles: 4,
        on_conflict,
        ..Smc2Settings::default()
    }
}

#[test]
fn a_filter_names_the_row_and_stays_before_it() {
    let coin = Coin {
        heads: true,
        reports: &REPORTS,
    };
    let settings = FilterSettings {
        particles: 10,
        ..FilterSettings::default()
    };
    let error = Filter::run(&coin, 2, &settings, StreamKey::new(1)).unwrap_err();
    let SmcError::Conflict(conflict) = &error else {
        panic!("{error}")
    };
    assert_eq!(
        (conflict.time, conflict.row, conflict.exponent),
        (1, 12, 0.0)
    );
    assert!((conflict.share_before - 1.0).abs() < 1e-12);
    assert_eq!(
        error.to_string(),
        "row 12 at time 1 is impossible for every particle"
    );
}

#[test]
fn a_filter_that_sets_rows_aside_lists_them_and_equals_one_without_them() {
    let coin = Coin {
        heads: true,
        reports: &REPORTS,
    };
    let base = FilterSettings {
        particles: 10,
        ..FilterSettings::default()
    };
    let aside = FilterSettings {
        on_conflict: OnConflict::SetAside,
        ..base.clone()
    };
    let without = FilterSettings {
        emphasis: Emphasis::without(&[12]),
        ..base
    };
    let a = Filter::run(&coin, 2, &aside, StreamKey::new(1)).unwrap();
    let b = Filter::run(&coin, 2, &without, StreamKey::new(1)).unwrap();
    assert_eq!(
        a.conflicts().iter().map(|c| c.row).collect::<Vec<_>>(),
        [12]
    );
    assert_eq!(a.population(), b.population());
    assert_eq!(a.log_evidence(), b.log_evidence());
    assert!(b.conflicts().is_empty());
}

#[test]
fn a_sharp_row_is_tempered_to_the_share_asked_for_and_listed() {
    let mut walk = Walk::example();
    walk.sightings[9] = Some(60.0); // forty standard deviations away
    let settings = FilterSettings {
        particles: 1000,
        on_conflict: OnConflict::Temper { least_share: 0.1 },
        ..FilterSettings::default()
    };
    let filter = Filter::run(&walk, walk.last(), &settings, StreamKey::new(1)).unwrap();
    let [conflict] = filter.conflicts() else {
        panic!("{:?}", filter.conflicts())
    };
    assert_eq!((conflict.time, conflict.row), (9, 9));
    assert!(
        conflict.exponent > 0.0 && conflict.exponent < 0.2,
        "{conflict:?}"
    );
    let row = filter
        .increments()
        .iter()
        .find(|increment| increment.row == 9)
        .unwrap();
    assert!(
        (row.share_after - 0.1 * conflict.share_before).abs() < 1e-3,
        "{row:?}"
    );
}

#[test]
fn a_sampler_stops_before_the_row_and_goes_on_when_it_is_set_aside() {
    let family = coins(&REPORTS);
    let mut sampler = Smc2::start(&family, &prior(), &small(OnConflict::Stop), 1).unwrap();
    let error = sampler.run_to(&family, &prior(), 2).unwrap_err();
    let SmcError::Conflict(conflict) = error else {
        panic!("{error}")
    };
    assert_eq!((conflict.time, conflict.row), (1, 12));
    assert_eq!(sampler.time(), Some(1));
    let before = sampler.log_evidence();
    // Trying again is not a way around it.
    assert!(sampler.advance(&family, &prior()).is_err());
    sampler.set_aside(conflict);
    sampler.run_to(&family, &prior(), 2).unwrap();
    assert_eq!(sampler.log_evidence(), before, "row 13 says nothing new");
    assert_eq!(sampler.conflicts().len(), 1);
    assert!(
        sampler
            .thetas()
            .zip(sampler.weights())
            .all(|(theta, w)| w == 0.0 || theta[0] < 0.5)
    );
}

#[test]
fn a_conflict_is_traced_to_the_rows_that_it_contradicts() {
    let family = coins(&REPORTS);
    let mut sampler = Smc2::start(&family, &prior(), &small(OnConflict::Stop), 1).unwrap();
    let error = sampler.run_to(&family, &prior(), 2).unwrap_err();
    let SmcError::Conflict(conflict) = error else {
        panic!("{error}")
    };
    let groups = [vec![10], vec![11], vec![10, 11]];
    let settings = small(OnConflict::Stop);
    let evidence = reconcile(&family, &prior(), &settings, &conflict, &groups, 2).unwrap();
    assert_eq!(
        evidence[..2],
        [f64::NEG_INFINITY; 2],
        "either of the two alone excludes row 12"
    );
    assert!((evidence[2] - 0.5f64.ln()).abs() < 0.6, "{evidence:?}");
}

#[test]
fn a_sampler_may_set_rows_aside_by_itself_and_lists_them() {
    let family = coins(&REPORTS);
    for policy in [
        OnConflict::SetAside,
        OnConflict::Temper { least_share: 0.1 },
    ] {
        let mut sampler = Smc2::start(&family, &prior(), &small(policy), 1).unwrap();
        sampler.run_to(&family, &prior(), 2).unwrap();
        assert_eq!(
            sampler
                .conflicts()
                .iter()
                .map(|c| c.row)
                .collect::<Vec<_>>(),
            [12]
        );
        // Half the prior is left; 50 particles know that to about 0.14 in the logarithm.
        assert!((sampler.log_evidence() - 0.5f64.ln()).abs() < 0.6);
    }
}

#[test]
fn a_revision_that_nothing_explains_is_refused_and_changes_nothing() {
    let good = coins(&REPORTS[..2]);
    let bad = coins(&REPORTS);
    let mut sampler = Smc2::start(&good, &prior(), &small(OnConflict::Stop), 1).unwrap();
    sampler.run_to(&good, &prior(), 1).unwrap();
    let before = sampler.save();
    let error = sampler.revise(&bad, &prior()).unwrap_err();
    assert_eq!(error, SmcError::Revision { time: 1 });
    assert_eq!(sampler.save(), before);
    // A revision that turns everything round starts anew from the prior.

    let turned = coins(&[(0, 10, false)]);
    assert_eq!(
        sampler.revise(&turned, &prior()).unwrap(),
        Revised::StartedAnew
    );
    assert!(sampler.posterior(0).quantile(0.01) > 0.5);
}

#[test]
fn a_likelihood_that_is_no_number_is_an_error_that_names_the_particle() {
    let mut walk = Walk::example();
    walk.sightings[4] = Some(f64::NAN);
    let settings = FilterSettings {
        particles: 20,
        ..FilterSettings::default()
    };
    let error = Filter::run(&walk, walk.last(), &settings, StreamKey::new(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the log-likelihood of row 4 at time 4 is NaN for particle 0"
    );
    let values = Measurements {
        sd: 1.0,
        values: vec![0.0, f64::INFINITY, f64::NAN],
    };
    let family = Exact(values);
    let prior = Independent::new().with("mean", Density::Normal { mean: 0.0, sd: 1.0 });
    let mut sampler = Smc2::start(&family, &prior, &Smc2Settings::exact(), 1).unwrap();
    let error = sampler.run_to(&family, &prior, 2).unwrap_err();
    assert!(
        matches!(error, SmcError::Conflict(Conflict { time: 1, .. })),
        "{error}"
    );
}

#[test]
fn settings_that_cannot_work_say_what_to_give() {
    let family = coins(&[]);
    let settings = Smc2Settings {
        theta_particles: 1,
        ..Smc2Settings::default()
    };
    let error = Smc2::start(&family, &prior(), &settings, 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "theta_particles must be at least 2; 256 to 1024 are usual"
    );
}
