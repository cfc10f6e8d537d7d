//! A small picture of how full a place is over time.

use lazaret_gateway::model::Gateway;
use lazaret_sim::study::Fan;

use super::screen::Screen;
use super::units::{number, short_day};

const ROWS: usize = 9;
const COLUMNS_MOST: usize = 72;
const COLUMNS_LEAST: usize = 20;
/// Columns of the labels at the left.
const LABELS: usize = 8;

/// Draws occupied slots over time: what is reached in 95 of 100 replications, in half of them, and in 5 of 100.
///
/// * `capacity` — slots of the place, if there is one number for the whole run.
pub(super) fn picture(
    gateway: &Gateway,
    fan: &Fan,
    capacity: Option<f64>,
    screen: &Screen,
) -> String {
    let bins = fan.quantiles.len();
    let room = screen.width.saturating_sub(LABELS + 1);
    let columns = room.clamp(COLUMNS_LEAST, COLUMNS_MOST).min(bins.max(1));
    // Some bins to each column, as even as can be.
    let column = |nth: usize, quantile: usize| {
        let (from, to) = (nth * bins / columns, (nth + 1) * bins / columns);
        let part = &fan.quantiles[from..to.max(from + 1)];
        part.iter().map(|bin| bin[quantile]).sum::<f64>() / part.len() as f64
    };
    let most = fan
        .quantiles
        .iter()
        .map(|bin| bin[4])
        .filter(|level| level.is_finite())
        .fold(0.0, f64::max);
    let most = capacity.map_or(most, |capacity| {
        // A place far from full is drawn as high as it gets; the capacity line would leave no room for the rest.
        if most > capacity / 2.0 {
            most.max(capacity)
        } else {
            most
        }
    });
    if most <= 0.0 || !most.is_finite() {
        return String::new();
    }
    let top = nice_above(most);
    let [sure, likely, possible] = screen.shades;
    let line_at = capacity
        .filter(|&capacity| capacity <= top)
        .map(|capacity| ((capacity / top * ROWS as f64).round() as usize).min(ROWS));
    let mut text = String::new();
    for row in (0..=ROWS).rev() {
        let label = match row {
            _ if line_at == Some(row) => number(capacity.unwrap_or(0.0), 0),
            0 => "0".to_string(),
            _ if row == ROWS => number(top, 0),
            _ => String::new(),
        };
        text.push_str(&format!("{label:>LABELS$} "));
        // A row stands for the levels just below its line; the lowest carries the axis alone.
        if row > 0 {
            let level = (row as f64 - 0.5) * top / ROWS as f64;
            for nth in 0..columns {
                text.push(if level <= column(nth, 0) {
                    sure
                } else if level <= column(nth, 2) {
                    likely
                } else if level <= column(nth, 4) {
                    possible
                } else if line_at == Some(row) {
                    screen.line
                } else {
                    ' '
                });
            }
        } else {
            text.push_str(&std::iter::repeat_n(screen.axis, columns).collect::<String>());
        }
        while text.ends_with(' ') {
            text.pop();
        }
        text.push('\n');
    }
    text.push_str(&axis(gateway, columns));
    text.push_str(&format!(
        "{:LABELS$} {sure} reached in 95 of 100 replications   {likely} in 50 of 100   {possible} in 5 of 100\n",
        ""
    ));
    text
}

/// Dates under the picture, as many as fit.
fn axis(gateway: &Gateway, columns: usize) -> String {
    const EVERY: usize = 18;
    let mut text = format!("{:LABELS$} ", "");
    let start = text.len();
    let hours = gateway.length.hours();
    let mut at = 0;
    while at + 6 <= columns {
        let label = short_day(gateway, hours * at as f64 / columns as f64);
        let used = text.chars().count() - start;
        text.push_str(&" ".repeat(at.saturating_sub(used)));
        text.push_str(&label);
        at += EVERY;
    }
    text.push('\n');
    text
}

/// The next round number from `value` up.
fn nice_above(value: f64) -> f64 {
    let scale = 10f64.powf(value.log10().floor());
    [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .iter()
        .map(|step| step * scale)
        .find(|&nice| nice >= value * 0.999_999)
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_the_picture_is_a_round_number() {
        assert_eq!(nice_above(1.0), 1.0);
        assert_eq!(nice_above(1_130.0), 1_200.0);
        assert_eq!(nice_above(0.7), 0.8);
        assert_eq!(nice_above(99.0), 100.0);
    }
}
