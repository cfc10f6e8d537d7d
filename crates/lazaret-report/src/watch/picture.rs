//! The pictures of the board, as SVG.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use jiff::civil::Date;
use lazaret_vocabulary::figures::{day_of_month, month, number, tick};
use lazaret_watch::estimate::{Influence, Series, UnknownEstimate};
use lazaret_watch::evidence::Row;
use lazaret_watch::kernel::{date_of, first_day};

use super::{Board, of_name};
use crate::chart::steps;
use crate::html::escape;
use crate::table::Cell;

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 96.0;
const RIGHT: f64 = 980.0;

/// Dates to write under an axis of `days` days that starts at `first`: at most eight.
fn dates(first: Date, days: usize) -> Vec<(usize, Date)> {
    let every = [1, 2, 5, 7, 14, 30, 60, 120, 365]
        .into_iter()
        .find(|every| days / every <= 8)
        .unwrap_or(1000);
    (0..days)
        .step_by(every)
        .filter_map(|day| {
            let date = first.checked_add(jiff::Span::new().days(day as i32)).ok()?;
            Some((day, date))
        })
        .collect()
}

/// A figure over time: hatched band before the evidence, filled band after it, the median, the room.
pub(super) fn bands(series: &Series, present: usize) -> String {
    const TOP: f64 = 10.0;
    const BOTTOM: f64 = 190.0;
    let count = series.days.len();
    let Some(first) = series.days.first().map(|d| d.date) else {
        return String::new();
    };
    let most = series
        .days
        .iter()
        .flat_map(|d| [d.posterior.q95, d.prior.q95])
        .fold(1.0, f64::max)
        * 1.05;
    let x = |day: usize| LEFT + (RIGHT - LEFT) * day as f64 / (count.max(2) - 1) as f64;
    let y = |value: f64| BOTTOM - (BOTTOM - TOP) * (value / most).clamp(0.0, 1.0);
    let area = |low: &dyn Fn(usize) -> f64, high: &dyn Fn(usize) -> f64| {
        let upper = (0..count).map(|d| format!("{:.1},{:.1}", x(d), y(high(d))));
        let lower = (0..count)
            .rev()
            .map(|d| format!("{:.1},{:.1}", x(d), y(low(d))));
        upper.chain(lower).collect::<Vec<_>>().join(" ")
    };
    let line = |of: &dyn Fn(usize) -> f64| {
        let points = (0..count).map(|d| format!("{:.1},{:.1}", x(d), y(of(d))));
        points.collect::<Vec<_>>().join(" ")
    };
    let days = &series.days;
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} 220\" role=\"img\" aria-label=\"{} over time\">",
        escape(&series.metric)
    );
    for step in steps(most).into_iter().filter(|step| *step <= most) {
        let _ = write!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{0:.1}\" y2=\"{0:.1}\" stroke=\"var(--line)\"/><text x=\"{1}\" y=\"{2:.1}\" text-anchor=\"end\">{3}</text>",
            y(step),
            LEFT - 8.0,
            y(step) + 4.0,
            number(step)
        );
    }
    for (day, date) in dates(first, count) {
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"210\" text-anchor=\"middle\" class=\"soft\">{}</text>",
            x(day),
            tick(date, count)
        );
    }
    let _ = write!(
        out,
        "<polygon points=\"{}\" fill=\"url(#hatch)\" opacity=\".4\" stroke=\"var(--soft)\" stroke-width=\".7\"/>\
         <polygon points=\"{}\" fill=\"var(--paler)\" stroke=\"var(--accent)\" stroke-width=\".8\"/>\
         <polygon points=\"{}\" fill=\"var(--pale)\"/>\
         <polyline points=\"{}\" fill=\"none\" stroke=\"var(--accent)\" stroke-width=\"2.2\"/>",
        area(&|d| days[d].prior.q05, &|d| days[d].prior.q95),
        area(&|d| days[d].posterior.q05, &|d| days[d].posterior.q95),
        area(&|d| days[d].posterior.q25, &|d| days[d].posterior.q75),
        line(&|d| days[d].posterior.q50),
    );
    if let Some(room) = series.room
        && room <= most
    {
        let _ = write!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{0:.1}\" y2=\"{0:.1}\" stroke=\"var(--ink)\" stroke-dasharray=\"7 4\"/><text x=\"{RIGHT}\" y=\"{1:.1}\" text-anchor=\"end\">full: {2}</text>",
            y(room),
            y(room) - 4.0,
            number(room)
        );
    }
    let _ = write!(
        out,
        "<line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"{TOP}\" y2=\"{BOTTOM}\" stroke=\"var(--ink)\" stroke-width=\"1\" stroke-dasharray=\"2 3\"/></svg>",
        x(present.min(count - 1))
    );
    out
}

