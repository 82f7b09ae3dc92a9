//! Compares the CPU time of clients over stdio and HTTP.
//!
//! `cargo run --release -p mcp-benches --bin client-bench`. The options are in benches/README.md.

use std::process::ExitCode;

use mcp_benches::{Error, bench};

fn main() -> Result<ExitCode, Error> {
    bench::main(bench::CLIENTS)
}
