//! The digest of what a result describes, in the draft of the next revision.

use std::fmt::Write as _;

use mcp_core::json::canonical;
use mcp_core::revision::Rules;
use serde_json::Value;

use super::result::WireResult;
use crate::seal;

/// The members of a result that say nothing about what it describes.
const ENVELOPE: [&str; 6] = ["resultType", "_meta", "ttlMs", "cacheScope", "digest", "nextCursor"];

/// Returns `sha256:` and, in hexadecimal, the SHA-256 of a result without its envelope. The order
/// of its members does not count, and neither does that of the items of its lists. A list must be
/// complete.
///
/// # Errors
/// If the result cannot be encoded as JSON.
pub(crate) fn digest<T: WireResult>(
    mut result: T,
    rules: &Rules,
) -> Result<String, serde_json::Error> {
    result.project(rules);
    let mut described = serde_json::to_value(&result)?;
    if let Value::Object(members) = &mut described {
        members.retain(|name, _| !ENVELOPE.contains(&name.as_str()));
        for items in members.values_mut().filter_map(Value::as_array_mut) {
            items.sort_by_cached_key(canonical);
        }
    }
    let mut text = String::from("sha256:");
    for byte in seal::digest(&[&canonical(&described)]) {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}
