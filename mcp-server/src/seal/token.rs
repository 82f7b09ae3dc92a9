//! The layout of a sealed state, and the refusal of one that does not open.

use mcp_core::jsonrpc::ErrorObject;

/// The version of the layout: the first byte.
pub(super) const VERSION: u8 = 1;
/// Bytes of the key's id.
pub(super) const KEY_ID: usize = 4;
/// Bytes of the nonce.
pub(super) const NONCE: usize = 24;
/// Bytes before the ciphertext.
pub(super) const HEAD: usize = 1 + KEY_ID + NONCE;
/// Bytes of the time of expiry, with which the plaintext begins.
pub(super) const EXPIRY: usize = 8;

#[cold]
pub(super) fn refused(why: &str) -> ErrorObject {
    ErrorObject::invalid_params(format!(
        "/requestState: {why}; send the call again without it to start over"
    ))
}
