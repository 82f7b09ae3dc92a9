//! Writes values as JSON text.

use serde::Serialize;

/// Serializes a value.
///
/// # Errors
/// If the value's `Serialize` fails, or it has a map whose keys are not strings.
pub fn to_text<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string(value)
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
pub fn write<T: Serialize + ?Sized>(out: &mut String, value: &T) -> Result<(), serde_json::Error> {
    out.push_str(&serde_json::to_string(value)?);
    Ok(())
}
