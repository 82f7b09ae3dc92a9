//! The sealed `requestState` of a modern call. A client can only store it and send it back (spec:
//! basic/patterns/mrtr, "Server Requirements for requestState"; MRTR-6, MRTR-7).
//!
//! A token is `base64url(version ‖ key id ‖ nonce ‖ ciphertext ‖ tag)`, encrypted with
//! ChaCha20-Poly1305 and a key of its own, which HKDF with SHA-256 derives from the key of the
//! server and the nonce. The associated data binds it to the name of the server, the principal, the
//! method and a digest of the parameters. The plaintext is the time of expiry and the state.

mod binding;
mod cipher;
mod keys;
mod redeemed;
mod sealer;
#[cfg(feature = "http")]
mod shared_redeemed;
mod token;
#[cfg(any(feature = "http", feature = "tasks"))]
mod vault;

pub(crate) use binding::Binding;
pub(crate) use cipher::{AVAILABLE, digest, random};
pub use keys::{KeyError, KeyRing};
pub(crate) use sealer::Sealer;
#[cfg(any(feature = "http", feature = "tasks"))]
pub(crate) use vault::{Place, Vault};
