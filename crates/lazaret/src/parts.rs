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

fn text(parts: &[(&str, bool)]) -> String {
    let named = |inside: bool| {
        let names: Vec<&str> = parts
            .iter()
            .filter(|(_, is_in)| *is_in == inside)
            .map(|(name, _)| *name)
            .collect();
        names.join(", ")
    };
    let mut text = format!("{}\nwith: plan, watch", env!("CARGO_PKG_VERSION"));
    if !named(true).is_empty() {
        text += &format!(", {}", named(true));
    }
    if !named(false).is_empty() {
        text += &format!(
            "\nwithout: {}; `cargo build --release --features full` builds everything",
            named(false)
        );
    }
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
