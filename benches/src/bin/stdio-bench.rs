//! Compares the CPU time and the latency of servers over stdio.
//!
//! `cargo run --release -p mcp-benches --bin stdio-bench`. The options are in benches/README.md.

use std::process::ExitCode;

use mcp_benches::{Error, bench};

fn main() -> Result<ExitCode, Error> {
    bench::main(bench::STDIO)
}
