//! All rows at once: posteriors of several modes, whatever the order of the rows, with errors that cover the truth.

use lazaret_smc::at_once::{AtOnce, AtOnceSettings, Known, Pool};
use lazaret_smc::model::StateSpaceModel;
use lazaret_smc::prior::{Density, Independent};
use lazaret_smc::random::Stream;
use lazaret_smc::smc2::{Smc2, Smc2Settings};

use crate::models::{Family, Walk, log_normal_density, normal};
use crate::support::integrate;

/// Reports of a number between 0 and 100 by sources of which each may be wrong, through a state that adds noise to the
/// likelihood as a filter's state does.
#[derive(Clone, Debug)]
struct Reports {
    theta: f64,
    /// What is said, with which error, and with which chance it has nothing to do with the truth.
    rows: Vec<(f64, f64, f64)>,
}

fn log_report(theta: f64, (said, error, misreport): (f64, f64, f64)) -> f64 {
    ((1.0 - misreport) * log_normal_density(said, theta, error).exp() + misreport / 100.0).ln()
}

impl StateSpaceModel for Reports {
    type State = f64;

    fn initialise(&self, rng: &mut Stream) -> f64 {
        normal(rng)
    }

    fn step(&self, state: &mut f64, _time: usize, rng: &mut Stream) {
        *state = normal(rng);
    }

    fn rows(&self, time: usize) -> impl Iterator<Item = usize> + '_ {
        (time < self.rows.len()).then_some(time).into_iter()
    }

    fn log_likelihood(&self, state: &f64, _time: usize, row: usize) -> f64 {
        // The state's factor has mean 1: exp(s z − s² / 2).
        log_report(self.theta, self.rows[row]) + 0.3 * state - 0.045
    }
}

const PRIOR: Density = Density::Uniform {
    low: 0.0,
    high: 100.0,
};

fn prior() -> Independent {
    Independent::new().with("figure", PRIOR)
}

fn family(rows: &[(f64, f64, f64)]) -> Family<Reports> {
    let rows = rows.to_vec();
    Box::new(move |theta| Reports {
        theta: theta[0],
        rows: rows.clone(),
    })
}

/// Rows with as many modes as there are `places`, of which the last has about the share `share`; the exact share above
/// `above`; and the exact log-evidence.
struct Case {
    rows: Vec<(f64, f64, f64)>,
    above: f64,
    share: f64,
    log_evidence: f64,
}

fn case(places: &[f64], share: f64, error: f64) -> Case {
    let above = places[places.len() - 1] - 8.0;
    let exactly = |rows: &[(f64, f64, f64)]| {
        let log_density = |theta: f64| {
            rows.iter().map(|row| log_report(theta, *row)).sum::<f64>() - 100.0f64.ln()
        };
        let whole = integrate(0.0, 100.0, log_density).2;
        let part = integrate(above, 100.0, log_density).2;
        ((part - whole).exp(), whole)
    };
    // Two sources at each place; how reliable those of the last are sets its share.
    let rows = |misreport: f64| -> Vec<(f64, f64, f64)> {
        let mut rows = Vec::new();
        for (at, place) in places.iter().enumerate() {
            let b = if at + 1 == places.len() {
                misreport
            } else {
                0.1
            };
            rows.push((*place, error, b));
            rows.push((place + 0.7 * error, 1.3 * error, b));
        }
        rows
    };
    let (mut low, mut high) = (1e-4, 0.9999);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if exactly(&rows(middle)).0 > share {
            low = middle;
        } else {
            high = middle;
        }
    }
    let rows = rows(low);
    let (share, log_evidence) = exactly(&rows);
    Case {
        rows,
        above,
        share,
        log_evidence,
    }
}

/// The rows in several orders: as they are, turned round, and the places in turns.
fn orders(rows: &[(f64, f64, f64)]) -> Vec<Vec<(f64, f64, f64)>> {
    let turned: Vec<_> = rows.iter().rev().copied().collect();
    let even = rows.iter().step_by(2);
    let odd = rows.iter().skip(1).step_by(2);
    let in_turns: Vec<_> = even.chain(odd).copied().collect();
    vec![rows.to_vec(), turned, in_turns]
}

/// Every order of the rows.
fn all_orders(rows: &[(f64, f64, f64)]) -> Vec<Vec<(f64, f64, f64)>> {
    let Some((first, rest)) = rows.split_first() else {
        return vec![Vec::new()];
    };
    let mut found = Vec::new();
    for order in all_orders(rest) {
        for at in 0..=order.len() {
            let mut with = order.clone();
            with.insert(at, *first);
            found.push(with);
        }
    }
    found
}

fn settings() -> AtOnceSettings {
    AtOnceSettings {
        points: 128,
        state_particles: 32,
        most_state_particles: 64,
        ..AtOnceSettings::default()
    }
}

fn pooled(rows: &[(f64, f64, f64)], seed: u64, settings: &AtOnceSettings) -> Pool {
    let family = family(rows);
    let seeds = [3 * seed, 3 * seed + 1, 3 * seed + 2];
    Pool::run(
        &family,
        &prior(),
        settings,
        &seeds,
        rows.len() - 1,
        &[],
        |_| true,
    )
    .unwrap()
    .unwrap()
}

/// Runs by seed: 8 for each case in every test run, 200 in the nightly ones.
fn seeds() -> u64 {
    let given = std::env::var("LAZARET_NIGHTLY").ok();
    given.map_or(8, |_| 200)
}

