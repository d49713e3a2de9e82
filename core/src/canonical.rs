//! Canonical JSON and digests: one value has exactly one text, on every host.
//!
//! UTF-8, keys sorted by code point, no spaces, integers without exponent, floats in the shortest
//! form that reads back to the same number, written as CPython prints it.
//!
//! ```
//! use trimtab_core::{canonical, value::Value};
//! let value = Value::from_json(br#"{"b": 1.50, "a": [1e-7, "\u00e9"]}"#).unwrap();
//! assert_eq!(canonical::text(&value).unwrap(), r#"{"a":[1e-07,"é"],"b":1.5}"#);
//! ```

use serde::{Serialize, Serializer, ser};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;

use crate::error::Error;
pub use crate::float::float_text;
use crate::float::{push_float, push_unsigned};

/// The name under which 256-bit amounts pass through serde, so that a host with native big
/// integers can carry them as such.
pub const AMOUNT: &str = "$amount";

/// No larger integer is exact as a number of JavaScript.
const LARGEST_OF_SCRIPT: u64 = (1 << 53) - 1;

/// How 256-bit amounts are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Amounts {
    /// As decimal strings: the canonical form.
    #[default]
    Plain,
    /// As `"$5"`, and so is every number that JSON or a JavaScript number cannot hold; a text that
    /// begins with a dollar gets a second one. For JavaScript, which reads texts faster than objects.
    Script,
    /// As `{"$amount":"5"}`, for [`crate::value::from_marked`]: a host with big integers has no
    /// strings.
    Marked,
}

/// The canonical JSON of a record or plain value.
pub fn text<T: Serialize + ?Sized>(record: &T) -> Result<String, Error> {
    written(record, Amounts::Plain)
}

/// As [`text`], with a choice of how amounts are written.
pub fn written<T: Serialize + ?Sized>(record: &T, amounts: Amounts) -> Result<String, Error> {
    let mut writer = Writer {
        out: String::with_capacity(512),
        fields: Vec::with_capacity(32),
        amounts,
    };
    record.serialize(&mut writer)?;
    Ok(writer.out)
}

/// Lower-case hex of sha256 over `bytes`.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex of sha256 over the canonical JSON of a record or plain value.
pub fn digest_of<T: Serialize + ?Sized>(record: &T) -> Result<String, Error> {
    Ok(digest(text(record)?.as_bytes()))
}

/// Lower-case hex of `bytes`.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// The text of a JSON string.
fn unquoted(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

/// Writes a record as canonical JSON without a tree in between. Fields that arrive in order are
/// only appended; a record whose fields do not is put in order when it ends.
#[derive(Default)]
struct Writer {
    out: String,
    /// Where each field of the records still open begins, and where its key ends.
    fields: Vec<Field>,
    amounts: Amounts,
}

#[derive(Clone, Copy)]
struct Field {
    start: usize,
    key_end: usize,
}

/// A list or record that is being written.
struct Open<'w> {
    writer: &'w mut Writer,
    /// How many fields belong to the records around this one.
    base: usize,
    sorted: bool,
    first: bool,
    /// The last key, where keys are names of our own fields.
    last: &'static str,
    closing: &'static str,
}

impl Writer {
    fn open(&mut self, opening: &str, closing: &'static str) -> Open<'_> {
        self.out.push_str(opening);
        let base = self.fields.len();
        Open {
            writer: self,
            base,
            sorted: true,
            first: true,
            last: "",
            closing,
        }
    }

    /// Puts a dollar in front of the text that was written from `at` on.
    fn mark(&mut self, at: usize) {
        let text = self.out.split_off(at);
        self.out.push_str("\"$");
        self.out.push_str(text.get(1..).unwrap_or_default());
    }

    fn key_of(&self, field: Field) -> Cow<'_, str> {
        let quoted = self.out.get(field.start..field.key_end).unwrap_or_default();
        let inner = quoted
            .get(1..quoted.len().saturating_sub(1))
            .unwrap_or_default();
        if !inner.contains('\\') {
            return Cow::Borrowed(inner);
        }
        // An escape sorts elsewhere than the character it stands for.
        unquoted(quoted).map_or(Cow::Borrowed(inner), Cow::Owned)
    }
}

