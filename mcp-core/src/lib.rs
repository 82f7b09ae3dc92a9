//! Wire, types and eras of the Model Context Protocol, shared by `mcp-server` and `mcp-client`.
//!
//! Use one of those two; each re-exports what it needs of this crate. What is here, in reading order:
//! [`json`] and [`jsonrpc`] (a frame becomes a message), [`revision`] (what differs between the protocol's
//! revisions), the method table, [`service`] (the seam between the two sides), [`transport`] and [`codec`].

pub mod codec;
pub mod era;
pub mod extensions;
pub mod json;
pub mod jsonrpc;
pub mod limits;
pub mod meta;
pub mod method;
pub mod revision;
pub mod service;
pub mod transport;
pub mod types;

pub use limits::Limits;
