//! Keys, signatures and tokens, through the public API.
#![allow(clippy::unwrap_used, reason = "what the tests share is not in test functions")]
mod keys;
mod tokens;