/// Prior outlined, posterior filled.
pub(super) fn histogram(of: &UnknownEstimate) -> String {
    const W: f64 = 420.0;
    const H: f64 = 120.0;
    let histogram = &of.histogram;
    let count = histogram.prior.len().max(1);
    let most = histogram
        .prior
        .iter()
        .chain(&histogram.posterior)
        .copied()
        .fold(1e-9, f64::max);
    let x = |i: usize| 8.0 + (W - 16.0) * i as f64 / count as f64;
    let y = |share: f64| H - (H - 8.0) * share / most;
    let mut out = format!(
        "<svg viewBox=\"0 0 {W} 142\" role=\"img\" aria-label=\"{} before and after\">",
        escape(&of.name)
    );
    for (i, share) in histogram.posterior.iter().enumerate() {
        let _ = write!(
            out,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"var(--pale)\"/>",
            x(i),
            y(*share),
            x(1) - x(0),
            H - y(*share)
        );
    }
    let mut outline = format!("{:.1},{H}", x(0));
    for (i, share) in histogram.prior.iter().enumerate() {
        let _ = write!(
            outline,
            " {:.1},{:.1} {:.1},{:.1}",
            x(i),
            y(*share),
            x(i + 1),
            y(*share)
        );
    }
    let _ = write!(
        out,
        "<polyline points=\"{outline} {:.1},{H}\" fill=\"none\" stroke=\"var(--ink)\" stroke-width=\"1.2\" stroke-dasharray=\"4 3\"/>\
         <line x1=\"8\" x2=\"{1}\" y1=\"{H}\" y2=\"{H}\" stroke=\"var(--ink)\"/>",
        x(count),
        W - 8.0
    );
    for part in 0..=4 {
        let value = histogram.from + (histogram.to - histogram.from) * f64::from(part) / 4.0;
        let at = 8.0 + (W - 16.0) * f64::from(part) / 4.0;
        let anchor = ["start", "middle", "middle", "middle", "end"][part as usize];
        let unit = if part == 4 {
            format!(" {}", of.unit)
        } else {
            String::new()
        };
        let _ = write!(
            out,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"{anchor}\" class=\"soft\">{}{unit}</text>",
            H + 16.0,
            number(value)
        );
    }
    out.push_str("</svg>");
    out
}

/// Rows that are not used are drawn up to this many: beyond, a picture shows nothing but them.
pub(super) const UNUSED_DRAWN_MOST: usize = 2000;

/// How dark a mark is, by the letter of its source from A to F: F cannot be judged, as D.
const SHADES: [&str; 6] = ["1", ".85", ".65", ".45", ".3", ".45"];

/// What a row did to the answer.
enum Done {
    /// It moved it by so many nats.
    Moved(f64),
    /// It counts, and what it did was not asked for.
    NotAsked,
    /// It is not used.
    Nothing,
}

/// The mark of a row at a place of the picture.
fn mark(board: &Board<'_>, row: &Row, (cx, cy): (f64, f64), done: &Done) -> String {
    let conflicting = board.estimate.conflicts.iter().any(|c| c.id == row.id);
    let title = format!(
        "{} · {} · {} · {}{}",
        row.id,
        row.observer,
        row.value_in_words(),
        row.source_grade.letter(),
        row.info_grade.digit()
    );
    let mut marks = String::new();
    let _ = write!(marks, "<g><title>{}</title>", escape(&title));
    let shade = SHADES[row.source_grade.index()];
    match *done {
        Done::Moved(moved) => {
            let radius = 3.0 + 7.0 * (moved / 0.3).sqrt().min(1.0);
            let _ = write!(
                marks,
                "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"{radius:.1}\" fill=\"var(--accent)\" opacity=\"{shade}\"/>"
            );
        }
        Done::NotAsked => {
            let _ = write!(
                marks,
                "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"4\" fill=\"var(--accent)\" opacity=\"{shade}\"/>"
            );
        }
        Done::Nothing => {
            let _ = write!(
                marks,
                "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"3\" fill=\"none\" stroke=\"var(--soft)\"/>"
            );
        }
    }
    if conflicting {
        let _ = write!(
            marks,
            "<path d=\"M{0:.1} {1:.1}l14 14m0 -14l-14 14\" stroke=\"var(--ink)\" stroke-width=\"2\"/>",
            cx - 7.0,
            cy - 7.0
        );
    }
    marks.push_str("</g>");
    marks
}

