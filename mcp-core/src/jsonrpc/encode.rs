//! Encodes messages, appending to one buffer.
//!
//! A frame never contains a line break. JSON text that a user provides may have line breaks between
//! its tokens; they are replaced by spaces here, so that a frame is always one line. Spec:
//! transports/stdio.

use bytes::BytesMut;
use serde::Serialize;

use super::{ErrorObject, RequestId};

/// Appends the request `{"jsonrpc":"2.0","id":…,"method":…,"params":…}`. `params` is the text of
/// one JSON object, which is not checked.
///
/// ```
/// use bytes::BytesMut;
/// use mcp_core::jsonrpc::write_request;
///
/// let mut out = BytesMut::new();
/// write_request(&mut out, &1.into(), "tools/list", b"{}");
/// assert_eq!(out, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#);
/// ```
pub fn write_request(out: &mut BytesMut, id: &RequestId, method: &str, params: &[u8]) {
    out.reserve(params.len() + method.len() + 64);
    out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    write_id(out, id);
    out.extend_from_slice(br#","method":"#);
    write_method(out, method);
    out.extend_from_slice(br#","params":"#);
    write_raw(out, params);
    out.extend_from_slice(b"}");
}

/// Appends the notification `{"jsonrpc":"2.0","method":…,"params":…}`. `params` is the text of one
/// JSON object, which is not checked; the member is omitted for `{}`.
///
/// ```
/// use bytes::BytesMut;
/// use mcp_core::jsonrpc::write_notification;
///
/// let mut out = BytesMut::new();
/// write_notification(&mut out, "notifications/initialized", b"{}");
/// assert_eq!(out, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
/// ```
pub fn write_notification(out: &mut BytesMut, method: &str, params: &[u8]) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","method":"#);
    write_method(out, method);
    if params != b"{}" {
        out.extend_from_slice(br#","params":"#);
        write_raw(out, params);
    }
    out.extend_from_slice(b"}");
}

/// Appends the response `{"jsonrpc":"2.0","id":…,"result":…}`. `result` is the text of one JSON
/// object, which is not checked.
///
/// ```
/// use bytes::BytesMut;
/// use mcp_core::jsonrpc::write_result;
///
/// let mut out = BytesMut::new();
/// write_result(&mut out, &"a".into(), br#"{"tools":[]}"#);
/// assert_eq!(out, r#"{"jsonrpc":"2.0","id":"a","result":{"tools":[]}}"#);
/// ```
pub fn write_result(out: &mut BytesMut, id: &RequestId, result: &[u8]) {
    out.reserve(result.len() + 64);
    write_result_start(out, id);
    write_raw(out, result);
    out.extend_from_slice(b"}");
}

/// Appends the start of a response, `{"jsonrpc":"2.0","id":…,"result":`. The caller sends the
/// result after it without copying it, and then `}`.
pub fn write_result_start(out: &mut BytesMut, id: &RequestId) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    write_id(out, id);
    out.extend_from_slice(br#","result":"#);
}

/// Whether JSON text can be sent unchanged, because it has no line break to replace.
#[cfg(feature = "stream")]
pub(crate) fn is_one_line(json: &[u8]) -> bool {
    memchr::memchr2(b'\n', b'\r', json).is_none()
}

/// Appends the response `{"jsonrpc":"2.0","id":…,"error":…}`. Pass no id if that of the request was
/// not readable; the member is then omitted.
///
/// ```
/// use bytes::BytesMut;
/// use mcp_core::jsonrpc::{ErrorObject, write_error};
///
/// let mut out = BytesMut::new();
/// write_error(&mut out, Some(&7.into()), &ErrorObject::method_not_found("x"));
/// assert_eq!(
///     out,
///     r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"method not found: x"}}"#
/// );
/// ```
pub fn write_error(out: &mut BytesMut, id: Option<&RequestId>, error: &ErrorObject) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","#);
    if let Some(id) = id {
        out.extend_from_slice(br#""id":"#);
        write_id(out, id);
        out.extend_from_slice(b",");
    }
    out.extend_from_slice(br#""error":"#);
    let start = out.len();
    write_json(out, error);
    replace_line_breaks(&mut out[start..]);
    out.extend_from_slice(b"}");
}

fn write_id(out: &mut BytesMut, id: &RequestId) {
    match id {
        RequestId::Number(number) => out.extend_from_slice(Digits::new(*number).as_bytes()),
        RequestId::String(text) => write_json(out, &**text),
    }
}

/// Appends a name as a JSON string. Those of the protocol have nothing to escape.
fn write_method(out: &mut BytesMut, name: &str) {
    if name.bytes().all(|byte| byte > b'"' && byte != b'\\') {
        for part in ["\"", name, "\""] {
            out.extend_from_slice(part.as_bytes());
        }
    } else {
        write_json(out, name);
    }
}

/// Serializes into the buffer. Strings and error objects, the only values written here, cannot
/// fail.
fn write_json<T: Serialize + ?Sized>(out: &mut BytesMut, value: &T) {
    struct Sink<'a>(&'a mut BytesMut);
    impl std::io::Write for Sink<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let start = out.len();
    if serde_json::to_writer(Sink(out), value).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

fn write_raw(out: &mut BytesMut, json: &[u8]) {
    let start = out.len();
    out.extend_from_slice(json);
    replace_line_breaks(&mut out[start..]);
}

/// Replaces line breaks by spaces. JSON strings contain no raw control characters, so every line
/// break is between tokens.
fn replace_line_breaks(json: &mut [u8]) {
    let mut from = 0;
    while let Some(at) = memchr::memchr2(b'\n', b'\r', &json[from..]) {
        json[from + at] = b' ';
        from += at + 1;
    }
}

/// A decimal number, written without the formatting machinery because every message has an id.
struct Digits {
    text: [u8; 20],
    start: usize,
}

impl Digits {
    fn new(number: i64) -> Self {
        let mut digits = Self { text: [b'0'; 20], start: 20 };
        let mut rest = number.unsigned_abs();
        loop {
            digits.start -= 1;
            digits.text[digits.start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0 {
            digits.start -= 1;
            digits.text[digits.start] = b'-';
        }
        digits
    }

    fn as_bytes(&self) -> &[u8] {
        &self.text[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_one_line_even_if_its_payload_has_line_breaks() {
        let mut out = BytesMut::new();
        write_result(
            &mut out,
            &RequestId::Number(i64::MIN),
            b"{\n  \"a\": 1,\r\n  \"b\": \"x\\n\"\n}",
        );
        let text = std::str::from_utf8(&out).unwrap();
        assert!(!text.contains(['\n', '\r']));
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(value["id"], i64::MIN);
        assert_eq!(value["result"]["b"], "x\n");
    }

    #[test]
    fn the_name_of_a_method_is_written_as_any_string() {
        for name in ["tools/call", "é", "", "a\"b", "a\\b", "a\nb", "a b", "#~\u{7f}", "!"] {
            let mut out = BytesMut::new();
            write_method(&mut out, name);
            assert_eq!(&out[..], serde_json::to_string(name).unwrap().as_bytes());
        }
    }

    #[test]
    fn integer_and_string_ids_are_written_as_json() {
        for (id, text) in [
            (RequestId::Number(0), "0"),
            (RequestId::Number(-7), "-7"),
            (RequestId::Number(i64::MAX), "9223372036854775807"),
            (RequestId::from("a\"b"), r#""a\"b""#),
        ] {
            let mut out = BytesMut::new();
            write_id(&mut out, &id);
            assert_eq!(&out[..], text.as_bytes());
        }
    }
}
