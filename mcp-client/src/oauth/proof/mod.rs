//! What a client signs: its key, and the proofs of DPoP.

mod dpop;
mod signing_key;

pub(crate) use dpop::Dpop;
pub use mcp_core::jose::SigningAlgorithm;
pub(crate) use mcp_core::jose::numeric_date;
pub use signing_key::SigningKey;
