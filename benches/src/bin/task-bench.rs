//! Measures tasks and their stores.
//!
//! `cargo run --release -p mcp-benches --bin task-bench`. The options are in benches/README.md.

use std::process::ExitCode;

use mcp_benches::{Error, bench};

fn main() -> Result<ExitCode, Error> {
    bench::main(bench::TASKS)
}
