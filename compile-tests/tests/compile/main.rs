//! Tests of what the macros of `mcp-macros` accept, as tests that run (`accepted`), and of what
//! they refuse, with the exact output of the compiler (`refused`). A refused program is a file in
//! the folder `refused` of this package, and its expected output is the `.stderr` file with the
//! same name.
#![allow(clippy::unwrap_used)]

// Public, so that the lints for library crates apply to it.
pub mod accepted;
mod normalize;
mod refused;
