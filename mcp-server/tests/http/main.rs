//! The HTTP binding, through the public service and over real sockets.
//! Spec: basic/transports/streamable-http (2026-07-28).

// Deprecated features work until the specification removes them.
#![allow(deprecated)]
// Tests may panic.
#![allow(clippy::unwrap_used)]

mod bodies;
mod fixture;
mod running;

mod exchanges;
mod foreign_host;
mod headers;
mod hosts;
mod legacy;
mod listening;
mod load;
mod rate_limits;
mod sockets;
mod statuses;
