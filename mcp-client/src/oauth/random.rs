//! Texts that nobody can guess: `state`, the verifier of PKCE.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::{Error, ErrorKind};

/// 256 random bits, as base64url.
pub(crate) fn text() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Configuration, "the system gives no random numbers").because(error)
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
