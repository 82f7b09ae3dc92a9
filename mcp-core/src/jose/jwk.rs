//! Public keys of others. Spec: RFC 7517, RFC 7518 §6, RFC 8037 §2, RFC 7638.

use std::fmt;

use serde_json::{Map, Value};

use super::digest::{base64url, decode_base64url, sha256};
use super::strict_object::read_object;
use super::{JoseError, SigningAlgorithm};
use crate::text::PeerText;

/// A public key that verifies signatures.
///
/// What the key says about its use is part of it: a key for encryption, or for another algorithm,
/// verifies nothing. Certificates in it (`x5c`, `x5u`) are ignored.
#[derive(Clone)]
pub struct Jwk {
    id: Option<Box<str>>,
    /// The only algorithm that the key is for.
    algorithm: Option<SigningAlgorithm>,
    public_key: PublicKey,
}

/// The numbers of a key.
#[derive(Clone)]
pub(super) enum PublicKey {
    /// Modulus and exponent, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// A point of P-256, uncompressed.
    P256(Vec<u8>),
    /// A point of P-384, uncompressed.
    P384(Vec<u8>),
    /// A key of Ed25519.
    Ed25519(Vec<u8>),
}

/// Sizes of RSA keys, in bits: those that ring verifies. Shorter ones are not safe, and longer ones
/// take long.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;
/// Length of an RSA exponent, in bytes: more than 33 bits are not verified by ring.
const RSA_EXPONENT_BYTES: usize = 5;
/// Members of private and of symmetric keys.
const SECRET_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

impl Jwk {
    /// Reads a key.
    ///
    /// # Errors
    /// If the text is not a public key for signatures with one of [`SigningAlgorithm`]. Private and
    /// symmetric keys are refused, and RSA keys with fewer than 2,048 or more than 8,192 bits.
    pub fn parse(json: &str) -> Result<Self, JoseError> {
        let members = read_object(json.as_bytes())
            .map_err(|reason| JoseError::new(format!("the key {reason}")))?;
        Self::from_members(&members)
    }

    /// Reads a key that was parsed already, such as the `jwk` in the header of a proof.
    ///
    /// # Errors
    /// As [`Jwk::parse`].
    pub fn from_members(members: &Map<String, Value>) -> Result<Self, JoseError> {
        // What the key is for is checked before anything of it is decoded.
        let kty = text(members, "kty")?.unwrap_or_default();
        if kty == "oct" || SECRET_MEMBERS.iter().any(|name| members.contains_key(*name)) {
            return Err(JoseError::new("the key is not public: a reader of it can sign with it"));
        }
        let curve = text(members, "crv")?;
        let kind = match (kty, curve) {
            ("RSA", _) => Kind::Rsa,
            ("EC", Some("P-256")) => Kind::P256,
            ("EC", Some("P-384")) => Kind::P384,
            ("OKP", Some("Ed25519")) => Kind::Ed25519,
            _ => {
                let (kty, crv) = (PeerText::new(kty), PeerText::new(curve.unwrap_or_default()));
                let message = format!(
                    "the key type (kty) \"{kty}\" with the curve (crv) \"{crv}\" is not supported"
                );
                return Err(JoseError::new(message));
            }
        };
        check_use(members)?;
        let algorithm = match text(members, "alg")? {
            Some(name) => Some(name.parse::<SigningAlgorithm>()?),
            None => None,
        };
        if let Some(algorithm) = algorithm.filter(|algorithm| Kind::of(*algorithm) != kind) {
            return Err(JoseError::new(format!("the key cannot be used for its alg {algorithm}")));
        }
        let id = text(members, "kid")?.map(Into::into);
        let public_key = kind.read(members)?;
        Ok(Self { id, algorithm, public_key })
    }

    /// Its id (`kid`), which tokens name.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether signatures of an algorithm may be verified with it.
    #[must_use]
    pub fn permits(&self, algorithm: SigningAlgorithm) -> bool {
        self.algorithm.is_none_or(|only| only == algorithm)
            && Kind::of(algorithm) == self.public_key.kind()
    }

    /// Its thumbprint: RFC 7638, with SHA-256, as base64url.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url(&sha256(self.public_key.to_json().as_bytes()))
    }

    pub(super) const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }
}

