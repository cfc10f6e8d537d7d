//! The gateway drawn as a flow.

use crate::html::{path, rect, svg, text};
use crate::page::Figure;
use crate::table::{Table, number, percent};

/// A station of the flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// Its name.
    pub name: String,
    /// Slots; none for no limit or for what lies outside.
    pub slots: Option<f64>,
    /// Share of its slots that is occupied, if it has slots.
    pub utilisation: f64,
    /// Whether it lies on the dirty side.
    pub dirty: bool,
    /// Whether it limits the whole.
    pub worst: bool,
    /// Lots a day that leave it for the next.
    pub out: f64,
}

/// Stations from left to right, bands between them as wide as what flows, the dirty side hatched, the one that limits dark.
#[must_use]
pub fn flow(caption: &str, stations: &[Station]) -> Figure {
    const BOX: f64 = 92.0;
    const GAP: f64 = 42.0;
    const MIDDLE: f64 = 96.0;
    let n = stations.len().max(1) as f64;
    let width = n * BOX + (n - 1.0) * GAP + 8.0;
    let most = stations.iter().map(|s| s.out).fold(0.0, f64::max).max(1e-9);
    let largest = stations.iter().filter_map(|s| s.slots).fold(1.0, f64::max);
    let x = |nth: usize| 4.0 + nth as f64 * (BOX + GAP);
    let mut body = String::new();
    let dirty = stations.iter().filter(|s| s.dirty).count();
    if dirty > 0 {
        body += &rect(0.0, 22.0, x(dirty - 1) + BOX + 4.0, 152.0, "dirty");
        body += &text(4.0, 16.0, "soft", "start", "dirty side");
    }
    if dirty < stations.len() {
        body += &text(width - 4.0, 16.0, "soft", "end", "clean side");
    }
    let mut table = Table::of(&["", "slots", "occupied", "lots a day onwards"]);
    for (nth, station) in stations.iter().enumerate() {
        // The height tells the size, by its logarithm: a yard is hundreds of times a platform.
        let height = station.slots.map_or(44.0, |slots| {
            44.0 + 70.0 * (1.0 + slots).ln() / (1.0 + largest).ln()
        });
        let (left, top) = (x(nth), MIDDLE - height / 2.0);
        if nth + 1 < stations.len() {
            let thick = (station.out / most * 30.0).max(1.0);
            let (from, to) = (left + BOX, x(nth + 1));
            let points = [
                (from, MIDDLE - thick / 2.0),
                (to, MIDDLE - thick / 2.0),
                (to, MIDDLE + thick / 2.0),
                (from, MIDDLE + thick / 2.0),
            ];
            body += &path(&points, true, "flow");
            body += &text(
                f64::midpoint(from, to),
                MIDDLE - thick / 2.0 - 4.0,
                "",
                "middle",
                &number(station.out),
            );
        }
        body += &rect(
            left,
            top,
            BOX,
            height,
            if station.worst { "worst" } else { "box" },
        );
        if station.utilisation.is_finite() && !station.worst {
            let filled = (height - 2.0) * station.utilisation.clamp(0.0, 1.0);
            body += &rect(
                left + 1.0,
                top + height - 1.0 - filled,
                BOX - 2.0,
                filled,
                "level",
            );
        }
        let class = if station.worst { "onDark" } else { "strong" };
        body += &text(
            left + BOX / 2.0,
            MIDDLE - 2.0,
            class,
            "middle",
            &short(&station.name),
        );
        if station.utilisation.is_finite() {
            let class = if station.worst { "onDark" } else { "" };
            body += &text(
                left + BOX / 2.0,
                MIDDLE + 14.0,
                class,
                "middle",
                &percent(station.utilisation),
            );
        }
        if station.worst {
            body += &text(left + BOX / 2.0, 190.0, "strong", "middle", "▲ limits");
        } else if let Some(slots) = station.slots {
            body += &text(
                left + BOX / 2.0,
                190.0,
                "soft",
                "middle",
                &format!("{} slots", number(slots)),
            );
        }
        table.row([
            station.name.clone(),
            station.slots.map_or_else(|| "–".into(), number),
            percent(station.utilisation),
            number(station.out),
        ]);
    }
    let mut svg = svg(width, 200.0, caption, &body);
    // A long gateway scrolls on a phone rather than shrink beyond reading.
    svg = svg.replacen(
        "<svg ",
        &format!(
            "<svg style=\"min-width:{:.0}px;max-width:{:.0}px\" ",
            width * 0.75,
            width * 1.4
        ),
        1,
    );
    Figure {
        caption: caption.into(),
        svg,
        table,
    }
}

fn short(name: &str) -> String {
    if name.chars().count() <= 13 {
        name.into()
    } else {
        name.chars().take(12).chain(['…']).collect()
    }
}
