//! The key of a client, with the errors of this crate. `mcp_core::jose` signs.

use std::fmt;
use std::sync::Arc;

use mcp_core::fetch::Secret;
use mcp_core::jose::{self, JoseError, SigningAlgorithm};
use serde_json::Value;

use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::random::random_text;

/// A private key, for `private_key_jwt` and for DPoP. Clones share it; nothing shows it.
///
/// ```
/// use mcp_client::oauth::{OAuth, SigningKey};
///
/// let key = SigningKey::generate()?;
/// let oauth = OAuth::authorization_code().dpop(key).build(); // A stolen token is useless.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SigningKey(jose::SigningKey);

impl SigningKey {
    /// Reads a key in PEM form: PKCS #8 (`BEGIN PRIVATE KEY`), for RSA also PKCS #1.
    ///
    /// ```
    /// use mcp_client::oauth::{SigningAlgorithm, SigningKey};
    ///
    /// # let pem = SigningKey::generate_with_pem()?.1;
    /// # let read = |_: &str| std::io::Result::Ok(pem.expose().to_owned());
    /// // As `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` writes it.
    /// let key = SigningKey::from_pem(SigningAlgorithm::Es256, &read("key.pem")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the text is not a private key for the algorithm.
    pub fn from_pem(algorithm: SigningAlgorithm, pem: &str) -> Result<Self, Error> {
        Ok(Self(jose::SigningKey::from_pem(algorithm, pem)?))
    }

    /// A new key for ES256, such as for DPoP.
    ///
    /// ```
    /// use mcp_client::oauth::SigningKey;
    ///
    /// let key = SigningKey::generate()?;
    /// assert!(key.public_jwk().contains("P-256"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// use mcp_client::oauth::{SigningAlgorithm, SigningKey};
    ///
    /// let (key, pem) = SigningKey::generate_with_pem()?;
    /// // Store the PEM form beside the tokens. The next process:
    /// let same = SigningKey::from_pem(SigningAlgorithm::Es256, pem.expose())?;
    /// assert_eq!(same.thumbprint(), key.thumbprint());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the system has no random numbers.
    pub fn generate_with_pem() -> Result<(Self, Secret), Error> {
        let (key, pem) = jose::SigningKey::generate_with_pem()?;
        Ok((Self(key), Secret::from(pem)))
    }

    /// Gives the key an id (`kid`), by which the other side finds its public half.
    ///
    /// ```
    /// use mcp_client::oauth::{RegisteredClient, SigningKey};
    ///
    /// // The `kid` of the public half that the authorization server knows.
    /// let key = SigningKey::generate()?.with_id("2026-07");
    /// let client = RegisteredClient::new("nightly-report").private_key(key);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_id(self, id: impl Into<Arc<str>>) -> Self {
        Self(self.0.with_id(id))
    }

    /// Its algorithm.
    ///
    /// ```
    /// use mcp_client::oauth::{SigningAlgorithm, SigningKey};
    ///
    /// assert_eq!(SigningKey::generate()?.algorithm(), SigningAlgorithm::Es256);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.0.algorithm()
    }

    /// Its public half as a JSON Web Key, without an id: see [`SigningKey::public_jwk_set`].
    ///
    /// ```
    /// use mcp_client::oauth::SigningKey;
    ///
    /// let key = SigningKey::generate()?;
    /// assert!(key.public_jwk().contains(r#""crv":"P-256""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn public_jwk(&self) -> &str {
        self.0.public_jwk()
    }

    /// Its public half as a JSON Web Key Set, with its id: what an authorization server is given,
    /// or reads at the `jwks_uri` of the client's metadata.
    ///
    /// ```
    /// use mcp_client::oauth::SigningKey;
    ///
    /// let key = SigningKey::generate()?.with_id("2026-07");
    /// let published = key.public_jwk_set();
    /// assert!(published.contains(r#""kid":"2026-07""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn public_jwk_set(&self) -> String {
        self.0.public_jwk_set()
    }

    /// The thumbprint of its public half: RFC 7638, with SHA-256.
    ///
    /// ```
    /// use mcp_client::oauth::SigningKey;
    ///
    /// let key = SigningKey::generate()?;
    /// tracing::info!(key = key.thumbprint(), "tokens are bound to this key"); // Not a secret.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
