//! Wire, types and eras of the Model Context Protocol, shared by `mcp-server` and `mcp-client`.
//!
//! Use one of those two; each re-exports what it needs of this crate. What is here, in reading order:
//! [`json`] and [`jsonrpc`] (a frame becomes a message), [`revision`] (what differs between the protocol's
//! revisions), [`meta`] and [`types`] (what messages hold), [`method`] (the table of methods), [`era`] (what
//! a request claims and how a result is fitted to its revision), [`service`] (the seam between the two
//! sides), [`transport`] and [`codec`] (how messages travel).

pub mod codec;
pub mod era;
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
pub mod transport;
pub mod types;

pub use limits::Limits;
pub use revision::Revision;
