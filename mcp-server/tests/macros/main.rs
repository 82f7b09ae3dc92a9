//! Tests of the macros of `mcp-macros` with this runtime: how clients list and call the tools,
//! prompts and resources. `compile-tests` checks what the macros accept and refuse.
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
