//! Ways for messages to travel between two [services](crate::service::Service).
//!
//! [`stream`] is the engine for byte streams (stdio, sockets, pipes), the same for both sides; [`memory`]
//! joins two services in one process without bytes in between. HTTP is a binding of the server and of the
//! client.

mod error;
#[cfg(feature = "stream")]
pub mod memory;
#[cfg(feature = "stream")]
pub mod stream;

pub use error::{TransportError, TransportErrorKind};
