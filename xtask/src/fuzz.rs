//! `cargo xtask fuzz`: runs a fuzz target on random mutations, with the stable compiler.

use crate::steps::{cargo, succeed};

/// Passes `arguments` on to the program, which checks them.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let run = "run --quiet --profile fuzz --package mcp-fuzz-targets --bin mutate --";
    succeed(cargo(run).args(arguments))
}
