//! The names of capabilities, for error messages.

use serde_json::Value;

/// Returns the capabilities that a capabilities object contains, with their path:
/// `elicitation.form`, `extensions.com.example/search`.
///
/// ```
/// use mcp_core::jsonrpc::capability_names;
/// use serde_json::json;
///
/// let required = json!({ "elicitation": { "url": {} }, "sampling": {} });
/// assert_eq!(capability_names(&required), ["elicitation.url", "sampling"]);
/// ```
#[must_use]
pub fn capability_names(capabilities: &Value) -> Vec<String> {
    let Value::Object(members) = capabilities else { return Vec::new() };
    let named = members.iter().flat_map(|(name, value)| match capability_names(value) {
        inner if inner.is_empty() => vec![name.clone()],
        inner => inner.iter().map(|inner| format!("{name}.{inner}")).collect(),
    });
    named.collect()
}
