//! What a scanner reads, as the names that it may stand for.
//!
//! A name is tried whole before anything is read into it: a lot may be called `00392/174`. What one of our labels says
//! after `lazaret:lot/` is the name of a lot, whatever it looks like. Only then is a text taken for an address, or for
//! element strings of GS1.
//!
//! # Sources
//! GS1 General Specifications (element strings, predefined lengths, symbology identifiers), GS1 Digital Link (URI
//! syntax), EPC Tag Data Standard (`urn:epc:id:sscc`, `sgtin`, `lgtin`).

use lazaret_ledger::identity::gs1_check_digit;

/// Separates elements whose length is not fixed.
const FNC1: char = '\u{1d}';

/// What was typed or scanned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// Names that it may stand for, the likeliest first: the first that exists is meant.
    pub(crate) names: Vec<String>,
    /// Whether only a lot can be meant.
    pub(crate) lot: bool,
    /// What to look for inside other names, if none of them exists.
    pub(crate) part: String,
}

/// Reads what was typed or scanned.
pub(crate) fn read(typed: &str) -> Scanned {
    let typed = typed.trim();
    if let Some(name) = strip_ignoring_case(typed, "lazaret:lot/") {
        return Scanned {
            names: vec![name.to_owned()],
            lot: true,
            part: name.to_owned(),
        };
    }
    let mut scanned = Scanned {
        names: vec![typed.to_owned()],
        lot: false,
        part: typed.to_owned(),
    };
    let (text, marked) = without_symbology(typed);
    if let Some((_, rest)) = text.split_once("://") {
        let path = rest.split_once('/').map_or("", |(_, path)| path);
        address(path, &mut scanned);
    } else if let Some(id) = strip_ignoring_case(text, "urn:epc:") {
        scanned.names.extend(epc(id));
    } else if let Some(elements) = elements(text) {
        scanned.names.extend(names_of(&elements));
        let key = ["00", "01", "02"].iter().find_map(|wanted| {
            let found = elements.iter().find(|(identifier, _)| identifier == wanted);
            found.map(|(_, value)| value)
        });
        if let Some(key) = key {
            scanned.part.clone_from(key);
        }
    } else if marked {
        scanned.names.push(text.to_owned());
        scanned.part = text.to_owned();
    }
    scanned
}

fn strip_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The text without the mark of its kind of code (`]C1`, `]d2`, `]Q3`), and whether there was one.
fn without_symbology(text: &str) -> (&str, bool) {
    match text.as_bytes() {
        [b']', letter, digit, ..] if letter.is_ascii_alphabetic() && digit.is_ascii_digit() => {
            (&text[3..], true)
        }
        _ => (text, false),
    }
}

/// Names in the path of an address: ours (`…/lot/A%2F7`) or of a GS1 Digital Link (`…/01/09506000134352/21/7`).
fn address(path: &str, scanned: &mut Scanned) {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let parts: Vec<String> = path.split('/').map(decoded).collect();
    // The primary key may stand after any stem, and its qualifiers follow it pairwise.
    for start in 0..parts.len() {
        let elements: Vec<(String, String)> = parts[start..]
            .chunks_exact(2)
            .map(|pair| (pair[0].clone(), pair[1].clone()))
            .collect();
        let primary = elements.first().is_some_and(|(identifier, value)| {
            matches!(identifier.as_str(), "00" | "01") && is_key(identifier, value)
        });
        if primary {
            scanned.names.extend(names_of(&elements));
            scanned.part.clone_from(&elements[0].1);
            return;
        }
    }
    // Everything after the kind of thing: a name may have a slash of its own, written plainly or not.
    let kind = parts
        .iter()
        .position(|part| matches!(part.as_str(), "lot" | "lots"));
    if let Some(at) = kind
        && at + 1 < parts.len()
    {
        let name = parts[at + 1..].join("/");
        scanned.names.push(name.clone());
        scanned.lot = true;
        scanned.part = name;
    } else if let Some(last) = parts.last().filter(|last| !last.is_empty()) {
        scanned.names.push(last.clone());
        scanned.part.clone_from(last);
    }
}

/// A part of an address without its percent signs; as it is if they make no text.
fn decoded(part: &str) -> String {
    let bytes = part.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .filter(|_| bytes[at] == b'%')
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        match hex {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| part.to_owned())
}

