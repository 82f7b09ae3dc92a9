//! Request ids.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json::read_string;
use crate::text::PeerText;

/// Maximum length of a string id, in bytes. Fixed: peers use integers or UUIDs, and ids are copied
/// into tables and logs.
const MAX_ID_BYTES: usize = 256;

/// The id of a request, which its answer repeats. `1` and `"1"` are different ids.
///
/// An integer must fit in an `i64`, and a string has at most 256 bytes. `1.0` is read as `1`: both
/// are the same JSON number, and some peers write every number with a fraction. Spec: basic,
/// `RequestId` (all revisions).
///
/// ```
/// use mcp_core::jsonrpc::RequestId;
///
/// assert_eq!(serde_json::from_str::<RequestId>("1.0")?, RequestId::from(1));
/// assert_ne!(RequestId::from(1), RequestId::from("1"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RequestId {
    /// An integer.
    Number(i64),
    /// A string.
    String(Arc<str>),
}

/// For logs and errors. Hidden characters of a string are escaped.
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::String(text) => write!(f, "\"{}\"", PeerText::new(text)),
        }
    }
}

impl From<i64> for RequestId {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for RequestId {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for RequestId {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::String(text) => serializer.serialize_str(text),
        }
    }
}

/// Reads an id from JSON text, because a float would round large numbers to another id. The
/// deserializer must be one of `serde_json`.
impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        Self::from_json(text.get()).ok_or_else(|| {
            let message = "an id must be a string of at most 256 bytes or a 64-bit integer";
            de::Error::custom(message)
        })
    }
}

impl RequestId {
    /// Reads an id from the text of a JSON value. `None` if it is neither a string nor an integer
    /// within the limits.
    pub(super) fn from_json(text: &str) -> Option<Self> {
        if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return exact_integer(text).map(Self::Number);
        }
        let text = read_string(text).filter(|text| text.len() <= MAX_ID_BYTES)?;
        Some(Self::String(text.into()))
    }
}

/// Returns the integer that a JSON number equals, in whatever form it is written: `-25` for
/// `-2.50e1`.
fn exact_integer(number: &str) -> Option<i64> {
    let Some(end) = number.find(['.', 'e', 'E']) else { return number.parse().ok() };
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let whole = &number[..end];
    let fraction = mantissa[whole.len()..].trim_start_matches('.').trim_end_matches('0');
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    // The integer is the digits and, after them, this many zeros.
    let zeros = exponent.parse::<i64>().ok()?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let significant = digits.trim_end_matches('0');
    let zeros = zeros.checked_add(i64::try_from(digits.len() - significant.len()).ok()?)?;
    let zeros = usize::try_from(zeros).ok().filter(|zeros| significant.len() + zeros <= 19)?;
    format!("{sign}{significant}{:0<zeros$}", "").parse().ok()
}

/// The name of a method. The names in the [method table](crate::method::TABLE) are borrowed, so
/// most names are not allocated.
pub type MethodName = Cow<'static, str>;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::types::CancelledParams;

    #[test]
    fn an_id_within_a_value_is_read_exactly() {
        let params = r#"{"requestId": 9007199254740993.0, "reason": "r"}"#;
        let cancelled: CancelledParams = serde_json::from_str(params).unwrap();
        assert_eq!(cancelled.request_id, Some(RequestId::Number(9_007_199_254_740_993)));
        let id = |value: Value| serde_json::from_value::<RequestId>(value).ok();
        assert_eq!(id(json!(i64::MIN)), Some(RequestId::Number(i64::MIN)));
        assert_eq!(id(json!("\u{1}\"")), Some(RequestId::from("\u{1}\"")));
        for value in [json!(1.5), json!(u64::MAX), json!(null), json!([1]), json!("x".repeat(257))]
        {
            assert_eq!(id(value.clone()), None, "{value}");
        }
    }

    #[test]
    fn an_id_cannot_forge_a_line_of_a_log() {
        assert_eq!(RequestId::from(7).to_string(), "7");
        assert_eq!(RequestId::from("a-7 ü").to_string(), "\"a-7 ü\"");
        let forged = RequestId::from("x\nERROR forged\u{202e}");
        assert_eq!(forged.to_string(), r#""x\nERROR forged\u{202e}""#);
    }
}
