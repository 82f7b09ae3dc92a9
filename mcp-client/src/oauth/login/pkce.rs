//! PKCE: a code is redeemed by the client that requested it. Spec: RFC 7636, with `S256` alone.

use mcp_core::fetch::Secret;
use mcp_core::jose::{base64url, sha256};

use crate::oauth::error::Error;
use crate::oauth::random::random_text;

/// A verifier, which stays here until the code is redeemed, and its challenge, which goes with the
/// request.
#[derive(Debug)]
pub(crate) struct Pkce {
    pub(crate) verifier: Secret,
    pub(crate) challenge: String,
}

impl Pkce {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self::of(random_text::<32>()?))
    }

    fn of(verifier: String) -> Self {
        let challenge = base64url(&sha256(verifier.as_bytes()));
        Self { verifier: verifier.into(), challenge }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_has_its_challenge() {
        let pkce = Pkce::of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
        assert_eq!(pkce.challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn every_verifier_is_different() {
        let (one, other) = (Pkce::new().unwrap(), Pkce::new().unwrap());
        assert_ne!(one.challenge, other.challenge);
        assert_eq!(one.verifier.expose().len(), 43);
    }
}
