//! `_meta`: the open map of metadata on requests, notifications, results and many types, and its
//! reserved keys.
//!
//! Spec: basic, "General fields". Keys under a prefix whose second label is `modelcontextprotocol`
//! or `mcp` belong to the protocol. Accessors whose values are wire types are defined beside those
//! types in [`types`](crate::types).

use std::fmt;
use std::sync::OnceLock;

use serde::de::{self, DeserializeOwned, Deserializer};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::json::JsonObject;
use crate::jsonrpc::RequestId;

/// The token that progress notifications of a request refer to. All revisions.
pub const PROGRESS_TOKEN: &str = "progressToken";
/// The protocol revision of a request. Since 2026-07-28.
pub const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// Name and version of the client, as it states them. Since 2026-07-28.
pub const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
/// The capabilities of the client for this request. Since 2026-07-28.
pub const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
/// The minimum severity of log messages for this request. Since 2026-07-28.
///
/// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
pub const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
/// The id of the `subscriptions/listen` request that a notification belongs to. Since 2026-07-28.
pub const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";
/// Name and version of the server, as it states them. Since 2026-07-28.
pub const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";
/// The digests of the lists that the client works with. Draft of the next revision.
pub const KNOWN_DIGESTS: &str = "io.modelcontextprotocol/knownDigests";
/// The methods whose known digests do not match. Draft of the next revision.
pub const STALE_DIGESTS: &str = "io.modelcontextprotocol/staleDigests";
/// The capabilities of the client that a tool cannot do without. Draft of the next revision.
pub const REQUIRED_CAPABILITIES: &str = "io.modelcontextprotocol/requiredCapabilities";
/// The task that a message belongs to. 2025-11-25 only.
pub const RELATED_TASK: &str = "io.modelcontextprotocol/related-task";
/// Text for the model while a task runs. 2025-11-25 only.
pub const MODEL_IMMEDIATE_RESPONSE: &str = "io.modelcontextprotocol/model-immediate-response";
/// The `traceparent` of W3C Trace Context.
pub const TRACEPARENT: &str = "traceparent";
/// The `tracestate` of W3C Trace Context.
pub const TRACESTATE: &str = "tracestate";
/// The `baggage` of W3C Baggage.
pub const BAGGAGE: &str = "baggage";

/// A `_meta` object.
///
/// ```
/// use mcp_core::meta::Meta;
///
/// let meta = Meta::new().with("com.example/shard", 7).with_progress_token("upload-1");
/// assert_eq!(meta.get("com.example/shard").and_then(|v| v.as_i64()), Some(7));
/// ```
#[derive(Clone, Default)]
pub struct Meta(Box<Inner>);

#[derive(Clone, Default)]
struct Inner {
    /// The text of an object that was received and not read yet. Many results have one, which few
    /// callers look at.
    text: Option<Box<str>>,
    /// The members; unset while there is only the text.
    members: OnceLock<JsonObject>,
}

/// Maximum length of a text that is not read at once, in bytes. Fixed: it is short enough for
/// [`is_surely_readable`], and longer ones usually have members that the caller reads.
const MAX_UNREAD_BYTES: usize = 200;

