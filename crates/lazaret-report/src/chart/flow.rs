//! The gateway drawn as a flow: boxes for places, bands for what goes from one to the next.

use std::collections::BTreeMap;

use lazaret_vocabulary::figures::{number, share as percent};

use crate::html::{path, rect, svg, text};
use crate::page::{Figure, Shown};
use crate::table::Table;

/// A box of the flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// Its name.
    pub name: String,
    /// A remark under it, such as its slots.
    pub remark: String,
    /// Share of its slots that is occupied; NaN if it has none.
    pub utilisation: f64,
    /// Whether it lies on the dirty side.
    pub dirty: bool,
    /// What limits the whole here, if something does: nothing more to say, or the crew that works in it.
    pub limits: Option<Limits>,
}

/// What limits the whole in a box.
#[derive(Clone, Debug, PartialEq)]
pub enum Limits {
    /// Its room.
    Room,
    /// A crew or equipment that works there.
    Resource(String),
}

/// A band between two boxes.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Which box it leaves.
    pub from: usize,
    /// Which box it goes to.
    pub to: usize,
    /// What it is of, such as a class of goods.
    pub class: String,
    /// What it is counted in; bands of one unit are drawn to one scale.
    pub unit: &'static str,
    /// How many a day.
    pub a_day: f64,
}

const BOX: f64 = 96.0;
const GAP: f64 = 116.0;
const THICKEST: f64 = 30.0;
const THINNEST: f64 = 2.0;
const TOP: f64 = 26.0;

/// Where the boxes stand: column, top and height of each.
struct Layout {
    column: Vec<usize>,
    top: Vec<f64>,
    height: Vec<f64>,
    width: f64,
    bottom: f64,
}

/// Boxes from left to right, each to the right of all that flows into it; a band that goes back (goods that are treated again) moves
/// no box. Bands of one unit are as wide as what flows.
#[must_use]
pub fn flow(caption: &str, stations: &[Station], bands: &[Band]) -> Figure {
    let mut most: BTreeMap<&str, f64> = BTreeMap::new();
    for band in bands {
        let most = most.entry(band.unit).or_insert(1e-9);
        *most = most.max(band.a_day);
    }
    let thick: Vec<f64> = bands
        .iter()
        .map(|b| (b.a_day / most[b.unit] * THICKEST).max(THINNEST))
        .collect();
    let layout = layout(stations, bands, &thick);
    let x = |at: usize| 4.0 + layout.column[at] as f64 * (BOX + GAP);
    let mut body = String::new();
    // How much of each side of a box bands have taken so far, so that they leave and come in side by side.
    let mut used = [vec![0.0; stations.len()], vec![0.0; stations.len()]];
    for (band, thick) in bands.iter().zip(&thick) {
        let y = |side: usize, at: usize, used: &mut [Vec<f64>; 2]| {
            let all: f64 = bands
                .iter()
                .zip(
                    bands
                        .iter()
                        .map(|b| (b.a_day / most[b.unit] * THICKEST).max(THINNEST)),
                )
                .filter(|(b, _)| if side == 0 { b.from == at } else { b.to == at })
                .map(|(_, t)| t + 2.0)
                .sum();
            let start = layout.top[at] + (layout.height[at] - all) / 2.0 + used[side][at];
            used[side][at] += thick + 2.0;
            start
        };
        let (from, to) = (x(band.from) + BOX, x(band.to));
        let (a, b) = (y(0, band.from, &mut used), y(1, band.to, &mut used));
        let points = [(from, a), (to, b), (to, b + thick), (from, a + thick)];
        body += &path(&points, true, "flow");
        let forward = to > from;
        // Where it has just left its box, since a long band passes behind others.
        let at = if forward {
            GAP / 2.0 / (to - from)
        } else {
            0.5
        };
        let label = format!("{} {} {}", number(band.a_day), band.unit, band.class);
        body += &text(
            from + (to - from) * at,
            a + (b - a) * at + thick / 2.0 + 4.0,
            "small",
            "middle",
            &short(&label, 24),
        );
    }
    for (at, station) in stations.iter().enumerate() {
        body += &station_box(station, x(at), layout.top[at], layout.height[at]);
    }
    let dirty = stations.iter().any(|s| s.dirty);
    if dirty {
        body += &text(4.0, 14.0, "soft", "start", "hatched: the dirty side");
    }
    let mut svg = svg(layout.width, layout.bottom, caption, &body);
    // A long gateway scrolls on a phone rather than shrink beyond reading; on paper it shrinks (see the page's style).
    svg = svg.replacen(
        "<svg ",
        &format!(
            "<svg style=\"min-width:{:.0}px;max-width:{:.0}px\" ",
            layout.width * 0.75,
            layout.width * 1.4
        ),
        1,
    );
    Figure {
        caption: caption.into(),
        svg,
        table: table(stations, bands),
        shown: Shown::Wide,
    }
}

