//! A raw JSON client, and functions that run test bodies on all transports and revisions.
//!
//! Most tests use a paused clock: time advances only when every task is idle. So a test that waits
//! for something that never happens fails immediately, by the timeout of [`Client`], and no test
//! sleeps.

mod client;
mod gate;
#[cfg(feature = "http")]
mod http;
mod identify;
mod memory;
mod stream;

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use mcp_server::{Revision, Server, ServerBuilder};

pub use client::{Call, Client, Failure, Outcome, Received, Setup};
pub use gate::waiting_tool;
pub use identify::Identify;
pub use stream::Raw;

/// How messages are transported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Lines of bytes, as over stdio.
    Stream,
    /// Calls in one process.
    Memory,
    /// Requests to the HTTP service.
    #[cfg(feature = "http")]
    Http,
}

impl Transport {
    pub const ALL: &[Self] = &[
        Self::Stream,
        Self::Memory,
        #[cfg(feature = "http")]
        Self::Http,
    ];

    /// The transports on which all messages of a client share one connection.
    pub const CONNECTIONS: &[Self] = &[Self::Stream, Self::Memory];
}

/// The revisions that have sessions.
pub const LEGACY: [Revision; 4] =
    [Revision::V2024_11_05, Revision::V2025_03_26, Revision::V2025_06_18, Revision::V2025_11_25];

/// The revisions without sessions.
pub const MODERN: [Revision; 1] = [Revision::V2026_07_28];

/// Runs a body on every transport and revision, each time with a new server.
pub async fn everywhere(server: impl Fn() -> ServerBuilder, body: impl AsyncFn(Client)) {
    each(&Revision::ALL, server, body).await;
}

/// Runs a body on every transport, in some revisions.
pub async fn each(
    revisions: &[Revision],
    server: impl Fn() -> ServerBuilder,
    body: impl AsyncFn(Client),
) {
    each_of(Transport::ALL, revisions, server, body).await;
}

/// Runs a body on some transports, in some revisions.
pub async fn each_of(
    transports: &[Transport],
    revisions: &[Revision],
    server: impl Fn() -> ServerBuilder,
    body: impl AsyncFn(Client),
) {
    for &transport in transports {
        for revision in revisions {
            let client = Client::connect(&built(server()), transport, *revision).await;
            named(&format!("{transport:?}, {revision}"), body(client)).await;
        }
    }
}

/// Runs a body and prints `label` if it panics.
pub async fn named(label: &str, body: impl Future<Output = ()>) {
    if let Err(panic) = AssertUnwindSafe(body).catch_unwind().await {
        eprintln!("--- failed: {label}");
        std::panic::resume_unwind(panic);
    }
}

pub fn built(server: ServerBuilder) -> Server {
    server.build().expect("the server can be built")
}

/// An empty server.
pub fn server() -> ServerBuilder {
    Server::builder("test-server", "1.2.3")
}
