//! Algorithms of signatures. Spec: RFC 7518, RFC 8037.

use std::fmt;
use std::str::FromStr;

use crate::oauth::error::{Error, ErrorKind};

/// An algorithm of signatures, by its name in JOSE. All of them are asymmetric: the key that signs
/// is never shared.
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
            let message = format!("unknown signing algorithm {name:?}; supported are {known}");
            Error::new(ErrorKind::Configuration, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_algorithms_are_refused() {
        for name in ["none", "HS256", "es256", "RS1", ""] {
            let error = name.parse::<SigningAlgorithm>().unwrap_err().to_string();
            assert!(error.contains("supported are ES256, ES384, RS256, PS256, EdDSA"), "{error}");
        }
    }
}
