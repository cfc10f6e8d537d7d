//! How to get a page again: the command, the seed and the file that it was made from.

use lazaret_report::Again;

use crate::output::quoted;
use crate::simulate::result::hash;

/// How to get a report on a text again.
pub(crate) fn again_of(text: &str, set: &[String], seed: u64) -> Again {
    // The program's own path says nothing to others.
    let words: Vec<String> = std::iter::once("lazaret".to_owned())
        .chain(std::env::args_os().skip(1).map(|word| quoted(&word)))
        .collect();
    Again {
        command: words.join(" "),
        seed,
        version: env!("CARGO_PKG_VERSION").into(),
        file_hash: hash(text, set),
    }
}
