//! Charts: pure functions from data to a [`crate::Figure`]. Each shows in shade, hatch and line what it shows in colour, and
//! carries its numbers as a table.

pub mod bars;
pub mod fan;
pub mod flow;
pub mod stack;

/// Width of a chart in its own units; on a phone one unit is about 0.7 px, on a desktop one.
pub(crate) const WIDTH: f64 = 520.0;

/// Round steps of an axis from 0 to at least `most`, about four of them.
pub(crate) fn steps(most: f64) -> Vec<f64> {
    let most = if most.is_finite() && most > 0.0 {
        most
    } else {
        1.0
    };
    let raw = most / 4.0;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .iter()
        .map(|m| m * power)
        .find(|&s| s >= raw)
        .unwrap_or(10.0 * power);
    (0..=((most / step).ceil() as usize))
        .map(|nth| nth as f64 * step)
        .collect()
}

/// Width to the left of the bars: enough for the longest name, but no more than half of the picture.
pub(crate) fn room_for_names<'a>(names: impl Iterator<Item = &'a str>) -> f64 {
    let longest = names.map(|name| name.chars().count()).max().unwrap_or(0);
    (longest as f64 * 7.0 + 10.0).clamp(130.0, WIDTH / 2.0)
}

#[cfg(test)]
mod tests {
    use super::steps;

    #[test]
    fn an_axis_has_round_steps_and_reaches_the_top() {
        assert_eq!(steps(691.0), [0.0, 200.0, 400.0, 600.0, 800.0]);
        assert_eq!(steps(0.0), [0.0, 0.25, 0.5, 0.75, 1.0]);
    }
}
