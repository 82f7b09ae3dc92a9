//! Verification of tokens, through the public API.
#![allow(clippy::unwrap_used, reason = "what the tests share is not in test functions")]
mod any_of;
mod documents;
mod hostile;
mod keys;
mod network;
mod presets;
mod refresh;
mod settings;
mod tokens;
mod valid;