/// Threads from rows to those that they may repeat.
///
/// * `places` — where each row's mark is.
fn threads(board: &Board<'_>, places: &BTreeMap<usize, (f64, f64)>) -> String {
    let question = board.question;
    let mut out = String::new();
    for observation in &question.observations.used {
        if let Some(original) = observation.retold.map(|retold| retold.of) {
            let other = question.observations.used[original].row;
            if let (Some(a), Some(b)) = (places.get(&observation.row), places.get(&other)) {
                let _ = write!(
                    out,
                    "<path d=\"M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}\" fill=\"none\" stroke=\"var(--ink)\" stroke-width=\".8\"/>",
                    a.0,
                    a.1,
                    0.5 * (a.0 + b.0) + 14.0,
                    0.5 * (a.1 + b.1),
                    b.0,
                    b.1
                );
            }
        }
    }
    out
}

/// The evidence as marks, a lane for each medium. What is older than a month before the opening stands at the left.
pub(super) fn timeline(board: &Board<'_>) -> String {
    const LANE: f64 = 44.0;
    let question = board.question;
    let gateway = question.gateway;
    let (first, last) = (first_day(gateway), question.as_of.max(first_day(gateway)));
    let mut media: Vec<&str> = question.rows.iter().map(|r| r.medium.as_str()).collect();
    media.sort_unstable();
    media.dedup();
    // Evidence thins out into the past, so the axis is drawn so that a day near the end gets more room than one long
    // ago: square roots of days before the last.
    let span = |date: Date| f64::from((last - date).get_days()).max(0.0);
    let oldest = question
        .rows
        .iter()
        .map(|r| span(r.observed.last))
        .fold(span(first), f64::max);
    let x = |date: Date| {
        RIGHT
            - (RIGHT - LEFT - 10.0) * ((span(date) + 1.0).sqrt() - 1.0)
                / ((oldest + 1.0).sqrt() - 1.0).max(1e-9)
    };
    let height = media.len() as f64 * LANE + 30.0;
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"evidence over time by medium\">"
    );
    for (lane, medium) in media.iter().enumerate() {
        let y = lane as f64 * LANE + LANE;
        let _ = write!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y}\" y2=\"{y}\" stroke=\"var(--line)\"/><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            y - LANE / 2.0 + 8.0,
            escape(medium)
        );
    }
    let ticks = [0, 3, 7, 14, 30, 90, 180, 365, 730, 1460, 3650];
    let mut room_from = f64::INFINITY;
    for back in ticks.into_iter().filter(|back| f64::from(*back) <= oldest) {
        if let Ok(date) = last.checked_sub(jiff::Span::new().days(back)) {
            // A date needs some room; the later ones come first.
            if x(date) > room_from - 62.0 {
                continue;
            }
            room_from = x(date);
            let _ = write!(
                out,
                "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" class=\"soft\">{}</text>",
                x(date),
                height - 8.0,
                if back >= 90 {
                    month(date)
                } else {
                    day_of_month(date)
                }
            );
        }
    }
    let start = x(date_of(gateway, 0));
    let _ = write!(
        out,
        "<line x1=\"{start:.1}\" x2=\"{start:.1}\" y1=\"4\" y2=\"{0}\" stroke=\"var(--ink)\" stroke-dasharray=\"2 3\"/><text x=\"{1:.1}\" y=\"14\" class=\"soft\">opens</text>",
        height - 26.0,
        start + 4.0
    );
    // Marks of the same day are stacked.
    let mut stacked: BTreeMap<(usize, i64), usize> = BTreeMap::new();
    let mut places: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    let mut marks = String::new();
    let influences: HashMap<&str, &Influence> = of_name(&board.estimate.rows);
    let used: HashSet<usize> = question.observations.used.iter().map(|o| o.row).collect();
    let drawn_unused = question.observations.unused.len() <= UNUSED_DRAWN_MOST;
    for (at, row) in question.rows.iter().enumerate() {
        if !row.known_on(question.as_of) || !(drawn_unused || used.contains(&at)) {
            continue;
        }
        let Some(lane) = media.iter().position(|m| row.medium == *m) else {
            continue;
        };
        let cx = x(row.observed.last.min(last));
        let stack = stacked.entry((lane, (cx / 7.0) as i64)).or_insert(0);
        let cy = lane as f64 * LANE + LANE - 8.0 - (*stack % 5) as f64 * 7.5;
        *stack += 1;
        places.insert(at, (cx, cy));
        let done = match influences.get(row.id.as_str()) {
            Some(influence) => Done::Moved(influence.moved),
            None if used.contains(&at) => Done::NotAsked,
            None => Done::Nothing,
        };
        marks += &mark(board, row, (cx, cy), &done);
    }
    out += &threads(board, &places);
    out.push_str(&marks);
    out.push_str("</svg>");
    out
}

