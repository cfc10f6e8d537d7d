//! Diagnostics as people read them: the message, the lines that it is about with the place underlined, and what to do.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lazaret_gateway::diagnostic::{Diagnostic, Severity, Text};
use unicode_width::UnicodeWidthChar;

use super::lines::Lines;

/// The texts that diagnostics point into.
pub(super) struct Texts<'t> {
    pub(super) file: Lines<'t>,
    pub(super) overrides: Vec<Lines<'t>>,
    pub(super) none: Lines<'t>,
}

impl<'t> Texts<'t> {
    fn of(&self, text: Text) -> &Lines<'t> {
        match text {
            Text::File => &self.file,
            Text::Override(at) => self.overrides.get(at).unwrap_or(&self.none),
        }
    }
}

/// How a terminal is written to.
#[derive(Clone, Copy)]
pub(super) struct Pen {
    /// Characters in a line.
    pub(super) width: usize,
    /// Whether it shows colours.
    pub(super) colour: bool,
}

impl Pen {
    /// `text` in an ANSI colour, if there are colours.
    fn paint(self, colour: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{colour}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// `text` broken between words; the first line begins with `first`, the others are indented as far.
    fn wrapped(self, first: &str, colour: &str, text: &str) -> String {
        let indent = columns(first);
        let mut out = self.paint(colour, first);
        for (nth, line) in text.lines().enumerate() {
            if nth > 0 {
                let _ = write!(out, "\n{:indent$}", "");
            }
            let mut at = indent;
            for (nth, word) in line.split(' ').enumerate() {
                let wide = columns(word);
                if nth > 0 && at + 1 + wide > self.width {
                    let _ = write!(out, "\n{:indent$}", "");
                    at = indent;
                } else if nth > 0 {
                    out.push(' ');
                    at += 1;
                }
                out.push_str(word);
                at += wide;
            }
        }
        out.push('\n');
        out
    }
}

/// Columns that a text takes on a terminal: two for each ideograph.
fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// A line of a file as it is shown. A tab is four blanks, and what would move the cursor or change its colour is a sign.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '\t' => out.push_str("    "),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// The diagnostic with its lines.
pub(super) fn diagnostic(said: &Diagnostic, texts: &Texts<'_>, pen: Pen) -> String {
    let (sign, colour) = match said.severity {
        Severity::Error => ("×", "31"),
        Severity::Warning => ("⚠", "33"),
    };
    let mut out = format!("{}\n\n", pen.paint(colour, said.code));
    out += &pen.wrapped(&format!("  {sign} "), colour, &said.message);
    let main = said
        .labels
        .first()
        .map_or(Text::File, |label| label.at.text);
    let of_main = said.labels.iter().filter(|label| label.at.text == main);
    let marks: Vec<Mark<'_>> = of_main
        .map(|label| Mark::of(texts.of(main), label.at.start, label.at.end, &label.text))
        .collect();
    out += &frame(texts.of(main), &marks, pen, colour);
    for label in said.labels.iter().filter(|label| label.at.text != main) {
        let text = texts.of(label.at.text);
        out += &pen.wrapped("  ☞ ", "36", &label.text);
        out += &frame(
            text,
            &[Mark::of(text, label.at.start, label.at.end, "")],
            pen,
            "36",
        );
    }
    if let Some(help) = &said.help {
        out += &pen.wrapped("  help: ", "36", help);
    }
    out
}

/// A part of a line that is underlined, in bytes of the text.
struct Mark<'l> {
    line: usize,
    start: usize,
    end: usize,
    text: &'l str,
}

impl<'l> Mark<'l> {
    fn of(lines: &Lines<'_>, start: usize, end: usize, text: &'l str) -> Self {
        let line = lines.line(start);
        let (start, end) = lines.shown(start, end);
        Mark {
            line,
            start,
            // What goes on in the next line is underlined as far as this one goes.
            end: end.min(lines.whole(line).end).max(start),
            text,
        }
    }
}

/// The lines that have marks, with those next to them.
fn frame(lines: &Lines<'_>, marks: &[Mark<'_>], pen: Pen, colour: &str) -> String {
    let Some(first) = marks.first() else {
        return String::new();
    };
    let mut marked: BTreeMap<usize, Vec<&Mark<'_>>> = BTreeMap::new();
    for mark in marks {
        marked.entry(mark.line).or_default().push(mark);
        // A line next to it explains it, unless it would fill the screen.
        for near in [mark.line.checked_sub(1), Some(mark.line + 1)] {
            let near = near.filter(|near| *near < lines.count() && !lines.is_long(*near));
            if let Some(near) = near.filter(|_| !lines.is_long(mark.line)) {
                marked.entry(near).or_default();
            }
        }
    }
    let last = marked.keys().next_back().copied().unwrap_or(first.line);
    let digits = (last + 1).to_string().len();
    let (line, column) = lines.place(first.start);
    let mut out = format!("{:digits$}  ╭─[{}:{line}:{column}]\n", "", lines.name());
    let mut above = None;
    for (line, mut marks) in marked {
        if above.is_some_and(|above| above + 1 < line) {
            let _ = writeln!(out, "{:digits$}  ⋮", "");
        }
        above = Some(line);
        marks.sort_by_key(|mark| mark.start);
        let shown = marks
            .iter()
            .map(|mark| lines.part(line, mark.start, mark.end))
            .reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
            .unwrap_or_else(|| lines.whole(line));
        let text = lines.slice(shown.clone());
        let _ = writeln!(out, " {:>digits$} │ {}", line + 1, plain(text));
        for mark in marks {
            let before = columns(&plain(lines.slice(shown.start..mark.start)));
            let wide = columns(&plain(lines.slice(mark.start..mark.end))).max(1);
            let under = |signs: &str| {
                format!(
                    "{:digits$}  · {:before$}{}\n",
                    "",
                    "",
                    pen.paint(colour, signs)
                )
            };
            if mark.text.is_empty() {
                out += &under(&"─".repeat(wide));
                continue;
            }
            let left = (wide - 1) / 2;
            let right = wide - 1 - left;
            out += &under(&format!("{}┬{}", "─".repeat(left), "─".repeat(right)));
            let blanks = " ".repeat(left);
            out += &under(&format!("{blanks}╰── {}", plain(mark.text)));
        }
    }
    let _ = writeln!(out, "{:digits$}  ╰────", "");
    out
}

