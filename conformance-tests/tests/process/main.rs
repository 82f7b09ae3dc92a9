//! The server as a process with real descriptors: hostile hosts, and handlers that misbehave. The
//! tools are in `src/bin/misbehaving-server.rs`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "clippy does not recognize helpers as test code")]

mod child;
mod floods;
mod host;
mod standard_streams;
mod starting_http;
mod stopping;
mod stopping_http;
