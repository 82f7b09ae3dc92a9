//! Compares the cost of building servers.
//!
//! `cargo run --release -p mcp-benches --bin footprint`. The options are in benches/README.md.

use std::process::ExitCode;

use mcp_benches::{Error, bench};

fn main() -> Result<ExitCode, Error> {
    bench::main(bench::FOOTPRINT)
}
