//! Keys, signatures and tokens, through the public API.

// Tests may panic.
#![allow(clippy::unwrap_used)]

mod keys;
mod tokens;
