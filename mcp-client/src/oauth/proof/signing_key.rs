//! The key of a client, with the errors of this crate. `mcp_core::jose` signs.

use std::fmt;
use std::sync::Arc;

use mcp_core::fetch::Secret;
use mcp_core::jose::{self, JoseError, SigningAlgorithm};
use serde_json::Value;

use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::random::random_text;

/// A private key, for `private_key_jwt` and for DPoP. Clones share it; nothing shows it.
#[derive(Clone)]
pub struct SigningKey(jose::SigningKey);

impl SigningKey {
    /// Reads a key in PEM form: PKCS #8 (`BEGIN PRIVATE KEY`), for RSA also PKCS #1.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the text is not a private key for the algorithm.
    pub fn from_pem(algorithm: SigningAlgorithm, pem: &str) -> Result<Self, Error> {
        Ok(Self(jose::SigningKey::from_pem(algorithm, pem)?))
    }

    /// A new key for ES256, such as for DPoP.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the system has no random numbers.
    pub fn generate() -> Result<Self, Error> {
        Ok(Self(jose::SigningKey::generate()?))
    }

    /// A new key for ES256, and its PEM form for [`SigningKey::from_pem`]: for an application that
    /// keeps tokens longer than a process lives, since a token that is bound to a key is useless
    /// without it.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the system has no random numbers.
    pub fn generate_with_pem() -> Result<(Self, Secret), Error> {
        let (key, pem) = jose::SigningKey::generate_with_pem()?;
        Ok((Self(key), Secret::from(pem)))
    }

    /// Gives the key an id (`kid`), by which the other side finds its public half.
    #[must_use]
    pub fn with_id(self, id: impl Into<Arc<str>>) -> Self {
        Self(self.0.with_id(id))
    }

    /// Its algorithm.
    #[must_use]
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.0.algorithm()
    }

    /// Its public half as a JSON Web Key.
    #[must_use]
    pub fn public_jwk(&self) -> &str {
        self.0.public_jwk()
    }

    /// The thumbprint of its public half: RFC 7638, with SHA-256.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        self.0.thumbprint()
    }

    /// A statement of a client for one request to one authorization server.
    pub(crate) fn client_assertion(&self, client: &str, issuer: &str) -> Result<String, Error> {
        Ok(jose::client_assertion(&self.0, client, issuer, &random_text::<16>()?)?)
    }

    pub(crate) fn jwt_header(&self, typ: &str, with_public_key: bool) -> String {
        self.0.jwt_header(typ, with_public_key)
    }

    pub(crate) fn sign_jwt(&self, header: &str, claims: &Value) -> Result<String, Error> {
        Ok(self.0.sign_jwt(header, claims)?)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// [`ErrorKind::Configuration`]: the keys and algorithms of a client are set by its application.
impl From<JoseError> for Error {
    fn from(error: JoseError) -> Self {
        Self::new(ErrorKind::Configuration, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use mcp_test_support::keys;

    use super::*;

    #[test]
    fn bad_keys_and_algorithms_are_mistakes_of_the_configuration() {
        let error = SigningKey::from_pem(SigningAlgorithm::Es256, keys::P384).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let error = format!("{error:?}");
        assert!(error.starts_with("Configuration: the private key cannot be used for ES256"));
        let error = Error::from("HS256".parse::<SigningAlgorithm>().unwrap_err());
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().starts_with("unknown signing algorithm \"HS256\""), "{error}");
    }

    #[test]
    fn a_generated_key_can_be_kept_and_is_not_shown() {
        let (key, pem) = SigningKey::generate_with_pem().unwrap();
        let again = SigningKey::from_pem(SigningAlgorithm::Es256, pem.expose()).unwrap();
        assert_eq!(key.thumbprint(), again.thumbprint());
        assert_eq!(key.public_jwk(), again.public_jwk());
        assert_eq!(format!("{key:?}"), "SigningKey { algorithm: Es256, id: None, .. }");
    }
}