#[cfg(test)]
mod tests {
    use lazaret_gateway::diagnostic::{Label, Location};

    use super::*;

    const PEN: Pen = Pen {
        width: 40,
        colour: false,
    };

    fn at(text: Text, start: usize, end: usize) -> Location {
        Location { text, start, end }
    }

    fn texts<'t>(file: &'t str, set: &'t str) -> Texts<'t> {
        Texts {
            file: Lines::of("g.toml", file),
            overrides: vec![Lines::of("--set", set)],
            none: Lines::of("--set", ""),
        }
    }

    fn label(file: &str, word: &str, says: &str) -> Label {
        let start = file.find(word).unwrap();
        Label {
            at: at(Text::File, start, start + word.len()),
            text: says.into(),
        }
    }

    #[test]
    fn every_place_is_underlined_where_a_terminal_shows_it() {
        let file = "a = 1\nb = \"신의주\" # 둘\nc\t= true\nd\ne\nf = 2\n";
        let mut said = Diagnostic::error(
            "wrong",
            label(file, "신의주", "").at,
            "a message that is too long for one line",
        );
        said.labels = vec![
            label(file, "신의주", "this town"),
            label(file, "= true", ""),
            label(file, "f = 2", ""),
        ];
        said.help = Some("write another".into());
        let shown = diagnostic(&said, &texts(file, ""), PEN);
        let expected = "wrong

  × a message that is too long for one
    line
   ╭─[g.toml:2:6]
 1 │ a = 1
 2 │ b = \"신의주\" # 둘
   ·      ──┬───
   ·        ╰── this town
 3 │ c    = true
   ·      ──────
 4 │ d
 5 │ e
 6 │ f = 2
   · ─────
   ╰────
  help: write another
";
        assert_eq!(shown, expected, "{shown}");
    }

    #[test]
    fn what_a_file_holds_never_reaches_the_terminal_as_a_command() {
        let file = "x = \"\u{1b}[2J\u{7}\"\n\n\n\ny = 1\n";
        let mut said = Diagnostic::error("w", label(file, "x", "").at, "m");
        said.labels.push(label(file, "y", "first here"));
        let shown = diagnostic(&said, &texts(file, ""), PEN);
        assert!(
            !shown.contains('\u{1b}') && !shown.contains('\u{7}'),
            "{shown}"
        );
        assert!(shown.contains("   ⋮\n"), "{shown}");
        let coloured = Pen {
            colour: true,
            ..PEN
        };
        let shown = diagnostic(&said, &texts(file, ""), coloured);
        assert!(shown.contains("\u{1b}[31m") && !shown.contains("\u{1b}[2J"));
    }

    #[test]
    fn a_label_in_another_text_has_a_frame_of_its_own() {
        let file = "a = 1\n";
        let mut said = Diagnostic::error("w", at(Text::Override(0), 0, 1), "m");
        said.labels.push(label(file, "1", "the file says so"));
        let shown = diagnostic(&said, &texts(file, "a=2"), PEN);
        let expected = "w

  × m
   ╭─[--set:1:1]
 1 │ a=2
   · ─
   ╰────
  ☞ the file says so
   ╭─[g.toml:1:5]
 1 │ a = 1
   ·     ─
   ╰────
";
        assert_eq!(shown, expected, "{shown}");
    }

    #[test]
    fn any_place_of_any_text_can_be_shown() {
        let long = "é".repeat(5_000);
        for file in ["", "\n", "a", "a\r\nb\r\n", "ü\tü\n\n", long.as_str()] {
            let ends = (0..=file.len()).filter(|end| file.is_char_boundary(*end));
            let ends: Vec<usize> = ends.step_by(1 + file.len() / 40).collect();
            for &start in &ends {
                for &end in ends.iter().filter(|end| **end >= start) {
                    let said = Diagnostic::error("w", at(Text::File, start, end), "m");
                    let shown = diagnostic(&said, &texts(file, ""), PEN);
                    assert!(
                        shown.contains("─[g.toml:") && shown.len() < 2_000,
                        "{shown}"
                    );
                }
            }
        }
    }
}
