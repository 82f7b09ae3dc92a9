//! The macros of `mcp-macros` against this runtime: what the tools, prompts and resources they
//! write do when a client lists and calls them. What the macros accept and refuse is in
//! `compile-tests`.
#![allow(clippy::unwrap_used)]

mod arguments;
mod blocks;
mod client;
mod injected;
mod listing;
mod prompts;
mod resources;
mod returns;
mod schemas;
