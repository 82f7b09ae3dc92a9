//! The layout of a token, and the error for one that cannot be opened.

use mcp_core::jsonrpc::{ErrorKind, ErrorObject};
use serde_json::json;

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

/// The parts of what was sealed: `version ‖ key id ‖ nonce ‖ ciphertext ‖ tag`.
pub(super) struct Sealed<'a> {
    /// The version, the key id and the nonce.
    pub(super) head: &'a [u8],
    pub(super) key_id: [u8; KEY_ID_BYTES],
    pub(super) nonce: [u8; NONCE_BYTES],
    /// The ciphertext and the tag.
    pub(super) text: &'a [u8],
}

impl<'a> Sealed<'a> {
    /// Returns the parts; `None` if the layout has another version, or is too short.
    pub(super) fn split(sealed: &'a [u8], version: u8) -> Option<Self> {
        let (head, text) = sealed.split_at_checked(HEAD_BYTES)?;
        let (&first, rest) = head.split_first()?;
        let (key_id, nonce) = rest.split_first_chunk::<KEY_ID_BYTES>()?;
        let nonce = <[u8; NONCE_BYTES]>::try_from(nonce).ok()?;
        (first == version).then_some(Self { head, key_id: *key_id, nonce, text })
    }
}

#[cold]
pub(super) fn refused(reason: &str) -> ErrorObject {
    ErrorObject::invalid_params(format!(
        "/requestState: {reason}; send the call without it to start over"
    ))
    .with_kind(
        ErrorKind::StaleState,
        &json!({ "kind": "request_state", "reason": "rejected", "restart": true }),
    )
}
