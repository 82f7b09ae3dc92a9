//! Verification of signatures, by ring.

use ring::error::Unspecified;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
    VerificationAlgorithm,
};

use super::SigningAlgorithm;
use super::jwk::PublicKey;

/// Verifies a signature. A key of another kind than that of the algorithm verifies nothing.
pub(super) fn verify(
    algorithm: SigningAlgorithm,
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Unspecified> {
    let (parameters, key): (&dyn VerificationAlgorithm, &[u8]) = match (algorithm, key) {
        (SigningAlgorithm::Es256, PublicKey::P256(point)) => (&ECDSA_P256_SHA256_FIXED, point),
        (SigningAlgorithm::Es384, PublicKey::P384(point)) => (&ECDSA_P384_SHA384_FIXED, point),
        (SigningAlgorithm::EdDsa, PublicKey::Ed25519(key)) => (&ED25519, key),
        (_, PublicKey::Rsa { n, e }) => {
            let parameters = match algorithm {
                SigningAlgorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
                SigningAlgorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
                SigningAlgorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
                SigningAlgorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                SigningAlgorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
                SigningAlgorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
                SigningAlgorithm::Es256 | SigningAlgorithm::Es384 | SigningAlgorithm::EdDsa => {
                    return Err(Unspecified);
                }
            };
            return RsaPublicKeyComponents { n, e }.verify(parameters, message, signature);
        }
        _ => return Err(Unspecified),
    };
    UnparsedPublicKey::new(parameters, key).verify(message, signature)
}
