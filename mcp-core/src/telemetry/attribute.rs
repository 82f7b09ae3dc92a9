//! The names of attributes and metrics, as the conventions of OpenTelemetry for MCP have them.
//!
//! They are strings of this crate, because the constants of OpenTelemetry's own crate are
//! deprecated: the conventions have moved to another repository, which has no crate.

/// The method of the request.
pub const METHOD_NAME: &str = "mcp.method.name";
/// The revision of the protocol, such as `2025-11-25`.
pub const PROTOCOL_VERSION: &str = "mcp.protocol.version";
/// The name of the tool that is called.
pub const TOOL_NAME: &str = "gen_ai.tool.name";
/// The name of the prompt.
pub const PROMPT_NAME: &str = "gen_ai.prompt.name";
/// `execute_tool` for calls of tools; other requests do not have it.
pub const OPERATION_NAME: &str = "gen_ai.operation.name";
/// The value of [`OPERATION_NAME`].
pub const EXECUTE_TOOL: &str = "execute_tool";
/// Why a request failed: [`Outcome::error_type`](super::Outcome::error_type).
pub const ERROR_TYPE: &str = "error.type";
/// The code of a JSON-RPC error, as a string.
pub const STATUS_CODE: &str = "rpc.response.status_code";
/// `tcp` for HTTP, `pipe` for byte streams.
pub const NETWORK_TRANSPORT: &str = "network.transport";
/// `http` over HTTP.
pub const NETWORK_PROTOCOL_NAME: &str = "network.protocol.name";
/// The host of the server, as the client knows it.
pub const SERVER_ADDRESS: &str = "server.address";
/// The port of the server.
pub const SERVER_PORT: &str = "server.port";

/// Histogram: the duration of requests as the client observes it, in seconds.
pub const CLIENT_OPERATION_DURATION: &str = "mcp.client.operation.duration";
/// Histogram: the duration of requests as the server observes it, in seconds.
pub const SERVER_OPERATION_DURATION: &str = "mcp.server.operation.duration";
/// Histogram: the duration of sessions as the client observes it, in seconds.
pub const CLIENT_SESSION_DURATION: &str = "mcp.client.session.duration";
/// Histogram: the duration of sessions as the server observes it, in seconds.
pub const SERVER_SESSION_DURATION: &str = "mcp.server.session.duration";

/// The bounds of the buckets of all histograms, in seconds.
pub const DURATION_BOUNDS: [f64; 14] =
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
