//! What the macros of `mcp-macros` accept, as tests that run (`accepted`), and what they refuse,
//! with the exact text of the compiler (`refused`). A refused program is a file in the folder
//! `refused` of this package, and its text is the file `.stderr` beside it.
#![allow(clippy::unwrap_used)]

// Public, so that the lints of a library crate hold in it.
pub mod accepted;
mod normalize;
mod refused;