/// Shows what the key is for.
impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwk")
            .field("id", &self.id)
            .field("kind", &self.public_key.kind())
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Kind {
    const fn of(algorithm: SigningAlgorithm) -> Self {
        match algorithm {
            SigningAlgorithm::Es256 => Self::P256,
            SigningAlgorithm::Es384 => Self::P384,
            SigningAlgorithm::EdDsa => Self::Ed25519,
            SigningAlgorithm::Rs256
            | SigningAlgorithm::Rs384
            | SigningAlgorithm::Rs512
            | SigningAlgorithm::Ps256
            | SigningAlgorithm::Ps384
            | SigningAlgorithm::Ps512 => Self::Rsa,
        }
    }

    fn read(self, members: &Map<String, Value>) -> Result<PublicKey, JoseError> {
        match self {
            Self::Rsa => {
                let (n, e) = (number(members, "n")?, number(members, "e")?);
                let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
                if !RSA_BITS.contains(&bits) {
                    let (min, max) = (RSA_BITS.start(), RSA_BITS.end());
                    let message =
                        format!("the RSA key has {bits} bits; {min} to {max} are allowed");
                    return Err(JoseError::new(message));
                }
                let is_odd = e.last().is_some_and(|byte| byte % 2 == 1);
                if !is_odd || e == [1] || e.len() > RSA_EXPONENT_BYTES {
                    return Err(JoseError::new("the exponent (e) of the RSA key is not allowed"));
                }
                Ok(PublicKey::Rsa { n, e })
            }
            Self::P256 => Ok(PublicKey::P256(point(members, 32)?)),
            Self::P384 => Ok(PublicKey::P384(point(members, 48)?)),
            Self::Ed25519 => Ok(PublicKey::Ed25519(bytes(members, "x", 32)?)),
        }
    }
}

impl PublicKey {
    const fn kind(&self) -> Kind {
        match self {
            Self::Rsa { .. } => Kind::Rsa,
            Self::P256(_) => Kind::P256,
            Self::P384(_) => Kind::P384,
            Self::Ed25519(_) => Kind::Ed25519,
        }
    }

    /// Reads the point of a curve that ring wrote, uncompressed.
    pub(super) fn of_point(point: &[u8]) -> Self {
        if point.len() == 65 { Self::P256(point.to_vec()) } else { Self::P384(point.to_vec()) }
    }

    /// Writes the members that RFC 7638 names, in its order, without spaces.
    pub(super) fn to_json(&self) -> String {
        let curve = match self {
            Self::Rsa { n, e } => {
                return format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, base64url(e), base64url(n));
            }
            Self::Ed25519(x) => {
                return format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64url(x));
            }
            Self::P256(_) => "P-256",
            Self::P384(_) => "P-384",
        };
        let (Self::P256(point) | Self::P384(point)) = self else { return String::new() };
        // A byte that means "uncompressed", then both coordinates.
        let point = point.get(1..).unwrap_or_default();
        let (x, y) = point.split_at(point.len() / 2);
        format!(r#"{{"crv":"{curve}","kty":"EC","x":"{}","y":"{}"}}"#, base64url(x), base64url(y))
    }
}

/// Refuses keys that are for something else.
fn check_use(members: &Map<String, Value>) -> Result<(), JoseError> {
    if let Some(usage) = text(members, "use")?
        && usage != "sig"
    {
        let usage = PeerText::new(usage);
        return Err(JoseError::new(format!(
            "the use of the key is \"{usage}\" instead of \"sig\""
        )));
    }
    match members.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) if operations.iter().any(|op| op == "verify") => Ok(()),
        Some(_) => Err(JoseError::new("the key_ops of the key do not contain \"verify\"")),
    }
}

/// A member that is a text, if there is one.
fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, JoseError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JoseError::new(format!("{name} of the key is not a string"))),
    }
}

fn decoded(members: &Map<String, Value>, name: &str) -> Result<Vec<u8>, JoseError> {
    text(members, name)?.and_then(decode_base64url).ok_or_else(|| {
        JoseError::new(format!("{name} of the key is not base64url without padding"))
    })
}

/// A number without leading zeros, which some servers write.
fn number(members: &Map<String, Value>, name: &str) -> Result<Vec<u8>, JoseError> {
    let mut bytes = decoded(members, name)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    Ok(bytes)
}

fn bytes(members: &Map<String, Value>, name: &str, length: usize) -> Result<Vec<u8>, JoseError> {
    let bytes = decoded(members, name)?;
    if bytes.len() == length {
        return Ok(bytes);
    }
    let found = bytes.len();
    Err(JoseError::new(format!("{name} of the key has {found} bytes instead of {length}")))
}

