//! Which authorization server belongs to an MCP server. Spec: basic/authorization, "Authorization
//! Server Discovery"; RFC 9728 §3, RFC 8414 §3.
//!
//! ```text
//! 401 ─▶ protected resource metadata ─▶ issuer ─▶ authorization server metadata
//!          1. URL of the challenge         1. /.well-known/oauth-authorization-server<path>
//!          2. /.well-known/…<path>         2. /.well-known/openid-configuration<path>
//!          3. /.well-known/…               3. <path>/.well-known/openid-configuration
//!          none ─▶ the origin is the issuer, with or without metadata (2025-03-26 only)
//! ```
//!
//! A document that does not belong to the server that was asked ends the discovery: nothing of it
//! is used.

mod authorization_server;
mod discovered;
mod document;
mod protected_resource;
mod well_known;

pub(crate) use authorization_server::named_server;
pub(crate) use discovered::{Discovered, TokenEndpoint};
pub(crate) use protected_resource::Discovery;
