//! What a terminal can show, and what a file or a plain terminal is given instead.

use std::io::IsTerminal;

use crate::output::columns;

/// What the answer may be written with.
#[derive(Clone, Debug)]
pub(crate) struct Screen {
    /// Characters in a line.
    pub(super) width: usize,
    /// Reached surely, likely, possibly.
    pub(super) shades: [char; 3],
    pub(super) line: char,
    pub(super) axis: char,
    /// Whether headings stand out.
    pub(super) bold: bool,
    pub(super) unicode: bool,
}

impl Screen {
    /// Unicode and bold headings on a terminal that has not asked for plain text; else ASCII, 100 wide.
    pub(super) fn of_stdout() -> Screen {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let terminal = std::io::stdout().is_terminal();
        let width = columns().unwrap_or(100);
        if terminal && !plain {
            Screen {
                width,
                shades: ['█', '▓', '░'],
                line: '╌',
                axis: '─',
                bold: true,
                unicode: true,
            }
        } else {
            Screen {
                width,
                shades: ['#', '+', '.'],
                line: '-',
                axis: '-',
                bold: false,
                unicode: false,
            }
        }
    }

    pub(super) fn heading(&self, text: &str) -> String {
        if self.bold {
            format!("\n\u{1b}[1m{text}\u{1b}[0m\n")
        } else {
            format!("\n{text}\n")
        }
    }

    /// Our own signs in ASCII, where unicode is not wanted. One for one, so that columns stay.
    pub(super) fn spell(&self, text: &str) -> String {
        if self.unicode {
            text.to_string()
        } else {
            text.replace('–', "-")
        }
    }
}
