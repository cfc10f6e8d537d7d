//! Where a page comes from: the command, the file and the seed that give it again, and how it is written.

use lazaret_report::{Again, Page};

use crate::files::Output;
use crate::input::Input;
use crate::output::Failure;
use crate::simulate::result::hash;

/// Writes a page beside the printed answer.
///
/// * `text` — the printed answer; its first paragraph with a full stop is the answer in a sentence.
pub(crate) fn write(
    output: &Output,
    mut page: Page,
    text: &str,
    (again, warnings): Source,
) -> Result<(), Failure> {
    page.answer = text
        .split("\n\n")
        .find(|p| p.contains('.'))
        .unwrap_or(text)
        .trim()
        .replace('\n', " ");
    page.warnings.extend(warnings);
    page.again = again;
    output.write(page.html().as_bytes())
}

/// How to get a page again, and what must be known before using it.
pub(crate) type Source = (Again, Vec<String>);

/// Source of a page about a gateway file: its warnings are those of `lazaret check`.
pub(crate) fn again(input: &Input, seed: u64) -> Result<Source, Failure> {
    let loaded = input.load()?;
    let warnings = lazaret_gateway::check::check(&loaded.reading).warnings;
    Ok((
        again_of(loaded.document.text(), &input.set, seed),
        warnings.into_iter().map(|w| w.message).collect(),
    ))
}

/// How to get a report on a text again.
pub(crate) fn again_of(text: &str, set: &[String], seed: u64) -> Again {
    let quoted = |word: String| {
        let plain = word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./=:".contains(c));
        if plain {
            word
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    // The program's own path says nothing to others.
    let words: Vec<String> = std::iter::once("lazaret".to_owned())
        .chain(std::env::args().skip(1).map(quoted))
        .collect();
    Again {
        command: words.join(" "),
        seed,
        version: env!("CARGO_PKG_VERSION").into(),
        file_hash: hash(text, set),
    }
}
