//! Figures as people read them.

/// Three figures that count.
#[must_use]
pub fn number(value: f64) -> String {
    match value.abs() {
        v if !v.is_finite() => "–".to_string(),
        v if v >= 100.0 || v.fract() == 0.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 0.1 => format!("{value:.2}"),
        v => {
            // Two figures that count, so that minutes told in days do not all become 0.01.
            let places = (1.0 - v.log10().floor()).min(9.0) as usize;
            format!("{value:.places$}")
        }
    }
}

/// A probability that does not claim more than is known.
#[must_use]
pub fn percent(p: f64) -> String {
    match p {
        // Also where none, or all, of the worlds that were drawn say so: there are others.
        p if p < 0.01 => "under 1 %".to_string(),
        p if p > 0.99 => "over 99 %".to_string(),
        p => format!("{:.0} %", 100.0 * p),
    }
}
