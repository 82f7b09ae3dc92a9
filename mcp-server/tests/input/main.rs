//! Tests of questions to the client, over streams and in memory, in sessions and in rounds.

// Deprecated features work until the specification removes them.
#![allow(deprecated)]
// Tests may panic.
#![allow(clippy::unwrap_used)]

mod client;
mod eras;
mod explicit;
mod forgeries;
mod forms;
mod limits;
#[cfg(feature = "policy")]
mod policy;
mod rounds;
