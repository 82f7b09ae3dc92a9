//! Transports: how messages travel between two [services](crate::service::Service).
//!
//! `stream` is the engine for byte streams (stdio, sockets, pipes), the same for both sides.
//! `memory` joins two services in one process without encoding messages. HTTP is implemented by
//! the server and the client crates.

mod error;
mod http_refusal;
#[cfg(feature = "stream")]
pub mod memory;
#[cfg(feature = "stream")]
pub mod stream;

pub use error::{TransportError, TransportErrorKind};
pub use http_refusal::HttpRefusal;
