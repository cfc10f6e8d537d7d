//! Figures of a simulation: with a unit, an interval, and no more digits than the interval supports.

use jiff::civil::Date;
use lazaret_gateway::model::Gateway;
use lazaret_sim::Estimate;
use lazaret_vocabulary::figures::{self, NONE};
pub(super) use lazaret_vocabulary::figures::{share as percent, with_decimals as number};
use lazaret_vocabulary::time::GateTime;

/// Decimals that an interval of this half-width supports.
fn decimals(half_width: f64, value: f64) -> usize {
    let digit = if half_width > 0.0 && half_width.is_finite() {
        half_width
    } else if value != 0.0 && value.is_finite() {
        // Exact as far as we know: three figures.
        value.abs() / 100.0
    } else {
        1.0
    };
    let supported = (-digit.log10().floor()).clamp(0.0, 3.0);
    // Three figures are as many as anybody compares.
    let compared = if value == 0.0 || !value.is_finite() {
        supported
    } else {
        (2.0 - value.abs().log10().floor()).clamp(0.0, 3.0)
    };
    supported.min(compared) as usize
}

/// A mean and its interval in words: `17.3 (17.1 to 17.5)`, as (mean, interval).
pub(super) fn with_interval(estimate: &Estimate, factor: f64) -> (String, String) {
    if estimate.n == 0 || !estimate.mean.is_finite() {
        return (NONE.to_string(), String::new());
    }
    let mean = estimate.mean * factor;
    let half = estimate.half_width() * factor;
    if estimate.n < 2 || half == 0.0 {
        let places = if mean.fract() == 0.0 {
            0
        } else {
            decimals(0.0, mean)
        };
        return (number(mean, places), String::new());
    }
    let places = decimals(half, mean);
    let (low, high) = (
        number(estimate.low * factor, places),
        number(estimate.high * factor, places),
    );
    (number(mean, places), format!("{low} to {high}"))
}

/// A unit of time and how many of it an hour is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    pub(super) name: &'static str,
    pub(super) per_hour: f64,
}

/// The unit in which people state a time of about this many hours.
pub(super) fn unit_of_time(hours: f64) -> Unit {
    let (name, per_hour) = match hours.abs() {
        h if h >= 48.0 => ("d", 1.0 / 24.0),
        h if h >= 1.0 || h == 0.0 || h.is_nan() => ("h", 1.0),
        _ => ("min", 60.0),
    };
    Unit { name, per_hour }
}

/// A time without its interval: `3.2 d`.
pub(super) fn time(hours: f64) -> String {
    if !hours.is_finite() {
        return NONE.to_string();
    }
    let unit = unit_of_time(hours);
    let value = hours * unit.per_hour;
    let places = usize::from(value.abs() < 10.0 && value != 0.0);
    format!("{} {}", number(value, places), unit.name)
}

/// The local date `hours` after the start.
fn date(gateway: &Gateway, hours: f64) -> Date {
    let micros = (hours * 3.6e9) as i64;
    gateway
        .time_zone
        .to_datetime(GateTime::from_micros(micros).instant(gateway.start))
        .date()
}

/// `9 March`, with the year if the run goes over a turn of the year.
pub(super) fn day(gateway: &Gateway, hours: f64) -> String {
    let at = date(gateway, hours);
    let same_year = date(gateway, 0.0).year() == date(gateway, gateway.length.hours()).year();
    if same_year {
        figures::day_of_year(at)
    } else {
        figures::date(at)
    }
}

/// `9 Mar`, for axes.
pub(super) fn short_day(gateway: &Gateway, hours: f64) -> String {
    let days = gateway.length.hours() / 24.0;
    figures::tick(date(gateway, hours), days as usize)
}

/// `16 January 2022, 08:00`.
pub(super) fn moment(gateway: &Gateway, at: GateTime) -> String {
    let zone = &gateway.time_zone;
    figures::moment(zone.to_datetime(at.instant(gateway.start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(mean: f64, half: f64) -> Estimate {
        Estimate {
            mean,
            sd: 1.0,
            low: mean - half,
            high: mean + half,
            level: 0.95,
            n: 10,
        }
    }

    #[test]
    fn a_figure_has_the_digits_that_its_interval_supports() {
        let shown = |mean, half| {
            let (mean, interval) = with_interval(&estimate(mean, half), 1.0);
            format!("{mean} ({interval})")
        };
        assert_eq!(shown(17.345, 0.21), "17.3 (17.1 to 17.6)");
        assert_eq!(shown(17.346, 0.022), "17.3 (17.3 to 17.4)");
        assert_eq!(shown(1_234.5, 34.0), "1234 (1200 to 1268)");
        assert_eq!(
            shown(123_456.0, 340.0),
            "123\u{202f}456 (123\u{202f}116 to 123\u{202f}796)"
        );
        assert_eq!(shown(0.0, 0.0), "0 ()");
        assert_eq!(shown(60.0, 0.0), "60 ()");
    }

    #[test]
    fn times_are_said_in_the_unit_that_people_use() {
        assert_eq!(time(0.25), "15 min");
        assert_eq!(time(7.25), "7.2 h");
        assert_eq!(time(31.0), "31 h");
        assert_eq!(time(500.0), "21 d");
    }
}
