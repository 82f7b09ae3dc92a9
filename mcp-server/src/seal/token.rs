//! The layout of a token, and the error for one that cannot be opened.

use mcp_core::jsonrpc::ErrorObject;

/// The version of the layout, which is the first byte.
pub(super) const VERSION: u8 = 1;
/// Length of the key id, in bytes.
pub(super) const KEY_ID_BYTES: usize = 4;
/// Length of the nonce, in bytes.
pub(super) const NONCE_BYTES: usize = 24;
/// Length of what precedes the ciphertext, in bytes.
pub(super) const HEAD_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_BYTES;
/// Length of the time of expiry at the start of the plaintext, in bytes.
pub(super) const EXPIRY_BYTES: usize = 8;

#[cold]
pub(super) fn refused(reason: &str) -> ErrorObject {
    ErrorObject::invalid_params(format!(
        "/requestState: {reason}; send the call without it to start over"
    ))
}
