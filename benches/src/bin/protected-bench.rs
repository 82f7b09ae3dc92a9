//! Measures access tokens and layers.
//!
//! `cargo run --release -p mcp-benches --bin protected-bench`. The options are in
//! benches/README.md.

use std::process::ExitCode;

use mcp_benches::{Error, bench};

fn main() -> Result<ExitCode, Error> {
    bench::main(bench::PROTECTED)
}
