//! Counts instructions per request with valgrind.
//!
//! `cargo run --release -p mcp-benches --bin instructions`. The options are in benches/README.md.

use std::process::ExitCode;

use mcp_benches::{Error, bench};

fn main() -> Result<ExitCode, Error> {
    bench::main(bench::INSTRUCTIONS)
}
