//! `SkillFile`: front matter that was parsed is the same after it was written and parsed again.

use std::fmt::Write as _;

use mcp_core::json::canonical;
use mcp_core::skill::SkillFile;
use serde_json::Value;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let file = match SkillFile::parse(text, 4_096) {
        Ok(file) => file,
        Err(error) => {
            let error = error.to_string();
            assert!(!error.is_empty() && error.len() < 2_000, "{error:?}");
            return;
        }
    };
    assert!(text.ends_with(file.instructions), "the instructions are the end of the text");
    let front_matter = Value::Object(file.front_matter);
    let mut again = "---\n".to_owned();
    write(&mut again, &front_matter);
    again.push_str("\n---\nbody");
    let read = SkillFile::parse(&again, usize::MAX).unwrap_or_else(|e| panic!("{e}: {again:?}"));
    assert_eq!(canonical(&Value::Object(read.front_matter)), canonical(&front_matter), "{again:?}");
    assert_eq!(read.instructions, "body");
}

/// Writes a value as YAML on one line.
fn write(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => write_text(out, text),
        Value::Array(list) => {
            out.push('[');
            for value in list {
                write(out, value);
                out.push_str(", ");
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (key, value) in members {
                // An explicit key may be longer than 1,024 characters.
                out.push_str("? ");
                write_text(out, key);
                out.push_str(" : ");
                write(out, value);
                out.push_str(", ");
            }
            out.push('}');
        }
        scalar => write!(out, "{scalar}").expect("a string"),
    }
}

/// Writes a text in double quotes, everything but ASCII letters and digits as escapes.
fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else {
            write!(out, "\\U{:08X}", c as u32).expect("a string");
        }
    }
    out.push('"');
}
