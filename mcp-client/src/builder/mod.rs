//! Building a client, and connecting it.

mod client_builder;
mod connect;
mod handlers;
#[cfg(feature = "http")]
mod http;
mod timeouts;

pub use client_builder::ClientBuilder;
