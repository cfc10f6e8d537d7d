//! The document, the style sheet and the elements of every page.

use std::fmt::Write as _;

pub use lazaret_vocabulary::markup::escape;

/// A page from its title and what is inside: the one document, with the one style sheet, of every report and board.
pub(crate) fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title><style>{STYLE}</style></head><body><svg width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>{PATTERNS}</defs></svg><main>{body}</main></body></html>\n",
        escape(title)
    )
}

/// An SVG element of the given size with `body` inside. It grows with its column; `label` is read out instead of it.
pub(crate) fn svg(width: f64, height: f64, label: &str, body: &str) -> String {
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{}\">{body}</svg>",
        escape(label)
    );
    out
}

/// A text element.
pub(crate) fn text(x: f64, y: f64, class: &str, anchor: &str, words: &str) -> String {
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\" text-anchor=\"{anchor}\">{}</text>",
        escape(words)
    )
}

/// A rectangle.
pub(crate) fn rect(x: f64, y: f64, width: f64, height: f64, class: &str) -> String {
    let (width, height) = (width.max(0.0), height.max(0.0));
    format!(
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" class=\"{class}\"/>"
    )
}

/// A line.
pub(crate) fn line(x1: f64, y1: f64, x2: f64, y2: f64, class: &str) -> String {
    format!("<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"{class}\"/>")
}

/// A path through points, closed if it is an area.
pub(crate) fn path(points: &[(f64, f64)], close: bool, class: &str) -> String {
    let mut d = String::new();
    for (nth, (x, y)) in points.iter().enumerate() {
        let _ = write!(d, "{}{x:.1} {y:.1}", if nth == 0 { "M" } else { "L" });
    }
    if close {
        d.push('Z');
    }
    format!("<path d=\"{d}\" class=\"{class}\"/>")
}

/// Hatches: a second sign besides shade, for print and for eyes that see few colours.
const PATTERNS: &str = "<pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" class=\"hatch-ground\"/><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" class=\"hatch-line\"/></pattern><pattern id=\"dots\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><rect width=\"6\" height=\"6\" class=\"hatch-ground\"/><circle cx=\"3\" cy=\"3\" r=\"1.3\" class=\"dot\"/></pattern>";

/// Light or dark as the reader's system has it, unless a page around this one chooses for its root.
const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6570;--line:#c9d0d6;--ground:#fff;--panel:#f4f6f8;--accent:#0b5394;--pale:#b9d2e8;--paler:#dfeaf4;--alarm:#8a1c1c}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;--ink:#e8ebee;--soft:#a3adb7;--line:#3d464f;--ground:#14181c;--panel:#1d2328;--accent:#7db7ea;--pale:#2f5375;--paler:#22384c;--alarm:#ff9d9d}}
:root[data-theme=dark]{color-scheme:dark;--ink:#e8ebee;--soft:#a3adb7;--line:#3d464f;--ground:#14181c;--panel:#1d2328;--accent:#7db7ea;--pale:#2f5375;--paler:#22384c;--alarm:#ff9d9d}:root[data-theme=light]{color-scheme:light}
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
th.words,td.words{text-align:left;white-space:normal;overflow-wrap:break-word}th.words:first-child,td.words:first-child{min-width:9em}td{vertical-align:top}th{color:var(--soft);font-weight:600;vertical-align:bottom}
.share{display:inline-block;height:11px;background:var(--accent);vertical-align:middle}.share.before{background:none;border:1px solid var(--soft)}.soft{color:var(--soft)}a{color:var(--accent)}
.late>.scroll{direction:rtl}.late>.scroll>*{direction:ltr}.late>.scroll>svg{min-width:640px}
pre{background:var(--panel);padding:10px;overflow-x:auto;font-size:13px}
footer{margin-top:36px;color:var(--soft);font-size:13px;overflow-wrap:anywhere}
@media (max-width:600px){main{padding:16px 12px 32px}.answer{font-size:22px}svg text{font-size:13px}}
@media print{:root:root:root{--ink:#000;--soft:#333;--line:#999;--ground:#fff;--panel:#fff;--accent:#000;--pale:#bbb;--paler:#e4e4e4;--alarm:#000}main{max-width:none;padding:0}figure,.keys div{break-inside:avoid}details:not([open])>*:not(summary){display:block}summary{display:none}.scroll{overflow:visible}.figures{display:block}svg,figure:only-child>.scroll>svg{min-width:0!important;max-width:100%!important}pre{white-space:pre-wrap;overflow-wrap:anywhere;overflow:visible}table{width:100%}th,td{white-space:normal}}
";
