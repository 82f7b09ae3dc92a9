//! Texts that cannot be guessed: `state`, the verifier of PKCE, the ids of signed tokens.

use super::error::{Error, ErrorKind};
use mcp_core::jose::base64url;

/// `BYTES` random bytes, as base64url.
pub(crate) fn random_text<const BYTES: usize>() -> Result<String, Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Configuration, "the system has no random numbers").with_source(error)
    })?;
    Ok(base64url(&bytes))
}
