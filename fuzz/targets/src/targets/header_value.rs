//! `http::{encode_value, decode_value, param_matches}`: any text survives a header field, and
//! an argument matches the text that mirrors it.

use http::HeaderValue;
use mcp_core::http::{decode_value, encode_value, param_matches, param_text};
use serde_json::Value;

pub(crate) fn run(data: &[u8]) {
    if let Ok(value) = decode_value(data) {
        assert_eq!(decode_value(encode_value(&value).as_bytes()).as_ref(), Ok(&value));
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let encoded = encode_value(text);
    assert!(HeaderValue::from_str(&encoded).is_ok(), "{encoded:?} is not a header value");
    assert_eq!(decode_value(encoded.as_bytes()).as_deref(), Ok(text));
    assert!(param_matches(&Value::from(text), text));
    if let Ok(argument) = serde_json::from_str::<Value>(text)
        && let Some(mirrored) = param_text(&argument)
        && argument.as_f64().is_none_or(|number| number.abs() < 9_007_199_254_740_992.0)
    {
        assert!(param_matches(&argument, &mirrored), "{argument} is not {mirrored:?}");
    }
}
