//! Signed JSON in its compact form: RFC 7515, keys RFC 7517 and RFC 7638, algorithms RFC 7518 and RFC 8037.
//!
//! Clients sign only; nothing here reads what somebody else signed.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaEncoding, RsaKeyPair,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Map, Value};

use super::error::{Error, ErrorKind};
use super::secret::Secret;

/// An algorithm of signatures, by its name in JOSE. All of them have a public key: what signs is never shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// `ES256`: ECDSA on P-256.
    Es256,
    /// `ES384`: ECDSA on P-384.
    Es384,
    /// `RS256`: RSA, PKCS #1 v1.5, SHA-256.
    Rs256,
    /// `PS256`: RSA, PSS, SHA-256.
    Ps256,
    /// `EdDSA`: Ed25519.
    EdDsa,
}

impl SigningAlgorithm {
    const ALL: [Self; 5] = [Self::Es256, Self::Es384, Self::Rs256, Self::Ps256, Self::EdDsa];

    /// Its name in JOSE.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SigningAlgorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Error::new(
                ErrorKind::Configuration,
                format!("no signing algorithm is called {name:?}: there are {known}"),
            )
        })
    }
}

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
    /// [`ErrorKind::Configuration`] when it is none, or not one for the algorithm.
    pub fn from_pem(algorithm: SigningAlgorithm, pem: &str) -> Result<Self, Error> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| {
            let message = "no private key in PEM form: it must have a line \"-----BEGIN PRIVATE KEY-----\" \
                           and no password";
            Error::new(ErrorKind::Configuration, message)
        })?;
        let rejected = |reason: String| {
            let message = format!("the private key cannot be used for {algorithm}: {reason}");
            Error::new(ErrorKind::Configuration, message)
        };
        let pair = match (&der, algorithm) {
            (PrivateKeyDer::Pkcs8(der), SigningAlgorithm::Es256) => {
                ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der())
            }
            (PrivateKeyDer::Pkcs8(der), SigningAlgorithm::Es384) => {
                ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, der.secret_pkcs8_der())
            }
            (PrivateKeyDer::Pkcs8(der), SigningAlgorithm::EdDsa) => {
                // Most tools leave the public key out, which can be computed.
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der())
                    .map(Pair::Ed25519)
                    .map_err(|error| error.to_string())
            }
            (PrivateKeyDer::Pkcs8(der), SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256) => {
                RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())
                    .map(|pair| Pair::Rsa(pair, padding(algorithm)))
                    .map_err(|error| error.to_string())
            }
            (PrivateKeyDer::Pkcs1(der), SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256) => {
                RsaKeyPair::from_der(der.secret_pkcs1_der())
                    .map(|pair| Pair::Rsa(pair, padding(algorithm)))
                    .map_err(|error| error.to_string())
            }
            _ => Err("it must be in PKCS #8 form; \"openssl pkcs8 -topk8 -nocrypt\" makes that"
                .to_owned()),
        };
        Ok(Self::of(algorithm, pair.map_err(rejected)?))
    }

    /// A new key for ES256, such as for DPoP.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the system has no random numbers.
    pub fn generate() -> Result<Self, Error> {
        Self::generate_with_pem().map(|(key, _)| key)
    }

    /// A new key for ES256, and its PEM form for [`SigningKey::from_pem`]: for a host that keeps tokens longer than a
    /// process lives, since a token that is bound to a key is worth nothing without it.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the system has no random numbers.
    pub fn generate_with_pem() -> Result<(Self, Secret), Error> {
        let failed =
            |_| Error::new(ErrorKind::Configuration, "the system gave no random numbers for a key");
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).map_err(failed)?;
        let pair = ecdsa(algorithm, pkcs8.as_ref()).map_err(|error| {
            Error::new(ErrorKind::Configuration, "a key could not be made").because(error)
        })?;
        Ok((Self::of(SigningAlgorithm::Es256, pair), pem(pkcs8.as_ref())))
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

    /// Its public half as a JSON Web Key.
    #[must_use]
    pub fn public_jwk(&self) -> &str {
        &self.key.jwk
    }

    /// The thumbprint of its public half, by RFC 7638 with SHA-256.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url(&sha256(self.key.jwk.as_bytes()))
    }

    fn of(algorithm: SigningAlgorithm, pair: Pair) -> Self {
        let jwk = pair.jwk();
        Self { key: Arc::new(Key { algorithm, pair, jwk }), id: None }
    }

    /// The header of tokens of one type, as it stands in them.
    pub(crate) fn header(&self, typ: &str, with_public_key: bool) -> String {
        let mut header = Map::new();
        header.insert("alg".into(), self.key.algorithm.as_str().into());
        header.insert("typ".into(), typ.into());
        if let Some(id) = &self.id {
            header.insert("kid".into(), id.as_ref().into());
        }
        if with_public_key {
            // It is our own text, and valid.
            header.insert("jwk".into(), serde_json::from_str(&self.key.jwk).unwrap_or(Value::Null));
        }
        base64url(Value::Object(header).to_string().as_bytes())
    }

    /// A token: a header from [`SigningKey::header`], and claims.
    pub(crate) fn sign(&self, header: &str, claims: &Value) -> Result<String, Error> {
        let mut token = String::with_capacity(1_024);
        token.push_str(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut token);
        let signature = self.key.pair.sign(token.as_bytes()).map_err(|_| {
            Error::new(ErrorKind::Configuration, format!("{} could not sign", self.key.algorithm))
        })?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
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
            Self::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*padding, &random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }

    /// The public key. Its members stand in the order of their names, as a thumbprint wants them.
    fn jwk(&self) -> String {
        match self {
            Self::Ecdsa(pair) => {
                // A byte that says "uncompressed", then both coordinates.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at(point.len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                format!(
                    r#"{{"crv":"{curve}","kty":"EC","x":"{}","y":"{}"}}"#,
                    base64url(x),
                    base64url(y)
                )
            }
            Self::Ed25519(pair) => {
                let x = base64url(pair.public_key().as_ref());
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)
            }
            Self::Rsa(pair, _) => {
                let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
                format!(
                    r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
                    base64url(&public.e),
                    base64url(&public.n)
                )
            }
        }
    }
}

fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, pkcs8: &[u8]) -> Result<Pair, String> {
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &SystemRandom::new())
        .map(Pair::Ecdsa)
        .map_err(|error| error.to_string())
}

fn padding(algorithm: SigningAlgorithm) -> &'static dyn RsaEncoding {
    if algorithm == SigningAlgorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 }
}

fn pem(pkcs8: &[u8]) -> Secret {
    let base64 = STANDARD.encode(pkcs8);
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    Secret::from(pem)
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// The id of a token (`jti`): 128 random bits.
pub(crate) fn token_id() -> Result<String, Error> {
    let mut id = [0; 16];
    SystemRandom::new()
        .fill(&mut id)
        .map_err(|_| Error::new(ErrorKind::Configuration, "the system gave no random numbers"))?;
    Ok(base64url(&id))
}

/// A time as claims have it (`NumericDate`), in seconds.
pub(crate) fn numeric_date(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
