//! Tests of the SDK against other SDKs, the official conformance suite and real processes, and the
//! servers and clients that they need.

mod everything_server;
#[cfg(doctest)]
mod guides;

pub use everything_server::EverythingServer;
