//! What a client signs: keys and JSON Web Signatures, and the proofs of DPoP.

mod algorithm;
mod dpop;
mod signing_key;

pub use algorithm::SigningAlgorithm;
pub(crate) use dpop::Dpop;
pub use signing_key::SigningKey;
pub(crate) use signing_key::numeric_date;
