//! Our client and our server together: the same bodies over {child process, byte stream, memory,
//! HTTP, HTTP+SSE} × {every revision}.

// Deprecated features work until the specification removes them.
#![allow(deprecated)]

mod faults;
mod features;
mod fixtures;
mod kill;
mod server;
mod tls;
mod ways;
