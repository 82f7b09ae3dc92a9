//! Private keys, and the JSON that they sign in its compact form. Spec: RFC 7515; keys RFC 7517 and
//! RFC 7638.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use serde_json::{Map, Value, json};

use super::digest::{base64url, sha256};
use super::jwk::PublicKey;
use super::pem::{KeyForm, read_private_key, write_pkcs8};
use super::{JoseError, SigningAlgorithm};

/// A private key, for `private_key_jwt` and for DPoP. Clones share it; nothing shows it.
#[derive(Clone)]
pub struct SigningKey {
    key: Arc<Key>,
    id: Option<Arc<str>>,
}

struct Key {
    algorithm: SigningAlgorithm,
    pair: Pair,
    /// The public key as JSON: the members that RFC 7638 names, in its order, without spaces.
    jwk: String,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Reads a key in PEM form: PKCS #8 (`BEGIN PRIVATE KEY`), for RSA also PKCS #1.
    ///
    /// # Errors
    /// If the text is not a private key for the algorithm.
    pub fn from_pem(algorithm: SigningAlgorithm, pem: &str) -> Result<Self, JoseError> {
        let (form, der) = read_private_key(pem).ok_or_else(|| {
            JoseError::new(
                "no private key in PEM form: the text needs a line \
                 \"-----BEGIN PRIVATE KEY-----\", and the key no password",
            )
        })?;
        let rejected = |reason: String| {
            let message = format!("the private key cannot be used for {algorithm}: {reason}");
            JoseError::new(message)
        };
        let pair = match (form, algorithm) {
            (KeyForm::Pkcs8, SigningAlgorithm::Es256) => {
                ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, &der)
            }
            (KeyForm::Pkcs8, SigningAlgorithm::Es384) => {
                ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, &der)
            }
            (KeyForm::Pkcs8, SigningAlgorithm::EdDsa) => {
                // Most tools leave out the public key, which can be computed.
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der)
                    .map(Pair::Ed25519)
                    .map_err(|error| error.to_string())
            }
            (form, algorithm) => match (form, rsa_encoding(algorithm)) {
                (KeyForm::Pkcs8, Some(encoding)) => RsaKeyPair::from_pkcs8(&der)
                    .map(|pair| Pair::Rsa(pair, encoding))
                    .map_err(|error| error.to_string()),
                (KeyForm::Pkcs1, Some(encoding)) => RsaKeyPair::from_der(&der)
                    .map(|pair| Pair::Rsa(pair, encoding))
                    .map_err(|error| error.to_string()),
                _ => {
                    Err("it must be in PKCS #8 form; \"openssl pkcs8 -topk8 -nocrypt\" converts it"
                        .to_owned())
                }
            },
        };
        Ok(Self::of(algorithm, pair.map_err(rejected)?))
    }

    /// A new key for ES256, such as for DPoP.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn generate() -> Result<Self, JoseError> {
        Self::generate_with_pem().map(|(key, _)| key)
    }

    /// A new key for ES256, and its PEM form for [`SigningKey::from_pem`], which is a secret.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn generate_with_pem() -> Result<(Self, String), JoseError> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())
            .map_err(|_| JoseError::new("the system has no random numbers for a key"))?;
        let pair = ecdsa(algorithm, pkcs8.as_ref())
            .map_err(|error| JoseError::new(format!("a new key could not be read: {error}")))?;
        Ok((Self::of(SigningAlgorithm::Es256, pair), write_pkcs8(pkcs8.as_ref())))
    }

    /// Gives the key an id (`kid`), by which the other side finds its public half.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Its algorithm.
    #[must_use]
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.key.algorithm
    }

    /// Its public half as a JSON Web Key, with the members that RFC 7638 names and no others: the
    /// id is in [`SigningKey::public_jwk_set`].
    #[must_use]
    pub fn public_jwk(&self) -> &str {
        &self.key.jwk
    }

    /// Its public half as a JSON Web Key Set, which can be published: with its id, its algorithm,
    /// and that it is for signatures.
    #[must_use]
    pub fn public_jwk_set(&self) -> String {
        // This module wrote the text, so that it is an object.
        let mut key: Map<String, Value> = serde_json::from_str(&self.key.jwk).unwrap_or_default();
        key.insert("alg".into(), self.key.algorithm.as_str().into());
        key.insert("use".into(), "sig".into());
        if let Some(id) = &self.id {
            key.insert("kid".into(), id.as_ref().into());
        }
        json!({ "keys": [key] }).to_string()
    }

    /// The thumbprint of its public half: RFC 7638, with SHA-256.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url(&sha256(self.key.jwk.as_bytes()))
    }

    fn of(algorithm: SigningAlgorithm, pair: Pair) -> Self {
        let jwk = pair.public_key().to_json();
        Self { key: Arc::new(Key { algorithm, pair, jwk }), id: None }
    }

    /// The encoded header of tokens of one type, for [`SigningKey::sign_jwt`].
    #[must_use]
    pub fn jwt_header(&self, typ: &str, with_public_key: bool) -> String {
        let mut header = Map::new();
        header.insert("alg".into(), self.key.algorithm.as_str().into());
        header.insert("typ".into(), typ.into());
        if let Some(id) = &self.id {
            header.insert("kid".into(), id.as_ref().into());
        }
        if with_public_key {
            // This module wrote the text, so that it is valid.
            header.insert("jwk".into(), serde_json::from_str(&self.key.jwk).unwrap_or(Value::Null));
        }
        base64url(Value::Object(header).to_string().as_bytes())
    }

    /// A signed token: a header from [`SigningKey::jwt_header`], and claims.
    ///
    /// # Errors
    /// If the system has no random numbers, which some algorithms need.
    pub fn sign_jwt(&self, header: &str, claims: &Value) -> Result<String, JoseError> {
        let mut token = String::with_capacity(1_024);
        token.push_str(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut token);
        let signature = self.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// Signs any text.
    ///
    /// # Errors
    /// As [`SigningKey::sign_jwt`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        self.key
            .pair
            .sign(message)
            .map_err(|_| JoseError::new(format!("signing with {} failed", self.key.algorithm)))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.key.algorithm)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Pair {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ring::error::Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::Ecdsa(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Self::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Self::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }

    fn public_key(&self) -> PublicKey {
        match self {
            Self::Ecdsa(pair) => PublicKey::of_point(pair.public_key().as_ref()),
            Self::Ed25519(pair) => PublicKey::Ed25519(pair.public_key().as_ref().to_vec()),
            Self::Rsa(pair, _) => {
                let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
                PublicKey::Rsa { n: public.n, e: public.e }
            }
        }
    }
}

fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, pkcs8: &[u8]) -> Result<Pair, String> {
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &SystemRandom::new())
        .map(Pair::Ecdsa)
        .map_err(|error| error.to_string())
}

/// The encoding of an algorithm of RSA; `None` for others.
fn rsa_encoding(algorithm: SigningAlgorithm) -> Option<&'static dyn RsaEncoding> {
    match algorithm {
        SigningAlgorithm::Rs256 => Some(&RSA_PKCS1_SHA256),
        SigningAlgorithm::Rs384 => Some(&RSA_PKCS1_SHA384),
        SigningAlgorithm::Rs512 => Some(&RSA_PKCS1_SHA512),
        SigningAlgorithm::Ps256 => Some(&RSA_PSS_SHA256),
        SigningAlgorithm::Ps384 => Some(&RSA_PSS_SHA384),
        SigningAlgorithm::Ps512 => Some(&RSA_PSS_SHA512),
        SigningAlgorithm::Es256 | SigningAlgorithm::Es384 | SigningAlgorithm::EdDsa => None,
    }
}

/// A time as claims have it (`NumericDate`), in seconds.
#[must_use]
pub fn numeric_date(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
