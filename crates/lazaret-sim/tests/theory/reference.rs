//! gateway-ref, the benchmark's model, against loops written by hand that share nothing with the simulator.
//!
//! `bench/` is a workspace of its own, so what its plain loop found is written down here. It is found again by
//!
//! ```text
//! cargo run --release --manifest-path bench/Cargo.toml --bin plain_loop -- OPTIONS --replications 1000 --seed 20220116
//! ```
//!
//! with the options of a variant. Both sides are means of independent replications, so their difference over its standard
//! error is compared with Student's quantile at the false-alarm rate of `support`.

use crate::support::{FALSE_ALARM, Sample, fails, model, pass, sample};
use lazaret_sim::{Moments, student};

pub(crate) const FILE: &str = include_str!("../../../../bench/gateway-ref.toml");

/// The seven figures: lots dispatched, mean and 95th percentile of the time from arrival to dispatch, mean and most in the
/// yard, mean turn-round, use of the platforms.
const METRICS: [&str; 7] = [
    "lots.dispatched",
    "lots.time_in_gateway.mean",
    "lots.time_in_gateway.p95",
    "place.yard.occupancy.mean",
    "place.yard.occupancy.max",
    "vehicle.turn_round.mean",
    "place.platform.utilisation",
];

struct Variant {
    /// Of the plain loop.
    options: &'static str,
    /// The same in the gateway file.
    overrides: &'static [&'static str],
    /// Mean and 95 % half-width over 1000 replications.
    figures: [(f64, f64); 7],
}

const PLAIN_LOOP: [Variant; 6] = [
    Variant {
        options: "",
        overrides: &[],
        figures: [
            (63458.37, 64.86685),
            (583.0259, 0.02431027),
            (720.6759, 0.04503006),
            (395.4891, 0.4064999),
            (692.376, 2.561058),
            (11.66861, 0.003241046),
            (0.09164601, 0.0001325357),
        ],
    },
    Variant {
        options: "--det",
        overrides: &["source.border.every=\"24 h\""],
        figures: [
            (63457.36, 6.399108),
            (582.2543, 0.01982808),
            (720.0, 0.0),
            (395.1682, 0.04277233),
            (446.712, 0.2300949),
            (11.3335, 0.0004573145),
            (0.08504601, 0.000010209),
        ],
    },
    Variant {
        options: "--yard 440",
        overrides: &["place.yard.slots=440"],
        figures: [
            (63426.88, 65.09899),
            (639.1867, 1.316955),
            (869.4967, 5.039343),
            (394.9833, 0.4040442),
            (440.0, 0.0),
            (44.17065, 1.100367),
            (0.3105796, 0.003850294),
        ],
    },
    Variant {
        options: "--warehouse 30",
        overrides: &["place.warehouse.count=1", "place.warehouse.slots=30"],
        figures: [
            (63449.84, 66.15145),
            (653.5608, 0.8976898),
            (855.3082, 3.023907),
            (395.1245, 0.412626),
            (495.089, 0.182822),
            (82.66087, 0.8960306),
            (0.6874519, 0.002047008),
        ],
    },
    Variant {
        options: "--platform 4",
        overrides: &["place.platform.count=1", "place.platform.slots=4"],
        figures: [
            (63450.14, 64.28031),
            (590.4154, 0.02904804),
            (728.4965, 0.04947304),
            (395.3999, 0.4038761),
            (688.187, 2.322146),
            (19.10732, 0.01349856),
            (0.4252359, 0.000434693),
        ],
    },
    Variant {
        options: "--det --platform 6 --warehouse 34 --yard 415",
        overrides: &[
            "place.platform.count=1",
            "place.platform.slots=6",
            "place.warehouse.count=1",
            "place.warehouse.slots=34",
            "place.yard.slots=415",
            "source.border.every=\"24 h\"",
        ],
        figures: [
            (63455.93, 6.325128),
            (585.7043, 0.02650466),
            (720.0, 0.0),
            (395.1531, 0.04189095),
            (415.0, 0.0),
            (13.94706, 0.006851497),
            (0.3147246, 0.0004224273),
        ],
    },
];

/// What several programs of other hands agree on.
struct Agreed {
    overrides: &'static [&'static str],
    replications: u32,
    /// Mean, 95 % half-width, and half of the last digit given.
    figures: [(f64, f64, f64); 7],
}

const AGREED: [Agreed; 2] = [
    Agreed {
        overrides: &[],
        replications: 1000,
        figures: [
            (63480.0, 66.0, 0.5),
            (583.02, 0.02, 0.005),
            (720.67, 0.04, 0.005),
            (395.64, 0.42, 0.005),
            (691.2, 2.4, 0.05),
            (11.665, 0.003, 0.0005),
            (0.0916, 0.0001, 0.00005),
        ],
    },
    Agreed {
        overrides: &["source.border.every=\"24 h\""],
        replications: 200,
        figures: [
            (63459.0, 14.0, 0.5),
            (582.27, 0.04, 0.005),
            (720.00, 0.0, 0.005),
            (395.19, 0.09, 0.005),
            (446.6, 0.5, 0.05),
            (11.334, 0.001, 0.0005),
            (0.0850, 0.0, 0.00005),
        ],
    },
];

