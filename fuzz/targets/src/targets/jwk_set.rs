//! `jose::JwkSet`: keys that were read are public keys for signatures.

use mcp_core::jose::{JwkSet, SigningAlgorithm};

pub(crate) fn run(data: &[u8]) {
    let Ok(set) = JwkSet::parse(data) else { return };
    assert!(set.keys().len() + set.skipped().len() <= 100);
    for key in set.keys() {
        let permitted = SigningAlgorithm::ALL.into_iter().filter(|alg| key.permits(*alg));
        assert!(permitted.clone().count() > 0, "{key:?}");
        assert_eq!(key.thumbprint().len(), 43);
        for algorithm in permitted {
            let candidates = set.candidates(key.id(), algorithm);
            assert!(key.id().is_none() || !candidates.is_empty(), "{key:?}");
        }
    }
    for error in set.skipped() {
        let error = error.to_string();
        assert!(!error.is_empty() && error.len() < 1_000, "{error:?}");
        assert!(!error.chars().any(char::is_control), "{error:?}");
    }
}
