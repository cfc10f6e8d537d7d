//! Lines of a text that may be long: where each begins, found once for all that is said of it.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

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
    fn line(&self, byte: usize) -> usize {
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
    fn is_long(&self, line: usize) -> bool {
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

    /// The part of a long line around a span of it.
    fn part(&self, line: usize, span: &SourceSpan) -> std::ops::Range<usize> {
        let from = span.offset().saturating_sub(BYTES_AROUND);
        let to = span.offset() + span.len() + BYTES_AROUND;
        let from = self.boundary(from).max(self.start(line));
        let line_end = self.text[..self.start(line + 1)].trim_end_matches(['\n', '\r']);
        from..self.boundary(to).min(line_end.len()).max(from)
    }

    /// Line and column in characters, both from 1, of a byte.
    pub(crate) fn place(&self, byte: usize) -> (usize, usize) {
        let line = self.line(byte);
        let before = self.text.get(self.start(line)..byte).unwrap_or("");
        (line + 1, before.chars().count() + 1)
    }
}

impl SourceCode for Lines<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        // The lines around it are read by themselves: to count those before it anew each time takes the longer the
        // farther back it stands.
        let own = self.line(span.offset());
        let end = self.line(span.offset() + span.len());
        if self.is_long(own) {
            // A line of thousands of characters would fill the screen: only what is around the place is shown.
            let part = self.part(own, span);
            let column = self.text[self.start(own)..part.start].chars().count();
            return Ok(Box::new(MietteSpanContents::new_named(
                self.name.to_string(),
                &self.text.as_bytes()[part.clone()],
                SourceSpan::from((part.start, part.len())),
                own,
                column,
                1,
            )));
        }
        let long = |lines: std::ops::Range<usize>| lines.into_iter().any(|line| self.is_long(line));
        let before = if long(own.saturating_sub(before)..own) {
            0
        } else {
            before
        };
        let after = if long(end + 1..(end + 1 + after).min(self.starts.len())) {
            0
        } else {
            after
        };
        let first = own.saturating_sub(before + 1);
        let last = end + after + 2;
        let from = self.start(first);
        let excerpt = &self.text[from..self.start(last)];
        let within = SourceSpan::from((span.offset().saturating_sub(from), span.len()));
        let found = excerpt.read_span(&within, before, after)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.to_string(),
            found.data(),
            SourceSpan::from((from + found.span().offset(), found.span().len())),
            first + found.line(),
            found.column(),
            found.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_says_what_the_whole_text_would() {
        let text: String = (0..40).map(|i| format!("line {i}, ünd\r\n")).collect();
        let lines = Lines::of("name", &text);
        for (at, _) in text.char_indices() {
            for (before, after) in [(0, 0), (1, 1), (2, 3)] {
                let span = SourceSpan::from((at, 1));
                let ours = lines.read_span(&span, before, after).unwrap();
                let whole = text.as_str().read_span(&span, before, after).unwrap();
                assert_eq!(ours.data(), whole.data(), "{at}");
                assert_eq!(ours.span(), whole.span(), "{at}");
                assert_eq!((ours.line(), ours.column()), (whole.line(), whole.column()));
            }
        }
        assert_eq!(lines.place(text.find("line 7").unwrap()), (8, 1));
        assert_eq!(lines.place(text.find("nd").unwrap()), (1, 10));
    }
}
