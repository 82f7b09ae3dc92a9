//! The error codes, each with the document that defines it.

/// The bytes are not JSON (JSON-RPC 2.0).
pub const PARSE_ERROR: i32 = jsonrpsee_types::error::PARSE_ERROR_CODE;
/// The JSON is not a message (JSON-RPC 2.0).
pub const INVALID_REQUEST: i32 = jsonrpsee_types::error::INVALID_REQUEST_CODE;
/// The method does not exist, or its capability is not offered (JSON-RPC 2.0).
pub const METHOD_NOT_FOUND: i32 = jsonrpsee_types::error::METHOD_NOT_FOUND_CODE;
/// The parameters are not valid for the method (JSON-RPC 2.0).
pub const INVALID_PARAMS: i32 = jsonrpsee_types::error::INVALID_PARAMS_CODE;
/// An internal error (JSON-RPC 2.0).
pub const INTERNAL_ERROR: i32 = jsonrpsee_types::error::INTERNAL_ERROR_CODE;
/// The resource does not exist (until 2025-11-25; later revisions use [`INVALID_PARAMS`]).
pub const RESOURCE_NOT_FOUND: i32 = -32002;
/// The user must visit a URL first (2025-11-25 only).
pub const URL_ELICITATION_REQUIRED: i32 = -32042;
/// The HTTP header fields contradict the body (since 2026-07-28).
pub const HEADER_MISMATCH: i32 = -32020;
/// The request needs a capability that the client did not declare (since 2026-07-28).
pub const MISSING_REQUIRED_CLIENT_CAPABILITY: i32 = -32021;
/// The server does not support the protocol revision (since 2026-07-28).
pub const UNSUPPORTED_PROTOCOL_VERSION: i32 = -32022;
