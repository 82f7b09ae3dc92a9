//! Tests of the JSON-RPC engine under load, with invalid input and with failures: decoding, byte
//! streams and the in-memory transport.
//!
//! All tests use the public API. Time is paused, so no test waits for the clock, and a test that
//! hangs fails immediately.
#![allow(clippy::unwrap_used, reason = "tests; helpers are not marked as such")]

mod batches;
mod bounds;
mod cancellation;
mod conversation;
mod decode_frames;
mod decode_table;
mod endings;
mod framing;
mod memory;
mod model;
mod output;
mod support;
