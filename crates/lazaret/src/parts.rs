//! What a build can leave out, and whether this one has it.

use std::sync::LazyLock;

/// The features of the program, each with whether it is in this build.
const PARTS: [(&str, bool); 6] = [
    ("ledger", cfg!(feature = "ledger")),
    ("server", cfg!(feature = "server")),
    ("postgres", cfg!(feature = "postgres")),
    ("api-page", cfg!(feature = "api-page")),
    ("workbooks", cfg!(feature = "workbooks")),
    ("parquet", cfg!(feature = "parquet")),
];

/// The version with what is inside, for `lazaret --version`.
pub(crate) fn version() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| text(&PARTS));
    &TEXT
}

/// What this build can do: what every build can, and its features.
pub(crate) fn inside() -> Vec<&'static str> {
    ["plan", "watch"]
        .into_iter()
        .chain(named(&PARTS, true))
        .collect()
}

/// The features that this build does not have.
pub(crate) fn left_out() -> Vec<&'static str> {
    named(&PARTS, false)
}

fn named<'n>(parts: &[(&'n str, bool)], inside: bool) -> Vec<&'n str> {
    parts
        .iter()
        .filter(|(_, is_in)| *is_in == inside)
        .map(|(name, _)| *name)
        .collect()
}

/// The formats that this build writes and reads, by number: a file of another number is refused by name.
fn formats() -> String {
    let estimate = format!("saved estimate {}", lazaret_watch::resume::VERSION);
    #[cfg(feature = "ledger")]
    let formats = format!("ledger export {}, {estimate}", lazaret_store::FORMAT);
    #[cfg(not(feature = "ledger"))]
    let formats = estimate;
    formats
}

fn text(parts: &[(&str, bool)]) -> String {
    let mut text = format!("{}\nwith: plan, watch", env!("CARGO_PKG_VERSION"));
    for name in named(parts, true) {
        text += &format!(", {name}");
    }
    if !named(parts, false).is_empty() {
        text += &format!(
            "\nwithout: {}; `cargo build --release --features full` builds everything",
            named(parts, false).join(", ")
        );
    }
    text += &format!("\nformats: {}", formats());
    // A release and an image say what they were made from; a build by hand does not ask.
    let commit = option_env!("LAZARET_COMMIT").filter(|commit| !commit.is_empty());
    text += &format!(
        "\nfor: {} {}; commit: {}",
        std::env::consts::OS,
        std::env::consts::ARCH,
        commit.unwrap_or("not recorded (LAZARET_COMMIT was not set when it was built)")
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_says_what_is_inside_and_what_is_not() {
        assert!(text(&[("a", true), ("b", false)]).contains("with: plan, watch, a\nwithout: b; "));
        assert!(!text(&[("a", true)]).contains("without"));
    }
}
