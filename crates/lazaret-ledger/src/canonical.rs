//! Canonical JSON (RFC 8785) of what the ledger records.
//!
//! Records have whole numbers only, so the one hard part of the standard, the shortest form of a floating-point
//! number, does not arise; a float is refused. Keys are sorted after the fact: the entries of a map are written one
//! after the other, and put in order where they are not. The result is compared with an independent implementation of
//! the standard in the tests.

use serde::ser::{self, Serialize};

/// What cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not canonical JSON: {0}")]
pub struct NotCanonical(String);

impl ser::Error for NotCanonical {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        NotCanonical(message.to_string())
    }
}

/// Largest whole number that every reader of JSON keeps: 2⁵³ - 1.
const LARGEST: u64 = (1 << 53) - 1;

/// Writes `value` as canonical JSON.
///
/// # Errors
/// On floating-point numbers, whole numbers beyond ±(2⁵³ - 1), bytes, and maps whose keys are not strings.
pub fn to_vec(value: &impl Serialize) -> Result<Vec<u8>, NotCanonical> {
    let mut writer = Writer {
        out: Vec::with_capacity(512),
        spare: Vec::new(),
    };
    value.serialize(&mut writer)?;
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
    /// Room to put the entries of a map in order.
    spare: Vec<u8>,
}

impl Writer {
    fn text(&mut self, text: &str) {
        self.out.push(b'"');
        let bytes = text.as_bytes();
        let mut from = 0;
        for (at, &byte) in bytes.iter().enumerate() {
            if byte >= 0x20 && byte != b'"' && byte != b'\\' {
                continue;
            }
            self.out.extend_from_slice(&bytes[from..at]);
            from = at + 1;
            let short = match byte {
                0x08 => b'b',
                b'\t' => b't',
                b'\n' => b'n',
                0x0c => b'f',
                b'\r' => b'r',
                b'"' | b'\\' => byte,
                _ => {
                    const DIGITS: &[u8; 16] = b"0123456789abcdef";
                    self.out.extend_from_slice(b"\\u00");
                    self.out.push(DIGITS[usize::from(byte >> 4)]);
                    self.out.push(DIGITS[usize::from(byte & 15)]);
                    continue;
                }
            };
            self.out.extend_from_slice(&[b'\\', short]);
        }
        self.out.extend_from_slice(&bytes[from..]);
        self.out.push(b'"');
    }

    fn number(&mut self, negative: bool, magnitude: u64) -> Result<(), NotCanonical> {
        if magnitude > LARGEST {
            return Err(NotCanonical(format!("{magnitude} is beyond 2^53")));
        }
        if negative {
            self.out.push(b'-');
        }
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = magnitude;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.out.extend_from_slice(&digits[at..]);
        Ok(())
    }
}

/// The entries of a map that is being written: where each begins, where its key ends.
struct Map<'a> {
    writer: &'a mut Writer,
    from: usize,
    entries: Vec<(usize, usize)>,
    sorted: bool,
    /// A map inside a variant needs one more brace.
    wrapped: bool,
}

impl<'a> Map<'a> {
    fn new(writer: &'a mut Writer, entries: usize, wrapped: bool) -> Self {
        writer.out.push(b'{');
        let from = writer.out.len();
        Map {
            writer,
            from,
            entries: Vec::with_capacity(entries),
            sorted: true,
            wrapped,
        }
    }

    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotCanonical> {
        if !self.entries.is_empty() {
            self.writer.out.push(b',');
        }
        let at = self.writer.out.len();
        key.serialize(&mut *self.writer)?;
        let out = &mut self.writer.out;
        let end = out.len();
        if out.get(at) != Some(&b'"') {
            return Err(NotCanonical("a key that is not a string".into()));
        }
        if let Some(&(last, last_end)) = self.entries.last() {
            self.sorted &= before(&out[last..last_end], &out[at..end]);
        }
        self.entries.push((at, end));
        out.push(b':');
        Ok(())
    }

    fn finish(self) {
        let Writer { out, spare } = self.writer;
        if !self.sorted {
            let end = out.len();
            let mut order: Vec<(usize, usize, usize)> = self
                .entries
                .iter()
                .enumerate()
                .map(|(nth, &(at, key_end))| {
                    let next = self.entries.get(nth + 1).map_or(end, |&(next, _)| next - 1);
                    (at, key_end, next)
                })
                .collect();
            order.sort_by(|a, b| {
                let (a, b) = (&out[a.0..a.1], &out[b.0..b.1]);
                if before(a, b) {
                    std::cmp::Ordering::Less
                } else {
                    std::cmp::Ordering::Greater
                }
            });
            spare.clear();
            for (nth, &(at, _, next)) in order.iter().enumerate() {
                if nth > 0 {
                    spare.push(b',');
                }
                spare.extend_from_slice(&out[at..next]);
            }
            out.truncate(self.from);
            out.extend_from_slice(spare);
        }
        out.push(b'}');
        if self.wrapped {
            out.push(b'}');
        }
    }
}