/// Names in what follows `urn:epc:`.
fn epc(id: &str) -> Vec<String> {
    let parts: Vec<&str> = id.splitn(3, ':').collect();
    let [_, scheme, value] = parts[..] else {
        return Vec::new();
    };
    let fields: Vec<&str> = value.splitn(3, '.').collect();
    // The first digit of the reference goes before the company's prefix, and the check digit behind both.
    let key = |company: &str, reference: &str| {
        let (first, rest) = reference.split_at_checked(1)?;
        let body = format!("{first}{company}{rest}");
        gs1_check_digit(&body).map(|check| format!("{body}{check}"))
    };
    let elements = match (scheme, &fields[..]) {
        ("sscc", [company, reference]) => key(company, reference).map(|key| vec![("00", key)]),
        ("sgtin", [company, reference, serial]) => {
            key(company, reference).map(|key| vec![("01", key), ("21", decoded(serial))])
        }
        ("lgtin", [company, reference, batch]) => {
            key(company, reference).map(|key| vec![("01", key), ("10", decoded(batch))])
        }
        _ => None,
    };
    let elements: Vec<(String, String)> = elements
        .unwrap_or_default()
        .into_iter()
        .filter(|(identifier, value)| {
            !matches!(*identifier, "00" | "01") || is_key(identifier, value)
        })
        .map(|(identifier, value)| (identifier.to_owned(), value))
        .collect();
    names_of(&elements)
}

/// The element strings in a text: with brackets, or by their lengths. None if it is not all of GS1.
fn elements(text: &str) -> Option<Vec<(String, String)>> {
    let elements = if text.starts_with('(') {
        bracketed(text)?
    } else {
        plain(text.trim_start_matches(FNC1))?
    };
    let sound = elements
        .iter()
        .all(|(identifier, value)| is_key(identifier, value));
    (sound && !elements.is_empty()).then_some(elements)
}

/// `(00)106141412345678908(10)LOT42`.
fn bracketed(text: &str) -> Option<Vec<(String, String)>> {
    let mut elements = Vec::new();
    let mut rest = text.strip_prefix('(')?;
    loop {
        let (identifier, after) = rest.split_once(')')?;
        let digits = (2..=4).contains(&identifier.len())
            && identifier.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            return None;
        }
        // A value may have brackets of its own; the next element begins at one with an identifier in it.
        let end = after
            .match_indices('(')
            .map(|(at, _)| at)
            .find(|&at| {
                after[at + 1..].split_once(')').is_some_and(|(next, _)| {
                    (2..=4).contains(&next.len()) && next.bytes().all(|b| b.is_ascii_digit())
                })
            })
            .unwrap_or(after.len());
        let value = after[..end].trim_matches([FNC1, ' ']);
        elements.push((identifier.to_owned(), value.to_owned()));
        match after.get(end + 1..) {
            Some(next) => rest = next,
            None => return Some(elements),
        }
    }
}

/// Without brackets: the first two digits say how long an identifier is, and for some how long its value.
fn plain(text: &str) -> Option<Vec<(String, String)>> {
    let mut elements = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let two: usize = rest
            .get(..2)
            .filter(|two| two.bytes().all(|byte| byte.is_ascii_digit()))?
            .parse()
            .ok()?;
        let length = match two {
            0..=4 | 10..=22 | 30 | 37 | 90..=99 => 2,
            23..=25 | 40..=42 | 71 => 3,
            31..=36 | 39 | 43 | 70 | 72 | 80..=82 => 4,
            _ => return None,
        };
        let (identifier, value) = rest.split_at_checked(length)?;
        if !identifier.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let fixed = match two {
            0 => Some(18),
            1..=3 => Some(14),
            4 => Some(16),
            11..=19 | 31..=36 => Some(6),
            20 => Some(2),
            41 => Some(13),
            _ => None,
        };
        let (value, after) = match fixed {
            Some(length) => {
                let (value, after) = value.split_at_checked(length)?;
                if !value.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                (value, after)
            }
            None => value.split_once(FNC1).unwrap_or((value, "")),
        };
        if value.is_empty() {
            return None;
        }
        elements.push((identifier.to_owned(), value.to_owned()));
        // Some writers separate what would not need it.
        rest = after.trim_start_matches(FNC1);
    }
    Some(elements)
}

/// Whether a value fits its identifier, as far as keys go: length and check digit.
fn is_key(identifier: &str, value: &str) -> bool {
    let length = match identifier {
        "00" => 18,
        "01" | "02" | "03" => 14,
        _ => return true,
    };
    value.len() == length
        && value
            .split_at_checked(length - 1)
            .is_some_and(|(body, digit)| {
                gs1_check_digit(body).is_some_and(|right| digit.starts_with(right))
            })
}

