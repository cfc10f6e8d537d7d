//! Weights whose greatest are smoothed, with a check whether they can be trusted at all.
//!
//! Importance weights with a heavy tail hang on a few draws. The tail is like that of a generalised Pareto distribution, whose
//! shape *k* can be estimated from the weights themselves: with k below 0.5 their variance is finite, up to 0.7 sums of them are
//! still of use, and beyond it they are not, however many draws there are. The greatest weights are replaced by what the fitted
//! distribution expects of them (Vehtari2024); the fit is that of ZhangStephens2009, drawn a little towards 0.5 as its authors
//! of the smoothing advise for few draws.

/// The shape up to which weights of many draws can be relied on.
pub const RELIABLE: f64 = 0.7;

/// The shape up to which smoothed weights of `draws` draws can be relied on: less than [`RELIABLE`] for few of them.
#[must_use]
pub fn reliable(draws: usize) -> f64 {
    let log = (draws.max(2) as f64).log10();
    RELIABLE.min(1.0 - 1.0 / log)
}

/// Smooths log-weights in any common scale and returns the shape of their tail: negative infinity where they hardly differ,
/// and infinity where there are too few to tell.
///
/// None becomes greater than the greatest was. Weights of zero are kept.
pub fn smooth(log_weights: &mut [f64]) -> f64 {
    let count = log_weights.len();
    let tail = ((0.2 * count as f64) as usize).min((3.0 * (count as f64).sqrt()).ceil() as usize);
    if tail < 5 {
        return f64::INFINITY;
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| log_weights[*a].total_cmp(&log_weights[*b]));
    let greatest = log_weights[order[count - 1]];
    let cut = log_weights[order[count - tail - 1]];
    if !greatest.is_finite() {
        return f64::INFINITY;
    }
    if greatest - cut < 1e-9 {
        return f64::NEG_INFINITY;
    }
    let cut_off = (cut - greatest).exp();
    let above: Vec<f64> = order[count - tail..]
        .iter()
        .map(|at| ((log_weights[*at] - greatest).exp() - cut_off).max(0.0))
        .collect();
    let Some((shape, scale)) = fit(&above) else {
        return f64::INFINITY;
    };
    for (place, at) in order[count - tail..].iter().enumerate() {
        let rank = (place as f64 + 0.5) / tail as f64;
        let expected = if shape.abs() < 1e-9 {
            -scale * (1.0 - rank).ln()
        } else {
            scale * ((1.0 - rank).powf(-shape) - 1.0) / shape
        };
        log_weights[*at] = greatest + (cut_off + expected).ln().min(0.0);
    }
    shape
}

/// Shape and scale of a generalised Pareto distribution; none if the values do not say.
///
/// * `values` — in ascending order, none negative.
fn fit(values: &[f64]) -> Option<(f64, f64)> {
    let count = values.len();
    let greatest = *values.last()?;
    let quarter = values[((count as f64 / 4.0 + 0.5) as usize).clamp(1, count) - 1];
    if greatest <= 0.0 || quarter <= 0.0 {
        return None;
    }
    let shape_at = |b: f64| values.iter().map(|x| (-b * x).ln_1p()).sum::<f64>() / count as f64;
    // Values of a parameter on a grid, weighted by the likelihood of its profile.
    let cells = 30 + (count as f64).sqrt() as usize;
    let grid: Vec<f64> = (1..=cells)
        .map(|i| {
            let step = 1.0 - (cells as f64 / (i as f64 - 0.5)).sqrt();
            1.0 / greatest + step / (3.0 * quarter)
        })
        .collect();
    let profile: Vec<f64> = grid
        .iter()
        .map(|b| {
            let shape = shape_at(*b);
            count as f64 * ((-b / shape).ln() - shape - 1.0)
        })
        .collect();
    let (mut sum, mut total) = (0.0, 0.0);
    for (b, log) in grid.iter().zip(&profile) {
        let others: f64 = profile.iter().map(|other| (other - log).exp()).sum();
        if others.is_finite() && others > 0.0 {
            sum += b / others;
            total += 1.0 / others;
        }
    }
    let b = sum / total;
    let raw = shape_at(b);
    let scale = -raw / b;
    let n = count as f64;
    let shape = (raw * n + 0.5 * 10.0) / (n + 10.0);
    (shape.is_finite() && scale.is_finite() && scale > 0.0).then_some((shape, scale))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;

    /// Logarithms of draws with a Pareto tail of the given shape.
    fn drawn(shape: f64, count: usize, seed: u64) -> Vec<f64> {
        let mut rng = StreamKey::new(seed).stream();
        (0..count)
            .map(|_| -shape * rng.uniform().max(1e-300).ln())
            .collect()
    }

    /// The shape of so many draws is known to about 0.1; twenty seeds are averaged, which leaves 0.03.
    #[test]
    fn the_shape_is_that_of_the_tail() {
        for shape in [0.2, 0.5, 0.9] {
            let found = (0..20).map(|seed| smooth(&mut drawn(shape, 4000, seed)));
            let mean = found.sum::<f64>() / 20.0;
            assert!((mean - shape).abs() < 0.12, "{shape}: {mean}");
        }
    }

    /// The mean of x^k has the value 1 / (1 - k): smoothed weights are nearer to it than raw ones.
    #[test]
    fn smoothed_sums_vary_less() {
        let off = |smoothed: bool| -> f64 {
            let squares = (0..200).map(|seed| {
                let mut logs = drawn(0.6, 1000, 100 + seed);
                if smoothed {
                    smooth(&mut logs);
                }
                let mean = logs.iter().map(|log| log.exp()).sum::<f64>() / 1000.0;
                (mean.ln() - 2.5f64.ln()).powi(2)
            });
            squares.sum::<f64>() / 200.0
        };
        assert!(off(true) < off(false), "{} {}", off(true), off(false));
    }

    #[test]
    fn even_weights_need_no_smoothing_and_few_tell_nothing() {
        assert_eq!(smooth(&mut [0.3; 100]), f64::NEG_INFINITY);
        assert_eq!(smooth(&mut [0.0, 1.0, 2.0]), f64::INFINITY);
        let mut logs = drawn(0.9, 1000, 5);
        let greatest = logs.iter().copied().fold(f64::MIN, f64::max);
        smooth(&mut logs);
        assert!(logs.iter().all(|log| *log <= greatest + 1e-12));
        assert!(reliable(100) <= 0.5 && reliable(100_000) == RELIABLE);
    }
}
