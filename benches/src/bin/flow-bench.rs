//! Compares exchanges of several messages: elicitation, pages, progress.
//!
//! `cargo run --release -p mcp-benches --bin flow-bench`. The options are in benches/README.md.

use std::process::ExitCode;

use mcp_benches::{Error, bench};

fn main() -> Result<ExitCode, Error> {
    bench::main(bench::FLOWS)
}