impl Open<'_> {
    fn comma(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.writer.out.push(',');
        }
    }

    fn key(&mut self, key: &str) {
        self.comma();
        let before = self
            .writer
            .fields
            .get(self.base..)
            .and_then(<[Field]>::last);
        self.sorted &= before.is_none_or(|before| *self.writer.key_of(*before) < *key);
        let start = self.writer.out.len();
        write_string(key, &mut self.writer.out);
        self.writer.fields.push(Field {
            start,
            key_end: self.writer.out.len(),
        });
        self.writer.out.push(':');
    }

    /// As [`Self::key`], for the name of one of our own fields: nothing in it wants an escape.
    fn plain_key(&mut self, key: &'static str) {
        self.comma();
        self.sorted &= before(self.last, key);
        self.last = key;
        let out = &mut self.writer.out;
        let start = out.len();
        out.push('"');
        out.push_str(key);
        out.push('"');
        self.writer.fields.push(Field {
            start,
            key_end: out.len(),
        });
        self.writer.out.push(':');
    }

    // One copy for every type of field, not one for every field.
    #[inline(never)]
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.writer)
    }

    fn close(mut self) {
        if !self.sorted {
            self.put_in_order();
        }
        self.writer.fields.truncate(self.base);
        self.writer.out.push_str(self.closing);
    }

    fn put_in_order(&mut self) {
        let fields = self.writer.fields.get(self.base..).unwrap_or_default();
        let Some(begin) = fields.first().map(|field| field.start) else {
            return;
        };
        // A field ends before the comma of the next one.
        let ends = fields
            .iter()
            .skip(1)
            .map(|next| next.start - 1)
            .chain([self.writer.out.len()]);
        let mut parts: Vec<_> = fields
            .iter()
            .zip(ends)
            .map(|(field, end)| {
                (
                    self.writer.key_of(*field),
                    self.writer.out.get(field.start..end).unwrap_or_default(),
                )
            })
            .collect();
        crate::sorting::by(&mut parts, |a, b| a.0.cmp(&b.0));
        let texts: Vec<&str> = parts.into_iter().map(|(_, text)| text).collect();
        let ordered = texts.join(",");
        self.writer.out.truncate(begin);
        self.writer.out.push_str(&ordered);
    }
}

