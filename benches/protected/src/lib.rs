//! The server of the benches, with what a server adds that is trusted with data: access tokens and
//! layers. `protected-bench` of mcp-benches compares it with itself without them.

pub mod server;
pub mod tokens;
