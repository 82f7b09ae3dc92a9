//! Tests of a server through its public API, with a client that reads and writes JSON. Most run
//! over a stream, in memory and over HTTP, in every revision.

// Deprecated features work until the specification removes them.
#![allow(deprecated)]
// Tests may panic. `pub` marks what a module exports to the others.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod harness;

mod arguments;
#[cfg(feature = "audit")]
mod audit;
mod batches;
mod blocking;
mod build;
mod cancellation;
mod capabilities;
mod completion;
mod concurrency;
mod custom;
mod deprecated;
mod dialect_calls;
mod dialects;
mod drain;
mod eras;
mod extensions;
mod ids;
#[cfg(feature = "jsonrpsee")]
mod jsonrpsee;
mod layers;
mod limits;
mod lints;
mod listen;
mod listing;
mod logging;
mod methods;
mod negotiation;
mod pagination;
mod panics;
#[cfg(feature = "http")]
mod principals;
mod progress;
mod prompts;
mod questions;
mod rate_limits;
mod resource_subscriptions;
mod resources;
mod response_layers;
mod results;
mod runtime_changes;
mod selected_layers;
mod state;
#[cfg(feature = "tasks")]
mod tasks;
mod telemetry;
#[cfg(feature = "tower")]
mod tower_layers;
