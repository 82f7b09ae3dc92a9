//! The fuzz targets of the SDK: one function for each parser of untrusted bytes in `mcp-core`.
//!
//! A target takes any bytes and panics if an invariant does not hold. Each has two runners:
//!
//! - The tests of this crate run it on its seeds and on a fixed number of random mutations of them,
//!   with the stable compiler and as part of `cargo test --workspace`. `cargo xtask fuzz` does the
//!   same for a given time on all cores.
//! - libFuzzer, guided by coverage, through the programs in `fuzz/fuzz_targets`.
//!
//! A new target is a module with `pub(crate) fn run(data: &[u8])`, an entry in [`TARGETS`], a
//! folder in `fuzz/seeds`, and a program in `fuzz/fuzz_targets`.

mod mutator;
mod reference;
mod runner;
mod targets;

pub use runner::{Report, check_seeds, mutate, replay};
pub use targets::{TARGETS, Target, find};

/// Runs a target on one input, for the programs of libFuzzer.
///
/// # Panics
/// If there is no target with this name, or an invariant does not hold.
pub fn run(name: &str, data: &[u8]) {
    let target = find(name).unwrap_or_else(|| panic!("no target with the name {name}"));
    (target.run)(data);
}
