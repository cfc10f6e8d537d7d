//! What all answers of plan are printed with.

pub(crate) use lazaret_vocabulary::figures::{figure, interval, share as percent};

use lazaret_plan::Stops;

pub(crate) use crate::output::table;

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
        "\n{lines}Such a future meets no condition, and its times only cover what got through before the stop.\n`lazaret simulate` with the same --set says where it stops and why.\n"
    )
}
