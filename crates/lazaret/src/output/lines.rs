//! Lines of a text that may be long: where each begins, found once for all that is said of it.

use std::ops::Range;

/// Longer lines are cut around what is shown of them, in bytes.
const LINE_BYTES_SHOWN: usize = 400;

/// What is shown of a long line on either side, in bytes.
const BYTES_AROUND: usize = 60;

/// A text and the places where its lines begin.
#[derive(Debug)]
pub(crate) struct Lines<'t> {
    /// What the text is called.
    name: &'t str,
    text: &'t str,
    starts: Vec<u32>,
}

impl<'t> Lines<'t> {
    /// * `name` — what the text is called in messages.
    pub(crate) fn of(name: &'t str, text: &'t str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        // What is read has less than four gigabytes.
        let after = ends.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX));
        Self {
            name,
            text,
            starts: std::iter::once(0).chain(after).collect(),
        }
    }

    /// Line, from 0, of a byte.
    pub(super) fn line(&self, byte: usize) -> usize {
        self.starts
            .partition_point(|start| *start as usize <= byte)
            .saturating_sub(1)
    }

    /// First byte of a line; the end of the text after the last.
    fn start(&self, line: usize) -> usize {
        self.starts
            .get(line)
            .map_or(self.text.len(), |start| *start as usize)
    }

    /// Whether a line is too long to be shown whole.
    pub(super) fn is_long(&self, line: usize) -> bool {
        self.start(line + 1) - self.start(line) > LINE_BYTES_SHOWN
    }

    /// A byte at or before `byte` where a character begins.
    fn boundary(&self, byte: usize) -> usize {
        (0..=byte.min(self.text.len()))
            .rev()
            .find(|at| self.text.is_char_boundary(*at))
            .unwrap_or(0)
    }

    /// What is underlined of a span: all of it, but only the beginning of what is long.
    pub(crate) fn shown(&self, start: usize, end: usize) -> (usize, usize) {
        let line = self.line(start);
        if !self.is_long(line) {
            return (start, end.max(start));
        }
        let most = (start + BYTES_AROUND).min(self.start(line + 1));
        (start, self.boundary(end.min(most)).max(start))
    }

    /// Number of lines; a text that ends with one has nothing after it.
    pub(super) fn count(&self) -> usize {
        let last = self.starts.last().map_or(0, |start| *start as usize);
        self.starts.len() - usize::from(self.starts.len() > 1 && last == self.text.len())
    }

    pub(super) fn name(&self) -> &'t str {
        self.name
    }

    /// The bytes of a line without its end.
    pub(super) fn whole(&self, line: usize) -> Range<usize> {
        let (from, to) = (self.start(line), self.start(line + 1));
        from..from + self.text[from..to].trim_end_matches(['\n', '\r']).len()
    }

    /// What is shown of a line with a mark: all of it, or of a long one the part around the mark.
    pub(super) fn part(&self, line: usize, start: usize, end: usize) -> Range<usize> {
        let whole = self.whole(line);
        if !self.is_long(line) {
            return whole;
        }
        let from = self.boundary(start.saturating_sub(BYTES_AROUND));
        let from = from.max(whole.start).min(start);
        from..self.boundary(end + BYTES_AROUND).min(whole.end).max(end)
    }

    /// A part of the text; empty if it is none.
    pub(super) fn slice(&self, part: Range<usize>) -> &'t str {
        self.text.get(part).unwrap_or("")
    }

    /// Line and column in characters, both from 1, of a byte.
    pub(crate) fn place(&self, byte: usize) -> (usize, usize) {
        let line = self.line(byte);
        let before = self.text.get(self.start(line)..byte).unwrap_or("");
        (line + 1, before.chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let text: String = (0..40).map(|i| format!("line {i}, ünd\r\n")).collect();
        let lines = Lines::of("name", &text);
        assert_eq!(lines.place(text.find("line 7").unwrap()), (8, 1));
        assert_eq!(lines.place(text.find("nd").unwrap()), (1, 10));
        assert_eq!(lines.count(), 40);
        assert_eq!(lines.slice(lines.whole(3)), "line 3, ünd");
        assert_eq!(Lines::of("name", "").count(), 1);
    }
}
