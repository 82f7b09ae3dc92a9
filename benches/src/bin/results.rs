//! Runs all benches, and writes their results to benches/RESULTS.md and benches/results.
//!
//! `cargo run --release -p mcp-benches --bin results`. The options are in benches/README.md.

use std::process::ExitCode;

use mcp_benches::{Error, results};

fn main() -> Result<ExitCode, Error> {
    results::main()
}
