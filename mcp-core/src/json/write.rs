//! Writes values as JSON text: what `serde_json` writes, byte for byte, with long strings several
//! times as fast.
//!
//! `serde_json` looks at each byte of a string, and its `Formatter` cannot change that. The
//! [`Writer`] is a serializer of its own for everything but numbers, which `serde_json` writes.

use std::fmt::{self, Write as _};
use std::io;

use serde::ser::{self, Serialize, Serializer};
use serde_json::Error;

use super::escape::write_string;

/// Serializes a value.
///
/// # Errors
/// If the value's `Serialize` fails, or it has a map whose keys are not strings.
pub fn to_text<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let mut out = String::with_capacity(128);
    write(&mut out, value)?;
    Ok(out)
}

/// Appends a serialized value to a text.
///
/// ```
/// let mut out = "a=".to_owned();
/// mcp_core::json::write(&mut out, &["b"])?;
/// assert_eq!(out, r#"a=["b"]"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// As [`to_text`]. A part of the value may then have been appended.
pub fn write<T: Serialize + ?Sized>(out: &mut String, value: &T) -> Result<(), Error> {
    value.serialize(Writer { out, is_key: false })
}

/// The start of the names of the structs as which `serde_json` serializes JSON text: its
/// `RawValue`, and numbers that are kept as text. Their only field is written as it is.
const VERBATIM: &str = "$serde_json::private::";

/// Appends one value.
struct Writer<'a> {
    out: &'a mut String,
    /// Whether the value is the key of a map.
    is_key: bool,
}

impl<'a> Writer<'a> {
    fn push(self, text: &str) -> Result<(), Error> {
        self.out.push_str(text);
        Ok(())
    }

    fn number<T: Serialize>(self, number: T) -> Result<(), Error> {
        serde_json::to_writer(Ascii(self.out), &number)
    }

    fn compound(self, start: &str, end: &'static str) -> Compound<'a> {
        self.out.push_str(start);
        Compound { out: self.out, is_first: true, is_verbatim: false, end }
    }

    /// Starts an object whose only member is the content of an enum variant.
    fn variant(self, variant: &str, start: &str, end: &'static str) -> Compound<'a> {
        self.out.push('{');
        write_string(self.out, variant);
        self.out.push(':');
        self.compound(start, end)
    }
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.push(if value { "true" } else { "false" })
    }

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.number(value)
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.number(value)
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.number(value)
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.number(value)
    }

    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        self.number(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.number(value)
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.number(value)
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.number(value)
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.number(value)
    }

    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        self.number(value)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.number(value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.number(value)
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        write_string(self.out, value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.push("null")
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
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut object = self.variant(variant, "", "}");
        object.value(value)?;
        object.finish()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(self.compound("[", "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, Error> {
        Ok(self.compound("[", "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Error> {
        Ok(self.compound("[", "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Error> {
        Ok(self.variant(variant, "[", "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(self.compound("{", "}"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'a>, Error> {
        if name.starts_with(VERBATIM) && !self.is_key {
            return Ok(Compound { is_verbatim: true, ..self.compound("", "") });
        }
        Ok(self.compound("{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Error> {
        Ok(self.variant(variant, "{", "}}"))
    }
}

/// Appends the elements of an array or the members of an object.
struct Compound<'a> {
    out: &'a mut String,
    is_first: bool,
    /// Whether the only field is JSON text.
    is_verbatim: bool,
    end: &'static str,
}

impl Compound<'_> {
    fn separate(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.out.push(',');
        }
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        write(self.out, value)
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.separate();
        self.value(value)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        if self.is_verbatim {
            return write!(self.out, "{}", Verbatim(value)).map_err(ser::Error::custom);
        }
        self.separate();
        write_string(self.out, name);
        self.out.push(':');
        self.value(value)
    }

    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.separate();
        let start = self.out.len();
        let written = key.serialize(Writer { out: self.out, is_key: true });
        if written.is_err() || !self.out[start..].starts_with('"') {
            // A number is a key in quotes, other values are errors: `serde_json` decides.
            self.out.truncate(start);
            let object = serde_json::to_string(&OneMember(key))?;
            let member = object.strip_prefix('{').and_then(|rest| rest.strip_suffix(":null}"));
            self.out.push_str(member.unwrap_or_default());
        }
        self.out.push(':');
        Ok(())
    }

    fn finish(self) -> Result<(), Error> {
        self.out.push_str(self.end);
        Ok(())
    }
}

macro_rules! compounds {
    ($($compound:ident: $function:ident($($name:ident: $name_type:ty)?) = $method:ident;)+) => { $(
        impl ser::$compound for Compound<'_> {
            type Ok = ();
            type Error = Error;

            fn $function<T: Serialize + ?Sized>(
                &mut self,
                $($name: $name_type,)?
                value: &T,
            ) -> Result<(), Error> {
                self.$method($($name,)? value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )+ };
}

compounds! {
    SerializeSeq: serialize_element() = element;
    SerializeTuple: serialize_element() = element;
    SerializeTupleStruct: serialize_field() = element;
    SerializeTupleVariant: serialize_field() = element;
    SerializeStruct: serialize_field(name: &'static str) = field;
    SerializeStructVariant: serialize_field(name: &'static str) = field;
}

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

/// A string as it is, without quotes.
struct Verbatim<'a, T: ?Sized>(&'a T);

impl<T: Serialize + ?Sized> fmt::Display for Verbatim<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.serialize(f)
    }
}

/// An object with one member, whose value is null.
struct OneMember<'a, K: ?Sized>(&'a K);

impl<K: Serialize + ?Sized> Serialize for OneMember<'_, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, ())])
    }
}

/// Takes the few bytes of a number.
struct Ascii<'a>(&'a mut String);

impl io::Write for Ascii<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push_str(str::from_utf8(bytes).map_err(io::Error::other)?);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
