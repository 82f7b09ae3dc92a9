//! The wire format, types and revisions of the Model Context Protocol, shared by `mcp-server` and
//! `mcp-client`.
//!
//! To write a server or a client, use one of those two crates. They re-export what their users need
//! of this one. Use this crate directly to write a transport, a proxy, a layer that works on both
//! sides, or a tool that reads recorded traffic.
//!
//! # Reading order
//!
//! 1. [`jsonrpc`]: a frame becomes a [`Message`](jsonrpc::Message), and a message becomes bytes.
//!    [`json`] has the raw JSON types that parameters and results are kept in.
//! 2. [`method`]: the table of methods, and a marker type for each. [`extension`] describes
//!    extensions of the protocol.
//! 3. [`types`]: the parameters, results and objects of the protocol. [`meta`] has the `_meta` map
//!    that they carry.
//! 4. [`revision`]: how the revisions of the protocol differ.
//! 5. [`service`]: the interface between the two sides, which transports connect.
//! 6. [`transport`]: byte streams and in-memory connections (feature `stream`). [`codec`] has the
//!    framing beneath them, [`http`] what both sides of Streamable HTTP share, and
//!    [`oauth`] the documents of authorization.
//! 7. [`limits`]: the limits of a connection.
//! 8. [`skill`] (feature `skills`): the parser of `SKILL.md` files. [`policy`] (feature `policy`):
//!    rules that decide about calls. [`telemetry`]: spans, durations and trace context.
//! 9. [`http_client`] (feature `http-client`): requests over HTTP. [`fetch`] (feature `fetch`):
//!    those to URLs that a foreign party chose, which are checked.
//! 10. [`jose`] (feature `jose`): keys, signatures and tokens.
//!
//! # Example
//!
//! Decode a request, check its method, parse its parameters by type, and write the answer:
//!
//! ```
//! use bytes::{Bytes, BytesMut};
//! use mcp_core::jsonrpc::{Decoded, ErrorObject, Message, decode, write_error, write_result};
//! use mcp_core::method::{self, Method, ToolsCall};
//! use mcp_core::types::{CallToolParams, CallToolResult};
//! use mcp_core::{ConnectionLimits, Revision};
//!
//! fn answer(frame: &Bytes, out: &mut BytesMut) -> Result<(), Box<dyn std::error::Error>> {
//!     let message = match decode(frame, &ConnectionLimits::for_server()) {
//!         Ok(Decoded::Single(message)) => message,
//!         Ok(Decoded::Batch(_)) => return Err("batches exist in 2025-03-26 only".into()),
//!         Err(malformed) => {
//!             write_error(out, malformed.id.as_ref(), &malformed.error);
//!             return Ok(());
//!         }
//!     };
//!     let Message::Request { id, method, params } = message else {
//!         return Ok(()); // Notifications and responses get no answer.
//!     };
//!     let row = method::find_in(&method, Revision::LATEST);
//!     if row.is_none_or(|row| row.name != ToolsCall::NAME) {
//!         write_error(out, Some(&id), &ErrorObject::method_not_found(&method));
//!         return Ok(());
//!     }
//!     let call: CallToolParams = params.parse()?;
//!     let result = CallToolResult::text(format!("called {}", call.name));
//!     write_result(out, &id, &serde_json::to_vec(&result)?);
//!     Ok(())
//! }
//!
//! let mut out = BytesMut::new();
//! let frame = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add"}}"#;
//! answer(&Bytes::from(frame), &mut out)?;
//! assert_eq!(
//!     out,
//!     r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"called add"}]}}"#
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! - `stream`: [`transport::stream`](crate::transport) and [`transport::memory`](crate::transport),
//!   which need tokio.
//! - `policy`: [`policy`], rules that decide about calls.
//! - `http-client`: [`http_client`], with hyper and rustls.
//! - `fetch`: [`fetch`], the requests of authorization.
//! - `jose`: [`jose`], signatures by `ring`.
//! - `skills`: [`skill`].
//! - `otel`: `telemetry::OpenTelemetry`, metrics and trace context by the API of OpenTelemetry.

#![cfg_attr(docsrs, feature(doc_cfg))]
// The front page names what only some features have.
#![cfg_attr(
    not(all(feature = "fetch", feature = "jose", feature = "policy", feature = "skills")),
    allow(rustdoc::broken_intra_doc_links, reason = "the gate documents all features")
)]

pub mod codec;
#[cfg(feature = "stream")]
pub mod deadline;
pub mod excess;
pub mod extension;
pub mod extensions;
#[cfg(feature = "fetch")]
pub mod fetch;
pub mod http;
#[cfg(feature = "http-client")]
pub mod http_client;
#[cfg(feature = "jose")]
pub mod jose;
pub mod json;
pub mod jsonrpc;
pub mod limits;
pub mod meta;
pub mod method;
pub mod oauth;
#[cfg(feature = "policy")]
pub mod policy;
pub mod repoll;
pub mod revision;
pub mod service;
#[cfg(feature = "skills")]
pub mod skill;
pub mod sync;
pub mod telemetry;
pub mod text;
#[cfg(feature = "stream")]
pub mod token_bucket;
pub mod transport;
pub mod types;

pub use limits::ConnectionLimits;
pub use revision::Revision;
