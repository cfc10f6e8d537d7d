//! The text of a file whose encoding nobody wrote down.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::TableError;

/// A text, and how it was found out to be one.
#[derive(Debug)]
pub(super) struct Decoded<'a> {
    /// The text, without a byte-order mark.
    pub(super) text: Cow<'a, str>,
    /// The encoding's name.
    pub(super) encoding: &'static str,
    /// Whether it was guessed from the letters, so that another one is possible.
    pub(super) guessed: bool,
}

/// Reads a file as text.
///
/// * `label` — the encoding if the sender says it, by any of its usual labels.
///
/// # Errors
/// If the label is unknown, or the bytes are not a text in the encoding that was said or found.
pub(super) fn decode<'a>(bytes: &'a [u8], label: Option<&str>) -> Result<Decoded<'a>, TableError> {
    let (encoding, skip, guessed) = match label {
        Some(label) => {
            let encoding = Encoding::for_label(label.trim().as_bytes()).ok_or_else(|| {
                TableError::unreadable(format!(
                    "unknown encoding {label:?}; write one such as utf-8, utf-16le, gb18030, euc-kr, shift_jis or windows-1251"
                ))
            })?;
            let mark = Encoding::for_bom(bytes).filter(|(of, _)| *of == encoding);
            (encoding, mark.map_or(0, |(_, length)| length), false)
        }
        None => match Encoding::for_bom(bytes) {
            Some((encoding, length)) => (encoding, length, false),
            None => found(bytes),
        },
    };
    let (text, failed) = encoding.decode_without_bom_handling(&bytes[skip..]);
    if failed {
        return Err(TableError::unreadable(match label {
            Some(_) => format!(
                "the file is not {}; leave out the encoding to have it detected",
                encoding.name()
            ),
            None => format!(
                "the file looks like {} but has bytes that are invalid in it; save it as CSV UTF-8, or give its encoding",
                encoding.name()
            ),
        }));
    }
    if text.contains('\0') {
        return Err(TableError::unreadable(
            "the file has NUL characters, so it is not a text; save it as CSV UTF-8",
        ));
    }
    Ok(Decoded {
        text,
        encoding: encoding.name(),
        guessed,
    })
}

/// The encoding of bytes without a mark, how many to skip, and whether it is a guess.
fn found(bytes: &[u8]) -> (&'static Encoding, usize, bool) {
    // UTF-16 without a mark: commas, digits and line ends have a NUL before or after them. Looked for before UTF-8, in
    // which a NUL is a letter too.
    let head = &bytes[..bytes.len().min(4096)];
    let nuls = |from: usize| {
        head.iter()
            .skip(from)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let (even, odd) = (nuls(0), nuls(1));
    if odd.max(even) * 5 > head.len() {
        return (if odd > even { UTF_16LE } else { UTF_16BE }, 0, true);
    }
    if std::str::from_utf8(bytes).is_ok() {
        return (UTF_8, 0, false);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    // GB18030 holds all of GBK and more.
    let guess = if guess == encoding_rs::GBK {
        encoding_rs::GB18030
    } else {
        guess
    };
    (guess, 0, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_the_encodings_of_offices() {
        let korean = "manifest;sender\nM-1;평양 무역회사 의주 세관 중앙 창고\n";
        let chinese = "manifest;sender\nM-1;丹东贸易有限公司，辽宁省丹东市振兴区\n";
        let russian = "manifest;sender\nM-1;Общество с ограниченной ответственностью Восток\n";
        let japanese = "manifest;sender\nM-1;東京の貿易会社からの荷物です\n";
        for (text, encoding) in [
            (korean, encoding_rs::EUC_KR),
            (chinese, encoding_rs::GB18030),
            (russian, encoding_rs::WINDOWS_1251),
            (japanese, encoding_rs::SHIFT_JIS),
        ] {
            let (bytes, _, failed) = encoding.encode(text);
            assert!(!failed);
            let decoded = decode(&bytes, None).unwrap();
            assert_eq!(decoded.text, text);
            assert_eq!((decoded.encoding, decoded.guessed), (encoding.name(), true));
            let said = decode(&bytes, Some(encoding.name())).unwrap();
            assert_eq!((said.text.as_ref(), said.guessed), (text, false));
        }
    }

    #[test]
    fn utf_16_is_found_with_and_without_its_mark() {
        let text = "manifest\tconvoy\nM-1\t의주\n";
        for mark in [true, false] {
            for big in [true, false] {
                let mut bytes = Vec::new();
                let marked = mark.then_some(0xfeff).into_iter();
                for unit in marked.chain(text.encode_utf16()) {
                    let two = if big {
                        unit.to_be_bytes()
                    } else {
                        unit.to_le_bytes()
                    };
                    bytes.extend_from_slice(&two);
                }
                assert_eq!(decode(&bytes, None).unwrap().text, text, "{mark} {big}");
            }
        }
    }

    #[test]
    fn a_wrong_or_unknown_encoding_is_refused() {
        assert!(decode("평".as_bytes(), Some("klingon")).is_err());
        assert!(decode(b"M-1;\xff\xff\xff", Some("utf-8")).is_err());
        assert!(decode(b"a,b\0c", None).is_err());
    }
}
