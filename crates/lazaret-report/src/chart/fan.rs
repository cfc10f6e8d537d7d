//! Fans: a level over time with the range between replications.

use lazaret_vocabulary::figures::number;

use crate::chart::{WIDTH, steps};
use crate::html::{line, path, svg, text};
use crate::page::{Figure, Shown};
use crate::table::Table;

/// A level over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Fan {
    /// What it is of.
    pub name: String,
    /// 5, 25, 50, 75 and 95 % between replications, for each point in time. NaN where nothing is known.
    pub quantiles: Vec<[f64; 5]>,
    /// The most that there is room for.
    pub limit: Option<f64>,
    /// Names of points in time, with the share of the length at which they stand.
    pub marks: Vec<(f64, String)>,
    /// The name of each point in time, for the table.
    pub times: Vec<String>,
}

/// A fan: the band of nine in ten replications pale, that of every second one darker, the median as a line.
#[must_use]
pub fn fan(fan: &Fan) -> Figure {
    const LEFT: f64 = 46.0;
    const RIGHT: f64 = 16.0;
    const TOP: f64 = 18.0;
    const HEIGHT: f64 = 230.0;
    const BOTTOM: f64 = 30.0;
    let known: Vec<(usize, [f64; 5])> = fan
        .quantiles
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, q)| q.iter().all(|v| v.is_finite()))
        .collect();
    let reached = known.iter().map(|(_, q)| q[4]).fold(0.0, f64::max);
    // A limit far above what is ever reached would press the fan flat: it is then told in words.
    let near = fan.limit.filter(|&limit| limit <= 2.5 * reached);
    let marks = steps(reached.max(near.unwrap_or(0.0)));
    let top = marks.last().copied().unwrap_or(1.0);
    let n = fan.quantiles.len().max(2) as f64;
    let x = |nth: usize| LEFT + (nth as f64 + 0.5) / n * (WIDTH - LEFT - RIGHT);
    let y = |level: f64| HEIGHT - BOTTOM - level / top * (HEIGHT - BOTTOM - TOP);
    let mut body = String::new();
    for &mark in &marks {
        body += &line(LEFT, y(mark), WIDTH - RIGHT, y(mark), "grid");
        body += &text(LEFT - 6.0, y(mark) + 4.0, "soft", "end", &number(mark));
    }
    let band = |low: usize, high: usize, class: &str| {
        let mut points: Vec<(f64, f64)> =
            known.iter().map(|&(at, q)| (x(at), y(q[high]))).collect();
        points.extend(known.iter().rev().map(|&(at, q)| (x(at), y(q[low]))));
        path(&points, true, class)
    };
    if !known.is_empty() {
        body += &band(0, 4, "band");
        body += &band(1, 3, "inner");
        let median: Vec<(f64, f64)> = known.iter().map(|&(at, q)| (x(at), y(q[2]))).collect();
        body += &path(&median, false, "median");
    }
    match (fan.limit, near) {
        (_, Some(limit)) => {
            body += &line(LEFT, y(limit), WIDTH - RIGHT, y(limit), "limit");
            body += &text(
                WIDTH - RIGHT,
                y(limit) - 5.0,
                "strong",
                "end",
                &format!("room for {}", number(limit)),
            );
        }
        (Some(limit), None) => {
            body += &text(
                WIDTH - RIGHT,
                TOP - 6.0,
                "soft",
                "end",
                &format!("room for {}, above the picture", number(limit)),
            );
        }
        (None, _) => {}
    }
    for (share, name) in &fan.marks {
        let at = LEFT + share * (WIDTH - LEFT - RIGHT);
        body += &line(at, HEIGHT - BOTTOM, at, HEIGHT - BOTTOM + 4.0, "axis");
        let anchor = if *share > 0.9 {
            "end"
        } else if *share < 0.05 {
            "start"
        } else {
            "middle"
        };
        body += &text(at, HEIGHT - 10.0, "soft", anchor, name);
    }
    body += &line(
        LEFT,
        HEIGHT - BOTTOM,
        WIDTH - RIGHT,
        HEIGHT - BOTTOM,
        "axis",
    );
    let mut table = Table::of(&["", "5 %", "25 %", "median", "75 %", "95 %"]);
    // Every sixth point: a table of hundreds of rows is not read.
    for (at, q) in known.iter().step_by(known.len().div_ceil(24).max(1)) {
        let mut cells = vec![fan.times.get(*at).cloned().unwrap_or_default()];
        cells.extend(q.iter().map(|&v| number(v)));
        table.row(cells);
    }
    Figure {
        caption: fan.name.clone(),
        svg: svg(WIDTH, HEIGHT, &fan.name, &body),
        table,
        shown: Shown::Open,
    }
}