impl Meta {
    /// Parses the text of one JSON value, which is known to be valid.
    ///
    /// # Errors
    /// If it is not an object, or has a value that `serde_json` cannot read.
    pub(crate) fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        if is_surely_readable(text) {
            return Ok(Self::unread(text.into()));
        }
        serde_json::from_str::<JsonObject>(text).map(Self::from)
    }

    /// Keeps a text that [`is_surely_readable`].
    fn unread(text: Box<str>) -> Self {
        Self(Box::new(Inner { text: Some(text), members: OnceLock::new() }))
    }

    fn members(&self) -> &JsonObject {
        self.0.members.get_or_init(|| {
            let text = self.0.text.as_ref().map(|text| serde_json::from_str(text));
            text.and_then(Result::ok).unwrap_or_default()
        })
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut JsonObject) -> T) -> T {
        self.members();
        let mut members = self.0.members.take().unwrap_or_default();
        let changed = change(&mut members);
        *self.0 = Inner { text: None, members: members.into() };
        changed
    }

    /// Creates an empty object.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the object has no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members().is_empty()
    }

    /// Returns the value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.members().get(key)
    }

    /// Returns the value of a key as a `T`, or `None` when it is absent or not a `T`.
    #[must_use]
    pub fn read<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        T::deserialize(self.members().get(key)?).ok()
    }

    /// Sets the value of a key and returns the previous one.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.change(|members| members.insert(key.into(), value.into()))
    }

    /// Removes a key and returns its value.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.change(|members| members.shift_remove(key))
    }

    /// Sets the value of a key.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.insert(key, value);
        self
    }

    /// Returns the keys and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members().iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Returns the underlying map.
    #[must_use]
    pub fn as_object(&self) -> &JsonObject {
        self.members()
    }

    /// Returns the underlying map, consuming the wrapper.
    #[must_use]
    pub fn into_object(mut self) -> JsonObject {
        self.change(std::mem::take)
    }

    /// Returns the token under which the sender wants progress notifications.
    #[must_use]
    pub fn progress_token(&self) -> Option<RequestId> {
        self.read(PROGRESS_TOKEN)
    }

    /// Requests progress notifications under a token.
    #[must_use]
    pub fn with_progress_token(self, token: impl Into<RequestId>) -> Self {
        self.with_id(PROGRESS_TOKEN, &token.into())
    }

    /// Returns the protocol revision of the request, as it was sent.
    #[must_use]
    pub fn protocol_version(&self) -> Option<&str> {
        self.get(PROTOCOL_VERSION)?.as_str()
    }

    /// Sets the protocol revision of the request.
    #[must_use]
    pub fn with_protocol_version(self, version: impl Into<String>) -> Self {
        self.with(PROTOCOL_VERSION, version.into())
    }

    /// Returns the id of the `subscriptions/listen` request that the notification belongs to.
    #[must_use]
    pub fn subscription_id(&self) -> Option<RequestId> {
        self.read(SUBSCRIPTION_ID)
    }

    /// Sets the id of the `subscriptions/listen` request that the notification belongs to.
    #[must_use]
    pub fn with_subscription_id(self, id: impl Into<RequestId>) -> Self {
        self.with_id(SUBSCRIPTION_ID, &id.into())
    }

    /// Returns the W3C `traceparent`.
    #[must_use]
    pub fn traceparent(&self) -> Option<&str> {
        self.get(TRACEPARENT)?.as_str()
    }

    /// Returns the W3C `tracestate`.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.get(TRACESTATE)?.as_str()
    }

    /// Returns the W3C `baggage`.
    #[must_use]
    pub fn baggage(&self) -> Option<&str> {
        self.get(BAGGAGE)?.as_str()
    }

    /// Sets a key to an id or a token, which is a string or an integer.
    fn with_id(self, key: &str, id: &RequestId) -> Self {
        match id {
            RequestId::Number(id) => self.with(key, *id),
            RequestId::String(id) => self.with(key, id.as_ref()),
        }
    }
}

impl fmt::Debug for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Meta").field(self.members()).finish()
    }
}

impl PartialEq for Meta {
    fn eq(&self, other: &Self) -> bool {
        self.members() == other.members()
    }
}

impl Serialize for Meta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        if is_surely_readable(text.get()) {
            return Ok(Self::unread(text.into()));
        }
        Self::from_json(text.get()).map_err(de::Error::custom)
    }
}

/// Whether an object can be read later without an error. The text is valid JSON. Reading it can
/// still fail for an escape such as a lone surrogate, a number beyond `f64`, deep nesting, or a
/// name that `serde_json` reserves (it starts with `$`). A text of this form has none of them.
fn is_surely_readable(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_exponent = |at: usize| at > 0 && bytes[at - 1].is_ascii_digit();
    bytes.len() <= MAX_UNREAD_BYTES
        && bytes.starts_with(b"{")
        && memchr::memchr2(b'\\', b'$', bytes).is_none()
        && !memchr::memchr2_iter(b'e', b'E', bytes).any(is_exponent)
}

