//! The macros of `mcp-macros` against this runtime: what they accept and refuse (`ui`), and what the tools,
//! prompts and resources they write do when a client lists and calls them (all other modules).
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
mod ui;
