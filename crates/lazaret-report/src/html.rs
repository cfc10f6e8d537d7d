//! Text into HTML.

use std::fmt::Write as _;

/// `text` with the five characters that mean something to HTML written so that they do not.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_text() {
        assert_eq!(
            escape("<script>alert('\"&')</script>"),
            "&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;"
        );
    }
}
