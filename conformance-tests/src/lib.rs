//! Tests of the SDK against other SDKs, the official conformance suite and real processes, and the
//! servers and clients that they need.

mod everything_server;

pub use everything_server::EverythingServer;

/// The guide to several instances, so that the tests compile its programs.
#[cfg(doctest)]
#[doc = include_str!("../../docs/fleet.md")]
mod fleet {}

/// The guide to stores, so that the tests compile its programs.
#[cfg(doctest)]
#[doc = include_str!("../../docs/stores.md")]
mod stores {}