fn layout(stations: &[Station], bands: &[Band], thick: &[f64]) -> Layout {
    let n = stations.len();
    // Stations come in the order of the steps: a band to an earlier one goes back.
    let mut column = vec![0usize; n];
    for at in 0..n {
        for band in bands.iter().filter(|b| b.to == at && b.from < at) {
            column[at] = column[at].max(column[band.from] + 1);
        }
    }
    let side = |at: usize, which: fn(&Band) -> usize| -> f64 {
        let there = bands.iter().zip(thick).filter(|(b, _)| which(b) == at);
        there.map(|(_, t)| t + 2.0).sum()
    };
    let height: Vec<f64> = (0..n)
        .map(|at| side(at, |b| b.from).max(side(at, |b| b.to)).max(40.0) + 8.0)
        .collect();
    let columns = column.iter().max().map_or(1, |c| c + 1);
    let stack = |c: usize| -> f64 {
        let there = (0..n).filter(|&at| column[at] == c);
        there.map(|at| height[at] + 30.0).sum()
    };
    let tallest = (0..columns).map(stack).fold(0.0, f64::max);
    let mut top = vec![0.0; n];
    for c in 0..columns {
        let mut y = TOP + (tallest - stack(c)) / 2.0;
        for at in (0..n).filter(|&at| column[at] == c) {
            top[at] = y;
            y += height[at] + 30.0;
        }
    }
    Layout {
        column,
        top,
        height,
        width: columns as f64 * BOX + (columns as f64 - 1.0) * GAP + 8.0,
        bottom: TOP + tallest + 4.0,
    }
}

fn station_box(station: &Station, left: f64, top: f64, height: f64) -> String {
    let limits = station.limits.is_some();
    let mut body = String::new();
    if station.dirty {
        body += &rect(left - 3.0, top - 3.0, BOX + 6.0, height + 6.0, "dirty");
    }
    let class = if limits { "worst" } else { "box" };
    body += &rect(left, top, BOX, height, class);
    if station.utilisation.is_finite() && !limits {
        let filled = (height - 2.0) * station.utilisation.clamp(0.0, 1.0);
        body += &rect(
            left + 1.0,
            top + height - 1.0 - filled,
            BOX - 2.0,
            filled,
            "level",
        );
    }
    let middle = top + height / 2.0;
    let class = if limits { "onDark" } else { "strong" };
    let name = short(&station.name, 13);
    body += &text(left + BOX / 2.0, middle - 2.0, class, "middle", &name);
    if station.utilisation.is_finite() {
        let class = if limits { "onDark" } else { "" };
        let used = percent(station.utilisation);
        body += &text(left + BOX / 2.0, middle + 14.0, class, "middle", &used);
    }
    let (class, under) = match &station.limits {
        Some(Limits::Room) => ("strong", "▲ limits".to_owned()),
        Some(Limits::Resource(name)) => ("strong", format!("▲ {} limits", short(name, 16))),
        None => ("soft", station.remark.clone()),
    };
    body += &text(
        left + BOX / 2.0,
        top + height + 14.0,
        class,
        "middle",
        &under,
    );
    body
}

fn table(stations: &[Station], bands: &[Band]) -> Table {
    let mut table = Table::of(&["from", "to", "of", "a day", "unit"]);
    for band in bands {
        table.row([
            stations[band.from].name.clone(),
            stations[band.to].name.clone(),
            band.class.clone(),
            number(band.a_day),
            band.unit.into(),
        ]);
    }
    table
}

fn short(name: &str, most: usize) -> String {
    // The whole name is in the table.
    if name.chars().count() <= most {
        name.into()
    } else {
        name.chars().take(most - 1).chain(['…']).collect()
    }
}
