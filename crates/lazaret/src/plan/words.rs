//! Figures, intervals and tables as they are printed.

use comfy_table::{CellAlignment, Table, presets};
use lazaret_plan::compare::{Difference, Verdict};
use lazaret_plan::{Estimate, Stops};

use crate::output::table_lines;

/// A figure with four digits that count.
pub(crate) fn figure(x: f64) -> String {
    if x.is_nan() {
        return "-".into();
    }
    if x.is_infinite() {
        return if x > 0.0 {
            "without limit".into()
        } else {
            "below any number".into()
        };
    }
    let size = x.abs();
    if size >= 1000.0 || (size.fract() == 0.0 && size < 1e15) {
        // Whole numbers and large ones need no decimals; thousands are set apart.
        return thousands(x.round());
    }
    let decimals = if size >= 100.0 {
        1
    } else if size >= 10.0 {
        2
    } else if size >= 0.0995 {
        3
    } else if size >= 0.00995 {
        4
    } else {
        return format!("{x:.2e}");
    };
    let text = format!("{x:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn thousands(x: f64) -> String {
    let digits = format!("{:.0}", x.abs());
    let mut text = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    if x < 0.0 { format!("-{text}") } else { text }
}

/// `figure (low to high)`.
pub(crate) fn with_interval(e: &Estimate) -> String {
    format!("{} ({})", figure(e.value), interval(e.low, e.high))
}

/// `low to high`.
pub(crate) fn interval(low: f64, high: f64) -> String {
    match (low == f64::NEG_INFINITY, high == f64::INFINITY) {
        (false, false) => format!("{} to {}", figure(low), figure(high)),
        (true, false) => format!("{} or less", figure(high)),
        (false, true) => format!("{} or more", figure(low)),
        (true, true) => "not bounded".into(),
    }
}

/// A probability as a percentage, with the tails kept apart from 0 and 100.
pub(crate) fn percent(p: f64) -> String {
    let x = 100.0 * p;
    if x > 0.0 && x < 0.095 {
        "under 0.1 %".to_owned()
    } else if x > 99.95 && x < 100.0 {
        "over 99.9 %".to_owned()
    } else if (x > 99.0 && x < 100.0) || (x > 0.0 && x < 9.95) {
        format!("{x:.1} %")
    } else {
        format!("{x:.0} %")
    }
}

/// A table with aligned columns: the columns numbered in `right` to the right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.to_vec());
    for row in rows {
        table.add_row(row.clone());
    }
    for &column in right {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table_lines(&mut table)
}

/// That futures of a design came to a stop; none if none did.
///
/// * `design` — which, such as `place.dock.slots = 4`.
pub(crate) fn stopped(design: &str, stops: &Stops) -> Option<String> {
    (stops.stopped > 0).then(|| format!("{stops}: {design}"))
}

/// Warnings above an answer, with what follows from them; nothing if there are none.
pub(crate) fn warned(warnings: &[String]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let lines: String = warnings.iter().map(|w| format!("Warning: {w}\n")).collect();
    format!(
        "\n{lines}What locks up never moves again: such a future meets no condition, and its times are of what got through before.\n`lazaret simulate` with the same --set says where it stops and why.\n"
    )
}

/// What a difference says, in words.
pub(crate) fn verdict(d: &Difference) -> String {
    match d.verdict {
        Verdict::Higher => "higher".into(),
        Verdict::Lower => "lower".into(),
        Verdict::Same => "no difference that matters".into(),
        Verdict::Identical => "exactly the same in every replication".into(),
        Verdict::CannotTell { more: Some(n) } => {
            format!(
                "cannot tell yet, {} more replications would",
                figure(n as f64)
            )
        }
        Verdict::CannotTell { more: None } => {
            "cannot tell, and no number of replications within reach would".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_what_counts() {
        for (x, text) in [
            (0.0, "0"),
            (12.0, "12"),
            (1234567.4, "1,234,567"),
            (-1234.0, "-1,234"),
            (123.456, "123.5"),
            (12.3456, "12.35"),
            (1.23456, "1.235"),
            (0.5, "0.5"),
            (0.01, "0.01"),
            (0.00123, "1.23e-3"),
            (f64::NAN, "-"),
            (f64::INFINITY, "without limit"),
        ] {
            assert_eq!(figure(x), text);
        }
        assert_eq!(percent(0.5), "50 %");
        assert_eq!(percent(0.999), "99.9 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.0123), "1.2 %");
        assert_eq!(percent(0.9999), "over 99.9 %");
        assert_eq!(percent(1e-5), "under 0.1 %");
        assert_eq!(percent(1.0), "100 %");
    }
}
