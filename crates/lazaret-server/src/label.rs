//! Labels with a QR code, as SVG of 100 × 60 mm.

use std::fmt::Write;

use lazaret_ledger::LotView;
use qrcode::{Color, EcLevel, QrCode};

use crate::api::common::Problem;

/// The label of a lot. Its code says `lazaret:lot/<name>`, which every search field of this server understands.
pub(crate) fn svg(gateway: &str, lot: &LotView) -> Result<String, Problem> {
    let code = QrCode::with_error_correction_level(format!("lazaret:lot/{}", lot.lot), EcLevel::M)
        .map_err(|error| Problem::bad_request(format!("the name makes no code: {error}")))?;
    let width = code.width();
    let colors = code.to_colors();
    let mut text = String::from(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="100mm" height="60mm" viewBox="0 0 100 60" font-family="sans-serif"><rect width="100" height="60" fill="white"/><path fill="black" d=""#,
    );
    let size = 46.0 / width as f64;
    for (at, color) in colors.iter().enumerate() {
        if *color == Color::Dark {
            let (x, y) = (at % width, at / width);
            let _ = write!(
                text,
                "M{:.3} {:.3}h{size:.3}v{size:.3}h-{size:.3}z",
                4.0 + x as f64 * size,
                7.0 + y as f64 * size
            );
        }
    }
    text.push_str("\"/>");
    let tally = lot
        .tally
        .map_or(String::new(), |tally| crate::words::tally_words(&tally));
    let lines = [
        (14.0, 6.0, true, lot.lot.to_string()),
        (24.0, 4.5, false, lot.goods.to_string()),
        (32.0, 3.5, false, tally),
        (
            40.0,
            3.5,
            false,
            lot.vehicle
                .as_ref()
                .map_or(String::new(), |vehicle| format!("vehicle {vehicle}")),
        ),
        (53.0, 3.0, false, gateway.to_owned()),
    ];
    for (y, height, bold, line) in lines {
        // A long name is set smaller rather than cut.
        let fits = 44.0 / (0.6 * line.chars().count().max(1) as f64);
        let height = f64::min(height, fits);
        let weight = if bold { " font-weight=\"bold\"" } else { "" };
        let _ = write!(
            text,
            r#"<text x="53" y="{y}" font-size="{height:.2}"{weight}>{}</text>"#,
            escape(&line)
        );
    }
    text.push_str("</svg>\n");
    Ok(text)
}

fn escape(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".into(),
            '<' => "&lt;".into(),
            '>' => "&gt;".into(),
            '"' => "&quot;".into(),
            c if c.is_control() => String::new(),
            c => c.to_string(),
        })
        .collect()
}