impl From<JsonObject> for Meta {
    fn from(object: JsonObject) -> Self {
        Self(Box::new(Inner { text: None, members: object.into() }))
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Meta {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        entries
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect::<JsonObject>()
            .into()
    }
}

/// Whether a key has the required form: an optional prefix of labels separated by dots and ended by
/// a slash, then a name.
///
/// ```
/// # use mcp_core::meta::is_valid_key;
/// assert!(is_valid_key("com.example/some_key-1.x"));
/// assert!(is_valid_key("com.example/"));
/// assert!(!is_valid_key("-key"));
/// assert!(!is_valid_key("1com.example/key"));
/// ```
#[must_use]
pub fn is_valid_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => prefix.split('.').all(is_label) && is_name(name),
        None => is_name(key),
    }
}

/// Whether a key is reserved for the protocol: the second label of its prefix is
/// `modelcontextprotocol` or `mcp`, or it is one of the reserved names without a prefix.
///
/// ```
/// # use mcp_core::meta::is_reserved_key;
/// assert!(is_reserved_key("io.modelcontextprotocol/clientInfo"));
/// assert!(is_reserved_key("dev.mcp.tools/x"));
/// assert!(!is_reserved_key("com.example.mcp/x"));
/// ```
#[must_use]
pub fn is_reserved_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, _)) => {
            matches!(prefix.split('.').nth(1), Some("modelcontextprotocol" | "mcp"))
        }
        None => matches!(key, PROGRESS_TOKEN | TRACEPARENT | TRACESTATE | BAGGAGE),
    }
}

/// A label is a letter, then letters, digits and hyphens, and does not end with a hyphen.
fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

/// A name is empty, or starts and ends with a letter or digit and may have `-`, `_` and `.`
/// between.
fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return true;
    };
    first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_an_optional_prefix_and_a_name() {
        for key in
            ["", "a", "a.b_c-d", "io.modelcontextprotocol/x", "a/", "a-b.c1/0", "traceparent"]
        {
            assert!(is_valid_key(key), "{key}");
        }
        for key in ["_a", "a-", "/a", "a../b", "a-/b", "1a/b", "a/b/c", "a b", "é", "a/-"] {
            assert!(!is_valid_key(key), "{key}");
        }
    }

    #[test]
    fn a_text_that_is_read_later_has_the_members_of_one_that_is_read_at_once() {
        for text in [
            "{}",
            r#"{"a":1,"b":{"c":[true,null,-0.5]},"a":2}"#,
            r#"{ "2e": "e2", "x/y": "ü" }"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":1e999}"#,
            r#"{"a":12E3}"#,
            r#"{"a":{"$serde_json::private::RawValue":"}"}}"#,
            "null",
            "[]",
            r#""x""#,
        ] {
            let read = serde_json::from_str::<JsonObject>(text).ok();
            let meta = serde_json::from_str::<Meta>(text).ok();
            assert_eq!(meta.as_ref().map(Meta::as_object), read.as_ref(), "{text}");
            assert_eq!(meta.clone().map(Meta::into_object), read, "{text}");
            let Some(mut meta) = meta else { continue };
            let changed = meta.clone().with("added", 1);
            assert_ne!(changed, meta);
            assert_eq!(meta.insert("added", 1), None);
            assert_eq!(changed, meta, "{text}");
        }
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(97), "]".repeat(97));
        assert!(is_surely_readable(&deep) && serde_json::from_str::<JsonObject>(&deep).is_ok());
        let long = format!(r#"{{"a":{}}}"#, "9".repeat(190));
        assert!(is_surely_readable(&long) && serde_json::from_str::<JsonObject>(&long).is_ok());
    }

    #[test]
    fn progress_tokens_keep_their_json_type() {
        assert_eq!(Meta::new().with_progress_token(1).progress_token(), Some(RequestId::Number(1)));
        assert_eq!(
            Meta::new().with_progress_token("1").progress_token(),
            Some(RequestId::String("1".into()))
        );
    }
}
