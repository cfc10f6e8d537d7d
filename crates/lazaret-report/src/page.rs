//! The page: a question, its answer, sections of figures, and how to get it again.

use std::fmt::Write as _;

use crate::html::escape;
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
    pub again: Again,
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
    /// What it says, in a sentence or two.
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
    /// The same as numbers.
    pub table: Table,
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
    fn html(&self) -> String {
        let caption = escape(&self.caption);
        if self.svg.is_empty() {
            return format!(
                "<figure class=\"wide\"><figcaption>{caption}</figcaption><div class=\"scroll\">{}</div></figure>",
                self.table.html()
            );
        }
        format!(
            "<figure><figcaption>{caption}</figcaption><div class=\"scroll\">{}</div><details><summary>data</summary><div class=\"scroll\">{}</div></details></figure>",
            self.svg,
            self.table.html()
        )
    }
}

impl Page {
    /// The page as one HTML file.
    #[must_use]
    pub fn html(&self) -> String {
        let mut out = String::new();
        let _ = write!(
            out,
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head><body><svg width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>{PATTERNS}</defs></svg><main><header><p class=\"kicker\">{title}</p><h1>{question}</h1><p class=\"answer\">{answer}</p></header>",
            title = escape(&self.title),
            question = escape(&self.question),
            answer = escape(&self.answer),
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
            let items: String = self
                .warnings
                .iter()
                .map(|w| format!("<li>{}</li>", escape(w)))
                .collect();
            let _ = write!(
                out,
                "<section class=\"caveats\"><h2>Caveats</h2><ul>{items}</ul></section>"
            );
        }
        for section in &self.sections {
            let figures: String = section.figures.iter().map(Figure::html).collect();
            let text = if section.text.is_empty() {
                String::new()
            } else {
                format!("<pre>{}</pre>", escape(&section.text))
            };
            let _ = write!(
                out,
                "<section><h2>{}</h2><p>{}</p><div class=\"figures\">{figures}</div>{text}</section>",
                escape(&section.title),
                escape(&section.lead)
            );
        }
        let _ = writeln!(
            out,
            "<footer><h2>How to reproduce this page</h2><pre>{}</pre><p>seed {} · lazaret {} · file {}</p></footer></main></body></html>",
            escape(&self.again.command),
            self.again.seed,
            escape(&self.again.version),
            escape(&self.again.file_hash)
        );
        out
    }
}

/// Hatches: a second sign besides shade, for print and for eyes that see few colours.
const PATTERNS: &str = "<pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" class=\"hatch-ground\"/><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" class=\"hatch-line\"/></pattern><pattern id=\"dots\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><rect width=\"6\" height=\"6\" class=\"hatch-ground\"/><circle cx=\"3\" cy=\"3\" r=\"1.3\" class=\"dot\"/></pattern>";

const STYLE: &str = "
:root{--ink:#1b1f24;--soft:#5b6570;--line:#c9d0d6;--ground:#fff;--panel:#f4f6f8;--accent:#0b5394;--pale:#b9d2e8;--paler:#dfeaf4;--alarm:#8a1c1c}
@media (prefers-color-scheme:dark){:root{--ink:#e8ebee;--soft:#a3adb7;--line:#3d464f;--ground:#14181c;--panel:#1d2328;--accent:#7db7ea;--pale:#2f5375;--paler:#22384c;--alarm:#ff9d9d}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1120px;margin:0 auto;padding:24px 20px 48px}
.kicker{margin:0;color:var(--soft);letter-spacing:.02em}
h1{font-size:18px;font-weight:600;margin:4px 0 10px;color:var(--soft)}
.answer{font-size:28px;line-height:1.25;font-weight:600;margin:0 0 20px;max-width:34em}
h2{font-size:18px;margin:36px 0 6px}
section>p{max-width:46em;margin:0 0 10px;color:var(--soft)}
.keys{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:0}
.keys div{background:var(--panel);border-left:3px solid var(--accent);padding:8px 12px}
.keys dt{color:var(--soft);font-size:13px}.keys dd{margin:0}.keys .value{font-size:22px;font-weight:600}.keys .interval{font-size:13px;color:var(--soft)}
.caveats{border:1px solid var(--alarm);padding:4px 16px 8px;margin-top:24px}.caveats h2{margin-top:8px;color:var(--alarm)}.caveats h2::before{content:'! '}.caveats ul{margin:0;padding-left:20px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:24px}
figure{margin:0;min-width:0}figure.wide,figure:only-child{grid-column:1/-1}
figure:only-child>.scroll>svg{max-width:860px}
figcaption{font-weight:600;margin-bottom:6px}
.scroll{overflow-x:auto;max-width:100%}
svg{display:block;width:100%;height:auto}
svg text{font-size:12px;fill:var(--ink)}svg .small{font-size:10px}svg .soft{fill:var(--soft)}svg .strong{font-weight:600}svg .onDark{fill:var(--ground);font-weight:600}
svg .axis{stroke:var(--line);stroke-width:1}svg .grid{stroke:var(--line);stroke-width:.5;stroke-dasharray:2 3}
svg .band{fill:var(--paler)}svg .inner{fill:var(--pale)}svg .median{fill:none;stroke:var(--accent);stroke-width:2}
svg .limit{stroke:var(--alarm);stroke-width:1.5;stroke-dasharray:7 4}
svg .bar{fill:var(--pale);stroke:var(--accent);stroke-width:1}svg .bar2{fill:url(#hatch);stroke:var(--accent);stroke-width:1}svg .bar3{fill:url(#dots);stroke:var(--accent);stroke-width:1}svg .bar4{fill:var(--ground);stroke:var(--accent);stroke-width:1}
svg .whisker{stroke:var(--ink);stroke-width:1.5}
svg .box{fill:var(--panel);stroke:var(--ink);stroke-width:1}svg .worst{fill:var(--accent);stroke:var(--ink);stroke-width:2}
svg .level{fill:var(--pale)}svg .flow{fill:var(--pale)}svg .dirty{fill:url(#hatch);opacity:.35}
.hatch-ground{fill:var(--paler)}.hatch-line{stroke:var(--accent);stroke-width:1.6}.dot{fill:var(--accent)}
details{margin-top:6px}summary{cursor:pointer;color:var(--accent);min-height:32px;padding:4px 0}
table{border-collapse:collapse;font-size:13px}th,td{padding:3px 12px 3px 0;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left;white-space:normal;min-width:9em}th{color:var(--soft);font-weight:600;vertical-align:bottom}
pre{background:var(--panel);padding:10px;overflow-x:auto;font-size:13px}
footer{margin-top:36px;color:var(--soft);font-size:13px;overflow-wrap:anywhere}
@media (max-width:600px){main{padding:16px 12px 32px}.answer{font-size:22px}svg text{font-size:13px}}
@media print{:root{--ink:#000;--soft:#333;--line:#999;--ground:#fff;--panel:#fff;--accent:#000;--pale:#bbb;--paler:#e4e4e4;--alarm:#000}main{max-width:none;padding:0}figure,.keys div{break-inside:avoid}details:not([open])>*:not(summary){display:block}summary{display:none}.scroll{overflow:visible}.figures{display:block}svg,figure:only-child>.scroll>svg{min-width:0!important;max-width:100%!important}pre{white-space:pre-wrap;overflow-wrap:anywhere;overflow:visible}table{width:100%}th,td{white-space:normal}}
";
