//! Verification of tokens, through the public API.