/// Whether one name sorts before another; nearly always the first letter tells.
fn before(a: &str, b: &str) -> bool {
    match (a.as_bytes().first(), b.as_bytes().first()) {
        (Some(x), Some(y)) if x != y => x < y,
        _ => a < b,
    }
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Open<'w>;
    type SerializeTuple = Open<'w>;
    type SerializeTupleStruct = Open<'w>;
    type SerializeTupleVariant = Open<'w>;
    type SerializeMap = Open<'w>;
    type SerializeStruct = Open<'w>;
    type SerializeStructVariant = Open<'w>;

    fn serialize_bool(self, b: bool) -> Result<(), Error> {
        self.out.push_str(if b { "true" } else { "false" });
        Ok(())
    }
    fn serialize_i8(self, n: i8) -> Result<(), Error> {
        self.serialize_i64(n.into())
    }
    fn serialize_i16(self, n: i16) -> Result<(), Error> {
        self.serialize_i64(n.into())
    }
    fn serialize_i32(self, n: i32) -> Result<(), Error> {
        self.serialize_i64(n.into())
    }
    fn serialize_i64(self, n: i64) -> Result<(), Error> {
        if self.amounts == Amounts::Script && n.unsigned_abs() > LARGEST_OF_SCRIPT {
            return self.serialize_newtype_struct(AMOUNT, itoa::Buffer::new().format(n));
        }
        self.out.push_str(itoa::Buffer::new().format(n));
        Ok(())
    }
    fn serialize_u8(self, n: u8) -> Result<(), Error> {
        self.serialize_u64(n.into())
    }
    fn serialize_u16(self, n: u16) -> Result<(), Error> {
        self.serialize_u64(n.into())
    }
    fn serialize_u32(self, n: u32) -> Result<(), Error> {
        self.serialize_u64(n.into())
    }
    fn serialize_u64(self, n: u64) -> Result<(), Error> {
        if self.amounts == Amounts::Script && n > LARGEST_OF_SCRIPT {
            return self.serialize_newtype_struct(AMOUNT, itoa::Buffer::new().format(n));
        }
        push_unsigned(n, &mut self.out);
        Ok(())
    }
    fn serialize_f32(self, x: f32) -> Result<(), Error> {
        self.serialize_f64(x.into())
    }
    fn serialize_f64(self, x: f64) -> Result<(), Error> {
        if x.is_finite() {
            push_float(x, &mut self.out);
        } else if self.amounts == Amounts::Script {
            self.out.push_str("\"$");
            push_float(x, &mut self.out);
            self.out.push('"');
        } else {
            // JSON has no text for these; the marker is also what the intake reads.
            self.out.push_str("{\"$f64\":\"");
            push_float(x, &mut self.out);
            self.out.push_str("\"}");
        }
        Ok(())
    }
    fn serialize_char(self, c: char) -> Result<(), Error> {
        self.serialize_str(c.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        let at = self.out.len();
        write_string(text, &mut self.out);
        if self.amounts == Amounts::Script && text.starts_with('$') {
            self.mark(at);
        }
        Ok(())
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        self.collect_seq(bytes)
    }
    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Error> {
        self.out.push_str("null");
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        if name != AMOUNT || self.amounts == Amounts::Plain {
            return value.serialize(self);
        }
        if self.amounts == Amounts::Script {
            let at = self.out.len();
            value.serialize(&mut *self)?;
            self.mark(at);
            return Ok(());
        }
        self.out.push_str("{\"$amount\":");
        value.serialize(&mut *self)?;
        self.out.push('}');
        Ok(())
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut tagged = self.open("{", "}");
        tagged.key(variant);
        tagged.value(value)?;
        tagged.close();
        Ok(())
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'w>, Error> {
        Ok(self.open("[", "]"))
    }
    fn serialize_tuple(self, _: usize) -> Result<Open<'w>, Error> {
        Ok(self.open("[", "]"))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Open<'w>, Error> {
        Ok(self.open("[", "]"))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'w>, Error> {
        self.out.push('{');
        write_string(variant, &mut self.out);
        Ok(self.open(":[", "]}"))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Open<'w>, Error> {
        Ok(self.open("{", "}"))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'w>, Error> {
        Ok(self.open("{", "}"))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'w>, Error> {
        self.out.push('{');
        write_string(variant, &mut self.out);
        Ok(self.open(":{", "}}"))
    }
    fn collect_str<T: std::fmt::Display + ?Sized>(self, text: &T) -> Result<(), Error> {
        self.serialize_str(&text.to_string())
    }
}

impl ser::SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.comma();
        self.value(value)
    }
    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeMap for Open<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let text = text(key)?;
        match text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
        {
            Some(plain) if !plain.contains('\\') => self.key(plain),
            Some(_) => {
                let plain = unquoted(&text).ok_or_else(|| Error::internal("a key of no text"))?;
                self.key(&plain);
            }
            None => self.key(&text),
        }
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }
    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

macro_rules! like_a_list {
    ($($role:ident, $method:ident;)*) => {
        $(impl ser::$role for Open<'_> {
            type Ok = ();
            type Error = Error;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.comma();
                self.value(value)
            }
            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        })*
    };
}

like_a_list! {
    SerializeTuple, serialize_element;
    SerializeTupleStruct, serialize_field;
    SerializeTupleVariant, serialize_field;
}

