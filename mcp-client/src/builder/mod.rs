//! Building a client, and connecting it.

mod client_builder;
mod handlers;
#[cfg(feature = "http")]
mod http;

pub use client_builder::ClientBuilder;
