//! Lines of a text that may be long: where each begins, found once for all that is said of it.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

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
        let first = self.line(span.offset()).saturating_sub(before + 1);
        let last = self.line(span.offset() + span.len()) + after + 2;
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