/// How many of the answers lie within three of their errors, and how many there are.
fn within(settings: &AtOnceSettings, seeds: u64, error: f64) -> (usize, usize) {
    let (mut good, mut all) = (0, 0);
    for places in [&[20.0, 80.0][..], &[15.0, 50.0, 85.0]] {
        for share in [0.5, 0.1, 0.01] {
            let case = case(places, share, error);
            assert!(
                (case.share - share).abs() < 1e-3,
                "{} and {share}",
                case.share
            );
            let mut tried: Vec<_> = orders(&case.rows)
                .into_iter()
                .map(|o| (o, 0..seeds))
                .collect();
            if seeds >= 200 {
                // All 24 or 720 orders besides, each with a seed of its own.
                let every = all_orders(&case.rows).into_iter().zip(seeds..);
                tried.extend(every.map(|(order, seed)| (order, seed..seed + 1)));
            }
            for (rows, seeds) in tried {
                for seed in seeds {
                    let pool = pooled(&rows, seed, settings);
                    let covers = |known: &Known, truth: f64| {
                        (known.value - truth).abs() <= 3.0 * known.error
                    };
                    let last = pool.probability(|theta| theta[0] > case.above);
                    good += usize::from(covers(&last, case.share));
                    good += usize::from(covers(&pool.log_evidence_known(), case.log_evidence));
                    all += 2;
                }
            }
        }
    }
    (good, all)
}

/// Of 288 answers (11 664 nightly, every order of the rows among them) 95 % must be covered. If 97 % are in truth, fewer than 95 % of 288 are with a chance of 2 in 100,
/// and the test demands 92 %: then a false alarm comes once in 10⁴; nightly the 95 % themselves are demanded.
#[test]
fn modes_have_their_weight_in_every_order_of_the_rows() {
    let seeds = seeds();
    let (good, all) = within(&settings(), seeds, 1.0);
    let share = good as f64 / all as f64;
    let wanted = if seeds >= 200 { 0.95 } else { 0.92 };
    assert!(share >= wanted, "{good} of {all} within three errors");
}

/// The twin: without a look at the prior after a first round of few points, modes are lost and no error tells.
#[test]
fn the_check_of_the_modes_can_fail() {
    let blind = AtOnceSettings {
        points: 16,
        prior_share: 1e-6,
        ..settings()
    };
    let (good, all) = within(&blind, 2, 0.02);
    assert!((good as f64) < 0.9 * all as f64, "{good} of {all}");
}

/// What SMC² does with the same rows: the first days kill the mode that the last would bring back.
#[test]
fn one_row_after_the_other_the_order_decides() {
    let case = case(&[20.0, 80.0], 0.5, 1.0);
    let settings = Smc2Settings {
        theta_particles: 128,
        state_particles: 32,
        ..Smc2Settings::default()
    };
    let lost = (0..6).filter(|seed| {
        let family = family(&case.rows);
        let mut sampler = Smc2::start(&family, &prior(), &settings, *seed).unwrap();
        sampler
            .run_to(&family, &prior(), case.rows.len() - 1)
            .unwrap();
        let share = sampler
            .posterior_of(|theta| f64::from(u8::from(theta[0] > case.above)))
            .mean();
        (share - case.share).abs() > 0.1
    });
    assert!(lost.count() >= 3);
}

#[test]
fn runs_that_found_different_modes_say_so() {
    let case = case(&[20.0, 80.0], 0.5, 1.0);
    let family = family(&case.rows);
    let last = case.rows.len() - 1;
    let run = |rows: &[(f64, f64, f64)], seed| {
        let family = self::family(rows);
        AtOnce::run(&family, &prior(), &settings(), seed, last).unwrap()
    };
    let both = Pool::new(vec![run(&case.rows, 1), run(&case.rows, 2)]);
    assert_eq!(both.disagreement(), None);
    // A run that did not see the second mode, as if its sources had been right for certain.
    let mut blind = case.rows.clone();
    for row in &mut blind[..2] {
        row.2 = 1e-6;
    }
    let torn = Pool::new(vec![run(&case.rows, 1), run(&blind, 2)]);
    let said = torn.disagreement().unwrap();
    assert!(said.contains("by run"), "{said}");
    let known = torn.probability(|theta| theta[0] > case.above);
    assert!(known.error > 0.1, "{known:?}");
    // Taken into a sampler, both modes are there.
    let sampler = Smc2::of_pool(&both, &family, &prior(), &Smc2Settings::default(), 5).unwrap();
    let share = sampler
        .posterior_of(|theta| f64::from(u8::from(theta[0] > case.above)))
        .mean();
    assert!((share - case.share).abs() < 0.1, "{share}");
}

/// Against the Kalman filter and quadrature: a filter inside, one unknown, thirty days.
#[test]
fn evidence_and_posterior_of_an_unknown_coefficient_at_once() {
    let walk = Walk::example();
    let uniform = Density::Uniform {
        low: -1.0,
        high: 1.0,
    };
    let prior = Independent::new().with("phi", uniform);
    let (mean, _, log_evidence) = integrate(-1.0, 1.0, |phi| {
        0.5f64.ln()
            + Walk {
                phi,
                ..walk.clone()
            }
            .exact_log_evidence()
    });
    let family = walk.with_unknown_phi();
    let (mut far, mut runs) = (0, 0);
    for seed in 0..10 {
        let seeds = [3 * seed, 3 * seed + 1, 3 * seed + 2];
        let pool = Pool::run(
            &family,
            &prior,
            &settings(),
            &seeds,
            walk.last(),
            &[],
            |_| true,
        );
        let pool = pool.unwrap().unwrap();
        for (known, truth) in [
            (pool.mean(|theta| theta[0]), mean),
            (pool.log_evidence_known(), log_evidence),
        ] {
            far += usize::from((known.value - truth).abs() > 3.0 * known.error);
            runs += 1;
            // Half a nat more, or half the range of the unknown, would be noticed.
            assert!(known.error < 0.15, "{known:?}");
        }
    }
    assert!(far <= 2, "{far} of {runs}");
}
