//! `json::to_text`: a string, and a JSON value, are written as `serde_json` writes them.

use mcp_core::json::to_text;
use serde::Serialize;
use serde_json::Value;

pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    check(&*text);
    // Long runs of plain text before and between the same characters.
    check(&text.split_inclusive(char::is_control).collect::<Vec<_>>().join(&"x".repeat(70)));
    if let Ok(value) = serde_json::from_str::<Value>(&text) {
        check(&value);
    }
}

fn check<T: Serialize + ?Sized>(value: &T) {
    let expected = serde_json::to_string(value).expect("keys are strings");
    assert_eq!(to_text(value).expect("keys are strings"), expected);
}