/// Names that elements stand for: the logistic unit (00); else an article (01) with its serial (21) or batch (10). An
/// article alone is no thing that stands in a yard.
fn names_of(elements: &[(String, String)]) -> Vec<String> {
    let of = |identifier: &str| {
        elements
            .iter()
            .find(|(found, _)| found == identifier)
            .map(|(_, value)| value.as_str())
    };
    if let Some(unit) = of("00") {
        return vec![unit.to_owned(), format!("00{unit}"), format!("(00){unit}")];
    }
    let Some(article) = of("01") else {
        return Vec::new();
    };
    let instance = [("21", of("21")), ("10", of("10"))]
        .into_iter()
        .find_map(|(identifier, value)| Some((identifier, value?)));
    let Some((identifier, value)) = instance else {
        return Vec::new();
    };
    let mut names = vec![
        format!("(01){article}({identifier}){value}"),
        format!("01{article}{identifier}{value}"),
    ];
    names.extend(["/", "-", ".", " ", "_"].map(|between| format!("{article}{between}{value}")));
    names.push(format!("{article}{value}"));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const PALLET: &str = "106141412345678908";

    /// The names besides the text itself.
    fn others(typed: &str) -> Vec<String> {
        read(typed).names.split_off(1)
    }

    #[test]
    fn a_name_is_tried_whole_before_anything_is_read_into_it() {
        for typed in [
            "A/7",
            "00392/174",
            "00123",
            "21 81 2471 217-3",
            "вагон 7",
            "]x",
            "(00)",
            "",
        ] {
            assert_eq!(read(typed).names[0], typed);
        }
        assert_eq!(others("A/7"), Vec::<String>::new());
        // Marks that only look like identifiers stay what they are.
        for typed in [
            "00123",
            "010950600013435321A7",
            "(00)106141412345678909",
            "0181",
            "01234567",
        ] {
            assert_eq!(others(typed), Vec::<String>::new(), "{typed}");
        }
    }

    #[test]
    fn our_own_label_is_taken_literally() {
        for name in [
            "A/7",
            "w1-1",
            "00106141412345678908",
            "12%2F7",
            "https://x/lot/7",
            "(00)1",
        ] {
            let scanned = read(&format!("lazaret:lot/{name}"));
            assert_eq!(scanned.names, [name]);
            assert!(scanned.lot);
        }
    }

    #[test]
    fn addresses_are_decoded() {
        assert_eq!(others("https://gate.example/lot/12%2F7"), ["12/7"]);
        assert_eq!(others("https://gate.example/lot/12/7?open=1"), ["12/7"]);
        assert_eq!(others("http://gate.example/x/w1-1"), ["w1-1"]);
        assert_eq!(others("https://gate.example/lot/100%25"), ["100%"]);
        assert_eq!(others("https://gate.example/lot/%zz"), ["%zz"]);
    }

    #[test]
    fn a_pallet_is_found_wherever_its_number_stands() {
        for typed in [
            "(00)106141412345678908",
            "00106141412345678908",
            "]C100106141412345678908",
            "\u{1d}00106141412345678908",
            "]C1\u{1d}00106141412345678908",
            "00106141412345678908\u{1d}10LOT42",
            "0010614141234567890810LOT42",
            "(00)106141412345678908(10)LOT42",
            "]C102095060001343523724\u{1d}00106141412345678908",
            "02095060001343523724\u{1d}00106141412345678908",
            "(02)09506000134352(37)24(00)106141412345678908",
            "]d2113101010010614141234567890821X7",
            "https://id.gs1.org/00/106141412345678908",
            "https://id.gs1.org/00/106141412345678908?s4=1",
            "https://example.com/some/stem/00/106141412345678908",
            "urn:epc:id:sscc:0614141.1234567890",
        ] {
            let found = others(typed);
            assert_eq!(
                found.first().map(String::as_str),
                Some(PALLET),
                "{typed:?} {found:?}"
            );
        }
    }

    #[test]
    fn an_article_needs_its_serial_or_batch_to_be_a_thing() {
        for typed in [
            "(01)09506000134352(21)7",
            "0109506000134352217",
            "https://id.gs1.org/01/09506000134352/21/7",
            "https://id.gs1.org/01/09506000134352/10/B/21/7?17=261231",
            "]Q30109506000134352\u{1d}217",
            "(01)09506000134352(10)B(21)7",
            "urn:epc:id:sgtin:950600.0013435.7",
        ] {
            let found = others(typed);
            assert_eq!(
                found.first().map(String::as_str),
                Some("(01)09506000134352(21)7"),
                "{typed} {found:?}"
            );
            assert!(
                !found
                    .iter()
                    .any(|name| name == "09506000134352" || name == "7")
            );
        }
        assert_eq!(
            others("(01)09506000134352(10)LOT42")[0],
            "(01)09506000134352(10)LOT42"
        );
        for bare in [
            "(01)09506000134352",
            "0109506000134352",
            "https://id.gs1.org/01/09506000134352",
        ] {
            assert_eq!(others(bare), Vec::<String>::new(), "{bare}");
            assert_eq!(read(bare).part, "09506000134352");
        }
        // A batch alone names nothing.
        assert_eq!(others("(10)LOT42"), Vec::<String>::new());
    }
}
