//! Asking in the middle of a handler: the same functions over streams and in memory, on sessions
//! and in rounds.

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
mod rounds;
