//! Building a client, and connecting it.

mod client_builder;
#[cfg(feature = "http")]
mod http;

pub use client_builder::ClientBuilder;