/// Compares a figure with one that was found in `n` replications, given to within `rounding`.
fn check_against(
    sample: &Sample,
    metric: &str,
    (mean, half_width): (f64, f64),
    n: u32,
    rounding: f64,
) -> Result<(), String> {
    let mut moments = Moments::default();
    sample
        .of(metric)
        .iter()
        .for_each(|&value| moments.add(value));
    let freedom = u64::from(n) - 1;
    let theirs = half_width / student(freedom, 0.95);
    let error = (moments.variance() / moments.n() as f64 + theirs * theirs).sqrt();
    // With unequal variances the degrees of freedom are at least those of the smaller sample.
    let critical = student((moments.n() - 1).min(freedom), 1.0 - FALSE_ALARM);
    let off = (moments.mean() - mean).abs();
    if off <= rounding + critical * error {
        Ok(())
    } else {
        Err(format!(
            "{metric} is {:.5} with a standard error of {error:.5}, not {mean:.5}: {:.2} of them off, critical {critical:.2}",
            moments.mean(),
            off / error
        ))
    }
}

fn check(sample: &Sample, variant: &Variant) -> Vec<Result<(), String>> {
    METRICS
        .iter()
        .zip(variant.figures)
        // Seven digits are written down.
        .map(|(metric, found)| check_against(sample, metric, found, 1000, found.0 * 1e-7))
        .collect()
}

#[test]
fn it_agrees_with_the_reference_of_other_hands() {
    for (nth, agreed) in AGREED.iter().enumerate() {
        let sample = sample(&model(FILE, agreed.overrides), 1400 + nth as u64, 200, 0.0);
        let checks: Vec<Result<(), String>> = METRICS
            .iter()
            .zip(agreed.figures)
            .map(|(metric, (mean, half, rounding))| {
                check_against(&sample, metric, (mean, half), agreed.replications, rounding)
            })
            .collect();
        pass(&checks);
    }
}

#[test]
fn it_agrees_with_the_plain_loop_whatever_blocks() {
    for (nth, variant) in PLAIN_LOOP.iter().enumerate() {
        let sample = sample(&model(FILE, variant.overrides), 1410 + nth as u64, 100, 0.0);
        let checks = check(&sample, variant);
        assert!(
            checks.iter().all(Result::is_ok),
            "plain_loop {}: {checks:#?}",
            variant.options
        );
    }
}

/// The figures of [`METRICS`] that tell `sabotage` from `variant`.
fn told(variant: &Variant, sabotage: &[&str], seed: u64) -> Vec<usize> {
    let overrides = [variant.overrides, sabotage].concat();
    let sample = sample(&model(FILE, &overrides), seed, 100, 0.0);
    let checks = check(&sample, variant);
    (0..METRICS.len())
        .filter(|&at| checks[at].is_err())
        .collect()
}

#[test]
fn trains_three_percent_longer_are_seen() {
    // Turn-round and the percentile hardly depend on it where nothing blocks.
    let told = told(
        &PLAIN_LOOP[0],
        &["source.border.convoy=\"uniform_int(15, 21)\""],
        1420,
    );
    for figure in [0, 3, 4, 6] {
        assert!(told.contains(&figure), "{told:?}");
    }
}

#[test]
fn a_slot_more_is_seen_where_it_is_short() {
    let sabotages: [(usize, &str, &[usize]); 4] = [
        (2, "place.yard.slots=450", &[1, 2, 4, 5, 6]),
        (3, "place.warehouse.slots=31", &[1, 2, 5, 6]),
        (4, "place.platform.slots=5", &[1, 2, 5, 6]),
        (5, "place.yard.slots=416", &[4, 5, 6]),
    ];
    for (nth, (variant, sabotage, figures)) in sabotages.into_iter().enumerate() {
        let told = told(&PLAIN_LOOP[variant], &[sabotage], 1421 + nth as u64);
        assert!(
            figures.iter().all(|figure| told.contains(figure)),
            "{sabotage}: {told:?}"
        );
    }
}

#[test]
fn unloading_five_percent_slower_is_seen_by_other_hands_too() {
    let slow = model(
        FILE,
        &["step.unload.takes=\"triangular(1.05 h, 2.1 h, 4.2 h)\""],
    );
    let sample = sample(&slow, 1425, 200, 0.0);
    let agreed = &AGREED[0];
    for at in [5, 6] {
        let (mean, half, rounding) = agreed.figures[at];
        fails(check_against(
            &sample,
            METRICS[at],
            (mean, half),
            agreed.replications,
            rounding,
        ));
    }
}
