//! The `requestState` of a modern call: sealed, so that a client can keep it and do nothing else
//! with it (spec: basic/patterns/mrtr, "Server Requirements for requestState"; MRTR-6, MRTR-7).
//!
//! A token is `base64url(version ‖ key id ‖ nonce ‖ ciphertext ‖ tag)`, XChaCha20-Poly1305. What a
//! token is bound to is its associated data: the server's name, the principal, the method and a
//! digest of the parameters. The time at which it expires is inside, and so is everything else.

mod binding;
mod cipher;
mod keys;
mod redeemed;
mod sealer;
mod token;

pub(crate) use binding::Binding;
pub(crate) use cipher::{AVAILABLE, digest, random};
pub use keys::{KeyError, KeyRing};
pub(crate) use sealer::Sealer;
