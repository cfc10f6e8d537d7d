//! Random numbers of neighbouring particles, times and seeds must not know of one another.

use lazaret_smc::calibration::uniformity;
use lazaret_smc::random::StreamKey;

use crate::support::{FALSE_ALARM, check_mean};

/// First draws of 20 000 neighbours, along each of the four addresses.
fn neighbours() -> Vec<(&'static str, Vec<f64>)> {
    let count = 20_000usize;
    let key = StreamKey::new(5);
    let streams = key.at(3);
    let mut one = streams.particle(0);
    vec![
        ("draws", (0..count).map(|_| one.uniform()).collect()),
        (
            "particles",
            (0..count).map(|i| streams.particle(i).uniform()).collect(),
        ),
        (
            "times",
            (0..count)
                .map(|t| key.at(t).particle(7).uniform())
                .collect(),
        ),
        (
            "children",
            (0..count as u64)
                .map(|i| key.child(i).stream().uniform())
                .collect(),
        ),
        (
            "seeds",
            (0..count as u64)
                .map(|s| StreamKey::new(s).stream().uniform())
                .collect(),
        ),
    ]
}

#[test]
fn neighbours_are_uniform() {
    for (name, draws) in neighbours() {
        let p = uniformity(&draws).p_value;
        assert!(p > FALSE_ALARM, "{name}: p {p}");
    }
}

#[test]
fn neighbours_are_uncorrelated_also_far_and_squared() {
    for (name, draws) in neighbours() {
        for lag in [1, 2, 16, 256] {
            for power in [1, 2] {
                let centred = |x: f64| x.powi(power) - 1.0 / (f64::from(power) + 1.0);
                let products: Vec<f64> = draws
                    .windows(lag + 1)
                    .map(|window| centred(window[0]) * centred(window[lag]))
                    .collect();
                check_mean(&products, 0.0, FALSE_ALARM)
                    .unwrap_or_else(|error| panic!("{name} at lag {lag}, power {power}: {error}"));
            }
        }
    }
}

#[test]
fn the_check_of_correlation_can_fail() {
    let (_, draws) = neighbours().remove(0);
    // One draw in twenty is a copy of its neighbour.
    let products: Vec<f64> = (1..draws.len())
        .map(|i| {
            let other = if i % 20 == 0 { draws[i] } else { draws[i - 1] };
            (draws[i] - 0.5) * (other - 0.5)
        })
        .collect();
    assert!(check_mean(&products, 0.0, FALSE_ALARM).is_err());
}

#[test]
fn every_bit_is_as_often_one_as_zero() {
    let streams = StreamKey::new(8).at(1);
    let words: Vec<u64> = (0..4000).map(|i| streams.particle(i).bits()).collect();
    for bit in 0..64 {
        let ones: Vec<f64> = words
            .iter()
            .map(|word| ((word >> bit) & 1) as f64)
            .collect();
        // 64 checks share the false-alarm rate.
        check_mean(&ones, 0.5, FALSE_ALARM / 64.0)
            .unwrap_or_else(|error| panic!("bit {bit}: {error}"));
    }
}
