//! Stacked bars: parts of a whole, or of a wait.

use lazaret_vocabulary::figures::number;

use crate::chart::{WIDTH, room_for_names, steps};
use crate::html::{line, rect, svg, text};
use crate::page::{Figure, Shown};
use crate::table::Table;

/// A row of parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// What it is of.
    pub name: String,
    /// The parts, in the order of the legend.
    pub parts: Vec<f64>,
}

/// One stacked bar a row. Up to four kinds of part are told apart by shade and hatch.
///
/// * `kinds` — what the parts are.
/// * `unit` — of the parts.
#[must_use]
pub fn stacks(caption: &str, unit: &str, kinds: &[&str], rows: &[Stack]) -> Figure {
    const RIGHT: f64 = 50.0;
    const ROW: f64 = 26.0;
    const CLASSES: [&str; 4] = ["bar", "bar2", "bar3", "bar4"];
    let left = room_for_names(rows.iter().map(|row| row.name.as_str()));
    let part = |value: &f64| {
        if value.is_finite() {
            value.max(0.0)
        } else {
            0.0
        }
    };
    let most = rows
        .iter()
        .map(|row| row.parts.iter().map(part).sum())
        .fold(0.0, f64::max);
    let marks = steps(most);
    let top = marks.last().copied().unwrap_or(1.0);
    let x = |value: f64| left + value / top * (WIDTH - left - RIGHT);
    let legend = 22.0 * kinds.len().div_ceil(2) as f64;
    let height = legend + ROW * rows.len() as f64 + 34.0;
    let mut body = String::new();
    for (nth, kind) in kinds.iter().enumerate() {
        let (column, line) = ((nth % 2) as f64, (nth / 2) as f64);
        body += &rect(
            column * 260.0,
            3.0 + 22.0 * line,
            18.0,
            12.0,
            CLASSES[nth % CLASSES.len()],
        );
        body += &text(column * 260.0 + 24.0, 14.0 + 22.0 * line, "", "start", kind);
    }
    for &mark in &marks {
        body += &line(x(mark), legend + 4.0, x(mark), height - 28.0, "grid");
        body += &text(x(mark), height - 12.0, "soft", "middle", &number(mark));
    }
    let mut table = Table::of(&[""]);
    table.head.extend(kinds.iter().map(ToString::to_string));
    for (nth, row) in rows.iter().enumerate() {
        let y = legend + 6.0 + ROW * nth as f64;
        body += &text(left - 8.0, y + 14.0, "", "end", &row.name);
        let mut at = 0.0;
        for (kind, value) in row.parts.iter().enumerate() {
            let value = part(value);
            if value > 0.0 {
                body += &rect(
                    x(at),
                    y + 3.0,
                    x(at + value) - x(at),
                    ROW - 11.0,
                    CLASSES[kind % CLASSES.len()],
                );
            }
            at += value;
        }
        body += &text(x(at) + 6.0, y + 14.0, "strong", "start", &number(at));
        let mut cells = vec![row.name.clone()];
        cells.extend(row.parts.iter().map(|value| number(*value)));
        table.row(cells);
    }
    body += &line(left, legend + 4.0, left, height - 28.0, "axis");
    Figure {
        caption: format!("{caption} ({unit})"),
        svg: svg(WIDTH, height, caption, &body),
        table,
        shown: Shown::Open,
    }
}
