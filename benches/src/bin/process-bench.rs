//! Compares the start and the memory of server processes.
//!
//! `cargo run --release -p mcp-benches --bin process-bench`. The options are in benches/README.md.

use std::process::ExitCode;

use mcp_benches::{Error, bench};

fn main() -> Result<ExitCode, Error> {
    bench::main(bench::PROCESS)
}