/// What a group says of an unknown: a bar for each part of its range.
pub(super) fn likelihood(says: &lazaret_watch::estimate::SaysOf) -> Cell {
    const HIGH: f64 = 26.0;
    const EACH: f64 = 10.0;
    let width = EACH * says.log_likelihood.len() as f64;
    let mut out = format!(
        "<svg viewBox=\"0 0 {width} {HIGH}\" style=\"width:{width}px;height:{HIGH}px\" role=\"img\" aria-label=\"{}\">",
        escape(&format!("what it says of {}", says.unknown))
    );
    for (part, log) in says.log_likelihood.iter().enumerate() {
        let height = log.map_or(0.0, |log| (HIGH - 2.0) * log.exp().clamp(0.0, 1.0));
        let _ = write!(
            out,
            "<rect x=\"{:.0}\" y=\"{:.1}\" width=\"{:.0}\" height=\"{height:.1}\" fill=\"var(--accent)\"><title>about {}</title></rect>",
            EACH * part as f64,
            HIGH - height,
            EACH - 2.0,
            number(says.at[part])
        );
    }
    out.push_str("</svg>");
    let bars = says.log_likelihood.iter().map(|log| match log {
        Some(log) => format!("{log:.1}"),
        None => "-inf".to_string(),
    });
    Cell::picture(bars.collect::<Vec<_>>().join(" "), out)
}

/// What would be expected of a row as a band, and what it says as a block.
pub(super) fn expectation(row: &lazaret_watch::estimate::Predicted) -> Cell {
    const WIDE: f64 = 220.0;
    const HIGH: f64 = 16.0;
    let (Some(low), Some(middle), Some(high)) = (row.q05, row.q50, row.q95) else {
        return Cell::default();
    };
    let ends: Vec<f64> = [row.low, row.high].into_iter().flatten().collect();
    let least = ends.iter().copied().fold(low, f64::min);
    let most = ends.iter().copied().fold(high, f64::max);
    let x = |value: f64| 4.0 + (WIDE - 8.0) * (value - least) / (most - least).max(1e-9);
    let (from, to) = (row.low.map_or(0.0, x), row.high.map_or(WIDE, x));
    let svg = format!(
        "<svg viewBox=\"0 0 {WIDE} {HIGH}\" style=\"width:{WIDE}px;height:{HIGH}px\" role=\"img\" aria-label=\"expected and said\">\
         <rect x=\"{:.1}\" y=\"5\" width=\"{:.1}\" height=\"6\" fill=\"var(--pale)\"/>\
         <rect x=\"{:.1}\" y=\"1\" width=\"1.5\" height=\"14\" fill=\"var(--accent)\"/>\
         <rect x=\"{from:.1}\" y=\"4\" width=\"{:.1}\" height=\"8\" fill=\"none\" stroke=\"var(--ink)\" stroke-width=\"1.5\"/></svg>",
        x(low),
        (x(high) - x(low)).max(1.0),
        x(middle),
        (to - from).max(3.0)
    );
    Cell::picture(String::new(), svg)
}
