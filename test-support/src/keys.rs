//! Private keys in PEM form, made for tests.

/// P-256, PKCS #8.
pub const P256: &str = include_str!("keys/p256.pem");
/// P-256, SEC 1, which is refused.
pub const P256_SEC1: &str = include_str!("keys/p256-sec1.pem");
/// P-384, PKCS #8.
pub const P384: &str = include_str!("keys/p384.pem");
/// Ed25519, PKCS #8.
pub const ED25519: &str = include_str!("keys/ed25519.pem");
/// RSA with 2,048 bits, PKCS #8.
pub const RSA: &str = include_str!("keys/rsa.pem");
/// RSA with 2,048 bits, PKCS #1.
pub const RSA_PKCS1: &str = include_str!("keys/rsa-pkcs1.pem");
/// Another RSA key with 2,048 bits, PKCS #8.
pub const RSA_OTHER: &str = include_str!("keys/rsa-other.pem");
