//! `private_key_jwt`: a client authenticates with a signed statement. Spec: RFC 7523 §2.2 and §3;
//! OpenID Connect Core §9.

use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::oauth::error::Error;
use crate::oauth::proof::{SigningKey, numeric_date};
use crate::oauth::random::random_text;

/// The value of `client_assertion_type`.
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long a statement is valid. Each request has its own; the clocks may differ a little.
const LIFETIME: Duration = Duration::from_secs(120);

/// A statement of a client for one request to one authorization server.
pub(crate) fn client_assertion(
    key: &SigningKey,
    client: &str,
    issuer: &str,
) -> Result<String, Error> {
    let now = SystemTime::now();
    let claims = json!({
        "iss": client,
        "sub": client,
        // The issuer alone: a hostile server could name the token endpoint of another one as its
        // own, and use a statement for that endpoint there.
        "aud": issuer,
        "jti": random_text::<16>()?,
        "iat": numeric_date(now),
        "exp": numeric_date(now + LIFETIME),
    });
    key.sign_jwt(&key.jwt_header("JWT", false), &claims)
}
