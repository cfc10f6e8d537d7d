//! XML of a part of a workbook, parsed while it is unpacked, with its cost counted.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::super::cells::too_large;
use crate::TableError;

/// What a workbook may cost.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Bytes unpacked from it.
    pub(super) unpacked: u64,
    /// Bytes between two events: one tag, one text, one comment.
    pub(super) event: u64,
    /// How many shared strings there are.
    pub(super) strings: usize,
    /// Bytes of all shared strings together.
    pub(super) text: usize,
}

/// 200,000 rows of thirteen columns take about 100 MB, and a cell has at most 32,767 characters.
pub(super) const LIMITS: Limits = Limits {
    unpacked: 256 << 20,
    event: 1 << 20,
    strings: 4_000_000,
    text: 64 << 20,
};
/// Open elements; a sheet needs seven.
pub(super) const DEPTH_MAX: u32 = 64;

pub(super) fn unreadable(what: impl std::fmt::Display) -> TableError {
    TableError::unreadable(format!("the workbook cannot be read: {what}"))
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// An attribute by its name without prefix.
pub(super) fn attribute<'t>(
    tag: &'t BytesStart<'_>,
    name: &str,
) -> Result<Option<Cow<'t, str>>, TableError> {
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(unreadable)?;
        if attribute.key.local_name().as_ref() == name {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            return value.map(Some).map_err(unreadable);
        }
    }
    Ok(None)
}

/// An attribute that is a whole number; none if it is none.
pub(super) fn number(tag: &BytesStart<'_>, name: &str) -> Result<Option<u32>, TableError> {
    Ok(attribute(tag, name)?.and_then(|value| value.parse().ok()))
}

/// What an event adds to the text around it.
pub(super) fn words<'e>(event: &'e Event<'_>) -> Result<Cow<'e, str>, TableError> {
    Ok(match event {
        Event::Text(text) => text.xml10_content(),
        Event::CData(text) => text.xml10_content(),
        Event::GeneralRef(name) => match name.resolve_char_ref().map_err(unreadable)? {
            Some(letter) => letter.to_string().into(),
            None => resolve_predefined_entity(name)
                .ok_or_else(|| unreadable(format!("there is no entity {:?}", shortened(name))))?
                .into(),
        },
        _ => Cow::Borrowed(""),
    })
}

/// A part of the archive, parsed while it is unpacked.
pub(super) struct Xml<'a, R: Read> {
    reader: quick_xml::Reader<Counted<'a, R>>,
    event: Vec<u8>,
    /// How many elements are open.
    pub(super) depth: u32,
}

impl<'a, R: Read> Xml<'a, R> {
    pub(super) fn new(part: R, limits: &'a mut Limits) -> Self {
        let mut reader = quick_xml::Reader::from_reader(Counted {
            inner: BufReader::new(part),
            limits,
            event: 0,
        });
        reader.config_mut().expand_empty_elements = true;
        Xml {
            reader,
            event: Vec::new(),
            depth: 0,
        }
    }

    pub(super) fn next(&mut self) -> Result<Event<'_>, TableError> {
        self.event.clear();
        self.reader.get_mut().event = 0;
        let event = self
            .reader
            .read_event_into(&mut self.event)
            .map_err(|error| match &error {
                quick_xml::Error::Io(io) if io.kind() == ErrorKind::FileTooLarge => {
                    too_large(io.to_string())
                }
                _ => unreadable(error),
            })?;
        match event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::DocType(_) => {
                return Err(unreadable(
                    "it declares a document type, as no spreadsheet does",
                ));
            }
            _ => {}
        }
        if self.depth > DEPTH_MAX {
            return Err(too_large(format!(
                "more than {DEPTH_MAX} elements are open"
            )));
        }
        Ok(event)
    }

    /// Adds what the element in hand says, without what tells how to pronounce it, up to its end.
    pub(super) fn spoken(&mut self, out: &mut String) -> Result<(), TableError> {
        let inside = self.depth;
        let (mut text, mut aloud, mut phonetic) = (String::new(), false, false);
        while self.depth >= inside {
            let event = self.next()?;
            match &event {
                Event::Eof => return Err(unreadable("it ends within a text")),
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "t" => aloud = !phonetic,
                    "rPh" => phonetic = true,
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "t" => aloud = false,
                    "rPh" => phonetic = false,
                    _ => {}
                },
                said if aloud => say(&mut text, &words(said)?)?,
                _ => {}
            }
        }
        out.push_str(&unescaped(&text));
        Ok(())
    }
}

/// Adds to the text of one cell, which may come in many pieces.
pub(super) fn say(text: &mut String, more: &str) -> Result<(), TableError> {
    if text.len() + more.len() > LIMITS.event as usize {
        return Err(too_large("a text is longer than a spreadsheet allows"));
    }
    text.push_str(more);
    Ok(())
}

/// Counts what is unpacked, of the workbook and since the last event, and ends at their limits.
struct Counted<'a, R> {
    inner: BufReader<R>,
    /// Those of the workbook; what has been unpacked is taken away.
    limits: &'a mut Limits,
    /// Bytes since the last event.
    event: u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let filled = self.fill_buf()?;
        let count = filled.len().min(out.len());
        out[..count].copy_from_slice(&filled[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Counted<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let too_large = |what| Err(io::Error::new(ErrorKind::FileTooLarge, what));
        if self.limits.unpacked == 0 {
            return too_large("the unpacked file is too large; split it");
        }
        if self.event > self.limits.event {
            return too_large("one text is longer than a spreadsheet allows");
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.limits.unpacked = self.limits.unpacked.saturating_sub(count as u64);
        self.event += count as u64;
        self.inner.consume(count);
    }
}

/// Text without `_xHHHH_`, by which workbooks write characters that XML cannot.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let letter = (rest.get(2..6).filter(|_| rest[6..].starts_with('_')))
            .and_then(|four| u32::from_str_radix(four, 16).ok())
            .and_then(char::from_u32);
        match letter {
            Some(letter) => {
                out.push(letter);
                rest = &rest[7..];
            }
            None => {
                out.push_str("_x");
                rest = &rest[2..];
            }
        }
    }
    out.push_str(rest);
    out.into()
}
