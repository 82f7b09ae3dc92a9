//! Names of header fields, in lower case as in HTTP/2, and media types.

use http::HeaderName;

/// The protocol revision: on every modern request, and on legacy ones after `initialize`.
pub const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// The `method` of the request. Since 2026-07-28.
pub const METHOD: HeaderName = HeaderName::from_static("mcp-method");
/// The object that the request names: a tool, a prompt, or a URI. Since 2026-07-28.
pub const NAME: HeaderName = HeaderName::from_static("mcp-name");
/// The prefix of the header fields that repeat arguments. Since 2026-07-28.
pub const PARAM_PREFIX: &str = "mcp-param-";
/// The id of the session. 2025-03-26 to 2025-11-25.
pub const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
/// The id of the last event that a client received. Until 2025-11-25.
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The media type of a message.
pub const JSON: &str = "application/json";
/// The media type of a stream of messages.
pub const EVENT_STREAM: &str = "text/event-stream";
/// The keyword of a schema that mirrors an argument in a header field.
pub const PARAM_KEYWORD: &str = "x-mcp-header";
