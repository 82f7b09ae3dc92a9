//! Sets of public keys. Spec: RFC 7517 §5.

use serde_json::Value;

use super::strict_object::read_object;
use super::{JoseError, Jwk, SigningAlgorithm};

/// Longest set, in bytes. Fixed: a set of a hundred RSA keys with certificates is shorter.
pub(super) const MAX_SET_BYTES: usize = 64 << 10;
/// Most keys of a set. Fixed: an authorization server has a few, and a longer list is a mistake.
pub(super) const MAX_KEYS: usize = 100;

/// The public keys of an authorization server.
#[derive(Debug, Clone, Default)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    skipped: Vec<JoseError>,
}

impl JwkSet {
    /// Reads a set. Keys that cannot be used are skipped, as RFC 7517 §5 says: those of unknown
    /// types, for encryption, or private ones.
    ///
    /// # Errors
    /// If the text is not a set, is longer than 64 KiB, or has more than 100 keys.
    pub fn parse(json: &[u8]) -> Result<Self, JoseError> {
        if json.len() > MAX_SET_BYTES {
            let (found, max) = (json.len(), MAX_SET_BYTES);
            return Err(JoseError::new(format!(
                "the set of keys has {found} bytes, more than {max}"
            )));
        }
        let members = read_object(json)
            .map_err(|reason| JoseError::new(format!("the set of keys {reason}")))?;
        let Some(Value::Array(list)) = members.get("keys") else {
            return Err(JoseError::new("the set of keys has no array \"keys\""));
        };
        if list.len() > MAX_KEYS {
            let (found, max) = (list.len(), MAX_KEYS);
            return Err(JoseError::new(format!("the set has {found} keys, more than {max}")));
        }
        let mut set = Self::default();
        for key in list {
            let key = match key {
                Value::Object(members) => Jwk::from_members(members),
                _ => Err(JoseError::new("the key is not a JSON object")),
            };
            match key {
                Ok(key) => set.keys.push(key),
                Err(error) => set.skipped.push(error),
            }
        }
        Ok(set)
    }

    /// The keys that can be used.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// Why keys of the set were skipped.
    #[must_use]
    pub fn skipped(&self) -> &[JoseError] {
        &self.skipped
    }

    /// Returns the keys that may verify a token that names the key `id` and an algorithm.
    ///
    /// A token that names no key is verified only if a single key is possible: nothing that a
    /// sender chooses makes a server try them all.
    #[must_use]
    pub fn candidates(&self, id: Option<&str>, algorithm: SigningAlgorithm) -> Vec<&Jwk> {
        let possible = self.keys.iter().filter(|key| key.permits(algorithm));
        match id {
            Some(id) => possible.filter(|key| key.id() == Some(id)).collect(),
            None => {
                let possible: Vec<_> = possible.collect();
                if possible.len() == 1 { possible } else { Vec::new() }
            }
        }
    }
}

impl FromIterator<Jwk> for JwkSet {
    fn from_iter<I: IntoIterator<Item = Jwk>>(keys: I) -> Self {
        Self { keys: keys.into_iter().collect(), skipped: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::SigningKey;

    fn key(id: &str) -> Value {
        let key = SigningKey::generate().unwrap();
        let mut key: Value = serde_json::from_str(key.public_jwk()).unwrap();
        key["kid"] = id.into();
        key
    }

    fn parse(set: &Value) -> Result<JwkSet, JoseError> {
        JwkSet::parse(set.to_string().as_bytes())
    }

    #[test]
    fn keys_that_cannot_be_used_are_skipped() {
        let mut encryption = key("c");
        encryption["use"] = "enc".into();
        let set = parse(&json!({"keys": [
            key("a"), {"kty": "PQ"}, {"kty": "oct", "k": "AAAA"}, encryption, 1, null, key("b"),
        ], "more": 1}))
        .unwrap();
        let ids: Vec<_> = set.keys().iter().filter_map(Jwk::id).collect();
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(set.skipped().len(), 5);
    }

    #[test]
    fn a_token_names_its_key_or_there_is_only_one() {
        let es256 = SigningAlgorithm::Es256;
        let two = parse(&json!({"keys": [key("a"), key("b")]})).unwrap();
        assert_eq!(two.candidates(Some("b"), es256).len(), 1);
        assert!(two.candidates(None, es256).is_empty());
        assert!(two.candidates(Some("B"), es256).is_empty());
        assert!(two.candidates(Some(""), es256).is_empty());
        assert!(two.candidates(Some("a"), SigningAlgorithm::Rs256).is_empty());
        let one = parse(&json!({"keys": [key("a")]})).unwrap();
        assert_eq!(one.candidates(None, es256).len(), 1);
        assert!(one.candidates(Some("b"), es256).is_empty());
        assert!(one.candidates(None, SigningAlgorithm::EdDsa).is_empty());
    }

    #[test]
    fn keys_and_bytes_of_a_set_are_bounded() {
        let keys = |number: usize| json!({"keys": vec![json!({"kty": "PQ"}); number]});
        assert_eq!(parse(&keys(MAX_KEYS)).unwrap().skipped().len(), MAX_KEYS);
        let error = parse(&keys(MAX_KEYS + 1)).unwrap_err().to_string();
        assert_eq!(error, "the set has 101 keys, more than 100");
        let mut text = br#"{"keys":[]}"#.to_vec();
        text.resize(MAX_SET_BYTES, b' ');
        assert!(JwkSet::parse(&text).is_ok());
        text.push(b' ');
        let error = JwkSet::parse(&text).unwrap_err().to_string();
        assert_eq!(error, "the set of keys has 65537 bytes, more than 65536");
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, "{\"keys\":[}"] {
            assert!(JwkSet::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