macro_rules! like_a_record {
    ($($role:ident;)*) => {
        $(impl ser::$role for Open<'_> {
            type Ok = ();
            type Error = Error;
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.plain_key(key);
                self.value(value)
            }
            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        })*
    };
}

like_a_record! {
    SerializeStruct;
    SerializeStructVariant;
}

/// The place of the first byte that JSON wants escaped; eight at a time, most texts have none.
fn first_special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, n: u64| word.wrapping_sub(ONES.wrapping_mul(n)) & !word & HIGH;
    let (words, _) = bytes.as_chunks::<8>();
    let plain = words.iter().take_while(|chunk| {
        let word = u64::from_le_bytes(**chunk);
        let quote = below(word ^ ONES.wrapping_mul(u64::from(b'"')), 1);
        let backslash = below(word ^ ONES.wrapping_mul(u64::from(b'\\')), 1);
        below(word, u64::from(b' ')) | quote | backslash == 0
    });
    let skip = plain.count() * 8;
    let special = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
    bytes
        .get(skip..)?
        .iter()
        .position(special)
        .map(|at| skip + at)
}

/// The escapes that JSON demands and no others.
fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = first_special(rest.as_bytes()) {
        // The byte is ASCII, so both cuts fall between characters.
        let (plain, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let (special, after) = from.split_at_checked(1).unwrap_or((from, ""));
        out.push_str(plain);
        match special {
            "\"" => out.push_str("\\\""),
            "\\" => out.push_str("\\\\"),
            "\n" => out.push_str("\\n"),
            "\r" => out.push_str("\\r"),
            "\t" => out.push_str("\\t"),
            "\u{8}" => out.push_str("\\b"),
            "\u{c}" => out.push_str("\\f"),
            other => {
                out.push_str("\\u00");
                out.push_str(&hex(other.as_bytes()));
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{self, Value};

    #[test]
    fn floats_are_written_as_cpython_prints_them() {
        for (x, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (13.0, "13.0"),
            (0.1, "0.1"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (7.633414726396989e-06, "7.633414726396989e-06"),
            (123456789.125, "123456789.125"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (5e-324, "5e-324"),
            (0.30000000000000004, "0.30000000000000004"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(float_text(x), text);
        }
    }

    #[test]
    fn canonical_text_reads_back_to_the_same_text() {
        let value = Value::from_json(
            "{\"z\":[1,-2,2.5,null,true],\"a\":\"\\u0001\\n\\\"\\\\é\",\"m\":{\"$f64\":\"NaN\"}}"
                .as_bytes(),
        )
        .unwrap();
        let once = text(&value).unwrap();
        assert_eq!(
            text(&Value::from_json(once.as_bytes()).unwrap()).unwrap(),
            once
        );
        assert!(once.starts_with("{\"a\":"));
    }

    #[test]
    fn fields_are_put_in_order_at_every_depth() {
        #[derive(Serialize)]
        struct Inner {
            b: u8,
            a: Option<u8>,
        }
        #[derive(Serialize)]
        enum Choice {
            Record { z: Inner, y: [u8; 2] },
        }
        #[derive(Serialize)]
        struct Outer {
            z: Vec<Inner>,
            y: Choice,
            x: std::collections::BTreeMap<&'static str, i8>,
        }
        let record = Outer {
            z: vec![Inner { b: 1, a: None }, Inner { b: 2, a: Some(3) }],
            y: Choice::Record {
                z: Inner { b: 4, a: None },
                y: [5, 6],
            },
            // By code point `!` comes before `"`, though its escape would come after.
            x: [("\"", 1), ("#", -2), ("!", 3)].into(),
        };
        let expected = r##"{"x":{"!":3,"\"":1,"#":-2},"y":{"Record":{"y":[5,6],"z":{"a":null,"b":4}}},"z":[{"a":null,"b":1},{"a":3,"b":2}]}"##;
        assert_eq!(text(&record).unwrap(), expected);
        assert_eq!(text(&value::encode(&record).unwrap()).unwrap(), expected);
    }
}