/// Whether a key, as written, comes before another: by UTF-16 code units of what it says, as the standard asks.
fn before(a: &[u8], b: &[u8]) -> bool {
    let plain = |key: &[u8]| key.iter().all(|&byte| byte.is_ascii() && byte != b'\\');
    if plain(a) && plain(b) {
        return a[1..a.len() - 1] < b[1..b.len() - 1];
    }
    let units = |key: &[u8]| -> Vec<u16> {
        serde_json::from_slice::<String>(key)
            .unwrap_or_default()
            .encode_utf16()
            .collect()
    };
    units(a) < units(b)
}

/// A list that is being written.
struct List<'a> {
    writer: &'a mut Writer,
    first: bool,
    wrapped: bool,
}

impl<'a> List<'a> {
    fn new(writer: &'a mut Writer, wrapped: bool) -> Self {
        writer.out.push(b'[');
        List {
            writer,
            first: true,
            wrapped,
        }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotCanonical> {
        if !std::mem::replace(&mut self.first, false) {
            self.writer.out.push(b',');
        }
        value.serialize(&mut *self.writer)
    }

    fn finish(self) {
        self.writer.out.push(b']');
        if self.wrapped {
            self.writer.out.push(b'}');
        }
    }
}

macro_rules! whole {
    ($($name:ident $type:ty;)*) => {$(
        fn $name(self, value: $type) -> Result<(), NotCanonical> {
            #[allow(unused_comparisons, reason = "one body for signed and unsigned")]
            let negative = value < 0;
            self.number(negative, u64::try_from(value.abs_diff(0)).unwrap_or(u64::MAX))
        }
    )*};
}

impl<'a> ser::Serializer for &'a mut Writer {
    type Ok = ();
    type Error = NotCanonical;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = List<'a>;
    type SerializeMap = Map<'a>;
    type SerializeStruct = Map<'a>;
    type SerializeStructVariant = Map<'a>;

    whole! {
        serialize_i8 i8; serialize_i16 i16; serialize_i32 i32; serialize_i64 i64;
        serialize_u8 u8; serialize_u16 u16; serialize_u32 u32; serialize_u64 u64;
    }

    fn serialize_bool(self, value: bool) -> Result<(), NotCanonical> {
        self.out
            .extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), NotCanonical> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), NotCanonical> {
        Err(NotCanonical(format!("{value} is not a whole number")))
    }

    fn serialize_char(self, value: char) -> Result<(), NotCanonical> {
        self.text(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), NotCanonical> {
        self.text(value);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), NotCanonical> {
        Err(NotCanonical("bytes have no form in JSON".into()))
    }

    fn serialize_none(self) -> Result<(), NotCanonical> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotCanonical> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotCanonical> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), NotCanonical> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), NotCanonical> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), NotCanonical> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), NotCanonical> {
        self.out.push(b'{');
        self.text(variant);
        self.out.push(b':');
        value.serialize(&mut *self)?;
        self.out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'a>, NotCanonical> {
        Ok(List::new(self, false))
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'a>, NotCanonical> {
        Ok(List::new(self, false))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'a>, NotCanonical> {
        Ok(List::new(self, false))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'a>, NotCanonical> {
        self.out.push(b'{');
        self.text(variant);
        self.out.push(b':');
        Ok(List::new(self, true))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Map<'a>, NotCanonical> {
        Ok(Map::new(self, len.unwrap_or(8), false))
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Map<'a>, NotCanonical> {
        Ok(Map::new(self, len, false))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Map<'a>, NotCanonical> {
        self.out.push(b'{');
        self.text(variant);
        self.out.push(b':');
        Ok(Map::new(self, len, true))
    }
}

macro_rules! lists {
    ($($trait:ident $method:ident;)*) => {$(
        impl ser::$trait for List<'_> {
            type Ok = ();
            type Error = NotCanonical;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotCanonical> {
                self.item(value)
            }
            fn end(self) -> Result<(), NotCanonical> {
                self.finish();
                Ok(())
            }
        }
    )*};
}

lists! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! structs {
    ($($trait:ident;)*) => {$(
        impl ser::$trait for Map<'_> {
            type Ok = ();
            type Error = NotCanonical;
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), NotCanonical> {
                self.key(key)?;
                value.serialize(&mut *self.writer)
            }
            fn end(self) -> Result<(), NotCanonical> {
                self.finish();
                Ok(())
            }
        }
    )*};
}

structs! {
    SerializeStruct;
    SerializeStructVariant;
}

impl ser::SerializeMap for Map<'_> {
    type Ok = ();
    type Error = NotCanonical;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotCanonical> {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotCanonical> {
        value.serialize(&mut *self.writer)
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), NotCanonical> {
        self.serialize_key(key)?;
        self.serialize_value(value)
    }

    fn end(self) -> Result<(), NotCanonical> {
        self.finish();
        Ok(())
    }
}
