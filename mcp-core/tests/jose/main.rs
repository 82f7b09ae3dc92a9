//! Keys, signatures and tokens, through the public API.

mod keys;
mod tokens;
