//! The JSON-RPC engine under load, bad input and bad luck: decoding, byte streams, the in-memory pair.
//!
//! Everything goes through public API. Time is paused: nothing here waits for the clock, and a test that
//! hangs fails at once.
#![allow(clippy::unwrap_used, reason = "tests; helpers are not marked as such")]

mod batches;
mod bounds;
mod cancellation;
mod conversation;
mod decode_frames;
mod decode_mutations;
mod decode_table;
mod endings;
mod framing;
mod memory;
mod model;
mod output;
mod reference;
mod support;
