//! `private_key_jwt`: a client authenticates with a signed statement. Spec: RFC 7523 §2.2 and §3;
//! OpenID Connect Core §9.

use std::time::{Duration, SystemTime};

use serde_json::json;

use super::error::JoseError;
use super::signing_key::{SigningKey, numeric_date};

/// How long a statement is valid. Each request has its own; the clocks may differ a little.
const LIFETIME: Duration = Duration::from_secs(120);

/// A statement of a client for one request to one authorization server, valid for two minutes. `id`
/// is its `jti`, which must be new and hard to guess.
///
/// # Errors
/// If the key cannot sign it.
pub fn client_assertion(
    key: &SigningKey,
    client: &str,
    issuer: &str,
    id: &str,
) -> Result<String, JoseError> {
    let now = SystemTime::now();
    let claims = json!({
        "iss": client,
        "sub": client,
        // The issuer alone: a hostile server could name the token endpoint of another one as its
        // own, and use a statement for that endpoint there.
        "aud": issuer,
        "jti": id,
        "iat": numeric_date(now),
        "exp": numeric_date(now + LIFETIME),
    });
    key.sign_jwt(&key.jwt_header("JWT", false), &claims)
}
