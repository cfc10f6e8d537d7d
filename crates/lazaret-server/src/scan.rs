//! What a scanner reads, as the name that it stands for.

use lazaret_ledger::identity::gs1_check_digit;

/// The name in what was typed or scanned.
///
/// * An address, ours or one of GS1, stands for its last part.
/// * A scanner may put the kind of code in front (`]C1`, `]d2`, `]Q3`).
/// * Of a GS1 text the serial number of the unit is the name (SSCC, application identifier 00); else what is traded (01, 02)
///   with its batch (10) or serial (21) aside. Its check digit must be right: a mark of ours may begin with such digits, too.
pub(crate) fn name_in(typed: &str) -> &str {
    let typed = typed.trim();
    let kind = typed.as_bytes();
    let text = match kind {
        [b']', letter, digit, ..] if letter.is_ascii_alphabetic() && digit.is_ascii_digit() => {
            &typed[3..]
        }
        _ => typed,
    };
    // GS1 puts its identifiers into addresses pairwise: …/00/106141412345678908, …/01/09506000134352/21/7.
    if let Some((_, rest)) = text.split_once("://") {
        let mut parts = rest.split('/').skip(1);
        while let (Some(identifier), Some(value)) = (parts.next(), parts.next()) {
            if matches!(identifier, "00" | "01") && checked(value) {
                return value;
            }
        }
    }
    let text = text.rsplit('/').next().unwrap_or(text);
    for identifier in ["00", "01", "02"] {
        let length = if identifier == "00" { 18 } else { 14 };
        let rest = (text.strip_prefix('(').unwrap_or(text)).strip_prefix(identifier);
        let Some(rest) = rest else { continue };
        let marked = text.starts_with('(');
        let rest = if marked {
            let Some(rest) = rest.strip_prefix(')') else {
                continue;
            };
            rest
        } else {
            rest
        };
        let end = rest.bytes().take_while(u8::is_ascii_digit).count();
        // Without brackets only a text of the right length, or one of which more follows, is one of GS1.
        let whole = end == length && (marked || rest.len() == end);
        let more = end >= length && (marked || rest.len() > length) && identifier != "00";
        if (whole || more) && checked(&rest[..length]) {
            return &rest[..length];
        }
    }
    text
}

/// Whether it is a key of GS1 with a right check digit.
fn checked(key: &str) -> bool {
    key.split_at_checked(key.len().saturating_sub(1))
        .is_some_and(|(body, digit)| {
            gs1_check_digit(body).is_some_and(|right| digit.starts_with(right))
        })
}

#[cfg(test)]
mod tests {
    use super::name_in;

    #[test]
    fn what_is_scanned_is_the_name_of_the_thing() {
        for (scanned, name) in [
            // A pallet's label, as scanners with and without brackets and marks of the code give it.
            ("(00)106141412345678908", "106141412345678908"),
            ("00106141412345678908", "106141412345678908"),
            ("]C100106141412345678908", "106141412345678908"),
            (
                "https://id.gs1.org/00/106141412345678908",
                "106141412345678908",
            ),
            // Trade items, with batch or serial behind.
            ("(01)09506000134352(21)7", "09506000134352"),
            ("010950600013435221A7", "09506000134352"),
            (
                "https://id.gs1.org/01/09506000134352/21/7",
                "09506000134352",
            ),
            // Containers and wagons, and labels of this house.
            ("CSQU3054383", "CSQU3054383"),
            ("21 81 2471 217-3", "21 81 2471 217-3"),
            ("lazaret:lot/w1-1", "w1-1"),
            ("https://gate.example/lot/w1-1", "w1-1"),
            // Marks that only look like identifiers stay what they are.
            ("00123", "00123"),
            ("010950600013435321A7", "010950600013435321A7"),
            ("(00)106141412345678909", "(00)106141412345678909"),
            ("0181", "0181"),
            ("01234567", "01234567"),
            ("]x", "]x"),
            ("", ""),
            ("(00)", "(00)"),
            ("вагон 7", "вагон 7"),
        ] {
            assert_eq!(name_in(scanned), name, "{scanned}");
        }
    }
}
