//! Algorithms of signatures. Spec: RFC 7518, RFC 8037.

use std::fmt;
use std::str::FromStr;

use super::JoseError;
use crate::text::PeerText;

/// An algorithm of signatures, by its name in JOSE. All of them are asymmetric: the key that signs
/// is never shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// `ES256`: ECDSA on P-256, SHA-256.
    Es256,
    /// `ES384`: ECDSA on P-384, SHA-384.
    Es384,
    /// `RS256`: RSA, PKCS #1 v1.5, SHA-256.
    Rs256,
    /// `PS256`: RSA, PSS, SHA-256.
    Ps256,
    /// `EdDSA`: Ed25519.
    EdDsa,
    /// `RS384`: RSA, PKCS #1 v1.5, SHA-384.
    Rs384,
    /// `RS512`: RSA, PKCS #1 v1.5, SHA-512.
    Rs512,
    /// `PS384`: RSA, PSS, SHA-384.
    Ps384,
    /// `PS512`: RSA, PSS, SHA-512.
    Ps512,
}

impl SigningAlgorithm {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Es256,
        Self::Es384,
        Self::Rs256,
        Self::Ps256,
        Self::EdDsa,
        Self::Rs384,
        Self::Rs512,
        Self::Ps384,
        Self::Ps512,
    ];

    /// Its name in JOSE.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::EdDsa => "EdDSA",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SigningAlgorithm {
    type Err = JoseError;

    fn from_str(name: &str) -> Result<Self, JoseError> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            let name = PeerText::new(name).to_string();
            JoseError::new(format!("unknown signing algorithm {name:?}; supported are {known}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_algorithms_are_refused() {
        for name in ["none", "None", "HS256", "HS512", "es256", "RS1", "ES512", "ES256K", ""] {
            let error = name.parse::<SigningAlgorithm>().unwrap_err().to_string();
            assert!(error.contains("supported are ES256, ES384, RS256, PS256, EdDSA"), "{error}");
        }
        for algorithm in SigningAlgorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
        }
    }
}
