//! What a server does, seen by a client that reads and writes JSON: every test goes through the
//! public API, and most run over a stream and in memory, in every revision.

// Deprecated features work until the specification removes them.
#![allow(deprecated)]
// Tests may panic, and `pub` says here what a module is for others.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod harness;

mod arguments;
mod asking;
mod batches;
mod blocking;
mod build;
mod cancellation;
mod capabilities;
mod completion;
mod concurrency;
mod custom;
mod drain;
mod eras;
mod ids;
mod layers;
mod limits;
mod listen;
mod listing;
mod logging;
mod methods;
mod negotiation;
mod pagination;
mod panics;
mod progress;
mod prompts;
mod resources;
mod results;
mod runtime_changes;
mod state;
mod watching;
