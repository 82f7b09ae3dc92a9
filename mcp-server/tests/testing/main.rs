//! The client for tests, `mcp_server::test`: what its assertions accept, and what they say if they
//! fail.

// Deprecated features work until the specification removes them.
#![allow(deprecated)]
// Tests may panic.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod answers;
mod fixture;
mod questions;
mod snapshots;
