//! Names of header fields (lower case, as HTTP/2 has them) and media types.

use http::HeaderName;

/// The revision of a message: on every modern request, and on legacy ones after `initialize`.
pub const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// The `method` of a request (since 2026-07-28).
pub const METHOD: HeaderName = HeaderName::from_static("mcp-method");
/// What a request names: a tool, a prompt, a URI (since 2026-07-28).
pub const NAME: HeaderName = HeaderName::from_static("mcp-name");
/// What the names of mirrored arguments begin with (since 2026-07-28).
pub const PARAM_PREFIX: &str = "mcp-param-";
/// The session (2025-03-26 to 2025-11-25).
pub const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
/// The last event that a client saw of a stream (up to 2025-11-25).
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The media type of a message.
pub const JSON: &str = "application/json";
/// The media type of a stream of messages.
pub const EVENT_STREAM: &str = "text/event-stream";
