//! Bars with intervals.

use lazaret_vocabulary::figures::number;

use crate::chart::{WIDTH, room_for_names, steps};
use crate::html::{line, rect, svg, text};
use crate::page::{Figure, Shown};
use crate::table::Table;

/// A value with its interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What it is of.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// A limit that it should be seen against.
    pub limit: Option<f64>,
}

/// One bar a row, with its interval as a whisker and its limit as a dashed line. Values below zero go to the left.
///
/// * `unit` — of the values, for the axis and the table.
#[must_use]
pub fn bars(caption: &str, unit: &str, bars: &[Bar]) -> Figure {
    const RIGHT: f64 = 60.0;
    const ROW: f64 = 26.0;
    let left = room_for_names(bars.iter().map(|row| row.name.as_str()));
    let finite = |value: f64| if value.is_finite() { value } else { 0.0 };
    let most = bars
        .iter()
        .flat_map(|b| [finite(b.value), finite(b.high), b.limit.unwrap_or(0.0)])
        .fold(0.0, f64::max);
    let least = bars
        .iter()
        .flat_map(|b| [finite(b.value), finite(b.low)])
        .fold(0.0, f64::min);
    // One step for both sides of zero, so that a chart of losses alone has as few marks as one of gains.
    let up = steps(most.max(-least));
    let step = up.get(1).copied().unwrap_or(1.0);
    let floor = (least / step).floor() * step;
    let top = if most > 0.0 || least == 0.0 {
        ((most / step).ceil() * step).max(step)
    } else {
        step
    };
    let x = |value: f64| left + (value - floor) / (top - floor) * (WIDTH - left - RIGHT);
    let height = ROW * bars.len() as f64 + 34.0;
    let mut body = String::new();
    let mut mark = floor;
    while mark <= top + step / 2.0 {
        body += &line(x(mark), 4.0, x(mark), height - 28.0, "grid");
        body += &text(x(mark), height - 12.0, "soft", "middle", &number(mark));
        mark += step;
    }
    let mut table = Table::of(&["", unit, "95 % interval"]);
    for (nth, bar) in bars.iter().enumerate() {
        let y = 6.0 + ROW * nth as f64;
        body += &text(left - 8.0, y + 14.0, "", "end", &bar.name);
        if bar.value.is_finite() {
            let (from, to) = (x(bar.value.min(0.0)), x(bar.value.max(0.0)));
            body += &rect(from, y + 3.0, to - from, ROW - 11.0, "bar");
            if bar.high > bar.low {
                body += &line(x(bar.low), y + 10.0, x(bar.high), y + 10.0, "whisker");
                for end in [bar.low, bar.high] {
                    body += &line(x(end), y + 6.0, x(end), y + 14.0, "whisker");
                }
            }
            body += &text(
                x(bar.value.max(bar.high).max(0.0)) + 6.0,
                y + 14.0,
                "strong",
                "start",
                &number(bar.value),
            );
        }
        if let Some(limit) = bar.limit {
            body += &line(x(limit), y, x(limit), y + ROW - 4.0, "limit");
        }
        table.row([
            bar.name.clone(),
            number(bar.value),
            format!("{} to {}", number(bar.low), number(bar.high)),
        ]);
    }
    body += &line(x(0.0), 4.0, x(0.0), height - 28.0, "axis");
    Figure {
        caption: format!("{caption} ({unit})"),
        svg: svg(WIDTH, height, caption, &body),
        table,
        shown: Shown::Open,
    }
}
