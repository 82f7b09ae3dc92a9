//! Canonical JSON, for digests: equal values have equal bytes.

use std::cmp::Ordering;
use std::fmt::Write as _;

use serde_json::{Number, Value};

use super::escape::write_string;
use super::number::MAX_EXACT_INTEGER;

/// Writes a value in canonical form, following RFC 8785: no white space, members sorted by the
/// UTF-16 code units of their names, and one spelling for each number (`1.0` and `1e0` become `1`).
///
/// Unlike in RFC 8785, integers beyond 2^53 keep all their digits. Two such integers may differ in
/// their last digits only.
///
/// ```
/// use mcp_core::json::canonical;
///
/// let value = serde_json::from_str(r#"{"b": 1.0, "a": [true]}"#)?;
/// assert_eq!(canonical(&value), br#"{"a":[true],"b":1}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn canonical(value: &Value) -> Vec<u8> {
    let mut out = String::with_capacity(256);
    write(value, &mut out);
    out.into_bytes()
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(one, _), (other, _)| canonical_order(one, other));
            out.push('{');
            for (index, (name, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(out, name);
                out.push(':');
                write(member, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_string(out, text),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Null => out.push_str("null"),
    }
}

/// Compares the names of two members as [`canonical`] sorts them: by their UTF-16 code units.
#[must_use]
pub fn canonical_order(one: &str, other: &str) -> Ordering {
    // ASCII has the same order in both encodings, and nearly all names are ASCII.
    if one.is_ascii() && other.is_ascii() {
        one.cmp(other)
    } else {
        one.encode_utf16().cmp(other.encode_utf16())
    }
}

fn write_number(number: &Number, out: &mut String) {
    let integral = number
        .as_f64()
        .filter(|float| number.is_f64() && float.fract() == 0.0 && float.abs() < MAX_EXACT_INTEGER);
    // Writing to a text cannot fail.
    let _ = match integral {
        // Adding 0.0 prints −0 as 0, as ECMAScript does.
        Some(float) => write!(out, "{:.0}", float + 0.0),
        None => write!(out, "{number}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> String {
        String::from_utf8(canonical(&serde_json::from_str(json).unwrap())).unwrap()
    }

    #[test]
    fn member_order_and_white_space_do_not_matter() {
        assert_eq!(
            text(r#" { "b" : [ 1 , {"z":null,"y":false} ], "a" : "x" } "#),
            r#"{"a":"x","b":[1,{"y":false,"z":null}]}"#
        );
        // The order is that of UTF-16, not of code points: the surrogates of U+1F600 sort before
        // U+FB33.
        assert_eq!(text("{\"\u{fb33}\":1,\"\u{1f600}\":2}"), "{\"\u{1f600}\":2,\"\u{fb33}\":1}");
    }

    #[test]
    fn a_number_has_one_spelling() {
        assert_eq!(text("[1, 1.0, 1e0, -0.0, 100e-2]"), "[1,1,1,0,1]");
        assert_eq!(text("[0.1, 1e-7]"), text("[0.10, 0.0000001]"));
        assert_eq!(text("[9007199254740993]"), "[9007199254740993]");
        assert_ne!(text("1.5"), text("1"));
    }

    #[test]
    fn strings_are_escaped_in_one_way() {
        assert_eq!(text(r#""\u0041\u000a\/""#), r#""A\n/""#);
    }
}
