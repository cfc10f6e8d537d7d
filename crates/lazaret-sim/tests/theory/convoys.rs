//! Convoys: how many lots come, on average and in spread.

use crate::support::{check_mean, fails, model, pass, sample};

pub(crate) const FILE: &str = r#"
gateway = { name = "convoys", length = "2400 h" }
source.border = { every = "12 h", convoy = "uniform_int(15, 20)", lots = "uniform_int(1, 3)" }
place.gate = { slots = "unlimited" }
step = [{ id = "unload", at = "gate" }]
"#;
const CONVOYS: f64 = 200.0;

/// Lots of a run: mean, and squared distance from the exact mean, whose mean is the variance. What one convoy brings has
/// no bearing on the next, so variances add; draws that are too even, or that repeat, show here and nowhere else.
fn check(overrides: &[&str], seed: u64) -> [Result<(), String>; 2] {
    let lots = sample(&model(FILE, overrides), seed, 1000, 0.0).of("lots.arrived");
    // Of wagons: mean 17.5, variance (6² - 1) / 12. Of lots on a wagon: mean 2, variance (3² - 1) / 12.
    let mean = CONVOYS * 17.5 * 2.0;
    let variance = CONVOYS * (17.5 * 8.0 / 12.0 + 4.0 * 35.0 / 12.0);
    let squares: Vec<f64> = lots.iter().map(|n| (n - mean).powi(2)).collect();
    [
        check_mean("lots", &lots, mean),
        check_mean("variance of lots", &squares, variance),
    ]
}

#[test]
fn the_lots_of_convoys_have_their_mean_and_variance() {
    pass(&check(&[], 1501));
}

#[test]
fn convoys_of_another_size_or_spread_are_seen() {
    let [mean, _] = check(&["source.border.convoy=\"uniform_int(15, 21)\""], 1502);
    fails(mean);
    let [mean, variance] = check(&["source.border.convoy=\"uniform_int(13, 22)\""], 1503);
    pass(&[mean]);
    fails(variance);
}
