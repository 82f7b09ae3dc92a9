//! A server as a process of its own, over real descriptors, under hosts that treat it badly and
//! with handlers that treat it worse. See `src/bin/hard-server.rs` for the tools.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests; helpers are not marked as such")]

mod floods;
mod host;
mod standard_streams;
mod stopping;
mod stopping_http;
