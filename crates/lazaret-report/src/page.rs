//! The page: a question, its answer, sections of figures, and how to get it again.

use std::fmt::Write as _;

use crate::html::{document, escape};
use crate::table::Table;

/// A report.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// What it is about; the title of the window.
    pub title: String,
    /// The question.
    pub question: String,
    /// The answer in a sentence.
    pub answer: String,
    /// The few numbers that matter most.
    pub figures: Vec<KeyFigure>,
    /// Sections, pictures first.
    pub sections: Vec<Section>,
    /// What a reader must know before using it.
    pub warnings: Vec<String>,
    /// How to get it again.
    pub again: Option<Again>,
}

/// A number with its interval and what it is.
#[derive(Clone, Debug, Default)]
pub struct KeyFigure {
    /// The number with its unit.
    pub value: String,
    /// Its interval, or another remark.
    pub interval: String,
    /// What it is.
    pub what: String,
}

/// A section.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Its title.
    pub title: String,
    /// What it says, in a sentence or two; a line is a paragraph.
    pub lead: String,
    /// Its pictures and tables.
    pub figures: Vec<Figure>,
    /// A text that follows them as it is, such as a file; empty for none.
    pub text: String,
}

impl Section {
    /// A section with its figures.
    #[must_use]
    pub fn of(title: &str, lead: &str, figures: Vec<Figure>) -> Self {
        Section {
            title: title.into(),
            lead: lead.into(),
            figures,
            text: String::new(),
        }
    }
}

/// A picture with the table of what it shows, or a table alone.
#[derive(Clone, Debug, Default)]
pub struct Figure {
    /// What it shows.
    pub caption: String,
    /// The picture as SVG; empty for a table alone.
    pub svg: String,
    /// The same as numbers; empty where the next figure's table has them.
    pub table: Table,
    /// How it is shown.
    pub shown: Shown,
}

/// How a figure is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// As it is; the table of a picture is folded.
    #[default]
    Open,
    /// Folded until a reader opens it: a long table.
    Folded,
    /// A picture over the whole width.
    Wide,
    /// A wide picture, of which a small screen shows the right end first.
    Late,
}

/// How to get the report again.
#[derive(Clone, Debug, Default)]
pub struct Again {
    /// The command.
    pub command: String,
    /// The seed.
    pub seed: u64,
    /// The program's version.
    pub version: String,
    /// Hash of the gateway file with its overrides.
    pub file_hash: String,
}

impl Figure {
    /// A table without a picture.
    #[must_use]
    pub fn table(caption: &str, table: Table) -> Self {
        Figure {
            caption: caption.into(),
            table,
            ..Figure::default()
        }
    }

    /// The same figure, shown another way.
    #[must_use]
    pub fn shown(mut self, shown: Shown) -> Self {
        self.shown = shown;
        self
    }

    fn html(&self) -> String {
        let caption = escape(&self.caption);
        let table = format!("<div class=\"scroll\">{}</div>", self.table.html());
        if self.svg.is_empty() {
            return match self.shown {
                Shown::Folded => format!(
                    "<figure class=\"wide\"><details><summary>{caption}</summary>{table}</details></figure>"
                ),
                Shown::Open | Shown::Wide | Shown::Late => format!(
                    "<figure class=\"wide\"><figcaption>{caption}</figcaption>{table}</figure>"
                ),
            };
        }
        let class = match self.shown {
            Shown::Wide => " class=\"wide\"",
            Shown::Late => " class=\"wide late\"",
            Shown::Open | Shown::Folded => "",
        };
        let table = if self.table.rows.is_empty() {
            String::new()
        } else {
            format!("<details><summary>data</summary>{table}</details>")
        };
        format!(
            "<figure{class}><figcaption>{caption}</figcaption><div class=\"scroll\">{}</div>{table}</figure>",
            self.svg
        )
    }
}

impl Section {
    fn html(&self) -> String {
        let mut out = format!("<section><h2>{}</h2>", escape(&self.title));
        for paragraph in self.lead.lines() {
            let _ = write!(out, "<p>{}</p>", escape(paragraph));
        }
        if !self.figures.is_empty() {
            let figures: String = self.figures.iter().map(Figure::html).collect();
            let _ = write!(out, "<div class=\"figures\">{figures}</div>");
        }
        if !self.text.is_empty() {
            let _ = write!(out, "<pre>{}</pre>", escape(&self.text));
        }
        out + "</section>"
    }
}

impl Page {
    /// The page as one HTML file.
    #[must_use]
    pub fn html(&self) -> String {
        let mut out = format!(
            "<header><p class=\"kicker\">{}</p><h1>{}</h1><p class=\"answer\">{}</p></header>",
            escape(&self.title),
            escape(&self.question),
            escape(&self.answer),
        );
        if !self.figures.is_empty() {
            out.push_str("<dl class=\"keys\">");
            for key in &self.figures {
                let _ = write!(
                    out,
                    "<div><dt>{}</dt><dd class=\"value\">{}</dd><dd class=\"interval\">{}</dd></div>",
                    escape(&key.what),
                    escape(&key.value),
                    escape(&key.interval)
                );
            }
            out.push_str("</dl>");
        }
        if !self.warnings.is_empty() {
            let warnings = self.warnings.iter();
            let items: String = warnings
                .map(|w| format!("<li>{}</li>", escape(w)))
                .collect();
            let _ = write!(
                out,
                "<section class=\"caveats\"><h2>Caveats</h2><ul>{items}</ul></section>"
            );
        }
        for section in &self.sections {
            out += &section.html();
        }
        if let Some(again) = &self.again {
            let _ = write!(
                out,
                "<footer><h2>How to reproduce this page</h2><pre>{}</pre><p>seed {} · lazaret {} · file {}</p></footer>",
                escape(&again.command),
                again.seed,
                escape(&again.version),
                escape(&again.file_hash)
            );
        }
        document(&self.title, &out)
    }
}
