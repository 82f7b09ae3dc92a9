//! Private keys, and the JSON that they sign in its compact form. Spec: RFC 7515; keys RFC 7517 and
//! RFC 7638.
//!
//! A client only signs; nothing here reads what others signed.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mcp_core::fetch::Secret;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaEncoding, RsaKeyPair,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Map, Value};

use super::algorithm::SigningAlgorithm;
use crate::oauth::digest::{base64url, sha256};
use crate::oauth::error::{Error, ErrorKind};

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
    /// [`ErrorKind::Configuration`] when the text is not a private key for the algorithm.
    pub fn from_pem(algorithm: SigningAlgorithm, pem: &str) -> Result<Self, Error> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| {
            let message = "no private key in PEM form: the text needs a line \
                           \"-----BEGIN PRIVATE KEY-----\", and the key no password";
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
                // Most tools leave out the public key, which can be computed.
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
            _ => Err("it must be in PKCS #8 form; \"openssl pkcs8 -topk8 -nocrypt\" converts it"
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

    /// A new key for ES256, and its PEM form for [`SigningKey::from_pem`]: for an application that
    /// keeps tokens longer than a process lives, since a token that is bound to a key is useless
    /// without it.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the system has no random numbers.
    pub fn generate_with_pem() -> Result<(Self, Secret), Error> {
        let failed =
            |_| Error::new(ErrorKind::Configuration, "the system has no random numbers for a key");
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).map_err(failed)?;
        let pair = ecdsa(algorithm, pkcs8.as_ref()).map_err(|error| {
            Error::new(ErrorKind::Configuration, "a new key could not be read").with_source(error)
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

    /// The thumbprint of its public half: RFC 7638, with SHA-256.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url(&sha256(self.key.jwk.as_bytes()))
    }

    fn of(algorithm: SigningAlgorithm, pair: Pair) -> Self {
        let jwk = pair.jwk();
        Self { key: Arc::new(Key { algorithm, pair, jwk }), id: None }
    }

    /// The encoded header of tokens of one type.
    pub(crate) fn jwt_header(&self, typ: &str, with_public_key: bool) -> String {
        let mut header = Map::new();
        header.insert("alg".into(), self.key.algorithm.as_str().into());
        header.insert("typ".into(), typ.into());
        if let Some(id) = &self.id {
            header.insert("kid".into(), id.as_ref().into());
        }
        if with_public_key {
            // This file wrote the text, so that it is valid.
            header.insert("jwk".into(), serde_json::from_str(&self.key.jwk).unwrap_or(Value::Null));
        }
        base64url(Value::Object(header).to_string().as_bytes())
    }

    /// A signed token: a header from [`SigningKey::jwt_header`], and claims.
    pub(crate) fn sign_jwt(&self, header: &str, claims: &Value) -> Result<String, Error> {
        let mut token = String::with_capacity(1_024);
        token.push_str(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut token);
        let signature = self.key.pair.sign(token.as_bytes()).map_err(|_| {
            let message = format!("signing with {} failed", self.key.algorithm);
            Error::new(ErrorKind::Configuration, message)
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

    /// The public key. Its members are in the order of their names, as a thumbprint needs them.
    fn jwk(&self) -> String {
        match self {
            Self::Ecdsa(pair) => {
                // A byte that means "uncompressed", then both coordinates.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at(point.len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                let (x, y) = (base64url(x), base64url(y));
                format!(r#"{{"crv":"{curve}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Self::Ed25519(pair) => {
                let x = base64url(pair.public_key().as_ref());
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)
            }
            Self::Rsa(pair, _) => {
                let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
                let (e, n) = (base64url(&public.e), base64url(&public.n));
                format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
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

/// A time as claims have it (`NumericDate`), in seconds.
pub(crate) fn numeric_date(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    //! Signatures against the examples of the RFCs, and against ring's verification.

    use ring::signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
    };
    use serde_json::json;

    use super::*;

    // Made for these tests.
    const P256: &str = include_str!("../../../tests/oauth/keys/p256.pem");
    const P256_SEC1: &str = include_str!("../../../tests/oauth/keys/p256-sec1.pem");
    const P384: &str = include_str!("../../../tests/oauth/keys/p384.pem");
    const ED25519_KEY: &str = include_str!("../../../tests/oauth/keys/ed25519.pem");
    const RSA: &str = include_str!("../../../tests/oauth/keys/rsa.pem");
    const RSA_PKCS1: &str = include_str!("../../../tests/oauth/keys/rsa-pkcs1.pem");

    fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// Header and claims of a token.
    fn open(token: &str) -> (Value, Value) {
        let parts: Vec<_> = token.split('.').collect();
        assert_eq!(parts.len(), 3, "{token}");
        let json = |part: &str| serde_json::from_slice(&decode(part)).unwrap();
        (json(parts[0]), json(parts[1]))
    }

    /// Whether a token is signed with the private half of a JWK.
    fn verifies(token: &str, jwk: &Value) -> bool {
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = decode(signature);
        let member = |name: &str| decode(jwk[name].as_str().unwrap());
        let raw = |algorithm: &'static dyn VerificationAlgorithm, key: Vec<u8>| {
            UnparsedPublicKey::new(algorithm, key).verify(message.as_bytes(), &signature).is_ok()
        };
        let rsa = |algorithm| {
            RsaPublicKeyComponents { n: member("n"), e: member("e") }
                .verify(algorithm, message.as_bytes(), &signature)
                .is_ok()
        };
        let point = || [vec![4], member("x"), member("y")].concat();
        match open(token).0["alg"].as_str().unwrap() {
            "ES256" => raw(&ECDSA_P256_SHA256_FIXED, point()),
            "ES384" => raw(&ECDSA_P384_SHA384_FIXED, point()),
            "EdDSA" => raw(&ED25519, member("x")),
            "RS256" => rsa(&RSA_PKCS1_2048_8192_SHA256),
            "PS256" => rsa(&RSA_PSS_2048_8192_SHA256),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn every_algorithm_signs_what_its_public_key_verifies() {
        for (algorithm, pem) in [
            (SigningAlgorithm::Es256, P256),
            (SigningAlgorithm::Es384, P384),
            (SigningAlgorithm::EdDsa, ED25519_KEY),
            (SigningAlgorithm::Rs256, RSA),
            (SigningAlgorithm::Ps256, RSA),
            (SigningAlgorithm::Rs256, RSA_PKCS1),
        ] {
            assert_eq!(algorithm.as_str().parse::<SigningAlgorithm>().unwrap(), algorithm);
            let key = SigningKey::from_pem(algorithm, pem).unwrap();
            let jwk: Value = serde_json::from_str(key.public_jwk()).unwrap();
            assert!(jwk.get("d").is_none());
            let token = key.sign_jwt(&key.jwt_header("JWT", false), &json!({"sub": "me"})).unwrap();
            let (header, claims) = open(&token);
            assert_eq!(header, json!({"alg": algorithm.as_str(), "typ": "JWT"}));
            assert_eq!(claims, json!({"sub": "me"}));
            assert!(verifies(&token, &jwk), "{algorithm}");

            let (start, signature) = token.rsplit_once('.').unwrap();
            let forged = format!("{}.e30.{signature}", start.split('.').next().unwrap());
            assert!(!verifies(&forged, &jwk), "{algorithm}");

            let key = key.with_id("k1");
            let token = key.sign_jwt(&key.jwt_header("dpop+jwt", true), &json!({})).unwrap();
            let alg = algorithm.as_str();
            let expected = json!({"alg": alg, "typ": "dpop+jwt", "kid": "k1", "jwk": jwk});
            assert_eq!(open(&token).0, expected);
        }
    }

    /// RFC 8037, appendix A.
    #[test]
    fn the_example_of_ed25519_has_its_thumbprint() {
        let seed = decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
        let mut pkcs8 = decode("MC4CAQAwBQYDK2VwBCIEIA");
        pkcs8.extend(seed);
        let pem = pem(&pkcs8);
        let key = SigningKey::from_pem(SigningAlgorithm::EdDsa, pem.expose()).unwrap();
        assert_eq!(
            key.public_jwk(),
            r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
        );
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    /// RFC 9449 §6.1.
    #[test]
    fn public_keys_are_written_as_thumbprints_need_them() {
        let jwk = r#"{"crv":"P-256","kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}"#;
        let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        assert_eq!(base64url(&sha256(jwk.as_bytes())), thumbprint);
        for (algorithm, pem, members) in [
            (SigningAlgorithm::Es256, P256, &["crv", "kty", "x", "y"][..]),
            (SigningAlgorithm::Es384, P384, &["crv", "kty", "x", "y"]),
            (SigningAlgorithm::Rs256, RSA, &["e", "kty", "n"]),
        ] {
            let key = SigningKey::from_pem(algorithm, pem).unwrap();
            let jwk: Map<String, Value> = serde_json::from_str(key.public_jwk()).unwrap();
            assert!(jwk.keys().eq(members), "{jwk:?}");
            assert_eq!(key.thumbprint(), base64url(&sha256(key.public_jwk().as_bytes())));
        }
    }

    #[test]
    fn a_generated_key_can_be_kept() {
        let (key, pem) = SigningKey::generate_with_pem().unwrap();
        let again = SigningKey::from_pem(SigningAlgorithm::Es256, pem.expose()).unwrap();
        assert_eq!(key.thumbprint(), again.thumbprint());
        assert_ne!(key.thumbprint(), SigningKey::generate().unwrap().thumbprint());
        assert!(pem.expose().lines().all(|line| line.len() <= 64));
    }

    #[test]
    fn bad_keys_are_refused_with_reasons() {
        let broken = "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n";
        let zeros = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        for (algorithm, pem, reasons) in [
            (SigningAlgorithm::Es256, "", ["no private key in PEM form", ""]),
            (SigningAlgorithm::Es256, "secret", ["no private key in PEM form", ""]),
            (SigningAlgorithm::Es256, broken, ["no private key", ""]),
            (SigningAlgorithm::Es256, zeros, ["for ES256", ""]),
            (SigningAlgorithm::Es256, P256_SEC1, ["for ES256", "openssl pkcs8"]),
            (SigningAlgorithm::Es256, P384, ["for ES256", ""]),
            (SigningAlgorithm::Es384, P256, ["for ES384", ""]),
            (SigningAlgorithm::Rs256, P256, ["for RS256", ""]),
            (SigningAlgorithm::EdDsa, RSA, ["for EdDSA", ""]),
            (SigningAlgorithm::EdDsa, RSA_PKCS1, ["for EdDSA", "PKCS #8"]),
        ] {
            let error = format!("{:?}", SigningKey::from_pem(algorithm, pem).unwrap_err());
            assert!(reasons.iter().all(|reason| error.contains(reason)), "{error}");
            assert!(error.starts_with("Configuration: "), "{error}");
        }
    }

    #[test]
    fn keys_are_not_shown() {
        let key = SigningKey::from_pem(SigningAlgorithm::Es256, P256).unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey { algorithm: Es256, id: None, .. }");
    }
}