fn point(members: &Map<String, Value>, length: usize) -> Result<Vec<u8>, JoseError> {
    let mut point = vec![4]; // Uncompressed.
    point.append(&mut bytes(members, "x", length)?);
    point.append(&mut bytes(members, "y", length)?);
    Ok(point)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The example of RFC 7638 §3.1.
    const RFC_7638: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;

    fn key() -> Map<String, Value> {
        serde_json::from_str(RFC_7638).unwrap()
    }

    fn error(key: Value) -> String {
        Jwk::parse(&key.to_string()).unwrap_err().to_string()
    }

    /// The key with other members.
    fn with(members: Value) -> Value {
        let mut key = key();
        key.extend(members.as_object().unwrap().clone());
        Value::Object(key)
    }

    #[test]
    fn thumbprints_are_those_of_the_rfcs() {
        let key = Jwk::parse(RFC_7638).unwrap();
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!(key.id(), Some("2011-04-29"));
        for (key, thumbprint) in [
            // RFC 8037, appendix A.
            (
                json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
                "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            ),
            // RFC 9449 §6.1.
            (
                json!({
                    "kty": "EC",
                    "crv": "P-256",
                    "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
                    "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
                }),
                "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
            ),
        ] {
            assert_eq!(Jwk::parse(&key.to_string()).unwrap().thumbprint(), thumbprint);
        }
    }

    #[test]
    fn a_key_permits_what_it_is_for() {
        let permitted = |key: Value| {
            let key = Jwk::parse(&key.to_string()).unwrap();
            SigningAlgorithm::ALL.into_iter().filter(|a| key.permits(*a)).collect::<Vec<_>>()
        };
        assert_eq!(permitted(with(json!({}))), [SigningAlgorithm::Rs256]);
        let mut any = key();
        any.remove("alg");
        assert_eq!(permitted(Value::Object(any)).len(), 6);
        for key in [
            json!({"use": "sig"}),
            json!({"key_ops": ["sign", "verify"]}),
            json!({"use": "sig", "key_ops": ["verify"], "x5c": ["!"], "x5u": "https://evil.example"}),
        ] {
            assert_eq!(permitted(with(key)), [SigningAlgorithm::Rs256]);
        }
    }

    #[test]
    fn keys_for_something_else_are_refused() {
        let point = "A".repeat(43);
        for (key, reason) in [
            (with(json!({"use": "enc"})), "use of the key is \"enc\""),
            (with(json!({"use": "SIG"})), "use of the key"),
            (with(json!({"use": 1})), "use of the key is not a string"),
            (with(json!({"key_ops": ["encrypt", "wrapKey"]})), "key_ops"),
            (with(json!({"key_ops": []})), "key_ops"),
            (with(json!({"key_ops": "verify"})), "key_ops"),
            (with(json!({"key_ops": null})), "key_ops"),
            (with(json!({"alg": "RSA-OAEP"})), "unknown signing algorithm \"RSA-OAEP\""),
            (with(json!({"alg": "HS256"})), "unknown signing algorithm \"HS256\""),
            (with(json!({"alg": "none"})), "unknown signing algorithm"),
            (with(json!({"alg": "ES256"})), "cannot be used for its alg ES256"),
            (with(json!({"alg": null})), "alg of the key is not a string"),
            (with(json!({"kid": 1})), "kid of the key is not a string"),
            (with(json!({"d": "AQAB"})), "not public"),
            (with(json!({"p": "AQAB"})), "not public"),
            (with(json!({"kty": "rsa"})), "not supported"),
            (with(json!({"kty": ["RSA"]})), "kty of the key is not a string"),
            (with(json!({"n": "AQAB"})), "has 17 bits; 2048 to 8192 are allowed"),
            (with(json!({"n": "_".repeat(1_368)})), "has 8208 bits"),
            (with(json!({"n": "A".repeat(340)})), "has 0 bits"),
            (with(json!({"n": 5})), "n of the key is not a string"),
            (with(json!({"n": null})), "n of the key is not a string"),
            (with(json!({"e": "AQAB="})), "e of the key is not base64url"),
            (with(json!({"e": "AQ"})), "exponent"),
            (with(json!({"e": "AQAA"})), "exponent"),
            (with(json!({"e": "AQAAAAAB"})), "exponent"),
            (with(json!({"e": ""})), "exponent"),
            (json!({"kty": "oct", "k": "AAAA"}), "not public"),
            (json!({"kty": "oct"}), "not public"),
            (json!({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}), "not supported"),
            (json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}), "not supported"),
            (json!({"kty": "EC", "x": "AA", "y": "AA"}), "not supported"),
            (json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": point}), "1 bytes instead of 32"),
            (json!({"kty": "EC", "crv": "P-256", "x": point}), "y of the key is not base64url"),
            (
                json!({"kty": "EC", "crv": "P-384", "x": point, "y": point}),
                "32 bytes instead of 48",
            ),
            (json!({"kty": "OKP", "crv": "X25519", "x": point}), "not supported"),
            (json!({"kty": "OKP", "crv": "Ed448", "x": point}), "not supported"),
            (json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}), "3 bytes instead of 32"),
            (json!({"kty": "AKP"}), "not supported"),
            (json!({}), "not supported"),
            (json!([]), "is not a JSON object"),
        ] {
            let error = error(key.clone());
            assert!(error.contains(reason), "{key}: {error}");
        }
        let doubled = RFC_7638.replacen('{', r#"{"kty":"oct","#, 1);
        assert!(Jwk::parse(&doubled).unwrap_err().to_string().contains("member twice"));
    }

    #[test]
    fn leading_zeros_of_a_number_are_ignored() {
        let mut key = key();
        let n = decode_base64url(key["n"].as_str().unwrap()).unwrap();
        key.insert("n".into(), base64url(&[vec![0, 0], n].concat()).into());
        let key = Jwk::from_members(&key).unwrap();
        assert_eq!(key.thumbprint(), Jwk::parse(RFC_7638).unwrap().thumbprint());
    }
}
