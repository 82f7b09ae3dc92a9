//! Member names that `serde_json` reserves for itself.
//!
//! Where a `serde_json::Value` is read, an object whose first member has such a name with a text is
//! replaced by the JSON in that text. A parser would count neither its depth nor its values, and
//! its own limit on recursion starts again, so that a short message could exhaust the stack.

use crate::codec::scan::end_of_string;

use super::read_string;

/// The start of all such names.
pub(crate) const RESERVED_NAME: &str = "$serde_json::private::";

/// Whether an object in the text has a member with a name that `serde_json` reserves.
///
/// Messages with such a member are refused when they are decoded. JSON from a peer that arrives in
/// another way has to be checked before a type that may hold a `serde_json::Value` is read from it.
///
/// ```
/// use mcp_core::json::has_reserved_name;
///
/// assert!(has_reserved_name(r#"[{"$serde_json::private::RawValue":"[]"}]"#));
/// assert!(!has_reserved_name(r#"["$serde_json::private::RawValue"]"#));
/// ```
#[must_use]
pub fn has_reserved_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    if memchr::memchr2(b'$', b'\\', bytes).is_none() {
        return false;
    }
    let mut at = 0;
    while let Some(quote) = memchr::memchr(b'"', &bytes[at..]) {
        let start = at + quote;
        at = end_of_string(bytes, start + 1).min(bytes.len());
        let next = bytes[at..].iter().find(|byte| !byte.is_ascii_whitespace());
        let is_name = next == Some(&b':');
        let name = text.get(start..at).filter(|_| is_name).and_then(read_string);
        if name.is_some_and(|name| name.starts_with(RESERVED_NAME)) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_found_in_any_spelling_and_at_any_depth() {
        for name in [
            "$serde_json::private::RawValue",
            "$serde_json::private::Number",
            r"\u0024serde_json::private::RawValue",
            r"$serde_json\u003a:private::RawValue",
        ] {
            assert!(has_reserved_name(&format!(r#"{{"{name}":"1"}}"#)), "{name}");
            assert!(
                has_reserved_name(&format!(r#"{{"a":[{{"b\"":1,"{name}" : "1"}}]}}"#)),
                "{name}"
            );
            assert!(!has_reserved_name(&format!(r#"{{"a":"{name}"}}"#)), "{name}");
        }
        for text in ["", "$", "\"", r#""\"#, r#"{"$a":1,"\u0024":2}"#, r#"{"a:":"\\"}"#] {
            assert!(!has_reserved_name(text), "{text}");
        }
    }
}
