//! Labels with a QR code, as SVG of 100 × 60 mm.

use std::fmt::Write;

use lazaret_ledger::LotView;
use lazaret_vocabulary::markup::escape;
use qrcode::bits::Bits;
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::api::common::Problem;

/// The label of a lot. Its code says `lazaret:lot/<name>`, which every search field of this server understands.
pub(crate) fn svg(gateway: &str, lot: &LotView) -> Result<String, Problem> {
    let code = code(&format!("lazaret:lot/{}", lot.lot))
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
        // Nobody may take the goods of an exercise for real ones.
        (
            46.0,
            4.0,
            true,
            if lot.trial { "EXERCISE" } else { "" }.to_owned(),
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

/// The code of a text. One beyond ASCII says that it is UTF-8 (ECI 26): readers that are not told guess at the scripts of
/// their country.
fn code(text: &str) -> Result<QrCode, QrError> {
    if text.is_ascii() {
        return QrCode::with_error_correction_level(text, EcLevel::M);
    }
    let mut outcome = Err(QrError::DataTooLong);
    for version in 1..=40 {
        let mut bits = Bits::new(Version::Normal(version));
        outcome = bits
            .push_eci_designator(26)
            .and_then(|()| bits.push_byte_data(text.as_bytes()))
            .and_then(|()| bits.push_terminator(EcLevel::M))
            .and_then(|()| QrCode::with_bits(bits, EcLevel::M));
        if !matches!(outcome, Err(QrError::DataTooLong)) {
            break;
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_beyond_ascii_says_that_it_is_utf_8() {
        // The bits of the text alone; a code that says more is larger where the text alone just fits.
        let plain = |text: &str| QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        assert_eq!(
            code("lazaret:lot/A-1").unwrap().to_colors(),
            plain("lazaret:lot/A-1").to_colors()
        );
        let korean = "lazaret:lot/신의주-1";
        assert_ne!(code(korean).unwrap().to_colors(), plain(korean).to_colors());
        let mut bits = Bits::new(Version::Normal(5));
        bits.push_eci_designator(26).unwrap();
        bits.push_byte_data(korean.as_bytes()).unwrap();
        // ECI mode 0111, assignment 26, byte mode 0100: ISO/IEC 18004, 7.4.2.
        assert_eq!(&bits.into_bytes()[..2], [0b0111_0001, 0b1010_0100]);
        assert!(code(&format!("lazaret:lot/{}", "é".repeat(2_000))).is_err());
    }
}
