//! Signed texts and tokens as they were received. Spec: RFC 7515 §7.1 (compact form), RFC 7519.
//!
//! ```text
//! base64url(header) "." base64url(payload) "." base64url(signature)
//! └───────────────── message ────────────┘
//! ```

use std::fmt;

use serde_json::{Map, Value};

use super::digest::decode_base64url;
use super::strict_object::read_object;
use super::{JoseError, Jwk, SigningAlgorithm, verify};

/// Longest token, in bytes. Fixed: it goes into a header field, which servers bound.
pub(super) const MAX_TOKEN_BYTES: usize = 16 << 10;

/// Members of a header that change how it has to be read. `crit` names extensions that a recipient
/// must understand, of which this one knows none; `b64` is one of them (RFC 7797); with `enc` it is
/// the header of an encrypted text.
const REFUSED_MEMBERS: [&str; 4] = ["crit", "b64", "enc", "zip"];

/// A signed text in compact form. It is read, and **not verified**, until [`Jws::verify`] succeeds.
///
/// Keys in its header (`jwk`, `jku`, `x5c`, `x5u`) are never used to verify it.
pub struct Jws<'a> {
    /// What is signed: header and payload as they were received.
    message: &'a str,
    header: Map<String, Value>,
    algorithm: SigningAlgorithm,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Reads a signed text.
    ///
    /// # Errors
    /// If it is longer than 16 KiB, is not in compact form, or has a header that is not a JSON
    /// object with an algorithm of [`SigningAlgorithm`]. A header with `crit`, `b64`, `enc` or
    /// `zip` is refused, and so is one with a member twice.
    pub fn parse(text: &'a str) -> Result<Self, JoseError> {
        if text.len() > MAX_TOKEN_BYTES {
            let (found, max) = (text.len(), MAX_TOKEN_BYTES);
            return Err(JoseError::new(format!("the token has {found} bytes, more than {max}")));
        }
        let parts = || {
            let (message, signature) = text.rsplit_once('.')?;
            let (header, payload) = message.split_once('.')?;
            (!payload.contains('.')).then_some((message, header, payload, signature))
        };
        let (message, header, payload, signature) = parts().ok_or_else(|| {
            JoseError::new("the token is not a signed one: it needs three parts, with dots between")
        })?;
        let header = read_object(&decode(header, "header")?)
            .map_err(|reason| JoseError::new(format!("the header of the token {reason}")))?;
        if let Some(name) = REFUSED_MEMBERS.iter().find(|name| header.contains_key(**name)) {
            return Err(JoseError::new(format!("the header of the token has \"{name}\"")));
        }
        for name in ["typ", "kid"] {
            if header.get(name).is_some_and(|value| !value.is_string()) {
                let message = format!("\"{name}\" in the header of the token is not a string");
                return Err(JoseError::new(message));
            }
        }
        let Some(Value::String(algorithm)) = header.get("alg") else {
            return Err(JoseError::new("the header of the token has no \"alg\""));
        };
        let algorithm = algorithm.parse()?;
        let payload = decode(payload, "payload")?;
        let signature = decode(signature, "signature")?;
        Ok(Self { message, header, algorithm, payload, signature })
    }

    /// Its header.
    #[must_use]
    pub const fn header(&self) -> &Map<String, Value> {
        &self.header
    }

    /// The algorithm that its header names.
    #[must_use]
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// The type that its header names (`typ`), without the prefix `application/`.
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        const PREFIX: &str = "application/";
        let text = self.header.get("typ").and_then(Value::as_str)?;
        match text.split_at_checked(PREFIX.len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => Some(rest),
            _ => Some(text),
        }
    }

    /// The key that its header names (`kid`).
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// What is signed, apart from the header.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Verifies the signature. `allowed` are the algorithms that the recipient accepts; the token
    /// cannot choose another one.
    ///
    /// # Errors
    /// If the algorithm is not allowed, if the key does not permit it, or if the signature is not
    /// one of the key.
    pub fn verify(&self, allowed: &[SigningAlgorithm], key: &Jwk) -> Result<(), JoseError> {
        if !allowed.contains(&self.algorithm) {
            let message = format!("the algorithm {} of the token is not allowed", self.algorithm);
            return Err(JoseError::new(message));
        }
        if !key.permits(self.algorithm) {
            let message =
                format!("the key is not for the algorithm {} of the token", self.algorithm);
            return Err(JoseError::new(message));
        }
        let message = self.message.as_bytes();
        verify::verify(self.algorithm, key.public_key(), message, &self.signature)
            .map_err(|_| JoseError::new("the signature of the token is not one of its key"))
    }
}

impl fmt::Debug for Jws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jws").field("header", &self.header).finish_non_exhaustive()
    }
}

/// A token: claims that are signed. It is read, and **not verified**, until [`Jwt::verify`]
/// succeeds. Its claims may be read before, to find its issuer and with it the key.
pub struct Jwt<'a> {
    jws: Jws<'a>,
    claims: Map<String, Value>,
}

impl<'a> Jwt<'a> {
    /// Reads a token.
    ///
    /// # Errors
    /// As [`Jws::parse`]; also if the claims are not a JSON object, are nested deeper than 16
    /// levels, or have a member twice.
    pub fn parse(token: &'a str) -> Result<Self, JoseError> {
        let jws = Jws::parse(token)?;
        let claims = read_object(jws.payload()).map_err(|reason| {
            JoseError::new(format!("the claims of the token: the text {reason}"))
        })?;
        Ok(Self { jws, claims })
    }

    /// The signed text with its header.
    #[must_use]
    pub const fn jws(&self) -> &Jws<'a> {
        &self.jws
    }

    /// Its claims.
    #[must_use]
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Returns its claims.
    #[must_use]
    pub fn into_claims(self) -> Map<String, Value> {
        self.claims
    }

    /// Verifies the signature, as [`Jws::verify`]. It checks no claim.
    ///
    /// # Errors
    /// As [`Jws::verify`].
    pub fn verify(&self, allowed: &[SigningAlgorithm], key: &Jwk) -> Result<(), JoseError> {
        self.jws.verify(allowed, key)
    }
}

/// Shows no claims, because they may be personal.
impl fmt::Debug for Jwt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt").field("header", &self.jws.header).finish_non_exhaustive()
    }
}

fn decode(part: &str, what: &str) -> Result<Vec<u8>, JoseError> {
    decode_base64url(part).ok_or_else(|| {
        JoseError::new(format!("the {what} of the token is not base64url without padding"))
    })
}
