//! Wire format, types and revisions of the Model Context Protocol, shared by `mcp-server` and `mcp-client`.
//!
//! Use one of those two; each re-exports what it needs of this crate. In reading order: [`json`] and
//! [`jsonrpc`] (a frame becomes a message), [`revision`] (how the protocol's revisions differ), [`meta`] and
//! [`types`] (what messages hold), [`method`] (the table of methods), [`service`] (the seam between the two
//! sides), [`transport`] and [`codec`] (how messages travel).

pub mod codec;
pub mod extensions;
pub mod http;
pub mod json;
pub mod jsonrpc;
pub mod limits;
pub mod meta;
pub mod method;
pub mod oauth;
pub mod revision;
pub mod service;
pub mod sync;
pub mod text;
pub mod transport;
pub mod types;

pub use limits::ConnectionLimits;
pub use revision::Revision;
