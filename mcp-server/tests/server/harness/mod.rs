//! A client of raw JSON, and the matrix of ways and revisions that test bodies run in.
//!
//! Clocks are paused in most tests: time passes only when nothing else can happen, so a test that
//! waits for what never comes fails at once, by [`Client`]'s own patience, and no test sleeps.

mod client;
mod gate;
#[cfg(feature = "http")]
mod http;
mod memory;
mod stream;

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use mcp_server::{Revision, Server, ServerBuilder};

pub use client::{Answered, Call, Client, Failure, Setup, Told};
pub use gate::Gate;
pub use stream::Raw;

/// How messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Lines of bytes, as over stdio.
    Stream,
    /// Calls in one process.
    Memory,
    /// Requests to the HTTP service.
    #[cfg(feature = "http")]
    Http,
}

impl Way {
    pub const ALL: &[Self] = &[
        Self::Stream,
        Self::Memory,
        #[cfg(feature = "http")]
        Self::Http,
    ];

    /// The ways in which all messages of a client travel on one connection.
    pub const CONNECTIONS: &[Self] = &[Self::Stream, Self::Memory];
}

/// The revisions that have sessions.
pub const LEGACY: [Revision; 4] =
    [Revision::V2024_11_05, Revision::V2025_03_26, Revision::V2025_06_18, Revision::V2025_11_25];

/// The others.
pub const MODERN: [Revision; 1] = [Revision::V2026_07_28];

/// Runs a body in every way and revision, each time with a fresh server.
pub async fn everywhere(server: impl Fn() -> ServerBuilder, body: impl AsyncFn(Client)) {
    each(&Revision::ALL, server, body).await;
}

/// Runs a body in every way and some revisions.
pub async fn each(
    revisions: &[Revision],
    server: impl Fn() -> ServerBuilder,
    body: impl AsyncFn(Client),
) {
    each_of(Way::ALL, revisions, server, body).await;
}

/// Runs a body in some ways and some revisions.
pub async fn each_of(
    ways: &[Way],
    revisions: &[Revision],
    server: impl Fn() -> ServerBuilder,
    body: impl AsyncFn(Client),
) {
    for &way in ways {
        for revision in revisions {
            let client = Client::connect(&built(server()), way, *revision).await;
            named(&format!("{way:?}, {revision}"), body(client)).await;
        }
    }
}

/// Runs a body, and says where it was when it panicked.
pub async fn named(place: &str, body: impl Future<Output = ()>) {
    if let Err(panic) = AssertUnwindSafe(body).catch_unwind().await {
        eprintln!("--- failed: {place}");
        std::panic::resume_unwind(panic);
    }
}

pub fn built(server: ServerBuilder) -> Server {
    server.build().expect("the server is built")
}

/// An empty server.
pub fn server() -> ServerBuilder {
    Server::builder("test-server", "1.2.3")
}
