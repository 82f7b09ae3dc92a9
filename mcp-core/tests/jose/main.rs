//! Keys, signatures and tokens, through the public API.
#![allow(clippy::unwrap_used, reason = "what the tests share is not in test functions")]
// Tests may panic.
#![allow(clippy::unwrap_used)]

mod keys;
mod tokens;
